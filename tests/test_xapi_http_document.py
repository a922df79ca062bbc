"""State and profile documents over HTTP, and what the store knows of agents and activities, on both databases."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from tests.lrs import VERSION, activity, agent, fresh, statement, without

STATE, ACTIVITY_PROFILE, AGENT_PROFILE = "activities/state", "activities/profile", "agents/profile"
KINDS = {STATE: "stateId", ACTIVITY_PROFILE: "profileId", AGENT_PROFILE: "profileId"}
PROFILES = (ACTIVITY_PROFILE, AGENT_PROFILE)
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BYTES = {"Content-Type": "application/octet-stream"}


def owner(kind):
    """Parameters that say whose documents are meant: a fresh activity's, a fresh agent's or both."""
    found = {}
    if kind != AGENT_PROFILE:
        found["activityId"] = activity()["id"]
    if kind != ACTIVITY_PROFILE:
        found["agent"] = without(agent(), "name")
    return found


def one_of(kind):
    """Parameters that say which document is meant: one that nobody has stored yet."""
    return owner(kind) | {KINDS[kind]: fresh()}


def document():
    return {"name": fresh(), "location": {"name": fresh()}, fresh(): fresh()}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(params=PROFILES)
def profile(request):
    return request.param


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_document_stored_comes_back(lrs, kind, method):
    params, content = one_of(kind), document()
    answer = lrs.request(method, kind, params=params, json=content)
    assert (answer.status_code, answer.content) == (204, b"")
    answer = lrs.get(kind, params=params)
    assert (answer.status_code, answer.json()) == (200, content)
    assert answer.headers["Content-Type"].startswith("application/json")


def test_any_bytes_come_back_with_their_type(lrs, kind):
    params, content = one_of(kind), bytes(range(256))
    assert (
        lrs.put(kind, params=params, data=content, headers={"Content-Type": "image/png"}).status_code == 204
    )
    answer = lrs.get(kind, params=params)
    assert (answer.content, answer.headers["Content-Type"]) == (content, "image/png")


def test_json_comes_back_to_the_byte(lrs, kind):
    params, content = one_of(kind), b'{"b": 1.0,  "a": [1e2, "\xe8\xaf\xbe"]}'
    assert lrs.put(kind, params=params, data=content, headers=JSON).status_code == 204
    assert lrs.get(kind, params=params).content == content


def test_an_unknown_document_is_not_found(lrs, kind):
    assert lrs.get(kind, params=one_of(kind)).status_code == 404


def test_a_document_deleted_is_gone_and_deleting_it_again_does_no_harm(lrs, kind):
    params, kept = one_of(kind), one_of(kind)
    for which in (params, kept):
        lrs.post(kind, params=which, json=document())
    for _ in range(2):
        answer = lrs.delete(kind, params=params)
        assert (answer.status_code, answer.content) == (204, b"")
    assert lrs.get(kind, params=params).status_code == 404
    assert lrs.get(kind, params=kept).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "POST", "GET", "DELETE"])
def test_every_parameter_that_identifies_is_needed(lrs, kind, method):
    for missing in owner(kind):
        answer = lrs.request(method, kind, params=without(one_of(kind), missing), **body(method))
        assert answer.status_code == 400
    if method in ("PUT", "POST") or (method == "DELETE" and kind != STATE):
        assert lrs.request(method, kind, params=owner(kind), **body(method)).status_code == 400


def body(method):
    return {"json": document()} if method in ("PUT", "POST") else {}


@pytest.mark.parametrize("kind", [STATE, AGENT_PROFILE])
@pytest.mark.parametrize("method", ["PUT", "POST", "GET", "DELETE"])
def test_an_agent_that_is_none_is_refused(lrs, kind, method):
    for value in ("not JSON", True, {}, {"objectType": "Agent", "name": "Rick"}, '{"mbox""x"}', []):
        answer = lrs.request(method, kind, params=one_of(kind) | {"agent": value}, **body(method))
        assert answer.status_code == 400


@pytest.mark.parametrize("method", ["PUT", "POST", "GET", "DELETE"])
def test_a_registration_is_a_uuid(lrs, method):
    for value in (True, "x"):
        answer = lrs.request(method, STATE, params=one_of(STATE) | {"registration": value}, **body(method))
        assert answer.status_code == 400


@pytest.mark.parametrize("method", ["PUT", "POST", "GET", "DELETE"])
def test_an_activity_id_is_an_iri(lrs, method):
    for kind in (STATE, ACTIVITY_PROFILE):
        answer = lrs.request(method, kind, params=one_of(kind) | {"activityId": "no iri"}, **body(method))
        assert answer.status_code == 400


@pytest.mark.parametrize("method", ["PUT", "POST", "GET", "DELETE"])
def test_an_unknown_parameter_is_refused(lrs, kind, method):
    for name in ("foo", KINDS[kind].title()):
        answer = lrs.request(method, kind, params=one_of(kind) | {name: "x"}, **body(method))
        assert answer.status_code == 400


class TestList:
    """Without the id of a document the ids of all of them."""

    def test_the_ids_of_the_documents_of_an_owner(self, lrs, kind):
        whose, ids = owner(kind), [fresh(), fresh()]
        assert lrs.get(kind, params=whose).json() == []
        for id in ids:
            lrs.post(kind, params=whose | {KINDS[kind]: id}, json=document())
        answer = lrs.get(kind, params=whose)
        assert (answer.status_code, sorted(answer.json())) == (200, sorted(ids))

    def test_since_takes_what_changed_after_it(self, lrs, kind):
        params = one_of(kind)
        whose = without(params, KINDS[kind])
        before = (datetime.now(UTC) - timedelta(minutes=1)).isoformat(timespec="milliseconds")
        later = (datetime.now(UTC) + timedelta(minutes=1)).isoformat(timespec="milliseconds")
        lrs.post(kind, params=params, json=document())
        before, later = (text.replace("+00:00", "Z") for text in (before, later))
        assert lrs.get(kind, params=whose | {"since": before}).json() == [params[KINDS[kind]]]
        assert lrs.get(kind, params=whose | {"since": later}).json() == []

    @pytest.mark.parametrize("since", [True, "not a timestamp", "2022-02-30T00:00:00Z"])
    def test_since_is_a_timestamp(self, lrs, kind, since):
        assert lrs.get(kind, params=owner(kind) | {"since": since}).status_code == 400

    def test_an_owner_is_the_same_by_any_name(self, lrs):
        params = one_of(AGENT_PROFILE)
        lrs.post(AGENT_PROFILE, params=params, json={"a": 1})
        named = {"objectType": "Agent", "name": "Rick", "mbox": params["agent"]["mbox"]}
        assert lrs.get(AGENT_PROFILE, params=params | {"agent": named}).json() == {"a": 1}

    def test_all_states_of_an_activity_and_an_agent_go_at_once(self, lrs):
        whose, other = owner(STATE), one_of(STATE)
        for id in (fresh(), fresh()):
            lrs.post(STATE, params=whose | {"stateId": id, "registration": fresh()}, json=document())
        lrs.post(STATE, params=whose | {"stateId": fresh()}, json=document())
        lrs.post(STATE, params=other | {"agent": whose["agent"]}, json=document())
        assert len(lrs.get(STATE, params=whose).json()) == 3
        assert lrs.delete(STATE, params=whose).status_code == 204
        answer = lrs.get(STATE, params=whose)
        assert (answer.status_code, answer.json()) == (200, [])
        assert lrs.get(STATE, params=other | {"agent": whose["agent"]}).status_code == 200

    def test_a_registration_keeps_states_apart(self, lrs):
        params, registration = one_of(STATE), fresh()
        lrs.put(STATE, params=params, json={"whose": "none's"})
        lrs.put(STATE, params=params | {"registration": registration}, json={"whose": "the first's"})
        assert lrs.get(STATE, params=params).json() == {"whose": "none's"}
        assert lrs.get(STATE, params=params | {"registration": registration}).json() == {
            "whose": "the first's"
        }
        assert lrs.get(STATE, params=params | {"registration": fresh()}).status_code == 404
        whose = without(params, "stateId") | {"registration": registration}
        assert lrs.get(STATE, params=whose).json() == [params["stateId"]]
        assert lrs.delete(STATE, params=whose).status_code == 204
        assert lrs.get(STATE, params=params | {"registration": registration}).status_code == 404
        assert lrs.get(STATE, params=params).status_code == 200


class TestMerge:
    """Posting JSON upon JSON."""

    def merged(self, lrs, kind, first, second):
        params = one_of(kind)
        for content in (first, second):
            assert lrs.post(kind, params=params, json=content).status_code == 204
        return lrs.get(kind, params=params).json()

    def test_new_keys_are_added(self, lrs, kind):
        assert self.merged(lrs, kind, {"car": "Honda"}, {"type": "Civic"}) == {
            "car": "Honda",
            "type": "Civic",
        }

    def test_old_keys_are_overwritten(self, lrs, kind):
        assert self.merged(lrs, kind, {"car": "MKX"}, {"car": "MKZ"}) == {"car": "MKZ"}

    def test_only_the_first_level_is_merged(self, lrs, kind):
        first = {
            "car": {"make": "Ford", "year": 1},
            "driver": "Dale",
            "series": {"nascar": {"series": "sprint"}},
        }
        second = {"car": {"make": "Dodge"}, "series": {"nascar": {}}}
        assert self.merged(lrs, kind, first, second) == second | {"driver": "Dale"}

    def test_nothing_else_is_merged_into_json(self, lrs, kind):
        params, content = one_of(kind), document()
        assert lrs.post(kind, params=params, json=content).status_code == 204
        for data, type in (
            (b"abcdefg", "not/json"),
            (b"abcdefg", "application/octet-stream"),
            (b"abc", "application/x-www-form-urlencoded"),
            (b'{"a": 1}', "text/plain"),
            (b'{"a": 1}{', "application/json"),
            (b'["a"]', "application/json"),
            (b"", "application/json"),
            (b'{"a": "\xff"}', "application/json"),
        ):
            answer = lrs.post(kind, params=params, data=data, headers={"Content-Type": type})
            assert (answer.status_code, data, type) == (400, data, type)
        assert lrs.get(kind, params=params).json() == content

    def test_json_is_not_merged_into_anything_else(self, lrs, kind):
        params, content = one_of(kind), b"/ asdf / undefined"
        headers = BYTES if kind == STATE else BYTES | {"If-None-Match": "*"}
        assert lrs.put(kind, params=params, data=content, headers=headers).status_code == 204
        assert lrs.post(kind, params=params, json=document()).status_code == 400
        answer = lrs.get(kind, params=params)
        assert (answer.status_code, answer.content) == (200, content)

    @pytest.mark.parametrize("end", ["{", "["])
    def test_broken_json_is_refused_even_when_nothing_is_there(self, lrs, kind, end):
        params = one_of(kind)
        assert lrs.post(kind, params=params, data='{"a": 1}' + end, headers=JSON).status_code == 400
        assert lrs.get(kind, params=params).status_code == 404

    @pytest.mark.parametrize("data", ["1", "true", "abc"])
    def test_what_a_browsers_form_sends_is_a_document_too(self, lrs, kind, data):
        params = one_of(kind)
        assert lrs.post(kind, params=params, data=data, headers=FORM).status_code == 204
        assert lrs.get(kind, params=params).text == data

    def test_a_charset_does_not_keep_json_from_being_merged(self, lrs, kind):
        params = one_of(kind)
        headers = {"Content-Type": "application/json; charset=UTF-8"}
        assert lrs.post(kind, params=params, data='{"a": "课"}', headers=headers).status_code == 204
        assert lrs.post(kind, params=params, json={"b": 2}).status_code == 204
        assert lrs.get(kind, params=params).json() == {"a": "课", "b": 2}


class TestCondition:
    """ETags keep two writers from overwriting each other."""

    @pytest.fixture
    def there(self, lrs, kind):
        """Parameters, content and tag of a stored document."""
        params, content = one_of(kind), document()
        assert lrs.post(kind, params=params, json=content).status_code == 204
        return params, content, lrs.get(kind, params=params).headers["ETag"]

    def test_the_tag_is_a_sha1_in_quotes_and_changes_with_the_document(self, lrs, kind, there):
        params, _, tag = there
        assert re.fullmatch(r'"[0-9a-fA-F]{40}"', tag)
        lrs.post(kind, params=params, json={"more": fresh()})
        assert lrs.get(kind, params=params).headers["ETag"] != tag
        assert lrs.request("HEAD", kind, params=params).headers["ETag"] != tag

    def test_a_wrong_tag_fails_and_changes_nothing(self, lrs, kind, there):
        params, content, _ = there
        for tag in ('"1234"', '"1111111111111111111111111111111111111111"', "1234"):
            for method in ("PUT", "POST", "DELETE"):
                answer = lrs.request(method, kind, params=params, headers={"If-Match": tag}, **body(method))
                assert answer.status_code == 412
        answer = lrs.get(kind, params=params)
        assert (answer.status_code, answer.json()) == (200, content)

    @pytest.mark.parametrize("method", ["PUT", "POST"])
    def test_the_right_tag_writes(self, lrs, kind, there, method):
        params, content, tag = there
        new = content | {"name": fresh()}
        for match in (tag, "*"):
            answer = lrs.request(method, kind, params=params, headers={"If-Match": match}, json=new)
            assert answer.status_code == 204
        assert lrs.get(kind, params=params).json() == new
        stale = lrs.request(method, kind, params=params, headers={"If-Match": tag}, json=content)
        assert stale.status_code == 412

    def test_one_of_several_tags_is_enough(self, lrs, kind, there):
        params, _, tag = there
        headers = {"If-Match": f'"1234", {tag}'}
        assert lrs.put(kind, params=params, headers=headers, json=document()).status_code == 204

    def test_the_right_tag_deletes(self, lrs, kind, there):
        params, _, tag = there
        assert lrs.delete(kind, params=params, headers={"If-Match": tag}).status_code == 204
        assert lrs.get(kind, params=params).status_code == 404

    def test_a_tag_of_what_is_not_there_fails(self, lrs, kind):
        params = one_of(kind)
        headers = {"If-Match": '"1111111111111111111111111111111111111111"'}
        assert lrs.put(kind, params=params, headers=headers, json=document()).status_code == 412
        assert lrs.get(kind, params=params).status_code == 404

    def test_if_none_match_writes_only_what_is_new(self, lrs, kind):
        params, content = one_of(kind), document()
        headers = {"If-None-Match": "*"}
        assert lrs.put(kind, params=params, headers=headers, json=content).status_code == 204
        assert lrs.put(kind, params=params, headers=headers, json=document()).status_code == 412
        assert lrs.get(kind, params=params).json() == content

    def test_putting_a_profile_blindly_over_another_is_a_conflict(self, lrs, profile):
        params, content = one_of(profile), document()
        assert lrs.put(profile, params=params, json=content).status_code == 204
        answer = lrs.put(profile, params=params, json=document())
        assert answer.status_code == 409
        assert answer.text
        assert lrs.get(profile, params=params).json() == content

    def test_posting_and_deleting_need_no_tag(self, lrs, kind, there):
        params, content, _ = there
        assert lrs.post(kind, params=params, json={"more": 1}).status_code == 204
        assert lrs.get(kind, params=params).json() == content | {"more": 1}
        assert lrs.delete(kind, params=params).status_code == 204


def test_a_document_says_when_it_was_last_modified(lrs, kind):
    params = one_of(kind)
    before = datetime.now(UTC).replace(microsecond=0)
    lrs.post(kind, params=params, json=document())
    for method in ("GET", "HEAD"):
        modified = parsedate_to_datetime(lrs.request(method, kind, params=params).headers["Last-Modified"])
        assert before <= modified <= datetime.now(UTC)


def test_head_is_get_without_the_body(lrs, kind):
    params = one_of(kind)
    lrs.post(kind, params=params, json=document())
    for which in (params, without(params, KINDS[kind])):
        answer = lrs.request("HEAD", kind, params=which)
        assert (answer.status_code, answer.content, answer.headers[VERSION]) == (200, b"", lrs.version)
    assert lrs.request("HEAD", kind, params=one_of(kind)).status_code == 404


def test_a_body_sent_with_get_and_delete_is_ignored(lrs, kind):
    params, content = one_of(kind), document()
    lrs.post(kind, params=params, json=content)
    assert lrs.get(kind, params=params, json={"any": "thing"}).json() == content
    assert lrs.delete(kind, params=params, json={"any": "thing"}).status_code == 204


class TestActivities:
    def test_an_activity_comes_back_whole(self, lrs):
        one = statement(
            object=activity(extensions={"http://example.org/x": 1}, moreInfo="http://example.org/m")
        )
        lrs.send(one)
        answer = lrs.get("activities", params={"activityId": one["object"]["id"]})
        assert (answer.status_code, answer.json()) == (200, one["object"])

    def test_what_several_statements_say_of_it_is_joined(self, lrs):
        first = activity(name={"en-US": "example meeting"})
        second = first | {"definition": first["definition"] | {"name": {"fr-FR": "réunion"}}}
        lrs.send(statement(object=first), statement(object=second))
        name = lrs.get("activities", params={"activityId": first["id"]}).json()["definition"]["name"]
        assert name == {"en-US": "example meeting", "fr-FR": "réunion"}

    def test_a_bare_mention_takes_nothing_away(self, lrs):
        one = activity()
        lrs.send(statement(object=one))
        lrs.send(statement(object={"id": one["id"]}))
        assert lrs.get("activities", params={"activityId": one["id"]}).json() == one

    def test_an_unknown_activity_is_its_id(self, lrs):
        id = activity()["id"]
        answer = lrs.get("activities", params={"activityId": id})
        assert (answer.status_code, answer.json()) == (200, {"objectType": "Activity", "id": id})

    @pytest.mark.parametrize(
        "params", [{}, {"activityId": "no iri"}, {"ActivityId": "http://example.org/x"}], ids=str
    )
    def test_an_activity_is_asked_for_by_iri(self, lrs, params):
        assert lrs.get("activities", params=params).status_code == 400


class TestAgents:
    IDENTIFIERS = (
        {"mbox": f"mailto:{fresh()}@example.org"},
        {"mbox_sha1sum": fresh().replace("-", "") + "89abcdef"},
        {"openid": f"http://{fresh()}.example.org/"},
        {"account": {"homePage": "http://example.org/", "name": fresh()}},
    )

    @pytest.mark.parametrize("identifier", IDENTIFIERS, ids=lambda identifier: next(iter(identifier)))
    def test_a_person_is_lists_of_what_is_known(self, lrs, identifier):
        lrs.send(statement(actor={"objectType": "Agent", "name": "Rick"} | identifier))
        answer = lrs.get("agents", params={"agent": identifier})
        assert answer.status_code == 200
        person = answer.json()
        assert person["objectType"] == "Person"
        assert "Rick" in person["name"]
        ((kind, value),) = identifier.items()
        assert value in person[kind]
        assert all(isinstance(told, list) for name, told in person.items() if name != "objectType")

    def test_an_unknown_agent_is_what_was_asked(self, lrs):
        who = agent()
        person = lrs.get("agents", params={"agent": who}).json()
        assert person == {"objectType": "Person", "name": [who["name"]], "mbox": [who["mbox"]]}

    @pytest.mark.parametrize(
        "params", [{}, {"agent": {"objectType": "Agent", "name": "Rick"}}, {"agent": "x"}], ids=str
    )
    def test_an_agent_is_asked_for_by_an_identifier(self, lrs, params):
        assert lrs.get("agents", params=params).status_code == 400


@pytest.mark.parametrize("resource", ["activities", "agents"])
def test_activities_and_agents_are_only_read(lrs, resource):
    params = {"activityId": activity()["id"]} if resource == "activities" else {"agent": agent()}
    for method in ("POST", "PUT", "DELETE"):
        assert lrs.request(method, resource, params=params).status_code == 405
        assert lrs.request(method, resource, params=params, auth=False, version="1.0.1").status_code == 405
    answer = lrs.request("HEAD", resource, params=params)
    assert (answer.status_code, answer.content) == (200, b"")
