"""A sentence for a reader as data: Chinese words with {places} and what stands in them.

It reads as the filled Chinese text, so the command and the audit print it as it is; pages translate the words and fill them anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

_APART = "\x1e"  # between what was said and how it can be said again


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


def in_turn(parts: Iterable[str]) -> Sentence:
    """Several sentences as one; "" when there is none."""
    given = [part for part in parts if part]
    if not given:
        return Sentence("")
    return sentence(reduce(_then, given))


def listed(parts: Iterable[str]) -> Sentence:
    """Parts of one sentence, told one after the other; "" when there is none."""
    given = [part for part in parts if part]
    if not given:
        return Sentence("")
    return sentence(reduce(_beside, given))


def _then(one: str, other: str) -> Sentence:
    return sentence("{one}；{other}", one=one, other=other)


def _beside(one: str, other: str) -> Sentence:
    return sentence("{one}，{other}", one=one, other=other)


def kept(text: str) -> str:
    """A text as it is stored: a Sentence as it reads, and how it can be said again in another language."""
    if not isinstance(text, Sentence) or not text:
        return text
    return f"{text}{_APART}{json.dumps(_apart(text), ensure_ascii=False)}"


def recalled(text: str) -> str:
    """What was stored, a Sentence again where it was one; of one that is stored wrong what it said."""
    said, _, apart = text.rpartition(_APART)  # none stands in JSON
    try:
        made = _together(json.loads(apart)) if said else None
    except (ValueError, KeyError, AttributeError, IndexError, TypeError):
        return said
    return made if isinstance(made, Sentence) and made == said else said or text


def _apart(value: Any) -> Any:
    """A value for JSON: a Sentence as {words, values}, a list one by one, anything else as it reads."""
    if isinstance(value, Sentence):
        return {"words": value.words, "values": {name: _apart(one) for name, one in value.values.items()}}
    if isinstance(value, (list, tuple)):
        return [_apart(one) for one in value]
    return value if isinstance(value, (int, float)) else str(value)


def _together(value: Any) -> Any:
    if isinstance(value, dict):
        return Sentence(value["words"], {name: _together(one) for name, one in value["values"].items()})
    return [_together(one) for one in value] if isinstance(value, list) else value


def without(text: str, folder: str, instead: Sentence) -> str:
    """The text without a folder that is nobody's business: `instead` where it stands alone, nothing before a file in it."""
    if not isinstance(text, Sentence) or not text.values:
        return text.replace(f"{folder}/", "").replace(folder, instead)
    return Sentence(
        text.words, {name: _without(value, folder, instead) for name, value in text.values.items()}
    )


def _without(value: Any, folder: str, instead: Sentence) -> Any:
    if isinstance(value, (list, tuple)):
        return [_without(one, folder, instead) for one in value]
    if isinstance(value, Sentence):
        return without(value, folder, instead)
    if str(value) == folder:
        return instead
    return str(value).replace(f"{folder}/", "") if folder in str(value) else value


def _told(value: Any) -> Any:
    return "、".join(str(one) for one in value) if isinstance(value, (list, tuple)) else value
