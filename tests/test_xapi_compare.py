"""What makes two statements different ones, and what does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from portrait.xapi.compare import equal, same
from tests import spoken
from tests.spoken import (
    ACCOUNT,
    AGENT,
    GROUP,
    NEW_CONTEXT,
    REFERENCE,
    SHA,
    STATEMENT,
    SUB,
    fresh,
    put,
    with_object,
)

GROUPED = put(STATEMENT, ("actor",), GROUP)
REFERRED = with_object(REFERENCE)
SUBBED = with_object(SUB)
MAILED = put(STATEMENT, ("actor",), {"mbox": "mailto:Ann@Example.org", "objectType": "Agent"})
HASHED = put(STATEMENT, ("actor",), {"mbox_sha1sum": "ab" * 20})
NEW = put(STATEMENT, ("context",), NEW_CONTEXT)
SECOND = {**spoken.ATTACHMENT, "sha2": "0" * 64}

ALIKE: dict[str, tuple[dict[str, Any], tuple[str | int, ...], Any]] = {
    "the id in capitals": (STATEMENT, ("id",), STATEMENT["id"].upper()),
    "no id": (STATEMENT, ("id",), ...),
    "another time of storing": (STATEMENT, ("stored",), "2030-01-01T00:00:00Z"),
    "no time of storing": (STATEMENT, ("stored",), ...),
    "another authority": (STATEMENT, ("authority",), {"mbox": "mailto:x@y.z"}),
    "another version": (STATEMENT, ("version",), "1.0.0"),
    "no version": (STATEMENT, ("version",), ...),
    "no timestamp": (STATEMENT, ("timestamp",), ...),
    "the timestamp in another zone": (STATEMENT, ("timestamp",), "2024-05-18T13:32:34.804+08:00"),
    "the timestamp in another spelling": (STATEMENT, ("timestamp",), "2024-05-18 05:32:34.804000z"),
    "the timestamp more exact": (STATEMENT, ("timestamp",), "2024-05-18T05:32:34.804900Z"),
    "another display of the verb": (STATEMENT, ("verb", "display"), {"zh-CN": "完成"}),
    "no display of the verb": (STATEMENT, ("verb", "display"), ...),
    "no definition": (STATEMENT, ("object", "definition"), ...),
    "another name of the activity": (STATEMENT, ("object", "definition", "name"), {"en": "Changed"}),
    "no type of the activity": (STATEMENT, ("object", "objectType"), ...),
    "no type of the agent": (STATEMENT, ("actor", "objectType"), ...),
    "no type of the instructor": (STATEMENT, ("context", "instructor", "objectType"), ...),
    "members in another order": (GROUPED, ("actor", "member"), GROUP["member"][::-1]),
    "a type for a member": (GROUPED, ("actor", "member", 0, "objectType"), "Agent"),
    "a single activity instead of a list": (STATEMENT, ("context", "contextActivities", "parent"), {"id": "https://learn.example.org/course/7"}),
    "a list instead of a single activity": (
        STATEMENT, ("context", "contextActivities", "grouping"), [{"id": "https://learn.example.org/programme/1", "definition": {}}],
    ),
    "the registration in capitals": (STATEMENT, ("context", "registration"), "EC531277-B57B-4C15-8D91-D292C5B2B8F7"),
    "the language in another case": (STATEMENT, ("context", "language"), "ZH-cn"),
    "a reference in another case": (REFERRED, ("object", "id"), REFERENCE["id"].swapcase()),
    "the context's reference in another case": (STATEMENT, ("context", "statement", "id"), REFERENCE["id"].lower()),
    "a whole number as a decimal": (STATEMENT, ("result", "score", "raw"), 86.0),
    "the duration beyond hundredths": (put(STATEMENT, ("result", "duration"), "PT1.239S"), ("result", "duration"), "PT1.23S"),
    "the host of the mail address in another case": (MAILED, ("actor", "mbox"), "mailto:Ann@EXAMPLE.org"),
    "the hash of the mail address in another case": (HASHED, ("actor", "mbox_sha1sum"), "AB" * 20),
    "another title of an attachment": (STATEMENT, ("attachments", 0, "display"), {"en": "Essay"}),
    "no description of an attachment": (STATEMENT, ("attachments", 0, "description"), ...),
    "an attachment's hash in capitals": (STATEMENT, ("attachments", 0, "sha2"), SHA.upper()),
    "attachments in another order": (
        put(STATEMENT, ("attachments", 1), SECOND), ("attachments",), [SECOND, spoken.ATTACHMENT],
    ),
    "no attachments instead of none": (put(STATEMENT, ("attachments",), []), ("attachments",), ...),
    "the SubStatement's verb displayed otherwise": (SUBBED, ("object", "verb", "display"), {}),
    "the SubStatement's activity without a definition": (SUBBED, ("object", "object", "definition"), ...),
    "the SubStatement's timestamp in another zone": (SUBBED, ("object", "timestamp"), "2024-05-18T07:32:34.804+02:00"),
    "the SubStatement's registration in capitals": (SUBBED, ("object", "context", "registration"), "EC531277-B57B-4C15-8D91-D292C5B2B8F7"),
    "a context agent without a type": (NEW, ("context", "contextAgents", 0, "agent", "objectType"), ...),
    "a context group's members in another order": (NEW, ("context", "contextGroups", 0, "group", "member"), GROUP["member"][::-1]),
}  # fmt: skip
UNLIKE: dict[str, tuple[dict[str, Any], tuple[str | int, ...], Any]] = {
    "the id": (STATEMENT, ("id",), "0d41c918-b88b-4b20-a0a5-a4c32391aaa0"),
    "the timestamp": (STATEMENT, ("timestamp",), "2024-05-18T05:32:34.806Z"),
    "the verb": (STATEMENT, ("verb", "id"), "http://adlnet.gov/expapi/verbs/Completed"),
    "the activity": (STATEMENT, ("object", "id"), "https://learn.example.org/course/7/unit/3/"),
    "the agent's account": (STATEMENT, ("actor", "account", "name"), "T-0017"),
    "the agent's name": (STATEMENT, ("actor", "name"), "另一位教师"),
    "no name of the agent": (STATEMENT, ("actor", "name"), ...),
    "a group instead of an agent": (STATEMENT, ("actor", "objectType"), "Group"),
    "a member less": (GROUPED, ("actor", "member"), GROUP["member"][:1]),
    "a member twice": (GROUPED, ("actor", "member"), [*GROUP["member"], GROUP["member"][0]]),
    "an agent instead of an activity": (STATEMENT, ("object",), AGENT),
    "the mail's name in another case": (MAILED, ("actor", "mbox"), "mailto:ann@Example.org"),
    "the reference": (REFERRED, ("object", "id"), STATEMENT["id"]),
    "the score": (STATEMENT, ("result", "score", "raw"), 85),
    "no score": (STATEMENT, ("result", "score"), ...),
    "no result": (STATEMENT, ("result",), ...),
    "success": (STATEMENT, ("result", "success"), False),
    "the duration's spelling": (STATEMENT, ("result", "duration"), "PT1H0.1S"),
    "a result's extension": (STATEMENT, ("result", "extensions"), {"http://a.example": 1}),
    "one instead of true in an extension": (
        put(STATEMENT, ("context", "extensions"), {"http://a.example": [True]}), ("context", "extensions"), {"http://a.example": [1]},
    ),
    "the order in an extension": (
        put(STATEMENT, ("context", "extensions"), {"http://a.example": [1, 2]}), ("context", "extensions"), {"http://a.example": [2, 1]},
    ),
    "no context": (STATEMENT, ("context",), ...),
    "the platform": (STATEMENT, ("context", "platform"), "另一平台"),
    "the kind of context activity": (STATEMENT, ("context", "contextActivities"), {"other": [{"id": "https://learn.example.org/course/7"}]}),
    "a context activity more": (STATEMENT, ("context", "contextActivities", "parent", 1), {"id": "http://a.example"}),
    "the attachment's hash": (STATEMENT, ("attachments", 0, "sha2"), "0" * 64),
    "an attachment less": (STATEMENT, ("attachments",), []),
    "the SubStatement's verb": (SUBBED, ("object", "verb", "id"), "http://a.example"),
    "the SubStatement's timestamp": (SUBBED, ("object", "timestamp"), "2024-05-18T05:32:35Z"),
    "no timestamp of the SubStatement": (SUBBED, ("object", "timestamp"), ...),
    "a context agent's types": (NEW, ("context", "contextAgents", 0, "relevantTypes"), ["http://a.example"]),
    "a context agent's account": (NEW, ("context", "contextAgents", 0, "agent", "account"), {**ACCOUNT, "name": "x"}),
}  # fmt: skip


@pytest.mark.parametrize("name", ALIKE)
def test_what_a_store_may_change_is_no_difference(name: str) -> None:
    statement, place, value = ALIKE[name]
    changed = put(statement, place, value)
    assert json.dumps(changed) != json.dumps(statement)
    assert same(statement, changed)
    assert same(changed, statement)


@pytest.mark.parametrize("name", UNLIKE)
def test_anything_else_is_a_difference(name: str) -> None:
    statement, place, value = UNLIKE[name]
    changed = put(statement, place, value)
    assert not same(statement, changed)
    assert not same(changed, statement)


def test_json_values_are_equal_by_what_they_are() -> None:
    assert equal({"a": [1, None]}, {"a": [1.0, None]})
    for left, right in (
        (True, 1),
        (0, False),
        ("1", 1),
        ([], {}),
        ([1], [1, 1]),
        ({"a": 1}, {"b": 1}),
        (None, 0),
    ):
        assert not equal(left, right)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spoken.STATEMENTS)
def test_a_statement_is_the_same_as_its_copy_in_another_order_of_keys(statement: dict[str, Any]) -> None:
    before = fresh(statement)
    assert same(statement, json.loads(json.dumps(statement, sort_keys=True)))
    assert statement == before
