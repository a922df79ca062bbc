"""Whose courses and classes a sheet's codes are: proposed where one source's list has them, chosen among those that there are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from portrait.errors import InputError
from portrait.intake.door import intake
from portrait.intake.propose import Proposal, propose
from portrait.intake.sketch import save, site_lists, tried
from portrait.site import Site

COURSES = """
name: {source}
source: {source}
streams:
  - name: courses
    file: courses.csv
    target: course
    fields: {{code: {{from: 代码}}, title: {{from: 名称}}}}
"""
SHEET = "继教编号,课程代码,得分,提交日期\nHJ000001,KC0001,80,2022-10-08\nHJ000002,KC0002,90,2022-10-08\n"


def catalogued(site: Site, folder: Path, source: str, *codes: str) -> None:
    folder = folder / source
    folder.mkdir()
    (folder / "courses.csv").write_text(
        "代码,名称\n" + "".join(f"{code},甲\n" for code in codes), encoding="utf-8"
    )
    mapping = folder.parent / f"{source}.yaml"
    mapping.write_text(COURSES.format(source=source), encoding="utf-8")
    intake(site, folder, str(mapping), by="t")


def marks(site: Site, folder: Path) -> tuple[Path, Proposal]:
    path = folder / "成绩.csv"
    path.write_text(SHEET, encoding="utf-8")
    (found,) = propose(path, path.name, lists=site_lists(site))
    return path, found


def test_the_one_source_whose_list_has_the_codes_is_proposed(site: Site, tmp_path: Path) -> None:
    catalogued(site, tmp_path, "henan", "KC0001", "KC0002")
    catalogued(site, tmp_path, "other", "KC0001")
    path, found = marks(site, tmp_path)
    assert found.draft.fixed["course_source"] == "henan"
    assert str(found.draft.reasons["course_source"]) == "2 个代码里 2 个在来源 henan 的课程名单里"
    shown = tried(site, path, found.draft).found[0].samples
    assert "（" not in shown[0].read["course"]
    none = replace(found.draft, fixed={**found.draft.fixed, "course_source": ""})
    read = tried(site, path, none).found[0].samples[1].read
    assert read["course"] == "KC0002（来源 henan 有这个代码）"


def test_of_two_lists_that_have_the_codes_none_is_proposed_and_a_wrong_one_is_refused(
    sqlite_site: Site, tmp_path: Path
) -> None:
    assert "course_source" not in marks(sqlite_site, tmp_path)[1].draft.fixed
    catalogued(sqlite_site, tmp_path, "henan", "KC0001", "KC0002")
    catalogued(sqlite_site, tmp_path, "other", "KC0001", "KC0002")
    path, found = marks(sqlite_site, tmp_path)
    assert "course_source" not in found.draft.fixed
    wrong = replace(found.draft, fixed={**found.draft.fixed, "course_source": "nosuch"})
    told = "来源“nosuch”没有课程名单，可选：henan、other"
    assert str(tried(sqlite_site, path, wrong).error) == told
    with pytest.raises(InputError, match=told):
        save(sqlite_site, wrong)
