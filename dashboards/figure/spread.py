"""Where the members of a group stand, one bar a dimension: named bands, then 证据不足 and 暂无证据 apart from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from dashboards.figure.scale import bands, lift
from dashboards.language import gettext
from dashboards.theme import INK, LINE, MUTED, TEMPLATE

ROW = 54
SHADES = (
    "#cfe6ea",
    "#8cc5cf",
    "#2f8fa1",
    "#085564",
)  # light to dark with the band; the words stand in the key
ON_SHADE = (INK, INK, "#fff", "#fff")
THIN = "#e9ecef"
NONE = "#ffffff"


@dataclass(frozen=True)
class SpreadRow:
    """Persons in each band, with thin and no evidence. `bands` None: too few estimates to show where they lie."""

    label: str
    bands: tuple[int, ...] | None
    estimated: int
    thin: int
    none: int
    note: str = ""  # stands on the right above the bar

    @property
    def members(self) -> int:
        return self.estimated + self.thin + self.none


def spread_chart(rows: Sequence[SpreadRow]) -> go.Figure:
    """Bars from top to bottom in the order given; every segment with room carries its count."""
    figure = go.Figure()
    notes: list[dict[str, object]] = []
    for k, row in enumerate(rows):
        left = 0.0
        for width, fill, ink, pattern, name in _segments(row):
            if width == 0:
                continue
            share = width / max(1, row.members)
            figure.add_bar(
                x=[share],
                y=[-k],
                base=[left],
                orientation="h",
                width=0.44 * ROW / (ROW + lift()),
                marker={
                    "color": fill,
                    "line": {"color": "#b5bfc8" if fill in (THIN, NONE) else "white", "width": 1},
                    "pattern": {"shape": pattern, "fgcolor": "#8a96a3", "size": 6, "solidity": 0.2},
                },
                text=[
                    gettext("{name}：{said}", name=f"{row.label}\u2003{name}", said=f"{width}/{row.members}")
                ],
                hovertemplate="%{text}<extra></extra>",
                textposition="none",
            )
            if share >= 0.06:
                notes.append(_text(str(width), left + share / 2, -k, ink, "center", 0))
            left += share
        notes.append(_text(row.label, 0, -k, INK, "left", 21 + lift()))
        if row.note:
            notes.append(_text(row.note, 1, -k, MUTED, "right", 21))
    figure.update_layout(
        template=TEMPLATE,
        height=spread_height(len(rows)),
        barmode="overlay",
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        annotations=notes,
        hovermode="closest",
    )
    figure.update_xaxes(range=[0, 1], visible=False)
    figure.update_yaxes(range=[-len(rows) + 0.62, 0.72], visible=False)
    return figure


def spread_height(rows: int) -> int:
    return (ROW + lift()) * rows + 16


def spread_key() -> list[tuple[str, str, str]]:
    """Entries for the key above the chart: shape, colour, words."""
    named = [("square", SHADES[i], band.name) for i, band in enumerate(bands())]
    return [*named, ("square", "#aab4be", gettext("证据不足")), ("square", LINE, gettext("暂无证据"))]


def _segments(row: SpreadRow) -> list[tuple[int, str, str, str, str]]:
    if row.bands is None:
        known = [(row.estimated, "#dbe7ea", INK, ".", gettext("有估计（人数太少，不分档显示）"))]
    else:
        known = [
            (count, SHADES[i], ON_SHADE[i], "", band.name)
            for i, (count, band) in enumerate(zip(row.bands, bands(), strict=True))
        ]
    return [
        *known,
        (row.thin, THIN, INK, "/", gettext("证据不足")),
        (row.none, NONE, MUTED, "", gettext("暂无证据")),
    ]


def _text(text: str, x: float, y: float, color: str, anchor: str, shift: int) -> dict[str, object]:
    return {
        "text": text,
        "x": x,
        "y": y,
        "xanchor": anchor,
        "yshift": shift,
        "showarrow": False,
        "font": {"size": 13, "color": color},
    }
