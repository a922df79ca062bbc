"""A valid statement in another format than the exact one (xAPI 1.0.3 part three, 2.1.3): in one language, or reduced to ids.

The statements that come back share with the given ones what they leave as it is; nothing given is changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from portrait.xapi.actor import IDENTIFIERS

_RANGE = re.compile(
    r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?"
)
_COMPONENTS = ("choices", "scale", "source", "target", "steps")
_Spell = Callable[[Any], Any]


# --- in one language ---------------------------------------------------------------------------------------------


def canonical(
    statement: Mapping[str, Any], accept_language: str, definitions: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """The statement for `format=canonical`: activities with their canonical definitions, by id, and one language a map.

    An activity whose definition is not given keeps its own. Agents, extensions and attachments stay as they are.
    """

    def verb(value: Mapping[str, Any]) -> dict[str, Any]:
        return _in_one(value, ("display",), accept_language)

    def activity(value: Mapping[str, Any]) -> dict[str, Any]:
        definition = definitions.get(value["id"]) or value.get("definition")
        return {**value, "definition": spoken(definition, accept_language)} if definition else dict(value)

    return _mapped(statement, verb, activity, dict)


def spoken(definition: Mapping[str, Any], accept_language: str) -> dict[str, Any]:
    """An activity's definition with one language a map."""
    made = _in_one(definition, ("name", "description"), accept_language)
    for name in _COMPONENTS:
        if name in made:
            made[name] = [_in_one(part, ("description",), accept_language) for part in made[name]]
    return made


def _in_one(thing: Mapping[str, Any], names: tuple[str, ...], accept_language: str) -> dict[str, Any]:
    made = dict(thing)
    for name in names:
        if len(made.get(name, ())) > 1:
            tag = best(tuple(made[name]), accept_language)
            made[name] = {tag: made[name][tag]}
    return made


def best(tags: tuple[str, ...], accept_language: str) -> str:
    """The tag to choose of at least one.

    First what Accept-Language names or has as a prefix (RFC 2616, 14.4), by its quality, then by its place; else the nearest by
    ever shorter ranges (RFC 4647, 3.4: `en-US` takes `en`, then another English); else the first that is not refused.
    """
    ranges = _ranges(accept_language)
    ranked = [(rank, -place) for place, tag in enumerate(tags) if (rank := _rank(tag.lower(), ranges))[0] > 0]
    if ranked:
        return tags[-max(ranked)[1]]
    refused = {name for name, quality in ranges if not quality}
    left = [tag for tag in tags if not any(_within(tag.lower(), name) for name in refused)] or list(tags)
    for name, quality in sorted(ranges, key=lambda one: -one[1]):
        shorter = name.rpartition("-")[0] if quality else ""
        while shorter:
            near = next((tag for tag in left if _within(tag.lower(), shorter)), None)
            if near:
                return next((tag for tag in left if tag.lower() == shorter), near)
            shorter = shorter.rpartition("-")[0]
    return left[0]


@lru_cache(256)
def _ranges(header: str) -> tuple[tuple[str, float], ...]:
    """The ranges of an Accept-Language header with their qualities; what cannot be read is passed over."""
    found = [_RANGE.fullmatch(part) for part in header[:2048].split(",")]
    return tuple((one[1].lower(), min(1.0, float(one[2] or 1))) for one in found if one)


def _within(tag: str, name: str) -> bool:
    return tag == name or tag.startswith(f"{name}-")


def _rank(tag: str, ranges: tuple[tuple[str, float], ...]) -> tuple[float, int]:
    """Quality of a tag and how early it is named: the longest range that holds it says, `*` where none does."""
    held = [
        (len(name) if name != "*" else 0, quality, -place)
        for place, (name, quality) in enumerate(ranges)
        if name == "*" or _within(tag, name)
    ]
    return max(held)[1:] if held else (0.0, 0)


# --- ids alone ---------------------------------------------------------------------------------------------------


def ids_only(statement: Mapping[str, Any]) -> dict[str, Any]:
    """The statement for `format=ids`: of agents, groups, verbs and activities no more than says which they are."""
    return _mapped(statement, _id, _id, _identified)


def _id(thing: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": thing["id"]}


def _identified(agent: Mapping[str, Any]) -> dict[str, Any]:
    """An agent by its identifier; a group without one by those of its members."""
    made = {"objectType": "Group"} if agent.get("objectType") == "Group" else {}
    known = {name: agent[name] for name in IDENTIFIERS if name in agent}
    return made | (known or {"member": [_identified(member) for member in agent["member"]]})


# --- every place of a statement ----------------------------------------------------------------------------------


def _mapped(statement: Mapping[str, Any], verb: _Spell, activity: _Spell, agent: _Spell) -> dict[str, Any]:
    """A copy with every verb, activity and agent made anew."""
    made = dict(statement)
    made["actor"] = agent(made["actor"])
    made["verb"] = verb(made["verb"])
    thing = made["object"]
    kind = thing.get("objectType", "Activity")
    if kind == "Activity":
        made["object"] = activity(thing)
    elif kind == "SubStatement":
        made["object"] = _mapped(thing, verb, activity, agent)
    elif kind != "StatementRef":
        made["object"] = {"objectType": kind, **agent(thing)}
    if "authority" in made:
        made["authority"] = agent(made["authority"])
    if "context" in made:
        made["context"] = _context(made["context"], activity, agent)
    return made


def _context(context: Mapping[str, Any], activity: _Spell, agent: _Spell) -> dict[str, Any]:
    made = dict(context)
    for name in ("instructor", "team"):
        if name in made:
            made[name] = agent(made[name])
    for name, inner in (("contextAgents", "agent"), ("contextGroups", "group")):
        if name in made:
            made[name] = [{**one, inner: agent(one[inner])} for one in made[name]]
    if "contextActivities" in made:
        made["contextActivities"] = {
            key: [activity(one) for one in held] if isinstance(held, list) else activity(held)
            for key, held in made["contextActivities"].items()
        }
    return made
