"""What a file would become, looked at before it is taken in. Nothing is stored: no batch, no archive, no record, no row of the registry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from portrait.errors import InputError
from portrait.identity import hidden
from portrait.intake import mapping as source_mapping
from portrait.intake.ask import many
from portrait.intake.bench import Bench, Input, clear, open_bench, set_up_over
from portrait.intake.clash import clash
from portrait.intake.dateless import dateless, dateless_told
from portrait.intake.elsewhere import elsewhere, strange_codes, taken_for, unknown_codes
from portrait.intake.find import by_sheet, found, joined_file, lacking, useless
from portrait.intake.former import called_told
from portrait.intake.handed import handed_in
from portrait.intake.judge import Reason, passed, reasons, refuse_undated, refused, tally, veiled, year_told
from portrait.intake.mapping import Stream, load_mapping
from portrait.intake.program import Program, own_columns
from portrait.intake.raw import Passed, Raw
from portrait.intake.reader import read
from portrait.intake.register import forbidden, registered
from portrait.intake.run import meant, rosters_told, runs_told
from portrait.intake.target import Field
from portrait.intake.wording import field_sql, worded
from portrait.sentence import Sentence, in_turn, sentence
from portrait.site import Site
from portrait.store.catalogue import only_holder

_REFERRED = ("school", "provider", "course", "class")  # what rows of later streams may name


@dataclass(frozen=True)
class Sample:
    """One row. `raw` is column → text of the file, `read` target field → value as it would be stored, as text for people;
    sensitive values are masked in both. `problem` is "" when the row is good, else in Chinese what is wrong first in `column`, of the kind `code`."""

    row: int
    raw: Mapping[str, str]
    read: Mapping[str, str]
    problem: str
    code: str = ""
    column: str = ""


@dataclass(frozen=True)
class Preview:
    """One file in one stream. `codes` are the reasons of the bad rows, the commonest first. `error` says why this stream
    cannot read the file as a whole; a file that no stream uses has an error and no stream."""

    stream: str
    target: str
    file: str
    sheet: str
    columns: tuple[str, ...]
    samples: tuple[Sample, ...]
    rows_read: int
    rows_passed: int
    rows_bad: int
    codes: tuple[tuple[str, int], ...]
    error: str
    passed: tuple[tuple[str, int], ...] = ()  # why rows are nothing for us, as the mapping says
    no_data: tuple[
        Passed, ...
    ] = ()  # of the rows passed over, those that are totals, signatures and the like
    rows_again: int = (
        0  # good rows that are the same record as another row of the file: only one of them comes in
    )
    rows_lost: int = 0  # of these the ones that say something else than the row that stands
    clash: Sentence | None = None  # what to know of them: nothing is lost in silence
    courses: Sentence | None = (
        None  # whose courses and which classes they seem to be, when not those of the source that the mapping means
    )

    @property
    def rows_new(self) -> int:
        """How many records the file would add to a lake that holds none of them."""
        return self.rows_read - self.rows_bad - self.rows_again


def preview(site: Site, path: Path, source: str, *, rows: int = 12) -> list[Preview]:
    """Each stream of the mapping over its files below `path` (a folder or one file), in the mapping's order.

    Samples are the first `rows` good rows, then one bad row for each reason in each column, both in file order. What a
    stream would register counts as registered for the streams after it. Raises MappingError for the mapping, and
    InputError only when there is no such path.
    """
    mapping = load_mapping(source, site.settings.home)
    try:
        with handed_in(site, mapping, path) as given:
            unused = found(mapping, given.given).unused if given.given else None
            return _previews(site, mapping, given.path, rows, unused)
    except InputError as error:
        if not path.exists():
            raise
        return [_failed(None, path.name, error.message)]


def _previews(
    site: Site, mapping: source_mapping.Mapping, path: Path, rows: int, unused: Sequence[Path] | None
) -> list[Preview]:
    """`unused` are the files that no stream uses, where those below `path` are not as they were handed in."""
    handed = found(mapping, path)
    unused = handed.unused if unused is None else unused
    also: dict[str, set[int]] = {}
    previews = []
    with open_bench(site, also) as bench:
        for stream, files in handed.streams:
            if not files and path.is_dir() and not stream.optional:
                previews.append(_failed(stream, "", lacking(stream, path)))
            for file in files:
                for one in by_sheet(stream, file)[0]:
                    previews.append(_look(bench, mapping, one, path, file, rows, also))
    return [*previews, *(_failed(None, file.name, useless(mapping, file)) for file in unused)]


def _failed(stream: Stream | None, file: str, error: str) -> Preview:
    name, target = (stream.name, stream.target.name) if stream else ("", "")
    return Preview(name, target, file, "", (), (), 0, 0, 0, (), error)


def _look(
    bench: Bench,
    mapping: source_mapping.Mapping,
    stream: Stream,
    path: Path,
    file: Path,
    rows: int,
    also: dict[str, set[int]],
) -> Preview:
    begun = _failed(stream, file.name, "")
    try:
        joined = {join.alias: joined_file(path, stream, join.layout) for join in stream.joins}
        others = {alias: Input(other, other.name) for alias, other in joined.items()}
        raw = read(bench.engine, file, file.name, stream.layout, own_columns(stream), bench.staging)
        told = tuple(replace(row, text=hidden(row.text)) for row in raw.passed)
        begun = replace(begun, sheet=raw.sheet, columns=tuple(raw.columns), no_data=told)
        program = set_up_over(bench, mapping, stream, raw, others)
    except InputError as error:
        return replace(begun, error=error.message)
    try:
        refuse_undated(bench.engine, program)
        seen = _seen(bench, program, begun, rows)
        if stream.target.name in _REFERRED:
            ids = f"SELECT {registered(program)['id']} FROM {program.judged} WHERE _selected AND NOT _bad"
            also.setdefault(stream.target.name, set()).update(number for (number,) in many(bench.engine, ids))
        return seen
    except InputError as error:
        return replace(begun, error=error.message)
    finally:
        clear(bench, program)


def _seen(bench: Bench, program: Program, begun: Preview, rows: int) -> Preview:
    """The preview of a file that can be read."""
    late: dict[int, str] = {}
    if program.stream.target.name == "person":
        late = forbidden(bench.engine, program)
    twice = clash(bench.engine, program)
    counted, wrong = tally(bench.engine, program), reasons(bench.engine, program, late)
    codes: Counter[str] = Counter()
    for reason in wrong:
        codes[reason.code] += reason.rows
    return replace(
        begun,
        samples=tuple(_samples(bench, program, late, wrong, rows)),
        rows_read=counted.read,
        rows_passed=counted.passed,
        rows_bad=codes.total(),
        codes=tuple(codes.most_common()),
        passed=tuple(passed(bench.engine, program)),
        courses=_named(bench, program),
        rows_again=twice.again,
        rows_lost=twice.other,
        clash=twice.told(program.stream.key),
    )


def _named(bench: Bench, program: Program) -> Sentence | None:
    """What the codes and names of courses and classes stand for that nothing is registered under."""
    notes = year_told(bench.engine, program) + dateless_told(program, dateless(bench.engine, program))
    notes += called_told(program.stream, program.raw)
    course, run = program.lookups.get("course"), program.lookups.get("run")
    with bench.site.registry.connect() as connection:
        if course is not None and not course.must:
            codes = unknown_codes(bench.engine, program, "course")
            taken = taken_for(connection, program, codes)
            other = elsewhere(connection, strange_codes(connection, program, codes))
            notes += [one for one in (taken, other) if one]
        if run is not None and run.expression.loose and not run.must:
            notes += runs_told(connection, bench.engine, program, unknown_codes(bench.engine, program, "run"))
        notes += rosters_told(connection, bench.engine, program)
    return in_turn(notes) or None


def _held(bench: Bench, program: Program) -> dict[str, dict[str, Sentence]]:
    """Field → codes that are registered, but by another source than the mapping means, and classes that are meant by what the file calls
    them, each as it is told."""
    found: dict[str, dict[str, Sentence]] = {}
    with bench.site.registry.connect() as connection:
        for name in ("course", "run", "class"):
            field = program.stream.target.field(name)
            if name in program.lookups and field is not None and field.type in ("course", "class"):
                codes = unknown_codes(bench.engine, program, name)
                found[name] = {
                    word: sentence("{word}（来源 {source} 有这个代码）", word=word, source=source)
                    for word, source in only_holder(connection, field.type, codes).items()
                }
                if name == "run":
                    found[name] |= meant(connection, bench.engine, program, codes)
    return found


def _samples(
    bench: Bench, program: Program, late: Mapping[int, str], wrong: Sequence[Reason], rows: int
) -> Iterator[Sample]:
    held = _held(bench, program)
    apart = f" AND _row NOT IN ({', '.join(map(str, late))})" if late else ""
    good = f"_selected AND NOT _bad{apart} ORDER BY _row LIMIT {rows}"
    yield from _rows(bench, program, f"(SELECT _row FROM {program.judged} WHERE {good})", {}, held)
    chosen = {reason.first for reason in wrong}
    told = {row.line: row for row in refused(bench.engine, program, late, chosen)}
    listed = ", ".join(map(str, chosen)) or "NULL"
    problems = {line: row.reason for line, row in told.items()}
    cut = {sample.row: sample for sample in _rows(bench, program, f"({listed})", problems, held)}
    for line, row in sorted(told.items()):
        sample = cut.get(line) or Sample(line, row.raw, {}, row.reason)  # without columns nothing was read
        yield replace(sample, code=row.code, column=row.column)


def _rows(
    bench: Bench,
    program: Program,
    chosen: str,
    problems: Mapping[int, str],
    held: Mapping[str, Mapping[str, Sentence]],
) -> list[Sample]:
    """Rows by number, `chosen` being what follows IN."""
    raw, stream = program.raw, program.stream
    fields = [field for name in _filled(program) if (field := stream.target.field(name)) is not None]
    cells = ", ".join(f"coalesce({sql}, '')" for sql in raw.columns.values())
    values = ", ".join(field_sql(program, field) for field in fields)
    found = many(
        bench.engine,
        f"SELECT r._row, [{cells}]::varchar[], [{', '.join(program.secrets)}]::varchar[], [{values}]::varchar[] "
        f"FROM {raw.relation} r JOIN {program.judged} j ON j._row = r._row WHERE j._row IN {chosen} ORDER BY r._row",
    )
    return [
        Sample(
            number,
            _veiled(program, raw, texts, secrets),
            _read(bench, program, fields, read_texts, held),
            problems.get(number, ""),
        )
        for number, texts, secrets, read_texts in found
    ]


def _filled(program: Program) -> list[str]:
    """The fields that the stream fills; a score's fixed scale is stored too."""
    names = [name for name, _ in program.stream.fields]
    return names + ["score_max"] * ("v_score_max" in program.values and "score_max" not in names)


def _veiled(
    program: Program, raw: Raw, texts: Sequence[str], secrets: Sequence[str | None]
) -> dict[str, str]:
    return veiled(program, dict(zip(raw.columns, texts, strict=True)), secrets)


def _read(
    bench: Bench,
    program: Program,
    fields: Sequence[Field],
    texts: Sequence[str | None],
    held: Mapping[str, Mapping[str, Sentence]],
) -> dict[str, str]:
    read_ = {
        field.name: hidden(worded(program, field, text, bench.known, held.get(field.name)))
        for field, text in zip(fields, texts, strict=True)
    }
    if not read_.get("score", "-"):
        read_["score_max"] = ""  # a scale without a score is not stored
    return read_
