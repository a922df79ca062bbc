"""Controls that filter by changing the address, from which the page is drawn anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, ctx, html, no_update

from dashboards.language import gettext
from dashboards.page import Context, parse_query

SEARCHABLE = 8  # options from which one wants to type


def choices(*controls: Any) -> Any:
    return html.Div(
        list(controls), className="admin-filters", role="group", **{"aria-label": gettext("筛选")}
    )


def choice(
    kind: str, name: str, label: str, value: str, options: Mapping[str, str], *, clearable: bool = True
) -> Any:
    """One control; `register_choices(…, kind, …)` makes it act. A value that no option has is shown as it is."""
    listed = dict(options) if not value or value in options else {value: value, **options}
    return dmc.Select(
        id={"type": f"{kind}-filter", "name": name},
        label=label,
        data=[{"value": code, "label": text} for code, text in listed.items()],
        value=value or None,
        placeholder=gettext("不限"),
        clearable=clearable,
        allowDeselect=clearable,
        searchable=len(listed) > SEARCHABLE,
        limit=100,
        nothingFoundMessage=gettext("没有"),
    )


def register_choices(
    app: Any,
    context: Callable[[], Context],
    kind: str,
    changed: Callable[[Mapping[str, str], str, str], str | None],
) -> None:
    """`changed(query, name, value)` gives the new query string, or None when the address says that already."""

    @app.callback(
        Output("url", "search", allow_duplicate=True),
        Input({"type": f"{kind}-filter", "name": ALL}, "value"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def choose(_values: list[Any], search: str | None) -> Any:
        context()
        if not ctx.triggered_id:
            return no_update
        value = str(ctx.triggered[0]["value"] or "")
        # A control that merely appears says again what the address already says.
        new = changed(parse_query(search or ""), str(ctx.triggered_id["name"]), value)
        return no_update if new is None else new
