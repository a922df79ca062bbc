"""The doors of platforms: files as Moodle, Open edX and a learning record store write them, made up with invented learners.

The baseline reads the same file with pandas: who, what kind, when, which mark, without duplicates, written as Parquet. It passes nothing over
and gives no reasons.
"""

from __future__ import annotations

import csv
import json
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bench.intake import Sources
from tests.bench.measure import Work

DOORS = {
    "moodle_log": "Moodle 日志",
    "moodle_gradebook": "Moodle 成绩册",
    "edx": "Open edX 跟踪日志",
    "xapi": "xAPI 语句",
}
ITEMS = 8  # of a gradebook
_DID = (
    ("Course: C{c}", "Course viewed", "The user with id '{u}' viewed the course with id '{c}'."),
    ("Quiz: Q{m}", "Course module viewed", "The user with id '{u}' viewed the 'quiz' activity with course module id '{m}'."),
    ("Quiz: Q{m}", "Quiz attempt submitted", "The user with id '{u}' has submitted the attempt with id '{n}' for the quiz with course module id '{m}'."),
    ("Forum: F{m}", "Post created", "The user with id '{u}' has created the post with id '{n}' in the discussion with id '{m}' in the forum with course module id '{m}'."),
    ("System", "User has logged in", "The user with id '{u}' has logged in."),
)  # fmt: skip
_VERBS = ("https://w3id.org/xapi/video/verbs/played", "https://w3id.org/xapi/video/verbs/paused", "http://id.tincanapi.com/verb/viewed", "http://adlnet.gov/expapi/verbs/answered")  # fmt: skip


def write(folder: Path, door: str, rows: int) -> Path:
    """The folder with one file of so many rows; the same every time."""
    folder.mkdir(parents=True)
    {"moodle_log": _log, "moodle_gradebook": _book, "edx": _events, "xapi": _statements}[door](folder, rows)
    return folder


def ours(sources: Sources, home: Path) -> Work:
    """Into an empty home. The amount is the number of the file's rows, also of those that are passed over."""
    from portrait.intake.door import intake
    from portrait.settings import load_settings
    from portrait.site import open_site

    site = open_site(load_settings(home))
    start = time.perf_counter()
    reports = [report for folder, name in sources for report in intake(site, folder, name, by="bench")]
    seconds = time.perf_counter() - start
    assert all(report.counts.balanced and not report.rows_quarantined for report in reports)
    return Work(sum(report.rows_read + report.counts.rows_passed for report in reports), seconds)


def with_pandas(sources: Sources, target: Path) -> Work:
    """One Parquet file for each file. The amount is the number of rows read."""
    import pandas as pd  # noqa: F401  (its import is not to be measured)

    target.mkdir(parents=True, exist_ok=True)
    start, count = time.perf_counter(), 0
    for folder, name in sources:
        for file in sorted(folder.iterdir()):
            found, read = _frame(file, name)
            found.drop_duplicates().to_parquet(target / f"{file.stem}.parquet", index=False)
            count += read
    return Work(count, time.perf_counter() - start)


def _frame(file: Path, door: str) -> tuple[Any, int]:
    import pandas as pd

    if door == "moodle_log":
        rows = pd.read_csv(file, dtype="str")
        rows["who"] = rows["Description"].str.extract(r"user with id '(-?\d+)'")
        rows["when"] = pd.to_datetime(rows["Time"], format="%d/%m/%y, %H:%M")
        rows["kind"] = rows["Event name"].map({name: kind for kind, (_, name, _) in enumerate(_DID)})
        return rows, len(rows)
    if door == "moodle_gradebook":
        wide = pd.read_csv(file, dtype="str")
        long = wide.melt(["First name", "Surname", "ID number"], var_name="item", value_name="mark")
        long["mark"] = pd.to_numeric(long["mark"].str.rstrip(" %"))
        return long.dropna(subset="mark"), len(long)
    with file.open(encoding="utf-8") as lines:
        rows = pd.json_normalize([json.loads(line) for line in lines])
    stamp = "time" if door == "edx" else "timestamp"
    rows[stamp] = pd.to_datetime(rows[stamp], format="ISO8601", utc=True)
    return rows.astype({name: "str" for name in rows.columns if name != stamp}), len(rows)


def _log(folder: Path, rows: int) -> None:
    with (folder / "log.csv").open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(["Time", "User full name", "Affected user", "Event context", "Component", "Event name", "Description", "Origin", "IP address"])  # fmt: skip
        for n, (at, pick) in enumerate(_moments(rows)):
            context, name, text = pick.choice(_DID)
            said = {
                "u": pick.randrange(3, 900),
                "c": pick.randrange(2, 40),
                "m": pick.randrange(100, 3000),
                "n": n,
            }
            writer.writerow(
                [
                    at.strftime("%d/%m/%y, %H:%M"),
                    f"User {said['u']}",
                    "-",
                    context.format(**said),
                    "System",
                    name,
                    text.format(**said),
                    "web",
                    "10.0.0.1",
                ]
            )


def _book(folder: Path, rows: int) -> None:
    pick = random.Random(rows)
    with (folder / "grades.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["First name", "Surname", "ID number", *(f"Quiz: Q{n} (Percentage)" for n in range(ITEMS))]
        )
        for n in range(max(rows // ITEMS, 1)):
            marks = [
                f"{pick.randrange(0, 10_000) / 100:.2f} %" if pick.random() < 0.9 else ""
                for _ in range(ITEMS)
            ]
            writer.writerow([f"N{n}", "T", f"t{n}", *marks])


def _events(folder: Path, rows: int) -> None:
    course = "course-v1:edX+DemoX+2022"
    with (folder / "tracking.log").open("w", encoding="utf-8") as file:
        for n, (at, pick) in enumerate(_moments(rows)):
            name = pick.choice(("play_video", "pause_video", "problem_check", "page_close", "seq_next"))
            server = name == "problem_check"
            block = f"block-v1:edX+DemoX+2022+type@problem+block@{pick.randrange(50)}"
            data = {"problem_id": block, "grade": 1, "max_grade": 2, "attempts": n} if server else json.dumps({"id": f"v{pick.randrange(50)}", "currentTime": n % 600})  # fmt: skip
            event = {
                "event_type": name,
                "event_source": "server" if server else "browser",
                "username": f"u{pick.randrange(900)}",
                "event": data,
                "context": {"course_id": course, "user_id": n % 900},
                "time": at.isoformat(),
            }
            file.write(json.dumps(event) + "\n")


def _statements(folder: Path, rows: int) -> None:
    course = {"id": "https://lms.example/course/7", "definition": {"type": "http://adlnet.gov/expapi/activities/course"}}  # fmt: skip
    with (folder / "statements.jsonl").open("w", encoding="utf-8") as file:
        for n, (at, pick) in enumerate(_moments(rows)):
            said = {
                "id": f"00000000-0000-4000-8000-{n:012}",
                "actor": {"account": {"homePage": "https://lms.example", "name": f"u{pick.randrange(900)}"}},
                "verb": {"id": pick.choice(_VERBS)},
                "object": {"id": f"https://lms.example/x/{pick.randrange(300)}"},
                "result": {"score": {"raw": 8, "max": 10}},
                "context": {"contextActivities": {"parent": [course]}},
                "timestamp": at.isoformat(),
            }
            file.write(json.dumps(said) + "\n")


def _moments(rows: int) -> Iterator[tuple[datetime, random.Random]]:
    pick, at = random.Random(rows), datetime(2022, 3, 1, tzinfo=UTC)
    for _ in range(rows):
        at += timedelta(seconds=pick.randrange(1, 600))
        yield at, pick
