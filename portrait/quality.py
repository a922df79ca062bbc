"""The quality of what each source sends: how much of it is good, whose it is, how late it comes, and what has changed lately.

It is told and never acted upon: no record weighs less for it. The rules are data/rules/quality.yaml, `delivery`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

import pandas as pd

from portrait.delivery import EPOCH, Figures
from portrait.identity import hidden
from portrait.lake.delivery import delivered, records_naming, records_of, records_of_courses
from portrait.record import month_number
from portrait.resource import read_yaml
from portrait.scope import Scope
from portrait.signal import Signal, failed, odd, risen, silent, standing
from portrait.site import Site
from portrait.store.batch import Counts
from portrait.store.delivery import Day, arrival_days, batch_days, last_failures, strangers
from portrait.store.unlisted import Stand, Unlisted, catalogues, holding, listed_ids, stands, unlisted_courses


@dataclass(frozen=True)
class Missed:
    """A course that records of a source name and no catalogue holds. `code` is "" where it came in before codes were kept."""

    code: str  # numbers of people in it masked
    records: int
    catalogue: str  # the source whose catalogue the code was taken for
    holds: tuple[str, ...]  # sources whose catalogue has this code


@dataclass(frozen=True)
class Taken:
    """An address that records of a source name a course by, and the course of the catalogue that it was taken for by its last part."""

    address: str  # numbers of people in it masked
    records: int
    catalogue: str
    code: str


@dataclass(frozen=True)
class Quality:
    """One source: its figures in all and by month of arrival (numbers as in portrait.record, the newest first).

    `arrivals` counts records by month of their time (0 = without one) and month of arrival. `signals` has the worst first, and
    so has `missed`: the courses that most records name in vain; `taken` are those that were found by the last part of an address.
    """

    source: str
    figures: Figures
    months: tuple[tuple[int, Figures], ...]
    arrivals: Mapping[tuple[int, int], int]
    signals: tuple[Signal, ...]
    missed: tuple[Missed, ...] = ()
    taken: tuple[Taken, ...] = ()

    @property
    def worst(self) -> float:
        """How much there is to look at, 0 to 1."""
        return max((signal.weight for signal in self.signals), default=0.0)


def qualities(
    site: Site, scope: Scope, *, today: date, titles: Mapping[str, str] | None = None
) -> list[Quality]:
    """Every source that the scope may see, in order of its code. `titles` are what the sentences call them."""
    rules = read_yaml("rules/quality.yaml")["delivery"]
    with site.registry.connect() as connection:
        days = arrival_days(connection, scope)
        known = batch_days(connection, scope)
        unknown = strangers(connection, scope)
        failures = last_failures(connection, scope)
        listed = listed_ids(connection)
        named = unlisted_courses(connection, scope)
        holders = holding(connection, [one.code for one in named])
        own = {one.source for one in catalogues(connection)}
        found_by = stands(connection)
    naming = records_naming(site.pool, listed)
    records = _records(site, known, unknown, naming, rules)
    missed = _missed(known, naming, named, holders)
    taken = _taken(known, records_of_courses(site.pool, found_by), found_by)
    by_source: dict[str, list[Day]] = defaultdict(list)
    for day in days:
        by_source[day.source].append(day)
    found = []
    for source, theirs in sorted(by_source.items()):
        rows = records[records["source"] == source]
        name = (titles or {}).get(source, source)
        made = _quality(source, theirs, rows, missed.get(source, ()), taken.get(source, ()), rules)
        signals = [
            *silent(source, name, _arrived(rows), today, rules),
            *risen(source, name, *_lately(theirs, rows, today, rules), rules),
            *failed(source, name, failures),
        ]
        signals += standing(source, name, made.figures, len(set(rows["arrival"])), rules, signals)
        signals += odd(source, name, made.figures, made.missed, own, rules)
        told = tuple(sorted(signals, key=lambda one: (-one.weight, one.code)))
        found.append(replace(made, signals=told))
    return found


def behind(site: Site, scope: Scope, source: str, view: str) -> list[int]:
    """The batches that brought the records behind a figure of today: doubtful, unmatched, late or unlisted ones. The counts that a
    batch was closed with may be older: rules find doubt later, and rosters find persons."""
    rules = read_yaml("rules/quality.yaml")["delivery"]
    with site.registry.connect() as connection:
        known = [one for one in batch_days(connection, scope) if not source or one[1] == source]
        unknown = strangers(connection, scope)
        listed = listed_ids(connection)
    records = _records(site, known, unknown, records_naming(site.pool, listed), rules)
    return sorted({int(number) for number in records.loc[records[view] > 0, "batch"]})


# --- figures ---------------------------------------------------------------------------------------------------


def _records(
    site: Site,
    known: Sequence[tuple[int, str, date]],
    unknown: Sequence[int],
    naming: Sequence[tuple[int, int, int]],
    rules: Mapping[str, Any],
) -> pd.DataFrame:
    """Records of the lake by batch and day, with source, arrival (days since 1970) and month of arrival, delay, late, unmatched,
    unlisted.

    `unmatched` and `unlisted` stand in the first row of their batch only.
    """
    frame = delivered(site.pool)
    if known:
        numbers, names, arrived = zip(*known, strict=True)
    else:
        numbers, names, arrived = (), (), ()
    batches = pd.DataFrame(
        {
            "batch": pd.array(list(numbers), dtype="int64"),
            "source": pd.array(list(names), dtype="str"),
            "arrival": pd.array([(day - EPOCH).days for day in arrived], dtype="int32"),
            "into": pd.array([month_number(day) for day in arrived], dtype="int32"),
        }
    )
    strange = records_of(site.pool, unknown)
    batches["strange"] = batches["batch"].map(strange).fillna(0).astype("int64")
    vain: dict[int, int] = defaultdict(int)
    for number, _, n in naming:
        vain[number] += n
    batches["vain"] = batches["batch"].map(vain).fillna(0).astype("int64")
    found = frame.merge(batches, on="batch", how="inner")
    again = found.duplicated("batch")
    found["unmatched"], found["unlisted"] = found["strange"].where(~again, 0), found["vain"].where(~again, 0)
    found["delay"] = found["arrival"] - found["day"]
    found["late"] = found["n"].where((found["delay"] > int(rules["late_days"])).fillna(False), 0)
    return found.drop(columns=["strange", "vain"])


def _quality(
    source: str,
    days: Sequence[Day],
    records: pd.DataFrame,
    missed: Sequence[Missed],
    taken: Sequence[Taken],
    rules: Mapping[str, Any],
) -> Quality:
    months: dict[int, list[Day]] = defaultdict(list)
    for day in days:
        months[month_number(day.arrived)].append(day)
    share = float(rules["quantile"])
    by_month = dict(tuple(records.groupby("into"))) if len(records) else {}
    nothing = records.iloc[:0]
    return Quality(
        source,
        _figures(days, records, share),
        tuple(
            (month, _figures(months[month], by_month.get(month, nothing), share))
            for month in sorted(months, reverse=True)
        ),
        _arrivals(records),
        (),
        tuple(missed),
        tuple(taken),
    )


def _missed(
    known: Sequence[tuple[int, str, date]],
    naming: Sequence[tuple[int, int, int]],
    named: Sequence[Unlisted],
    holders: Mapping[str, set[str]],
) -> dict[str, list[Missed]]:
    """By source the courses that are named in vain, those of most records first."""
    owner = {number: source for number, source, _ in known}
    codes = {(one.source, one.id): one for one in named}
    counts: dict[tuple[str, int], int] = defaultdict(int)
    for number, course, n in naming:
        if number in owner:
            counts[owner[number], course] += n
    found: dict[str, list[Missed]] = defaultdict(list)
    for (source, course), n in counts.items():
        one = codes.get((source, course))
        code = one.code if one else ""
        holds = tuple(other for other, theirs in holders.items() if code in theirs)
        found[source].append(Missed(hidden(code), n, one.catalogue if one else source, holds))
    return {source: sorted(them, key=lambda one: (-one.records, one.code)) for source, them in found.items()}


def _taken(
    known: Sequence[tuple[int, str, date]], naming: Sequence[tuple[int, int, int]], found: Mapping[int, Stand]
) -> dict[str, list[Taken]]:
    """By source the addresses that were taken for a course of the catalogue, those of most records first."""
    owner = {number: source for number, source, _ in known}
    counts: dict[tuple[str, int], int] = defaultdict(int)
    for number, course, n in naming:
        if number in owner:
            counts[owner[number], course] += n
    listed: dict[str, list[Taken]] = defaultdict(list)
    for (source, course), n in counts.items():
        one = found[course]
        listed[source].append(Taken(hidden(one.address), n, one.catalogue, one.code))
    return {
        source: sorted(them, key=lambda one: (-one.records, one.address)) for source, them in listed.items()
    }


def _arrived(records: pd.DataFrame) -> list[date]:
    return [EPOCH + timedelta(days=int(day)) for day in sorted(set(records["arrival"]))]


def _lately(
    days: Sequence[Day], records: pd.DataFrame, today: date, rules: Mapping[str, Any]
) -> tuple[Figures, Figures]:
    """What came within the window of the rules, and what came before."""
    start, share = today - timedelta(days=int(rules["window_days"])), float(rules["quantile"])
    fresh = records["arrival"] > (start - EPOCH).days
    return (
        _figures([day for day in days if day.arrived > start], records[fresh], share),
        _figures([day for day in days if day.arrived <= start], records[~fresh], share),
    )


def _figures(days: Sequence[Day], records: pd.DataFrame, share: float) -> Figures:
    """Days of the ledger and rows of `_records` added up."""
    read = [day.arrived for day in days if day.counts.rows_read]
    timed = records[records["day"].notna()]
    whole = int(records["n"].sum())
    delays = timed.groupby("delay")["n"].sum().sort_index() if len(timed) else None
    return Figures(
        batches=sum(day.batches for day in days),
        failed=sum(day.failed for day in days),
        counts=Counts(*(sum(getattr(day.counts, one.name) for day in days) for one in fields(Counts))),
        open=sum(day.open for day in days),
        last=max(read, default=None),
        records=whole,
        matched=whole - int(records["unmatched"].sum()),
        doubtful=int(records["doubtful"].sum()),
        undated=whole - int(timed["n"].sum()),
        late=int(records["late"].sum()),
        delay=_quantile(delays, 0.5),
        delay_most=_quantile(delays, share),
        coursed=int(records["named"].sum()),
        unlisted=int(records["unlisted"].sum()),
    )


def _quantile(counts: pd.Series[int] | None, share: float) -> int | None:
    """The smallest value that at least this share of all are not beyond; `counts` by value, in order."""
    if counts is None:
        return None
    reached = counts.cumsum() >= share * int(counts.sum()) - 1e-9
    return int(counts.index[int(reached.to_numpy().argmax())])


def _arrivals(records: pd.DataFrame) -> dict[tuple[int, int], int]:
    if not len(records):
        return {}
    day = pd.to_datetime(records["day"].astype("Int64"), unit="D", origin="unix")
    month = (day.dt.year * 12 + day.dt.month - 1).fillna(0).astype("int64")
    sums = records.groupby([month.rename("month"), "into"])["n"].sum()
    of, into = (sums.index.get_level_values(level).tolist() for level in (0, 1))
    return dict(zip(zip(of, into, strict=True), sums.tolist(), strict=True))
