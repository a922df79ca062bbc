"""Gains from pre-test to post-test: each pair as a faint dot, the mean with its interval, zero as the line to be beyond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from dashboards.figure.stroke import stroke
from dashboards.language import gettext
from dashboards.theme import DATA, INK, LINE, MUTED, TEMPLATE

ROW = 82


@dataclass(frozen=True)
class GainRow:
    """One class. Scores and gains are shares of the full mark. `pairs` is empty where nothing of so few is shown."""

    label: str
    pairs: tuple[tuple[float, float], ...]
    mean: float | None
    low: float | None
    high: float | None
    n: int
    note: str = ""  # instead of the mean


def gains_chart(rows: Sequence[GainRow]) -> go.Figure:
    """Rows from top to bottom in the order given; x is the gain in points of 100."""
    figure = go.Figure()
    every = [b - a for row in rows for a, b in row.pairs]
    every += [v for row in rows for v in (row.low, row.high) if v is not None]
    low, high = min([*every, -0.05]) - 0.03, max([*every, 0.05]) + 0.03
    # With nothing to be beyond it, the line would only cross the names.
    known = any(row.mean is not None for row in rows)
    shapes = [stroke(0, 0, 0.75, -len(rows) + 0.5, INK, 1.5)] if known else []
    notes: list[dict[str, object]] = []
    for k, row in enumerate(rows):
        shapes.append(stroke(low, high, -k, -k, LINE, 1))
        # One under the other: on a phone a long name leaves no room beside it.
        notes.append(_text(row.label, -k, INK, 35))
        if row.mean is None:
            notes.append(_text(row.note, -k, MUTED))
            continue
        figure.add_scatter(
            x=[b - a for a, b in row.pairs],
            y=[-k - 0.16 - 0.2 * _lane(i) for i in range(len(row.pairs))],
            mode="markers",
            marker={"color": DATA, "opacity": 0.32, "size": 6},
            hovertemplate=gettext("一名学员：{gain}", gain="%{x:+.0%}") + "<extra></extra>",
        )
        if row.low is not None and row.high is not None:
            shapes.append({**stroke(row.low, row.high, -k, -k, DATA, 5), "opacity": 0.42})
        said = points(row.mean)
        if row.low is not None and row.high is not None:
            said += gettext("（{text}）", text=f"{points(row.low)} … {points(row.high)}")
        pairs = gettext("{n} 对", n=row.n)
        notes.append(_text(f"<b>{said}</b>\u2003{pairs}", -k, INK))
        figure.add_scatter(
            x=[row.mean],
            y=[-k],
            mode="markers",
            marker={"color": DATA, "size": 13, "line": {"color": "white", "width": 2}},
            text=[gettext("{name}：{said}", name=row.label, said=said)],
            hovertemplate="%{text}<extra></extra>",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=gains_height(len(rows)),
        margin={"l": 8, "r": 8, "t": 4, "b": 30},
        shapes=shapes,
        annotations=notes,
        hovermode="closest",
    )
    ticks = [t / 100 for t in range(-100, 101, 10) if low <= t / 100 <= high]
    if len(ticks) > 8:
        ticks = [t for t in ticks if round(t * 100) % 20 == 0]
    figure.update_xaxes(
        range=[low, high],
        showticklabels=known,
        tickvals=ticks,
        ticktext=[points(t) for t in ticks],
        tickfont={"size": 12, "color": MUTED},
    )
    figure.update_yaxes(range=[-len(rows) + 0.5, 0.8], visible=False)
    return figure


def gains_height(rows: int) -> int:
    return ROW * rows + 46


def points(gain: float) -> str:
    """A gain in points of 100, with its sign."""
    text = f"{gain * 100:+.0f}".replace("-", "−")
    return "0" if text in ("+0", "−0") else text


def _lane(i: int) -> float:
    """Where a dot stands across its row: spread evenly and the same on every drawing."""
    return (i * 0.618033988749895) % 1.0


def _text(text: str, y: float, color: str, above: int = 16) -> dict[str, object]:
    return {
        "text": text,
        "xref": "paper",
        "x": 0,
        "y": y,
        "xanchor": "left",
        "yshift": above,
        "showarrow": False,
        "font": {"size": 13, "color": color},
    }
