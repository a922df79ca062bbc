"""One embedded engine for all readers of a process, with a cursor per thread, that follows the lake's newest version."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from portrait.lake.engine import (
    Counting,
    bare_engine,
    bind_files,
    counted,
    counting,
    hold_meant,
    rows,
    unjudged,
)
from portrait.lake.table import TABLES, Lake, file_paths, lacking

ROOM = 400_000  # values of kept answers, some 30 MB


@dataclass(frozen=True)
class _Version:
    root: Path
    number: int  # -1: no commit yet
    files: tuple[str, ...]
    table: Any
    lacking: frozenset[str]  # columns that it has not got yet
    marks: dict[str, int | None]  # those asked for so far


_Versions = tuple[tuple[Path, int], ...]


class Pool:
    """Readers of a lake. `query` sees views of the newest version; `part` narrows to the files of one partition.

    DuckDB plans over thousands of files slowly, so a look-up of one teacher names the few files that can hold them.
    Of records they show what counts (portrait.lake.engine.counted); the view `landed` has all. `unfinished` tells which
    batches are not in as a whole; those that the verdicts were made without are left out too, see unjudged.
    """

    def __init__(
        self,
        lake: Lake,
        *,
        memory: str,
        threads: int,
        unfinished: Callable[[], Collection[int]] = tuple,
        named: Callable[[], Mapping[int, int]] = dict,
    ) -> None:
        self._lake = lake
        self._ask_unfinished = unfinished
        self._ask_named = named
        self._named: Mapping[int, int] = {}  # what classes the runs mean that sheets name in their own words
        self._meant = 0  # how often that has changed
        self._unfinished: frozenset[int] = frozenset()
        self._judged: tuple[int, int | None] = (0, None)  # how many verdicts there are, and a digest of them
        self._memory = memory
        self._threads = threads
        self._lock = threading.Lock()
        self._local = threading.local()
        self._engine: duckdb.DuckDBPyConnection | None = None
        self._versions: dict[str, _Version] = {}
        self._derived: dict[str, tuple[Any, Any]] = {}
        self._deriving: dict[str, threading.Lock] = {}
        self._answers: OrderedDict[bytes, tuple[_Versions, list[tuple[Any, ...]]]] = OrderedDict()
        self._room = ROOM

    def query(self, sql: str, parameters: Any = None) -> Any:
        """An Arrow table of the answer."""
        return self._cursor().sql(sql, params=parameters).to_arrow_table()

    def rows(
        self, sql: str, parameters: Any = None, given: Mapping[str, pa.Table] | None = None
    ) -> list[tuple[Any, ...]]:
        """The rows of the answer. `given` are tables that this statement alone sees, by name: long lists are joined faster than bound."""
        cursor = self._cursor()
        for name, table in (given or {}).items():
            cursor.register(name, table)
        try:
            found: list[tuple[Any, ...]] = cursor.execute(sql, parameters).fetchall()
        finally:
            for name in given or {}:
                cursor.unregister(name)
        return found

    def together(self, statements: Iterable[str]) -> None:
        """Run statements of which the other readers see all that they did or nothing."""
        cursor = self._cursor()
        cursor.begin()
        try:
            for statement in statements:
                cursor.execute(statement)
        except BaseException:
            cursor.rollback()
            raise
        cursor.commit()

    def kept(self, sql: str, parameters: Any = None, *, also: Any = None) -> list[tuple[Any, ...]]:
        """Like `rows`, for what several pages or readers ask again: the answer is kept until a table has a newer commit.
        What it depends on besides is named by `also`.

        The longest unasked for make room. Callers must not change it.
        """
        self._follow()
        versions = tuple((self._versions[name].root, self._versions[name].number) for name in TABLES)
        key = hashlib.sha256(f"{sql}\0{parameters!r}\0{sorted(self._unfinished)}\0{also!r}".encode()).digest()
        with self._lock:
            found = self._answers.get(key)
            if found is not None and found[0] == versions:
                self._answers.move_to_end(key)
                return found[1]
        made = self.rows(sql, parameters)
        with self._lock:
            self._forget(key)
            self._answers[key] = versions, made
            self._room -= _values(made)
            while self._room < 0:
                self._forget(next(iter(self._answers)))
        return made

    def _forget(self, key: bytes) -> None:
        found = self._answers.pop(key, None)
        if found is not None:
            self._room += _values(found[1])

    def part(self, name: str, **partition: Iterable[int]) -> str:
        """SELECT over the files whose partition columns have one of these values, for use in FROM (…)."""
        self._follow()
        given = {column: list(values) for column, values in partition.items()}
        wanted = [{f"/{column}={value}/" for value in values} for column, values in given.items()]
        files = [
            file
            for file in self._versions[name].files
            if all(any(w in file for w in some) for some in wanted)
        ]
        return f"({self.among(name, files, buckets=given.get('bucket'))})"

    def among(self, name: str, files: Collection[str], *, buckets: Collection[int] | None = None) -> str:
        """SELECT over these files of a table, of records what counts. All rows lie in these buckets, if they are named."""
        found = rows(name, files, self._versions[name].lacking)
        if name != "record":
            return found
        near = "" if buckets is None else f" WHERE bucket IN ({', '.join(map(str, buckets)) or 'NULL'})"
        return counted(found, self._counting(f"(SELECT batch, line, state, flag FROM verdict{near})"))

    @property
    def counting(self) -> Counting:
        """What decides whether a record counts, as of the newest verdicts."""
        self._follow()
        return self._counting("verdict")

    def _counting(self, verdict: str) -> Counting:
        judged = verdict if self._judged[0] else None
        return counting(unfinished=self._unfinished, verdict=judged, named=bool(self._named))

    def lines(self, name: str, files: Collection[str]) -> str:
        """SELECT over these files of a table, all their rows."""
        return rows(name, files, self._versions[name].lacking)

    def landed(self, **partition: Iterable[int]) -> str:
        """Like `part` of the records, but all that ever came in."""
        wanted = [{f"/{column}={value}/" for value in values} for column, values in partition.items()]
        self._follow()
        version = self._versions["record"]
        files = [file for file in version.files if all(any(w in file for w in some) for some in wanted)]
        return f"({rows('record', files, version.lacking)})"

    def mark(self, name: str, part: str) -> int | None:
        """The number that a table remembers under `part`, see Lake.commit."""
        self._follow()
        version = self._versions[name]
        if part not in version.marks:
            version.marks[part] = version.table.transaction_version(part) if version.table else None
        return version.marks[part]

    def version(self, name: str) -> tuple[Path, int]:
        """Where a table stands and its newest version (-1 before its first commit). Good as a key of a cache."""
        self._follow()
        return self._versions[name].root, self._versions[name].number

    @property
    def unfinished(self) -> frozenset[int]:
        """The batches that are left out: not in as a whole, or not looked at by the verdicts since they are."""
        self._follow()
        return self._unfinished

    @property
    def stamp(self) -> tuple[Any, ...]:
        """Changes when records that have been in for longer begin to count, or cease to, or turn out to be of another class."""
        return self._judged, self._unfinished, self._meant

    def derive(self, what: str, name: str, make: Callable[[Any, frozenset[str]], Any]) -> Any:
        """What `make(before, files)` makes of a table's files, kept until the table has a newer commit.

        `before` is what it made of an older version, None the first time: records are appended, so it may go on from there.
        """
        self._follow()

        def ask(_then: Any) -> tuple[Any, ...]:
            return self._versions[name].root, self._versions[name].number, *self.stamp

        def made(_then: Any, _now: Any, before: Any) -> Any:
            return make(before, frozenset(self._versions[name].files))

        return self.hold(what, ask, made)

    def hold(self, what: str, ask: Callable[[Any], Any], make: Callable[[Any, Any, Any], Any]) -> Any:
        """What `make(then, now, before)` makes, kept until `ask`, told what it answered last, answers otherwise; then and before are
        None the first time.

        What is made may be a table in the engine, which all readers share: only one of them makes it at a time.
        """
        with self._deriving.setdefault(what, threading.Lock()):
            then, held = self._derived.get(what, (None, None))
            now = ask(then)
            if then != now:
                held = make(then, now, held)
            self._derived[what] = (now, held)
            return held

    def close(self) -> None:
        """Let go of the engine and of every thread's cursor, also of threads that live on. Who asks again opens it again."""
        with self._lock:
            engine, self._engine = self._engine, None
            self._local = threading.local()
            self._versions.clear()
            self._derived.clear()
            self._answers.clear()
            self._room = ROOM
        if engine is not None:
            engine.close()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        self._follow()
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._local, "cursor", None)
        if cursor is None:
            assert self._engine is not None
            cursor = self._local.cursor = self._engine.cursor()
        return cursor

    def _follow(self) -> None:
        """Rebind the tables that have a newer commit: its file name is known, so looking costs one stat.

        Which batches are unfinished is asked when records or verdicts have come, and as long as some were.
        """
        stale = [name for name in TABLES if self._stale(name)]
        if not stale and not self._unfinished:
            return
        with self._lock:
            if self._engine is None:
                self._engine = bare_engine(self._lake, memory=self._memory, threads=self._threads)
                hold_meant(self._engine, {})
            made = {name: self._bind(self._engine, name) for name in stale if self._stale(name)}
            unfinished = self._unfinished
            if {"record", "verdict"} & made.keys() or unfinished:
                verdict = made.get("verdict") or self._versions["verdict"]
                unfinished = unjudged(verdict.table).union(self._ask_unfinished())
            named = self._ask_named() if {"record", "verdict", "link"} & made.keys() else self._named
            renamed = named != self._named
            if renamed:
                hold_meant(self._engine, named)
                self._meant += 1
            if {"record", "verdict"} & made.keys() or renamed or unfinished != self._unfinished:
                self._unfinished, self._named = unfinished, named
                version = made.get("record") or self._versions["record"]
                found = counted(rows("record", version.files, version.lacking), self._counting("verdict"))
                self._engine.execute(f"CREATE OR REPLACE VIEW record AS {found}")
            self._versions.update(made)

    def _bind(self, engine: duckdb.DuckDBPyConnection, name: str) -> _Version:
        root, table = self._lake.path(name), self._lake.table(name)
        files = tuple(file_paths(table)) if table else ()
        missing = lacking(name, table) if table else frozenset()
        if name == "verdict":
            # In memory: every look at a record needs it.
            engine.execute(f"CREATE OR REPLACE TABLE verdict AS {rows(name, files, missing)}")
            self._judged = engine.execute(
                "SELECT count(*), bit_xor(hash(batch, line, state, flag)) FROM verdict"
            ).fetchall()[0]
        else:
            bind_files(engine, name, files, missing, view="landed" if name == "record" else "")
        return _Version(root, table.version() if table else -1, files, table, missing, {})

    def _stale(self, name: str) -> bool:
        known, root = self._versions.get(name), self._lake.path(name)
        if known is None or known.root != root:
            return True
        return (root / "_delta_log" / f"{known.number + 1:020}.json").exists()


def _values(rows: list[tuple[Any, ...]]) -> int:
    """How much room an answer takes; an empty one takes some too."""
    return 1 + len(rows) * len(rows[0]) if rows else 1
