"""Attendance and offline study that somebody has to confirm: what was handed in, with its proof, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, insert, select, update

from portrait.clock import aware
from portrait.errors import NotFound
from portrait.scope import Scope, claimable, own_claims
from portrait.store.link import add_accounts, link_accounts
from portrait.store.ruling import Ruling, rule, rulings_on
from portrait.store.schema import claim, person, proof, school, training_class
from portrait.store.upsert import put

REASON_LIMIT = 300
STATES = {"submitted": "待确认", "confirmed": "已确认", "returned": "已退回", "withdrawn": "已撤回"}


@dataclass(frozen=True)
class Proof:
    """A file in the archive. `type` is one of portrait.proof.TYPES."""

    id: int
    content: str
    name: str
    type: str
    size: int
    by: str


@dataclass(frozen=True)
class Claim:
    """One thing to confirm. `record` is its 16 bytes in the lake when it came in by a file; None: handed in here."""

    id: int
    record: bytes | None
    person_id: int
    person_key: str
    person: str
    school: str
    class_id: int | None
    class_name: str
    kind: str  # activity | attendance
    title: str
    day: date
    hours: float
    proof: Proof | None
    state: str
    by: str
    at: datetime
    reason: str
    decided_by: str
    decided_at: datetime | None


def add_proof(
    registry: Engine, *, content: str, name: str, kind: str, size: int, by: str, now: datetime
) -> int:
    with registry.begin() as connection:
        made = connection.execute(
            insert(proof).values(content=content, name=name[-120:], type=kind, size=size, by=by[:60], at=now)
        )
        return int(made.inserted_primary_key[0])  # type: ignore[index]


def loose_proofs(registry: Engine, by: str, since: datetime) -> int:
    """How many files of this login, received since a moment, stand for no claim, or only for one that was taken back."""
    used = select(claim.c.id).where(claim.c.proof_id == proof.c.id, claim.c.state != "withdrawn").exists()
    query = select(func.count()).select_from(proof).where(proof.c.by == by[:60], proof.c.at >= since, ~used)
    with registry.connect() as connection:
        return connection.execute(query).scalar_one()


def proof_by(registry: Engine, number: int, by: str) -> Proof:
    """A file that this login has handed in. Raises NotFound for another's as for one that does not exist."""
    query = select(proof).where(proof.c.id == number, proof.c.by == by)
    with registry.connect() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound("没有第 {number} 号证明材料", number=number)
    return Proof(row.id, row.content, row.name, row.type, row.size, row.by)


def add_claim(registry: Engine, values: dict[str, Any]) -> int:
    with registry.begin() as connection:
        made = connection.execute(insert(claim).values(**values))
        return int(made.inserted_primary_key[0])  # type: ignore[index]


def claims(
    registry: Engine,
    scope: Scope | None,
    *,
    state: str = "",
    limit: int = 500,
    offset: int = 0,
    oldest: bool = False,
) -> list[Claim]:
    """Claims that the reader may decide on, the newest first or the `oldest`; of all when no scope is given (who runs a command).
    `state` is one of STATES, `decided` for both decisions, or "" for all."""
    sort = claim.c.id if oldest else claim.c.id.desc()
    # Sorted by their numbers alone, and what belongs to them is joined to the few that are listed.
    listed = select(claim.c.id).where(_of(scope, state)).order_by(sort).limit(limit).offset(offset)
    query = _query().where(claim.c.id.in_(listed)).order_by(sort)
    with registry.connect() as connection:
        return [_claim(row) for row in connection.execute(query)]


def claim_count(registry: Engine, scope: Scope | None, state: str) -> int:
    """How many claims of a state the reader may decide on."""
    query = select(func.count()).select_from(claim).where(_of(scope, state))
    with registry.connect() as connection:
        return connection.execute(query).scalar_one()


def _of(scope: Scope | None, state: str) -> ColumnElement[bool]:
    states = ("confirmed", "returned") if state == "decided" else (state,) if state else tuple(STATES)
    found = claim.c.state.in_(states)
    return found if scope is None else and_(found, claimable(scope))


def claims_of(registry: Engine, scope: Scope) -> list[Claim]:
    """What a teacher has handed in and what was decided on it, newest first."""
    query = _query().where(own_claims(scope)).order_by(claim.c.id.desc())
    with registry.connect() as connection:
        return [_claim(row) for row in connection.execute(query)]


def claim_of(registry: Engine, scope: Scope | None, number: int) -> Claim:
    """One claim that the reader may decide on, or has handed in. Raises NotFound for any other."""
    query = _query().where(claim.c.id == number)
    if scope is not None:
        query = query.where(claimable(scope) | own_claims(scope))
    with registry.connect() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound("没有第 {number} 号申报，或者不在您能看到的范围", number=number)
    return _claim(row)


def may_decide(registry: Engine, scope: Scope, number: int) -> bool:
    """Whether a claim is the reader's to decide on."""
    with registry.connect() as connection:
        found = connection.execute(select(claim.c.id).where(claim.c.id == number, claimable(scope))).scalar()
    return found is not None


def decide_claim(
    registry: Engine,
    number: int,
    state: str,
    *,
    by: str,
    now: datetime,
    reason: str = "",
    kept: tuple[str, int] | None = None,
) -> bool:
    """Whether the claim was still waiting and is decided now; a decision that somebody else took first holds.

    Only to confirm goes over a return or withdrawal of the same moment: by then the record is in. `kept` are the source and
    `key_number` of that record: it counts as long as the claim is not returned or withdrawn, even if it came in before.
    """
    waiting = and_(
        claim.c.id == number,
        claim.c.state != "confirmed" if state == "confirmed" else claim.c.state == "submitted",
    )
    with registry.begin() as connection:
        done = connection.execute(
            update(claim)
            .where(waiting)
            .values(state=state, confirmed_by=by[:60], confirmed_at=now, reason=reason[:REASON_LIMIT])
        )
        if done.rowcount == 1 and kept is not None:
            _keep(connection, kept, state, by, now, reason)
    return done.rowcount == 1


def _keep(
    connection: Connection, kept: tuple[str, int], state: str, by: str, now: datetime, reason: str
) -> None:
    """Withdraw the record of a claim, or let it count again. In the transaction of the decision: the last one of each holds."""
    source, key = kept
    said = "restore" if state == "confirmed" else "void"
    if said == "restore" and not rulings_on(connection, [], [key]):
        return
    rule(connection, [Ruling(said, source, None, key, reason or STATES[state], by, now)])


def own_account(
    connection: Connection, row: tuple[int, str, str, str, str], person_id: int, now: datetime
) -> None:
    """Make sure that the account under which a person's confirmed study is kept is theirs."""
    _, _, kind, shown, digest = row
    add_accounts(connection, [row])
    put(
        connection,
        "identifier",
        ["kind", "digest", "hint", "person_id"],
        [(kind, digest, shown[:20], person_id)],
    )
    link_accounts(connection, now)


def _query() -> Any:
    return (
        select(
            claim,
            person.c.key.label("person_key"),
            person.c.name.label("person"),
            school.c.name.label("school"),
            training_class.c.name.label("class_name"),
            proof.c.content,
            proof.c.name.label("file"),
            proof.c.type,
            proof.c.size,
            proof.c.by.label("sender"),
        )
        .join(person, person.c.id == claim.c.person_id)
        .outerjoin(school, school.c.id == person.c.school_id)
        .outerjoin(training_class, training_class.c.id == claim.c.class_id)
        .outerjoin(proof, proof.c.id == claim.c.proof_id)
    )


def _claim(row: Any) -> Claim:
    held = (
        Proof(row.proof_id, row.content, row.file, row.type, row.size, row.sender) if row.proof_id else None
    )
    return Claim(
        row.id,
        bytes(row.record) if row.record is not None else None,
        row.person_id,
        row.person_key,
        row.person,
        row.school or "",
        row.class_id,
        row.class_name or "",
        row.kind,
        row.title,
        row.day,
        row.hours,
        held,
        row.state,
        row.by,
        aware(row.at),
        row.reason,
        row.confirmed_by,
        aware(row.confirmed_at) if row.confirmed_at else None,
    )
