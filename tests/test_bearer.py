"""By which numbers a sheet knows people: asked of the registry, said where they are known and where they are not."""

from __future__ import annotations

from pathlib import Path

from dash import html

from dashboards.part.admin.sketch import sketch_form
from portrait.intake.bearer import People, site_people
from portrait.intake.door import intake
from portrait.intake.propose import Proposal, propose
from portrait.intake.sketch import Tried
from portrait.site import Site
from tests.sheets import picked

ROSTER = """
name: roster
source: roster
streams:
  - name: people
    file: 名册.csv
    target: person
    fields:
      key: {from: 编号}
      name: {from: 姓名}
      staff: {from: 编号}
      phone: {from: 手机}
      account: {from: 登录, kind: native}
"""
NAMES = ["王芳", "李建国", "张敏", "陈静"]


def rostered(site: Site, folder: Path) -> None:
    rows = [f"HJ00000{n},{name},1380000000{n},u{n}" for n, name in enumerate(NAMES)]
    (folder / "名册.csv").write_text("编号,姓名,手机,登录\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (folder / "roster.yaml").write_text(ROSTER, encoding="utf-8")
    intake(site, folder / "名册.csv", str(folder / "roster.yaml"), by="t")


def log(
    folder: Path, people: People | None, numbers: list[str], names: list[str], head: str = "学员工号"
) -> Proposal:
    path = folder / "日志.csv"
    rows = [
        f"{number},{name},浏览,2022-10-0{n}"
        for n, (number, name) in enumerate(zip(numbers, names, strict=True), 1)
    ]
    path.write_text(f"{head},姓名,学习行为,时间\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (found,) = propose(path, path.name, people=people)
    return found


def test_a_column_is_of_the_kind_that_the_registry_knows_its_numbers_as(site: Site, tmp_path: Path) -> None:
    assert site_people(site) is None
    rostered(site, tmp_path)
    found = log(tmp_path, site_people(site), ["HJ000000", "ｈｊ000001", "HJ000002", "HJ999999"], NAMES)
    assert picked(found)["学员工号"] == "account:staff"
    assert str(found.draft.why["学员工号"]) == "4 个里 3 个是登记过的继教编号，姓名也对得上"
    page = sketch_form(tmp_path / "日志.csv", [], [], found, Tried(), {})
    assert str(found.draft.why["学员工号"]) in str(html.Div(page))
    phones = log(tmp_path, site_people(site), [f"1380000000{n}" for n in range(4)], NAMES, "学号")
    assert picked(phones)["学号"] == "account:phone"


LEFT = (
    (["A1", "A2", "A3", "A4"], NAMES, "“学员工号”的 4 个号码里只有 0 个是登记过的"),
    (["HJ000000", "A2", "A3", "A4"], NAMES, "“学员工号”的 4 个号码里只有 1 个是登记过的"),
    (
        [f"HJ00000{n}" for n in range(4)],
        ["赵一", "钱二", "孙三", "周四"],
        "“学员工号”的 4 个里 4 个是登记过的继教编号，0 个姓名对得上：多半是另一套编号碰巧相同",
    ),
    (["u0", "u1", "u2", "x"], NAMES, "“学员工号”的 4 个账号里 3 个是来源 roster 的：把来源写成 roster"),
)


def test_numbers_that_are_called_by_their_kind_and_stand_beside_other_names_are_said(
    sqlite_site: Site, tmp_path: Path
) -> None:
    rostered(sqlite_site, tmp_path)
    others = ["赵一", "钱二", "孙三", "周四"]
    found = log(tmp_path, site_people(sqlite_site), [f"HJ00000{n}" for n in range(4)], others, "继教编号")
    assert picked(found)["继教编号"] == "account:staff"
    assert "0 个姓名对得上：按继教编号读，记录会算在名册里那些人名下" in str(found.notes[0])


def test_numbers_that_nobody_bears_are_left_and_said(sqlite_site: Site, tmp_path: Path) -> None:
    rostered(sqlite_site, tmp_path)
    for numbers, names, said in LEFT:
        found = log(tmp_path, site_people(sqlite_site), numbers, names)
        assert picked(found)["学员工号"] == "account:native"
        assert str(found.notes[0]).startswith(said)
    path = tmp_path / "学时.csv"
    path.write_text(
        "人员编号,学号,姓名,学时\n"
        + "".join(f"P00{n}9,HJ00000{n},{name},8\n" for n, name in enumerate(NAMES)),
        encoding="utf-8",
    )
    # Of two columns of numbers the one that is known says who it is.
    (before,) = propose(path, path.name)
    assert picked(before)["人员编号"] == "account:staff"
    (after,) = propose(path, path.name, people=site_people(sqlite_site))
    assert picked(after) == {"学号": "account:staff", "姓名": "name", "学时": "credit"}
