"""A source mapping: the YAML that says how a platform's files become our records, checked in full before any file is opened."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from portrait.errors import MappingError
from portrait.identifier import KINDS
from portrait.intake.digest import later, meaning
from portrait.intake.expression import Expression, ValueMap, parse_expression, reject
from portrait.intake.layout import (
    FIELD,
    JOIN_WORDS,
    OFFICE,
    STREAM_WORDS,
    Habit,
    habit_of,
    header_of,
    office_of,
    written_by,
)
from portrait.intake.lookup import wrong_words
from portrait.intake.node import NAME, choice_of, columns_of, list_of, name_of, text_of, truth_of
from portrait.intake.shape import FILE, Made, Pass, Wide, made_of, names_of, passed_of, wide_of
from portrait.intake.target import SOURCE_FIELDS, TARGETS, Target
from portrait.intake.typed import STARTS, format_fault, zones
from portrait.resource import DATA
from portrait.source import mapping_source, mapping_titles
from portrait.trouble import of_bytes, of_system, of_yaml

FORMATS = ("auto", "csv", "xlsx", "parquet", "jsonl", "edx")
ENCODINGS = ("auto", "utf-8", "gb18030")
PACKAGES = ("oneroster",)  # kinds of file sets with rules of their own, see portrait/intake/handed.py
# No key on a keyboard writes these, and neither the engine nor PostgreSQL keeps them all.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Layout:
    """How one file is to be read."""

    file: str  # glob below the folder that is brought in
    format: str = "auto"
    encoding: str = "auto"
    sheet: str = ""
    header: int = 1  # 0: the first row that has the columns
    names: tuple[tuple[str, tuple[str, ...]], ...] = later(())  # our name of a column → what files call it
    lacking: tuple[str, ...] = later(())  # columns that a file need not have
    heads: tuple[str, ...] = later(())  # files without these columns are not meant, whatever they are called
    wide: Wide | None = later(None)
    cells: str = later("")  # office: laid out and written as people do
    under: int = later(0)  # rows of the header below its first
    place: int = later(0)  # the sheet's number, where one stream reads several
    fill_down: tuple[str, ...] = later(())  # columns in which a blank means the cell above
    skip: tuple[str, ...] = later(())  # words of rows that are no data: totals, signatures
    stop_at: tuple[str, ...] = later(())  # words of the row that ends the table
    hidden: str = later("")  # skip: hidden rows are passed over

    @property
    def office(self) -> bool:
        return self.cells == OFFICE


@dataclass(frozen=True)
class Join:
    """A second file whose columns are looked up by key: `on` pairs our column with the file's."""

    layout: Layout
    on: tuple[tuple[str, str], ...]
    alias: str
    required: bool = False


@dataclass(frozen=True)
class Where:
    """A condition on a raw column: one of `values`, or filled (`present`) or empty."""

    column: str
    values: tuple[str, ...] = ()
    present: bool | None = None
    blank: tuple[str, ...] = later(())  # texts that are not there either
    why: str = later("")  # what is said of the rows that it leaves out


@dataclass(frozen=True)
class Voids:
    """Rows as `where` says take back the record whose key stands in the column `key`, whether it is in or comes later."""

    where: Where
    key: str


@dataclass(frozen=True)
class Stream:
    """One kind of thing read from one kind of file."""

    name: str
    target: Target
    layout: Layout
    optional: bool
    where: tuple[Where, ...]
    joins: tuple[Join, ...]
    key: tuple[str, ...]
    repeats: str  # drop | keep
    fields: tuple[tuple[str, Expression], ...]
    course_source: str
    class_source: str
    made: tuple[Made, ...] = later(())
    passed: tuple[Pass, ...] = later(())
    identity: str = later("record")  # record: kind and account say what a record is too; key: the key alone
    series: str = later("")  # tells apart two numberings of one source
    void: Where | None = later(None)  # rows that say that their record is taken back
    voids: Voids | None = later(None)  # rows that say that the record of another key is taken back

    def field(self, name: str) -> Expression | None:
        return dict(self.fields).get(name)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every raw column the stream reads, its own (`date`) and its joins' (`course.length`), in order of first use."""
        seen: dict[str, None] = {}
        for _, expression in self.fields:
            seen.update(dict.fromkeys(expression.columns))
        for made in self.made:
            seen.update(dict.fromkeys(made.columns))
        seen.update(dict.fromkeys(c for one in self.passed for c in (one.column, one.each) if c))
        seen.update(dict.fromkeys(self.key))
        seen.update(dict.fromkeys(condition.column for condition in self.where))
        if self.void is not None:
            seen[self.void.column] = None
        if self.voids is not None:
            seen.update(dict.fromkeys((self.voids.where.column, self.voids.key)))
        for join in self.joins:
            seen.update(dict.fromkeys(own for own, _ in join.on))
        made_here = {FILE, *(made.name for made in self.made)}
        return tuple(column for column in seen if column not in made_here and not column.startswith(FIELD))

    @property
    def absent(self) -> bool:
        """Whether rows that are passed over may take back an earlier record: nobody was there after all."""
        return any(one.void for one in self.passed)

    @property
    def versioned(self) -> bool:
        """Whether a record may come again with other content: its key says which one it is, and equal keys are one."""
        return bool(self.key) and self.repeats == "drop"

    def joined(self, column: str) -> Join | None:
        """The join that a column like `course.length` comes from; None for the stream's own."""
        alias, dot, _ = column.partition(".")
        return next((join for join in self.joins if dot and join.alias == alias), None)


@dataclass(frozen=True)
class Mapping:
    """A checked mapping. Files are read only as it says."""

    name: str
    version: str
    source: str
    title: str
    timezone: str
    streams: tuple[Stream, ...]
    path: str = ""
    text: str = field(default="", repr=False)  # as it stands in the file
    package: str = ""  # one of PACKAGES when its files only mean something together

    @property
    def label(self) -> str:
        """Name and version as the ledger has them."""
        return f"{self.name}@{self.version}"[:80]

    def digest(self, stream: Stream) -> str:
        """Changes when, and only when, the same file could give other records."""
        said = {"source": self.source, "timezone": self.timezone, "stream": _said(stream)}
        text = json.dumps(said, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def stream(self, name: str) -> Stream:
        own, hash_, place = name.partition(
            "#"
        )  # names have no #: it is one sheet of a stream that reads several
        for stream in self.streams:
            if stream.name == own and (not hash_ or place.isdecimal()):
                return of_sheet(stream, int(place)) if hash_ else stream
        raise MappingError(
            f"映射 {self.name} 里没有 {name} 这个流，可选：{'、'.join(s.name for s in self.streams)}"
        )


def _said(stream: Stream) -> Any:
    """The stream as data, without what is only said to people and the target's newer fields that it does not fill."""
    said = meaning(stream)
    for one in said["where"]:
        one.pop("why", None)
    given = {name for name, _ in stream.fields}
    said["target"]["fields"] = [
        {key: value for key, value in one.items() if key != "newer"}
        for one in said["target"]["fields"]
        if not one.get("newer") or one["name"] in given
    ]
    return said


def of_sheet(stream: Stream, place: int) -> Stream:
    """A stream that reads several sheets, cut down to one by its number (from 1)."""
    return replace(stream, name=f"{stream.name}#{place}", layout=replace(stream.layout, place=place))


def mapping_files(home: Path) -> dict[str, Path]:
    """Mappings that can be named: those of the home folder come before the product's own."""
    found: dict[str, Path] = {}
    for folder in (DATA / "mapping", home / "mapping"):
        found.update({path.stem: path for path in sorted(folder.glob("*.yaml"))})
    return found


def mapping_called(name: str, home: Path) -> str:
    """The name under which a mapping is found that is called by its name, its title or its source; "" when there is none, or
    several."""
    files = mapping_files(home)
    if name in files or not name:
        return name
    titles = mapping_titles(home)
    for called in (
        [one for one in files if name in (titles[one], titles[one].split("（")[0])],
        [one for one in files if mapping_source(files[one]) == name],
    ):
        if called:
            return called[0] if len(called) == 1 else ""
    return ""


def load_mapping(name: str, home: Path) -> Mapping:
    """A mapping by its name, its title or its source, or by the path of its YAML file. Raises MappingError."""
    files = mapping_files(home)
    path = files.get(mapping_called(name, home))
    if path is None and name.endswith((".yaml", ".yml")):
        path = Path(name)
    if path is None or not path.is_file():
        raise MappingError(
            f"没有名为“{name}”的来源映射，可选：{'、'.join(mapping_choices(home)) or '（一个也没有）'}"
        )
    return read_mapping(path)


def mapping_choices(home: Path) -> list[str]:
    """The mappings that there are, each by its name and, where it says one, its title."""
    titles = mapping_titles(home)
    return [
        f"{name}（{titles[name]}）" if titles[name] != name else name for name in sorted(mapping_files(home))
    ]


class _Text(yaml.BaseLoader):
    """Every scalar stays text as written: codes keep their zeros, `on` and `no` are words, a key given twice is an error."""

    def construct_scalar(self, node: yaml.ScalarNode) -> Any:
        text = super().construct_scalar(node)
        if _UNWRITABLE.search(text):
            raise yaml.MarkedYAMLError(problem="有看不见的控制字符", problem_mark=node.start_mark)
        return text

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.MarkedYAMLError(problem=f"“{twice}”写了两次", problem_mark=node.start_mark)
        return dict(super().construct_mapping(node, deep))


def read_mapping(path: Path, given: str = "") -> Mapping:
    """The checked mapping in a YAML file. Raises MappingError naming file (`given` when its own name says nothing), stream,
    field and what may stand there."""
    at = given or path.name
    try:
        text = path.read_text(encoding="utf-8")
        return replace(_checked(yaml.load(text, Loader=_Text), at), path=given or str(path), text=text)
    except yaml.YAMLError as error:
        raise MappingError("{at}：不是可读的 YAML：{why}", at=at, why=of_yaml(error)) from error
    except UnicodeDecodeError as error:
        raise MappingError("{at}：不是 UTF-8 的文字：{why}", at=at, why=of_bytes(error.reason)) from error
    except OSError as error:
        raise MappingError("{at}：打不开：{why}", at=at, why=of_system(error)) from error
    except RecursionError:
        raise MappingError(f"{at}：嵌套太深，或引用了自己") from None


def _checked(document: Any, at: str) -> Mapping:
    if not isinstance(document, dict):
        raise MappingError(f"{at}：应为键值结构，要有 name、source、streams")
    known = {"name", "version", "source", "title", "timezone", "package", "maps", "streams", *SOURCE_FIELDS}
    reject(document, known, at)
    name, source = (name_of(document, key, at) for key in ("name", "source"))
    timezone = text_of(document, "timezone", at, "Asia/Shanghai")
    if timezone not in zones():
        raise MappingError(f"{at}：没有“{timezone}”这个时区，应如 Asia/Shanghai")
    maps = _maps(document.get("maps", {}), at)
    listed = document.get("streams")
    if not isinstance(listed, list) or not listed:
        raise MappingError(f"{at}：streams 应为至少一个流的列表")
    elsewhere = {word: name_of(document, word, at) for word in SOURCE_FIELDS if word in document}
    streams = tuple(
        _of_source(_stream(raw, maps, f"{at}，第 {n} 个流"), elsewhere) for n, raw in enumerate(listed, 1)
    )
    names = [stream.name for stream in streams]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        raise MappingError(f"{at}：流名“{twice}”用了两次")
    return Mapping(
        name=name,
        version=text_of(document, "version", at, "1"),
        source=source,
        title=text_of(document, "title", at, name),
        timezone=timezone,
        streams=streams,
        package=choice_of(document, "package", PACKAGES, at) if "package" in document else "",
    )


def _of_source(stream: Stream, elsewhere: dict[str, str]) -> Stream:
    """The stream with what the whole mapping says of whose codes it writes, where it does not say so itself."""
    words = {
        word: source
        for word, source in elsewhere.items()
        if stream.target.name in SOURCE_FIELDS[word] and not getattr(stream, word)
    }
    return replace(stream, **words) if words else stream  # type: ignore[arg-type]


def _maps(raw: Any, at: str) -> dict[str, ValueMap]:
    if not isinstance(raw, dict):
        raise MappingError(f"{at}：maps 应为“名称: {{原值: 新值}}”")
    return {name: ValueMap.of(name, entries, f"{at}，maps.{name}") for name, entries in raw.items()}


def _stream(raw: Any, maps: dict[str, ValueMap], at: str) -> Stream:
    if not isinstance(raw, dict):
        raise MappingError(f"{at}：应为键值结构")
    name = name_of(raw, "name", at)
    at = f"{at.partition('，')[0]}，流 {name}"
    known = {"name", "file", "format", "encoding", "sheet", "header", "optional", "target", "where", "joins"}
    known |= {"key", "repeats", "fields", "columns", "lacking", "heads", "unpivot", "make", "pass"}
    reject(raw, known | {"identity", "series", "void", "voids"} | STREAM_WORDS, at)
    target = TARGETS.get(text_of(raw, "target", at))
    if target is None:
        raise MappingError(f"{at}：没有 target“{raw['target']}”，可选：{'、'.join(TARGETS)}")
    joins = tuple(_join(item, at) for item in list_of(raw.get("joins", []), f"{at}，joins"))
    habit = habit_of(raw, at)
    fields, sources = _fields(raw.get("fields"), target, maps, habit, at)
    stream = Stream(
        name=name,
        target=target,
        layout=_layout(raw, at),
        optional=truth_of(raw, "optional", at),
        where=tuple(_where(item, habit, f"{at}，where") for item in list_of(raw.get("where", []), at)),
        joins=joins,
        key=_key(raw.get("key", []), fields, at),
        repeats=choice_of(raw, "repeats", ("drop", "keep"), at),
        fields=fields,
        course_source=sources.get("course_source", ""),
        class_source=sources.get("class_source", ""),
        made=made_of(raw.get("make", {}), at),
        passed=passed_of(raw.get("pass", []), maps, at),
        identity=choice_of(raw, "identity", ("record", "key"), at),
        series=name_of(raw, "series", at) if "series" in raw else "",
        void=_where(raw["void"], habit, f"{at}，void") if "void" in raw else None,
        voids=_voids(raw["voids"], habit, f"{at}，voids") if "voids" in raw else None,
    )
    _check_versions(stream, at)
    if len({join.alias for join in joins}) < len(joins):
        raise MappingError(f"{at}：两个 joins 用了同一个 as")
    for column in (own for join in joins for own, _ in join.on):
        if stream.joined(column):
            raise MappingError(f"{at}：joins 的 on 左边应为本文件的列，“{column}”来自另一个 joins")
    return stream


def _key(raw: Any, fields: tuple[tuple[str, Expression], ...], at: str) -> tuple[str, ...]:
    """`key: [列, {field: time}]`: a column as it is written, or what a field reads. Raises MappingError."""
    key = []
    for item in list_of(raw, f"{at}，key"):
        if isinstance(item, dict):
            reject(item, {"field"}, f"{at}，key")
            name = text_of(item, "field", f"{at}，key")
            if name not in dict(fields):
                raise MappingError(
                    f"{at}：key 里的字段“{name}”不在 fields 里，可选：{'、'.join(name for name, _ in fields)}"
                )
            key.append(FIELD + name)
        else:
            key += columns_of(item, f"{at}，key")
    return tuple(key)


def _check_versions(stream: Stream, at: str) -> None:
    """What tells versions of a record apart needs records that can be told from each other."""
    used = [name for name in ("modified", "stored") if stream.field(name) is not None]
    said = {"void": stream.void, "voids": stream.voids, "series": stream.series}
    words = [word for word, what in said.items() if what]
    if stream.voids is not None and len(stream.key) != 1:
        raise MappingError(f"{at}：voids 要 key 是一列，这里是 {'、'.join(stream.key) or '没有'}")
    words += ["identity: key"] if stream.identity == "key" else []
    if stream.absent:
        words.append("pass 的 void")
        if stream.void is not None:
            raise MappingError(f"{at}：void 和 pass 的 void 只能写一种")
        if one_kind(stream) == "":
            raise MappingError(
                f"{at}：写了 pass 的 void，kind 就要是固定的（const），或所用的值表只有一种结果：不然不知道收回的是哪一种记录"
            )
    if words and stream.target.name != "record":
        raise MappingError(f"{at}：{'、'.join(words)} 只用于学习记录")
    if (words or "modified" in used) and not stream.versioned:
        wanted = "、".join([*words, *(name for name in used if name == "modified")])
        raise MappingError(f"{at}：{wanted} 要有 key，并且 repeats 为 drop：不然认不出是哪一条记录")


def one_kind(stream: Stream) -> str:
    """The kind of all records of a stream, as the mapping writes it; "" where they may be of several."""
    said = stream.field("kind")
    if said is None:
        return ""
    kinds = {new for _, new in said.map.entries} if said.map else {said.const or ""}
    return kinds.pop() if len(kinds) == 1 else ""


def _fields(
    raw: Any, target: Target, maps: dict[str, ValueMap], habit: Habit, at: str
) -> tuple[tuple[tuple[str, Expression], ...], dict[str, str]]:
    if not isinstance(raw, dict) or not raw:
        raise MappingError(f"{at}：fields 应为“目标字段: 表达式”")
    fields: dict[str, Expression] = {}
    sources: dict[str, str] = {}
    for name, item in raw.items():
        here = f"{at}，字段 {name}"
        expression = written_by(habit, parse_expression(item, maps, here))
        if target.name in SOURCE_FIELDS.get(name, ()):
            if expression.const is None or not NAME.fullmatch(expression.const):
                raise MappingError(f"{here}：应为 {{const: 另一来源的代码}}")
            sources[name] = expression.const
            continue
        field = target.field(name)
        if field is None:
            choices = [f.name for f in target.fields] + (["extra.<名称>"] if target.extra else [])
            raise MappingError(f"{here}：{target.name} 没有这个字段，可选：{'、'.join(choices)}")
        if expression.start is not None and field.type not in ("date", "time"):
            raise MappingError(f"{here}：start/days 只用于日期和时间字段")
        if (expression.max is not None) != (name == "score" and "score_max" not in raw):
            if name == "score":
                raise MappingError(f"{here}：得分要有满分：写 max，或另给 score_max 字段（只能一种）")
            raise MappingError(f"{here}：max 只用于 score")
        if expression.unit not in ("", "percent") and field.type != "seconds":
            raise MappingError(f"{here}：unit “{expression.unit}”只用于时长字段")
        if expression.unit == "percent" and field.type != "number":
            raise MappingError(f"{here}：unit percent 只用于数字字段")
        if expression.format and field.type not in ("date", "time"):
            raise MappingError(f"{here}：format 只用于日期和时间字段")
        for form in (form for part in (expression, *expression.parts) for form in part.format):
            if form not in STARTS and (fault := format_fault(form)):
                raise MappingError(
                    f"{here}：format“{form}”用不了（{fault}），应如 %Y/%m/%d %H:%M，或 {'、'.join(STARTS)}"
                )
        if expression.kinds and field.type != "account":
            raise MappingError(f"{here}：kind 只用于 account，可选：{'、'.join(KINDS)}")
        if field.type == "account" and not (expression.kinds and set(expression.kinds) <= set(KINDS)):
            raise MappingError(f"{here}：account 要写 kind，可选：{'、'.join(KINDS)}")
        for word, reason in wrong_words(field, expression):
            raise MappingError(f"{here}：“{word}”用不了：{reason}")
        fields[name] = expression
    lacking = [f"{f.name}（{f.zh}）" for f in target.fields if f.required and f.name not in fields]
    if lacking:
        raise MappingError(f"{at}：target {target.name} 还缺字段：{'、'.join(lacking)}")
    return tuple(fields.items()), sources


def _layout(raw: dict[str, Any], at: str) -> Layout:
    file = text_of(raw, "file", at)
    path = PurePosixPath(file)
    odd = path.is_absolute() or not path.parts or ".." in path.parts or "\\" in file
    # pathlib takes ** for whole folders only, and another Python may not; better said here than in the middle of a run.
    if odd or any("**" in part and part != "**" for part in path.parts):
        raise MappingError(f"{at}：file“{file}”应为文件夹内的文件名或通配名，如 logs/*.csv")
    office = office_of(raw, at)
    header, under = header_of(raw, at)
    return Layout(
        file=file,
        format=choice_of(raw, "format", FORMATS, at),
        encoding=choice_of(raw, "encoding", ENCODINGS, at),
        sheet=text_of(raw, "sheet", at, ""),
        header=header,
        under=under,
        names=names_of(raw.get("columns", {}), at),
        lacking=columns_of(raw.get("lacking", []), f"{at}，lacking"),
        heads=columns_of(raw.get("heads", []), f"{at}，heads"),
        wide=wide_of(raw["unpivot"], at) if "unpivot" in raw else None,
        **office,
    )


def _join(raw: Any, at: str) -> Join:
    if not isinstance(raw, dict):
        raise MappingError(f"{at}：joins 的每一项应为 {{file, on, as}}")
    known = {"file", "on", "as", "required", "format", "encoding", "sheet", "header"}
    reject(raw, known | JOIN_WORDS, f"{at}，joins")
    alias = name_of(raw, "as", f"{at}，joins")
    on = raw.get("on")
    if not isinstance(on, dict) or not on or not all(isinstance(v, str) and v for v in (*on, *on.values())):
        raise MappingError(f"{at}，joins {alias}：on 应为“本文件的列: 那个文件的列”")
    return Join(
        _layout(raw, f"{at}，joins {alias}"),
        tuple(on.items()),
        alias,
        truth_of(raw, "required", f"{at}，joins {alias}"),
    )


def _voids(raw: Any, habit: Habit, at: str) -> Voids:
    if not isinstance(raw, dict):
        raise MappingError(f"{at}：应为 {{column: 列, in: [值…], key: 列}}")
    rest = {word: what for word, what in raw.items() if word != "key"}
    return Voids(_where(rest, habit, at), text_of(raw, "key", at))


def _where(raw: Any, habit: Habit, at: str) -> Where:
    if not isinstance(raw, dict):
        raise MappingError(f"{at}：应为 {{column: 列, in: [值…]}} 或 {{column: 列, present: true}}")
    reject(raw, {"column", "in", "present", "why"}, at)
    column, why = text_of(raw, "column", at), text_of(raw, "why", at, "")
    if ("in" in raw) == ("present" in raw):
        raise MappingError(f"{at}：column“{column}”要写 in 或 present，只能一种")
    if "present" in raw:
        return Where(column, present=truth_of(raw, "present", at), blank=habit.blank, why=why)
    values = list_of(raw["in"], at)
    if not values or not all(isinstance(value, str) for value in values):
        raise MappingError(f"{at}：column“{column}”的 in 应为一个值或一列值")
    return Where(column, values=tuple(values), why=why)
