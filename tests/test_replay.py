"""Quarantined rows read again: stored once, with the ids of a clean import, and seen by the refresh."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from portrait.errors import InputError, LakeBusy, MappingError, NotFound
from portrait.intake import again
from portrait.intake.archive import place
from portrait.intake.door import intake
from portrait.intake.replay import ReplayReport, dismiss, mend, replay
from portrait.record import DOUBTFUL
from portrait.refresh import refresh
from portrait.scope import Actor, Role, scope
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.store.batch import batch_of, replays, sums
from portrait.store.lease import writing
from portrait.store.schema import account, course, person, quarantine
from tests.hand import cell_sums
from tests.inbox import (
    ALIGNED,
    COURSES,
    MARKS,
    PEOPLE,
    STATEMENTS,
    VISITS,
    everything,
    ledger,
    mapping,
    records,
    waiting,
    write,
)

MARK_HEAD = "编号,课程,时间,得分"
VISIT_HEAD = "编号,课程,行为,时间,次数"


def take_in(site: Site, *streams: str, folder: Path) -> None:
    """Everything of a folder (or one file) through the door, by a mapping that lies in the home."""
    mapping(site.settings.home / "mapping", *streams)
    intake(site, folder, "m", by="t")


# --- what makes a bad row good ------------------------------------------------------------------------------


def test_a_mended_mapping_lets_rows_in_with_line_and_counts(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder, "visits.csv", VISIT_HEAD, "A1,K1,看,,", "A1,K1,听,,", "A2,K1,问,,", "A2,K1,看,,")
    take_in(site, VISITS, folder=folder)
    assert [row.code for row in waiting(site)] == ["unknown_value"] * 2
    mapping(site.settings.home / "mapping", VISITS.replace("看: view", "看: view, 听: video"))
    assert replay(site, number=1, by="wang") == ReplayReport(2, 1, 0, 1)
    origin, again_ = ledger(site)
    assert (origin.counts.rows_read, origin.counts.rows_stored, origin.counts.rows_quarantined) == (4, 3, 1)
    assert (again_.origin, again_.file, again_.by) == (1, "visits.csv", "wang")
    assert (again_.counts.rows_read, again_.counts.rows_stored, again_.counts.rows_quarantined) == (2, 1, 1)
    assert origin.counts.balanced
    assert again_.counts.balanced
    (replayed,) = waiting(site, "replayed")
    assert (replayed.line, replayed.decided_by, replayed.replay) == (3, "wang", again_.id)
    assert replayed.decided_at is not None
    (row,) = [row for row in records(site) if row["batch"] == again_.id]
    assert row["line"] == 3
    assert [(one.line, "听" in one.reason) for one in waiting(site)] == [(4, True)]  # the choices of now


def test_a_registry_that_has_grown_lets_rows_in(site: Site, tmp_path: Path) -> None:
    aligned = write(tmp_path, "aligned.csv", "课程,指标,占比", "K1,P2.1,100")
    take_in(site, ALIGNED, COURSES, folder=aligned)
    assert replay(site, by="t") == ReplayReport(1, 0, 0, 1)
    assert len(ledger(site)) == 1  # nothing was stored, so nothing is in the ledger
    take_in(site, ALIGNED, COURSES, folder=write(tmp_path, "courses.csv", "代码,名称", "K1,一"))
    assert replay(site, by="t") == ReplayReport(1, 1, 0, 0)
    assert replay(site, by="t") == ReplayReport(0, 0, 0, 0)
    assert ledger(site)[0].counts.rows_stored == 1


def test_rosters_are_read_again_before_what_refers_to_them(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder, "aligned.csv", "课程,指标,占比", "K1,P2.1,100")
    write(folder, "courses.csv", "代码,名称", "K1,")
    take_in(site, ALIGNED, COURSES, folder=folder)
    with pytest.raises(InputError):
        replay(
            site,
            source="m",
            by="t",
            mapping=mapping(tmp_path / "other", COURSES.replace("名称", "名字"), ALIGNED),
        )
    lenient = COURSES.replace("{from: 名称}", "{from: 名称, default: 未命名}")
    mapping(site.settings.home / "mapping", ALIGNED, lenient)
    assert replay(site, source="m", by="t") == ReplayReport(2, 2, 0, 0)


def test_a_corrected_cell_lets_a_row_in(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder, "marks.csv", MARK_HEAD, "A1,K1,2022-05-01,101", "A2,K1,2022-05-01,70")
    take_in(site, MARKS, folder=folder)
    (row,) = waiting(site)
    assert mend(site, row.id, {"得分": "110"}, by="t") == ReplayReport(1, 0, 0, 1)
    (row,) = waiting(site)
    assert (row.raw["得分"], row.mended, "110" in row.reason) == ("110", True, True)
    assert replay(site, by="t") == ReplayReport(1, 0, 0, 1)  # the correction stays
    assert mend(site, row.id, dict(row.raw) | {"得分": "91"}, by="li") == ReplayReport(1, 1, 0, 0)
    (row,) = waiting(site, "replayed")
    assert (row.raw["得分"], row.decided_by) == ("91", "li")
    assert [one["score"] for one in records(site)] in ([91.0, 70.0], [70.0, 91.0])
    clean = write(tmp_path / "clean", "marks.csv", MARK_HEAD, "A1,K1,2022-05-01,91", "A2,K1,2022-05-01,70")
    assert intake(site, clean, "m", by="t")[0].rows_duplicate == 2  # the very ids of a clean import


def test_what_cannot_be_corrected_is_said(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder, "marks.csv", MARK_HEAD, "A1,K1,2022-05-01,101")
    take_in(site, MARKS, folder=folder)
    with pytest.raises(InputError, match="编号、课程、时间、得分"):
        mend(site, 1, {"分数": "91"}, by="t")
    with pytest.raises(InputError, match="没有改动"):
        mend(site, 1, dict(waiting(site)[0].raw), by="t")
    with pytest.raises(NotFound, match="404"):
        mend(site, 404, {"得分": "91"}, by="t")
    assert waiting(site)[0].mended is False
    mend(site, 1, {"得分": "91"}, by="t")
    with pytest.raises(InputError, match="重放"):
        mend(site, 1, {"得分": "92"}, by="t")


def test_a_row_without_columns_becomes_one_when_its_cells_are_given(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder, "marks.csv", MARK_HEAD, "A1,K1,2022-05-01,80,多", "A2,K1", "A3,K1,2022-05-01,90")
    write(
        folder,
        "statements.jsonl",
        '{"id": "s1", "who": "A1", "score": 1',
        '{"id": "s2", "who": "A2", "score": 999}',
    )
    take_in(site, MARKS, STATEMENTS, folder=folder)
    assert [row.code for row in waiting(site)] == ["ragged_row", "ragged_row", "bad_json", "beyond_scale"]
    long, short, broken, beyond = waiting(site)
    assert mend(site, long.id, {"时间": "2022-05-02"}, by="t").stored == 1
    assert mend(site, short.id, {"得分": "60"}, by="t").stored == 1
    assert mend(site, broken.id, {"_text": '{"id": "s1", "who": '}, by="t").still == 1
    assert mend(site, broken.id, {"_text": '{"id": "s1", "who": "A1", "score": 1}'}, by="t").stored == 1
    assert mend(site, beyond.id, {"$.score": "99"}, by="t").stored == 1
    assert sorted((row["item"], row["line"], row["score"]) for row in records(site)) == [
        ("", 2, 80.0), ("", 3, 60.0), ("", 4, 90.0), ("s1", 1, 1.0), ("s2", 2, 99.0),
    ]  # fmt: skip


def test_masked_cells_are_read_from_the_archive_and_corrections_are_masked_too(
    site: Site, tmp_path: Path
) -> None:
    phone, other = "13800001234", "13800005678"
    folder = tmp_path / "in"
    write(folder, "people.csv", "编号,姓名,身份证号,手机,邮箱", f"A1,,,{phone},", "A2,乙,,1380,")
    take_in(site, PEOPLE, folder=folder)
    nameless, wrong = waiting(site)
    assert nameless.raw["手机"] == "***1234"
    assert mend(site, nameless.id, dict(nameless.raw) | {"姓名": "甲"}, by="t").stored == 1
    assert mend(site, wrong.id, {"手机": other}, by="t").stored == 1
    with site.registry.connect() as connection:
        hints = connection.execute(text("SELECT hint FROM identifier WHERE kind = 'phone' ORDER BY hint"))
        assert [hint for (hint,) in hints] == ["***1234", "***5678"]
        told = str(connection.execute(select(quarantine)).all())
    assert phone not in told
    assert other not in told


def test_dismissed_rows_stay_out_and_stay_counted(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder, "marks.csv", MARK_HEAD, "A1,K1,2022-05-01,101", "A2,K1,2022-05-01,102")
    take_in(site, MARKS, folder=folder)
    assert dismiss(site, [1], by="li") == 1
    assert dismiss(site, [1], by="li") == 0
    with pytest.raises(NotFound, match="7、9"):
        dismiss(site, [1, 9, 7], by="li")
    assert replay(site, by="t") == ReplayReport(1, 0, 0, 1)
    assert [(row.id, row.decided_by) for row in waiting(site, "dismissed")] == [(1, "li")]
    assert ledger(site)[0].counts.rows_quarantined == 2


# --- which rows are meant, and which cannot be read ---------------------------------------------------------


def test_rows_are_chosen_by_batch_by_source_and_by_id(site: Site, tmp_path: Path) -> None:
    for place_, score in enumerate(("101", "102", "103")):
        write(
            tmp_path / f"in{place_}",
            "marks.csv",
            MARK_HEAD,
            f"A{place_},K1,,{score}",
            f"B{place_},K1,,{score}",
        )
        take_in(site, MARKS, folder=tmp_path / f"in{place_}")
    mapping(site.settings.home / "mapping", MARKS.replace("max: 100", "max: 200"))
    assert replay(site, number=2, by="t").stored == 2
    assert replay(site, ids=[1, 3], by="t") == ReplayReport(1, 1, 0, 0)  # 3 went with batch 2
    assert replay(site, source="other", by="t").rows == 0
    assert replay(site, source="m", by="t").stored == 3
    with pytest.raises(NotFound):
        replay(site, number=99, by="t")
    with pytest.raises(NotFound):
        replay(site, ids=[99], by="t")
    with writing(site.registry), pytest.raises(LakeBusy):
        replay(site, by="t")


def test_rows_that_the_mapping_does_not_choose_any_more_stay_open_and_say_so(
    site: Site, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    write(folder, "marks.csv", MARK_HEAD, "A1,K1,,101", "A2,K1,,102")
    take_in(site, MARKS, folder=folder)
    mapping(
        site.settings.home / "mapping", MARKS.replace("key:", "where: {column: 编号, in: [A2]}\n    key:")
    )
    replay(site, by="t")
    assert [row.code for row in waiting(site)] == ["passed", "beyond_scale"]
    mapping(
        site.settings.home / "mapping",
        MARKS.replace("key:", "header: 2\n    key:")
        .replace("编号", "A1")
        .replace("课程", "K1")
        .replace("得分", "101")
        .replace('{from: 时间, default: ""}', '{const: ""}'),
    )
    replay(site, by="t")
    assert [row.code for row in waiting(site)] == ["gone", "beyond_scale"]
    assert waiting(site)[0].raw["编号"] == "A1"


def test_a_lost_file_a_lost_stream_and_another_target_are_named(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder, "marks.csv", MARK_HEAD, "A1,K1,,101")
    take_in(site, MARKS, folder=folder)
    mapping(site.settings.home / "mapping", MARKS.replace("name: marks", "name: points"))
    with pytest.raises(MappingError, match="marks"):
        replay(site, by="t")
    mapping(site.settings.home / "mapping", COURSES.replace("name: courses", "name: marks"))
    with pytest.raises(MappingError, match="course"):
        replay(site, by="t")
    (site.settings.home / "mapping" / "m.yaml").unlink()
    assert replay(site, by="t").still == 1  # as it came in, out of the archive
    place(site.archive, ledger(site)[0].content).unlink()
    with pytest.raises(InputError, match=r"marks\.csv"):
        replay(site, by="t")


def test_a_row_that_came_in_by_another_file_is_a_duplicate(site: Site, tmp_path: Path) -> None:
    write(tmp_path / "a", "marks.csv", MARK_HEAD, "A1,K1,2022-05-01,101")
    write(tmp_path / "b", "marks.csv", MARK_HEAD, "A1,K1,2022-05-01,90")
    take_in(site, MARKS, folder=tmp_path / "a")
    take_in(site, MARKS, folder=tmp_path / "b")
    assert mend(site, 1, {"得分": "90"}, by="t") == ReplayReport(1, 0, 1, 0)
    assert [row["batch"] for row in records(site)] == [2]
    assert ledger(site)[0].counts.rows_duplicate == 1


def test_a_roster_row_is_not_registered_over_a_newer_one(site: Site, tmp_path: Path) -> None:
    def titles() -> dict[str, str]:
        with site.registry.connect() as connection:
            return dict(connection.execute(select(course.c.code, course.c.title)).all())

    old = COURSES.replace("{from: 名称}", "{from: 名称, map: {一: 一, 二: 二, 新: 新}}")
    write(tmp_path / "a", "courses.csv", "代码,名称", "K1,旧", "K2,旧", "K3,旧", "K2,二")
    write(tmp_path / "b", "courses.csv", "代码,名称", "K1,新")
    take_in(site, old, folder=tmp_path / "a")
    take_in(site, old, folder=tmp_path / "b")
    assert len(waiting(site)) == 3
    mapping(site.settings.home / "mapping", COURSES)
    assert replay(site, by="t") == ReplayReport(3, 1, 2, 0)
    assert titles() == {"K1": "新", "K2": "二", "K3": "旧"}


def test_what_the_rows_forbid_each_other_stays_open(site: Site, tmp_path: Path) -> None:
    head = "编号,姓名,身份证号,手机,邮箱"
    write(tmp_path / "a", "people.csv", head, "A1,,,13800001234,", "A2,,,13800001234,", "A3,,,,")
    take_in(site, PEOPLE, folder=tmp_path / "a")
    named = PEOPLE.replace("{from: 姓名}", "{from: 姓名, default: 佚名}")
    mapping(site.settings.home / "mapping", named)
    assert replay(site, by="t") == ReplayReport(3, 2, 0, 1)
    assert [row.code for row in waiting(site)] == ["taken"]
    with site.registry.connect() as connection:
        assert connection.execute(select(func.count()).select_from(person)).scalar_one() == 2


# --- the ids of a clean import ------------------------------------------------------------------------------


@pytest.mark.parametrize("part_rows", [1, 1000])
def test_equal_rows_that_are_separate_events_keep_their_places(
    site: Site, tmp_path: Path, part_rows: int
) -> None:
    folder = tmp_path / "in"
    rows = ["A1,K1,看,2022-05-01,1", "A1,K1,看,2022-05-01,x", "A1,K1,看,2022-05-01,1"]
    keyed = VISITS.replace("repeats: keep", "key: [编号, 课程, 时间]\n    repeats: keep")
    write(folder, "visits.csv", VISIT_HEAD, *rows)
    mapping(site.settings.home / "mapping", keyed)
    intake(site, folder, "m", by="t", part_rows=part_rows)
    assert mend(site, 1, {"次数": "1"}, by="t").stored == 1
    mended = {row["id"]: row["line"] for row in records(site)}
    clean = write(tmp_path / "clean", "visits.csv", VISIT_HEAD, rows[0], rows[0], rows[0])
    assert intake(site, clean, "m", by="t")[0].rows_duplicate == 3
    other = open_site(load_settings(tmp_path / "other", today=site.today))
    mapping(other.settings.home / "mapping", keyed)
    intake(other, clean, "m", by="t")
    assert {row["id"]: row["line"] for row in records(other)} == mended
    other.registry.dispose()


def test_a_row_that_did_not_say_what_it_is_takes_a_place_that_nobody_has(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    keyed = VISITS.replace("repeats: keep", "key: [编号, 课程, 时间]\n    repeats: keep")
    write(
        folder, "visits.csv", VISIT_HEAD, "A1,K1,看,,", "A1,K1,听,,", "A1,K1,看,,", "A1,K1,问,,", "A1,K1,听,,"
    )
    take_in(site, keyed, folder=folder)
    for word in ("听", "问"):  # one word after the other becomes known
        keyed = keyed.replace("看: view", f"{word}: view, 看: view")
        mapping(site.settings.home / "mapping", keyed)
        replay(site, by="t")
    assert (waiting(site), len(records(site))) == ([], 5)
    clean = write(tmp_path / "clean", "visits.csv", VISIT_HEAD, *["A1,K1,看,,"] * 5)
    assert intake(site, clean, "m", by="t")[0].rows_duplicate == 5


FAULTS = st.sampled_from(["good", "good", "score", "time", "word", "ragged"])


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.integers(0, 2), FAULTS), min_size=1, max_size=6),
    st.sampled_from(["drop", "keep"]),
    st.integers(1, 3),
)
def test_any_split_of_good_and_bad_rows_mended_gives_the_lake_of_a_clean_import(
    rows: list[tuple[int, str]], repeats: str, buckets: int
) -> None:
    """With `keep` rows repeat; with `drop` each has a key of its own, for there the first of equal ones is what is stored."""
    stream = f"""
  - name: marks
    file: marks*.csv
    target: record
    key: [编号, 时间]
    repeats: {repeats}
    fields:
      account: {{from: 编号, kind: staff}}
      kind: {{from: 行为, map: {{答: quiz}}}}
      time: {{from: 时间}}
      score: {{from: 得分, max: 100}}
"""

    def line(place_: int, who: int, fault: str) -> str:
        day = "2022-05-01" if repeats == "keep" else f"2022-05-{place_ + 1:02d}"
        cells = {"score": ("答", day, "999"), "time": ("答", "某日", "80"), "word": ("问", day, "80")}
        word, when, score = cells.get(fault, ("答", day, "80"))
        return f"A{who},{word},{when},{score}" + (",多" if fault == "ragged" else "")

    def lake(folder: Path, faults: list[str]) -> tuple[Site, list[dict[str, object]]]:
        site = open_site(load_settings(folder / "home", lake_buckets=buckets))
        lines = [line(n, who, fault) for n, ((who, _), fault) in enumerate(zip(rows, faults, strict=True))]
        write(folder / "in", "marks.csv", "编号,行为,时间,得分", *lines)
        take_in(site, stream, folder=folder / "in")
        for row in waiting(site):
            number = row.line - 2
            word, when, score = line(number, rows[number][0], "good").split(",")[1:]
            assert mend(site, row.id, {"行为": word, "时间": when, "得分": score}, by="t").stored == 1
        return site, records(site, "batch", *(["line"] if repeats == "keep" else []))

    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        clean, expected = lake(Path(one), ["good"] * len(rows))
        mended, found = lake(Path(two), [fault for _, fault in rows])
        assert found == expected
        origin = ledger(mended)[0]
        assert (origin.counts.rows_stored, origin.counts.rows_quarantined) == (len(rows), 0)
        assert all(one.counts.balanced for one in ledger(mended))
        clean.registry.dispose()
        mended.registry.dispose()


def test_a_cell_mended_by_one_mapping_is_mended_for_the_other_that_reads_the_file_too(
    sqlite_site: Site, tmp_path: Path
) -> None:
    row = write(tmp_path, "x.csv", "编号,项,日", "A1,K1,2022-13-41")
    for name, kind in (("a", "complete"), ("b", "activity")):
        text = (
            f"name: {name}\nversion: '1'\nsource: s\ntimezone: Asia/Shanghai\nstreams:\n  - name: {kind}\n    file: '*.csv'\n"
            "    target: record\n    fields:\n      account: {from: 编号, kind: staff}\n      item: {from: 项}\n"
            f"      kind: {{const: {kind}}}\n      time: {{from: 日}}\n"
        )
        folder = sqlite_site.settings.home / "mapping"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        intake(sqlite_site, row, name, by="t")
    first, _ = waiting(sqlite_site)
    report = mend(sqlite_site, first.id, {"日": "2022-09-01"}, by="t", mapping="a")
    assert (report.rows, report.stored) == (2, 2)
    assert waiting(sqlite_site) == []


# --- the refresh --------------------------------------------------------------------------------------------


def test_the_refresh_sees_what_was_replayed_after_it(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder, "courses.csv", "代码,名称", "K1,一")
    write(folder, "aligned.csv", "课程,指标,占比", "K1,P2.1,100")
    write(folder, "people.csv", "编号,姓名,身份证号,手机,邮箱", "A1,甲,,,")
    write(folder, "marks.csv", MARK_HEAD, "A1,K1,2022-05-01,80", "A1,K1,2022-06-01,101")
    keyed = MARKS.replace("[编号, 课程]", "[编号, 课程, 时间]")
    take_in(site, COURSES, ALIGNED, PEOPLE, keyed, folder=folder)
    refresh(site)
    assert [row[4] for row in cell_sums(site)] == [1]
    mend(site, 1, {"得分": "60"}, by="t")
    report = refresh(site)
    assert (report.cells, report.batches, report.persons) == ("batch", 1, 1)
    assert refresh(site).cells == "none"
    after = cell_sums(site)
    assert [row[4] for row in after] == [1, 1]
    refresh(site, full=True)
    assert cell_sums(site) == after


def test_the_day_of_arrival_of_the_file_decides_what_is_from_the_future(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder, "marks.csv", MARK_HEAD, "A1,K1,2022-12-24,101")
    take_in(site, MARKS, folder=folder)
    later = open_site(
        load_settings(
            site.settings.home,
            database_url=str(site.registry.url.render_as_string(False)),
            today="2023-06-01",
        )
    )
    mend(later, 1, {"得分": "99"}, by="t")
    assert records(later)[0]["flag"] & DOUBTFUL
    assert [one.counts.rows_doubtful for one in ledger(later)] == [1, 1]
    later.registry.dispose()


def test_the_ledger_of_a_source_counts_every_row_once(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder, "marks.csv", MARK_HEAD, "A1,K1,,101", "A2,K1,,90", "A3,K1,,x")
    take_in(site, MARKS, folder=folder)
    mend(site, 1, {"得分": "99"}, by="t")
    admin = scope(Actor(1, "admin", "管", Role.ADMIN))
    with site.registry.connect() as connection:
        (total,) = sums(connection, admin)
        assert [(one.id, one.origin) for one in replays(connection, 1, admin)] == [(2, 1)]
        assert batch_of(connection, 2).target == "record"
    assert (total.batches, total.open, total.counts.rows_read, total.counts.rows_stored) == (1, 1, 3, 2)
    assert total.counts.balanced


# --- killed -------------------------------------------------------------------------------------------------


def mixed(site: Site, folder: Path) -> None:
    """A batch with rows that become good, one that becomes a duplicate and one that stays bad."""
    first = write(
        folder / "a", "visits.csv", VISIT_HEAD,
        "A1,K1,答,2022-05-01,1", "A1,K1,考,2022-05-01,1", "A2,K1,考,,", "A9,K1,考,2022-05-01,1", "A3,K1,考,某日,",
    )  # fmt: skip
    second = write(folder / "b", "visits.csv", VISIT_HEAD, "A9,K1,答,2022-05-01,1")
    keyed = VISITS.replace("repeats: keep", "key: [编号, 课程, 时间]\n    repeats: keep")
    for file in (
        first,
        second,
        write(folder, "courses.csv", "代码,名称", "K1,一"),
        write(folder, "aligned.csv", "课程,指标,占比", "K1,P1.2,100"),
    ):
        take_in(site, keyed, COURSES, ALIGNED, folder=file)
    mapping(site.settings.home / "mapping", keyed.replace("{看: view", "{考: quiz, 看: view"))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What is there after a replay of the mixed batch that nothing came between."""
    folder = tmp_path_factory.mktemp("whole")
    site = open_site(load_settings(folder / "home", today="2022-11-15"))
    mixed(site, folder / "in")
    assert replay(site, number=1, by="t") == ReplayReport(4, 2, 1, 1)
    found = everything(site)
    site.registry.dispose()
    return found


# After one step is before the next.
KILLS = [
    ("open_replay", False),
    ("add", False),
    ("landing", False),
    ("close_batch", False),
    ("recount_batch", False),
    ("recount_batch", True),
]


@pytest.mark.parametrize(
    ("registry_url", "point", "done"),
    [("sqlite", *kill) for kill in KILLS] + [("postgresql", *kill) for kill in KILLS[1::3]],
    indirect=["registry_url"],
)
def test_a_replay_that_was_killed_and_called_again_ends_the_same(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uninterrupted: Any, point: str, done: bool
) -> None:
    mixed(site, tmp_path / "in")
    work = getattr(again, point)

    def killed(*given: object, **named: object) -> None:
        if done:
            work(*given, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(again, point, killed)
    with pytest.raises(KeyboardInterrupt):
        replay(site, number=1, by="t")
    monkeypatch.undo()
    refresh(site)  # in between, it does not see what is not done
    replay(site, number=1, by="t")
    refresh(site)  # after an earlier one, readers see a batch when the rules of doubt have looked at it
    assert everything(site) == uninterrupted
    cells = cell_sums(site)
    assert sum(row[4] for row in cells) == 4
    refresh(site, full=True)
    assert cell_sums(site) == cells


def test_what_landed_before_a_kill_is_kept_when_the_rows_are_then_read_otherwise(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "in"
    write(folder, "marks.csv", MARK_HEAD, "A1,K1,,150", "A2,K1,,160")
    take_in(site, MARKS, folder=folder)
    mapping(site.settings.home / "mapping", MARKS.replace("max: 100", "max: 200"))

    def killed(*_given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(again, "landing", killed)
    with pytest.raises(KeyboardInterrupt):
        replay(site, ids=[1], by="t")
    monkeypatch.undo()
    other = MARKS.replace("max: 100", "max: 200").replace("key: [编号, 课程]", "key: [编号]")
    mapping(site.settings.home / "mapping", other)
    with pytest.raises(InputError, match="重放"):
        mend(site, 1, {"得分": "90"}, by="t")
    assert replay(site, by="t") == ReplayReport(1, 1, 0, 0)
    assert [(row["line"], row["value"]) for row in sorted(records(site), key=lambda row: row["line"])] == [
        (2, 7500),
        (3, 8000),
    ]
    assert [one.counts.rows_stored for one in ledger(site)] == [2, 1, 1]


CHILD = """
import os, signal, sys
from portrait.intake import again
from portrait.intake.replay import replay
from portrait.lake.table import Lake
from portrait.scope import Actor, Role, scope
from portrait.settings import load_settings
from portrait.site import open_site

site = open_site(load_settings(sys.argv[1], database_url=sys.argv[2], today="2022-11-15"))
write = Lake.commit

def commit(*given, **named):
    if sys.argv[3] == "after":
        write(*given, **named)
    os.kill(os.getpid(), signal.SIGKILL)

Lake.commit = commit
replay(site, number=1, by="t")
"""


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_kill_9_at_the_commit_loses_nothing_and_doubles_nothing(
    site: Site, tmp_path: Path, uninterrupted: Any, when: str
) -> None:
    mixed(site, tmp_path / "in")
    url = site.registry.url.render_as_string(hide_password=False)
    child = subprocess.run([sys.executable, "-c", CHILD, str(site.settings.home), url, when])
    assert child.returncode == -signal.SIGKILL
    assert replay(site, number=1, by="t") == ReplayReport(4, 2, 1, 1)
    assert everything(site) == uninterrupted
    assert list(site.settings.home.glob("staging-*")) == []


def test_accounts_of_replayed_rows_are_registered_and_linked(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder, "people.csv", "编号,姓名,身份证号,手机,邮箱", "A1,甲,,,")
    write(folder, "marks.csv", MARK_HEAD, "A1,K1,,101", "A2,K1,,102")
    take_in(site, PEOPLE, MARKS, folder=folder)
    mapping(site.settings.home / "mapping", PEOPLE, MARKS.replace("max: 100", "max: 200"))
    replay(site, by="t")
    with site.registry.connect() as connection:
        found = connection.execute(
            select(account.c.shown, account.c.person_id.is_not(None)).order_by(account.c.shown)
        )
        assert [tuple(row) for row in found] == [("A1", True), ("A2", False)]
    assert [one.counts.rows_unmatched for one in ledger(site)] == [0, 1, 1]
