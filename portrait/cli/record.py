"""`portrait record`: take records back, restore them, and decide on doubtful ones. Every change is in the audit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from portrait.cli.console import moment, print_json, print_table, stdout
from portrait.cli.option import Home, Json, operator, site_of
from portrait.clock import now
from portrait.doubtful import DECISIONS, RULES, STATES, decide, doubt_counts, doubts
from portrait.errors import InputError, Misused, NotFound, PortraitError
from portrait.hours import hours_rule
from portrait.identity import hidden
from portrait.intake.original import Original, original
from portrait.key import absent, key_shapes
from portrait.near import Near, nearest
from portrait.record import DOUBTFUL, KIND_ZH, STANDING_ZH, Flag, Standing, row_of
from portrait.scope import Actor, Role, scope
from portrait.site import Site
from portrait.spelling import MOST, cut
from portrait.store.audit import add_audit
from portrait.store.batch import batch_of
from portrait.store.ruling import Word
from portrait.withdrawal import (
    RECORD_ZH,
    Found,
    awaited,
    confirms,
    heard,
    newest,
    restore,
    rule_on,
    said_of,
    withdraw,
    words_of,
)

Ids = Annotated[
    list[str], typer.Argument(metavar="记录", help="记录的编号， 32 位， 见 portrait record doubtful")
]
MaybeIds = Annotated[list[str] | None, typer.Argument(metavar="记录", help="记录的编号， 32 位")]
Reason = Annotated[str, typer.Option("--reason", help="理由， 必写， 留在审计和证据页里")]
Source = Annotated[str, typer.Option("--source", "-s", help="来源， 与 --key 一起用")]
Key = Annotated[
    list[str] | None,
    typer.Option("--key", help="来源自己的记录号， 如 xAPI 语句号； 映射的 key 有几列就用 | 隔开； 可写多次"),
]
NEAR_KEYS = 3  # for which the nearest are looked for
Stream = Annotated[str, typer.Option("--stream", help="映射里的流， 只在它有 series 时要写")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="学习记录：撤回、恢复、核实存疑的", no_args_is_help=True)
    app.add_typer(group, name="record")

    @group.command(epilog="例：portrait record void --source xapi --key 6f1c… --reason 平台声明作废")
    def void(
        reason: Reason,
        ids: MaybeIds = None,
        source: Source = "",
        key: Key = None,
        stream: Stream = "",
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """撤回记录：下次刷新起不再计入任何数，原记录和理由都留着。按来源的记录号撤回时，还没到的记录到了也不计。"""
        _withdraw(site_of(home), "void", ids or [], source, key or [], stream, reason, as_json)

    @group.command(name="restore", epilog="例：portrait record restore 0f3a… --reason 撤错了")
    def restore_(
        reason: Reason,
        ids: MaybeIds = None,
        source: Source = "",
        key: Key = None,
        stream: Stream = "",
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """恢复撤回的记录：下次刷新起重新计入。"""
        _withdraw(site_of(home), "restore", ids or [], source, key or [], stream, reason, as_json)

    @group.command(epilog="例：portrait record show 0f3a…")
    def show(
        id: Annotated[str, typer.Argument(metavar="记录", help="记录的编号， 32 位")],
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """一条记录现在算不算、来自哪个文件哪一行（连同那一行原来的内容）、谁说过什么。"""
        wanted = _id(id)
        site = site_of(home)
        found = newest(site, [wanted])
        if not found:
            raise NotFound("没有编号为 {numbers} 的记录", numbers=[id])
        said, words = said_of(site, found), words_of(site, found)
        pending = [word for one in found for word in awaited(one, words[one.id])]
        rows = [_row(site, one) for one in found]
        # Of a sheet with a column for each day the number of a record's line names the column too.
        found = [replace(one, line=row_of(one.line)) for one in found]
        if as_json:
            print_json({"record": id, "found": found, "rows": rows, "said": said, "pending": pending})
            return
        for one, row in zip(found, rows, strict=True):
            stdout().print(
                f"记录 {one.id.hex()}：{_standing(one)}，第 {one.batch} 号批次第 {one.line} 行，"
                f"存疑：{'、'.join(zh for bit, zh in RULES.values() if one.flag & bit) or '无'}"
            )
            stdout().print(
                f"平台存储 {moment(one.stored) or '没有给'}，"
                f"到达 {moment(one.received) or '没有记下（0.1.0 接入的）'}（北京时间）"
            )
            if told := _confirmed(site, one, words[one.id]):
                stdout().print(escape(told))
            _print_row(row)
        for word in said:
            stdout().print(
                f"{moment(word.at)} {escape(word.by)} {RECORD_ZH[word.said]}：{escape(word.reason)}"
            )
        if pending:
            stdout().print(
                f"还没有生效：{'、'.join(RECORD_ZH[word] for word in pending)}；portrait refresh 以后生效"
            )

    @group.command(epilog="例：portrait record doubtful --rule parallel")
    def doubtful(
        rule: Annotated[
            str,
            typer.Option(
                help="只列这条规则的： " + "， ".join(f"{name} {zh}" for name, (_, zh) in RULES.items())
            ),
        ] = "",
        state: Annotated[str, typer.Option(help="open 待核实， cleared 已认可， refused 不认可")] = "open",
        limit: Annotated[int, typer.Option(min=1, help="最多列多少条")] = 100,
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """列出存疑的记录：哪条规则、数字是多少。存疑的记录留在原处，人认可之前不计。"""
        site = site_of(home)
        who = scope(_operator())
        rows = doubts(site, who, rule=rule, state=state, limit=limit)
        if as_json:
            print_json([{**vars(row), "record": row.record.hex(), "kind": KIND_ZH[row.kind]} for row in rows])
            return
        print_table(
            f"{STATES[state]}的存疑记录",
            ["#记录", "规则", "数字", "来源", "账号", "课程", "项目", "时间", "#批次", "#行", "等刷新"],
            [
                (
                    row.record.hex(),
                    "、".join(RULES[name][1] for name in row.rules),
                    "；".join(f"{k}={v}" for one in row.numbers.values() for k, v in one.items()),
                    row.source,
                    escape(row.account),
                    escape(row.course_title),
                    escape(row.item),
                    row.time,
                    row.batch,
                    row.line,
                    STATES[row.state] if row.waiting else "",
                )
                for row in rows
            ],
        )
        stdout().print(
            "待核实：" + "、".join(f"{RULES[k][1]} {n:,}" for k, n in doubt_counts(site, who).items() if n)
        )

    for word, text in (
        ("clear", "认可：确是本人学的，重新计入"),
        ("refuse", "不认可：一直不计"),
        ("reopen", "收回认可或不认可，重新待核实"),
    ):
        _decision(group, word, text)

    @group.command(name="measure", epilog="例：portrait record measure var/world")
    def measure_(
        folder: Annotated[
            Path, typer.Argument(metavar="文件夹", help="示范省的平台文件， 里面有 doubt.parquet")
        ],
        home: Home = None,
    ) -> None:
        """用示范省里埋下的刷课量每条规则的查准率和查全率，输出 JSON。"""
        from portrait.world.measure import measure

        print_json(
            [
                {**vars(one), "precision": one.precision, "recall": one.recall}
                for one in measure(site_of(home), folder)
            ]
        )


def _row(site: Site, one: Found) -> Original | str:
    """The row that a record was made of, or why it cannot be shown: the record is told either way."""
    try:
        return original(site, None, one.batch, one.line)
    except PortraitError as error:
        return error.message


def _print_row(row: Original | str) -> None:
    if isinstance(row, str):
        stdout().print(escape(row), soft_wrap=True)
        return
    sheet = f"，工作表“{row.sheet}”" if row.sheet else ""
    stdout().print(
        escape(f"文件 {row.file}{sheet}，第 {row.row} 行{f'：{row.note}' if row.note else ''}"),
        soft_wrap=True,
    )
    for head, text in row.cells:
        mark = "（这条记录）" if head == row.column else ""
        stdout().print(escape(f"  {head}{mark}：{text}"), soft_wrap=True)
    if row.text:
        stdout().print(escape(row.text), soft_wrap=True)
    for head, text in row.mended:
        stdout().print(escape(f"  后来改正 {head}：{text}"), soft_wrap=True)


def _standing(one: Found) -> str:
    if one.state is Standing.VOID and one.flag & Flag.ABSENT:
        return "更正：缺勤或请假，不计"
    doubtful = one.state is Standing.COUNTS and one.flag & DOUBTFUL
    return "存疑，不计" if doubtful else STANDING_ZH[one.state]


def _confirmed(site: Site, one: Found, word: Word) -> str:
    """Who answers for a sign-in or an activity that nobody here was asked about; "" where the rulings say it."""
    if one.kind not in hours_rule().verified or confirms(one, word):
        return ""
    if not one.own & Flag.VERIFIED:
        return (
            "已更正，下面的决定说的是更正以前的内容：请重新确认，在那以前不计"
            if word.confirmed
            else "还没有人确认：不计学时和天数，也不列为事实"
        )
    with site.registry.connect() as connection:
        by = batch_of(connection, one.batch).by
    return f"文件里写明已经核验，由接入第 {one.batch} 号批次的 {by} 负责"


def _decision(group: typer.Typer, word: str, text: str) -> None:
    def command(ids: Ids, reason: Reason, home: Home = None, as_json: Json = False) -> None:
        site = site_of(home)
        count = decide(
            site, scope(_operator()), word, [_id(one) for one in ids], reason=reason, by=operator()
        )
        if as_json:
            print_json({"decided": count, "state": DECISIONS[word]})
        else:
            stdout().print(f"{RECORD_ZH[word]} {count} 条；portrait refresh 以后生效")

    command.__doc__ = text
    group.command(name=word, help=text, epilog=f"例：portrait record {word} 0f3a… --reason 已与本人核对")(
        command
    )


def _withdraw(
    site: Site,
    said: str,
    ids: list[str],
    source: str,
    keys: list[str],
    stream: str,
    reason: str,
    as_json: bool,
) -> None:
    if bool(ids) == bool(keys) or bool(keys) != bool(source):
        raise Misused("要么写记录的编号，要么写 --source 和 --key")
    if ids:
        there = rule_on(site, said, [_id(one) for one in ids], reason=reason, by=operator())
        missing, before, shapes = 0, 0, list[str]()
        near = list[tuple[str, list[Near]]]()
    else:
        say, columns = withdraw if said == "void" else restore, [key.split("|") for key in keys]
        shapes = key_shapes(site, source, stream or None)
        lengths = {shape.count("|") + 1 for shape in shapes}
        for key, parts in zip(keys, columns, strict=True):
            if lengths and len(parts) not in lengths:
                raise InputError(
                    "记录号“{key}”有 {n} 段，来源“{source}”的记录号是：{shapes}",
                    key=hidden(key),
                    n=len(parts),
                    source=source,
                    shapes=shapes,
                )
        # What may fail comes before anything is said.
        met = heard(site, said, source, stream or None, columns)
        gone = absent(site, met.new)
        asked = [met.given[place] for place in gone[:NEAR_KEYS]]
        found_near = nearest(site, source, stream or None, asked)
        near = [("|".join(key), found) for key, found in zip(asked, found_near, strict=True)]
        met = say(site, source, stream or None, columns, reason=reason, by=operator())
        for key in keys if met.new else []:
            add_audit(
                site.registry,
                now=now(),
                actor=operator(),
                action=f"record.{said}",
                object=f"{source}:{key}",
                reason=reason,
            )
        missing, before = len(absent(site, met.new)), met.before
        there = len(met.new) - missing
    if as_json:
        print_json(
            {
                "said": said,
                "records": there + missing,
                "before": before,
                "absent": missing,
                "near": [{"key": hidden(key), "nearest": found} for key, found in near],
            }
        )
        return
    told = [f"{RECORD_ZH[said]} {there} 条；portrait refresh 以后生效"] if there else []
    if missing and said == "void":
        told.append(f"{missing} 个记录号还没有记录：撤回等着，记录到了也不计")
    elif missing:
        told.append(f"{missing} 个记录号还没有记录：到了照常计入")
    for key, found in near:
        if found:
            told.append(f"和“{hidden(key)}”最接近的记录号：")
        told += [
            f"  {one.key}　{KIND_ZH[one.kind]} {one.day or '无日期'}　记录 {one.record}" for one in found
        ]
    if near and said == "void" and any(found for _, found in near):
        told.append("写错了的，用 portrait record restore 收回，再按正确的记录号撤回")
    if missing and shapes:
        told.append(f"{source} 的记录号是：{'、'.join(shapes)}")
    told += [
        f"记录号“{hidden(key)}”里的日期太多，只认了其中 {MOST} 种写法：和这里写法不同的，请照文件里的写法再写一次"
        for key in keys
        if cut(key.split("|"))
    ]
    if before:
        same = "早已撤回" if said == "void" else "没有按记录号撤回过"
        told.append(f"{before} 个记录号{same}，没有新的")
    for line in told:
        stdout().print(escape(line), soft_wrap=True)


def _id(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 16:
        raise Misused("“{text}”不是记录编号：应为 32 位十六进制数", text=text)
    return found


def _operator() -> Actor:
    return Actor(0, operator(), operator(), Role.ADMIN)
