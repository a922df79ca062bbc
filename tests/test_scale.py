"""A full mark that is hardly more than guessed is said before anything is taken in."""

from __future__ import annotations

from pathlib import Path

from portrait.intake.scale import guessed, scale_of
from tests.sheets import proposed


def test_a_part_of_a_paper_has_a_guessed_full_mark_and_who_looks_is_told(tmp_path: Path) -> None:
    head = ["继教编号", "客观题得分", "总分"]
    found = proposed(tmp_path, [head, *([f"T{n}000", 22 + n, 70 + n] for n in range(12))])
    (note,) = [str(one) for one in found.notes if "是猜的" in one]
    assert note.startswith("“客观题得分”的满分 100 是猜的，拿不准")
    plain = proposed(tmp_path, [["继教编号", "得分"], *([f"T{n}000", 70 + n] for n in range(12))], "b.xlsx")
    assert [one for one in plain.notes if "是猜的" in one] == []


def test_columns_of_one_doubtful_full_mark_are_told_together() -> None:
    marks = [(("", row), 30.0 + row) for row in range(6)]
    scales = {name: scale_of(name, marks) for name in ("甲", "乙", "丙（满分40）")}
    assert [str(one).partition("的满分")[0] for one in guessed(scales)] == ["“甲”、“乙”"]
