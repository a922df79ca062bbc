"""待确认: school-based study and sign-ins that count for nothing until somebody who may has looked at them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, ctx, html, no_update

from dashboards.language import gettext
from dashboards.page import Context, Page, whole
from dashboards.part import badge, card, empty_state, format, notify, page_header, panel, simple_table
from dashboards.part.claim import decided, proof_link, state_of, what
from dashboards.proof import handed_out
from portrait.errors import InputError, NotFound
from portrait.offline import MOST as LISTED
from portrait.offline import Waiting, decide, decide_record, waiting_records
from portrait.scope import Role, handed_to
from portrait.sentence import sentence
from portrait.store.claim import REASON_LIMIT, Claim, claims

PATH = "/confirm"
MOST = 60  # rows of a list on the page at once


def layout(context: Context, _query: Mapping[str, str]) -> Any:
    return [
        page_header(
            gettext("待确认"), gettext("签到和校本研修要有人看过证明、确认以后才计入；不实的写明原因退回。")
        ),
        html.Div(panel(gettext("待确认"), _panels, context), id="confirm-panels", className="stack"),
    ]


def _panels(context: Context) -> list[Any]:
    listed = claims(context.site.registry, context.scope)
    open_ = [one for one in listed if one.state == "submitted"][::-1]
    done = [one for one in listed if one.state in ("confirmed", "returned")]
    records = waiting_records(context.site, context.scope)
    return [
        card(
            gettext("教师的申报"),
            gettext("{n} 条等待确认，先交的在前。", n=len(open_)) if open_ else "",
            html.Div([_claim(one) for one in open_[:MOST]], className="person-list")
            if open_
            else empty_state(
                gettext("没有等待确认的申报"),
                gettext("教师在“校本研修”页提交以后列在这里。"),
                icon_name="check",
            ),
            icon_name="people",
        )
        if open_ or handed_to(context.scope)
        else None,
        card(
            gettext("导入的未核验记录"),
            _told(records),
            html.Div([_record(one) for one in records[:MOST]], className="person-list")
            if records
            else empty_state(
                gettext("没有等待核验的记录"),
                gettext("签到表里没有核验的签到会列在这里。"),
                icon_name="check",
            ),
            icon_name="checkin",
        ),
        _done(done[:MOST]) if done else None,
    ]


def _told(records: list[Waiting]) -> str:
    if not records:
        return ""
    outside = sum(one.outside for one in records)
    words = (
        gettext("{n} 条没有核验，近的在前。", n=len(records))
        if len(records) < LISTED
        else gettext("没有核验的很多，先列最近的 {n} 条。", n=len(records))
    )
    return (
        gettext("{words}其中 {m} 条的日期在班次之外，请留意。", words=words, m=outside) if outside else words
    )


def _claim(one: Claim) -> Any:
    return _entry(
        f"c{one.id}",
        one.person,
        one.school,
        [
            html.P([html.Strong(one.title)]),
            html.P(what(one)),
            html.P(proof_link(one, f"{PATH}/proof")),
            html.P(gettext("{at}提交", at=format.moment(one.at)), className="kept"),
        ],
    )


def _record(one: Waiting) -> Any:
    return _entry(
        f"r{one.record.hex()}",
        one.person,
        one.school,
        [
            html.P([what(one), " ", badge(gettext("不在班次的日期里"), "warn") if one.outside else None]),
            html.P(one.title) if one.title else None,
        ],
    )


def _entry(key: str, name: str, school: str, body: list[Any]) -> Any:
    def button(do: str, text: str, variant: str) -> Any:
        return dmc.Button(
            text,
            id={"type": "confirm-do", "key": key, "do": do},
            size="sm",
            variant=variant,
            n_clicks=0,
            **{"aria-label": gettext("{what}：{name}", what=text, name=gettext(name))},
        )

    return html.Div(
        [
            html.Div([html.H3([gettext(name), html.Span(f"\u2003{school}", className="quiet")]), *body]),
            html.Div(
                [
                    dmc.TextInput(
                        id={"type": "confirm-reason", "key": key},
                        placeholder=gettext("退回的原因"),
                        value="",
                        attributes={"input": {"maxLength": REASON_LIMIT}},
                        size="sm",
                        **{"aria-label": gettext("退回{name}的原因", name=gettext(name))},
                    ),
                    html.Div(
                        [
                            button("confirmed", gettext("确认"), "filled"),
                            button("returned", gettext("退回"), "default"),
                        ],
                        className="answers",
                    ),
                ],
                className="stack-tight",
            ),
        ],
        className="warned",
    )


def _done(done: list[Claim]) -> Any:
    rows = [
        [
            gettext(one.person),
            one.title or gettext("签到"),
            what(one),
            state_of(one),
            decided(one),
            proof_link(one, f"{PATH}/proof"),
        ]
        for one in done
    ]
    head = [
        gettext("姓名"),
        gettext("活动"),
        gettext("时间和学时"),
        gettext("结果"),
        gettext("处理"),
        gettext("证明"),
    ]
    return card(
        gettext("处理过的"),
        gettext("最近 {n} 条。", n=len(done)),
        html.Div(simple_table(head, rows), className="table-scroll wide"),
        icon_name="check",
    )


def register(app: Any, context: Callable[[], Context]) -> None:
    @app.server.get(f"{PATH}/proof/<int:number>")
    def proof_of_claim(number: int) -> Any:
        return handed_out(context, number)

    @app.callback(
        Output("confirm-panels", "children"),
        Input({"type": "confirm-do", "key": ALL, "do": ALL}, "n_clicks"),
        State({"type": "confirm-reason", "key": ALL}, "value"),
        State({"type": "confirm-reason", "key": ALL}, "id"),
        prevent_initial_call=True,
    )
    def decided_on(_clicks: list[int], reasons: list[str], ids: list[dict[str, str]]) -> Any:
        here = context()
        # Buttons that merely appear on the page trigger this with no click.
        if not ctx.triggered_id or not ctx.triggered[0]["value"]:
            return no_update
        key, state = str(ctx.triggered_id["key"]), str(ctx.triggered_id["do"])
        by_key = {str(one["key"]): str(text or "") for one, text in zip(ids, reasons, strict=True)}
        reason = by_key.get(key, "")
        try:
            _decide(here, key, state, reason)
        except InputError as error:
            notify(gettext(error.message))
            return no_update
        here.note(
            "confirm" if state == "confirmed" else "return",
            f"{'claim' if key.startswith('c') else 'record'}:{key[1:]}",
            reason=reason if state == "returned" else sentence("已确认"),
        )
        notify(gettext("已确认，画像在下次计算后跟上。") if state == "confirmed" else gettext("已退回。"))
        return _panels(here)


def _decide(here: Context, key: str, state: str, reason: str) -> None:
    number = whole({"key": key[1:]}, "key")
    if key.startswith("c") and number is not None:
        decide(here.site, here.scope, [number], state, reason, by=here.actor.login)
        return
    try:
        record = bytes.fromhex(key[1:]) if key.startswith("r") else b""
    except ValueError:
        record = b""
    if len(record) != 16:
        raise NotFound("没有这条待确认的记录，或者已经有人处理了")
    decide_record(here.site, here.scope, record, state, reason, by=here.actor.login)


PAGE = Page(
    PATH,
    lambda: gettext("待确认"),
    "checkin",
    frozenset({Role.SCHOOL, Role.TRAINER, Role.OFFICE}),
    layout,
    register,
)
