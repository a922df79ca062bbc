"""隔离区: the rows that could not be taken, with file, row, column and reason; mended, replayed or given up, one or many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import Input, Output, State, dcc, html, no_update

from dashboards.job import Job, Tell
from dashboards.language import gettext
from dashboards.page import Context, Page, parse_query, whole
from dashboards.part import card, empty_state, link_button, number, numbers, page_header, panel
from dashboards.part.admin.choice import choice, choices, register_choices
from dashboards.part.admin.handling import register_rows, replayed
from dashboards.part.admin.ledger import exact
from dashboards.part.admin.row import row_grid
from dashboards.part.admin.word import ROW_STATES, reason_name, source_name
from dashboards.part.job import job_card, ticker
from dashboards.part.number import counted
from portrait.errors import InputError
from portrait.intake.replay import ReplayReport
from portrait.intake.replay import replay as read_again
from portrait.scope import Role
from portrait.store.batch import sources
from portrait.store.quarantine import (
    open_ids,
    quarantine_batches,
    quarantine_codes,
    quarantine_states,
    quarantined,
)

PATH = "/quarantine"
MOST = 500  # rows in the grid
WAIT_SECONDS = 20.0  # for another writer of the lake to finish


@dataclass(frozen=True)
class Filter:
    """Which rows are meant; `state` is "all" for every one."""

    source: str = ""
    batch: int | None = None
    code: str = ""
    state: str = "open"

    @property
    def stored_state(self) -> str:
        return "" if self.state == "all" else self.state

    def search(self) -> str:
        pairs = {
            "source": self.source,
            "batch": "" if self.batch is None else str(self.batch),
            "code": self.code,
            "state": "" if self.state == "open" else self.state,
        }
        kept = {name: value for name, value in pairs.items() if value}
        return f"?{urlencode(kept)}" if kept else ""


def read_filter(query: Mapping[str, str]) -> Filter:
    """The filter of an address; what nobody knows falls back to its default, and what nothing fits finds nothing."""
    state = query.get("state", "")
    return Filter(
        query.get("source", "")[:40],
        whole(query, "batch"),
        query.get("code", "")[:40],
        state if state == "all" or state in ROW_STATES else "open",
    )


def layout(context: Context, query: Mapping[str, str]) -> Any:
    chosen = read_filter(query)
    return [
        html.Div(panel(gettext("隔离区"), _head, context), id="quarantine-head", className="stack"),
        html.Div(_progress(context), id="quarantine-progress", className="stack"),
        html.Div(panel(gettext("隔离的行"), _list, context, chosen), id="quarantine-list", className="stack"),
        dcc.Store(id="quarantine-changed"),
        ticker("quarantine-tick", _running(context)),
    ]


# --- what stands on the page -----------------------------------------------------------------------------------


def _head(context: Context) -> list[Any]:
    with context.site.registry.connect() as connection:
        states = quarantine_states(connection, context.scope)
        codes = quarantine_codes(connection, context.scope)
    waiting = states.get("open", 0)
    if waiting:
        code, n = next(iter(codes.items()))
        words = gettext(
            "{n} 行等待处理，最多的是“{reason}”（{m} 行）。",
            n=exact(waiting),
            reason=reason_name(code),
            m=exact(n),
        )
    else:
        words = gettext("没有等待处理的行。")
    return [
        page_header(gettext("隔离区"), words),
        numbers(
            *[
                number(*counted(gettext("{n} 行", n=exact(states.get(state, 0)))), label=gettext(name))
                for state, name in ROW_STATES.items()
            ]
        ),
    ]


def _list(context: Context, chosen: Filter) -> Any:
    with context.site.registry.connect() as connection:
        names = sources(connection, context.scope)
        numbered = quarantine_batches(connection, context.scope, source=chosen.source)
        codes = quarantine_codes(
            connection, context.scope, number=chosen.batch, source=chosen.source, state=chosen.stored_state
        )
        rows = quarantined(
            connection,
            context.scope,
            number=chosen.batch,
            source=chosen.source,
            state=chosen.stored_state,
            code=chosen.code,
            limit=MOST,
        )
    total = codes.get(chosen.code, 0) if chosen.code else sum(codes.values())
    states = {**{state: gettext(name) for state, name in ROW_STATES.items()}, "all": gettext("全部")}
    reasons = {
        code: gettext("{reason}（{n} 行）", reason=reason_name(code), n=exact(n)) for code, n in codes.items()
    }
    files = {str(n): f"{n} · {file}" for n, file in numbered.items()}
    chosen_batch = "" if chosen.batch is None else str(chosen.batch)
    platforms = {name: source_name(context.site, name) for name in names}
    controls = choices(
        choice("quarantine", "source", gettext("来源"), chosen.source, platforms),
        choice("quarantine", "batch", gettext("批次"), chosen_batch, files),
        choice("quarantine", "code", gettext("原因"), chosen.code, reasons),
        choice("quarantine", "state", gettext("状态"), chosen.state, states, clearable=False),
    )
    if not rows:
        return card(gettext("隔离的行"), "", controls, _nothing(chosen), icon_name="quarantine")
    context.note("look", f"quarantine{chosen.search()}", reason=gettext("隔离行的原样"))
    return card(
        gettext("隔离的行"),
        _said(total, len(rows)),
        controls,
        row_grid("quarantine-rows", context.site, rows),
        action=[
            dmc.Button(
                gettext("重放这 {n} 行", n=exact(total)),
                id="quarantine-replay",
                disabled=chosen.state != "open" or _running(context),
                n_clicks=0,
            ),
            html.Span(
                gettext("改好映射或补了名单以后，筛出来的行可以一起重放；还不能读的留在这里。"),
                className="quiet",
            ),
        ],
        icon_name="quarantine",
    )


def _said(total: int, shown: int) -> str:
    if total > shown:
        return gettext(
            "共 {n} 行，这里是前 {most} 行；用筛选缩小范围。点任何一行，看原样并处理。",
            n=exact(total),
            most=exact(shown),
        )
    return gettext("共 {n} 行。点任何一行，看原样并处理。", n=exact(total))


def _nothing(chosen: Filter) -> Any:
    if chosen == Filter():
        return empty_state(
            gettext("没有等待处理的行"),
            gettext("读不了的行会带着文件、行、列和原因停在这里，好的行照常入库。"),
            icon_name="check",
            action=link_button(gettext("去数据接入"), "/intake"),
        )
    return empty_state(gettext("没有符合筛选的行"), "", action=link_button(gettext("看全部等待处理的"), PATH))


# --- the replay of many rows -----------------------------------------------------------------------------------


def _job(context: Context) -> Job | None:
    return context.jobs.find(_name(context))


def _name(context: Context) -> str:
    return f"replay:{context.actor.user_id}"


def _running(context: Context) -> bool:
    return context.jobs.running(_name(context))


def _progress(context: Context) -> list[Any]:
    job = _job(context)
    if job is None:
        return []
    if job.running:
        return [job_card(job, gettext("正在重放"))]
    report = job.result
    return [
        card(
            gettext("重放完成") if report is not None else gettext("没有重放完"),
            replayed(report) if isinstance(report, ReplayReport) else gettext(job.error),
            action=[
                dmc.Button(gettext("知道了"), id="quarantine-read", variant="default", size="sm", n_clicks=0),
                *(
                    [link_button(gettext("去重算画像"), "/intake")]
                    if report is not None and report.stored
                    else []
                ),
            ],
            icon_name="check" if report is not None else "alert",
        )
    ]


def _replay(context: Context, chosen: Filter) -> None:
    """Begins the replay of every open row that the filter means."""
    site, by = context.site, context.actor.login
    with site.registry.connect() as connection:
        ids = open_ids(connection, context.scope, number=chosen.batch, source=chosen.source, code=chosen.code)
    # No id would mean every row there is.
    if chosen.state != "open" or not ids:
        raise InputError("没有可以重放的行")
    context.note("replay", f"quarantine{chosen.search()}", reason=gettext("{n} 行", n=len(ids)))

    def work(tell: Tell) -> ReplayReport:
        def within(text: str, done: int, total: int) -> None:
            tell(text, done / total if total else 0.0)

        return read_again(site, ids=ids, by=by, progress=within, wait_seconds=WAIT_SECONDS)

    context.jobs.start(_name(context), work, by=by, now=context.now)


# --- callbacks -------------------------------------------------------------------------------------------------


def register(app: Any, context: Callable[[], Context]) -> None:
    register_rows(app, context, "quarantine")

    register_choices(app, context, "quarantine", _changed)

    @app.callback(
        Output("quarantine-list", "children"),
        Output("quarantine-head", "children"),
        Input("quarantine-changed", "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def changed(count: Any, search: str | None) -> Any:
        here = context()
        if not count:
            return no_update, no_update
        return _list(here, read_filter(parse_query(search or ""))), _head(here)

    @app.callback(
        Output("quarantine-progress", "children"),
        Output("quarantine-tick", "disabled"),
        Output("quarantine-replay", "disabled"),
        Input("quarantine-replay", "n_clicks"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def begin(clicks: int | None, search: str | None) -> Any:
        here = context()
        if not clicks:
            return no_update, no_update, no_update
        _replay(here, read_filter(parse_query(search or "")))
        return _progress(here), not _running(here), True

    @app.callback(
        Output("quarantine-progress", "children", allow_duplicate=True),
        Output("quarantine-tick", "disabled", allow_duplicate=True),
        Output("quarantine-list", "children", allow_duplicate=True),
        Output("quarantine-head", "children", allow_duplicate=True),
        Input("quarantine-tick", "n_intervals"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def tick(_n: int | None, search: str | None) -> Any:
        here = context()
        if _running(here):
            return _progress(here), no_update, no_update, no_update
        return _progress(here), True, _list(here, read_filter(parse_query(search or ""))), _head(here)

    @app.callback(
        Output("quarantine-progress", "children", allow_duplicate=True),
        Input("quarantine-read", "n_clicks"),
        prevent_initial_call=True,
    )
    def read(clicks: int | None) -> Any:
        here = context()
        if not clicks:
            return no_update
        here.jobs.forget(_name(here))
        return _progress(here)


def _changed(query: Mapping[str, str], name: str, value: str) -> str | None:
    before, after = read_filter(query), read_filter({**query, name: value})
    if after == before:
        return None
    # Batches and reasons belong to a source.
    return (replace(after, batch=None, code="") if name == "source" else after).search()


PAGE = Page(PATH, lambda: gettext("隔离区"), "quarantine", frozenset({Role.ADMIN}), layout, register)
