"""A mapping is checked in full before any file is opened, and is only ever data: what it says never becomes SQL."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portrait.errors import MappingError
from portrait.intake.bench import Bench, Input, clear, open_bench, set_up
from portrait.intake.judge import refused
from portrait.intake.mapping import load_mapping, mapping_files, read_mapping
from portrait.record import Kind
from portrait.site import Site
from tests.export import LOG, Export
from tests.test_intake_bad import PEOPLE


def read(folder: Path, text: str) -> str:
    """What is wrong with a mapping."""
    path = folder / "某平台.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MappingError) as error:
        read_mapping(path)
    return error.value.message


def log(old: str, new: str) -> str:
    assert old in LOG
    return LOG.replace(old, new)


@pytest.mark.parametrize(
    "text",
    [
        "a: b: c",
        "a: - b",
        "- a\nb: 1",
        "a\nb: 1",
        "a: 1\n b: 2",
        "\tb: 1",
        "a: @b",
        "a: 'b",
        'a: "\\q"',
        'a: "\\xg"',
        "a: [b",
        "a: [b}",
        "a: {b",
        "a: *b",
        "a: &b 1\nc: &b 2",
        "a: 1\n---\nb: 1",
        "a: 1\n...\nb: 1\n]",
        "a: |x\n b",
        "a: & b",
        "a: \x01",
        "a: ]",
    ],
)
def test_what_is_wrong_with_the_yaml_is_said_without_a_word_of_english(text: str, tmp_path: Path) -> None:
    said = read(tmp_path, text).replace("某平台.yaml", "").replace("YAML", "")
    assert not re.search("[A-Za-z]{2,}", said), said


FIELD = "某平台.yaml，流 log，字段 "
WRONG: list[tuple[str, str]] = [
    # the document
    ("", "某平台.yaml：应为键值结构，要有 name、source、streams"),
    ("- a", "某平台.yaml：应为键值结构，要有 name、source、streams"),
    ("a: [", "某平台.yaml：不是可读的 YAML：这里应有内容（第 1 行第 5 列）"),
    ("a: b: c", "某平台.yaml：不是可读的 YAML：这里不该有冒号：一行里多了一个（值里有冒号就加引号），或缩进不对（第 1 行第 5 列）"),
    ("a: 1\n\tb: 2", "某平台.yaml：不是可读的 YAML：有不能这样用的字符（制表符、@、反引号、% 等），缩进用空格，值加引号（第 2 行第 1 列）"),
    ("a: 1\na: 2", "某平台.yaml：不是可读的 YAML：“a”写了两次"),
    (LOG + "a: " + "[" * 2000 + "]" * 2000, "某平台.yaml：嵌套太深，或引用了自己"),
    (log("看: view", '"看\\0": view'), "某平台.yaml：不是可读的 YAML：有看不见的控制字符"),
    (log("看: view", '"看\\ud800": view'), "某平台.yaml：不是可读的 YAML：有看不见的控制字符"),
    (LOG + "stream: 1", "某平台.yaml：不认识“stream”，可选：class_source、course_source、maps、name、package、source、streams、timezone、title、version"),
    (log("source: p", "source: 平台"), "某平台.yaml：source“平台”只能用字母、数字和 _ . -，至多 40 个"),
    (log("source: p\n", ""), "某平台.yaml：缺少 source"),
    (log("source: p", "source: p\ntimezone: Asia/Zhengzhou"), "某平台.yaml：没有“Asia/Zhengzhou”这个时区，应如 Asia/Shanghai"),
    (log("source: p", "source: p\ntimezone: posixrules"), "某平台.yaml：没有“posixrules”这个时区，应如 Asia/Shanghai"),
    (log("source: p", "source: p\nmaps: [a]"), "某平台.yaml：maps 应为“名称: {原值: 新值}”"),
    (log("source: p", "source: p\nmaps: {m: [a]}"), "某平台.yaml，maps.m：值表应为“原值: 新值”"),
    (LOG[: LOG.index("streams")], "某平台.yaml：streams 应为至少一个流的列表"),
    # the stream
    (log("- name: log", "- name: 日志"), "某平台.yaml，第 1 个流：name“日志”只能用字母、数字和 _ . -"),
    (LOG + LOG[LOG.index("  - name") :], "某平台.yaml：流名“log”用了两次"),
    (log("target: record", "target: rekord"), "某平台.yaml，流 log：没有 target“rekord”，可选：school、provider、person、course、alignment、class、quota、trainee、record"),
    (log("file: log*", "file: ../log*"), "某平台.yaml，流 log：file“../log*”应为文件夹内的文件名或通配名，如 logs/*.csv"),
    (log("file: log*", "file: /etc/passwd"), "某平台.yaml，流 log：file“/etc/passwd”应为文件夹内的"),
    (log("file: log*", "file: '**log'"), "某平台.yaml，流 log：file“**log”应为文件夹内的"),
    (log("file: log*", "file: ."), "某平台.yaml，流 log：file“.”应为文件夹内的"),
    (log("file: log*", "file: log*\n    format: xls"), "某平台.yaml，流 log：format“xls”不认识，可选：auto、csv、xlsx、parquet、jsonl"),
    (log("file: log*", "file: log*\n    encoding: gbk"), "某平台.yaml，流 log：encoding“gbk”不认识，可选：auto、utf-8、gb18030"),
    (log("file: log*", "file: log*\n    header: 0"), "某平台.yaml，流 log：header 应为表头所在的行号（从 1 数），这里是“0”"),
    (log("file: log*", "file: log*\n    header: ²"), "某平台.yaml，流 log：header 应为表头所在的行号（从 1 数），这里是“²”"),
    (log("key: [流水号]", "keys: [流水号]"), "某平台.yaml，流 log：不认识“keys”，可选："),
    (log("key: [流水号]", "key: [{a: b}]"), "某平台.yaml，流 log，key：不认识“a”，可选：field"),
    (log("key: [流水号]", "key: [流水号]\n    repeats: no"), "某平台.yaml，流 log：repeats“no”不认识，可选：drop、keep"),
    (log("key: [流水号]", "key: [流水号]\n    where: 行为"), "某平台.yaml，流 log，where：应为 {column: 列, in: [值…]}"),
    (log("key: [流水号]", "key: [流水号]\n    where: {column: 行为}"), "某平台.yaml，流 log，where：column“行为”要写 in 或 present，只能一种"),
    (log("key: [流水号]", "key: [流水号]\n    where: {column: 行为, in: [{a: b}]}"), "某平台.yaml，流 log，where：column“行为”的 in 应为一个值或一列值"),
    (log("key: [流水号]", "key: [流水号]\n    joins: [{file: a.csv, as: a}]"), "某平台.yaml，流 log，joins a：on 应为“本文件的列: 那个文件的列”"),
    (log("key: [流水号]", "key: [流水号]\n    joins: [{file: a.csv, on: {b: c}}]"), "某平台.yaml，流 log，joins：缺少 as"),
    (log("key: [流水号]", "key: [流水号]\n    joins: [{file: a, on: {b: c}, as: a}, {file: b, on: {b: c}, as: a}]"), "某平台.yaml，流 log：两个 joins 用了同一个 as"),
    (log("key: [流水号]", "key: [流水号]\n    joins: [{file: a, on: {b: c}, as: a}, {file: b, on: {a.x: c}, as: b}]"), "某平台.yaml，流 log：joins 的 on 左边应为本文件的列，“a.x”来自另一个 joins"),
    # the field
    (log("fields:", "fields: []\n    x:"), "某平台.yaml，流 log：不认识“x”"),
    (log("      kind:", "      kinds:"), FIELD + "kinds：record 没有这个字段，可选：account、name、course、run、item、kind、time"),
    (log("      kind: {from: 行为, map: {看: view, 测: quiz}}\n", ""), "某平台.yaml，流 log：target record 还缺字段：kind（记录种类）"),
    (log("{from: 时间}", "时间"), FIELD + "time：应为 {from: 列} 或 {const: 值}，这里是 '时间'"),
    (log("{from: 时间}", "{form: 时间}"), FIELD + "time：不认识“form”，可选：blank、const、days、default"),
    (log("{from: 时间}", "{from: 时间, const: x}"), FIELD + "time：要写 from、const、start 加 days、first 中的一种"),
    (log("{from: 时间}", "{start: {from: 时间}}"), FIELD + "time：要写 from、const、start 加 days、first 中的一种"),
    (log("{from: 时间}", "{from: [日, 时]}"), FIELD + "time：from 有多列时要写 join（连接符，可为空）"),
    (log("{from: 时间}", "{from: []}"), FIELD + "time：from 不能为空"),
    (log("{from: 时间}", "{from: ''}"), FIELD + "time：from 应为一个值或一列值"),
    (log("{from: 时间}", "{from: $.a..b}"), FIELD + "time：“$.a..b”不是 JSON 路径，应如 $.actor.account.name"),
    (log("{from: 时间}", '{from: 时间, format: "%Q"}'), FIELD + "time：format“%Q”用不了（"),
    (log("{from: 时间}", "{from: 时间, unit: minutes}"), FIELD + "time：unit “minutes”只用于时长字段"),
    (log("{from: 用时}", "{from: 用时, unit: weeks}"), FIELD + "seconds：unit“weeks”不认识，可选：seconds、minutes、hours、clock、iso8601、played、percent"),
    (log("{from: 用时}", "{from: 用时, unit: percent}"), FIELD + "seconds：unit percent 只用于数字字段"),
    (log("{from: 用时}", "{from: 用时, format: x}"), FIELD + "seconds：format 只用于日期和时间字段"),
    (log("{from: 用时}", "{start: {from: a}, days: {from: b}}"), FIELD + "seconds：start/days 只用于日期和时间字段"),
    (log("{from: 用时}", "{from: 用时, max: 5}"), FIELD + "seconds：max 只用于 score"),
    (log(", max: 100", ""), FIELD + "score：得分要有满分：写 max，或另给 score_max 字段（只能一种）"),
    (log("max: 100", "max: 百"), FIELD + "score：max 应为大于 0 的满分，这里是“百”"),
    (log("max: 100", "max: nan"), FIELD + "score：max 应为大于 0 的满分，这里是“nan”"),
    (log(", kind: native", ""), FIELD + "account：account 要写 kind，可选：staff、mail、phone、idno、native"),
    (log("kind: native", "kind: qq"), FIELD + "account：account 要写 kind，可选：staff、mail、phone、idno、native"),
    (log("{from: 用时}", "{from: 用时, kind: staff}"), FIELD + "seconds：kind 只用于 account，可选：staff"),
    (log("map: {看: view, 测: quiz}", "map: 行为表"), FIELD + "kind：没有值表“行为表”，可选：（maps 里一个也没有）"),
    (log("map: {看: view, 测: quiz}", "map: [a]"), FIELD + "kind：没有值表“['a']”，可选："),
    (log("测: quiz", "测: [quiz]"), FIELD + "kind.map：值表应为“原值: 新值”"),
    # words that the mapping itself gives and that are none of ours
    (log("测: quiz", "测: quizz"), FIELD + "kind：“quizz”用不了：没有这种记录，可选：enrol、withdraw、view"),
    (log("{from: 行为, map: {看: view, 测: quiz}}", "{const: 点赞}"), FIELD + "kind：“点赞”用不了：没有这种记录，可选：enrol"),
    (log("{from: 时间}", "{from: 时间}\n      face: {const: 也许}"), FIELD + "face：“也许”用不了：应为 是 或 否"),
    (PEOPLE.replace("女: 2", "女: F"), "某平台.yaml，流 teachers，字段 gender：“F”用不了：没有这个性别，可选："),
    (PEOPLE.replace("{from: 学段}\n", "{from: 学段, default: 大学}\n", 1), "某平台.yaml，流 teachers，字段 stage：“大学”用不了：没有这个学段，可选："),
    (log("{from: 时间}", "{from: 时间}\n      course_source: {from: 课}"), FIELD + "course_source：应为 {const: 另一来源的代码}"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "says"), WRONG, ids=range(len(WRONG)))
def test_every_error_names_file_stream_field_and_the_choices(tmp_path: Path, text: str, says: str) -> None:
    message = read(tmp_path, text)
    assert message.startswith(says), message


def test_an_unknown_mapping_is_answered_with_those_that_exist(tmp_path: Path) -> None:
    with pytest.raises(MappingError) as error:
        load_mapping("moodel", tmp_path)
    assert error.value.message.startswith("没有名为“moodel”的来源映射，可选：")
    assert "oulad" in error.value.message


def test_every_mapping_of_the_product_can_be_read_and_the_home_s_come_first(tmp_path: Path) -> None:
    assert {"oulad", "mooccubex"} <= set(mapping_files(tmp_path))
    for name in mapping_files(tmp_path):
        assert load_mapping(name, tmp_path).streams
    (tmp_path / "mapping").mkdir()
    (tmp_path / "mapping" / "oulad.yaml").write_text(LOG, encoding="utf-8")
    assert load_mapping("oulad", tmp_path).name == "log"


def test_scalars_stay_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(
        LOG.replace("看: view", "no: view, 007: view, 2022-03-01: view, ~: view"), encoding="utf-8"
    )
    entries = dict(read_mapping(path).streams[0].fields)["kind"].map
    assert entries is not None
    assert dict(entries.entries) == {
        "no": "view",
        "007": "view",
        "2022-03-01": "view",
        "~": "view",
        "测": "quiz",
    }


def test_the_digest_changes_with_the_meaning_and_with_nothing_else(tmp_path: Path) -> None:
    def digest(text: str) -> str:
        (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
        mapping = read_mapping(tmp_path / "m.yaml")
        return mapping.digest(mapping.streams[0])

    same = [
        LOG.replace("name: log\ns", "name: other\ns"),
        LOG + "title: 别名\nversion: 7\n",
        "# 说明\n" + LOG,
    ]
    other = [
        LOG.replace("source: p", "source: q"),
        LOG + "timezone: UTC\n",
        LOG.replace("测: quiz", "测: exam"),
        LOG.replace("max: 100", "max: 120"),
        LOG.replace("[流水号]", "[流水号, 账号]"),
    ]
    assert {digest(text) for text in same} == {digest(LOG)}
    assert len({digest(text) for text in [LOG, *other]}) == len(other) + 1


# --- any mapping at all -----------------------------------------------------------------------------------------------

JUNK = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.sampled_from(["$.a", "x.y", "**", "../x", "'; DROP TABLE batch; --", "view", "1e999", "%", "map"]),
    st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(
        st.sampled_from(["from", "const", "map", "in", "on", "x"]), st.text(max_size=3), max_size=2
    ),
)


def places(node: Any) -> list[Callable[[Any], None]]:
    """For every place in a document a function that puts something else there."""
    found: list[Callable[[Any], None]] = []
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        found.append(lambda junk, key=key: node.__setitem__(key, junk))
        found += places(value)
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_put_in_a_mapping_it_is_read_or_refused_in_our_words(
    tmp_path: Path, data: st.DataObject
) -> None:
    document = deepcopy(yaml.load(data.draw(st.sampled_from([LOG, PEOPLE])), Loader=yaml.BaseLoader))
    for _ in range(data.draw(st.integers(1, 2))):
        spots = places(document)
        spots[data.draw(st.integers(0, len(spots) - 1))](data.draw(JUNK))
    path = tmp_path / "m.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    said = "m.yaml"
    try:
        assert all(read_mapping(path).digest(stream) for stream in read_mapping(path).streams)
    except MappingError as error:
        said = error.message
    assert said.startswith("m.yaml")


# --- a mapping cannot carry SQL -----------------------------------------------------------------------------------------

BLANKS = " \t\n\r　\xa0"
# Signs that have a meaning in some language on the way: SQL, YAML, CSV, JSON, paths and patterns.
SIGN = st.one_of(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"),
    st.sampled_from(list("'\"`;\\%$(){}[]*?-,|:#&!@/·中")),
)
NAME = st.lists(SIGN, min_size=1, max_size=12).map(lambda signs: " ".join("".join(signs).split())).filter(
    lambda name: bool(name) and not name.startswith("$")
)  # fmt: skip
CELL = st.one_of(
    st.lists(st.one_of(SIGN, st.sampled_from("\t\r\n\x01\x1f\ufeff")), max_size=12).map("".join),
    st.sampled_from(
        ["'; DROP TABLE account; --", "' OR 1=1 --", "x') FROM record --", "NULL", "\\N", "=1+1"]
    ),
)


def test_names_words_and_cells_come_through_as_they_are_and_never_as_sql(sqlite_site: Site) -> None:
    with open_bench(sqlite_site) as bench:

        @settings(max_examples=80, deadline=None)
        @given(
            names=st.lists(NAME, min_size=4, max_size=4, unique=True),
            words=st.lists(NAME, min_size=2, max_size=2, unique=True),
            prefix=NAME,
            cells=st.lists(st.tuples(CELL, CELL, st.integers(0, 2)), min_size=1, max_size=5),
        )
        def check(names: list[str], words: list[str], prefix: str, cells: list[tuple[str, str, int]]) -> None:
            assert judged(bench, names, words, prefix, cells) == expected(words, prefix, cells)

        check()


def judged(
    bench: Bench, names: list[str], words: list[str], prefix: str, cells: list[tuple[str, str, int]]
) -> list[tuple[Any, ...]]:
    """Row, account, kind, item and key of the good rows; row, column and reason code of the bad ones."""
    account, kind, item, number = names
    stream = {
        "name": "log",
        "file": "log.csv",
        "target": "record",
        "key": [number, account],
        "fields": {
            "account": {"from": account, "kind": "native"},
            "kind": {"from": kind, "map": {words[0]: "view", words[1]: "quiz"}},
            "item": {"from": item, "prefix": prefix, "default": prefix, "blank": [words[0]]},
        },
    }
    document = {"name": "log", "source": "p", "streams": [stream]}
    path = bench.staging / "mapping.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    mapping = read_mapping(path)
    table = bench.staging / "log.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(names)
        for place, (who, what, word) in enumerate(cells):
            writer.writerow([who, [*words, "没有这个词"][word], what, str(place)])
    program = set_up(bench, mapping, mapping.streams[0], Input(table, table.name), {})
    good = bench.engine.execute(
        f"SELECT _row, w_account, v_kind, v_item, record_key FROM {program.judged} WHERE NOT _bad ORDER BY _row"
    ).fetchall()
    bad = [
        (row.line, "行为" if row.column == kind else "账号", row.code)
        for row in refused(bench.engine, program)
    ]
    clear(bench, program)
    return [*good, *bad]


def expected(words: list[str], prefix: str, cells: list[tuple[str, str, int]]) -> list[tuple[Any, ...]]:
    good: list[tuple[Any, ...]] = []
    bad: list[tuple[Any, ...]] = []
    for line, (who, what, word) in enumerate(cells, 2):
        who, what = who.strip(BLANKS), what.strip(BLANKS)
        if not who:
            bad.append((line, "账号", "missing"))
        elif not who.strip():
            bad.append((line, "账号", "bad_native"))
        elif word == 2:
            bad.append((line, "行为", "unknown_value"))
        else:
            said = prefix if what in ("", words[0]) else prefix + what
            good.append((line, who.strip(), (Kind.VIEW, Kind.QUIZ)[word], said, f"{line - 2}\x1f{who}"))
    return [*good, *bad]


@pytest.mark.parametrize("name", ["地区'; DROP TABLE person; --", '"', "a.b", "年 龄", "x" * 60, "$", "\\"])
def test_any_name_may_be_given_to_what_a_source_adds(export: Export, name: str) -> None:
    document = yaml.load(PEOPLE, Loader=yaml.BaseLoader)
    stream = document["streams"][1]
    stream["fields"] = {"key": {"from": "编号"}, "name": {"from": "姓名"}, f"extra.{name}": {"from": "别的"}}
    export.map(yaml.safe_dump(document, allow_unicode=True))
    export.put("名册.csv", '编号,姓名,别的\nT1,甲,"\'; DROP TABLE person; --"\n')
    export.take()
    with export.site.registry.connect() as connection:
        (row,) = connection.exec_driver_sql("SELECT extra FROM person").all()
    assert yaml.safe_load(row[0]) == {name: "'; DROP TABLE person; --"}
