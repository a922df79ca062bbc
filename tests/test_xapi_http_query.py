"""Asking for statements over HTTP, in both versions on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import pytest

from tests.lrs import (
    THROUGH,
    VERSION,
    activity,
    agent,
    fresh,
    group,
    moment,
    reference,
    statement,
    substatement,
    voiding,
    without,
)

EARLY = "2012-06-01T19:09:13.245Z"
OTHERS = {
    "agent": {"mbox": "mailto:somebody@example.org"},
    "verb": "http://example.org/verbs/none",
    "activity": "http://example.org/activities/none",
    "registration": "ec531277-b57b-4c15-8d91-d292c5b2b8f7",
    "related_activities": True,
    "related_agents": True,
    "since": EARLY,
    "until": EARLY,
    "limit": 1,
    "ascending": True,
}


def test_one_statement_comes_bare_and_several_in_a_result(lrs):
    one = statement()
    lrs.send(one)
    assert lrs.fetch(one["id"])["id"] == one["id"]
    result = lrs.get("statements", params={"verb": one["verb"]["id"]}).json()
    assert result.keys() == {"statements", "more"}
    assert [found["id"] for found in result["statements"]] == [one["id"]]
    assert result["more"] == ""


def test_nothing_found_is_an_empty_list_and_an_unknown_id_is_not_found(lrs):
    result = lrs.get("statements", params={"verb": "http://example.org/verbs/nobody-does"})
    assert (result.status_code, result.json()) == (200, {"statements": [], "more": ""})
    assert lrs.get("statements", params={"statementId": fresh()}).status_code == 404


@pytest.mark.parametrize("name", ["statementId", "voidedStatementId", *OTHERS, "format", "attachments"])
def test_a_parameter_in_another_case_is_refused(lrs, name):
    value = {
        "statementId": fresh(),
        "voidedStatementId": fresh(),
        "format": "ids",
        "attachments": True,
    } | OTHERS
    for spelled in (name.title(), name.upper()):
        answer = lrs.get("statements", params={spelled: value[name]})
        assert answer.status_code == 400
        assert moment(answer.headers[THROUGH])


def test_an_unknown_parameter_is_refused(lrs):
    assert lrs.get("statements", params={"foo": "bar"}).status_code == 400


def test_an_id_goes_with_no_filter(lrs):
    kept, void = statement(), statement()
    lrs.send(kept, void)
    lrs.send(voiding(void["id"]))
    for other, value in OTHERS.items():
        for id in (kept["id"], void["id"], fresh()):
            for name in ("statementId", "voidedStatementId"):
                answer = lrs.get("statements", params={name: id, other: value})
                assert (other, answer.status_code) == (other, 400)
                assert THROUGH in answer.headers


def test_an_id_goes_with_format_and_attachments_and_not_with_another_id(lrs):
    kept, void = statement(), statement()
    lrs.send(kept, void)
    lrs.send(voiding(void["id"]))
    for ids in ({"statementId": kept["id"]}, {"voidedStatementId": void["id"]}):
        assert lrs.get("statements", params=ids | {"format": "ids"}).status_code == 200
        assert lrs.get("statements", params=ids | {"attachments": True}).status_code == 200
        assert lrs.get("statements", params=ids | {"attachments": False}).status_code == 200
    both = {"statementId": kept["id"], "voidedStatementId": void["id"]}
    assert lrs.get("statements", params=both).status_code == 400


@pytest.mark.parametrize(
    "params",
    [
        {"statementId": "x"},
        {"voidedStatementId": "x"},
        {"registration": "x"},
        {"registration": True},
        {"agent": "not JSON"},
        {"agent": True},
        {"agent": {}},
        {"agent": {"name": "Somebody"}},
        {"agent": {"objectType": "Agent", "mbox": "somebody@example.org"}},
        {"agent": []},
        {"since": "yesterday"},
        {"until": "2022-13-01T00:00:00Z"},
        {"limit": "many"},
        {"limit": -1},
        {"ascending": "perhaps"},
        {"related_agents": "1x"},
        {"attachments": "perhaps"},
        {"format": "pretty"},
    ],
    ids=str,
)
def test_a_value_that_makes_no_sense_is_refused(lrs, params):
    answer = lrs.get("statements", params=params)
    assert answer.status_code == 400
    assert answer.text not in ("", "null")


@pytest.mark.parametrize(
    "params", [{"related_activities": True}, {"related_agents": True}, {"limit": 0}], ids=str
)
def test_what_refines_nothing_is_no_mistake(lrs, params):
    assert lrs.get("statements", params=params).status_code == 200


@pytest.mark.parametrize(
    "identifier",
    [
        {"mbox": f"mailto:{fresh()}@example.org"},
        {"mbox_sha1sum": fresh().replace("-", "") + "01234567"},
        {"openid": f"http://{fresh()}.example.org/"},
        {"account": {"homePage": "http://example.org/", "name": fresh()}},
    ],
    ids=lambda identifier: next(iter(identifier)),
)
def test_an_agent_is_found_by_any_identifier_as_actor_and_as_object(lrs, identifier):
    person = {"objectType": "Agent", "name": f"for {lrs.version}"} | identifier
    acts, suffers = statement(actor=person), statement(object=person)
    lrs.send(acts, suffers, statement())
    found = lrs.find(agent=identifier)
    assert {acts["id"], suffers["id"]} <= set(found)
    assert lrs.find(agent={"objectType": "Agent"} | identifier) == found
    told = [lrs.fetch(id) for id in found]
    assert all(
        identifier.items() <= one["actor"].items() or identifier.items() <= one["object"].items()
        for one in told
    )


def test_a_group_is_found_as_actor_and_a_member_through_its_group(lrs):
    member = agent()
    team = group(member=[member])
    one = statement(actor=team)
    nameless = statement(actor={"objectType": "Group", "member": [member]})
    lrs.send(one, nameless)
    assert lrs.find(agent={"objectType": "Group", "mbox": team["mbox"]}) == [one["id"]]
    assert set(lrs.find(agent=without(member, "name"))) == {one["id"], nameless["id"]}


@pytest.mark.parametrize(
    "place",
    {
        "instructor": lambda who: {"context": {"instructor": who}},
        "team": lambda who: {"context": {"team": group(member=[who])}},
        "actor of a substatement": lambda who: {"object": substatement(actor=who)},
        "object of a substatement": lambda who: {"object": substatement(object=who)},
        "instructor of a substatement": lambda who: {"object": substatement(context={"instructor": who})},
    }.items(),
    ids=lambda item: item[0],
)
def test_a_related_agent_is_found_only_on_request(lrs, place):
    who = agent()
    one = statement(**place[1](who))
    lrs.send(one)
    assert lrs.find(agent=who) == []
    assert lrs.find(agent=who, related_agents=True) == [one["id"]]
    assert lrs.find(agent=who, related_agents=False) == []


def test_the_authority_is_a_related_agent(lrs):
    one = statement()
    lrs.send(one)
    authority = lrs.fetch(one["id"])["authority"]
    assert one["id"] in lrs.find(agent=authority, related_agents=True, verb=one["verb"]["id"])


@pytest.mark.parametrize(
    "place",
    {
        "category": lambda what: {"context": {"contextActivities": {"category": [what]}}},
        "parent": lambda what: {"context": {"contextActivities": {"parent": [activity(), what]}}},
        "grouping": lambda what: {"context": {"contextActivities": {"grouping": what}}},
        "other": lambda what: {"context": {"contextActivities": {"other": [what]}}},
        "object of a substatement": lambda what: {"object": substatement(object=what)},
        "context of a substatement": lambda what: {
            "object": substatement(context={"contextActivities": {"category": [what]}})
        },
    }.items(),
    ids=lambda item: item[0],
)
def test_a_related_activity_is_found_only_on_request(lrs, place):
    what = activity()
    one = statement(**place[1](what))
    lrs.send(one)
    assert lrs.find(activity=what["id"]) == []
    assert lrs.find(activity=what["id"], related_activities=True) == [one["id"]]


def test_verb_activity_registration_and_their_union_find_exactly_theirs(lrs):
    registration = fresh()
    one = statement(context={"registration": registration})
    lrs.send(one, statement(), statement(context={"registration": fresh()}))
    filters = {
        "verb": one["verb"]["id"],
        "activity": one["object"]["id"],
        "registration": registration,
        "agent": one["actor"],
    }
    for name, value in filters.items():
        assert lrs.find(**{name: value}) == [one["id"]]
    assert lrs.find(**filters) == [one["id"]]
    assert lrs.find(**filters | {"registration": fresh()}) == []


@pytest.fixture
def row(lrs):
    """A verb and five statements of it, oldest first, each a batch of its own."""
    verb = {"id": f"http://example.org/verbs/{fresh()}"}
    many = [statement(verb=verb) for _ in range(5)]
    for one in many:
        lrs.send(one)
    return verb["id"], [one["id"] for one in many]


def test_the_newest_comes_first_unless_the_oldest_is_wanted(lrs, row):
    verb, ids = row
    assert lrs.find(verb=verb) == ids[::-1]
    assert lrs.find(verb=verb, ascending=False) == ids[::-1]
    assert lrs.find(verb=verb, ascending=True) == ids
    all_of_them = lrs.get("statements", params={"ascending": True}).json()["statements"]
    stored = [moment(one["stored"]) for one in all_of_them]
    assert stored == sorted(stored)


def test_since_leaves_out_its_own_moment_and_until_takes_it_in(lrs, row):
    verb, ids = row
    middle = lrs.fetch(ids[2])["stored"]
    assert lrs.find(verb=verb, since=middle) == ids[:2:-1]
    assert lrs.find(verb=verb, until=middle) == ids[2::-1]
    assert lrs.find(verb=verb, since=EARLY) == ids[::-1]
    assert lrs.find(verb=verb, until=EARLY) == []
    shifted = moment(middle).astimezone(timezone(timedelta(hours=8))).isoformat().replace("+", "%2B")
    answer = lrs.get(f"statements?verb={verb}&since={shifted}")
    assert [one["id"] for one in answer.json()["statements"]] == ids[:2:-1]


@pytest.mark.parametrize("ascending", [False, True])
def test_pages_follow_one_another_by_more_without_gap_or_repetition(lrs, row, ascending):
    verb, ids = row
    expected = ids if ascending else ids[::-1]
    page = lrs.get("statements", params={"verb": verb, "limit": 2, "ascending": ascending}).json()
    assert page["more"].startswith("/xapi/")
    lrs.send(statement(verb={"id": verb}))
    found = [one["id"] for one in page["statements"]]
    while page["more"]:
        answer = lrs.get(page["more"])
        assert answer.status_code == 200
        assert moment(answer.headers[THROUGH])
        page = answer.json()
        assert len(page["statements"]) <= 2
        found += [one["id"] for one in page["statements"]]
    assert found[: len(expected)] == expected
    assert page["more"] == ""


def test_more_keeps_the_format(lrs, row):
    verb, _ = row
    page = lrs.get("statements", params={"verb": verb, "limit": 2, "format": "ids"}).json()
    page = lrs.get(page["more"]).json()
    assert all(one["object"].keys() == {"id"} for one in page["statements"])


def test_limit_one_is_one_statement_and_a_way_to_the_others(lrs, row):
    page = lrs.get("statements", params={"limit": 1}).json()
    assert len(page["statements"]) == 1
    assert page["more"]
    assert lrs.get(page["more"]).json().keys() == {"statements", "more"}


def test_every_answer_says_through_when_the_store_is_consistent(lrs):
    one = statement()
    lrs.send(one)
    stored = moment(lrs.fetch(one["id"])["stored"])
    for params in (
        {},
        *({name: value} for name, value in OTHERS.items()),
        {"format": "ids"},
        {"attachments": True},
    ):
        answer = lrs.get("statements", params=params)
        assert answer.status_code == 200
        assert stored <= moment(answer.headers[THROUGH]) <= datetime.now(UTC)
        assert answer.headers["Content-Type"]
        assert answer.headers["Date"]
    for params in ({"LIMIT": 1}, {"statementId": fresh()}, {"statementId": one["id"], "limit": 1}):
        answer = lrs.get("statements", params=params)
        assert answer.status_code in (400, 404)
        assert moment(answer.headers[THROUGH])


def test_a_statement_about_a_statement_is_found_by_what_that_one_holds(lrs):
    one = statement(context={"registration": fresh()})
    lrs.send(one)
    about = statement(object=reference(one["id"]))
    further = statement(object=reference(about["id"]))
    lrs.send(about)
    lrs.send(further)
    chain = [further["id"], about["id"], one["id"]]
    assert lrs.find(verb=one["verb"]["id"]) == chain
    assert lrs.find(agent=one["actor"]) == chain
    assert lrs.find(activity=one["object"]["id"]) == chain
    assert lrs.find(registration=one["context"]["registration"]) == chain
    assert lrs.find(verb=about["verb"]["id"]) == chain[:2]
    stored = lrs.fetch(one["id"])["stored"]
    assert lrs.find(verb=one["verb"]["id"], since=stored) == chain[:2]


def test_a_reference_that_came_before_its_statement_finds_it_later(lrs):
    one = statement()
    about = statement(object=reference(one["id"]))
    lrs.send(about)
    lrs.send(one)
    assert set(lrs.find(verb=one["verb"]["id"])) == {one["id"], about["id"]}


def test_two_statements_that_speak_of_each_other_do_not_turn_for_ever(lrs):
    first, second = fresh(), fresh()
    lrs.send(statement(id=first, object=reference(second)), statement(id=second, object=reference(first)))
    verb = lrs.fetch(first)["verb"]["id"]
    assert set(lrs.find(verb=verb)) == {first, second}


@pytest.fixture
def rich(lrs):
    """A stored statement whose object is a statement of a group about a question."""
    question = activity(
        type="http://adlnet.gov/expapi/activities/cmi.interaction",
        moreInfo="http://example.org/more",
        interactionType="other",
        correctResponsesPattern=["(35.9,-86.6)"],
        extensions={"http://example.org/x": {"a": "b"}},
    )
    inner = substatement(actor=group(), object=question)
    one = statement(object=inner, context={"contextActivities": {"category": [activity()]}})
    lrs.send(one)
    return one


@pytest.mark.parametrize("params", [{}, {"format": "exact"}], ids=str)
def test_exact_is_the_default_and_changes_nothing(lrs, rich, params):
    found = lrs.get("statements", params={"verb": rich["verb"]["id"]} | params).json()["statements"][0]
    assert {name: found[name] for name in rich} == rich
    answer = lrs.get(
        "statements", params={"statementId": rich["id"]} | params, headers={"Accept-Language": "en-GB"}
    )
    assert answer.json()["verb"] == rich["verb"]


def test_ids_leaves_identifiers_only(lrs, rich):
    found = lrs.get("statements", params={"verb": rich["verb"]["id"], "format": "ids"}).json()["statements"][
        0
    ]
    assert found["actor"] in ({"mbox": rich["actor"]["mbox"]}, without(rich["actor"], "name"))
    assert found["verb"]["id"] == rich["verb"]["id"]
    assert found["object"]["actor"] == without(rich["object"]["actor"], "name")
    assert found["object"]["object"] == {"id": rich["object"]["object"]["id"]}
    assert found["object"]["verb"]["id"] == rich["object"]["verb"]["id"]
    category = rich["context"]["contextActivities"]["category"][0]
    assert found["context"]["contextActivities"]["category"] == [{"id": category["id"]}]


def test_ids_keeps_the_members_of_a_nameless_group_and_not_of_another(lrs):
    member = agent()
    nameless = statement(actor={"objectType": "Group", "name": "x", "member": [member]})
    named = statement(actor=group(member=[member]))
    lrs.send(nameless, named)
    found = lrs.fetch(nameless["id"], format="ids")["actor"]
    assert found["objectType"] == "Group"
    assert [one["mbox"] for one in found["member"]] == [member["mbox"]]
    assert "name" not in found["member"][0]
    assert lrs.fetch(named["id"], format="ids")["actor"] == without(named["actor"], "name", "member")


def test_canonical_speaks_the_language_that_is_asked_for(lrs, rich):
    def told(thing):
        definition = thing["definition"]
        british = {name: {"en-GB": definition[name]["en-GB"]} for name in ("name", "description")}
        return thing | {"definition": definition | british}

    headers = {"Accept-Language": "en-GB"}
    one = lrs.get(
        "statements", params={"statementId": rich["id"], "format": "canonical"}, headers=headers
    ).json()
    many = lrs.get(
        "statements", params={"verb": rich["verb"]["id"], "format": "canonical"}, headers=headers
    ).json()
    for found in (one, many["statements"][0]):
        assert found["actor"] == rich["actor"]
        assert found["verb"] == {"id": rich["verb"]["id"], "display": {"en-GB": "cancelled"}}
        assert found["object"]["actor"] == rich["object"]["actor"]
        assert found["object"]["verb"]["display"] == {"en-GB": "cancelled"}
        assert found["object"]["object"] == told(rich["object"]["object"])
        category = rich["context"]["contextActivities"]["category"][0]
        assert found["context"]["contextActivities"]["category"] == [told(category)]


@pytest.mark.parametrize("language", ["fr;q=0.9, en-US;q=0.2", "en-US", "de, en-US;q=0.5"])
def test_canonical_takes_the_best_language_there_is(lrs, language):
    one = statement()
    lrs.send(one)
    params = {"statementId": one["id"], "format": "canonical"}
    display = lrs.get("statements", params=params, headers={"Accept-Language": language}).json()["verb"][
        "display"
    ]
    assert display == {"en-US": "canceled"}


@pytest.mark.parametrize("language", [None, "*", "nonsense;;q=x,,", "tlh"])
def test_canonical_gives_one_language_whatever_is_asked(lrs, language):
    one = statement()
    lrs.send(one)
    params = {"statementId": one["id"], "format": "canonical"}
    headers = {"Accept-Language": language} if language else {}
    answer = lrs.get("statements", params=params, headers=headers)
    assert len(answer.json()["verb"]["display"]) == 1


def test_a_statement_was_last_modified_when_it_was_stored(lrs):
    one = statement()
    lrs.send(one)
    answer = lrs.get("statements", params={"statementId": one["id"]})
    stored = moment(answer.json()["stored"]).replace(microsecond=0)
    assert parsedate_to_datetime(answer.headers["Last-Modified"]) == stored


def test_head_is_get_without_the_body(lrs):
    one = statement()
    lrs.send(one)
    for params in ({}, {"statementId": one["id"]}, {"verb": one["verb"]["id"]}, {"attachments": True}):
        answer = lrs.request("HEAD", "statements", params=params)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers[VERSION] == lrs.version
        assert moment(answer.headers[THROUGH])
        got = lrs.get("statements", params=params)
        kind = answer.headers["Content-Type"].partition(";")[0]
        assert kind == got.headers["Content-Type"].partition(";")[0]
        assert answer.headers["Content-Length"] == str(len(got.content))
    assert lrs.request("HEAD", "statements", params={"statementId": fresh()}).status_code == 404


def test_a_body_sent_with_get_is_ignored(lrs):
    one = statement()
    lrs.send(one)
    assert lrs.get("statements", params={"statementId": one["id"]}, json={"any": "thing"}).status_code == 200
