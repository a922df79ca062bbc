"""The gap chart carries the judgement: dot = the level, whisker = its 90 % interval, tick = the standard of the post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from dashboards.figure.scale import bands, interval, lift, points
from dashboards.language import gettext
from dashboards.theme import DATA, INK, LINE, MUTED, TEMPLATE, WARN, WARN_DARK

ROW = 54


@dataclass(frozen=True)
class Gap:
    """One row. `note` stands on the right of a row without a level."""

    label: str
    level: float | None
    low: float | None
    high: float | None
    standard: float | None
    note: str = ""

    @property
    def below(self) -> bool:
        """The whole interval lies below the standard."""
        return self.high is not None and self.standard is not None and self.high < self.standard


def gap_chart(gaps: Sequence[Gap]) -> go.Figure:
    """Rows from top to bottom in the order given. Orange only where the whole interval lies below the standard."""
    figure = go.Figure()
    shapes: list[dict[str, object]] = []
    notes: list[dict[str, object]] = []
    start = _start(gaps)
    for k, gap in enumerate(gaps):
        y = -k
        color = WARN if gap.below else DATA
        if gap.level is None or gap.low is None or gap.high is None:
            shapes.append(_line(start, 1, y, y, LINE, 1, "dot"))
            notes += [_text(gap.label, 0, y, MUTED, lift()), _text(gap.note, 1, y, MUTED)]
            continue
        shapes.append(_line(start, 1, y, y, LINE, 1))
        shapes.append(_line(gap.low, gap.high, y, y, color, 5, opacity=0.4))
        if gap.standard is not None:
            shapes.append(_line(gap.standard, gap.standard, y - 0.17, y + 0.17, INK, 2.5, layer="above"))
        around = gettext("（{text}）", text=interval(gap.low, gap.high))
        said = f"<b>{points(gap.level)}</b>{around}"
        if gap.below:
            below = gettext("低于标准")
            said += f"\u2003<b>{below}</b>"
        notes += [_text(gap.label, 0, y, INK, lift()), _text(said, 1, y, _dark(gap))]
        figure.add_scatter(
            x=[gap.level],
            y=[y],
            mode="markers",
            marker={"color": color, "size": 13, "line": {"color": "white", "width": 2}},
            text=[gettext("{name}：{said}", name=gap.label, said=f"{points(gap.level)}{around}")],
            hovertemplate="%{text}<extra></extra>",
        )
    named = [band for band in bands() if band.low >= start or band.low == 0]
    shapes += [_line(b.low, b.low, 0.62, -len(gaps) + 0.45, LINE, 1) for b in named if b.low > start]
    figure.update_layout(
        height=gap_height(len(gaps)),
        margin={"l": 8, "r": 8, "t": 4, "b": 30},
        template=TEMPLATE,
        shapes=shapes,
        annotations=notes,
        hovermode="closest",
    )
    ticks = [max(band.low, start) for band in named if band.high > start]
    figure.update_xaxes(
        range=[start, 1.0],
        fixedrange=True,
        showgrid=False,
        zeroline=False,
        tickvals=ticks,
        ticktext=[
            f"{b.name} {points(t)}" for t, b in zip(ticks, [b for b in named if b.high > start], strict=True)
        ],
        ticklabelshift=22,
        tickfont={"size": 12, "color": MUTED},
    )
    figure.update_yaxes(range=[-len(gaps) + 0.45, 0.72 if lift() else 0.62], visible=False, fixedrange=True)
    return figure


def gap_height(rows: int) -> int:
    return (ROW + lift()) * rows + 42


def _start(gaps: Sequence[Gap]) -> float:
    """Where the axis begins: a tenth below everything drawn, so that differences can be seen."""
    seen = [v for gap in gaps for v in (gap.low, gap.standard) if v is not None]
    return max(0.0, int((min(seen, default=0.0) - 0.05) * 10) / 10)


def _dark(gap: Gap) -> str:
    return WARN_DARK if gap.below else INK


def _line(
    x0: float,
    x1: float,
    y0: float,
    y1: float,
    color: str,
    width: float,
    dash: str = "solid",
    opacity: float = 1,
    layer: str = "below",
) -> dict[str, object]:
    return {
        "type": "line",
        "x0": x0,
        "x1": x1,
        "y0": y0,
        "y1": y1,
        "line": {"color": color, "width": width, "dash": dash},
        "opacity": opacity,
        "layer": layer,
    }


def _text(text: str, side: int, y: float, color: str, rise: int = 0) -> dict[str, object]:
    """Words above a row, at its left (0) or right (1) end: the marks keep the whole width, on a phone too."""
    return {
        "text": text,
        "xref": "paper",
        "x": side,
        "y": y,
        "xanchor": "right" if side else "left",
        "yshift": 20 + rise,
        "showarrow": False,
        "font": {"size": 13, "color": color},
    }
