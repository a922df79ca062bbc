"""Head counts of a group of trainees on a day, added up before any rate is formed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portrait.programme.rate import Rate, rate


@dataclass(frozen=True)
class Tally:
    """`…_due` and what is counted against it look only at classes that have started (arrival) or ended (graduation)."""

    sent: int = 0  # confirmed, whatever the class's dates
    arrival_due: int = 0  # confirmed, class has started
    arrived: int = 0  # of those, checked in
    graduation_due: int = 0  # confirmed, class has ended
    graduated: int = 0  # of those, graduated
    attended: int = 0  # checked in, class has ended
    attended_graduated: int = 0  # of those, graduated

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.sent + other.sent,
            self.arrival_due + other.arrival_due,
            self.arrived + other.arrived,
            self.graduation_due + other.graduation_due,
            self.graduated + other.graduated,
            self.attended + other.attended,
            self.attended_graduated + other.attended_graduated,
        )

    def pair(self, measure: str) -> tuple[int, int]:
        """n and N of a measure of people: arrived, graduated (of the sent), graduated_of_arrived."""
        return {
            "arrived": (self.arrived, self.arrival_due),
            "graduated": (self.graduated, self.graduation_due),
            "graduated_of_arrived": (self.attended_graduated, self.attended),
        }[measure]

    def rate(self, measure: str, floor: int = 0) -> Rate:
        return rate(measure, *self.pair(measure), floor=floor)


@dataclass(frozen=True)
class Fill:
    """Places given and filled; `filled` is capped in each cell of sub-project and area before it is added up."""

    filled: int = 0
    places: int = 0
    sent: int = 0  # all who were confirmed, surplus too

    def __add__(self, other: Fill) -> Fill:
        return Fill(self.filled + other.filled, self.places + other.places, self.sent + other.sent)

    @property
    def gap(self) -> int:
        return self.places - self.filled

    @property
    def surplus(self) -> int:
        return self.sent - self.filled

    def rate(self) -> Rate:
        return rate("sent", self.filled, self.places)


def total(tallies: Iterable[Tally]) -> Tally:
    return sum(tallies, Tally())


def total_fill(fills: Iterable[Fill]) -> Fill:
    return sum(fills, Fill())
