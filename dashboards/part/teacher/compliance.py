"""The compliance strip: hours of the cycle, off-site days, general themes; each opens to its items and its rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from dash import html

from dashboards.language import gettext
from dashboards.page import Context
from dashboards.part import (
    badge,
    card,
    code_name,
    empty_state,
    format,
    link_button,
    opener,
    progress,
    register_drawer,
)
from dashboards.part.teacher.behind import own_row
from dashboards.part.teacher.word import kind_name, source_name
from portrait.errors import NotFound
from portrait.explain import compliance_of
from portrait.hours import Compliance, LedgerItem, Requirement
from portrait.record import Kind
from portrait.resource import read_code
from portrait.site import Site
from portrait.store.answer import own_person


def compliance_card(context: Context, person: int) -> Any:
    strip = compliance_of(context.site, person)
    return card(
        gettext("本周期的要求"),
        _finding(strip),
        html.Div([_tile(one) for one in (strip.hours, strip.offsite, strip.themes)], className="strip"),
        action=_action(strip),
    )


def _finding(strip: Compliance) -> str:
    short = [_short(one) for one in (strip.hours, strip.offsite, strip.themes) if not one.met]
    years = format.decimal((strip.last - strip.as_of).days / 365.25)
    cycle = gettext(
        "周期 {first} 至 {last}，还有 {n} 年",
        first=format.month(strip.first),
        last=format.month(strip.last),
        n=years,
    )
    if not short:
        return gettext("{cycle}。三项都已达到。", cycle=cycle)
    return gettext("{cycle}。{short}。", cycle=cycle, short=gettext("，").join(short))


def _short(one: Requirement) -> str:
    left = format.decimal(one.target - one.value)
    return {
        "hours": gettext("学时还差 {n}", n=left),
        "offsite": gettext("外出集中还差 {n} 天", n=left),
        "themes": gettext("通识还差 {n} 个主题", n=left),
    }[one.code]


def _tile(one: Requirement) -> Any:
    value = format.decimal(one.value)
    said = gettext("已达到") if one.met else _short(one)
    return html.Div(
        [
            html.Div(requirement_name(one.code), className="label"),
            opener(
                "requirement",
                one.code,
                [html.Span(value, className="value"), html.Span(f" / {one.target}", className="unit")],
                label=gettext("看这 {n} 条记录", n=len(one.items)),
            ),
            progress(min(one.value, one.target), one.target, said),
        ],
        className="strip-tile",
    )


def requirement_name(code: str) -> str:
    return {
        "hours": gettext("周期学时"),
        "offsite": gettext("外出集中培训"),
        "themes": gettext("通识主题"),
    }[code]


def _action(strip: Compliance) -> Any:
    missing = [code for code in read_code("general_courses") if code not in strip.themes.parts]
    if missing:
        name = code_name("general_courses", missing[0])
        return [
            link_button(gettext("去学：{name}", name=name), f"/courses?theme={missing[0]}", primary=True),
            gettext("还没学的通识主题里的第一个，学完计学时也计主题。"),
        ]
    if not strip.offsite.met:
        return gettext("外出集中培训由学校和教育局选派；想去可以向学校提出。")
    return link_button(gettext("去选课"), "/courses", primary=True)


def register_compliance(app: Any, context: Callable[[], Context]) -> None:
    def content(now: Context, key: str) -> tuple[str, Any]:
        strip = compliance_of(now.site, own_person(now.scope))
        found = {one.code: one for one in (strip.hours, strip.offsite, strip.themes)}.get(key)
        if found is None:
            raise NotFound("没有这项要求")
        return requirement_name(key), _ledger(now.site, found, strip.first)

    register_drawer(app, context, "requirement", content)


def _ledger(site: Site, one: Requirement, first: date) -> Any:
    counted = [item for item in one.items if not item.reason]
    return html.Div(
        [
            html.P(
                gettext("{value} / {target}", value=format.decimal(one.value), target=one.target),
                className="sum",
            ),
            html.P(gettext(one.rule)),
            html.P(
                gettext("出处：{cite}；规则 {rule}", cite=gettext(one.cite), rule=one.version),
                className="muted small",
            ),
            _parts(one),
            html.P(gettext("{n} 条计入，{m} 条不计。", n=len(counted), m=len(one.items) - len(counted)))
            if one.items
            else empty_state(
                gettext("{day}以来还没有记录", day=format.day(first)),
                gettext("结业、证书和签到进来后列在这里。"),
            ),
            html.Ol([_line(site, item, one.code) for item in one.items], className="items"),
        ],
        className="behind",
    )


def _parts(one: Requirement) -> Any:
    if one.code == "themes":
        return html.Ul(
            [
                html.Li(
                    [
                        code_name("general_courses", code),
                        badge(gettext("已完成"), "good")
                        if code in one.parts
                        else html.A(gettext("去学"), href=f"/courses?theme={code}"),
                    ]
                )
                for code in read_code("general_courses")
            ],
            className="plain-list themes",
        )
    if one.code == "hours" and one.parts:
        return html.P(
            gettext("，").join(
                gettext("{kind} {n} 学时", kind=kind_name(Kind[code.upper()]), n=format.decimal(value))
                for code, value in one.parts.items()
            )
        )
    return None


def _line(site: Site, item: LedgerItem, code: str) -> Any:
    unit = {
        "hours": gettext("+{n} 学时", n=format.decimal(item.value)),
        "offsite": gettext("+1 天"),
        "themes": gettext("+1 主题"),
    }[code]
    record = item.record
    return html.Li(
        [
            html.Div(
                [
                    html.Strong(format.day(item.day) if item.day else gettext("无日期")),
                    html.Span(kind_name(record.kind)),
                    html.Span(source_name(site, record.source), className="muted"),
                    badge(gettext("不计：{reason}", reason=gettext(item.reason)), "none")
                    if item.reason
                    else badge(unit, "good"),
                ],
                className="item-head",
            ),
            html.P(code_name("general_courses", record.theme) if code == "themes" else item.what),
            own_row(code, record.record, record.batch, record.file, record.line),
        ],
        className="item uncounted" if item.reason else "item",
    )
