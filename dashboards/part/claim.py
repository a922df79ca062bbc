"""A claim or an unverified sign-in as a reader sees it: what, when, how many hours, with which proof, and how it stands."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboards.language import gettext
from dashboards.part import badge, format, icon
from dashboards.part.teacher.word import short_title
from dashboards.part.who import who
from portrait.record import KIND_ZH, Kind
from portrait.site import Site
from portrait.store.claim import STATES, Claim
from portrait.waiting import Waiting

_TONES = {"submitted": "data", "confirmed": "good", "returned": "warn", "withdrawn": "none"}


def state_of(claim: Claim) -> Any:
    return badge(gettext(STATES[claim.state]), _TONES[claim.state])


def what(one: Claim | Waiting) -> str:
    """Kind, day and hours in one line."""
    day = format.day(one.day) if one.day else gettext("无日期")
    words = [gettext(KIND_ZH[Kind[one.kind.upper()]]), day]
    if one.hours:
        words.append(gettext("{n} 学时", n=format.decimal(one.hours)))
    if one.class_name:
        words.append(one.class_name)
    return " · ".join(words)


def origin(one: Waiting, source: str) -> str:
    """Source (by its name), sheet, file and row that a record came from."""
    sheet = short_title(one.sheet)
    return gettext(
        "来源：{source} · {file} 第 {line} 行",
        source=" · ".join(dict.fromkeys(word for word in (source, sheet) if word)),
        file=one.file,
        line=one.row,
    )


def before(one: Waiting, site: Site) -> Any:
    """What somebody had decided before the record was corrected, and what they saw; None where nobody had."""
    was = one.earlier
    if was is None:
        return None
    words = gettext(
        "{when} {by}：{state}。那时写的是 {day}、{n} 学时。",
        when=format.moment(was.at) if was.at else "",
        by=who(site, was.by),
        state=gettext(STATES[was.state]),
        day=format.day(was.day),
        n=format.decimal(was.hours),
    )
    if was.reason:
        words = gettext("{words}原因：{note}", words=words, note=was.reason)
    return html.P([badge(gettext("已更正，请重新确认"), "warn"), " ", words], className="kept")


def proof_link(claim: Claim, path: str) -> Any:
    """A link that saves the proof; `path` is the route of the page it stands on."""
    if claim.proof is None:
        return html.Span(gettext("没有证明材料"), className="quiet")
    size = gettext("{n} KB", n=format.count(max(1, claim.proof.size >> 10)))
    return html.A(
        [icon("download", 16), f"{claim.proof.name}", html.Span(f" {size}", className="quiet")],
        href=f"{path}/{claim.id}",
        className="proof-link",
        download=True,
    )


def decided(claim: Claim, site: Site) -> str:
    """Who decided when, and why not; "" while nobody has."""
    if claim.decided_at is None or claim.state == "withdrawn":
        return ""
    words = gettext(
        "{when} {by}：{state}",
        when=format.moment(claim.decided_at),
        by=who(site, claim.decided_by),
        state=gettext(STATES[claim.state]),
    )
    return gettext("{words}。{note}", words=words, note=claim.reason) if claim.reason else words
