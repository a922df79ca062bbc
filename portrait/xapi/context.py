"""In which context: everything of a statement's `context`, and references to statements (xAPI 1.0.3 part two, 2.4.6).

`contextAgents` and `contextGroups` are of 2.0 (IEEE 9274.1.1); under 1.0 they are no properties.
"""

from __future__ import annotations

from typing import Any

from portrait.xapi.activity import activity
from portrait.xapi.actor import actor, agent, group
from portrait.xapi.invalid import Invalid, wrong
from portrait.xapi.scalar import extensions, iri, language, string, uuid
from portrait.xapi.shape import Check, record, several, word

reference = record("a StatementRef", {"objectType": word("StatementRef"), "id": uuid}, ("objectType", "id"))
_activities = several("Activities", activity)


def _one_or_more(value: Any) -> None:
    if isinstance(value, list):
        _activities(value)
    elif isinstance(value, dict):
        activity(value)
    else:
        raise wrong(value, "an Activity or an array of Activities")


_iris = several("IRIs", iri)


def _types(value: Any) -> None:
    _iris(value)
    if not value:
        raise Invalid("", "must not be empty")


_1_0: dict[str, Check] = {
    "registration": uuid,
    "instructor": actor,
    "team": group,
    "contextActivities": record(
        "contextActivities", dict.fromkeys(("parent", "grouping", "category", "other"), _one_or_more)
    ),
    "revision": string,
    "platform": string,
    "language": language,
    "statement": reference,
    "extensions": extensions,
}
_2_0: dict[str, Check] = {
    **_1_0,
    "contextAgents": several(
        "contextAgents",
        record(
            "a contextAgent",
            {"objectType": word("contextAgent"), "agent": agent, "relevantTypes": _types},
            ("objectType", "agent"),
        ),
    ),
    "contextGroups": several(
        "contextGroups",
        record(
            "a contextGroup",
            {"objectType": word("contextGroup"), "group": group, "relevantTypes": _types},
            ("objectType", "group"),
        ),
    ),
}
context_1_0 = record("a context of xAPI 1.0", _1_0)
context_2_0 = record("a context of xAPI 2.0", _2_0)
