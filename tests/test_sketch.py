"""A mapping made on the page: proposed, corrected, tried, saved under a name, known again; and whatever is sent is answered kindly."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from portrait.errors import InputError
from portrait.intake.mapping import load_mapping
from portrait.intake.propose import propose
from portrait.intake.sketch import NEW, recognised, save, tried
from portrait.intake.upload import choose, receive, remove, suggested, take, upload_of
from portrait.store import schema
from tests.export import lake_rows
from tests.press import ask, shown
from tests.readers import browser
from tests.test_admin import ME, actions, arrived, do, home, job_of, rows, send, tick
from tests.test_sheet import OFFICE

__all__ = ["home"]

INCIDENT = "问题已经记录"  # what a page says of a fault of ours
HEAD = "编号,考试时间,得分\r\n"
SHEET = "2022年成绩单,,\r\n" + HEAD + "T1001,8月19日,85%\r\nT1002,2022.8.20,９０分\r\n合计,,\r\n"
LOG = (
    "编号,说明,考试时间,得分\nT1001,测验,2022-08-19,80\nT1001,作业,2022-08-19,90\nT1002,抽查,2022-08-19,70\n"
)
SCALE = {"type": "sketch-fixed", "field": "score_max"}
PICKS = ["account:staff", "time", "score:exam"]


@pytest.fixture
def admin(home):
    return browser(home, "admin")


@pytest.fixture
def waiting(admin, home, tmp_path):
    """A sheet that nobody knows waits, and a mapping is being made."""
    path = tmp_path / "成绩单.csv"
    path.write_text(SHEET, encoding="gb18030")
    assert send(admin, path).status_code == 200
    choose(home.settings.home, ME, NEW)
    return path


def form(draft: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the form says, as the renderer would send it."""
    said = {"name": "chengji", "title": "成绩", "source": "chengji", "year": "2022"} | (draft or {})
    return {
        "sketch_columns": ["编号", "考试时间", "得分"],
        "sketch_about": {
            "file": "成绩单.csv",
            "target": "record",
            "header": "auto",
            "pattern": "*.csv",
            "sheet": "",
        },
        "sketch_pick": [({"type": "sketch-pick", "column": n}, pick) for n, pick in enumerate(PICKS)],
        "sketch_fixed": [({"type": "sketch-fixed", "field": "score_max"}, said.pop("score_max", "100"))],
        "sketch_name": [({"type": "sketch-name", "part": part}, text) for part, text in said.items()],
        "sketch_over": [({"type": "sketch-over", "part": "over"}, said.get("over", False))],
    }


def test_a_sheet_is_proposed_corrected_saved_taken_in_and_known_the_next_time(admin, home, waiting, tmp_path):
    page = arrived(admin)
    assert "按表头和内容提出了一份映射" in page
    assert "很有把握" in page
    assert "合计" in page
    answer = ask(admin, SCALE, "value", "100", changes="sketch-preview", **form())
    assert "读到 2 行，2 行没有问题" in shown(answer)
    assert rows(home, schema.batch) == 0
    saved = shown(ask(admin, "sketch-save", "n_clicks", 1, changes="sketch-said", **form()))
    assert "没有保存" not in saved
    mapping = load_mapping("chengji", home.settings.home)
    assert (mapping.version, mapping.title) == ("1", "成绩")
    job_of(admin, f"preview:{ME}")
    assert "2 行没有问题" in tick(admin)
    do(admin, "take")
    job_of(admin, f"intake:{ME}")
    assert len(lake_rows(home, "id")) == 2
    again = tmp_path / "9月.csv"
    again.write_text("说明,,\r\n\r\n" + HEAD + "T1003,2022-09-01,70\r\n", encoding="utf-8")
    do(admin, "close")
    send(admin, again)
    assert upload_of(home.settings.home, ME).files[0].name == "9月.csv"
    assert "表头对得上：成绩（chengji）" in arrived(admin)
    assert "mapping" in actions(home)


def test_choosing_a_new_source_by_button_and_another_target_draws_the_form_anew(admin, home, waiting):
    choose(home.settings.home, ME, "demo_yuyan")
    assert "按表头和内容提出了一份映射" in do(admin, "sketch")
    target = {"type": "sketch-place", "part": "target"}
    place = [(target, "person")]
    drawn = shown(
        ask(admin, target, "value", "person", changes="sketch.children", sketch_place=place, **form())
    )
    assert "还缺必填的：姓名" in drawn


def test_what_is_still_missing_is_said_instead_of_a_preview(admin, home, waiting):
    said = form({"score_max": ""})
    answer = shown(ask(admin, SCALE, "value", "", changes="sketch-preview", **said))
    assert "还缺必填的：满分" in answer
    kept = shown(ask(admin, "sketch-save", "n_clicks", 1, changes="sketch-said", **said))
    assert "还缺必填的：满分" in kept
    assert not (home.settings.home / "mapping").exists()


def test_a_column_made_the_one_of_kinds_gives_one_stream_and_a_choice_for_each_of_its_values(
    admin, home, waiting
):
    (waiting.parent / "日志.csv").write_text(LOG, encoding="utf-8")
    assert send(admin, waiting.parent / "日志.csv").status_code == 200
    columns, picks = ["编号", "说明", "考试时间", "得分"], ["account:staff", "kind", "time", "score:exam"]
    said = form() | {
        "sketch_columns": columns,
        "sketch_pick": [({"type": "sketch-pick", "column": n}, pick) for n, pick in enumerate(picks)],
    }
    said["sketch_about"] = said["sketch_about"] | {
        "file": "日志.csv",
        "words": {"说明": ["测验", "作业", "抽查"]},
    }
    pick = {"type": "sketch-pick", "column": 1}
    table = shown(ask(admin, pick, "value", "kind", changes="sketch-words.children", **said))
    assert "“说明”里的每个值是哪种记录" in table
    assert [word for word in ("测验", "作业", "抽查") if f'"label": "{word}"' in table] == [
        "测验",
        "作业",
        "抽查",
    ]
    read = shown(ask(admin, pick, "value", "kind", changes="sketch-preview", **said))
    assert "读到 2 行，2 行没有问题" in read
    assert "没有选记录种类 1 行" in read
    chosen = said | {"sketch_word": [({"type": "sketch-word", "word": "1:2"}, "rating")]}
    word = {"type": "sketch-word", "word": "1:2"}
    assert "读到 3 行，3 行没有问题" in shown(
        ask(admin, word, "value", "rating", changes="sketch-preview", **chosen)
    )
    forged = said | {"sketch_word": [(word, "神")]}
    assert "没有“神”这种记录" in shown(ask(admin, word, "value", "神", changes="sketch-preview", **forged))
    assert '"children": []' in shown(
        ask(admin, pick, "value", "", changes="sketch-words.children", **_none(chosen))
    )


def _none(said: dict[str, Any]) -> dict[str, Any]:
    """The form with no column of kinds."""
    return said | {"sketch_pick": [(id, "" if pick == "kind" else pick) for id, pick in said["sketch_pick"]]}


def test_a_name_is_not_taken_twice_unless_a_next_version_is_meant(home, tmp_path):
    path = tmp_path / "成绩单.csv"
    path.write_text(SHEET, encoding="utf-8")
    (found,) = propose(path, path.name)
    draft = replace(found.draft, name="mine", year="2022")
    assert save(home, draft).version == "1"
    with pytest.raises(InputError, match="已有名为“mine”的映射"):
        save(home, draft)
    assert [save(home, draft, over=True).version for _ in range(2)] == ["2", "3"]
    with pytest.raises(InputError, match="自带的映射"):
        save(home, replace(draft, name="oulad"), over=True)
    folder = home.settings.home / "mapping"
    assert [one.name for one in folder.iterdir()] == ["mine.yaml"]
    with pytest.raises(InputError, match="还缺必填的"):
        save(home, replace(draft, picks={}), over=True)
    assert load_mapping("mine", home.settings.home).version == "3"


def test_only_a_header_that_has_the_columns_is_recognised(home, tmp_path):
    path = tmp_path / "成绩单.csv"
    path.write_text(SHEET, encoding="utf-8")
    (found,) = propose(path, path.name)
    save(home, replace(found.draft, name="mine"))
    other = tmp_path / "别的.csv"
    other.write_text("编号,得分\r\nT1,1\r\n", encoding="utf-8")
    assert recognised(home.settings.home, (path,)) == ["mine"]
    assert recognised(home.settings.home, (path, other)) == []
    upload = replace(upload_of(home.settings.home, ME), files=(path,))
    assert suggested(home.settings.home, upload) == "mine"
    assert suggested(home.settings.home, replace(upload, files=(other,))) == ""
    assert recognised(home.settings.home, (tmp_path / "x.jsonl",)) == []


def test_a_trial_stores_nothing_and_names_no_folder(home, tmp_path):
    path = tmp_path / "成绩单.csv"
    path.write_text(SHEET, encoding="utf-8")
    (found,) = propose(path, path.name)
    trial = tried(home, path, found.draft)
    assert (trial.error, trial.found[0].codes) == ("", ())
    wrong = tried(home, path, replace(found.draft, header="9"))
    assert str(tmp_path) not in json.dumps(
        [wrong.error, *(one.error for one in wrong.found)], ensure_ascii=False
    )
    assert (rows(home, schema.batch), lake_rows(home, "id")) == (0, [])


# --- whatever is sent ------------------------------------------------------------------------------------------


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", "<x/>")
        file.writestr("xl/workbook.xml", b"\0" * (300 << 20))
    return packed.getvalue()


def workbook() -> bytes:
    import xlsxwriter

    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["编号", "考试时间", "得分"])
    sheet.write_row(1, 0, ["T1", "8月1日", 5])
    book.close()
    return held.getvalue()


@st.composite
def corrupt(draw: st.DrawFn) -> bytes:
    """A workbook with some of its bytes turned, cut off or doubled."""
    content = bytearray(workbook())
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(content) - 1))
        content[at] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.integers(4, len(content)))])


CONTENTS = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=80).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(st.lists(st.text(st.characters(codec="gb18030"), max_size=6), max_size=5), max_size=6).map(
        lambda table: "\n".join(",".join(row) for row in table).encode("gb18030")
    ),
    corrupt(),
    corrupt().map(lambda content: content + content),
)
# Below a header that is right: any cells, too many of them, too few.
TABLES = st.lists(
    st.lists(st.text('1T小,"\n年月日%:√ /', max_size=5), min_size=3, max_size=6), max_size=5
).map(lambda table: "\n".join(["学校,编号,日期,得分,时长", *map(",".join, table)]).encode())
NAMES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "表.xlsx",
            "表.csv",
            "../../x.csv",
            "a.xls",
            ".xlsx",
            "x.xlsm",
            "a.ods",
            "a.txt",
            "a.parquet",
            "a.jsonl",
        ]
    ),
)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=NAMES, content=CONTENTS)
def test_whatever_is_uploaded_is_answered_kindly_and_leaves_nothing_behind(admin, home, name, content):
    answer = admin.post(f"/intake/upload?name={quote(name.encode('utf-8', 'surrogatepass'))}", content)
    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 422:
        assert answer.get_json()["message"]
    else:
        choose(home.settings.home, ME, NEW)
        assert INCIDENT not in arrived(admin)
    do(admin, "discard")
    assert (rows(home, schema.batch), rows(home, schema.quarantine)) == (0, 0)
    assert lake_rows(home, "id") == []
    assert upload_of(home.settings.home, ME).files == ()


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.one_of(TABLES, corrupt(), CONTENTS))
def test_a_damaged_sheet_comes_in_whole_or_not_at_all(home, content):
    folder = home.settings.home / "mapping"
    folder.mkdir(exist_ok=True)
    (folder / "office.yaml").write_text(OFFICE.replace("[编号, 日期]", "[编号]"), encoding="utf-8")
    for name in ("表.xlsx", "表.csv"):
        remove(home.settings.home, ME)
        try:
            receive(home.settings.home, ME, name, io.BytesIO(content), megabytes=1)
        except InputError:
            continue  # said above to be told kindly
        choose(home.settings.home, ME, "office")
        taken = take(home, ME, by="t")
        assert all(why for _, why in taken.refused)
        assert all(report.counts.balanced for report in taken.reports)
        with home.registry.connect() as connection:
            done = connection.execute(
                select(func.sum(schema.batch.c.rows_stored)).where(schema.batch.c.state == "done")
            ).scalar_one()
        assert len(lake_rows(home, "id")) == (done or 0)


def test_a_workbook_that_would_fill_the_memory_is_refused(admin, home, tmp_path):
    path = tmp_path / "炸弹.xlsx"
    path.write_bytes(bomb())
    assert send(admin, path).status_code == 200
    choose(home.settings.home, ME, NEW)
    assert "工作簿解开后有 300 MB" in arrived(admin)


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.lists(st.text(max_size=5), max_size=3)
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    pick=JUNK,
    fixed=JUNK,
    name=JUNK,
    year=JUNK,
    columns=JUNK,
    about=st.one_of(
        JUNK,
        st.dictionaries(
            st.sampled_from(["file", "target", "header", "pattern", "sheet", "fill_down"]),
            st.one_of(JUNK, st.just("成绩单.csv")),
        ),
    ),
)
def test_whatever_a_form_says_is_answered_kindly_and_stores_nothing(
    admin, home, waiting, pick, fixed, name, year, columns, about
):
    said = form() | {
        "sketch_columns": columns,
        "sketch_about": about,
        "sketch_pick": [({"type": "sketch-pick", "column": 0}, pick)],
        "sketch_fixed": [({"type": "sketch-fixed", "field": "kind"}, fixed)],
        "sketch_name": [
            ({"type": "sketch-name", "part": "name"}, name),
            ({"type": "sketch-name", "part": "year"}, year),
        ],
    }
    for id, property, changes in (
        ("sketch-save", "n_clicks", "sketch-said"),
        ({"type": "sketch-fixed", "field": "kind"}, "value", "sketch-preview"),
    ):
        assert INCIDENT not in shown(ask(admin, id, property, 1, changes=changes, **said))
    for part in ("header", "target"):
        place = {"type": "sketch-place", "part": part}
        said["sketch_place"] = [(place, str(year))]
        assert INCIDENT not in shown(ask(admin, place, "value", str(year), changes="sketch.children", **said))
    assert rows(home, schema.batch) == 0


def test_only_an_administrator_makes_mappings(home, waiting):
    for login in ("teacher", "trainer", "office"):
        answer = ask(browser(home, login), "sketch-save", "n_clicks", 1, changes="sketch-said", **form())
        assert not Path(home.settings.home / "mapping").exists()
        assert "chengji" not in json.dumps(answer.get_json(silent=True) or {}, ensure_ascii=False)


def test_a_rule_that_knows_the_header_is_offered_before_a_new_one(admin, home, waiting):
    (found,) = propose(waiting, waiting.name)
    for name in ("mine", "yours"):
        save(home, replace(found.draft, name=name, title=f"{name}的"))
    first = arrived(admin)  # that a new one was wanted was said of what waited before
    assert "已有的规则：" in first
    assert '"do": "use", "name": "mine"' in first
    assert "另拟一个" in first
    used = do(admin, "use", "mine")
    assert upload_of(home.settings.home, ME).source == "mine"
    assert "正在用它" in used
    assert '"do": "use", "name": "yours"' in used
    anew = do(admin, "sketch")
    assert "每一列是什么" in anew
    assert '"do": "use", "name": "mine"' in anew
    remove(home.settings.home, ME)
    send(admin, waiting)
    choose(home.settings.home, ME, NEW)
    (home.settings.home / "mapping" / "yours.yaml").unlink()
    assert "正在用它" in arrived(admin)
    assert upload_of(home.settings.home, ME).source == "mine"


def test_what_no_mapping_knows_is_no_last_choice(admin, home, waiting):
    page = arrived(admin)
    assert page.index("认不出来源，或是新的表格") < page.index("（oulad）")


def test_a_corrected_column_is_said_to_be_read_anew(admin, home, waiting):
    pick = {"type": "sketch-pick", "column": 2}
    answer = shown(ask(admin, pick, "value", "score:quiz", changes="sketch-preview", **form()))
    assert "已按新的选择重读：“得分”是" in answer
    assert "正在按新的选择重读…" in answer
    (listed,) = (one for one in admin.app._callback_list if "sketch-preview" in one["output"])
    assert "sketch-status" in json.dumps(listed["running"])


def test_a_column_has_a_full_mark_of_its_own(admin, home, waiting):
    scale = {"type": "sketch-scale", "column": 2}
    said = form() | {"sketch_scale": [(scale, "60")]}
    answer = shown(ask(admin, scale, "value", "60", changes="sketch-preview", **said))
    assert "2 行会进隔离区" in answer or "1 行会进隔离区" in answer
    said["sketch_scale"] = [(scale, "0")]
    assert "满分应为大于 0 的数" in shown(ask(admin, scale, "value", "0", changes="sketch-preview", **said))


# --- what waits never breaks the page --------------------------------------------------------------------------


@pytest.mark.parametrize("broken", ["propose", "recognised"])
def test_a_file_that_cannot_be_looked_at_breaks_no_page_and_can_be_given_up(
    admin, home, waiting, monkeypatch, broken
):
    def fail(_first: Any, files: Any, **_more: Any) -> Any:
        if files:
            raise IndexError("tuple index out of range")
        return []

    monkeypatch.setattr(
        f"dashboards.part.admin.{'sketching' if broken == 'propose' else 'panel'}.{broken}", fail
    )
    for path in ("/", "/intake"):
        page = admin.open(path)
        assert INCIDENT in page
        assert "丢弃" in page
        assert "全部批次" in page
    assert "选择文件，或把文件拖到这里" in do(admin, "remove", "成绩单.csv")
    assert upload_of(home.settings.home, ME).files == ()


def test_a_sign_in_sheet_can_wait(admin, home, tmp_path):
    path = tmp_path / "签到表.csv"
    path.write_text("培训签到表,,,,\n序号,姓名,单位,9月1日,9月2日\n1,王芳,一小学,√,×\n", encoding="utf-8")
    send(admin, path)
    for path in ("/", "/intake"):
        choose(home.settings.home, ME, NEW)
        page = admin.open(path)
        assert "表头在第 2 行，1 行数据" in page
        assert "丢弃" in page
    do(admin, "discard")
    assert upload_of(home.settings.home, ME).files == ()
