"""A class as a sheet names it, in its title or a column: the one registered class that is called so, whenever it is registered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from portrait.confirmation import decide_record
from portrait.explain import records_of
from portrait.hashing import key_number
from portrait.intake.preview import preview
from portrait.intake.title import class_said, school_said
from portrait.programme.called import alike, bare, contradict, levels
from portrait.rebuild import rebuild
from portrait.record import Flag
from portrait.refresh import refresh
from portrait.scope import scope
from portrait.site import Site
from portrait.store.quarantine import quarantined
from portrait.store.run import Classes, classes, keep_runs, meant_runs, moved_runs, note_runs
from portrait.store.schema import account, trainee, training_class
from tests.desk import waiting_records
from tests.readers import enlist, settle
from tests.sheets import picked, proposed, taken, written

NAME = "农村中小学班主任育人能力提升一班"
HEAD = ["继教编号", "2022-10-08"]


def register(site: Site, *named: tuple[str, str], source: str = "henan") -> list[int]:
    """Classes by code and name; their ids."""
    rows = [
        {"id": key_number("class", source, code), "source": source, "code": code, "name": name}
        for code, name in named
    ]
    with site.registry.begin() as connection:
        connection.execute(insert(training_class), rows)
    return [key_number("class", source, code) for code, _ in named]


def runs(site: Site) -> list[int]:
    return [run for (run,) in site.pool.rows("SELECT DISTINCT run FROM record ORDER BY run")]


def sign(site: Site, folder: Path, title: str, name: str = "签到.xlsx") -> Any:
    table = [[title], HEAD, ["HJ001", "√"], ["HJ002", "√"]]
    written(folder, proposed(folder, table, name))
    return taken(site, folder, table, name)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (f"2022年{NAME}学员签到表", NAME),
        (f"“国培计划（2022）”——{NAME}", NAME),
        ("某县骨干教师培训班（一班）签到册", "某县骨干教师培训班一班"),
        ("某县骨干教师培训班学员名单", "2022年某县骨干教师培训班"),
        ("某县骨干教师提升第 １ 班", "某县骨干教师提升一班"),
        ("某县骨干教师提升12班考勤表", "某县骨干教师提升十二班"),
        ("骨干教师培训班学员签到表（二班）", "骨干教师培训班二班"),
    ],
)
def test_a_name_is_the_same_without_what_a_title_says_besides(said: str, name: str) -> None:
    assert bare(said) == bare(name)
    assert not contradict(said, name)


@pytest.mark.parametrize(
    ("said", "schools", "found"),
    [
        ("某县第一小学签到表", ("第一小学", "某县第一小学"), "某县第一小学"),
        ("洛阳市涧西区实验小学签到表", ("实验小学",), ""),
        ("洛阳市涧西区实验小学签到表", ("涧西区实验小学", "实验小学"), "涧西区实验小学"),
        ("实验小学校本研修", ("实验小学",), "实验小学"),
        ("实验小学校本研修", ("实验小学", "实验小学"), ""),
    ],
)
def test_a_school_in_a_title_is_the_one_that_is_called_so(
    said: str, schools: tuple[str, ...], found: str
) -> None:
    assert school_said(said, schools) == found


def test_names_that_differ_are_not_alike() -> None:
    assert bare("骨干教师提升一班") != bare("骨干教师提升二班")
    assert contradict("2021年骨干教师提升一班", "2022年骨干教师提升一班")
    assert alike("ＡＢ（一）班") == alike("ab(一)班")
    assert bare("学员") == ""


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("“国培计划（2022）”——骨干教师培训班", "国"),
        ("河南省省培计划骨干教师培训班", "省"),
        ("2022年市培骨干教师培训班", "市"),
        ("某市市培项目骨干教师培训班", "市"),
        ("区培计划骨干教师培训班", "县"),
        ("2022年校本研修一班", "校"),
        ("2022年县培训班", ""),
        ("某市培训班", ""),
        ("某县培英中学培训班", ""),
        ("全国培训者培训班", ""),
        ("省级骨干教师培训班", ""),
    ],
)
def test_a_name_says_the_level_of_its_programme_and_a_place_is_none(name: str, level: str) -> None:
    assert "".join(levels(name)) == level
    assert bare("2022年市培训班") != bare("2022年县培训班")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("初中语文骨干教师培训班", "小学语文骨干教师培训班"),
        ("初中语文骨干教师培训班", "初中数学骨干教师培训班"),
        ("骨干教师培训班第一期", "骨干教师培训班（第2期）"),
        ("骨干教师培训班（一班）", "骨干教师培训班二班"),
        ("骨干教师培训班一班", "骨干教师培训班11班"),
        ("骨干教师培训班A班", "骨干教师培训班B班"),
        ("骨干教师培训（一）", "骨干教师培训（二）"),
        ("国培骨干教师培训班", "省培骨干教师培训班"),
        ("2022年市培计划骨干教师培训班", "“县培计划（2022）”骨干教师培训班"),
        ("2022年国培骨干教师培训班", "2022年校本研修骨干教师培训班"),
    ],
)
def test_classes_for_others_are_told_apart(one: str, other: str) -> None:
    assert bare(one) != bare(other) or contradict(one, other)


@pytest.mark.parametrize(
    ("title", "file", "called"),
    [
        ("签到表", "WPS2022.xlsx", ""),
        ("签到表", "IMG_20221008_093000.xlsx", ""),
        ("签到表", "DSC01234.xlsx", ""),
        ("GP2022签到表", "a.xlsx", ""),
        ("签到表", "WPS（BJ2022GP100007）.xlsx", "BJ2022GP100007"),
        ("某县骨干教师培训班（一班）签到册", "a.xlsx", "某县骨干教师培训班（一班）"),
    ],
)
def test_what_names_a_class_is_no_name_of_a_file(title: str, file: str, called: str) -> None:
    assert class_said(title, "", file)[0] == called


def test_a_class_is_found_by_the_name_in_a_title_before_and_after_it_is_registered(
    sqlite_site: Site, tmp_path: Path
) -> None:
    title = f"2022年“国培计划”{NAME}学员签到表"
    message = sign(sqlite_site, tmp_path, title).message
    assert f"班次名单里没有“2022年“国培计划”{NAME}”" in message
    assert "刷新一次就对上，不用再导入" in message
    refresh(sqlite_site)
    (unknown,) = runs(sqlite_site)
    (own, _) = register(sqlite_site, ("BJ01", NAME), ("BJ02", NAME.replace("一班", "二班")))
    refresh(sqlite_site)
    assert runs(sqlite_site) == [own]
    with sqlite_site.registry.connect() as connection:
        assert meant_runs(connection) == {unknown: own}
    # The next sheet says at once which class it is, before anything is taken in and then in its batch.
    table = [[title.replace("学员签到表", "（第二天）签到表")], ["继教编号", "2022-10-09"], ["HJ001", "√"]]
    proposed(tmp_path, table, "二.xlsx")
    (seen,) = preview(sqlite_site, tmp_path / "二.xlsx", str(tmp_path / "m.yaml"))
    assert f"认作班次 {NAME}（BJ01）" in str(seen.courses)
    assert "（认作班次 BJ01）" in seen.samples[0].read["run"], "and no row says otherwise"
    assert f"认作班次 {NAME}（BJ01）" in taken(sqlite_site, tmp_path, table, "二.xlsx").message
    assert refresh(sqlite_site).cells == "batch", "what is new needs nothing counted over"
    assert runs(sqlite_site) == [own]
    rebuild(sqlite_site)
    assert runs(sqlite_site) == [own]
    # Another class of the same name, and nothing says which: both are left.
    register(sqlite_site, ("X1", NAME), source="city")
    refresh(sqlite_site)
    assert runs(sqlite_site) == [unknown]
    told = sign(sqlite_site, tmp_path, f"{title}三", "三.xlsx").message
    assert f"叫“2022年“国培计划”{NAME}”的班次有 2 个" in told
    with sqlite_site.registry.begin() as connection:
        connection.execute(delete(training_class).where(training_class.c.source == "city"))
    refresh(sqlite_site)
    assert runs(sqlite_site) == [own]


def test_a_code_in_a_title_is_found_whoever_has_the_list_of_classes(
    sqlite_site: Site, tmp_path: Path
) -> None:
    (own,) = register(sqlite_site, ("BJ2022GP100007", NAME))
    report = sign(sqlite_site, tmp_path, "集中培训签到表（BJ2022GP100007）")
    assert f"“BJ2022GP100007”认作班次 {NAME}" in report.message
    refresh(sqlite_site)
    assert runs(sqlite_site) == [own]


def test_the_nearest_classes_are_named_where_none_is_meant(sqlite_site: Site, tmp_path: Path) -> None:
    register(sqlite_site, ("B1", NAME), ("B2", "幼儿园园长任职资格培训班"))
    message = sign(sqlite_site, tmp_path, f"{NAME.replace('一班', '三班')}签到表").message
    assert f"最接近的是：{NAME}（B1）" in message
    assert "园长" not in message


def test_a_column_of_whole_names_says_the_class_of_each_row(sqlite_site: Site, tmp_path: Path) -> None:
    own = register(sqlite_site, ("B1", "骨干教师提升一班"), ("B2", "骨干教师提升二班"))
    head = ["班次名称", *HEAD]
    table = [["签到表"], head, ["骨干教师提升一班", "HJ001", "√"], ["骨干教师提升 二班", "HJ002", "√"]]
    found = proposed(tmp_path, table, "签到.xlsx")
    assert picked(found)["班次名称"] == "run"
    written(tmp_path, found)
    taken(sqlite_site, tmp_path, table, "签到.xlsx")
    refresh(sqlite_site)
    assert runs(sqlite_site) == sorted(own)
    short = proposed(tmp_path, [["签到表"], head, ["一班", "HJ001", "√"], ["二班", "HJ002", "√"]])
    assert "班次名称" not in picked(short)
    assert "写的不是班次的全名" in "".join(map(str, short.notes))


def test_a_class_of_another_year_and_a_short_code_are_not_meant(site: Site) -> None:
    register(site, ("B1", "2021年骨干教师提升一班"), ("01", "某班"))
    with site.registry.connect() as connection:
        known: Classes = classes(connection)
    assert known.fitting("2022年骨干教师提升一班") == ()
    assert [one.code for one in known.fitting("2021年骨干教师提升一班签到表")] == ["B1"]
    assert [one.code for one in known.fitting("骨干教师提升一班")] == ["B1"]
    assert known.fitting("01") == ()
    assert known.fitting("骨干教师提升一班", "city") == ()


def test_a_class_of_another_level_is_not_meant_and_one_that_says_none_only_where_no_other_does(
    sqlite_site: Site, tmp_path: Path
) -> None:
    called = "初中语文骨干教师培训班"
    nation, province = f"2022年国培计划{called}", f"2022年省培{called}"
    register(sqlite_site, ("G", nation))

    def fitting(name: str) -> list[str]:
        with sqlite_site.registry.connect() as connection:
            return [one.code for one in classes(connection).fitting(name)]

    assert (fitting(f"{province}学员签到表"), fitting(f"2022年{called}签到表")) == ([], ["G"])
    table = [["班级", "继教编号", "县区"], [province, "HJ001", "410102"], [nation.replace("计划", ""), "HJ002", "410102"]]  # fmt: skip
    written(tmp_path, proposed(tmp_path, table))
    roster = taken(sqlite_site, tmp_path, table, "名单.xlsx")
    assert (roster.rows_stored, roster.rows_quarantined) == (1, 1)
    register(sqlite_site, ("N", called))
    assert (fitting(province), fitting(nation)) == (["N"], ["G"])
    register(sqlite_site, ("S", province))
    assert (fitting(f"省培计划{called}"), fitting(f"2022年国培{called}")) == (["S"], ["G"])
    assert fitting(f"市培{called}") == ["N"]
    assert len(fitting(f"2022年{called}")) == 3, "which one cannot be told"
    again = [["班级", "继教编号", "县区"], [f"2022年省培计划{called}", "HJ001", "410102"]]
    assert taken(sqlite_site, tmp_path, again, "名单二.xlsx").rows_stored == 1
    with sqlite_site.registry.connect() as connection:
        listed = connection.execute(
            select(training_class.c.code).join(trainee).order_by(training_class.c.code)
        )
        assert listed.scalars().all() == ["G", "S"]


@pytest.mark.parametrize(
    ("first", "last", "fits"),
    [
        (date(2022, 10, 8), date(2022, 10, 9), True),
        (date(2023, 2, 1), date(2023, 2, 1), True),  # its marks, some weeks later
        (date(2023, 10, 8), date(2023, 10, 8), False),
        (date(2021, 10, 8), date(2021, 10, 8), False),
    ],
)
def test_a_class_is_meant_by_a_sheet_of_its_own_days(
    sqlite_site: Site, first: date, last: date, fits: bool
) -> None:
    (own,) = register(sqlite_site, ("B1", NAME))
    dates = update(training_class).values(starts=date(2022, 10, 8), ends=date(2022, 12, 1))
    with sqlite_site.registry.begin() as connection:
        connection.execute(dates)
        note_runs(connection, [(1, "", NAME, first, last)])
        assert meant_runs(connection) == {1: own if fits else None}
        note_runs(connection, [(1, "", NAME, date(2022, 11, 1), date(2022, 11, 1))])
        assert meant_runs(connection) == {1: own}, "one of its days is"


def test_a_class_without_days_is_meant_in_the_year_of_its_name_and_in_the_next(sqlite_site: Site) -> None:
    (own,) = register(sqlite_site, ("B1", f"2021年国培计划{NAME}"))
    for year, found in ((2020, None), (2021, own), (2022, own), (2023, None)):
        with sqlite_site.registry.begin() as connection:
            note_runs(connection, [(year, "", NAME, date(year, 10, 8), date(year, 10, 8))])
            assert meant_runs(connection)[year] == found


def test_a_provider_s_own_code_is_no_code_of_another(sqlite_site: Site, tmp_path: Path) -> None:
    register(sqlite_site, ("CLASS01", NAME), ("GP2022-01", f"{NAME}甲"), source="jia")
    sign(sqlite_site, tmp_path, "CLASS01签到表")
    refresh(sqlite_site)
    with sqlite_site.registry.connect() as connection:
        assert set(meant_runs(connection).values()) <= {None}
        assert classes(connection).fitting("GP2022-01") == ()


def test_the_second_course_of_a_class_is_another_one() -> None:
    assert class_said("骨干教师培训班（第二期）签到表", "", "a.xlsx")[0] == "骨干教师培训班（第二期）"
    assert class_said("骨干教师培训班第2期学员签到表", "", "a.xlsx")[0] == "骨干教师培训班第2期"
    assert class_said("骨干教师培训班（小学组）", "", "a.xlsx")[0] == "骨干教师培训班（小学组）"
    assert (
        bare("骨干教师培训班第2期学员签到表")
        == bare("骨干教师培训班（第二期）")
        != bare("骨干教师培训班（第一期）")
    )


def test_a_class_that_is_ambiguous_for_one_of_two_lists_is_nobody_s(sqlite_site: Site) -> None:
    (own, _) = register(sqlite_site, ("B1", NAME), ("B2", NAME.replace("一班", "二班")))
    with sqlite_site.registry.begin() as connection:
        note_runs(connection, [(1, "", NAME, None, None), (1, "henan", NAME, None, None)])
        keep_runs(connection, {1: own}, [1])
        assert moved_runs(connection, {1: own}) == []
        note_runs(connection, [(1, "city", NAME, None, None)])
        assert moved_runs(connection, {1: own}) == [1], "the new line does not say so yet"


def test_the_trainer_of_the_class_sees_its_sheet_and_what_the_school_has_decided_holds(
    sqlite_site: Site, tmp_path: Path
) -> None:
    site = sqlite_site
    settle(site.registry)
    actors = enlist(site.registry, "trainer", "school")
    trainer, school = (scope(actors[login], site.today) for login in ("trainer", "school"))
    sign(site, tmp_path, "2022年骨干教师提升一班学员签到表")
    ours = {"HJ001": 1, "HJ002": 3}  # both of class 101; the school is person 1's
    with site.registry.begin() as connection:
        for shown, person in ours.items():
            own = (account.c.shown == shown, account.c.kind == "staff")
            connection.execute(update(account).where(*own).values(person_id=person))
    refresh(site)
    (one,) = waiting_records(site, school)
    assert waiting_records(site, trainer) == []
    decide_record(site, school, one.record, "confirmed", by="school", seen=one.facts)
    with site.registry.begin() as connection:
        named = update(training_class).where(training_class.c.id == 101)
        connection.execute(named.values(name="骨干教师提升一班"))
    refresh(site)
    (other,) = waiting_records(site, trainer)
    assert other.class_name == "骨干教师提升一班"
    assert waiting_records(site, school) == [], "what was confirmed is about the same sheet"
    (mine,) = records_of(site, 1)
    assert (mine.class_name, bool(mine.flag & Flag.VERIFIED)) == ("骨干教师提升一班", True)


def test_a_list_of_trainees_names_its_class_as_sheets_do(sqlite_site: Site, tmp_path: Path) -> None:
    (own, _) = register(
        sqlite_site, ("B1", "某县骨干教师培训班（一班）"), ("B2", "2022年某县骨干教师培训班（二班）")
    )
    table = [
        ["班级", "继教编号", "县区"],
        ["2022年某县骨干教师培训班一班", "HJ001", "410102"],
        ["2021年某县骨干教师培训班二班", "HJ002", "410102"],
        ["某县骨干教师培训班二班", "HJ003", "410102"],
    ]
    found = proposed(tmp_path, [["学员名单"], *table])
    written(tmp_path, found)
    report = taken(sqlite_site, tmp_path, [["学员名单"], *table], "名单.xlsx")
    assert (report.target, report.rows_stored, report.rows_quarantined) == ("trainee", 1, 2)
    assert "“2022年某县骨干教师培训班一班”认作班次 某县骨干教师培训班（一班）（B1）" in report.message
    with sqlite_site.registry.connect() as connection:
        assert connection.scalars(select(trainee.c.class_id)).all() == [own]


def test_a_list_of_trainees_is_told_whose_list_has_the_code_of_its_class(
    sqlite_site: Site, tmp_path: Path
) -> None:
    register(sqlite_site, ("BJ2022GP100007", NAME))
    table = [["学员名单"], ["继教编号", "县区"], ["HJ001", "410102"]]
    found = proposed(tmp_path, table)
    fixed = {**found.draft.fixed, "class": "BJ2022GP100007"}
    written(tmp_path, replace(found, draft=replace(found.draft, target="trainee", fixed=fixed)))
    report = taken(sqlite_site, tmp_path, table, "名单.xlsx")
    with sqlite_site.registry.connect() as connection:
        (row,) = quarantined(connection, number=report.batch)
    assert row.code == "unknown_class"
    assert row.reason.startswith("班次代码“BJ2022GP100007”：")
    assert "来源 henan 的班次名单里有这个代码：是那里的，就在映射里写 class_source: henan" in row.reason


def test_what_readers_see_is_what_the_last_refresh_found(site: Site) -> None:
    first, second = register(site, ("B1", NAME), ("BJ2022GP100007", "另一个培训班"))
    noted = [
        (1, "", f"2022年{NAME}学员签到表", date(2022, 10, 8), date(2022, 10, 9)),
        (2, "", "BJ2022GP100007", None, None),
        (3, "", "没有的班", None, None),
        (first, "", "B1", None, None),
    ]
    with site.registry.begin() as connection:
        assert note_runs(connection, noted) == 4
        assert note_runs(connection, noted) == 0
        meant = meant_runs(connection)
        assert meant == {1: first, 2: second, 3: None, first: None}
        moved = moved_runs(connection, meant)
        assert sorted(moved) == [1, 2]
    assert site.named_runs() == {}
    with site.registry.begin() as connection:
        keep_runs(connection, meant, moved)
        assert moved_runs(connection, meant) == []
    assert site.named_runs() == {1: first, 2: second}
