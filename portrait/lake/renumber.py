"""Records of one lake beside the same ones of another, where an account has another number: what their ids, keys and facts became."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from portrait.lake.content import facts_sql
from portrait.lake.engine import bind, rows
from portrait.lake.table import Lake


@dataclass(frozen=True)
class Version:
    """One version of a record in both lakes: its id, the number of its key, and what it says, see portrait.lake.content.facts_sql."""

    before: bytes
    now: bytes
    key_before: int | None
    key_now: int | None
    facts_before: bytes
    facts_now: bytes


@dataclass(frozen=True)
class Beside:
    """Two lakes in one engine, the former by the files that it had when this was made: it may be replaced meanwhile. `unread` is
    what nobody can read of it, names of files or a reason."""

    engine: duckdb.DuckDBPyConnection
    files: tuple[str, ...]
    lacking: frozenset[str]
    unread: list[str] = field(default_factory=list)

    def versions(self, records: Collection[bytes], keys: Collection[int]) -> list[Version]:
        """The versions of these records, and of all records of these keys, of the accounts that have moved: a line of a batch in
        either lake. Raises whatever the engine raises, but for what is damaged of the former lake."""
        execute = self.engine.execute
        asked = {
            "id": pa.array([*records, *(None for _ in keys)], pa.binary()),
            "key_number": pa.array([*(None for _ in records), *keys], pa.int64()),
        }
        self.engine.register("asked_now", pa.table(asked))
        for column in asked:
            execute(
                f"CREATE OR REPLACE TEMP TABLE asked_{column} AS "
                f"SELECT DISTINCT {column} FROM asked_now WHERE {column} IS NOT NULL"
            )
        self.engine.unregister("asked_now")
        self._take()
        found = execute(
            f"SELECT DISTINCT o.id, n.id, o.key_number, n.key_number, o.facts, {facts_sql('n.', landed=True)} FROM former o "
            f"JOIN (SELECT * FROM record WHERE account IN (SELECT new FROM moved) AND batch IN (SELECT batch FROM former)) n "
            f"USING (batch, line) ORDER BY ALL"
        ).fetchall()
        return [Version(*row) for row in found]

    def _take(self) -> None:
        """The table `former` of what is asked for: of the files that can be read where not all can be."""
        try:
            self.engine.execute(f"CREATE OR REPLACE TEMP TABLE former AS {self._select(self.files)}")
        except (OSError, duckdb.Error) as error:
            if not _damaged(error):
                raise
            self.engine.execute(f"CREATE OR REPLACE TEMP TABLE former AS {self._select(())}")
            for file in self.files:
                self._add(file)

    def _add(self, file: str) -> None:
        try:
            self.engine.execute(f"INSERT INTO former {self._select((file,))}")
        except (OSError, duckdb.Error) as error:
            if not _damaged(error):
                raise
            name = Path(file).name
            if name not in self.unread:
                self.unread.append(name)

    def _select(self, files: Collection[str]) -> str:
        return (
            f"SELECT batch, line, id, key_number, {facts_sql('r.', landed=True)} AS facts "
            f"FROM ({rows('record', files, self.lacking)}) r WHERE account IN (SELECT old FROM moved) "
            f"AND (id IN (SELECT id FROM asked_id) OR key_number IN (SELECT key_number FROM asked_key_number))"
        )


def beside(engine: duckdb.DuckDBPyConnection, before: Lake, now: Lake, accounts: Mapping[int, int]) -> Beside:
    """Two lakes, of the second of which the engine is, and the numbers of accounts in the one and the other (before → now)."""
    moved = {"old": pa.array(list(accounts), pa.int64()), "new": pa.array(accounts.values(), pa.int64())}
    engine.register("moved_now", pa.table(moved))
    engine.execute("CREATE OR REPLACE TEMP TABLE moved AS SELECT * FROM moved_now")
    engine.unregister("moved_now")
    bind(engine, now, "record")
    try:
        table = before.table("record")
        if table is None:
            return Beside(engine, (), frozenset(), ["record"])
        return Beside(engine, tuple(before.files("record")), before.lacking("record"))
    except MemoryError:
        raise
    # A lake is rebuilt because it is damaged, too; deltalake raises its own kinds for every way in which it may be.
    except Exception as error:
        return Beside(engine, (), frozenset(), [str(error).partition("\n")[0]])


def _damaged(error: Exception) -> bool:
    """Whether the engine says that a file is not there or not what it should be. A footer that means nothing it tells by its base class."""
    kinds = (OSError, duckdb.IOException, duckdb.InvalidInputException)
    return isinstance(error, kinds) or type(error) is duckdb.Error
