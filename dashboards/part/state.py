"""What stands where there is nothing to show: nothing yet, no permission, not found, something went wrong."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboards.language import gettext
from dashboards.part.icon import icon


def empty_state(text: str, how_to: Any = "", *, icon_name: str = "empty", action: Any = None) -> Any:
    """Says what is missing and how to get some. Blank is not zero."""
    return html.Div(
        [
            icon(icon_name, 36),
            html.P(text, className="empty-text"),
            html.P(how_to, className="empty-how") if how_to else None,
            html.Div(action, className="empty-action") if action else None,
        ],
        className="empty",
    )


def _whole_page(icon_name: str, title: str, text: str, detail: Any = "") -> Any:
    return html.Div(
        [
            icon(icon_name, 56),
            html.H1(title),
            html.P(text),
            html.P(detail, className="detail") if detail else None,
            html.A(gettext("回到首页"), href="/", className="button primary"),
        ],
        className="whole-page",
        role="alert",
    )


def not_found_page() -> Any:
    return _whole_page("compass", gettext("没有这个页面"), gettext("地址可能写错了，或者页面已经换了地方。"))


def refused_page(reason: str) -> Any:
    return _whole_page(
        "lock",
        gettext("这里不对您开放"),
        gettext("您的角色不能查看这一页或这个对象，这次访问已经记入审计。"),
        reason,
    )


def error_page(number: str) -> Any:
    return _whole_page(
        "alert",
        gettext("页面出错了"),
        gettext("问题已经记录。请过一会儿再试；仍然不行，请把编号告诉管理员。"),
        gettext("编号 {number}", number=number),
    )
