"""Words of the demo province: lists of invented names and the labels platforms write instead of our codes."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from portrait.resource import read_code, read_yaml

NUMERALS = "零一二三四五六七八九十"


def names() -> dict[str, Any]:
    return dict(read_yaml("world/name.yaml"))


@cache
def label(kind: str) -> dict[str, str]:
    """Our code → what the roster export says for it, for one value map of data/mapping/demo_registry.yaml."""
    entries = read_yaml("mapping/demo_registry.yaml")["maps"][kind]
    return {str(code): str(text) for text, code in entries.items()}


@cache
def subject_word(code: str) -> str:
    """A subject as titles write it."""
    return {"X12": "信息科技", "X23": "五大领域", "X24": "特殊教育", "X25": "全科"}.get(
        code, read_code("subjects")[code]["zh"]
    )


STAGE_WORD = {"S1": "幼儿园", "S2": "小学", "S3": "初中", "S4": "高中", "S5": "中职", "S6": "特殊教育"}


def numeral(number: int) -> str:
    """1 → 一 … 99 → 九十九."""
    tens, ones = divmod(number, 10)
    if tens == 0:
        return NUMERALS[ones]
    return ("" if tens == 1 else NUMERALS[tens]) + "十" + (NUMERALS[ones] if ones else "")


def shares(weights: np.ndarray, total: int, least: int = 1) -> np.ndarray:
    """Whole numbers in proportion to the weights that add up to `total`, none below `least` (largest remainders)."""
    spare = total - least * len(weights)
    if spare < 0:
        return np.bincount(np.arange(total) % len(weights), minlength=len(weights))
    exact = weights / weights.sum() * spare
    whole = np.floor(exact).astype(np.int64)
    rest = spare - int(whole.sum())
    whole[np.argsort(-(exact - whole), kind="stable")[:rest]] += 1
    return np.asarray(whole + least)
