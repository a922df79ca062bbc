"""Attachments: what a statement declares of them, and the parts of a request that bring their contents."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from portrait.xapi.invalid import Invalid
from portrait.xapi.multipart import Part
from portrait.xapi.scalar import iri, language_map, media, sha2, size
from portrait.xapi.shape import record, several

attachments = several(
    "attachments",
    record(
        "an attachment",
        {
            "usageType": iri,
            "display": language_map,
            "description": language_map,
            "contentType": media,
            "length": size,
            "sha2": sha2,
            "fileUrl": iri,
        },
        ("usageType", "display", "contentType", "length", "sha2"),
    ),
)

# SHA-2 by the number of hexadecimal digits.
_DIGESTS = {56: hashlib.sha224, 64: hashlib.sha256, 96: hashlib.sha384, 128: hashlib.sha512}


def declared(statement: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The path and the metadata of every attachment that a valid statement declares, its SubStatement's too."""
    holders = (("attachments", statement), ("object.attachments", statement["object"]))
    for path, holder in holders:
        for place, one in enumerate(holder.get("attachments", ())):
            yield f"{path}[{place}]", one


def match(
    statements: Sequence[Mapping[str, Any]], parts: Sequence[Part], version: str = "1.0.3"
) -> dict[str, Part]:
    """The contents that came with valid statements, by the sha2 that declares them.

    `parts` are those of a multipart request, the first of which holds the statements; none where the statements came as plain JSON.
    Raises Invalid where a part is not what it says or is declared by no statement, and where a content is neither brought
    nor to be found elsewhere (fileUrl). Both versions ask for the same.

    The declared length is not held against the contents: the hash says all, and clients are known to count before they encode.
    """
    if parts and parts[0].media != "application/json":
        raise Invalid("part[0]", "must have the Content-Type application/json")
    wanted = {one["sha2"] for statement in statements for _, one in declared(statement)}
    brought: dict[str, Part] = {}
    for place, part in enumerate(parts[1:], 1):
        try:
            _whole(part, wanted)
        except Invalid as error:
            raise error.at(f"part[{place}]") from None
        brought[part.hash] = part
    for number, statement in enumerate(statements):
        for path, one in declared(statement):
            if one["sha2"] not in brought and "fileUrl" not in one:
                raise Invalid(
                    f"[{number}].{path}", "must have its content as a part of the request, or a fileUrl"
                )
    return brought


def _whole(part: Part, wanted: set[str]) -> None:
    if part.encoding.lower() != "binary":
        raise Invalid("", "must have the Content-Transfer-Encoding binary")
    if not part.hash:
        raise Invalid("", "must have the header X-Experience-API-Hash")
    if part.hash not in wanted:
        raise Invalid(
            "", "must have an X-Experience-API-Hash that is the sha2 of an attachment of these statements"
        )
    if _DIGESTS[len(part.hash)](part.content).hexdigest() != part.hash.lower():
        raise Invalid("", "must have the content that its X-Experience-API-Hash is of")
