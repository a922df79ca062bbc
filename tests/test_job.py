"""Background jobs: progress, result, error, and one of a name at a time."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from threading import Event

import pytest

from dashboards import language
from dashboards.job import Job, Jobs
from portrait.errors import LakeBusy

AT = datetime(2022, 9, 1, tzinfo=UTC)


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


def test_a_job_tells_where_it_is_and_keeps_its_result(jobs: Jobs) -> None:
    reached, go_on = Event(), Event()

    def work(tell):
        tell("一半", 0.5)
        reached.set()
        assert go_on.wait(10)
        return 42

    job = jobs.start("count", work, by="admin", now=AT)
    assert reached.wait(10)
    assert (job.running, job.text, job.share, job.result) == (True, "一半", 0.5, None)
    assert jobs.running("count")
    go_on.set()
    assert job.wait(10)
    assert jobs.find("count") is job
    assert (job.running, job.result, job.error, job.by, job.started) == (False, 42, "", "admin", AT)


def test_a_second_start_of_a_running_name_starts_nothing(jobs: Jobs) -> None:
    go_on, ran = Event(), []

    def work(_tell):
        ran.append(1)
        assert go_on.wait(10)

    first = jobs.start("one", work, by="a", now=AT)
    assert jobs.start("one", work, by="b", now=AT) is first
    other = jobs.start("other", work, by="b", now=AT)
    go_on.set()
    assert first.wait(10)
    assert other.wait(10)
    assert ran == [1, 1]
    again = jobs.start("one", lambda tell: "new", by="b", now=AT)
    assert again is not first
    assert again.wait(10)
    assert again.result == "new"


def test_an_error_of_ours_is_kept_in_its_own_words(jobs: Jobs) -> None:
    def work(_tell):
        raise LakeBusy("另一个进程正在写")

    job = jobs.start("busy", work, by="a", now=AT)
    assert job.wait(10)
    assert (job.error, job.code, job.result) == ("另一个进程正在写", "P500", None)


def test_any_other_error_becomes_a_number_that_stands_in_the_log(
    jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    def work(_tell):
        raise RuntimeError("secret detail")

    with caplog.at_level(logging.ERROR, "dashboards"):
        job = jobs.start("broken", work, by="a", now=AT)
        assert job.wait(10)
    assert job.code in job.error
    assert "secret" not in job.error
    assert f"incident {job.code}" in caplog.text
    assert "secret detail" in caplog.text


def test_a_finished_job_can_be_forgotten_and_a_running_one_cannot(jobs: Jobs) -> None:
    go_on = Event()
    job = jobs.start("one", lambda tell: go_on.wait(10), by="a", now=AT)
    jobs.forget("one")
    assert jobs.find("one") is job
    go_on.set()
    assert job.wait(10)
    jobs.forget("one")
    jobs.forget("never")
    assert jobs.find("one") is None
    assert not jobs.running("one")


def test_a_job_speaks_the_language_of_who_started_it(jobs: Jobs) -> None:
    language.use("en")
    try:
        job = jobs.start("say", lambda tell: language.current(), by="a", now=AT)
    finally:
        language.use("zh")
    assert job.wait(10)
    assert job.result == "en"


@pytest.mark.parametrize(("share", "kept"), [(-1, 0.0), (0.25, 0.25), (7, 1.0)])
def test_progress_stays_between_nothing_and_all(share: float, kept: float) -> None:
    job = Job("x", "a", AT)
    job.tell("…", share)
    assert job.share == kept
