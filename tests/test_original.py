"""From a record back to the row of its file: what stands there, what of it is masked, and who may have it opened."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from portrait.errors import InputError, NotFound
from portrait.intake import text
from portrait.intake.archive import place
from portrait.intake.door import intake
from portrait.intake.original import original
from portrait.intake.replay import mend
from portrait.rebuild import rebuild
from portrait.record import COLUMN_STEP
from portrait.refresh import refresh
from portrait.site import Site
from portrait.store.audit import recent_audit
from portrait.store.schema import account, activity
from portrait.xapi.name import activity_names
from tests.inbox import MARKS, PEOPLE, STATEMENTS, ledger, mapping, records, waiting, write
from tests.press import ask, shown
from tests.readers import browser, enlist, settle

MARK_HEAD = "编号,课程,时间,得分"
WIDE = """
  - name: wide
    file: wide*.csv
    target: record
    unpivot: {keep: [编号], item: 项目, value: 分}
    key: [编号, 项目]
    fields:
      account: {from: 编号, kind: staff}
      kind: {const: quiz}
      item: {from: 项目}
      score: {from: 分, max: 100}
"""
SHEET = """
  - name: sheet
    file: sheet*.csv
    cells: office
    header: auto
    skip: [合计]
    target: record
    key: [编号]
    fields:
      account: {from: 编号, kind: staff}
      kind: {const: quiz}
      score: {from: 分, max: 100}
"""


def take_in(site: Site, folder: Path, *streams: str) -> None:
    mapping(site.settings.home / "mapping", *streams)
    intake(site, folder, "m", by="t")


def test_a_row_reads_as_it_stands_in_the_file_whatever_lies_around_it(
    sqlite_site: Site, tmp_path: Path
) -> None:
    lines = (MARK_HEAD, "A1,K1,2022-05-01,90", "", '"A2","K1,乙",2022-05-02,80', "A3,K1,2022-05-03,70")
    folder = tmp_path / "in"
    write(folder, "marks.csv", *lines)
    (folder / "marks2.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode("gb18030")))
    take_in(sqlite_site, folder, MARKS.replace("marks*.csv", "marks*"))
    by_line = {(row["batch"], row["line"]): row for row in records(sqlite_site)}
    assert {line for _, line in by_line} == {2, 4, 5}
    for number, line in by_line:
        row = original(sqlite_site, None, number, line)
        assert [name for name, _ in row.cells] == MARK_HEAD.split(",")
        assert float(dict(row.cells)["得分"]) == by_line[number, line]["score"]
    for lost in (1_000, 3):
        with pytest.raises(NotFound, match="没有第"):
            original(sqlite_site, None, 1, lost)


def test_people_s_numbers_are_masked_where_the_mapping_has_them_and_where_it_has_not(
    sqlite_site: Site, tmp_path: Path
) -> None:
    head = "编号,姓名,身份证号,手机,邮箱,备注"
    cells = "A1,张三,11010519491231002X,13800138000,zhangsan@jy.example.cn,家里 13900139000"
    take_in(sqlite_site, write(tmp_path, "people.csv", head, cells), PEOPLE)
    told = dict(original(sqlite_site, None, 1, 2).cells)
    assert (told["编号"], told["姓名"]) == ("A1", "张三")
    assert told["身份证号"].endswith("002X")
    assert told["身份证号"].startswith("*")
    assert not any(secret in str(told) for secret in ("138001", "13900139000", "zhangsan", "19491231"))


def test_a_statement_reads_in_lines_with_its_json_folded_and_its_mailbox_masked(
    sqlite_site: Site, tmp_path: Path
) -> None:
    said = {
        "id": "6f1c0e0a-1111-4222-8333-444455556666",
        "actor": {"mbox": "mailto:liqiang@jy.example.cn", "name": "李强"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/answered", "display": {"en": "answered", "zh-CN": "作答"}},
        "object": {"id": "https://c.example.cn/quiz/1", "definition": {"name": {"zh": "第一单元测验"}}},
        "result": {"score": {"raw": 8, "max": 10}, "success": True},
    }  # fmt: skip
    folder = write(tmp_path / "in", "s.jsonl", "", json.dumps(said), "{}").parent
    intake(sqlite_site, folder, "xapi", by="t")
    (row,) = records(sqlite_site)
    assert row["item"] == "https://c.example.cn/quiz/1"  # what it is known by; the name is for readers
    assert activity_names(sqlite_site.registry, {row["item"]}) == {row["item"]: "第一单元测验"}
    with sqlite_site.registry.begin() as connection:
        connection.execute(delete(activity))  # as where the file came in before names were read
    rebuild(sqlite_site)
    assert activity_names(sqlite_site.registry, {row["item"]}) == {row["item"]: "第一单元测验"}
    again = write(tmp_path / "again", "s.jsonl", json.dumps(said)).parent
    assert [one.counts.rows_stored for one in intake(sqlite_site, again, "xapi", by="t")] == [0]
    told = original(sqlite_site, None, row["batch"], row["line"])
    assert told.row == 2
    cells = dict(told.cells)
    assert cells["语句号"] == said["id"]
    assert cells["做了什么"] == "作答（http://adlnet.gov/expapi/verbs/answered）"
    assert cells["对什么"] == "第一单元测验（https://c.example.cn/quiz/1）"
    assert cells["结果"] == "8 / 10 · success = true"
    assert "liqiang" not in str(told)
    assert "李强" in cells["谁"]
    assert json.loads(told.text)["result"] == said["result"]


def test_a_wide_row_is_shown_whole_with_the_cell_of_the_record(sqlite_site: Site, tmp_path: Path) -> None:
    take_in(sqlite_site, write(tmp_path, "wide.csv", "编号,甲,乙", "A1,60,70"), WIDE)
    found = {
        row["item"]: original(sqlite_site, None, row["batch"], row["line"]) for row in records(sqlite_site)
    }
    assert {item: one.column for item, one in found.items()} == {"甲": "甲", "乙": "乙"}
    assert all(one.cells == (("编号", "A1"), ("甲", "60"), ("乙", "70")) for one in found.values())
    assert all(row["line"] > COLUMN_STEP for row in records(sqlite_site))


def test_of_a_sheet_by_people_titles_heads_and_totals_are_shown_as_what_they_are(
    sqlite_site: Site, tmp_path: Path
) -> None:
    take_in(sqlite_site, write(tmp_path, "sheet.csv", "某校成绩,", "编号,分", "A1,60", "合计,60"), SHEET)
    assert original(sqlite_site, None, 1, 3).cells == (("编号", "A1"), ("分", "60"))
    assert "不是数据" in original(sqlite_site, None, 1, 1).note
    assert original(sqlite_site, None, 1, 4).note == "“合计”行，不是数据"


def test_a_replayed_record_goes_back_to_its_file_with_what_was_corrected(site: Site, tmp_path: Path) -> None:
    take_in(site, write(tmp_path, "marks.csv", MARK_HEAD, "A1,K1,2022-05-01,900"), MARKS)
    (row,) = waiting(site)
    mend(site, row.id, {**row.raw, "得分": "90"}, by="wang")
    (stored,) = records(site)
    assert stored["batch"] == 2
    told = original(site, None, stored["batch"], stored["line"])
    assert (told.batch, dict(told.cells)["得分"], dict(told.mended)) == (1, "900", {"得分": "90"})


def test_a_lost_and_a_damaged_file_are_said(sqlite_site: Site, tmp_path: Path) -> None:
    take_in(sqlite_site, write(tmp_path, "marks.csv", MARK_HEAD, "A1,K1,2022-05-01,90"), MARKS)
    (batch,) = ledger(sqlite_site)
    kept = place(sqlite_site.archive, batch.content)
    kept.chmod(0o600)
    kept.write_text(f"{MARK_HEAD}\nA1,K1,2022-05-01,91\n", encoding="utf-8")
    with pytest.raises(InputError, match="已损坏"):
        original(sqlite_site, None, 1, 2)
    kept.unlink()
    with pytest.raises(InputError, match="不在存档里"):
        original(sqlite_site, None, 1, 2)


def test_a_file_is_read_no_further_than_the_row(
    sqlite_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [json.dumps({"id": f"r{n}", "who": "A1", "score": n % 100}) for n in range(25_000)]
    take_in(sqlite_site, write(tmp_path, "statements.jsonl", *lines), STATEMENTS)
    read, chunks = [], text._chunks

    def counted(some: text.Text):
        for numbers, found in chunks(some):
            read.append(len(numbers))
            yield numbers, found

    monkeypatch.setattr(text, "_chunks", counted)
    assert json.loads(original(sqlite_site, None, 1, 10_001).text)["id"] == "r10000"
    assert read == [10_000, 10_000]


# --- on pages and by command -----------------------------------------------------------------------------------


@pytest.fixture
def home(sqlite_site: Site, tmp_path: Path) -> Site:
    """Person 1 and person 2 have a mark each, out of one file."""
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry)
    take_in(
        sqlite_site,
        write(tmp_path, "marks.csv", MARK_HEAD, "A1,K1,2022-05-01,91", "A2,K1,2022-05-01,52"),
        MARKS,
    )
    with sqlite_site.registry.begin() as connection:
        for person in (1, 2):
            connection.execute(
                update(account)
                .where(account.c.shown == f"A{person}", account.c.source == "m")
                .values(person_id=person)
            )
    refresh(sqlite_site)
    return sqlite_site


def opened(reader: object, kind: str, key: str, clicks: int = 1) -> str:
    id = {"type": f"origin-{kind}", "key": key}
    return shown(ask(reader, id, "n_clicks", clicks, changes=f"origin-{kind}-row"))


def looks(sqlite_site: Site) -> list[str]:
    return [
        one.object
        for one in recent_audit(sqlite_site.registry)
        if one.action == "look" and one.object.startswith("row:")
    ]


def test_a_teacher_opens_the_row_of_an_own_record_and_of_no_other(home: Site) -> None:
    mine, theirs = (next(row["id"].hex() for row in records(home) if row["score"] == n) for n in (91, 52))
    teacher = browser(home, "teacher")
    assert "marks.csv 第 2 行" in opened(teacher, "own", f"P3.1:{mine}")
    assert looks(home) == ["row:1:2"]
    for foreign in (theirs, "00" * 16, "'; --"):
        assert "没有这条记录" in opened(teacher, "own", f":{foreign}")
    assert looks(home) == ["row:1:2"]
    assert "A1" not in opened(teacher, "own", f":{mine}", clicks=2)


def test_an_administrator_looks_at_rows_of_a_batch_by_number_and_nobody_else_does(home: Site) -> None:
    def asked(login: str, line: object, button: str = "batch-line-show", batch: str = "?batch=1") -> str:
        return shown(
            ask(
                browser(home, login),
                button,
                "n_clicks",
                1,
                changes="batch-line-row",
                batch_line=line,
                url=batch,
            )
        )

    assert "marks.csv 第 2 行" in asked("admin", 2)
    assert "marks.csv 第 3 行" in asked("admin", 2, "batch-line-after")
    assert "没有第 9 行" in asked("admin", 9)
    assert "行号要写成" in asked("admin", "x")
    for login in ("teacher", "school", "office"):
        assert "marks.csv" not in asked(login, 2)


def test_the_command_tells_file_row_and_cells(home: Site, command, monkeypatch: pytest.MonkeyPatch) -> None:
    url = home.registry.url.render_as_string(hide_password=False)
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", url)
    mine = next(row["id"].hex() for row in records(home) if row["score"] == 91)
    told = command("record", "show", mine, "--home", home.settings.home).out
    assert "文件 marks.csv，第 2 行" in told
    assert "得分：91" in told
    (row,) = command("record", "show", mine, "--json", "--home", home.settings.home).json["rows"]
    assert row["cells"][0] == ["编号", "A1"]
