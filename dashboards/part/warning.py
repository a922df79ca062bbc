"""Why a trainee is listed and on what ground the list stands, in words with the numbers they rest on."""

from __future__ import annotations

from dashboards.language import gettext
from dashboards.part import format
from models.risk import Cause, Watch
from portrait.resource import read_yaml


def cause_words(cause: Cause) -> str:
    n, of = format.decimal(cause.part), format.decimal(cause.whole)
    if cause.feature == "idle":
        if cause.part >= cause.whole:
            return gettext("开班以来没有学习记录")
        return gettext("{n} 天没有学习记录", n=n)
    return {
        "absent": gettext("已缺勤 {n}/{of} 次", n=n, of=of),
        "missing": gettext("未交任务 {n}/{of} 项", n=n, of=of),
        "quiet": gettext("线上学习 {n} 次，班里中位数 {of} 次", n=n, of=of),
        "away": gettext("还没有报到"),
    }[cause.feature]


def ground_words(watch: Watch) -> str:
    rule = read_yaml("rules/risk.yaml")
    if watch.past is not None:
        return gettext(
            "模型：比照往期 {classes} 个班在同一进度（{point}）时的 {trainees} 名学员，估计不能结业的可能在 {least} 以上的列出",
            classes=watch.past.classes,
            point=format.percent(watch.past.point, 0),
            trainees=watch.past.trainees,
            least=format.percent(rule["listed_from"], 0),
        )
    plain = rule["rules"]
    return gettext(
        "规则（不是模型）：{why}；列出未报到、出勤低于 {attendance}、交任务低于 {tasks} 或 {days} 天没有学习记录的学员",
        why=gettext("往期数据不足以训练模型") if watch.why == "unlearned" else gettext("这个班才开始不久"),
        attendance=format.percent(plain["attendance_below"], 0),
        tasks=format.percent(plain["handed_in_below"], 0),
        days=plain["idle_days"],
    )
