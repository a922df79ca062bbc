"""What can be done with a quarantined row: opened in the drawer, its cells mended, replayed, or given up.

A grid `<place>-rows` and a store `<place>-changed` belong together: the store counts up when a row was decided on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dash import ALL, Input, Output, State, ctx, html, no_update

from dashboards.language import gettext
from dashboards.page import Context
from dashboards.part.admin.row import row_body
from dashboards.part.drawer import register_row_drawer
from portrait.errors import InputError, NotFound
from portrait.intake.replay import ReplayReport, dismiss, mend, replay
from portrait.store.quarantine import Quarantined, quarantined_by_id

WAIT_SECONDS = 5.0  # for another writer of the lake; a reader is looking on


def register_rows(app: Any, context: Callable[[], Context], place: str) -> None:
    """Lets the rows of a grid open, and the buttons in the drawer act."""

    def opened(here: Context, key: str) -> tuple[str, Any]:
        one = row_of(here, key)
        here.note("look", f"quarantine:{one.id}")
        return title(one), row_body(here.site, one, place)

    register_row_drawer(app, context, f"{place}-rows", opened)

    @app.callback(
        Output("drawer-content", "children", allow_duplicate=True),
        Output(f"{place}-changed", "data"),
        Input({"type": f"{place}-do", "row": ALL, "do": ALL}, "n_clicks"),
        State({"type": f"{place}-cell", "row": ALL, "cell": ALL}, "value"),
        State({"type": f"{place}-cell", "row": ALL, "cell": ALL}, "id"),
        State(f"{place}-changed", "data"),
        prevent_initial_call=True,
    )
    def handle(_clicks: list[int], values: list[Any], ids: list[dict[str, Any]], count: Any) -> Any:
        here = context()
        # Buttons that merely appear in the drawer trigger this with no click.
        if not ctx.triggered_id or not ctx.triggered[0]["value"]:
            return no_update, no_update
        row = str(ctx.triggered_id["row"])
        cells = {
            id["cell"]: str(value or "")
            for id, value in zip(ids, values, strict=True)
            if str(id["row"]) == row
        }
        one = row_of(here, row)
        said = _handled(here, one, str(ctx.triggered_id["do"]), cells)
        return row_body(here.site, row_of(here, row), place, said), (count or 0) + 1


def row_of(context: Context, key: object) -> Quarantined:
    """The row that the browser names. Raises NotFound for one that is none of the reader's."""
    text = str(key)
    found: Sequence[Quarantined] = ()
    if text.isascii() and text.isdigit() and len(text) < 19:
        with context.site.registry.connect() as connection:
            found = quarantined_by_id(connection, [int(text)], context.scope)
    if not found:
        raise NotFound("没有这一行")
    return found[0]


def title(one: Quarantined) -> str:
    return gettext("{file} 第 {line} 行", file=one.file, line=one.row)


def replayed(report: ReplayReport) -> str:
    """What a replay came to, in numbers, and what is to be known of it."""
    counts = {
        "n": f"{report.rows:,}",
        "stored": f"{report.stored:,}",
        "duplicate": f"{report.duplicate:,}",
        "still": f"{report.still:,}",
    }
    said = (
        gettext(
            "重放 {n} 行：入库 {stored}，重复 {duplicate}，略过 {passed}，仍不能入库 {still}。",
            **counts,
            passed=f"{report.passed:,}",
        )
        if report.passed
        else gettext("重放 {n} 行：入库 {stored}，重复 {duplicate}，仍不能入库 {still}。", **counts)
    )
    return gettext("{said}{more}。", said=said, more=gettext(report.message)) if report.message else said


def _handled(context: Context, one: Quarantined, do: str, cells: dict[int, str]) -> Any:
    site, by = context.site, context.actor.login
    if do == "dismiss":
        n = dismiss(site, [one.id], by=by)
        context.note("dismiss", f"quarantine:{one.id}")
        return html.P(gettext("{n} 行不再处理，原样留作记录。", n=n), className="said good")
    if do == "mend":
        raw = {name: cells.get(index, value) for index, (name, value) in enumerate(one.raw.items())}
        report = mend(site, one.id, raw, by=by, wait_seconds=WAIT_SECONDS)
    elif do == "replay":
        report = replay(site, ids=[one.id], by=by, wait_seconds=WAIT_SECONDS)
    else:
        raise InputError("没有这种处理")
    context.note(do, f"quarantine:{one.id}", reason=replayed(report))
    return html.P(replayed(report), className="said bad" if report.still else "said good")
