"""Which kind of record a word of a platform or a sheet means: 测验, 看视频, 单元作业3. What it does not know it takes for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from portrait.intake.guess import RULES, plain
from portrait.record import KIND_ZH
from portrait.resource import read_yaml

# What kind of mark it is, by a word in the column's name or the title.
_SCORED = {
    "训前": "pretest",
    "训后": "posttest",
    "作业": "assignment",
    "测验": "quiz",
    "平时": "quiz",
    "考勤": "quiz",
    "课堂": "quiz",
    "期末": "exam",
    "结业": "exam",
    "笔试": "exam",
    "考试": "exam",
}
MOST = 40  # different words: a column with more of them says something else
# That it was not done, put off or taken back: 不参加考试, 取消作业, 已缓考试. 不等式测验, 无机化学考试 and 查漏补缺测验 are of a subject.
_NOT = re.compile(
    "不(?![等定规同限计])|未(?!来|成年)|没|(?<!补)缺(?!氧)|免(?!疫)|非(?![遗洲连金常谓])|无(?![机理线障纸])|缓(?!冲)|[弃拒]|退(?!休)|取消|撤[销回]|作废|删除?"
    "|暂停(?!视频|播放)|[终中]止|延[期迟后]|推迟|忘|漏(?!补)|欠|待(?=[交考批做完提参看评学])|请假|旷|[驳打]回"
)
# What is only looked at, and what whoever teaches does with it.
_LOOKED = re.compile("查看|浏览|阅读|访问|点击|打开|下载")
_TAUGHT = re.compile("布置|发布|批[改阅]|评阅|创建|新建|导出|设置|命题")
_DIGIT = r"\d一二三四五六七八九十"
_NUMBER = re.compile(rf"(?:第|(?<![第{_DIGIT}]))[{_DIGIT}]+[次章节课单元期]*$")


def kind_of(word: str) -> str:
    """The kind, as mappings write it; "" for a word that says none. The end of a Chinese compound is what it is: 单元测验 is a 测验."""
    said = plain(word)
    known = words()
    if said in known:
        return known[said]
    said = _NUMBER.sub("", said)
    if said in known:
        return known[said]
    ends = (end for end in known if len(end) > 1 and said.endswith(end) and known[end] in _ENDING)
    end = max(ends, key=len, default="")
    kind = known.get(end, "")
    if _NOT.search(said) or (kind in _MARKED and _TAUGHT.search(said)):
        return ""
    return "view" if kind and kind != "video" and _LOOKED.match(said) else kind


_MARKED = ("quiz", "assignment", "exam", "pretest", "posttest")
_ENDING = (*_MARKED, "video", "forum")


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


def mark_of(column: str, said: str) -> str:
    """Which kind of mark, by the column's own name or else by the title. Where no word says it, the one that weighs least."""
    return _SCORED.get(mark_word(column) or _first_word(said), "quiz")


def mark_word(column: str) -> str:
    """The word in a head that says it; what stands over several columns says less than their own heads."""
    return _first_word(column.rpartition("·")[2]) or _first_word(column)


def _first_word(text: str) -> str:
    """The word that stands first in the text and says what kind of mark it is; "" for none."""
    return min(
        (place, word) for word in (*_SCORED, "") if (place := text.find(word) if word else len(text)) >= 0
    )[1]
