"""预警: who of a running class may not finish and why, what the staff did about it, and what has been seen since."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, ctx, html, no_update

from dashboards.language import gettext
from dashboards.page import Context, Page
from dashboards.part import card, empty_state, format, link_button, page_header, panel, simple_table
from dashboards.part.class_choice import (
    chosen_class,
    class_choice,
    no_classes,
    own_classes,
    register_choice,
)
from dashboards.part.notice import notify
from dashboards.part.warning import cause_words, ground_words
from dashboards.part.who import who
from models.risk import Risk, Watch, at_risk
from portrait.clock import day_of
from portrait.errors import InputError, ModelUnusable
from portrait.lake.progress import Progress, class_progress
from portrait.programme.training_class import Stage, TrainingClass
from portrait.scope import Role
from portrait.site import Site
from portrait.store.followup import ANSWERS, NOTE_LIMIT, Followup, follow_up, followups
from portrait.store.trainee import Trainee, class_accounts, roster

PATH = "/trainer/risk"


def layout(context: Context, query: Mapping[str, str]) -> Any:
    counts = own_classes(context)
    chosen = chosen_class(counts, query, Stage.RUNNING, as_of=context.today)
    if chosen is None:
        return [page_header(gettext("预警")), no_classes(gettext("预警"))]
    one = chosen.training_class
    return [
        page_header(
            gettext("预警"), gettext("谁可能不能结业 · 数据截至 {day}", day=format.day(context.today))
        ),
        class_choice(PATH, counts, chosen, context.today),
        html.Div(panel(gettext("预警"), _panels, context, one), id="risk-panels", className="stack"),
    ]


def _panels(context: Context, one: TrainingClass) -> list[Any]:
    site, scope = context.site, context.scope
    try:
        watch = at_risk(site, one.id, context.today)
    except ModelUnusable as error:
        return [
            card(
                gettext("名单暂时算不出来"),
                "",
                empty_state(
                    gettext(error.message),
                    gettext("请平台管理员重新训练模型；名单和进度照常可看。"),
                    icon_name="alert",
                ),
                action=link_button(gettext("看名单"), f"/trainer/classes?class={one.id}"),
            )
        ]
    if watch.basis == "none":
        return [_not_running(one, context.today)]
    people = {t.account_id: t for t in roster(site.registry, scope, one.id)}
    answers = followups(site.registry, scope, one.id)
    progress = class_progress(
        site.pool, one.id, class_accounts(site.registry, scope, one.id), one.starts, one.ends, context.today
    )
    listed = [risk for risk in watch.risks if risk.account_id in people]
    waiting = [risk for risk in listed if risk.account_id not in answers]
    done = [risk for risk in listed if risk.account_id in answers]
    return [
        _list_card(context.site, one, watch, waiting, people, answers, progress, gettext("等待处置")),
        *(
            [_list_card(context.site, one, watch, done, people, answers, progress, gettext("已经处置"))]
            if done
            else []
        ),
        _history(answers, people, {risk.account_id for risk in listed}),
        card(
            gettext("这份名单怎么来"),
            ground_words(watch),
            html.P(
                gettext("名单只提醒班主任去问一问，不进画像，不给学员打分；是否劝退、是否结业都由人决定。")
            ),
            html.P(gettext("依据 通知四（六）“适时提供反馈和跟踪指导”；版本 {v}", v=watch.version), className="quiet"),
            icon_name="info",
        ),
    ]  # fmt: skip


def _not_running(one: TrainingClass, today: date) -> Any:
    stage = one.stage(today)
    words = {
        Stage.AHEAD: gettext("这个班还没有开班，开班后每天更新名单。"),
        Stage.ENDED: gettext("这个班已经结束，结果看“培训成效”和“我的班级”。"),
        Stage.UNSCHEDULED: gettext("这个班还没有报开班时间。"),
        Stage.RUNNING: gettext("这个班没有结束日期，算不出进度。"),
    }
    href = "/trainer/effect" if stage is Stage.ENDED else "/trainer/classes"
    return card(
        gettext("没有预警"),
        "",
        empty_state(
            words[stage],
            gettext("预警只看正在进行的班。"),
            icon_name="check",
            action=link_button(
                gettext("看培训成效") if stage is Stage.ENDED else gettext("看名单"), f"{href}?class={one.id}"
            ),
        ),
    )


def _list_card(
    site: Site,
    one: TrainingClass,
    watch: Watch,
    risks: Sequence[Risk],
    people: Mapping[int, Trainee],
    answers: Mapping[int, Sequence[Followup]],
    progress: Mapping[int, Progress],
    title: str,
) -> Any:
    if not risks:
        return card(
            title,
            "",
            empty_state(gettext("在训的 {n} 人里没有人等待处置", n=watch.watched), icon_name="check"),
        )
    return card(
        title,
        gettext("在训 {all} 人，这里列出 {n} 人，可能性大的在前。", all=watch.watched, n=len(risks)),
        html.Div(
            [
                _entry(site, one, risk, people[risk.account_id], answers.get(risk.account_id, ()), progress)
                for risk in risks
            ],
            className="person-list",
        ),
        icon_name="flag",
    )


def _entry(
    site: Site,
    one: TrainingClass,
    risk: Risk,
    trainee: Trainee,
    kept: Sequence[Followup],
    progress: Mapping[int, Progress],
) -> Any:
    given = kept[0].answer if kept else ""
    return html.Div(
        [
            html.Div(
                [
                    html.H3([gettext(trainee.name), html.Span(f"\u2003{trainee.school}", className="quiet")]),
                    html.P(_chance(risk)),
                    html.Ul([html.Li(cause_words(cause)) for cause in risk.causes]),
                    *([html.P(_said(site, kept[0]), className="kept")] if kept else []),
                    *([html.P(_since(kept[0], progress.get(trainee.account_id)), className="kept")] if kept else []),
                ]
            ),
            html.Div(
                [
                    dmc.TextInput(
                        id={"type": "risk-note", "class": str(one.id), "account": str(trainee.account_id)},
                        placeholder=gettext("备注（可不填）"),
                        value="",
                        attributes={"input": {"maxLength": NOTE_LIMIT}},
                        size="sm",
                        **{"aria-label": gettext("给{name}的备注", name=gettext(trainee.name))},
                    ),
                    html.Div(
                        [
                            dmc.Button(
                                gettext(words),
                                id={
                                    "type": "risk-answer",
                                    "class": str(one.id),
                                    "account": str(trainee.account_id),
                                    "answer": code,
                                },
                                size="sm",
                                variant="light" if code == given else "default",
                                n_clicks=0,
                                **{"aria-pressed": "true" if code == given else "false"},
                            )
                            for code, words in ANSWERS.items()
                        ],
                        className="answers",
                    ),
                ],
                className="stack-tight",
            ),
        ],
        className="warned",
    )  # fmt: skip


def _chance(risk: Risk) -> Any:
    if risk.chance is None:
        return gettext("按规则列出（没有概率）")
    return [
        gettext("不能结业的可能"),
        " ",
        html.Strong(format.percent(risk.chance, 0)),
        html.Span(
            gettext(
                "（90% 区间 {low}–{high}）",
                low=format.percent(risk.low, 0),
                high=format.percent(risk.high, 0),
            ),
            className="interval",
        ),
    ]


def _said(site: Site, kept: Followup) -> str:
    words = gettext(
        "{when} {by}：{answer}",
        when=format.moment(kept.at),
        by=who(site, kept.by),
        answer=gettext(ANSWERS[kept.answer]),
    )
    return gettext("{words}。{note}", words=words, note=kept.note) if kept.note else words


def _since(kept: Followup, done: Progress | None) -> str:
    """What came of it: whether anything has been seen since the answer."""
    if done is None or done.last is None or done.last <= day_of(kept.at):
        return gettext("处置以后还没有新的学习记录。")
    return gettext("处置以后有新的学习记录，最近一次 {day}。", day=format.day(done.last))


def _history(
    answers: Mapping[int, Sequence[Followup]], people: Mapping[int, Trainee], listed: set[int]
) -> Any:
    """Answers about trainees who are no longer listed: what became of them."""
    rows = [
        [
            gettext(people[account].name),
            gettext(ANSWERS[kept[0].answer]),
            kept[0].note or format.NOTHING,
            format.moment(kept[0].at),
            gettext("已不在名单上"),
        ]
        for account, kept in answers.items()
        if account in people and account not in listed
    ]
    if not rows:
        return None
    return card(
        gettext("处置过、现在不在名单上的"),
        gettext("共 {n} 人。", n=len(rows)),
        html.Div(
            simple_table(
                [gettext("姓名"), gettext("处置"), gettext("备注"), gettext("时间"), gettext("现在")], rows
            ),
            className="table-scroll",
        ),
        icon_name="check",
    )


def register(app: Any, context: Callable[[], Context]) -> None:
    register_choice(app, context, PATH)

    @app.callback(
        Output("risk-panels", "children"),
        Input({"type": "risk-answer", "class": ALL, "account": ALL, "answer": ALL}, "n_clicks"),
        State({"type": "risk-note", "class": ALL, "account": ALL}, "value"),
        State({"type": "risk-note", "class": ALL, "account": ALL}, "id"),
        prevent_initial_call=True,
    )
    def answer(_clicks: list[int], notes: list[str], ids: list[dict[str, str]]) -> Any:
        here = context()
        # Buttons that merely appear on the page trigger this with no click.
        if not ctx.triggered_id or not ctx.triggered[0]["value"]:
            return no_update
        asked = ctx.triggered_id
        try:
            class_id, account_id = int(asked["class"]), int(asked["account"])
        except ValueError as error:
            raise InputError("没有这名学员") from error
        by = {(i["class"], i["account"]): str(note or "") for i, note in zip(ids, notes, strict=True)}
        note = by.get((asked["class"], asked["account"]), "")
        follow_up(
            here.site.registry, here.scope, class_id, account_id, str(asked["answer"]), here.site.now, note
        )
        counts = own_classes(here)
        one = chosen_class(counts, {"class": str(class_id)}, as_of=here.today)
        notify(gettext("已登记"))
        return _panels(here, one.training_class) if one else no_update


PAGE = Page(PATH, lambda: gettext("预警"), "flag", frozenset({Role.TRAINER}), layout, register)
