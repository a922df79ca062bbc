"""Whatever is sent to the store, at once or one by one, it answers 2xx or 4xx and never stores half of it."""

import json
import random
from urllib.parse import quote

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.lrs import (
    activity,
    agent,
    attachment,
    file_part,
    fresh,
    json_part,
    mixed,
    statement,
    substatement,
    without,
)

RESOURCES = (
    "statements",
    "activities",
    "activities/state",
    "activities/profile",
    "agents",
    "agents/profile",
    "about",
)
NAMES = (
    *("statementId", "voidedStatementId", "agent", "verb", "activity", "registration", "since", "until"),
    *("related_activities", "related_agents", "limit", "format", "attachments", "ascending", "more"),
    *("activityId", "stateId", "profileId", "method", "cursor"),
)
patiently = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

# Every character there is, NUL and lone surrogates among them: JSON can spell what no database can store.
text = st.text(max_size=20)
leaf = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | text
    | st.sampled_from((10**400, "\x00", "\ud800"))
)
anything = st.recursive(
    leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3), max_leaves=8
)
header = st.text(st.characters(codec="latin-1", exclude_categories=("Cc",)), max_size=30).map(str.strip)
content_type = header | st.sampled_from(
    (
        "application/json",
        "application/json; charset=utf-16",
        "multipart/mixed",
        "multipart/mixed; boundary=b",
        "application/x-www-form-urlencoded",
        "text/plain",
        "",
    )
)


def spelled(value):
    return json.dumps(value).encode()


def fair(answer):
    """Whether the store took or refused what was sent."""
    assert 200 <= answer.status_code < 300 or 400 <= answer.status_code < 500, answer.text
    return answer.ok


def whole():
    """A statement with something of everything in it."""
    return statement(
        object=substatement(object=activity(extensions={"http://example.org/x": [1]})),
        result={"score": {"scaled": 0.5, "raw": 1}, "success": True, "duration": "PT1M", "response": "x"},
        context={
            "registration": fresh(),
            "instructor": agent(),
            "team": {"objectType": "Group", "member": [agent()]},
            "contextActivities": {"category": [activity()]},
            "language": "zh-CN",
            "extensions": {"http://example.org/y": {"a": None}},
        },
        timestamp="2022-09-01T08:00:00.123+08:00",
        attachments=[attachment(b"x", fileUrl="http://example.org/x")],
    )


def places(value, path=()):
    """Paths to every value inside a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in inside:
        yield (*path, name)
        yield from places(inner, (*path, name))


PLACES = tuple(places(whole()))


@st.composite
def mutants(draw):
    """A statement with one place taken out, replaced or added to."""
    one = whole()
    *path, last = draw(st.sampled_from(PLACES))
    at = one
    for name in path:
        at = at[name]
    change = draw(st.sampled_from(("remove", "replace", "add")))
    if change == "remove":
        del at[last]
    elif change == "replace" or not isinstance(at, dict):
        at[last] = draw(anything)
    else:
        at[draw(text)] = draw(anything)
    return one


@patiently
@given(
    body=st.binary(max_size=60) | anything.map(spelled), kind=content_type, version=header | st.just("1.0.3")
)
@example(body=b"[" * 100_000, kind="application/json", version="1.0.3")
@example(body=b'{"id":' + b"9" * 10_000 + b"}", kind="application/json", version="1.0.3")
@example(body=b'"\\ud800"', kind="application/json", version="2.0.0")
@example(body=b"\xef\xbb\xbf{}", kind="application/json", version="2.0.0")
def test_any_body_is_answered(lrs, body, kind, version):
    headers = {"Content-Type": kind}
    fair(lrs.post("statements", data=body, headers=headers, version=version or None))
    params = {"statementId": fresh()}
    fair(lrs.put("statements", params=params, data=body, headers=headers, version=version or None))


@patiently
@given(mutant=mutants(), position=st.integers(0, 2))
def test_a_batch_is_stored_whole_or_not_at_all(lrs, mutant, position):
    registration = fresh()
    good = [statement(context={"registration": registration}) for _ in range(2)]
    batch = [*good[:position], mutant, *good[position:]]
    stored = fair(lrs.post("statements", data=spelled(batch), headers={"Content-Type": "application/json"}))
    found = lrs.find(registration=registration)
    assert sorted(found) == (sorted(one["id"] for one in good) if stored else [])


@patiently
@given(mutant=mutants())
def test_what_is_stored_comes_back_in_every_format(lrs, mutant):
    answer = lrs.post("statements", data=spelled(mutant), headers={"Content-Type": "application/json"})
    if fair(answer):
        (id,) = answer.json()
        for format in ("exact", "ids", "canonical"):
            assert lrs.fetch(id, format=format)["id"].lower() == id.lower()


@patiently
@given(data=st.data())
def test_any_body_in_parts_is_answered_and_a_refused_one_leaves_nothing(lrs, data):
    one = statement(attachments=[attachment(b"here is a file")])
    body = mixed(json_part(one), file_part(b"here is a file"), boundary="b")
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 40)))
    body = body[:start] + data.draw(st.binary(max_size=20)) + body[end:]
    answer = lrs.post("statements", data=body, headers={"Content-Type": "multipart/mixed; boundary=b"})
    if not fair(answer):
        assert lrs.get("statements", params={"statementId": one["id"]}).status_code == 404


@patiently
@given(
    body=st.binary(max_size=60) | anything.map(spelled),
    kind=content_type,
    match=header,
    resource=st.sampled_from(("activities/state", "activities/profile", "agents/profile")),
    id=text.filter(bool),
    method=st.sampled_from(("PUT", "POST")),
)
@example(body=b"{}", kind="application/json", match="", resource="activities/state", id="\x00", method="PUT")
@example(
    body=b'{"a":"\\u0000"}',
    kind="application/json",
    match="*",
    resource="agents/profile",
    id="x",
    method="POST",
)
def test_any_document_is_answered_and_comes_back(lrs, body, kind, match, resource, id, method):
    params = {"activityId": activity()["id"], "agent": agent(), "stateId": id, "profileId": id}
    extra = {"activities/state": ("profileId",), "activities/profile": ("agent", "stateId")}
    params = without(params, *extra.get(resource, ("activityId", "stateId")))
    query = "&".join(f"{name}={quoted(value)}" for name, value in params.items())
    headers = {"Content-Type": kind} | ({"If-None-Match": match} if match else {})
    stored = fair(lrs.request(method, f"{resource}?{query}", data=body, headers=headers))
    answer = lrs.get(f"{resource}?{query}")
    assert fair(answer) == stored
    if stored:
        assert answer.content == body


def quoted(value):
    value = value if isinstance(value, str) else json.dumps(value)
    return quote(value.encode("utf-8", "surrogatepass"), safe="")


@patiently
@given(
    method=st.sampled_from(("GET", "HEAD", "DELETE")),
    resource=st.sampled_from(RESOURCES) | st.binary(max_size=8).map(quote),
    query=st.lists(
        st.tuples(
            st.sampled_from(NAMES) | text.map(quoted),
            (
                anything.map(quoted)
                | st.binary(max_size=20).map(quote)
                | st.sampled_from(("true", "1", "", "%", "+"))
            ),
        ),
        max_size=3,
    ),
    headers=st.dictionaries(
        st.sampled_from(("Accept-Language", "If-Match", "Content-Type", "Authorization", "Accept")),
        header,
        max_size=2,
    ),
)
@example(method="GET", resource="statements", query=[("verb", "%00")], headers={})
@example(method="GET", resource="statements", query=[("activity", "http://x/%ff")], headers={})
@example(method="GET", resource="statements", query=[("limit", "9" * 30)], headers={})
@example(method="GET", resource="statements", query=[("since", "0001-01-01T00:00:00%2B14:00")], headers={})
@example(method="GET", resource="statements", query=[("until", "9999-12-31T23:59:59-14:00")], headers={})
@example(method="GET", resource="activities", query=[("activityId", "http://x/%00")], headers={})
@example(
    method="GET",
    resource="agents",
    query=[("agent", quoted({"account": {"homePage": "http://x", "name": "\x00"}}))],
    headers={},
)
def test_any_question_is_answered(lrs, method, resource, query, headers):
    spelled_query = "&".join(f"{name}={value}" for name, value in query)
    fair(lrs.request(method, f"{resource}?{spelled_query}", headers=headers))


def test_one_id_sent_at_once_with_equal_content_is_stored_once(lrs):
    one = statement()
    answers = lrs.at_once(*[lambda own: own.post("statements", json=one)] * 24)
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, [one["id"]])] * 24
    assert lrs.find(verb=one["verb"]["id"]) == [one["id"]]


def test_one_id_sent_at_once_with_different_content_is_stored_once(lrs):
    verb = {"id": f"http://example.org/verbs/{fresh()}"}
    id = fresh()
    many = [statement(id=id, verb=verb) for _ in range(24)]
    answers = lrs.at_once(*[lambda own, one=one: own.post("statements", json=[one]) for one in many])
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 23
    (winner,) = (one for one, answer in zip(many, answers, strict=True) if answer.ok)
    assert lrs.find(verb=verb["id"]) == [id]
    assert lrs.fetch(id)["actor"] == winner["actor"]


def test_a_batch_that_loses_an_id_loses_all(lrs):
    shared, verb = fresh(), {"id": f"http://example.org/verbs/{fresh()}"}
    batches = [[statement(verb=verb), statement(id=shared), statement(verb=verb)] for _ in range(8)]
    answers = lrs.at_once(*[lambda own, batch=batch: own.post("statements", json=batch) for batch in batches])
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    (winner,) = (answer.json() for answer in answers if answer.ok)
    assert sorted(lrs.find(verb=verb["id"])) == sorted((winner[0], winner[2]))


def test_overlapping_batches_of_the_same_people_and_lessons_do_not_block_each_other(lrs):
    actors, lessons = [agent() for _ in range(6)], [activity() for _ in range(6)]
    registration = fresh()

    def send(seed):
        pick = random.Random(seed)

        def work(own):
            codes = []
            for _ in range(5):
                batch = [
                    statement(actor=actor, object=lesson, context={"registration": registration})
                    for actor, lesson in zip(pick.sample(actors, 6), pick.sample(lessons, 6), strict=True)
                ]
                codes.append(own.post("statements", json=batch).status_code)
            return codes

        return work

    assert lrs.at_once(*map(send, range(4))) == [[200] * 5] * 4
    assert len(lrs.find(registration=registration)) == 4 * 5 * 6


def test_documents_merged_at_once_lose_nothing(lrs):
    params = {"activityId": activity()["id"], "agent": agent(), "stateId": fresh()}
    works = [
        lambda own, number=number: own.post("activities/state", params=params, json={f"key {number}": number})
        for number in range(8)
    ]
    assert [answer.status_code for answer in lrs.at_once(*works)] == [204] * 8
    assert lrs.get("activities/state", params=params).json() == {
        f"key {number}": number for number in range(8)
    }


def test_of_several_who_create_a_document_at_once_one_does(lrs):
    params = {"activityId": activity()["id"], "profileId": fresh()}
    headers = {"If-None-Match": "*"}
    works = [
        lambda own, number=number: own.put(
            "activities/profile", params=params, json={"n": number}, headers=headers
        )
        for number in range(8)
    ]
    answers = lrs.at_once(*works)
    assert sorted(answer.status_code for answer in answers) == [204] + [412] * 7
    winner = next(number for number, answer in enumerate(answers) if answer.ok)
    assert lrs.get("activities/profile", params=params).json() == {"n": winner}
