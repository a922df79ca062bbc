"""A JSON line in words, thing by thing: of a statement who did what to what with which result, of another line its plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from portrait.sentence import Sentence, sentence
from portrait.xapi.name import in_our_words

_STATEMENT = ("actor", "verb", "object")


def object_of(text: str) -> dict[str, Any] | None:
    """The JSON object that a text is; None where it is none."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def told(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(head, text) of what the line says and can be said in a line."""
    if not all(isinstance(said.get(key), dict) for key in _STATEMENT):
        plain = {key: value for key, value in said.items() if not isinstance(value, (dict, list))}
        return [(key, _plain(value)) for key, value in plain.items() if value not in (None, "")]
    verb, thing, context = said["verb"], said["object"], said.get("context")
    result = said.get("result") if isinstance(said.get("result"), dict) else {}
    assert isinstance(result, dict)
    defined = thing.get("definition") if isinstance(thing.get("definition"), dict) else {}
    listed: list[tuple[Sentence, str]] = [
        (sentence("语句号"), _plain(said.get("id"))),
        (sentence("谁"), _actor(said["actor"])),
        (sentence("做了什么"), _both(in_our_words(verb.get("display")), _plain(verb.get("id")))),
        (sentence("对什么"), _both(in_our_words(defined.get("name")), _plain(thing.get("id")))),
        (sentence("它的种类"), _plain(defined.get("type"))),
        (sentence("结果"), _result(result)),
        (sentence("平台"), _plain(context.get("platform")) if isinstance(context, dict) else ""),
        (sentence("发生时间"), _plain(said.get("timestamp"))),
        (sentence("平台存储时间"), _plain(said.get("stored"))),
    ]
    return [(head, text) for head, text in listed if text]


def _actor(actor: Mapping[str, Any]) -> str:
    account = actor.get("account")
    number = (
        _both(_plain(account.get("name")), _plain(account.get("homePage")))
        if isinstance(account, dict)
        else next((_plain(actor[key]) for key in ("mbox", "openid", "mbox_sha1sum") if key in actor), "")
    )
    return _both(_plain(actor.get("name")), number)


def _result(result: Mapping[str, Any]) -> str:
    parts: list[str] = []
    score = result.get("score")
    if isinstance(score, dict):
        raw, most, scaled = score.get("raw"), score.get("max"), score.get("scaled")
        if raw is not None:
            parts.append(f"{_plain(raw)} / {_plain(most)}" if most is not None else _plain(raw))
        if scaled is not None:
            parts.append(f"scaled = {_plain(scaled)}")
    parts += [
        f"{key} = {_plain(result[key])}"
        for key in ("success", "completion", "duration", "response")
        if key in result
    ]
    return " · ".join(parts)


def _both(name: str, number: str) -> str:
    return f"{name}（{number}）" if name and number and name != number else name or number


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
