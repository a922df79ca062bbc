"""The portrait of a group before a reader: where how many stand, where the group is short of its standards, what is not known."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboards.figure.gap_mean import MeanGap, mean_gaps, mean_gaps_height
from dashboards.figure.scale import bands
from dashboards.figure.spread import SpreadRow, spread_chart, spread_height, spread_key
from dashboards.language import gettext
from dashboards.part import format
from dashboards.part.card import card
from dashboards.part.chart import figure_with_table, key, simple_table
from dashboards.part.name import node_name
from dashboards.part.state import empty_state
from dashboards.theme import DATA, INK, WARN
from portrait.cohort import Cohort, Spread


def group_card(group: Cohort, title: str, *, action: Any = None) -> Any:
    """How the group is spread over the named bands, with 证据不足 and 暂无证据 apart."""
    if group.hidden:
        return card(title, "", _hidden(group), icon_name="distribution")
    known = [s for s in group.spreads if s.estimated]
    finding = (
        gettext("{n} 人；没有证据和证据不足的单独列出，不算低。", n=group.members)
        if known
        else gettext("{n} 人，都还没有足够的证据。", n=group.members)
    )
    rows = [
        SpreadRow(node_name(s.node), s.bands, s.estimated, s.thin, s.none, _note(s, group.floor))
        for s in group.spreads
    ]
    return card(
        title,
        finding,
        figure_with_table(
            spread_chart(rows),
            _table(group),
            gettext("{title}：每个维度各水平的人数", title=title),
            height=spread_height(len(rows)),
            key=key(*spread_key()),
        ),
        html.P(gettext("师德只作记录，不评分，不在这里。"), className="quiet"),
        action=action,
        icon_name="distribution",
    )


def gaps_card(group: Cohort, title: str, *, action: Any = None) -> Any:
    """Mean distance of the group from its members' own standards, with its interval."""
    if group.hidden:
        return card(title, "", _hidden(group), icon_name="target")
    shown = sorted((s for s in group.spreads if s.gap is not None), key=lambda s: -(s.gap or 0.0))
    if not shown:
        return card(
            title,
            "",
            empty_state(
                gettext("每个维度有估计的都不到 {n} 人，还说不出差距", n=group.floor),
                gettext("安排一次测评或交一次作业，下一次更新就有证据。"),
            ),
            icon_name="target",
        )
    short = group.gaps()
    finding = (
        gettext(
            "全班确实低于各自岗位标准的是：{names}。",
            names=gettext("、").join(node_name(s.node) for s in short[:3]),
        )
        if short
        else gettext("没有一个维度能确定低于标准；差距都在误差之内。")
    )
    return card(
        title,
        finding,
        figure_with_table(
            mean_gaps(
                [
                    MeanGap(
                        node_name(s.node), -(s.gap or 0), -(s.gap_high or 0), -(s.gap_low or 0), s.estimated
                    )
                    for s in shown
                ]
            ),
            simple_table(
                [
                    gettext("维度"),
                    gettext("与标准之差（分）"),
                    gettext("90% 区间"),
                    gettext("有估计"),
                    gettext("确定低于标准"),
                ],
                [
                    [
                        node_name(s.node),
                        format.signed(-(s.gap or 0) * 100, 0),
                        f"{format.signed(-(s.gap_high or 0) * 100, 0)} … {format.signed(-(s.gap_low or 0) * 100, 0)}",
                        f"{s.estimated}/{s.members}",
                        f"{s.below}/{s.estimated}",
                    ]
                    for s in shown
                ],
                numeric=(1, 2, 3, 4),
            ),
            gettext("{title}：各维度平均水平与岗位标准之差", title=title),
            height=mean_gaps_height(len(shown)),
            key=key(
                ("dot", DATA, gettext("平均差距")),
                ("band", DATA, gettext("90% 区间")),
                ("dot", WARN, gettext("确定低于标准")),
                ("tick", INK, gettext("标准")),
            ),
        ),
        action=action,
        icon_name="target",
    )


def _hidden(group: Cohort) -> Any:
    return empty_state(
        gettext("只有 {n} 人，少于 {floor} 人不显示分布", n=group.members, floor=group.floor),
        gettext("人太少，分布会让人认出是谁。"),
        icon_name="shield",
    )


def _note(spread: Spread, floor: int) -> str:
    if not spread.shown:
        return gettext("有估计 {n} 人，不到 {floor} 人不分档", n=spread.estimated, floor=floor)
    return gettext("确定低于标准 {n}/{all}", n=spread.below, all=spread.estimated)


def _table(group: Cohort) -> Any:
    named = bands()
    return simple_table(
        [
            gettext("维度"),
            *[b.name for b in named],
            gettext("证据不足"),
            gettext("暂无证据"),
            gettext("中位（四分位）"),
        ],
        [
            [
                node_name(s.node),
                *(list(s.bands) if s.bands is not None else [gettext("不显示")] * len(named)),
                s.thin,
                s.none,
                gettext(
                    "{level}（{interval}）",
                    level=format.level(s.quartiles[1]),
                    interval=format.interval(s.quartiles[0], s.quartiles[2]),
                )
                if s.quartiles
                else format.NOTHING,
            ]
            for s in group.spreads
        ],
        numeric=tuple(range(1, len(named) + 4)),
    )
