"""`portrait fit`: the models that the records support, each saved with its card."""

from __future__ import annotations

import typer

from portrait.cli.console import print_json, print_table, progress, stdout
from portrait.cli.option import Home, Json, site_of


def register(app: typer.Typer) -> None:
    @app.command(epilog="例：portrait fit --json")
    def fit(home: Home = None, as_json: Json = False) -> None:
        """用已导入的记录拟合模型，在留出的数据上检验，连同卡片保存。

        数据不够的模型不拟合，并说明缺什么；这不算出错。
        """
        from models.fit import fit as run

        site = site_of(home)
        with progress() as shown:
            bar = shown.bar("拟合模型")
            fitted = run(site, progress=lambda step, share: bar.advance(share, note=f"拟合模型：{step}"))
            bar.finish("拟合模型")
        if as_json:
            print_json(fitted)
            return
        print_table(
            "拟合好的模型",
            ["模型", "版本", "数据期间", "用了多少", "检验"],
            (
                (
                    card.name,
                    card.version,
                    " … ".join(str(day) for day in card.period if day),
                    "、".join(f"{name} {n:,}" for name, n in card.n.items()),
                    "、".join(f"{name} {shown_metric(value)}" for name, value in card.metrics.items()),
                )
                for card in fitted.cards
            ),
        )
        for name, reason in fitted.skipped.items():
            stdout().print(f"没有拟合 {name}：{reason}")


def shown_metric(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
