"""The quality of what each source sends: how much of it is good, whose it is, how late it comes, and what has changed lately.

It is told and never acted upon: no record weighs less for it. The rules are data/rules/quality.yaml, `delivery`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

import pandas as pd

from portrait.lake.delivery import delivered, records_of
from portrait.record import month_number
from portrait.resource import read_yaml
from portrait.scope import Scope
from portrait.sentence import Sentence, sentence
from portrait.site import Site
from portrait.store.batch import Counts
from portrait.store.delivery import Day, arrival_days, batch_days, last_failures, strangers

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Figures:
    """What came of a source, in all or in one month of arrival. Rows are those of the ledger, records those of the lake.

    Delays are whole days from a record's time to its arrival, None where no record has a time.
    """

    batches: int = 0
    failed: int = 0
    counts: Counts = field(default_factory=Counts)
    open: int = 0  # quarantined rows that wait for a decision
    last: date | None = None  # newest day on which something was read
    records: int = 0
    matched: int = 0  # records whose account is a known person's today
    doubtful: int = 0
    undated: int = 0
    late: int = 0
    delay: int | None = None  # median
    delay_most: int | None = None  # the quantile of the rules


@dataclass(frozen=True)
class Signal:
    """Something about a source that one should look at: what it is, and the sentence with its numbers."""

    code: str  # silent | unmatched | duplicate | quarantined | failed
    source: str
    says: Sentence
    batch: int | None = None


@dataclass(frozen=True)
class Quality:
    """One source: its figures in all and by month of arrival (numbers as in portrait.record, the newest first).

    `arrivals` counts records by month of their time (0 = without one) and month of arrival.
    """

    source: str
    figures: Figures
    months: tuple[tuple[int, Figures], ...]
    arrivals: Mapping[tuple[int, int], int]
    signals: tuple[Signal, ...]


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
    records = _records(site, known, unknown, rules)
    by_source: dict[str, list[Day]] = defaultdict(list)
    for day in days:
        by_source[day.source].append(day)
    found = []
    for source, own in sorted(by_source.items()):
        theirs = records[records["source"] == source]
        name = (titles or {}).get(source, source)
        told = [
            *_silent(source, name, theirs, today, rules),
            *_risen(source, name, own, theirs, today, rules),
        ]
        if source in failures:
            number, when = failures[source]
            words = sentence(
                "{source}最近的一批没有接入（第 {n} 号批次，{day}）", source=name, n=number, day=when
            )
            told.append(Signal("failed", source, words, number))
        found.append(_quality(source, own, theirs, tuple(told), rules))
    return found


# --- figures ---------------------------------------------------------------------------------------------------


def _records(
    site: Site, known: Sequence[tuple[int, str, date]], unknown: Sequence[int], rules: Mapping[str, Any]
) -> pd.DataFrame:
    """Records of the lake by batch and day, with source, arrival (days since 1970) and month of arrival, delay, late, unmatched.

    `unmatched` stands in the first row of its batch only.
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
    found = frame.merge(batches, on="batch", how="inner")
    found["unmatched"] = found["strange"].where(~found.duplicated("batch"), 0)
    found["delay"] = found["arrival"] - found["day"]
    found["late"] = found["n"].where((found["delay"] > int(rules["late_days"])).fillna(False), 0)
    return found.drop(columns=["strange"])


def _quality(
    source: str,
    days: Sequence[Day],
    records: pd.DataFrame,
    signals: tuple[Signal, ...],
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
        signals,
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


# --- signals ---------------------------------------------------------------------------------------------------


def _silent(
    source: str, name: str, records: pd.DataFrame, today: date, rules: Mapping[str, Any]
) -> list[Signal]:
    """Whether new records have stopped coming, against the source's own rhythm."""
    fresh = [EPOCH + timedelta(days=int(day)) for day in sorted(set(records["arrival"]))]
    if len(fresh) < int(rules["rhythm_arrivals"]):
        return []
    gaps = [(after - before).days for before, after in pairwise(fresh)]
    usual = median(gaps[-int(rules["rhythm_last"]) :])
    since = (today - fresh[-1]).days
    if since < int(rules["silent_days"]) or since <= float(rules["silent_times"]) * usual:
        return []
    words = sentence(
        "{source}已 {days} 天没有新记录，平时每 {usual} 天一次", source=name, days=since, usual=f"{usual:g}"
    )
    return [Signal("silent", source, words)]


def _risen(
    source: str,
    name: str,
    days: Sequence[Day],
    records: pd.DataFrame,
    today: date,
    rules: Mapping[str, Any],
) -> list[Signal]:
    """Shares that are unusually high lately."""
    window = int(rules["window_days"])
    start = today - timedelta(days=window)
    lately, before = (
        [day.counts for day in days if (day.arrived > start) == recent] for recent in (True, False)
    )
    fresh = records["arrival"] > (start - EPOCH).days
    shares = {
        "unmatched": [
            (int(part["unmatched"].sum()), int(part["n"].sum())) for part in (records[fresh], records[~fresh])
        ],
        "duplicate": [_summed(part, "rows_duplicate") for part in (lately, before)],
        "quarantined": [_summed(part, "rows_quarantined") for part in (lately, before)],
    }
    told = []
    for code, ((m, n), (m_before, n_before)) in shares.items():
        if min(n, n_before) < int(rules["least_rows"]):
            continue
        if m / n - m_before / n_before >= float(rules["rise"][code]):
            values = {
                "source": name,
                "days": window,
                "n": f"{n:,}",
                "m": f"{m:,}",
                "share": f"{m / n:.1%}",
                "before": f"{m_before / n_before:.1%}",
            }
            told.append(Signal(code, source, _risen_says(code, values)))
    return told


def _risen_says(code: str, values: Mapping[str, Any]) -> Sentence:
    if code == "unmatched":
        return sentence(
            "{source}最近 {days} 天来的 {n} 条记录里 {m} 条认不出是谁（{share}），以前是 {before}", **values
        )
    if code == "duplicate":
        return sentence(
            "{source}最近 {days} 天读入的 {n} 行里 {m} 行是重复的（{share}），以前是 {before}", **values
        )
    return sentence(
        "{source}最近 {days} 天读入的 {n} 行里 {m} 行进了隔离区（{share}），以前是 {before}", **values
    )


def _summed(counts: Sequence[Counts], name: str) -> tuple[int, int]:
    return sum(getattr(one, name) for one in counts), sum(one.rows_read for one in counts)
