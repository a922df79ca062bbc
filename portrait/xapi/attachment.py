"""Attachments: what a statement declares of them, and the parts of a request that bring their contents."""

from __future__ import annotations

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
