"""The Delta tables of a home's lake: written in atomic commits, read through the files of one version."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import DeltaError

from portrait.errors import LakeForeign
from portrait.lake.disk import settle, to_disk
from portrait.lake.log import names
from portrait.lake.owner import Owner, read_owner, write_owner
from portrait.record import (
    ALIGNED_SCHEMA,
    CELL_SCHEMA,
    LINK_SCHEMA,
    PRIOR_SCHEMA,
    RECORD_SCHEMA,
    SNAPSHOT_SCHEMA,
    VERDICT_SCHEMA,
)

TABLES: dict[str, tuple[pa.Schema, list[str]]] = {
    "record": (RECORD_SCHEMA, ["month", "bucket"]),
    "cell": (CELL_SCHEMA, ["bucket"]),
    "snapshot": (SNAPSHOT_SCHEMA, ["as_of", "bucket"]),
    "prior": (PRIOR_SCHEMA, ["seq"]),
    "link": (LINK_SCHEMA, []),
    "verdict": (VERDICT_SCHEMA, []),
    "aligned": (ALIGNED_SCHEMA, []),
}

# Small row groups: files are sorted by teacher, so looking one up reads one group of each file.
WRITER = WriterProperties(compression="ZSTD", max_row_group_size=32_768)


DAMAGED = (DeltaError, OSError)  # what comes of reading a lake that is damaged
_REBUILT = 2**32  # more commits than the records of a lake can have


def rebuilds(written: int) -> int:
    """How often the lake had been rebuilt, of what it has `written`."""
    return written // _REBUILT


@dataclass(frozen=True)
class Standing:
    """Which of a lake's folders holds the tables that are read ("" = its own), and into how many buckets they are cut."""

    root: str
    buckets: int


@dataclass(frozen=True)
class _Opened:
    """A version of a table as it was read, and the file of its commit at that time."""

    path: Path
    table: DeltaTable
    stamp: tuple[int, int] | None

    def newest(self) -> bool:
        """Whether its commit still stands and none has followed: two looks at the disk, where opening reads the log."""
        version = self.table.version()
        return (
            self.stamp is not None
            and _stamp(self.path, version + 1) is None
            and _stamp(self.path, version) == self.stamp
        )


class Lake:
    """The lake in a folder. Cheap to make; every read is of the newest version.

    A small file says which tables stand: a rebuilt lake takes the place of the old one when that file is replaced, and
    the buckets are those that the tables were cut into, whatever the setting says now (`wanted`).
    """

    def __init__(self, folder: Path, buckets: int) -> None:
        self.folder = folder
        self.wanted = buckets
        self._read: tuple[tuple[int, int], Standing] | None = None
        self._opened: dict[str, _Opened] = {}
        self._keeper: Owner | None = None

    @property
    def owner(self) -> Owner | None:
        """Whose it is, as it says itself; None where it does not say yet."""
        return read_owner(self.folder)

    @property
    def made(self) -> bool:
        """Whether it has tables, readable or not."""
        return self._sign.exists() or self.path("record").exists()

    def keep_for(self, owner: Owner) -> None:
        """From now on what is written here is written for this owner; the lake says so from its first commit on."""
        self._keeper = owner
        if self.made:
            self.say_owner()

    def say_owner(self) -> None:
        """Before anything is written or removed. Raises LakeForeign when it has become another's since it was opened."""
        if self._keeper is None:
            return
        owner = self.owner
        if owner is None:
            write_owner(self.folder, self._keeper)
        elif owner.seal != self._keeper.seal:
            raise LakeForeign("记录湖 {lake} 在此期间成了另一个登记库的，停下不写", lake=self.folder)

    @property
    def standing(self) -> Standing:
        try:
            there = os.stat(self._sign)
        except FileNotFoundError:
            return Standing("", self.wanted)
        stamp = there.st_mtime_ns, there.st_ino
        read = self._read
        if read is None or read[0] != stamp:
            read = self._read = stamp, self._stands()
        return read[1]

    def _stands(self) -> Standing:
        try:
            said = json.loads(self._sign.read_text(encoding="utf-8"))
            return Standing(said["root"], said["buckets"])
        except (ValueError, KeyError, TypeError) as error:
            raise LakeForeign(
                "{file} 坏了，看不出记录湖现在用哪一份表：从备份恢复它；没有备份，就把 {lake} 移到别处，再 portrait rebuild",
                file=self._sign,
                lake=self.folder,
            ) from error

    @property
    def buckets(self) -> int:
        return self.standing.buckets

    @property
    def _sign(self) -> Path:
        return self.folder / "lake.json"

    def path(self, name: str) -> Path:
        return self.folder / self.standing.root / name

    def stand(self, standing: Standing) -> None:
        """From now on these tables are read, by every process at once."""
        self.say_owner()
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(standing), file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, self._sign)
        settle(self.folder)

    def table(self, name: str) -> DeltaTable | None:
        """The newest version of a table, or None before its first commit. For reading only: whoever asks next gets the
        same one while no commit follows (see `open`)."""
        path = self.path(name)
        opened = self._opened.get(name)
        if opened is not None and opened.path == path and opened.newest():
            return opened.table
        table = self.open(name)
        if table is not None:
            self._opened[name] = _Opened(path, table, _stamp(path, table.version()))
        return table

    def open(self, name: str) -> DeltaTable | None:
        """The newest version of a table for one caller, who may change it; None before its first commit."""
        path = str(self.path(name))
        return DeltaTable(path) if DeltaTable.is_deltatable(path) else None

    def files(self, name: str) -> list[str]:
        table = self.table(name)
        return file_paths(table) if table else []

    def files_holding(self, name: str, column: str, values: Collection[int]) -> list[str]:
        """The files that may hold one of the values, by the bounds that the table keeps of each file."""
        table = self.table(name)
        if table is None or not values:
            return []
        kept = pa.table(table.get_add_actions(flatten=True))
        low, high = kept[f"min.{column}"].to_pylist(), kept[f"max.{column}"].to_pylist()
        held = {
            path.rpartition("/")[2]
            for path, least, most in zip(kept["path"].to_pylist(), low, high, strict=True)
            if least is None or any(least <= value <= most for value in values)
        }
        # By name alone, of which there is one: the table tells the way to it with links followed and partitions spelled in another way.
        return [path for path in file_paths(table) if path.rpartition("/")[2] in held]

    def newest(self, name: str, column: str) -> int | None:
        """The greatest number in a column, by the bounds that the table keeps of each file; None where none is known."""
        table = self.table(name)
        if table is None:
            return None
        kept, bound = pa.table(table.get_add_actions(flatten=True)), f"max.{column}"
        bounds = kept[bound].to_pylist() if bound in kept.column_names else []
        return max((value for value in bounds if value is not None), default=None)

    def parts(self, name: str, column: str) -> set[int]:
        """The numbers of a partition column under which a table has files, by the table's own account of them."""
        table = self.table(name)
        if table is None:
            return set()
        kept, part = pa.table(table.get_add_actions(flatten=True)), f"partition.{column}"
        return set(kept[part].to_pylist()) if part in kept.column_names else set()

    def folders(self, name: str, column: str) -> set[int]:
        """The numbers of a partition column that its folders are called by, those among them whose files no longer count."""
        said = (folder.name.removeprefix(f"{column}=") for folder in self.path(name).glob(f"{column}=*/"))
        return {int(number) for number in said if number.isdecimal()}

    @property
    def written(self) -> int:
        """How often records were written: a number that only grows, with a rebuild too; less of it is an earlier copy."""
        table = self.table("record")
        return int(self.standing.root or 0) * _REBUILT + (0 if table is None else table.version() + 1)

    def holds(self, key: str) -> bool:
        """Whether records came in under the key of this batch."""
        first = f"{key}:0/1"  # nearly all have one part only, see portrait.intake.land
        return self.landed("record", first) or key in self.batches()

    def batches(self) -> set[str]:
        """The keys of the batches whose records came in."""
        if self.table("record") is None:
            return set()
        return {name.rpartition(":")[0] for name in names(self.path("record"))}

    def append(self, name: str, data: pa.Table | pa.RecordBatchReader, *, part: str) -> None:
        """Append `data` in one atomic commit that is remembered under `part`.

        `landed(name, part)` tells afterwards, also after a crash, whether the commit happened.
        """
        self.commit(name, data, {part: 1})

    def commit(
        self,
        name: str,
        data: pa.Table | pa.RecordBatchReader,
        marks: Mapping[str, int],
        *,
        replace: str | None = None,
    ) -> None:
        """One atomic commit with numbers remembered by name (see `mark`).

        `replace` "" puts `data` in the place of the whole table, a predicate over partition columns in the place of
        those partitions; None appends. `data` may be empty. Records are on the disk when it returns: the ledger will say that they are
        in. What is made of them can be made again.
        """
        self.say_owner()
        if not self._sign.exists():
            self.stand(Standing("", self.wanted))
        self.path(name).mkdir(parents=True, exist_ok=True)
        common: dict[str, Any] = {
            "partition_by": TABLES[name][1],
            "writer_properties": WRITER,
            "commit_properties": CommitProperties(
                app_transactions=[Transaction(part, number) for part, number in marks.items()]
            ),
        }
        if replace is None:
            write_deltalake(str(self.path(name)), data, mode="append", **common)
        else:
            # Before the first commit there is nothing that a predicate could replace.
            predicate = (replace or None) if self.table(name) else None
            shape: Any = None if predicate else "overwrite"
            write_deltalake(
                str(self.path(name)), data, mode="overwrite", predicate=predicate, schema_mode=shape, **common
            )
        if name == "record" and (made := self.table(name)) is not None:
            to_disk(self.path(name), made.version())

    def fits(self, name: str) -> bool:
        """Whether a table has today's columns; those that are derived are made again where it has not."""
        table = self.table(name)
        return table is None or [field.name for field in table.schema().fields] == TABLES[name][0].names

    def lacking(self, name: str) -> frozenset[str]:
        """Columns that a table of an older version has not got yet."""
        table = self.table(name)
        return frozenset() if table is None else lacking(name, table)

    def landed(self, name: str, part: str) -> bool:
        return self.mark(name, part) is not None

    def mark(self, name: str, part: str) -> int | None:
        """The number remembered under `part` by the newest commit that set it."""
        table = self.table(name)
        if table is None:
            return None
        number: int | None = table.transaction_version(part)
        return number


def _stamp(path: Path, version: int) -> tuple[int, int] | None:
    """What tells the file of a commit from another one of its name; None where there is none."""
    try:
        there = os.stat(path / "_delta_log" / f"{version:020d}.json")
    except FileNotFoundError:
        return None
    return there.st_mtime_ns, there.st_ino


def file_paths(table: DeltaTable) -> list[str]:
    """The files of a table as the file system names them: Delta writes spaces and Chinese as %-codes."""
    return [unquote(uri) for uri in table.file_uris()]


def lacking(name: str, table: DeltaTable) -> frozenset[str]:
    """Columns of today's schema that no file of the table has."""
    return frozenset(TABLES[name][0].names) - {field.name for field in table.schema().fields}
