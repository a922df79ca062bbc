"""`portrait rebuild`: the lake made again from the archive and the ledger, in the place of the old one when it stands."""

from __future__ import annotations

import typer

from portrait.cli.console import print_json, progress, stderr, stdout
from portrait.cli.option import Home, Json, Wait, operator, site_of
from portrait.clock import now
from portrait.store.audit import add_audit


def register(app: typer.Typer) -> None:
    @app.command(epilog="例：portrait rebuild　换桶数： PORTRAIT_LAKE_BUCKETS=16 portrait rebuild")
    def rebuild(wait: Wait = 0.0, home: Home = None, as_json: Json = False) -> None:
        """从存档的原始文件和批次账重建记录湖，得到一样的记录、证据和画像；桶数按设置。

        新湖建成以前一直用旧湖；中途停下，再运行一次会从断点继续。旧湖的文件一天以后由 portrait refresh 清掉。
        """
        from portrait.rebuild import rebuild as run

        site = site_of(home, behind=True)
        with progress() as shown:
            bar = shown.bar("重建记录湖")
            report = run(
                site,
                progress=lambda step, share: bar.advance(share, note=f"重建记录湖：{step}"),
                wait_seconds=wait,
            )
            bar.finish("重建记录湖")
        add_audit(
            site.registry,
            now=now(),
            actor=operator(),
            action="lake.rebuild",
            object="lake",
            reason=f"批次 {report.batches}，重放 {report.replays}，记录 {report.records}，{report.buckets} 桶",
        )
        if as_json:
            print_json(report)
            return
        stdout().print(
            f"重建完毕：批次 {report.batches:,} 个、重放 {report.replays:,} 次、记录 {report.records:,} 条，分成 {report.buckets} 桶"
        )
        stdout().print(f"画像截止：{'、'.join(day.isoformat() for day in report.days)}")
        if not report.told:
            stderr().print(
                "旧湖说不出有过哪几天的画像，只做了上面这几天的；别的日子要看，再运行 portrait refresh --as-of 那一天"
            )
        if report.renumbered:
            stdout().print(
                f"{len(report.renumbered):,} 个账号的登录名遮盖了，换了编号；关联、撤回、认可、确认和异议都跟着转过去了"
            )
        if report.rekeyed:
            stdout().print(
                f"{len(report.rekeyed):,} 位教师的编号里带着号码，换成了不露号码的；人、账号、关联和班级名单都没有变"
            )
        if report.unread:
            stderr().print(
                f"旧湖有读不出来的（{'、'.join(report.unread)}），这些账号名下记录的撤回、认可、确认和异议没能都转到新的编号：请逐条核对，重新裁定"
            )
        if report.recounted:
            numbers = "、".join(map(str, report.recounted))
            stdout().print(f"这些批次的入库和重复按新湖重新数过：{numbers}")
