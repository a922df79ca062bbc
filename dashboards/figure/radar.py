"""The radar: the shape of a portrait. Dimensions without an estimate leave a gap; nothing is drawn through it.

Drawn on plain axes, so that the labels wrap, the gaps stay open and one Plotly bundle serves every figure.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from dashboards.figure.scale import bands, interval, points
from dashboards.language import current, gettext
from dashboards.theme import BAND, DATA, INK, LINE, MUTED, TEMPLATE

Point = tuple[float, float]


@dataclass(frozen=True)
class Spoke:
    """One dimension. `note` stands under the label of a spoke without a level."""

    label: str
    level: float | None
    low: float | None
    high: float | None
    standard: float | None
    note: str = ""


def radar(spokes: Sequence[Spoke], *, height: int = 380) -> go.Figure:
    """At least three spokes, clockwise from the top."""
    if len(spokes) < 3:
        raise ValueError(f"雷达图至少要三个维度，只有 {len(spokes)} 个")
    figure = go.Figure()
    shapes = [_ring(band.high) for band in bands()] + [_axis(k, len(spokes)) for k in range(len(spokes))]
    shapes += [_band(run, spokes) for run in _runs(spokes)]
    for run in _runs(spokes):
        loop = [*run, run[0]] if len(run) == len(spokes) else run
        places = [_place(k, spokes[k].level or 0, len(spokes)) for k in loop]
        figure.add_scatter(
            x=[p[0] for p in places],
            y=[p[1] for p in places],
            mode="lines",
            line={"color": DATA, "width": 2.5},
            hoverinfo="skip",
        )
    for run in _runs(spokes, "standard"):
        loop = [*run, run[0]] if len(run) == len(spokes) else run
        places = [_place(k, spokes[k].standard or 0, len(spokes)) for k in loop]
        figure.add_scatter(
            x=[p[0] for p in places],
            y=[p[1] for p in places],
            mode="lines",
            line={"color": INK, "width": 1.5, "dash": "dot"},
            hoverinfo="skip",
        )
    known = [k for k, spoke in enumerate(spokes) if spoke.level is not None]
    dots = [_place(k, spokes[k].level or 0, len(spokes)) for k in known]
    figure.add_scatter(
        x=[p[0] for p in dots],
        y=[p[1] for p in dots],
        mode="markers",
        marker={"color": DATA, "size": 9, "line": {"color": "white", "width": 1.5}},
        text=[_said(spokes[k]) for k in known],
        hovertemplate="%{text}<extra></extra>",
    )
    figure.update_layout(
        height=height,
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        template=TEMPLATE,
        shapes=shapes,
        annotations=[_label(k, spoke, len(spokes)) for k, spoke in enumerate(spokes)]
        + [_mark(band.low, points(band.low), _sector(spokes)) for band in bands()[1:]],
    )
    axis = {"visible": False, "fixedrange": True}
    wide = 1.9 if current() == "en" else 1.46
    figure.update_xaxes(range=[-wide, wide], **axis)
    figure.update_yaxes(range=[-1.5, 1.34], scaleanchor="x", **axis)
    return figure


def _place(k: int, level: float, n: int) -> Point:
    angle = 2 * math.pi * k / n
    return level * math.sin(angle), level * math.cos(angle)


def _runs(spokes: Sequence[Spoke], field: str = "level") -> list[list[int]]:
    """Stretches of neighbours that have a value; the circle has no beginning, so a stretch may pass the top."""
    known = [getattr(spoke, field) is not None for spoke in spokes]
    if all(known):
        return [list(range(len(spokes)))]
    start = known.index(False)
    runs: list[list[int]] = [[]]
    for step in range(len(spokes)):
        k = (start + step) % len(spokes)
        if known[k]:
            runs[-1].append(k)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _band(run: list[int], spokes: Sequence[Spoke]) -> dict[str, object]:
    """The 90 % interval of a stretch; of a dimension that stands alone, a bar along its spoke."""
    n = len(spokes)
    high = [_place(k, spokes[k].high or 0, n) for k in run]
    low = [_place(k, spokes[k].low or 0, n) for k in run]
    path = _path(high) + _path(low) if len(run) == n else _path(high + low[::-1])
    alone = len(run) == 1
    return {
        "type": "path",
        "path": path,
        "fillrule": "evenodd",
        "fillcolor": BAND,
        "line": {"color": "rgba(11,114,133,.45)", "width": 6 if alone else 0},
        "layer": "below",
    }


def _path(places: Sequence[Point]) -> str:
    return "M" + " L".join(f"{x:.4f},{y:.4f}" for x, y in places) + " Z"


def _ring(level: float) -> dict[str, object]:
    return {
        "type": "circle",
        "x0": -level,
        "x1": level,
        "y0": -level,
        "y1": level,
        "line": {"color": LINE, "width": 1},
        "layer": "below",
    }


def _axis(k: int, n: int) -> dict[str, object]:
    x, y = _place(k, 1, n)
    return {
        "type": "line",
        "x0": 0,
        "y0": 0,
        "x1": x,
        "y1": y,
        "line": {"color": LINE, "width": 1},
        "layer": "below",
    }


def _sector(spokes: Sequence[Spoke]) -> float:
    """The middle angle of a gap, where no line crosses the numbers of the rings; of the first sector when none is open."""
    n = len(spokes)
    open_ = [k for k in range(n) if spokes[k].level is None or spokes[(k + 1) % n].level is None]
    return 2 * math.pi * ((open_ or [0])[0] + 0.5) / n


def _mark(level: float, text: str, angle: float) -> dict[str, object]:
    """The number of a ring: where a named band begins."""
    return {
        "x": level * math.sin(angle),
        "y": level * math.cos(angle),
        "text": text,
        "showarrow": False,
        "font": {"size": 12, "color": MUTED},
    }


def _label(k: int, spoke: Spoke, n: int) -> dict[str, object]:
    x, y = _place(k, 1.08, n)
    sine, cosine = math.sin(2 * math.pi * k / n), math.cos(2 * math.pi * k / n)
    text = wrap(spoke.label, 6 if abs(sine) < 0.1 else 4)
    if spoke.level is None:
        text = f"<span style='color:{MUTED}'>{text}<br>{spoke.note}</span>"
    return {
        "x": x,
        "y": y,
        "text": text,
        "showarrow": False,
        "xanchor": "center" if abs(sine) < 0.1 else "left" if sine > 0 else "right",
        "yanchor": "middle" if abs(cosine) < 0.6 else "bottom" if cosine > 0 else "top",
        "align": "center" if abs(sine) < 0.1 else "left" if sine > 0 else "right",
    }


def wrap(label: str, width: int) -> str:
    """The label in lines of about `width` characters, cut before a 与 or at a space where there is one."""
    if " " in label:
        # Latin letters are half as wide as Chinese ones and a little less.
        return "<br>".join(textwrap.wrap(label, 3 * width, break_long_words=False))
    words = [w for w in label.replace("与", "\n与").split("\n") if w]
    lines: list[str] = []
    for word in words:
        parts = -(-len(word) // width)
        size = -(-len(word) // parts)
        lines += [word[k : k + size] for k in range(0, len(word), size)]
    return "<br>".join(lines)


def _said(spoke: Spoke) -> str:
    if spoke.level is None or spoke.low is None or spoke.high is None:
        return spoke.label
    return gettext(
        "{name}：{level}（{interval}）",
        name=spoke.label,
        level=points(spoke.level),
        interval=interval(spoke.low, spoke.high),
    )
