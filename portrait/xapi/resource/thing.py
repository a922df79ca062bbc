"""/activities, /agents and /about: what the store knows of an activity, of an agent, and of itself."""

from __future__ import annotations

from portrait.store import statement as table
from portrait.xapi.exchange import Answer, Request, answer_json
from portrait.xapi.parameter import agent, iri, taken
from portrait.xapi.record_store import Store
from portrait.xapi.term import agent_number, ifi_of, number

OLDER = ("1.0.0", "1.0.1", "1.0.2", "1.0.3")


def activity(request: Request, store: Store) -> Answer:
    """The activity with its canonical definition."""
    taken(request.parameters, ("activityId",), needed=("activityId",))
    wanted = iri(request.parameters, "activityId")
    assert wanted is not None
    key = number("activity", wanted)
    with store.registry.connect() as connection:
        known = table.definitions(connection, [key]).get(key)
    found: dict[str, object] = {"objectType": "Activity", "id": wanted}
    if known is not None and known[1]:
        found["definition"] = known[1]
    return answer_json(found)


def person(request: Request, store: Store) -> Answer:
    """Everything that statements told of the agent, as a Person."""
    taken(request.parameters, ("agent",), needed=("agent",))
    somebody = agent(request.parameters, "agent")
    assert somebody is not None
    key = agent_number(somebody)
    with store.registry.connect() as connection:
        known = table.agents(connection, [key]).get(key)
    names = known[1] if known is not None else [somebody["name"]] if somebody.get("name") else []
    found: dict[str, object] = {"objectType": "Person"}
    if names:
        found["name"] = names
    found |= {kind: [value] for kind, value in ifi_of(somebody).items()}
    return answer_json(found)


def about(version: str | None) -> Answer:
    """The versions that are spoken, the oldest first: one client takes the first of the list, and refuses one it does not know.

    Who asks in 1.0 is told of 1.0 only.
    """
    return answer_json({"version": list(OLDER) if version == "1.0.3" else [*OLDER, "2.0.0"]})
