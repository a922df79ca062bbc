"""Bodies of type multipart/mixed (RFC 2046): cut into parts and put together again, byte for byte.

Lines may end in CRLF or in LF alone; the first boundary line says which, so that no octet of an attachment is taken for a line's end.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from portrait.xapi.invalid import Invalid

TYPE = "multipart/mixed"
_PARAMETER = re.compile(r';\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))\s*')
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_FOLD = re.compile(r"\r?\n[ \t]+")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADERS = {
    "type": "Content-Type",
    "encoding": "Content-Transfer-Encoding",
    "hash": "X-Experience-API-Hash",
}


@dataclass(frozen=True)
class Part:
    """One part: what its headers say (as written, empty where they say nothing), and its octets.

    Other headers than these three are read over.
    """

    type: str
    content: bytes
    hash: str = ""
    encoding: str = "binary"

    @property
    def media(self) -> str:
        """The type without parameters, in lower case."""
        return media_type(self.type)


def media_type(content_type: str) -> str:
    """The type of a Content-Type header in lower case, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def boundary_of(content_type: str) -> str:
    """The boundary that a Content-Type header names."""
    if media_type(content_type) != TYPE:
        raise Invalid("", f"Content-Type must be {TYPE}")
    _, semicolon, rest = content_type.partition(";")
    for name, quoted, plain in _PARAMETER.findall(semicolon + rest):
        if name.lower() == "boundary":
            found = re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
            if _BOUNDARY.fullmatch(found):
                return found
            raise Invalid("", "the boundary must be 1 to 70 characters that RFC 2046 allows")
    raise Invalid("", f"Content-Type {TYPE} must name a boundary")


def parse(content_type: str, body: bytes) -> tuple[Part, ...]:
    """The parts of a body in their order, at least one. Raises Invalid where the body is not whole."""
    mark = rb"--" + re.escape(boundary_of(content_type).encode())
    first = re.search(rb"(?:\A|(?<=\n))" + mark + rb"[ \t]*(\r?\n)", body)
    if not first:
        raise Invalid("", "the body must begin a part with the boundary")
    end = rb"\r?\n" if first[1] == b"\r\n" else rb"\n"
    line = re.compile(end + mark + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    parts: list[Part] = []
    start = first.end()
    while True:
        found = line.search(body, start - len(first[1]))
        if not found:
            raise Invalid(f"part[{len(parts)}]", "must end with the boundary")
        try:
            parts.append(_part(body[start : max(found.start(), start)]))
        except Invalid as error:
            raise error.at(f"part[{len(parts)}]") from None
        if found[1]:
            return tuple(parts)
        start = found.end() + (2 if body[found.end() : found.end() + 2] == b"\r\n" else 1)


def _part(text: bytes) -> Part:
    found = re.search(rb"(?:\A|(?<=\n))\r?\n", text)
    if not found:
        raise Invalid("", "must have headers, an empty line and a body")
    said: dict[str, str] = {}
    lines = _FOLD.sub(" ", text[: found.start()].decode("latin-1").strip("\r\n"))
    for line in lines.split("\n") if lines else ():
        name, colon, value = line.partition(":")
        low = name.strip().lower()
        if not colon or not _NAME.fullmatch(low):
            raise Invalid("", "must have headers of the form name: value")
        if low in said:
            raise Invalid("", f"must not have the header {name.strip()} twice")
        said[low] = value.strip()
    known = {field: said.get(name.lower(), "") for field, name in _HEADERS.items()}
    return Part(content=text[found.end() :], **known)


def compose(parts: Iterable[Part]) -> tuple[str, bytes]:
    """A Content-Type header and a body of these parts; the same parts always make the same body.

    Raises ValueError for a part whose headers would not be read back as they are.
    """
    held = tuple(parts)
    mark = _unlike(held)
    pieces: list[bytes] = []
    for part in held:
        pieces.append(b"--" + mark + b"\r\n")
        for field, name in _HEADERS.items():
            value = getattr(part, field) if field != "encoding" or part.hash else ""
            if not (value.isascii() and value.isprintable()):
                raise ValueError(f"{name} cannot be written")
            if value:
                pieces.append(f"{name}: {value}\r\n".encode())
        pieces += (b"\r\n", part.content, b"\r\n")
    pieces.append(b"--" + mark + b"--\r\n")
    return f"{TYPE}; boundary={mark.decode()}", b"".join(pieces)


def _unlike(parts: tuple[Part, ...]) -> bytes:
    """A boundary that occurs in none of the parts."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.content)
    while any(digest.hexdigest()[:40].encode() in part.content for part in parts):
        digest.update(b"-")
    return digest.hexdigest()[:40].encode()
