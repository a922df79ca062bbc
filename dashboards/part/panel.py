"""A part of a page that may fail by itself: what went wrong stands in its place, and the rest of the page is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dash import html

from dashboards.incident import incident
from dashboards.language import gettext
from dashboards.part.card import card
from dashboards.part.state import empty_state
from portrait.errors import AccessRefused, NotFound, PortraitError


def panel(title: str, draw: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """What `draw(*given, **named)` gives, several components as a stack; a card named `title` with its error if it fails.

    What is not for the reader, or not there, is the page's to say: AccessRefused and NotFound pass.
    """
    try:
        drawn = draw(*given, **named)
    except (AccessRefused, NotFound):
        raise
    except PortraitError as error:
        return _failed(title, gettext(error.message), "")
    except Exception as error:
        number = incident(error)
        return _failed(
            title,
            gettext("这一部分出错了，页面的其余部分照常可看"),
            gettext("问题已经记录，编号 {number}。", number=number),
        )
    return html.Div(drawn, className="stack") if isinstance(drawn, list) else drawn


def _failed(title: str, words: str, number: str) -> Any:
    return html.Div(card(title, "", empty_state(words, number, icon_name="alert")), role="alert")
