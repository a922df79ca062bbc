"""The store as the clients meet it that teachers' platforms are built with."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tincan import (
    Activity,
    ActivityDefinition,
    ActivityProfileDocument,
    Agent,
    AgentProfileDocument,
    Attachment,
    LanguageMap,
    RemoteLRS,
    StateDocument,
    Statement,
    StatementRef,
    Verb,
)

from tests.lrs import VOIDED, fresh

SCRIPT = Path(__file__).with_name("client.cjs")


class TestTinCanPython:
    """`tincan` speaks 1.0.3, spells truth as True and knows no id but of UUID versions 1 to 5."""

    @pytest.fixture
    def client(self, lrs_1):
        return RemoteLRS(endpoint=lrs_1.url, username=lrs_1.key, password=lrs_1.secret)

    @pytest.fixture
    def actor(self):
        return Agent(name="Rick", mbox=f"mailto:{fresh()}@example.org")

    @pytest.fixture
    def lesson(self):
        return Activity(
            id=f"http://example.org/activities/{fresh()}",
            definition=ActivityDefinition(name=LanguageMap({"zh-CN": "第一课"})),
        )

    def statement(self, actor, lesson, **more):
        verb = Verb(id="http://example.org/verbs/answered", display=LanguageMap({"en-US": "answered"}))
        return Statement(actor=actor, verb=verb, object=lesson, **more)

    def test_about(self, client):
        answer = client.about()
        assert answer.success
        assert "1.0.3" in answer.content.version

    def test_a_statement_saved_is_retrieved(self, client, actor, lesson):
        one = self.statement(actor, lesson)
        saved = client.save_statement(one)
        assert saved.success, saved.data
        found = client.retrieve_statement(saved.content.id)
        assert found.success, found.data
        assert found.content.actor.mbox == actor.mbox
        assert found.content.object.definition.name["zh-CN"] == "第一课"
        assert found.content.stored == found.content.timestamp

    def test_a_statement_saved_twice_is_one(self, client, actor, lesson):
        one = self.statement(actor, lesson, id=fresh())
        for _ in range(2):
            assert client.save_statement(one).response.status == 204
        other = self.statement(actor, lesson, id=str(one.id))
        other.verb = Verb(id="http://example.org/verbs/other")
        refused = client.save_statement(other)
        assert (refused.success, refused.response.status) == (False, 409)

    def test_a_query_goes_on_by_more_until_the_end(self, client, actor, lesson):
        saved = client.save_statements([self.statement(actor, lesson) for _ in range(5)])
        assert saved.success, saved.data
        query = {"agent": actor, "limit": 2, "ascending": True, "related_agents": True, "format": "exact"}
        page = client.query_statements(query)
        found = []
        while True:
            assert page.success, page.data
            found += [one.id for one in page.content.statements]
            if not page.content.more:
                break
            page = client.more_statements(page.content)
        assert found == [one.id for one in saved.content]

    def test_a_query_by_verb_activity_and_time(self, client, actor, lesson):
        first, second = (client.save_statement(self.statement(actor, lesson)).content for _ in range(2))
        stored = client.retrieve_statement(first.id).content.stored.isoformat()
        verb = Verb(id="http://example.org/verbs/answered")
        later = client.query_statements({"activity": lesson, "verb": verb, "since": stored})
        assert [one.id for one in later.content.statements] == [second.id]
        earlier = client.query_statements({"activity": lesson, "until": stored, "attachments": False})
        assert [one.id for one in earlier.content.statements] == [first.id]

    def test_a_voided_statement(self, client, actor, lesson):
        one = client.save_statement(self.statement(actor, lesson)).content
        void = Statement(actor=actor, verb=Verb(id=VOIDED), object=StatementRef(id=one.id))
        assert client.save_statement(void).success
        assert client.retrieve_statement(one.id).response.status == 404
        assert client.retrieve_voided_statement(one.id).content.id == one.id

    def test_a_linked_attachment(self, client, actor, lesson):
        linked = Attachment(
            usage_type="http://example.org/usage",
            display=LanguageMap({"en-US": "A file"}),
            content_type="text/plain",
            length=27,
            sha2="495395e777cd98da653df9615d09c0fd6bb2f8d4788394cd53c56a3bfdcd848a",
            fileurl="http://example.org/file.txt",
        )
        saved = client.save_statement(self.statement(actor, lesson, attachments=[linked]))
        assert saved.success, saved.data

    def test_a_state_is_saved_over_and_over_and_cleared(self, client, actor, lesson):
        for content in ("page 1", "page 2"):  # each is put twice by this client, without a tag
            state = StateDocument(id="bookmark", content=content, activity=lesson, agent=actor)
            assert client.save_state(state).response.status == 204
        assert client.retrieve_state(lesson, actor, "bookmark").content.content == bytearray(b"page 2")
        assert client.retrieve_state_ids(lesson, actor).content == ["bookmark"]
        assert client.delete_state(state).success
        assert client.retrieve_state(lesson, actor, "bookmark").response.status == 404
        client.save_state(state)
        assert client.clear_state(lesson, actor).success
        assert client.retrieve_state_ids(lesson, actor).content == []

    def test_an_activity_profile(self, client, lesson):
        profile = ActivityProfileDocument(
            id="p", content='{"a": 1}', activity=lesson, content_type="application/json"
        )
        assert client.save_activity_profile(profile).success
        found = client.retrieve_activity_profile(lesson, "p")
        assert json.loads(found.content.content) == {"a": 1}
        assert client.retrieve_activity_profile_ids(lesson).content == ["p"]
        assert client.save_activity_profile(profile).response.status == 409
        profile.etag = found.response.getheader("ETag")
        assert client.save_activity_profile(profile).success
        assert client.delete_activity_profile(profile).success
        assert client.retrieve_activity_profile(lesson, "p").response.status == 404

    def test_an_agent_profile(self, client, actor):
        profile = AgentProfileDocument(id="p", content="text", agent=actor)
        assert client.save_agent_profile(profile).success
        assert client.retrieve_agent_profile(actor, "p").content.content == bytearray(b"text")
        assert client.retrieve_agent_profile_ids(actor).content == ["p"]
        assert client.delete_agent_profile(profile).success
        assert client.retrieve_agent_profile_ids(actor).content == []


@pytest.fixture(scope="session")
def node():
    """Runs a script with Node.js and the package @xapi/xapi; skips where they are not, and fails in CI where only the package lacks."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("没有 Node.js")
    folder = os.environ.get("XAPI_NODE_MODULES", str(Path(sys.prefix) / "node" / "node_modules"))
    environment = os.environ | {"NODE_PATH": folder}
    known = subprocess.run(
        [program, "-e", "require.resolve('@xapi/xapi')"],
        env=environment,
        cwd=SCRIPT.parent,
        capture_output=True,
    )
    if known.returncode:
        reason = "没有 npm 包 @xapi/xapi：make test 会装上它，或用 XAPI_NODE_MODULES 指出 node_modules"
        pytest.fail(reason) if os.environ.get("CI") and shutil.which("npm") else pytest.skip(reason)

    def run(*arguments):
        done = subprocess.run(
            [program, *arguments], env=environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
def test_xapi_for_javascript(node, lrs_1, version):
    """@xapi/xapi goes through every resource once; it names the credential's 1.0.3 or asks for 2.0."""
    seen = node(str(SCRIPT), f"{lrs_1.url}/", lrs_1.key, lrs_1.secret, version)
    assert version in seen["about"]
    assert seen["read"]["id"] == seen["ids"][0]
    assert seen["read"]["actor"]["mbox"] == seen["mbox"]
    assert (seen["again"], seen["conflict"]) == (0, 409)
    assert (seen["parts"], seen["carrying"]) == (2, True)
    assert [id for page in seen["pages"] for id in page] == [*seen["ids"], seen["carried"]]
    assert [len(page) for page in seen["pages"]] == [2, 2, 1]
    assert (seen["gone"], seen["voided"]) == (404, True)
    assert seen["state"] == {"page": 1, "score": 7}
    assert seen["replaced"] == {"page": 2}
    assert (seen["stale"], seen["stateless"]) == (412, 404)
    assert seen["states"] == ["bookmark"]
    assert (seen["activityProfile"], seen["activityProfiles"]) == ({"a": 1, "b": 2}, ["p"])
    assert (seen["agentProfile"], seen["agentProfiles"]) == ({"a": 1}, ["p"])
    assert seen["person"] == {"objectType": "Person", "name": ["Rick"], "mbox": [seen["mbox"]]}
    assert seen["activity"]["id"] == seen["activityId"]
