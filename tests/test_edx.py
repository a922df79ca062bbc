"""Tracking logs of Open edX: what each event becomes, in every form in which servers, browsers and phones have written it."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portrait.hashing import key_number
from portrait.identity import account_id
from portrait.intake.door import BatchReport, intake
from portrait.intake.edx import Reading, statement
from portrait.intake.replay import mend
from portrait.record import Kind
from portrait.site import Site
from tests.inbox import waiting

REAL = Path(os.environ.get("TEACHER_DATA") or Path(__file__).parents[2] / "shared" / "data")
COURSE = "course-v1:edX+DemoX+2022"
BLOCK = f"block-v1:{COURSE.removeprefix('course-v1:')}+type@"
PROBLEM, ORA = BLOCK + "problem+block@p1", BLOCK + "openassessment+block@o1"
VIDEO = "0b9e39477cf34507a7a48f74be381fdd"


def event(name: str, data: Any = None, source: str = "server", **more: Any) -> dict[str, Any]:
    """An event as a server writes it today; `more` is laid over it."""
    said = {
        "name": name,
        "event_type": name,
        "event_source": source,
        "username": "wang",
        "time": "2022-05-10T01:00:00.123456+00:00",
        "context": {"course_id": COURSE, "user_id": 7, "org_id": "edX", "path": "/event"},
        "event": data,
        "host": "lms.example",
        "session": "s1",
    }
    return said | more


def browser(name: str, data: Any, **more: Any) -> dict[str, Any]:
    return event(name, data, "browser", **more)


def old(event_type: str, data: Any) -> dict[str, Any]:
    """A browser's event of before names: its data a text in a text."""
    found = browser(event_type, json.dumps(data))
    return {key: value for key, value in found.items() if key != "name"}


def phone(name: str, event_type: str, data: Any) -> dict[str, Any]:
    return event(name, json.dumps(data), "mobile", event_type=event_type)


def page(path: str, **more: Any) -> dict[str, Any]:
    return event(path, json.dumps({"POST": {}, "GET": {}}), **more)


GRADE = {"problem_id": PROBLEM, "grade": 3, "max_grade": 4, "success": "incorrect", "attempts": 2}
WEIGHED = {"weighted_earned": 8.0, "weighted_possible": 10.0}
# event → kind, count, (mark, of), seconds
TAKEN: list[tuple[dict[str, Any], tuple[Kind, int, tuple[float, float] | None, int]]] = [
    (event("edx.course.enrollment.activated", {"course_id": COURSE, "mode": "audit", "user_id": 7}), (Kind.ENROL, 1, None, 0)),
    (event("edx.course.enrollment.deactivated", {"course_id": COURSE, "mode": "audit", "user_id": 7}), (Kind.WITHDRAW, 1, None, 0)),
    (event("edx.course.grade.passed.first_time", {"course_id": COURSE}), (Kind.COMPLETE, 1, None, 0)),
    (event("edx.course.grade.now_failed", {"course_id": COURSE}), (Kind.FAIL, 1, None, 0)),
    (event("edx.certificate.created", {"certificate_id": "c1"}), (Kind.CERTIFICATE, 1, None, 0)),
    (event("problem_check", GRADE), (Kind.QUIZ, 1, (3, 4), 0)),
    (event("edx.grades.problem.submitted", {"problem_id": ORA, **WEIGHED}), (Kind.QUIZ, 1, (8, 10), 0)),
    (event("openassessmentblock.create_submission", {"submission_uuid": "u"}), (Kind.ASSIGNMENT, 1, None, 0)),
    (event("edx.special_exam.timed.attempt.submitted", {"exam_id": 3}), (Kind.EXAM, 1, None, 0)),
    (old("load_video", {"id": VIDEO, "code": "x"}), (Kind.VIDEO, 0, None, 0)),
    (old("play_video", {"id": VIDEO, "currentTime": 5}), (Kind.VIDEO, 1, None, 0)),
    (old("pause_video", {"id": VIDEO, "currentTime": 65.4}), (Kind.VIDEO, 0, None, 60)),
    (browser("edx.video.played", {"id": VIDEO, "currentTime": 65.4}), (Kind.VIDEO, 1, None, 0)),
    (old("seek_video", {"id": VIDEO, "old_time": 95.4, "new_time": 20, "type": "onSlideSeek"}), (Kind.VIDEO, 0, None, 30)),
    (old("speed_change_video", {"id": VIDEO, "old_speed": "1.0", "new_speed": "1.5"}), (Kind.VIDEO, 0, None, 0)),
    (old("stop_video", {"id": VIDEO, "currentTime": 35}), (Kind.VIDEO, 0, None, 15)),
    (phone("edx.video.played", "play_video", {"id": VIDEO, "current_time": 0}), (Kind.VIDEO, 1, None, 0)),
    (phone("edx.video.completed", "complete_video", {"id": VIDEO, "duration": 195.0}), (Kind.VIDEO, 0, None, 0)),
    (event("edx.forum.thread.created", {"id": "t1", "title": "问"}), (Kind.FORUM, 1, None, 0)),
    (event("edx.forum.response.created", {"id": "r1"}), (Kind.FORUM, 1, None, 0)),
    (event("edx.forum.comment.created", {"id": "k1"}), (Kind.FORUM, 1, None, 0)),
    (event("edx.forum.thread.viewed", {"id": "t1"}), (Kind.VIEW, 1, None, 0)),
    (event("edx.completion.block_completion.changed", {"block_id": PROBLEM, "completion": 1.0}), (Kind.VIEW, 1, None, 0)),
    (old("seq_goto", {"old": 1, "new": 3, "id": "i4x://edX/DemoX/sequential/s"}), (Kind.VIEW, 1, None, 0)),
    (browser("edx.ui.lms.link_clicked", json.dumps({"target_url": "https://x.example", "current_url": "y"})), (Kind.VIEW, 1, None, 0)),
    (browser("book", json.dumps({"chapter": "/c.pdf", "new": 5, "type": "gotopage"})), (Kind.VIEW, 1, None, 0)),
    (page(f"/courses/{COURSE}/courseware/w1/l1/"), (Kind.VIEW, 1, None, 0)),
]  # fmt: skip
PASSED: list[tuple[dict[str, Any] | str, str]] = [
    ("# 第一天", "注释行"),
    (event("edx.course.enrollment.mode_changed", {"course_id": COURSE, "user_id": 7}), "换了选课方式，不是又选一次"),
    (browser("problem_check", "input_p1_2_1=choice_2&input_p1_3_1%5B%5D=choice_0"), "浏览器里的同一次作答（以服务器的为准）"),
    (browser("problem_graded", ["input_p1_2_1=3", "<div>…</div>"]), "同一次作答的另一条（以 problem_check 为准）"),
    (event("edx.grades.problem.submitted", {"problem_id": PROBLEM, **WEIGHED}), "同一次作答的另一条（以 problem_check 为准）"),
    (event("showanswer", {"problem_id": PROBLEM}), "看答案和提示"),
    (browser("problem_show", json.dumps({"problem": PROBLEM})), "看答案和提示"),
    (event("edx.grades.course.grade_calculated", {"course_id": COURSE, "percent_grade": 0.8}), "小节和整门课的总评（各题已分别计）"),
    (event("edx.grades.subsection.grade_calculated", {"block_id": "s"}), "小节和整门课的总评（各题已分别计）"),
    (event("edx.completion.block_completion.changed", {"block_id": PROBLEM, "completion": 0.0}), "只是进度，还没有做完"),
    (event("edx.forum.thread.voted", {"id": "t1", "vote_value": "up"}), "改动、投票、关注和收藏"),
    (browser("edx.bookmark.added", json.dumps({"component_usage_id": "b"})), "改动、投票、关注和收藏"),
    (browser("page_close", "{}"), "关闭页面"),
    (page(f"/courses/{COURSE}/xblock/{PROBLEM}/handler/xmodule_handler/problem_check"), "网页请求，不是打开课程内容"),
    (page("/dashboard"), "网页请求，不是打开课程内容"),
    (page(f"/courses/{COURSE}/courseware/w1/", username="", context={"course_id": COURSE, "user_id": None}), "没有登录的人"),
    (browser("play_video", None, username="", context={"course_id": COURSE, "user_id": ""}), "没有登录的人"),
    (event("edx.levitation.begun", None), "映射里没有的事件：edx.levitation.begun"),
]  # fmt: skip


def take(site: Site, folder: Path, lines: list[Any], name: str = "tracking.log") -> BatchReport:
    folder.mkdir(exist_ok=True)
    text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    (folder / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    (report,) = intake(site, folder / name, "edx", by="test")
    assert report.counts.balanced
    return report


def test_events_of_servers_browsers_and_phones_become_records(sqlite_site: Site, tmp_path: Path) -> None:
    report = take(sqlite_site, tmp_path / "in", [said for said, _ in TAKEN])
    assert (report.passed, waiting(sqlite_site)) == ((), [])
    rows = sqlite_site.pool.rows("SELECT kind, count, score, score_max, seconds FROM record ORDER BY line")
    found = [(Kind(k), n, None if s is None else (s, of), seconds) for k, n, s, of, seconds in rows]
    assert found == [wanted for _, wanted in TAKEN]
    courses = sqlite_site.pool.rows("SELECT DISTINCT course, account FROM record")
    assert courses == [(key_number("course", "edx", COURSE), account_id("edx", "native", "wang"))]


def test_what_is_no_learning_is_passed_over_and_counted_under_its_reason(
    sqlite_site: Site, tmp_path: Path
) -> None:
    report = take(sqlite_site, tmp_path / "in", [said for said, _ in PASSED])
    assert (report.rows_read, report.counts.rows_passed) == (0, len(PASSED))
    assert dict(report.passed) == Counter(why for _, why in PASSED)


def test_a_broken_line_waits_with_its_number_and_can_be_mended(sqlite_site: Site, tmp_path: Path) -> None:
    good = event("problem_check", GRADE)
    cut = json.dumps(event("problem_check", GRADE | {"grade": 4}))
    report = take(
        sqlite_site,
        tmp_path / "in",
        [
            "# log",
            "",
            good,
            cut[:90],
            "[1, 2]",
            "Mai 10 lms [tracking] INFO - " + json.dumps(event("edx.forum.thread.created", {"id": "t"})),
        ],
    )
    assert (report.rows_read, report.rows_stored, dict(report.codes)) == (4, 2, {"bad_json": 2})
    assert [row.line for row in waiting(sqlite_site)] == [4, 5]
    assert waiting(sqlite_site)[0].raw["_text"] == cut[:90]
    assert mend(sqlite_site, waiting(sqlite_site)[0].id, {"_text": cut}, by="test").stored == 1
    assert sqlite_site.pool.rows("SELECT line, score FROM record WHERE kind = 6 ORDER BY line") == [
        (3, 3.0),
        (4, 4.0),
    ]


def test_a_bad_event_waits_with_the_line_as_it_came(sqlite_site: Site, tmp_path: Path) -> None:
    bad = event("problem_check", GRADE | {"grade": 9})
    take(sqlite_site, tmp_path / "in", [bad, event("problem_check", GRADE, time="neulich")])
    found = waiting(sqlite_site)
    assert [row.code for row in found] == ["beyond_scale", "bad_time"]
    assert json.loads(found[0].raw["_text"])["event"]["grade"] == 9


def test_the_same_line_in_two_logs_is_one_event_and_two_in_one_are_two(
    sqlite_site: Site, tmp_path: Path
) -> None:
    beat = browser("edx.video.played", {"id": VIDEO, "currentTime": 1})
    turned = dict(reversed(list(beat.items())))  # another writer's order of the same event
    first = take(
        sqlite_site, tmp_path / "in", [*[beat] * 300, event("problem_check", GRADE)], "tracking.log-20220510"
    )
    second = take(
        sqlite_site,
        tmp_path / "in",
        [event("problem_check", GRADE), turned, event("showanswer", {})],
        "tracking.log-20220511.gz",
    )
    assert (first.rows_stored, first.rows_duplicate) == (301, 0)
    assert (second.rows_stored, second.rows_duplicate) == (0, 2)


def test_who_is_known_by_number_only_and_whom_staff_acts_for(sqlite_site: Site, tmp_path: Path) -> None:
    take(
        sqlite_site,
        tmp_path / "in",
        [
            event("problem_check", GRADE, username=""),
            event("edx.course.enrollment.activated", {"course_id": COURSE, "user_id": 9}),
            event("problem_check", GRADE, username=None, context={"username": "li", "course_id": COURSE}),
        ],
    )
    wanted = [account_id("edx", "native", name) for name in ("id:7", "id:9", "li")]
    assert [row[0] for row in sqlite_site.pool.rows("SELECT account FROM record ORDER BY line")] == wanted


def test_posts_of_before_the_forum_had_events_are_read_from_its_pages(
    sqlite_site: Site, tmp_path: Path
) -> None:
    paths = [
        f"/courses/edX/DemoX/Demo/discussion/{rest}"
        for rest in ("i4x-edX/threads/create", "threads/5a/reply", "comments/5b/reply")
    ]
    report = take(sqlite_site, tmp_path / "in", [page(path, context={}) for path in paths], "old.log")
    assert report.rows_stored == 3
    assert sqlite_site.pool.rows("SELECT DISTINCT kind, course FROM record") == [
        (Kind.FORUM, key_number("course", "edx", "edX/DemoX/Demo"))
    ]
    both = [page(path, context={}, session="s2") for path in paths] + [
        event("edx.forum.thread.created", {"id": "t"})
    ]
    assert take(sqlite_site, tmp_path / "in", both, "new.log").rows_stored == 1


def test_every_line_of_real_logs_is_accounted_for(sqlite_site: Site) -> None:
    folder = REAL / "platforms" / "edx"
    if not folder.is_dir():
        pytest.skip(f"没有真实数据 {folder}")
    reports = intake(sqlite_site, folder, "edx", by="test")
    for report in reports:
        lines = (folder / report.file).read_text(encoding="utf-8").splitlines()
        rows = [line for line in lines if line.strip()]
        assert report.counts.balanced
        assert not report.rows_quarantined
        assert not report.rows_duplicate
        assert report.rows_stored + sum(count for _, count in report.passed) == len(rows)
        assert dict(report.passed).get("注释行", 0) == sum(line.startswith("#") for line in rows)
    assert sum(report.rows_stored for report in reports) == 112
    # The timeline says itself how far each of three people watched one video: the first 14 + 7 + 7 + 4 seconds.
    (file,) = [report.batch for report in reports if report.file == "video_timeline.log"]
    watched = sqlite_site.pool.rows(
        f"SELECT account, sum(seconds) FROM record WHERE batch = {file} AND item LIKE 'i4x-edX-DemoX-video-3cb%' GROUP BY account"
    )
    assert dict(watched).get(account_id("edx", "native", "dummy_username_1")) == 32


def test_a_statement_says_what_open_edx_publishes_of_the_event() -> None:
    found = json.loads(statement(json.dumps(event("problem_check", GRADE)), Reading(talks=False)))
    assert found["verb"]["id"] == "https://w3id.org/xapi/acrossx/verbs/evaluated"
    assert found["object"] == {
        "id": f"https://lms.example/xblock/{PROBLEM}",
        "objectType": "Activity",
        "definition": {
            "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
            "extensions": {"http://id.tincanapi.com/extension/attempt-id": 2},
        },
    }
    assert found["result"] == {"score": {"min": 0, "max": 4, "raw": 3, "scaled": 0.75}, "success": False}
    assert found["context"]["contextActivities"]["parent"][0]["id"] == f"https://lms.example/course/{COURSE}"
    seeked = json.loads(statement(json.dumps(old("seek_video", {"id": VIDEO, "old_time": 9, "new_time": 2})), Reading(talks=False)))  # fmt: skip
    assert seeked["object"]["id"] == f"https://lms.example/xblock/{BLOCK}video+block@{VIDEO}"
    assert {key.rpartition("/")[2]: value for key, value in seeked["result"]["extensions"].items()} == {"time-from": 9, "time-to": 2}  # fmt: skip


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=8), some, max_size=3),
    max_leaves=8,
)
NAMES = ("problem_check", "play_video", "seek_video", "edx.grades.problem.submitted", "edx.completion.block_completion.changed", "/courses/a/b/c/courseware/")  # fmt: skip
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(NAMES) | JSON,
        "event_type": st.sampled_from(NAMES) | JSON,
        "event_source": JSON,
        "username": st.just("wang") | JSON,
        "event": JSON | JSON.map(json.dumps),
        "context": JSON | st.fixed_dictionaries({"user_id": JSON, "course_id": JSON}),
        "time": JSON,
        "page": JSON,
        "host": JSON,
    },
)


@settings(max_examples=150, deadline=None)
@given(EVENTS)
def test_any_event_gives_a_statement_or_the_reason_why_it_gives_none(said: dict[str, Any]) -> None:
    made = json.loads(statement(json.dumps(said), Reading(talks=False)))
    assert made.get("passed") or {"id", "actor", "verb", "object"} <= made.keys()
