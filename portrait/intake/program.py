"""A stream as SQL over its staged rows: texts (`seen`), looked-up words and typed values (`typed`), and what is wrong (`judged`).

Names from mappings and files enter the SQL only as quoted identifiers and literals; a mapping cannot carry SQL.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from portrait.intake.lookup import Lookup
from portrait.intake.mapping import Mapping, Stream, Where
from portrait.intake.raw import Raw, literal
from portrait.intake.year import UNSAID
from portrait.sentence import Sentence


@dataclass(frozen=True)
class Check:
    """One thing that may be wrong with a row. `bad`, `code`, `text`, `reason` are SQL over `typed`; `text` is what offends, if it may be shown."""

    column: str
    bad: str
    code: str
    reason: str
    text: str = "NULL"


def check(column: str, bad: str, code: str, reason: str, text: str = "NULL") -> Check:
    """A check whose code and reason are the same for every row."""
    return Check(column, bad, literal(code), literal(reason), text)


@dataclass
class Program:
    """The compiled stream. Views and tables carry a prefix, so that several live in one engine."""

    mapping: Mapping
    stream: Stream
    raw: Raw
    prefix: str
    lookups: dict[str, Lookup] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)  # name in `seen` → SQL over the raw rows
    values: dict[str, str] = field(default_factory=dict)  # name in `typed` → SQL over `seen` and look-ups
    checks: list[Check] = field(default_factory=list)
    undated: Sentence = UNSAID  # what is said of a date whose year nothing gives
    of_year: Sentence | None = None  # what to know of the year that others get
    short: list[str] = field(
        default_factory=list
    )  # SQL over `typed` of whether a date of the row says no year
    derived: dict[str, dict[str, tuple[str, str]]] = field(
        default_factory=dict
    )  # look-up → column → (type, SQL of `value`)

    @property
    def seen(self) -> str:
        return f"{self.prefix}seen"

    @property
    def typed(self) -> str:
        return f"{self.prefix}typed"

    @property
    def judged(self) -> str:
        return f"{self.prefix}judged"

    def table(self, lookup: str) -> str:
        return f"{self.prefix}look_{lookup}"

    @property
    def kept(self) -> str:
        """The table of persons whose number is that of a key of before, for rosters of persons."""
        return f"{self.prefix}kept"

    def join_table(self, alias: str) -> str:
        return f"{self.prefix}join_{self._place(alias)}"

    def _place(self, alias: str) -> int:
        return [join.alias for join in self.stream.joins].index(alias)

    def seen_sql(self) -> str:
        """The raw rows with the texts of every field."""
        texts = "".join(f", {sql} AS {name}" for name, sql in self.texts.items())
        selected, why = self._selected(), ""
        if self.raw.why:
            why = f", CASE WHEN {selected} THEN {self.raw.why} END AS _why"
            selected = f"({selected} AND {self.raw.why} IS NULL)"
        if self.raw.void:
            why += f", ({self._selected()} AND {self.raw.void}) AS _absent"
        return f"SELECT r._row AS _row, {selected} AS _selected{why}, {self._whole()} AS _raw{texts} FROM {self.rows_sql()}"

    @property
    def speaks(self) -> str:
        """SQL of whether a row says something of a record: that there is one, or that there was none after all (`_absent`)."""
        return "(_selected OR _absent)" if self.raw.void else "_selected"

    def rows_sql(self) -> str:
        """What follows FROM: the raw rows as `r` with what is looked up for them in other files."""
        joins = ""
        for place, join in enumerate(self.stream.joins):
            on = " AND ".join(f"j{place}.k{i} = {self.raw.text(own)}" for i, (own, _) in enumerate(join.on))
            joins += f" LEFT JOIN {self.join_table(join.alias)} j{place} ON {on}"
        return f"{self.raw.relation} r{joins}"

    def voided_sql(self) -> str:
        """The keys that rows of the file take back, be these rows records themselves or not; "" where none can."""
        voids = self.stream.voids
        if voids is None:
            return ""
        key = column_sql(self, voids.key)
        return (
            f"SELECT DISTINCT {key} FROM {self.raw.relation} r "
            f"WHERE {condition_sql(self, voids.where)} AND {key} IS NOT NULL ORDER BY 1"
        )

    def typed_sql(self) -> str:
        values = "".join(f", {sql} AS {name}" for name, sql in self.values.items())
        texts = "".join(f", s.{name}" for name in self.texts)
        joins = "".join(
            f" LEFT JOIN {self.table(name)} l_{name} ON l_{name}.name = coalesce(s.t_{name}, '')"
            for name in self.lookups
        )
        codes = "".join(f", l_{name}.code AS c_{name}, l_{name}.reason AS r_{name}" for name in self.lookups)
        absent = ", s._absent" if self.raw.void else ""
        return f"SELECT s._row, s._selected{absent}, s._raw{texts}{values}{codes} FROM {self.seen} s{joins}"

    def judged_sql(self) -> str:
        bad = " OR ".join(f"coalesce({check.bad}, false)" for check in self.checks) or "false"
        return f"SELECT *, ({bad}) AS _bad FROM {self.typed}"

    @property
    def secrets(self) -> dict[str, str]:
        """Texts in `seen` that must never be shown, with their kind of identifier."""
        return {
            f"{'u' if lookup.mixed else 't'}_{name}": lookup.sensitive
            for name, lookup in self.lookups.items()
            if lookup.sensitive
        }

    def problems_sql(self, only: Collection[int] | None = None) -> str:
        """Every bad row (of the rows `only`): number, raw JSON, the texts that must not be shown, and for each thing wrong its place in `checks`."""
        found = ", ".join(
            f"CASE WHEN coalesce({check.bad}, false) THEN "
            f"{{'check': {place}, 'text': ({check.text})::varchar, 'reason': ({check.reason})::varchar, 'code': ({check.code})::varchar}} END"
            for place, check in enumerate(self.checks)
        )
        chosen = "" if only is None else f" AND _row IN ({', '.join(map(str, only)) or 'NULL'})"
        return (
            f"SELECT _row, _raw, [{', '.join(self.secrets)}]::varchar[] AS secrets, list_filter([{found}], lambda x: x IS NOT NULL) AS problems "
            f"FROM {self.judged} WHERE _selected AND _bad{chosen} ORDER BY _row"
        )

    def _selected(self) -> str:
        conditions = [condition_sql(self, where) for where in self.stream.where]
        return f"({' AND '.join(conditions) or 'true'})"

    def _whole(self) -> str:
        """The row as JSON text for people to read."""
        if self.raw.whole:
            return f"json_object('_text', {self.raw.whole})::varchar"
        pairs = ", ".join(f"{literal(name)}, coalesce({sql}, '')" for name, sql in self.raw.columns.items())
        return f"json_object({pairs})::varchar"


def condition_sql(program: Program, where: Where) -> str:
    """SQL of whether a raw row is as a condition says."""
    column = without(column_sql(program, where.column), where.blank)
    if where.present is None:
        return f"coalesce({column} IN ({', '.join(map(literal, where.values))}), false)"
    return f"{column} IS {'NOT ' if where.present else ''}NULL"


def without(column: str, blank: Sequence[str]) -> str:
    """SQL of a text that is NULL where it says nothing. One CASE: `nullif` in itself doubles the query with every word."""
    words = ", ".join(map(literal, blank))
    return f"CASE WHEN {column} IN ({words}) THEN NULL ELSE {column} END" if words else column


def column_sql(program: Program, column: str) -> str:
    """SQL of a raw column's text, own or joined."""
    join = program.stream.joined(column)
    if join is None:
        return program.raw.text(column)
    place = program._place(join.alias)
    return f"j{place}.c{join_columns(program.stream, join.alias).index(column.partition('.')[2])}"


def join_columns(stream: Stream, alias: str) -> list[str]:
    """The columns of a joined file that the stream uses."""
    names = (column.partition(".") for column in stream.columns)
    return list(dict.fromkeys(name for own, dot, name in names if dot and own == alias))


def own_columns(stream: Stream) -> list[str]:
    """The columns that the stream uses of its own file."""
    return [column for column in stream.columns if stream.joined(column) is None]
