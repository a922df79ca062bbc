"""Framework files: a CASE 1.0 package or our own JSON, read whole and judged before anything is kept, and written again.

Every fault is told with the file, the item and the path in the JSON at which it stands.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from portrait.competency import Frame
from portrait.errors import InputError
from portrait.intake.case import case_frame
from portrait.intake.own_frame import OWN_ITEMS, own_frame
from portrait.resource import DATA, read_yaml
from portrait.trouble import of_json, of_system

MOST_BYTES = 64 << 20


def read_frame(path: Path, name: str = "") -> tuple[Frame, list[str]]:
    """The framework in a file that came as `name`, and what had to be repaired. Raises InputError."""
    name = name or path.name
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise InputError(
                "{file}：有 {size} MB，最多 {most} MB", file=name, size=size >> 20, most=MOST_BYTES >> 20
            )
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError("{file}：读不了：{error}", file=name, error=of_system(error)) from error
    except UnicodeDecodeError as error:
        raise InputError(
            "{file}：不是 UTF-8 文本（第 {place} 个字节）", file=name, place=error.start + 1
        ) from error
    return frame_of(parse(text, name), name)


def parse(text: str, name: str) -> Any:
    """The JSON document in a text. Raises InputError with line and column."""
    try:
        return json.loads(
            text,
            object_pairs_hook=lambda pairs: _once(pairs, name),
            parse_constant=lambda word: _no(word, name),
        )
    except json.JSONDecodeError as error:
        raise InputError(
            "{file}：不是 JSON：第 {line} 行第 {column} 列，{why}",
            file=name,
            line=error.lineno,
            column=error.colno,
            why=of_json(error.msg),
        ) from error
    except RecursionError:
        raise InputError("{file}：JSON 嵌套太深", file=name) from None


def _once(pairs: list[tuple[str, Any]], name: str) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InputError("{file}：同一个对象里“{key}”写了两次", file=name, key=twice[:60])
    return made


def _no(word: str, name: str) -> Any:
    raise InputError("{file}：{word} 不是 JSON 的数", file=name, word=word)


def frame_of(document: Any, name: str) -> tuple[Frame, list[str]]:
    """The framework that a parsed file holds, and what had to be repaired. Raises InputError."""
    if not isinstance(document, dict):
        raise InputError(
            "{file}：$ 应为对象，要有 CFDocument（CASE 包），或 meta 和 items（本系统的框架文件）", file=name
        )
    if "CFDocument" in document:
        return case_frame(document, name)
    if OWN_ITEMS in document:
        return own_frame(document, name), []
    raise InputError(
        "{file}：$ 既没有 CFDocument（CASE 包），也没有 meta 和 items（本系统的框架文件）；有的是：{there}",
        file=name,
        there=list(document)[:10],
    )


@cache
def shipped() -> dict[str, Frame]:
    """The frameworks that come with the product, by the names of their files. The portrait's own has its indicators too."""
    found = {}
    for path in sorted((DATA / "framework").glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        if path.stem == PORTRAIT:
            document["items"] += [
                {
                    "id": one["code"],
                    "code": one["code"],
                    "parent": one["dimension"],
                    "level": 2,
                    "zh": one["zh"],
                    "en": one["en"],
                    "status": "proposal",
                    "maps_to": one["maps_to"],
                }
                for one in read_yaml("framework/indicator.yaml")["indicators"]
            ]
        found[path.stem] = own_frame(document, path.name)
    return found


PORTRAIT = "portrait_recommended_v0"
