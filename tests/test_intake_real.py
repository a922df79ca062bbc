"""Real exports by their mapping alone, held against the files themselves: OULAD and the enrolments of MOOCCubeX.

Both lie beside the repository in ../shared/data, or where the variable TEACHER_DATA says.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import func, insert, select

from portrait.clock import now
from portrait.hashing import key_number
from portrait.identity import account_id
from portrait.intake.door import BatchReport, intake
from portrait.portrait import State
from portrait.reading import portrait_of
from portrait.record import Kind
from portrait.refresh import refresh
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.store.schema import account, alignment, batch, course, person, user
from tests.readers import browser

DATA = Path(os.environ.get("TEACHER_DATA") or Path(__file__).parents[2] / "shared" / "data")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def oulad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    yield from _taken("oulad", tmp_path_factory, ("studentVle", "id_student", 8))


@pytest.fixture(scope="module")
def mooccubex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    yield from _taken("mooccubex", tmp_path_factory, ("train", '"user"', 4))


class Real:
    """A real export that has been taken in, and the files it came in."""

    def __init__(self, site: Site, folder: Path, reports: list[BatchReport]) -> None:
        self.site, self.folder = site, folder
        self.reports = {report.stream: report for report in reports}

    def true(self, sql: str) -> list[tuple[Any, ...]]:
        """What the files say: {name} in the text stands for a file."""
        files = {path.stem: f"'{path}'" for path in self.folder.glob("*.parquet")}
        with duckdb.connect() as engine:
            return engine.execute(sql.format(**files)).fetchall()

    def held(self, sql: str) -> list[tuple[Any, ...]]:
        """What the lake says."""
        return self.site.pool.rows(sql)

    def count(self, table: Any, *conditions: Any) -> int:
        with self.site.registry.connect() as connection:
            return connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()


def _taken(name: str, factory: pytest.TempPathFactory, sample: tuple[str, str, int]) -> Iterator[Real]:
    """Its largest file with the rows of every so manieth learner only, the others whole: all seven million clicks are measured by `make bench`."""
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"没有真实数据 {folder}：放在仓库旁的 shared/data，或用 TEACHER_DATA 指到别处")
    place, (large, learner, every) = factory.mktemp(name), sample
    (place / "sample").mkdir()
    for file in folder.glob("*.parquet"):
        if file.stem != large:
            shutil.copy(file, place / "sample")
    with duckdb.connect() as engine:
        engine.execute(
            f"COPY (FROM '{folder / large}.parquet' WHERE {learner} % {every} = 0) TO '{place / 'sample' / large}.parquet'"
        )
    site = open_site(load_settings(place / "home", today=date(2022, 11, 15)))
    yield Real(site, place / "sample", intake(site, place / "sample", name, by="test"))
    site.registry.dispose()


def again(real: Real, name: str) -> None:
    """A second import adds nothing, anywhere."""
    before = (
        real.held("SELECT count(*), bit_xor(hash(record)) FROM record"),
        real.count(account),
        real.count(batch),
    )
    for report in intake(real.site, real.folder, name, by="test"):
        assert report.taken_before
        assert (report.rows_stored, report.rows_duplicate) == (0, report.rows_read)
    assert before == (
        real.held("SELECT count(*), bit_xor(hash(record)) FROM record"),
        real.count(account),
        real.count(batch),
    )


# --- OULAD -------------------------------------------------------------------------------------------------------


def test_every_row_of_oulad_is_accounted_for(oulad: Real) -> None:
    assert all(report.counts.balanced and not report.rows_quarantined for report in oulad.reports.values())
    for stream, file in (
        ("courses", "courses"),
        ("people", "studentInfo"),
        ("enrolments", "studentRegistration"),
        ("clicks", "studentVle"),
        ("marks", "studentAssessment"),
    ):
        assert oulad.true(f"SELECT count(*) FROM {{{file}}}") == [(oulad.reports[stream].rows_read,)]
    assert sum(report.rows_read for report in oulad.reports.values()) > 1_000_000
    assert oulad.reports["clicks"].rows_stored == oulad.reports["clicks"].rows_read


def test_people_and_courses_of_oulad_are_those_of_the_files(oulad: Real) -> None:
    assert oulad.true("SELECT count(DISTINCT id_student) FROM {studentInfo}") == [(oulad.count(person),)]
    assert oulad.true("SELECT count(DISTINCT gender) FROM {studentInfo}") == [(2,)]
    for gender, code in (("M", "1"), ("F", "2")):
        # Of several rows of a person the last counts; nobody changes gender.
        assert oulad.true(
            f"SELECT count(DISTINCT id_student) FROM {{studentInfo}} WHERE gender = '{gender}'"
        ) == [(oulad.count(person, person.c.gender == code),)]
    assert oulad.true("SELECT count(*) FROM {courses}") == [(oulad.count(course),)]
    assert oulad.count(account, account.c.person_id.is_(None)) == 0


def test_enrolments_of_oulad_are_dated_from_the_start_of_the_presentation(oulad: Real) -> None:
    true = oulad.true(
        """
        SELECT count(*), count(date_registration), count(DISTINCT (id_student, code_module, code_presentation)),
               min(day), max(day)
        FROM (SELECT *, CASE code_presentation WHEN '2013B' THEN DATE '2013-02-01' WHEN '2013J' THEN DATE '2013-10-01'
                        WHEN '2014B' THEN DATE '2014-02-01' END + date_registration::integer AS day
              FROM {studentRegistration})
        """
    )
    held = oulad.held(
        f"""
        SELECT count(*), count(time), count(DISTINCT (account, course)),
               min(timezone('Europe/London', time))::date, max(timezone('Europe/London', time))::date
        FROM record WHERE kind = {int(Kind.ENROL)}
        """
    )
    assert true == held


def test_clicks_of_oulad_add_up_by_course_kind_and_month(oulad: Real) -> None:
    true = oulad.true(
        """
        SELECT code_module || '-' || code_presentation AS course,
               coalesce(activity_type, '') IN ('forumng', 'ouelluminate', 'oucollaborate') AS forum,
               year(day) * 12 + month(day) - 1 AS month, count(*), sum(sum_click)::bigint
        FROM (SELECT v.*, p.activity_type,
                     CASE v.code_presentation WHEN '2013B' THEN DATE '2013-02-01' WHEN '2013J' THEN DATE '2013-10-01'
                     WHEN '2014B' THEN DATE '2014-02-01' END + v.date AS day
              FROM {studentVle} v LEFT JOIN {vle} p USING (id_site, code_module, code_presentation))
        GROUP BY ALL
        """
    )
    with oulad.site.registry.connect() as connection:
        code = {row.id: row.code for row in connection.execute(select(course.c.id, course.c.code))}
    held = oulad.held(
        f"""
        SELECT course, kind = {int(Kind.FORUM)}, month, count(*), sum(count)::bigint FROM record
        WHERE kind IN ({int(Kind.VIEW)}, {int(Kind.FORUM)}) GROUP BY ALL
        """
    )
    assert sorted(true) == sorted((code[number], *rest) for number, *rest in held)
    assert sum(row[3] for row in true) > 800_000


def test_one_student_of_oulad_has_their_own_clicks(oulad: Real) -> None:
    for (student,) in oulad.true(
        "SELECT DISTINCT id_student FROM {studentVle} ORDER BY hash(id_student) LIMIT 5"
    ):
        true = oulad.true(
            f"SELECT count(*), sum(sum_click)::bigint, count(DISTINCT id_site) FROM {{studentVle}} WHERE id_student = {student}"
        )
        number = account_id("oulad", "native", str(student))
        assert true == oulad.held(
            f"SELECT count(*), sum(count)::bigint, count(DISTINCT item) FROM record "
            f"WHERE account = {number} AND kind IN ({int(Kind.VIEW)}, {int(Kind.FORUM)})"
        )


def test_marks_of_oulad_keep_their_kind_mean_and_weight(oulad: Real) -> None:
    true = oulad.true(
        """
        SELECT assessment_type, count(*), count(score), round(avg(score), 6),
               sum(CASE weight WHEN 0 THEN 10000 ELSE round(weight * 100) END)::bigint
        FROM {studentAssessment} JOIN {assessments} USING (id_assessment) GROUP BY 1 ORDER BY 1
        """
    )
    names = {Kind.ASSIGNMENT: "TMA", Kind.QUIZ: "CMA", Kind.EXAM: "Exam"}
    held = oulad.held(
        f"""
        SELECT kind, count(*), count(score), round(avg(score), 6), sum(weight)::bigint FROM record
        WHERE kind IN ({", ".join(str(int(kind)) for kind in names)}) GROUP BY 1
        """
    )
    assert true == sorted((names[Kind(kind)], *rest) for kind, *rest in held)
    assert oulad.held(
        "SELECT count(*) FROM record WHERE score IS NOT NULL AND value <> round(score * 100)"
    ) == [(0,)]


def test_outcomes_of_oulad_are_the_final_results(oulad: Real) -> None:
    true = oulad.true("SELECT final_result, count(*) FROM {studentInfo} GROUP BY 1 ORDER BY 1")
    kinds = (Kind.COMPLETE, Kind.FAIL, Kind.WITHDRAW)
    held = oulad.held(
        f"SELECT item, count(*) FROM record WHERE kind IN ({', '.join(str(int(k)) for k in kinds)}) GROUP BY 1 ORDER BY 1"
    )
    assert true == held
    assert oulad.held(f"SELECT DISTINCT item FROM record WHERE kind = {int(Kind.FAIL)}") == [("Fail",)]
    assert oulad.held(f"SELECT DISTINCT item FROM record WHERE kind = {int(Kind.WITHDRAW)}") == [
        ("Withdrawn",)
    ]


def test_a_second_import_of_oulad_adds_nothing(oulad: Real) -> None:
    again(oulad, "oulad")


def test_a_student_whose_courses_show_nothing_has_no_evidence_and_no_zero(oulad: Real) -> None:
    refresh(oulad.site)
    assert oulad.held("SELECT count(*) FROM cell") == [(0,)]
    (student,) = oulad.true(
        "SELECT id_student FROM {studentInfo} WHERE final_result = 'Distinction' ORDER BY hash(id_student) LIMIT 1"
    )[0]
    number = key_number("person", f"oulad:{int(student)}")
    found = portrait_of(oulad.site, number).estimates
    assert {one.state for one in found.values()} == {State.NONE}
    assert {(one.level, one.low, one.high) for one in found.values()} == {(None, None, None)}
    page = portrait_page(oulad.site, number)
    assert page.count("暂无证据") >= 8, "one for every dimension"
    assert "证据不足" not in page
    # The same marks, once the courses are said to show something: one source, so thin.
    with oulad.site.registry.begin() as connection:
        for (listed,) in connection.execute(select(course.c.id)).all():
            connection.execute(insert(alignment).values(course_id=listed, indicator="P2.1", percent=100))
    refresh(oulad.site)
    assert portrait_of(oulad.site, number).estimates["P2.1"].state is State.THIN
    assert "证据不足" in portrait_page(oulad.site, number)


def portrait_page(site: Site, person_id: int) -> str:
    with site.registry.begin() as connection:
        if connection.execute(select(user.c.id)).first() is None:
            row = {
                "login": "s",
                "name": "学员",
                "password": "",
                "role": "teacher",
                "active": True,
                "created": now(),
            }
            connection.execute(insert(user).values(**row, person_id=person_id))
    return browser(site, "s").open("/portrait")


# --- MOOCCubeX -----------------------------------------------------------------------------------------------------


def test_enrolments_of_mooccubex_keep_everybody_s_order(mooccubex: Real) -> None:
    assert all(
        report.counts.balanced and not report.rows_quarantined for report in mooccubex.reports.values()
    )
    true = mooccubex.true(
        """SELECT count(*), count(DISTINCT "user"), count(DISTINCT item), sum(pos)::bigint, max(pos) FROM {train}"""
    )
    held = mooccubex.held(
        "SELECT count(*), count(DISTINCT account), count(DISTINCT course), sum(seq)::bigint, max(seq) FROM record "
        f"WHERE kind = {int(Kind.ENROL)} AND time IS NULL"
    )
    assert true == held
    with mooccubex.site.registry.connect() as connection:
        code = {row.id: int(row.code) for row in connection.execute(select(course.c.id, course.c.code))}
    for (learner,) in mooccubex.true("""SELECT DISTINCT "user" FROM {train} ORDER BY hash("user") LIMIT 5"""):
        number = account_id("mooccubex", "native", str(learner))
        taken = mooccubex.held(f"SELECT course FROM record WHERE account = {number} ORDER BY seq")
        assert mooccubex.true(f"""SELECT item FROM {{train}} WHERE "user" = {learner} ORDER BY pos""") == [
            (code[number],) for (number,) in taken
        ]


def test_courses_and_learners_of_mooccubex_come_with_their_texts(mooccubex: Real) -> None:
    assert mooccubex.true("SELECT count(*) FROM {learners}") == [(mooccubex.count(person),)]
    for gender in (0, 1, 2):
        true = mooccubex.true(f"SELECT count(*) FROM {{learners}} WHERE gender = {gender}")
        assert true == [(mooccubex.count(person, person.c.gender == str(gender)),)]
    texts = mooccubex.true("SELECT item, name, about, key_concepts FROM {courses} WHERE length(about) > 40")
    assert len(texts) > 1000
    with mooccubex.site.registry.connect() as connection:
        held = {
            int(row.code): row
            for row in connection.execute(select(course.c.code, course.c.title, course.c.summary))
        }
    assert len(held) == mooccubex.count(course)
    for item, name, about, concepts in texts:
        assert held[item].title == name.strip()
        assert about.strip() in held[item].summary
        assert concepts.strip() in held[item].summary
    nameless = mooccubex.true("SELECT item FROM {courses} WHERE name IS NULL")
    assert all(held[item].title == f"课程 {item}" for (item,) in nameless)


def test_a_second_import_of_mooccubex_adds_nothing(mooccubex: Real) -> None:
    again(mooccubex, "mooccubex")
