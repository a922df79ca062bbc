"""Storing statements over HTTP, in both versions on both databases."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.lrs import (
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

INVALID = {
    "without an actor": lambda one: without(one, "actor"),
    "without a verb": lambda one: without(one, "verb"),
    "without an object": lambda one: without(one, "object"),
    "verb that is no IRI": lambda one: one | {"verb": {"id": "should fail"}},
    "unknown property": lambda one: one | {"dummy": "dummy"},
    "null": lambda one: one | {"timestamp": None},
    "timestamp that is none": lambda one: one | {"timestamp": "01/011/2015"},
    "id that is no UUID": lambda one: one | {"id": "not-a-uuid"},
    "agent with two identifiers": lambda one: one | {"actor": agent(openid="http://example.org/me")},
    "authority of ordinary agents": lambda one: one | {"authority": group(member=[agent(), agent()])},
    "voiding what is no reference": lambda one: voiding(fresh()) | {"object": activity()},
}


@pytest.fixture(params=INVALID)
def spoil(request):
    """Makes a statement invalid in one way."""
    return INVALID[request.param]


def test_a_statement_put_is_stored_and_answered_without_content(lrs):
    one = statement()
    answer = lrs.put("statements", params={"statementId": one["id"]}, json=one)
    assert (answer.status_code, answer.content) == (204, b"")
    stored = lrs.fetch(one["id"])
    assert {name: stored[name] for name in one} == one


def test_a_statement_put_without_an_id_gets_the_parameters(lrs):
    id = fresh()
    answer = lrs.put("statements", params={"statementId": id}, json=without(statement(), "id"))
    assert answer.status_code == 204
    assert lrs.fetch(id)["id"] == id


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"statementId": True},
        {"statementId": "[object Object]"},
        {"statementId": ""},
        {"StatementId": "8d2f1f5c-4a5b-4d39-9d3c-0d9a6a3f3e11"},
        {"statementId": "8d2f1f5c-4a5b-4d39-9d3c-0d9a6a3f3e11", "foo": "bar"},
    ],
    ids=str,
)
def test_put_wants_a_uuid_as_statement_id_and_no_other_parameter(lrs, params):
    one = statement()
    assert lrs.put("statements", params=params, json=one).status_code == 400
    assert lrs.get("statements", params={"statementId": one["id"]}).status_code == 404


def test_put_refuses_a_statement_of_another_id(lrs):
    one, other = statement(), fresh()
    assert lrs.put("statements", params={"statementId": other}, json=one).status_code == 400
    for id in (one["id"], other):
        assert lrs.get("statements", params={"statementId": id}).status_code == 404


def test_put_takes_one_statement_not_a_list(lrs):
    one = statement()
    assert lrs.put("statements", params={"statementId": one["id"]}, json=[one]).status_code == 400


def test_post_answers_the_id_of_one_statement_in_a_list(lrs):
    one = statement()
    answer = lrs.post("statements", json=one)
    assert (answer.status_code, answer.json()) == (200, [one["id"]])
    assert answer.headers["Content-Type"].startswith("application/json")


def test_post_answers_the_ids_of_a_batch_in_its_order_and_makes_the_missing_ones(lrs):
    batch = [statement(), without(statement(), "id"), statement()]
    ids = lrs.send(*batch)
    assert (ids[0], ids[2]) == (batch[0]["id"], batch[2]["id"])
    assert [lrs.fetch(id)["actor"] for id in ids] == [one["actor"] for one in batch]


def test_the_same_statement_again_is_accepted_and_stored_once(lrs):
    one = statement()
    lrs.send(one)
    assert lrs.post("statements", json=[one]).json() == [one["id"]]
    assert lrs.put("statements", params={"statementId": one["id"]}, json=one).status_code == 204
    assert lrs.find(verb=one["verb"]["id"]) == [one["id"]]


def test_the_same_statement_as_the_store_returned_it_is_accepted_again(lrs):
    one = statement(
        timestamp="2022-09-01T08:00:00+08:00", context={"contextActivities": {"parent": activity()}}
    )
    lrs.send(one)
    assert lrs.post("statements", json=lrs.fetch(one["id"])).status_code == 200


def test_another_statement_of_a_stored_id_is_a_conflict_and_changes_nothing(lrs):
    one = statement()
    lrs.send(one)
    other = one | {"verb": {"id": "http://example.org/verbs/different"}}
    assert lrs.post("statements", json=other).status_code == 409
    assert lrs.put("statements", params={"statementId": one["id"]}, json=other).status_code == 409
    innocent = statement()
    assert lrs.post("statements", json=[innocent, other]).status_code == 409
    assert lrs.get("statements", params={"statementId": innocent["id"]}).status_code == 404
    assert lrs.fetch(one["id"])["verb"] == one["verb"]


def test_an_invalid_statement_is_refused_and_nothing_of_its_batch_is_stored(lrs, spoil):
    good, bad = statement(), spoil(statement())
    assert lrs.post("statements", json=bad).status_code == 400
    assert lrs.post("statements", json=[good, bad]).status_code == 400
    assert lrs.get("statements", params={"statementId": good["id"]}).status_code == 404


def test_an_invalid_statement_is_refused_by_put(lrs, spoil):
    bad = spoil(statement())
    answer = lrs.put("statements", params={"statementId": fresh()}, json=without(bad, "id"))
    if "id" in bad and bad["id"] == "not-a-uuid":
        answer = lrs.put("statements", params={"statementId": bad["id"]}, json=bad)
    assert answer.status_code == 400
    assert answer.text not in ("", "null")


def test_one_id_twice_in_a_batch_is_refused(lrs):
    one = statement()
    assert lrs.post("statements", json=[one, one]).status_code == 400
    assert lrs.get("statements", params={"statementId": one["id"]}).status_code == 404


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b"1", b'"text"', b"null", b"\xff\xfe{}", b'{"id": NaN}'])
def test_a_body_that_holds_no_statement_is_refused(lrs, data):
    headers = {"Content-Type": "application/json"}
    assert lrs.post("statements", data=data, headers=headers).status_code == 400
    assert (
        lrs.put("statements", params={"statementId": fresh()}, data=data, headers=headers).status_code == 400
    )


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/octet-stream", "multipart/form-data; boundary=b"]
)
def test_a_statement_of_another_content_type_is_refused(lrs, kind):
    answer = lrs.post("statements", json=statement(), headers={"Content-Type": kind})
    assert answer.status_code == 400


def test_a_charset_beside_the_content_type_does_no_harm(lrs):
    answer = lrs.post(
        "statements", json=statement(), headers={"Content-Type": "application/json; charset=utf-8"}
    )
    assert answer.status_code == 200


def test_a_body_may_come_in_chunks(lrs):
    one = statement(result={"response": "课" * 5_000})
    text = json.dumps(one).encode()
    chunks = (text[at : at + 999] for at in range(0, len(text), 999))
    answer = lrs.post("statements", data=chunks, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    assert lrs.fetch(one["id"])["result"] == one["result"]


def test_post_of_statements_takes_no_parameter(lrs):
    one = statement()
    assert lrs.post("statements", params={"statementId": one["id"]}, json=one).status_code == 400


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_stored_is_the_stores_own_word_to_the_millisecond(lrs, method):
    claimed = "2011-07-15T00:00:00.000Z"
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    one = statement(stored=claimed)
    params = {"statementId": one["id"]} if method == "PUT" else {}
    assert lrs.request(method, "statements", params=params, json=one).status_code in (200, 204)
    stored = lrs.fetch(one["id"])["stored"]
    assert before <= moment(stored) <= datetime.now(UTC)
    assert re.search(r"\.\d{3}", stored)


def test_a_statement_without_a_timestamp_happened_when_it_was_stored(lrs):
    one = statement()
    lrs.send(one)
    stored = lrs.fetch(one["id"])
    assert stored["timestamp"] == stored["stored"]


@pytest.mark.parametrize("hours", [-24 * 400, 0, 1])
def test_a_timestamp_keeps_its_moment_even_in_the_future(lrs, hours):
    china = timezone(timedelta(hours=8))
    when = (datetime.now(china) + timedelta(hours=hours)).isoformat(timespec="milliseconds")
    one = statement(timestamp=when)
    lrs.send(one)
    assert moment(lrs.fetch(one["id"])["timestamp"]) == moment(when)


def test_the_store_vouches_for_a_statement_with_the_agent_of_the_credential(lrs):
    one, vouched = statement(), statement(authority=agent())
    lrs.send(one, vouched)
    authority = lrs.fetch(one["id"])["authority"]
    assert authority["objectType"] == "Agent"
    assert authority.keys() & {"mbox", "mbox_sha1sum", "openid", "account"}


def test_a_statement_keeps_its_version_and_gets_one_when_it_has_none(lrs):
    said, silent = statement(version=lrs.version), statement()
    lrs.send(said, silent)
    assert lrs.fetch(said["id"])["version"] == lrs.version
    assert lrs.fetch(silent["id"])["version"] == ("2.0.0" if lrs.is_2 else "1.0.0")


def test_text_of_any_script_comes_back_as_it_went(lrs):
    display = {"zh-CN": "参加了", "ja": "出席した", "ar": "حضر", "en-US": "attended 🎓 \u2028 \\u0041 <b>&"}
    one = statement(verb={"id": "http://example.org/verbs/参加", "display": display})
    lrs.send(one)
    assert lrs.fetch(one["id"])["verb"] == one["verb"]


def test_numbers_and_extensions_come_back_as_they_went(lrs):
    one = statement(
        result={
            "score": {"scaled": 0.1, "raw": 7, "min": -1.5, "max": 1e2},
            "duration": "PT1H0.5S",
            "extensions": {"http://example.org/x": {"deep": [1, None, {"a": 10**15, "b": False}]}},
        }
    )
    lrs.send(one)
    assert lrs.fetch(one["id"])["result"] == one["result"]


def test_a_single_context_activity_comes_back_in_a_list(lrs):
    parent, inner = activity(), activity()
    one = statement(
        context={"contextActivities": {"category": parent}},
        object=substatement(context={"contextActivities": {"other": inner}}),
    )
    lrs.send(one)
    stored = lrs.fetch(one["id"])
    assert stored["context"]["contextActivities"]["category"] == [parent]
    assert stored["object"]["context"]["contextActivities"]["other"] == [inner]


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_statements_know_no_other_method_even_from_a_stranger(lrs, method):
    for auth in (True, False):
        answer = lrs.request(method, "statements", params={"statementId": fresh()}, auth=auth)
        assert answer.status_code == 405


class TestVoiding:
    def test_a_voided_statement_is_found_only_by_its_own_parameter(self, lrs):
        one, kept = statement(), statement()
        lrs.send(one, kept)
        lrs.send(voiding(one["id"]))
        assert lrs.get("statements", params={"statementId": one["id"]}).status_code == 404
        answer = lrs.get("statements", params={"voidedStatementId": one["id"]})
        assert (answer.status_code, answer.json()["id"]) == (200, one["id"])
        assert lrs.get("statements", params={"voidedStatementId": kept["id"]}).status_code == 404
        assert lrs.get("statements", params={"voidedStatementId": fresh()}).status_code == 404

    def test_a_statement_may_be_voided_before_it_comes(self, lrs):
        one = statement()
        lrs.send(voiding(one["id"]))
        lrs.send(one)
        assert lrs.get("statements", params={"statementId": one["id"]}).status_code == 404
        assert lrs.get("statements", params={"voidedStatementId": one["id"]}).status_code == 200

    @pytest.mark.parametrize("order", [1, -1])
    def test_a_statement_may_be_voided_in_its_own_batch(self, lrs, order):
        one = statement()
        lrs.send(*[one, voiding(one["id"])][::order])
        assert lrs.get("statements", params={"voidedStatementId": one["id"]}).status_code == 200

    def test_a_voided_statement_stays_voided_when_voided_again(self, lrs):
        one = statement()
        lrs.send(one)
        for _ in range(2):
            assert lrs.post("statements", json=voiding(one["id"])).status_code in (200, 400, 409)
        assert lrs.get("statements", params={"voidedStatementId": one["id"]}).status_code == 200

    def test_a_voiding_statement_cannot_be_voided(self, lrs):
        one = statement()
        void = voiding(one["id"])
        lrs.send(one)
        lrs.send(void)
        assert lrs.post("statements", json=voiding(void["id"])).status_code in (200, 400)
        assert lrs.fetch(void["id"])["id"] == void["id"]
        assert lrs.get("statements", params={"statementId": one["id"]}).status_code == 404

    def test_the_voided_statement_leaves_the_lists_and_those_that_speak_of_it_stay(self, lrs):
        verb = {"id": f"http://example.org/verbs/{fresh()}"}
        one = statement(verb=verb)
        void = voiding(one["id"])
        lrs.send(one)
        lrs.send(void)
        speaks = statement(verb=verb, object=reference(one["id"]))
        lrs.send(speaks)
        first = lrs.get("statements", params={"voidedStatementId": one["id"]}).json()["stored"]
        last = lrs.fetch(speaks["id"])["stored"]
        assert lrs.find(verb=verb["id"]) == [speaks["id"], void["id"]]
        assert lrs.find(verb=verb["id"], since=first) == [speaks["id"], void["id"]]
        assert lrs.find(verb=verb["id"], until=last) == [speaks["id"], void["id"]]
        page = lrs.get("statements", params={"verb": verb["id"], "limit": 1}).json()
        assert [found["id"] for found in page["statements"]] == [speaks["id"]]
