"""Numbers of what statements speak of: agents, verbs, activities and registrations, each by its text key.

Equal keys have equal numbers on every machine, so that a filter needs no look-up and a statement no insert of its terms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from portrait.hashing import key_number

IFI = ("mbox", "mbox_sha1sum", "openid", "account")


@lru_cache(maxsize=65_536)
def number(kind: str, key: str) -> int:
    """63-bit number of a thing of this kind; 0 is left for “none”."""
    return key_number("xapi", kind, key) or 1


def identity(agent: Mapping[str, Any]) -> tuple[str, str] | None:
    """An agent's inverse functional identifier as (kind, text); None for an anonymous group."""
    for name in IFI:
        value = agent.get(name)
        if value is not None:
            if name == "account":
                return name, f"{value['homePage']} {value['name']}"
            return name, value.lower() if name == "mbox_sha1sum" else value
    return None


def agent_number(agent: Mapping[str, Any]) -> int:
    """0 for an anonymous group."""
    known = identity(agent)
    return number("agent", " ".join(known)) if known else 0


def member_number(agent: Mapping[str, Any]) -> int:
    """Number under which a member of the actor's or object's group is found: a term of its own, for a filter by agent
    takes members but not whoever else is mentioned."""
    known = identity(agent)
    return number("member", " ".join(known)) if known else 0


def ifi_of(agent: Mapping[str, Any]) -> dict[str, Any]:
    return {name: agent[name] for name in IFI if name in agent}


def is_agent(thing: Mapping[str, Any]) -> bool:
    return thing.get("objectType") in ("Agent", "Group")


@dataclass
class Terms:
    """What one statement is found by. `agents` and `activities` also say what is to be remembered of each."""

    agent: int = 0
    verb: int = 0
    activity: int = 0
    registration: int = 0
    mentions: set[int] = field(default_factory=set)
    agents: dict[int, tuple[dict[str, Any], str]] = field(default_factory=dict)  # number → IFI, name
    activities: dict[int, tuple[str, dict[str, Any] | None]] = field(
        default_factory=dict
    )  # → IRI, definition


def terms(statement: Mapping[str, Any]) -> Terms:
    """The terms of a valid statement."""
    made = Terms(verb=number("verb", statement["verb"]["id"]))
    made.agent = _direct(made, statement["actor"])
    thing = statement["object"]
    kind = thing.get("objectType", "Activity")
    if kind == "Activity":
        made.activity = _activity(made, thing)
    elif kind in ("Agent", "Group"):
        made.activity = _direct(made, thing)
    elif kind == "SubStatement":
        _sub(made, thing)
    context = statement.get("context")
    if context:
        registration = context.get("registration")
        if registration:
            made.registration = number("registration", registration.lower())
        _context(made, context)
    made.mentions.discard(0)
    return made


def _direct(made: Terms, agent: Mapping[str, Any]) -> int:
    """The actor or an agent as the object: findable by its members too."""
    own = _agent(made, agent)
    for member in agent.get("member", ()):
        _agent(made, member)
        made.mentions.add(member_number(member))
    return own


def _agent(made: Terms, agent: Mapping[str, Any]) -> int:
    own = agent_number(agent)
    if own:
        name = agent.get("name", "")
        if name or own not in made.agents:
            made.agents[own] = (ifi_of(agent), name)
    return own


def _activity(made: Terms, thing: Mapping[str, Any]) -> int:
    own = number("activity", thing["id"])
    definition = thing.get("definition")
    if definition or own not in made.activities:
        made.activities[own] = (thing["id"], definition)
    return own


def _mention(made: Terms, agent: Mapping[str, Any] | None) -> None:
    if agent:
        made.mentions.add(_agent(made, agent))
        for member in agent.get("member", ()):
            made.mentions.add(_agent(made, member))


def _context(made: Terms, context: Mapping[str, Any]) -> None:
    _mention(made, context.get("instructor"))
    _mention(made, context.get("team"))
    for entry in context.get("contextAgents", ()):
        _mention(made, entry["agent"])
    for entry in context.get("contextGroups", ()):
        _mention(made, entry["group"])
    for thing in context_activities(context):
        made.mentions.add(_activity(made, thing))


def _sub(made: Terms, sub: Mapping[str, Any]) -> None:
    _mention(made, sub["actor"])
    thing = sub["object"]
    if thing.get("objectType", "Activity") == "Activity":
        made.mentions.add(_activity(made, thing))
    elif is_agent(thing):
        _mention(made, thing)
    _context(made, sub.get("context", {}))


def context_activities(context: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Activities of a context's parent, grouping, category and other; one alone may stand without a list."""
    for things in context.get("contextActivities", {}).values():
        yield from (things,) if isinstance(things, dict) else things
