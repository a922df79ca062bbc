"""The queue of sign-ins and school-based study that came in by a file and count for nothing until somebody confirms them: how many
wait for a reader, and which. What handed-in claims wait is in portrait.offline."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import pyarrow as pa

from portrait import clock
from portrait.decider import DECIDERS
from portrait.heading import called
from portrait.hours import hours_rule
from portrait.lake.unchecked import FROM, HELD, STALE, Confirmed, hold_decided, hold_unchecked
from portrait.record import Kind, row_of
from portrait.scope import Scope, sees_all
from portrait.site import Site
from portrait.source import mapping_titles
from portrait.store.decided import Decided, decided_records, decisions, mark
from portrait.store.name import batch_names, course_names
from portrait.store.reach import Reach, class_spans, classes_of, newest, owners, reach, strangers

MOST = 200  # records in a list
FEW = 10_000  # accounts that are asked for one by one; more take longer than all of them
KEPT = timedelta(minutes=5)  # for which a reach of many stays in use
_REACHED = {
    "but": "NOT EXISTS (SELECT 1 FROM reach r WHERE r.account = u.account)",
    "account": "u.account IN (SELECT account FROM reach)",
    "pair": "EXISTS (SELECT 1 FROM reach r WHERE r.run = u.run AND r.account = u.account)",
}
_ROW = "u.id, u.account, u.course, u.run, u.kind, u.item, u.day, u.credit, u.batch, u.line, u.facts"
_ORDER = "u.month DESC, u.time DESC, u.id"


@dataclass(frozen=True)
class Waiting:
    """A record of the lake that counts for nothing until somebody confirms it. `outside`: its day is none of its class's."""

    record: bytes
    person_id: int
    person: str
    school: str
    class_id: int | None
    class_name: str
    provider: str  # who holds the class; "" where no class is known
    course: str  # title of the record's own course; "" where it names none
    kind: str
    title: str  # what its file calls the activity or the session
    day: date | None
    hours: float
    outside: bool
    source: str
    sheet: str  # what the mapping calls the sheet; "" where it is not in the home any more
    batch: int
    file: str  # as received
    row: int  # of the file
    facts: bytes  # what it says, see portrait.lake.content.facts_sql
    earlier: Decided | None  # what somebody decided before it was corrected to say this
    spot: int = 0  # the row with its column, see portrait.record.COLUMN_STEP

    @property
    def activity(self) -> str:
        """What its file calls it, as far as that is more than the day; "" where it is not."""
        return called(self.title, self.day)


@dataclass(frozen=True)
class Choice:
    """Which of the waiting records a reader wants to see; None and False: all."""

    class_id: int | None = None
    provider_id: int | None = None
    corrected: bool = False  # only those on which somebody had decided before they were corrected


@dataclass(frozen=True)
class Queue:
    """How many records of a choice wait, and what there is to choose from among all that wait."""

    total: int
    outside: int  # of them, dated outside their class
    corrected: int  # of all that wait
    classes: Mapping[int, str]
    providers: Mapping[int, str]


_ALL = Choice()


@dataclass(frozen=True)
class _Asked:
    """As of what a reach was asked for."""

    newest: tuple[Any, ...]
    day: date
    at: datetime


@dataclass(frozen=True)
class Desk:
    """What waits for one reader, asked once for all that a page tells of it."""

    site: Site
    scope: Scope | None  # None: who runs a command, whose is all
    strange: frozenset[int]  # accounts that the registry may not know

    @cached_property
    def _reach(self) -> Reach:
        """The reader's reach, of many classes as far as it matters to what waits: of the accounts concerned while these are few."""
        if self.scope is None or sees_all(self.scope) or self.scope.actor.school_id is not None:
            return self._reach_of(None)
        sql = f"SELECT DISTINCT u.account FROM {FROM} WHERE NOT {HELD} LIMIT {FEW + 1}"
        waits = [row[0] for row in self.site.pool.rows(sql)]
        if len(waits) <= FEW:
            return self._reach_of(waits)
        # Of hundreds of thousands of trainees to ask takes seconds: who reads for one office or provider shares the answer. It
        # serves the lists only: `among`, by which is decided, asks each time.
        whose = self.scope.actor
        what = f"reach {whose.role} {whose.office} {whose.provider_id}"
        found: Reach = self.site.pool.hold(what, self._asked, lambda *_: self._reach_of(None))
        return found

    def _asked(self, then: _Asked | None) -> _Asked:
        now = _Asked(newest(self.site.registry), self.site.today, clock.now())
        same = then is not None and then == replace(now, at=then.at)
        return then if then is not None and same and timedelta(0) <= now.at - then.at < KEPT else now

    def _reach_of(self, accounts: Collection[int] | None) -> Reach:
        return reach(self.site.registry, self.scope, self.strange, accounts)

    def queue(self, choice: Choice = _ALL) -> Queue:
        """How many records wait for the reader's decision, whole numbers that no list cuts off."""
        found = self._rows(
            f"SELECT u.run, count(*), count(*) FILTER ({STALE}) FROM {FROM} WHERE NOT {HELD} AND {{reached}} GROUP BY u.run"
        )
        spans = class_spans(self.site.registry, {row[0] for row in found} - {0})
        classes = {run: span.name for run, span in spans.items()}
        providers = {
            span.provider_id: span.provider for span in spans.values() if span.provider_id is not None
        }
        chosen = {
            run: stale if choice.corrected else count
            for run, count, stale in found
            if (choice.class_id is None or (run == choice.class_id and run in spans))
            and (
                choice.provider_id is None or (run in spans and spans[run].provider_id == choice.provider_id)
            )
        }
        return Queue(
            sum(chosen.values()),
            self._outside({run: spans[run] for run in chosen if run in spans}, choice),
            sum(stale for _, _, stale in found),
            dict(sorted(classes.items(), key=lambda one: one[1])),
            dict(sorted(providers.items(), key=lambda one: one[1])),
        )

    def _outside(self, spans: Mapping[int, Any], choice: Choice) -> int:
        """How many sign-ins to these classes are dated outside them."""
        held = pa.table(
            {
                "run": pa.array(list(spans), pa.int64()),
                "starts": pa.array([span.starts for span in spans.values()], pa.date32()),
                "ends": pa.array([span.ends for span in spans.values()], pa.date32()),
            }
        )
        corrected = f"AND {STALE}" if choice.corrected else ""
        found = self._rows(
            f"SELECT count(*) FROM {FROM} JOIN span s ON s.run = u.run WHERE u.kind = {int(Kind.ATTENDANCE)} "
            f"AND (u.day < s.starts OR u.day > s.ends) AND NOT {HELD} {corrected} AND {{reached}}",
            span=held,
        )
        return int(found[0][0]) if found else 0

    def records(self, choice: Choice = _ALL, *, limit: int = MOST, offset: int = 0) -> list[Waiting]:
        """Those that await a decision, newest first. Those of unknown persons wait until it is known whose they are; those that
        were corrected to say something else since somebody decided wait again."""
        wanted, given = f"NOT {HELD}", dict[str, pa.Table]()
        if choice.corrected:
            wanted += f" AND {STALE}"
        if choice.class_id is not None:
            known = class_spans(self.site.registry, [choice.class_id])
            wanted += f" AND u.run = {int(choice.class_id)}" if known else " AND false"
        if choice.provider_id is not None:
            wanted += " AND u.run IN (SELECT run FROM held)"
            given["held"] = _numbers("run", classes_of(self.site.registry, choice.provider_id))
        # Sorted by themselves, for what else a row says would be carried along for all that wait.
        found = self._rows(
            f"WITH page AS MATERIALIZED (SELECT u.place FROM {FROM} WHERE {wanted} AND {{reached}} "
            f"ORDER BY {_ORDER} LIMIT {int(limit)} OFFSET {int(offset)}) "
            f"SELECT {_ROW} FROM unchecked u JOIN page USING (place) ORDER BY {_ORDER}",
            **given,
        )
        return [one for one, holds in self._told(found) if not holds]

    def among(self, records: Collection[bytes]) -> list[tuple[Waiting, bool]]:
        """Of these records those of the reader's that have to be confirmed, newest first, each with whether a decision holds."""
        if not _decides(self.scope):
            return []
        asked = pa.table({"id": pa.array(sorted(records), pa.binary())})
        some = "FROM unchecked u WHERE u.id IN (SELECT id FROM asked)"
        whose = self.site.pool.rows(f"SELECT DISTINCT u.account {some}", given={"asked": asked})
        found = self._rows(
            f"SELECT {_ROW} {some} AND {{reached}} ORDER BY {_ORDER}",
            self._reach_of([row[0] for row in whose]),
            asked=asked,
        )
        return self._told(found)

    def _rows(self, sql: str, within: Reach | None = None, **given: pa.Table) -> list[tuple[Any, ...]]:
        """Rows of SQL with the place `reached`."""
        if not _decides(self.scope):
            return []
        within = within or self._reach
        return self.site.pool.rows(
            sql.format(reached=_REACHED[within.how]), given={"reach": within.rows, **given}
        )

    def _told(self, rows: list[tuple[Any, ...]]) -> list[tuple[Waiting, bool]]:
        """Records with the names of all that they name, looked up for these alone."""
        registry = self.site.registry
        whose = owners(registry, {row[1] for row in rows})
        courses = course_names(registry, {row[2] for row in rows} - {0})
        spans = class_spans(registry, {row[3] for row in rows} - {0})
        batches = batch_names(registry, {row[8] for row in rows})
        decided = decided_records(registry, [bytes(row[0]) for row in rows])
        sheets = mapping_titles(self.site.settings.home) if rows else {}
        made = []
        for identifier, account, course, run, kind, item, day, credit, batch, line, facts in rows:
            owner, span, came = whose.get(account), spans.get(run), batches.get(batch)
            if owner is None:  # unlinked this moment
                continue
            before = decided.get(bytes(identifier))
            stale = before is not None and before.facts is not None and before.facts != bytes(facts)
            one = Waiting(
                bytes(identifier),
                owner.person_id,
                owner.person,
                owner.school,
                run if span else None,
                span.name if span else "",
                span.provider if span else "",
                courses[course].title if course in courses else "",
                Kind(kind).name.lower(),
                item,
                day,
                credit / 100,
                bool(span and kind == Kind.ATTENDANCE and span.outside(day)),
                came.source if came else "",
                sheets.get(came.mapping.partition("@")[0], "") if came else "",
                came.number if came else batch,
                came.file if came else "",
                row_of(line),
                bytes(facts),
                before if stale else None,
                line,
            )
            made.append((one, before is not None and not stale))
        return made


def desk(site: Site, scope: Scope | None) -> Desk:
    """What waits for a reader now; `scope` is None for who runs a command, whose is all."""
    return Desk(site, scope, _hold(site)[1] if _decides(scope) else frozenset())


def _decides(scope: Scope | None) -> bool:
    """Whether anything ever waits for a reader."""
    return scope is None or scope.actor.role in DECIDERS


def confirmed_records(site: Site) -> Confirmed:
    """The records that somebody has confirmed, as they are now."""
    return _hold(site)[0]


def _hold(site: Site) -> tuple[Confirmed, frozenset[int]]:
    """What is confirmed, and the accounts of waiting records that the registry may not know."""
    registry = site.registry
    said = hold_decided(
        site.pool,
        lambda then: mark(registry, site.lake.standing.root, then, clock.now()),
        lambda then, now: decisions(registry, then, now),
    )
    strange = hold_unchecked(site.pool, hours_rule().verified, lambda some: strangers(registry, some))
    return Confirmed(said), strange


def stale_records(site: Site, records: Collection[bytes]) -> set[bytes]:
    """Those of these records that wait again: they have been corrected to say something else since somebody decided on them."""
    _hold(site)
    asked = pa.table({"id": pa.array(sorted(records), pa.binary())})
    found = site.pool.rows(
        f"SELECT u.id FROM {FROM} WHERE u.id IN (SELECT id FROM asked) AND {STALE}", given={"asked": asked}
    )
    return {bytes(row[0]) for row in found}


def _numbers(name: str, numbers: Collection[int]) -> pa.Table:
    return pa.table({name: pa.array(sorted(numbers), pa.int64())})
