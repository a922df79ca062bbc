"""The funnel: rate against size of the group. Inside the funnel chance alone explains a difference; order says nothing there."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist

import plotly.graph_objects as go

from dashboards.figure.rate_dot import SYMBOL, RateRow, rate_text
from dashboards.language import gettext
from dashboards.theme import BAND, DATA, INK, MUTED, TEMPLATE
from portrait.programme.rate import Shown, Standing, confidence


def funnel(rows: Sequence[RateRow]) -> go.Figure:
    """One mark a group; the band holds what chance does to groups of that size, allowing for the number of groups."""
    seen = [row for row in rows if row.rate.shown is Shown.YES and row.rate.total]
    figure = go.Figure()
    if not seen:
        return figure.update_layout(template=TEMPLATE)
    n = sum(row.rate.n or 0 for row in seen)
    total = sum(row.rate.total or 0 for row in seen)
    centre = n / total
    widest = max(row.rate.total or 0 for row in seen) * 1.08
    least = max(1, min(row.rate.total or 0 for row in seen) * 0.8)
    z = NormalDist().inv_cdf(1 - (1 - confidence()) / len(seen) / 2)
    sizes = [least * (widest / least) ** (k / 60) for k in range(61)]
    half = [z * sqrt(max(centre * (1 - centre), 1e-9) / size) for size in sizes]
    figure.add_scatter(
        x=sizes + sizes[::-1],
        y=[min(1.0, centre + h) for h in half] + [max(0.0, centre - h) for h in half[::-1]],
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=BAND,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[least, widest],
        y=[centre, centre],
        mode="lines",
        line={"color": INK, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
    )
    for standing, symbol in SYMBOL.items():
        part = [row for row in seen if row.standing is standing]
        figure.add_scatter(
            x=[row.rate.total for row in part],
            y=[row.rate.share for row in part],
            mode="markers",
            marker={
                "symbol": symbol,
                "size": 10 if standing is Standing.SAME else 13,
                "color": DATA if standing is Standing.SAME else INK,
                "line": {"color": "white", "width": 1.2},
            },
            text=[gettext("{name}：{said}", name=row.label, said=rate_text(row.rate)) for row in part],
            hovertemplate="%{text}<extra></extra>",
        )
    far = sorted(
        (row for row in seen if row.standing in (Standing.ABOVE, Standing.BELOW)),
        key=lambda row: -abs((row.rate.share or 0) - centre),
    )[:4]
    notes = [
        {
            "text": row.label,
            "x": row.rate.total,
            "y": row.rate.share,
            "yshift": 14 if row.standing is Standing.ABOVE else -14,
            "showarrow": False,
            "font": {"size": 12, "color": INK},
            "xanchor": "right" if (row.rate.total or 0) > widest * 0.6 else "left",
        }
        for row in far
    ]
    lowest = min(min(row.rate.share or 0 for row in seen), centre - half[0])
    figure.update_layout(
        template=TEMPLATE,
        margin={"l": 4, "r": 10, "t": 10, "b": 40},
        annotations=notes,
        hovermode="closest",
    )
    figure.update_xaxes(
        title={"text": gettext("{what}人数", what=gettext(seen[0].rate.measure.total_zh)), "standoff": 6},
        range=[0, widest],
        tickfont={"size": 12, "color": MUTED},
    )
    figure.update_yaxes(
        range=[max(-0.02, lowest - 0.03), 1.02],
        tickformat=".0%",
        nticks=6,
        tickfont={"size": 12, "color": MUTED},
    )
    return figure
