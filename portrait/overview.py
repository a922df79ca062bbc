"""The figures that a project office or a bureau is shown, for one Scope, one Ask and one day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TypeVar

from portrait.lake.coverage import learners
from portrait.place import unit_of
from portrait.programme.due import Due, dues
from portrait.programme.rate import Rate, rate, rates, rates_within
from portrait.programme.tally import Fill, Tally, total, total_fill
from portrait.scope import Role, Scope
from portrait.site import Site
from portrait.store.employment import moved
from portrait.store.staff import registered
from portrait.store.training import Ask, ClassCount, class_counts, region_fills, region_tallies

PLACE_MEASURES = ("sent", "arrived", "graduated", "covered")

Key = TypeVar("Key")
Count = TypeVar("Count", Tally, Fill, int)


@dataclass(frozen=True)
class Overview:
    """Counts as they came from the database; every rate is formed from them when asked for.

    `floor`: groups of fewer persons are hidden. A bureau lists its own trainees by name, so for their rates it is 0.
    """

    ask: Ask
    as_of: date
    floor: int
    cover_floor: int
    tallies: Mapping[str, Tally]  # by sending place
    fills: Mapping[str, Fill]  # by place that was given the quota
    classes: tuple[ClassCount, ...]
    learned: Mapping[str, int]  # persons with a record in the year, by county
    teachers: Mapping[str, int]  # persons on the register, by county
    covers: bool = True  # whether coverage is told (see `told`)

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures that are told by place."""
        return told(self.covers)

    # --- all together ----------------------------------------------------------------------------------------

    @cached_property
    def tally(self) -> Tally:
        return total(self.tallies.values())

    @cached_property
    def fill(self) -> Fill:
        return total_fill(self.fills.values())

    def sent(self) -> Rate:
        return self.fill.rate()

    def people(self, measure: str) -> Rate:
        return self.tally.rate(measure, self.floor)

    def on_time(self) -> Rate:
        return rate("on_time", *on_time(self.classes, self.as_of))

    def covered(self) -> Rate:
        n, N = sum(self.learned.values()), sum(self.teachers.values())
        return rate("covered", min(n, N), N, floor=self.cover_floor)

    # --- by group --------------------------------------------------------------------------------------------

    def by_place(self, measure: str, key: Callable[[str], str] = unit_of) -> dict[str, Rate]:
        """A rate by reporting unit, or by whatever `key` makes of a place's code."""
        if measure == "sent":
            return {code: fill.rate() for code, fill in _grouped(self.fills, key, Fill()).items()}
        return rates(measure, self._persons(measure, key), floor=self._floor(measure))

    def by_county(self, measure: str) -> dict[str, Rate]:
        """A rate by county, to stand beside the rates by reporting unit."""
        if measure == "sent":
            return self.by_place("sent", str)
        return rates_within(measure, self._persons(measure, str), unit_of, floor=self._floor(measure))

    def _persons(self, measure: str, key: Callable[[str], str]) -> dict[str, tuple[int, int]]:
        """n and N of a measure of persons, by what `key` makes of a place's code."""
        if measure == "covered":
            n, N = _grouped(self.learned, key, 0), _grouped(self.teachers, key, 0)
            return {code: (min(n.get(code, 0), N[code]), N[code]) for code in N}
        return {code: t.pair(measure) for code, t in _grouped(self.tallies, key, Tally()).items()}

    def _floor(self, measure: str) -> int:
        return self.cover_floor if measure == "covered" else self.floor

    def fills_by(self, key: Callable[[str], str] = unit_of) -> dict[str, Fill]:
        return _grouped(self.fills, key, Fill())

    def by_provider(self, measure: str) -> dict[int, Rate]:
        """Arrival and graduation of the arrived, by provider: what a provider answers for."""
        tallies = self.provider_tallies
        return rates(measure, {p: t.pair(measure) for p, t in tallies.items()}, floor=self.floor)

    @cached_property
    def provider_tallies(self) -> dict[int, Tally]:
        found: dict[int, Tally] = {}
        for count in self.classes:
            key = count.training_class.provider_id
            if key is not None:
                found[key] = found.get(key, Tally()) + count.tally(self.as_of)
        return found

    @cached_property
    def provider_names(self) -> dict[int, str]:
        return {
            c.training_class.provider_id: c.training_class.provider
            for c in self.classes
            if c.training_class.provider_id is not None
        }

    def on_time_by_provider(self) -> dict[int, Rate]:
        groups: dict[int, list[ClassCount]] = {}
        for count in self.classes:
            if count.training_class.provider_id is not None:
                groups.setdefault(count.training_class.provider_id, []).append(count)
        return {key: rate("on_time", *on_time(group, self.as_of)) for key, group in groups.items()}

    def by_class(self, measure: str) -> dict[int, Rate]:
        """Arrival or graduation by class, to stand beside the rates by provider."""
        provider = {c.training_class.id: c.training_class.provider_id for c in self.classes}
        counts = {c.training_class.id: c.tally(self.as_of).pair(measure) for c in self.classes}
        return rates_within(measure, counts, lambda key: provider[key], floor=self.floor)

    def by_category(self, measure: str) -> dict[str, Rate]:
        """Arrival or graduation by project category, in the order of the notice; what is in neither plan ("") comes last."""
        found: dict[str, Tally] = {}
        for count in self.classes:
            key = count.training_class.category
            found[key] = found.get(key, Tally()) + count.tally(self.as_of)
        return rates(
            measure,
            {
                code: t.pair(measure)
                for code, t in sorted(found.items(), key=lambda pair: (not pair[0], pair[0]))
            },
            floor=self.floor,
        )

    def dues(self) -> list[Due]:
        return dues(self.classes, self.fill, self.ask.year, self.as_of)


def overview(site: Site, scope: Scope, ask: Ask, as_of: date) -> Overview:
    """Everything a first screen shows, in five set-based queries and one count in the lake."""
    registry, floor = site.registry, site.settings.small_cell
    year = ask.year or as_of.year
    first, last = date(year, 1, 1), min(date(year, 12, 31), as_of)
    covers = counts_everybody(scope)
    # Who has moved since counts where they taught then: a past year does not change with a transfer.
    gone = moved(registry, last) if covers and last < site.today else []
    teachers = registered(registry, scope, replace(ask, year=None), gone) if covers else {}
    # Everybody is counted, so no list of persons is needed; a county's are told by their county.
    then = {one.person: one.then for one in gone}
    learned = learners(site.pool, first, last, None, then) if first <= last and teachers else {}
    return Overview(
        ask,
        as_of,
        0 if scope.actor.role is Role.BUREAU else floor,
        floor,
        region_tallies(registry, scope, ask, as_of),
        region_fills(registry, scope, ask, as_of),
        tuple(class_counts(registry, scope, ask, as_of)),
        {code: n for code, n in learned.items() if code in teachers},
        teachers,
        covers,
    )


def counts_everybody(scope: Scope) -> bool:
    """Whether the reader counts all teachers of a place. An office of some categories counts those in its own classes,
    and coverage of them alone would be nobody's."""
    return not (scope.actor.role is Role.OFFICE and scope.actor.office)


def told(covers: bool) -> tuple[str, ...]:
    """The measures by place, with coverage or without."""
    return PLACE_MEASURES if covers else tuple(code for code in PLACE_MEASURES if code != "covered")


def on_time(classes: Iterable[ClassCount], as_of: date) -> tuple[int, int]:
    """Classes finished within their time, of those whose end or deadline has come.

    A class is finished when its last day lies before its deadline and somebody has graduated by then.
    """
    n = N = 0
    for count in classes:
        one = count.training_class
        if one.due is None or one.ends is None:
            continue
        if one.ends < as_of or one.due < as_of:
            N += 1
            n += one.ends <= one.due and count.closed is not None and count.closed <= one.due
    return n, N


def _grouped(counts: Mapping[str, Count], key: Callable[[str], str], zero: Count) -> dict[str, Count]:
    found: dict[str, Count] = {}
    for code, one in counts.items():
        place = key(code)
        found[place] = found.get(place, zero) + one
    return found
