"""Questions of who is who, for readers who may answer them: what is asked, why, and both sides with nothing shown in clear."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from portrait.clock import aware
from portrait.identity import hidden, veiled
from portrait.scope import Scope
from portrait.store.decision import TABLES
from portrait.store.schema import account, alias, employment, identifier, link, person, school
from portrait.store.upsert import chunks

_PART = 400


@dataclass(frozen=True)
class Side:
    """One of two that may be one: an account, or a person of the register. `accounts` are those whose records are shown."""

    thing: str  # account | person
    id: int
    key: str  # of a person; what is shown of an account
    name: str
    school: str = ""
    county: str = ""  # adcode
    stage: str = ""
    subject: str = ""
    birth_year: int | None = None
    sources: tuple[str, ...] = ()
    identifiers: tuple[tuple[str, str], ...] = ()  # kind, masked
    accounts: tuple[int, ...] = ()
    before: tuple[str, ...] = ()  # schools of a person before the one now
    told: date | None = None  # the day of the roster that said last where a person teaches


@dataclass(frozen=True)
class Question:
    """A match as it stands: what was found, how sure it is, and what was decided."""

    thing: str  # link | alias
    number: int
    reason: str  # data/rules/identity.yaml
    evidence: Mapping[str, Any]
    confidence: float
    state: str
    at: datetime
    decided_by: str
    decided_at: datetime | None
    note: str
    later_at: datetime | None
    undone_by: str
    undone_at: datetime | None
    undone_note: str
    left: Side
    right: Side

    @property
    def last(self) -> datetime:
        """When something was last decided about it."""
        return self.undone_at or self.decided_at or self.at

    @property
    def stands(self) -> Side:
        """Of two persons the one whose roster is the newer, who stands for both unless somebody says otherwise; decided, the one who
        does."""
        if self.state != "waiting" or self.left.thing != "person":
            return self.right
        return self.left if (self.left.told or date.min) > (self.right.told or date.min) else self.right

    @property
    def undoable(self) -> bool:
        return self.state in ("active", "rejected")


@dataclass(frozen=True)
class _Plain:
    thing: str
    row: Row[Any]
    left: int
    right: int


def question_counts(connection: Connection, scope: Scope | None = None) -> tuple[int, int]:
    """How many questions wait, and how many of them were put off."""
    found = [0, 0]
    for table in TABLES.values():
        query = select(func.count(), func.count(table.c.later_at)).where(
            table.c.state == "waiting", *_allowed(scope)
        )
        for place, n in enumerate(connection.execute(query).one()):
            found[place] += int(n)
    return found[0], found[1]


def questions(
    connection: Connection, scope: Scope | None = None, *, later: bool | None = None, limit: int = 50
) -> list[Question]:
    """The questions that wait, the surest first; only those put off (`later`), or only the others."""
    plain: list[_Plain] = []
    for thing, table in TABLES.items():
        when = (
            [] if later is None else [table.c.later_at.is_not(None) if later else table.c.later_at.is_(None)]
        )
        plain += _plain(
            connection,
            thing,
            _allowed(scope),
            and_(table.c.state == "waiting", *when),
            (table.c.confidence.desc(), table.c.id),
            limit,
        )
    plain.sort(key=lambda one: (-one.row.confidence, one.thing, one.row.id))
    return _told(connection, plain[:limit])


def question(connection: Connection, thing: str, number: int, scope: Scope | None = None) -> Question | None:
    table = TABLES[thing]
    found = _told(
        connection, _plain(connection, thing, _allowed(scope), table.c.id == number, (table.c.id,), 1)
    )
    return found[0] if found else None


def history(
    connection: Connection, scope: Scope | None = None, *, text: str = "", limit: int = 100
) -> list[Question]:
    """What was decided, newest first; with a `text`, everything about persons and accounts that have it in name, key or hint,
    what the rules did among it."""
    plain: list[_Plain] = []
    for thing, table in TABLES.items():
        last = func.coalesce(table.c.undone_at, table.c.decided_at, table.c.at)
        what = or_(table.c.decided_by != "", table.c.undone_by != "") if not text else _about(thing, text)
        plain += _plain(connection, thing, _allowed(scope), what, (last.desc(), table.c.id.desc()), limit)
    plain.sort(
        key=lambda one: (one.row.undone_at or one.row.decided_at or one.row.at, one.row.id), reverse=True
    )
    return _told(connection, plain[:limit])


def newest_decision(connection: Connection) -> datetime | None:
    """When somebody last decided something that figures may depend on."""
    times = []
    for table in TABLES.values():
        row = connection.execute(select(func.max(table.c.decided_at), func.max(table.c.undone_at))).one()
        times += [aware(when) for when in row if when is not None]
    return max(times, default=None)


@dataclass(frozen=True)
class Stranger:
    """An account whose person is not known."""

    id: int
    source: str
    kind: str
    shown: str
    name: str


def strangers_of(connection: Connection, *, source: str = "", limit: int = 100) -> list[Stranger]:
    """Accounts without a person, by source."""
    query = select(account).where(account.c.person_id.is_(None))
    if source:
        query = query.where(account.c.source == source)
    return [
        Stranger(row.id, row.source, row.kind, veiled(row.kind, row.shown), hidden(row.name or ""))
        for row in connection.execute(query.order_by(account.c.source, account.c.id).limit(limit))
    ]


def person_by_key(connection: Connection, key: str) -> int | None:
    found: int | None = connection.scalar(select(person.c.id).where(person.c.key == key))
    return found


# --- how they are read -----------------------------------------------------------------------------------------


def _allowed(scope: Scope | None) -> list[ColumnElement[bool]]:
    return [scope.intake] if scope else []


def _plain(
    connection: Connection, thing: str, allowed: Sequence[Any], what: Any, order: Sequence[Any], limit: int
) -> list[_Plain]:
    table = TABLES[thing]
    query: Select[Any] = select(table).where(what, *allowed).order_by(*order).limit(limit)
    rows = connection.execute(query)
    if thing == "link":
        return [_Plain(thing, row, row.account_id, row.person_id) for row in rows]
    return [_Plain(thing, row, row.person_id, row.stands_id) for row in rows]


def _about(thing: str, text: str) -> ColumnElement[bool]:
    like = (person.c.name, person.c.key)
    persons = select(person.c.id).where(or_(*(column.icontains(text, autoescape=True) for column in like)))
    if thing == "alias":
        return or_(alias.c.person_id.in_(persons), alias.c.stands_id.in_(persons))
    columns = (account.c.shown, account.c.name)
    seats = select(account.c.id).where(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    return or_(link.c.person_id.in_(persons), link.c.account_id.in_(seats))


def _told(connection: Connection, plain: Sequence[_Plain]) -> list[Question]:
    seats = _accounts(connection, {one.left for one in plain if one.thing == "link"})
    who = {one.right for one in plain} | {one.left for one in plain if one.thing == "alias"}
    people = _persons(connection, who)
    return [
        Question(
            one.thing,
            one.row.id,
            one.row.reason,
            one.row.evidence,
            one.row.confidence,
            one.row.state,
            aware(one.row.at),
            one.row.decided_by,
            _when(one.row.decided_at),
            one.row.note,
            _when(one.row.later_at),
            one.row.undone_by,
            _when(one.row.undone_at),
            one.row.undone_note,
            (seats if one.thing == "link" else people)[one.left],
            people[one.right],
        )
        for one in plain
    ]


def _when(time: datetime | None) -> datetime | None:
    return aware(time) if time else None


def _accounts(connection: Connection, ids: Iterable[int]) -> dict[int, Side]:
    found = {}
    for part in chunks(sorted(ids), _PART):
        for row in connection.execute(select(account).where(account.c.id.in_(part))):
            masked = veiled(row.kind, row.shown)
            found[row.id] = Side(
                "account",
                row.id,
                masked,
                hidden(row.name or ""),
                sources=(row.source,),
                identifiers=((row.kind, masked),),
                accounts=(row.id,),
            )
    return found


@dataclass
class _Held:
    sources: set[str] = field(default_factory=set)
    accounts: set[int] = field(default_factory=set)
    identifiers: set[tuple[str, str]] = field(default_factory=set)
    before: list[str] = field(default_factory=list)
    told: date | None = None


def _persons(connection: Connection, ids: Collection[int]) -> dict[int, Side]:
    held = {one: _Held() for one in ids}
    found = {}
    for part in chunks(sorted(ids), _PART):
        for row in connection.execute(
            select(link.c.person_id, account.c.id, account.c.source)
            .join(account, account.c.id == link.c.account_id)
            .where(link.c.person_id.in_(part), link.c.state == "active")
        ):
            held[row.person_id].accounts.add(row.id)
            held[row.person_id].sources.add(row.source)
        for row in connection.execute(
            select(identifier.c.person_id, identifier.c.kind, identifier.c.hint).where(
                identifier.c.person_id.in_(part), identifier.c.kind != "mbox_sha1sum"
            )
        ):
            held[row.person_id].identifiers.add((row.kind, veiled(row.kind, row.hint)))
        for spell in connection.execute(
            select(employment.c.person_id, school.c.name)
            .join(school, school.c.id == employment.c.school_id)
            .where(employment.c.person_id.in_(part), employment.c.until.is_not(None))
            .order_by(employment.c.until)
        ):
            held[spell.person_id].before.append(spell.name)
        for newest in connection.execute(
            select(employment.c.person_id, func.max(employment.c.told).label("told"))
            .where(employment.c.person_id.in_(part))
            .group_by(employment.c.person_id)
        ):
            held[newest.person_id].told = newest.told
        for row in connection.execute(
            select(person, school.c.name.label("school"), school.c.county)
            .outerjoin(school, school.c.id == person.c.school_id)
            .where(person.c.id.in_(part))
        ):
            mine = held[row.id]
            found[row.id] = Side(
                "person",
                row.id,
                hidden(row.key),  # some rosters number people by their identity numbers
                row.name,
                row.school or "",
                row.county or "",
                row.stage,
                row.subject,
                row.birth_year,
                tuple(sorted(mine.sources)),
                tuple(sorted(mine.identifiers)),
                tuple(sorted(mine.accounts)),
                tuple(mine.before),
                mine.told,
            )
    return found
