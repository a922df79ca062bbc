"""One course of the supermarket as a card with its answers, and as a drawer with everything known about it."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.language import gettext
from dashboards.part import badge, code_name, code_names, facts, format, opener
from dashboards.part.name import node_name
from portrait.store.course import Course


def course_card(
    course: Course, *, why: Any = None, given: str = "", shown: str, learned: bool = False
) -> Any:
    """A card with 去学 / 稍后 / 不适合. `shown` says on which list it stands, so that an answer keeps the right reason."""
    return html.Article(
        [
            html.H3(opener("course", str(course.id), course.title, label=gettext("看课程详情"))),
            html.Div(_badges(course, given, learned), className="course-badges"),
            html.P(_line(course), className="course-line"),
            html.P(_aligned(course), className="course-line") if course.aligned else None,
            html.Div(why, className="course-why") if why else None,
            course_answers(course.id, given=given, shown=shown),
        ],
        className="course-card",
    )


def course_answers(course_id: int, *, given: str, shown: str) -> Any:
    words = {"take": gettext("去学"), "later": gettext("稍后"), "no": gettext("不适合")}
    return html.Div(
        [
            dmc.Button(
                text,
                id={"type": "answer-course", "key": str(course_id), "answer": answer, "shown": shown},
                variant=_variant(answer, given, shown),
                size="sm",
                n_clicks=0,
                **{"aria-pressed": "true" if answer == given else "false"},
            )
            for answer, text in words.items()
        ],
        className="answers",
    )


def _variant(answer: str, given: str, shown: str) -> str:
    if answer == "take":
        return "filled" if shown == "recommended" else "outline"
    return "light" if answer == given else "default"


def course_detail(course: Course) -> tuple[str, Any]:
    """Title and body of the drawer."""
    rows = [
        (gettext("学时"), format.decimal(course.hours)),
        (gettext("方式"), code_name("training_modes", course.mode)),
        (gettext("开课单位"), course.provider or gettext("未填")),
        (gettext("学段"), code_names("stages", course.stages, gettext("不限"))),
        (gettext("学科"), code_names("subjects", course.subjects, gettext("不限"))),
        (gettext("开课"), _dates(course)),
    ]
    if course.theme:
        rows.insert(1, (gettext("通识主题"), code_name("general_courses", course.theme)))
    if course.category:
        rows.insert(1, (gettext("类别"), gettext(course.category)))
    return course.title, html.Div(
        [
            html.P(course.summary) if course.summary else None,
            facts(rows),
            html.H3(gettext("对应的能力")) if course.aligned else None,
            html.Ul(
                [
                    html.Li(
                        gettext(
                            "{name}：{said}",
                            name=f"{node_name(code[:2])} · {node_name(code)}",
                            said=f"{percent}%",
                        )
                    )
                    for code, percent in course.aligned
                ]
            )
            if course.aligned
            else None,
        ],
        className="course-detail",
    )


def _badges(course: Course, given: str, learned: bool) -> list[Any]:
    return [
        badge(gettext("{n} 学时", n=format.decimal(course.hours)), "data") if course.hours else None,
        badge(code_name("training_modes", course.mode)),
        badge(gettext("通识：{name}", name=code_name("general_courses", course.theme)), "good")
        if course.theme
        else None,
        badge(gettext("学过"), "plain", gettext("您的学习记录里有这门课")) if learned else None,
        badge(gettext("您选了稍后"), "thin") if given == "later" else None,
        badge(gettext("您说过不适合"), "none") if given == "no" else None,
    ]


def _line(course: Course) -> str:
    stages = code_names("stages", course.stages, gettext("各学段"))
    subjects = code_names("subjects", course.subjects, gettext("各学科"))
    return " · ".join(part for part in (course.provider, stages, subjects, _dates(course)) if part)


def _dates(course: Course) -> str:
    if course.starts and course.ends:
        return f"{format.day(course.starts)} – {format.day(course.ends)}"
    return gettext("{day}起", day=format.day(course.starts)) if course.starts else gettext("随时可学")


def _aligned(course: Course) -> str:
    return gettext(
        "练的是：{names}", names=gettext("、").join(node_name(code) for code, _ in course.aligned[:3])
    )
