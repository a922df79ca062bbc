"""What about a source one should look at, in words with its numbers, a reason and what to do; `weight` (0 to 1) says which is worst.

The bounds are data/rules/quality.yaml, `delivery`. Nothing is done about it here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from statistics import median
from typing import Any, Protocol

from portrait.delivery import Figures
from portrait.sentence import Sentence, sentence

SHOWN = 3  # courses that a sentence names


@dataclass(frozen=True)
class Signal:
    """Something about a source that one should look at: what it is, and the sentence with its numbers."""

    code: str  # silent | unmatched | duplicate | quarantined | failed | late | doubtful | unlisted
    source: str
    says: Sentence
    batch: int | None = None
    weight: float = 0.0


class Course(Protocol):
    """A course that records name in vain; portrait.quality.Missed."""

    @property
    def code(self) -> str: ...
    @property
    def records(self) -> int: ...
    @property
    def catalogue(self) -> str: ...
    @property
    def holds(self) -> tuple[str, ...]: ...


def failed(source: str, name: str, failures: Mapping[str, tuple[int, date]]) -> list[Signal]:
    """Whether the newest batch did not come in."""
    if source not in failures:
        return []
    number, when = failures[source]
    words = sentence("{source}最近的一批没有接入（第 {n} 号批次，{day}）", source=name, n=number, day=when)
    return [Signal("failed", source, words, number, 1.0)]


def silent(
    source: str, name: str, fresh: Sequence[date], today: date, rules: Mapping[str, Any]
) -> list[Signal]:
    """Whether new records have stopped coming, against the source's own rhythm; `fresh` are the days on which some came."""
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
    return [Signal("silent", source, words, weight=0.9)]


_RISEN = {
    "unmatched": sentence(
        "{source}最近 {days} 天来的 {n} 条记录里 {m} 条认不出是谁（{share}），以前是 {before}"
    ),
    "duplicate": sentence("{source}最近 {days} 天读入的 {n} 行里 {m} 行是重复的（{share}），以前是 {before}"),
    "quarantined": sentence(
        "{source}最近 {days} 天读入的 {n} 行里 {m} 行进了隔离区（{share}），以前是 {before}"
    ),
}


def risen(source: str, name: str, lately: Figures, before: Figures, rules: Mapping[str, Any]) -> list[Signal]:
    """Shares that are unusually high lately."""
    told = []
    for code, words in _RISEN.items():
        (m, n), (m_before, n_before) = _share(code, lately), _share(code, before)
        if min(n, n_before) < int(rules["least_rows"]):
            continue
        if m / n - m_before / n_before >= float(rules["rise"][code]):
            values = {
                "source": name,
                "days": int(rules["window_days"]),
                "n": f"{n:,}",
                "m": f"{m:,}",
                "share": f"{m / n:.1%}",
                "before": f"{m_before / n_before:.1%}",
            }
            told.append(Signal(code, source, sentence(words, **values), weight=m / n))
    return told


def _share(code: str, figures: Figures) -> tuple[int, int]:
    """How many there are of a kind, and among how many."""
    counts = figures.counts
    return {
        "unmatched": (figures.records - figures.matched, figures.records),
        "duplicate": (counts.rows_duplicate, counts.rows_read),
        "quarantined": (counts.rows_quarantined, counts.rows_read),
        "open": (figures.open, counts.rows_read),
        "late": (figures.late, figures.records - figures.undated),
        "doubtful": (figures.doubtful, figures.records),
        "unlisted": (figures.unlisted, figures.coursed),
    }[code]


_STANDING = {
    "unmatched": sentence(
        "{source}的 {n} 条记录里 {m} 条认不出是谁（{share}），不算在任何人名下"
        "：接入或补全教师名册，核对映射的 account 写的是哪种标识，再看“身份合并”里等着的"
    ),
    "open": sentence(
        "{source}读入的 {n} 行里 {m} 行还在隔离区（{share}），没有人处理：看原因，改好映射或改正以后重放"
    ),
    "late": sentence(
        "{source}的 {n} 条有日期的记录里 {m} 条在发生 {days} 天以后才来（{share}），一半隔了 {delay} 天以上"
        "：画像总落后这么久，请平台缩短推送的间隔"
    ),
    "doubtful": sentence(
        "{source}的 {n} 条记录里 {m} 条存疑（{share}），有人认可以前不计：到“存疑记录”看是哪一种"
    ),
}
_ONCE = sentence(
    "{source}的 {n} 条有日期的记录里 {m} 条在发生 {days} 天以后才来（{share}），都在同一天"
    "：多半是一次补进的历史数据，不用处理；以后还这样，再请平台缩短推送的间隔"
)


def standing(
    source: str,
    name: str,
    figures: Figures,
    arrivals: int,
    rules: Mapping[str, Any],
    told: Collection[Signal],
) -> list[Signal]:
    """Shares that are too high whatever they used to be, other than those already told; `arrivals` are the days on which records came."""
    found = []
    for code, words in _STANDING.items():
        m, n = _share(code, figures)
        as_told = "quarantined" if code == "open" else code
        if n < int(rules["least_rows"]) or m / n <= float(rules["standing"][code]):
            continue
        if any(signal.code == as_told for signal in told):
            continue
        values = {"source": name, "n": f"{n:,}", "m": f"{m:,}", "share": f"{m / n:.1%}"}
        weight = m / n
        if code == "late":
            values |= {"days": f"{int(rules['late_days'])}", "delay": f"{figures.delay}"}
            # What was made up for once is no habit.
            once = arrivals == 1
            words, weight = (_ONCE, weight / 10) if once else (words, weight / 2)
        found.append(Signal(as_told, source, sentence(words, **values), weight=weight))
    return found


def odd(
    source: str,
    name: str,
    figures: Figures,
    missed: Sequence[Course],
    own: Collection[str],
    rules: Mapping[str, Any],
) -> list[Signal]:
    """Whether many records name courses that no catalogue holds: which, and what would help. `own` are the sources with a catalogue."""
    m, n = _share("unlisted", figures)
    if n < int(rules["least_rows"]) or m / n <= float(rules["standing"]["unlisted"]):
        return []
    words = sentence(
        "{source}写了课程的 {n} 条记录里 {m} 条的课程不在目录里（{share}），说明不了任何能力。最多的：{most}。{remedy}",
        source=name,
        n=f"{n:,}",
        m=f"{m:,}",
        share=f"{m / n:.1%}",
        most=[_named(one) for one in missed[:SHOWN]],
        remedy=remedy(missed, own),
    )
    return [Signal("unlisted", source, words, weight=m / n)]


def _named(one: Course) -> Sentence:
    code = one.code or sentence("（代码没有留下）")
    return sentence("{code}（{n} 条）", code=code, n=f"{one.records:,}")


def remedy(missed: Sequence[Course], own: Collection[str]) -> Sentence:
    """What would give these courses a place in a catalogue."""
    holders: dict[str, int] = {}
    for one in missed:
        for other in one.holds:
            holders[other] = holders.get(other, 0) + one.records
    if holders:
        other = max(sorted(holders), key=lambda name: holders[name])
        return sentence(
            "其中 {k} 个代码在来源 {other} 的目录里：在映射里写 course_source: {other}，再导入一次原来的文件",
            k=sum(other in one.holds for one in missed),
            other=other,
        )
    taken = next((one.catalogue for one in missed), "")
    if taken in own:
        return sentence(
            "来源 {other} 的目录里没有这些代码：核对映射取的是不是课程代码，或把缺的课程补进名单", other=taken
        )
    if own:
        return sentence(
            "来源 {other} 没有给过课程名单：接入它的课程，或在映射里用 course_source 写明是哪个来源的课程（有目录的：{own}）",
            other=taken,
            own=sorted(own),
        )
    return sentence("还没有接入过课程名单：先接入课程和它们对应的能力指标")
