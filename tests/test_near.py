"""Keys as people write them: a day is the same day however it is spelled, and what no record has is answered with what there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from portrait import near
from portrait.errors import InputError
from portrait.key import absent, key_shapes
from portrait.near import nearest
from portrait.record import KIND_ZH, Kind
from portrait.refresh import refresh
from portrait.site import Site
from portrait.spelling import MOST, cut, day_in, spellings
from portrait.store.schema import ruling
from portrait.withdrawal import heard, restore, rule_on, withdraw
from tests.export import Export

MAP = """
name: sheet
source: p
streams:
  - name: sheet
    file: sheet*
    target: record
    key: [班次, 账号, 日期]
    fields:
      account: {from: 账号, kind: KIND}
      kind: {const: attendance}
      item: {from: 班次}
      time: {from: 日期}
"""
ROWS = (
    "班次,账号,日期",
    "GP01,HJ41010200001,2022年10月8日",
    "GP01,HJ41010200001,2022/10/9",
    "GP01,HJ41010200002,2022-10-08",
    "GP02,HJ41010200001,2022-12-01",
    "XX99,HJ99999999999,2022-10-08",
)


@given(day=st.dates(date(1000, 1, 1)))
def test_a_day_is_the_same_in_every_form_and_no_other(day: date) -> None:
    forms = {one for (one,) in spellings([day.isoformat()])}
    read = {day_in(one) for one in forms}
    assert read - {None} == {day}
    assert f"{day.year}年{day.month}月{day.day}日" in forms
    for other in forms:
        if day_in(other):
            assert {one for (one,) in spellings([other])} == forms | {other}


@pytest.mark.parametrize(
    "text", ["1", "2022-13-01", "2022-10-08 09:30", "6f1c0d5e-0000-4000-8000-000000000001", ""]
)
def test_what_is_no_day_has_one_spelling(text: str) -> None:
    assert (day_in(text), spellings([text])) == (None, [(text,)])


@pytest.fixture
def sheet(sqlite_site: Site, tmp_path: Path) -> Export:
    made = Export(sqlite_site, tmp_path / "in", MAP.replace("KIND", "staff"))
    made.put("sheet.csv", "\n".join(ROWS) + "\n")
    assert made.took() == (5, 5, 0, 0)
    refresh(sqlite_site)
    return made


def left(site: Site) -> int:
    refresh(site)
    return len(site.pool.rows("SELECT id FROM record"))


@pytest.mark.parametrize("typed", ["2022-10-08", "2022/10/8", "2022年10月8日", "２０２２.10.8"])
def test_a_key_is_taken_back_and_restored_however_its_day_is_written(sheet: Export, typed: str) -> None:
    key = [["gp01".upper(), "HJ41010200001", typed]]
    heard = withdraw(
        sheet.site, "p", None, [*key, ["GP01", "HJ41010200001", "2022-10-8"]], reason="代签", by="某人"
    )
    assert (len(heard.new), heard.before, absent(sheet.site, heard.new)) == (1, 0, [])
    assert left(sheet.site) == 4
    again = withdraw(
        sheet.site, "p", None, [["GP01", "HJ41010200001", "2022-10-08"]], reason="代签", by="某人"
    )
    assert (again.new, again.before) == ((), 1)
    restore(sheet.site, "p", None, [["GP01", "HJ41010200001", "2022.10.8"]], reason="没有代签", by="某人")
    assert left(sheet.site) == 5


def test_the_nearest_keys_are_the_same_persons_and_of_days_near(sheet: Export) -> None:
    (found,) = nearest(sheet.site, "p", None, [["GP01", "HJ41010200001", "2022-10-10"]])
    assert [(one.key, str(one.day)) for one in found][:3] == [
        ("GP01|HJ41010200001|2022/10/9", "2022-10-09"),
        ("GP01|HJ41010200001|2022年10月8日", "2022-10-08"),
        ("GP01|HJ41010200002|2022-10-08", "2022-10-08"),
    ]
    assert not any("XX99" in one.key for one in found)
    assert nearest(sheet.site, "p", None, [["没有", "这样", "的号"]]) == [[]]
    assert nearest(sheet.site, "q", None, [["GP01"]]) == [[]]
    assert nearest(sheet.site, "p", None, []) == []


def test_a_number_of_a_person_in_a_key_is_not_told(sqlite_site: Site, tmp_path: Path) -> None:
    made = Export(sqlite_site, tmp_path / "in", MAP.replace("KIND", "phone"))
    made.put("sheet.csv", "班次,账号,日期\nGP01,13812345678,2022-10-08\n")
    made.take()
    ((one,),) = nearest(sqlite_site, "p", None, [["GP01", "13812345679", "2022-10-08"]])
    assert one.key == "GP01|***|2022-10-08"


def test_the_command_lists_what_comes_nearest_to_a_key_that_no_record_has(
    sheet: Export, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sheet.site.registry.url.render_as_string(hide_password=False)
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", url)
    said = ("--source", "p", "--reason", "代签", "--home", sheet.site.settings.home)
    told = command("record", "void", "--key", "GP01|HJ41010200001|2022-10-11", *said).out
    assert "1 个记录号还没有记录：撤回等着" in told
    assert "最接近的记录号：\n  GP01|HJ41010200001|2022/10/9　签到 2022-10-09　记录 " in told
    found = command("record", "void", "--key", "GP03|HJ41010200001|2022-10-08", "--json", *said).json
    assert found["near"][0]["nearest"][0]["key"] == "GP01|HJ41010200001|2022年10月8日"
    assert "最接近" not in command("record", "void", "--key", "GP01|HJ41010200001|2022年10月9日", *said).out


READ = """
name: sheet
source: p
streams:
  - name: sheet
    file: sheet*
    cells: office
    target: record
    key: [{field: account}, {field: kind}, {field: time}, {field: score}]
    fields:
      account: {first: [{from: 手机, kind: phone}, {from: 身份证, kind: idno}, {from: 编号, kind: staff, prefix: HJ}]}
      kind: {from: 行为, map: {签: attendance, 测: quiz}}
      time: {from: 日期}
      score: {from: 分, max: 100}
"""
CELLS = (
    "手机,身份证,编号,行为,日期,分",
    "13812345678,,,签,2022年10月8日,85",
    ",11010519491231002X,,测,2022/10/9,90.5",
    ",,001a,测,2022-10-10,60",
)
SIGNED, ANSWERED = KIND_ZH[Kind.ATTENDANCE], KIND_ZH[Kind.QUIZ]


@pytest.fixture
def read(sqlite_site: Site, tmp_path: Path) -> Export:
    """Three records that are known by what their cells are read as."""
    made = Export(sqlite_site, tmp_path / "in", READ)
    made.put("sheet.csv", "\n".join(CELLS) + "\n")
    assert made.took() == (3, 3, 0, 0)
    refresh(sqlite_site)
    return made


def test_what_is_typed_for_what_a_key_reads_is_read_as_the_file_is(read: Export) -> None:
    typed = {
        "85": [
            ("138-1234-5678", "签", "2022-10-08", "85"),
            ("+86 138 1234 5678", "attendance", "2022/10/8", "85.0"),
            ("１３８１２３４５６７８", SIGNED, "２０２２年１０月８日", "８５分"),
            ("13812345678", str(int(Kind.ATTENDANCE)), "2022-10-08", "85"),
        ],
        "90.5": [
            ("11010519491231002x", "测", "2022年10月9日", "90.5"),
            ("１１０１０５１９４９１２３１００２Ｘ", ANSWERED, "2022.10.9", "90.50"),
        ],
        "60": [("001A", "quiz", "2022-10-10", "60"), ("hj001a", "测", "2022-10-10 00:00", "60.0")],
    }
    for score, keys in typed.items():
        met = heard(read.site, "void", "p", None, keys)
        assert (len(met.new), absent(read.site, met.new)) == (1, []), (
            f"all of {score} are one key, which is there"
        )
    withdraw(read.site, "p", None, [keys[0] for keys in typed.values()], reason="代答", by="某人")
    assert left(read.site) == 0
    restore(read.site, "p", None, [keys[-1] for keys in typed.values()], reason="没有", by="某人")
    with read.site.registry.connect() as connection:
        newest = select(func.max(ruling.c.id)).group_by(ruling.c.key_number)
        said = connection.execute(select(ruling.c.said).where(ruling.c.id.in_(newest))).scalars().all()
    assert said == ["restore"] * 3
    assert left(read.site) == 3
    nobody = withdraw(
        read.site, "p", None, [("13812345678", "测", "2022-10-08", "85")], reason="x", by="某人"
    )
    assert absent(read.site, nobody.new) == [0], "another kind is another record"


def test_the_nearest_of_keys_that_are_read_are_told_without_anybodys_number(read: Export) -> None:
    ((phone, *_), (staff, *_)) = nearest(
        read.site,
        "p",
        None,
        [("138 1234 5678", "签", "2022年10月7日", "85"), ("001b", "测", "2022-10-10", "60")],
    )
    assert (phone.key, str(phone.day)) == (f"***|{int(Kind.ATTENDANCE)}|2022-10-08|85", "2022-10-08")
    assert staff.key.startswith("***|"), "its column may hold a phone: nobody can tell by the key alone"


def test_a_number_that_two_people_have_withdraws_nobody_s_record(sqlite_site: Site, tmp_path: Path) -> None:
    either = READ.replace("{first: [", "{first: [{from: 账号, kind: native, prefix: u-}, ").replace(
        ", {field: kind}, {field: time}, {field: score}]", "]"
    )
    made = Export(sqlite_site, tmp_path / "in", either)
    made.put(
        "sheet.csv", "账号,编号,手机,身份证,行为,日期,分\n1,,,,签,2022-10-08,85\nu-1,,,,签,2022-10-08,90\n"
    )
    assert made.took() == (2, 2, 0, 0)
    refresh(sqlite_site)
    ids = sorted(row[0].hex() for row in sqlite_site.pool.rows("SELECT id FROM record"))
    with pytest.raises(InputError) as refused:
        withdraw(sqlite_site, "p", None, ["u-1"], reason="x", by="某人")
    assert all(one in str(refused.value) for one in ids)
    assert left(sqlite_site) == 2
    withdraw(sqlite_site, "p", None, ["u-u-1"], reason="x", by="某人")
    assert left(sqlite_site) == 1


def test_a_key_of_an_account_has_as_many_parts_as_its_kind(sqlite_site: Site, tmp_path: Path) -> None:
    either = READ.replace(
        "{first: [{from: 手机, kind: phone}, {from: 身份证, kind: idno}, {from: 编号, kind: staff, prefix: HJ}]}",
        "{first: [{from: [平台, 账号], kind: account}, {from: [姓名, 学校, 生日], kind: triple, skip_blank: true}, {from: 编号, kind: staff}]}",
    ).replace(", {field: kind}, {field: time}, {field: score}]", "]")
    made = Export(sqlite_site, tmp_path / "in", either)
    rows = ("https://LMS.example.cn,u1,,,,,", ",,张三,一中,1980年5月,,", ",,李四,一中,,,", ",,,,,9,")
    made.put(
        "sheet.csv",
        "\n".join(["平台,账号,姓名,学校,生日,编号,行为,日期,分", *(f"{row}签,2022-10-08,85" for row in rows)])
        + "\n",
    )
    assert made.took() == (4, 4, 0, 0)
    refresh(sqlite_site)
    keys = [("https://lms.example.cn", "u1"), ("张 三", "一中", "1980-05"), ("李四", "一中"), ("9",)]
    heard = withdraw(sqlite_site, "p", None, keys, reason="x", by="某人")
    assert absent(sqlite_site, heard.new) == []
    folder = sqlite_site.settings.home / "mapping"
    folder.mkdir(parents=True)
    (folder / "sheet.yaml").write_text(either, encoding="utf-8")
    assert key_shapes(sqlite_site, "p", None) == ["姓名|学校", "姓名|学校|生日", "平台网址|账号", "账号"]


def test_to_restore_one_record_takes_the_whole_withdrawal_of_its_key_back(sheet: Export) -> None:
    sheet.put("sheet2.csv", "班次,账号,日期\nGP01,HJ41010200001,2022-10-08\n")
    sheet.take()
    withdraw(sheet.site, "p", None, [["GP01", "HJ41010200001", "2022/10/8"]], reason="代签", by="某人")
    withdraw(sheet.site, "p", None, [["GP02", "HJ41010200001", "2022-12-01"]], reason="代签", by="某人")
    assert left(sheet.site) == 3, "both spellings, and another key"
    one = sheet.site.pool.rows("SELECT id FROM landed WHERE item = 'GP01' AND batch = 2")[0][0]
    rule_on(sheet.site, "restore", [bytes(one)], reason="没有代签", by="某人")
    assert left(sheet.site) == 5


def test_nothing_is_said_when_the_nearest_cannot_be_found_and_files_are_opened_once(
    sheet: Export, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sheet.site.registry.url.render_as_string(hide_password=False)
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", url)
    said = ("--source", "p", "--reason", "代签", "--home", sheet.site.settings.home)
    keys = [word for day in (11, 12, 13) for word in ("--key", f"GP01|HJ41010200001|2022-10-{day}")]

    def fails(*_given: Any) -> None:
        raise InputError("读不了")

    with monkeypatch.context() as patched:
        patched.setattr("portrait.cli.record.nearest", fails)
        assert command("record", "void", *keys, *said).code == 3
    with sheet.site.registry.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(ruling)) == 0
    opened = list[str]()
    look: Callable[..., Any] = near.set_up
    monkeypatch.setattr(near, "set_up", lambda *given: opened.append(given[3].name) or look(*given))
    told = command("record", "void", *keys, *said).out
    assert told.count("最接近的记录号：") == 3
    assert opened == ["sheet.csv"]


def test_every_spelling_of_two_days_is_thought_of_and_of_three_those_of_one_form_first() -> None:
    two, three = ["A", "2022-10-08", "2022-10-09"], ["2022-10-08", "2022-10-09", "2022-11-09"]
    assert not cut(two)
    assert len(spellings(two)) == len(set(spellings(two))) > 300
    assert ("A", "2022年10月8日", "2022/10/09") in spellings(two)
    found = spellings(three)
    assert cut(three)
    assert len(found) == MOST
    assert {
        ("2022/10/08", "2022/10/09", "2022/11/09"),
        ("2022年10月8日", "2022年10月9日", "2022年11月9日"),
    } <= set(found)
