"""`portrait intake`: files through the door, and where every row of them went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from portrait.cli.console import Bar, print_json, print_table, print_text, progress, stdout
from portrait.cli.option import Home, Json, Wait, operator, site_of
from portrait.errors import InputError, Misused, Unread
from portrait.intake.bearer import People, site_people
from portrait.intake.door import REASONS, BatchReport, take_in
from portrait.intake.draft import mapping_text
from portrait.intake.judge import passed_over
from portrait.intake.mapping import Mapping
from portrait.intake.pick import TARGETS_OFFERED
from portrait.intake.preview import Preview, Sample
from portrait.intake.preview import preview as look
from portrait.intake.propose import Proposal, propose, shape
from portrait.intake.same import Lists, no_lists
from portrait.intake.sketch import save, saved_at, site_lists
from portrait.intake.stray import Stray, offers
from portrait.intake.target import TARGETS
from portrait.record import row_of
from portrait.resource import DATA
from portrait.sentence import in_turn
from portrait.settings import load_settings
from portrait.site import Site
from portrait.source import source_titles
from portrait.store.name import school_names

SHOWN = 3  # good rows of each file that people see of a preview
WIDTH = 40  # characters of a cell
_COUNTS = ("read", "stored", "duplicate", "quarantined", "doubtful", "unmatched", "passed")


def _sources() -> str:
    names = "、 ".join(sorted(path.stem for path in (DATA / "mapping").glob("*.yaml")))
    return (
        f"用哪个映射： 名字、 标题， 或映射文件的路径 （--watch 时可以不写）。 随系统的有 {names}；"
        " 家目录 mapping/ 里的也可以"
    )


def register(app: typer.Typer) -> None:
    @app.command(
        name="intake",
        epilog="例：portrait intake exports/ --source oulad　先看一眼： portrait intake exports/ --source oulad --preview"
        "　看着一个文件夹： portrait intake --watch inbox/ --source oulad",
    )
    def take(
        path: Annotated[Path | None, typer.Argument(metavar="文件", help="平台导出的文件或文件夹")] = None,
        source: Annotated[
            str,
            typer.Option("--source", "-s", help=_sources()),
        ] = "",
        preview: Annotated[
            bool, typer.Option("--preview", help="只看每个文件会变成什么、 哪些行不行， 什么也不存")
        ] = False,
        proposed: Annotated[
            bool,
            typer.Option(
                "--propose", help="不用映射： 看表头和内容提出一份映射（YAML，带理由和把握）， 什么也不存"
            ),
        ] = False,
        saved: Annotated[
            bool,
            typer.Option(
                "--save",
                help="和 --propose 一起： 把提出的映射存进家目录的 mapping/， 以后写 --source 名字 就能用",
            ),
        ] = False,
        name: Annotated[
            str,
            typer.Option(
                "--name", metavar="名字", help="和 --save 一起： 映射和来源叫这个名字（字母、 数字）"
            ),
        ] = "",
        over: Annotated[
            bool, typer.Option("--replace", help="和 --save 一起： 已有同名的映射时换成新版本， 旧的存档")
        ] = False,
        fill: Annotated[
            list[str] | None,
            typer.Option(
                "--fill",
                metavar="字段=值",
                help="和 --propose 一起： 表里没有、 每一行都一样的， 如 school=单位全名、 year=2022、 score_max=100， 可以写几次",
            ),
        ] = None,
        target: Annotated[
            str,
            typer.Option(
                "--target",
                metavar="内容",
                help=f"和 --propose 一起： 每一行是什么（{'、 '.join(f'{one} {TARGETS[one].zh}' for one in TARGETS_OFFERED)}）， 不写就自己认",
            ),
        ] = "",
        watch: Annotated[
            Path | None,
            typer.Option(
                "--watch",
                help="看着这个文件夹： 放进来的文件写完整了就一个一个接入， 然后移到 done/ 或 failed/， 直到按 Ctrl+C 停下。 "
                "不写 --source 时， 以映射名为名的子文件夹各是一个来源",
            ),
        ] = None,
        every: Annotated[float, typer.Option(min=0.1, help="--watch 每隔多少秒看一次")] = 5.0,
        then_refresh: Annotated[
            bool, typer.Option("--refresh", help="--watch 接入以后一安静下来就重算画像")
        ] = False,
        wait: Wait = 0.0,
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """按映射导入一个文件或文件夹，逐批报数：读入 = 入库 + 重复 + 隔离。

        同样的文件再导入一次不会多出一行；中途停下，再运行一次会从断点继续。
        """
        if watch is not None:
            if path is not None or preview or proposed:
                raise Misused("--watch 自己带着文件夹，不再写 PATH、--preview 或 --propose")
            from portrait.cli.watch import watch_over

            watch_over(site_of(home, new=True), watch, source, every, then_refresh, as_json)
            return
        if proposed and (source or preview):
            raise Misused(
                "--propose 给还没有映射的表格，不和 --source、--preview 一起写；要看一个映射读得怎样，用 --source 和 --preview"
            )
        if (saved or fill or target) and not proposed:
            raise Misused("--save、--fill、--target 和 --propose 一起写：存的、补的是提出来的映射")
        if (name or over) and not saved:
            raise Misused("--name、--replace 和 --save 一起写：说的是存成什么")
        if path is None:
            raise Misused("请写明要导入的文件或文件夹")
        if not source and not proposed:
            raise Misused("要写 --source 映射；还没有映射的表格，先用 --propose 看看")
        if not path.exists():
            raise InputError(f"没有文件或文件夹 {path}")
        if proposed:
            found = propose(
                path,
                path.name,
                target=target,
                schools=lambda: _schools(home),
                fill=_given(fill or []),
                lists=_lists(home),
                people=_people(home),
            )
            if saved:
                save_proposals(site_of(home), found, path, as_json, name=name, over=over)
            else:
                show_proposals(found, as_json, path, load_settings(home).home)
            return
        site = site_of(home, new=True)
        if preview:
            previews = look(site, path, source, **({} if as_json else {"rows": SHOWN}))
            show(previews, site.settings.home, as_json)
            return
        with progress() as shown:
            bar = shown.bar(f"导入 {path}")
            taken = take_in(site, path, source, by=operator(), progress=telling(bar), wait_seconds=wait)
            bar.finish(f"导入 {path}")
        if as_json:
            print_json([*map(as_row, taken.reports), *map(stray_row, taken.strays)])
        else:
            print_batches(taken.reports)
            print_untitled({one.source for one in taken.reports}, site.settings.home)
            print_strays(taken.strays, site.settings.home)
        refuse_strays([one.file for one in taken.strays])


def _given(fill: Sequence[str]) -> dict[str, str]:
    """What stands in every row: field → text. Raises Misused."""
    given = dict(one.partition("=")[::2] for one in fill)
    wrong = next((one for one in fill if not all(part.strip() for part in one.partition("=")[::2])), None)
    if wrong is not None:
        raise Misused("--fill“{said}”应为 字段=值，如 school=某县第一小学", said=wrong[:40])
    return {field.strip(): text.strip() for field, text in given.items()}


def _schools(home: Path | None) -> list[str]:
    """The names of the registered schools; none where there is no home yet."""
    return school_names(site_of(home).registry) if load_settings(home).home.exists() else []


def _lists(home: Path | None) -> Lists:
    """The lists of courses and classes that are registered; none where there is no home yet."""
    if not load_settings(home).home.exists():
        return no_lists
    return site_lists(site_of(home))


def _people(home: Path | None) -> People | None:
    """Whom the registry knows; nobody where there is no home yet."""
    return site_people(site_of(home)) if load_settings(home).home.exists() else None


def save_proposals(
    site: Site, found: Sequence[Proposal], path: Path, as_json: bool, *, name: str = "", over: bool = False
) -> None:
    """Save what is proposed, under a `name` of one's own where one is given, and print what a person should know of it. Raises InputError for what is still to be said, and where no
    table can be used."""
    found = usable(found, as_json)
    if not as_json:
        for note in dict.fromkeys(note for one in found for note in one.notes):
            print_text(f"注意：{note}")
    missing = list(dict.fromkeys(name for one in found for name in one.missing))
    if missing:
        raise InputError(
            "没有存：还缺 {fields}。加 --fill 字段=值 补上（如 school=单位全名、year=2022、score_max=100），或在“数据接入”页上传这个文件来补",
            fields=missing,
        )
    first, *others = (one.draft for one in found)
    if name:
        first = replace(first, name=name, source=name)
    print_saved(save(site, first, *others, over=over), path, as_json)


def print_saved(mapping: Mapping, path: Path, as_json: bool) -> None:
    """Where the mapping stands now, what its source is called, and what to do with it."""
    if as_json:
        print_json(
            {"name": mapping.name, "title": mapping.title, "source": mapping.source, "path": mapping.path}
        )
        return
    print_text(f"已存成 {mapping.path}，来源在网页上显示为“{mapping.title}”（题名在文件里，可以改）")
    print_text(f"先看一眼：portrait intake {path} --source {mapping.name} --preview；去掉 --preview 就接入")


def show_proposals(found: Sequence[Proposal], as_json: bool, path: Path, home: Path) -> None:
    """Print the mapping that is proposed; what a person should know stands above it as comments."""
    if as_json:
        print_json([shape(one) for one in found])
        return
    found = usable(found, as_json)
    for one in found:
        table = one.table
        place = f"工作表 {'、'.join(one.sheets)}，" if table.sheet else ""
        each = "" if len(one.counts) == 1 else f"（{'、'.join(map(str, one.counts))}）"
        print_text(f"# {one.file}：{place}表头在第 {table.head.row} 行，{one.rows} 行数据{each}")
        for note in one.notes:
            print_text(f"# 注意：{note}")
        for name in one.missing:
            print_text(
                f"# 还缺：{name}（补上才能用：加 --fill 字段=值，如 school=单位全名、year=2022、score_max=100；或在“数据接入”页上传来补）"
            )
        for column in table.columns:
            if not one.draft.picks.get(column.name):
                shown = " ".join("、".join(column.examples).split())
                print_text(f"# 没有用的列：{column.name}（{shown[:WIDTH] or '空的'}）")
    first = found[0].draft
    print_text(
        f"# 要用它：加 --save 存成 {saved_at(home, first.name)}（来源就显示为题名“{first.title}”，放在别处只显示代码 {first.source}）；"
        f"再 portrait intake {path} --source {first.name} --preview"
    )
    print_text(mapping_text([one.draft for one in found]))


def usable(found: Sequence[Proposal], as_json: bool) -> list[Proposal]:
    """The tables that can be read; of the others it is printed why not. Raises InputError where there is none."""
    good = [one for one in found if not one.refused]
    refused = [one for one in found if one.refused]
    if not good:
        raise InputError(
            "{file}：{why}", file=found[0].file, why=in_turn(dict.fromkeys(one.refused for one in found))
        )
    for one in refused if not as_json else ():
        print_text(f"# {one.file}：工作表 {'、'.join(one.sheets)}：{one.refused}")
    return good


def print_untitled(sources: set[str], home: Path) -> None:
    """That pages will show the code of a source whose mapping stands elsewhere, and what to do."""
    for source in sorted(sources - source_titles(home).keys()):
        stdout().print(
            f"来源 {source} 在网页上只显示代码：映射文件要在 {home / 'mapping'}/ 里、开头写着 title，才显示题名"
        )


def telling(bar: Bar) -> Callable[[str, int, int], None]:
    """Progress of the door (text, done, total) on a bar; without a total only the text moves."""
    return lambda text, done, total: bar.advance(done / total if total else 0.0, note=text)


def as_row(report: BatchReport) -> dict[str, object]:
    counts = report.counts
    return {
        "batch": report.batch,
        "source": report.source,
        "stream": report.stream,
        "target": report.target,
        "file": report.file,
        "rows_read": counts.rows_read,
        "rows_stored": counts.rows_stored,
        "rows_duplicate": counts.rows_duplicate,
        "rows_quarantined": counts.rows_quarantined,
        "rows_passed": counts.rows_passed,
        "rows_doubtful": counts.rows_doubtful,
        "rows_unmatched": counts.rows_unmatched,
        "balanced": counts.balanced,
        "codes": dict(report.codes),
        "passed": dict(report.passed),
        "taken_before": report.taken_before,
        "unread": False,
        "message": report.message,
    }


def stray_row(one: Stray) -> dict[str, object]:
    """A file that no stream reads, in the shape of a batch that there is none of; `sources` are who would read it."""
    nothing: dict[str, object] = dict.fromkeys((f"rows_{name}" for name in _COUNTS), 0)
    return {
        "batch": None,
        "stream": "",
        "file": one.file,
        **nothing,
        "unread": True,
        "sources": list(one.fits),
        "message": one.reason,
    }


def print_strays(found: Sequence[Stray], home: Path) -> None:
    """The files that nothing read, each with the reason, and what there is to choose from."""
    if not found:
        return
    print_table(
        f"没有读的文件 {len(found):,} 个",
        ["文件", "为什么"],
        [(escape(one.file), escape(one.reason)) for one in found],
    )
    print_offers(home)


def print_offers(home: Path) -> None:
    """Every source that can be named, and what its files are called."""
    print_table(
        "可选的映射（--source）和它们要的文件",
        ["映射", "名称", "文件"],
        [tuple(map(escape, (one.name, one.title, "、".join(one.patterns)))) for one in offers(home)],
    )


def refuse_strays(files: Sequence[str]) -> None:
    """Raises Unread, naming the files, when there are any."""
    if files:
        named = "、".join(files[:REASONS]) + ("…" if len(files) > REASONS else "")
        raise Unread(f"{len(files):,} 个文件没有读，这次的映射用不上：{named}")


def print_batches(reports: Sequence[BatchReport]) -> None:
    """The ledger of the batches, their sum, and what a reader should know beyond the counts."""
    columns = ["#批次", "流", "文件", "#读入", "#= 入库", "#+ 重复", "#+ 隔离", "#存疑", "#未认人", "#略过"]
    rows: list[tuple[object, ...]] = [
        (report.batch, report.stream, report.file, *_numbers(report)) for report in reports
    ]
    if len(rows) > 1:
        sums = (sum(column) for column in zip(*(_numbers(report) for report in reports), strict=True))
        rows.append((None, "合计", f"{len(reports)} 批", *sums))
    print_table("导入的批次：读入 = 入库 + 重复 + 隔离", columns, rows)
    for report in reports:
        if report.message:
            stdout().print(f"批次 {report.batch}：{report.message}")
        if report.codes:
            reasons = "、".join(f"{code} {count:,}" for code, count in report.codes)
            stdout().print(
                f"批次 {report.batch} 的隔离原因：{reasons}（portrait quarantine list --batch {report.batch}）"
            )


def _numbers(report: BatchReport) -> tuple[int, ...]:
    return tuple(getattr(report.counts, f"rows_{name}") for name in _COUNTS)


def show(previews: Sequence[Preview], home: Path, as_json: bool) -> None:
    """Print what was looked at. Raises InputError at the end when a stream cannot read its file, or no stream has one, and
    Unread when there are files that none reads."""
    strays = [one for one in previews if one.error and not one.stream]
    if as_json:
        print_json(list(previews))
    else:
        for one in previews:
            _show(one)
        if strays:
            print_offers(home)
    failed = [one for one in previews if one.error and one.stream]
    if not failed and all(one.error for one in previews):
        failed = list(previews)
    if failed:
        more = f"（共 {len(failed)} 处）" if len(failed) > 1 else ""
        raise InputError(f"{failed[0].error}{more}")
    refuse_strays([one.file for one in strays])


def _show(one: Preview) -> None:
    console = stdout()
    if one.error:
        console.print(
            f"[bold]{escape(one.stream or one.file)}[/] 读不了：{escape(one.error)}", soft_wrap=True
        )
        return
    target = TARGETS[one.target]
    sheet = f"，工作表“{one.sheet}”" if one.sheet else ""
    passed = f"，略过 {one.rows_passed:,}" if one.rows_passed else ""
    again = f" + 重复 {one.rows_again:,}" if one.rows_again else ""
    console.print(
        f"[bold]{escape(one.stream)}[/] → {target.zh}：{escape(one.file + sheet)}，"
        f"读入 {one.rows_read:,} = 能入 {one.rows_new:,}{again} + 隔离 {one.rows_bad:,}{passed}",
        soft_wrap=True,
    )
    if one.clash:
        console.print(f"  [bold]注意[/]：{escape(one.clash)}", soft_wrap=True)
    if one.passed:
        listed = "，".join(f"{escape(why)} {rows:,}" for why, rows in one.passed[:REASONS])
        console.print(f"  略过：{listed}", soft_wrap=True)
    if one.codes:
        console.print("  原因：" + "、".join(f"{code} {count:,}" for code, count in one.codes))
    if one.courses:
        console.print(f"  {escape(one.courses)}", soft_wrap=True)
    if one.no_data:
        console.print(f"  {passed_over(one.no_data)}", soft_wrap=True)
    for sample in one.samples:
        console.print(f"  第 {row_of(sample.row):,} 行　{escape(_told(one.target, sample))}", soft_wrap=True)


def _told(target: str, sample: Sample) -> str:
    if sample.problem:
        return f"隔离：{sample.problem}"
    names = {name: field.zh for name in sample.read if (field := TARGETS[target].field(name)) is not None}
    return "　".join(
        f"{names[name]} {text if len(text) <= WIDTH else text[: WIDTH - 1] + '…'}"
        for name, text in sample.read.items()
        if text
    )
