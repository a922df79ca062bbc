"""Persons whose key is or holds somebody's number or mailbox, as rosters of before were kept: the key that they have today, under the
number that they have."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, select, update

from portrait.hashing import key_number
from portrait.identifier import SENSITIVE
from portrait.identity import Identifier, Unrecognised, hidden, identify, normalised
from portrait.store.schema import batch, identifier, person
from portrait.store.upsert import chunks, put

DIGEST = 16  # signs of a digest in a key
_TODAY = re.compile(rf".+:[0-9a-f]{{{DIGEST}}}")
_PART = 400
_SHORTEST = 6  # signs of what can be a number or a mailbox
_ROSTER = "roster"  # where no batch tells whose list it was


@dataclass(frozen=True)
class Rekeyed:
    """A person by the key of before, and the key of today."""

    id: int
    before: str
    now: str


def rekeyed(connection: Connection, secret: bytes) -> list[Rekeyed]:
    """The persons with a key of before, by their numbers. Whose roster gave a key is not kept with it: today's has the name of the
    newest one's source."""
    listed = (batch.c.target == "person", batch.c.state == "done")
    source = connection.scalar(select(batch.c.source).where(*listed).order_by(batch.c.id.desc()).limit(1))
    keys = {row.id: row.key for row in connection.execute(select(person.c.id, person.c.key))}
    taken, found = set(keys.values()), []
    for number, key in sorted(keys.items()):
        if len(key) < _SHORTEST or _TODAY.fullmatch(key) or key_number("person", key) != number:
            continue
        today = _identified("staff", key, secret)
        if today is None or not _masks(today, key):
            continue
        now = own = f"{source or _ROSTER}:{today.digest[:DIGEST]}"
        place = 1
        # Taken by who came in again before it was known, or was listed by an older form of the number.
        while now in taken:
            place += 1
            now = f"{own}-{place}"
        taken.add(now)
        found.append(Rekeyed(number, key, now))
    return found


def rekey(connection: Connection, people: Sequence[Rekeyed], secret: bytes) -> None:
    """Give these persons the keys of today, and leave nothing of a number in what rosters said they are known by. Links stand."""
    rows = [{"number": one.id, "now": one.now} for one in people]
    for part in chunks(rows, _PART):
        changed = update(person).where(person.c.id == bindparam("number")).values(key=bindparam("now"))
        connection.execute(changed, part)
    _identifiers(connection, {one.id: one.before for one in people}, secret)


def kept(connection: Connection) -> list[tuple[str, int, str]]:
    """The persons whose number is still that of their key of before: the digest in the key, number and key."""
    like = select(person.c.id, person.c.key).where(person.c.key.like("%:" + "_" * DIGEST))
    return [
        (row.key[-DIGEST:], row.id, row.key)
        for row in connection.execute(like)
        if _TODAY.fullmatch(row.key) and key_number("person", row.key) != row.id
    ]


def _identifiers(connection: Connection, keys: dict[int, str], secret: bytes) -> None:
    """What was kept in the clear is kept as a digest. Where its whole text is not known any more, it is shown masked."""
    query = select(identifier).where(
        identifier.c.kind.not_in(SENSITIVE), func.length(identifier.c.hint) >= _SHORTEST
    )
    gone: list[dict[str, object]] = []
    veiled: list[dict[str, object]] = []
    now: list[tuple[str, str, str, int]] = []
    for row in connection.execute(query):
        if hidden(row.hint) == row.hint:
            continue
        own = {"its_kind": row.kind, "its_digest": row.digest, "its_person": row.person_id}
        texts = (row.hint, normalised("staff", keys.get(row.person_id, "")))
        text = next((text for text in texts if _digest(row.kind, text) == row.digest), "")
        today = _identified(row.kind, text, secret) if text else None
        if today is None:
            veiled.append({**own, "shown": hidden(row.hint)})
        else:
            gone.append(own)
            now.append((today.kind, today.digest, today.shown[:20], row.person_id))
    its = (
        identifier.c.kind == bindparam("its_kind"),
        identifier.c.digest == bindparam("its_digest"),
        identifier.c.person_id == bindparam("its_person"),
    )
    for part in chunks(gone, _PART):
        connection.execute(delete(identifier).where(*its), part)
    for part in chunks(veiled, _PART):
        connection.execute(update(identifier).where(*its).values(hint=bindparam("shown")), part)
    put(connection, "identifier", ["kind", "digest", "hint", "person_id"], now, update=False)


def _digest(kind: str, text: str) -> str:
    """The digest of an identifier that was kept in the clear."""
    return hashlib.sha256(f"{kind}|{text}".encode()).hexdigest()


def _identified(kind: str, text: str, secret: bytes) -> Identifier | None:
    try:
        return identify("", kind, text, secret)
    except Unrecognised:
        return None


def _masks(today: Identifier, text: str) -> bool:
    """As the door says it of a roster's row (portrait.intake.compile)."""
    return today.shown != normalised("staff", text)
