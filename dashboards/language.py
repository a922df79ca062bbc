"""Chinese is the source language; other languages come from gettext catalogues read as .po. Call inside layouts, never at import."""

from __future__ import annotations

from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("zh", "en")
_language: ContextVar[str] = ContextVar("language", default="zh")


def use(language: str) -> None:
    """Set the language of the current request."""
    _language.set(language if language in LANGUAGES else "zh")


def current() -> str:
    return _language.get()


@cache
def _catalogue(language: str) -> dict[str, str]:
    path = Path(__file__).parent / "locale" / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id and m.string}


def gettext(text: str, **values: object) -> str:
    """The text in the request's language, with `{name}` places filled from `values`."""
    language = current()
    found = text if language == "zh" else _catalogue(language).get(text, text)
    return found.format(**values) if values else found
