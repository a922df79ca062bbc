"""Figures that stand on a page by themselves, with unit, n/N and a caption; at most five on a first screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboards.language import gettext
from dashboards.part import format


def counted(words: str) -> tuple[str, str]:
    """“3 天” as the figure and the unit of a tile."""
    figure, _, unit = words.rpartition(" ")
    return figure, unit


def number(
    value: Any, unit: str = "", caption: Any = "", *, label: str = "", tone: str = "", opener: Any = None
) -> Any:
    """A tile: label above, the figure with its unit, a caption below. `tone` warn only when overdue or below the standard.

    Pass `opener` (see part.drawer) to let the figure open to the items it came from.
    """
    figure = [html.Span(value, className="value"), html.Span(unit, className="unit") if unit else None]
    return html.Div(
        [
            html.Div(label, className="label") if label else None,
            html.Div(opener if opener is not None else figure, className="figure"),
            html.Div(caption, className="caption") if caption else None,
        ],
        className=f"number {tone}".strip(),
    )


def numbers(*tiles: Any) -> Any:
    """Tiles in a row that breaks by itself."""
    return html.Div(list(tiles), className="numbers")


def rate(n: int, total: int) -> Any:
    """“76.4%（130/170）” with the share strong and the counts quiet."""
    if total == 0:
        return html.Span(gettext("无（0/0）"), className="rate")
    whole = format.rate(n, total)
    share = format.percent(n / total)
    return html.Span([html.Strong(share), html.Span(whole[len(share) :], className="of")], className="rate")


def progress(done: float, goal: float, text: str, *, tone: str = "brand") -> Any:
    """A bar with its meaning in words beside it. `tone`: brand | data | warn."""
    share = 0.0 if goal <= 0 else max(0.0, min(1.0, done / goal))
    return html.Div(
        [
            html.Div(
                html.Div(className=f"bar-fill {tone}", style={"width": f"{share * 100:.1f}%"}),
                className="bar",
                role="progressbar",
                **{
                    "aria-valuenow": f"{done:g}",
                    "aria-valuemin": "0",
                    "aria-valuemax": f"{goal:g}",
                    "aria-label": text,
                },
            ),
            html.Div(text, className="bar-text"),
        ],
        className="progress",
    )


def facts(pairs: Sequence[tuple[str, Any]]) -> Any:
    """Name and value in two columns."""
    return html.Dl(
        [item for name, value in pairs for item in (html.Dt(name), html.Dd(value))], className="facts"
    )
