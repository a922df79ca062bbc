"""What only xAPI 2.0 asks over HTTP, on both databases."""

import json
from urllib.parse import urlencode

import pytest

from tests.lrs import (
    SIGNATURE,
    VERSION,
    activity,
    agent,
    attachment,
    file_part,
    fresh,
    group,
    json_part,
    mixed,
    statement,
)
from tests.signing import sign

RESOURCES = ("statements", "activities", "activities/profile", "activities/state", "agents", "agents/profile")


@pytest.mark.parametrize("version", ["2.0", "2.0.0", "2.0.1"])
def test_any_patch_is_understood_and_answered_with_the_latest(lrs_2, version):
    one = statement()
    answers = (
        lrs_2.post("statements", json=one, version=version),
        lrs_2.get("statements", params={"statementId": one["id"]}, version=version),
        lrs_2.get("about", version=version),
        lrs_2.get("agents", version=version),
        lrs_2.get("statements", version=version, auth=False),
    )
    assert [answer.status_code for answer in answers] == [200, 200, 200, 400, 401]
    assert {answer.headers[VERSION] for answer in answers} == {"2.0.0"}


@pytest.mark.parametrize("version", [None, "2.1", "2", "20.0", "BAD"])
def test_no_version_or_a_foreign_one_is_refused_in_the_credentials_own(lrs_2, version):
    one = statement()
    for resource in RESOURCES:
        answer = lrs_2.get(resource, version=version)
        assert (answer.status_code, answer.headers[VERSION]) == (400, "2.0.0")
    put = {"params": {"statementId": one["id"]}, "json": one}
    for method, rest in (("POST", {"json": one}), ("PUT", put)):
        answer = lrs_2.request(method, "statements", version=version, **rest)
        assert (answer.status_code, answer.headers[VERSION]) == (400, "2.0.0")
    assert lrs_2.get("statements", params={"statementId": one["id"]}).status_code == 404


def test_the_rules_follow_the_version_that_is_asked_for(lrs_2):
    """A credential of 2.0 may speak 1.0.3 for once and meets its rules: the state written over blindly."""
    params = {"activityId": activity()["id"], "agent": agent(), "stateId": fresh()}
    assert lrs_2.put("activities/state", params=params, json={"a": 1}, version="1.0.3").status_code == 204
    answer = lrs_2.put("activities/state", params=params, json={"b": 1}, version="1.0.3")
    assert (answer.status_code, answer.headers[VERSION]) == (204, "1.0.3")
    assert lrs_2.put("activities/state", params=params, json={"c": 1}).status_code == 409


def test_about_lists_the_older_versions_first(lrs_2):
    versions = lrs_2.get("about").json()["version"]
    assert versions[-1] == "2.0.0"
    assert "1.0.3" in versions


def test_putting_a_state_blindly_over_another_is_a_conflict(lrs_2):
    params = {"activityId": activity()["id"], "agent": agent(), "stateId": fresh()}
    assert lrs_2.put("activities/state", params=params, json={"a": 1}).status_code == 204
    answer = lrs_2.put("activities/state", params=params, json={"b": 1})
    assert answer.status_code == 409
    assert answer.text
    assert lrs_2.get("activities/state", params=params).json() == {"a": 1}


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
def test_a_form_stands_for_no_other_method(lrs_2, method):
    one = statement()
    data = urlencode({"statementId": one["id"], "content": json.dumps(one)})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = lrs_2.post(f"statements?method={method}", data=data, headers=headers)
    assert answer.status_code in ((400, 405) if method == "DELETE" else (400,))
    assert lrs_2.get("statements", params={"statementId": one["id"]}).status_code == 404


def test_a_duration_finer_than_a_hundredth_is_kept_or_cut_and_never_rounded(lrs_2):
    one = statement(result={"duration": "P1DT12H36M0.12567S"})
    lrs_2.send(one)
    assert lrs_2.fetch(one["id"])["result"]["duration"] in ("P1DT12H36M0.12567S", "P1DT12H36M0.12S")


def test_durations_are_compared_by_the_hundredth(lrs_2):
    short, full = "P1DT12H36M0.12S", "P1DT12H36M0.1237S"
    one = statement(result={"duration": short})
    boundary = f"-------------__{fresh()}__123__456"
    token = sign(json.dumps(one).encode())
    described = attachment(token, usageType=SIGNATURE, contentType="application/octet-stream")
    sent = one | {"result": {"duration": full}, "attachments": [described]}
    body = mixed(json_part(sent), file_part(token), boundary=boundary)
    headers = {"Content-Type": f"multipart/mixed; boundary={boundary}"}
    assert lrs_2.post("statements", data=body, headers=headers).status_code == 200
    other = statement(result={"duration": short})
    lrs_2.send(other)
    assert lrs_2.post("statements", json=other | {"result": {"duration": full}}).status_code == 200
    assert (
        lrs_2.post("statements", json=other | {"result": {"duration": "P1DT12H36M0.13S"}}).status_code == 409
    )


def test_agents_and_groups_of_the_context_are_related(lrs_2):
    tutor, class_, member = agent(), group(), agent()
    one = statement(
        context={
            "contextAgents": [
                {
                    "objectType": "contextAgent",
                    "agent": tutor,
                    "relevantTypes": ["http://example.org/roles/tutor"],
                }
            ],
            "contextGroups": [
                {
                    "objectType": "contextGroup",
                    "group": class_ | {"member": [member]},
                    "relevantTypes": ["http://example.org/roles/class"],
                }
            ],
        }
    )
    lrs_2.send(one)
    for who in (tutor, class_, member):
        assert lrs_2.find(agent=who) == []
        assert lrs_2.find(agent=who, related_agents=True) == [one["id"]]
    assert lrs_2.fetch(one["id"])["context"] == one["context"]


def test_a_client_of_1_sees_what_a_client_of_2_stored(lrs_1, lrs_2):
    one = statement()
    lrs_2.send(one)
    assert lrs_1.fetch(one["id"])["version"] == "2.0.0"
    assert lrs_1.post("statements", json=one).status_code in (200, 409)
