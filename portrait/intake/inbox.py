"""A watched folder: what is dropped into it is taken in one by one once it is whole, then moved to `done/` or `failed/`.

A file is claimed by a rename before it is read, so nobody can replace it meanwhile; what a killed process had claimed comes
first the next time. The door counts the same content once, so nothing is taken twice and nothing is lost.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import OperationalError

from portrait.errors import InputError, LakeBusy, LakeForeign, LakeOutdated, MappingError, PortraitError
from portrait.intake.door import BatchReport, TakenIn, silent, take_in
from portrait.intake.find import files_of, found, joined_file
from portrait.intake.land import Progress
from portrait.intake.mapping import Mapping, load_mapping, mapping_called
from portrait.intake.stray import Stray, mappings, readers
from portrait.sentence import Sentence, sentence, without
from portrait.site import Site
from portrait.trouble import of_system

# What may become of a thing; the first two are folders.
DONE, FAILED, WAITS, UNKNOWN = "done", "failed", "waits", "unknown"
REASON, UNREAD = ".原因.txt", ".没有读.txt"  # what stands beside it
CLAIMED = ".taking"
LOCK = ".watched"
HALF = (".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp", ".temp", ".swp", ".half")
LOOKS = {"file": 2, "folder": 3}  # looks that must see the same before a thing counts as whole
AFTER = 60  # looks for which a thing that was moved away is still watched: its writer may have it open

NOTHING = TakenIn((), ())

Mark = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True)
class Arrival:
    """What became of one thing that was dropped: its name, done | failed | waits | unknown, where it is now, the batches, why,
    and what in it the mapping does not read."""

    source: str
    name: str
    outcome: str
    place: Path
    reports: tuple[BatchReport, ...] = ()
    reason: str = ""
    strays: tuple[Stray, ...] = ()


class Inbox:
    """One watched folder and the mapping that reads it. Of all processes one at a time may hold it: see `open`."""

    def __init__(self, folder: Path, source: str) -> None:
        self.folder = folder
        self.source = source
        self._handle: int | None = None
        self._seen: dict[str, tuple[Mark, int]] = {}  # name → as it looked, how often in a row
        self._told: dict[str, str] = {}  # what is known to wait, and why
        self._moved: dict[
            Path, tuple[str, Mark, int]
        ] = {}  # where it is → its name, how it looked, looks left

    def open(self) -> Inbox:
        """Makes the folders and holds them. Raises InputError when another process watches the same folder."""
        for name in ("", DONE, FAILED, CLAIMED):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        handle = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise InputError("{folder}：另一个进程正在看着这个文件夹", folder=self.folder) from None
        self._handle = handle
        return self

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def take(self, site: Site, *, by: str, progress: Progress = silent) -> Iterator[Arrival]:
        """One look at the folder: takes what is whole, one thing at a time, and tells what became of each.

        What has to wait is told once. Raises MappingError, with everything still where it is, when the mapping cannot be
        used; LakeBusy when another process writes; OSError and SQLAlchemy's OperationalError when disk or registry are not
        there: the thing at hand stays claimed then and comes first the next time.
        """
        mapping = load_mapping(self.source, site.settings.home)
        yield from self._claimed(site, by, progress)
        yield from self._written_on()
        whole = self._whole()
        for name, empty in self._empty():
            yield from self._waits(name, empty)
        for name in _ordered(mapping, whole):
            thing = self.folder / name
            why = _lacking(mapping, thing)
            if why:
                yield from self._waits(name, why)
                continue
            claimed = self.folder / CLAIMED / name
            if claimed.exists():
                continue  # one of the same name is not done with
            try:
                os.replace(thing, claimed)
            except FileNotFoundError:
                continue  # somebody has taken it away again
            self._told.pop(name, None)
            self._seen.pop(name, None)
            yield from self._claimed(site, by, progress)

    def _claimed(self, site: Site, by: str, progress: Progress) -> Iterator[Arrival]:
        for thing in sorted(self._entries(self.folder / CLAIMED)):
            before = _mark(thing)
            taken, why = self._through(site, thing, by, progress)
            if before == _mark(thing):
                yield self._filed(thing, taken, why)
            else:
                # Its writer still has it open. What came in of it adds nothing when all of it is taken at the next look.
                words = sentence("{file}：一边接入一边还在变，下一次再看", file=thing.name)
                yield Arrival(self.source, thing.name, WAITS, thing, taken.reports, words)

    def _through(self, site: Site, thing: Path, by: str, progress: Progress) -> tuple[TakenIn, str]:
        """What the door made of it, and why it would not have it."""
        try:
            for file in _files(thing):
                file.open("rb").close()
        except OSError as error:
            return NOTHING, sentence("{file}：读不了（{reason}）", file=thing.name, reason=of_system(error))
        try:
            return take_in(site, thing, self.source, by=by, progress=progress), ""
        except (LakeBusy, LakeForeign, LakeOutdated, MappingError, OSError, OperationalError):
            raise
        except PortraitError as error:
            return NOTHING, without(error.message, str(thing.parent), sentence("投递的文件"))
        except Exception as error:  # one odd file must not hold up all that come after it
            return NOTHING, sentence("意外错误 {kind}：{error}", kind=type(error).__name__, error=error)

    def _filed(self, thing: Path, taken: TakenIn, why: str) -> Arrival:
        """Moves it to its last place under a name that is free there; beside it stands why it failed, or what in it nobody reads."""
        folder = self.folder / (FAILED if why else DONE)
        place = folder / thing.name
        number = 1
        while place.exists():
            number += 1
            place = folder / f"{thing.stem}-{number}{thing.suffix}"
        beside = f"{why}\n" if why else "".join(f"{one.file}　{one.reason}\n" for one in taken.strays)
        if beside:
            place.with_name(f"{place.name}{REASON if why else UNREAD}").write_text(beside, encoding="utf-8")
        before = _mark(thing)
        os.replace(thing, place)
        self._moved[place] = thing.name, before, AFTER
        outcome = FAILED if why else DONE
        return Arrival(self.source, thing.name, outcome, place, taken.reports, why, taken.strays)

    def _written_on(self) -> Iterator[Arrival]:
        """What has changed since it was moved away comes back, to be taken once more when it is whole."""
        for place, (name, before, left) in list(self._moved.items()):
            if _stamps(_mark(place)) == _stamps(before):
                self._moved[place] = name, before, left - 1
                if left == 1 or not place.exists():
                    del self._moved[place]
            elif not (self.folder / name).exists():
                del self._moved[place]
                if not place.exists():
                    continue  # somebody has taken it away
                os.replace(place, self.folder / name)
                for beside in (REASON, UNREAD):
                    place.with_name(f"{place.name}{beside}").unlink(missing_ok=True)
                words = sentence("{file}：移走以后还在变，移回来再接入一次", file=name)
                yield Arrival(self.source, name, WAITS, self.folder / name, reason=words)

    def _waits(self, name: str, why: str) -> Iterator[Arrival]:
        if self._told.get(name) != why:
            self._told[name] = why
            yield Arrival(self.source, name, WAITS, self.folder / name, reason=why)

    def _whole(self) -> list[Path]:
        """What looks as it did the times before, the oldest first."""
        seen: dict[str, tuple[Mark, int]] = {}
        whole: list[tuple[int, Path]] = []
        for thing in self._entries(self.folder):
            mark = _mark(thing)
            before, looks = self._seen.get(thing.name, ((), 0))
            looks = looks + 1 if mark == before else 1
            seen[thing.name] = mark, looks
            # An empty file is one whose writer has only begun; so is a folder with something half in it.
            ready = bool(mark) and all(size for _, size, _, _ in mark) and not _half_inside(thing)
            if ready and looks >= LOOKS["folder" if thing.is_dir() else "file"]:
                whole.append((max(stamp for _, _, stamp, _ in mark), thing))
        self._seen = seen
        self._told = {name: why for name, why in self._told.items() if name in seen}
        return [thing for _, thing in sorted(whole)]

    def _empty(self) -> Iterator[tuple[str, Sentence]]:
        """What has waited long enough to be taken and is empty, or a folder that has something empty in it."""
        for name, (mark, looks) in self._seen.items():
            thing = self.folder / name
            hollow = [inside for inside, size, _, _ in mark if not size]
            if hollow and looks >= LOOKS["folder" if thing.is_dir() else "file"]:
                yield (
                    name,
                    sentence(
                        "{file}：是空的（0 字节），等着它的内容；写进内容以后自动接入，不会有内容的请拿走或重新导出",
                        file=hollow,
                    ),
                )

    def _entries(self, folder: Path) -> Iterator[Path]:
        for thing in folder.iterdir():
            if thing.name in (DONE, FAILED) and folder == self.folder:
                continue
            # A link may lead out of the folder, and what it leads to is not ours to judge or to move.
            if not _passing(thing.name) and not thing.is_symlink() and (thing.is_file() or thing.is_dir()):
                yield thing


class Outside:
    """What lies in a watched folder beside the folders of its sources: told once it is whole, by name, and left where it is."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home = folder, home
        self._seen: dict[str, tuple[Mark, int]] = {}

    def look(self, inboxes: Sequence[Inbox]) -> Iterator[Arrival]:
        """Each file that no inbox holds, at the look that sees it as the one before did."""
        held = {inbox.folder for inbox in inboxes}
        seen: dict[str, tuple[Mark, int]] = {}
        fresh = []
        for file in self._files(held):
            mark = _mark(file)
            before, looks = self._seen.get(str(file), ((), 0))
            seen[str(file)] = mark, looks + 1 if mark == before else 1
            if seen[str(file)][1] == LOOKS["file"]:
                fresh.append(file)
        self._seen = seen
        known = mappings(self.home) if fresh else {}
        for file in fresh:
            fits = readers(known, file, self.home)
            name = file.relative_to(self.folder).as_posix()
            why = _misplaced(name, fits, known)
            yield Arrival("", name, UNKNOWN, file, reason=why, strays=(Stray(name, why, fits),))

    def _files(self, held: set[Path]) -> Iterator[Path]:
        for thing in sorted(self.folder.iterdir()):
            # What a watch of the folder itself has moved away is no longer on its way.
            if thing in held or thing.name in (DONE, FAILED) or thing.is_symlink():
                continue
            if not _passing(thing.name):
                yield from (file for file in _files(thing) if file.is_file() and not _passing(file.name))


def _misplaced(name: str, fits: Sequence[str], known: Iterable[str]) -> Sentence:
    if fits:
        return sentence(
            "{file}：不在来源的子文件夹里，没有人读；读得了它的映射：{fits}，移进同名的子文件夹就接入",
            file=name,
            fits=list(fits),
        )
    return sentence(
        "{file}：没有来源认得；子文件夹要以映射的名字为名，有：{choices}", file=name, choices=list(known)
    )


def inboxes(folder: Path, source: str, home: Path) -> list[Inbox]:
    """The folder as the inbox of a source; without one, its subfolders that bear the name (or title) of a mapping, each for
    its source."""
    if source:
        load_mapping(source, home)
        return [Inbox(folder, mapping_called(source, home) or source)]
    named = ((one, mapping_called(one.name, home)) for one in sorted(folder.iterdir()) if one.is_dir())
    return [Inbox(one, name) for one, name in named if name]


def _passing(name: str) -> bool:
    """Whether a name says that this is not for us: hidden, a lock file of an office program, half written."""
    return name.startswith((".", "~$")) or name.lower().endswith(HALF)


def _half_inside(thing: Path) -> bool:
    return thing.is_dir() and any(part.name.lower().endswith(HALF) for part in thing.rglob("*"))


def _files(thing: Path) -> list[Path]:
    """A file itself, or what a folder holds that is for us."""
    if not thing.is_dir():
        return [thing]
    return [
        file for file in sorted(thing.rglob("*")) if file.is_file() and not file.name.startswith((".", "~$"))
    ]


def _mark(thing: Path) -> Mark:
    """How a file, or every file of a folder, looks from outside: name, size, time of the last change, inode."""
    found = []
    for file in _files(thing):
        try:
            stat = file.stat()
        except FileNotFoundError:
            continue
        found.append((str(file.relative_to(thing.parent)), stat.st_size, stat.st_mtime_ns, stat.st_ino))
    return tuple(found)


def _stamps(mark: Mark) -> list[tuple[int, int, int]]:
    """How it looks, whatever it is called."""
    return sorted((inode, size, changed) for _, size, changed, inode in mark)


def _ordered(mapping: Mapping, things: list[Path]) -> list[str]:
    """Names in the order of the mapping's streams: records stand on rosters. The oldest first among equals."""

    def turn(thing: Path) -> int:
        try:
            streams = found(mapping, thing).streams if thing.is_file() else ()
        except InputError:
            streams = ()  # it has gone meanwhile
        return next((n for n, (_, files) in enumerate(streams) if files), len(mapping.streams))

    return [thing.name for thing in sorted(things, key=turn)]


def _lacking(mapping: Mapping, thing: Path) -> Sentence | str:
    """Why a thing cannot be taken yet, though it is whole; "" when it can, or when no waiting would help."""
    if thing.is_dir():
        try:
            for stream, _ in files_of(mapping, thing):
                for join in stream.joins:
                    joined_file(thing, stream, join.layout)
        except InputError as error:
            return error.message
        return ""
    if not thing.is_file():
        return ""
    streams = [stream for stream, files in found(mapping, thing).streams if files]
    others = sorted({join.layout.file for stream in streams for join in stream.joins})
    others += sorted(
        join.layout.file
        for stream in mapping.streams
        for join in stream.joins
        if not streams and Path(thing.name).match(join.layout.file)
    )
    if others:
        return sentence(
            "{file}：要和别的文件（{others}）对照着读；请把它们放进一个子文件夹，整个移进来",
            file=thing.name,
            others=others,
        )
    return ""
