"""What all statements together say of an activity: its canonical definition."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

# Of these, each statement may know another part: a language, an extension.
_MAPS = ("name", "description", "extensions")


def merged(definition: dict[str, Any], told: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The definition with what was told of it since: maps are joined, the newest word on everything else counts."""
    made = dict(definition)
    for new in told:
        joined = {key: {**made[key], **new[key]} for key in _MAPS if key in made and key in new}
        made |= new | joined
    return made
