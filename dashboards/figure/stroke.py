"""A straight line behind the marks of a figure, in the figure's own units."""

from __future__ import annotations


def stroke(x0: float, x1: float, y0: float, y1: float, color: str, width: float) -> dict[str, object]:
    return {
        "type": "line",
        "x0": x0,
        "x1": x1,
        "y0": y0,
        "y1": y1,
        "line": {"color": color, "width": width},
        "layer": "below",
    }
