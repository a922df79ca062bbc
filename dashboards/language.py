"""Chinese is the source language; other languages come from gettext catalogues read as .po. Call inside layouts, never at import.

A translation may count: `{n} {n:record|records}` takes the first form when `n` is 1.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from babel.messages.pofile import read_po

from portrait.sentence import Sentence

LANGUAGES = ("zh", "en")
_language: ContextVar[str] = ContextVar("language", default="zh")


class _Counting(Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        one, counts, more = format_spec.partition("|")
        if counts:
            return one if str(value) == "1" else more
        return str(super().format_field(value, format_spec))


def use(language: str) -> None:
    """Set the language of the current request."""
    _language.set(language if language in LANGUAGES else "zh")


def current() -> str:
    return _language.get()


def catalogue(language: str) -> Path:
    """Where the translations of a language stand."""
    return Path(__file__).parent / "locale" / language / "LC_MESSAGES" / "messages.po"


@cache
def _translations(language: str) -> dict[str, str]:
    path = catalogue(language)
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id and m.string}


def gettext(text: str, /, **values: object) -> str:
    """The text in the request's language, with `{name}` places filled from `values`. A Sentence brings its own values."""
    language = current()
    if isinstance(text, Sentence):
        values = {**text.values, **values}
        text = text.words
    if language == "zh":
        return text.format(**{name: _told(value) for name, value in values.items()}) if values else text
    found = _translations(language).get(text, text)
    return (
        _Counting().vformat(found, (), {n: _told(value) for n, value in values.items()}) if values else found
    )


def _told(value: object) -> object:
    """What stands in a place: a sentence in the reader's language, a list one by one, anything else as it is."""
    if isinstance(value, Sentence):
        return gettext(value)
    if isinstance(value, (list, tuple)):
        return gettext("、").join(str(_told(one)) for one in value)
    return value
