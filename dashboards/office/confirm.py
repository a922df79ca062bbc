"""待确认: school-based study and sign-ins that count for nothing until somebody who may has looked at them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, ctx, html, no_update

from dashboards.language import gettext
from dashboards.page import Context, Page, parse_query, whole
from dashboards.part import (
    card,
    empty_state,
    format,
    link_button,
    notify,
    page_header,
    panel,
    simple_table,
)
from dashboards.part.admin.choice import choice, choices, register_choices
from dashboards.part.claim import decided, proof_link, state_of, what
from dashboards.part.entry import claim_entry, record_entry, seen_of
from dashboards.part.original import register_rows_of
from dashboards.part.teacher.word import source_name
from dashboards.proof import handed_out
from portrait.confirmation import confirm_records, decide_record
from portrait.errors import InputError, NotFound
from portrait.heading import called
from portrait.offline import decide
from portrait.record import KIND_ZH, Kind
from portrait.scope import Role, handed_to
from portrait.sentence import sentence
from portrait.site import Site
from portrait.store.claim import Claim, claim_count, claims
from portrait.waiting import Choice, Queue, Waiting, desk, stale_records

PATH = "/confirm"
MOST = 60  # rows of a list on the page at once


def layout(context: Context, query: Mapping[str, str]) -> Any:
    return [
        page_header(
            gettext("待确认"), gettext("签到和校本研修要有人看过证明、确认以后才计入；不实的写明原因退回。")
        ),
        html.Div(panel(gettext("待确认"), _panels, context, query), id="confirm-panels", className="stack"),
    ]


def _panels(context: Context, query: Mapping[str, str]) -> list[Any]:
    decided = claims(context.site.registry, context.scope, state="decided", limit=MOST)
    stale = stale_records(
        context.site, {one.record for one in decided if one.record}
    )  # listed with what waits
    done = [one for one in decided if one.record not in stale]
    return [
        _handed_in(context, query),
        _imported(context, query),
        _done(context.site, done) if done else None,
    ]


def _handed_in(context: Context, query: Mapping[str, str]) -> Any:
    count = claim_count(context.site.registry, context.scope, "submitted")
    if not count and not handed_to(context.scope):
        return None
    page = _page(query, "claims", count)
    found = claims(
        context.site.registry,
        context.scope,
        state="submitted",
        limit=MOST,
        offset=(page - 1) * MOST,
        oldest=True,
    )
    return card(
        gettext("教师的申报"),
        _shown(gettext("{n} 条等待确认，先交的在前。", n=format.count(count)), page, count) if count else "",
        _listed(
            [claim_entry(one, f"{PATH}/proof") for one in found],
            gettext("没有等待确认的申报"),
            gettext("教师在“校本研修”页提交以后列在这里。"),
        ),
        action=_turn(query, "claims", page, count),
        icon_name="people",
    )


def _imported(context: Context, query: Mapping[str, str]) -> Any:
    asked = _choice(query)
    waiting = desk(context.site, context.scope)
    queue = waiting.queue(asked)
    page = _page(query, "page", queue.total)
    records = waiting.records(asked, limit=MOST, offset=(page - 1) * MOST)
    sources = {source: source_name(context.site, source) for source in {one.source for one in records}}
    controls = [
        choice("confirm", "class", gettext("班次"), _text(asked.class_id), _named(queue.classes, asked.class_id)),
        choice("confirm", "provider", gettext("承训单位"), _text(asked.provider_id), _named(queue.providers, asked.provider_id)),
    ]  # fmt: skip
    if queue.corrected or asked.corrected:
        corrected = {"corrected": gettext("已更正，要重新确认的")}
        controls.append(
            choice("confirm", "only", gettext("只看"), "corrected" if asked.corrected else "", corrected)
        )
    return card(
        gettext("导入的未核验记录"),
        _told(queue, page) if queue.total else "",
        choices(*controls) if queue.classes or queue.corrected or asked != Choice() else None,
        _listed(
            [record_entry(one, sources[one.source], context.site) for one in records],
            gettext("没有等待核验的记录"),
            gettext("签到表里没有核验的签到会列在这里。"),
        ),
        action=_foot(query, records, page, queue.total),
        icon_name="checkin",
    )


def _listed(entries: list[Any], nothing: str, later: str) -> Any:
    """What waits; where nothing does, what will be listed here."""
    if not entries:
        return empty_state(nothing, later, icon_name="check")
    return html.Div(entries, className="person-list")


def _told(queue: Queue, page: int) -> str:
    words = _shown(gettext("{n} 条没有核验，近的在前。", n=format.count(queue.total)), page, queue.total)
    if queue.corrected:
        words = gettext("{words}有 {m} 条更正过，要重新确认。", words=words, m=format.count(queue.corrected))
    return (
        gettext("{words}其中 {m} 条的日期在班次之外，请留意。", words=words, m=format.count(queue.outside))
        if queue.outside
        else words
    )


def _shown(words: str, page: int, count: int) -> str:
    """How many there are and, where that is not all, which of them are on the page."""
    if count <= MOST:
        return words
    first = (page - 1) * MOST + 1
    return gettext(
        "{words}这一页是第 {first}–{last} 条。", words=words, first=first, last=min(first + MOST - 1, count)
    )


def _foot(query: Mapping[str, str], records: list[Waiting], page: int, count: int) -> Any:
    """To confirm exactly what is listed above, and the way to the rest."""
    if not records:
        return None
    outside = sum(one.outside for one in records)
    asked = gettext("确认上面列出的 {n} 条？每一条都算您看过。", n=len(records))
    if outside:
        asked = gettext("{words}其中 {m} 条的日期在班次之外。", words=asked, m=outside)
    everything = gettext("确认这一页的 {n} 条", n=len(records))
    dialog = dmc.Modal(
        [
            html.P(asked, className="dialog-words"),
            html.Div(
                [
                    dmc.Button(gettext("确认 {n} 条", n=len(records)), id="confirm-all", n_clicks=0),
                    dmc.Button(gettext("再看看"), id="confirm-all-not", variant="default", n_clicks=0),
                ],
                className="answers",
            ),
        ],
        id="confirm-all-dialog",
        title=everything,
        centered=True,
        zIndex=400,
        closeButtonProps={"aria-label": gettext("关闭")},
    )
    asking = dmc.Button(everything, id="confirm-all-ask", variant="default", n_clicks=0)
    return [asking, dialog, *(_turn(query, "page", page, count) or [])]


def _turn(query: Mapping[str, str], name: str, page: int, count: int) -> list[Any] | None:
    pages = _pages(count)
    if pages == 1:
        return None
    links = []
    if page > 1:
        links.append(link_button(gettext("上一页"), _address(query, **{name: str(page - 1)})))
    links.append(html.Span(gettext("第 {page} 页，共 {n} 页", page=page, n=pages), className="quiet"))
    if page < pages:
        links.append(link_button(gettext("下一页"), _address(query, **{name: str(page + 1)})))
    return links


def _pages(count: int) -> int:
    return max(1, -(-count // MOST))


def _page(query: Mapping[str, str], name: str, count: int) -> int:
    """The page of an address; what lies beyond the end is the last one."""
    return min(max(whole(query, name) or 1, 1), _pages(count))


def _choice(query: Mapping[str, str]) -> Choice:
    return Choice(whole(query, "class"), whole(query, "provider"), query.get("only") == "corrected")


def _named(names: Mapping[int, str], asked: int | None) -> dict[str, str]:
    """What there is to choose, and what is chosen where nothing of it waits any more."""
    over = {} if asked is None or asked in names else {str(asked): gettext("没有等着的了")}
    return {**over, **{str(number): name for number, name in names.items()}}


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _address(query: Mapping[str, str], **changed: str) -> str:
    """The page's address with what is known of the query, and these changes."""
    asked = _choice(query)
    kept = {
        "class": _text(asked.class_id),
        "provider": _text(asked.provider_id),
        "only": "corrected" if asked.corrected else "",
        "page": query.get("page", ""),
        "claims": query.get("claims", ""),
        **changed,
    }
    return f"{PATH}?{urlencode({name: text for name, text in kept.items() if text})}"


def _changed(query: Mapping[str, str], name: str, value: str) -> str | None:
    """The query string after a choice, which begins on its first page; None when nothing changed."""
    after = {**query, name: value}
    if _choice(after) == _choice(query):
        return None
    return _address(after, page="").removeprefix(PATH)


def _done(site: Site, done: list[Claim]) -> Any:
    rows = [
        [
            gettext(one.person),
            called(one.title, one.day) or gettext(KIND_ZH[Kind[one.kind.upper()]]),
            what(one),
            state_of(one),
            decided(one, site),
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

    register_choices(app, context, "confirm", _changed)
    register_rows_of(app, context, "waiting", _line)

    @app.callback(
        Output("confirm-panels", "children"),
        Input({"type": "confirm-do", "key": ALL, "do": ALL}, "n_clicks"),
        State({"type": "confirm-reason", "key": ALL}, "value"),
        State({"type": "confirm-reason", "key": ALL}, "id"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def decided_on(
        _clicks: list[int], reasons: list[str], ids: list[dict[str, str]], search: str | None
    ) -> Any:
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
            f"{'claim' if key.startswith('c') else 'record'}:{key[1:].partition('-')[0]}",
            reason=reason if state == "returned" else sentence("已确认"),
        )
        notify(gettext("已确认，画像在下次计算后跟上。") if state == "confirmed" else gettext("已退回。"))
        return _panels(here, parse_query(search or ""))

    @app.callback(
        Output("confirm-all-dialog", "opened"),
        Input("confirm-all-ask", "n_clicks"),
        Input("confirm-all-not", "n_clicks"),
        prevent_initial_call=True,
    )
    def ask(_ask: int | None, _not: int | None) -> Any:
        context()
        # Buttons that merely appear on the page trigger this with no click.
        return ctx.triggered_id == "confirm-all-ask" if ctx.triggered[0]["value"] else no_update

    @app.callback(
        Output("confirm-panels", "children", allow_duplicate=True),
        Input("confirm-all", "n_clicks"),
        State({"type": "confirm-reason", "key": ALL}, "id"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def confirmed_all(clicks: int | None, ids: list[dict[str, str]], search: str | None) -> Any:
        here = context()
        if not clicks:
            return no_update
        seen = dict(
            [seen_of(key) for key in (str(one["key"]) for one in ids[: 2 * MOST]) if key.startswith("r")]
        )
        done = confirm_records(
            here.site,
            here.scope,
            {record: facts for record, facts in seen.items() if facts is not None},
            by=here.actor.login,
        )
        for one in done:
            here.note("confirm", f"record:{one.record.hex()}", reason=sentence("已确认"))
        left = len(seen) - len(done)
        notify(
            gettext(
                "确认了 {n} 条，{m} 条刚刚更正过、有人处理过或是您自己的，没有确认。", n=len(done), m=left
            )
            if left
            else gettext("确认了 {n} 条，画像在下次计算后跟上。", n=len(done))
        )
        return _panels(here, parse_query(search or ""))


def _line(here: Context, key: str) -> tuple[int, int]:
    """Batch and line of a record that waits for the reader. Raises NotFound for one that does not."""
    record, _ = seen_of(f"r{key}")
    for one, _ in desk(here.site, here.scope).among([record]):
        return one.batch, one.spot
    raise NotFound("没有这条待确认的记录，或者已经有人处理了")


def _decide(here: Context, key: str, state: str, reason: str) -> None:
    number = whole({"key": key[1:]}, "key")
    if key.startswith("c") and number is not None:
        decide(here.site, here.scope, [number], state, reason, by=here.actor.login)
        return
    record, facts = seen_of(key if key.startswith("r") else "r")
    decide_record(here.site, here.scope, record, state, reason, by=here.actor.login, seen=facts)


PAGE = Page(
    PATH,
    lambda: gettext("待确认"),
    "checkin",
    frozenset({Role.SCHOOL, Role.TRAINER, Role.OFFICE}),
    layout,
    register,
)
