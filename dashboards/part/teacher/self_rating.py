"""Self-rating beside verified evidence, on one screen. It is kept, shown and never enters the estimate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dash_mantine_components as dmc
from dash import MATCH, Input, Output, State, html, no_update

from dashboards.figure.scale import bands
from dashboards.language import gettext
from dashboards.page import Context, whole
from dashboards.part import badge, band, estimate_text, format
from portrait.portrait import Estimate
from portrait.portrait import State as Known
from portrait.store.answer import SelfRating, rate_self


def band_says(code: str) -> str:
    """What a teacher on the band can do, in plain words."""
    return {
        "L1": gettext("知道是什么，还没怎么用过"),
        "L2": gettext("有人带着用过，还不稳定"),
        "L3": gettext("能独立、稳定地用在课堂上"),
        "L4": gettext("用得好，能带着同事一起做"),
    }[code]


def self_rating_form(estimate: Estimate, own: SelfRating | None) -> Any:
    node = estimate.node
    return html.Div(
        [
            html.Div(
                [
                    html.Div(
                        [html.Span(gettext("证据显示"), className="label"), _verified(estimate)],
                        className="beside",
                    ),
                    html.Div(
                        [
                            html.Span(gettext("我的自评"), className="label"),
                            html.Span(said(own), id={"type": "self-said", "node": node}, role="status"),
                        ],
                        className="beside",
                    ),
                ],
                className="beside-row",
            ),
            dmc.RadioGroup(
                dmc.Stack(
                    [
                        dmc.Radio(
                            label=gettext("{name}：{said}", name=step.name, said=band_says(step.code)),
                            value=str(number),
                            size="sm",
                        )
                        for number, step in enumerate(bands(), start=1)
                    ],
                    gap=6,
                ),
                id={"type": "self-rate", "node": node},
                label=gettext("我觉得自己在哪一级？（只给自己看，不进入估计）"),
                value=str(own.value) if own else None,
                size="sm",
            ),
        ],
        className="self-rating",
    )


def said(own: SelfRating | None) -> str:
    if own is None:
        return gettext("还没有自评")
    name = bands()[own.value - 1].name
    return gettext("{band}（{day}）", band=name, day=format.day(own.at))


def _verified(estimate: Estimate) -> Any:
    if estimate.state is Known.ESTIMATED and estimate.level is not None:
        return html.Span([badge(band(estimate.level), "data"), " ", estimate_text(estimate)])
    return html.Span(estimate_text(estimate))


def register_self_rating(app: Any, context: Callable[[], Context]) -> None:
    @app.callback(
        Output({"type": "self-said", "node": MATCH}, "children"),
        Input({"type": "self-rate", "node": MATCH}, "value"),
        State({"type": "self-rate", "node": MATCH}, "id"),
        prevent_initial_call=True,
    )
    def rate(value: str | None, where: dict[str, str]) -> Any:
        now = context()
        if value is None:
            return no_update
        number = whole({"value": str(value)}, "value") or 0
        rate_self(now.site.registry, now.scope, str(where["node"]), number, now.site.now)
        return said(SelfRating(str(where["node"]), number, now.site.now))
