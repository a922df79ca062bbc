"""Rates before a reader: always n/N, with interval and definition, and in words whether groups can be told apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from dash import html

from dashboards.figure.rate_dot import RateRow, missing_text
from dashboards.language import gettext
from dashboards.part import format
from dashboards.part.chart import simple_table
from dashboards.part.drawer import opener
from dashboards.part.number import facts, number
from portrait.programme.rate import Rate, Shown, Standing, confidence

Key = TypeVar("Key")


def rate_cell(rate: Rate) -> Any:
    """“76.4%（123/161）” with the share strong, or why there is none."""
    if rate.shown is not Shown.YES or rate.share is None:
        return html.Span(missing_text(rate), className="quiet")
    return html.Span(
        [
            html.Strong(format.percent(rate.share)),
            html.Span(gettext("（{text}）", text=f"{rate.n}/{rate.total}"), className="of"),
        ],
        className="rate",
    )


def rate_number(rate: Rate, kind: str, key: str, caption: Any = "", *, name: str = "") -> Any:
    """A tile whose figure opens to its definition and parts (see `register_drawer`)."""
    name = name or gettext(rate.measure.zh)
    if rate.share is None:
        figure: Any = opener(kind, key, "—", label=gettext("{name}：定义和组成", name=name))
        counts: list[Any] = [missing_text(rate)]
    else:
        figure = opener(
            kind,
            key,
            format.percent(rate.share),
            label=gettext("{name}：定义和组成", name=name),
            className="value",
        )
        counts = [html.B(f"{rate.n}/{rate.total}"), " ", counted_text(rate)]
    return number("", label=name, caption=[*counts, html.Br(), caption] if caption else counts, opener=figure)


def counted_text(rate: Rate) -> str:
    """What stands above and below the line: “已报到 ÷ 应报到”."""
    n, total = format.within(gettext(rate.measure.n_zh)), format.within(gettext(rate.measure.total_zh))
    return f"{n} ÷ {total}"


def rate_definition(rate: Rate, parts: Any = None) -> Any:
    """What a figure means, what it was counted from and where the notice asks for it."""
    rows: list[tuple[str, Any]] = [(gettext("现在是"), rate_cell(rate))]
    if rate.shown is Shown.YES:
        rows += [
            (gettext(rate.measure.n_zh), format.count(rate.n)),
            (gettext(rate.measure.total_zh), format.count(rate.total)),
            (gettext("{level} 区间", level=format.percent(confidence(), 0)), interval_text(rate)),
        ]
    return html.Div(
        [
            facts(rows),
            html.P([html.B(gettext("怎么算：")), gettext(rate.measure.text)]),
            html.P(gettext(rate.measure.cite), className="clause"),
            html.P(
                gettext("区间用 Wilson 法：同样规模的一组人，换一批来，率会在这个范围里晃动。"),
                className="quiet",
            ),
            parts,
        ],
        className="definition",
    )


def interval_text(rate: Rate) -> str:
    if rate.low is None or rate.high is None:
        return format.NOTHING
    return f"{format.percent(rate.low)}–{format.percent(rate.high)}"


def rate_table(head: str, rows: Sequence[tuple[Any, Rate, Standing]], caption: str = "") -> Any:
    """The table twin: group, n, N, rate, interval and whether it can be told apart."""
    measure = rows[0][1].measure if rows else None
    return simple_table(
        [
            head,
            gettext(measure.n_zh) if measure else "n",
            gettext(measure.total_zh) if measure else "N",
            gettext(measure.zh) if measure else "",
            gettext("区间"),
            gettext("与其余相比"),
        ],
        [
            [
                name,
                format.NOTHING if rate.n is None else str(rate.n),
                format.NOTHING if rate.total is None else str(rate.total),
                format.percent(rate.share) if rate.share is not None else missing_text(rate),
                interval_text(rate),
                standing_text(standing),
            ]
            for name, rate, standing in rows
        ],
        caption,
        numeric=(1, 2, 3, 4),
    )


def standing_text(standing: Standing) -> str:
    return {
        Standing.ABOVE: gettext("▲ 高于其余"),
        Standing.BELOW: gettext("▼ 低于其余"),
        Standing.SAME: gettext("分不出高低"),
        Standing.UNSEEN: format.NOTHING,
    }[standing]


def apart_sentence(
    standings: Mapping[Key, Standing], names: Mapping[Key, str], groups: Callable[[int], str]
) -> str:
    """Says plainly how many groups cannot be told apart, and names those that can. `groups` counts them in words."""
    seen = [key for key, standing in standings.items() if standing is not Standing.UNSEEN]
    if len(seen) < 2:
        return gettext("可以比较的不到两个，不作比较。")
    above = [names[key] for key in seen if standings[key] is Standing.ABOVE]
    below = [names[key] for key in seen if standings[key] is Standing.BELOW]
    if not above and not below:
        return gettext(
            "{groups}之间分不出高低：差异都在偶然范围内，排先后没有意义。", groups=groups(len(seen))
        )
    parts = [gettext("{groups}里", groups=groups(len(seen)))]
    if above:
        parts.append(gettext("{n} 个明显高于其余（{names}）", n=len(above), names=_listed(above)))
    if below:
        parts.append(gettext("{n} 个明显低于其余（{names}）", n=len(below), names=_listed(below)))
    rest = len(seen) - len(above) - len(below)
    if rest:
        parts.append(gettext("其他 {n} 个分不出高低", n=rest))
    return gettext("，").join(parts) + gettext("。")


def rate_rows(
    rates: Mapping[Key, Rate], standings: Mapping[Key, Standing], names: Mapping[Key, str]
) -> list[tuple[Key, RateRow]]:
    """Rows for a chart, highest rate first; groups without a shown rate at the end, by name."""
    ordered = sorted(rates, key=lambda key: (rates[key].share is None, -(rates[key].share or 0), names[key]))
    return [(key, RateRow(names[key], rates[key], standings[key])) for key in ordered]


def _listed(names: Sequence[str], most: int = 4) -> str:
    shown = gettext("、").join(names[:most])
    return shown if len(names) <= most else gettext("{names}等", names=shown)
