"""Statements of the learning record store go in by the same door as files: written out in the order they were stored, archived, read by their source's mapping.

What was forwarded is remembered once it is in. Stopped in between, the next time sends some of it again, and ids count once.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import orjson
from sqlalchemy import Connection

from portrait.errors import InputError, NotFound, PortraitError
from portrait.intake.door import BatchReport, intake
from portrait.intake.land import Progress
from portrait.intake.mapping import Mapping, load_mapping, mapping_files, read_mapping
from portrait.intake.node import NAME
from portrait.resource import DATA
from portrait.sentence import Sentence, sentence
from portrait.site import Site
from portrait.source import source_titles
from portrait.store import statement as table
from portrait.store.credential import Credential, add_credential, check_terms, credentials_of
from portrait.store.statement import Row
from portrait.store.unlisted import catalogues
from portrait.withdrawal import withdraw
from portrait.xapi.body import Mark, unpack, whole

CHUNK = 50_000  # statements of one file
VOIDED = "平台作废了这条语句"
_BY_ACCOUNT = "- {from: [$.actor.account.homePage, $.actor.account.name], kind: account}"
_BY_STAFF = "- {from: $.actor.account.name, kind: staff}"
GENERAL = "xapi"  # the mapping of statements as the published profiles have them


def forward(
    site: Site,
    *,
    by: str,
    progress: Progress | None = None,
    wait_seconds: float = 0.0,
    failures: list[PortraitError] | None = None,
) -> list[BatchReport]:
    """Take in what the store received since the last time, source by source.

    What `intake` raises for one source does not stop the others: it stands in `failures` at the end, or is raised then where
    nobody asks for it; that source's turn comes again the next time.
    """
    reports: list[BatchReport] = []
    wrong: list[PortraitError] = []
    with site.registry.connect() as connection:
        sources = table.waiting_sources(connection)
    for source in sources:
        try:
            for more in _forwarded(site, source, by, progress, wait_seconds):
                reports += more
        except PortraitError as error:
            wrong.append(error)
    if failures is not None:
        failures += wrong
    elif wrong:
        raise wrong[0]
    return reports


def forward_again(
    site: Site, source: str, *, by: str, progress: Progress | None = None, wait_seconds: float = 0.0
) -> list[BatchReport]:
    """Take in all that a source ever sent, by its mapping as it is now: what reads otherwise than before becomes a newer version.

    Stopped in between, `forward` does the rest. Raises NotFound for a source that has no credential.
    """
    with site.registry.begin() as connection:
        if not credentials_of(connection, source):
            raise NotFound("没有来源“{source}”的凭据", source=source[:60])
        table.forward(connection, source, 0)
    return [report for more in _forwarded(site, source, by, progress, wait_seconds) for report in more]


def _forwarded(
    site: Site, source: str, by: str, progress: Progress | None, wait_seconds: float
) -> Iterator[list[BatchReport]]:
    """What became of a source's statements, file by file."""
    while chunk := _next(site, source):
        with tempfile.TemporaryDirectory(dir=site.settings.home, prefix=".statements.") as folder:
            file = Path(folder) / f"statements-{chunk[0].seq}-{chunk[-1].seq}.jsonl"
            with site.registry.connect() as connection:
                _write(connection, file, chunk)
            yield intake(site, file, source, by=by, progress=progress, wait_seconds=wait_seconds)
        _take_back(site, source, chunk, by)
        with site.registry.begin() as connection:
            table.forward(connection, source, chunk[-1].seq)


def _next(site: Site, source: str) -> list[Row]:
    with site.registry.connect() as connection:
        return table.after(connection, source, table.forwarded_to(connection, source), CHUNK)


def _take_back(site: Site, source: str, rows: list[Row], by: str) -> None:
    """Let what was voided leave every figure, be it in already or still to come. A source voids its own statements only."""
    keys = [str(row.target) for row in rows if row.flag & Mark.VOIDING and row.target is not None]
    if not keys:
        return
    streams = load_mapping(source, site.settings.home).streams
    for series in {
        stream.series: stream.name for stream in streams if stream.target.name == "record"
    }.items():
        withdraw(site, source, series[1] if series[0] else None, keys, reason=VOIDED, by=by)


def _write(connection: Connection, file: Path, rows: list[Row]) -> None:
    known = {
        key: orjson.dumps(value)
        for key, value in table.authorities(connection, sorted({row.credential for row in rows})).items()
    }
    with file.open("wb") as out:
        for row in rows:
            out.write(whole(row.seq, row.id, row.flag, known[row.credential], unpack(row.body)) + b"\n")


def add_platform(
    site: Site,
    *,
    source: str,
    name: str = "",
    rights: str = "own",
    version: str = "1.0.3",
    rate: int = 0,
    lenient: bool = False,
    by: str = "",
    courses: str = "",
    staff: bool = False,
) -> tuple[Credential, Path]:
    """A credential for a source platform, and the mapping that reads its statements. Raises InputError naming what cannot be.

    What the mapping is made to say when it is new: the platform's `name` as its title, `courses`: of which source's catalogue the
    courses are, `staff`: that the names of accounts are staff numbers. Without a name it is called what an older mapping calls it.
    """
    if not NAME.fullmatch(source):
        raise InputError("来源代码“{source}”只能用字母、数字和 _ . -，至多 40 个", source=source[:60])
    if courses and not NAME.fullmatch(courses):
        raise InputError("来源代码“{source}”只能用字母、数字和 _ . -，至多 40 个", source=courses[:60])
    there = source in mapping_files(site.settings.home)
    if there and (courses or staff):
        raise InputError(
            "来源“{source}”已经有映射：课程和账号的写法请在映射里改（home 的 mapping/{source}.yaml）",
            source=source,
        )
    if there:
        name = name or source_titles(site.settings.home).get(source, "")
    # Looked at first: a mapping that was made for nothing would stand in the way of the next try.
    check_terms(source, rights, version, rate)
    mapping = ensure_mapping(site.settings.home, source, title=name, courses=courses, staff=staff)
    made = add_credential(
        site.registry,
        source=source,
        name=name,
        rights=rights,
        version=version,
        rate=rate,
        lenient=lenient,
        by=by,
    )
    return made, mapping


def no_catalogue(site: Site, courses: str) -> Sentence | None:
    """What to know when the catalogue that a platform's courses are said to be of is not in; None when it is."""
    with site.registry.connect() as connection:
        held = [one.source for one in catalogues(connection)]
    if not courses or courses in held:
        return None
    return sentence(
        "来源 {courses} 还没有课程目录，导入以后课程才对得上；有目录的来源：{held}",
        courses=courses,
        held=held or sentence("没有"),
    )


def ensure_mapping(
    home: Path, source: str, *, title: str = "", courses: str = "", staff: bool = False
) -> Path:
    """The mapping that reads a source's statements: its own, or else a copy of the general one under the source's name and `title`, to be
    adapted.

    Raises InputError when the name is taken by a mapping that reads something else, and MappingError for a damaged one.
    """
    files = mapping_files(home)
    if source in files:
        if not _reads_statements(read_mapping(files[source])):
            raise InputError(
                "“{source}”已经是一个映射的名字，而它读的不是语句；请换一个来源代码，如 {other}",
                source=source,
                other=f"{source}_xapi",
            )
        return files[source]
    text = (DATA / "mapping" / f"{GENERAL}.yaml").read_text(encoding="utf-8")
    path = home / "mapping" / f"{source}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    said = {
        "name": source,
        "source": source,
        "title": json.dumps(title.strip() or source, ensure_ascii=False),
    }
    if courses:
        said["source"] += f"\ncourse_source: {courses}"
    if staff:
        text = text.replace(_BY_ACCOUNT, _BY_STAFF)
    lines = [
        f"{key}: {said[key]}" if (key := line.partition(":")[0]) in said else line
        for line in text.splitlines()
    ]
    half = path.with_suffix(".half")
    half.write_text("\n".join(lines) + "\n", encoding="utf-8")
    half.replace(path)
    read_mapping(path)
    return path


def _reads_statements(mapping: Mapping) -> bool:
    """Whether a file of statements as it is forwarded would be read by it."""
    return any(
        stream.target.name == "record"
        and stream.layout.format in ("auto", "jsonl")
        and not stream.layout.heads
        and fnmatch("statements-1-2.jsonl", PurePosixPath(stream.layout.file).name)
        for stream in mapping.streams
    )
