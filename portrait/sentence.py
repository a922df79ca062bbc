"""A sentence for a reader as data: Chinese words with {places} and what stands in them.

It reads as the filled Chinese text, so the command and the audit print it as it is; pages translate the words and fill them anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Sentence(str):
    """A str that remembers its `words` and `values`. A list among the values is told one by one."""

    words: str
    values: Mapping[str, Any]

    def __new__(cls, words: str, values: Mapping[str, Any] | None = None) -> Sentence:
        said = words.format(**{name: _told(value) for name, value in values.items()}) if values else words
        made = super().__new__(cls, said)
        made.words, made.values = words, dict(values or {})
        return made


def sentence(words: str, /, **values: Any) -> Sentence:
    """Words without values stand as they are, braces and all; a Sentence stays what it is."""
    return words if isinstance(words, Sentence) and not values else Sentence(words, values)


def without(text: str, folder: str, instead: Sentence) -> str:
    """The text without a folder that is nobody's business: `instead` where it stands alone, nothing before a file in it."""
    if not isinstance(text, Sentence) or not text.values:
        return text.replace(f"{folder}/", "").replace(folder, instead)
    values = {
        name: instead
        if str(value) == folder
        else str(value).replace(f"{folder}/", "")
        if folder in str(value)
        else value
        for name, value in text.values.items()
    }
    return Sentence(text.words, values)


def _told(value: Any) -> Any:
    return "、".join(str(one) for one in value) if isinstance(value, (list, tuple)) else value
