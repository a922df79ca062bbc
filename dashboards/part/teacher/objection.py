"""我的异议: every objection with its state, when an answer is due, and a way to take it back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.language import gettext
from dashboards.page import Context
from dashboards.part import badge, empty_state, format
from dashboards.part.name import node_name
from dashboards.part.teacher.word import kind_name
from portrait.evidence import RecordItem
from portrait.store.answer import Contest, contests


def objections(context: Context, person: int, records: Mapping[bytes, RecordItem]) -> Any:
    found = contests(context.site.registry, context.scope, person)
    if not found:
        return empty_state(
            gettext("没有提过异议"),
            gettext("点开任何一条记录或一个结论，都可以提出异议；提了会列在这里，可以撤回。"),
        )
    return html.Ol([_row(context, one, records) for one in found], className="items")


def _row(context: Context, one: Contest, records: Mapping[bytes, RecordItem]) -> Any:
    return html.Li(
        [
            html.Div(
                [
                    html.Strong(gettext("第 {n} 号", n=one.id)),
                    _state(context, one),
                    html.Span(_about(one, records), className="muted"),
                ],
                className="item-head",
            ),
            html.P(one.text),
            html.P(gettext("答复：{said}", said=one.decision)) if one.decision else None,
            html.P(
                gettext("{at} 提出，应在 {due} 前答复", at=format.day(one.at), due=format.day(one.due)),
                className="muted small",
            ),
            dmc.Button(
                gettext("撤回"),
                id={"type": "contest-withdraw", "key": str(one.id)},
                variant="default",
                size="xs",
                n_clicks=0,
            )
            if one.state == "open"
            else None,
        ],
        className="item",
    )


def _state(context: Context, one: Contest) -> Any:
    if one.state == "open":
        late = one.due < context.today
        return badge(
            gettext("待答复，{left}", left=format.remaining(one.due, context.today)),
            "warn" if late else "data",
        )
    words, tone = {
        "withdrawn": (gettext("已撤回"), "none"),
        "upheld": (gettext("成立，已更正"), "good"),
        "rejected": (gettext("不成立"), "plain"),
    }[one.state]
    return badge(words, tone)


def _about(one: Contest, records: Mapping[bytes, RecordItem]) -> str:
    record = records.get(one.record) if one.record else None
    if record is not None:
        day = format.day(record.time) if record.time else gettext("无日期")
        return f"{day} · {kind_name(record.kind)} · {record.course_title or record.class_name or record.called or record.item}"
    return gettext("结论：{name}", name=node_name(one.node)) if one.node else gettext("一条记录")
