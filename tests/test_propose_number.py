"""Numbers, names and births of people in sheets: what is counted is what can be used, and what a spreadsheet has lost is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portrait.intake.door import intake
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.store.schema import person
from portrait.veil import check_digit
from tests.sheets import Table, picked, proposed, written


def number(n: int) -> str:
    text = f"4101051990010100{n}"
    return text + check_digit(text)


LOST = "4.10105E+17"


def test_only_numbers_that_can_be_used_are_counted_and_lost_digits_are_named(tmp_path: Path) -> None:
    rows = [[f"HJ00000{n}", "王芳", one] for n, one in enumerate((number(1), number(2), LOST), 1)]
    found = proposed(tmp_path, [["教师名册"], ["继教编号", "姓名", "身份证号"], *rows])
    assert picked(found)["身份证号"] == "idno"
    assert found.draft.why["身份证号"] == (
        "表头像“身份证号”；3 格中 2 格是身份证号（校验位对），1 格末几位已丢失（很有把握，0.98）"
    )
    assert [str(note) for note in found.notes] == [
        "“身份证号”有 1 格被变成了科学计数，末几位已丢失，补不回来：这些行会进隔离区，请把那一列设成文本重新导出"
    ]


def test_where_no_number_can_be_used_people_are_known_by_name_and_school(tmp_path: Path) -> None:
    heads = ["姓名", "身份证号", "工作单位", "证书编号", "学时"]
    wrong = number(1)[:-1] + ("0" if number(1)[-1] != "0" else "1")
    rows = [["王芳", one, "第一小学", f"ZS{n}", 8] for n, one in enumerate((LOST, LOST, wrong))]
    found = proposed(tmp_path, [["证书发放名单"], heads, *rows])
    assert picked(found) == {
        "姓名": "name",
        "工作单位": "school",
        "证书编号": "certificate",
        "学时": "credit",
    }
    assert any(
        note.startswith("“身份证号”没有一格能用（2 格被变成了科学计数，末几位已丢失；其余的位数或校验位不对），所以不按它认人")
        for note in found.notes
    )  # fmt: skip


ROSTER: Table = [
    ["新教师名册"],
    ["继教编号", "姓名", "出生年月"],
    ["HJ000001", "钱一鸣", "1998年3月"],
    ["HJ000002", "孙 二妮", "1999.5"],
    ["HJ000003", "买买提·阿 不拉", "19970704"],
    ["HJ000004", "Anna Lee", "1996"],
    ["HJ000005", "李　小 明", "属马"],
]


def test_of_a_date_of_birth_the_year_is_read_and_names_are_closed_up(
    sqlite_site: Site, tmp_path: Path
) -> None:
    found = proposed(tmp_path, ROSTER)
    assert picked(found)["出生年月"] == "birth_year:date"
    written(tmp_path, found)
    (report,) = intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
    assert (report.rows_stored, dict(report.codes)) == (4, {"not_a_number": 1})
    with sqlite_site.registry.connect() as connection:
        kept = connection.execute(select(person.c.name, person.c.birth_year).order_by(person.c.key)).all()
    assert [tuple(one) for one in kept] == [
        ("钱一鸣", 1998), ("孙二妮", 1999), ("买买提·阿不拉", 1997), ("Anna Lee", 1996),
    ]  # fmt: skip


def test_a_year_of_birth_is_read_as_it_stands(tmp_path: Path) -> None:
    heads = ["继教编号", "姓名", "出生年"]
    found = proposed(tmp_path, [["教师名册"], heads, ["HJ000001", "王芳", 1998], ["HJ000002", "张敏", 1999]])
    assert picked(found)["出生年"] == "birth_year"


def test_a_mapping_is_saved_under_another_name_or_in_the_place_of_the_old_one(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    open_site(load_settings(home)).registry.dispose()
    proposed(tmp_path, ROSTER, "roster.xlsx")
    save = ("intake", tmp_path / "roster.xlsx", "--propose", "--save", "--home", home)
    assert command(*save).code == 0
    taken = command(*save)
    assert taken.code == 3
    assert "换一个名字（命令加 --name），或选“替换成新版本”（命令加 --replace）" in taken.err
    assert command(*save, "--replace").code == 0
    assert 'version: "2"' in (home / "mapping" / "roster.yaml").read_text(encoding="utf-8")
    assert command(*save, "--name", "xinshou").code == 0
    assert "source: xinshou" in (home / "mapping" / "xinshou.yaml").read_text(encoding="utf-8")
    assert command(*save[:3], "--name", "x", "--home", home).code == 2
