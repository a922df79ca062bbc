"""What the ledger says of batches with every kind of fault, told again to a reader of English: Chinese is left in names and cells alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotly.utils import PlotlyJSONEncoder
from sqlalchemy import select

from dashboards import language
from dashboards.language import gettext
from dashboards.part.admin.preview import previews
from portrait.errors import PortraitError
from portrait.intake.door import intake
from portrait.intake.preview import preview
from portrait.scope import scope
from portrait.sentence import Sentence, in_turn, kept, listed, recalled, sentence
from portrait.site import Site
from portrait.store import schema
from portrait.store.answer import prefer
from portrait.store.user import actor_of, find_user
from tests.inbox import COURSES, MARKS, PEOPLE, mapping, write
from tests.leftover import Leftover
from tests.readers import Browser, browser, enlist, settle

LMS = "https://lms.example.cn/course"
# Of the files: heads and cells that a sentence may quote.
CAME = [
    "编号",
    "姓名",
    "身份证号",
    "手机",
    "邮箱",
    "课程",
    "时间",
    "得分",
    "班次",
    "代码",
    "名称",
    "学校",
    "行",
    "缺考",
    "汇总",
    "成绩",
    "合计",
    "填表人：甲",
    "填表人",
    "昨天",
    "九十",
    "不是本校的",
    "甲",
    "乙",
    "课一",
    "一小",
    "二小",
    "别的",
    "列",
]
SHEET = """
  - name: sheet
    file: sheet*.xlsx
    cells: office
    skip: [合计, 填表人]
    target: record
    key: [编号, 课程]
    where: [{column: 得分, present: true}, {column: 学校, in: [一小], why: 不是本校的}]
    fields:
      account: {from: 编号, kind: staff}
      course: {from: 课程}
      run: {from: 班次}
      kind: {const: exam}
      time: {from: 时间}
      score: {from: 得分, max: 100}
"""
EVENTS = """
  - name: events
    file: events*.jsonl
    target: record
    key: [$.id]
    fields:
      account: {from: $.who, kind: staff}
      course: {from: $.course}
      course_source: {const: m}
      kind: {const: exam}
      time: {from: $.at}
      score: {from: $.score, max: 100}
"""


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    yield
    language.use("zh")


TEXT = st.text(alphabet="ab王{}、；，： \x1e", max_size=5)


@given(st.recursive(TEXT.map(lambda text: sentence("{x}在{y}", x=text, y=1)), lambda inner: st.lists(inner, min_size=1, max_size=3).map(lambda some: sentence("说{them}", them=some)) | st.lists(inner, max_size=3).map(in_turn) | st.lists(inner, max_size=3).map(listed), max_leaves=6))  # fmt: skip
def test_a_sentence_that_is_kept_comes_back_with_its_parts(said: Sentence) -> None:
    again = recalled(kept(said))
    assert again == said
    if said:
        assert isinstance(again, Sentence)
        assert (again.words, str(again.values)) == (said.words, str(dict(said.values)))
    assert recalled("旧的一句话；没有分开") == "旧的一句话；没有分开"
    for faulty in ("{", '{"words": "{x}", "values": {}}', '{"words": "别的话", "values": {}}', "3", ""):
        assert recalled(f"说过的话\x1e{faulty}") == "说过的话"


@pytest.fixture
def admin(sqlite_site: Site, tmp_path: Path) -> Browser:
    """Batches of every kind that the door knows something to say of, and a reader of English."""
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry)
    home = tmp_path / "m"
    here = mapping(tmp_path, PEOPLE, COURSES, MARKS, name="m")
    write(home, "courses.csv", "代码,名称", "K1,课一")
    write(home, "people.csv", "编号,姓名,身份证号,手机,邮箱", "T1,甲,,13900001234,", "T2,乙,,13900001234,", "T3,甲,11010519491231002,,")  # fmt: skip
    write(home, "marks1.csv", "编号,课程,时间,得分", "T1,K1,2022-03-01,80", "T1,K9,昨天,80", "T9,K8,2022-03-01,180", "T1,K1,2022-03-01", "T2,K7,2022-03-02,九十")  # fmt: skip
    write(home, "marks2.csv", "编号,课程,时间,得分")
    (home / "marks3.csv").touch()
    write(home, "marks4.csv", "编号,时间,得分", "T1,2022-03-01,80")
    (home / "marks5.csv").write_bytes(
        "编号,课程,时间,得分\nT1,甲,2022-03-01,80\n".encode("gb18030") + b"\xff\n"
    )
    write(home, "marks6.csv", "编号,课程,时间,得分", 'T1,"K1,2022-03-01,80')
    write(
        home,
        "marks7.csv",
        "编号,课程,时间,得分",
        *(f"T{n},X{n},2022-03-0{n % 9 + 1},80" for n in range(20, 40)),
    )
    take(sqlite_site, home, here)
    lms = mapping(tmp_path, EVENTS, name="lms")
    rows = [{"id": f"{n}", "who": "T1", "course": course, "at": "2022-03-01", "score": 80} for n, course in enumerate((f"{LMS}/K1", f"{LMS}/K9", "K1"))]  # fmt: skip
    write(tmp_path / "lms", "events.jsonl", *(json.dumps(row) for row in rows), "[1]", "{broken")
    take(sqlite_site, tmp_path / "lms", lms)
    other = mapping(tmp_path, EVENTS.replace("{const: m}", "{const: other}"), name="other")
    take(sqlite_site, write(tmp_path / "other", "events.jsonl", json.dumps({**rows[2], "id": "x"})), other)
    office(sqlite_site, tmp_path)
    edx = [{"event_type": kind, "username": who, "event_source": "server", "time": "2022-03-01T00:00:00+00:00", "context": {"course_id": "course-v1:A+B+C"}, "event": {}} for kind, who in (("edx.new.kind", "li"), ("page_close", "li"), ("play_video", ""), ("/dashboard", "li"))]  # fmt: skip
    take(sqlite_site, write(tmp_path / "edx", "tracking.log", *map(json.dumps, edx), "# x", "{broken"), "edx")
    admin = actor_of(find_user(sqlite_site.registry, "admin"))
    prefer(sqlite_site.registry, scope(admin), "language", "en")
    return browser(sqlite_site, "admin")


def office(site: Site, folder: Path) -> None:
    import xlsxwriter

    (folder / "office").mkdir()
    book = xlsxwriter.Workbook(folder / "office" / "sheet1.xlsx")
    head = ["编号", "学校", "课程", "班次", "时间", "得分"]
    rows = [head, ["T1", "一小", "K1", "C1", "2022-03-01", 80], ["T2", "二小", "K1", "C1", "2022-03-01", 80], ["T3", "一小", "K1", "C1", "2022-03-01", None], ["合计", None, None, None, None, 80], head, ["填表人：甲"]]  # fmt: skip
    for name, lines in {"成绩": rows, "汇总": [["别的", "列"], [1, 2]]}.items():
        sheet = book.add_worksheet(name)
        for number, line in enumerate(lines):
            sheet.write_row(number, 0, ["" if cell is None else cell for cell in line])
    book.close()
    take(site, folder / "office", mapping(folder, SHEET, name="office"))


def take(site: Site, path: Path, source: str) -> None:
    with suppress(PortraitError):
        intake(site, path, source, by="t")
    with suppress(PortraitError):
        intake(site, path, source, by="t")


def test_a_reader_of_english_finds_no_chinese_in_what_is_said_of_any_batch(
    admin: Browser, sqlite_site: Site
) -> None:
    with sqlite_site.registry.connect() as connection:
        found = connection.execute(
            select(schema.batch.c.id, schema.batch.c.source, schema.batch.c.message)
        ).all()
    said = [row.message for row in found if row.message]
    assert len(said) >= 10
    assert all(isinstance(text, Sentence) for text in said)
    leftover = Leftover(sqlite_site.registry, *CAME)
    language.use("en")
    untold = "\n".join(
        f"{gettext(text)} :: {leftover.of(gettext(text))}" for text in said if leftover.of(gettext(text))
    )
    assert untold == ""
    pages = [("/intake", ""), ("/quarantine", ""), ("/quality", "")]
    pages += [("/intake", f"?batch={row.id}") for row in found]
    pages += [("/quarantine", f"?batch={row.id}") for row in found]
    pages += [("/quality", f"?source={source}") for source in sorted({row.source for row in found})]
    left = {path + search: list(leftover.on(json.loads(admin.open(path, search)))) for path, search in pages}
    assert {page: some for page, some in left.items() if some} == {}


def test_a_reader_of_english_finds_no_chinese_in_what_is_looked_at_before_it_is_taken_in(
    admin: Browser, sqlite_site: Site, tmp_path: Path
) -> None:
    language.use("en")
    leftover = Leftover(sqlite_site.registry, *CAME)
    for name in ("m", "lms", "other", "office", "edx"):
        source = "edx" if name == "edx" else str(tmp_path / f"{name}.yaml")
        path = tmp_path / ("other/events.jsonl" if name == "other" else name)
        shown = json.loads(json.dumps(previews(preview(sqlite_site, path, source)), cls=PlotlyJSONEncoder))
        assert "\n".join(leftover.on(shown)) == "", name
