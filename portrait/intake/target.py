"""What a stream may fill: each target's fields with type, meaning and whether a row is nothing without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from portrait.intake.digest import later

FieldType = Literal[
    "text",
    "number",
    "integer",
    "seconds",
    "date",
    "time",
    "boolean",
    "code",  # of a code list, by code or by its Chinese name
    "codes",  # several, joined by |
    "kind",  # of a learning record
    "account",
    "identifier",  # staff, mail, phone, idno of a person
    "course",
    "class",
    "school",
    "provider",
]
LOOKUPS: frozenset[str] = frozenset(
    {"boolean", "code", "codes", "kind", "account", "identifier", "course", "class", "school", "provider"}
)
DATED = ("date", "time")


@dataclass(frozen=True)
class Field:
    """One target field. `low` and `high` bound a number; `size` bounds a text; `codes` names its code list."""

    name: str
    zh: str
    type: FieldType
    required: bool = False
    size: int = 0
    low: float | None = None
    high: float | None = None
    codes: str = ""
    newer: bool = later(
        False
    )  # came when mappings were in use: it is no part of what a mapping without it means


@dataclass(frozen=True)
class Target:
    """A kind of thing that comes in. `key` are the fields that say whether two rows mean the same one."""

    name: str
    zh: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    extra: bool = False  # takes any `extra.<name>` besides

    def field(self, name: str) -> Field | None:
        for field in self.fields:
            if field.name == name:
                return field
        if self.extra and name.startswith("extra.") and len(name) > len("extra."):
            return Field(name, name.removeprefix("extra."), "text", size=500)
        return None


def _text(name: str, zh: str, size: int, required: bool = False) -> Field:
    return Field(name, zh, "text", required, size=size)


def _code(name: str, zh: str, codes: str, required: bool = False) -> Field:
    return Field(name, zh, "code", required, codes=codes)


def _number(name: str, zh: str, low: float | None = 0, high: float | None = None) -> Field:
    return Field(name, zh, "number", low=low, high=high)


def _integer(name: str, zh: str, low: int = 0, high: int = 2_000_000_000, required: bool = False) -> Field:
    return Field(name, zh, "integer", required, low=low, high=high)


_TARGETS = (
    Target(
        "school",
        "学校",
        ("code",),
        (
            _text("code", "学校代码", 40, True),
            _text("name", "学校名称", 120, True),
            _code("county", "所在县（市、区）", "county", True),
            _code("urban_rural", "城乡代码", "urban_rural"),
            _code("stage", "学段", "stage"),
        ),
    ),
    Target(
        "provider",
        "承训单位",
        ("code",),
        (
            _text("code", "单位代码", 40, True),
            _text("name", "单位名称", 120, True),
            _text("kind", "单位类型", 40),
        ),
    ),
    Target(
        "person",
        "教师",
        ("key",),
        (
            _text("key", "继教编号（或“来源:编号”）", 80, True),
            _text("name", "姓名", 60, True),
            _code("gender", "性别", "gender"),
            _integer("birth_year", "出生年", 1900, 2020),
            Field("school", "学校代码", "school"),
            _code("stage", "学段", "stage"),
            _code("subject", "任教学科", "subject"),
            _code("subject2", "兼教学科", "subject"),
            _code("title", "职称", "title"),
            _text("post", "岗位", 20),
            _integer("since", "从教起始年", 1940, 2100),
            Field("teaching", "在教学一线", "boolean"),
            Field("staff", "继教编号", "identifier", codes="staff"),
            Field("idno", "身份证号", "identifier", codes="idno"),
            Field("mail", "邮箱", "identifier", codes="mail"),
            Field("phone", "手机号", "identifier", codes="phone"),
            Field("account", "平台账号", "account"),
        ),
        extra=True,
    ),
    Target(
        "course",
        "课程",
        ("code",),
        (
            _text("code", "课程代码", 80, True),
            _text("title", "课程名称", 200, True),
            _text("summary", "简介", 20_000),
            Field("provider", "承训单位代码", "provider"),
            _number("hours", "学时", 0, 10_000),
            _code("mode", "培训方式", "mode"),
            _code("theme", "通识主题", "theme"),
            _text("category", "课程类别", 20),
            Field("stage", "适用学段", "codes", codes="stage", size=20),
            Field("subject", "适用学科", "codes", codes="subject", size=40),
            _text("level_from", "起始水平", 2),
            _text("level_to", "达到水平", 2),
            Field("starts", "开始日期", "date"),
            Field("ends", "结束日期", "date"),
            Field("shelf", "在课程超市上架", "boolean"),
        ),
    ),
    Target(
        "alignment",
        "课程指标对应",
        ("course", "indicator"),
        (
            Field("course", "课程代码", "course", True),
            _code("indicator", "指标", "indicator", True),
            _integer("percent", "占比", 1, 100, True),
        ),
    ),
    Target(
        "class",
        "班次",
        ("code",),
        (
            _text("code", "班次代码", 80, True),
            _text("name", "班次名称", 200, True),
            _code("category", "项目类别", "category"),
            _text("subproject", "子项目", 120),
            _code("level", "培训层级", "level"),
            _code("mode", "培训方式", "mode"),
            Field("provider", "承训单位代码", "provider"),
            Field("course", "课程代码", "course"),
            Field("starts", "开班日期", "date"),
            Field("ends", "结束日期", "date"),
            _number("hours", "学时", 0, 10_000),
            _integer("sessions", "计划出勤天数", 0, 1000),
            _integer("tasks", "计划任务数", 0, 1000),
        ),
    ),
    Target(
        "quota",
        "名额",
        ("class", "region"),
        (
            Field("class", "班次代码", "class", True),
            _code("region", "市或县", "region", True),
            _integer("n", "名额", 0, 1_000_000, True),
        ),
    ),
    Target(
        "trainee",
        "学员",
        ("class", "account"),
        (
            Field("class", "班次代码", "class", True),
            Field("account", "学员账号", "account", True),
            Field("name", "账号上的姓名", "text", size=60, newer=True),
            _code("region", "选派县（市、区）", "region"),
            Field("confirmed", "选派确认日期", "date"),
            Field("checked_in", "报到日期", "date"),
            Field("graduated", "结业日期", "date"),
            Field("left", "退出日期", "date"),
            _text("reason", "未报到或退出原因", 80),
        ),
    ),
    Target(
        "record",
        "学习记录",
        (),
        (
            Field("account", "账号", "account", True),
            Field("name", "账号上的姓名", "text", size=60, newer=True),
            Field("course", "课程代码", "course"),
            Field("run", "班次代码", "class"),
            _text("item", "学习项目", 300),
            Field("kind", "记录种类", "kind", True),
            Field("time", "时间", "time"),
            Field("modified", "修改时间", "time", newer=True),
            Field("stored", "平台存储时间", "time", newer=True),
            _integer("seq", "次序", -2_000_000_000),
            _number("score", "得分", None),
            _number("score_max", "满分", None),
            _number("weight", "权重", 0, 1),
            _integer("count", "次数", 0),
            Field("seconds", "学习时长", "seconds", low=0, high=2_000_000_000),
            Field("content_seconds", "内容时长", "seconds", low=0, high=2_000_000_000),
            _number("credit", "学时", 0, 10_000),
            Field("offsite", "外出", "boolean"),
            Field("face", "面授", "boolean"),
            Field("verified", "已核验", "boolean"),
        ),
    ),
)
TARGETS: dict[str, Target] = {target.name: target for target in _TARGETS}
# A course or class code may belong to another source than the mapping's: {const: supermarket}.
SOURCE_FIELDS: dict[str, frozenset[str]] = {
    "course_source": frozenset({"record", "class", "alignment"}),
    "class_source": frozenset({"record", "trainee", "quota"}),
}
