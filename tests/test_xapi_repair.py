"""Known faults are mended and told; what is valid stays the same object; nothing is guessed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portrait.xapi.invalid import Invalid
from portrait.xapi.repair import CODES, Repair, repaired
from portrait.xapi.statement import check
from tests import spoken
from tests.spoken import REFERENCE, STATEMENT, SUB, fresh, places, put, with_object

UUID = "ec531277-b57b-4c15-8d91-d292c5b2b8f7"
GOOD = put(STATEMENT, ("actor",), {"mbox": "mailto:a@example.org"})

# By code: the version; where, as the path says it; what stands there; what comes of it.
MENDED: tuple[tuple[str, str, tuple[str | int, ...], str, Any, Any], ...] = (
    ("group-activity", "1.0.3", ("object", "objectType"), "object.objectType", "GroupActivity", "Activity"),
    ("bare-uuid", "1.0.3", ("object", "id"), "object.id", UUID, f"urn:uuid:{UUID}"),
    ("bare-uuid", "2.0.0", ("object", "id"), "object.id", UUID.upper(), f"urn:uuid:{UUID.upper()}"),
    ("bare-uuid", "1.0.3", ("context", "contextActivities", "parent", 0, "id"), "context.contextActivities.parent[0].id", UUID, f"urn:uuid:{UUID}"),
    ("bare-uuid", "1.0.3", ("context", "contextActivities", "grouping", "id"), "context.contextActivities.grouping.id", UUID, f"urn:uuid:{UUID}"),
    ("null", "1.0.3", ("result", "response"), "result.response", None, ...),
    ("null", "1.0.3", ("verb", "display", "fr"), "verb.display.fr", None, ...),
    ("null", "2.0.0", ("object", "definition", "extensions"), "object.definition.extensions", None, ...),
    ("empty", "1.0.3", ("object", "definition", "moreInfo"), "object.definition.moreInfo", "", ...),
    ("empty", "1.0.3", ("context", "registration"), "context.registration", "", ...),
    ("empty", "1.0.3", ("result", "duration"), "result.duration", "", ...),
    ("empty", "1.0.3", ("id",), "id", "", ...),
    ("mailto", "1.0.3", ("actor", "mbox"), "actor.mbox", "a@example.org", "mailto:a@example.org"),
    ("mailto", "1.0.3", ("actor", "mbox"), "actor.mbox", " MAILTO:a@example.org", "mailto:a@example.org"),
    ("time-separator", "1.0.3", ("timestamp",), "timestamp", "2024-05-18 05:32:34+08:00", "2024-05-18T05:32:34+08:00"),
    ("time-separator", "1.0.3", ("timestamp",), "timestamp", "2024-05-18 05:32:34", "2024-05-18T05:32:34"),
    ("time-zone", "2.0.0", ("timestamp",), "timestamp", "2024-05-18 05:32:34", "2024-05-18T05:32:34Z"),
    ("time-zone", "2.0.0", ("timestamp",), "timestamp", "2024-05-18T05:32:34.5", "2024-05-18T05:32:34.5Z"),
    ("language-tag", "1.0.3", ("context", "language"), "context.language", "zh_CN", "zh-CN"),
)  # fmt: skip


@pytest.mark.parametrize(("code", "version", "place", "path", "was", "now"), MENDED)
def test_a_known_fault_is_mended_and_told(
    code: str, version: str, place: tuple[str | int, ...], path: str, was: Any, now: Any
) -> None:
    sent = put(GOOD, place, was)
    before = fresh(sent)
    made, repairs = repaired(sent, version)
    check(made, version)
    assert repairs == (Repair(path, code, was, None if now is ... else now),)
    assert made == put(sent, place, now)
    assert sent == before


def test_every_repair_has_a_name_and_is_tried_here() -> None:
    assert set(CODES) == {code for code, *_ in MENDED}


def test_underscores_leave_language_maps_too() -> None:
    made, repairs = repaired(put(GOOD, ("object", "definition", "name"), {"zh_CN": "单元", "en": "Unit"}))
    assert made["object"]["definition"]["name"] == {"zh-CN": "单元", "en": "Unit"}
    assert repairs == (Repair("object.definition.name.zh_CN", "language-tag", "zh_CN", "zh-CN"),)


def test_several_faults_are_mended_at_once_and_in_a_substatement_too() -> None:
    inner = put(put(SUB, ("object", "objectType"), "GroupActivity"), ("object", "id"), UUID)
    sent = put(
        put(with_object(inner), ("timestamp",), "2024-05-18 05:32:34Z"),
        ("object", "result", "response"),
        None,
    )
    made, repairs = repaired(sent)
    check(made, "1.0.3")
    assert {(repair.path, repair.code) for repair in repairs} == {
        ("object.object.objectType", "group-activity"),
        ("object.object.id", "bare-uuid"),
        ("object.result.response", "null"),
        ("timestamp", "time-separator"),
    }


@pytest.mark.parametrize(
    ("version", "sent"),
    [
        ("1.0.3", STATEMENT),
        ("2.0.0", STATEMENT),
        ("1.0.3", put(STATEMENT, ("timestamp",), "2024-05-18T05:32:34")),
        ("2.0.0", put(STATEMENT, ("timestamp",), "2024-05-18 05:32:34Z")),
        ("1.0.3", put(STATEMENT, ("verb", "display"), {"en": ""})),
        ("1.0.3", with_object(REFERENCE)),
        (
            "1.0.3",
            put(
                STATEMENT,
                ("result", "extensions"),
                {"http://a.example": {"objectType": "GroupActivity", "id": None}},
            ),
        ),
    ],
)
def test_a_valid_statement_is_the_same_object(version: str, sent: dict[str, Any]) -> None:
    made, repairs = repaired(sent, version)
    assert made is sent
    assert repairs == ()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("object", "id"), "course 7"),
        (("object", "objectType"), "groupactivity"),
        (("verb", "id"), UUID),
        (("actor", "mbox"), "not a mail"),
        (("timestamp",), "18.05.2024 05:32"),
        (("context", "language"), "Chinese language"),
        (("result", "success"), "true"),
        (("verb",), None),
    ],
)
def test_what_is_not_known_stays_invalid(place: tuple[str, ...], value: Any) -> None:
    made, repairs = repaired(put(GOOD, place, value))
    with pytest.raises(Invalid):
        check(made, "1.0.3")
    assert [repair.code for repair in repairs] == (["null"] if value is None else [])


quick = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(st.data())
def test_a_repair_changes_nothing_that_was_given_and_is_done_once(data: st.DataObject) -> None:
    statement = data.draw(spoken.STATEMENTS)
    sent = put(
        statement,
        data.draw(st.sampled_from(places(statement))),
        data.draw(spoken.JSON | st.sampled_from([None, "", UUID, "zh_CN"])),
    )
    before = fresh(sent)
    made, repairs = repaired(sent)
    assert sent == before
    assert bool(repairs) or made is sent
    assert {repair.code for repair in repairs} <= set(CODES)
    assert repaired(made) == (made, ())


@quick
@given(st.dictionaries(st.sampled_from(sorted(STATEMENT)) | st.text(max_size=3), spoken.JSON))
def test_arbitrary_objects_are_left_to_the_check(value: dict[str, Any]) -> None:
    made, _ = repaired(value)
    assert isinstance(made, dict)


def test_a_deep_object_is_no_trouble() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5_000):
        deep = {"object": deep}
    assert repaired(deep) == (deep, ())
