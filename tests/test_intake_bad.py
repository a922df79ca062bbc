"""Bad input: what is good goes in, what is bad waits with file, sheet, row, column and what was expected, and nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portrait.errors import InputError, MappingError
from portrait.identity import hidden
from portrait.site import Site
from portrait.store.schema import account, batch, metadata, person, trainee
from tests.export import HEAD, LOG, ROWS, TAKEN, Export, csv_text

PEOPLE = """
name: people
source: p
maps:
  gender: {男: 1, 女: 2}
streams:
  - name: schools
    file: 学校*
    target: school
    optional: true
    fields:
      code: {from: 代码}
      name: {from: 名称}
      county: {from: 县区}
  - name: teachers
    file: 名册*
    target: person
    optional: true
    fields:
      key: {from: 编号}
      name: {from: 姓名}
      gender: {from: 性别, map: gender}
      birth_year: {from: 出生年}
      stage: {from: 学段}
      title: {from: 职称}
      teaching: {from: 任课}
      school: {from: 学校}
      mail: {from: 邮箱}
      phone: {from: 手机}
      idno: {from: 身份证}
  - name: courses
    file: 课程*
    target: course
    optional: true
    fields: {code: {from: 代码}, title: {from: 名称}, starts: {from: 开始}, hours: {from: 学时}, stage: {from: 学段}}
  - name: alignments
    file: 标注*
    target: alignment
    optional: true
    fields: {course: {from: 课程}, indicator: {from: 指标}, percent: {from: 占比}}
  - name: classes
    file: 班次*
    target: class
    optional: true
    fields: {code: {from: 代码}, name: {from: 名称}, mode: {from: 方式}, sessions: {from: 天数}}
  - name: trainees
    file: 学员*
    target: trainee
    optional: true
    fields: {class: {from: 班次}, account: {from: 编号, kind: staff}, region: {from: 县区}, checked_in: {from: 报到}}
"""
SCHOOLS = [["代码", "名称", "县区"], ["X1", "一小", "410225"]]
ROSTER = ["编号", "姓名", "性别", "出生年", "学段", "职称", "任课", "学校", "邮箱", "手机", "身份证"]
GOOD = [
    "T1",
    "孟知远",
    "男",
    1980,
    "小学",
    "T3",
    "是",
    "X1",
    "t1@demo.invalid",
    13900001234,
    "11010519491231002X",
]

Bad = tuple[list[Any], str, str, str]  # the row, the column, the code, and how the reason begins


def changed(row: Sequence[Any], head: Sequence[str], **cells: Any) -> list[Any]:
    return [cells.get(name, cell) for name, cell in zip(head, row, strict=True)]


def log(**cells: Any) -> list[Any]:
    return changed(["9", "u9", "测", "2022-03-01", 80, 60], HEAD.split(","), **cells)


def teacher(**cells: Any) -> list[Any]:
    blank = changed(GOOD, ROSTER, 编号="T9", 邮箱=None, 手机=None, 身份证=None)
    return changed(blank, ROSTER, **cells)


BAD_RECORDS: list[Bad] = [
    (log(账号=None), "账号", "missing", "账号：账号不能为空"),
    (log(账号="长" * 121), "账号", "bad_native", "账号“长"),
    (log(账号="#N/A"), "账号", "mistake", "账号“#N/A”：是表格软件的错误值"),
    (log(行为=None), "行为", "missing", "行为：记录种类不能为空"),
    (log(行为="点赞"), "行为", "unknown_value", "行为“点赞”：应为其中之一：看、测"),
    (log(时间="2022-02-30"), "时间", "bad_time", "时间“2022-02-30”：应为时间，如 2022-08-31 或 2022-08-31 09:05:00"),
    (log(时间="31/08/2022"), "时间", "bad_time", "时间“31/08/2022”：应为时间"),
    (log(时间="2022-08-31 10:00 PM"), "时间", "bad_time", "时间“2022-08-31 10:00 PM”：应为时间"),
    (log(时间="昨天"), "时间", "bad_time", "时间“昨天”：应为时间"),
    (log(时间="1979-12-31"), "时间", "bad_time", "时间“1979-12-31”：应为时间，如 2022-08-31 或 2022-08-31 09:05:00，1980 到 2100 年"),
    (log(得分=130), "得分", "beyond_scale", "得分“130”：应在 0 到 100 之间"),
    (log(得分=-0.5), "得分", "beyond_scale", "得分“-0.5”：应在 0 到 100 之间"),
    (log(得分="优"), "得分", "not_a_number", "得分“优”：应为数字"),
    (log(得分="nan"), "得分", "not_a_number", "得分“nan”：应为数字"),
    (log(用时=-5), "用时", "out_of_range", "用时“-5”：应为不为负、也不大得离谱的时长"),
    (log(用时="1e300"), "用时", "out_of_range", "用时“1e300”：应为不为负"),
    (log(用时="五分钟"), "用时", "not_a_duration", "用时“五分钟”：应为秒数"),
    (log(时间="坏", 得分="坏"), "时间", "bad_time", "时间“坏”：应为时间"),
]  # fmt: skip

BAD_TEACHERS: list[Bad] = [
    (teacher(编号=None), "编号", "missing", "编号：继教编号（或“来源:编号”）不能为空"),
    (teacher(姓名=None), "姓名", "missing", "姓名：姓名不能为空"),
    (teacher(姓名="长" * 61), "姓名", "too_long", "姓名“长"),
    (teacher(性别="F"), "性别", "unknown_value", "性别“F”：应为其中之一：男、女"),
    (teacher(出生年=1800), "出生年", "out_of_range", "出生年“1800”：应为1900 到 2020 之间"),
    (teacher(出生年=1980.5), "出生年", "not_a_number", "出生年“1980.5”：应为整数"),
    (teacher(学段="大学"), "学段", "unknown_code", "学段“大学”：没有这个学段，可选："),
    (teacher(职称="T9"), "职称", "unknown_code", "职称“T9”：没有这个职称，可选："),
    (teacher(任课="也许"), "任课", "not_boolean", "任课“也许”：应为 是 或 否"),
    (teacher(学校="X9"), "学校", "unknown_school", "学校“X9”：登记库里没有代码为“X9”的学校，请先接入学校名单或改正代码"),
    (teacher(邮箱="无"), "邮箱", "bad_mail", "邮箱：***：应为邮箱地址，形如 名字@域名"),
    (teacher(手机="0371-6590000"), "手机", "bad_phone", "手机：***0000：应为 11 位手机号"),
    (teacher(身份证="110105194912310021"), "身份证", "bad_idno", "身份证：***0021：身份证号的校验位不对"),
    (teacher(身份证="1101051949"), "身份证", "bad_idno", "身份证：***1949：应为 18 位（或旧式 15 位）身份证号"),
    (teacher(手机=13900001234), "手机", "taken", "手机：手机号已属于第 2 行的另一位教师，请核对是不是同一人"),
    (teacher(身份证="110105491231002"), "身份证", "taken", "身份证：身份证号已属于第 2 行的另一位教师"),
]  # fmt: skip


def check(export: Export, name: str, head: Sequence[str], good: Sequence[Any], bad: Sequence[Bad]) -> None:
    """One workbook: the good row, then every bad one."""
    rows = [head, good, *(row for row, *_ in bad)]
    (report,) = export.take(export.workbook(f"{name}.xlsx", {"名单": rows}))
    assert (report.rows_read, report.rows_stored, report.rows_quarantined) == (len(bad) + 1, 1, len(bad))
    found = [row for row in export.waiting() if row.batch == report.batch]
    assert [row.line for row in found] == list(range(3, len(bad) + 3))
    for row, (_, column, code, reason) in zip(found, bad, strict=True):
        assert (row.file, row.sheet, row.column, row.code) == (f"{name}.xlsx", "名单", column, code)
        assert row.reason.startswith(reason)
        assert set(row.raw) == set(head)
        assert row.state == "open"


def test_every_kind_of_bad_record_waits_with_its_place_and_what_was_expected(export: Export) -> None:
    good = ["1", "u1", "测", "2022-03-01", 80, 60]
    check(export, "log", HEAD.split(","), good, BAD_RECORDS)
    assert export.records() == [("u1", "在线测验", "2022-03-01 00:00:00", 80.0, 60)]
    both = export.waiting()[-1]
    assert both.reason.split("；") == [
        "时间“坏”：应为时间，如 2022-08-31 或 2022-08-31 09:05:00，1980 到 2100 年",
        "得分“坏”：应为数字",
    ], "everything that is wrong with a row is said at once"


def test_every_kind_of_bad_teacher_waits_with_its_place_and_what_was_expected(export: Export) -> None:
    export.map(PEOPLE)
    export.take(export.workbook("学校.xlsx", {"学校": SCHOOLS}))
    check(export, "名册", ROSTER, GOOD, BAD_TEACHERS)
    with export.site.registry.connect() as connection:
        assert connection.execute(select(person.c.key, person.c.name)).all() == [("T1", "孟知远")]


def test_what_hangs_on_unknown_courses_classes_and_places_waits(export: Export) -> None:
    export.map(PEOPLE)
    course = ["代码", "名称", "开始", "学时", "学段"]
    check(
        export,
        "课程",
        course,
        ["K1", "课", "2022-03-01", 10, "小学、初中"],
        [
            (["K2", "课", "2022-13-01", 1, ""], "开始", "bad_time", "开始“2022-13-01”：应为日期，如 2022-08-31"),
            (["K2", "课", "", -1, ""], "学时", "out_of_range", "学时“-1”：应为0 到 10000 之间"),
            (["K2", "课", "", 1, "小学、大学"], "学段", "unknown_code", "学段“小学、大学”：没有这个适用学段，可选："),
        ],
    )  # fmt: skip
    check(
        export,
        "标注",
        ["课程", "指标", "占比"],
        ["K1", "P2.1", 50],
        [
            (["K9", "P2.1", 50], "课程", "unknown_course", "课程“K9”：登记库里没有代码为“K9”的课程"),
            (["K1", "P2.99", 50], "指标", "unknown_code", "指标“P2.99”：没有这个指标"),
            (["K1", "P2.2", 0], "占比", "out_of_range", "占比“0”：应为1 到 100 之间"),
            (["K1", "P2.2", None], "占比", "missing", "占比：占比不能为空"),
        ],
    )
    check(
        export,
        "班次",
        ["代码", "名称", "方式", "天数"],
        ["B1", "班", "M5", 3],
        [(["B2", "班", "M5", 1.5], "天数", "not_a_number", "天数“1.5”：应为整数")],
    )
    check(
        export,
        "学员",
        ["班次", "编号", "县区", "报到"],
        ["B1", "T1", "410225", "2022-03-01"],
        [
            (["B9", "T1", "410225", ""], "班次", "unknown_class", "班次“B9”：登记库里没有代码为“B9”的班次"),
            (["B1", None, "410225", ""], "编号", "missing", "编号：学员账号不能为空"),
            (
                ["B1", "T1", "某县", ""],
                "县区",
                "unknown_code",
                "县区“某县”：没有这个选派县（市、区），可选：共",
            ),
        ],
    )


def test_a_score_needs_its_scale_and_lies_on_it(export: Export) -> None:
    export.map(LOG.replace("{from: 得分, max: 100}", "{from: 得分}\n      score_max: {from: 满分}"))
    head = [*HEAD.split(","), "满分"]
    check(
        export,
        "log",
        head,
        [*log(得分=45, 流水号="1"), 50],
        [
            ([*log(得分=45), None], "满分", "no_scale", "满分：有得分就要有满分"),
            ([*log(得分=45), 0], "满分", "no_scale", "满分“0”：满分应大于 0"),
            ([*log(得分=45), 40], "得分", "beyond_scale", "得分“45 / 40”：得分应在 0 到满分之间"),
            ([*log(得分=45), "百"], "满分", "not_a_number", "满分“百”：应为数字"),
        ],
    )
    assert export.site.pool.rows("SELECT score, score_max, value FROM record") == [(45.0, 50.0, 9000)]


NASTY = [
    "-1", "1e300", "-1e300", "nan", "inf", "-inf", "infinity", "epoch", "2958466", "1e11", "1e13", "9" * 40, "0x10", "1e",
    "290000-01-01", "294246-12-31 23:59:59", "5000000-01-01", "-290000-01-01", "0000-00-00", "0001-01-01", "2022-13-01",
    "2022-08-31 23:59:60", "2022-08-31T10:00:00+99:99", "290000-01-01 00:00:00+00:00", "2022-08-31 10:00:00 CST", "10:00Z",
    "99999999", "PT999999999999999999999999H", "PT1e5S", "P", "PT", "999999999999999999999:00:00", "１２", "٣", "1.8e308",
]  # fmt: skip


@pytest.mark.parametrize(
    ("time", "unit"),
    [
        ("", "seconds"),
        ("epoch", "minutes"),
        ("epoch_ms", "hours"),
        ("excel", "iso8601"),
        ("%Y-%m-%d", "clock"),
        ("%Y-%m-%dT%H:%M:%S%z", "seconds"),
    ],
)
def test_no_cell_however_strange_stops_the_file(export: Export, time: str, unit: str) -> None:
    export.map(
        LOG.replace("{from: 时间}", f'{{from: 时间, format: "{time}"}}' if time else "{from: 时间}").replace(
            "{from: 用时}", f"{{from: 用时, unit: {unit}}}"
        )
    )
    rows = [f"t{n},u,看,{text},,1" for n, text in enumerate(NASTY)]
    rows += [f"s{n},u,测,,{text}," for n, text in enumerate(NASTY)]
    rows += [f"d{n},u,看,,,{text}" for n, text in enumerate(NASTY)]
    export.put("log.csv", csv_text(rows))
    read, stored, duplicate, waiting = export.took()
    assert (read, duplicate) == (3 * len(NASTY), 0)
    assert stored + waiting == read
    assert waiting > 2 * len(NASTY)
    held = export.site.pool.rows(
        "SELECT min(year(time)), max(year(time)), min(score), max(score), min(seconds) FROM record"
    )
    first, last, low, high, least = held[0]
    assert first is None or (first >= 1980 and last <= 2100)
    assert low is None or (low >= 0 and high <= 100)
    assert least is None or least >= 0


def test_a_row_without_its_match_in_a_required_other_file_waits(export: Export) -> None:
    joined = "    joins: [{file: 项目.csv, on: {行为: 代码}, as: item, required: true}]\n    key: [流水号]"
    export.map(LOG.replace("    key: [流水号]", joined).replace("from: 行为, map", "from: item.种类, map"))
    export.put("项目.csv", "代码,种类\na,看\nb,测\n")
    export.put("log.csv", csv_text(["1,u1,a,2022-03-01,,1", "2,u1,c,2022-03-01,,1"]))
    assert export.took() == (2, 1, 0, 1)
    (row,) = export.waiting()
    assert (row.column, row.code) == ("行为", "no_match")
    assert row.reason.startswith("行为：在 项目.csv 里找不到对应的行")
    export.put("项目.csv", "代码,种类\na,看\na,测\n")
    with pytest.raises(InputError, match=r"项目\.csv：流 log 按 代码 = a 对照到不止一行，而且内容不同"):
        export.take()
    export.put("项目.csv", "代码\na\n")
    with pytest.raises(InputError, match=r"项目\.csv：流 log 的对照 item 要用的列缺少 “种类”"):
        export.take()


# --- whole files ---------------------------------------------------------------------------------------------------


def ledger(site: Site) -> list[tuple[str, str, str]]:
    with site.registry.connect() as connection:
        rows = connection.execute(select(batch.c.file, batch.c.state, batch.c.message).order_by(batch.c.id))
        return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("log.csv", b"", "log.csv：文件是空的（0 字节），应有表头和数据行"),
        ("log.csv", csv_text(head=HEAD.replace("行为", "动作")).encode(), "log.csv：流 log 要用的列缺少 “行为”；文件里有："),
        ("log.csv", csv_text().encode("gb18030") + b"\xff\n", "log.csv：认不出编码"),
        ("log.xlsx", b"PK\x03\x04 broken", "log.xlsx：不是完好的 Excel 工作簿"),
        ("log.parquet", b"PAR1", "log.parquet：不是完好的 Parquet 文件"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_stands_in_the_ledger_and_leaves_nothing(
    export: Export, name: str, content: bytes, says: str
) -> None:
    export.put(name, content)
    with pytest.raises(InputError) as error:
        export.take()
    assert error.value.message.startswith(says)
    assert ledger(export.site) == [(name, "failed", error.value.message)]
    assert export.site.lake.table("record") is None
    with export.site.registry.connect() as connection:
        assert connection.execute(select(account)).all() == []
    assert not list(export.site.settings.home.glob("staging-*"))


def test_one_broken_file_does_not_hold_up_the_others_of_its_stream(export: Export) -> None:
    export.put("log1.csv", "")
    export.put("log2.csv", csv_text())
    export.put("log3.csv", "一,二\n1,2\n")
    with pytest.raises(InputError) as error:
        export.take()
    assert "log1.csv：文件是空的" in error.value.message
    assert "log3.csv：流 log 要用的列缺少" in error.value.message
    assert export.records() == TAKEN
    assert [state for _, state, _ in ledger(export.site)] == ["failed", "done", "failed"]


def test_streams_after_a_broken_one_wait_for_it(export: Export) -> None:
    export.map(PEOPLE)
    export.put("课程.csv", "")
    export.put("标注.csv", "课程,指标,占比\nK1,P2.1,50\n")
    with pytest.raises(InputError, match=r"课程\.csv"):
        export.take()
    assert [name for name, _, _ in ledger(export.site)] == ["课程.csv"]
    export.put("课程.csv", "代码,名称,开始,学时,学段\nK1,课,,1,\n")
    assert export.took() == (2, 2, 0, 0)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([], "流 log 要的文件“log*”没有找到；文件夹里有：（空的）"),
        (["other.csv"], "流 log 要的文件“log*”没有找到；文件夹里有：other.csv"),
    ],
)
def test_a_folder_without_the_file_is_told_from_what_is_in_it(
    export: Export, files: list[str], says: str
) -> None:
    for name in files:
        export.put(name, "x")
    with pytest.raises(InputError) as error:
        export.take()
    assert error.value.message.endswith(says)


def test_what_is_not_there_or_fits_no_stream_is_named(export: Export) -> None:
    with pytest.raises(InputError, match="没有这个文件或文件夹"):
        export.take(export.folder / "nothing")
    with pytest.raises(InputError, match=r"other.csv：映射 log 没有用得上它的流，它要的文件是：log\*"):
        export.take(export.put("other.csv", csv_text()))
    export.mapping = export.mapping.with_name("nothing.yaml")
    with pytest.raises(MappingError, match=r"没有名为“.*nothing.yaml”的来源映射，可选：.*oulad"):
        export.take()


def test_a_link_out_of_the_folder_is_not_followed(export: Export) -> None:
    outside = export.folder.parent / "outside.csv"
    outside.write_text(csv_text(), encoding="utf-8")
    (export.folder / "log.csv").symlink_to(outside)
    with pytest.raises(InputError, match="没有找到"):
        export.take()


# --- people who are not known (yet) ----------------------------------------------------------------------------------


def test_records_of_unknown_people_are_kept_counted_and_named_by_row_and_column(export: Export) -> None:
    export.map(LOG.replace("kind: native", "kind: staff"))
    export.put("log.csv", csv_text([*ROWS, *(f"{n},u{n},看,2022-05-01,,1" for n in range(4, 9))]))
    (report,) = export.take()
    assert (report.rows_stored, report.counts.rows_unmatched) == (8, 8)
    assert report.message.startswith("8 行的人员还认不出：第 2、3、4、5、6 行等，列 账号（记录已保存")
    export.map(PEOPLE)
    export.put("名册.csv", f"{','.join(ROSTER)}\nU1,甲,,,,,,,,,\nU2,乙,,,,,,,,,\n")
    export.take()
    with export.site.registry.connect() as connection:
        known = connection.execute(select(account.c.shown).where(account.c.person_id.is_not(None)))
        assert sorted(known.scalars()) == ["U1", "U2"]


def test_trainees_whom_nobody_knows_are_counted_and_named_too(export: Export) -> None:
    export.map(PEOPLE)
    export.put("名册.csv", f"{','.join(ROSTER)}\nT1,甲,,,,,,,,,\n")
    export.put("班次.csv", "代码,名称,方式,天数\nB1,班,M5,3\n")
    export.put("学员.csv", "班次,编号,县区,报到\nB1,T1,410225,\nB1,T404,410225,\n")
    *_, report = export.take()
    assert (report.rows_stored, report.counts.rows_unmatched) == (2, 1)
    assert report.message == (
        "1 行的人员认不出：第 3 行，列 编号（已经保存，但接入的名册里没有这样的继教编号：名册补上就自动对上，"
        "映射读错了种类的改好再导入一次。这个来源认不出的账号共 1 个，见 portrait identity list --unknown --source p）"
    )
    with export.site.registry.connect() as connection:
        assert len(connection.execute(select(trainee)).all()) == 2


# --- what must never be shown ------------------------------------------------------------------------------------------

PHONE, MAIL, IDNO = "13900001234", "li.na@demo.invalid", "11010519491231002X"
SECRETS = (PHONE, MAIL, IDNO, "110105194912310021", "1390000123", "li.na@")


def everything(site: Site) -> str:
    """Every cell of the registry in one text."""
    with site.registry.connect() as connection:
        return "\n".join(
            str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table))
        )


def test_numbers_of_people_never_come_to_light_wherever_they_were_written(export: Export) -> None:
    export.map(PEOPLE)
    head = f"{','.join(ROSTER)},备注"
    wrong = [
        f"T1,甲,,,,,,,{MAIL},{PHONE},{IDNO},常用 {PHONE}",  # good: only the digest is kept
        f"T2,乙,,,,,,,{PHONE},{MAIL},{IDNO},",  # each in the other's column, and taken
        f"T3,丙,,{IDNO},{PHONE},{MAIL},,{PHONE},,,110105194912310021,{MAIL}",  # slipped to the left
        f"T4,丁,,,,,,,,1390000123,,{IDNO}",  # a digit is lacking
        f"T5,戊,{PHONE},{MAIL},{IDNO}",  # ragged: no column is known
        f'T6,"己,,,,,,,{MAIL},{PHONE},{IDNO},',  # not even cells are known
    ]
    export.put("名册.csv", "\n".join([head, *wrong]))
    reports = export.take()
    assert reports[0].rows_quarantined == 5
    shown = everything(export.site) + repr(reports)
    for secret in SECRETS:
        assert secret not in shown, secret
    assert "***1234" in shown


def test_numbers_in_records_and_messages_are_masked_though_the_mapping_calls_them_nothing(
    export: Export,
) -> None:
    export.map(
        LOG.replace("kind: native", "kind: phone").replace(
            "      seconds", "      course: {from: 课}\n      seconds"
        )
    )
    head = f"{HEAD},课,备注"
    export.put(
        "log.csv",
        csv_text([f"1,{PHONE},看,2022-03-01,,1,{IDNO},", f"2,{PHONE},看,{IDNO},,1,,{MAIL}"], head=head),
    )
    reports = export.take()
    assert "这些课程代码：***002X" in reports[0].message
    export.map(LOG.replace("from: 账号", "from: $.who").replace("流水号", "$.id").replace("from: 行为", "from: $.verb").replace("from: 时间", "from: $.at").replace("from: 得分", "from: $.score").replace("from: 用时", "from: $.time"))  # fmt: skip
    export.lines("log.jsonl", [{"id": 1, "who": "u", "verb": "看", "at": "坏", "note": f"mailto:{MAIL}"}])
    reports += export.take(export.folder / "log.jsonl")
    joined = "    joins: [{file: 人.csv, on: {账号: 手机}, as: who}]\n    key: [流水号]"
    export.map(LOG.replace("    key: [流水号]", joined).replace("from: 得分", "from: who.分"))
    export.put("人.csv", f"手机,分\n{PHONE},1\n{PHONE},2\n")
    with pytest.raises(InputError) as error:
        export.take(export.folder / "log.csv")
    shown = everything(export.site) + repr(reports) + error.value.message
    for secret in SECRETS:
        assert secret not in shown, secret


def test_only_what_can_be_nothing_else_is_masked() -> None:
    assert (
        hidden("订单 2022030112345、课 41020000123、2022-03-01 10:00")
        == "订单 2022030112345、课 41020000123、2022-03-01 10:00"
    )
    assert hidden(f"电话{PHONE}，信箱{MAIL}；{IDNO}") == "电话***1234，信箱l***@demo.invalid；***002X"


# --- the command ---------------------------------------------------------------------------------------------------------


def test_the_command_says_in_one_line_what_is_wrong_and_answers_scripts_in_numbers(
    export: Export, command: Any, tmp_path: Path
) -> None:
    def intake(*more: object) -> Any:
        return command("intake", export.folder, "--source", export.mapping, "--home", tmp_path / "its", *more)

    export.put("log.csv", csv_text([*ROWS, "4,u2,看,坏,,1", ROWS[0]]))
    (told,) = intake("--json").json
    counts = {name: told[name] for name in told if name.startswith("rows_")}
    assert counts == {
        "rows_read": 5,
        "rows_stored": 3,
        "rows_duplicate": 1,
        "rows_quarantined": 1,
        "rows_passed": 0,
        "rows_doubtful": 0,
        "rows_unmatched": 3,
    }
    assert told["balanced"] is True
    assert told["codes"] == {"bad_time": 1}
    export.put("log.csv", "")
    failed = intake()
    assert (failed.code, failed.out) == (3, "")
    assert "[P300] log.csv：文件是空的（0 字节）" in failed.err
    export.map(LOG.replace("max: 100", "max: -1"))
    failed = intake()
    assert failed.code == 2
    assert "[P200] in.yaml，流 log，字段 score：max 应为大于 0 的满分" in failed.err
