"""Who learned anything in a year, and how many off-site days teachers have: counted by county in the lake, not person by person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from portrait.hours import hours_rule
from portrait.lake.content import verified_sql
from portrait.record import DOUBTFUL, Flag, Kind, month_number

if TYPE_CHECKING:
    from portrait.lake.pool import Pool
    from portrait.lake.unchecked import Confirmed

SIGNING_UP = (Kind.ENROL, Kind.WITHDRAW)  # signing up is not learning
AWAY = Flag.OFFSITE | Flag.FACE
DAY = "(time + INTERVAL 8 HOUR)::date"  # China's one time zone, no summer time; records are kept in UTC


def learners(
    pool: Pool,
    first: date,
    last: date,
    persons: Collection[int] | None = None,
    then: Mapping[int, str] | None = None,
) -> dict[str, int]:
    """Persons by county with at least one record of learning from `first` to `last` that is not doubtful, and confirmed where
    somebody has to confirm it.

    A person counts in the county of the school now, or in the one that `then` says.
    """
    placed, where = _placed(then)
    kinds = ", ".join(str(int(kind)) for kind in SIGNING_UP)
    asked = ", ".join(str(int(kind)) for kind in hours_rule().verified) or "NULL"
    chosen, given = _among(persons)
    rows = pool.kept(
        f"""
        SELECT county, count(DISTINCT person) FROM {placed}
        WHERE account IN (
            SELECT account FROM record
            WHERE month BETWEEN ? AND ? AND kind NOT IN ({kinds}) AND flag & {int(DOUBTFUL)} = 0
              AND (coalesce(kind NOT IN ({asked}), true) OR flag & {int(Flag.VERIFIED)} <> 0)
              AND {DAY} BETWEEN ? AND ?) {chosen}
        GROUP BY county
        """,
        [*where, month_number(first), month_number(last), first, last, *given],
    )
    return {row[0]: int(row[1]) for row in rows}


def offsite_counts(
    pool: Pool,
    first: date,
    last: date,
    counties: Collection[str] | None = None,
    persons: Collection[int] | None = None,
    confirmed: Confirmed | None = None,
    then: Mapping[int, str] | None = None,
) -> dict[str, dict[int, int]]:
    """By county: number of off-site face-to-face days, verified by their file or among the `confirmed` → persons. Persons without a day are
    not in it.

    All days of a person count in one county: that of the school now, or the one that `then` says.
    """
    placed, where = _placed(then)
    chosen, given = _among(persons)
    if counties is not None:
        chosen, given = f"AND county IN (SELECT unnest(?::VARCHAR[])) {chosen}", [list(counties), *given]
    rows = pool.kept(
        f"""
        SELECT county, days, count(*) FROM (
            SELECT county, person, count(DISTINCT {DAY}) AS days FROM record JOIN {placed} USING (account)
            WHERE {_offsite(confirmed)} {chosen} GROUP BY county, person)
        GROUP BY county, days
        """,
        [*where, *_span(first, last), *given],
        also=confirmed,
    )
    found: dict[str, dict[int, int]] = {}
    for county, days, n in rows:
        found.setdefault(county, {})[int(days)] = int(n)
    return found


def offsite_days(
    pool: Pool, first: date, last: date, persons: Collection[int], confirmed: Confirmed | None = None
) -> dict[int, int]:
    """Off-site days, verified by their file or confirmed, of named persons. Call it only for persons whom the reader may list by name."""
    chosen, given = _among(persons)
    rows = pool.kept(
        f"SELECT person, count(DISTINCT {DAY}) FROM record JOIN link USING (account) "
        f"WHERE {_offsite(confirmed)} {chosen} GROUP BY person",
        [*_span(first, last), *given],
        also=confirmed,
    )
    return {row[0]: int(row[1]) for row in rows}


def _offsite(confirmed: Confirmed | None) -> str:
    also = f" OR id IN ({confirmed.sql})" if confirmed else ""
    return (
        f"kind = {int(Kind.ATTENDANCE)} AND flag & {int(DOUBTFUL)} = 0 AND flag & {int(AWAY)} = {int(AWAY)} "
        f"AND ({verified_sql()}{also}) AND month BETWEEN ? AND ? AND {DAY} BETWEEN ? AND ?"
    )


def _placed(then: Mapping[int, str] | None) -> tuple[str, list[Any]]:
    """The links with the counties of a day, for FROM."""
    if not then:
        return "link", []
    moved = "(SELECT unnest(?::BIGINT[]) AS person, unnest(?::VARCHAR[]) AS was)"
    text = f"(SELECT account, person, coalesce(was, county) AS county FROM link LEFT JOIN {moved} USING (person))"
    return f"{text} AS link", [list(then), list(then.values())]


def _span(first: date, last: date) -> list[Any]:
    return [month_number(first), month_number(last), first, last]


def _among(persons: Collection[int] | None) -> tuple[str, list[Any]]:
    if persons is None:
        return "", []
    return "AND person IN (SELECT unnest(?::BIGINT[]))", [list(persons)]
