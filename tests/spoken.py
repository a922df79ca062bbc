"""Statements to try things with: one of each sort, whole ones made at random, and single changes to them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)

ACCOUNT = {"homePage": "https://learn.example.org", "name": "t-0017"}
AGENT = {"objectType": "Agent", "name": "一位教师", "account": ACCOUNT}
GROUP = {
    "objectType": "Group",
    "name": "备课组",
    "member": [{"mbox": "mailto:a@example.org"}, {"mbox": "mailto:b@example.org"}],
}
ACTIVITY = {
    "objectType": "Activity",
    "id": "https://learn.example.org/course/7/unit/3",
    "definition": {
        "name": {"zh-CN": "第三单元", "en": "Unit 3"},
        "description": {"zh-CN": "课堂提问"},
        "type": "http://adlnet.gov/expapi/activities/module",
        "moreInfo": "https://learn.example.org/course/7",
        "extensions": {"https://learn.example.org/x/level": {"deep": [None, "", {}]}},
    },
}
REFERENCE = {"objectType": "StatementRef", "id": "8F87ccde-bb56-4c2e-ab83-44982ef22df0"}
SHA = "495395e777cd98da653df9615d09c0fd6bb2f8d4788394cd53c56a3bfdcd848a"
ATTACHMENT = {
    "usageType": "https://learn.example.org/use/essay",
    "display": {"zh-CN": "作业"},
    "description": {"zh-CN": "一篇反思"},
    "contentType": "text/plain; charset=utf-8",
    "length": 27,
    "sha2": SHA,
    "fileUrl": "https://learn.example.org/file/1",
}
CONTEXT = {
    "registration": "ec531277-b57b-4c15-8d91-d292c5b2b8f7",
    "instructor": AGENT,
    "team": GROUP,
    "contextActivities": {
        "parent": [{"id": "https://learn.example.org/course/7"}],
        "grouping": {"id": "https://learn.example.org/programme/1", "objectType": "Activity"},
        "category": [],
        "other": [{"id": "urn:uuid:ec531277-b57b-4c15-8d91-d292c5b2b8f7"}],
    },
    "revision": "2",
    "platform": "学习平台",
    "language": "zh-CN",
    "statement": REFERENCE,
    "extensions": {"https://learn.example.org/x/session": None},
}
RESULT = {
    "score": {"scaled": 0.86, "raw": 86, "min": 0, "max": 100.0},
    "success": True,
    "completion": False,
    "response": "choice_a[,]choice_b",
    "duration": "PT1H0M0.1S",
    "extensions": {},
}
STATEMENT: dict[str, Any] = {
    "id": "fd41c918-b88b-4b20-a0a5-a4c32391aaa0",
    "actor": AGENT,
    "verb": {"id": "http://adlnet.gov/expapi/verbs/completed", "display": {"en-US": "completed"}},
    "object": ACTIVITY,
    "result": RESULT,
    "context": CONTEXT,
    "timestamp": "2024-05-18T05:32:34.804Z",
    "stored": "2024-05-18T05:32:35.001Z",
    "authority": AGENT,
    "version": "1.0.3",
    "attachments": [ATTACHMENT],
}
SUB = {
    "objectType": "SubStatement",
    **{
        key: STATEMENT[key]
        for key in ("actor", "verb", "object", "result", "context", "timestamp", "attachments")
    },
}
NEW_CONTEXT = {
    "contextAgents": [
        {
            "objectType": "contextAgent",
            "agent": AGENT,
            "relevantTypes": ["https://learn.example.org/type/tutor"],
        }
    ],
    "contextGroups": [{"objectType": "contextGroup", "group": GROUP}],
}


def fresh(value: Any) -> Any:
    """A copy that shares nothing, not even what occurs twice in the value (as deepcopy's do)."""
    if isinstance(value, dict):
        return {key: fresh(part) for key, part in value.items()}
    return [fresh(part) for part in value] if isinstance(value, list) else value


def with_object(thing: dict[str, Any]) -> dict[str, Any]:
    """A statement about this object, without what only activities may have."""
    made = fresh({**STATEMENT, "object": thing})
    for name in ("revision", "platform"):
        del made["context"][name]
    return made


def interaction(kind: str, **lists: Any) -> dict[str, Any]:
    return {"id": "https://learn.example.org/q/1", "definition": {"interactionType": kind, **lists}}


def put(whole: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """A copy in which this place has this value; a place that is not there is made, `...` takes it away."""
    made = fresh(whole)
    inner = made
    for key in path[:-1]:
        inner = inner[key] if isinstance(inner, list) else inner.setdefault(key, {})
    if value is ...:
        del inner[path[-1]]
    elif isinstance(inner, list) and path[-1] == len(inner):
        inner.append(value)
    else:
        inner[path[-1]] = value
    return made


def places(whole: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every value below the top."""
    found: list[tuple[str | int, ...]] = []
    pairs = whole.items() if isinstance(whole, dict) else enumerate(whole) if isinstance(whole, list) else ()
    for key, value in pairs:
        found += [(*path, key), *places(value, (*path, key))]
    return found


def _some(needed: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(needed, optional=optional)


IRIS = st.sampled_from(
    [
        "https://learn.example.org/course/7",
        "http://例子.example/动词/读#完成",
        "urn:uuid:ec531277-b57b-4c15-8d91-d292c5b2b8f7",
        "tag:example.org,2024:x",
        "https://learn.example.org/?q=%E6%95%99&p=a[0]",
    ]
)
UUIDS = st.uuids().flatmap(lambda one: st.sampled_from([str(one), str(one).upper()]))
TAGS = st.sampled_from(
    ["en", "zh-CN", "zh-Hans-CN", "de-CH-1901", "sr-Latn", "i-enochian", "x-own", "az-Arab-x-AZE-derbend"]
)
MAPS = st.dictionaries(TAGS, st.text(max_size=6), max_size=2)
EXTENSIONS = st.dictionaries(IRIS, JSON, max_size=2)
TIMES = st.datetimes().map(lambda time: f"{time.isoformat()}Z")
DURATIONS = st.sampled_from(["PT0S", "P4W", "P3Y", "PT4H35M59.14S", "P3Y1M29DT4H35M59.14S", "PT0,5H"])
IDENTIFIERS = st.one_of(
    _some({"mbox": st.sampled_from(["mailto:a@example.org", "mailto:教师@例子.example"])}, {}),
    _some({"mbox_sha1sum": st.sampled_from(["a" * 40, "0123456789ABCDEF" * 2 + "01234567"])}, {}),
    _some({"openid": IRIS}, {}),
    _some({"account": _some({"homePage": IRIS, "name": st.text(max_size=6)}, {})}, {}),
)


def _joined(
    one: st.SearchStrategy[dict[str, Any]], other: st.SearchStrategy[dict[str, Any]]
) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(one, other).map(lambda pair: {**pair[0], **pair[1]})


AGENTS = _joined(IDENTIFIERS, _some({}, {"objectType": st.just("Agent"), "name": st.text(max_size=6)}))
GROUPS = st.one_of(
    _some(
        {"objectType": st.just("Group"), "member": st.lists(AGENTS, min_size=1, max_size=3)},
        {"name": st.text(max_size=6)},
    ),
    _joined(IDENTIFIERS, _some({"objectType": st.just("Group")}, {"member": st.lists(AGENTS, max_size=2)})),
)
PARTS = st.lists(
    _some({"id": st.text(max_size=4)}, {"description": MAPS}), max_size=3, unique_by=lambda part: part["id"]
)
DEFINITIONS = st.one_of(
    _some({}, {"name": MAPS, "description": MAPS, "type": IRIS, "moreInfo": IRIS, "extensions": EXTENSIONS}),
    _some(
        {"interactionType": st.just("choice")},
        {"choices": PARTS, "correctResponsesPattern": st.lists(st.text(max_size=4))},
    ),
    _some({"interactionType": st.just("matching")}, {"source": PARTS, "target": PARTS}),
)
ACTIVITIES = _some({"id": IRIS}, {"objectType": st.just("Activity"), "definition": DEFINITIONS})
SCORES = st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3, unique=True).map(
    lambda three: dict(zip(("min", "raw", "max"), sorted(three), strict=True))
)
RESULTS = _some(
    {},
    {
        "score": SCORES,
        "success": st.booleans(),
        "completion": st.booleans(),
        "response": st.text(max_size=6),
        "duration": DURATIONS,
        "extensions": EXTENSIONS,
    },
)
_HOLDERS = ACTIVITIES | st.lists(ACTIVITIES, max_size=2)
CONTEXTS = _some(
    {},
    {
        "registration": UUIDS,
        "instructor": AGENTS | GROUPS,
        "team": GROUPS,
        "contextActivities": _some({}, dict.fromkeys(("parent", "grouping", "category", "other"), _HOLDERS)),
        "language": TAGS,
        "statement": _some({"objectType": st.just("StatementRef"), "id": UUIDS}, {}),
        "extensions": EXTENSIONS,
    },
)
VERBS = _some({"id": IRIS}, {"display": MAPS})
THINGS = st.one_of(
    ACTIVITIES,
    AGENTS.map(lambda agent: {**agent, "objectType": "Agent"}),
    GROUPS,
    _some({"objectType": st.just("StatementRef"), "id": UUIDS}, {}),
)
ATTACHMENTS = st.lists(
    _some(
        {
            "usageType": IRIS,
            "display": MAPS,
            "contentType": st.sampled_from(["text/plain", 'a/b; c="d e"', "application/vnd.x+json;v=1"]),
            "length": st.integers(0, 10**9),
            "sha2": st.sampled_from([SHA, SHA.upper(), "0" * 56, "f" * 96, "1" * 128]),
        },
        {"description": MAPS, "fileUrl": IRIS},
    ),
    max_size=2,
)
_SHARED = {"result": RESULTS, "context": CONTEXTS, "timestamp": TIMES, "attachments": ATTACHMENTS}
_CORE = {"actor": AGENTS | GROUPS, "verb": VERBS}
SUBS = _some({"objectType": st.just("SubStatement"), **_CORE, "object": THINGS}, _SHARED)
STATEMENTS = _some(
    {**_CORE, "object": THINGS | SUBS},
    {
        **_SHARED,
        "id": UUIDS,
        "stored": TIMES,
        "authority": AGENTS,
        "version": st.sampled_from(["1.0", "1.0.0", "1.0.9"]),
    },
)
