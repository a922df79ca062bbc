"""Checks put together from checks: objects with these properties, lists of such things, one of these words.

A check takes a value of parsed JSON, returns nothing and raises Invalid, whose path begins at that value. Nothing is copied and no
path is built for what is valid: this is what every statement goes through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from portrait.xapi.invalid import Invalid, step, wrong

Check = Callable[[Any], None]


def record(kind: str, table: Mapping[str, Check], required: tuple[str, ...] = ()) -> Check:
    """An object that has only properties of the table, each passing its check, and all of the required ones."""
    find = table.get

    def check(value: Any) -> None:
        if not isinstance(value, dict):
            raise wrong(value, f"an object ({kind})")
        for key, part in value.items():
            test = find(key)
            if test is None:
                raise Invalid(step(key), _stranger(key, kind, table))
            try:
                test(part)
            except Invalid as error:
                raise error.at(key) from None
        for key in required:
            if key not in value:
                raise Invalid(key, "is required")

    return check


def _stranger(key: object, kind: str, table: Mapping[str, Check]) -> str:
    low = str(key).lower()
    meant = next((name for name in table if name.lower() == low), None)
    return f"must be written {meant}" if meant else f"is not a property of {kind}"


def several(kind: str, test: Check) -> Check:
    """A list of things that each pass the check."""

    def check(value: Any) -> None:
        if not isinstance(value, list):
            raise wrong(value, f"an array of {kind}")
        for place, part in enumerate(value):
            try:
                test(part)
            except Invalid as error:
                raise error.at(f"[{place}]") from None

    return check


def word(*choices: str) -> Check:
    """One of these texts, to the letter."""
    known = frozenset(choices)
    wanted = choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"

    def check(value: Any) -> None:
        if not isinstance(value, str) or value not in known:
            raise wrong(value, wanted)

    return check
