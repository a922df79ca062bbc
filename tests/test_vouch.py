"""A sheet that says who has confirmed each row is read so; one that says it of some, or of none, says what will happen."""

from __future__ import annotations

from pathlib import Path

import pytest

from portrait.intake.draft import choices
from portrait.intake.propose import propose
from portrait.record import Flag
from portrait.site import Site
from tests.sheets import Table, picked, proposed, taken, written

HEADS = ["继教编号", "姓名", "活动名称", "活动日期", "认定学时", "证明材料", "确认人"]
TITLE = ["第一小学2022年校本研修活动登记表"]


def study(*signed: str) -> Table:
    rows = [
        [f"HJ00000{n}", "王芳", "观课议课", f"2022-09-0{n}", 2, "记录.pdf", name]
        for n, name in enumerate(signed, 1)
    ]
    return [TITLE, HEADS, *rows]


def confirmed(site: Site) -> list[bool]:
    rows = site.pool.rows("SELECT flag FROM record ORDER BY time")
    return [bool(flag & Flag.VERIFIED) for (flag,) in rows]


def test_a_name_in_every_row_confirms_it_and_what_stands_for_no_name_does_not(
    sqlite_site: Site, tmp_path: Path
) -> None:
    table = study("校长 王五", "王五", "王五")
    found = proposed(tmp_path, table)
    assert picked(found)["确认人"] == "verified:signed"
    assert found.notes[-1].startswith(
        "“确认人”每一行都有人，按学校或承训单位已经确认读，接入这一批的人为此负责"
    )
    written(tmp_path, found)
    report = taken(sqlite_site, tmp_path, study("校长 王五", "未确认", "", "√"), "登记.xlsx")
    assert report.rows_stored == 4
    assert confirmed(sqlite_site) == [True, False, False, True]


def test_a_sign_for_nobody_is_a_whole_cell_and_no_beginning_of_a_name(
    sqlite_site: Site, tmp_path: Path
) -> None:
    names = ["Xu Li", "X. Li", "xiao wang", "未央", "无锡市教研室", "未来小学 王五"]
    nobody = ["X", "xx", "×", "—", "/", "X 未签", "未见原件", "空", "No"]
    found = proposed(tmp_path, study("王五"))
    written(tmp_path, found)
    cells = names + nobody
    table = study(*cells)
    for n, row in enumerate(table[2:], 1):
        row[0], row[3] = f"HJ{n:06}", f"2022-09-{n:02}"
    assert taken(sqlite_site, tmp_path, table, "登记.xlsx").rows_stored == len(cells)
    assert confirmed(sqlite_site) == [True] * len(names) + [False] * len(nobody)


@pytest.mark.parametrize("signed", [("王五", "", "王五"), ("", "", "")])
def test_what_does_not_say_so_of_every_row_waits_and_the_notice_says_how_to_state_it(
    tmp_path: Path, signed: tuple[str, ...]
) -> None:
    found = proposed(tmp_path, study(*signed))
    assert "确认人" not in picked(found)
    said = [str(note) for note in found.notes]
    (wait,) = [note for note in said if note.startswith("没有一列说已经核验")]
    assert "每一行接入以后都在“待确认”页等学校或承训单位确认" in wait
    assert "--fill verified=true" in wait
    assert any(note.startswith("“确认人”有 1 行空着") for note in said) == any(signed)
    assert any(note.startswith("“证明材料”只写着材料的名字") for note in said)
    (told,) = propose(tmp_path / "表.xlsx", "表.xlsx", fill={"verified": "true"})
    assert not [note for note in told.notes if "核验" in note]
    assert "verified:signed" in choices("record")


def test_marks_and_certificates_wait_for_nobody(tmp_path: Path) -> None:
    found = proposed(
        tmp_path, [["继教编号", "成绩", "审核人"], ["HJ000001", 80, ""], ["HJ000002", 90, "王五"]]
    )
    assert not [note for note in found.notes if "核验" in note]
