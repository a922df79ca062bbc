"""Chinese is the source language; other languages come from gettext catalogues read as .po. Call inside layouts, never at import.

A translation may count: `{n} {n:record|records}` takes the first form when `n` is 1.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from babel.messages.pofile import read_po

from portrait.sentence import Sentence

LANGUAGES = ("zh", "en")
TELLING = 6  # letters that a template has of its own before it can tell a text
LONGEST = 400  # characters of a part that is tried against the templates, which takes time that grows faster than it
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
        if language != "zh" and not values and text not in _translations(language):
            return _retold(text)  # a reason that a platform's door gives, with what it met
    if language == "zh":
        return text.format(**{name: _told(value) for name, value in values.items()}) if values else text
    found = _translations(language).get(text, text)
    return (
        _Counting().vformat(found, (), {n: _told(value) for n, value in values.items()}) if values else found
    )


def retold(text: str) -> str:
    """What was kept in Chinese, as it was said, in the reader's language: each part that says what a known template says."""
    if current() == "zh" or isinstance(text, Sentence):
        return gettext(text)
    return gettext("；").join(_retold(part) for part in text.split("；"))


def _retold(part: str) -> str:
    if part in _translations(current()):
        return gettext(part)
    if len(part) > LONGEST:
        return part
    for pattern, template in _patterns(current()):
        if match := pattern.fullmatch(part):
            values = {
                name: gettext("、").join(value.split("、")) for name, value in match.groupdict().items()
            }
            return gettext(template, **values)
    reason, colon, met = part.partition("：")
    if colon and reason in _translations(current()):
        return gettext("{name}：{said}", name=gettext(reason), said=met)
    return part


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    """What a text made from each template looks like, the most telling templates first."""
    found = []
    for template in _translations(language):
        parts = [(text, name) for text, name, _, _ in Formatter().parse(template)]
        words = sum(len(text) for text, _ in parts)
        if words < TELLING or not any(name for _, name in parts):
            continue
        seen: set[str] = set()
        pattern = ""
        for text, name in parts:
            pattern += re.escape(text)
            if name:
                pattern += f"(?P={name})" if name in seen else f"(?P<{name}>.+?)"
                seen.add(name)
        found.append((words, re.compile(pattern, re.DOTALL), template))
    return [(pattern, template) for _, pattern, template in sorted(found, key=lambda one: -one[0])]


def _told(value: object) -> object:
    """What stands in a place: a sentence in the reader's language, a list one by one, anything else as it is."""
    if isinstance(value, Sentence):
        return gettext(value)
    if isinstance(value, (list, tuple)):
        return gettext("、").join(str(_told(one)) for one in value)
    return value
