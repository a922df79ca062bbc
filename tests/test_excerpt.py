"""What of a row its reader gets: the own row, what makes the record that is decided on, or all of it; and what reading it costs."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from portrait.doubtful import doubts
from portrait.errors import InputError
from portrait.intake import archive, bare, text
from portrait.intake.door import intake
from portrait.intake.excerpt import Excerpt
from portrait.intake.mapping import read_mapping
from portrait.intake.original import Original, original
from portrait.intake.replay import mend
from portrait.refresh import refresh
from portrait.scope import Actor, Scope, scope
from portrait.site import Site
from portrait.store.schema import account
from tests.inbox import MARKS, STATEMENTS, mapping, records, waiting, write
from tests.press import ask, shown
from tests.readers import READERS, browser, enlist, settle

ACROSS = """
  - name: across
    file: across*.csv
    target: record
    unpivot: {keep: [日期, 活动, 评语], item: 手机, value: 到}
    key: [日期, 手机]
    fields:
      account: {from: 手机, kind: phone}
      kind: {const: quiz}
      item: {from: 活动}
      time: {from: 日期}
      score: {from: 到, max: 100}
"""
SIGNED = """
  - name: signed
    file: signed*.csv
    target: record
    key: [编号, 日期]
    make:
      次: [{from: 场次, match: "(.+)"}]
      分: [{from: 小测, match: "([0-9]+)"}]
    fields:
      account: {from: 编号, kind: staff}
      kind: {const: attendance}
      item: {from: 次}
      time: {from: 日期}
      score: {from: 分, max: 100}
"""
SHEET = """
  - name: sheet
    file: sheet*.csv
    cells: office
    header: auto
    target: record
    key: [编号]
    fields:
      account: {from: 编号, kind: staff}
      kind: {const: quiz}
      score: {from: 分, max: 100}
"""
ME, OTHER = "13800138000", "13900139000"


def reader(login: str) -> Scope:
    role, given = READERS[login]
    return scope(Actor(1, login, login, role, **given))


def take_in(site: Site, folder: Path, *streams: str) -> None:
    mapping(site.settings.home / "mapping", *streams)
    intake(site, folder, "m", by="t")


def heads(one: Original) -> list[str]:
    return [head for head, _ in one.cells]


def test_of_a_table_with_a_column_for_each_person_a_teacher_gets_the_own_one(
    sqlite_site: Site, tmp_path: Path
) -> None:
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry, "teacher")
    lines = (f"日期,活动,{ME},{OTHER},评语", "2022-05-01,研,91,52,好")
    take_in(sqlite_site, write(tmp_path, "across.csv", *lines), ACROSS)
    mine = next(row for row in records(sqlite_site) if row["score"] == 91)
    with sqlite_site.registry.begin() as connection:
        connection.execute(update(account).where(account.c.id == mine["account"]).values(person_id=1))
    refresh(sqlite_site)
    pressed = {"type": "origin-own", "key": f":{mine['id'].hex()}"}
    told = shown(ask(browser(sqlite_site, "teacher"), pressed, "n_clicks", 1, changes="origin-own-row"))
    assert '"91"' in told
    assert "另有 1 列没有显示" in told
    assert not [secret for secret in (ME, OTHER, "9000", '"52"') if secret in told]
    rows = {
        who: original(sqlite_site, reader(who) if who else None, mine["batch"], mine["line"])
        for who in ("", "teacher", "office")
    }
    assert rows[""].column == rows["teacher"].column == rows["office"].column == "***8000"
    assert heads(rows[""]) == ["日期", "活动", "***8000", "***9000", "评语"]
    assert heads(rows["teacher"]) == ["日期", "活动", "***8000", "评语"]
    assert heads(rows["office"]) == ["日期", "活动", "***8000"]


def test_heads_that_read_alike_when_they_are_masked_are_told_apart_by_their_place(
    sqlite_site: Site, tmp_path: Path
) -> None:
    take_in(
        sqlite_site,
        write(tmp_path, "across.csv", "日期,活动,评语,13800138000,13900138000", "2022-05-01,研,,91,52"),
        ACROSS,
    )
    for row in records(sqlite_site):
        one = original(sqlite_site, None, row["batch"], row["line"])
        assert float(dict(one.cells)[one.column]) == row["score"]
        assert heads(one)[3:] == ["***8000", "***8000（第 5 列）"]


def test_who_decides_gets_the_columns_that_make_the_record_and_no_mark_beside_a_sign_in(
    sqlite_site: Site, tmp_path: Path
) -> None:
    head = "编号,日期,场次,小测,银行卡号,家庭电话,护照"
    cells = "A1,2022-05-01,甲,90,6222021234567890123,0371-65506666,E12345678"
    take_in(sqlite_site, write(tmp_path, "signed.csv", head, cells), SIGNED)
    for who in ("school", "trainer", "office", "office-a", "bureau"):
        one = original(sqlite_site, reader(who), 1, 2)
        assert heads(one) == ["编号", "日期", "场次"]
        assert "另有 4 列" in one.less
        assert heads(original(sqlite_site, reader(who), 1, 2, marks=True)) == ["编号", "日期", "场次", "小测"]
    for all_of_it in ("admin", "teacher"):
        told = original(sqlite_site, reader(all_of_it), 1, 2)
        assert (heads(told), told.less) == (head.split(","), "")


def test_of_a_correction_who_decides_gets_the_cells_that_make_the_record(
    sqlite_site: Site, tmp_path: Path
) -> None:
    head, cells = "编号,课程,时间,得分,家庭电话", "A1,K1,很久,90,0371-65506666"
    take_in(sqlite_site, write(tmp_path, "marks.csv", head, cells), MARKS)
    (row,) = waiting(sqlite_site)
    mend(
        sqlite_site, row.id, {**row.raw, "时间": "2022-05-01", "得分": "80", "家庭电话": "0371-1"}, by="wang"
    )
    (stored,) = records(sqlite_site)
    told = {
        who: dict(original(sqlite_site, reader(who), stored["batch"], stored["line"]).mended)
        for who in ("office", "admin")
    }
    assert told == {
        "office": {"时间": "2022-05-01"},
        "admin": {"时间": "2022-05-01", "得分": "80", "家庭电话": "0371-1"},
    }


def test_of_a_line_of_json_who_decides_gets_what_the_mapping_cuts_out_of_it(
    sqlite_site: Site, tmp_path: Path
) -> None:
    line = {"id": "r1", "who": "A1", "score": 90, "home": {"phone": "0371-65506666", "card": ["6222"]}}
    take_in(sqlite_site, write(tmp_path, "statements.jsonl", json.dumps(line)), STATEMENTS)
    one = original(sqlite_site, reader("trainer"), 1, 1, marks=True)
    assert json.loads(one.text) == {"id": "r1", "who": "A1", "score": 90}
    assert "另有 2 列（项）" in one.less
    assert json.loads(original(sqlite_site, reader("trainer"), 1, 1).text) == {"id": "r1", "who": "A1"}
    assert json.loads(original(sqlite_site, reader("teacher"), 1, 1).text) == line


def test_what_a_path_names_is_cut_out_of_lists_and_things(tmp_path: Path) -> None:
    fields = STATEMENTS.replace("$.who", """'$.a.b[1]."x.y"'""")
    (stream,) = read_mapping(Path(mapping(tmp_path, fields))).streams
    cut = Excerpt(stream, reader("office"))
    assert cut.of_object({"a": {"b": [1, {"x.y": 2, "z": 3}, 4], "c": 5}, "id": 6, "score": 7}) == {
        "a": {"b": [{"x.y": 2}]},
        "id": 6,
    }
    assert cut.of_object({"a": "text", "id": None}) == {"a": None, "id": None}


def test_a_row_of_which_nobody_knows_what_is_what_is_shown_to_who_mends_it_alone(
    sqlite_site: Site, tmp_path: Path
) -> None:
    take_in(
        sqlite_site, write(tmp_path, "marks.csv", "编号,课程,时间,得分", "A1,K1,2022-05-01,90,王某"), MARKS
    )
    assert "王某" in str(original(sqlite_site, reader("admin"), 1, 2))
    told = original(sqlite_site, reader("school"), 1, 2)
    assert (told.cells, told.text) == ((), "")
    assert "分不清" in told.less


def test_in_the_drawer_of_a_doubt_no_row_is_shown_to_who_is_not_told_the_name(
    sqlite_site: Site, tmp_path: Path
) -> None:
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry, "admin")
    lines = ("编号,姓名,课程,时间,得分", "A1,甲教师本人,K1,2032-05-01,91")
    take_in(sqlite_site, write(tmp_path, "marks.csv", *lines), MARKS)
    refresh(sqlite_site)
    (one,) = doubts(sqlite_site, reader("admin"))
    pressed = {"rowId": one.record.hex()}
    admin = browser(sqlite_site, "admin")
    told = shown(ask(admin, "doubt-rows", "cellClicked", pressed, changes="drawer-content"))
    assert "甲教师本人" not in told
    assert "您看不到" in told
    line = {"batch_line": 2, "url": "?batch=1"}
    assert "甲教师本人" in shown(
        ask(admin, "batch-line-show", "n_clicks", 1, changes="batch-line-row", **line)
    )


def test_rows_above_a_head_and_lines_that_are_no_object_are_told_as_what_they_are(
    sqlite_site: Site, tmp_path: Path
) -> None:
    third = MARKS.replace("    target: record\n", "    header: 3\n    target: record\n", 1)
    folder = write(tmp_path, "marks.csv", "某校成绩", "2022年", "编号,课程,时间,得分", "A1,K1,2022-05-01,90")
    take_in(sqlite_site, folder, third)
    above = [original(sqlite_site, None, 1, line) for line in (1, 2, 3)]
    assert [one.cells[0] for one in above] == [
        ("第 1 列", "某校成绩"),
        ("第 1 列", "2022年"),
        ("第 1 列", "编号"),
    ]
    assert all("不是数据" in one.note for one in above)
    assert heads(original(sqlite_site, None, 1, 4)) == ["编号", "课程", "时间", "得分"]
    intake(sqlite_site, write(tmp_path / "lines", "s.jsonl", "[1]", "not json").parent, "xapi", by="t")
    assert [original(sqlite_site, None, 2, line).text for line in (1, 2)] == ["[1]", "not json"]


# --- what it costs ---------------------------------------------------------------------------------------------


class Looked(list[Any]):
    """Counts the things that are taken out of it."""

    n = 0

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        self.n += len(found) if isinstance(at, slice) else 1
        return found

    def __iter__(self) -> Any:
        for one in super().__iter__():
            self.n += 1
            yield one


def test_every_row_that_could_not_be_cut_is_looked_at_once(
    sqlite_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [line for n in range(500) for line in (f"X{n},1,2,3", f"A{n},60")]
    take_in(sqlite_site, write(tmp_path, "sheet.csv", "编号,分", *lines), SHEET)
    looked, body = Looked(), bare.body

    def counted(grid: Any, *given: Any) -> Any:
        looked.extend(grid.broken)
        grid.broken = looked
        return body(grid, *given)

    monkeypatch.setattr(bare, "body", counted)
    assert original(sqlite_site, None, 1, 1001).cells == (("编号", "A499"), ("分", "60"))
    assert 400 < looked.n <= len(looked)
    assert "3" in str(original(sqlite_site, None, 1, 1000).cells)


@pytest.mark.parametrize("office", [False, True])
def test_a_csv_is_read_to_its_end_once_and_then_no_further_than_the_row(
    sqlite_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, office: bool
) -> None:
    lines = [f'A{n},60,"说明，{n}"' for n in range(12_000)]
    stream = SHEET if office else SHEET.replace("    cells: office\n    header: auto\n", "")
    path = write(tmp_path / "in", "sheet.csv", "编号,分,备注", *lines)
    size = path.stat().st_size
    take_in(sqlite_site, path.parent, stream)
    read, digests, digest = [0], [], archive._digest

    class Counted(io.FileIO):
        def readinto(self, buffer: Any, /) -> int | None:
            found = super().readinto(buffer)
            read[0] += found or 0
            return found

    monkeypatch.setattr(text, "_open", lambda path: io.BufferedReader(Counted(path)))
    monkeypatch.setattr(archive, "_digest", lambda file: [digests.append(file), digest(file)][1])
    assert original(sqlite_site, None, 1, 2).row == 2
    assert read[0] > size
    read[0] = 0
    assert dict(original(sqlite_site, None, 1, 3).cells)["编号"] == "A1"
    assert 0 < read[0] < size / 2
    assert len(digests) == 1
    kept = archive.place(sqlite_site.archive, digests[0].name)
    kept.chmod(0o600)
    kept.write_bytes(kept.read_bytes()[:-2] + b"x\n")
    with pytest.raises(InputError, match="已损坏"):
        original(sqlite_site, None, 1, 3)
