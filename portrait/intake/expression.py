"""How one target field is made from raw columns: the parsed, checked form of a mapping's expression."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from portrait.errors import MappingError
from portrait.identifier import JOINED, SENSITIVE
from portrait.intake.digest import later

UNITS = ("seconds", "minutes", "hours", "clock", "iso8601", "played", "percent")
_KNOWN = {
    "from",
    "const",
    "join",
    "skip_blank",
    "map",
    "prefix",
    "default",
    "blank",
    "format",
    "unit",
    "max",
    "kind",
    "start",
    "days",
    "first",
    "year",
    "months",
}
_YEAR = re.compile(r"(19[89]\d|20\d\d)(-(0[1-9]|1[0-2]))?")
_ANY = re.compile("any")
_JSON_PATH = re.compile(r"""\$(\.[^.\[\]"'*\s]+|\."[^"*]+"|\[\d+\])*""")


@dataclass(frozen=True)
class ValueMap:
    """Raw value → our value. A raw value outside it is quarantined, never guessed."""

    name: str
    entries: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, name: str, raw: Any, at: str) -> ValueMap:
        if not isinstance(raw, dict) or not raw or not all(isinstance(v, str) for v in raw.values()):
            raise MappingError(f"{at}：值表应为“原值: 新值”")
        return cls(name, tuple(raw.items()))


@dataclass(frozen=True)
class Expression:
    """Text is made in this order: from (joined) → blank → map → prefix → default; then the field's type reads it."""

    source: tuple[str, ...] = ()
    const: str | None = None
    join: str = ""
    skip_blank: bool = False  # join what is there instead of giving nothing when a part is empty
    map: ValueMap | None = None
    prefix: str = ""
    default: str | None = None
    blank: tuple[str, ...] = ()  # raw values that mean “not given”, such as - or \N
    format: tuple[str, ...] = ()
    unit: str = ""
    max: float | None = None
    kind: str = ""
    start: Expression | None = None
    days: Expression | None = None
    first: tuple[Expression, ...] = ()
    loose: bool = later(False)  # numbers, dates and durations as people write them
    year: str = later("")  # of times written without one: that year, or (2022-09) the twelve months from then
    titled: bool = later(False)  # the sheet's own words say the year, `year` is for sheets that say none
    months: str = later("")  # how months are named in words: any

    @property
    def parts(self) -> tuple[Expression, ...]:
        return tuple(part for part in (self.start, self.days, *self.first) if part is not None)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of identifier that it may give, one for each alternative where they differ."""
        return tuple(part.kind for part in self.first if part.kind) or ((self.kind,) if self.kind else ())

    @property
    def mixed(self) -> bool:
        """Each alternative is of a kind of its own."""
        return any(part.kind for part in self.first)

    @property
    def columns(self) -> tuple[str, ...]:
        """Raw columns, its parts' included."""
        return (*self.source, *(column for part in self.parts for column in part.columns))


def secret_columns(expression: Expression, kinds: tuple[str, ...]) -> dict[str, str]:
    """The columns of an identifier of these kinds whose texts must not be shown, with the kind. Names and schools may be."""
    found: dict[str, str] = {}
    for kind, part in zip(kinds, expression.first if expression.mixed else [expression], strict=True):
        if kind in SENSITIVE:
            found.update(dict.fromkeys(part.columns[2:] if kind == "triple" else part.columns, kind))
    return found


def parse_expression(raw: Any, maps: dict[str, ValueMap], at: str) -> Expression:
    """The expression of a field; a list is short for `first`. Raises MappingError naming the place and the choices."""
    if isinstance(raw, list):
        raw = {"first": raw}
    if not isinstance(raw, dict):
        raise MappingError(f"{at}：应为 {{from: 列}} 或 {{const: 值}}，这里是 {raw!r}")
    reject(raw, _KNOWN, at)
    shapes = [shape for shape in ("from", "const", "start", "first") if shape in raw]
    if len(shapes) != 1 or ("days" in raw) != ("start" in raw):
        raise MappingError(f"{at}：要写 from、const、start 加 days、first 中的一种")
    text = {key: raw[key] for key in ("const", "join", "prefix", "default", "unit", "kind") if key in raw}
    for key, value in text.items():
        if not isinstance(value, str):
            raise MappingError(f"{at}：{key} 应为一个值")
    if raw.get("unit", "seconds") not in UNITS:
        raise MappingError(f"{at}：unit“{raw['unit']}”不认识，可选：{'、'.join(UNITS)}")
    if text.get("kind", "") in JOINED:
        text.setdefault("join", JOINED[text["kind"]])
    expression = Expression(
        source=_texts(raw, "from", at),
        const=text.get("const"),
        join=text.get("join", ""),
        skip_blank=str(raw.get("skip_blank", "false")).lower() == "true",
        map=_map(raw.get("map"), maps, at),
        prefix=text.get("prefix", ""),
        default=text.get("default"),
        blank=_texts(raw, "blank", at),
        format=_texts(raw, "format", at),
        unit=text.get("unit", ""),
        max=_max(raw, at),
        kind=text.get("kind", ""),
        start=parse_expression(raw["start"], maps, f"{at}.start") if "start" in raw else None,
        days=parse_expression(raw["days"], maps, f"{at}.days") if "days" in raw else None,
        first=tuple(parse_expression(item, maps, f"{at}.first") for item in _items(raw, "first", at)),
        year=_said(raw, "year", _YEAR, "应如 2023，学年如 2022-09", at),
        months=_said(raw, "months", _ANY, "只能是 any：英、德、法、西、意文的月份名都认", at),
    )
    if len(expression.source) > 1 and "join" not in text:
        raise MappingError(f"{at}：from 有多列时要写 join（连接符，可为空）")
    for part in expression.first:
        if part.map or part.parts or part.default is not None:
            raise MappingError(f"{at}.first：只能用 from、const、join、blank、prefix、kind")
    told = [bool(part.kind) for part in expression.first]
    if any(told) and (not all(told) or set(raw) != {"first"}):
        raise MappingError(f"{at}：first 的各项要么都写 kind，要么都不写；写了，外面就只能有 first")
    for column in expression.source:
        if column.startswith("$") and not _JSON_PATH.fullmatch(column):
            raise MappingError(f"{at}：“{column}”不是 JSON 路径，应如 $.actor.account.name 或 $.list[0].id")
    return expression


def reject(raw: dict[str, Any], known: Iterable[str], at: str) -> None:
    """Raise MappingError when a mapping says something we do not know: a misspelt word must not be ignored."""
    unknown = [str(key) for key in raw if key not in set(known)]
    if unknown:
        raise MappingError(f"{at}：不认识“{'、'.join(unknown)}”，可选：{'、'.join(sorted(known))}")


def _texts(raw: dict[str, Any], key: str, at: str) -> tuple[str, ...]:
    items = _items(raw, key, at)
    if not all(isinstance(item, str) for item in items) or (key == "from" and "" in items):
        raise MappingError(f"{at}：{key} 应为一个值或一列值")
    return tuple(items)


def _items(raw: dict[str, Any], key: str, at: str) -> list[Any]:
    value = raw.get(key, [])
    items = value if isinstance(value, list) else [value]
    if key in raw and not items:
        raise MappingError(f"{at}：{key} 不能为空")
    return items


def _map(raw: Any, maps: dict[str, ValueMap], at: str) -> ValueMap | None:
    if raw is None:
        return None
    if isinstance(raw, dict):
        return ValueMap.of("", raw, f"{at}.map")
    if not isinstance(raw, str) or raw not in maps:
        raise MappingError(f"{at}：没有值表“{raw}”，可选：{'、'.join(maps) or '（maps 里一个也没有）'}")
    return maps[raw]


def _said(raw: dict[str, Any], key: str, form: re.Pattern[str], expected: str, at: str) -> str:
    text = raw.get(key, "")
    if key in raw and not (isinstance(text, str) and form.fullmatch(text)):
        raise MappingError(f"{at}：{key}“{text}”用不了，{expected}")
    return str(text)


def _max(raw: dict[str, Any], at: str) -> float | None:
    if "max" not in raw:
        return None
    try:
        value = float(raw["max"])
    except (TypeError, ValueError):
        value = 0.0
    if not 0 < value < float("inf"):
        raise MappingError(f"{at}：max 应为大于 0 的满分，这里是“{raw['max']}”")
    return value
