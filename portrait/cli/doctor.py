"""`portrait doctor`: the settings in force and what is wrong. Exits with 1 when something is."""

from __future__ import annotations

import typer

from portrait.cli.check import examine
from portrait.cli.console import print_json, print_table, stdout
from portrait.cli.option import Home, Json
from portrait.settings import in_force, load_settings

ORIGIN = {"default": "默认", "environment": "环境变量", "file": "portrait.env", "option": "命令行"}
STATE = {"ok": "[green]✓[/]", "note": "[blue]·[/]", "wrong": "[bold red]✗[/]"}


def register(app: typer.Typer) -> None:
    @app.command(epilog="例：portrait doctor --json")
    def doctor(home: Home = None, as_json: Json = False) -> None:
        """列出生效的设置和毛病；只看，不改。

        设置有值、出处和含义；查家目录、登记库、记录湖、批次、模型和审计链。有不对的就以 1 退出。"""
        settings = load_settings(home)
        listed = in_force(settings)
        checks = list(examine(settings))
        wrong = [check for check in checks if check.state == "wrong"]
        if as_json:
            print_json({"ok": not wrong, "settings": listed, "checks": checks})
        else:
            print_table(
                "生效的设置（改法：环境变量，或家目录里的 portrait.env）",
                ["设置", "值", "出处", "含义"],
                ((line.variable, line.value, ORIGIN[line.origin], line.meaning) for line in listed),
            )
            for check in checks:
                advice = f"　→ {check.advice}" if check.advice else ""
                stdout().print(f"{STATE[check.state]} {check.message}{advice}")
            stdout().print(f"\n有 {len(wrong)} 处不对" if wrong else "\n没有发现问题")
        if wrong:
            raise typer.Exit(1)
