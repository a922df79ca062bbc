"""The states of an estimate as a badge: words first, the colour only repeats them."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboards.figure.scale import band_of
from dashboards.language import gettext
from dashboards.part import format
from portrait.portrait import Estimate, State


def band(level: float) -> str:
    """The named band a level on 0..1 falls in (data/rules/evidence.yaml)."""
    return band_of(level).name


def badge(text: str, tone: str = "plain", title: str = "") -> Any:
    """`tone`: plain | good | data | warn | thin | none. Warn only for confidently below the standard, or overdue."""
    return html.Span(text, className=f"badge {tone}", title=title or None)


def state_badge(estimate: Estimate) -> Any:
    """暂无证据 / 证据不足 / 仅作记录, or the band with level and 90 % interval."""
    if estimate.state is State.NONE:
        return badge(gettext("暂无证据"), "none", gettext("还没有可用的记录；空白不等于零"))
    if estimate.state is State.THIN:
        return badge(
            gettext("证据不足（{n} 条）", n=estimate.n),
            "thin",
            gettext("记录太少、太旧或来源单一，先不下判断"),
        )
    if estimate.state is State.RECORD:
        return badge(gettext("仅作记录（{n} 条）", n=estimate.n), "plain", gettext("只记事实，不打分"))
    assert estimate.level is not None
    return html.Span(
        [badge(band(estimate.level), "data"), html.Span(estimate_text(estimate), className="interval")],
        className="state",
    )


def estimate_text(estimate: Estimate) -> str:
    """“62（90% 区间 55–70，23 条）”, or the state in words."""
    if estimate.state is not State.ESTIMATED:
        words = {
            State.NONE: gettext("暂无证据"),
            State.THIN: gettext("证据不足（{n} 条）", n=estimate.n),
            State.RECORD: gettext("仅作记录（{n} 条）", n=estimate.n),
        }
        return words[estimate.state]
    return gettext(
        "{level}（90% 区间 {interval}，{n} 条）",
        level=format.level(estimate.level),
        interval=format.interval(estimate.low, estimate.high),
        n=estimate.n,
    )
