from datetime import date

import pytest

from dashboards.figure.gap import Gap, gap_chart
from dashboards.figure.growth import Moment, growth_band
from dashboards.figure.radar import Spoke, radar, wrap
from dashboards.figure.scale import band_of, bands, interval, points
from dashboards.theme import DATA, WARN

LABELS = ("甲", "乙", "丙", "丁", "戊", "己")


def spokes(*known):
    return [
        Spoke(label, 0.7, 0.6, 0.8, 0.6) if k in known else Spoke(label, None, None, None, 0.6, "暂无证据")
        for k, label in enumerate(LABELS)
    ]


def levels(figure):
    """The lines of the level and the dots: everything drawn in the data colour."""
    lines = [t for t in figure.data if t.mode == "lines" and t.line.color == DATA]
    dots = [t for t in figure.data if t.mode == "markers"]
    return [len(t.x) for t in lines], sum(len(t.x) for t in dots)


def paths(figure):
    return [s.path for s in figure.layout.shapes if s.type == "path"]


def test_a_complete_radar_is_one_closed_line_with_a_ring_of_uncertainty():
    figure = radar(spokes(*range(6)))
    assert levels(figure) == ([7], 6)
    assert len(paths(figure)) == 1
    assert paths(figure)[0].count("M") == 2


def test_no_line_runs_through_a_dimension_without_evidence():
    figure = radar(spokes(0, 1, 2, 3, 5))
    assert levels(figure) == ([5], 5)
    assert any("暂无证据" in note.text for note in figure.layout.annotations)


def test_the_line_passes_the_top_when_the_last_and_the_first_are_known():
    assert levels(radar(spokes(5, 0))) == ([2], 2)


def test_a_dimension_that_stands_alone_shows_its_interval_as_a_bar():
    figure = radar(spokes(1, 4))
    assert levels(figure) == ([1, 1], 2)
    assert [s.line.width for s in figure.layout.shapes if s.type == "path"] == [6, 6]


def test_a_radar_without_any_estimate_still_shows_its_axes():
    assert levels(radar(spokes())) == ([], 0)


def test_a_radar_of_two_dimensions_is_refused():
    with pytest.raises(ValueError, match="三个维度"):
        radar(spokes(0)[:2])


def test_the_first_spoke_points_up_and_the_distance_is_the_level():
    dots = radar(spokes(0, 3)).data[-1]
    assert [round(v, 6) for v in dots.y] == [0.7, -0.7]
    assert [round(v, 6) for v in dots.x] == [0.0, 0.0]


def test_orange_needs_the_whole_interval_below_the_standard():
    figure = gap_chart(
        [
            Gap("低", 0.5, 0.45, 0.55, 0.6),
            Gap("也许低", 0.55, 0.45, 0.65, 0.6),
            Gap("相接", 0.55, 0.5, 0.6, 0.6),
            Gap("无标准", 0.1, 0.05, 0.15, None),
        ]
    )
    assert [t.marker.color for t in figure.data] == [WARN, DATA, DATA, DATA]
    assert [("低于标准" in n.text) for n in figure.layout.annotations] == [False, True] + [False] * 6


def test_a_row_without_evidence_has_words_and_no_dot():
    figure = gap_chart([Gap("甲", None, None, None, 0.6, "暂无证据")])
    assert not figure.data
    assert [n.text for n in figure.layout.annotations] == ["甲", "暂无证据"]


def test_the_axis_of_the_gap_chart_begins_below_everything_drawn():
    assert gap_chart([Gap("甲", 0.7, 0.62, 0.8, 0.6)]).layout.xaxis.range == (0.5, 1.0)
    assert gap_chart([Gap("甲", 0.1, 0.0, 0.2, 0.6)]).layout.xaxis.range == (0.0, 1.0)


def test_a_date_without_an_estimate_opens_the_growth_line():
    days = [date(2022, month, 1) for month in (1, 4, 7, 10)]
    known = (0.5, 0.4, 0.6)
    figure = growth_band(
        [Moment(day, *(known if k != 1 else (None,) * 3)) for k, day in enumerate(days)], 0.6
    )
    assert [len(t.x) for t in figure.data if t.mode == "lines+markers"] == [1, 2]


def test_growth_is_not_magnified_beyond_four_tenths_of_the_scale():
    figure = growth_band([Moment(date(2022, m, 1), 0.5, 0.49, 0.51) for m in (1, 4)], None)
    low, high = figure.layout.yaxis.range
    assert high - low == pytest.approx(0.4)


def test_growth_without_any_moment_is_an_empty_figure():
    assert not growth_band([], 0.6).data


def test_bands_cover_the_scale_and_their_lower_bound_is_inclusive():
    assert [b.low for b in bands()][1:] == [b.high for b in bands()][:-1]
    assert bands()[-1].high == 1.0
    assert (band_of(0.6).code, band_of(0.5999).code, band_of(1.0).code, band_of(0).code) == (
        "L3",
        "L2",
        "L4",
        "L1",
    )
    assert points(0.684) == "68"
    assert interval(0.61, 0.754) == "61–75"


def test_long_labels_are_cut_at_the_and():
    assert wrap("班级育人与家校协同", 6) == "班级育人<br>与家校协同"
    assert wrap("教研与反思发展", 4) == "教研<br>与反思<br>发展"
    assert wrap("Digital literacy", 4) == "Digital<br>literacy"


def test_a_rounded_level_never_reads_as_the_band_above_it():
    assert (points(0.5996), points(0.596), points(0.604), points(0.7999), points(1.0)) == (
        "59.9",
        "59.6",
        "60",
        "79.9",
        "100",
    )
    assert all(band_of(float(points(k / 1000)) / 100) == band_of(k / 1000) for k in range(1001))
