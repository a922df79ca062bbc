"""Whether a statement is valid: a valid one of every sort, then one change a case; arbitrary values raise Invalid or pass."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portrait.xapi.invalid import Invalid
from portrait.xapi.statement import VOIDED, check
from tests import spoken
from tests.spoken import (
    AGENT,
    GROUP,
    NEW_CONTEXT,
    REFERENCE,
    SHA,
    STATEMENT,
    SUB,
    interaction,
    places,
    put,
    with_object,
)

VERSIONS = ("1.0.3", "2.0.0")
NO_IRI = ("should fail", "ab=c://should.fail.com", "", "course/7", "//host/a", "http://a b", "http://", "http:x", "https:///x", "a:", "1a:b",
          "http://a.example/<x>", "http://a.example/%zz", "http://a.example/#a#b", "http://a.example/\ud800", "x:\n", 12345, {"a": 1}, None, True, [])  # fmt: skip
NO_TAG = ("something", "a12345", "a-DE", "de-419-DE", "ar-a-aaa-b-bbb-a-ccc", "zh-z-aaa-z-bbb-c-ccc", "en_US", "", "e", "en-", "-en", "en--US",
          "de-DE-1901-1901", "i-nothing", "x", "x-", "en-a", "ſs", "en-US\n", "a" * 300)  # fmt: skip
TAGS = ("en", "ine", "zh-Hant", "sr-Latn", "zh-cmn-Hans-CN", "sr-Latn-RS", "sl-rozaj-biske", "de-CH-1901", "hy-Latn-IT-arevela", "de-DE", "es-419",
        "az-Arab-x-AZE-derbend", "x-whatever", "i-enochian", "EN-gb-OED", "sgn-BE-FR", "art-lojban", "zh-min-nan", "en-a-bbb-x-a-ccc",
        "ar-a-aaa-b-bbb", "abcd", "de-1996", "qaa-Qaaa-QM-x-southern")  # fmt: skip
NO_UUID = ("AA97B177-9383-4934-8543-0F91A7A028368", "MA97B177-9383-4934-8543-0F91A7A02836", "aa97b17793834934854 30f91a7a02836",
           "{aa97b177-9383-4934-8543-0f91a7a02836}", "urn:uuid:aa97b177-9383-4934-8543-0f91a7a02836", "", 12345, {"key": 1}, None)  # fmt: skip
NO_TIME = ("01/011/2015", "should fail", "", "2008-09-15T15:53:00.601-00", "2008-09-15T15:53:00.601-0000", "2008-09-15T15:53:00.601-00:00",
           "2008-02-30T15:53:00Z", "2008-09-15T25:00:00Z", "2008-09-15T24:00:00Z", "2008-09-15T15:53:61Z", "2008-09-15T15:60:00Z", "2008-13-01T00:00:00Z",
           "2008-09-15", "0000-01-01T00:00:00Z", "2008-09-15T15:53:00+25:00", "2008-09-15T15:53:00+08:60", "2008-09-15T15:53:00Z\n", "２008-09-15T15:53:00Z",
           "9999-12-31T23:59:60Z", "Mon Sep 15 2008", 1221493980, None, {"a": 1})  # fmt: skip
TIMES = ("2008-09-15T15:53:00Z", "2008-09-15T15:53:00.601Z", "2008-09-15T15:53:00.123456789+08:00", "2012-02-29T00:00:00-07:30", "2016-12-31T23:59:60Z",
         "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00+23:59", "2038-09-15T15:53:00Z")  # fmt: skip
ISO_TIMES = ("2008-09-15T15:53:00", "2008-09-15T15:53", "2008-09-15T15:53:00+0800", "2008-09-15T15:53:00+08", "20080915T155300Z", "20080915T155300.601Z",
             "2008-09-15T15:53:00,601Z")  # fmt: skip
RFC_TIMES = ("2008-09-15 15:53:00.601+00:00", "2008-09-15t15:53:00z")
NO_DURATION = ("PA1H0M0S", "P", "PT", "P1", "1H", "P1YT", "P4W1D", "P1Y4W", "PT1.5H30M", "P1.5YT1H", "PT1S1M", "-PT1S", "PT1H0M0.S", "P0001-01-01T00:00:00",
               "P16559.14S", "pt1s", "PT1S\n", "PT１S", 12345, {"key": "invalid"}, None, "")  # fmt: skip
DURATIONS = (
    "PT1H0M0.1S",
    "PT4H35M59.14S",
    "PT16559.14S",
    "P3Y1M29DT4H35M59.14S",
    "P3Y",
    "P4W",
    "P0.5W",
    "PT0S",
    "P1M",
    "PT1M",
    "P1DT12H",
    "PT0,25H",
)
NO_MAIL = ("mailto:should.fail.com", "http://should.fail.com", "a@example.org", "mailto:a@", "mailto:@b", "mailto:a@b@c", "mailto:a b@c", "mailto:A <a@b.c>",
           "mailto:a@b.c?subject=x", "mailto:a@b..c", "MAILTO:a@b.c", "mailto:a@b.c,d@e.f", "", 1, {"key": "value"}, None)  # fmt: skip
NO_STRING = (12345, True, {"key": "x"}, [], None)
NO_BOOLEAN = ("true", "false", "We regret", 1, 0, {}, None)
NO_NUMBER = ("100", "one hundred", True, [], {}, None, float("nan"), float("inf"))
NO_OBJECT = ("should fail", 12345, True, [], None)
NO_MAP = (12345, "should error", [], True, None, {"en": None}, {"en": 1}, {"en": {"en": "x"}})
NO_MEDIA = ("should fail", "text", "text/", "/plain", "text/plain; charset", "text/plain; a=b c", "", 7, None)

# Where in the full statement; what is no good there.
WRONG: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("id", NO_UUID),
    ("context.registration", NO_UUID),
    ("context.statement.id", NO_UUID),
    ("verb.id", NO_IRI),
    ("object.id", NO_IRI),
    ("object.definition.type", NO_IRI),
    ("object.definition.moreInfo", NO_IRI),
    ("actor.account.homePage", NO_IRI),
    ("attachments.0.usageType", NO_IRI),
    ("attachments.0.fileUrl", NO_IRI),
    ("context.contextActivities.parent.0.id", NO_IRI),
    ("timestamp", NO_TIME),
    ("stored", NO_TIME),
    ("result.duration", NO_DURATION),
    ("context.language", (*NO_TAG, 1, None, {})),
    ("verb.display", NO_MAP),
    ("object.definition.name", NO_MAP),
    ("object.definition.description", NO_MAP),
    ("attachments.0.display", NO_MAP),
    ("attachments.0.description", NO_MAP),
    ("actor.name", NO_STRING),
    ("actor.account.name", NO_STRING),
    ("result.response", NO_STRING),
    ("context.revision", NO_STRING),
    ("context.platform", NO_STRING),
    ("result.success", NO_BOOLEAN),
    ("result.completion", NO_BOOLEAN),
    ("result.score", NO_OBJECT),
    ("result.score.scaled", (*NO_NUMBER, 1.01, -1.00001, 100)),
    ("result.score.raw", (*NO_NUMBER, 100.01, -0.01)),
    ("result.score.min", NO_NUMBER),
    ("result.score.max", NO_NUMBER),
    ("actor", (*NO_OBJECT, {}, {"key": "x"}, {"name": "x"}, {"objectType": "Group"}, {"objectType": "Person", "mbox": "mailto:a@b.c"})),
    ("actor.objectType", ("agent", "AGENT", "Activity", 123, {"a": 1}, None)),
    ("actor.account", (*NO_OBJECT, {}, {"name": "x"}, {"homePage": "http://a.example"})),
    ("verb", (*NO_OBJECT, {}, {"display": {"en": "x"}})),
    ("object", (*NO_OBJECT, {}, {"objectType": "Activity"}, AGENT | {"objectType": ...}, {"mbox": "mailto:a@b.c"}, GROUP | {"objectType": ...})),
    ("object.objectType", ("activity", "Thing", "statementref", "substatement", 1, None, [], {})),
    ("object.definition", NO_OBJECT),
    ("object.definition.extensions", (*NO_OBJECT, {"should fail": True}, {"": 1}, {"id": "valid"})),
    ("result.extensions", (*NO_OBJECT, {"should fail": True})),
    ("context.extensions", (*NO_OBJECT, {"should fail": True})),
    ("result", NO_OBJECT),
    ("context", NO_OBJECT),
    ("context.instructor", (*NO_OBJECT, {}, {"key": "should fail"})),
    ("context.team", (*NO_OBJECT, {}, AGENT, {"key": "should fail"})),
    ("context.statement", (*NO_OBJECT, {}, {"id": REFERENCE["id"]}, REFERENCE | {"objectType": "statementRef"}, REFERENCE | {"more": 1})),
    ("context.contextActivities", (*NO_OBJECT, {"parents": []}, {"Parent": []})),
    ("context.contextActivities.parent", ("x", 1, None, {}, [1], [{}], ["http://a.example"], [{"id": "http://a.example"}, {"key": "should fail"}], AGENT)),
    ("attachments", ({}, "x", 1, None, [1], ["x"], [None], [[]], [{}])),
    ("attachments.0.contentType", NO_MEDIA),
    ("attachments.0.length", ("27", 27.5, -1, True, None, [])),
    ("attachments.0.sha2", (12345, "", "short", SHA[:-1], f"{SHA}a", SHA.replace("4", "g"), None)),
    ("authority", (*NO_OBJECT, {}, {"name": "x"}, {"objectType": "Group", "mbox": "mailto:a@b.c"})),
    ("version", ("0.9.9", "1.1.0", "1", "1.0.", "1.00", "3.0.0", "should fail", "", 1.0, 1, None)),
)  # fmt: skip


def path(dotted: str) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdecimal() else part for part in dotted.split("."))


def written(place: tuple[str | int, ...]) -> str:
    text = ""
    for part in place:
        text = f"{text}[{part}]" if isinstance(part, int) else f"{text}.{part}" if text else part
    return text


def without(value: Any) -> Any:
    return {key: part for key, part in value.items() if part is not ...} if isinstance(value, dict) else value


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("where", "value"),
    [(where, value) for where, values in WRONG for value in values],
    ids=lambda part: part if isinstance(part, str) and part.isascii() and len(part) < 60 else None,
)
def test_a_wrong_value_is_refused_and_its_place_named(where: str, value: Any, version: str) -> None:
    place = path(where)
    with pytest.raises(Invalid) as raised:
        check(put(STATEMENT, place, without(value)), version)
    assert raised.value.path.startswith(written(place))
    assert raised.value.reason


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "where",
    [dotted for dotted, _ in WRONG if dotted.split(".")[0] not in ("id", "stored", "authority", "version")],
)
def test_a_substatement_is_held_to_the_same_rules(where: str, version: str) -> None:
    values = dict(WRONG)[where]
    for value in values:
        with pytest.raises(Invalid) as raised:
            check(put(with_object(SUB), ("object", *path(where)), without(value)), version)
        assert raised.value.path.startswith(f"object.{written(path(where))}")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "thing",
    [STATEMENT["object"], AGENT, GROUP, REFERENCE, SUB, GROUP | {"member": [], "mbox": "mailto:a@b.c"}],
)
def test_a_full_statement_about_anything_is_valid(thing: dict[str, Any], version: str) -> None:
    check(put(STATEMENT, ("object",), thing) if thing is STATEMENT["object"] else with_object(thing), version)


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_but_actor_verb_and_object_may_be_left_out(version: str) -> None:
    least = {
        "actor": {"mbox": "mailto:a@example.org"},
        "verb": {"id": "http://a.example/did"},
        "object": {"id": "http://a.example/it"},
    }
    check(least, version)
    for name in least:
        with pytest.raises(Invalid) as raised:
            check(put(least, (name,), ...), version)
        assert (raised.value.path, raised.value.reason) == (name, "is required")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("tag", TAGS)
def test_a_language_tag_of_rfc_5646_is_taken(tag: str, version: str) -> None:
    check(put(put(STATEMENT, ("context", "language"), tag), ("verb", "display"), {tag: "x"}), version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("tag", NO_TAG)
def test_a_language_map_needs_language_tags(tag: str, version: str) -> None:
    for place in (("verb", "display"), ("object", "definition", "name"), ("attachments", 0, "display")):
        with pytest.raises(Invalid, match="RFC 5646"):
            check(put(STATEMENT, place, {"en": "x", tag: "x"}), version)


@pytest.mark.parametrize("text", DURATIONS)
def test_a_duration_of_iso_8601_is_taken(text: str) -> None:
    check(put(STATEMENT, ("result", "duration"), text), "1.0.3")


@pytest.mark.parametrize("text", TIMES)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_time_may_be_long_ago_far_ahead_or_a_leap_second(text: str, version: str) -> None:
    check(put(STATEMENT, ("timestamp",), text), version)


def test_1_0_takes_any_iso_8601_and_2_0_only_rfc_3339() -> None:
    for times, taking, refusing in ((ISO_TIMES, "1.0.3", "2.0.0"), (RFC_TIMES, "2.0.0", "1.0.3")):
        for text in times:
            check(put(STATEMENT, ("timestamp",), text), taking)
            with pytest.raises(Invalid, match="timestamp"):
                check(put(STATEMENT, ("timestamp",), text), refusing)


@pytest.mark.parametrize("value", NO_MAIL)
def test_mbox_is_mailto_and_an_address(value: Any) -> None:
    with pytest.raises(Invalid, match="mbox"):
        check(put(STATEMENT, ("actor",), {"mbox": value}), "1.0.3")


@pytest.mark.parametrize(
    "value", ["mailto:a@example.org", "mailto:a.b+c@localhost", "mailto:教师@例子.example"]
)
def test_an_address_may_be_of_any_host_and_script(value: str) -> None:
    check(put(STATEMENT, ("actor",), {"mbox": value}), "2.0.0")


IDENTIFIERS = {
    "mbox": "mailto:a@example.org",
    "mbox_sha1sum": "cd9b00a5611f94eaa7b1661edab976068e364975",
    "openid": "http://openid.example.org/12345",
    "account": spoken.ACCOUNT,
}


@pytest.mark.parametrize(
    "place", [("actor",), ("object",), ("context", "instructor"), ("authority",), ("object", "actor")]
)
@pytest.mark.parametrize("name", IDENTIFIERS)
def test_an_agent_has_exactly_one_identifier(name: str, place: tuple[str, ...]) -> None:
    base = with_object(SUB if len(place) == 2 and place[0] == "object" else AGENT)
    one = {"objectType": "Agent", name: IDENTIFIERS[name]}
    check(put(base, place, one), "1.0.3")
    for other in IDENTIFIERS:
        if other != name:
            with pytest.raises(Invalid, match="exactly one"):
                check(put(base, place, {**one, other: IDENTIFIERS[other]}), "1.0.3")
    with pytest.raises(Invalid, match="member"):
        check(put(base, place, {**one, "member": []}), "1.0.3")


@pytest.mark.parametrize(
    "place", [("actor",), ("object",), ("context", "instructor"), ("context", "team"), ("object", "actor")]
)
@pytest.mark.parametrize("name", IDENTIFIERS)
def test_a_group_has_at_most_one_identifier_and_without_one_members(
    name: str, place: tuple[str, ...]
) -> None:
    base = with_object(SUB if place == ("object", "actor") else AGENT)
    known = {"objectType": "Group", name: IDENTIFIERS[name]}
    check(put(base, place, known), "1.0.3")
    check(put(base, place, {**known, "member": [AGENT]}), "1.0.3")
    check(put(base, place, {"objectType": "Group", "member": [AGENT]}), "1.0.3")
    for other in IDENTIFIERS:
        if other != name:
            with pytest.raises(Invalid, match="at most one"):
                check(put(base, place, {**known, other: IDENTIFIERS[other]}), "1.0.3")
    for members in (AGENT, "x", [1], [GROUP], [known], [{"name": "x"}], [{}], [AGENT, None]):
        with pytest.raises(Invalid, match="member"):
            check(put(base, place, {**known, "member": members}), "1.0.3")
    for nobody in ({"objectType": "Group"}, {"objectType": "Group", "member": []}):
        with pytest.raises(Invalid, match="member"):
            check(put(base, place, nobody), "1.0.3")


def test_an_authority_is_an_agent_or_a_consumer_and_a_user() -> None:
    consumer, user = {"account": spoken.ACCOUNT}, {"mbox": "mailto:b@example.org"}
    pair = {"objectType": "Group", "member": [consumer, user]}
    for good in (AGENT, user, pair):
        check(put(STATEMENT, ("authority",), good), "1.0.3")
    for bad in (
        {**pair, "member": [user]},
        {**pair, "member": [consumer, user, user]},
        {**pair, "member": [user, user]},
        {**pair, "openid": "http://a.example"},
        {**pair, "mbox": "mailto:a@b.c"},
    ):
        with pytest.raises(Invalid, match="authority"):
            check(put(STATEMENT, ("authority",), bad), "1.0.3")


LISTS = ("choices", "scale", "source", "target", "steps")
SOME = [{"id": "a", "description": {"en": "A"}}, {"id": "b"}]
MATCHES = {
    "choice": ("choices",),
    "sequencing": ("choices",),
    "likert": ("scale",),
    "matching": ("source", "target"),
    "performance": ("steps",),
    **dict.fromkeys(("true-false", "fill-in", "long-fill-in", "numeric", "other"), ()),
}


@pytest.mark.parametrize("kind", MATCHES)
def test_an_interaction_has_the_component_lists_of_its_type(kind: str) -> None:
    for name in LISTS:
        statement = put(
            STATEMENT, ("object",), interaction(kind, **{name: SOME}, correctResponsesPattern=["a"])
        )
        if name in MATCHES[kind]:
            check(statement, "1.0.3")
        else:
            with pytest.raises(Invalid, match=name):
                check(statement, "1.0.3")
    for odd in (kind.upper(), kind.replace("-", "_") + "s", 1, None, {"a": 1}, "http://a.example"):
        with pytest.raises(Invalid, match="interactionType"):
            check(put(STATEMENT, ("object", "definition", "interactionType"), odd), "1.0.3")


@pytest.mark.parametrize("name", [*LISTS, "correctResponsesPattern"])
def test_what_is_of_interactions_needs_their_type(name: str) -> None:
    with pytest.raises(Invalid, match="interactionType"):
        check(put(STATEMENT, ("object", "definition", name), []), "1.0.3")


@pytest.mark.parametrize(
    "parts",
    [{}, "x", None, [1], [{}], [{"description": {"en": "x"}}], [{"id": 1}], [{"id": "a"}, {"id": "a"}], [{"id": "a", "more": 1}],
     [{"id": "a", "description": {"something": "x"}}], [{"id": "a", "description": "x"}]],
)  # fmt: skip
def test_interaction_components_have_ids_of_their_own(parts: Any) -> None:
    with pytest.raises(Invalid, match="choices"):
        check(put(STATEMENT, ("object",), interaction("choice", choices=parts)), "1.0.3")


@pytest.mark.parametrize("pattern", ["true", {}, [1], [None], [["a"]], None])
def test_a_pattern_is_a_list_of_texts(pattern: Any) -> None:
    with pytest.raises(Invalid, match="correctResponsesPattern"):
        check(
            put(STATEMENT, ("object",), interaction("true-false", correctResponsesPattern=pattern)), "1.0.3"
        )


@pytest.mark.parametrize("name", ["id", "stored", "version", "authority"])
def test_a_substatement_has_nothing_that_only_a_statement_has(name: str) -> None:
    with pytest.raises(Invalid) as raised:
        check(put(with_object(SUB), ("object", name), STATEMENT[name]), "1.0.3")
    assert raised.value.path == f"object.{name}"


def test_a_substatement_holds_none() -> None:
    with pytest.raises(Invalid, match="within a SubStatement"):
        check(with_object(put(SUB, ("object",), SUB)), "1.0.3")
    for thing in (AGENT, GROUP, REFERENCE):
        check(
            with_object(
                put(
                    put(put(SUB, ("object",), thing), ("context", "revision"), ...),
                    ("context", "platform"),
                    ...,
                )
            ),
            "1.0.3",
        )


@pytest.mark.parametrize("thing", [AGENT, GROUP, REFERENCE, SUB])
@pytest.mark.parametrize("name", ["revision", "platform"])
def test_revision_and_platform_are_for_activities(name: str, thing: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as raised:
        check(put(with_object(thing), ("context", name), "x"), "2.0.0")
    assert raised.value.path == f"context.{name}"
    if thing is not SUB:
        with pytest.raises(Invalid, match=f"object.context.{name}"):
            check(with_object(put(SUB | {"context": {name: "x"}}, ("object",), thing)), "1.0.3")


def test_voiding_is_of_a_statement_by_reference() -> None:
    voiding = put(with_object(REFERENCE), ("verb", "id"), VOIDED)
    check(voiding, "1.0.3")
    for thing in (STATEMENT["object"], AGENT, {"id": REFERENCE["id"]}):
        with pytest.raises(Invalid, match="object"):
            check(put(voiding, ("object",), thing), "1.0.3")
    with pytest.raises(Invalid, match=r"object\.object"):
        check(with_object(put(SUB, ("verb", "id"), VOIDED)), "1.0.3")


def test_min_is_less_than_max() -> None:
    for score in (
        {"min": 1, "max": 1},
        {"min": 2, "max": 1, "raw": 1},
        {"min": 0.1, "raw": 0.09},
        {"max": 1, "raw": 1.0001},
    ):
        with pytest.raises(Invalid, match=r"result\.score"):
            check(put(STATEMENT, ("result", "score"), score), "1.0.3")
    for score in (
        {},
        {"scaled": -1},
        {"scaled": 1.0},
        {"min": -5},
        {"max": 10**40},
        {"min": 1, "max": 2, "raw": 1},
        {"max": 2, "raw": 2},
    ):
        check(put(STATEMENT, ("result", "score"), score), "1.0.3")


NEW_WRONG: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("contextAgents", ({}, "x", None, [1], [{}], [AGENT])),
    ("contextGroups", ({}, "x", None, [1], [{}], [GROUP])),
    ("contextAgents.0.objectType", ("contextGroup", "ContextAgent", "Should fail", 1, None)),
    ("contextGroups.0.objectType", ("contextAgent", "contextgroup", 1, None)),
    ("contextAgents.0.agent", (*NO_OBJECT, {}, {"key": "Should fail"}, GROUP)),
    ("contextGroups.0.group", (*NO_OBJECT, {}, {"key": "Should fail"}, AGENT)),
    ("contextAgents.0.relevantTypes", ([], {}, "http://a.example", ["abc"], [1], [None], None)),
    ("contextGroups.0.relevantTypes", ([], {}, "http://a.example", ["abc"], [1], [None], None)),
    ("contextAgents.0.group", (GROUP,)),
    ("contextGroups.0.member", ([AGENT],)),
)


def test_context_agents_and_groups_are_of_2_0() -> None:
    for whole in (
        put(STATEMENT, ("context",), NEW_CONTEXT),
        with_object(put(SUB, ("context",), NEW_CONTEXT)),
    ):
        check(whole, "2.0.0")
        with pytest.raises(Invalid, match=r"context\.context(Agents|Groups)"):
            check(whole, "1.0.3")


@pytest.mark.parametrize(
    ("where", "value"), [(where, value) for where, values in NEW_WRONG for value in values]
)
def test_a_wrong_context_agent_or_group_is_refused(where: str, value: Any) -> None:
    place = path(where)
    with pytest.raises(Invalid) as raised:
        check(put(STATEMENT, ("context",), put(NEW_CONTEXT, place, value)), "2.0.0")
    assert raised.value.path.startswith(written(("context", *place)))


@pytest.mark.parametrize(
    ("version", "said", "valid"),
    [("1.0.3", said, True) for said in ("1.0", "1.0.0", "1.0.9", "1.0.10", "1.0.4-rc.1")]
    + [("1.0.3", "2.0.0", False), ("1.0.0", "2.0", False)]
    + [("2.0.0", said, True) for said in ("2.0.0", "2.0", "2.0.1", "1.0", "1.0.9")]
    + [("2.0.0", said, False) for said in ("0.9.9", "1.1.0", "2.1.0", "should fail")],
)
def test_a_statement_may_say_a_version_that_the_request_s_rules_know(
    version: str, said: str, valid: bool
) -> None:
    statement = put(STATEMENT, ("version",), said)
    if valid:
        check(statement, version)
    else:
        with pytest.raises(Invalid, match="version"):
            check(statement, version)


@pytest.mark.parametrize("place", [place for place in places(STATEMENT) if "extensions" not in place])
def test_no_property_is_null_is_named_otherwise_or_has_company(place: tuple[str | int, ...]) -> None:
    free = place[-2:-1] in (("display",), ("name",), ("description",))
    with pytest.raises(Invalid):
        check(put(STATEMENT, place, None), "1.0.3")
    if isinstance(place[-1], str) and not free:
        with pytest.raises(Invalid, match=f"must be written {place[-1]}"):
            check(put(STATEMENT, (*place[:-1], place[-1].swapcase()), 1), "1.0.3")
        with pytest.raises(Invalid, match="is not a property of"):
            check(put(STATEMENT, (*place[:-1], "a stranger"), 1), "1.0.3")


@pytest.mark.parametrize("place", [("object", "definition"), ("result",), ("context",)])
def test_extensions_hold_anything(place: tuple[str, ...]) -> None:
    for value in (None, "", {}, [], 0, False, {"key": None, "": [None]}):
        check(put(STATEMENT, (*place, "extensions"), {"http://example.com/ex": value}), "1.0.3")


@pytest.mark.parametrize("value", [None, 1, "x", [], [STATEMENT], True])
def test_a_statement_is_an_object(value: Any) -> None:
    with pytest.raises(Invalid) as raised:
        check(value, "2.0.0")
    assert raised.value.path == ""


def test_a_path_may_begin_further_up() -> None:
    with pytest.raises(Invalid) as raised:
        check(put(STATEMENT, ("result", "extensions"), {"no iri": 1}), "1.0.3")
    assert str(raised.value.at("[3]")) == '[3].result.extensions["no iri"]: must be an IRI with a scheme'


def fault(value: object, version: str) -> str | None:
    """Why it is invalid; None when it is not."""
    try:
        check(value, version)
    except Invalid as error:
        return error.reason
    return None


quick = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(spoken.STATEMENTS)
def test_any_valid_statement_passes(statement: dict[str, Any]) -> None:
    check(statement, "1.0.3")
    check(statement, "2.0.0")


@quick
@given(st.data())
def test_a_mutated_statement_passes_or_is_invalid(data: st.DataObject) -> None:
    statement = data.draw(spoken.STATEMENTS)
    place = data.draw(st.sampled_from(places(statement)))
    value = data.draw(spoken.JSON | st.just(...))
    for version in VERSIONS:
        assert fault(put(statement, place, value), version) != ""


@quick
@given(spoken.JSON, st.dictionaries(st.sampled_from(sorted(STATEMENT)), spoken.JSON))
def test_arbitrary_json_raises_nothing_but_invalid(value: Any, mapping: dict[str, Any]) -> None:
    for thing in (value, mapping, {**STATEMENT, **mapping}, with_object(SUB | mapping)):
        for version in VERSIONS:
            assert fault(thing, version) != ""
