"""What a filter finds is what reading every statement would find, whatever refers to what and whatever was voided."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from portrait.site import Site
from portrait.store.credential import Credential, add_credential
from portrait.xapi.wsgi import Application, application

AGENTS = [{"mbox": f"mailto:{name}@example.org"} for name in "abc"]
GROUP = {"objectType": "Group", "account": {"homePage": "https://example.org", "name": "g"}}
VERBS = [f"https://example.org/verb/{name}" for name in "xy"]
VOIDED = "http://adlnet.gov/expapi/verbs/voided"
ACTIVITIES = [f"https://example.org/activity/{name}" for name in "pqr"]
REGISTRATIONS = [str(UUID(int=number, version=4)) for number in (1, 2)]

Call = Callable[..., tuple[int, Any]]


def calling(app: Application, credential: Credential, heard: list[dict[str, str]] | None = None) -> Call:
    """Requests without a server: method, parameters and body in, status and JSON out; headers of answers are heard."""
    basic = b64encode(f"{credential.key}:{credential.secret}".encode()).decode()

    def call(method: str, parameters: dict[str, Any] | None = None, body: Any = None) -> tuple[int, Any]:
        sent = b"" if body is None else json.dumps(body).encode()
        said: list[str] = []
        answer = app(
            {
                "REQUEST_METHOD": method,
                "PATH_INFO": "/xapi/statements",
                "QUERY_STRING": urlencode(parameters or {}),
                "CONTENT_TYPE": "application/json",
                "CONTENT_LENGTH": str(len(sent)),
                "HTTP_AUTHORIZATION": f"Basic {basic}",
                "HTTP_X_EXPERIENCE_API_VERSION": "1.0.3",
                "wsgi.input": io.BytesIO(sent),
            },
            lambda status, headers: (said.append(status), heard is not None and heard.append(dict(headers))),
        )
        text = b"".join(answer)
        return int(said[0][:3]), json.loads(text) if text else None

    return call


def id_of(number: int) -> str:
    return str(UUID(int=1000 + number, version=4))


agent = st.sampled_from(AGENTS)
thing = st.sampled_from(ACTIVITIES).map(lambda iri: {"id": iri})
grouped = st.lists(agent, min_size=1, max_size=2, unique_by=lambda one: one["mbox"]).flatmap(
    lambda members: st.sampled_from(
        [{"objectType": "Group", "member": members}, {**GROUP, "member": members}, GROUP]
    )
)
context = st.fixed_dictionaries(
    {},
    optional={
        "registration": st.sampled_from(REGISTRATIONS),
        "instructor": agent,
        "team": grouped,
        "contextActivities": st.fixed_dictionaries(
            {}, optional={"parent": thing, "category": st.lists(thing, min_size=1, max_size=2)}
        ),
    },
)
plain = st.fixed_dictionaries(
    {
        "actor": st.one_of(agent, grouped),
        "verb": st.sampled_from(VERBS).map(lambda iri: {"id": iri}),
        "object": st.one_of(thing, agent.map(lambda one: {"objectType": "Agent", **one})),
    },
    optional={"context": context},
)
sub = plain.map(
    lambda inner: {
        "actor": AGENTS[0],
        "verb": {"id": VERBS[0]},
        "object": {"objectType": "SubStatement", **inner},
    }
)


@st.composite
def world(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A few statements, some referring to others (before or after them, themselves, or none), some voiding them."""
    many = draw(st.integers(2, 7))
    made = []
    for number in range(many):
        kind = draw(st.sampled_from(["plain", "plain", "sub", "ref", "void"]))
        if kind in ("ref", "void"):
            target = draw(st.integers(0, many))
            verb = VOIDED if kind == "void" else draw(st.sampled_from(VERBS))
            statement = {
                "actor": draw(agent),
                "verb": {"id": verb},
                "object": {"objectType": "StatementRef", "id": id_of(target)},
            }
        else:
            statement = dict(draw(plain if kind == "plain" else sub))
        made.append({**statement, "id": id_of(number)})
    return made


filters = st.fixed_dictionaries(
    {},
    optional={
        "agent": st.sampled_from([*AGENTS, GROUP]),
        "verb": st.sampled_from([*VERBS, VOIDED]),
        "activity": st.sampled_from(ACTIVITIES),
        "registration": st.sampled_from(REGISTRATIONS),
        "related_agents": st.just("true"),
        "related_activities": st.just("true"),
        "ascending": st.just("true"),
        "limit": st.integers(1, 3),
    },
)

# --- the same, read statement by statement -----------------------------------------------------------------------


def same_agent(one: dict[str, Any], wanted: dict[str, Any], members: bool = True) -> bool:
    keys = ("mbox", "account")
    if any(key in wanted and one.get(key) == wanted[key] for key in keys):
        return True
    return members and any(same_agent(member, wanted) for member in one.get("member", ()))


def is_agent(thing: dict[str, Any]) -> bool:
    return thing.get("objectType") in ("Agent", "Group")


def context_agents(part: dict[str, Any]) -> list[dict[str, Any]]:
    held = part.get("context", {})
    return [held[key] for key in ("instructor", "team") if key in held]


def agents_of(part: dict[str, Any], broad: bool) -> list[dict[str, Any]]:
    found = [part["actor"], *([part["object"]] if is_agent(part["object"]) else [])]
    if broad:
        found += context_agents(part)
        if part["object"].get("objectType") == "SubStatement":
            found += agents_of(part["object"], True)
    return found


def activities_of(part: dict[str, Any], broad: bool) -> list[str]:
    thing = part["object"]
    found = [thing["id"]] if thing.get("objectType", "Activity") == "Activity" else []
    if broad:
        for held in part.get("context", {}).get("contextActivities", {}).values():
            found += [one["id"] for one in (held if isinstance(held, list) else [held])]
        if thing.get("objectType") == "SubStatement":
            found += activities_of(thing, True)
    return found


def says(statement: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether the statement itself is what is asked for."""
    broad_agent, broad_activity = "related_agents" in wanted, "related_activities" in wanted
    return (
        ("verb" not in wanted or statement["verb"]["id"] == wanted["verb"])
        and (
            "registration" not in wanted
            or statement.get("context", {}).get("registration") == wanted["registration"]
        )
        and (
            "agent" not in wanted
            or any(same_agent(one, wanted["agent"]) for one in agents_of(statement, broad_agent))
        )
        and ("activity" not in wanted or wanted["activity"] in activities_of(statement, broad_activity))
    )


def target_of(statement: dict[str, Any]) -> str | None:
    thing = statement["object"]
    return str(thing["id"]) if thing.get("objectType") == "StatementRef" else None


def expected(statements: list[dict[str, Any]], wanted: dict[str, Any]) -> list[str]:
    """Ids in the order asked for, without a limit."""
    known = {one["id"]: one for one in statements}
    voided = {
        target_of(one)
        for one in statements
        if one["verb"]["id"] == VOIDED and known.get(target_of(one) or "", one)["verb"]["id"] != VOIDED
    }

    def hit(one: dict[str, Any], seen: frozenset[str]) -> bool:
        if says(one, wanted):
            return True
        target = target_of(one)
        return target in known and target not in seen and hit(known[target], seen | {target})

    found = [one["id"] for one in statements if one["id"] not in voided and hit(one, frozenset({one["id"]}))]
    return found if "ascending" in wanted else found[::-1]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(statements=world(), asked=st.lists(filters, min_size=4, max_size=8), batches=st.randoms())
def test_a_filter_finds_what_reading_every_statement_finds(
    site: Site, statements: list[dict[str, Any]], asked: list[dict[str, Any]], batches: Any
) -> None:
    clear(site.registry)
    with closing(application(site.registry)) as app:
        call = calling(app, add_credential(site.registry, source="test"))
        _compare(call, statements, asked, batches)


def _compare(call: Call, statements: list[dict[str, Any]], asked: list[dict[str, Any]], batches: Any) -> None:
    rest = list(statements)
    while rest:
        size = batches.randint(1, len(rest))
        assert call("POST", body=rest[:size])[0] == 200
        rest = rest[size:]
    for wanted in asked:
        parameters = {k: json.dumps(v) if isinstance(v, dict) else v for k, v in wanted.items()}
        found: list[str] = []
        status, page = call("GET", parameters)
        while status == 200:
            found += [one["id"] for one in page["statements"]]
            assert len(page["statements"]) <= wanted.get("limit", 500)
            if not page["more"]:
                break
            status, page = call("GET", dict(parse_qsl(urlsplit(page["more"]).query)))
        assert status == 200, page
        assert found == expected(statements, wanted), wanted


def clear(registry: Engine) -> None:
    with registry.begin() as connection:
        for table in ("statement", "mention", "echo", "credential", "agent", "activity"):
            connection.execute(text(f"DELETE FROM {table}"))
