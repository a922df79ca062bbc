"""The store against a model that reads the rules of finding and voiding word by word, on both databases."""

from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lrs import (
    VOIDED,
    activity,
    agent,
    fresh,
    group,
    moment,
    reference,
    statement,
    substatement,
    without,
)

PEOPLE, VERBS, LESSONS, COURSES = range(3), range(3), range(3), range(2)
some = st.sampled_from
maybe = st.none() | some(PEOPLE)


@dataclass
class Pool:
    """What the statements of one example are made of and nobody else's are."""

    people: list = field(default_factory=lambda: [agent() for _ in PEOPLE])
    teams: list = field(default_factory=lambda: [group() for _ in PEOPLE])
    verbs: list = field(default_factory=lambda: [f"http://example.org/verbs/{fresh()}" for _ in VERBS])
    lessons: list = field(default_factory=lambda: [activity() for _ in LESSONS])
    courses: list = field(default_factory=lambda: [fresh() for _ in COURSES])


@st.composite
def plots(draw):
    """A few statements in numbers: who, in which role, did what, to what or about which other statement."""
    count = draw(st.integers(1, 9))
    plot = []
    for number in range(count):
        others = [other for other in range(count) if other != number]
        kinds = ["lesson", "person", "sub", "subperson"] + (["about", "about", "void"] if others else [])
        plot.append(
            {
                "kind": draw(some(kinds)),
                "other": draw(some(others)) if others else 0,
                "actor": draw(some(("agent", "team", "members"))),
                "who": draw(some(PEOPLE)),
                "verb": draw(some(VERBS)),
                "what": draw(some(LESSONS)),
                "course": draw(st.none() | some(COURSES)),
                "tutor": draw(maybe),
                "within": draw(maybe),
            }
        )
    for one in plot:  # what voids a voiding statement is either refused or ignored: neither is asked for here
        if one["kind"] == "void" and plot[one["other"]]["kind"] == "void":
            one["kind"] = "about"
    return plot


def told(pool, plot, ids, number):
    """One statement of a plot, to be sent."""
    one = plot[number]
    actor = {
        "agent": pool.people[one["who"]],
        "team": pool.teams[one["who"]] | {"member": [pool.people[one["who"]]]},
        "members": {"objectType": "Group", "member": [pool.people[one["who"]]]},
    }[one["actor"]]
    lesson = pool.lessons[one["what"]]
    context = {}
    if one["course"] is not None:
        context["registration"] = pool.courses[one["course"]]
    if one["tutor"] is not None:
        context["instructor"] = pool.people[one["tutor"]]
    if one["within"] is not None:
        context["contextActivities"] = {"grouping": [pool.lessons[one["within"]]]}
    verb = VOIDED if one["kind"] == "void" else pool.verbs[one["verb"]]
    things = {
        "lesson": lesson,
        "person": pool.people[one["what"]],
        "sub": substatement(object=lesson, actor=pool.people[one["what"]]),
        "subperson": substatement(
            object=pool.people[one["what"]], context={"instructor": pool.people[one["what"]]}
        ),
    }
    thing = things.get(one["kind"]) or reference(ids[one["other"]])
    return statement(id=ids[number], actor=actor, verb={"id": verb}, object=thing, context=context)


def same(left, right):
    return left["mbox"] == right["mbox"]


def people_of(one, related):
    """Agents and groups that a statement is found by."""
    places = [one["actor"], one["object"]]
    if related:
        inner = one["object"] if one["object"].get("objectType") == "SubStatement" else {}
        for holder in (one, inner):
            places += [holder.get("actor"), holder.get("object"), holder.get("context", {}).get("instructor")]
    for place in filter(None, places):
        if "mbox" in place:
            yield place
        yield from place.get("member", [])


def lessons_of(one, related):
    """Activities that a statement is found by."""
    if "definition" in one["object"]:
        yield one["object"]["id"]
    if related:
        yield from (place["id"] for place in one["context"].get("contextActivities", {}).get("grouping", []))
        if "definition" in one["object"].get("object", {}):
            yield one["object"]["object"]["id"]


def holds(one, query):
    """Whether a statement itself is what a query asks for."""
    if "verb" in query and one["verb"]["id"] != query["verb"]:
        return False
    if "registration" in query and one["context"].get("registration") != query["registration"]:
        return False
    if "agent" in query:
        people = people_of(one, query.get("related_agents", False))
        if not any(same(person, query["agent"]) for person in people):
            return False
    return "activity" not in query or query["activity"] in lessons_of(
        one, query.get("related_activities", False)
    )


def found(sent, query):
    """Ids of the statements that a query finds among those sent, oldest first: the rules, as slow as they read."""
    by_id = {one["id"]: one for one in sent}

    def target(one):
        return by_id.get(one["object"]["id"]) if one["object"].get("objectType") == "StatementRef" else None

    def meant(one):
        seen = set()
        while one is not None and one["id"] not in seen:
            if holds(one, query):
                return True
            seen.add(one["id"])
            one = target(one)
        return False

    voided = {target(one)["id"] for one in sent if one["verb"]["id"] == VOIDED}
    return [one["id"] for one in sent if one["id"] not in voided and meant(one)]


@st.composite
def queries(draw):
    """A query in numbers, with at least one filter."""
    names = draw(st.sets(some(("agent", "team", "verb", "activity", "registration")), min_size=1, max_size=2))
    query = {name: draw(some(COURSES)) for name in sorted(names - ({"team"} if "agent" in names else set()))}
    return query | {
        name: draw(st.booleans()) for name in ("related_agents", "related_activities", "ascending")
    }


def asked(pool, query):
    """A query with names for its numbers."""
    named = {
        "agent": lambda number: without(pool.people[number], "name"),
        "team": lambda number: without(pool.teams[number], "name"),
        "verb": lambda number: pool.verbs[number],
        "activity": lambda number: pool.lessons[number]["id"],
        "registration": lambda number: pool.courses[number],
    }
    asked = {name: named[name](value) if name in named else value for name, value in query.items()}
    return {"agent" if name == "team" else name: value for name, value in asked.items()}


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(
    plot=plots(),
    cut=st.integers(0, 9),
    many=st.lists(queries(), min_size=2, max_size=4),
    limit=st.integers(1, 4),
    pick=st.integers(0, 8),
)
def test_the_store_finds_what_the_rules_say(lrs_1, plot, cut, many, limit, pick):
    pool, ids = Pool(), [fresh() for _ in plot]
    sent = [told(pool, plot, ids, number) for number in range(len(plot))]
    for batch in (sent[:cut], sent[cut:]):
        if batch:
            lrs_1.send(*batch)
    stored = {}
    for id in ids:
        for name in ("statementId", "voidedStatementId"):
            answer = lrs_1.get("statements", params={name: id})
            if answer.ok:
                stored[id] = moment(answer.json()["stored"])
    assert stored.keys() == set(ids)
    edge = stored[ids[pick % len(ids)]]
    instant = edge.isoformat().replace("+00:00", "Z")
    for query in many:
        query = asked(pool, query)
        expected = found(sent, query)
        expected = expected if query["ascending"] else expected[::-1]
        assert lrs_1.find(**query) == expected
        assert lrs_1.find(**query, limit=limit) == expected
        assert lrs_1.find(**query, since=instant) == [id for id in expected if stored[id] > edge]
        assert lrs_1.find(**query, until=instant) == [id for id in expected if stored[id] <= edge]
