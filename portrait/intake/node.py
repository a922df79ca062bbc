"""Parts of a YAML document as a mapping may have them; each says where it stands when it is something else."""

from __future__ import annotations

import re
from typing import Any

from portrait.errors import MappingError

NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")


def text_of(raw: dict[str, Any], key: str, at: str, default: str | None = None) -> str:
    value = raw.get(key, default)
    if not isinstance(value, str) or (default is None and not value):
        raise MappingError(f"{at}：{'缺少' if value is None else '看不懂'} {key}")
    return value


def name_of(raw: dict[str, Any], key: str, at: str) -> str:
    value = text_of(raw, key, at)
    if not NAME.fullmatch(value):
        raise MappingError(f"{at}：{key}“{value}”只能用字母、数字和 _ . -，至多 40 个")
    return value


def choice_of(raw: dict[str, Any], key: str, choices: tuple[str, ...], at: str) -> str:
    value = text_of(raw, key, at, choices[0])
    if value not in choices:
        raise MappingError(f"{at}：{key}“{value}”不认识，可选：{'、'.join(choices)}")
    return value


def truth_of(raw: dict[str, Any], key: str, at: str) -> bool:
    return choice_of({key: str(raw.get(key, "false")).lower()}, key, ("false", "true"), at) == "true"


def columns_of(raw: Any, at: str) -> tuple[str, ...]:
    columns = list_of(raw, at)
    wrong = [column for column in columns if not isinstance(column, str) or not column]
    if wrong:
        raise MappingError(f"{at}：列名应为文字，这里是 {wrong[0]!r}")
    return tuple(columns)


def list_of(raw: Any, at: str) -> list[Any]:
    items = raw if isinstance(raw, list) else [raw]
    if not all(isinstance(item, (str, dict)) for item in items):
        raise MappingError(f"{at}：应为列表")
    return items
