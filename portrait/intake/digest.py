"""What a mapping means, as data to be hashed: words that mappings learned later count only where they are said."""

from __future__ import annotations

from dataclasses import field, fields, is_dataclass
from typing import Any

_LATER = "later"


def later(default: Any) -> Any:
    """A field that mappings have had only since some version: with its default a mapping means what it meant before."""
    return field(default=default, metadata={_LATER: True})


def meaning(value: Any) -> Any:
    """As `dataclasses.asdict`, without the later fields that say nothing: the digests of old mappings hang on this."""
    if is_dataclass(value) and not isinstance(value, type):
        said = {one: getattr(value, one.name) for one in fields(value)}
        return {
            one.name: meaning(it)
            for one, it in said.items()
            if not (one.metadata.get(_LATER) and it == one.default)
        }
    if isinstance(value, (tuple, list)):
        return [meaning(item) for item in value]
    return value
