"""Off-site days over an area: how many teachers have the days of the cycle, and how much time is left for the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from portrait.hours import hours_rule
from portrait.lake.coverage import offsite_counts, offsite_days
from portrait.programme.rate import Rate, rate, rates
from portrait.scope import Role, Scope
from portrait.site import Site
from portrait.store.employment import moved
from portrait.store.staff import counted_persons, registered
from portrait.store.trainee import Trainee, nominations
from portrait.store.training import Ask
from portrait.waiting import confirmed_records


@dataclass(frozen=True)
class OffsiteBoard:
    """Teachers by county and by days. Persons without a day are counted from the register, never guessed."""

    target: int
    first: date
    last: date  # of the cycle
    as_of: date
    teachers: Mapping[str, int]  # by county
    reached: Mapping[str, int]  # with `target` days or more, by county
    days: tuple[int, ...]  # teachers with 0, 1, … days; the last entry holds `target` and more
    floor: int

    @property
    def months_left(self) -> int:
        """Whole months from the day to the end of the cycle."""
        gone = self.last.day < self.as_of.day
        return max(0, (self.last.year - self.as_of.year) * 12 + self.last.month - self.as_of.month - gone)

    @property
    def short(self) -> int:
        return sum(self.days[:-1])

    def rate(self) -> Rate:
        return rate("offsite", sum(self.reached.values()), sum(self.teachers.values()), floor=self.floor)

    def by_county(self) -> dict[str, Rate]:
        counts = {code: (self.reached.get(code, 0), n) for code, n in self.teachers.items()}
        return rates("offsite", counts, floor=self.floor)


def offsite_board(site: Site, scope: Scope, ask: Ask, as_of: date) -> OffsiteBoard:
    """The board of the teachers whom the reader may count."""
    rule = hours_rule()
    first, last = rule.cycle(as_of)
    target = rule.targets["offsite"]
    until = min(last, as_of)
    # An office of some categories and a school count persons of their own, whichever county these are in.
    whole = scope.actor.role is Role.BUREAU or (scope.actor.role is Role.OFFICE and not scope.actor.office)
    gone = moved(site.registry, until) if whole and until < site.today else []
    teachers = registered(site.registry, scope, ask, gone)
    # A bureau may count whole counties; anybody else counts persons, or a school would be shown its county.
    persons = None
    if scope.actor.role is not Role.BUREAU:
        persons = counted_persons(site.registry, scope, ask, gone, set(teachers))
    then = {one.person: one.then for one in gone}
    confirmed = confirmed_records(site)
    found = offsite_counts(site.pool, first, until, list(teachers), persons, confirmed, then)
    spread = [0] * (target + 1)
    reached: dict[str, int] = {}
    for county, counts in found.items():
        for days, n in counts.items():
            spread[min(days, target)] += n
            if days >= target:
                reached[county] = reached.get(county, 0) + n
    spread[0] = max(0, sum(teachers.values()) - sum(spread))
    return OffsiteBoard(
        target, first, last, as_of, teachers, reached, tuple(spread), site.settings.small_cell
    )


def short_trainees(site: Site, scope: Scope, ask: Ask, as_of: date) -> list[tuple[Trainee, int]]:
    """The reader's own nominated teachers with fewer days than the cycle asks for, fewest first; each person once."""
    rule = hours_rule()
    first, last = rule.cycle(as_of)
    people: dict[int, Trainee] = {}
    for _, trainee in nominations(site.registry, scope, ask, limit=5000):
        if trainee.person_id is not None and trainee.confirmed is not None:
            people.setdefault(trainee.person_id, trainee)
    days = offsite_days(site.pool, first, min(last, as_of), list(people), confirmed_records(site))
    short = [
        (trainee, days.get(person, 0))
        for person, trainee in people.items()
        if days.get(person, 0) < rule.targets["offsite"]
    ]
    return sorted(short, key=lambda item: (item[1], item[0].name))
