"""What activities are called in the statements that the record store holds: for readers, beside the address that stays their key."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Engine

from portrait.store.statement import definitions
from portrait.xapi.term import number

OURS = ("zh-CN", "zh-Hans", "zh")  # before any other language


def activity_names(registry: Engine, items: Collection[str]) -> dict[str, str]:
    """Names of those items that are addresses of activities which some statement has named. What was kept of a record is left
    as it is: its id, and what a second import compares, stay those of the address."""
    numbers = {number("activity", item): item for item in items if ":" in item}
    if not numbers:
        return {}
    with registry.connect() as connection:
        found = definitions(connection, sorted(numbers))
    names = {numbers[key]: in_our_words(told.get("name")) for key, (_, told) in found.items()}
    return {item: name for item, name in names.items() if name}


def in_our_words(names: object) -> str:
    """The Chinese of a language map, else its first; "" where there is none."""
    if not isinstance(names, Mapping) or not names:
        return ""
    chosen: Any = next((names[key] for key in OURS if key in names), next(iter(names.values())))
    return " ".join(chosen.split()) if isinstance(chosen, str) else ""
