"""`portrait quality`: what each source's records are worth, and what about them should be looked at."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from portrait.cli.console import print_json, print_table, stdout
from portrait.cli.option import Home, Json, operator, site_of
from portrait.errors import NotFound
from portrait.quality import Figures, Quality, qualities
from portrait.record import month_start
from portrait.scope import Actor, Role, scope
from portrait.source import source_titles

COLUMNS = ["#批次", "#失败", "#读入", "#= 入库", "#+ 重复", "#+ 隔离", "#待处理", "#记录", "#认得出人", "#迟到", "#延迟（天）", "#九成之内", "#存疑", "最近一次"]  # fmt: skip


def register(app: typer.Typer) -> None:
    @app.command(epilog="例：portrait quality　一个来源逐月： portrait quality --source demo_yuyan")
    def quality(
        source: Annotated[str, typer.Option("--source", "-s", help="只看这个来源， 并逐月列出")] = "",
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """各来源的数据质量：读入、重复、隔离、认得出人的、迟到的、从发生到接入隔几天，以及该留意的变化。"""
        site = site_of(home)
        allowed = scope(Actor(0, operator(), "", Role.ADMIN), site.today)
        found = qualities(site, allowed, today=site.today, titles=source_titles(site.settings.home))
        if source:
            found = [one for one in found if one.source == source]
            if not found:
                raise NotFound("没有来源“{source}”的批次", source=source)
        if as_json:
            print_json([_as_json(one) for one in found])
            return
        rows = [(one.source, *_cells(one.figures)) for one in found]
        print_table("各来源：读入 = 入库 + 重复 + 隔离", ["来源", *COLUMNS], rows)
        if source:
            months = [(f"{month_start(month):%Y-%m}", *_cells(figures)) for month, figures in found[0].months]
            print_table("按接入的月份", ["接入", *COLUMNS], months)
        for one in found:
            for signal in one.signals:
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
        figures.late,
        figures.delay,
        figures.delay_most,
        figures.doubtful,
        figures.last,
    )


def _as_json(one: Quality) -> dict[str, Any]:
    return {
        "source": one.source,
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
        "signals": [{"code": signal.code, "says": str(signal.says), "batch": signal.batch} for signal in one.signals],
    }  # fmt: skip


def _flat(figures: Figures) -> dict[str, Any]:
    found = asdict(figures)
    return {**found.pop("counts"), **found}
