"""`portrait quarantine`: the rows that could not be taken: list, show, read again, correct, dismiss. Every change is in the audit."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape

from portrait.cli.console import moment, print_json, print_table, progress, stdout
from portrait.cli.intake import telling
from portrait.cli.option import Home, Json, Wait, operator, site_of
from portrait.clock import now
from portrait.errors import InputError, Misused, NotFound
from portrait.intake.mapping import mapping_called, mapping_files
from portrait.intake.replay import STATES, ReplayReport
from portrait.site import Site
from portrait.source import mapping_source, source_titles
from portrait.store.audit import add_audit
from portrait.store.batch import batch_of, sources
from portrait.store.quarantine import Quarantined, quarantine_codes, quarantined, quarantined_by_id


class State(StrEnum):
    OPEN = "open"
    REPLAYED = "replayed"
    DISMISSED = "dismissed"
    ALL = "all"


Ids = Annotated[list[int], typer.Argument(metavar="编号", help="隔离行的编号， 见 portrait quarantine list")]
Id = Annotated[int, typer.Argument(metavar="编号", help="隔离行的编号， 见 portrait quarantine list")]
Mapping = Annotated[
    str, typer.Option("--mapping", help="用哪个映射读： 名字或文件路径， 不给则按批次的映射名找现在的")
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="隔离的行：列出、查看、重放、改正、作废", no_args_is_help=True)
    app.add_typer(group, name="quarantine")

    @group.command(name="list", epilog="例：portrait quarantine list --batch 7 --code bad_time")
    def list_(
        batch: Annotated[int | None, typer.Option(help="只列这个批次的")] = None,
        source: Annotated[
            str, typer.Option("--source", "-s", help="只列这个来源的： 来源的代码， 或映射的名字、 标题")
        ] = "",
        code: Annotated[str, typer.Option(help="只列这种原因的， 如 bad_time")] = "",
        state: Annotated[
            State, typer.Option(help="open 待处理， replayed 已重放， dismissed 已作废， all 全部")
        ] = State.OPEN,
        limit: Annotated[int, typer.Option(min=1, help="最多列多少行")] = 100,
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """列出隔离了哪些行，为什么。"""
        site = site_of(home)
        source = _known(site, batch, source)
        _known_code(site, code)
        wanted = "" if state is State.ALL else state.value
        with site.registry.connect() as connection:
            rows = quarantined(connection, number=batch, source=source, state=wanted, code=code, limit=limit)
            codes = quarantine_codes(connection, number=batch, source=source, state=wanted)
        if as_json:
            print_json(rows)
            return
        if code:
            codes = {one: count for one, count in codes.items() if one == code}
        total = sum(codes.values())
        print_table(
            f"隔离行 {total:,} 行" + (f"，列出前 {len(rows):,} 行" if total > len(rows) else ""),
            ["#编号", "#批次", "流", "文件", "#行", "原因", "说明", "状态"],
            [
                (
                    row.id,
                    row.batch,
                    row.stream,
                    escape(row.file),
                    row.row,
                    row.code,
                    escape(row.reason),
                    STATES[row.state],
                )
                for row in rows
            ],
        )
        if codes:
            stdout().print("原因：" + "、".join(f"{one} {count:,}" for one, count in codes.items()))

    @group.command(epilog="例：portrait quarantine show 12")
    def show(id: Id, home: Home = None, as_json: Json = False) -> None:
        """看一行：它在哪个文件的哪一行、每一格写的什么、哪里不对、后来怎样。手机号、邮箱、身份证号已遮盖。"""
        row = _row(site_of(home), id)
        if as_json:
            print_json(row)
            return
        place = f"{row.file}" + (f"，工作表“{row.sheet}”" if row.sheet else "") + f"，第 {row.row:,} 行"
        stdout().print(
            f"隔离行 {row.id}：批次 {row.batch}（{row.source}/{row.stream} → {row.target}），{escape(place)}",
            soft_wrap=True,
        )
        stdout().print(f"原因 {row.code}：{escape(row.reason)}", soft_wrap=True)
        stdout().print(f"状态：{STATES[row.state]}" + _decided(row) + ("，改过" if row.mended else ""))
        print_table("", ["列", "内容"], [(escape(name), escape(text)) for name, text in row.raw.items()])

    @group.command(epilog="例：portrait quarantine replay --batch 7")
    def replay(
        ids: Annotated[
            list[int] | None, typer.Argument(metavar="编号", help="只重放这些编号的隔离行")
        ] = None,
        batch: Annotated[int | None, typer.Option(help="重放这个批次所有待处理的行")] = None,
        source: Annotated[
            str,
            typer.Option(
                "--source", "-s", help="重放这个来源所有待处理的行： 来源的代码， 或映射的名字、 标题"
            ),
        ] = "",
        mapping: Mapping = "",
        wait: Wait = 0.0,
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """用现在的映射和登记库再读待处理的行：能读的入库，还不能读的留下，写明现在哪里不对。

        改好映射、补了名单或班次以后用。每行只入库一次；中途停下，再运行一次结果相同。
        """
        from portrait.intake.replay import replay as run

        if sum((bool(ids), batch is not None, bool(source))) != 1:
            raise Misused("要说重放哪些行：--batch 批次、--source 来源或行的编号，只能一种")
        site = site_of(home)
        source = _known(site, batch, source)
        with progress() as shown:
            bar = shown.bar("重放")
            report = run(
                site,
                number=batch,
                source=source,
                ids=ids or (),
                by=operator(),
                progress=telling(bar),
                wait_seconds=wait,
                mapping=mapping,
            )
            bar.finish("重放")
        thing = (
            f"batch:{batch}" if batch is not None else f"source:{source}" if source else _listed(ids or ())
        )
        if report.rows:
            _audited(site, "quarantine.replay", thing, _told(report))
        _tell(report, as_json)

    @group.command(epilog="例：portrait quarantine mend 12 得分=95 提交时间=2022-06-05")
    def mend(
        id: Id,
        cells: Annotated[
            list[str], typer.Argument(metavar="列=值", help="改成什么： 列名=新的内容， 空着就是清空")
        ],
        mapping: Mapping = "",
        wait: Wait = 0.0,
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """改正一行的几格，随即重放这一行；改的内容另存档，原始文件不动。改了还不能入库，退出码是 3。"""
        from portrait.intake.replay import mend as run

        pairs = [cell.partition("=") for cell in cells]
        wrong = next(
            (cell for cell, (name, sign, _) in zip(cells, pairs, strict=True) if not name or not sign), None
        )
        if wrong is not None:
            raise Misused(f"“{wrong}”应写成 列=值，如 得分=95")
        site = site_of(home)
        given = {name: text for name, _, text in pairs}
        report = run(site, id, given, by=operator(), wait_seconds=wait, mapping=mapping)
        _audited(site, "quarantine.mend", f"quarantine:{id}", f"改 {'、'.join(given)}；{_told(report)}")
        _tell(report, as_json)
        if report.still and not as_json:
            stdout().print(f"现在：{escape(_row(site, id).reason)}", soft_wrap=True)
        if report.still:
            raise typer.Exit(InputError.exit_code)  # the correction is kept, and was not enough

    @group.command(epilog="例：portrait quarantine dismiss 12 13")
    def dismiss(ids: Ids, home: Home = None, as_json: Json = False) -> None:
        """作废几行：不再重放，仍计在隔离里。"""
        from portrait.intake.replay import dismiss as run

        site = site_of(home)
        count = run(site, ids, by=operator())
        if count:
            _audited(site, "quarantine.dismiss", _listed(ids), f"{count} 行")
        if as_json:
            print_json({"asked": len(set(ids)), "dismissed": count})
        else:
            others = len(set(ids)) - count
            stdout().print(f"作废 {count} 行" + (f"；另外 {others} 行已经处理过，没有动" if others else ""))


def _row(site: Site, id: int) -> Quarantined:
    with site.registry.connect() as connection:
        found = quarantined_by_id(connection, [id])
    if not found:
        raise NotFound(f"没有编号为 {id} 的隔离行")
    return found[0]


def _known(site: Site, batch: int | None, source: str) -> str:
    """The code of the source, which may be called by its mapping's name or title too. Raises NotFound for a batch or source
    that never came in, naming those that did."""
    with site.registry.connect() as connection:
        if batch is not None:
            batch_of(connection, batch)
        there = sources(connection) if source else []
    if source in ("", *there):
        return source
    home = site.settings.home
    called = mapping_called(source, home)
    code = mapping_source(mapping_files(home)[called]) if called else ""
    if code in there:
        return code
    titles = source_titles(home)
    listed = [f"{one}（{titles[one]}）" if titles.get(one, one) != one else one for one in there]
    raise NotFound(f"没有来源“{source}”的批次，有：{'、'.join(listed) or '（一个也没有）'}")


def _known_code(site: Site, code: str) -> None:
    """Raises Misused for a reason that there is not, naming those that rows wait for and the others."""
    from dashboards.part.admin.word import REASONS

    if code in ("", *REASONS):
        return
    with site.registry.connect() as connection:
        there = list(quarantine_codes(connection, state=""))
    if code not in there:
        others = [one for one in REASONS if one not in there]
        raise Misused(
            f"没有“{code}”这种隔离原因；隔离区里有：{'、'.join(there) or '（一种也没有）'}；此外还有：{'、'.join(others)}"
        )


def _decided(row: Quarantined) -> str:
    if row.decided_at is None:
        return ""
    batch = f"，批次 {row.replay}" if row.replay else ""
    return f"（{row.decided_by}，{moment(row.decided_at)}{batch}）"


def _listed(ids: Sequence[int]) -> str:
    return f"quarantine:{','.join(map(str, ids))}"


def _told(report: ReplayReport) -> str:
    passed = f"，略过 {report.passed}" if report.passed else ""
    return (
        f"读 {report.rows} 行：入库 {report.stored}，重复 {report.duplicate}{passed}，仍隔离 {report.still}"
    )


def _tell(report: ReplayReport, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    if not report.rows:
        stdout().print("没有待处理的行")
        return
    stdout().print(
        f"重放 {report.rows:,} 行 = 入库 {report.stored:,} + 重复 {report.duplicate:,}"
        + (f" + 略过 {report.passed:,}" if report.passed else "")
        + f" + 仍隔离 {report.still:,}"
        + ("；portrait refresh 以后进入画像" if report.stored else "")
    )
    if report.message:
        stdout().print(escape(report.message), soft_wrap=True)


def _audited(site: Site, action: str, thing: str, reason: str) -> None:
    add_audit(site.registry, now=now(), actor=operator(), action=action, object=thing, reason=reason)
