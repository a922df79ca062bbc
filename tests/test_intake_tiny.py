"""The tiny world through the door: the ledger of tests/tiny/README.md, row by row, on both registries."""

from __future__ import annotations

from pathlib import Path

import pytest

from portrait.intake.door import intake
from portrait.site import Site
from portrait.world import WORLD_SOURCES

# (source, stream): read, stored, duplicate, quarantined, passed, doubtful, unmatched
LEDGER = {
    ("henan", "providers"): (2, 2, 0, 0, 0, 0, 0),
    ("henan", "schools"): (3, 3, 0, 0, 0, 0, 0),
    ("henan", "teachers"): (6, 6, 0, 0, 0, 0, 0),
    ("henan", "courses"): (9, 9, 0, 0, 0, 0, 0),
    ("henan", "alignments"): (12, 12, 0, 0, 0, 0, 0),
    ("henan", "classes"): (3, 3, 0, 0, 0, 0, 0),
    ("henan", "quotas"): (5, 5, 0, 0, 0, 0, 0),
    ("henan", "trainees"): (8, 8, 0, 0, 0, 0, 0),
    ("yuyan", "log"): (20, 17, 1, 2, 0, 1, 0),
    ("yuyan", "marks"): (8, 7, 0, 1, 0, 0, 0),
    ("zhongyuan", "progress"): (11, 11, 0, 0, 0, 0, 2),
    ("zhongyuan", "homework"): (3, 2, 0, 1, 0, 0, 0),
    ("yunketang", "by_account"): (6, 5, 0, 1, 3, 0, 0),
    ("yunketang", "by_mail"): (3, 3, 0, 0, 6, 0, 0),
    ("offline", "attendance"): (7, 7, 0, 0, 0, 0, 0),
    ("offline", "tests"): (5, 5, 0, 0, 0, 0, 0),
    ("offline", "rubrics"): (4, 3, 0, 1, 0, 0, 0),
    ("offline", "outcomes"): (3, 3, 0, 0, 0, 0, 0),
    ("offline", "certificates"): (3, 3, 0, 0, 0, 0, 0),
    ("offline", "school_study"): (3, 3, 0, 0, 0, 0, 0),
    ("offline", "facts"): (1, 1, 0, 0, 0, 0, 0),
}


@pytest.mark.slow
def test_the_tiny_world_comes_in_as_its_ledger_says_and_a_second_time_adds_nothing(
    site: Site, tiny_folder: Path
) -> None:
    found = {}
    for folder, source in WORLD_SOURCES:
        for report in intake(site, tiny_folder / folder, source, by="test"):
            c = report.counts
            assert c.balanced
            found[report.source, report.stream] = (
                c.rows_read,
                c.rows_stored,
                c.rows_duplicate,
                c.rows_quarantined,
                c.rows_passed,
                c.rows_doubtful,
                c.rows_unmatched,
            )
    assert found == LEDGER
    for folder, source in WORLD_SOURCES:
        for report in intake(site, tiny_folder / folder, source, by="test"):
            assert report.taken_before
            assert (report.rows_stored, report.rows_duplicate) == (0, report.rows_read)
