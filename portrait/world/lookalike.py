"""Persons and accounts that look like one and may be two, planted in the rosters and in 中原教师网's export, and what is true of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from portrait.record import Kind
from portrait.world.event import Events, events, together
from portrait.world.people import People

LEAST, SHARE = 2, 2_000  # of each kind at least so many, and one to so many teachers
TRUTH = pa.schema(
    [
        ("case", pa.string()),  # twin | transfer | mail
        ("one", pa.string()),  # staff number; of a mail the one in whose name the account is
        ("other", pa.string()),  # staff number; of a mail the one whom the mailbox belongs to
        ("same", pa.bool_()),  # whether one human being is behind both
    ]
)


@dataclass(frozen=True)
class Lookalikes:
    """Pairs of teachers by index. All of them are in the register under numbers of their own.

    `twins`: two teachers of one name and year of birth in one school. `moved`: one teacher who got another number with another
    school. `mails`: an account under the mailbox of the second and the name of the first; every other of these is the second's own, who
    never filled the name in.
    """

    twins: tuple[tuple[int, int], ...] = ()
    moved: tuple[tuple[int, int], ...] = ()
    mails: tuple[tuple[int, int], ...] = ()

    @property
    def copied(self) -> tuple[tuple[int, int], ...]:
        """Who is in the register under whose name: the second under the first's."""
        return (*self.twins, *self.moved)


def choose_lookalikes(
    rng: np.random.Generator, people: People, free: np.ndarray, idle: np.ndarray
) -> Lookalikes:
    """Teachers of `free`, each in one pair at most; mailboxes are those of `idle` ones, who have no account at the platform."""
    count = max(LEAST, len(people) // SHARE)
    left = list(rng.permutation(free))
    used: set[int] = set()

    def partner(one: int, near: bool) -> int | None:
        for other in left:
            alike = people.female[one] == people.female[other]
            if (
                other != one
                and other not in used
                and alike
                and (people.school[one] == people.school[other]) == near
            ):
                return int(other)
        return None

    def pairs(firsts: Sequence[int], near: bool) -> tuple[tuple[int, int], ...]:
        found: list[tuple[int, int]] = []
        for one in firsts:
            if len(found) == count:
                break
            other = partner(one, near) if one not in used else None
            if other is not None:
                used.update((one, other))
                found.append((one, other))
        return tuple(found)

    quiet = [int(one) for one in left if idle[one]]
    mails = tuple((other, one) for one, other in pairs(quiet, near=True))
    everybody = [int(one) for one in left]
    return Lookalikes(twins=pairs(everybody, near=True), moved=pairs(everybody, near=False), mails=mails)


def renamed(people: People, made: Lookalikes) -> People:
    """The teachers under the names that they are in the register with."""
    surname, given = people.surname.copy(), people.given.copy()
    for one, other in made.copied:
        surname[other], given[other] = surname[one], given[one]
    return replace(people, surname=surname, given=given)


def listed(table: pa.Table, made: Lookalikes, start: int) -> pa.Table:
    """The roster of the teachers from `start` on, as it tells of these pairs: the same year of birth, of who has moved the same telephone."""
    columns = {name: table[name].to_pylist() for name in ("出生年份", "联系电话")}
    for one, other in made.copied:
        if not (start <= one < start + len(table) and start <= other < start + len(table)):
            continue
        columns["出生年份"][other - start] = columns["出生年份"][one - start]
        if (one, other) in made.moved:
            columns["联系电话"][other - start] = columns["联系电话"][one - start]
    for name, values in columns.items():
        place = table.column_names.index(name)
        table = table.set_column(place, name, pa.array(values, table.schema.field(name).type))
    return table


def apart(clean: pa.Table, table: pa.Table, made: Lookalikes, start: int) -> tuple[pa.Table, pa.Table]:
    """Of `clean` those who are listed under their old number, and `table` without them: a roster of its own does not contradict itself, the
    register of the former place still has them."""
    gone = [other - start for _, other in made.moved if start <= other < start + len(clean)]
    stay = np.setdiff1d(np.arange(len(table)), gone)
    return clean.take(pa.array(gone, pa.int64())), table.take(pa.array(stay))


def visits(rng: np.random.Generator, made: Lookalikes, courses: Sequence[int], until: int) -> Events:
    """What the accounts of `mails` looked at, a few times each; `who` is the second of the pair."""
    who = np.repeat(np.array([other for _, other in made.mails], np.int64), 3)
    course = rng.choice(np.array(courses), len(who))
    moment = rng.integers(until - 120, until - 20, len(who)) + 20 / 24
    return together([events(Kind.VIEW, who, course, moment, 1, number=np.arange(len(who)) % 9 + 1)], until)


def called(made: Lookalikes, names: np.ndarray, staff: np.ndarray) -> dict[int, str]:
    """The names on the accounts of `mails`, by the second of the pair: another's, or the login again where nobody filled it in."""
    return {
        other: str(staff[other]).lower() if n % 2 else str(names[one])
        for n, (one, other) in enumerate(made.mails)
    }


def truth_of(made: Lookalikes, staff: np.ndarray) -> pa.Table:
    rows = [
        *(("twin", one, other, False) for one, other in made.twins),
        *(("transfer", one, other, True) for one, other in made.moved),
        *(("mail", one, other, bool(n % 2)) for n, (one, other) in enumerate(made.mails)),
    ]
    told = [(case, str(staff[one]), str(staff[other]), same) for case, one, other, same in rows]
    return pa.table([list(column) for column in zip(*told, strict=True)], schema=TRUTH)
