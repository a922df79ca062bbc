"""Statements in one language, and statements of ids alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portrait.xapi.compare import same
from portrait.xapi.language import best, canonical, ids_only, spoken
from portrait.xapi.statement import check
from tests import spoken as say
from tests.spoken import (
    ACCOUNT,
    AGENT,
    GROUP,
    NEW_CONTEXT,
    REFERENCE,
    STATEMENT,
    SUB,
    fresh,
    interaction,
    put,
    with_object,
)

CHOICES = (
    (("en", "zh-CN"), "zh-CN", "zh-CN"),
    (("en", "zh-CN"), "zh", "zh-CN"),
    (("en", "zh-CN"), "ZH-cn;q=0.5, en;q=0.4", "zh-CN"),
    (("en", "zh-CN"), "zh-CN;q=0.3,en;q=0.9", "en"),
    (("en", "zh-CN"), "fr", "en"),
    (("en", "zh-CN"), "", "en"),
    (("en", "zh-CN"), "not; a header,,;q=x, zh", "zh-CN"),
    (("en", "zh-CN"), "*", "en"),
    (("en", "zh-CN"), "*;q=0.1, zh;q=0.2", "zh-CN"),
    (("en", "zh-CN"), "en;q=0, *", "zh-CN"),
    (("en", "zh-CN"), "en;q=0", "zh-CN"),
    (("en",), "en;q=0", "en"),
    (("en-GB", "en-US"), "en-US", "en-US"),
    (("en-GB", "en-US"), "en", "en-GB"),
    (("en-GB", "en-US"), "en-US;q=0.2, en", "en-GB"),
    (("fr", "en-GB", "en"), "en-US", "en"),
    (("fr", "en-GB"), "en-US", "en-GB"),
    (("fr", "en"), "en-US, fr;q=0.1", "fr"),
    (("zh-TW", "zh-Hans"), "zh-Hans-CN", "zh-Hans"),
    (("de", "fr"), "fr, de", "fr"),
    (("ena", "fr"), "en, fr;q=0.1", "fr"),
)


@pytest.mark.parametrize(("tags", "header", "chosen"), CHOICES)
def test_the_best_language_is_chosen(tags: tuple[str, ...], header: str, chosen: str) -> None:
    assert best(tags, header) == chosen


@settings(deadline=None)
@given(
    st.lists(say.TAGS, min_size=1, unique=True),
    st.text("enzh-;q=0.1*, CN", max_size=20) | st.text(max_size=10),
)
def test_one_of_the_languages_is_chosen_whatever_is_asked_for(tags: list[str], header: str) -> None:
    assert best(tuple(tags), header) in tags


KNOWN = {
    "https://learn.example.org/course/7/unit/3": {"name": {"zh-CN": "第三单元（新）", "en": "Unit 3, new"}},
    "https://learn.example.org/course/7": {"name": {"zh-CN": "课程", "en": "Course"}},
}


def test_a_canonical_statement_has_canonical_definitions_in_one_language() -> None:
    before = fresh(STATEMENT)
    made = canonical(put(STATEMENT, ("verb", "display"), {"en": "completed", "zh-CN": "完成"}), "zh", KNOWN)
    assert made["verb"]["display"] == {"zh-CN": "完成"}
    assert made["object"]["definition"] == {"name": {"zh-CN": "第三单元（新）"}}
    assert made["context"]["contextActivities"]["parent"][0]["definition"] == {"name": {"zh-CN": "课程"}}
    assert made["actor"] == AGENT
    assert made["attachments"] == STATEMENT["attachments"]
    assert before == STATEMENT


def test_an_activity_without_a_canonical_definition_keeps_its_own_in_one_language() -> None:
    made = canonical(STATEMENT, "en", {})
    assert made["object"]["definition"] == {**say.ACTIVITY["definition"], "name": {"en": "Unit 3"}}
    assert "definition" not in made["context"]["contextActivities"]["parent"][0]


def test_interaction_components_are_told_in_one_language() -> None:
    definition = interaction(
        "choice", choices=[{"id": "a", "description": {"en": "A", "zh-CN": "甲"}}, {"id": "b"}]
    )["definition"]
    assert spoken(definition, "zh-CN")["choices"] == [
        {"id": "a", "description": {"zh-CN": "甲"}},
        {"id": "b"},
    ]


def test_a_substatement_is_told_in_one_language_too() -> None:
    made = canonical(with_object(SUB), "en", KNOWN)
    assert made["object"]["object"]["definition"] == {"name": {"en": "Unit 3, new"}}


def test_ids_say_no_more_than_which_it_is() -> None:
    made = ids_only(put(STATEMENT, ("actor",), {**GROUP, "member": [AGENT]}))
    assert made["actor"] == {"objectType": "Group", "member": [{"account": ACCOUNT}]}
    assert made["verb"] == {"id": STATEMENT["verb"]["id"]}
    assert made["object"] == {"id": say.ACTIVITY["id"]}
    assert made["authority"] == {"account": ACCOUNT}
    assert made["context"]["instructor"] == {"account": ACCOUNT}
    assert made["context"]["contextActivities"]["grouping"] == {"id": "https://learn.example.org/programme/1"}
    assert made["context"]["platform"] == STATEMENT["context"]["platform"]
    assert made["result"] == STATEMENT["result"]


@pytest.mark.parametrize(
    ("thing", "left"),
    [
        (AGENT, {"objectType": "Agent", "account": ACCOUNT}),
        ({**GROUP, "mbox": "mailto:g@example.org"}, {"objectType": "Group", "mbox": "mailto:g@example.org"}),
        (REFERENCE, REFERENCE),
    ],
)
def test_ids_keep_the_type_of_an_object_that_needs_it(thing: dict[str, Any], left: dict[str, Any]) -> None:
    assert ids_only(with_object(thing))["object"] == left


def test_ids_reach_into_context_agents_and_groups() -> None:
    context = ids_only(put(STATEMENT, ("context",), NEW_CONTEXT))["context"]
    assert context["contextAgents"][0]["agent"] == {"account": ACCOUNT}
    assert context["contextAgents"][0]["relevantTypes"] == NEW_CONTEXT["contextAgents"][0]["relevantTypes"]
    assert context["contextGroups"][0]["group"] == {"objectType": "Group", "member": GROUP["member"]}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(say.STATEMENTS, st.sampled_from(["zh-CN", "en;q=0.1", ""]))
def test_every_format_is_a_valid_statement_and_canonical_is_the_same_one(
    statement: dict[str, Any], header: str
) -> None:
    before = fresh(statement)
    told = canonical(statement, header, KNOWN)
    check(told, "1.0.3")
    check(ids_only(statement), "1.0.3")
    assert same(statement, told)
    assert statement == before
