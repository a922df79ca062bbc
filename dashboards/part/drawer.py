"""Every number opens: a button that shows, in the shell's one drawer, the items a figure came from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dash import ALL, Input, Output, ctx, html, no_update

from dashboards.language import gettext
from dashboards.page import Context

Content = Callable[[Context, str], tuple[str, Any]]


def opener(kind: str, key: str, children: Any, *, label: str = "", className: str = "") -> Any:
    """A figure or text that opens. `kind` names the content registered with `register_drawer`, `key` what is opened."""
    return html.Button(
        children,
        id={"type": f"open-{kind}", "key": key},
        n_clicks=0,
        className=f"opener {className}".strip(),
        title=label or gettext("打开看看这个数从哪里来"),
        **{"aria-haspopup": "dialog"},
    )


def drawer_outputs() -> tuple[Output, Output, Output]:
    """What a callback that fills the drawer returns: whether it is open, its title, its body."""
    return (
        Output("drawer", "opened", allow_duplicate=True),
        Output("drawer", "title", allow_duplicate=True),
        Output("drawer-content", "children", allow_duplicate=True),
    )


def register_drawer(app: Any, context: Callable[[], Context], kind: str, content: Content) -> None:
    """Lets `opener(kind, key, …)` show `content(context, key)` → (title, body). The key comes from the browser: check it by the scope."""

    @app.callback(
        *drawer_outputs(),
        Input({"type": f"open-{kind}", "key": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def open_drawer(_clicks: list[int]) -> tuple[Any, Any, Any]:
        here = context()
        # Buttons that merely appear on a page trigger this with no click.
        if not ctx.triggered_id or not ctx.triggered[0]["value"]:
            return no_update, no_update, no_update
        title, body = content(here, str(ctx.triggered_id["key"]))
        return True, title, body


def register_row_drawer(app: Any, context: Callable[[], Context], grid: str, content: Content) -> None:
    """Lets a row of `grid` show `content(context, rowId)` → (title, body). The row's id comes from the browser: check it by the scope."""

    @app.callback(*drawer_outputs(), Input(grid, "cellClicked"), prevent_initial_call=True)
    def open_row(cell: Any) -> tuple[Any, Any, Any]:
        here = context()
        if not isinstance(cell, dict) or not cell.get("rowId"):
            return no_update, no_update, no_update
        title, body = content(here, str(cell["rowId"]))
        return True, title, body
