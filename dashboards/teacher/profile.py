"""我的画像: who I am, the shape, the gaps, what the rules ask, and every dimension down to its evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dash import html

from dashboards.language import gettext
from dashboards.page import Context, Page
from dashboards.part import card, code_name, empty_state, format, link_button, page_header, panel
from dashboards.part.teacher.behind import register_behind
from dashboards.part.teacher.compliance import compliance_card, register_compliance
from dashboards.part.teacher.dimension import dimension_rows
from dashboards.part.teacher.finding import finding
from dashboards.part.teacher.self_rating import register_self_rating
from dashboards.part.teacher.shape import scored_dimensions, shape_and_gaps
from portrait.explain import explanations
from portrait.framework import dimensions
from portrait.portrait import Portrait
from portrait.reading import portrait_of
from portrait.scope import Role
from portrait.standard import standard_of
from portrait.store.answer import own_person, self_ratings
from portrait.store.person import Who, who


def layout(context: Context, query: Mapping[str, str]) -> Any:
    me = who(context.site.registry, context.scope, own_person(context.scope))
    portrait = portrait_of(context.site, me.id)
    standard = standard_of(me.title)
    scored = scored_dimensions(portrait)
    counted = len(
        {
            item.record
            for found in explanations(context.site, me.id, dimensions()).values()
            for item in found.items
            if item.counted
        }
    )
    opened = query.get("dimension", "")
    return [
        page_header(
            gettext("{name}的专业画像", name=me.name),
            _line(
                me,
                gettext("截至 {day}", day=format.day(portrait.as_of)),
                gettext("证据 {n} 条", n=format.count(counted)),
            ),
            link_button(gettext("看全部记录"), "/evidence", icon_name="evidence"),
            link_button(gettext("看成长"), "/growth", icon_name="growth"),
        ),
        html.P(finding(scored, standard.level), className="lead"),
        _first_steps()
        if not counted
        else panel(gettext("我的画像"), shape_and_gaps, portrait, standard.level),
        panel(gettext("学时"), compliance_card, context, me.id),
        card(
            gettext("八个维度"),
            gettext(
                "点开看水平、指标、为什么不确定和依据。岗位标准 {n}（{title}）是建议值，由省里定。",
                n=format.level(standard.level),
                title=code_name("titles_teacher", standard.title) if standard.title else gettext("默认"),
            ),
            html.Div(
                panel(gettext("八个维度"), _dimensions, context, portrait, standard.level, me.id, opened),
                id="dimensions",
            ),
            action=[
                link_button(gettext("去选课"), "/courses", primary=True),
                gettext("哪里不对，点开“看依据”提出异议。"),
            ],
        ),
    ]


def _dimensions(context: Context, portrait: Portrait, standard: float, person: int, opened: str) -> Any:
    ratings = self_ratings(context.site.registry, context.scope, person)
    return dimension_rows(portrait, standard, ratings, opened if opened in dimensions() else "")


def _line(me: Who, *more: str) -> str:
    subjects = tuple(code for code in (me.subject, me.subject2) if code)
    parts = (
        me.school,
        code_name("stages", me.stage) if me.stage else "",
        gettext("、").join(code_name("subjects", code) for code in subjects),
        code_name("titles_teacher", me.title) if me.title else "",
        *more,
    )
    return " · ".join(part for part in parts if part)


def _first_steps() -> Any:
    return card(
        gettext("还没有证据"),
        "",
        empty_state(
            gettext("平台还没有收到对应到能力的记录。空白不等于零。"),
            gettext("完成一门带测验或作业的课程，成绩进来以后，这里就会画出第一个维度。"),
            action=link_button(gettext("去选课"), "/courses", primary=True),
        ),
    )


def register(app: Any, context: Callable[[], Context]) -> None:
    register_behind(app, context)
    register_self_rating(app, context)
    register_compliance(app, context)


PAGE = Page(
    path="/portrait",
    title=lambda: gettext("我的画像"),
    icon="person",
    roles=frozenset({Role.TEACHER}),
    layout=layout,
    register=register,
)
