"""Whether a statement is valid by xAPI 1.0.3 or 2.0, to the letter. It says no to the first fault it meets, and mends nothing."""

from __future__ import annotations

import re
from typing import Any

from portrait.xapi.activity import activity
from portrait.xapi.actor import actor, agent, authority, group
from portrait.xapi.attachment import attachments
from portrait.xapi.context import context_1_0, context_2_0, reference
from portrait.xapi.invalid import Invalid, wrong
from portrait.xapi.result import result
from portrait.xapi.scalar import iri, iso_time, language_map, rfc_time, uuid
from portrait.xapi.shape import Check, record, word

VOIDED = "http://adlnet.gov/expapi/verbs/voided"

verb = record("a verb", {"id": iri, "display": language_map}, ("id",))

_PATCH = r"(?:\.(?:0|[1-9][0-9]*)(?:-[0-9A-Za-z.-]+)?)?"
_NEEDED = ("actor", "verb", "object")


def _versioned(form: str, wanted: str) -> Check:
    known = re.compile(form)

    def check(value: Any) -> None:
        if not isinstance(value, str) or not known.fullmatch(value):
            raise wrong(value, wanted)

    return check


def _rules(context: Check, time: Check, version: Check) -> Check:
    """The check of a whole statement from what the versions differ in."""
    kinds: dict[str, Check] = {
        "Activity": activity,
        "Agent": agent,
        "Group": group,
        "StatementRef": reference,
    }
    shared: dict[str, Check] = {
        "actor": actor,
        "verb": verb,
        "result": result,
        "context": context,
        "timestamp": time,
        "attachments": attachments,
    }
    inner = record(
        "a SubStatement",
        {**shared, "objectType": word("SubStatement"), "object": _thing({**kinds, "SubStatement": _nested})},
        ("objectType", *_NEEDED),
    )

    def sub(value: Any) -> None:
        inner(value)
        _together(value)

    outer = record(
        "a statement",
        {
            "id": uuid,
            **shared,
            "object": _thing({**kinds, "SubStatement": sub}),
            "stored": time,
            "authority": authority,
            "version": version,
        },
        _NEEDED,
    )

    def check(value: Any) -> None:
        outer(value)
        _together(value)

    return check


def _nested(value: Any) -> None:
    raise Invalid("", "must not be a SubStatement within a SubStatement")


def _thing(kinds: dict[str, Check]) -> Check:
    """A statement's object: of the type that it says; without one it is an Activity."""
    known = word(*kinds)

    def check(value: Any) -> None:
        if not isinstance(value, dict):
            raise wrong(value, "an object")
        kind = value.get("objectType", "Activity")
        test = kinds.get(kind) if isinstance(kind, str) else None
        if test is None:
            try:
                known(kind)
            except Invalid as error:
                raise error.at("objectType") from None
        else:
            test(value)

    return check


def _together(value: dict[str, Any]) -> None:
    """What properties ask of each other."""
    thing = value["object"].get("objectType", "Activity")
    if value["verb"]["id"] == VOIDED and thing != "StatementRef":
        raise Invalid("object", "must be a StatementRef when the verb is voided")
    if thing != "Activity" and "context" in value:
        for name in ("revision", "platform"):
            if name in value["context"]:
                raise Invalid(f"context.{name}", "is only for a statement whose object is an Activity")


_1_0 = _rules(context_1_0, iso_time, _versioned(rf"1\.0{_PATCH}", "a version 1.0 or 1.0.x"))
_2_0 = _rules(context_2_0, rfc_time, _versioned(rf"[12]\.0{_PATCH}", "a version 2.0.x or 1.0.x"))


def check(statement: object, version: str) -> None:
    """Raises Invalid unless the value of parsed JSON is a statement by the version that a request named (1.0.x or 2.0.x).

    A statement that says itself that it is of 1.0 is taken under 2.0 too: the specifications only add.
    """
    (_2_0 if version.startswith("2.") else _1_0)(statement)
