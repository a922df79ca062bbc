"""Known faults of named platforms, mended on request of the one who runs the store, and told.

Only what stands in `CODES` is mended, only where the statement is invalid as it is, and every change is recorded. What is still invalid
afterwards is for `check` to refuse. Never a guess: a repair puts a value into the form that its own text already says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from portrait.xapi.invalid import Invalid, step
from portrait.xapi.scalar import iso_time, language, mailto, rfc_time, uuid
from portrait.xapi.statement import check

# What is mended, and who is known to send it.
CODES: Mapping[str, str] = {
    "group-activity": "objectType GroupActivity is an Activity (Open edX, problems of several parts)",
    "bare-uuid": "an activity's id that is a bare UUID becomes urn:uuid:… (Open edX)",
    "null": "a property that is null is left out (exports of databases)",
    "empty": "an empty text where a format is required is left out (Moodle's log store)",
    "mailto": "a mail address gets its mailto: (home-made senders)",
    "time-separator": "a space between date and time becomes T (SQL exports)",
    "time-zone": "a time without a zone is taken as UTC (SQL exports)",
    "language-tag": "an underscore in a language tag becomes a hyphen (Moodle's language packs)",
}

T = TypeVar("T")

_DEPTH = 12  # no statement nests deeper outside extensions
_MAPS = ("display", "name", "description")
_FORMATTED = ("type", "moreInfo", "fileUrl", "registration", "language", "duration", "timestamp", "stored")
_SPACED = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) +([0-9]{2}:.*)")


@dataclass(frozen=True)
class Repair:
    """One change: where, which of the known faults, what stood there and what stands there now (None where nothing does)."""

    path: str
    code: str
    was: Any
    now: Any


def repaired(statement: dict[str, Any], version: str = "1.0.3") -> tuple[dict[str, Any], tuple[Repair, ...]]:
    """The statement without known faults, and what was changed. A valid one comes back as the same object, unchanged.

    Nothing given is changed; what is not touched is shared.
    """
    if _passes(lambda value: check(value, version), statement):
        return statement, ()
    work = _Work(rfc_time if version.startswith("2.") else iso_time)
    mended = work.mend(statement, "", 0)
    return (mended, tuple(work.done)) if work.done else (statement, ())


def _passes(test: Callable[[Any], None], value: Any) -> bool:
    try:
        test(value)
    except Invalid:
        return False
    return True


class _Work:
    """One statement's repairs as they are made."""

    def __init__(self, time: Callable[[Any], None]) -> None:
        self.time = time
        self.done: list[Repair] = []

    def mend(self, value: Any, path: str, depth: int) -> Any:
        if depth > _DEPTH:
            return value
        if isinstance(value, list):
            return [self.mend(part, f"{path}[{place}]", depth + 1) for place, part in enumerate(value)]
        if not isinstance(value, dict):
            return value
        made: dict[str, Any] = {}
        for key, part in value.items():
            at = _joined(path, key)
            if part is None:
                self.note(at, "null", None, None)
            elif part == "" and (key in _FORMATTED or at == "id"):
                self.note(at, "empty", "", None)
            elif key == "extensions":
                made[key] = part
            elif key in _MAPS and isinstance(part, dict):
                made[key] = self.languages(part, at)
            elif key == "contextActivities" and isinstance(part, dict):
                made[key] = {
                    name: self.activities(held, _joined(at, name), depth + 2) for name, held in part.items()
                }
            elif key == "object":
                made[key] = self.activities(part, at, depth + 1)
            elif isinstance(part, str):
                made[key] = self.text(key, part, at)
            else:
                made[key] = self.mend(part, at, depth + 1)
        return made

    def activities(self, value: Any, path: str, depth: int) -> Any:
        """An activity or several: only these have ids that are to be IRIs."""
        if isinstance(value, list):
            return [self.activities(part, f"{path}[{place}]", depth) for place, part in enumerate(value)]
        made = self.mend(value, path, depth)
        if isinstance(made, dict) and made.get("objectType", "Activity") == "Activity":
            known = made.get("id")
            if _passes(uuid, known):
                made["id"] = self.note(_joined(path, "id"), "bare-uuid", known, f"urn:uuid:{known}")
        return made

    def languages(self, value: dict[str, Any], path: str) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for tag, text in value.items():
            at = _joined(path, tag)
            if text is None:
                self.note(at, "null", None, None)
                continue
            other = str(tag).replace("_", "-")
            if other != tag and other not in value and _passes(language, other):
                self.note(at, "language-tag", tag, other)
                made[other] = text
            else:
                made[tag] = text
        return made

    def text(self, key: str, text: str, path: str) -> str:
        if key == "objectType" and text == "GroupActivity":
            return self.note(path, "group-activity", text, "Activity")
        if key == "mbox" and not _passes(mailto, text):
            return self.fitting(path, text, (("mailto", f"mailto:{_bare(text)}"),), mailto)
        if key == "language" and not _passes(language, text):
            return self.fitting(path, text, (("language-tag", text.replace("_", "-")),), language)
        if key in ("timestamp", "stored") and not _passes(self.time, text):
            joined = _SPACED.sub(r"\1T\2", text.strip())
            return self.fitting(
                path, text, (("time-separator", joined), ("time-zone", f"{joined}Z")), self.time
            )
        return text

    def fitting(
        self, path: str, was: str, ways: tuple[tuple[str, str], ...], test: Callable[[Any], None]
    ) -> str:
        """The first of the ways that makes the text valid; as it was when none does."""
        for code, now in ways:
            if _passes(test, now):
                return self.note(path, code, was, now)
        return was

    def note(self, path: str, code: str, was: Any, now: T) -> T:
        self.done.append(Repair(path, code, was, now))
        return now


def _joined(path: str, key: object) -> str:
    part = step(key)
    return f"{path}.{part}" if path and not part.startswith("[") else f"{path}{part}"


def _bare(address: str) -> str:
    """A mail address without blanks around it and without a mailto: in other letters."""
    text = address.strip()
    return text[7:] if text[:7].lower() == "mailto:" else text
