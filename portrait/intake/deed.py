"""Which kind of record a word of a platform or a sheet means: 测验, 看视频, 单元作业3. What it does not know it takes for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from portrait.intake.guess import RULES, plain
from portrait.record import KIND_ZH
from portrait.resource import read_yaml

MOST = 40  # different words: a column with more of them says something else
_NOT = re.compile("^[未没缺免非无]")
_NUMBER = re.compile(r"第?[\d一二三四五六七八九十]+[次章节课单元期]*$")


def kind_of(word: str) -> str:
    """The kind, as mappings write it; "" for a word that says none. The end of a Chinese compound is what it is: 单元测验 is a 测验."""
    said = plain(word)
    known = words()
    if said in known:
        return known[said]
    said = _NUMBER.sub("", said)
    if said in known:
        return known[said]
    if _NOT.match(said):
        return ""
    ends = (end for end in known if len(end) > 1 and said.endswith(end) and known[end] in _ENDING)
    return known.get(max(ends, key=len, default=""), "")


_ENDING = ("quiz", "assignment", "exam", "video", "forum", "pretest", "posttest")


def kinds_of(found: Iterable[str]) -> dict[str, str]:
    """Word → kind, "" where it says none."""
    return {word: kind_of(word) for word in found}


@cache
def words() -> dict[str, str]:
    """Every word that is known for a kind, without blanks and width."""
    alias = read_yaml(RULES)["alias"]
    said = {**alias["result"], **alias["kind"]}
    named = {zh: kind.name.lower() for kind, zh in KIND_ZH.items()}
    codes = {kind: kind for kind in named.values()}
    return codes | {plain(str(word)): str(kind) for word, kind in {**said, **named}.items()}
