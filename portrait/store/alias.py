"""Persons that are one: who stands for whom. Nothing is merged away, so that everything comes back when it is undone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, func, insert, or_, select, tuple_, update

from portrait.match import IdentityRule, Match, identity_rule, stands_for
from portrait.store.link import OPEN, decide_alone, settle, touching
from portrait.store.schema import alias, identifier, person
from portrait.store.triple import bare
from portrait.store.upsert import chunks

_PART = 400


def same_person(column: ColumnElement[Any], person_id: int | None) -> ColumnElement[bool]:
    """A condition on a column of persons: this one, or one whom this one stands for."""
    return or_(column == person_id, column.in_(select(person.c.id).where(person.c.stands_id == person_id)))


def are_one(registry: Engine, one: int, other: int) -> bool:
    """Whether two persons are the same, or have the same one to stand for them."""
    query = select(func.coalesce(person.c.stands_id, person.c.id)).where(person.c.id.in_((one, other)))
    with registry.connect() as connection:
        return one == other or len(set(connection.execute(query).scalars())) == 1


def unify(connection: Connection, now: datetime) -> set[int]:
    """Bring persons and accounts to what the rules say now; the persons who got or lost one to stand for them."""
    decide_alone(connection)
    shared = _shared(connection)
    _propose(connection, shared, now)
    moved = _restand(connection)
    settle(connection, touching(connection, moved, {digest for _, digest in shared}), now)
    return moved


def rank(key: str) -> tuple[bool, str]:
    """Who of several stands for the others: one with a number of the register, the smaller one."""
    return ":" in key, key


# --- what the rules say ----------------------------------------------------------------------------------------


def _shared(connection: Connection) -> dict[tuple[str, str], list[Row[Any]]]:
    """The identifiers that rosters gave to more than one person, with them."""
    several = (
        select(identifier.c.kind, identifier.c.digest)
        .group_by(identifier.c.kind, identifier.c.digest)
        .having(func.count() > 1)
    )
    keys = connection.execute(several).all()
    found: dict[tuple[str, str], list[Row[Any]]] = {}
    for part in chunks(keys, _PART // 2):
        for row in connection.execute(
            select(
                identifier.c.kind,
                identifier.c.digest,
                identifier.c.hint,
                person.c.id,
                person.c.key,
                bare(person.c.name).label("name"),
            )
            .join(person, person.c.id == identifier.c.person_id)
            .where(tuple_(identifier.c.kind, identifier.c.digest).in_([tuple(key) for key in part]))
        ):
            found.setdefault((row.kind, row.digest), []).append(row)
    return found


def _twins(connection: Connection) -> Iterator[list[Row[Any]]]:
    """Persons of one name, one school and one year of birth."""
    name = bare(person.c.name)
    several = (
        select(name.label("name"), person.c.school_id, person.c.birth_year)
        .where(person.c.school_id.is_not(None), person.c.birth_year.is_not(None))
        .group_by(name, person.c.school_id, person.c.birth_year)
        .having(func.count() > 1)
        .subquery()
    )
    rows = connection.execute(
        select(person.c.id, person.c.key, several.c.name, person.c.school_id, person.c.birth_year)
        .join(
            several,
            (several.c.school_id == person.c.school_id)
            & (several.c.birth_year == person.c.birth_year)
            & (several.c.name == name),
        )
        .order_by(person.c.id)
    )
    groups: dict[Any, list[Any]] = {}
    for row in rows:
        groups.setdefault((row.name, row.school_id, row.birth_year), []).append(row)
    yield from groups.values()


def _wanted(
    shared: dict[tuple[str, str], list[Row[Any]]],
    twins: Iterable[list[Row[Any]]],
    rule: IdentityRule,
    stands: Mapping[int, Collection[int]],
) -> dict[tuple[int, int], Match]:
    """For each two persons (who would be stood for, who would stand) the surest that the rules say. `stands`: who by the rules stands
    for whom already."""
    found: dict[tuple[int, int], Match] = {}
    groups = ((kind, rows) for (kind, _), rows in shared.items())
    for kind, rows in chain(groups, (("", rows) for rows in twins)):
        rows = _ranked(rows, stands)
        namesakes = {rows[0].name: rows[0]}
        for row in rows[1:]:
            # With the first of the same name, else with the first: a school's telephone makes no question of every two teachers.
            first = namesakes.setdefault(row.name, row)
            if first is row:
                first = rows[0]
            reason = _reason(kind, first.name == row.name)
            if not reason:
                continue
            sure = rule.reasons[reason].confidence
            before = found.get((row.id, first.id))
            if before is None or before.confidence < sure:
                state = "active" if rule.sure(reason) else "waiting"
                evidence = {"kind": kind, "hint": row.hint} if kind else {}
                found[row.id, first.id] = Match(row.id, reason, sure, state, evidence)
    return found


def _ranked(rows: Collection[Row[Any]], stands: Mapping[int, Collection[int]]) -> list[Row[Any]]:
    """By rank, but nobody before one who stands for them already: a person who gets another key goes on to stand for the others."""
    here, found, seen = {row.id: row for row in rows}, list[Row[Any]](), set[int]()

    def place(row: Row[Any]) -> None:
        if row.id not in seen:
            seen.add(row.id)
            for one in stands.get(row.id, ()):
                if one in here:
                    place(here[one])
            found.append(row)

    for row in sorted(rows, key=lambda row: rank(row.key)):
        place(row)
    return found


def _reason(kind: str, namesakes: bool) -> str:
    if kind == "idno":
        return "same_idno" if namesakes else "shared_idno"
    if not namesakes:
        return ""
    return "shared" if kind else "twin"


def _propose(connection: Connection, shared: dict[tuple[str, str], list[Row[Any]]], now: datetime) -> None:
    rule = identity_rule()
    said = connection.execute(select(alias).where(alias.c.state != "lapsed").order_by(alias.c.id)).all()
    stands: dict[int, list[int]] = {}
    for row in said:
        if row.state in OPEN and not row.decided_by:
            stands.setdefault(row.person_id, []).append(row.stands_id)
    wanted = _wanted(shared, _twins(connection), rule, stands)
    answered = {_pair(row) for row in said if _forbids(row)}
    by_hand = [row for row in said if row.state == "active" and row.decided_by]
    sure = [
        pair for pair, match in wanted.items() if match.state == "active" and frozenset(pair) not in answered
    ]
    group = _grouped([*sure, *((row.person_id, row.stands_id) for row in by_hand)])
    decided = {_pair(row) for row in by_hand}
    live = {
        pair: match
        for pair, match in wanted.items()
        if frozenset(pair) not in answered
        and frozenset(pair) not in decided
        # Two who are one by another way need not be asked about.
        and (match.state == "active" or group.get(pair[0], pair[0]) != group.get(pair[1], pair[1]))
    }
    lapsed = []
    for row in said:
        if row.state not in OPEN or row.decided_by:
            continue
        match = live.get((row.person_id, row.stands_id))
        if match is not None and (row.state, row.reason) == (match.state, match.reason):
            del live[row.person_id, row.stands_id]
        else:
            lapsed.append(row.id)
    for part in chunks(lapsed, _PART):
        connection.execute(update(alias).where(alias.c.id.in_(part)).values(state="lapsed", undone_at=now))
    if live:
        connection.execute(insert(alias), [_row(pair, match, now) for pair, match in sorted(live.items())])


def _row(pair: tuple[int, int], match: Match, now: datetime) -> dict[str, Any]:
    return {
        "person_id": pair[0],
        "stands_id": pair[1],
        "reason": match.reason,
        "evidence": dict(match.evidence),
        "confidence": match.confidence,
        "state": match.state,
        "at": now,
    }


def _pair(row: Row[Any]) -> frozenset[int]:
    return frozenset((row.person_id, row.stands_id))


def _forbids(row: Row[Any]) -> bool:
    """A person said that the two are not one."""
    return row.state == "rejected" or (row.state == "undone" and not row.decided_by and bool(row.undone_by))


def _grouped(edges: Collection[tuple[int, int]]) -> dict[int, int]:
    """Of persons who hang together, one number for all."""
    return stands_for(edges, {one: one for edge in edges for one in edge})


# --- who stands for whom ---------------------------------------------------------------------------------------


def _restand(connection: Connection) -> set[int]:
    """Set each person's `stands_id` to what the active rows come to; the persons for whom it changed."""
    edges = [
        (row.person_id, row.stands_id)
        for row in connection.execute(
            select(alias.c.person_id, alias.c.stands_id).where(alias.c.state == "active").order_by(alias.c.id)
        )
    ]
    keys = _keys(connection, sorted({one for edge in edges for one in edge}))
    now = stands_for(edges, {one: rank(key) for one, key in keys.items()})
    before = {
        row.id: row.stands_id
        for row in connection.execute(
            select(person.c.id, person.c.stands_id).where(person.c.stands_id.is_not(None))
        )
    }
    changed = {one for one in before.keys() | now.keys() if before.get(one) != now.get(one)}
    for one in sorted(changed):
        connection.execute(update(person).where(person.c.id == one).values(stands_id=now.get(one)))
    return changed


def _keys(connection: Connection, persons: Sequence[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for part in chunks(persons, _PART):
        rows = connection.execute(select(person.c.id, person.c.key).where(person.c.id.in_(part)))
        found.update((row.id, row.key) for row in rows)
    return found
