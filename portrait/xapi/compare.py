"""Whether two valid statements are one: the comparison rules of xAPI 1.0.3 part two, 2.3.1, which 2.0 keeps.

What a store may add or write otherwise makes no difference: stored, authority, version, a timestamp's zone; what is only for display:
the verb's display, activities' definitions, attachments' titles; the order of what is no list by meaning: keys, members, context
activities, attachments; the case of what has none: UUIDs, hashes, language tags, the host of a mail address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from portrait.xapi.scalar import instant

_STORE = ("id", "timestamp", "stored", "authority", "version")
# A store may keep milliseconds only.
_GRAIN = timedelta(milliseconds=1)
# Of a duration, which is otherwise a text, hundredths of a second count.
_BEYOND = re.compile(r"([.,][0-9]{2})[0-9]+(?=S)")
_SAID = ("usageType", "contentType", "length", "sha2", "fileUrl")


def same(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """Whether the two differ in nothing but what a store may change. An id or a timestamp that one of them lacks is no difference."""
    if "id" in left and "id" in right and left["id"].lower() != right["id"].lower():
        return False
    if "timestamp" in left and "timestamp" in right and not _at_once(left["timestamp"], right["timestamp"]):
        return False
    return equal(_meant(left), _meant(right))


def equal(left: Any, right: Any) -> bool:
    """Equality of JSON values: 1 is 1.0 but not true."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(part, right[key]) for key, part in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _at_once(left: str, right: str) -> bool:
    return left == right or abs(instant(left) - instant(right)) < _GRAIN


def _meant(statement: Mapping[str, Any]) -> dict[str, Any]:
    """What of a statement counts, in one spelling."""
    made = {key: value for key, value in statement.items() if key not in _STORE}
    made["verb"] = statement["verb"]["id"]
    made["actor"] = _agent(statement["actor"])
    made["object"] = _thing(statement["object"])
    made["attachments"] = _bag(_attachment, statement.get("attachments", []))
    if "result" in statement:
        made["result"] = _result(statement["result"])
    if "context" in statement:
        made["context"] = _context(statement["context"])
    return made


def _thing(thing: Mapping[str, Any]) -> Any:
    kind = thing.get("objectType", "Activity")
    if kind == "Activity":
        return _activity(thing)
    if kind == "StatementRef":
        return _reference(thing)
    if kind == "SubStatement":
        made = _meant(thing)
        if "timestamp" in thing:  # no store gives one to a SubStatement
            time = instant(thing["timestamp"])
            made["timestamp"] = (time - instant("1970-01-01T00:00:00Z")) // _GRAIN
        return made
    return _agent(thing)


def _activity(thing: Mapping[str, Any]) -> dict[str, Any]:
    return {"objectType": "Activity", "id": thing["id"]}


def _reference(thing: Mapping[str, Any]) -> dict[str, Any]:
    return {**thing, "id": thing["id"].lower()}


def _agent(agent: Mapping[str, Any]) -> dict[str, Any]:
    made = {"objectType": "Agent", **agent}
    if "mbox" in made:
        name, _, host = made["mbox"].rpartition("@")
        made["mbox"] = f"{name}@{host.lower()}"
    if "mbox_sha1sum" in made:
        made["mbox_sha1sum"] = made["mbox_sha1sum"].lower()
    if "member" in made:
        made["member"] = _bag(_agent, made["member"])
    return made


def _attachment(one: Mapping[str, Any]) -> dict[str, Any]:
    return {key: one[key].lower() if key == "sha2" else one[key] for key in _SAID if key in one}


def _result(result: Mapping[str, Any]) -> dict[str, Any]:
    if "duration" not in result:
        return dict(result)
    return {**result, "duration": _BEYOND.sub(r"\1", result["duration"])}


_CONTEXT: dict[str, Callable[[Any], Any]] = {
    "registration": str.lower,
    "language": str.lower,
    "instructor": _agent,
    "team": _agent,
    "statement": _reference,
    "contextActivities": lambda held: {key: _activities(value) for key, value in held.items()},
    "contextAgents": lambda held: [{**one, "agent": _agent(one["agent"])} for one in held],
    "contextGroups": lambda held: [{**one, "group": _agent(one["group"])} for one in held],
}


def _context(context: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _CONTEXT[key](value) if key in _CONTEXT else value for key, value in context.items()}


def _activities(held: Any) -> list[Any]:
    return _bag(_activity, held if isinstance(held, list) else [held])


def _bag(spell: Callable[[Any], dict[str, Any]], things: list[Any]) -> list[dict[str, Any]]:
    """Things in one spelling and in one order, whichever they came in."""
    return sorted(map(spell, things), key=lambda thing: json.dumps(thing, sort_keys=True))
