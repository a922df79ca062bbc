"""What the title of a sheet says beside what it is: the class, by its code or name, and the project. Read anew of every sheet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from portrait.intake.layout import CAPTION_COLUMN, SHEET_COLUMN, TITLE_COLUMN
from portrait.intake.shape import FILE
from portrait.sentence import Sentence, sentence

_PLACES = ("市", "县", "区", "乡", "镇")
_SCHOOL = 4  # characters of a school's name, at least: 一小 may be any
# Columns that the mapping makes. No sheet has such names.
RUN, PROJECT, WRITTEN = "（班次）", "（项目）", "（标题、表名和文件名）"
_BEFORE = r"(?:附[件表] ?\d*[:：]? ?)?"
# Letters and more than a year: GP2022 is a programme's. Neither the engine's patterns nor Python's need to look ahead.
_NUMBERED = r"(?:\d{2,3}|(?:[03-9]\d|1[0-8]|2[1-9])\d\d|\d{5,}[A-Z0-9_-]*|\d{2,}[A-Z_-][A-Z0-9_-]*)"
_CODE = rf"(?:^|[^A-Za-z0-9])([A-Z]{{2,6}}[-_]?{_NUMBERED})(?:[^A-Za-z0-9]|$)"
# What cameras, scanners and programs call their files.
_NO_CODES = ("MVIMG", "IMG", "WPS", "DSC", "PIC", "VID", "SCAN", "QQ", "WX", "DOC", "XLSX", "XLS", "CSV", "PDF", "PPT", "EXCEL", "OFFICE", "WIN", "COVID", "ISO")  # fmt: skip
# 班主任 is no 班; the second course of one class is another one.
_PART = (
    r"(?:第?(?:\d{1,2}|[一二三四五六七八九十]{1,3})[期批组]|(?:小学|初中|高中|中学|幼儿|语文|数学|英语)组)"
)
_CLASS = rf"(?:^|[ /]){_BEFORE}([^ /]{{5,40}}班[）)]?(?:[（(]{_PART}[）)]|{_PART})?)(?:$|[^主级内里长会])"
_PROJECT = rf"(?:^|[ /]){_BEFORE}([^ /（(]*(?:培训|研修|项目|工程|计划”?))"


def run() -> dict[str, Any]:
    """The class: its code where one is written, else its name."""
    return {
        WRITTEN: [
            {"from": [TITLE_COLUMN, SHEET_COLUMN, FILE], "replace": dict.fromkeys(_NO_CODES, "")},
        ],
        RUN: [
            {"from": WRITTEN, "match": _CODE},
            {"from": [TITLE_COLUMN, FILE], "match": _CLASS},
        ],
    }


def project() -> dict[str, Any]:
    """The class or the project, whatever the certificate is for; else the title as it stands."""
    return {
        PROJECT: [
            {"from": CAPTION_COLUMN, "match": _CLASS},
            {"from": CAPTION_COLUMN, "match": _PROJECT},
            {"from": CAPTION_COLUMN},
        ]
    }


def class_said(title: str, sheet: str, file: str) -> tuple[str, bool]:
    """The class that a sheet names, and whether by its code; "" when it names none. As `run` reads it."""
    file = Path(file).name
    written = " ".join(filter(None, (title, sheet, file)))
    for word in _NO_CODES:
        written = written.replace(word, "")
    for form, text in ((_CODE, written), (_CLASS, " ".join(filter(None, (title, file))))):
        if found := re.search(form, text):
            return found[1], form == _CODE
    return "", False


def class_told(said: str, coded: bool) -> Sentence:
    if coded:
        return sentence("标题、表名或文件名里的“{said}”像班次代码", said=said)
    return sentence("标题或文件名里的“{said}”像班次名称（没有把握，请核对）", said=said)


def school_said(said: str, schools: Iterable[str]) -> str:
    """The registered school that a text names, of one within another (一小学, 第一小学) the longer; "" where it names none, or several,
    or where several are called so."""
    called = Counter(name for name in schools if len(name) >= _SCHOOL and name in said)
    found = sorted((name for name in called if not _cut(name, said)), key=len)
    longest = [
        name for place, name in enumerate(found) if not any(name in other for other in found[place + 1 :])
    ]
    return longest[0] if len(longest) == 1 and called[longest[0]] == 1 else ""


def _cut(name: str, said: str) -> bool:
    """Whether what a text names is more than this: 实验小学 of 洛阳市涧西区实验小学 is no school of another county."""
    before = said[: said.index(name)]
    return before.endswith(_PLACES) and not any(place in name for place in _PLACES)
