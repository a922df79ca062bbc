"""推荐: a few courses, each with every reason and its share; or, with the switch off, plainly nothing of the kind."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboards.language import gettext
from dashboards.page import Context
from dashboards.part import columns, empty_state
from dashboards.part.teacher.course_card import course_card
from dashboards.part.teacher.reason import reason_lines
from models.recommend import recommend_for
from models.recommendation import Recommendation
from portrait.errors import ModelUnusable
from portrait.store.answer import elections
from portrait.store.course import Course, courses

SHOWN = 9


def recommended_panel(context: Context, person: int, on: bool) -> Any:
    if not on:
        return empty_state(
            gettext("个性化推荐已关闭"),
            gettext(
                "现在不用您的画像和学习记录来排课程；“全部课程”按主题、日期、课名排列。想打开，用上面的开关。"
            ),
            icon_name="shield",
        )
    try:
        found = recommendations(context, person)
    except ModelUnusable:
        return empty_state(
            gettext("推荐暂时不能用"), gettext("推荐模型坏了或者版本不对，已经记下；可以先在“全部课程”里找。")
        )
    if not found:
        return empty_state(
            gettext("暂时没有可推荐的课程"), gettext("您都答过了，或者课程超市里没有合适的；看看“全部课程”。")
        )
    known = _courses(context, found)
    later = {
        e.course_id for e in elections(context.site.registry, context.scope, person) if e.answer == "later"
    }
    titles = {course.id: course.title for course in known.values()}
    return html.Div(
        [
            html.P(
                gettext(
                    "按您的差距、学段学科、学过的课和新鲜度排的；百分数是这条理由占推荐分的份额。怎么学由您定。"
                ),
                className="muted",
            ),
            columns(
                *(
                    course_card(
                        known[one.course_id],
                        why=_why(one, titles),
                        given="later" if one.course_id in later else "",
                        shown="recommended",
                    )
                    for one in found
                    if one.course_id in known
                ),
                least=320,
            ),
            html.P(gettext("规则 {rule}", rule=found[0].rule), className="muted small"),
        ],
        className="stack",
    )


def recommendations(context: Context, person: int) -> list[Recommendation]:
    """What is recommended now; courses the teacher took or called unfit are not among them."""
    return recommend_for(context.site, person, SHOWN)


def reason_of(context: Context, course_id: int) -> str:
    """The reasons shown with a recommended course, to be kept with the answer; empty when it is not recommended."""
    person = context.actor.person_id
    if person is None:
        return ""
    try:
        found = [one for one in recommendations(context, person) if one.course_id == course_id]
    except ModelUnusable:
        return ""
    if not found:
        return ""
    titles = {course.id: course.title for course in _courses(context, found).values()}
    return gettext("；").join(said for said, _ in reason_lines(found[0], titles))


def _courses(context: Context, found: list[Recommendation]) -> dict[int, Course]:
    named = {one.course_id for one in found}
    named |= {past.course_id for one in found for reason in one.because for past in reason.past}
    return courses(context.site.registry, context.scope, named)


def _why(found: Recommendation, titles: dict[int, str]) -> Any:
    return html.Ul(
        [
            html.Li([html.Span(said), html.Span(share, className="share") if share else None])
            for said, share in reason_lines(found, titles)
        ],
        className="plain-list reasons",
        **{"aria-label": gettext("推荐的理由")},
    )
