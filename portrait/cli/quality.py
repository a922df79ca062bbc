"""`portrait quality`: what each source's records are worth, and what about them should be looked at."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from portrait.cli.console import print_json, print_table, stdout
from portrait.cli.option import Home, Json, operator, site_of
from portrait.delivery import Figures
from portrait.errors import NotFound
from portrait.quality import Quality, qualities
from portrait.record import month_start
from portrait.scope import Actor, Role, scope
from portrait.source import source_titles

COLUMNS = ["#批次", "#失败", "#读入", "#= 入库", "#+ 重复", "#+ 隔离", "#待处理", "#记录", "#认得出人", "#课程不在目录", "#迟到", "#延迟（天）", "#九成之内", "#存疑", "最近一次"]  # fmt: skip
COURSES = 20  # that no catalogue holds, those of most records


def register(app: typer.Typer) -> None:
    @app.command(epilog="例：portrait quality　一个来源逐月： portrait quality --source demo_yuyan")
    def quality(
        source: Annotated[str, typer.Option("--source", "-s", help="只看这个来源， 并逐月列出")] = "",
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """各来源的数据质量：读入、重复、隔离、认得出人的、课程不在目录里的、迟到的、从发生到接入隔几天，以及该留意的， 最要紧的在前。

        同一份文件再来一次不另立一批：导入和 --watch 那时说的“重复”是原来那一批的行，这里的“重复”只数进了账的批次。
        """
        site = site_of(home)
        allowed = scope(Actor(0, operator(), "", Role.ADMIN), site.today)
        titles = source_titles(site.settings.home)
        found = qualities(site, allowed, today=site.today, titles=titles)
        if source:
            found = [one for one in found if one.source == source]
            if not found:
                raise NotFound("没有来源“{source}”的批次", source=source)
        if as_json:
            print_json([_as_json(one, titles.get(one.source, "")) for one in found])
            return
        found = sorted(found, key=lambda one: (-one.worst, one.source))
        rows = [(_called(one.source, titles.get(one.source, "")), *_cells(one.figures)) for one in found]
        print_table("各来源：读入 = 入库 + 重复 + 隔离", ["来源", *COLUMNS], rows)
        if source:
            months = [(f"{month_start(month):%Y-%m}", *_cells(figures)) for month, figures in found[0].months]
            print_table("按接入的月份", ["接入", *COLUMNS], months)
            if found[0].missed:
                courses = [
                    (
                        one.code or "（代码没有留下）",
                        one.records,
                        one.catalogue,
                        "、".join(one.holds) or "没有",
                    )
                    for one in found[0].missed[:COURSES]
                ]
                head = ["课程代码", "#记录", "当作谁的课程", "哪个来源的目录里有"]
                print_table(f"目录里没有的课程 {len(found[0].missed):,} 个", head, courses)
            if found[0].taken:
                taken = [
                    (one.address, one.records, one.code, one.catalogue) for one in found[0].taken[:COURSES]
                ]
                head = ["平台写的网址", "#记录", "认作课程", "谁的目录"]
                print_table(f"按网址最后一段认出的课程 {len(found[0].taken):,} 个", head, taken)
        for signal in sorted(
            (signal for one in found for signal in one.signals), key=lambda one: -one.weight
        ):
            stdout().print(f"留意：{signal.says}", soft_wrap=True)


def _cells(figures: Figures) -> tuple[object, ...]:
    counts = figures.counts
    return (
        figures.batches,
        figures.failed,
        counts.rows_read,
        counts.rows_stored,
        counts.rows_duplicate,
        counts.rows_quarantined,
        figures.open,
        figures.records,
        figures.matched,
        figures.unlisted,
        figures.late,
        figures.delay,
        figures.delay_most,
        figures.doubtful,
        figures.last,
    )


def _called(source: str, title: str) -> str:
    """As the notes call it, with the code that `--source` takes."""
    return f"{title}（{source}）" if title not in ("", source) else source


def _as_json(one: Quality, title: str) -> dict[str, Any]:
    return {
        "source": one.source,
        "title": title,
        **_flat(one.figures),
        "months": [{"arrived": f"{month_start(month):%Y-%m}", **_flat(figures)} for month, figures in one.months],
        "arrivals": [
            {
                "month": f"{month_start(of):%Y-%m}" if of else None,
                "arrived": f"{month_start(into):%Y-%m}",
                "records": n,
            }
            for (of, into), n in sorted(one.arrivals.items())
        ],
        "signals": [{"code": signal.code, "says": str(signal.says), "batch": signal.batch, "weight": round(signal.weight, 3)} for signal in one.signals],
        "missed": [asdict(one) for one in one.missed],
        "taken": [asdict(one) for one in one.taken],
    }  # fmt: skip


def _flat(figures: Figures) -> dict[str, Any]:
    found = asdict(figures)
    return {**found.pop("counts"), **found}
