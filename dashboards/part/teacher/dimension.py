"""The eight dimensions down to their indicators, one folded row each: state, level, interval, why unsure, self-rating, action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.figure.scale import band_of
from dashboards.language import gettext
from dashboards.part import badge, estimate_text, format, link_button, opener, state_badge
from dashboards.part.name import node_name
from dashboards.part.teacher.finding import below, unsure, wording
from dashboards.part.teacher.self_rating import band_says, self_rating_form
from dashboards.part.whisker import whisker
from portrait.framework import Node, dimensions, indicators_of
from portrait.portrait import Estimate, Portrait, State
from portrait.store.answer import SelfRating


def dimension_rows(
    portrait: Portrait, standard: float, ratings: Mapping[str, SelfRating], opened: str = ""
) -> Any:
    return dmc.Accordion(
        [
            dmc.AccordionItem(
                [
                    dmc.AccordionControl(_head(portrait.estimates[node.code], standard)),
                    dmc.AccordionPanel(_body(node, portrait, standard, ratings.get(node.code))),
                ],
                value=node.code,
                id=f"dimension-{node.code}",
            )
            for node in dimensions().values()
        ],
        multiple=True,
        value=[opened] if opened else [],
        variant="separated",
        className="dimensions",
        chevronPosition="right",
    )


def _head(estimate: Estimate, standard: float) -> Any:
    low = below(estimate, standard)
    return html.Span(
        [
            html.Span(node_name(estimate.node), className="dimension-name"),
            html.Span(
                [state_badge(estimate), badge(gettext("低于岗位标准"), "warn") if low else None],
                className="dimension-state",
            ),
        ],
        className="dimension-head",
    )


def _body(node: Node, portrait: Portrait, standard: float, own: SelfRating | None) -> Any:
    estimate = portrait.estimates[node.code]
    return html.Div(
        [
            _level(estimate, standard) if node.scored else None,
            html.P(unsure(estimate), className="why"),
            _indicators(node, portrait, standard),
            self_rating_form(estimate, own) if node.scored else None,
            html.Div(
                [
                    opener(
                        "behind", node.code, gettext("看依据（{n} 条）", n=estimate.n), className="button"
                    ),
                    link_button(_action(estimate), f"/courses?dimension={node.code}", primary=True),
                ],
                className="card-action",
            ),
        ],
        className="dimension-body",
    )


def _level(estimate: Estimate, standard: float) -> Any:
    if estimate.state is not State.ESTIMATED or estimate.level is None:
        return None
    return html.P(
        [
            html.Strong(wording(estimate)),
            gettext("：{words}。", words=band_says(band_of(estimate.level).code)),
            gettext(
                "{estimate}；岗位标准 {standard}。",
                estimate=estimate_text(estimate),
                standard=format.level(standard),
            ),
        ]
    )


def _indicators(node: Node, portrait: Portrait, standard: float) -> Any:
    return html.Ul(
        [
            html.Li(_indicator(portrait.estimates[one.code], standard, one.scored), className="indicator")
            for one in indicators_of(node.code)
        ],
        className="plain-list indicators",
        **{"aria-label": gettext("{name}的指标", name=node_name(node.code))},
    )


def _indicator(estimate: Estimate, standard: float, scored: bool) -> list[Any]:
    low = scored and below(estimate, standard)
    told = [gettext("{n} 条", n=estimate.n)]
    if estimate.last:
        told.append(gettext("最近 {month}", month=format.month(estimate.last)))
    if estimate.sources:
        told.append(gettext("{n} 个平台", n=estimate.sources))
    return [
        html.Span(node_name(estimate.node), className="indicator-name"),
        whisker(estimate, standard, low=low) if scored else html.Span(),
        html.Span(_figure(estimate), className="indicator-figure"),
        html.Span(" · ".join(told) if estimate.n else "", className="indicator-told muted small"),
    ]


def _figure(estimate: Estimate) -> Any:
    if estimate.state is State.NONE:
        return badge(gettext("暂无证据"), "none")
    if estimate.state is State.ESTIMATED:
        words = gettext(
            "{level}（{interval}）",
            level=format.level(estimate.level),
            interval=format.interval(estimate.low, estimate.high),
        )
        return [opener("behind", estimate.node, words), badge(band_of(estimate.level or 0).name, "data")]
    if estimate.state is State.THIN:
        return opener("behind", estimate.node, gettext("证据不足（{n} 条）", n=estimate.n))
    return opener("behind", estimate.node, gettext("{n} 条记录", n=estimate.n))


def _action(estimate: Estimate) -> str:
    if estimate.state is State.ESTIMATED:
        return gettext("找这方面的课")
    if estimate.state is State.RECORD or not dimensions()[estimate.node].scored:
        return gettext("看有哪些课")
    return gettext("选一门课，添第一手证据")
