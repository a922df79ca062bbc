"""`portrait refresh`: records → cells → portraits, as much as the new batches ask for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from portrait.cli.console import print_json, progress, stdout
from portrait.cli.intake import print_batches
from portrait.cli.option import Home, Json, operator, site_of
from portrait.errors import PortraitError
from portrait.intake.door import BatchReport
from portrait.intake.forward import forward
from portrait.refresh import WAIT_SECONDS, RefreshReport
from portrait.refresh import refresh as run

DONE = {"none": "没有变化", "batch": "只算新来的", "full": "全部重算"}


def register(app: typer.Typer) -> None:
    @app.command(epilog="例：portrait refresh --as-of 2022-08-31")
    def refresh(
        as_of: Annotated[
            datetime | None,
            typer.Option("--as-of", formats=["%Y-%m-%d"], help="算到哪一天为止，默认今天 （PORTRAIT_TODAY）"),
        ] = None,
        full: Annotated[bool, typer.Option("--full", help="不管有没有变化，从记录起全部重算")] = False,
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """把新导入的记录和学习记录库收到的语句汇成证据和画像；没有新记录就什么也不做。"""
        site = site_of(home)
        with progress() as shown:
            failures: list[PortraitError] = []
            taken = forward(site, by=operator(), wait_seconds=WAIT_SECONDS, failures=failures)
            bar = shown.bar("刷新画像")
            report = run(
                site,
                as_of=as_of.date() if as_of else None,
                full=full,
                progress=lambda step, share: bar.advance(share, note=f"刷新画像：{step}"),
            )
            bar.finish("刷新画像")
        if as_json:
            print_json(report)
        else:
            _tell(report, taken)
        if failures:
            raise failures[0]


def _tell(report: RefreshReport, taken: Sequence[BatchReport]) -> None:
    if taken:
        print_batches(taken)
    seconds = report.seconds
    stdout().print(f"截止 {report.as_of}：批次 {report.batches:,} 个，教师 {report.persons:,} 人")
    stdout().print(f"证据：{DONE[report.cells]}（{seconds['cells']:.1f} 秒）")
    stdout().print(f"画像：{DONE[report.portraits]}（{seconds['portraits']:.1f} 秒）")
    if report.folded:
        stdout().print(f"文件：归并了 {report.folded:,} 个小文件（{seconds['files']:.1f} 秒）")
