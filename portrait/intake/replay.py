"""Quarantined rows read again: with the mapping as it is now, a registry that has grown, or cells that a person corrected.

What is read is always the archived file, with the archived corrections in it: in the quarantine sensitive values are masked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from sqlalchemy import Connection

from portrait import clock
from portrait.errors import InputError, MappingError, NotFound
from portrait.intake.again import NOTHING, ReplayReport, read_again, settle
from portrait.intake.bench import check_numbers, open_bench, sweep
from portrait.intake.door import silent
from portrait.intake.land import Progress
from portrait.intake.mapping import Stream
from portrait.intake.mend import (
    beside,
    cells_of,
    changed,
    check_cells,
    keep_cells,
    mendable,
    shown_cells,
    typed,
)
from portrait.intake.raw import TEXT_KEY
from portrait.intake.recipe import files_again, mapping_now
from portrait.intake.reread import reread
from portrait.intake.target import TARGETS
from portrait.sentence import sentence
from portrait.site import Site
from portrait.store.batch import Batch, batch_of, unfinished_replays
from portrait.store.lease import writing
from portrait.store.quarantine import (
    Place,
    Quarantined,
    batches_of_open,
    decide,
    places,
    quarantined_by_id,
    rewrite,
    same_row,
)

__all__ = ["STATES", "ReplayReport", "dismiss", "mend", "replay"]

STATES = {"open": "待处理", "replayed": "重放入库", "dismissed": "作废"}


def replay(
    site: Site,
    *,
    number: int | None = None,
    source: str = "",
    ids: Sequence[int] = (),
    by: str,
    progress: Progress | None = None,
    wait_seconds: float = 0.0,
    mapping: str = "",
) -> ReplayReport:
    """Read open rows again: those of a batch, of a source, or with these ids; all of them when nothing is said.

    The mapping is the one that has the batch's name now (or `mapping`, a name or path). Rows that are good now are stored
    once and become replayed; the others stay open with what is wrong with them now. Killed and called again it ends as if
    it had not been. Raises NotFound for a batch or row that is not there, MappingError and InputError when the rows of a
    batch cannot be read at all (those of the batches before it are done), and LakeBusy when another process is writing.
    """
    tell = progress or silent
    with writing(site.registry, wait_seconds=wait_seconds) as lease:
        sweep(site)
        check_numbers(site)
        with site.registry.connect() as connection:
            numbers = _meant(connection, number, source, ids)
            origins = [batch_of(connection, one) for one in numbers]
        # Rosters before the records that refer to them.
        origins.sort(key=lambda one: (list(TARGETS).index(one.target), one.id))
        report = NOTHING
        with open_bench(site) as bench:
            for place, origin in enumerate(origins):
                said = sentence(
                    "重放第 {number} 号批次（{n}/{all}）", number=origin.id, n=place + 1, all=len(origins)
                )
                tell(said, place, len(origins))
                with site.registry.connect() as connection:
                    rows = places(connection, origin.id, ids=ids or None)
                report += read_again(bench, lease, origin, rows, by, mapping)
        tell(sentence("重放完毕"), len(origins), len(origins))
    return report


def mend(
    site: Site,
    id: int,
    raw: Mapping[str, str],
    *,
    by: str,
    wait_seconds: float = 0.0,
    mapping: str = "",
) -> ReplayReport:
    """Correct cells of one open row (column → text; a cell given as the quarantine shows it is left alone), then replay it.

    The correction is archived and stays with the row, also when it is still bad. Where the same cell is what is wrong with
    other open rows (a file that several streams read), it is corrected there too. Raises NotFound, and InputError when the
    row has been decided on, a column is none of the file's, or nothing is changed; else as `replay`.
    """
    with writing(site.registry, wait_seconds=wait_seconds) as lease:
        sweep(site)
        check_numbers(site)
        origin = _row(site, id).batch
        with site.registry.connect() as connection:
            batch = batch_of(connection, origin)
        with open_bench(site) as bench:
            settle(bench, batch)
            row = _row(site, id)
            if row.state != "open":
                raise InputError(
                    "第 {number} 号隔离行已经{state}，不能再改", number=id, state=sentence(STATES[row.state])
                )
            stream = mapping_now(site, batch, mapping)[1]
            main, _ = files_again(site, batch)
            place = _place(site, row)
            with reread(bench, stream, main, {place.line: {}}) as seen:
                given = changed(row.raw, raw, seen)
                check_cells(given, mendable(seen.columns, seen.whole))
            if not given:
                raise InputError("第 {number} 号隔离行没有改动：给出的每一格都和原来一样", number=id)
            given = typed(given)
            others = list(_others(site, row, batch, mapping))
            _keep(site, stream, row, place, batch.content, given)
            report = read_again(bench, lease, batch, [_place(site, row)], by, mapping)
            for other, its, named, reads in others:
                cells = beside(row, stream, other, reads, given)
                if cells:
                    settle(bench, its)
                    _keep(site, reads, other, _place(site, other), its.content, cells)
                    report += read_again(bench, lease, its, [_place(site, other)], by, named)
            return report


def _others(
    site: Site, row: Quarantined, batch: Batch, mapping: str
) -> Iterator[tuple[Quarantined, Batch, str, Stream]]:
    """The other open rows of the same line of the file with their batch, the mapping that reads them and its stream; those that no
    mapping reads any more stay as they are. A mapping that was named is that of the batches of its own."""
    with site.registry.connect() as connection:
        found = [(other, batch_of(connection, other.batch)) for other in same_row(connection, row)]
    for other, its in found:
        named = mapping if its.mapping.partition("@")[0] == batch.mapping.partition("@")[0] else ""
        with suppress(MappingError):
            yield other, its, named, mapping_now(site, its, named)[1]


def _keep(
    site: Site, stream: Stream, row: Quarantined, place: Place, content: str, given: Mapping[str, str]
) -> None:
    """Archive what is corrected of a row, with what was corrected before."""
    # A whole new text holds what was corrected in the old one, or means it to be gone.
    cells = given if TEXT_KEY in given else cells_of(site.archive, place.mended) | dict(given)
    mended = keep_cells(site.archive, content, place.line, cells)
    with site.registry.begin() as connection:
        rewrite(connection, row.id, mended, dict(row.raw) | shown_cells(stream, given))


def _place(site: Site, row: Quarantined) -> Place:
    with site.registry.connect() as connection:
        (found,) = places(connection, row.batch, ids=[row.id])
    return found


def dismiss(site: Site, ids: Sequence[int], *, by: str) -> int:
    """Decide that open rows are not to be stored; how many were open. Raises NotFound naming ids that are no rows."""
    with site.registry.begin() as connection:
        _check_ids(connection, ids)
        return decide(connection, ids, "dismissed", by, clock.now())


def _row(site: Site, id: int) -> Quarantined:
    with site.registry.connect() as connection:
        return _check_ids(connection, [id])[0]


def _check_ids(connection: Connection, ids: Sequence[int]) -> list[Quarantined]:
    found = quarantined_by_id(connection, ids)
    unknown = sorted(set(ids) - {row.id for row in found})
    if unknown:
        raise NotFound("没有编号为 {numbers} 的隔离行", numbers=unknown)
    return found


def _meant(connection: Connection, number: int | None, source: str, ids: Sequence[int]) -> list[int]:
    """The batches whose open rows are meant, those with an interrupted replay among them."""
    if number is not None:
        named = batch_of(connection, number)
        number = named.origin or named.id
    if ids:
        _check_ids(connection, ids)
    found = set(batches_of_open(connection, number=number, source=source, ids=ids))
    if not ids:
        found.update(unfinished_replays(connection, number=number, source=source))
    return sorted(found)
