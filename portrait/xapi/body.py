"""A statement as it is kept: deflated against a dictionary of what statements are full of, without what columns say.

A kept body is a byte for the form and the deflated JSON text; of this form there is one, with `data/xapi/dictionary.txt`,
which may therefore never change: a better one is another form.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from enum import IntFlag
from functools import cache
from typing import Any
from uuid import UUID

import orjson

from portrait.resource import DATA

FORM = b"\x01"
_LEVEL, _WINDOW, _MEMORY = 3, -15, 7
_START = datetime(1970, 1, 1, tzinfo=UTC)


class Mark(IntFlag):
    """What is known of a kept statement beside its body."""

    VOIDING = 1  # its verb voids another statement: it cannot be voided itself
    UNTIMED = 2  # was sent without a timestamp: when it was stored counts
    ATTACHED = 4  # some of its attachments' contents are kept


@cache
def _dictionary() -> bytes:
    return (DATA / "xapi" / "dictionary.txt").read_bytes()


@cache
def _primed() -> Any:
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_DEFAULT_STRATEGY, _dictionary())


def pack(text: bytes) -> bytes:
    deflate = _primed().copy()
    return b"".join((FORM, deflate.compress(text), deflate.flush()))


def unpack(body: bytes) -> bytes:
    """The text that `pack` was given. Raises ValueError for a form that this program does not know."""
    if body[:1] != FORM:
        raise ValueError(f"statement body of form {body[:1]!r}")
    inflate = zlib.decompressobj(_WINDOW, _dictionary())
    return inflate.decompress(body[1:]) + inflate.flush()


def written(statement: dict[str, Any]) -> bytes:
    """The text to be kept of a statement: all but its id, stored time and authority."""
    kept = {key: value for key, value in statement.items() if key not in ("id", "stored", "authority")}
    return orjson.dumps(kept)


def moment(seq: int) -> str:
    """The time that a statement's `seq` says, in ISO 8601."""
    return (
        f"{(_START + timedelta(microseconds=seq)).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    )


def microseconds(time: datetime) -> int:
    return (time - _START) // timedelta(microseconds=1)


def whole(seq: int, id: UUID, mark: int, authority: bytes, text: bytes) -> bytes:
    """The statement as it is answered: the kept text with what the store knows, as JSON. `authority` is JSON."""
    stored = moment(seq)
    timestamp = f'"timestamp":"{stored}",' if mark & Mark.UNTIMED else ""
    head = f'{{"id":"{id}",{timestamp}"stored":"{stored}","authority":'.encode()
    return b"".join((head, authority, b",", text[1:]))
