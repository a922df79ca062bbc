"""The two charts of a portrait side by side: the radar shows the shape, the gap chart carries the judgement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboards import theme
from dashboards.figure.gap import Gap, gap_chart, gap_height
from dashboards.figure.radar import Spoke, radar
from dashboards.figure.scale import band_of
from dashboards.language import gettext
from dashboards.part import (
    card,
    columns,
    estimate_text,
    figure_with_table,
    format,
    key,
    link_button,
    simple_table,
)
from dashboards.part.name import node_name
from dashboards.part.teacher.finding import below, next_step, reached, wording
from portrait.framework import dimensions
from portrait.portrait import Estimate, Portrait, State

RADAR = 390


def scored_dimensions(portrait: Portrait) -> list[Estimate]:
    """The estimates of the dimensions that have levels, in the framework's order."""
    return [portrait.estimates[code] for code, node in dimensions().items() if node.scored]


def shape_and_gaps(portrait: Portrait, standard: float) -> Any:
    estimates = scored_dimensions(portrait)
    ordered = sorted(estimates, key=lambda e: (e.level is None, (e.level or 0) - standard))
    node, why = next_step(estimates, standard)
    return columns(
        card(
            gettext("能力轮廓"),
            gettext("只画有估计的维度，没有证据的地方留空；阴影是 90% 区间。"),
            figure_with_table(
                radar([_spoke(e, standard) for e in estimates], height=RADAR),
                _table(estimates, standard),
                gettext("雷达图：{said}", said=_spoken(estimates)),
                height=RADAR,
                key=key(
                    ("line", theme.DATA, gettext("我")),
                    ("band", theme.DATA, gettext("90% 区间")),
                    ("dash", theme.INK, gettext("岗位标准 {n}", n=format.level(standard))),
                ),
            ),
            action=link_button(gettext("看每个维度的依据"), "#dimensions", icon_name="down"),
        ),
        card(
            gettext("与岗位标准的差距"),
            gettext("橙色：整个区间都在标准以下，才算有把握低于标准。"),
            figure_with_table(
                gap_chart([_gap(e, standard) for e in ordered]),
                _table(ordered, standard),
                gettext("差距图：{said}", said=_spoken(ordered)),
                height=gap_height(len(ordered)),
                key=key(
                    ("dot", theme.DATA, gettext("我")),
                    ("band", theme.DATA, gettext("90% 区间")),
                    ("tick", theme.INK, gettext("岗位标准")),
                ),
            ),
            action=[
                link_button(gettext("去选课"), f"/courses?dimension={node}", primary=True),
                why,
            ],
        ),
        least=340,
    )


def _spoke(estimate: Estimate, standard: float) -> Spoke:
    return Spoke(
        node_name(estimate.node), estimate.level, estimate.low, estimate.high, standard, _blank(estimate)
    )


def _gap(estimate: Estimate, standard: float) -> Gap:
    return Gap(
        node_name(estimate.node), estimate.level, estimate.low, estimate.high, standard, _blank(estimate)
    )


def _blank(estimate: Estimate) -> str:
    if estimate.state is State.ESTIMATED:
        return ""
    return gettext("暂无证据") if estimate.state is State.NONE else gettext("证据不足")


def _table(estimates: Sequence[Estimate], standard: float) -> Any:
    return simple_table(
        [
            gettext("维度"),
            gettext("水平"),
            gettext("级别"),
            gettext("与标准 {n} 比", n=format.level(standard)),
        ],
        [
            [
                node_name(e.node),
                estimate_text(e),
                wording(e) or "—",
                _against(e, standard),
            ]
            for e in estimates
        ],
    )


def _against(estimate: Estimate, standard: float) -> str:
    if estimate.level is None:
        return gettext("不下判断")
    if below(estimate, standard):
        return gettext("有把握低于")
    return gettext("有把握达到") if reached(estimate, standard) else gettext("分不出高低")


def _spoken(estimates: Sequence[Estimate]) -> str:
    return gettext("；").join(
        f"{node_name(e.node)} {estimate_text(e)}"
        + (f" {band_of(e.level).name}" if e.level is not None else "")
        for e in estimates
    )
