"""A chart is never alone: it has a key in HTML, an accessible name and a table twin one click away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboards import theme
from dashboards.language import gettext


def figure_with_table(
    figure: Any,
    table: Any,
    name: str,
    *,
    height: int = 320,
    key: Any = None,
    id: Any = None,
) -> Any:
    """The chart under 图 and its `table` (a component, see `simple_table`) under 表; printed one after the other.

    `name` says what the chart shows to who cannot see it. `height` is explicit: a flex card would crush the chart on a phone.
    """
    # The template is the figure's own: giving it once more costs as much as drawing the figure.
    figure.layout.height = height
    chart = dcc.Graph(
        **({"id": id} if id is not None else {}),
        figure=figure,
        config=theme.figure_config(),
        responsive=True,
        style={"height": height, "flexShrink": 0, "width": "100%"},
    )
    return dmc.Tabs(
        [
            dmc.TabsList(
                [dmc.TabsTab(gettext("图"), value="chart"), dmc.TabsTab(gettext("表"), value="table")],
                className="twin-tabs",
            ),
            dmc.TabsPanel(
                [html.Div(key, className="key-row"),
                 html.Div(chart, role="img", **{"aria-label": name})],
                value="chart",
            ),
            dmc.TabsPanel(html.Div(table, className="table-scroll"), value="table"),
        ],
        value="chart",
        variant="pills",
        className="twin",
    )  # fmt: skip


def simple_table(
    head: Sequence[str], rows: Sequence[Sequence[Any]], caption: str = "", *, numeric: Sequence[int] = ()
) -> Any:
    """A plain table; columns listed in `numeric` are set right with tabular figures.

    With more than two columns, each row is a card on a phone: its first cell above, the others with the head of their column.
    """

    def classes(column: int) -> str | None:
        return "numeric" if column in numeric else None

    return html.Table(
        [
            html.Caption(caption) if caption else None,
            html.Thead(
                html.Tr([html.Th(text, className=classes(i), scope="col") for i, text in enumerate(head)])
            ),
            html.Tbody(
                [
                    html.Tr(
                        [
                            html.Td(cell, className=classes(i), **{"data-head": head[i]})
                            for i, cell in enumerate(row)
                        ]
                    )
                    for row in rows
                ]
            ),
        ],
        className="table stacked" if len(head) > 2 else "table",
    )


def key(*entries: tuple[str, str, str]) -> Any:
    """The key above a chart. Each entry is (shape, colour, text); shapes: line, dash, band, dot, ring, tick, square."""
    return html.Div(
        [
            html.Span(
                [
                    html.Span(className=f"mark {shape}", style={"color": colour}, **{"aria-hidden": "true"}),
                    text,
                ],
                className="key-entry",
            )
            for shape, colour, text in entries
        ],
        className="key",
    )
