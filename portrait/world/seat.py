"""Who was sent to which class and what became of it: quota, confirmation, check-in, leaving, graduation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from portrait.resource import read_yaml
from portrait.world.calendar import SPAN, Calendar
from portrait.world.people import People
from portrait.world.provider import Provider
from portrait.world.province import Province
from portrait.world.training import Audience, TrainingClass
from portrait.world.words import shares

MOST = 3  # classes a teacher attends in two years
NEVER = -1


@dataclass(frozen=True)
class Seats:
    """One entry a trainee, sorted by teacher. Days count as in Calendar; NEVER where it has not happened.

    `presence` and `effort` are the chances of a signed-in day and of a handed-in task; what comes of a class follows from them, so the first
    days tell something of the last.
    """

    who: np.ndarray
    run: np.ndarray
    county: np.ndarray
    confirmed: np.ndarray
    checked_in: np.ndarray
    left: np.ndarray
    graduated: np.ndarray
    reason: np.ndarray  # text, "" none
    presence: np.ndarray
    effort: np.ndarray

    def __len__(self) -> int:
        return len(self.who)


@dataclass(frozen=True)
class Quotas:
    run: np.ndarray
    county: np.ndarray
    places: np.ndarray


def fill_classes(
    rng: np.random.Generator,
    province: Province,
    people: People,
    providers: Sequence[Provider],
    classes: Sequence[TrainingClass],
    calendar: Calendar,
    wanted: Sequence[tuple[int, int]] = (),
) -> tuple[Quotas, Seats]:
    """Places for counties and the teachers they sent. `wanted` are (teacher, class) pairs that must come about."""
    groups: dict[Audience, tuple[np.ndarray, np.ndarray]] = {}
    country = np.array([not s.urban_rural.startswith("11") for s in province.schools])[people.school]
    edges = np.arange(len(province.counties) + 1)
    care = rng.beta(14, 2, len(province.counties))  # how fully each county fills its places
    until = np.full(len(people), -1, np.int32)
    used = np.zeros(len(people), np.int8)
    for teacher, run in wanted:
        until[teacher], used[teacher] = max(until[teacher], classes[run].ends), MOST
    quotas: list[tuple[int, int, int]] = []
    who: list[np.ndarray] = []
    runs: list[np.ndarray] = []
    for run in sorted(range(len(classes)), key=lambda i: classes[i].starts):
        plan = classes[run]
        if plan.school >= 0:
            staff = np.flatnonzero(people.school == plan.school)
            quotas.append((run, plan.counties[0], len(staff)))
            sent = staff[rng.random(len(staff)) < 0.93]
            who.append(sent)
            runs.append(np.full(len(sent), run))
            continue
        if plan.audience not in groups:
            members = plan.audience.members(people, country, calendar.today.year)
            groups[plan.audience] = (members, np.searchsorted(people.county[members], edges))
        members, starts = groups[plan.audience]
        extra = [(t, r) for t, r in wanted if r == run]
        for county, places in _places(rng, plan, starts, {int(people.county[t]) for t, _ in extra}):
            quotas.append((run, county, places))
            here = members[starts[county] : starts[county + 1]]
            free = here[(until[here] < plan.starts) & (used[here] < MOST)]
            forced = np.array([t for t, _ in extra if people.county[t] == county], np.int64)
            count = int(rng.binomial(places, care[county])) - len(forced)
            taste = 0.5 * people.engagement[free] + rng.gumbel(size=len(free))
            chosen = np.r_[forced, free[np.argsort(-taste, kind="stable")[: max(0, count)]]]
            until[chosen] = np.maximum(until[chosen], plan.ends)
            used[chosen] += 1
            who.append(chosen)
            runs.append(np.full(len(chosen), run))
    sitting, run_of = np.concatenate(who), np.concatenate(runs)
    order = np.lexsort((run_of, sitting))
    seats = _fates(
        rng, people, providers, classes, calendar, sitting[order], run_of[order], frozenset(wanted)
    )
    table = np.array(quotas, np.int64)
    return Quotas(table[:, 0], table[:, 1], table[:, 2]), seats


def _places(
    rng: np.random.Generator, plan: TrainingClass, starts: np.ndarray, needed: set[int]
) -> list[tuple[int, int]]:
    """(county, places) of a class: its own counties, others where those have nobody to send."""
    available = np.diff(starts)
    counties = [c for c in plan.counties if available[c]]
    if available[counties].sum() < 12 and plan.level in ("L1", "L2"):
        others = np.flatnonzero(available)
        counties = sorted({*counties, *rng.choice(others, min(8, len(others)), replace=False).tolist()})
    counties = sorted({*counties, *needed}) or [plan.counties[0]]
    room = available[counties]
    wish = min(plan.size, max(len(counties), int(room.sum() * 0.8)))
    places = shares(np.maximum(room, 0.5) * rng.lognormal(0, 0.3, len(counties)), wish, 1)
    return [
        (county, int(min(n, max(1, limit))))
        for county, n, limit in zip(counties, places, room, strict=True)
        if n
    ]


def _chance(logit: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-logit)))


def _fates(
    rng: np.random.Generator,
    people: People,
    providers: Sequence[Provider],
    classes: Sequence[TrainingClass],
    calendar: Calendar,
    who: np.ndarray,
    run: np.ndarray,
    wanted: frozenset[tuple[int, int]],
) -> Seats:
    """What became of each seat, from engagement, workload, place and the provider's care, and from what those do not explain."""
    n = len(who)
    starts = np.array([c.starts for c in classes])[run]
    ends = np.array([c.ends for c in classes])[run]
    own_school = np.array([c.school >= 0 for c in classes])[run]
    online = np.array([c.sessions == 0 for c in classes])[run]
    care = np.array([0.0 if c.provider < 0 else providers[c.provider].care for c in classes])[run]
    keen, burden, rural = people.engagement[who], people.workload[who], people.rural[who].astype(float)
    luck = rng.standard_t(5, n)
    forced = np.array([(int(w), int(r)) in wanted for w, r in zip(who, run, strict=True)])

    absent = rng.random(n) < _chance(-3.0 + 0.5 * burden - 0.45 * keen + 0.35 * rural - 0.5 * care)
    absent &= ~own_school & ~forced
    presence = _chance(2.3 + 0.7 * keen - 0.6 * burden - 0.3 * rural + 0.5 * luck + 0.6 * care)
    effort = _chance(1.1 + 0.8 * keen - 0.5 * burden - 0.25 * rural + 0.8 * luck + 0.4 * care - 0.3 * online)
    presence, effort = np.where(forced, 0.99, presence), np.where(forced, 0.97, effort)
    leaves = ~absent & ~own_school & ~forced
    leaves &= rng.random(n) < _chance(-4.2 + 0.7 * burden - 0.9 * keen - 0.8 * luck + 0.3 * online)
    leaving = starts + 1 + np.floor(rng.beta(1.6, 2.4, n) * (ends - starts)).astype(np.int64)
    done = 3.2 * presence + 3.4 * effort - 2.5 + 0.4 * keen + 0.3 * care + 0.5 * rng.normal(size=n)
    graduates = ~absent & ~leaves & ((rng.random(n) < _chance(done)) | forced | own_school)
    closing = ends + rng.integers(0, 4, n)

    came = starts + (rng.random(n) < 0.05)
    reasons = read_yaml("world/training.yaml")
    why_not = np.array(reasons["reasons_absent"], object)[
        rng.choice(6, n, p=(0.3, 0.3, 0.14, 0.1, 0.1, 0.06))
    ]
    why_left = np.array(reasons["reasons_left"], object)[rng.integers(0, len(reasons["reasons_left"]), n)]
    checked_in = np.where(absent | (came >= SPAN), NEVER, came)
    left = np.where(leaves & (leaving < SPAN) & (checked_in >= 0), leaving, NEVER)
    reason = np.where(
        absent & (starts < SPAN) & (rng.random(n) < 0.9), why_not, np.where(left >= 0, why_left, "")
    )
    return Seats(
        who=who,
        run=run,
        county=people.county[who].astype(np.int64),
        confirmed=_confirmed(rng, calendar, starts),
        checked_in=checked_in,
        left=left,
        graduated=np.where(graduates & (closing < SPAN), closing, NEVER),
        reason=reason,
        presence=presence.astype(np.float32),
        effort=effort.astype(np.float32),
    )


def _confirmed(rng: np.random.Generator, calendar: Calendar, starts: np.ndarray) -> np.ndarray:
    """Day of confirmation: in autumn by the notice's 31 August but for a few late ones, otherwise weeks before the class."""
    n = len(starts)
    autumn = np.zeros(n, bool)
    deadline = np.zeros(n, np.int64)
    for year in (calendar.today.year - 1, calendar.today.year):
        last = calendar.day(date(year, 8, 31))
        here = (starts > last) & (starts < last + 130)
        autumn |= here
        deadline = np.where(here, last, deadline)
    late = rng.random(n) < 0.03
    by_notice = deadline - rng.integers(0, 16, n)
    by_notice = np.where(late, np.minimum(deadline + rng.integers(1, 5, n), starts - 1), by_notice)
    return np.where(autumn, by_notice, starts - rng.integers(8, 28, n))
