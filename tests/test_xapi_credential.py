"""What a credential may do at each resource of the store over HTTP, on both databases."""

from datetime import UTC, datetime

import pytest

from portrait.errors import InputError, NotFound
from portrait.store.credential import add_credential, list_credentials, revoke_credential
from portrait.xapi.wsgi import application
from tests.lrs import activity, agent, fresh, reference, statement, voiding

READING = ("statements", "activities", "activities/state", "activities/profile", "agents", "agents/profile")


def parameters(resource):
    who, what = agent(), activity()["id"]
    return {
        "statements": {},
        "activities": {"activityId": what},
        "activities/state": {"activityId": what, "agent": who, "stateId": fresh()},
        "activities/profile": {"activityId": what, "profileId": fresh()},
        "agents": {"agent": who},
        "agents/profile": {"agent": who, "profileId": fresh()},
    }[resource]


@pytest.fixture
def here(lrs_house):
    """A client of a source of its own, which may do all."""
    return lrs_house.client(source=f"here {fresh()[:8]}")


def test_one_who_may_only_write_reads_nothing(lrs_house, lrs_1):
    writer = lrs_house.client(rights="write")
    one = statement()
    assert writer.post("statements", json=one).status_code == 200
    assert lrs_1.fetch(one["id"])["id"] == one["id"]
    for resource in READING:
        for method in ("GET", "HEAD"):
            assert writer.request(method, resource, params=parameters(resource)).status_code == 403
    assert writer.get("about").status_code == 200


@pytest.mark.parametrize("rights", ["read-own", "read-all"])
def test_one_who_may_only_read_writes_nothing(lrs_house, lrs_1, rights):
    reader = lrs_house.client(rights=rights)
    one = statement()
    assert reader.post("statements", json=one).status_code == 403
    assert reader.put("statements", params={"statementId": one["id"]}, json=one).status_code == 403
    assert lrs_1.get("statements", params={"statementId": one["id"]}).status_code == 404
    for resource in READING[2:4]:
        params = parameters(resource)
        for method in ("PUT", "POST"):
            assert reader.request(method, resource, params=params, json={"a": 1}).status_code == 403
        assert reader.delete(resource, params=params).status_code == 403
        assert lrs_1.get(resource, params=params).status_code == 404


@pytest.mark.parametrize("rights", ["read-own", "own"])
def test_one_who_reads_the_own_sees_no_other_source(lrs_house, lrs_1, here, rights):
    own = lrs_house.client(source=f"there {fresh()[:8]}", rights="own")
    reader = lrs_house.client(source=source_of(lrs_house, own), rights=rights)
    verb = {"id": f"http://example.org/verbs/{fresh()}"}
    mine, other, void = (statement(verb=verb) for _ in range(3))
    own.send(mine)
    here.send(other, void)
    here.send(voiding(void["id"]))
    assert reader.find(verb=verb["id"]) == [mine["id"]]
    assert len(here.find(verb=verb["id"])) == 3  # with the voiding statement
    assert reader.fetch(mine["id"])["id"] == mine["id"]
    for name, id in (("statementId", other["id"]), ("voidedStatementId", void["id"])):
        assert reader.get("statements", params={name: id}).status_code == 404
        assert here.get("statements", params={name: id}).status_code == 200


def source_of(house, client):
    """The source a client's credential belongs to."""
    return next(one.source for one in list_credentials(house.registry) if one.key == client.key)


def test_a_statement_about_anothers_is_not_a_way_to_find_it(lrs_house, here):
    own = lrs_house.client(source=f"there {fresh()[:8]}", rights="own")
    secret = statement()
    here.send(secret)
    about = statement(object=reference(secret["id"]))
    own.send(about)
    assert secret["id"] not in own.find(verb=secret["verb"]["id"])
    assert own.get("statements", params={"statementId": secret["id"]}).status_code == 404


@pytest.mark.parametrize("resource", ["activities/state", "activities/profile", "agents/profile"])
def test_the_documents_of_another_source_are_out_of_reach_of_one_who_reads_the_own(lrs_house, here, resource):
    own = lrs_house.client(source=f"there {fresh()[:8]}", rights="own")
    params = parameters(resource)
    named = "stateId" if "stateId" in params else "profileId"
    whose = {name: value for name, value in params.items() if name != named}
    here.put(resource, params=params, json={"secret": 1})
    assert own.get(resource, params=params).status_code == 404
    assert own.get(resource, params=whose).json() == []
    assert own.post(resource, params=params, json={}).status_code == 403
    tag = here.get(resource, params=params).headers["ETag"]
    assert own.put(resource, params=params, json={}, headers={"If-Match": tag}).status_code == 403
    assert own.delete(resource, params=params).status_code == 403
    if named == "stateId":
        assert own.delete(resource, params=whose).status_code == 204
    assert here.get(resource, params=params).json() == {"secret": 1}
    assert own.get(resource, params=params).status_code == 404


def test_the_authority_is_the_credentials_account_whatever_is_claimed(here, lrs_1):
    one = statement(authority=agent())
    here.send(one)
    authority = lrs_1.fetch(one["id"])["authority"]
    assert authority["account"]["name"] == here.key


def test_an_ended_credential_opens_nothing(lrs_house):
    client = lrs_house.client()
    revoke_credential(lrs_house.registry, client.key, moment=datetime.now(UTC))
    assert client.get("statements").status_code == 401
    with pytest.raises(InputError):
        revoke_credential(lrs_house.registry, client.key, moment=datetime.now(UTC))
    with pytest.raises(NotFound):
        revoke_credential(lrs_house.registry, "nobody", moment=datetime.now(UTC))


@pytest.mark.parametrize("wrong", [{"rights": "everything"}, {"version": "0.95"}, {"rate": -1}], ids=str)
def test_a_credential_that_cannot_be_is_not_made(lrs_house, wrong):
    before = len(list_credentials(lrs_house.registry))
    with pytest.raises(InputError):
        add_credential(lrs_house.registry, source="test", **wrong)
    assert len(list_credentials(lrs_house.registry)) == before


def test_a_page_in_another_browser_tab_may_ask_before_it_sends(lrs_1):
    asked = {"Origin": "https://course.example.org", "Access-Control-Request-Method": "PUT"}
    answer = lrs_1.request("OPTIONS", "statements", auth=False, version=None, headers=asked)
    assert answer.status_code == 204
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    answer = lrs_1.get("statements", params={"limit": 1}, headers={"Origin": asked["Origin"]})
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", asked["Origin"])


def test_nothing_beside_the_mount_is_served(sqlite_site):
    app = application(sqlite_site.registry, mount="/xapi")
    seen = []
    for path in ("/statements", "/xapistatements", "/other/statements", "/xapi/statements"):
        environ = {"REQUEST_METHOD": "DELETE", "PATH_INFO": path, "QUERY_STRING": ""}
        app(environ, lambda status, headers: seen.append(int(status.split()[0])))
    app.close()
    assert seen == [404, 404, 404, 405]
