"""Looking at a file before it is taken in: the same judgement as the door's, and nothing stored."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from portrait.errors import InputError, MappingError
from portrait.intake.bench import open_bench, sweep
from portrait.intake.door import intake
from portrait.intake.preview import Preview, preview
from portrait.site import Site
from portrait.store.schema import metadata
from portrait.world import WORLD_SOURCES
from tests.inbox import ALIGNED, COURSES, MARKS, PEOPLE, mapping, write


def rows_of(site: Site) -> dict[str, int]:
    with site.registry.connect() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }


@pytest.mark.slow
def test_a_preview_says_of_the_tiny_world_what_the_door_then_does(
    sqlite_site: Site, tiny_folder: Path
) -> None:
    for folder, source in WORLD_SOURCES:
        before = rows_of(sqlite_site)
        seen = preview(sqlite_site, tiny_folder / folder, source)
        assert rows_of(sqlite_site) == before
        assert not sqlite_site.archive.exists() or before["batch"]
        assert list(sqlite_site.settings.home.glob("staging-*")) == []
        done = intake(sqlite_site, tiny_folder / folder, source, by="test")
        assert [(p.stream, p.file, p.rows_read, p.rows_passed, p.rows_bad, p.codes) for p in seen] == [
            (r.stream, r.file, r.rows_read, r.counts.rows_passed, r.rows_quarantined, r.codes) for r in done
        ]
        assert not any(p.error for p in seen)


def test_good_rows_come_first_and_then_one_bad_row_for_each_reason(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(
        folder,
        "marks.csv",
        "编号,课程,时间,得分",
        "A1,K1,2022-05-01 08:30,80",
        "A2,K1,2022-02-30,80",
        "A3,K1,2022-05-01,101",
        "A4,K1,2022-05-01,102",
        "A5,K1,2022-05-01 08:30:05,90.5",
        ",K1,2022-05-01,90",
        "A7,K1,2022-05-01,90,一格太多",
        "A8,K1,2022-05-01,",
        "A9,K1,2022-05-01,70",
    )
    (seen,) = preview(site, folder, mapping(tmp_path, MARKS), rows=3)
    assert (seen.rows_read, seen.rows_passed, seen.rows_bad) == (9, 0, 5)
    assert dict(seen.codes) == {"beyond_scale": 2, "bad_time": 1, "missing": 1, "ragged_row": 1}
    assert seen.codes[0] == ("beyond_scale", 2)
    assert [(s.row, s.problem == "") for s in seen.samples] == [
        (2, True), (6, True), (9, True), (3, False), (4, False), (7, False), (8, False),
    ]  # fmt: skip
    first, second, third = seen.samples[:3]
    assert dict(first.raw) == {"编号": "A1", "课程": "K1", "时间": "2022-05-01 08:30", "得分": "80"}
    assert dict(first.read) == {
        "account": "A1", "course": "K1（登记库里还没有）", "kind": "在线测验", "time": "2022-05-01 08:30",
        "score": "80", "score_max": "100",
    }  # fmt: skip
    assert (second.read["time"], second.read["score"]) == ("2022-05-01 08:30:05", "90.5")
    assert (third.read["score"], third.read["score_max"]) == ("", "")
    wrong_time, beyond, nobody, ragged = seen.samples[3:]
    assert "2022-02-30" in wrong_time.problem
    assert (wrong_time.read["time"], wrong_time.read["score"]) == ("", "80")
    assert "101" in beyond.problem
    assert "不能为空" in nobody.problem
    assert (dict(ragged.read), ragged.raw["编号"]) == ({}, "A7")


def test_rows_may_refer_to_what_an_earlier_stream_would_register(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder, "courses.csv", "代码,名称", "K1,一", "K2,")
    write(folder, "aligned.csv", "课程,指标,占比", "K1,P2.1,100", "K2,P2.1,100", "K3,P2.1,100")
    write(folder, "marks.csv", "编号,课程,时间,得分", "A1,K1,,1", "A1,K3,,1")
    source = mapping(tmp_path, COURSES, ALIGNED, MARKS)
    courses, aligned, marks = preview(site, folder, source)
    assert courses.rows_bad == 1
    assert [(s.row, s.problem == "") for s in aligned.samples] == [(2, True), (3, False)]
    assert aligned.codes == (("unknown_course", 2),)  # K2 is no good row of its own stream
    assert [s.read["course"] for s in marks.samples] == ["K1", "K3（登记库里还没有）"]
    (alone,) = preview(site, folder / "aligned.csv", source)
    assert alone.codes == (("unknown_course", 3),)


def test_identity_numbers_phones_and_mails_are_masked_wherever_they_stand(site: Site, tmp_path: Path) -> None:
    number, phone, mail = "410101198001010010", "13800001234", "wang@demo.invalid"
    folder = tmp_path / "in"
    write(
        folder,
        "people.csv",
        "编号,姓名,身份证号,手机,邮箱,家长电话,备注",
        f"A1,甲,,{phone},{mail},13900005678,编号 12345678901234",
        f"A2,乙,{number},1380000,{mail},,也可打 {phone}",
        f"A3,丙,{number},{phone},{mail},,,多一格 {phone}",
    )
    (seen,) = preview(site, folder, mapping(tmp_path, PEOPLE))
    assert [s.row for s in seen.samples] == [2, 3, 4]
    told = "".join(str((s.raw, s.read, s.problem)) for s in seen.samples)
    for secret in (number, phone, mail, "1380000", "13900005678"):
        assert secret not in told
    assert seen.samples[0].read["phone"] == "***1234"
    assert seen.samples[0].read["mail"] == "w***@demo.invalid"
    assert seen.samples[0].raw["备注"] == "编号 12345678901234"  # a number that is nobody's


def test_what_a_file_itself_forbids_is_told_before_it_is_tried(site: Site, tmp_path: Path) -> None:
    source = mapping(tmp_path, PEOPLE)
    head = "编号,姓名,身份证号,手机,邮箱"
    intake(site, write(tmp_path / "a", "people.csv", head, "A1,甲,,13800001234,"), source, by="t")
    before = rows_of(site)
    second = write(tmp_path / "b", "people.csv", head, "A1,甲,,13800001234,", "A2,乙,,13800001234,")
    (seen,) = preview(site, second, source)
    assert [(s.row, s.problem == "") for s in seen.samples] == [(2, True), (3, False)]
    assert (seen.rows_bad, seen.codes) == (1, (("taken", 1),))
    assert "第 2 行的另一位教师" in seen.samples[1].problem
    assert rows_of(site) == before


def by_stream(seen: list[Preview]) -> dict[str, Preview]:
    return {one.stream: one for one in seen}


def test_a_file_that_cannot_be_read_is_one_streams_trouble_and_not_the_others(
    site: Site, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    write(folder, "courses.csv", "代码,标题", "K1,一")
    write(folder, "marks.csv", "编号,课程,时间,得分", "A1,K1,,1")
    (folder / "people.csv").write_bytes(b"")
    seen = by_stream(preview(site, folder, mapping(tmp_path, PEOPLE, COURSES, ALIGNED, MARKS)))
    assert "空" in seen["people"].error
    assert "“名称”" in seen["courses"].error
    assert seen["courses"].columns == ("代码", "标题")
    assert (seen["aligned"].file, "aligned*.csv" in seen["aligned"].error) == ("", True)
    assert (seen["marks"].error, seen["marks"].rows_read) == ("", 1)


def test_a_file_that_no_stream_wants_says_which_files_are_wanted(site: Site, tmp_path: Path) -> None:
    source = mapping(tmp_path, COURSES, MARKS)
    folder = tmp_path / "in"
    stray = write(folder, "notes.csv", "a", "1")
    write(folder / ".trash", "old.csv", "a", "1")
    for path in (stray, folder):
        lost = preview(site, path, source)[-1]
        assert (lost.stream, lost.target, lost.file, lost.samples) == ("", "", "notes.csv", ())
        assert "courses*.csv、marks*.csv" in lost.error


def test_a_wrong_mapping_and_a_missing_path_are_raised(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder, "courses.csv", "代码,名称", "K1,一")
    with pytest.raises(MappingError):
        preview(site, folder, "nosuch")
    with pytest.raises(InputError):
        preview(site, tmp_path / "gone", mapping(tmp_path, COURSES))
    wrong = MARKS.replace('default: ""}', 'format: "%Q"}')
    write(folder, "marks.csv", "编号,课程,时间,得分", "A1,K1,x,1")
    with pytest.raises(MappingError):
        preview(site, folder / "marks.csv", mapping(tmp_path, wrong))


def test_an_intake_does_not_sweep_away_what_somebody_is_looking_at(sqlite_site: Site) -> None:
    home = sqlite_site.settings.home
    left = home / "staging-left"
    left.mkdir(parents=True)
    with open_bench(sqlite_site) as bench:
        sweep(sqlite_site)
        assert bench.staging.is_dir()
        assert not left.exists()
    assert list(home.glob("staging-*")) == []
