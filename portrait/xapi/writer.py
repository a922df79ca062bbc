"""The one who writes statements: takes what waits, however many requests it came in, and writes it in one transaction.

So a fast sender costs one commit and not a hundred, statements are stored in the order in which they become visible, and two
requests can never wait for each other.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Condition, Event, Thread
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from portrait import clock
from portrait.store import statement as table
from portrait.store.credential import Credential, list_credentials
from portrait.store.statement import Row
from portrait.xapi.body import Mark, microseconds, unpack, whole
from portrait.xapi.compare import same
from portrait.xapi.definition import merged
from portrait.xapi.exchange import Refusal
from portrait.xapi.prepare import Prepared

log = logging.getLogger(__name__)

GROUP = 2_000  # statements of one transaction, as far as whole requests allow
TRIES = 4
PATIENCE = 30.0  # seconds that a request waits for its turn
REMEMBERED = 50_000
MOST_NAMES = 20  # of one agent


@dataclass
class Job:
    """One request's statements. `refusal` says why they were not taken; nothing of them is stored then."""

    credential: Credential
    statements: Sequence[Prepared]
    contents: Mapping[str, bytes]
    refusal: Refusal | None = None
    done: Event = field(default_factory=Event)
    abandoned: bool = False  # whoever asked has gone; from `committing` on it is too late for that
    committing: bool = False


class _Gone(Exception):
    """Somebody went while the group was written: it is written again without theirs."""


class Writer:
    """Writes the statements of one process, from a thread of its own."""

    def __init__(self, registry: Engine, *, most_waiting: int) -> None:
        self._registry = registry
        self._most = most_waiting
        self._waiting: deque[Job] = deque()
        self._held = 0
        self._turn = Condition()
        self._closing = False
        self._began: int | None = None
        self._named: set[tuple[int, str]] = set()
        self._defined: set[tuple[int, bytes]] = set()
        self._sources: dict[int, str] = {}
        self._thread = Thread(target=self._run, name="xapi writer", daemon=True)
        self._thread.start()

    def write(self, job: Job) -> None:
        """Returns when the job's statements are stored or were there already. Raises Refusal: 409, 403, and 503 where too many wait."""
        with self._turn:
            if self._closing or (self._waiting and self._held + len(job.statements) > self._most):
                raise busy("too many statements are waiting")
            self._waiting.append(job)
            self._held += len(job.statements)
            self._turn.notify()
        if not job.done.wait(PATIENCE) and self._abandon(job):
            raise busy("the statements had to wait too long; nothing of them was stored")
        job.done.wait()
        if job.refusal is not None:
            raise job.refusal

    def _abandon(self, job: Job) -> bool:
        """Whether the job could still be called off; else its commit is on the way."""
        with self._turn:
            job.abandoned = not job.committing
            return job.abandoned

    def _commit(self, group: list[Job]) -> None:
        """From here on nobody may go. Raises _Gone when somebody has."""
        with self._turn:
            if any(job.abandoned for job in group):
                raise _Gone
            for job in group:
                job.committing = True

    def through(self) -> int:
        """Up to when everything that was stored can be seen, as far as this process goes, in microseconds since 1970."""
        began = self._began
        return microseconds(clock.now()) if began is None else began - 1

    @property
    def waiting(self) -> int:
        """How many statements wait for their turn."""
        return self._held

    def close(self) -> None:
        with self._turn:
            self._closing = True
            self._turn.notify()
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        while (group := self._next()) is not None:
            self._write_group(group)

    def _next(self) -> list[Job] | None:
        """The jobs whose turn it is; None when the writer is to stop and nothing waits."""
        with self._turn:
            while not self._waiting:
                if self._closing:
                    return None
                self._turn.wait()
            group = [self._waiting.popleft()]
            size = len(group[0].statements)
            while self._waiting and size + len(self._waiting[0].statements) <= GROUP:
                group.append(self._waiting.popleft())
                size += len(group[-1].statements)
            self._held -= size
            return group

    def _write_group(self, group: list[Job]) -> None:
        try:
            try:
                self._try(group)
            except _Gone:
                self._write_group([job for job in group if not job.abandoned])
                return
        except Exception:
            if len(group) > 1:
                # One of them may be at fault; the others need not suffer for it.
                for job in group:
                    self._write_group([job])
                return
            log.exception("statements of %s could not be written", group[0].credential.source)
            group[0].refusal = busy("the statements could not be written now")
        for job in group:
            job.done.set()

    def _try(self, group: list[Job]) -> None:
        for left in range(TRIES, 0, -1):
            group = [job for job in group if not job.abandoned]
            try:
                self._began = microseconds(clock.now())
                with table.writing_statements(self._registry) as connection:
                    work = _Work(self, connection, group)
                    work.do()
                    self._commit(group)
                self._remember(work)
                return
            except DBAPIError:
                for job in group:
                    job.committing = False
                if left == 1:
                    raise
                time.sleep(0.01 * 2 ** (TRIES - left))
            finally:
                self._began = None

    def _remember(self, work: _Work) -> None:
        """Only what is committed is known; a rolled-back name would never be written."""
        if len(self._named) > REMEMBERED:
            self._named.clear()
        if len(self._defined) > REMEMBERED:
            self._defined.clear()
        self._named |= work.named
        self._defined |= work.defined

    def source_of(self, connection: Connection, credential: int) -> str:
        if credential not in self._sources:
            self._sources = {one.id: one.source for one in list_credentials(self._registry)}
        return self._sources.get(credential, "")


class _Work:
    """One transaction's worth."""

    def __init__(self, writer: Writer, connection: Connection, group: list[Job]) -> None:
        self.writer = writer
        self.connection = connection
        self.group = group
        self.rows: list[Row] = []
        self.fresh: dict[UUID, tuple[Row, Prepared]] = {}
        self.named: set[tuple[int, str]] = set()
        self.defined: set[tuple[int, bytes]] = set()

    def do(self) -> None:
        connection, group = self.connection, self.group
        wanted = {one.id for job in group for one in job.statements}
        wanted |= {one.target for job in group for one in job.statements if one.target is not None}
        there = table.held(connection, list(wanted))
        seq = max(table.newest(connection) + 1, microseconds(clock.now()))
        taken: list[Job] = []
        mentions: list[tuple[int, int]] = []
        for job in group:
            job.refusal = None
            try:
                new = [one for one in job.statements if not self._stands(one, there)]
                for one in new:
                    self._may_void(one, job.credential, there)
            except Refusal as refusal:
                job.refusal = refusal
                continue
            for one in new:
                row = _row(seq, one, job.credential)
                self.rows.append(row)
                self.fresh[one.id] = (row, one)
                mentions += [(term, seq) for term in one.terms.mentions]
                seq += 1
            taken.append(job)
        if not self.rows:
            return
        mentions.sort()
        table.add(connection, self.rows, mentions)
        self._refer(there)
        self._remember_things()
        for job in taken:
            if job.contents:
                table.add_attachments(connection, job.contents)
            table.add_repairs(connection, _repairs(job))

    def _stands(self, one: Prepared, there: Mapping[UUID, Row]) -> bool:
        """Whether the statement is stored already. Raises Refusal 409 when another has its id."""
        if one.id in self.fresh:
            equal = same(one.statement, self.fresh[one.id][1].statement)
        elif one.id in there:
            row = there[one.id]
            text = unpack(row.body)
            equal = text == one.text or same(
                one.statement, orjson.loads(whole(row.seq, row.id, row.flag, b"{}", text))
            )
        else:
            return False
        if not equal:
            raise Refusal(409, f"another statement has the id {one.id}")
        return True

    def _may_void(self, one: Prepared, credential: Credential, there: Mapping[UUID, Row]) -> None:
        if one.mark & Mark.VOIDING and one.target is not None and one.target in there:
            source = self.writer.source_of(self.connection, there[one.target].credential)
            if source != credential.source:
                raise Refusal(403, f"{one.target} came from another source, which alone may void it")

    def _refer(self, there: Mapping[UUID, Row]) -> None:
        """Let voiding statements do their work, and those that refer to others be found by them, whichever came first."""
        pairs: list[tuple[int, int]] = []
        voided: list[UUID] = []
        for row, one in self.fresh.values():
            if one.target is not None and one.target in there:
                pairs.append((row.seq, there[one.target].seq))
                if one.mark & Mark.VOIDING and not there[one.target].flag & Mark.VOIDING:
                    voided.append(one.target)
        for seq, target, flag, credential in table.referring(self.connection, list(self.fresh)):
            row, one = self.fresh[target]
            pairs.append((seq, row.seq))
            same_source = self.writer.source_of(self.connection, credential) == self.writer.source_of(
                self.connection, row.credential
            )
            if flag & Mark.VOIDING and not one.mark & Mark.VOIDING and same_source:
                voided.append(target)
        if pairs:
            table.add_echoes(self.connection, pairs)
        if voided:
            table.void(self.connection, voided)

    def _remember_things(self) -> None:
        names: dict[int, tuple[dict[str, Any], list[str]]] = {}
        definitions: dict[int, tuple[str, list[dict[str, Any]]]] = {}
        for _, one in self.fresh.values():
            for key, (ifi, name) in one.terms.agents.items():
                if name and (key, name) not in self.writer._named and (key, name) not in self.named:
                    self.named.add((key, name))
                    names.setdefault(key, (ifi, []))[1].append(name)
            for key, (iri, definition) in one.terms.activities.items():
                if definition:
                    mark = (key, orjson.dumps(definition, option=orjson.OPT_SORT_KEYS))
                    if mark not in self.writer._defined and mark not in self.defined:
                        self.defined.add(mark)
                        definitions.setdefault(key, (iri, []))[1].append(definition)
        if names:
            known = table.agents(self.connection, list(names))
            table.put_agents(
                self.connection,
                {
                    key: (ifi, _joined(known[key][1] if key in known else [], new))
                    for key, (ifi, new) in names.items()
                },
            )
        if definitions:
            held = table.definitions(self.connection, list(definitions))
            table.put_activities(
                self.connection,
                {
                    key: (iri, merged(held[key][1] if key in held else {}, new))
                    for key, (iri, new) in definitions.items()
                },
            )


def _joined(names: list[str], new: list[str]) -> list[str]:
    return list(dict.fromkeys([*(name for name in names if name not in new), *new]))[-MOST_NAMES:]


def _row(seq: int, one: Prepared, credential: Credential) -> Row:
    known = one.terms
    return Row(
        seq,
        one.id,
        credential.id,
        int(one.mark),
        False,
        known.agent,
        known.verb,
        known.activity,
        known.registration,
        one.target,
        one.body,
    )


def _repairs(job: Job) -> list[dict[str, Any]]:
    return [
        {
            "credential": job.credential.id,
            "statement": one.id,
            "code": repair.code,
            "path": repair.path[:200],
            "was": orjson.dumps(repair.was).decode(),
            "became": "" if repair.now is None else orjson.dumps(repair.now).decode(),
        }
        for one in job.statements
        for repair in one.repairs
    ]


def busy(reason: str) -> Refusal:
    return Refusal(503, reason, (("Retry-After", "5"),))
