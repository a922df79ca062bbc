"""The code that stands at the end of a course's address: platforms name a course by where it is, catalogues by its code alone.

Which of the texts is a code only a catalogue can say; nothing here decides.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlsplit

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+|urn:\S+", re.IGNORECASE)
_ASKED = frozenset({"id", "code", "course", "courseid", "course_id", "coursecode", "course_code", "cid"})
_COURSE = re.compile(r"course|课程", re.IGNORECASE)


def is_address(text: str) -> bool:
    """Whether a course is named by an IRI."""
    return _ADDRESS.fullmatch(text) is not None


def codes_in(address: str) -> tuple[str, ...]:
    """What may be the course's code: the last part of the path, of what follows #, or an id that is asked for by ?id=.

    A bare number says nothing but where courses are numbered: /course/7 and /course/view.php?id=7, not /quiz/7.
    """
    if not is_address(address):
        return ()
    try:
        parts = urlsplit(address)
    except ValueError:
        return ()
    path = parts.path.replace(":", "/") if parts.scheme.lower() == "urn" else parts.path
    above, end = _last(path)
    asked = [
        (f"{name} {above}", value.strip()) for name, value in parse_qsl(parts.query) if name.lower() in _ASKED
    ]
    found = [(above, end), _last(parts.fragment), *asked]
    return tuple(
        dict.fromkeys(code for where, code in found if code and (not code.isdigit() or _COURSE.search(where)))
    )


def _last(path: str) -> tuple[str, str]:
    """The last part of a path and the one above it."""
    *_, above, end = ["", "", *(unquote(part).strip() for part in path.split("/") if part)]
    return above, end
