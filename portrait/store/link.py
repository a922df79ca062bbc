"""Which account is whose: logins as they come in, and their links to the persons who have the same identifiers.

What the rules say is made anew from what is in, so the order in which rosters and records come does not matter; what a
person decided stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Row,
    and_,
    case,
    distinct,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from portrait.identifier import KINDS
from portrait.identity import hidden
from portrait.match import Candidate, IdentityRule, Match, identity_rule, matches
from portrait.store.called import called, named_only
from portrait.store.schema import (
    account,
    course,
    enlisted,
    identifier,
    link,
    person,
    provider,
    school,
    training_class,
)
from portrait.store.seat import seat
from portrait.store.triple import bare, triples
from portrait.store.upsert import chunks, put

_THINGS = {"school": school, "provider": provider, "course": course, "class": training_class}
_PART = 400  # values bound in one statement
OPEN = ("active", "waiting")

AccountRow = tuple[int, str, str, str, str]  # id, source, kind, shown, digest


def known_ids(connection: Connection, thing: str) -> Iterator[int]:
    """Ids of all schools, providers, courses or classes."""
    yield from connection.execute(select(_THINGS[thing].c.id)).scalars()


def known_names(connection: Connection, thing: str) -> Iterator[tuple[str, int]]:
    """Name and id of all schools, providers, courses or classes."""
    table = _THINGS[thing]
    called = table.c.title if "title" in table.c and "name" not in table.c else table.c.name
    for name, number in connection.execute(select(called, table.c.id)):
        yield str(name), int(number)


def add_accounts(connection: Connection, rows: Iterable[AccountRow]) -> int:
    """Make accounts known; those that exist stay as they are. How many are new."""
    decide_alone(connection)
    return put(connection, "account", ["id", "source", "kind", "shown", "digest"], rows, update=False)


def name_accounts(connection: Connection, rows: Iterable[tuple[*AccountRow, str]]) -> int:
    """Say what the human being behind an account is called, where no file has said it yet."""
    decide_alone(connection)
    columns = ["id", "source", "kind", "shown", "digest", "name"]
    named = ((*row, hidden(name)) for *row, name in rows)
    return put(connection, "account", columns, named, only=account.c.name.is_(None))


def root() -> ColumnElement[int]:
    """Who stands for a person; the person alone."""
    return func.coalesce(person.c.stands_id, person.c.id)


def decide_alone(connection: Connection) -> None:
    """Let no other transaction link or merge before this one ends: two that look at once would both link. SQLite has one writer anyway.

    To come before accounts or persons are written: of two transactions that wait for each other's rows the database breaks one off.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE link, alias IN SHARE ROW EXCLUSIVE MODE"))


def link_accounts(connection: Connection, now: datetime) -> int:
    """Give accounts without a person the one whom the rules find, with the reason, or ask; how many were linked.

    Running it again changes nothing.
    """
    decide_alone(connection)
    count = sum(_link_plain(connection, kind, now) for kind in KINDS if kind != "triple")
    asked = (
        select(account.c.id)
        .where(account.c.person_id.is_(None))
        .where(
            or_(
                account.c.kind == "triple",
                named_only(),
                exists().where(identifier.c.kind == account.c.kind, identifier.c.digest == account.c.digest),
            )
        )
    )
    return count + settle(connection, connection.execute(asked).scalars().all(), now)


def _link_plain(connection: Connection, kind: str, now: datetime) -> int:
    """The accounts that leave no doubt, which are nearly all, in two statements."""
    rule = identity_rule()
    reason = rule.reasons[kind]
    if not rule.sure(kind):
        return 0
    same = and_(identifier.c.kind == account.c.kind, identifier.c.digest == account.c.digest)
    alone = func.count(distinct(root())) == 1
    if kind in rule.shared:
        other = and_(account.c.name.is_not(None), bare(account.c.name) != bare(person.c.name))
        alone = and_(alone, func.sum(case((other, 1), else_=0)) == 0)
    found = (
        select(
            account.c.id,
            func.min(person.c.id),
            literal(kind),
            literal({"kind": kind}, JSON()),
            literal(reason.confidence),
            literal("active"),
            literal(now, link.c.at.type),
            literal(""),
            literal(""),
            literal(""),
            literal(""),
        )
        .join(identifier, same)
        .join(person, person.c.id == identifier.c.person_id)
        .where(account.c.person_id.is_(None), account.c.kind == kind)
        .where(~exists().where(link.c.account_id == account.c.id))
        .group_by(account.c.id)
        .having(alone)
    )
    columns = ["account_id", "person_id", "reason", "evidence", "confidence", "state", "at"]
    columns += ["decided_by", "note", "undone_by", "undone_note"]
    made = connection.execute(
        insert(link).from_select(columns, found), execution_options={"preserve_rowcount": True}
    ).rowcount
    if made:
        mine = and_(link.c.account_id == account.c.id, link.c.state == "active")
        theirs = (account.c.person_id.is_(None), account.c.kind == kind, exists().where(mine))
        in_class = exists().where(enlisted.c.account_id == account.c.id)
        seated = connection.execute(select(account.c.id).where(*theirs, in_class)).scalars().all()
        whose = select(root()).join(link, link.c.person_id == person.c.id).where(mine).scalar_subquery()
        connection.execute(
            update(account)
            .where(*theirs)
            .values(person_id=whose, reason=reason.zh, confidence=reason.confidence, linked_at=now)
        )
        seat(connection, seated)
    return int(made)


# --- the accounts that are not plain ---------------------------------------------------------------------------


@dataclass
class _Case:
    """One account: what is known of it, who it may be, and what was said of it before."""

    row: Row[Any]
    candidates: list[Candidate] = field(default_factory=list)
    said: list[Row[Any]] = field(default_factory=list)


@dataclass
class _Change:
    """What is to be written."""

    new: list[dict[str, Any]] = field(default_factory=list)
    lapsed: list[int] = field(default_factory=list)


def settle(connection: Connection, accounts: Iterable[int], now: datetime) -> int:
    """Bring the links of these accounts to what the rules say now, leaving what persons decided; how many became somebody's."""
    before: dict[int, int | None] = {}
    for part in chunks(sorted(set(accounts)), _PART):
        before |= _settle(connection, part, now)
    seat(connection, before, {one for one in before.values() if one is not None})
    return sum(one is None for one in before.values())


def _settle(connection: Connection, accounts: Sequence[int], now: datetime) -> dict[int, int | None]:
    """Whose the accounts were that are somebody else's now, or nobody's; those that stay so for another reason with them."""
    rule = identity_rule()
    _adopt(connection, accounts, now)
    change = _Change()
    cases = _cases(connection, accounts, rule)
    for one in cases.values():
        _judge(one, rule, now, change)
    if change.lapsed:
        for part in chunks(change.lapsed, _PART):
            connection.execute(update(link).where(link.c.id.in_(part)).values(state="lapsed", undone_at=now))
    if change.new:
        connection.execute(insert(link), change.new)
    return _apply(connection, accounts, rule, now)


def _adopt(connection: Connection, accounts: Sequence[int], now: datetime) -> None:
    """An account that a roster gave to its person before there was a history gets its first row of one."""
    old = select(account.c.id, account.c.person_id).where(
        account.c.id.in_(accounts),
        account.c.person_id.is_not(None),
        ~exists().where(link.c.account_id == account.c.id),
    )
    rows = [
        _row(number, Match(owner, "owned", 1.0, "active"), now) for number, owner in connection.execute(old)
    ]
    if rows:
        connection.execute(insert(link), rows)


def _row(number: int, match: Match, now: datetime) -> dict[str, Any]:
    return {
        "account_id": number,
        "person_id": match.person,
        "reason": match.reason,
        "evidence": dict(match.evidence),
        "confidence": match.confidence,
        "state": match.state,
        "at": now,
    }


def _cases(connection: Connection, accounts: Sequence[int], rule: IdentityRule) -> dict[int, _Case]:
    rows = connection.execute(select(account).where(account.c.id.in_(accounts))).all()
    cases = {row.id: _Case(row) for row in rows}
    held = connection.execute(
        select(account.c.id, account.c.name, identifier.c.kind, identifier.c.person_id, root().label("root"))
        .add_columns(identifier.c.hint, person.c.name.label("called"))
        .join(identifier, and_(identifier.c.kind == account.c.kind, identifier.c.digest == account.c.digest))
        .join(person, person.c.id == identifier.c.person_id)
        .where(account.c.id.in_(accounts))
    )
    for one in held:
        differs = one.name and "".join(one.name.split()) != "".join(one.called.split())
        reason = "named" if one.kind in rule.shared and differs else one.kind
        evidence = {"kind": one.kind, "hint": one.hint}
        cases[one.id].candidates.append(Candidate(one.person_id, one.root, reason, evidence))
    said = connection.execute(
        select(link, root().label("root"))
        .join(person, person.c.id == link.c.person_id)
        .where(link.c.account_id.in_(accounts))
        .order_by(link.c.id)
    )
    for one in said:
        here = cases[one.account_id]
        here.said.append(one)
        if one.reason == "owned" and one.state in OPEN:
            here.candidates.append(Candidate(one.person_id, one.root, "owned"))
    named = {row.id: row.shown for row in rows if row.kind == "triple"}
    for number, candidate in triples(connection, named):
        cases[number].candidates.append(candidate)
    for number, candidate in called(connection, rows):
        cases[number].candidates.append(candidate)
    return cases


def _judge(one: _Case, rule: IdentityRule, now: datetime, change: _Change) -> None:
    """What must be written so that the account's open rows are those that the rules want."""
    decided = any(row.state == "active" and row.decided_by for row in one.said)
    wanted = [] if decided else matches(one.candidates, _refused(one.said), rule)
    open_rows = {row.person_id: row for row in one.said if row.state in OPEN and not row.decided_by}
    kept: set[int] = set()
    for match in wanted:
        row = open_rows.get(match.person)
        if row is not None and (row.state, row.reason) == (match.state, match.reason):
            kept.add(row.id)
        else:
            change.new.append(_row(one.row.id, match, now))
    change.lapsed.extend(row.id for row in open_rows.values() if row.id not in kept)


def _refused(said: Sequence[Row[Any]]) -> set[int]:
    """Whom a person said it is not: by an answer, or by taking back what the rules had made.

    To take back one's own decision says nothing: the rules speak again.
    """
    return {
        row.root
        for row in said
        if (row.state == "rejected") or (row.state == "undone" and not row.decided_by and row.undone_by)
    }


def _apply(
    connection: Connection, accounts: Sequence[int], rule: IdentityRule, now: datetime
) -> dict[int, int | None]:
    """Set each account's person to what its active link comes to; whose those were that are not as before."""
    active = connection.execute(
        select(link.c.account_id, link.c.reason, link.c.confidence, link.c.decided_by, root().label("root"))
        .join(person, person.c.id == link.c.person_id)
        .where(link.c.account_id.in_(accounts), link.c.state == "active")
        .order_by(link.c.id)
    )
    whose = {row.account_id: row for row in active}
    before: dict[int, int | None] = {}
    for row in connection.execute(
        select(account.c.id, account.c.person_id, account.c.reason).where(account.c.id.in_(accounts))
    ).all():
        found = whose.get(row.id)
        told = rule.reasons["decided" if found.decided_by else found.reason].zh if found else ""
        if (row.person_id, row.reason) == (found.root if found else None, told):
            continue
        before[row.id] = row.person_id
        connection.execute(
            update(account)
            .where(account.c.id == row.id)
            .values(
                person_id=found.root if found else None,
                reason=told,
                confidence=found.confidence if found else 0.0,
                linked_at=now if found else None,
            )
        )
    return before


def touching(connection: Connection, persons: Iterable[int], digests: Iterable[str]) -> set[int]:
    """The accounts that are or were said to be these persons', and those with one of these identifiers."""
    found: set[int] = set()
    for part in chunks(sorted(set(persons)), _PART):
        found.update(
            connection.execute(select(link.c.account_id).where(link.c.person_id.in_(part))).scalars()
        )
        found.update(connection.execute(select(account.c.id).where(account.c.person_id.in_(part))).scalars())
    for part in chunks(sorted(set(digests)), _PART):
        found.update(connection.execute(select(account.c.id).where(account.c.digest.in_(part))).scalars())
    return found


def asked_about(connection: Connection, source: str) -> int:
    """How many accounts of a source wait for a person to say whose they are."""
    query = (
        select(func.count(distinct(link.c.account_id)))
        .join(account, account.c.id == link.c.account_id)
        .where(account.c.source == source, link.c.state == "waiting")
    )
    return int(connection.execute(query).scalar_one())


def unlinked(connection: Connection, source: str) -> Sequence[int]:
    """Accounts of a source whose person is unknown."""
    return list(
        connection.execute(
            select(account.c.id).where(account.c.source == source, account.c.person_id.is_(None))
        ).scalars()
    )
