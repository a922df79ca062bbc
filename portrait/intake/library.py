"""All frameworks that an installation knows: those that come with the product, and what was imported, version by version."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from portrait import clock
from portrait.competency import Frame
from portrait.errors import InputError, NotFound
from portrait.intake.archive import keep
from portrait.intake.case import case_document
from portrait.intake.frame import read_frame, shipped
from portrait.intake.own_frame import own_document
from portrait.sentence import sentence
from portrait.site import Site
from portrait.store.framework import Version, add_version, frame_of_version, versions

SHIPPED_AT = datetime(
    2022, 1, 1, tzinfo=UTC
)  # what the product's own frameworks are dated, whose files give no moment


@dataclass(frozen=True)
class Edition:
    """One version of a framework. `name` is what commands may call the framework by; `stored` is None for a shipped one."""

    name: str
    identifier: str
    number: int
    title: str
    label: str
    form: str
    items: int
    associations: int
    by: str
    at: datetime
    stored: Version | None = None
    english: str = ""  # the title in English, of what the product ships


@dataclass(frozen=True)
class Imported:
    """What became of a file: the edition that holds it now, and whether it is new. `notes` are what was repaired."""

    edition: Edition
    new: bool
    notes: tuple[str, ...]


def editions(site: Site, identifier: str = "") -> list[Edition]:
    """Every edition, of one framework or of all; those of one beside each other, oldest first."""
    found: dict[str, list[Edition]] = {}
    for name, frame in shipped().items():
        found[frame.identifier] = [
            Edition(
                name,
                frame.identifier,
                1,
                frame.title,
                frame.label,
                frame.form,
                len(frame.items),
                len(frame.associations),
                "",
                SHIPPED_AT,
                english=str(frame.document["meta"].get("en", "")),
            )
        ]
    with site.registry.connect() as connection:
        for one in versions(connection):
            first = found[one.identifier][0] if one.identifier in found else None
            found.setdefault(one.identifier, []).append(
                Edition(
                    first.name if first else one.identifier,
                    one.identifier,
                    one.number,
                    one.title,
                    one.label,
                    one.form,
                    one.items,
                    one.associations,
                    one.by,
                    one.at,
                    one,
                    first.english if first else "",
                )
            )
    return [one for key, listed in found.items() for one in listed if identifier in ("", key)]


def find_edition(site: Site, wanted: str, number: int | None = None, day: date | None = None) -> Edition:
    """A framework by name, identifier, the beginning of one, or title: its newest edition, the one of that number, or the one
    that held on a day. Raises NotFound with the choices."""
    everything = editions(site)
    for fits in (
        lambda one: wanted in (one.name, one.identifier),
        lambda one: wanted == one.title,
        lambda one: len(wanted) >= 4 and (one.name.startswith(wanted) or one.identifier.startswith(wanted)),
    ):
        names = {one.identifier for one in everything if fits(one)}
        if len(names) == 1:
            break
    else:
        raise NotFound(
            "没有名为“{wanted}”的框架，可选：{choices}",
            wanted=wanted[:80],
            choices=list(dict.fromkeys(one.name for one in everything)),
        )
    listed = [one for one in everything if one.identifier in names]
    if number is not None:
        listed = [one for one in listed if one.number == number]
    if day is not None:
        listed = [one for one in listed if clock.day_of(one.at) <= day] or listed[:1]
    if not listed:
        raise NotFound("框架“{wanted}”没有第 {number} 版", wanted=wanted[:80], number=number)
    return listed[-1]


def frame_of_edition(site: Site, edition: Edition) -> Frame:
    if edition.stored is None:
        return shipped()[edition.name]
    with site.registry.connect() as connection:
        return frame_of_version(connection, edition.stored)


def newest_frames(site: Site) -> list[Frame]:
    """The newest edition of every framework."""
    newest = {one.identifier: one for one in editions(site)}
    return [frame_of_edition(site, one) for one in newest.values()]


def import_frame(site: Site, path: Path, *, by: str, name: str = "") -> Imported:
    """Store the framework of a file as a new edition, dated now; one that says the same as the newest is no new one.

    Raises InputError for what is wrong with the file; then nothing of it is stored.
    """
    frame, notes = read_frame(path, name)
    digest = digest_of(frame)
    before = editions(site, frame.identifier)
    if before and digest == digest_of(frame_of_edition(site, before[-1])):
        return Imported(before[-1], False, tuple(notes))
    if len(frame.title) > 300:
        raise InputError("{file}：标题至多 {most} 个字", file=name or path.name, most=300)
    content = keep(site.archive, path)
    with site.registry.begin() as connection:
        add_version(
            connection,
            frame,
            number=before[-1].number + 1 if before else 1,
            digest=digest,
            content=content,
            file=name or path.name,
            by=by,
            now=clock.now(),
        )
    return Imported(editions(site, frame.identifier)[-1], True, tuple(notes))


def export_frame(site: Site, edition: Edition, form: str = "") -> dict[str, Any]:
    """The document of an edition as a `case` package or as our `own` file; "" is the form it came in.

    Raises InputError when a CASE package is asked for as our own file, which cannot hold all of it.
    """
    frame = frame_of_edition(site, edition)
    form = form or frame.form
    if form == "own":
        if frame.form != "own":
            raise InputError(
                "{title}：是 CASE 包，只能导出为 {form}",
                title=frame.title,
                form=sentence("CASE 包（--form case）"),
            )
        return own_document(frame)
    return case_document(frame, edition.at)


def digest_of(frame: Frame) -> str:
    """The same for the same content, however the file was written."""
    document = own_document(frame) if frame.form == "own" else case_document(frame, SHIPPED_AT)
    text = json.dumps(document, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
