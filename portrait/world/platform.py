"""The three online platforms' exports: 豫研在线 and 中原教师网 as tables, 云课堂 as xAPI statements."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portrait.framework import indicators
from portrait.record import Kind
from portrait.resource import read_yaml
from portrait.world.catalogue import scored_indicators
from portrait.world.event import Events
from portrait.world.table import moments, numbers, serials, words

_ITEMS = 64
_ITEM = {
    Kind.VIDEO: "第{n}讲",
    Kind.VIEW: "第{n}讲讲义",
    Kind.FORUM: "主题研讨{n}",
    Kind.QUIZ: "单元测验{n}",
    Kind.ASSIGNMENT: "实践作业{n}",
    Kind.EXAM: "结课考试",
    Kind.PRETEST: "训前测",
    Kind.POSTTEST: "训后测",
}
_GRADES = ("不及格", "及格", "中等", "良好", "优秀")
_WEB = "https://yunketang.demo.invalid"


@dataclass(frozen=True)
class Named:
    """What the codes of a chunk are called: staff numbers and mailboxes by teacher, codes and titles by course and class."""

    staff: np.ndarray
    mail: np.ndarray
    course: Sequence[str]
    title: Sequence[str]
    run: Sequence[str]  # one more than there are classes: the last is "" for none


@cache
def _kinds(mapping: str, values: str) -> list[str]:
    """For each kind what a platform calls it; "" where it has no word."""
    entries = read_yaml(f"mapping/{mapping}.yaml")["maps"][values]
    said = {Kind[name.upper()]: str(text) for text, name in entries.items()}
    return [said.get(Kind(k), "") if k else "" for k in range(max(Kind) + 1)]


@cache
def _items() -> list[str]:
    """Name of item `number` of each kind, at kind × 64 + number."""
    names = [""] * ((max(Kind) + 1) * _ITEMS)
    for kind, pattern in _ITEM.items():
        for n in range(_ITEMS):
            names[kind * _ITEMS + n] = pattern.replace("{n}", str(n))
    for n, code in enumerate(scored_indicators(), 1):
        names[Kind.SELF_RATING * _ITEMS + n] = indicators()[code].zh
    return names


def _item(found: Events) -> pa.Array:
    return words(_items(), found.kind.astype(np.int64) * _ITEMS + found.number)


def _run(named: Named, found: Events) -> pa.Array:
    return words(named.run, np.where(found.run < 0, len(named.run) - 1, found.run))


def yuyan_log(named: Named, found: Events, seconds: np.ndarray, batch: int) -> pa.Table:
    """豫研在线, 学习日志: everything but marks."""
    timed = found.seconds > 0
    return pa.table(
        {
            "日志编号": serials(f"YY{batch:03d}-", len(found)),
            "继教编号": words(named.staff, found.who),
            "课程代码": words(named.course, found.course),
            "班次代码": _run(named, found),
            "行为": words(_kinds("demo_yuyan", "action"), found.kind),
            "对象": _item(found),
            "发生时间": moments(seconds),
            "次数": words(["1"], np.zeros(len(found), np.int64)),
            "用时秒": numbers(found.seconds, ~timed),
            "内容秒": numbers(found.content, found.content == 0),
            "学时": numbers(found.credit.astype(np.int32), found.credit == 0),
        }
    )


def yuyan_marks(named: Named, found: Events, seconds: np.ndarray) -> pa.Table:
    """豫研在线, 成绩: marks out of 100, homework of some courses out of 50, self-ratings out of 4."""
    top = np.where(found.kind == Kind.SELF_RATING, 4, 100)
    top = np.where((found.kind == Kind.ASSIGNMENT) & (found.course % 3 == 0), 50, top)
    return pa.table(
        {
            "继教编号": words(named.staff, found.who),
            "课程代码": words(named.course, found.course),
            "班次代码": _run(named, found),
            "类型": words(_kinds("demo_yuyan", "mark"), found.kind),
            "项目": _item(found),
            "得分": numbers(np.round(found.score * top).astype(np.int32)),
            "满分": numbers(top.astype(np.int32)),
            "提交时间": moments(seconds),
        }
    )


def _slashed(seconds: np.ndarray) -> pa.Array:
    """2022/05/10 09:00"""
    return pc.replace_substring(pc.utf8_slice_codeunits(moments(seconds), 0, 16), "-", "/")


def zhongyuan_progress(named: Named, found: Events, seconds: np.ndarray, batch: int) -> pa.Table:
    """中原教师网, 学情导出: everything but homework; minutes, and a title beside the code."""
    minutes = np.round(found.seconds / 60, 1)
    return pa.table(
        {
            "流水号": serials(f"ZY{batch:03d}", len(found)),
            "账号": words(named.mail, found.who),
            "课程编号": words(named.course, found.course),
            "课程名称": words(named.title, found.course),
            "班级编号": _run(named, found),
            "活动类型": words(_kinds("demo_zhongyuan", "activity"), found.kind),
            "活动名称": _item(found),
            "活动时间": _slashed(seconds),
            "学习分钟": numbers(minutes, found.seconds == 0),
            "资源分钟": numbers(found.content // 60, found.content == 0),
            "次数": words(["1"], np.zeros(len(found), np.int64)),
            "分数": numbers(np.round(np.nan_to_num(found.score) * 200).astype(np.int32) / 2, np.isnan(found.score)),
            "认定学时": numbers(found.credit.astype(np.int32), found.credit == 0),
        }
    )  # fmt: skip


def zhongyuan_homework(named: Named, found: Events, seconds: np.ndarray) -> pa.Table:
    """中原教师网, 作业等级: five grades instead of marks."""
    return pa.table(
        {
            "账号": words(named.mail, found.who),
            "课程编号": words(named.course, found.course),
            "班级编号": _run(named, found),
            "作业名称": _item(found),
            "等级": words(_GRADES, np.digitize(found.score, (0.6, 0.7, 0.8, 0.9))),
            "提交时间": _slashed(seconds),
        }
    )


_OBJECT = {Kind.VIDEO: "video", Kind.VIEW: "page", Kind.FORUM: "forum", Kind.QUIZ: "quiz", Kind.ASSIGNMENT: "task", Kind.EXAM: "exam"}  # fmt: skip


def statements(rng: np.random.Generator, named: Named, found: Events, seconds: np.ndarray) -> pa.Array:
    """云课堂: one xAPI statement a line. Every fifth teacher is known by mailbox, the others by account."""
    n = len(found)
    by_account = [
        json.dumps({"objectType": "Agent", "account": {"homePage": _WEB, "name": staff}}) for staff in named.staff
    ]  # fmt: skip
    by_mail = [json.dumps({"objectType": "Agent", "mbox": f"mailto:{mail}"}) for mail in named.mail]
    actors = [by_mail[i] if i % 5 == 4 else by_account[i] for i in range(len(by_mail))]
    activity = [f"/{_OBJECT[Kind(k)]}/" if k in list(_OBJECT) else "" for k in range(max(Kind) + 1)]
    part = np.isin(found.kind, [int(k) for k in _OBJECT])
    nothing = pa.scalar("", pa.string())

    def when(mask: np.ndarray, *pieces: pa.Array | str) -> pa.Array:
        return pc.if_else(pa.array(mask), join(*pieces), nothing)

    def join(*pieces: pa.Array | str) -> pa.Array:
        return pc.binary_join_element_wise(*pieces, "")

    scored, timed, credited = ~np.isnan(found.score), found.seconds > 0, found.credit > 0
    result = join(
        when(scored, ',"score":{"raw":', numbers(np.round(np.nan_to_num(found.score) * 100).astype(np.int32)), ',"min":0,"max":100}'),
        when(timed, ',"duration":"PT', numbers(found.seconds), 'S"'),
        when(credited, ',"completion":true,"extensions":{"urn:henan:hours":', numbers(found.credit.astype(np.int32)), "}"),
    )  # fmt: skip
    # The first comma of what there is belongs to nobody.
    result = when(scored | timed | credited, ',"result":{', pc.utf8_slice_codeunits(result, 1), "}")
    length = when(
        found.content > 0, ',"https://w3id.org/xapi/video/extensions/length":', numbers(found.content)
    )
    target = join(
        words(named.course, found.course),
        words(activity, found.kind),
        when(part, numbers(found.number.astype(np.int32))),
    )
    return join(
        '{"id":"', _uuids(rng, n), '","actor":', words(actors, found.who),
        ',"verb":{"id":"', words(_kinds("demo_yunketang", "verb"), found.kind),
        f'"}},"object":{{"id":"{_WEB}/course/', target, '"}', result,
        ',"context":{"platform":"云课堂","extensions":{"urn:henan:course":"', words(named.course, found.course), '"', length,
        '}},"timestamp":"', pc.replace_substring(moments(seconds), " ", "T"), '+08:00"}',
    )  # fmt: skip


def _uuids(rng: np.random.Generator, count: int) -> pa.Array:
    """Version-4 identifiers from the world's own randomness."""
    digits = np.frombuffer(rng.bytes(16 * count).hex().encode(), np.uint8).reshape(count, 32).copy()
    digits[:, 12], digits[:, 16] = ord("4"), ord("8")
    dash = np.full((count, 1), ord("-"), np.uint8)
    cuts = (0, 8, 12, 16, 20, 32)
    pieces = [digits[:, a:b] for a, b in pairwise(cuts)]
    joined = np.concatenate([x for piece in pieces for x in (piece, dash)][:-1], axis=1)
    flat = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(36), count, [None, pa.py_buffer(np.ascontiguousarray(joined))]
    )
    return pc.cast(pc.cast(flat, pa.binary()), pa.string())
