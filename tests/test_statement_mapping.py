"""What becomes of xAPI statements: kind, mark, time and course by the published verbs of the profiles in use, each decided once."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from portrait.hashing import key_number
from portrait.identity import load_secret
from portrait.intake.door import BatchReport, intake
from portrait.record import Kind
from portrait.site import Site
from tests.inbox import waiting

REAL = Path(os.environ.get("TEACHER_DATA") or Path(__file__).parents[2] / "shared" / "data")
ADL, TIN, ACROSS, EDX = (
    "http://adlnet.gov/expapi/verbs/",
    "http://id.tincanapi.com/verb/",
    "https://w3id.org/xapi/acrossx/verbs/",
    "https://w3id.org/xapi/openedx/verb/",
)
VIDEO_VERB, STREAM = "https://w3id.org/xapi/video/verbs/", "http://activitystrea.ms/schema/1.0/"
COURSE = "http://adlnet.gov/expapi/activities/course"
VIDEO = "https://w3id.org/xapi/video/activity-type/video"
PROBLEM = "http://adlnet.gov/expapi/activities/cmi.interaction"
DISCUSSION = "http://id.tincanapi.com/activitytype/discussion"
AU, MODULE = "http://adlnet.gov/expapi/activities/lesson", "http://adlnet.gov/expapi/activities/module"
QUIZ, ASSIGN = "http://adlnet.gov/expapi/activities/assessment", "http://id.tincanapi.com/activitytype/assign"
SITE = "http://id.tincanapi.com/activitytype/lms"
SEGMENTS = "https://w3id.org/xapi/video/extensions/played-segments"
LENGTH = "https://w3id.org/xapi/video/extensions/length"
CMI5 = {"contextActivities": {"category": [{"id": "https://w3id.org/xapi/cmi5/context/categories/cmi5"}]}}
MARK = {"score": {"raw": 8, "max": 10, "scaled": 0.8}}


def statement(verb: str, kind: str, result: Any = None, context: Any = None, **more: Any) -> dict[str, Any]:
    """A statement of one learner about an activity of a type in course 7."""
    course = {"id": "https://lms.example/course/7", "definition": {"type": COURSE}}
    there = {"contextActivities": {"grouping": [{"id": "https://lms.example"}, course]}}
    there["contextActivities"] |= (context or {}).get("contextActivities", {})
    said = {
        "id": f"00000000-0000-4000-8000-{len(verb + kind):012}",
        "actor": {"account": {"homePage": "https://lms.example", "name": "u1"}},
        "verb": {"id": verb},
        "object": {"id": "https://lms.example/x/1", "definition": {"type": kind}},
        "timestamp": "2022-05-10T01:00:00Z",
        "context": {**(context or {}), **there},
    }
    return said | ({"result": result} if result else {}) | more


# verb, type of the object, result, context → kind, count, (mark, of), seconds
TAKEN: list[tuple[str, str, Any, Any, tuple[Kind, int, tuple[float, float] | None, int]]] = [
    (ADL + "registered", COURSE, None, None, (Kind.ENROL, 1, None, 0)),
    (TIN + "enrolled", COURSE, None, None, (Kind.ENROL, 1, None, 0)),
    ("http://www.tincanapi.co.uk/verbs/enrolled_onto_learning_plan", "x", None, None, (Kind.ENROL, 1, None, 0)),
    (TIN + "unregistered", COURSE, None, None, (Kind.WITHDRAW, 1, None, 0)),
    ("https://w3id.org/xapi/adl/verbs/abandoned", COURSE, None, None, (Kind.WITHDRAW, 1, None, 0)),
    (ADL + "passed", COURSE, None, None, (Kind.COMPLETE, 1, None, 0)),
    (ADL + "completed", COURSE, {"duration": "PT2H"}, None, (Kind.COMPLETE, 1, None, 7200)),
    ("https://w3id.org/xapi/adl/verbs/satisfied", "https://w3id.org/xapi/cmi5/activitytype/course", None, CMI5, (Kind.COMPLETE, 1, None, 0)),
    (ADL + "failed", COURSE, None, None, (Kind.FAIL, 1, None, 0)),
    (TIN + "earned", "http://activitystrea.ms/schema/1.0/badge", None, None, (Kind.CERTIFICATE, 1, None, 0)),
    # Problems: Open edX evaluates what was answered, H5P and Moodle answer with a mark.
    (ACROSS + "evaluated", PROBLEM, MARK, None, (Kind.QUIZ, 1, (8, 10), 0)),
    (ADL + "answered", PROBLEM, MARK, None, (Kind.QUIZ, 1, (8, 10), 0)),
    (ADL + "attempted", PROBLEM, None, None, (Kind.QUIZ, 1, None, 0)),
    (ADL + "answered", PROBLEM, {"score": {"scaled": 0.75}}, None, (Kind.QUIZ, 1, (0.75, 1), 0)),
    (ADL + "scored", ASSIGN, MARK, None, (Kind.ASSIGNMENT, 1, (8, 10), 0)),
    ("http://activitystrea.ms/submit", ASSIGN, None, None, (Kind.ASSIGNMENT, 1, None, 0)),
    (ADL + "scored", QUIZ, MARK, None, (Kind.QUIZ, 1, (8, 10), 0)),
    (ADL + "completed", QUIZ, MARK, None, (Kind.QUIZ, 1, (8, 10), 0)),
    (ADL + "submitted", "https://w3id.org/xapi/openedx/activity/proctored-assessment", MARK, None, (Kind.EXAM, 1, (8, 10), 0)),
    # The video profile: one time of watching is one `played`.
    (VIDEO_VERB + "played", VIDEO, None, None, (Kind.VIDEO, 1, None, 0)),
    (VIDEO_VERB + "paused", VIDEO, {"extensions": {SEGMENTS: "0[.]40[,]100[.]161.4"}}, None, (Kind.VIDEO, 0, None, 61)),
    (VIDEO_VERB + "seeked", VIDEO, {"extensions": {SEGMENTS: "0[.]40[,]100"}}, None, (Kind.VIDEO, 0, None, 0)),
    (ADL + "initialized", VIDEO, None, None, (Kind.VIDEO, 0, None, 0)),
    (ADL + "interacted", VIDEO, None, None, (Kind.VIDEO, 0, None, 0)),
    (ADL + "terminated", VIDEO, {"extensions": {SEGMENTS: "0[.]40"}}, None, (Kind.VIDEO, 0, None, 0)),
    (ADL + "completed", VIDEO, {"duration": "PT5M"}, None, (Kind.VIDEO, 0, None, 300)),
    (ADL + "completed", VIDEO, {"duration": "PT5M", "extensions": {SEGMENTS: "0[.]40"}}, None, (Kind.VIDEO, 0, None, 0)),
    # Discussions
    (ACROSS + "posted", DISCUSSION, None, None, (Kind.FORUM, 1, None, 0)),
    (TIN + "replied", DISCUSSION, None, None, (Kind.FORUM, 1, None, 0)),
    (ADL + "commented", DISCUSSION, None, None, (Kind.FORUM, 1, None, 0)),
    (ADL + "asked", DISCUSSION, None, None, (Kind.FORUM, 1, None, 0)),
    (STREAM + "create", DISCUSSION, None, None, (Kind.FORUM, 1, None, 0)),
    # Pages, links, parts of a course
    (TIN + "viewed", MODULE, None, None, (Kind.VIEW, 1, None, 0)),
    (ADL + "experienced", "http://adlnet.gov/expapi/activities/link", {"duration": "PT1M30.4S"}, None, (Kind.VIEW, 1, None, 90)),
    ("https://w3id.org/xapi/dod-isd/verbs/navigated", MODULE, None, None, (Kind.VIEW, 1, None, 0)),
    (ADL + "progressed", "http://id.tincanapi.com/activitytype/resource", {"completion": True}, None, (Kind.VIEW, 1, None, 0)),
    (TIN + "downloaded", VIDEO, None, None, (Kind.VIEW, 1, None, 0)),
    (ADL + "attended", "http://activitystrea.ms/schema/1.0/event", None, None, (Kind.ATTENDANCE, 1, None, 0)),
    # cmi5: a session is one view, what was passed in it a quiz.
    (ADL + "initialized", AU, None, CMI5, (Kind.VIEW, 1, None, 0)),
    (ADL + "completed", AU, {"duration": "PT20M"}, CMI5, (Kind.VIEW, 1, None, 1200)),
    (ADL + "passed", AU, MARK, CMI5, (Kind.QUIZ, 1, (8, 10), 0)),
    (ADL + "failed", AU, {"score": {"scaled": 0.2}}, CMI5, (Kind.QUIZ, 1, (0.2, 1), 0)),
]  # fmt: skip
PASSED: list[tuple[str, str, Any, Any, str]] = [
    (ACROSS + "edited", DISCUSSION, None, None, "改动、删除和管理"),
    ("https://w3id.org/xapi/dod-isd/verbs/deleted", DISCUSSION, None, None, "改动、删除和管理"),
    (STREAM + "create", COURSE, None, None, "改动、删除和管理"),
    ("https://w3id.org/xapi/adl/verbs/waived", AU, None, CMI5, "改动、删除和管理"),
    (ADL + "registered", SITE, None, None, "注册平台账号"),
    (ADL + "exited", AU, None, None, "登录、退出、挂起和继续"),
    ("https://w3id.org/xapi/adl/verbs/logged-in", SITE, None, None, "登录、退出、挂起和继续"),
    ("https://brindlewaye.com/xAPITerms/verbs/loggedin/", SITE, None, None, "登录、退出、挂起和继续"),
    (EDX + "voted", DISCUSSION, None, None, "点赞、投票、关注和收藏"),
    (STREAM + "like", DISCUSSION, None, None, "点赞、投票、关注和收藏"),
    (STREAM + "follow", DISCUSSION, None, None, "点赞、投票、关注和收藏"),
    (ADL + "attempted", "http://adlnet.gov/expapi/activities/question type@problem+block", MARK, None, "同一次作答的另一条（以 evaluated 为准）"),
    (ADL + "asked", "http://id.tincanapi.com/activitytype/solution", None, None, "看答案和提示"),
    (TIN + "earned", COURSE, MARK, None, "整门课的总评和进度（各项已分别计）"),
    (ADL + "scored", COURSE, MARK, None, "整门课的总评和进度（各项已分别计）"),
    (ADL + "progressed", MODULE, {"completion": False}, None, "只是进度，还没有做完"),
    (ADL + "launched", AU, None, CMI5, "cmi5 会话的开始和结束（另有 initialized 算一次）"),
    (ADL + "terminated", AU, {"duration": "PT20M"}, CMI5, "cmi5 会话的开始和结束（另有 initialized 算一次）"),
    ("https://w3id.org/xapi/adl/verbs/abandoned", AU, None, CMI5, "cmi5 会话的开始和结束（另有 initialized 算一次）"),
    (ADL + "terminated", MODULE, None, None, "结束一次活动"),
    ("https://vocabulary.example/levitated", MODULE, None, None, "映射里没有的动词：https://vocabulary.example/levitated"),
]  # fmt: skip


def take(site: Site, folder: Path, statements: list[Any], name: str = "statements.jsonl") -> BatchReport:
    folder.mkdir(exist_ok=True)
    text = "".join(f"{json.dumps(one)}\n" for one in statements)
    (folder / name).write_text(text, encoding="utf-8")
    (report,) = intake(site, folder / name, "xapi", by="test")
    assert report.counts.balanced
    return report


def numbered(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one | {"id": f"00000000-0000-4000-8000-{n:012}"} for n, one in enumerate(statements)]


def test_statements_of_the_profiles_become_records_as_was_decided(sqlite_site: Site, tmp_path: Path) -> None:
    report = take(sqlite_site, tmp_path / "in", numbered([statement(v, t, r, c) for v, t, r, c, _ in TAKEN]))
    assert report.passed == ()
    assert not waiting(sqlite_site)
    rows = sqlite_site.pool.rows(
        "SELECT kind, count, score, score_max, seconds, course FROM record ORDER BY line"
    )
    found = [(Kind(k), n, None if s is None else (s, of), seconds) for k, n, s, of, seconds, _ in rows]
    assert found == [wanted for *_, wanted in TAKEN]


def test_what_is_no_learning_record_is_passed_over_and_an_unknown_verb_named(
    sqlite_site: Site, tmp_path: Path
) -> None:
    report = take(sqlite_site, tmp_path / "in", numbered([statement(v, t, r, c) for v, t, r, c, _ in PASSED]))
    assert (report.rows_read, report.counts.rows_passed) == (0, len(PASSED))
    assert dict(report.passed) == Counter(why for *_, why in PASSED)


def test_the_course_is_found_among_the_activities_around_or_is_the_object(
    sqlite_site: Site, tmp_path: Path
) -> None:
    view = statement(TIN + "viewed", MODULE)
    parent = {"id": "http://lms.example/course/course-v1:edX+DemoX+Demo", "definition": {"type": COURSE}}
    untyped = {"id": "http://lms.example/course/course-v1:edX+DemoX+Old", "objectType": COURSE}
    said = [
        view,
        view | {"context": {"contextActivities": {"parent": [{"id": "http://lms.example/part"}, parent]}}},
        view | {"context": {"contextActivities": {"parent": parent}}},  # one alone, as version 1.0.0 allows
        view | {"context": {"contextActivities": {"parent": [untyped]}}},
        statement(ADL + "registered", COURSE) | {"object": parent, "context": {}},
        view | {"context": {}},
    ]
    take(sqlite_site, tmp_path / "in", numbered(said))
    codes = [
        "https://lms.example/course/7",
        *["course-v1:edX+DemoX+Demo"] * 2,
        "course-v1:edX+DemoX+Old",
        "course-v1:edX+DemoX+Demo",
    ]
    wanted = [key_number("course", "xapi", code) for code in codes]
    assert [row[0] for row in sqlite_site.pool.rows("SELECT course FROM record ORDER BY line")] == [
        *wanted,
        0,
    ]


def test_actors_of_every_kind_are_known_and_groups_are_passed_over(sqlite_site: Site, tmp_path: Path) -> None:
    load_secret(sqlite_site.settings.home)
    actors: list[dict[str, Any]] = [
        {"mbox": "mailto:t1@demo.invalid"},
        {"mbox_sha1sum": "a" * 40},
        {"openid": "https://id.example/t1"},
        {"account": {"homePage": "https://lms.example", "name": "t1"}},
        {"objectType": "Group", "member": [{"mbox": "mailto:t1@demo.invalid"}]},
    ]
    report = take(
        sqlite_site,
        tmp_path / "in",
        numbered([statement(TIN + "viewed", MODULE) | {"actor": actor} for actor in actors]),
    )
    assert report.passed == (("说的是一群人，不是一个人", 1),)
    with sqlite_site.registry.connect() as connection:
        kinds = connection.exec_driver_sql("SELECT kind FROM account ORDER BY kind").scalars().all()
    assert kinds == ["account", "mail", "mbox_sha1sum", "openid"]


def test_statements_count_once_and_those_without_an_id_by_their_content(
    sqlite_site: Site, tmp_path: Path
) -> None:
    one = statement(TIN + "viewed", MODULE)
    bare = {key: value for key, value in one.items() if key != "id"}
    later = bare | {"timestamp": "2022-05-11T01:00:00Z"}
    report = take(sqlite_site, tmp_path / "in", [one, one, bare, bare, later])
    assert (report.rows_stored, report.rows_duplicate) == (3, 2)


def test_content_finished_faster_than_it_lasts_is_flagged_and_a_mark_without_its_scale_waits(
    sqlite_site: Site, tmp_path: Path
) -> None:
    length = {"extensions": {LENGTH: 3600}}
    fast = statement(ADL + "completed", VIDEO, {"duration": "PT1M"}, length)
    slow = statement(ADL + "completed", VIDEO, {"duration": "PT50M"}, length)
    watched = statement(VIDEO_VERB + "paused", VIDEO, {"extensions": {SEGMENTS: "0[.]5"}}, length)
    raw = statement(ADL + "answered", PROBLEM, {"score": {"raw": 8}})
    report = take(sqlite_site, tmp_path / "in", numbered([fast, slow, watched, raw]))
    assert report.counts.rows_doubtful == 1
    assert dict(report.codes) == {"no_scale": 1}


def test_every_statement_of_a_real_platform_is_accounted_for(sqlite_site: Site) -> None:
    file = REAL / "platforms" / "xapi" / "fun-mooc-5000.jsonl.gz"
    if not file.is_file():
        pytest.skip(f"没有真实数据 {file}")
    (report,) = intake(sqlite_site, file, "xapi", by="test")
    assert (report.rows_read, report.rows_stored, report.passed) == (5000, 5000, ())
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        verbs = Counter(json.loads(line)["verb"]["id"].rpartition("/")[2] for line in lines)
    counts = sqlite_site.pool.rows("SELECT kind, sum(count) FROM record GROUP BY kind ORDER BY kind")
    assert counts == [(Kind.VIEW, verbs["downloaded"]), (Kind.VIDEO, verbs["played"])]
    (seconds, courses) = sqlite_site.pool.rows("SELECT sum(seconds), count(DISTINCT course) FROM record")[0]
    assert seconds > 100_000
    assert courses == 2


def test_a_list_of_statements_and_the_answer_of_a_store_are_read_as_lines_are(
    sqlite_site: Site, tmp_path: Path
) -> None:
    said = numbered([statement(TIN + "viewed", MODULE), statement(ADL + "answered", PROBLEM, MARK), statement(ADL + "answered", PROBLEM, {"score": {"raw": 1}})])  # fmt: skip
    folder = tmp_path / "in"
    folder.mkdir()
    for name, text in (
        ("list.json", json.dumps(said, indent=1)),
        ("answer.json", json.dumps({"more": "", "statements": said})),
        ("pretty.json", json.dumps({"statements": said}, indent=2)),
        ("lines.jsonl", "\n".join(map(json.dumps, said))),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    reports = {report.file: report for report in intake(sqlite_site, folder, "xapi", by="test")}
    assert {name: (r.rows_read, r.rows_quarantined) for name, r in reports.items()} == dict.fromkeys(
        reports, (3, 1)
    )
    assert len(reports) == 4
    assert sqlite_site.pool.rows("SELECT line, kind FROM record ORDER BY line") == [
        (1, Kind.VIEW),
        (2, Kind.QUIZ),
    ]
    assert {row.line for row in waiting(sqlite_site)} == {3}
