"""我的选课: what the teacher answered to courses, each withdrawable."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.language import gettext
from dashboards.page import Context
from dashboards.part import empty_state, format, opener
from portrait.store.answer import Election, elections


def chosen_panel(context: Context, person: int) -> Any:
    said = elections(context.site.registry, context.scope, person)
    parts = [
        _group(gettext("我要学的"), [e for e in said if e.answer == "take"], gettext("退课")),
        _group(gettext("稍后再看"), [e for e in said if e.answer == "later"], gettext("去掉")),
        _group(gettext("不适合我的"), [e for e in said if e.answer == "no"], gettext("收回")),
    ]
    shown = [part for part in parts if part is not None]
    if not shown:
        return empty_state(
            gettext("还没有选课"), gettext("在“推荐”或“全部课程”里点“去学”，选的课就列在这里，随时可以退。")
        )
    return html.Div(shown, className="stack")


def chosen_count(context: Context, person: int) -> int:
    return sum(e.answer == "take" for e in elections(context.site.registry, context.scope, person))


def _group(title: str, said: list[Election], undo: str) -> Any:
    if not said:
        return None
    hours = sum(e.hours for e in said)
    return html.Section(
        [
            html.H3(
                gettext(
                    "{title}（{n} 门，{hours} 学时）", title=title, n=len(said), hours=format.decimal(hours)
                )
            ),
            html.Ul(
                [
                    html.Li(
                        [
                            html.Div(
                                [
                                    opener("course", str(e.course_id), e.title),
                                    html.P(
                                        " · ".join(
                                            part
                                            for part in (
                                                gettext("{n} 学时", n=format.decimal(e.hours)),
                                                gettext("{day}选", day=format.day(e.at)),
                                                gettext("当时的理由：{reason}", reason=e.reason)
                                                if e.reason
                                                else "",
                                            )
                                            if part
                                        ),
                                        className="muted",
                                    ),
                                ],
                                className="chosen-words",
                            ),
                            dmc.Button(
                                undo,
                                id={
                                    "type": "answer-course",
                                    "key": str(e.course_id),
                                    "answer": "withdrawn",
                                    "shown": "chosen",
                                },
                                variant="default",
                                size="sm",
                                n_clicks=0,
                            ),
                        ],
                        className="chosen-row",
                    )
                    for e in said
                ],
                className="plain-list",
            ),
        ]
    )
