"""Query parameters: which a resource takes, and their values read strictly."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID

from portrait.xapi import scalar
from portrait.xapi.actor import actor
from portrait.xapi.body import microseconds
from portrait.xapi.exchange import Refusal, parse_json
from portrait.xapi.invalid import Invalid
from portrait.xapi.term import identity

# A plus sign that a client did not encode arrives as a blank.
_LOST_PLUS = re.compile(r" (?=\d\d:?\d\d$)")


def taken(parameters: Mapping[str, str], known: Collection[str], *, needed: Collection[str] = ()) -> None:
    """Raises Refusal 400 for a parameter that is not known (case counts) or one that lacks."""
    for name in parameters:
        if name not in known:
            raise Refusal(400, f"unknown parameter {name!r}; known here: {', '.join(sorted(known))}")
    for name in needed:
        if not parameters.get(name):
            raise Refusal(400, f"parameter {name!r} is missing")


def uuid(parameters: Mapping[str, str], name: str) -> UUID | None:
    value = parameters.get(name)
    if value is None:
        return None
    _checked(name, scalar.uuid, value)
    return UUID(value)


def truth(parameters: Mapping[str, str], name: str) -> bool:
    value = parameters.get(name, "false")
    if value.lower() not in ("true", "false"):  # TinCanPython spells them with a capital
        raise Refusal(400, f"{name}: {value!r} is neither true nor false")
    return value.lower() == "true"


def whole(parameters: Mapping[str, str], name: str) -> int | None:
    value = parameters.get(name)
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise Refusal(400, f"{name}: {value!r} is not a whole number from 0")
    return int(value)


def choice(parameters: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """The value, or the first of the choices where none is given."""
    value = parameters.get(name, choices[0])
    if value not in choices:
        raise Refusal(400, f"{name}: {value!r} is none of {', '.join(choices)}")
    return value


def time(parameters: Mapping[str, str], name: str) -> int | None:
    """A timestamp as microseconds since 1970; without a zone it is UTC."""
    value = parameters.get(name)
    if value is None:
        return None
    value = _LOST_PLUS.sub("+", value)
    _checked(name, scalar.iso_time, value)
    return microseconds(scalar.instant(value))


def iri(parameters: Mapping[str, str], name: str) -> str | None:
    value = parameters.get(name)
    if value is not None:
        _checked(name, scalar.iri, value)
    return value


def agent(parameters: Mapping[str, str], name: str) -> dict[str, Any] | None:
    """An Agent or identified Group in JSON."""
    value = parameters.get(name)
    if value is None:
        return None
    read = parse_json(value.encode(), name)
    _checked(name, actor, read)
    if identity(read) is None:
        raise Refusal(400, f"{name}: an anonymous group identifies nobody")
    return dict(read)


def _checked(name: str, check: Callable[[Any], None], value: Any) -> None:
    try:
        check(value)
    except Invalid as error:
        raise Refusal(400, str(error.at(name))) from None
