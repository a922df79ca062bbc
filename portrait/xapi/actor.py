"""Who: agents, groups, and who may be the authority of a statement (xAPI 1.0.3 part two, 2.4.2 and 2.4.9)."""

from __future__ import annotations

from typing import Any

from portrait.xapi.invalid import Invalid, wrong
from portrait.xapi.scalar import iri, mailto, sha1, string
from portrait.xapi.shape import Check, record, several, word

IDENTIFIERS: dict[str, Check] = {
    "mbox": mailto,
    "mbox_sha1sum": sha1,
    "openid": iri,
    "account": record("an account", {"homePage": iri, "name": string}, ("homePage", "name")),
}
_agent = record("an Agent", {"objectType": word("Agent"), "name": string, **IDENTIFIERS})


def _identifiers(value: dict[str, Any]) -> int:
    return ("mbox" in value) + ("account" in value) + ("mbox_sha1sum" in value) + ("openid" in value)


def agent(value: Any) -> None:
    """One person or system, known by exactly one identifier."""
    _agent(value)
    if _identifiers(value) != 1:
        raise Invalid("", "must have exactly one of mbox, mbox_sha1sum, openid and account")


_group = record(
    "a Group",
    {"objectType": word("Group"), "name": string, "member": several("Agents", agent), **IDENTIFIERS},
    ("objectType",),
)


def group(value: Any) -> None:
    """Several agents: known by one identifier, or else by its members, of which there is then at least one."""
    _group(value)
    known = _identifiers(value)
    if known > 1:
        raise Invalid("", "must have at most one of mbox, mbox_sha1sum, openid and account")
    if not known and not value.get("member"):
        raise Invalid("member", "must name at least one Agent of a Group without an identifier")


def is_group(value: Any) -> bool:
    return isinstance(value, dict) and value.get("objectType") == "Group"


def actor(value: Any) -> None:
    """An agent or a group; without a type it is an agent."""
    if is_group(value):
        group(value)
    else:
        agent(value)


def authority(value: Any) -> None:
    """An agent, or a consumer and a user of three-legged OAuth as the two members of a group without an identifier."""
    if not isinstance(value, dict):
        raise wrong(value, "an object (an Agent or a Group)")
    if not is_group(value):
        agent(value)
        return
    group(value)
    if _identifiers(value):
        raise Invalid("", "must be an Agent or a Group without an identifier")
    members = value["member"]
    if len(members) != 2:
        raise Invalid("member", "must be two Agents, a consumer and a user")
    if not any("account" in member for member in members):
        raise Invalid("member", "must identify the consumer by an account")
