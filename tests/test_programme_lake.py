"""Counting in the lake: records written by hand, answers that can be checked by looking."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from portrait.lake.coverage import learners, offsite_counts, offsite_days
from portrait.lake.pool import Pool
from portrait.lake.progress import Progress, class_progress
from portrait.lake.table import Lake
from portrait.record import LINK_SCHEMA, RECORD_SCHEMA, Flag, Kind, month_number

CLASS, OTHER = 71, 72
FULL = Flag.OFFSITE | Flag.FACE | Flag.VERIFIED
TODAY = date(2022, 11, 15)


def record(number, account, kind, when, *, run=CLASS, item="", flag=0):
    time = datetime(*when, tzinfo=UTC) if when else None
    return {
        "id": number.to_bytes(16, "big"), "batch": 1, "line": number, "account": account, "course": 5, "run": run, "item": item,
        "kind": int(kind), "time": time, "seq": 0, "score": None, "score_max": None, "value": 0, "weight": 0, "count": 1,
        "seconds": 0, "credit": 0, "flag": int(flag), "month": month_number(time.date()) if time else 0, "bucket": account % 4,
    }  # fmt: skip


@pytest.fixture
def pool(tmp_path):
    lake = Lake(tmp_path / "lake", 4)
    rows = [
        # Person 1 by account 11 (roster) and 12 (another platform).
        record(1, 11, Kind.ATTENDANCE, (2022, 9, 13, 1), flag=FULL),
        record(2, 11, Kind.ATTENDANCE, (2022, 9, 13, 7), flag=FULL),  # afternoon of the same day
        record(3, 12, Kind.ATTENDANCE, (2022, 9, 13, 20), flag=FULL),  # the 14th in China
        record(4, 11, Kind.ASSIGNMENT, (2022, 9, 20, 2), item="设计"),
        record(5, 11, Kind.ASSIGNMENT, (2022, 9, 21, 2), item="设计"),  # handed in again
        record(6, 12, Kind.QUIZ, (2022, 9, 25, 2), item="测验"),
        record(7, 12, Kind.VIDEO, (2022, 10, 2, 2), flag=Flag.SPEED),  # doubtful
        record(8, 11, Kind.EXAM, (2022, 11, 20, 2), item="考试"),  # after today
        record(9, 11, Kind.VIEW, (2022, 10, 9, 2), run=OTHER),
        # Person 2: only signed up, and one day that nobody verified.
        record(10, 21, Kind.ENROL, (2022, 9, 1, 2)),
        record(11, 21, Kind.ATTENDANCE, (2021, 9, 13, 1), flag=Flag.OFFSITE | Flag.FACE),
        # Person 3: one undated quiz.
        record(12, 31, Kind.QUIZ, None, item="测验"),
    ]
    lake.append("record", pa.Table.from_pylist(rows, schema=RECORD_SCHEMA), part="a")
    links = [
        {"account": account, "person": person, "source": "t", "stage": "S2", "county": county}
        for account, person, county in (
            (11, 1, "410221"),
            (12, 1, "410221"),
            (21, 2, "410221"),
            (31, 3, "410225"),
        )
    ]
    lake.append("link", pa.Table.from_pylist(links, schema=LINK_SCHEMA), part="a")
    return Pool(lake, memory="200MB", threads=1)


def progress(pool, accounts, as_of=TODAY):
    return class_progress(pool, CLASS, accounts, date(2022, 9, 13), date(2022, 9, 30), as_of)


def test_progress_joins_the_accounts_of_a_person_and_counts_days_and_tasks_once(pool):
    found = progress(pool, {11: 11, 12: 11, 21: 21, 31: 31})
    assert found[11] == Progress(days=2, tasks=2, last=date(2022, 9, 25), actions=6)


def test_signing_up_is_no_progress_and_an_undated_quiz_is(pool):
    found = progress(pool, {21: 21, 31: 31})
    assert 21 not in found
    assert found[31] == Progress(days=0, tasks=1, last=None, actions=1)


def test_progress_stops_at_the_day_asked_for_and_at_the_accounts_given(pool):
    assert progress(pool, {11: 11}, date(2022, 9, 20))[11] == Progress(1, 1, date(2022, 9, 20), 3)
    assert progress(pool, {}) == {}


def test_learners_have_a_dated_record_of_learning_in_the_year_that_is_confirmed_and_not_doubtful(pool):
    assert learners(pool, date(2022, 1, 1), TODAY) == {"410221": 1}
    assert learners(pool, date(2021, 1, 1), date(2021, 12, 31)) == {}
    assert learners(pool, date(2022, 1, 1), TODAY, persons=[2, 3]) == {}
    assert learners(pool, date(2020, 1, 1), date(2020, 12, 31)) == {}


def test_offsite_days_are_distinct_dates_that_were_verified(pool):
    span = (date(2021, 1, 1), TODAY)
    assert offsite_days(pool, *span, [1, 2, 3]) == {1: 2}
    assert offsite_days(pool, *span, [2]) == {}
    assert offsite_counts(pool, *span) == {"410221": {2: 1}}
    assert offsite_counts(pool, *span, ["410225"]) == {}


def test_an_empty_lake_counts_nothing(tmp_path):
    pool = Pool(Lake(tmp_path / "lake", 4), memory="200MB", threads=1)
    assert learners(pool, date(2022, 1, 1), TODAY) == {}
    assert offsite_counts(pool, date(2022, 1, 1), TODAY) == {}
