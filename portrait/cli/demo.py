"""`portrait demo`: the demo province from nothing to an open site. Killed, it goes on; started again, it only opens the site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from portrait.cli.console import Bar, print_table, progress
from portrait.cli.guest import as_rows, guests, invite
from portrait.cli.intake import telling
from portrait.cli.option import Home, operator
from portrait.cli.serve import Host, Port
from portrait.cli.serve import run as run_site
from portrait.cli.step import Steps, held_plan
from portrait.errors import SettingError
from portrait.settings import FILE, PREFIX, Settings, load_settings
from portrait.site import Site, make_home, open_site
from portrait.store.health import sizes
from portrait.store.registry import open_registry
from portrait.world import WORLD_SOURCES, check_size, demo_logins, write_world

TEACHERS, SEED = 20_000, 2022
TODAY = date(2022, 11, 15)  # the last day of the demo's records
STAMPS = "demo.json"


def register(app: typer.Typer) -> None:
    @app.command(epilog="例：portrait demo --teachers 2000 --home demo --port 8080")
    def demo(
        teachers: Annotated[int | None, typer.Option(help="多少名教师， 500 到 1200000 ，默认 20000")] = None,
        seed: Annotated[
            int | None, typer.Option(min=0, help="随机种子： 同样的种子得到同样的省， 默认 2022")
        ] = None,
        records_only: Annotated[
            bool, typer.Option("--records-only", help="教师很多时用： 只写名册和两个平台的日志")
        ] = False,
        no_serve: Annotated[bool, typer.Option("--no-serve", help="建好就结束， 不打开网站")] = False,
        home: Home = None,
        host: Host = None,
        port: Port = None,
    ) -> None:
        """建一个示范省（虚构的人），从平台文件导入，算出画像，拟合模型，打开网站并给出登录账号。

        中途停下，再运行一次会接着做；做完以后再运行，只打开网站，什么也不重建。
        """
        asked = {"teachers": teachers, "seed": seed, "records_only": records_only or None}
        served = {"host": host, "port": port}
        settings = load_settings(home, **{name: value for name, value in served.items() if value is not None})
        site = build(home, {name: value for name, value in asked.items() if value is not None})
        print_table(
            "登录账号（密码只属于这个家目录，存在 demo-logins.txt）",
            ["角色", "登录名", "密码", "是谁"],
            as_rows(guests(site.settings.home)),
        )
        if not no_serve:
            # The home's own settings came about while it was built.
            listening = {"host": settings.host, "port": settings.port}
            run_site(replace(site, settings=site.settings.model_copy(update=listening)))


def build(home: Path | None, asked: dict[str, Any]) -> Site:
    """The site of the demo home, every step done that was not."""
    settings = load_settings(home)
    folder = settings.home
    stamps = folder / STAMPS
    plan = {"teachers": TEACHERS, "seed": SEED, "records_only": False} | held_plan(stamps) | asked
    # What cannot be done is refused before anything is made or changed.
    check_size(plan["teachers"])
    steps = Steps(stamps, plan)
    if not steps.done and _inhabited(settings):
        raise SettingError(f"家目录 {folder} 里已有别的数据；示范数据要放在自己的家目录里（--home）")
    _fix_today(folder)
    site = open_site(load_settings(home))
    with progress() as screen:
        for name, title, work in _work(site, plan):
            steps.run(screen, name, title, work)
    return site


def _inhabited(settings: Settings) -> bool:
    """Whether there is a registry already that knows people."""
    if not settings.database_url and not (settings.home / "registry.sqlite").exists():
        return False
    registry = open_registry(settings.registry_url)
    try:
        return bool(sizes(registry)["person"])
    finally:
        registry.dispose()


def _work(site: Site, plan: dict[str, Any]) -> Sequence[tuple[str, str, Any]]:
    world = site.settings.home / "world"

    def write(bar: Bar) -> str:
        report = write_world(
            world,
            teachers=plan["teachers"],
            seed=plan["seed"],
            today=TODAY,
            records_only=plan["records_only"],
            progress=lambda step, share: bar.advance(share, note=f"写平台文件：{step}"),
        )
        return f"教师 {report.teachers:,}、课程 {report.courses:,}、班次 {report.classes:,}、行 {sum(report.rows.values()):,}"

    def take(folder: str, mapping: str) -> Any:
        def work(bar: Bar) -> str:
            from portrait.intake.door import intake

            reports = intake(
                site, world / folder, mapping, by=operator(), progress=telling(bar), wait_seconds=30
            )
            read, stored, twice, bad = (
                sum(getattr(report.counts, f"rows_{name}") for report in reports)
                for name in ("read", "stored", "duplicate", "quarantined")
            )
            return f"读入 {read:,} = 入库 {stored:,} + 重复 {twice:,} + 隔离 {bad:,}"

        return work

    def portray(bar: Bar) -> str:
        from portrait.refresh import refresh

        report = refresh(site, progress=lambda step, share: bar.advance(share, note=f"计算画像：{step}"))
        return f"教师 {report.persons:,} 人"

    def learn(bar: Bar) -> str:
        from models.fit import fit

        fitted = fit(site, progress=lambda step, share: bar.advance(share, note=f"拟合模型：{step}"))
        return "、".join(
            [*(card.name for card in fitted.cards), *(f"{name} 未拟合" for name in fitted.skipped)]
        )

    def enlist(_bar: Bar) -> str:
        return f"{len(invite(site, demo_logins(world)))} 个"

    return [
        ("world", "写平台文件", write),
        *(
            (f"intake {mapping}", f"导入 {mapping}", take(folder, mapping))
            for folder, mapping in WORLD_SOURCES
        ),
        ("refresh", "计算画像", portray),
        ("fit", "拟合模型", learn),
        ("logins", "登录账号", enlist),
    ]


def _fix_today(folder: Path) -> None:
    """The demo lives on its last day, or everything would be overdue."""
    path = folder / FILE
    make_home(folder)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if f"{PREFIX}TODAY" not in text:
        path.write_text(f"{text}{PREFIX}TODAY={TODAY}\n", encoding="utf-8")
