"""Statements of the learning record store: written in one order, found by any filter, the newest first or the oldest.

Takes no Scope: whoever asks has shown a credential, and what that may read is a part of the filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Subquery,
    Table,
    func,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.expression import FromClause, ScalarSelect

from portrait.store.registry import at_once
from portrait.store.schema import (
    activity,
    agent,
    attachment,
    credential,
    echo,
    forwarded,
    mention,
    repair,
    statement,
)
from portrait.store.upsert import chunks

LOCK = 7_241_901  # of the one who is writing statements, on PostgreSQL
DEEPEST = 20  # links of a chain of references that a search follows; longer ones are made to do harm
_MOST = 500  # parameters of one query
_MANY = 3_000  # statements; more are not counted

_COLUMNS = (
    "seq",
    "id",
    "credential",
    "flag",
    "voided",
    "agent",
    "verb",
    "activity",
    "registration",
    "target",
    "body",
)
_TYPES = ("int8", "uuid", "int4", "int2", "bool", "int8", "int8", "int8", "int8", "uuid", "bytea")
_SAID = ("credential", "agent", "verb", "activity", "registration")


@dataclass(frozen=True, slots=True)
class Row:
    """One statement as it is kept, see the table's columns."""

    seq: int
    id: UUID
    credential: int
    flag: int
    voided: bool
    agent: int
    verb: int
    activity: int
    registration: int
    target: UUID | None
    body: bytes


@dataclass(frozen=True)
class Filter:
    """What is asked for. Numbers are those of portrait.xapi.term, times are microseconds since 1970; None asks for nothing.

    `agents` and `members` belong together: an agent's number as an agent and as a member of a group. `credentials` are those
    whose authority is the agent, `own` those whose statements may be seen at all.
    """

    agent: int | None = None
    member: int | None = None
    credentials: tuple[int, ...] = ()
    broad_agent: bool = False
    verb: int | None = None
    activity: int | None = None
    broad_activity: bool = False
    registration: int | None = None
    since: int | None = None
    until: int | None = None
    ascending: bool = False
    after: int | None = None  # the last one seen, in the direction of the search
    own: tuple[int, ...] | None = None


@contextmanager
def writing_statements(registry: Engine) -> Iterator[Connection]:
    """A transaction in which nobody else writes statements: their order is the order in which they become visible."""
    with at_once(registry) as connection:
        if registry.dialect.name != "sqlite":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        yield connection


def somebody_writes(connection: Connection) -> bool:
    """Whether another process is in the middle of writing statements."""
    if connection.dialect.name == "sqlite":
        return False  # its writers are of this process
    found = connection.exec_driver_sql(
        f"SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = {LOCK} AND granted LIMIT 1"
    )
    return found.first() is not None


def newest(connection: Connection) -> int:
    """The greatest `seq`; 0 where there is no statement."""
    return connection.scalar(select(func.max(statement.c.seq))) or 0


def held(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Row]:
    """The statements among these ids that are there."""
    found: dict[UUID, Row] = {}
    for part in chunks(ids, _MOST):
        rows = connection.execute(_whole().where(statement.c.id.in_(part)))
        found |= {row.id: Row(*row) for row in rows}
    return found


def _whole() -> Any:
    return select(*(statement.c[name] for name in _COLUMNS))


def add(connection: Connection, rows: Sequence[Row], mentions: Iterable[tuple[int, int]]) -> None:
    """New statements and their mentions (term, seq)."""
    _copy(connection, "statement", _COLUMNS, _TYPES, (_cells(row) for row in rows))
    _copy(connection, "mention", ("term", "seq"), ("int8", "int8"), mentions)


def _cells(row: Row) -> tuple[Any, ...]:
    return (
        row.seq,
        row.id,
        row.credential,
        row.flag,
        row.voided,
        row.agent,
        row.verb,
        row.activity,
        row.registration,
        row.target,
        row.body,
    )


def _copy(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    types: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> None:
    listed = ", ".join(columns)
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY {table} ({listed}) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)
    else:
        marks = ", ".join("?" * len(columns))
        made = [tuple(cell.hex if isinstance(cell, UUID) else cell for cell in row) for row in rows]
        if made:
            connection.exec_driver_sql(f"INSERT INTO {table} ({listed}) VALUES ({marks})", made)


def void(connection: Connection, ids: Sequence[UUID]) -> None:
    for part in chunks(ids, _MOST):
        connection.execute(update(statement).where(statement.c.id.in_(part)).values(voided=True))


def referring(connection: Connection, ids: Sequence[UUID]) -> list[tuple[int, UUID, int, int]]:
    """Statements (seq, target, flag, credential) that have one of these as their target."""
    found: list[tuple[int, UUID, int, int]] = []
    columns = (statement.c.seq, statement.c.target, statement.c.flag, statement.c.credential)
    for part in chunks(ids, _MOST):
        rows = connection.execute(select(*columns).where(statement.c.target.in_(part)))
        found += [(row.seq, row.target, row.flag, row.credential) for row in rows]
    return found


def add_echoes(connection: Connection, pairs: Iterable[tuple[int, int]]) -> None:
    """Let statements (first) be found by what others (second) say, along the chain in both directions, `DEEPEST` links far."""
    for seq, said in sorted(pairs):
        before = {seq: 0} | _depths(connection, echo.c.seq, echo.c.said == seq)
        behind = {said: 0} | _depths(connection, echo.c.said, echo.c.seq == said)
        told = connection.execute(
            select(statement.c.seq, *(statement.c[name] for name in _SAID)).where(
                statement.c.seq.in_(list(behind))
            )
        ).all()
        rows = [
            {
                "seq": one,
                "said": other.seq,
                "depth": depth + 1 + behind[other.seq],
                **{name: getattr(other, name) for name in _SAID},
            }
            for one, depth in before.items()
            for other in told
            if one != other.seq and depth + 1 + behind[other.seq] <= DEEPEST
        ]
        if rows:
            connection.execute(_insert(connection, echo).on_conflict_do_nothing(), rows)


def _depths(connection: Connection, column: Any, where: Any) -> dict[int, int]:
    return {row[0]: row[1] for row in connection.execute(select(column, echo.c.depth).where(where))}


def _insert(connection: Connection, table: Any) -> Any:
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return make(table)


# --- what statements speak of ----------------------------------------------------------------------------------


def agents(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[dict[str, Any], list[str]]]:
    """IFI and names of the agents that are known, by number."""
    found: dict[int, tuple[dict[str, Any], list[str]]] = {}
    for part in chunks(numbers, _MOST):
        rows = connection.execute(select(agent).where(agent.c.id.in_(part)))
        found |= {row.id: (row.ifi, row.names) for row in rows}
    return found


def put_agents(connection: Connection, rows: Mapping[int, tuple[dict[str, Any], list[str]]]) -> None:
    """Agents with their names; in the order of their numbers, so that two writers cannot wait for each other."""
    _upsert(
        connection,
        agent,
        [{"id": key, "ifi": ifi, "names": names} for key, (ifi, names) in sorted(rows.items())],
        "names",
    )


def definitions(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[str, dict[str, Any]]]:
    """IRI and definition of the activities that are known, by number."""
    found: dict[int, tuple[str, dict[str, Any]]] = {}
    for part in chunks(numbers, _MOST):
        rows = connection.execute(select(activity).where(activity.c.id.in_(part)))
        found |= {row.id: (row.iri, row.definition) for row in rows}
    return found


def put_activities(connection: Connection, rows: Mapping[int, tuple[str, dict[str, Any]]]) -> None:
    """Activities with their definitions, in the order of their numbers."""
    _upsert(
        connection,
        activity,
        [{"id": key, "iri": iri, "definition": told} for key, (iri, told) in sorted(rows.items())],
        "definition",
    )


def add_definitions(connection: Connection, rows: Mapping[int, tuple[str, dict[str, Any]]]) -> None:
    """Activities of which nothing is known yet, in the order of their numbers; what is known of the others stays."""
    listed = [{"id": key, "iri": iri, "definition": told} for key, (iri, told) in sorted(rows.items())]
    for part in (listed[at : at + _MOST] for at in range(0, len(listed), _MOST)):
        connection.execute(_insert(connection, activity).on_conflict_do_nothing(), part)


def _upsert(connection: Connection, table: Any, rows: list[dict[str, Any]], column: str) -> None:
    if rows:
        inserting = _insert(connection, table)
        connection.execute(
            inserting.on_conflict_do_update(index_elements=["id"], set_={column: inserting.excluded[column]}),
            rows,
        )


def authorities(connection: Connection, credentials: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The agents that vouch for what came with these credentials."""
    rows = connection.execute(
        select(credential.c.id, credential.c.authority).where(credential.c.id.in_(credentials))
    )
    return {row.id: row.authority for row in rows}


def add_attachments(connection: Connection, contents: Mapping[str, bytes]) -> None:
    """Contents by their sha2; those that are there stay."""
    rows = [{"sha2": key, "content": content} for key, content in sorted(contents.items())]
    if rows:
        connection.execute(_insert(connection, attachment).on_conflict_do_nothing(), rows)


def attachment_sizes(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    """Bytes of the contents that are there."""
    found: dict[str, int] = {}
    for part in chunks(keys, _MOST):
        sizes = select(attachment.c.sha2, func.length(attachment.c.content)).where(
            attachment.c.sha2.in_(part)
        )
        found |= {row[0]: row[1] for row in connection.execute(sizes)}
    return found


def attachments(connection: Connection, keys: Sequence[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in chunks(keys, _MOST):
        rows = connection.execute(select(attachment).where(attachment.c.sha2.in_(part)))
        found |= {row.sha2: row.content for row in rows}
    return found


def add_repairs(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """What was repaired: credential, statement, code, path, was, became."""
    if rows:
        connection.execute(repair.insert(), list(rows))


# --- finding ---------------------------------------------------------------------------------------------------

# A page is short and every place has an index in the right order: walking it always beats collecting and sorting, which
# the planner prefers as long as it knows nothing of a table that has just been filled.
_STEP_BY_STEP = "; ".join(
    f"SET LOCAL {name} = {value}"
    for name, value in (
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("enable_bitmapscan", "off"),
        ("max_parallel_workers_per_gather", "0"),
    )
)


def find(connection: Connection, wanted: Filter, limit: int) -> list[Row]:
    """At most `limit` statements in the order asked for. Voided ones are not found, those that refer to them are."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_STEP_BY_STEP)
    asked = _asked(connection, wanted)
    branches = _branches(wanted, limit, statement, asked)
    if asked:
        branches += _branches(wanted, limit, echo, asked)
    found = union_all(*(select(branch.c.seq) for branch in branches)).subquery()
    order = found.c.seq.asc() if wanted.ascending else found.c.seq.desc()
    chosen = select(found.c.seq).distinct().order_by(order).limit(limit).subquery()
    order = statement.c.seq.asc() if wanted.ascending else statement.c.seq.desc()
    rows = connection.execute(_whole().where(statement.c.seq.in_(select(chosen.c.seq))).order_by(order))
    return [Row(*row) for row in rows]


def _asked(connection: Connection, wanted: Filter) -> list[list[Place]]:
    """For everything that is asked for the places where it may stand; what fewest statements have comes first."""
    every = (
        _registration_places(wanted),
        _agent_places(wanted),
        _activity_places(wanted),
        _verb_places(wanted),
    )
    given = [places for places in every if places]
    if len(given) < 2:
        return given
    counts = [
        _few(place).label(f"c{a}_{b}") for a, places in enumerate(given) for b, place in enumerate(places)
    ]
    row = connection.execute(select(*counts)).one()._mapping
    sums = [sum(row[f"c{a}_{b}"] for b in range(len(places))) for a, places in enumerate(given)]
    return [places for _, places in sorted(zip(sums, given, strict=True), key=lambda pair: pair[0])]


def _few(place: Place) -> ScalarSelect[int]:
    """How many statements have it, counted no further than tells few from many."""
    if isinstance(place, _Mentioned):
        one = select(mention.c.seq).where(mention.c.term == place.term)
    else:
        one = select(statement.c.seq).where(*_holds(place, statement))
    return select(func.count()).select_from(one.limit(_MANY).subquery()).scalar_subquery()


def _branches(wanted: Filter, limit: int, told: Table, asked: list[list[Place]]) -> list[Subquery]:
    """One ordered and limited search for every place where the first thing asked for may stand: each has its index.

    `told` is the table that says what statements say: their own, or that of the ones they refer to.
    """
    driving: list[Place | None] = [*asked[0]] if asked else [None]
    also = [or_(*(_standing(place, told) for place in places)) for places in asked[1:]]
    return [_branch(wanted, limit, told, place, also) for place in driving]


@dataclass(frozen=True)
class _Mentioned:
    """Mentioned somewhere in the statement."""

    term: int


@dataclass(frozen=True)
class _Said:
    """What a column says."""

    column: str
    value: int


Place = _Said | _Mentioned


def _registration_places(wanted: Filter) -> list[Place]:
    return [] if wanted.registration is None else [_Said("registration", wanted.registration)]


def _verb_places(wanted: Filter) -> list[Place]:
    return [] if wanted.verb is None else [_Said("verb", wanted.verb)]


def _agent_places(wanted: Filter) -> list[Place]:
    if wanted.agent is None:
        return []
    places: list[Place] = [_Said("agent", wanted.agent), _Said("activity", wanted.agent)]
    if wanted.member is not None:
        places.append(_Mentioned(wanted.member))
    if wanted.broad_agent:
        places.append(_Mentioned(wanted.agent))
        places += [_Said("credential", key) for key in wanted.credentials]
    return places


def _activity_places(wanted: Filter) -> list[Place]:
    if wanted.activity is None:
        return []
    places: list[Place] = [_Said("activity", wanted.activity)]
    if wanted.broad_activity:
        places.append(_Mentioned(wanted.activity))
    return places


def _key(told: Table) -> ColumnElement[int]:
    """Of the statement whose words these are."""
    return told.c.said if told is echo else told.c.seq


def _standing(place: Place, told: Table) -> ColumnElement[bool]:
    """A condition on a statement that is at hand; written so that no index of its own can be taken for it."""
    if isinstance(place, _Mentioned):
        also = mention.alias("also")
        # A limit keeps the planner from collecting all mentions of the term first.
        one = select(also.c.seq).where(also.c.term == place.term, also.c.seq == _key(told)).limit(1)
        return one.scalar_subquery().is_not(None)
    return told.c[place.column] + 0 == place.value


def _holds(place: _Said, told: Table) -> list[ColumnElement[bool]]:
    """That a column says it, in the words of the column's index."""
    holds = [told.c[place.column] == place.value]
    return [*holds, told.c.registration != 0] if place.column == "registration" else holds


def _branch(
    wanted: Filter, limit: int, told: Table, place: Place | None, also: list[ColumnElement[bool]]
) -> Subquery:
    source: FromClause = told
    key = told.c.seq
    conditions = list(also)
    if isinstance(place, _Mentioned):
        source = mention.join(told, _key(told) == mention.c.seq)
        key = key if told is echo else mention.c.seq
        conditions.append(mention.c.term == place.term)
    elif place is not None:
        conditions += _holds(place, told)
    if told is echo:
        source = source.join(statement, statement.c.seq == echo.c.seq)
    conditions.append(statement.c.voided.is_(False))
    if wanted.own is not None:
        conditions.append(statement.c.credential.in_(wanted.own))
    if wanted.since is not None:
        conditions.append(key > wanted.since)
    if wanted.until is not None:
        conditions.append(key <= wanted.until)
    if wanted.after is not None:
        conditions.append(key > wanted.after if wanted.ascending else key < wanted.after)
    order = key.asc() if wanted.ascending else key.desc()
    found = select(key.label("seq")).select_from(source).where(*conditions).order_by(order).limit(limit)
    # Along a chain a statement is found by several others: it must not fill the page alone.
    return (found.distinct() if told is echo else found).subquery()


# --- onwards ---------------------------------------------------------------------------------------------------


def count(connection: Connection, own: tuple[int, ...] | None = None) -> int:
    query = select(func.count()).select_from(statement)
    if own is not None:
        query = query.where(statement.c.credential.in_(own))
    return connection.scalar(query) or 0


def waiting_sources(connection: Connection) -> list[str]:
    """Sources that have statements which are not in the lake yet."""
    query = (
        select(credential.c.source)
        .join(statement, statement.c.credential == credential.c.id)
        .outerjoin(forwarded, forwarded.c.source == credential.c.source)
        .where(statement.c.seq > func.coalesce(forwarded.c.seq, 0))
        .distinct()
        .order_by(credential.c.source)
    )
    return list(connection.scalars(query))


def after(connection: Connection, source: str, seq: int, limit: int) -> list[Row]:
    """A source's statements behind `seq`, the oldest first."""
    query = (
        _whole()
        .join(credential, credential.c.id == statement.c.credential)
        .where(credential.c.source == source, statement.c.seq > seq)
        .order_by(statement.c.seq)
        .limit(limit)
    )
    return [Row(*row) for row in connection.execute(query)]


def forwarded_to(connection: Connection, source: str) -> int:
    return connection.scalar(select(forwarded.c.seq).where(forwarded.c.source == source)) or 0


def forward(connection: Connection, source: str, seq: int) -> None:
    inserting = _insert(connection, forwarded)
    connection.execute(
        inserting.on_conflict_do_update(index_elements=["source"], set_={"seq": inserting.excluded.seq}),
        {"source": source, "seq": seq},
    )
