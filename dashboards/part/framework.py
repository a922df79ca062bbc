"""What a framework and its items are called in the reader's language, where the framework says it in that language."""

from __future__ import annotations

from dashboards import language
from dashboards.language import gettext
from dashboards.part import format
from portrait.competency import Frame, Item
from portrait.intake.library import Edition


def framework_title(edition: Edition) -> str:
    return edition.english if edition.english and language.current() == "en" else edition.title


def item_words(frame: Frame, item: Item) -> str:
    """An item's statement. The second language of our own files is English; of others nobody knows."""
    return (
        item.english
        if item.english and frame.form == "own" and language.current() == "en"
        else item.statement
    )


def edition_name(one: Edition) -> str:
    words = gettext("第 {n} 版", n=one.number)
    when = format.day(one.at) if one.stored else gettext("随系统")
    return f"{words} · {one.label} · {when}" if one.label else f"{words} · {when}"
