"""校本研修: a teacher hands in school-based study with a proof, and sees what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, ctx, dcc, html, no_update

from dashboards.language import gettext
from dashboards.page import Context, Page, whole
from dashboards.part import card, empty_state, format, icon, notify, page_header, panel
from dashboards.part.claim import decided, proof_link, state_of, what
from dashboards.proof import handed_out, taken_in
from portrait.errors import InputError, NotFound
from portrait.offline import TITLE_LIMIT, claim_rule, faults, hand_in, withdraw
from portrait.proof import TYPES, most_bytes
from portrait.scope import Role
from portrait.site import Site
from portrait.store.claim import Claim, claims_of

PATH = "/study"


def layout(context: Context, _query: Mapping[str, str]) -> Any:
    return [
        page_header(
            gettext("校本研修"), gettext("学校里的教研活动也算学时：交上证明材料，学校确认以后计入。")
        ),
        card(gettext("申报一次活动"), "", html.Div(_form(context), id="study-form"), icon_name="plus"),
        html.Div(panel(gettext("我的申报"), _list, context), id="study-claims"),
    ]


def _form(context: Context) -> Any:
    rule = claim_rule()
    return html.Div(
        [
            dmc.TextInput(
                id="study-title",
                label=gettext("活动名称"),
                value="",
                attributes={"input": {"maxLength": TITLE_LIMIT}},
            ),
            html.Div(
                [
                    html.Div(
                        dmc.DateInput(
                            id="study-day",
                            label=gettext("活动日期"),
                            maxDate=context.today.isoformat(),
                            valueFormat="YYYY-MM-DD",
                            placeholder="2022-10-08",
                            clearable=True,
                        ),
                        **{"data-day": "true"},  # assets/day.js reads what people write into it
                    ),
                    dmc.NumberInput(
                        id="study-hours",
                        label=gettext("学时（一次至多 {n}）", n=format.decimal(rule.most_hours)),
                        min=0.5,
                        max=rule.most_hours,
                        step=0.5,
                    ),
                ],
                className="study-pair",
            ),
            html.Div(_drop(), id="study-proof-place"),
            html.P(id="study-proof-said", className="field-fault", role="alert"),
            html.Div(id="proof-sending", role="status", **{"aria-live": "polite"}),
            dcc.Store(id="study-proof"),
            html.Div(dmc.Button(gettext("提交"), id="study-send", n_clicks=0)),
            html.Div(id="study-said", role="status", **{"aria-live": "polite"}),
        ],
        className="form study-form",
    )


def _drop() -> Any:
    """What assets/proof.js turns into an upload; every word that it says stands here, in the reader's language."""
    suffixes = [f".{kind}" for kind in (*TYPES, "jpeg")]
    data = {
        "data-post": f"{PATH}/proof",
        "data-board": "proof-sending",
        "data-store": "study-proof",
        "data-name": "study-proof-name",
        "data-accept": ",".join(suffixes),
        "data-megabytes": str(most_bytes() >> 20),
        "data-sending": gettext("正在上传 {name}：{percent}%"),
        "data-large": gettext("{name}：超过 {most} MB 的上限。"),
        "data-wrong": gettext("{name}：不收这种文件；收的有 {accept}。"),
        "data-lost": gettext("{name}：没有传上去，请检查网络后再试。"),
    }
    return html.Button(
        [
            icon("upload", 22),
            html.Span(
                [
                    html.B(gettext("选择证明材料"), id="study-proof-name"),
                    html.Small(
                        gettext(
                            "签到表、照片、记录：pdf、jpg、png、docx、xlsx，不超过 {n} MB",
                            n=most_bytes() >> 20,
                        )
                    ),
                ]
            ),
        ],
        id="proof-drop",
        type="button",
        className="drop",
        **data,
    )


def _list(context: Context) -> Any:
    found = claims_of(context.site.registry, context.scope)
    waiting = sum(one.state == "submitted" for one in found)
    return card(
        gettext("我的申报"),
        gettext("共 {n} 条，{m} 条等学校确认；确认以前不计学时。", n=len(found), m=waiting) if found else "",
        html.Ol([_row(context.site, one) for one in found], className="items")
        if found
        else empty_state(gettext("还没有申报"), gettext("填好上面的表，连同证明材料一起提交。")),
        icon_name="file",
    )


def _row(site: Site, one: Claim) -> Any:
    return html.Li(
        [
            html.Div([html.Strong(one.title), state_of(one)], className="item-head"),
            html.P(what(one), className="muted small"),
            html.P(proof_link(one, f"{PATH}/proof")),
            html.P(said) if (said := decided(one, site)) else None,
            dmc.Button(
                gettext("撤回"),
                id={"type": "study-withdraw", "key": str(one.id)},
                variant="default",
                size="xs",
                n_clicks=0,
                **{"aria-label": gettext("撤回“{title}”", title=one.title)},
            )
            if one.state == "submitted"
            else None,
        ],
        className="item",
    )


def register(app: Any, context: Callable[[], Context]) -> None:
    @app.server.post(f"{PATH}/proof")
    def upload_proof() -> Any:
        return taken_in(context)

    @app.server.get(f"{PATH}/proof/<int:number>")
    def own_proof(number: int) -> Any:
        return handed_out(context, number)

    @app.callback(
        Output("study-form", "children"),
        Output("study-claims", "children"),
        Output("study-said", "children"),
        Output("study-title", "error"),
        Output("study-day", "error"),
        Output("study-hours", "error"),
        Output("study-proof-said", "children"),
        Input("study-send", "n_clicks"),
        State("study-title", "value"),
        State("study-day", "value"),
        State("study-hours", "value"),
        State("study-proof", "data"),
        prevent_initial_call=True,
    )
    def send(_clicks: int, title: Any, day: Any, hours: Any, proof: Any) -> Any:
        here = context()
        written: dict[str, Any] = {
            "title": str(title or ""),
            "day": _day(day),
            "hours": float(hours) if isinstance(hours, int | float) else None,
            "proof": proof if isinstance(proof, int) and 0 <= proof < 2**63 else None,
        }
        wrong = {field: gettext(fault) for field, fault in faults(here.site, **written).items()}
        marks = [wrong.get(field, "") for field in ("title", "day", "hours", "proof")]
        if wrong:
            said = gettext("有 {n} 处要改，改好再提交。", n=len(wrong))
            return no_update, no_update, html.P(said, className="said bad"), *marks
        try:
            number = hand_in(here.site, here.scope, **written)
        except (InputError, NotFound) as error:
            return no_update, no_update, html.P(gettext(error.message), className="said bad"), *marks
        here.note("hand-in", f"claim:{number}")
        notify(gettext("已提交，等学校确认。"))
        return _form(here), _list(here), no_update, *[no_update] * len(marks)

    @app.callback(
        Output("study-claims", "children", allow_duplicate=True),
        Input({"type": "study-withdraw", "key": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def take_back(_clicks: list[int]) -> Any:
        here = context()
        # Buttons that merely appear on the page trigger this with no click.
        if not ctx.triggered_id or not ctx.triggered[0]["value"]:
            return no_update
        number = whole({"key": str(ctx.triggered_id["key"])}, "key")
        if number is None:
            raise NotFound("没有可以撤回的申报")
        withdraw(here.site, here.scope, number)
        here.note("withdraw", f"claim:{number}")
        notify(gettext("已撤回。"))
        return _list(here)


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None


PAGE = Page(PATH, lambda: gettext("校本研修"), "checkin", frozenset({Role.TEACHER}), layout, register)
