"""One thing that waits to be confirmed, as a page lists it: whose, what, where from, and the buttons by which it is decided on."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.language import gettext
from dashboards.part import badge, format
from dashboards.part.claim import before, origin, proof_link, what
from dashboards.part.original import row_button
from portrait.errors import NotFound
from portrait.site import Site
from portrait.store.claim import REASON_LIMIT, Claim
from portrait.waiting import Waiting


def claim_entry(one: Claim, path: str) -> Any:
    """What a teacher has handed in; `path` is the route of its proof."""
    return _entry(
        f"c{one.id}",
        one.person,
        one.school,
        [
            html.P([html.Strong(one.title)]),
            html.P(what(one)),
            html.P(proof_link(one, path)),
            html.P(gettext("{at} 提交", at=format.moment(one.at)), className="kept"),
        ],
    )


def record_entry(one: Waiting, source: str, site: Site) -> Any:
    """What came in by a file; `source` is the name of where from."""
    about = one.course or ("" if one.class_name else one.sheet)
    heads = [word for word in (about, one.activity) if word not in ("", one.provider)]
    return _entry(
        _key(one),
        one.person,
        one.school,
        [
            html.P([html.Strong(" · ".join(dict.fromkeys(heads)))]) if heads else None,
            html.P([what(one), " ", badge(gettext("不在班次的日期里"), "warn") if one.outside else None]),
            html.P(gettext("承训单位：{name}", name=one.provider)) if one.provider else None,
            row_button("waiting", one.record.hex(), origin(one, source)),
            before(one, site),
        ],
    )


def _key(one: Waiting) -> str:
    """A record and what it says: what is decided is about what stands on the page."""
    return f"r{one.record.hex()}-{one.facts.hex()}"


def _entry(key: str, name: str, school: str, body: list[Any]) -> Any:
    def button(do: str, text: str, variant: str) -> Any:
        return dmc.Button(
            text,
            id={"type": "confirm-do", "key": key, "do": do},
            size="sm",
            variant=variant,
            n_clicks=0,
            **{"aria-label": gettext("{what}：{name}", what=text, name=gettext(name))},
        )

    return html.Div(
        [
            html.Div([html.H3([gettext(name), html.Span(f"\u2003{school}", className="quiet")]), *body]),
            html.Div(
                [
                    dmc.TextInput(
                        id={"type": "confirm-reason", "key": key},
                        placeholder=gettext("退回的原因"),
                        value="",
                        attributes={"input": {"maxLength": REASON_LIMIT}},
                        size="sm",
                        **{"aria-label": gettext("退回{name}的原因", name=gettext(name))},
                    ),
                    html.Div(
                        [
                            button("confirmed", gettext("确认"), "filled"),
                            button("returned", gettext("退回"), "default"),
                        ],
                        className="answers",
                    ),
                ],
                className="stack-tight",
            ),
        ],
        className="warned",
    )


def seen_of(key: str) -> tuple[bytes, bytes | None]:
    """The record of a row on the page, and what it said. Raises NotFound for what is no such row."""
    record, dash, facts = key[1:].partition("-")
    try:
        found = bytes.fromhex(record), bytes.fromhex(facts) if dash else None
    except ValueError:
        found = b"", None
    if len(found[0]) != 16:
        raise NotFound("没有这条待确认的记录，或者已经有人处理了")
    return found
