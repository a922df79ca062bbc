"""Query parameters: which a resource takes, and their values read strictly."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from portrait.xapi.body import microseconds
from portrait.xapi.exchange import Refusal, parse_json
from portrait.xapi.invalid import Invalid
from portrait.xapi.statement import check
from portrait.xapi.term import identity

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:[Zz]|[+-]\d\d(?::?\d\d)?)?)?")


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
    if not _UUID.fullmatch(value):
        raise Refusal(400, f"{name}: {value!r} is not a UUID")
    return UUID(value)


def truth(parameters: Mapping[str, str], name: str) -> bool:
    value = parameters.get(name, "false")
    if value not in ("true", "false"):
        raise Refusal(400, f"{name}: {value!r} is neither true nor false")
    return value == "true"


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
    try:
        if not _TIME.fullmatch(value):
            raise ValueError
        read = datetime.fromisoformat(value.replace(" ", "T"))
    except ValueError:
        raise Refusal(400, f"{name}: {value!r} is not an ISO 8601 timestamp") from None
    return microseconds(read.replace(tzinfo=UTC) if read.tzinfo is None else read)


def iri(parameters: Mapping[str, str], name: str, version: str) -> str | None:
    value = parameters.get(name)
    if value is not None:
        _as_part(name, {"object": {"id": value}}, version)
    return value


def agent(parameters: Mapping[str, str], name: str, version: str) -> dict[str, Any] | None:
    """An Agent or identified Group in JSON."""
    value = parameters.get(name)
    if value is None:
        return None
    read = parse_json(value.encode(), name)
    _as_part(name, {"actor": read}, version)
    if identity(read) is None:
        raise Refusal(400, f"{name}: an anonymous group identifies nobody")
    return dict(read)


def _as_part(name: str, part: dict[str, Any], version: str) -> None:
    """What may stand in a parameter is what may stand in a statement."""
    whole = {
        "actor": {"mbox": "mailto:nobody@example.com"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/experienced"},
        "object": {"id": "http://example.com"},
    }
    try:
        check({**whole, **part}, version)
    except Invalid as error:
        raise Refusal(400, f"{name}: {error.reason}") from None
