"""A record taken back or let count again, by a person or by the platform that sent it; also before the record itself has come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from portrait import clock
from portrait.errors import InputError, NotFound
from portrait.key import Keys, spelled
from portrait.key import meant as meant_by_key
from portrait.lake.content import facts_sql
from portrait.record import DOUBTFUL, Flag, Kind, Standing
from portrait.sentence import sentence
from portrait.site import Site
from portrait.store.audit import add_audit
from portrait.store.ruling import DECISION, Ruling, Word, rule, rulings_on, word_on

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST = 300  # signs of a reason
RECORD_ZH = {
    "void": "撤回",
    "restore": "恢复",
    "clear": "认可",
    "refuse": "不认可",
    "reopen": "重新待核实",
    "confirm": "确认",
    "return": "退回",
}


@dataclass(frozen=True)
class Found:
    """A record as the lake holds it, whether it counts or not."""

    id: bytes
    kind: Kind
    key_number: int | None
    account: int
    batch: int
    line: int
    flag: Flag
    state: Standing
    instead: int  # batch of the version that took its place
    stored: datetime | None
    received: datetime | None
    own: Flag  # those that it came in with
    facts: bytes = b""  # what this version says, see portrait.lake.content.facts_sql
    fresh: bool = False  # came in since the last refresh, which has compared it with no other version


@dataclass(frozen=True)
class Heard:
    """What a word about keys met: the keys that it is new for, each by the numbers of its spellings, and of how many the same
    holds already. `given` are those that are new, as they were given."""

    new: tuple[tuple[int, ...], ...]
    before: int
    given: tuple[tuple[str, ...], ...] = ()


def withdraw(site: Site, source: str, stream: str | None, keys: Keys, *, reason: str, by: str) -> Heard:
    """Take back every record of these keys, those that have not come yet among them.

    A key is what stands in the column of the mapping's `key` (several columns: a sequence of texts in their order). With a
    `stream` its `series` is meant, without one records of streams without a series. What the key knows by what is read is
    read as in a file (portrait.intake.keyed), and a day in a column is the same day however it is spelled (portrait.spelling).
    Figures follow with the next refresh.
    """
    return _say(site, "void", source, stream, keys, reason=reason, by=by)


def restore(site: Site, source: str, stream: str | None, keys: Keys, *, reason: str, by: str) -> Heard:
    """Let records that were withdrawn by these keys count again. Says nothing new of keys that nobody withdrew."""
    return _say(site, "restore", source, stream, keys, reason=reason, by=by)


def heard(site: Site, said: str, source: str, stream: str | None, keys: Keys) -> Heard:
    """What `withdraw` (said: void) or `restore` would meet. Says nothing."""
    found = meant_by_key(site, said, source, stream, keys)
    with site.registry.connect() as connection:
        return _heard(connection, said, found)[0]


def _say(
    site: Site, said: str, source: str, stream: str | None, keys: Keys, *, reason: str, by: str
) -> Heard:
    why, at = _reason(reason), site.now
    found = meant_by_key(site, said, source, stream, keys)
    with site.registry.begin() as connection:
        met, new = _heard(connection, said, found)
        rule(connection, [Ruling(said, source, None, number, why, by, at) for number in new])
    return met


def _heard(
    connection: Connection, said: str, meant: Dictionary[tuple[int, ...], tuple[str, ...]]
) -> tuple[Heard, list[int]]:
    """What is met by a word on these keys, and the numbers that it is new for."""
    each = {frozenset(numbers): numbers for numbers in meant}  # one day spelled in two ways is one key
    every = dict.fromkeys(number for numbers in each.values() for number in numbers)
    void = {one.key_number: one.said == "void" for one in rulings_on(connection, [], every)}
    new = [number for number in every if void.get(number, False) != (said == "void")]
    fresh = tuple(numbers for numbers in each.values() if not set(numbers).isdisjoint(new))
    return Heard(fresh, len(each) - len(fresh), tuple(meant[numbers] for numbers in fresh)), new


def rule_on(site: Site, said: str, records: Iterable[bytes], *, reason: str, by: str, role: str = "") -> int:
    """Withdraw (`void`), restore, clear, refuse or reopen records that are in, each named by its id; how many there were.

    Every decision is in the audit. Raises NotFound when there is no such record, and InputError when what was said means
    nothing: a record that nobody withdrew cannot be restored, one that is not doubtful not be decided on.
    """
    wanted = list(dict.fromkeys(records))
    why, at = _reason(reason), site.now
    found = {one.id: one for one in newest(site, wanted)}
    lost = [one.hex() for one in wanted if one not in found]
    if lost:
        raise NotFound("没有编号为 {numbers} 的记录", numbers=lost)
    words = words_of(site, list(found.values()))
    made = [Ruling(said, "", id, None, why, by, at, int(_about(found[id], words[id], said))) for id in wanted]
    made += _keys_restored(site, said, [found[id] for id in wanted], why, by, at)
    with site.registry.begin() as connection:
        rule(connection, made)
    for id in wanted:
        add_audit(
            site.registry,
            now=clock.now(),
            actor=by,
            role=role,
            action=f"record.{said}",
            object=id.hex(),
            reason=why,
        )
    return len(wanted)


def newest(site: Site, records: Sequence[bytes]) -> list[Found]:
    """Of each of these records the version that counts, else the newest; one that no refresh has compared yet only where there is
    no other."""
    if not records:
        return []
    listed = ", ".join(f"unhex('{one.hex()}')" for one in records)
    found = [one for one in _found(site, f"r.id IN ({listed})") if one.state is not Standing.OUTDATED]
    judged = {one.id for one in found if not one.fresh}
    return list({one.id: one for one in found if not one.fresh or one.id not in judged}.values())


def _found(site: Site, where: str) -> list[Found]:
    unfinished = site.pool.unfinished
    left = [f"r.batch NOT IN ({', '.join(map(str, sorted(unfinished)))})"] if unfinished else []
    rows = site.pool.query(
        f"SELECT r.id, r.kind, r.key_number, r.account, r.batch, r.line, coalesce(v.flag, r.flag) AS flag, "
        f"coalesce(v.state, 0) AS state, coalesce(v.instead, 0) AS instead, epoch_us(r.stored) AS stored, "
        f"epoch_us(r.received) AS received, {facts_sql('r.', landed=True)} AS facts, "
        f"r.held IS TRUE AND v.batch IS NULL AS fresh, r.flag AS own FROM {site.pool.landed()} r "
        f"LEFT JOIN verdict v ON v.batch = r.batch AND v.line = r.line WHERE {' AND '.join([where, *left])} "
        f"ORDER BY r.batch, r.line"
    ).to_pylist()
    return [
        Found(
            row["id"],
            Kind(row["kind"]),
            row["key_number"],
            row["account"],
            row["batch"],
            row["line"],
            Flag(row["flag"]),
            Standing(row["state"]),
            row["instead"],
            _moment(row["stored"]),
            _moment(row["received"]),
            Flag(row["own"]),
            row["facts"],
            row["fresh"],
        )
        for row in rows
    ]


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else EPOCH + timedelta(microseconds=micros)


def words_of(site: Site, records: Sequence[Found]) -> dict[bytes, Word]:
    """What holds of each of these records, in force or not before the next refresh."""
    said = said_of(site, records)
    return {one.id: word_on(said, one.id, one.key_number) for one in records}


def _about(record: Found, word: Word, said: str) -> Flag:
    """The flags that a decision is about. Raises InputError when there is nothing to decide.

    What was said last decides, not what the last refresh made of it: a word may be taken back before it is in force.
    """
    doubt, number = record.flag & DOUBTFUL, record.id.hex()
    if said == "restore" and not word.withdrawn:
        raise InputError("记录 {number} 没有被撤回，不用恢复", number=number)
    if said == "void" and word.withdrawn:
        raise InputError("记录 {number} 已经撤回，没有新的", number=number)
    if said in DECISION and word.withdrawn:
        raise InputError("记录 {number} 已经撤回，要先恢复", number=number)
    decided = word.decided or record.flag & (Flag.CLEARED | Flag.REFUSED)
    if said in ("clear", "refuse") and not doubt and not decided:
        raise InputError("记录 {number} 不存疑，不用认可", number=number)
    if said == word.decided and (said == "refuse" or not doubt & ~word.flag):
        raise InputError("记录 {number} 已经{said}，没有新的", number=number, said=sentence(RECORD_ZH[said]))
    if said == "reopen" and not word.decided:
        raise InputError("记录 {number} 还没有人认可或不认可过", number=number)
    return doubt or DOUBTFUL


def awaited(record: Found, word: Word) -> list[str]:
    """What was said last about a record and is not in force before the next refresh: words of RECORD_ZH."""
    found = []
    if word.withdrawn != (record.state is Standing.WITHDRAWN):
        found.append("void" if word.withdrawn else "restore")
    cleared = record.flag & Flag.CLEARED and not record.flag & DOUBTFUL & word.flag
    standing = "refuse" if record.flag & Flag.REFUSED else "clear" if cleared else ""
    # What the rules doubt no more has nothing to be cleared of.
    if word.decided != standing and (
        word.decided != "clear" or standing or record.flag & DOUBTFUL & word.flag
    ):
        found.append(word.decided or "reopen")
    if word.confirmed and record.own & Flag.VERIFIED:
        return found  # its own file says that it has been checked: nothing waits
    if word.confirmed and (confirms(record, word) == "confirm") != bool(record.flag & Flag.VERIFIED):
        found.append(confirms(record, word) or "return")
    return found


def confirms(record: Found, word: Word) -> str:
    """confirm | return, as far as that is about what the record says now; "" where nobody has decided on that."""
    return word.confirmed if word.facts is None or word.facts == record.facts else ""


def _keys_restored(
    site: Site, said: str, records: Sequence[Found], why: str, by: str, at: datetime
) -> list[Ruling]:
    """What was withdrawn by its key is restored by its key, however that may be spelled."""
    if said != "restore":
        return []
    keys = {one.key_number for one in records if one.key_number is not None}
    with site.registry.connect() as connection:
        void = {one.key_number: one.said == "void" for one in rulings_on(connection, [], keys)}
    keys |= {
        number
        for one in records
        if one.key_number is not None and void.get(one.key_number)
        for number in spelled(site, one.batch, one.line)
    }
    with site.registry.connect() as connection:
        before = {one.key_number: one for one in rulings_on(connection, [], keys) if one.key_number in keys}
    return [
        Ruling("restore", one.source, None, key, why, by, at)
        for key, one in before.items()
        if one.said == "void"
    ]


def _reason(text: str) -> str:
    said = text.strip()
    if not said:
        raise InputError("要写明理由")
    if len(said) > LONGEST:
        raise InputError("理由最多 {most} 字", most=LONGEST)
    return said


def said_of(site: Site, records: Sequence[Found]) -> list[Ruling]:
    """What was said about these records, oldest first."""
    keys = {one.key_number for one in records if one.key_number is not None}
    with site.registry.connect() as connection:
        return rulings_on(connection, [one.id for one in records], keys) if records else []
