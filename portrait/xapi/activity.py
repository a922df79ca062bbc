"""What: activities, their definitions and interactions (xAPI 1.0.3 part two, 2.4.4.1).

How responses are spelled within a pattern is not checked: the specification leaves that to those who read them.
"""

from __future__ import annotations

from typing import Any

from portrait.xapi.invalid import Invalid
from portrait.xapi.scalar import extensions, iri, language_map, string
from portrait.xapi.shape import Check, record, several, word

# The component lists that each type of interaction may have.
COMPONENTS: dict[str, tuple[str, ...]] = {
    "true-false": (),
    "choice": ("choices",),
    "fill-in": (),
    "long-fill-in": (),
    "matching": ("source", "target"),
    "performance": ("steps",),
    "sequencing": ("choices",),
    "likert": ("scale",),
    "numeric": (),
    "other": (),
}
_LISTS = ("choices", "scale", "source", "target", "steps")
_some = several(
    "interaction components",
    record("an interaction component", {"id": string, "description": language_map}, ("id",)),
)


def components(value: Any) -> None:
    """A list of interaction components, each with an id of its own."""
    _some(value)
    if len({part["id"] for part in value}) < len(value):
        raise Invalid("", "must not have an id twice")


_definition = record(
    "an Activity Definition",
    {
        "name": language_map,
        "description": language_map,
        "type": iri,
        "moreInfo": iri,
        "extensions": extensions,
        "interactionType": word(*COMPONENTS),
        "correctResponsesPattern": several("strings", string),
        **dict.fromkeys(_LISTS, components),
    },
)


def definition(value: Any) -> None:
    """Metadata of an activity. What belongs to interactions needs the type of interaction."""
    _definition(value)
    kind = value.get("interactionType")
    allowed = COMPONENTS[kind] if kind else ()
    for name in _LISTS:
        if name in value and name not in allowed:
            if kind:
                raise Invalid(name, f"is not for interactions of type {kind}")
            raise Invalid("interactionType", f"is required with {name}")
    if not kind and "correctResponsesPattern" in value:
        raise Invalid("interactionType", "is required with correctResponsesPattern")


_TABLE: dict[str, Check] = {"objectType": word("Activity"), "id": iri, "definition": definition}
activity = record("an Activity", _TABLE, ("id",))
