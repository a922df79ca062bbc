"""The growth line: one dimension over time with its 90 % band and the standard of the post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import plotly.graph_objects as go

from dashboards.figure.scale import bands, interval, points
from dashboards.language import current, gettext
from dashboards.theme import BAND, DATA, INK, LINE, MUTED, TEMPLATE


@dataclass(frozen=True)
class Moment:
    """The estimate of one date; level, low and high are None where there was none."""

    day: date
    level: float | None
    low: float | None
    high: float | None


def growth_band(
    moments: Sequence[Moment], standard: float | None, *, standard_name: str = "", height: int = 260
) -> go.Figure:
    """Dates without an estimate leave a gap in line and band."""
    figure = go.Figure()
    for run in _runs(moments):
        days = [m.day for m in run]
        figure.add_scatter(
            x=days + days[::-1],
            y=[m.high for m in run] + [m.low for m in run][::-1],
            mode="lines",
            fill="toself",
            fillcolor=BAND,
            line={"color": "rgba(11,114,133,.45)", "width": 0 if len(run) > 1 else 5},
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=days,
            y=[m.level for m in run],
            mode="lines+markers",
            line={"color": DATA, "width": 2.5},
            marker={"size": 7, "color": DATA},
            text=[_said(m) for m in run],
            hovertemplate="%{text}<extra></extra>",
        )
    low, high = _range(moments, standard)
    marks = [band for band in bands() if low < band.low < high]
    shapes = [_level(band.low, LINE, 1, "solid") for band in marks]
    ticks = [(band.low, f"{band.name} {points(band.low)}") for band in marks]
    if standard is not None:
        shapes.append(_level(standard, INK, 1.5, "dot"))
        ticks = [tick for tick in ticks if abs(tick[0] - standard) > 0.04]
        ticks.append((standard, f"<b>{standard_name} {points(standard)}</b>"))
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 22, "t": 8, "b": 28},
        template=TEMPLATE,
        shapes=shapes,
        hovermode="closest",
    )
    named = _some([m.day for m in moments])
    figure.update_xaxes(
        range=_span(moments),
        fixedrange=True,
        showgrid=False,
        tickvals=named,
        ticktext=[f"{day:%b %Y}" if current() == "en" else f"{day.year}.{day.month}" for day in named],
        ticklabeloverflow="allow",
        tickangle=0,
        tickfont={"color": MUTED},
    )
    figure.update_yaxes(
        range=[low, high],
        fixedrange=True,
        showgrid=False,
        zeroline=False,
        tickvals=[level for level, _ in ticks],
        ticktext=[name for _, name in ticks],
        tickfont={"color": INK},
    )
    return figure


def _runs(moments: Sequence[Moment]) -> list[list[Moment]]:
    runs: list[list[Moment]] = [[]]
    for moment in moments:
        if moment.level is not None:
            runs[-1].append(moment)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _level(level: float, color: str, width: float, dash: str) -> dict[str, object]:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": level,
        "y1": level,
        "line": {"color": color, "width": width, "dash": dash},
        "layer": "below",
    }


def _some(days: Sequence[date], most: int = 4) -> list[date]:
    """Evenly spaced dates to name, always with the last."""
    step = max(1, -(-len(days) // most))
    return list(days[::-1][::step][::-1])


def _span(moments: Sequence[Moment]) -> list[date] | None:
    if not moments:
        return None
    first, last = moments[0].day, moments[-1].day
    room = timedelta(days=max(20, (last - first).days * 0.04))
    return [first - room, last + room]


def _range(moments: Sequence[Moment], standard: float | None) -> tuple[float, float]:
    """A window of at least .4 around everything drawn, so that noise is not blown up into growth."""
    seen = [v for m in moments for v in (m.low, m.high) if v is not None]
    if standard is not None:
        seen.append(standard)
    if not seen:
        return 0.0, 1.0
    low, high = min(seen) - 0.04, max(seen) + 0.06
    middle = (low + high) / 2
    low, high = min(low, middle - 0.2), max(high, middle + 0.2)
    return max(0.0, low), min(1.02, high)


def _said(moment: Moment) -> str:
    day = f"{moment.day:%Y-%m-%d}"
    if moment.level is None or moment.low is None or moment.high is None:
        return day
    return gettext(
        "{name}：{level}（{interval}）",
        name=day,
        level=points(moment.level),
        interval=interval(moment.low, moment.high),
    )
