"""Rates as dots with their intervals, one row a group. The shape says whether a group can be told apart from the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

import plotly.graph_objects as go

from dashboards.figure.stroke import stroke
from dashboards.language import gettext
from dashboards.theme import DATA, INK, LINE, MUTED, TEMPLATE
from portrait.programme.rate import Rate, Shown, Standing

ROW = 30
SYMBOL = {Standing.SAME: "circle", Standing.ABOVE: "triangle-up", Standing.BELOW: "triangle-down"}


@dataclass(frozen=True)
class RateRow:
    label: str
    rate: Rate
    standing: Standing = Standing.SAME
    note: str = ""  # said instead of the rate where it is not shown


def rate_dots(
    rows: Sequence[RateRow], reference: float | None = None, reference_label: str = ""
) -> go.Figure:
    """Rows from top to bottom in the order given. Dot = rate, whisker = interval, dashed line = all together."""
    figure = go.Figure()
    shown = [(k, row) for k, row in enumerate(rows) if row.rate.shown is Shown.YES]
    start = _start([row.rate for _, row in shown])
    shapes: list[dict[str, object]] = []
    for k, row in shown:
        low, high = row.rate.low or 0.0, row.rate.high or 0.0
        shapes += [
            stroke(start, 1, -k, -k, LINE, 1),
            {**stroke(low, high, -k, -k, DATA, 5), "opacity": 0.38},
        ]
    if reference is not None and shown:
        shapes.append({**stroke(reference, reference, 0.62, -len(rows) + 0.4, INK, 1.5), "line": {"color": INK, "width": 1.5, "dash": "dash"}})  # fmt: skip
    for standing, symbol in SYMBOL.items():
        part = [(k, row) for k, row in shown if row.standing is standing]
        figure.add_scatter(
            x=[row.rate.share for _, row in part],
            y=[-k for k, _ in part],
            mode="markers",
            marker={
                "symbol": symbol,
                "size": 11 if standing is Standing.SAME else 14,
                "color": DATA if standing is Standing.SAME else INK,
                "line": {"color": "white", "width": 1.5},
            },
            text=[gettext("{name}：{said}", name=row.label, said=rate_text(row.rate)) for _, row in part],
            hovertemplate="%{text}<extra></extra>",
        )
    notes = [
        {
            "text": rate_text(row.rate)
            if row.rate.shown is Shown.YES
            else row.note or missing_text(row.rate),
            "xref": "paper",
            "x": 1,
            "y": -k,
            "xanchor": "left",
            "xshift": 8,
            "showarrow": False,
            "font": {"size": 13, "color": INK if row.rate.shown is Shown.YES else MUTED},
        }
        for k, row in enumerate(rows)
    ]
    if reference is not None and reference_label and shown:
        notes.append(
            {
                "text": reference_label,
                "x": reference,
                "y": 0.62,
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 12, "color": INK},
            }
        )
    widest = max((_width(str(note["text"])) for note in notes[: len(rows)]), default=0)
    figure.update_layout(
        template=TEMPLATE,
        height=rate_dots_height(len(rows)),
        margin={"l": 4, "r": min(180, 16 + widest), "t": 22 if reference_label else 6, "b": 26},
        shapes=shapes,
        annotations=notes,
        hovermode="closest",
    )
    figure.update_xaxes(
        range=[start, 1.0 + (1 - start) * 0.02],
        tickformat=".0%",
        nticks=5,
        tickfont={"size": 12, "color": MUTED},
    )
    figure.update_yaxes(
        range=[-len(rows) + 0.4, 0.62],
        tickvals=[-k for k in range(len(rows))],
        ticktext=[row.label for row in rows],
        tickfont={"size": 13},
    )
    return figure


def rate_dots_height(rows: int) -> int:
    return ROW * rows + 54


def rate_text(rate: Rate) -> str:
    """“76.4%（123/161）”, or why there is none."""
    if rate.shown is not Shown.YES or rate.share is None:
        return missing_text(rate)
    return f"{rate.share * 100:.1f}%" + gettext("（{text}）", text=f"{rate.n}/{rate.total}")


def missing_text(rate: Rate) -> str:
    if rate.shown is Shown.EMPTY:
        return gettext("暂无可计")
    if rate.shown is Shown.SHIELD:
        return gettext("为保护小组不显示")
    return gettext("人数太少不显示")


def _width(text: str) -> int:
    """Pixels that a text of 13 px takes: a Chinese letter is as wide as it is high."""
    return sum(13 if east_asian_width(letter) in "WF" else 8 for letter in text)


def _start(found: Sequence[Rate]) -> float:
    """Where the axis begins: below every interval, so that differences can be seen."""
    low = min((rate.low for rate in found if rate.low is not None), default=0.0)
    return max(0.0, int((low - 0.02) * 10) / 10)
