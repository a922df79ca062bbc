"""我的班级: a provider's own classes and the roster of one of them with check-in, attendance, tasks, last activity and state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.language import gettext
from dashboards.page import Context, Page
from dashboards.part import (
    badge,
    card,
    format,
    grid,
    link_button,
    number,
    numbers,
    page_header,
    panel,
    simple_table,
)
from dashboards.part.class_choice import (
    chosen_class,
    class_choice,
    no_classes,
    own_classes,
    register_choice,
)
from dashboards.part.classes import span, stage_badge
from dashboards.part.number import counted
from dashboards.part.rates import rate_cell
from dashboards.part.trainee import trainee_state
from dashboards.part.view import category_label
from portrait.lake.progress import Progress, class_progress
from portrait.programme.rate import Rate
from portrait.programme.training_class import Stage
from portrait.scope import Role, listed_days
from portrait.store.trainee import Trainee, class_accounts, roster
from portrait.store.training import ClassCount

PATH = "/trainer/classes"


def layout(context: Context, query: Mapping[str, str]) -> Any:
    counts = own_classes(context)
    chosen = chosen_class(counts, query, as_of=context.today)
    if chosen is None:
        return [page_header(gettext("我的班级")), no_classes(gettext("我的班级"))]
    return [
        page_header(
            gettext("我的班级"),
            gettext("{n} 个班次 · 数据截至 {day}", n=len(counts), day=format.day(context.today)),
        ),
        class_choice(PATH, counts, chosen, context.today),
        panel(gettext("学员名单"), _chosen, context, chosen),
        panel(gettext("全部班次"), _all_card, context, counts),
    ]


def _chosen(context: Context, chosen: ClassCount) -> list[Any]:
    one = chosen.training_class
    site, scope = context.site, context.scope
    people = roster(site.registry, scope, one.id)
    progress = class_progress(
        site.pool, one.id, class_accounts(site.registry, scope, one.id), one.starts, one.ends, context.today
    )
    return [
        _figures(context, chosen, people, progress),
        _roster_card(context, chosen, people, progress),
    ]


def _figures(
    context: Context, chosen: ClassCount, people: list[Trainee], progress: Mapping[int, Progress]
) -> Any:
    one, today = chosen.training_class, context.today
    stage = one.stage(today)
    here = [t for t in people if t.checked_in and t.checked_in <= today]
    tasks = sum(min(progress[t.account_id].tasks, one.tasks) for t in here if t.account_id in progress)
    days = sum(min(progress[t.account_id].days, one.sessions) for t in here if t.account_id in progress)
    tiles = [
        number(
            *counted(gettext("{n} 人", n=chosen.sent)),
            gettext("名额 {n}", n=chosen.places) if chosen.places else gettext("没有下达名额"),
            label=gettext("确认名单"),
        ),
    ]
    if stage in (Stage.RUNNING, Stage.ENDED):
        tally = chosen.tally(today)
        tiles.append(_tile(tally.rate("arrived"), gettext("报到率")))
        if one.sessions and here:
            tiles.append(_share(gettext("签到人次"), days, one.sessions * len(here), gettext("签到/应签到")))
        if one.tasks and here:
            tiles.append(_share(gettext("任务提交"), tasks, one.tasks * len(here), gettext("已交/应交")))
        if stage is Stage.ENDED:
            tiles.append(_tile(tally.rate("graduated_of_arrived"), gettext("结业率")))
        else:
            left = (one.ends - today).days if one.ends else None
            tiles.append(
                number(
                    *(counted(gettext("{n} 天", n=left)) if left is not None else (format.NOTHING, "")),
                    span(one.starts, one.ends),
                    label=gettext("距结束"),
                )
            )
    elif one.starts:
        tiles.append(
            number(
                *counted(gettext("{n} 天", n=(one.starts - today).days)),
                span(one.starts, one.ends),
                label=gettext("距开班"),
            )
        )
    return numbers(*tiles)


def _tile(found: Rate, label: str) -> Any:
    n, total = (
        format.within(gettext(found.measure.n_zh)),
        format.within(gettext(found.measure.total_zh)),
    )
    counts = f"{found.n}/{found.total} {n}/{total}"
    return number(
        format.percent(found.share),
        "",
        counts if found.share is not None else gettext("暂无可计"),
        label=label,
    )


def _share(label: str, n: int, total: int, words: str) -> Any:
    return number(format.percent(n / total), "", f"{n}/{total} {words}", label=label)


def _no_names(chosen: ClassCount) -> str:
    if not chosen.sent:
        return gettext("名单还没有下达。")
    return gettext("班次结束已满 {n} 天，名单不再对承训单位开放；率和成效照常可看。", n=listed_days())


def _roster_card(
    context: Context, chosen: ClassCount, people: list[Trainee], progress: Mapping[int, Progress]
) -> Any:
    one, today = chosen.training_class, context.today
    none = Progress(0, 0, None, 0)
    planned = one.sessions + one.tasks
    rows = []
    for trainee in people:
        done = progress.get(trainee.account_id, none)
        days, tasks = min(done.days, one.sessions or done.days), min(done.tasks, one.tasks or done.tasks)
        rows.append(
            {
                "name": gettext(trainee.name),
                "state": trainee_state(one, trainee, today),
                "school": trainee.school,
                "checked_in": trainee.checked_in.isoformat() if trainee.checked_in else "",
                "days": f"{done.days}/{one.sessions}" if one.sessions else str(done.days),
                "tasks": f"{done.tasks}/{one.tasks}" if one.tasks else str(done.tasks),
                "last": done.last.isoformat() if done.last else "",
                "progress": round((days + tasks) / planned * 100) if planned else None,
                "reason": trainee.reason,
            }
        )
    silent = sum(1 for t in people if t.checked_in and t.account_id not in progress)
    finding = gettext("{n} 人在名单上。", n=chosen.sent if not people else len(people))
    if silent:
        quiet = gettext("其中 {n} 人报到后还没有学习记录。", n=silent)
        finding = gettext("{first}{then}", first=finding, then=quiet)
    if unknown := sum(1 for t in people if t.person_id is None):
        words = gettext("其中 {n} 个账号还认不出是谁，认出后和同一位教师的并成一人。", n=unknown)
        finding = gettext("{first}{then}", first=finding, then=words)
    columns = [
        {"field": "name", "headerName": gettext("姓名"), "pinned": "left", "filter": True, "minWidth": 96, "width": 110},
        {"field": "state", "headerName": gettext("状态"), "filter": True, "width": 132},
        {"field": "progress", "headerName": gettext("进度"), "type": "numericColumn", "width": 104,
         "valueFormatter": {"function": "params.value == null ? '—' : params.value + '%'"},
         "headerTooltip": gettext("（已签到天数＋已交任务）÷（计划天数＋计划任务）")},
        {"field": "days", "headerName": gettext("签到"), "width": 96, "type": "numericColumn", "comparator": {"function": "portraitFirst"}},
        {"field": "tasks", "headerName": gettext("任务"), "width": 96, "type": "numericColumn", "comparator": {"function": "portraitFirst"}},
        {"field": "last", "headerName": gettext("最近活动"), "width": 126},
        {"field": "checked_in", "headerName": gettext("报到"), "width": 126},
        {"field": "school", "headerName": gettext("学校"), "filter": True, "minWidth": 170, "flex": 1},
        {"field": "reason", "headerName": gettext("原因"), "minWidth": 130, "flex": 1},
    ]  # fmt: skip
    return card(
        gettext("学员名单"),
        finding,
        grid("trainer-roster", columns, rows, page_size=20, columnSize=None, spare=("checked_in", "last"))
        if rows
        else html.P(_no_names(chosen), className="quiet"),
        html.P(
            gettext(
                "进度＝（已签到天数＋已交任务）÷（计划天数 {days} ＋计划任务 {tasks}）。",
                days=one.sessions,
                tasks=one.tasks,
            ),
            className="quiet",
        )
        if planned and rows
        else None,
        action=[
            link_button(
                gettext("看谁可能不能结业"), f"/trainer/risk?class={one.id}", primary=True, icon_name="flag"
            ),
            link_button(gettext("看班级画像"), f"/trainer/portrait?class={one.id}", icon_name="distribution"),
        ]
        if rows and one.stage(today) is Stage.RUNNING
        else link_button(gettext("看培训成效"), f"/trainer/effect?class={one.id}", icon_name="growth")
        if rows and one.stage(today) is Stage.ENDED
        else None,
        icon_name="people",
    )


def _all_card(context: Context, counts: list[ClassCount]) -> Any:
    today = context.today
    table = simple_table(
        [gettext("班次"), gettext("项目类别"), gettext("起止"), gettext("状态"), gettext("选派/名额"), gettext("报到"), gettext("结业/报到")],
        [
            [
                dmc.Anchor(c.training_class.name, href=f"{PATH}?class={c.training_class.id}"),
                category_label(c.training_class.category) or badge(gettext("国培省培以外"), "none"),
                span(c.training_class.starts, c.training_class.ends),
                stage_badge(c.training_class.stage(today)),
                f"{c.sent}/{c.places}",
                rate_cell(c.tally(today).rate("arrived")),
                rate_cell(c.tally(today).rate("graduated_of_arrived")),
            ]
            for c in counts
        ],
        numeric=(4, 5, 6),
    )  # fmt: skip
    return card(gettext("全部班次"), "", html.Div(table, className="table-scroll wide"), icon_name="class")


def register(app: Any, context: Callable[[], Context]) -> None:
    register_choice(app, context, PATH)


PAGE = Page(PATH, lambda: gettext("我的班级"), "class", frozenset({Role.TRAINER}), layout, register)
