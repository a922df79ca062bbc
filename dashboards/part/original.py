"""The row that a record was made of, as it stands in its file: opened from what names it, and read from the archive only then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dash_mantine_components as dmc
from dash import MATCH, Input, Output, State, html, no_update

from dashboards.language import gettext
from dashboards.page import Context
from dashboards.part import format
from dashboards.part.number import facts
from portrait.errors import AccessRefused, PortraitError
from portrait.intake.original import Original, original
from portrait.intake.raw import TEXT_KEY


def row_button(kind: str, key: str, words: str) -> Any:
    """Words that name a row, and below them, when pressed, the row. `kind` is registered with `register_rows_of`; no two on a page
    may have one key."""
    return html.Div(
        [
            dmc.Button(
                words,
                id={"type": f"origin-{kind}", "key": key},
                variant="subtle",
                size="compact-sm",
                className="origin-button",
                n_clicks=0,
                attributes={"root": {"title": gettext("看文件里原来的这一行")}},
            ),
            html.Div(id={"type": f"origin-{kind}-row", "key": key}, role="status"),
        ],
        className="origin",
    )


def register_rows_of(
    app: Any, context: Callable[[], Context], kind: str, find: Callable[[Context, str], tuple[int, int]]
) -> None:
    """Lets `row_button(kind, key, …)` open the row that `find(context, key)` → (batch, line) gives. The key comes from the browser:
    `find` raises NotFound for what the reader may not see, and the archive stays shut."""

    @app.callback(
        Output({"type": f"origin-{kind}-row", "key": MATCH}, "children"),
        Input({"type": f"origin-{kind}", "key": MATCH}, "n_clicks"),
        State({"type": f"origin-{kind}", "key": MATCH}, "id"),
        prevent_initial_call=True,
    )
    def open_row(clicks: int | None, where: dict[str, str]) -> Any:
        here = context()
        if not clicks:
            return no_update
        # Pressed again it closes.
        if clicks % 2 == 0:
            return None
        number, line = find(here, str(where["key"]))
        return shown_row(here, number, line)


def shown_row(context: Context, number: int, line: int, *, marks: bool = False) -> Any:
    """What of the row is for a reader who may see the record (`marks`: with the mark that it is about); why it cannot be shown, where
    the archive has lost it. The look is in the audit."""
    try:
        body = row_body(original(context.site, context.scope, number, line, marks=marks))
    except AccessRefused:
        raise
    except PortraitError as error:
        return html.P(gettext(error.message), className="said bad")
    context.note("look", f"row:{number}:{line}")
    return body


def row_body(one: Original) -> Any:
    """File, sheet and row; the cells under their heads; the JSON itself folded; what was corrected later."""
    where = gettext("{file} 第 {line} 行", file=one.file, line=one.row)
    if one.sheet:
        where = gettext("{file} · 工作表“{sheet}”第 {line} 行", file=one.file, sheet=one.sheet, line=one.row)
    return html.Div(
        [
            html.P([where, " · ", gettext("第 {n} 号批次", n=one.batch)], className="quiet"),
            html.P(gettext(one.note), className="quiet") if one.note else None,
            facts([(_head(one, name), value or format.NOTHING) for name, value in one.cells])
            if one.cells
            else None,
            _text(one),
            html.P(gettext(one.less), className="quiet") if one.less else None,
            html.Div(
                [
                    html.H4(gettext("后来有人改正了")),
                    facts(
                        [(gettext("整行") if name == TEXT_KEY else name, value) for name, value in one.mended]
                    ),
                ]
            )
            if one.mended
            else None,
        ],
        className="origin-row",
    )


def _head(one: Original, name: str) -> Any:
    """The cell that the record is of is told by more than its place."""
    return html.Strong([gettext(name), " ", gettext("（这条记录）")]) if name == one.column else gettext(name)


def _text(one: Original) -> Any:
    if not one.text:
        return None
    whole = html.Pre(one.text, className="origin-text")
    return html.Details([html.Summary(gettext("原文")), whole]) if one.cells else whole
