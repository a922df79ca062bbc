"""班级画像: how a class is spread over the dimensions, where it is short of its standards, and what is not known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dash import html

from dashboards.language import gettext
from dashboards.page import Context, Page
from dashboards.part import card, columns, empty_state, format, link_button, page_header, panel, simple_table
from dashboards.part.class_choice import (
    chosen_class,
    class_choice,
    no_classes,
    own_classes,
    register_choice,
)
from dashboards.part.group import gaps_card, group_card
from dashboards.part.name import node_name
from portrait.framework import indicators
from portrait.group import group_portrait
from portrait.programme.training_class import Stage
from portrait.scope import Role

PATH = "/trainer/portrait"
MOST = 8


def layout(context: Context, query: Mapping[str, str]) -> Any:
    counts = own_classes(context)
    chosen = chosen_class(counts, query, Stage.RUNNING, as_of=context.today)
    if chosen is None:
        return [page_header(gettext("班级画像")), no_classes(gettext("班级画像"))]
    one = chosen.training_class
    return [
        page_header(
            gettext("班级画像"),
            gettext("只看全班的分布，不列个人 · 数据截至 {day}", day=format.day(context.today)),
        ),
        class_choice(PATH, counts, chosen, context.today),
        panel(gettext("各维度水平分布"), _dimensions, context, one.id),
        panel(gettext("先补哪些指标"), _indicators, context, one.id),
    ]


def _dimensions(context: Context, class_id: int) -> Any:
    group = group_portrait(context.site, context.scope, class_id)
    return columns(
        gaps_card(group, gettext("全班离标准有多远")),
        group_card(group, gettext("各维度水平分布")),
        least=440,
    )


def _indicators(context: Context, class_id: int) -> Any:
    """The indicators in which most of the class are surely below their standard: what a course should teach first."""
    title = gettext("先补哪些指标")
    group = group_portrait(context.site, context.scope, class_id, list(indicators().values()))
    if group.hidden:
        return None
    short = [s for s in group.spreads if s.below]
    if not short:
        return card(
            title,
            "",
            empty_state(
                gettext("没有一个指标能确定有人低于标准"),
                gettext("可能是都达标，也可能是证据还不够；看上面“证据不足”和“暂无证据”的人数。"),
            ),
            icon_name="tailor",
        )
    ordered = sorted(short, key=lambda s: (-(s.below or 0) / s.estimated, s.node))[:MOST]
    first = ordered[0]
    return card(
        title,
        gettext(
            "“{name}”里，有估计的 {all} 人中 {n} 人确定低于各自岗位标准。",
            name=node_name(first.node),
            all=first.estimated,
            n=first.below,
        ),
        html.Div(
            simple_table(
                [
                    gettext("指标"),
                    gettext("确定低于标准"),
                    gettext("平均差距（90% 区间）"),
                    gettext("证据不足"),
                    gettext("暂无证据"),
                ],
                [
                    [
                        f"{s.node} {node_name(s.node)}",
                        format.rate(s.below or 0, s.estimated, 0),
                        format.signed(-(s.gap or 0) * 100, 0)
                        + gettext(
                            "（{text}）",
                            text=f"{format.signed(-(s.gap_high or 0) * 100, 0)} … {format.signed(-(s.gap_low or 0) * 100, 0)}",
                        ),
                        s.thin,
                        s.none,
                    ]
                    for s in ordered
                ],
                numeric=(1, 2, 3, 4),
            ),
            className="table-scroll",
        ),
        action=link_button(
            gettext("看名单，安排辅导"), f"/trainer/classes?class={class_id}", icon_name="people"
        ),
        icon_name="tailor",
    )


def register(app: Any, context: Callable[[], Context]) -> None:
    register_choice(app, context, PATH)


PAGE = Page(PATH, lambda: gettext("班级画像"), "distribution", frozenset({Role.TRAINER}), layout, register)
