"""Files as platforms write them: the same three rows come in from every format and encoding, or the message says why not."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from portrait.errors import InputError
from tests.export import HEAD, LOG, ROWS, TAKEN, Export, csv_text

COLUMNS = HEAD.split(",")
# The rows as a person types them into a workbook: numbers as numbers, dates as dates.
SHEET = [
    COLUMNS,
    [1, "u1", "看", datetime(2022, 3, 1, 8), None, 60],
    [2, "u1", "测", date(2022, 3, 2), 88.5, 600],
    ["3", "u2", "看", "2022/4/1 9:05:07", "", 0],
]


def layout(line: str) -> str:
    """The log's mapping with one more line for its file."""
    return LOG.replace("target: record", f"{line}\n    target: record")


def refused(export: Export) -> str:
    with pytest.raises(InputError) as error:
        export.take()
    return error.value.message


# --- text ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_usual_encoding_is_found_out(export: Export, encoding: str) -> None:
    export.put("log.csv", csv_text(), encoding)
    export.take()
    assert export.records() == TAKEN


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [("utf-8", "utf-8"), ("utf-8", "utf-8-sig"), ("gb18030", "gb18030"), ("gb18030", "utf-8-sig")],
)
def test_a_declared_encoding_is_followed_and_a_mark_is_believed_more(
    export: Export, declared: str, encoding: str
) -> None:
    export.map(layout(f"encoding: {declared}"))
    export.put("log.csv", csv_text(), encoding)
    export.take()
    assert export.records() == TAKEN


@pytest.mark.parametrize(("declared", "encoding"), [("utf-8", "gb18030"), ("gb18030", "utf-8")])
def test_a_wrongly_declared_encoding_is_said_to_be_the_mapping_s(
    export: Export, declared: str, encoding: str
) -> None:
    export.map(layout(f"encoding: {declared}"))
    export.put("log.csv", csv_text(), encoding)
    message = refused(export)
    assert message.startswith(f"log.csv：映射写的编码是 {declared}，文件却不是")
    assert "UTF-8（带或不带标记）或 GB18030" in message
    assert export.records() == []


def test_utf_8_that_gb18030_could_read_too_is_not_turned_into_other_signs(export: Export) -> None:
    export.map(layout("encoding: gb18030"))
    text = "id,who\n1,学员\n"  # an even number of bytes: GB18030 reads three wrong signs into them
    assert text.encode().decode("gb18030") != text
    export.put("log.csv", text)
    assert "内容是 UTF-8" in refused(export)


def test_a_file_in_no_encoding_is_refused_with_the_line_for_each_that_was_tried(export: Export) -> None:
    export.put("log.csv", csv_text().encode("gb18030") + b"\xff\xff\n")
    message = refused(export)
    assert "按 utf-8 读到第 1 行" in message
    assert "按 gb18030 读到第 5 行" in message


def test_a_sign_of_two_bytes_may_lie_across_the_blocks_of_a_file(export: Export) -> None:
    filler = ",".join(["4", "u3", "看", "2022-05-01", "", "1"])
    for shift in range(2):
        text = csv_text([*ROWS, *([filler] * 60_000)], head=HEAD + "x" * shift).replace("用时x", "用时")
        export.put(f"log{shift}.csv", " " * shift + text, "gb18030")
    export.map(LOG.replace("key: [流水号]", "key: [流水号]\n    repeats: keep"))
    assert export.took() == (120_006, 60_003, 60_003, 0)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False], ids=["closed", "open"])
def test_line_ends_of_every_system_are_ends(export: Export, end: str, last: bool) -> None:
    text = csv_text(end=end)
    export.put("log.csv", text if last else text.removesuffix(end))
    export.take()
    assert export.records() == TAKEN


@pytest.mark.parametrize(("name", "delimiter"), [("log.tsv", "\t"), ("log.csv", ";"), ("log.txt", "|")])
def test_the_header_shows_what_separates_the_cells(export: Export, name: str, delimiter: str) -> None:
    export.put(name, csv_text().replace(",", delimiter))
    export.take()
    assert export.records() == TAKEN


def test_a_packed_file_is_read_and_a_damaged_one_refused(export: Export) -> None:
    export.put("log.csv.gz", gzip.compress(csv_text().encode()))
    export.take()
    assert export.records() == TAKEN
    export.put("log.csv.gz", gzip.compress(csv_text(ROWS * 9).encode())[:-9])
    assert refused(export) == "log.csv.gz：压缩文件已损坏：没有传完，后面缺了一截"


def test_a_quoted_cell_may_hold_line_ends_delimiters_and_quotation_marks(export: Export) -> None:
    cell = '"第一行\r\n第""二""行,还有"'
    export.put("log.csv", csv_text([f"1,{cell},看,2022-03-01,,1", "2,u1,看,坏,,1", "3,u1,看,2022-03-01,,1"]))
    export.take()
    assert [row[0] for row in export.records()] == ['第一行\r\n第"二"行,还有', "u1"]
    assert [row.line for row in export.waiting()] == [3], "rows are counted as a spreadsheet counts them"


def test_a_stray_quotation_mark_spoils_its_own_row_only(export: Export) -> None:
    export.put("log.csv", csv_text([*ROWS, '4,"u2,看,2022-04-01,,0', "5,u2,看,2022-04-01,,0"]))
    assert export.took() == (5, 4, 0, 1)
    (row,) = export.waiting()
    assert (row.line, row.code, row.raw) == (5, "unpaired_quote", {"_text": '4,"u2,看,2022-04-01,,0'})


def test_two_stray_quotation_marks_do_not_swallow_the_rows_between_them(export: Export) -> None:
    rows = [
        '1,"u1,看,2022-03-01,,1',
        "2,u1,看,2022-03-01,,1",
        '3,"u2,看,2022-03-01,,1',
        "4,u2,看,2022-03-01,,1",
    ]
    export.put("log.csv", csv_text(rows))
    assert export.took() == (4, 2, 0, 2)
    assert [(row.line, row.code) for row in export.waiting()] == [
        (2, "unpaired_quote"),
        (4, "unpaired_quote"),
    ]


def test_a_header_with_a_stray_quotation_mark_is_refused(export: Export) -> None:
    export.put("log.csv", csv_text(ROWS * 4000, head='流水号,"账号,行为,时间,得分,用时'))
    assert refused(export) == "log.csv：第 1 行应为表头，这一行的引号没有配对"


def test_ragged_rows_wait_with_what_is_in_them_and_blank_ones_are_no_rows(export: Export) -> None:
    export.put("log.csv", csv_text([*ROWS, "4,u2,看", "", " ,, ,,,", "5,u2,看,2022-04-01,,0,多,了"]))
    assert export.took() == (5, 3, 0, 2)
    short, long = export.waiting()
    assert (short.line, short.code, short.reason) == (5, "ragged_row", "这一行有 3 格，表头有 6 列")
    assert short.raw == {"流水号": "4", "账号": "u2", "行为": "看"}
    assert long.line == 8
    assert long.raw["多出的第 7 格"] == "多"


def test_headers_without_a_name_or_with_the_same_one_are_known_by_their_place(export: Export) -> None:
    head = " 流水号 ,账号,行为,时间,得分,\ufeff用时,,得分"
    export.map(LOG.replace("      seconds", "      item: {from: 得分（第 8 列）}\n      seconds"))
    export.put("log.csv", csv_text([f"{row},无名,第二个" for row in ROWS], head=head))
    export.take()
    assert export.records() == TAKEN
    assert export.site.pool.rows("SELECT DISTINCT item FROM record") == [("第二个",)]


def test_rows_above_the_header_are_passed_over(export: Export) -> None:
    export.map(layout("header: 3"))
    export.put("log.csv", f'"学习日志\n（导出）",,\n,,,\n{csv_text([*ROWS, "4,u2,看,坏,,0"])}')
    export.take()
    assert export.records() == TAKEN
    assert export.waiting()[0].line == 7


def test_a_header_alone_is_an_empty_batch(export: Export) -> None:
    export.put("log.csv", csv_text([]))
    (report,) = export.take()
    assert report.rows_read == 0
    assert report.message == "文件只有表头，没有数据行"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "文件是空的（0 字节），应有表头和数据行"),
        (b"\xef\xbb\xbf", "文件是空的，应有表头和数据行"),
        (b"\xef\xbb\xbf\r\n \r\n", "文件是空的，应有表头和数据行"),
        (b"\n" + csv_text().encode(), "第 1 行应为表头，这一行是空的"),
        (b",,,\n1,2,3,4\n", "第 1 行应为表头，这一行是空的"),
        (
            csv_text().replace("u2", "u\0").encode(),
            "第 4 行有不属于文本的字节，应为 UTF-8 或 GB18030 的文本文件",
        ),
        (b"PK\x03\x04....", "应为文本文件，内容却是Excel 工作簿或压缩包；请改正扩展名或在映射里写 format"),
        (b"PAR1....", "应为文本文件，内容却是Parquet 文件；请改正扩展名或在映射里写 format"),
    ],
)
def test_what_is_no_table_of_text_is_refused(export: Export, content: bytes, says: str) -> None:
    export.put("log.csv", content)
    assert refused(export) == f"log.csv：{says}"
    assert export.records() == []


def test_a_name_that_promises_nothing_is_refused_with_what_is_known(export: Export) -> None:
    export.put("log.dat", csv_text())
    message = refused(export)
    assert message.startswith("log.dat：从扩展名看不出格式")
    assert ".csv、.txt" in message
    export.map(layout("format: csv"))
    export.take()
    assert export.records() == TAKEN


# --- workbooks ---------------------------------------------------------------------------------------------------


def test_a_workbook_gives_dates_whole_numbers_and_codes_as_they_are_read(export: Export) -> None:
    export.workbook("log.xlsx", {"日志": SHEET})
    export.take()
    assert export.records() == TAKEN


def test_a_number_in_a_cell_is_a_code_without_a_point(export: Export) -> None:
    export.workbook("log.xlsx", {"日志": [COLUMNS, [1, 41020000123, "看", "2022-03-01", None, 1.0]]})
    export.take()
    assert export.records()[0][0] == "41020000123"


def test_sheet_and_header_row_are_the_mapping_s_to_say(export: Export) -> None:
    export.map(layout("sheet: 日志\n    header: 3"))
    above = [["某平台导出"], ["2022 年"]]
    export.workbook(
        "log.xlsx", {"说明": [["请看第二页"]], "日志": [*above, *SHEET, [4, "u2", "看", "坏", None, 1]]}
    )
    export.take()
    assert export.records() == TAKEN
    (row,) = export.waiting()
    assert (row.sheet, row.line, row.column) == ("日志", 7, "时间")


def test_blank_rows_above_the_header_count(export: Export) -> None:
    export.workbook("log.xlsx", {"日志": SHEET}, first=2)
    assert refused(export) == "log.xlsx，工作表“日志”：第 1 行应为表头，这一行是空的"
    export.map(layout("header: 3"))
    export.workbook("log.xlsx", {"日志": [*SHEET, [4, "u2", "看", "坏", None, 1]]}, first=2)
    export.take()
    assert export.records() == TAKEN
    assert export.waiting()[0].line == 7


def test_a_missing_sheet_is_named_beside_those_that_exist(export: Export) -> None:
    export.map(layout("sheet: 成绩"))
    export.workbook("log.xlsx", {"日志": SHEET, "说明": []})
    assert refused(export) == "log.xlsx：没有工作表“成绩”，文件里有：日志、说明"


def test_a_missing_column_is_named_with_file_sheet_and_what_there_is(export: Export) -> None:
    export.workbook("log.xlsx", {"日志": [["流水号", "帐号", "行为", "时间", "用时"]]})
    message = refused(export)
    assert message == (
        "log.xlsx，工作表“日志”：流 log 要用的列缺少 “账号”（是不是“帐号”？）、“得分”；"
        "文件里有：流水号、帐号、行为、时间、用时"
    )


def test_a_date_that_lost_its_format_is_a_serial_where_the_mapping_says_so(export: Export) -> None:
    rows = [
        COLUMNS,
        [1, "u1", "看", 44621.5, None, 1],
        [2, "u1", "看", 44621, None, 1],
        [3, "u1", "看", "2022-03-02", None, 1],
    ]
    export.workbook("log.xlsx", {"日志": rows})
    export.take()
    assert [(row.line, row.code) for row in export.waiting()] == [(2, "bad_time"), (3, "bad_time")]
    export.map(LOG.replace("{from: 时间}", '{from: 时间, format: [excel, "%Y-%m-%d"]}'))
    assert export.took() == (3, 2, 1, 0)
    times = export.site.pool.rows(
        "SELECT strftime(time + INTERVAL 8 HOUR, '%m-%d %H:%M') FROM record ORDER BY line"
    )
    assert times == [("03-01 12:00",), ("03-01 00:00",), ("03-02 00:00",)]


def test_a_note_beside_the_table_is_kept_with_its_row(export: Export) -> None:
    export.workbook("log.xlsx", {"日志": [COLUMNS, [1, "u1", "看", "坏", None, 1, None, "补录"]]})
    export.take()
    assert export.waiting()[0].raw["（第 8 列）"] == "补录"


def test_cells_with_a_format_and_nothing_in_them_are_no_columns(export: Export) -> None:
    path = export.folder / "log.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("日志")
    sheet.write_row(0, 0, COLUMNS)
    sheet.write_row(1, 0, ["1", "u1", "看", "坏", "", "1"])
    sheet.write_blank(1, 300, None, book.add_format({"bold": True}))
    book.close()
    export.take()
    assert set(export.waiting()[0].raw) == set(COLUMNS)


def test_a_formula_that_failed_is_an_error_and_no_blank(export: Export) -> None:
    path = export.folder / "log.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("日志")
    sheet.write_row(0, 0, COLUMNS)
    for row, column in ((1, 4), (2, 1)):
        sheet.write_row(row, 0, [str(row), "u1", "看", "2022-03-01", "", "1"])
        sheet.write_formula(row, column, "=1/0", None, "#DIV/0!")
    sheet.write_row(3, 0, ["3", "u1", "看", "2022-03-01", "", "1"])
    sheet.write_formula(3, 7, "=NA()", None, "#N/A")
    sheet.write_formula(4, 5, "=1+1", None, 2)
    book.close()
    assert export.took() == (4, 1, 0, 3)
    assert [(row.line, row.column, row.code) for row in export.waiting()] == [
        (2, "得分", "not_a_number"),
        (3, "账号", "mistake"),
        (5, "账号", "missing"),
    ]
    assert export.waiting()[1].reason == "账号“#DIV/0!”：是表格软件的错误值，应为算出来的内容"


def test_a_broken_workbook_is_refused(export: Export) -> None:
    whole = export.workbook("log.xlsx", {"日志": SHEET}).read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as other:
        other.writestr("readme.txt", "not a workbook")
    holed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(holed, "w") as new:
        for member in old.infolist():
            content = old.read(member)
            new.writestr(member, content[:200] if member.filename.endswith("sheet1.xml") else content)
    for content in (whole[: len(whole) // 2], whole[:-30], b"hello", packed.getvalue(), holed.getvalue()):
        export.put("log.xlsx", content)
        assert refused(export).startswith("log.xlsx：不是完好的 Excel 工作簿，请重新导出")
    assert export.records() == []


def test_a_workbook_with_a_password_is_said_to_have_one(export: Export) -> None:
    # Of an encrypted workbook's container only the signature and the directory's name of the stream matter here.
    container = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(1024, b"\0") + "EncryptedPackage".encode(
        "utf-16-le"
    )
    export.put("log.xlsx", container.ljust(4096, b"\0"))
    assert refused(export) == "log.xlsx：工作簿有打开密码，请去掉密码另存以后再导入"


def test_an_empty_sheet_has_no_header(export: Export) -> None:
    export.workbook("log.xlsx", {"日志": []})
    assert refused(export) == "log.xlsx，工作表“日志”：第 1 行应为表头，这一行是空的"


# --- Parquet -------------------------------------------------------------------------------------------------------


def parquet(export: Export, columns: dict[str, pa.Array | list[object]]) -> Path:
    path = export.folder / "log.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def test_typed_columns_read_as_a_person_would_write_them(export: Export) -> None:
    parquet(
        export,
        {
            "流水号": [1, 2, 3],
            "账号": ["u1", "u1", "u2"],
            "行为": ["看", "测", "看"],
            # With a zone: an instant, whatever the mapping's own zone is.
            "时间": pa.array([datetime(2022, 3, 1, 0, tzinfo=UTC), datetime(2022, 3, 1, 16, tzinfo=UTC), datetime(2022, 4, 1, 1, 5, 7, tzinfo=UTC)]),
            "得分": [None, 88.5, float("nan")],
            "用时": pa.array([Decimal("60.00"), Decimal("600.00"), Decimal("0.00")], pa.decimal128(8, 2)),
            "多余": [[1], [2], None],
        },
    )  # fmt: skip
    export.take()
    assert export.records() == TAKEN


def test_days_whole_numbers_and_truth_are_written_out(export: Export) -> None:
    export.map(LOG.replace("      seconds", "      verified: {from: 核验}\n      seconds"))
    parquet(
        export,
        {
            "流水号": pa.array([1, 2], pa.uint64()),
            "账号": pa.array([2**60 + 1, 7], pa.int64()),
            "行为": ["测", "测"],
            "时间": pa.array([date(2022, 3, 1), None], pa.date32()),
            "得分": pa.array([90.0, 100.0], pa.float32()),
            "用时": pa.array([1, None], pa.int8()),
            "核验": [True, False],
        },
    )
    export.take()
    assert export.records() == [
        (str(2**60 + 1), "在线测验", "2022-03-01 00:00:00", 90.0, 1),
        ("7", "在线测验", None, 100.0, 0),
    ]
    assert export.site.pool.rows("SELECT flag & 64 FROM record ORDER BY line") == [(64,), (0,)]


def test_an_infinite_number_is_a_wrong_one_and_no_blank(export: Export) -> None:
    parquet(
        export,
        {
            "流水号": [1],
            "账号": ["u1"],
            "行为": ["测"],
            "时间": ["2022-03-01"],
            "得分": [float("inf")],
            "用时": [1],
        },
    )
    export.take()
    assert (export.waiting()[0].column, export.waiting()[0].code) == ("得分", "not_a_number")


def test_a_damaged_parquet_file_is_refused_before_anything_is_stored(export: Export) -> None:
    rows = 20_000
    path = parquet(
        export,
        {
            "流水号": [str(n) for n in range(rows)],
            "账号": ["u1"] * rows,
            "行为": ["看"] * rows,
            "时间": ["2022-03-01"] * rows,
            "得分": [""] * rows,
            "用时": ["1"] * rows,
            "备注": [f"无人用的列 {n * 7919 % 9973}" for n in range(rows)],
        },
    )
    whole = path.read_bytes()
    column = pq.ParquetFile(path).metadata.row_group(0).column(6)  # the mapping does not use it
    middle = column.data_page_offset + column.total_compressed_size // 2
    holed = whole[:middle] + b"\xff" * 64 + whole[middle + 64 :]
    for content in (holed, whole[:-20], whole[: rows // 2], b"PAR1", b"hello"):
        path.write_bytes(content)
        message = refused(export)
        assert message.startswith("log.parquet：不是完好的 Parquet 文件，请重新导出")
        assert str(export.site.archive) not in message
    assert export.records() == []
    assert export.site.lake.table("record") is None


# --- JSON lines ------------------------------------------------------------------------------------------------------

STATEMENTS = """
name: statements
source: p
streams:
  - name: statements
    file: "*.jsonl"
    target: record
    key: [$.id]
    fields:
      account: {from: $.actor.account.name, kind: native}
      kind: {from: '$.verb."http://say.it/id"', map: {看: view, 测: quiz}}
      time: {from: $.timestamp}
      score: {from: '$.results[0].score', max: 100}
      seconds: {from: $.duration, unit: iso8601}
"""


def statement(number: object, **given: object) -> dict[str, object]:
    made: dict[str, object] = {
        "id": number,
        "actor": {"account": {"name": "u1"}},
        "verb": {"http://say.it/id": "看"},
        "timestamp": "2022-03-01T00:00:00Z",
        "duration": "PT1M",
    }
    return made | given


SAID = [
    statement(1),
    statement("2", verb={"http://say.it/id": "测"}, timestamp="2022-03-02T00:00:00+08:00", results=[{"score": 88.5}], duration="PT10M"),
    statement(3, actor={"account": {"name": "u2"}}, timestamp="2022-04-01 09:05:07", duration=None),
]  # fmt: skip


def test_nested_paths_are_followed_through_names_and_places(export: Export) -> None:
    export.map(STATEMENTS)
    export.lines("a.jsonl", SAID)
    export.take()
    assert export.records() == TAKEN


def test_a_broken_line_waits_and_a_blank_one_counts_but_is_no_row(export: Export) -> None:
    export.map(STATEMENTS)
    export.lines("a.jsonl", [SAID[0], "", '{"id": 9, "actor"', "[1, 2]", "  ", "null", *SAID[1:]])
    assert export.took() == (6, 3, 0, 3)
    assert export.records() == TAKEN
    assert [(row.line, row.code, row.raw["_text"]) for row in export.waiting()] == [
        (3, "bad_json", '{"id": 9, "actor"'),
        (4, "bad_json", "[1, 2]"),
        (6, "bad_json", "null"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_json_lines_may_have_a_mark_or_be_in_gb18030(export: Export, encoding: str) -> None:
    export.map(STATEMENTS)
    path = export.lines("a.jsonl", SAID)
    path.write_bytes(path.read_text(encoding="utf-8").replace("\n", "\r\n").encode(encoding))
    export.take()
    assert export.records() == TAKEN


def test_columns_of_json_lines_must_be_paths(export: Export) -> None:
    export.map(STATEMENTS.replace("$.duration", "duration"))
    export.lines("a.jsonl", SAID)
    assert refused(export) == "a.jsonl：JSON 行里的列要写成路径，如 $.actor.account.name，这里是 duration"


def test_signs_that_no_registry_can_keep_are_taken_out_or_refused(export: Export) -> None:
    export.map(STATEMENTS)
    export.put(
        "a.jsonl",
        b'{"id":1,"actor":{"account":{"name":"u\\u00001"}},"verb":{"http://say.it/id":"\xe7\x9c\x8b"},"timestamp":"2022-03-01T00:00:00Z"}\n'
        b'{"id":2,"actor":{"account":{"name":"\\ud800"}},"verb":{"http://say.it/id":"\xe7\x9c\x8b"},"timestamp":"2022-03-01T00:00:00Z"}\n',
    )
    assert export.took() == (2, 1, 0, 1)
    assert export.records()[0][0] == "u1"
    assert export.waiting()[0].code == "bad_json"
