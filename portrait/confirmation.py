"""Decisions on sign-ins and school-based study that came in by a file: to take one, and which of them hold. Those do that are about
what the record says now; corrected to say something else it waits again, for nobody has seen that."""

from __future__ import annotations

from collections.abc import Mapping

from portrait.decider import expect_another, expect_decision, is_oneself
from portrait.errors import InputError, NotFound
from portrait.lake.content import facts_sql
from portrait.scope import Scope
from portrait.site import Site
from portrait.store.decided import Decided, decided_records, settle_record
from portrait.waiting import Waiting, desk

TITLE_LIMIT = 120


def split(
    site: Site, decided: dict[bytes, Decided], *, among: str = "record"
) -> tuple[dict[bytes, Decided], dict[bytes, Decided]]:
    """Of these decisions those that hold, and those whose record says something else now. Of a record that does not count at all
    neither can be said: it holds. `among` is the relation in which the lake holds them."""
    about = sorted(record for record, one in decided.items() if one.facts is not None)
    if not about:
        return decided, {}
    rows = site.pool.kept(
        f"SELECT id, {facts_sql()} FROM {among} WHERE id IN (SELECT unnest(?::BLOB[]))", [about]
    )
    stale = {bytes(record) for record, facts in rows if decided[bytes(record)].facts != bytes(facts)}
    return (
        {record: one for record, one in decided.items() if record not in stale},
        {record: one for record, one in decided.items() if record in stale},
    )


def decide_record(
    site: Site,
    scope: Scope | None,
    record: bytes,
    state: str,
    reason: str = "",
    *,
    by: str,
    seen: bytes | None = None,
) -> Waiting:
    """Confirm or return a record that came in by a file; hours and days follow at once, the portrait with the next refresh.

    The decision is about what the record says now, and where the facts are given that the reader has `seen`, about nothing else.
    A reader (`scope`) decides on what no decision holds of, who runs a command (None) may also say the opposite of what was
    decided. Raises NotFound for a record that is not the reader's to decide on, InputError where nothing is left to decide and
    where the record has been corrected since it was seen.
    """
    expect_decision(scope, state, reason)
    row, holds = next(iter(desk(site, scope).among([record])), (None, False))
    if row is None or (scope is not None and holds):
        raise NotFound("没有这条待确认的记录，或者已经有人处理了")
    if seen is not None and seen != row.facts:
        raise InputError("这条记录刚刚更正过，请看过现在的内容再处理")
    if holds and decided_records(site.registry, [record])[record].state == state:
        raise InputError("记录 {number} 已经处理过了，没有新的", number=record.hex())
    if scope is not None:
        expect_another(site, scope, row.person_id)
    if not _settled(site, row, state, reason, by=by, over=scope is None):
        raise NotFound("没有这条待确认的记录，或者已经有人处理了")
    return row


def confirm_records(site: Site, scope: Scope, seen: Mapping[bytes, bytes], *, by: str) -> list[Waiting]:
    """Confirm the records that a reader has `seen`, each with its facts; those confirmed now. What somebody else has decided on or
    what has been corrected in between is left alone, and so is what is one's own."""
    expect_decision(scope, "confirmed", "")
    return [
        row
        for row, holds in desk(site, scope).among(seen)
        if not holds
        and seen[row.record] == row.facts
        and not is_oneself(site, scope, row.person_id)
        and _settled(site, row, "confirmed", "", by=by, over=False)
    ]


def _settled(site: Site, row: Waiting, state: str, reason: str, *, by: str, over: bool) -> bool:
    return settle_record(
        site.registry,
        {
            "record": row.record,
            "person_id": row.person_id,
            "class_id": row.class_id,
            "kind": row.kind,
            "title": row.title[:TITLE_LIMIT],
            "day": row.day or site.today,
            "hours": row.hours,
            "state": state,
            "by": "file",
            "at": site.now,
            "reason": reason.strip(),
            "confirmed_by": by,
            "confirmed_at": site.now,
            "facts": row.facts,
        },
        over=over,
    )
