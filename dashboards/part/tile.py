"""The province as tiles: one square a city, arranged as they lie. No borders are drawn, so none can be wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.figure.rate_dot import missing_text, rate_text
from dashboards.language import gettext
from dashboards.part import format
from dashboards.part.place import place_name
from dashboards.theme import INK
from portrait.place import direct_counties
from portrait.programme.rate import Rate, Shown, Standing

# Row, column of each city; the seven rows run from north to south.
CELLS = {
    "410500": (1, 4),
    "410600": (2, 4),
    "410900": (2, 5),
    "419001": (3, 2),
    "410800": (3, 3),
    "410700": (3, 4),
    "411200": (4, 1),
    "410300": (4, 2),
    "410100": (4, 3),
    "410200": (4, 4),
    "411400": (4, 5),
    "410400": (5, 2),
    "411000": (5, 3),
    "411100": (5, 4),
    "411600": (5, 5),
    "411300": (6, 2),
    "411700": (6, 4),
    "411500": (7, 4),
}
SHADES = ("#e6f3f5", "#c3e0e5", "#9fcfd7", "#6fb3bf", "#53a5b3", "#0b7285", "#085564")
MARK = {Standing.ABOVE: "▲", Standing.BELOW: "▼"}


def tile_map(
    rates: Mapping[str, Rate], standings: Mapping[str, Standing], href: Callable[[str], str], chosen: str = ""
) -> Any:
    """Tiles of the 18 cities and, below them, of the 省直管县 that answer to the province themselves.

    Every tile carries its words; the shade only repeats them. ▲▼ stand where a city can be told apart from the others.
    """
    # A 省直管县 sends few teachers; its rate may lie far off by chance and would wash out the shades of the cities.
    seen = [rate.share for code, rate in rates.items() if code in CELLS and rate.share is not None]
    seen = seen or [rate.share for rate in rates.values() if rate.share is not None]
    low, high = (min(seen), max(seen)) if seen else (0.0, 1.0)
    direct = [place.adcode for place in direct_counties() if place.adcode in rates]

    def tile(code: str, style: dict[str, Any]) -> Any:
        return _tile(code, rates.get(code), standings.get(code), href(code), low, high, style, chosen == code)

    return html.Div(
        [
            html.Div(
                [tile(code, {"gridRow": row, "gridColumn": column}) for code, (row, column) in CELLS.items()],
                className="tiles",
                role="list",
                **{"aria-label": gettext("各市比率")},
            ),
            html.Div(
                [
                    html.P(gettext("省直管县（市）：直接对省，不计入所在市"), className="tiles-note"),
                    html.Div([tile(code, {}) for code in direct], className="tiles direct", role="list"),
                ]
            )
            if direct
            else None,
            _scale(low, high) if seen else None,
        ],
        className="tile-map",
    )


def _tile(
    code: str,
    rate: Rate | None,
    standing: Standing | None,
    href: str,
    low: float,
    high: float,
    style: dict[str, Any],
    chosen: bool,
) -> Any:
    name = place_name(code)
    short = name.removesuffix("市") if len(name) > 2 else name
    if rate is None or rate.shown is not Shown.YES or rate.share is None:
        why = missing_text(rate) if rate is not None else gettext("没有名额和学员")
        words = [html.Strong(short), html.Span("—"), html.Small(_brief(rate))]
        return _link(
            words, href, gettext("{name}：{said}", name=name, said=why), {**style}, "tile blank", chosen
        )
    place = min(1.0, max(0.0, (rate.share - low) / (high - low))) if high > low else 0.5
    step = round(place * (len(SHADES) - 1))
    mark = MARK.get(standing, "") if standing else ""
    words = [
        html.Strong(short),
        html.Span([f"{rate.share * 100:.1f}%", html.Span(mark, className="tile-mark") if mark else None]),
        html.Small(f"{format.count(rate.n)}/{format.count(rate.total)}"),
    ]
    colours = {"backgroundColor": SHADES[step], "color": "#fff" if step >= 5 else INK}
    said = gettext("{name}：{said}", name=name, said=rate_text(rate))
    if standing is Standing.ABOVE:
        said += gettext("，高于其余")
    if standing is Standing.BELOW:
        said += gettext("，低于其余")
    return _link(words, href, said, {**style, **colours}, "tile", chosen)


def _brief(rate: Rate | None) -> str:
    if rate is None or rate.shown is Shown.EMPTY:
        return gettext("无")
    return gettext("不显示")


def _link(words: Any, href: str, said: str, style: dict[str, Any], name: str, chosen: bool) -> Any:
    return html.Div(
        dmc.Anchor(
            words,
            href=href,
            underline="never",
            className=f"{name} chosen" if chosen else name,
            style={key: value for key, value in style.items() if not key.startswith("grid")},
            **{"aria-label": said, **({"aria-current": "true"} if chosen else {})},
        ),
        role="listitem",
        title=said,
        style={key: value for key, value in style.items() if key.startswith("grid")},
    )


def _scale(low: float, high: float) -> Any:
    return html.Div(
        [
            html.Span(f"{low * 100:.1f}%"),
            *[html.Span(className="tile-step", style={"backgroundColor": shade}) for shade in SHADES],
            html.Span(f"{high * 100:.1f}%"),
            html.Span(gettext("▲▼ 与其余各地分得出高低；没有标记的分不出"), className="tile-said"),
        ],
        className="tile-scale",
    )
