"""How far a group is, on average, from its members' own standards: dot, interval, and the standard as the zero line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from dashboards.figure.gain import points
from dashboards.figure.scale import lift
from dashboards.figure.stroke import stroke
from dashboards.language import gettext
from dashboards.theme import DATA, INK, LINE, MUTED, TEMPLATE, WARN, WARN_DARK

ROW = 44


@dataclass(frozen=True)
class MeanGap:
    """Level minus standard on 0..1, negative = short of it."""

    label: str
    mean: float
    low: float
    high: float
    n: int

    @property
    def below(self) -> bool:
        return self.high < 0


def mean_gaps(gaps: Sequence[MeanGap]) -> go.Figure:
    """Rows from top to bottom in the order given. Orange only where the whole interval lies below the standard."""
    figure = go.Figure()
    reach = max((max(abs(gap.low), abs(gap.high)) for gap in gaps), default=0.1)
    reach = max(0.1, int(reach * 20 + 1.2) / 20)
    shapes: list[dict[str, object]] = [stroke(0, 0, 0.5, -len(gaps) + 0.4, INK, 2)]
    notes: list[dict[str, object]] = []
    for k, gap in enumerate(gaps):
        color = WARN if gap.below else DATA
        shapes += [
            stroke(-reach, reach, -k, -k, LINE, 1),
            {**stroke(gap.low, gap.high, -k, -k, color, 5), "opacity": 0.4},
        ]
        around = gettext("（{text}）", text=f"{points(gap.low)} … {points(gap.high)}")
        said = f"{points(gap.mean)}{around}"
        if gap.below:
            below = gettext("低于标准")
            said += f"\u2003<b>{below}</b>"
        notes += [
            _text(gap.label, 0, -k, INK, lift()),
            _text(said, 1, -k, WARN_DARK if gap.below else INK),
        ]
        figure.add_scatter(
            x=[gap.mean],
            y=[-k],
            mode="markers",
            marker={"color": color, "size": 12, "line": {"color": "white", "width": 2}},
            text=[gettext("{name}：{said}，{n} 人", name=gap.label, said=said, n=gap.n)],
            hovertemplate="%{text}<extra></extra>",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=mean_gaps_height(len(gaps)),
        margin={"l": 8, "r": 8, "t": 4, "b": 28},
        shapes=shapes,
        annotations=notes,
        hovermode="closest",
    )
    ticks = [-reach, -reach / 2, 0, reach / 2, reach]
    figure.update_xaxes(
        range=[-reach, reach],
        tickvals=ticks,
        ticktext=[gettext("标准") if t == 0 else points(t) for t in ticks],
        tickfont={"size": 12, "color": MUTED},
    )
    figure.update_yaxes(range=[-len(gaps) + 0.4, 0.75], visible=False)
    return figure


def mean_gaps_height(rows: int) -> int:
    return (ROW + lift()) * rows + 46


def _text(text: str, side: int, y: float, color: str, rise: int = 0) -> dict[str, object]:
    return {
        "text": text,
        "xref": "paper",
        "x": side,
        "y": y,
        "xanchor": "right" if side else "left",
        "yshift": 16 + rise,
        "showarrow": False,
        "font": {"size": 13, "color": color},
    }
