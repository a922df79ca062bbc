"""One training class (班次) and where it stands on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portrait.programme.deadline import project_due


class Stage(StrEnum):
    UNSCHEDULED = "unscheduled"
    AHEAD = "ahead"
    RUNNING = "running"
    ENDED = "ended"


STAGE_ZH = {
    Stage.UNSCHEDULED: "未报开班时间",
    Stage.AHEAD: "未开班",
    Stage.RUNNING: "进行中",
    Stage.ENDED: "已结束",
}


@dataclass(frozen=True)
class TrainingClass:
    id: int
    code: str
    name: str
    category: str
    subproject: str
    level: str
    mode: str
    provider_id: int | None
    provider: str
    course_id: int | None
    starts: date | None
    ends: date | None
    hours: float
    sessions: int
    tasks: int

    def stage(self, as_of: date) -> Stage:
        """The last day of a class still belongs to it."""
        if self.starts is None:
            return Stage.UNSCHEDULED
        if as_of < self.starts:
            return Stage.AHEAD
        if self.ends is not None and as_of > self.ends:
            return Stage.ENDED
        return Stage.RUNNING

    @property
    def year(self) -> int | None:
        """The programme year: the year in which the class starts."""
        return self.starts.year if self.starts else None

    @property
    def due(self) -> date | None:
        return project_due(self.starts.year) if self.starts else None
