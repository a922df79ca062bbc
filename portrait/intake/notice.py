"""What a person should know before saying yes to a proposed mapping: what is passed over, left out, or still to be said."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from portrait.intake.draft import CERTIFICATE, SCHOOL, SERIAL, WITH_SCHOOL, Draft
from portrait.intake.guess import day_of, rounded
from portrait.intake.layout import TITLE_COLUMN
from portrait.intake.pick import lost
from portrait.intake.same import DAYLESS, day_above
from portrait.intake.scale import Place, Scale, guessed
from portrait.intake.survey import Table
from portrait.intake.target import TARGETS
from portrait.intake.title import class_said, class_told
from portrait.intake.twin import told, twins
from portrait.intake.vouch import vouched
from portrait.intake.year import held_after, of_programme, spanned, year_named
from portrait.record import KIND_ZH, Kind
from portrait.sentence import Sentence, sentence

# What else a sheet of a target may be, by the roles of columns that the target has no use for.
_ALSO: dict[str, dict[str, tuple[str, ...]]] = {
    "trainee": {
        "person": ("school_name", "school_code", "subject", "title", "stage", "gender", "birth_year", "post"),
        "record": ("result",),
    },
    "person": {"trainee": ("class_code", "class_name")},
}
_ROWS = 10  # rows that a notice names
_VALUES = 200  # of a column that are looked at
_SHORT = re.compile(r"(\d{1,2})[月/-]\d{1,2}[日号]?.*")


def notices(
    tables: Sequence[Table],
    file: str,
    draft: Draft,
    days: Sequence[str],
    left: Mapping[str, Sentence],
    scales: Mapping[str, Scale],
    more: str = "",
) -> Iterator[Sentence]:
    """Sentences about the tables (of one header) and the draft of them. `days` are heads that are days, `left` columns that are not used with the reason, `more` the column that the key needed."""
    yield from _notes(tables, file, draft, days)
    yield from (sentence("“{column}”不用：{why}", column=column, why=why) for column, why in left.items())
    yield from _beyond(scales)
    yield from _also(tables[0], draft)
    if draft.target == "record":
        yield from _kinds(draft)
        yield from _apart(tables, draft, more)
        yield from vouched(tables, draft.picks, draft.fixed, draft.words)
    yield from guessed(scales)


def _notes(tables: Sequence[Table], file: str, draft: Draft, days: Sequence[str]) -> Iterator[Sentence]:
    """What a person should know before saying yes."""
    table = tables[0]
    if passed := sum(one.passed for one in tables):
        yield sentence("{n} 行是合计、签字一类，不当数据，计入略过", n=passed)
    if hidden_rows := sum(one.hidden_rows for one in tables):
        yield sentence("有 {n} 行是隐藏的，照样读；不要就写 hidden: skip", n=hidden_rows)
    if table.hidden_columns:
        yield sentence("有隐藏的列，照样可用：{columns}", columns=list(table.hidden_columns))
    if table.fill_down:
        yield sentence("{columns} 只写在一组的第一行，空格按上一行补", columns=list(table.fill_down))
    yield from _years(table, file, draft, days)
    yield from _lost(tables, draft)
    chosen = {pick.partition(":")[0] for pick in draft.picks.values()}
    if draft.target in WITH_SCHOOL and "account" not in chosen:
        if {"name", SCHOOL} <= chosen:
            yield sentence(
                "没有编号一类的列，按姓名和单位认人：没有出生年可以核对，同名的可能认错，所以每个人要在“身份合并”页确认一次；"
                "有继教编号、手机号的表，把那一列加上再传更好"
            )
        elif "name" in chosen and draft.fixed.get(SCHOOL) and draft.fixed[SCHOOL] not in draft.heading:
            yield sentence(
                "只有姓名，全表按姓名和单位“{school}”认人，每个人要在“身份合并”页确认一次；别的单位的表要另存一份映射",
                school=draft.fixed[SCHOOL],
            )
        elif "name" in chosen and draft.fixed.get(SCHOOL):
            yield sentence(
                "只有姓名，标题里写着学校“{school}”，按姓名和这个学校认人，每个人要在“身份合并”页确认一次；标题写着别的学校的表，用这份映射不会算成它的人",
                school=draft.fixed[SCHOOL],
            )
        elif "name" in chosen:
            yield sentence(
                "只有姓名，认不出是哪一位教师：请加上编号或单位一列；全表都是一个单位的，在“数据接入”页这张表下面的“全表同一个单位的，写单位名称”里填，命令加 --fill school=单位的全名"
            )
        else:
            yield sentence("没有一列说是谁：编号、手机号，或者姓名和单位")
    if draft.target == "record" and "kind" not in chosen and draft.fixed.get("kind") == "":
        yield sentence("像签到表，可是没有打勾、签名或按日期的列，看不出谁到了：请自己选记录种类")
    if "sign" in chosen:
        yield sentence("签名一列有字的算到，空着的不成为记录，计入略过")
    if "score" in chosen and chosen & {"seconds", "credit"} and "kind" not in chosen:
        yield sentence("时长和学时随得分一起读：没有得分的行，时长和学时也不读")
    if chosen & {"day", "tick"}:
        yield sentence(
            "打勾的、迟到早退的算到；叉和缺勤、请假、空格不成为记录，各自计入略过；认不出的记号进隔离区。改正了再导入一次，改成叉、缺勤、请假的收回以前的签到，空格不收回"
        )
    yield from _dated(table, file, draft, chosen)
    if draft.fixed.get("run"):
        called, coded = class_said(table.head.title, table.sheet, file)
        yield sentence(
            "{why}，当作班次，每张表按自己的标题读。是这一班吗？不是就清空“班次代码”；班次名单里只有一个班次的代码或名称对得上，就算那一班",
            why=class_told(called, coded),
        )
    if CERTIFICATE in chosen:
        yield sentence("每张证书按证书编号认；没有编号的行略过")
    if draft.target == "record" and "course" not in draft.picks.values() and not draft.fixed.get("course"):
        yield sentence("没有课程代码：记录能入库，但对应不到能力指标；可以在下面填一个固定的课程代码")


def _dated(table: Table, file: str, draft: Draft, chosen: Collection[str]) -> Iterator[Sentence]:
    """Which day the records are of where no column says one."""
    if draft.target != "record" or {"time", "day"} & set(chosen):
        return
    day = draft.fixed.get("time", "")
    above = day_above(table, file, chosen) if day == TITLE_COLUMN else ""
    if above and {"tick", "sign"} & set(chosen):
        yield sentence(
            "没有日期列，用标题、表名或文件名里的日期，这一张是 {day}；要改就在下面写日期",
            day=above,
        )
    elif above:
        yield sentence(
            "没有日期列，用标题里写的日子（考试时间、培训时间一类，一段时间算最后一天），这一张是 {day}，以后的表按自己的标题；要改就在下面写日期",
            day=above,
        )
    elif day and day != TITLE_COLUMN:
        yield sentence("没有日期列，全部算 {day} 这一天；别的日子的表要另存一份映射", day=day)
    elif draft.fixed.get("kind") not in DAYLESS:
        yield sentence(
            "没有日期：记录能入库，但不计入（成绩不能折算，签到和学时算不到哪一年）。标题里写上“考试时间：2022年10月22日”一类的字就会读；"
            "或者在“数据接入”页这张表下面的“时间”里填，命令加 --fill time=2022-10-22"
        )


def _lost(tables: Sequence[Table], draft: Draft) -> Iterator[Sentence]:
    """Numbers whose last digits a spreadsheet has lost, by column."""
    for column in tables[0].columns:
        n = sum(rounded(cell) for table in tables for cell in _cells(table, column.name))
        if draft.target in WITH_SCHOOL and lost(column) and not draft.picks.get(column.name):
            yield sentence(
                "“{column}”没有一格能用（{n} 格被变成了科学计数，末几位已丢失；其余的位数或校验位不对），所以不按它认人，按姓名和单位；要按号码认，请把那一列设成文本重新导出",
                column=column.name,
                n=n,
            )
        elif n:
            yield sentence(
                "“{column}”有 {n} 格被变成了科学计数，末几位已丢失，补不回来：这些行会进隔离区，请把那一列设成文本重新导出",
                column=column.name,
                n=n,
            )


def _cells(table: Table, column: str) -> Iterator[str]:
    place = table.head.names.index(column)
    return (cells[place] for cells in table.cells)


def _also(table: Table, draft: Draft) -> Iterator[Sentence]:
    """What columns that are not used could be in a mapping of their own: a list of trainees may be a roster too."""
    numbered = any(pick.partition(":")[0] in ("account", "key") for pick in draft.picks.values())
    for target, roles in _ALSO.get(draft.target, {}).items() if numbered else ():
        columns = [
            column.name
            for column in table.columns
            if column.role in roles and column.filled and not draft.picks.get(column.name)
        ]
        if columns:
            yield sentence(
                "{columns}不是{target}的内容；同一张表还可以再存一份映射，作{other}：网页上把“每一行是”换成它，命令加 --target {name}",
                columns=[f"“{column}”" for column in columns],
                target=sentence(TARGETS[draft.target].zh),
                other=sentence(TARGETS[target].zh),
                name=target,
            )


def _kinds(draft: Draft) -> Iterator[Sentence]:
    """What each row is taken for, and by what."""
    column = next((column for column, pick in draft.picks.items() if pick == "kind"), "")
    if column and draft.words:
        known = [
            sentence("{word}→{kind}", word=word, kind=sentence(KIND_ZH[Kind[kind.upper()]]))
            for word, kind in draft.words.items()
            if kind
        ]
        yield sentence("“{column}”说每一行是什么记录：{known}，请核对", column=column, known=known)
        if unknown := [word for word, kind in draft.words.items() if not kind]:
            yield sentence(
                "“{column}”里认不出的 {n} 种不读，计入略过：{words}。要读就给它选记录种类（网页上选，或写进映射的 maps）",
                column=column,
                n=len(unknown),
                words=unknown[:_ROWS],
            )
    kind = draft.fixed.get("kind", "")
    if kind in ("view", "complete") and not column:
        yield sentence(
            "没有一列说每一行是什么记录，全部按“{kind}”读；不是就改“记录种类”",
            kind=sentence(KIND_ZH[Kind[kind.upper()]]),
        )


def _apart(tables: Sequence[Table], draft: Draft, more: str) -> Iterator[Sentence]:
    """Rows that would be one record although they say different things."""
    there = set(draft.picks.values())
    if there & {"day", SERIAL, CERTIFICATE}:
        return
    if more:
        yield sentence("不看“{column}”，几行会被当作同一个记录，所以它也算进 key", column=more)
    if pairs := twins(tables, draft.picks, draft.key):
        yield told(pairs)


def _years(table: Table, file: str, draft: Draft, days: Sequence[str]) -> Iterator[Sentence]:
    """Which year days without one are of."""
    short = any(not day_of(day, "") for day in [*days, *_above(table, file, draft)]) or any(
        column.role == "date" and _yearless(column.values) for column in table.columns
    )
    found = year_named(table.head.title, table.sheet, file, days)
    if short and found.programme:
        yield of_programme(found, draft.year if held_after(found, draft.year, True) else "")
    elif short and "-" in found.of and (not found.made or _of_the_first(found.of, days, table)):
        yield spanned(found)
    elif short and draft.named:
        yield sentence(
            "没写年份的日期，按{place}里写的年份读：这一张是 {year} 年，以后的表按它自己写的",
            place=found.place,
            year=found.first,
        )
    elif short:
        yield sentence(
            "日期没有写年份，标题、表名和文件名里也认不出是哪一年：请填年份，不填就不接入（以后的表写了年份的，仍按它自己的）"
        )


def _of_the_first(span: str, days: Sequence[str], table: Table) -> bool:
    """Whether any day without a year is of the first of the two in which the twelve months lie."""
    months = [int(day[5:7]) for head in days if not day_of(head, "") and (day := day_of(head, "2000"))]
    for column in table.columns:
        if column.role == "date":
            months += [
                int(found[1])
                for value in islice(column.values, _VALUES)
                if (found := _SHORT.fullmatch(value))
            ]
    return any(month >= int(span[5:]) for month in months)


def _above(table: Table, file: str, draft: Draft) -> list[str]:
    """The day of all rows where the sheet's own words say it; none where they say none."""
    there = {pick.partition(":")[0] for pick in draft.picks.values()}
    day = day_above(table, file, there) if draft.fixed.get("time") == TITLE_COLUMN else ""
    return [day] if day else []


def _yearless(values: Sequence[str]) -> bool:
    return any(_SHORT.fullmatch(value) for value in islice(values, _VALUES))


def _beyond(scales: Mapping[str, Scale]) -> Iterator[Sentence]:
    for column, scale in scales.items():
        if scale.full and scale.beyond:
            yield sentence(
                "“{column}”有 {n} 个得分超过满分 {full}，会进隔离区：{places}{more}。满分不是 {full} 的，请改满分",
                column=column,
                n=len(scale.beyond),
                full=scale.full,
                places=_places(scale.beyond[:_ROWS]),
                more=sentence("等") if len(scale.beyond) > _ROWS else "",
            )


def _places(places: Sequence[Place]) -> list[Sentence]:
    """Rows, by sheet where there are sheets."""
    sheets: dict[str, list[str]] = {}
    for sheet, row in places:
        sheets.setdefault(sheet, []).append(str(row))
    return [
        sentence("工作表“{sheet}”第 {lines} 行", sheet=sheet, lines=lines)
        if sheet
        else sentence("第 {lines} 行", lines=lines)
        for sheet, lines in sheets.items()
    ]
