"""本校参训: a school's own nominations by name, and its teachers as sums that hide small groups."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from dashboards.language import gettext
from dashboards.page import Context, Page
from dashboards.part import card, columns, empty_state, format, number, numbers, page_header, panel
from dashboards.part.group import group_card
from dashboards.part.number import counted
from dashboards.part.offsite import offsite_card
from dashboards.part.rates import rate_cell
from dashboards.part.trainee import nomination_grid
from portrait.group import group_portrait
from portrait.lake.coverage import learners
from portrait.offsite import offsite_board
from portrait.programme.rate import Rate, rate
from portrait.scope import Role
from portrait.store.staff import counted_persons, registered, school_name
from portrait.store.trainee import Trainee, nominations
from portrait.store.training import Ask

PATH = "/school"


def layout(context: Context, _query: Mapping[str, str]) -> Any:
    name = school_name(context.site.registry, context.scope)
    if not name:
        return [
            page_header(gettext("本校参训")),
            card(
                gettext("账号没有绑定学校"),
                "",
                empty_state(
                    gettext("账号没有绑定学校"), gettext("请平台管理员在“用户与权限”里填写所属学校。")
                ),
            ),
        ]
    rows = nominations(context.site.registry, context.scope, Ask())
    summary = gettext("本校教师画像汇总")
    return [
        page_header(
            gettext("本校参训"),
            gettext("{school} · 数据截至 {day}", school=name, day=format.day(context.today)),
        ),
        panel(gettext("参训覆盖率"), _figures, context, [trainee for _, trainee in rows]),
        card(
            gettext("选派记录"),
            gettext("共 {n} 条，按开班时间从近到远。", n=len(rows)) if rows else "",
            nomination_grid("school-nominations", rows, context.today, school=False)
            if rows
            else empty_state(
                gettext("本校还没有选派教师参训"), gettext("名单由市县教育局确认、管理员导入以后显示在这里。")
            ),
            icon_name="people",
        ),
        columns(
            panel(summary, lambda: group_card(group_portrait(context.site, context.scope), summary)),
            panel(
                gettext("外出集中培训"),
                lambda: offsite_card(offsite_board(context.site, context.scope, Ask(), context.today)),
            ),
            least=420,
        ),
    ]


def _figures(context: Context, trainees: list[Trainee]) -> Any:
    today = context.today
    staff = sum(registered(context.site.registry, context.scope, Ask()).values())
    confirmed = [t for t in trainees if t.confirmed and t.confirmed <= today]
    return numbers(
        number(
            *counted(gettext("{n} 人", n=format.count(staff))),
            gettext("教师名册"),
            label=gettext("在册教师"),
        ),
        number(
            *counted(gettext("{n} 人", n=len({t.person_id for t in confirmed}))),
            gettext("{n} 人次", n=len(confirmed)),
            label=gettext("选派过的教师"),
        ),
        number(
            *counted(
                gettext("{n} 人次", n=sum(1 for t in confirmed if t.graduated and t.graduated <= today))
            ),
            gettext("选派 {n} 人次", n=len(confirmed)),
            label=gettext("已结业"),
        ),
        number(
            rate_cell(_covered(context, staff, today)),
            "",
            gettext("{year} 年有学习记录/在册", year=today.year),
            label=gettext("参训覆盖率"),
        ),
    )


def _covered(context: Context, staff: int, today: date) -> Rate:
    persons = counted_persons(context.site.registry, context.scope, Ask())
    found = learners(context.site.pool, date(today.year, 1, 1), today, persons) if persons else {}
    return rate("covered", min(sum(found.values()), staff), staff, floor=context.site.settings.small_cell)


PAGE = Page(PATH, lambda: gettext("本校参训"), "class", frozenset({Role.SCHOOL}), layout)
