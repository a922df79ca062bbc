"""A OneRoster package (CSV binding 1.1 and 1.2): its manifest judged, its files read, and laid out so that a mapping can read them.

Every file keeps its rows, their numbers and their columns; columns that begin with `_` are added, worked out from the other files.
Passwords are not kept. Nothing is stored here.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from portrait.errors import InputError
from portrait.intake.text import look
from portrait.sentence import Sentence, sentence

MANIFEST = "manifest"
VERSIONS = ("1.1", "1.2")
MODES = ("bulk", "delta", "absent")
_EVERY = ("sourcedId", "status", "dateLastModified")
# File → its columns in the two versions. The first of each, to the bar, have to be there.
_COLUMNS = {
    "academicSessions": "title type startDate endDate | parentSourcedId schoolYear",
    "categories": "title | weight",
    "classes": "title courseSourcedId schoolSourcedId termSourcedIds | grades classCode classType location subjects subjectCodes periods",
    "courses": "title | schoolYearSourcedId courseCode grades orgSourcedId subjects subjectCodes",
    "demographics": "birthDate sex |",
    "enrollments": "classSourcedId userSourcedId role | schoolSourcedId primary beginDate endDate",
    "lineItems": "title classSourcedId | description assignDate dueDate categorySourcedId gradingPeriodSourcedId "
    "academicSessionSourcedId schoolSourcedId resultValueMin resultValueMax",
    "orgs": "name type | identifier parentSourcedId",
    "results": "lineItemSourcedId studentSourcedId scoreStatus score scoreDate | comment",
    "roles": "userSourcedId roleType role | beginDate endDate orgSourcedId userProfileSourcedId",
    "userProfiles": "userSourcedId username | profileType vendorId applicationId description credentialType password",
    "users": "givenName familyName | enabledUser orgSourcedIds role username userIds middleName identifier email sms phone "
    "agentSourcedIds grades password userMasterIdentifier preferredGivenName preferredMiddleName preferredFamilyName "
    "primaryOrgSourcedId pronouns",
}
# Parts of the standard that say nothing about teachers' learning: known, and left alone.
_OTHER = [
    "classResources",
    "courseResources",
    "resources",
    "lineItemLearningObjectiveIds",
    "lineItemScoreScales",
    "resultLearningObjectiveIds",
    "resultScoreScales",
    "scoreScales",
    "userResources",
]
PACKAGE_FILES = tuple(_COLUMNS)
_CANON = {name.lower(): name for name in (*_COLUMNS, *_OTHER, MANIFEST)}
_MISSPELT = {
    "datalastmodified": "dateLastModified",
    "prefferedgivenname": "preferredGivenName",
    "prefferedmiddlename": "preferredMiddleName",
    "prefferedfamilyname": "preferredFamilyName",
}


@dataclass
class Sheet:
    """One file. A row is its cells in the order of `columns`, or as it stood when it cannot be cut into them."""

    name: str
    columns: list[str]
    rows: list[list[str] | str]
    received: str  # sha256 of the file as it came

    def dicts(self) -> Iterator[dict[str, str]]:
        """The rows that could be cut, blank ends trimmed."""
        for row in self.rows:
            if isinstance(row, list):
                yield {c: cell.strip() for c, cell in zip(self.columns, row, strict=True)}

    def by(self, column: str = "sourcedId") -> dict[str, dict[str, str]]:
        """The rows by a column; a later row corrects an earlier one."""
        return {row[column]: row for row in self.dicts() if row[column]}


@dataclass(frozen=True)
class Package:
    """What was handed in. `notes` are for the reader of the ledger; `modes` says bulk or delta of each file read."""

    name: str
    version: str
    modes: Mapping[str, str]
    sheets: Mapping[str, Sheet]
    notes: tuple[Sentence, ...] = field(default=())


def columns_of(file: str) -> list[str]:
    """The columns of one of PACKAGE_FILES, those of both versions."""
    return [*_EVERY, *_COLUMNS[file].replace("|", "").split()]


def package_file(name: str) -> bool:
    """Whether a file of this name belongs to a package, used by a mapping or not."""
    stem, dot, suffix = name.rpartition(".")
    return bool(dot) and suffix.lower() == "csv" and stem.lower() in _CANON


def read_package(folder: Path, name: str = "") -> Package:
    """The package in a folder; `name` is what it was called when it came.

    Raises InputError when there is no manifest, it is of no version that we know, it and the folder contradict each other, or
    a file lacks a column of the standard.
    """
    name = name or folder.name
    files = _files(folder, name)
    if MANIFEST not in files:
        raise InputError(
            "{name}：不是 OneRoster 包：没有 manifest.csv；里面有：{there}",
            name=name,
            there=sorted(path.name for path in folder.iterdir())[:30] or [sentence("（空的）")],
        )
    said = {row["propertyName"]: row["value"] for row in _manifest(files[MANIFEST], name)}
    version = said.get("oneroster.version", "")
    if not version.startswith(VERSIONS):
        raise InputError(
            "{name}：manifest.csv 的 oneroster.version 是“{version}”，认识的有：{choices}",
            name=name,
            version=version,
            choices=list(VERSIONS),
        )
    modes, notes = _modes(said, files, name)
    sheets = {stem: _sheet(files[stem], stem) for stem in modes if stem in _COLUMNS}
    return Package(name, version, modes, sheets, tuple(notes))


def _files(folder: Path, name: str) -> dict[str, Path]:
    """The package's files by their names in the standard, however they are written here."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix.lower() == ".csv" and path.stem.lower() in _CANON:
            stem = _CANON[path.stem.lower()]
            if stem in found:
                raise InputError(
                    "{name}：{one} 和 {other} 是同一个文件", name=name, one=found[stem].name, other=path.name
                )
            found[stem] = path
    return found


def _manifest(path: Path, name: str) -> Iterator[dict[str, str]]:
    sheet = _read(path)
    if not {"propertyName", "value"} <= set(sheet.columns):
        raise InputError(
            "{name}：manifest.csv 应有 propertyName、value 两列，这里是：{columns}",
            name=name,
            columns=sheet.columns,
        )
    return sheet.dicts()


def _modes(
    said: Mapping[str, str], files: Mapping[str, Path], name: str
) -> tuple[dict[str, str], list[Sentence]]:
    """The files to read, each with bulk or delta, and what should be told besides. Raises InputError for a contradiction."""
    modes: dict[str, str] = {}
    notes: list[Sentence] = []
    declared = {
        _CANON.get(key.removeprefix("file.").lower(), key.removeprefix("file.")): value.lower()
        for key, value in said.items()
        if key.startswith("file.")
    }
    wrong = [f"{stem}={value}" for stem, value in declared.items() if value not in (*MODES, "")]
    if wrong:
        raise InputError(
            "{name}：manifest.csv 里 {wrong} 认不出，应为：{choices}",
            name=name,
            wrong=wrong,
            choices=list(MODES),
        )
    lacking = [
        f"{stem}.csv" for stem, value in declared.items() if value in ("bulk", "delta") and stem not in files
    ]
    if lacking:
        raise InputError("{name}：manifest.csv 说有 {files}，包里却没有", name=name, files=lacking)
    extra = [files[stem].name for stem, value in declared.items() if value == "absent" and stem in files]
    if extra:
        raise InputError(
            "{name}：manifest.csv 说没有（absent）{files}，包里却有；请改正其中一个", name=name, files=extra
        )
    for stem, path in files.items():
        if declared.get(stem):
            modes[stem] = declared[stem]
        elif stem != MANIFEST:
            notes.append(
                sentence("manifest.csv 没有说 {file} 是全量还是增量，这个文件没有读", file=path.name)
            )
    if not modes:
        raise InputError("{name}：manifest.csv 没有说任何文件是 bulk 或 delta", name=name)
    return modes, notes


def _sheet(path: Path, stem: str) -> Sheet:
    """A file with all columns of the standard: those that may be left out are added, empty."""
    sheet = _read(path)
    required, _, optional = _COLUMNS[stem].partition("|")
    lacking = [column for column in ("sourcedId", *required.split()) if column not in sheet.columns]
    if lacking:
        raise InputError("{file}：缺少 OneRoster 规定的列 {columns}", file=path.name, columns=lacking)
    blank = [column for column in (*_EVERY, *optional.split()) if column not in sheet.columns]
    add_columns(sheet, {column: lambda _row: "" for column in blank})
    return sheet


def _read(path: Path) -> Sheet:
    """A CSV file as it stands, its header in the standard's spelling."""
    text = look(path, path.name, "auto")
    with text.lines() as lines:
        try:
            rows: list[list[str] | str] = list(csv.reader(lines, strict=True))
        except csv.Error:
            rows = []
    if not rows:
        # A stray quotation mark spoils its own line and not the rest.
        with text.lines() as lines:
            rows = [_cut(line.rstrip("\r\n")) for line in lines]
    header = rows[0] if isinstance(rows[0], list) else []
    known = {column.lower(): column for file in PACKAGE_FILES for column in columns_of(file)}
    known |= {"propertyname": "propertyName", "value": "value"} | _MISSPELT
    names = [cell.replace("\ufeff", "").strip() for cell in header]
    while names and not names[-1]:
        names.pop()
    columns = [known.get(name.lower(), name) for name in names if not name.startswith("_")]
    kept = [place for place, name in enumerate(names) if not name.startswith("_")]
    twice = next((column for column in columns if columns.count(column) > 1), None)
    if twice is not None or not all(columns):
        raise InputError("{file}：表头有空的或重复的列（{column}）", file=path.name, column=twice or "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Sheet(path.name, columns, [_fitted(row, len(names), kept) for row in rows[1:]], digest)


def _cut(line: str) -> list[str] | str:
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        return line


def _fitted(row: list[str] | str, width: int, kept: list[int]) -> list[str] | str:
    """The row's cells under the header, without empty ones beyond it; as it stood when it has more or fewer."""
    if isinstance(row, str):
        return row
    while len(row) > width and not row[-1].strip():
        row.pop()
    if len(row) == width:
        return [row[place] for place in kept]
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cell.replace("\n", " ") for cell in row)
    return line.getvalue()


def add_columns(sheet: Sheet, made: Mapping[str, Callable[[dict[str, str]], str]]) -> None:
    """Add columns, or replace them, by what each row as it came gives."""
    places = [sheet.columns.index(name) if name in sheet.columns else None for name in made]
    for row in sheet.rows:
        if not isinstance(row, list):
            continue
        cells = {c: cell.strip() for c, cell in zip(sheet.columns, row, strict=True)}
        for place, value in zip(places, made.values(), strict=True):
            if place is None:
                row.append(value(cells))
            else:
                row[place] = value(cells)
    sheet.columns.extend(name for name, place in zip(made, places, strict=True) if place is None)


def write_sheet(sheet: Sheet, path: Path) -> None:
    """The same file for the same sheet, byte for byte."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(sheet.columns)
        for row in sheet.rows:
            if isinstance(row, list):
                writer.writerow(row)
            else:
                file.write(row + "\n")
