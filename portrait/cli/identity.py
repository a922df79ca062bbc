"""`portrait identity`: whose accounts are whose: what waits for an answer, links and merges by hand, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.markup import escape
from sqlalchemy import Connection, Row

from portrait.cli.console import print_json, print_table, progress, stdout
from portrait.cli.option import Home, Json, operator, site_of
from portrait.clock import now
from portrait.errors import Misused, NotFound
from portrait.identifier import KIND_NAME
from portrait.match import STATES, identity_rule
from portrait.site import Site
from portrait.store.audit import add_audit
from portrait.store.question import (
    Question,
    Side,
    history,
    person_by_key,
    question_counts,
    questions,
    strangers_of,
)


class Said(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    LATER = "later"


Note = Annotated[str, typer.Option("--note", help="为什么， 记进历史和审计")]
Number = Annotated[
    str, typer.Argument(metavar="编号", help="link:12 或 alias:3， 见 portrait identity list 和 history")
]
Person = Annotated[str, typer.Argument(metavar="教师", help="教师的继教编号（或“来源:编号”）")]
Lazy = Annotated[bool, typer.Option("--no-refresh", help="先不重算画像， 以后用 portrait refresh")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="身份合并：看等待确认的、关联账号、合并教师、撤销", no_args_is_help=True)
    app.add_typer(group, name="identity")

    @group.command(name="list", epilog="例：portrait identity list --unknown --source oulad")
    def list_(
        unknown: Annotated[bool, typer.Option("--unknown", help="改列还认不出是谁的账号")] = False,
        source: Annotated[
            str, typer.Option("--source", "-s", help="只列这个来源的账号， 同 --unknown 用")
        ] = "",
        limit: Annotated[int, typer.Option(min=1, help="最多列多少个")] = 100,
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """列出等待人确认的：两边是谁，凭什么，有多可信。邮箱、手机号、身份证号已遮盖。"""
        if source and not unknown:
            raise Misused("--source 只和 --unknown 一起用")
        site = site_of(home, behind=True)
        with site.registry.connect() as connection:
            if unknown:
                strangers = strangers_of(connection, source=source, limit=limit)
                if as_json:
                    print_json(strangers)
                    return
                print_table(
                    f"认不出的账号 {len(strangers):,} 个",
                    ["#账号", "来源", "标识", "", "姓名"],
                    [
                        (str(one.id), one.source, KIND_NAME[one.kind], escape(one.shown), one.name)
                        for one in strangers
                    ],
                )
                return
            found = questions(connection, limit=limit)
            total, later = question_counts(connection)
        if as_json:
            print_json(found)
            return
        print_table(
            f"等待确认 {total:,} 项（其中以后再说 {later:,} 项）",
            ["#编号", "这一边", "那一边", "为什么", "#可信度"],
            [
                (
                    name_of(one),
                    escape(side_text(one.left)),
                    escape(side_text(one.right)),
                    identity_rule().reasons[one.reason].zh,
                    f"{one.confidence:.2f}",
                )
                for one in found
            ],
        )

    @group.command(name="answer", epilog="例：portrait identity answer link:12 same --note 学校已确认")
    def answer_(
        number: Number,
        said: Annotated[
            Said, typer.Argument(metavar="回答", help="same 是同一人， different 不是同一人， later 以后再说")
        ],
        note: Note = "",
        stands: Annotated[
            str,
            typer.Option("--stands", help="两位教师是同一人时由谁代表（继教编号）， 学校和学段从此按谁的算"),
        ] = "",
        lazy: Lazy = False,
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """回答一项等待确认的。"""
        from portrait.store.decision import answer

        thing, id = parted(number)
        site = site_of(home)
        row = _done(
            site,
            said.value,
            lambda connection: (
                thing,
                answer(
                    connection,
                    thing,
                    id,
                    said.value,
                    by=operator(),
                    now=now(),
                    note=note,
                    stands=_person(connection, stands) if stands else None,
                ),
            ),
            note,
        )
        _tell(site, thing, row, lazy, as_json, changed=said is not Said.LATER)

    @group.command(epilog="例：portrait identity link 1234567890 HJ41010200001 --note 本人来电")
    def link(
        account: Annotated[
            int, typer.Argument(metavar="账号", help="账号的编号， 见 portrait identity list --unknown")
        ],
        person: Person,
        note: Note = "",
        lazy: Lazy = False,
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """把一个账号关联到一位教师，它的记录随即算在这位教师名下。"""
        from portrait.store.decision import join_account

        site = site_of(home)
        row = _done(
            site,
            "link",
            lambda connection: (
                "link",
                join_account(
                    connection, account, _person(connection, person), by=operator(), now=now(), note=note
                ),
            ),
            note,
        )
        _tell(site, "link", row, lazy, as_json)

    @group.command(epilog="例：portrait identity unlink link:12 --note 关联错了")
    def unlink(
        number: Number, note: Note = "", lazy: Lazy = False, home: Home = None, as_json: Json = False
    ) -> None:
        """撤销一项账号关联（或“不是同一人”的回答），数字回到没有它的样子。"""
        _undo(number, "link", "unlink", note, lazy, home, as_json)

    @group.command(epilog="例：portrait identity merge HJ41010200002 HJ41010200001 --note 调动后换了编号")
    def merge(
        person: Person,
        into: Annotated[str, typer.Argument(metavar="代表", help="由哪位教师代表两者， 写继教编号")],
        note: Note = "",
        lazy: Lazy = False,
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """认定两位教师是同一人，由后一位代表；账号、学员身份和登录都跟过去，什么也不删。"""
        from portrait.store.decision import join_persons

        site = site_of(home)
        row = _done(
            site,
            "merge",
            lambda connection: (
                "alias",
                join_persons(
                    connection,
                    _person(connection, person),
                    _person(connection, into),
                    by=operator(),
                    now=now(),
                    note=note,
                ),
            ),
            note,
        )
        _tell(site, "alias", row, lazy, as_json)

    @group.command(epilog="例：portrait identity split alias:3 --note 是两个人")
    def split(
        number: Number, note: Note = "", lazy: Lazy = False, home: Home = None, as_json: Json = False
    ) -> None:
        """撤销一项教师合并（或“不是同一人”的回答），两边各自恢复原样。"""
        _undo(number, "alias", "split", note, lazy, home, as_json)

    @group.command(name="history", epilog="例：portrait identity history --about 王芳")
    def history_(
        about: Annotated[
            str, typer.Option("--about", help="姓名、编号或账号里有这些字的， 连自动关联一起列")
        ] = "",
        limit: Annotated[int, typer.Option(min=1, help="最多列多少项")] = 100,
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """列出谁在什么时候认定或撤销了什么，最近的在前。"""
        with site_of(home, behind=True).registry.connect() as connection:
            found = history(connection, text=about, limit=limit)
        if as_json:
            print_json(found)
            return
        print_table(
            f"身份合并的历史 {len(found):,} 项",
            ["#编号", "时间", "这一边", "那一边", "为什么", "状态", "谁", "备注"],
            [
                (
                    name_of(one),
                    one.last,
                    escape(side_text(one.left)),
                    escape(side_text(one.right)),
                    identity_rule().reasons[one.reason].zh,
                    STATES[one.state],
                    one.undone_by or one.decided_by or "自动",
                    escape(one.undone_note or one.note),
                )
                for one in found
            ],
        )


def name_of(one: Question) -> str:
    return f"{one.thing}:{one.number}"


def side_text(side: Side) -> str:
    """One line of who it is."""
    if side.thing == "account":
        kind, shown = side.identifiers[0]
        said = f"账号 {side.sources[0]} {KIND_NAME[kind]} {shown}"
        return f"{said} {side.name}" if side.name else said
    return " ".join(part for part in ("教师", side.name, side.key, side.school) if part)


def parted(number: str) -> tuple[str, int]:
    thing, colon, id = number.partition(":")
    if thing not in ("link", "alias") or not colon or not id.isdecimal() or len(id) > 18:
        raise Misused(f"“{number}”应写成 link:12 或 alias:3")
    return thing, int(id)


def _person(connection: Connection, key: str) -> int:
    found = person_by_key(connection, key)
    if found is None:
        raise NotFound(f"没有编号为“{key}”的教师")
    return found


def _undo(number: str, wanted: str, action: str, note: str, lazy: bool, home: Any, as_json: bool) -> None:
    from portrait.store.decision import undo

    thing, id = parted(number)
    if thing != wanted:
        raise Misused(f"{number} 要用 portrait identity {'unlink' if thing == 'link' else 'split'}")
    site = site_of(home)
    row = _done(
        site,
        action,
        lambda connection: (thing, undo(connection, thing, id, by=operator(), now=now(), note=note)),
        note,
    )
    _tell(site, thing, row, lazy, as_json)


def _done(site: Site, action: str, work: Callable[[Connection], tuple[str, Row[Any]]], note: str) -> Row[Any]:
    """The decision in one transaction, then the audit."""
    with site.registry.begin() as connection:
        thing, row = work(connection)
    add_audit(
        site.registry,
        now=now(),
        actor=operator(),
        action=f"identity.{action}",
        object=f"{thing}:{row.id}",
        reason=note,
    )
    return row


def _tell(site: Site, thing: str, row: Row[Any], lazy: bool, as_json: bool, *, changed: bool = True) -> None:
    """What the decision came to; the figures of those it touched are made again. What is put off has `changed` nothing."""
    persons = None
    if changed and not lazy:
        from portrait.settled import refresh_decided

        with progress() as shown:
            bar = shown.bar("刷新画像")
            report = refresh_decided(site, lambda step, share: bar.advance(share, note=f"刷新画像：{step}"))
            bar.finish("刷新画像")
        persons = report.persons
    if as_json:
        print_json({"number": f"{thing}:{row.id}", "state": row.state, "refreshed": persons})
        return
    then = "；portrait refresh 以后进入画像" if persons is None else f"；重算了 {persons:,} 人的画像"
    stdout().print(f"{thing}:{row.id}：{STATES[row.state]}{then if changed else ''}")
