"""What only xAPI 1.0.3 asks over HTTP: versions, refusals, requests spelled as forms, on both databases."""

import json
from urllib.parse import urlencode

import pytest

from tests.lrs import THROUGH, VERSION, activity, agent, fresh, statement, without

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
RESOURCES = ("statements", "activities", "activities/profile", "activities/state", "agents", "agents/profile")


def form(**fields):
    """Fields as a browser sends a form; `_` stands for `-`, an object is sent as JSON."""
    return urlencode(
        {
            name.replace("_", "-"): json.dumps(value) if isinstance(value, dict) else value
            for name, value in fields.items()
        }
    )


class TestVersion:
    @pytest.mark.parametrize("version", ["1.0", "1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.0.9"])
    def test_any_patch_is_understood_and_answered_with_the_latest(self, lrs_1, version):
        one = statement()
        answers = (
            lrs_1.post("statements", json=one, version=version),
            lrs_1.put("statements", params={"statementId": one["id"]}, json=one, version=version),
            lrs_1.get("statements", params={"statementId": one["id"]}, version=version),
            lrs_1.get("statements", params={"statementId": fresh()}, version=version),
            lrs_1.get("about", version=version),
            lrs_1.get("agents", version=version),
            lrs_1.delete("agents", version=version),
            lrs_1.get("statements", version=version, auth=False),
        )
        assert [answer.status_code for answer in answers] == [200, 204, 200, 404, 200, 400, 405, 401]
        assert {answer.headers[VERSION] for answer in answers} == {"1.0.3"}

    @pytest.mark.parametrize(
        "version", [None, "0.8", "0.95", "1.1.0", "1.0.", "BAD", "3.0.0", "1.0.3, 2.0.0", "1"]
    )
    @pytest.mark.parametrize("resource", RESOURCES)
    def test_no_version_or_a_foreign_one_is_refused_in_the_credentials_own(self, lrs_1, resource, version):
        answer = lrs_1.get(resource, version=version)
        assert answer.status_code == 400
        assert answer.headers[VERSION] == "1.0.3"

    @pytest.mark.parametrize("auth", [True, False])
    def test_nothing_is_done_without_a_version(self, lrs_1, auth):
        one = statement()
        put = {"params": {"statementId": one["id"]}, "json": one}
        for method, rest in (("GET", {}), ("POST", {"json": one}), ("PUT", put)):
            answer = lrs_1.request(method, "statements", version=None, auth=auth, **rest)
            assert answer.status_code == 400
            assert answer.headers[VERSION] == "1.0.3"
        assert lrs_1.get("statements", params={"statementId": one["id"]}).status_code == 404


class TestAbout:
    @pytest.mark.parametrize("auth", [True, False])
    @pytest.mark.parametrize("version", ["1.0.3", "1.0.0", None])
    def test_anyone_may_ask_what_the_store_speaks(self, lrs_1, auth, version):
        answer = lrs_1.get("about", auth=auth, version=version)
        assert answer.status_code == 200
        assert answer.headers[VERSION] == "1.0.3"
        assert "1.0.3" in answer.json()["version"]

    def test_a_client_of_1_hears_of_no_other(self, lrs_1):
        versions = lrs_1.get("about").json()["version"]
        assert set(versions) <= {"1.0.0", "1.0.1", "1.0.2", "1.0.3"}

    def test_head_is_get_without_the_body(self, lrs_1):
        answer = lrs_1.request("HEAD", "about")
        assert (answer.status_code, answer.content) == (200, b"")

    def test_about_is_only_read(self, lrs_1):
        assert lrs_1.post("about").status_code == 405


class TestRefusal:
    @pytest.mark.parametrize(
        "auth",
        [
            "Basic Zm9vOmJhcg==",
            "Basic:Um9iOlVzZXI=",
            "Basic !!",
            "Basic",
            "Basic bm9jb2xvbg==",
            "Bearer x",
            "Basic /w==",
        ],
    )
    def test_a_stranger_is_refused(self, lrs_1, auth):
        one = statement()
        put = {"params": {"statementId": one["id"]}, "json": one}
        for method, rest in (("GET", {}), ("POST", {"json": one}), ("PUT", put)):
            answer = lrs_1.request(method, "statements", auth=auth, **rest)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("Basic")
        assert lrs_1.get("statements", auth=auth, version="BAD").status_code in (400, 401)
        assert lrs_1.get("statements", params={"statementId": one["id"]}).status_code == 404

    def test_a_wrong_secret_is_refused_beside_a_right_one(self, lrs_1):
        from base64 import b64encode

        wrong = b64encode(f"{lrs_1.key}:wrong".encode()).decode()
        assert lrs_1.get("statements").status_code == 200
        assert lrs_1.get("statements", auth=f"Basic {wrong}").status_code == 401
        assert lrs_1.get("statements", auth=lrs_1.basic.replace("Basic", "basic")).status_code == 200

    @pytest.mark.parametrize(
        "path", ["", "nothing", "statements/more/nothing", "activities/nothing", "agents/x/y"]
    )
    def test_another_path_is_not_found(self, lrs_1, path):
        answer = lrs_1.get(path)
        assert answer.status_code == 404
        assert answer.headers[VERSION] == "1.0.3"

    def test_a_refusal_says_why(self, lrs_1):
        for answer in (
            lrs_1.get("statements", params={"foo": "bar"}),
            lrs_1.post("statements", json={}),
            lrs_1.get("agents"),
            lrs_1.get("statements", auth=False),
        ):
            assert answer.text not in ("", "null")


class TestState:
    """States of 1.0.3 need no tags: a player writes over what it wrote before."""

    def test_a_state_put_over_another_replaces_it(self, lrs_1):
        params = {"activityId": activity()["id"], "agent": agent(), "stateId": fresh()}
        for content in ({"a": 1}, {"b": 2}):
            assert lrs_1.put("activities/state", params=params, json=content).status_code == 204
        assert lrs_1.get("activities/state", params=params).json() == {"b": 2}


class TestForm:
    """Requests of pages that may only post forms: method in the query, all else in the fields."""

    def test_get(self, lrs_1):
        one = statement()
        lrs_1.send(one, statement())
        answer = lrs_1.post("statements?method=GET", data=form(limit=1), headers=FORM)
        assert answer.status_code == 200
        assert answer.json().keys() == {"statements", "more"}
        assert len(answer.json()["statements"]) == 1
        assert answer.headers[THROUGH]
        answer = lrs_1.post("statements?method=GET", data=form(statementId=one["id"]), headers=FORM)
        assert answer.json()["id"] == one["id"]

    def test_put(self, lrs_1):
        id = fresh()
        data = form(statementId=id, content=without(statement(), "id"))
        answer = lrs_1.post("statements?method=PUT", data=data, headers=FORM)
        assert (answer.status_code, answer.content) == (204, b"")
        assert lrs_1.fetch(id)["id"] == id

    def test_post(self, lrs_1):
        one = statement()
        data = form(content=one, Content_Type="application/json")
        answer = lrs_1.post("statements?method=POST", data=data, headers=FORM)
        assert (answer.status_code, answer.json()) == (200, [one["id"]])

    def test_headers_may_be_fields(self, lrs_1):
        id = fresh()
        fields = {"X_Experience_API_Version": "1.0.3", "Authorization": lrs_1.basic}
        data = form(statementId=id, content=without(statement(), "id"), **fields)
        answer = lrs_1.post("statements?method=PUT", data=data, headers=FORM, version=None, auth=False)
        assert answer.status_code == 204
        assert answer.headers[VERSION] == "1.0.3"
        assert lrs_1.fetch(id)["id"] == id

    @pytest.mark.parametrize(
        ("fields", "status"),
        [
            ({"X_Experience_API_Version": "0.8"}, 400),
            ({"Authorization": "Basic Zm9vOmJhcg=="}, 401),
            ({"Content_Type": "text/plain"}, 400),
        ],
    )
    def test_fields_are_as_strict_as_headers(self, lrs_1, fields, status):
        id = fresh()
        data = form(statementId=id, content=without(statement(), "id"), **fields)
        assert lrs_1.post("statements?method=PUT", data=data, headers=FORM).status_code == status
        assert lrs_1.get("statements", params={"statementId": id}).status_code == 404

    def test_a_document_lives_and_dies_by_forms(self, lrs_1):
        who = {"activityId": activity()["id"], "agent": agent(), "stateId": fresh()}
        path = "activities/state?method="
        data = form(content={"a": "课"}, Content_Type="application/json", **who)
        assert lrs_1.post(f"{path}PUT", data=data, headers=FORM).status_code == 204
        answer = lrs_1.post(f"{path}GET", data=form(**who), headers=FORM)
        assert answer.json() == {"a": "课"}
        wrong = form(If_Match='"1234"', **who)
        assert lrs_1.post(f"{path}DELETE", data=wrong, headers=FORM).status_code == 412
        right = form(If_Match=answer.headers["ETag"], **who)
        assert lrs_1.post(f"{path}DELETE", data=right, headers=FORM).status_code == 204
        assert lrs_1.get("activities/state", params=who).status_code == 404

    def test_a_document_may_be_text(self, lrs_1):
        who = {"activityId": activity()["id"], "profileId": fresh()}
        data = form(content="a=b&c=课", Content_Type="text/plain; charset=utf-8", **who)
        assert lrs_1.post("activities/profile?method=PUT", data=data, headers=FORM).status_code == 204
        answer = lrs_1.get("activities/profile", params=who)
        assert answer.content.decode() == "a=b&c=课"
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"

    def test_the_query_holds_nothing_but_the_method(self, lrs_1):
        id = fresh()
        data = form(statementId=id, content=without(statement(), "id"))
        params = {"method": "PUT", "statementId": id}
        assert lrs_1.post("statements", params=params, data=data, headers=FORM).status_code == 400
        assert lrs_1.get("statements", params={"statementId": id}).status_code == 404

    def test_only_post_may_stand_for_another_method(self, lrs_1):
        data = form(content=statement(), X_Experience_API_Version="1.0.3")
        for method in ("PUT", "GET", "DELETE"):
            answer = lrs_1.request(method, "statements", params={"method": "POST"}, data=data, headers=FORM)
            assert answer.status_code in ((400, 405) if method == "DELETE" else (400,))

    @pytest.mark.parametrize("method", ["PUT", "POST"])
    def test_what_is_written_stands_in_the_field_content(self, lrs_1, method):
        path = f"statements?method={method}"
        one = statement()
        for data in (
            b"",
            form(statementId=fresh()),
            json.dumps({"statementId": fresh(), "content": json.dumps(one)}),
        ):
            assert lrs_1.post(path, data=data, headers=FORM).status_code == 400
        assert lrs_1.post(path).status_code == 400
        assert lrs_1.get("statements", params={"statementId": one["id"]}).status_code == 404

    @pytest.mark.parametrize("method", ["PATCH", "DELETE", "nonsense", ""])
    def test_a_method_that_is_none_of_the_resources_is_refused(self, lrs_1, method):
        answer = lrs_1.post(f"statements?method={method}", data=form(limit=1), headers=FORM)
        assert answer.status_code in (400, 405)
