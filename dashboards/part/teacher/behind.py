"""看依据: the drawer with the items a figure came from, what each did to it, and a way to object to each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import MATCH, Input, Output, State, html, no_update

from dashboards.language import gettext
from dashboards.page import Context
from dashboards.part import badge, empty_state, format, link_button, register_drawer
from dashboards.part.name import node_name
from dashboards.part.original import register_rows_of, row_button
from dashboards.part.teacher.word import kind_name, source_name
from portrait.errors import NotFound
from portrait.evidence import EvidenceItem, Explanation, RecordItem
from portrait.explain import explanation, records_of
from portrait.framework import dimensions, indicators
from portrait.sentence import sentence
from portrait.site import Site
from portrait.store.answer import TEXT_LIMIT, open_contest, own_person

MOST = 40


def explanation_body(site: Site, found: Explanation) -> Any:
    """The sum that gives the level, then its items, newest first."""
    if not found.items:
        return empty_state(
            gettext("这里还没有记录"),
            gettext("完成对应的课程、作业或测评，记录进来后就列在这里。"),
            action=link_button(gettext("去选课"), f"/courses?dimension={found.node[:2]}", primary=True),
        )
    scored = _scored(found.node)
    head: list[Any] = []
    if found.level is not None and found.mean is not None:
        rest = found.level - found.mean
        head.append(
            html.P(
                gettext(
                    "{level} = 起点 {mean} {sign} 证据合计 {rest}",
                    level=format.level(found.level),
                    mean=format.decimal(found.mean * 100),
                    sign="+" if rest >= 0 else "−",
                    rest=format.decimal(abs(rest) * 100),
                ),
                className="sum",
            )
        )
        head.append(html.P(_basis(found.basis), className="muted"))
    if scored:
        weight = gettext("权重 = 类型可靠度 × 与指标对应 × 质量；越旧折扣越大。")
        head.append(html.P(gettext("{first}{then}", first=_counts(found), then=weight)))
        head.append(html.P(gettext("规则 {rule}", rule=found.rule), className="muted"))
    else:
        listed = sum(item.counted for item in found.items)
        head.append(html.P(gettext("共 {n} 条。只列事实，不打分、不排名。", n=listed)))
        if listed < len(found.items):
            head.append(html.P(gettext("另有 {n} 条不计，各写着为什么。", n=len(found.items) - listed)))
    left = len(found.items) - MOST
    return html.Div(
        [
            *head,
            html.Ol([_item(site, item, scored) for item in found.items[:MOST]], className="items"),
            html.P(gettext("还有 {n} 条更早的，在“证据”页都能查到。", n=left)) if left > 0 else None,
            link_button(gettext("到“证据”页看全部"), f"/evidence?node={found.node}") if left > 0 else None,
            html.Section(
                [html.H3(gettext("对这个结论有异议？")), contest_form(found.node, "")],
                className="contest-box",
            ),
        ],
        className="behind",
    )


def item_body(site: Site, items: Sequence[EvidenceItem]) -> Any:
    """One record, with what it did to each indicator it speaks for."""
    return html.Div(
        html.Ol([_item(site, item, _scored(item.indicator)) for item in items], className="items")
    )


def contest_form(node: str, record: str) -> Any:
    """A folded form: what is wrong and why. `record` in hex; empty objects to the figure itself."""
    key = f"{node}:{record}"
    return html.Details(
        [
            html.Summary(gettext("有异议"), className="button"),
            dmc.Textarea(
                id={"type": "contest-text", "key": key},
                label=gettext("哪里不对？应当是什么？"),
                autosize=True,
                minRows=2,
                attributes={"input": {"maxLength": TEXT_LIMIT}},
            ),
            dmc.Button(gettext("提交异议"), id={"type": "contest-send", "key": key}, size="sm", n_clicks=0),
            html.P(id={"type": "contest-said", "key": key}, role="status"),
        ],
        className="contest",
    )


def register_behind(app: Any, context: Callable[[], Context]) -> None:
    def content(now: Context, key: str) -> tuple[str, Any]:
        if key not in dimensions() and key not in indicators():
            raise NotFound("没有这个维度或指标")
        found = explanation(now.site, own_person(now.scope), key)
        return gettext("{name}：依据", name=node_name(key)), explanation_body(now.site, found)

    register_drawer(app, context, "behind", content)
    register_rows_of(app, context, "own", own_line)

    @app.callback(
        Output({"type": "contest-said", "key": MATCH}, "children"),
        Output({"type": "contest-text", "key": MATCH}, "value"),
        Input({"type": "contest-send", "key": MATCH}, "n_clicks"),
        State({"type": "contest-text", "key": MATCH}, "value"),
        State({"type": "contest-send", "key": MATCH}, "id"),
        prevent_initial_call=True,
    )
    def send(clicks: int, text: str | None, where: dict[str, str]) -> tuple[Any, Any]:
        now = context()
        if not clicks:
            return no_update, no_update
        node, _, hexed = str(where["key"]).partition(":")
        record = record_id(hexed) if hexed else None
        if record is not None:
            own_record(now, record)
        kept = open_contest(
            now.site.registry, now.scope, str(text or ""), now.site.now, node=node, record=record
        )
        now.note("contest", f"contest:{kept.id}", reason=sentence("提出异议"))
        said = gettext(
            "已提交，编号 {n}，最迟 {day} 答复；在“证据”页可以查看和撤回。",
            n=kept.id,
            day=format.day(kept.due),
        )
        return said, ""


def own_row(place: str, record: bytes, batch: int, file: str, line: int) -> Any:
    """Where one of the teacher's own records came from; it opens to the row. `place` tells two mentions of one record apart."""
    words = gettext("批次 {batch} · {file} 第 {line} 行", batch=batch, file=file, line=line)
    return row_button("own", f"{place}:{record.hex()}", words)


def own_line(context: Context, key: str) -> tuple[int, int]:
    """Batch and line of the actor's own record that `own_row` named. Raises NotFound for another's."""
    found = own_record(context, record_id(key.rpartition(":")[2]))
    return found.batch, found.spot


def own_record(context: Context, record: bytes) -> RecordItem:
    """The actor's own record of that id. Raises NotFound for another's as for one that does not exist."""
    for one in records_of(context.site, own_person(context.scope)):
        if one.record == record:
            return one
    raise NotFound("没有这条记录")


def record_id(hexed: str) -> bytes:
    """The 16 bytes of a record's id as the browser sent it."""
    try:
        found = bytes.fromhex(hexed)
    except ValueError:
        found = b""
    if len(found) != 16:
        raise NotFound("没有这条记录")
    return found


def _item(site: Site, item: EvidenceItem, scored: bool) -> Any:
    return html.Li(
        [
            html.Div(
                [
                    html.Strong(_day(item)),
                    html.Span(kind_name(item.kind)),
                    html.Span(source_name(site, item.source), className="muted"),
                    _effect(item) if scored or not item.counted else None,
                ],
                className="item-head",
            ),
            html.P(
                [
                    item.course_title or gettext("没有对应课程"),
                    f" · {item.called or item.item}" if item.item else "",
                ]
            ),
            html.P(_score(item)) if scored else None,
            html.P(_weight(item), className="muted") if scored and item.counted else None,
            html.P(gettext("规则 {rule}", rule=item.rule), className="muted small"),
            own_row(item.indicator, item.record, item.batch, item.file, item.line),
            contest_form(item.indicator, item.record.hex()),
        ],
        className="item" if item.counted else "item uncounted",
    )


def _effect(item: EvidenceItem) -> Any:
    if not item.counted:
        return badge(gettext("不计：{reason}", reason=gettext(item.reason)), "none")
    if item.contribution is None:
        return badge(gettext("已计入，暂不出结论"), "thin")
    return badge(gettext("{points} 分", points=format.signed(item.contribution * 100, 2)), "data")


def _score(item: EvidenceItem) -> str:
    said = gettext("对应 {name}", name=node_name(item.indicator))
    if item.score is None:
        return said
    came = format.decimal(item.score, 2)
    if item.score_max:
        came += f" / {format.decimal(item.score_max, 2)}"
    if item.value is None:
        return gettext("得分 {came}；{said}", came=came, said=said)
    return gettext("得分 {came}，即 {value}；{said}", came=came, value=format.level(item.value), said=said)


def _weight(item: EvidenceItem) -> str:
    return gettext(
        "权重 {w} = {a} × {b} × {q}，时间折扣 {d}",
        w=f"{item.weight:.2f}",
        a=f"{item.reliability:.2f}",
        b=f"{item.alignment:.2f}",
        q=f"{item.quality:.2f}",
        d=f"{item.discount:.2f}",
    )


def _day(item: EvidenceItem) -> str:
    return format.day(item.time) if item.time else gettext("无日期")


def _counts(found: Explanation) -> str:
    used = sum(item.counted and item.contribution is not None for item in found.items)
    waiting = sum(item.counted and item.contribution is None for item in found.items)
    left = len(found.items) - used - waiting
    words = [gettext("{n} 条进入这个数", n=used)] if used else []
    if waiting:
        words.append(gettext("{n} 条有效，但对应的指标还不够下结论", n=waiting))
    if left:
        words.append(gettext("{n} 条不计", n=left))
    return gettext("，").join(words) + gettext("。")


def _basis(basis: str) -> str:
    return {
        "": gettext(
            "起点是各指标起点的平均：每个指标从同组教师的平均水平出发，证据越多越由您自己的证据决定。"
        ),
        "stage": gettext("起点是同学段教师的平均水平：证据少时结论靠近它，证据越多越由您自己的证据决定。"),
        "all": gettext("起点是全体教师的平均水平：证据少时结论靠近它，证据越多越由您自己的证据决定。"),
    }.get(basis, gettext("起点由规则给定：证据少时结论靠近它，证据越多越由您自己的证据决定。"))


def _scored(node: str) -> bool:
    found = indicators().get(node) or dimensions().get(node)
    return found is not None and found.scored
