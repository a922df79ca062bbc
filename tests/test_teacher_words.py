"""What the teacher's pages say of estimates: only what the intervals allow."""

from dataclasses import replace
from datetime import date

import pytest

from dashboards.part.teacher.change import change
from dashboards.part.teacher.finding import finding, next_step, unsure, wording
from dashboards.teacher.growth import quarters
from portrait.portrait import Estimate, State

DAY = date(2022, 8, 31)
Z = 1.6448536269514722


def estimate(node, level=None, half=0.05, *, n=20, weight=9.0, sources=3, last=date(2022, 7, 1), as_of=DAY):
    state = State.ESTIMATED if level is not None else State.THIN if n else State.NONE
    low, high = (None, None) if level is None else (level - half, level + half)
    return Estimate(node, state, level, low, high, n, weight, sources, last, as_of, "evidence-2022.1")


def blank(node):
    return estimate(node, n=0, weight=0.0, sources=0, last=None)


def test_below_and_reached_are_said_only_of_whole_intervals():
    said = finding(
        [estimate("P2", 0.5), estimate("P3", 0.75), estimate("P4", 0.62), blank("P5"), estimate("P6", n=2)],
        0.6,
    )
    assert said == (
        "专业知识有把握低于岗位标准；教学设计与实施有把握达到标准；其余 1 个与标准分不出高低；2 个证据还不够，不下判断。"
    )


def test_without_any_estimate_the_sentence_names_the_way_to_the_first_evidence():
    assert "第一条证据" in finding([blank("P2")], 0.6)


def test_the_next_step_is_the_surest_gap_then_the_blank_then_the_widest_interval():
    assert next_step([estimate("P2", 0.5), estimate("P3", 0.4), blank("P4")], 0.6)[0] == "P3"
    assert next_step([estimate("P2", 0.7), estimate("P3", n=3, weight=0.5), blank("P4")], 0.6)[0] == "P4"
    assert next_step([estimate("P2", 0.7), estimate("P3", 0.7, 0.2)], 0.6)[0] == "P3"


@pytest.mark.parametrize(
    ("level", "half", "said"),
    [
        (0.7, 0.05, "熟练"),
        (0.75, 0.1, "熟练，可能已到引领"),
        (0.62, 0.1, "熟练，也可能在尝试"),
        (0.7, 0.15, "熟练，可能在尝试到引领之间"),
        (None, 0, ""),
    ],
)
def test_the_band_is_worded_only_as_firmly_as_its_interval(level, half, said):
    assert wording(estimate("P2", level, half)) == said


def test_why_a_figure_is_unsure_names_few_old_one_sided_and_partly_aligned_evidence():
    assert "比较稳" in unsure(estimate("P2", 0.7))
    assert "证据少（2 条" in unsure(estimate("P2", n=2, weight=0.6))
    assert "来源单一（1 个平台）" in unsure(estimate("P2", n=2, weight=0.6, sources=1))
    assert "20 个月前" in unsure(estimate("P2", 0.7, last=date(2020, 12, 1)))
    partly = replace(estimate("P2", 0.7, 0.2), alignment=0.314, mixed=0.5)
    assert unsure(partly) == "为什么不够稳：对应不专（课程平均只有 31% 对应这里）。"
    assert "说法不一" in unsure(estimate("P2", 0.6, 0.2))
    assert "空白不等于低" in unsure(blank("P2"))


def history(*levels, half=0.04, last=date(2022, 7, 1)):
    days = quarters(DAY, len(levels))
    return [
        estimate("P2", level, half, as_of=day, last=last) for level, day in zip(levels, days, strict=True)
    ]


def test_growth_is_said_only_beyond_the_error_of_the_difference():
    # Two half-intervals of .04 give a difference's half-interval of .0566.
    assert change(history(0.5, 0.55), DAY).verdict == "open"
    found = change(history(0.5, 0.56), DAY)
    assert found.verdict == "grown"
    assert found.error == pytest.approx(0.04 * 2**0.5)
    assert change(history(0.6, 0.5), DAY).verdict == "fallen"


def test_old_evidence_is_called_old_and_not_decline():
    assert change(history(0.6, 0.57, last=date(2021, 8, 1)), DAY).verdict == "stale"


def test_one_date_or_none_shows_no_change():
    assert change(history(None, 0.5), DAY).verdict == "first"
    assert change(history(None, None), DAY).verdict == "none"


def test_quarters_end_with_the_day_asked_for():
    assert quarters(DAY, 4) == [date(2021, 12, 31), date(2022, 3, 31), date(2022, 6, 30), DAY]
    assert quarters(date(2022, 3, 31), 2) == [date(2021, 12, 31), date(2022, 3, 31)]
    assert quarters(date(2022, 1, 1), 2) == [date(2021, 12, 31), date(2022, 1, 1)]
