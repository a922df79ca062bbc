"""A file as rows of text with their row numbers: what every format is turned into before a mapping looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

# Ends of a cell that mean nothing: spaces, tabs, line ends, the full-width and the no-break space.
_BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(12288) || chr(160)"
TEXT_KEY = "_text"  # the raw form of a row that has no columns yet


@dataclass(frozen=True)
class Broken:
    """A row that could not be cut into columns. `raw` is what is known of it, by column where possible."""

    row: int
    code: str
    reason: str
    raw: dict[str, str]


@dataclass(frozen=True)
class Passed:
    """A row of a sheet that is no data (a total, a signature, a header again): told, counted as passed over, not stored."""

    row: int
    reason: str
    text: str


@dataclass(frozen=True)
class Raw:
    """`relation` is SQL for FROM with the row number in `_row`; `columns` gives each column's text as SQL (NULL when blank)."""

    file: str
    sheet: str
    relation: str
    columns: dict[str, str]
    broken: tuple[Broken, ...] = ()
    passed: tuple[Passed, ...] = ()
    whole: str = ""  # SQL of the row's own text, where the columns are only cut out of it (JSON lines)
    made: dict[str, str] = field(default_factory=dict)  # columns that the mapping makes of the file's own
    recut: Callable[[str], str] | None = None  # what a corrected line is cut from, where not from itself
    title: str = ""  # what stands above the table of a sheet
    caption: str = ""  # what of that names the thing
    apart: tuple[int, ...] = ()  # the batches as which this very sheet came in before it was known to be one
    heads: tuple[str, ...] = ()  # of the columns that a wide table was made long of
    why: str = ""  # SQL of the reason why a row is passed over, where the mapping gives any
    void: str = ""  # SQL of whether a row that is passed over takes back an earlier record, where the mapping says so of any

    def text(self, column: str) -> str:
        """SQL of a column's text, the file's own or a made one."""
        return self.made[column] if column in self.made else self.columns[column]

    @property
    def where(self) -> str:
        """File and sheet as a message names them."""
        return f"{self.file}，工作表“{self.sheet}”" if self.sheet else self.file


@dataclass
class Stage:
    """Writes rows to a Parquet file in batches, so that no file is ever held in memory."""

    path: Path
    names: Sequence[str]
    _writer: pq.ParquetWriter | None = field(default=None, init=False)

    def write(self, rows: pa.Array, columns: Sequence[pa.Array]) -> None:
        table = pa.table([rows, *columns], names=["_row", *(f"c{i}" for i in range(len(self.names)))])
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self.path, table.schema, compression="lz4", write_statistics=False
            )
        self._writer.write_table(table)

    def close(self) -> None:
        if self._writer is None:
            nothing = pa.array([], pa.string())
            self.write(pa.array([], pa.int64()), [nothing] * len(self.names))
        if self._writer is not None:
            self._writer.close()

    def relation(self) -> str:
        """The staged rows without those that are blank from end to end: an empty line is no row."""
        blank = " AND ".join(f"{plain(f'c{i}')} IS NULL" for i in range(len(self.names))) or "false"
        return f"(SELECT * FROM read_parquet({literal(str(self.path))}) WHERE NOT ({blank}))"

    def columns(self) -> dict[str, str]:
        return {name: plain(f"r.c{i}") for i, name in enumerate(self.names)}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL. The only way in which anything from a mapping or a file name enters a query."""
    return "'" + text.replace("'", "''") + "'"


def plain(column: str) -> str:
    """SQL of a text column without blank ends, NULL when nothing is left."""
    return f"nullif(trim({column}, {_BLANKS}), '')"


def without_nul(column: str) -> str:
    """SQL of a text without the character that PostgreSQL cannot keep. Only Parquet and JSON can write it at all."""
    return f"replace({column}, chr(0), '')"


def as_text(column: str, type_name: str) -> str:
    """SQL of a typed column as the text that a reader would write: whole numbers without a point."""
    kind = type_name.upper()
    if kind == "VARCHAR":
        return plain(without_nul(column))
    if kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
        # Not a number is how data frames write a blank; infinity is a wrong number and stays to be found so.
        return (
            f"CASE WHEN {column} IS NULL OR isnan({column}::double) THEN NULL "
            f"WHEN {column} = trunc({column}) AND abs({column}) < 1e15 THEN {column}::bigint::varchar "
            f"ELSE {column}::varchar END"
        )
    if kind == "BLOB":
        return f"hex({column})"
    return f"{column}::varchar"


def ragged(number: int, cells: Sequence[str], names: Sequence[str]) -> Broken:
    """A row that has not as many cells as the header has columns."""
    raw = dict(zip(names, cells, strict=False))
    raw.update({f"多出的第 {i} 格": cell for i, cell in enumerate(cells[len(names) :], len(names) + 1)})
    return Broken(number, "ragged_row", f"这一行有 {len(cells)} 格，表头有 {len(names)} 列", raw)


def header_names(cells: Iterable[object]) -> list[str]:
    """Header cells as column names: ends trimmed, inner line ends made spaces; a nameless or repeated one gets its place."""
    names: list[str] = []
    for place, cell in enumerate(cells, 1):
        name = " ".join(str(cell).replace("\ufeff", "").split())
        if not name or name in names:
            name = f"{name}（第 {place} 列）"
        names.append(name)
    return names
