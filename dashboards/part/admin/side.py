"""A question of who is who: why it is asked, the two sides beside each other, what may be answered, what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.language import gettext
from dashboards.part import badge, code_name, columns, facts, format
from dashboards.part.admin.word import source_name
from dashboards.part.place import place_name
from dashboards.part.who import who
from portrait.identifier import KIND_NAME
from portrait.lake.activity import Activity
from portrait.match import STATES, identity_rule
from portrait.site import Site
from portrait.store.decision import ANSWERS, NOTE
from portrait.store.question import Question, Side

TONES = {"active": "good", "waiting": "thin", "rejected": "data", "undone": "none", "lapsed": "none"}
_PRIMARY = {"same": "filled", "different": "default", "later": "subtle"}


def question_card(site: Site, one: Question, known: Mapping[int, Activity], said: Any = None) -> Any:
    """A question that waits, with its three answers."""
    key = key_of(one)
    return html.Article(
        [
            html.Div(
                [
                    html.H3(title(one)),
                    html.Span(
                        [
                            badge(gettext("已放到以后"), "none") if one.later_at else None,
                            badge(sure(one), "data"),
                        ],
                        className="answers",
                    ),
                ],
                className="card-head",
            ),
            html.P(why(one), className="finding"),
            columns(_side(site, one.left, known), _side(site, one.right, known), least=280),
            html.P(meanwhile(one), className="quiet"),
            _stands(one, key),
            html.P(gettext("备注：{text}", text=one.note), className="quiet") if one.note else None,
            said,
            html.Div(
                [
                    dmc.TextInput(
                        id={"type": "identity-note", "key": key},
                        placeholder=gettext("为什么这样认定（可以不写，会记进历史）"),
                        attributes={"input": {"maxLength": NOTE, "autoComplete": "off"}},
                        **{"aria-label": gettext("备注")},
                    ),
                    html.Div(
                        [
                            dmc.Button(
                                gettext(words),
                                id={"type": "identity-do", "key": key, "do": do},
                                variant=_PRIMARY[do],
                                size="sm",
                                n_clicks=0,
                            )
                            for do, words in ANSWERS.items()
                        ],
                        className="answers",
                    ),
                ],
                className="question-answer",
            ),
        ],
        className="question",
    )


def history_row(site: Site, one: Question) -> Any:
    """A decision and the way back, where there is one."""
    login = one.undone_by or one.decided_by
    decider = who(site, login) if login else gettext("自动")
    note = one.undone_note or one.note
    return html.Article(
        [
            html.Div(
                [
                    badge(gettext(STATES[one.state]), TONES[one.state]),
                    html.Span(
                        gettext("{who} · {when}", who=decider, when=format.moment(one.last)),
                        className="quiet",
                    ),
                ],
                className="answers",
            ),
            html.P(
                [
                    html.B(side_line(site, one.left)),
                    html.Span(" — "),
                    html.B(side_line(site, one.right)),
                ]
            ),
            html.P(
                gettext("{why}；{note}", why=why(one), note=note) if note else why(one), className="quiet"
            ),
            html.P(represented(one)) if one.thing == "alias" and one.state == "active" else None,
            dmc.Button(
                gettext("撤销"),
                id={"type": "identity-undo", "key": key_of(one)},
                variant="default",
                size="xs",
                n_clicks=0,
            )
            if one.undoable
            else None,
        ],
        className="question past",
    )


def meanwhile(one: Question) -> str:
    """What is so until somebody answers."""
    if one.thing == "link":
        return gettext("没有回答之前，这个账号的记录不算在任何人名下。")
    return gettext("没有回答之前，两位各算各的：记录、学时和画像都分开。")


def _stands(one: Question, key: str) -> Any:
    """Who of two teachers is to stand for both, for the reader to choose, and what comes of it."""
    if one.thing == "link":
        return None
    return html.Div(
        [
            dmc.RadioGroup(
                dmc.Stack(
                    [
                        dmc.Radio(label=_entry(side), value=str(side.id), size="sm")
                        for side in (one.left, one.right)
                    ],
                    gap=6,
                    mt=6,
                ),
                id={"type": "identity-stands", "key": key},
                label=gettext("是同一人的话，由谁代表"),
                description=gettext(
                    "学校、学段和学科从此按代表的那一份名册算，两边的记录、学时都算在代表名下；另一份留着，撤销就各归各位。"
                    "默认是名册较新的一份。"
                ),
                value=str(one.stands.id),
                size="sm",
            )
        ]
    )


def _entry(side: Side) -> str:
    told = gettext("{day} 的名册", day=format.day(side.told)) if side.told else ""
    parts = (side.name, side.key, side.school or gettext("名册没有写学校"), _teaches(side), told)
    return gettext("，").join(part for part in parts if part)


def represented(one: Question) -> str:
    """Of two teachers who are one: who stands for both, and which school and stage count."""
    side = one.right
    return gettext(
        "由{name}（{key}）代表：学校按{school}，学段学科按{teaches}",
        name=side.name,
        key=side.key,
        school=side.school or gettext("名册没有写"),
        teaches=_teaches(side),
    )


def key_of(one: Question) -> str:
    return f"{one.thing}:{one.number}"


def title(one: Question) -> str:
    if one.thing == "link":
        return gettext("这个账号是不是{name}老师的？", name=one.right.name)
    if one.left.name == one.right.name:
        return gettext("两位{name}老师是不是同一人？", name=one.left.name)
    return gettext("{one}和{other}是不是同一人？", one=one.left.name, other=one.right.name)


def why(one: Question) -> str:
    """The reason, and by which identifier."""
    reason = gettext(identity_rule().reasons[one.reason].zh)
    kind, hint = str(one.evidence.get("kind", "")), str(one.evidence.get("hint", ""))
    if not hint or kind not in KIND_NAME or kind in ("triple", "staff", "native", "account", "openid"):
        return reason
    return gettext("{reason}（{kind} {hint}）", reason=reason, kind=gettext(KIND_NAME[kind]), hint=hint)


def sure(one: Question) -> str:
    return gettext("可信度 {share}", share=format.percent(one.confidence, 0))


def side_line(site: Site, side: Side) -> str:
    if side.thing == "person":
        key = next((shown for kind, shown in side.identifiers if kind == "staff"), "")
        return gettext("、").join(part for part in (side.name, key, side.school) if part)
    kind, shown = side.identifiers[0]
    return gettext(
        "{source}账号 {shown}（{kind}）",
        source=source_name(site, side.sources[0]),
        shown=shown,
        kind=gettext(KIND_NAME[kind]),
    )


def _side(site: Site, side: Side, known: Mapping[int, Activity]) -> Any:
    found = sum((known.get(number, Activity()) for number in side.accounts), Activity())
    place = gettext("、").join(
        part for part in (side.school, place_name(side.county) if side.county else "") if part
    )
    pairs: list[tuple[str, Any]] = [(gettext("姓名"), side.name or gettext("平台没有给"))]
    if side.thing == "person":
        born = gettext("{year} 年", year=side.birth_year) if side.birth_year else gettext("名册没有写")
        pairs += [
            (gettext("学校"), place or gettext("名册没有写")),
            *([(gettext("以前的学校"), gettext("、").join(side.before))] if side.before else []),
            (gettext("学段学科"), _teaches(side)),
            (gettext("出生"), born),
        ]
    sources = gettext("、").join(source_name(site, source) for source in side.sources)
    pairs += [
        (gettext("平台"), sources or gettext("还没有账号")),
        (gettext("标识"), _identifiers(side)),
        (gettext("记录"), gettext("{n} 条", n=f"{found.records:,}")),
    ]
    if found.first is not None:
        pairs.append(
            (
                gettext("起止"),
                gettext("{first} 至 {last}", first=format.day(found.first), last=format.day(found.last)),
            )
        )
    name = gettext("账号") if side.thing == "account" else gettext("教师（名册）")
    return html.Div([html.H4(name), facts(pairs)], className="one-side")


def _teaches(side: Side) -> str:
    names = (
        code_name("stages", side.stage) if side.stage else "",
        code_name("subjects", side.subject) if side.subject else "",
    )
    return gettext("、").join(name for name in names if name) or gettext("名册没有写")


def _identifiers(side: Side) -> Any:
    if not side.identifiers:
        return gettext("没有")
    return html.Span(
        [html.Span([gettext(KIND_NAME[kind]), " ", html.Code(shown)]) for kind, shown in side.identifiers],
        className="identifiers",
    )
