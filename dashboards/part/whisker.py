"""A small level with its interval and standard, drawn in HTML, for rows of a list. The words stand beside it."""

from __future__ import annotations

from typing import Any

from dash import html

from portrait.portrait import Estimate, State


def whisker(estimate: Estimate, standard: float | None, *, low: bool = False) -> Any:
    """`low` paints it orange: the caller has found the whole interval below the standard."""
    marks: list[Any] = []
    if standard is not None:
        marks.append(html.Span(className="whisker-goal", style={"left": f"{standard * 100:.1f}%"}))
    if estimate.state is State.ESTIMATED and estimate.low is not None and estimate.high is not None:
        width = (estimate.high - estimate.low) * 100
        marks += [
            html.Span(
                className="whisker-range",
                style={"left": f"{estimate.low * 100:.1f}%", "width": f"{width:.1f}%"},
            ),
            html.Span(className="whisker-dot", style={"left": f"{(estimate.level or 0) * 100:.1f}%"}),
        ]
    return html.Span(marks, className="whisker low" if low else "whisker", **{"aria-hidden": "true"})
