"""A record taken back or let count again, by a person or by the platform that sent it; also before the record itself has come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from portrait import clock
from portrait.errors import InputError, MappingError, NotFound
from portrait.intake.land import record_key
from portrait.intake.mapping import Mapping, mapping_files, read_mapping
from portrait.intake.recipe import mapping_then
from portrait.record import DOUBTFUL, Flag, Standing
from portrait.site import Site
from portrait.store.audit import add_audit
from portrait.store.batch import record_batches_from
from portrait.store.ruling import Ruling, rule, rulings_on

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST = 300  # signs of a reason
RECORD_ZH = {"void": "撤回", "restore": "恢复", "clear": "认可", "refuse": "不认可", "reopen": "重新待核实"}


@dataclass(frozen=True)
class Found:
    """A record as the lake holds it, whether it counts or not."""

    id: bytes
    key_number: int | None
    account: int
    batch: int
    line: int
    flag: Flag
    state: Standing
    instead: int  # batch of the version that took its place
    stored: datetime | None
    received: datetime | None


def withdraw(
    site: Site,
    source: str,
    stream: str | None,
    keys: Iterable[str | Sequence[str]],
    *,
    reason: str,
    by: str,
) -> int:
    """Take back every record of these keys, those that have not come yet among them; how many keys that are.

    A key is what stands in the column of the mapping's `key` (several columns: a sequence of texts in their order). With a
    `stream` its `series` is meant, without one records of streams without a series. Figures follow with the next refresh.
    """
    return _say(site, "void", source, stream, keys, reason=reason, by=by)


def restore(
    site: Site,
    source: str,
    stream: str | None,
    keys: Iterable[str | Sequence[str]],
    *,
    reason: str,
    by: str,
) -> int:
    """Let records that were withdrawn by these keys count again."""
    return _say(site, "restore", source, stream, keys, reason=reason, by=by)


def _say(
    site: Site,
    said: str,
    source: str,
    stream: str | None,
    keys: Iterable[str | Sequence[str]],
    *,
    reason: str,
    by: str,
) -> int:
    series = _series(site, source, stream) if stream else ""
    why, at = _reason(reason), site.now
    with site.registry.begin() as connection:
        return rule(
            connection,
            (
                Ruling(said, source, None, number, why, by, at)
                for number in dict.fromkeys(
                    record_key(source, series, [key] if isinstance(key, str) else key) for key in keys
                )
            ),
        )


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
    made = [Ruling(said, "", id, None, why, by, at, int(_about(found[id], said))) for id in wanted]
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
    """Of each of these records the version that counts, else the newest."""
    if not records:
        return []
    listed = ", ".join(f"unhex('{one.hex()}')" for one in records)
    return [one for one in _found(site, f"r.id IN ({listed})") if one.state is not Standing.OUTDATED]


def _found(site: Site, where: str) -> list[Found]:
    unfinished = site.pool.unfinished
    left = [f"r.batch NOT IN ({', '.join(map(str, sorted(unfinished)))})"] if unfinished else []
    rows = site.pool.query(
        f"SELECT r.id, r.key_number, r.account, r.batch, r.line, coalesce(v.flag, r.flag) AS flag, "
        f"coalesce(v.state, 0) AS state, coalesce(v.instead, 0) AS instead, epoch_us(r.stored) AS stored, "
        f"epoch_us(r.received) AS received FROM {site.pool.landed()} r "
        f"LEFT JOIN verdict v ON v.batch = r.batch AND v.line = r.line WHERE {' AND '.join([where, *left])} "
        f"ORDER BY r.batch, r.line"
    ).to_pylist()
    return [
        Found(
            row["id"],
            row["key_number"],
            row["account"],
            row["batch"],
            row["line"],
            Flag(row["flag"]),
            Standing(row["state"]),
            row["instead"],
            _moment(row["stored"]),
            _moment(row["received"]),
        )
        for row in rows
    ]


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else EPOCH + timedelta(microseconds=micros)


def _about(record: Found, said: str) -> Flag:
    """The flags that a decision is about. Raises InputError when there is nothing to decide."""
    doubt = record.flag & DOUBTFUL
    decided = record.flag & (Flag.CLEARED | Flag.REFUSED)
    if said == "restore" and record.state is not Standing.WITHDRAWN:
        raise InputError("记录 {number} 没有被撤回，不用恢复", number=record.id.hex())
    if said == "void" and record.state is Standing.WITHDRAWN:
        raise InputError("记录 {number} 已经撤回", number=record.id.hex())
    if said in ("clear", "refuse") and not doubt and not decided:
        raise InputError("记录 {number} 不存疑，不用认可", number=record.id.hex())
    if said == "reopen" and not decided:
        raise InputError("记录 {number} 还没有人认可或不认可过", number=record.id.hex())
    return doubt or DOUBTFUL


def _keys_restored(
    site: Site, said: str, records: Sequence[Found], why: str, by: str, at: datetime
) -> list[Ruling]:
    """What was withdrawn by its key is restored by its key."""
    if said != "restore":
        return []
    keys = {one.key_number for one in records if one.key_number is not None}
    with site.registry.connect() as connection:
        before = {one.key_number: one for one in rulings_on(connection, [], keys) if one.key_number in keys}
    return [
        Ruling("restore", one.source, None, key, why, by, at)
        for key, one in before.items()
        if one.said == "void"
    ]


def _series(site: Site, source: str, stream: str) -> str:
    """The series of a source's stream. Raises MappingError when no mapping of the source has it."""
    found = None
    for path in mapping_files(site.settings.home).values():
        try:
            mapping: Mapping = read_mapping(path)
        except MappingError:
            continue
        if mapping.source == source:
            found = next((one for one in mapping.streams if one.name == stream), found)
    with site.registry.connect() as connection:
        came = [batch for batch in record_batches_from(connection, source) if batch.stream == stream]
    if found is None and came:
        found = mapping_then(site, came[-1])[1]  # taken in by a mapping from somewhere else
    if found is None:
        raise MappingError(f"来源 {source} 的映射里没有 {stream} 这个流")
    return found.series


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
