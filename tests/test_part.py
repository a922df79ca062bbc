"""The words and numbers of the shared parts."""

from datetime import UTC, date, datetime

import pytest

from dashboards import language
from dashboards.figure.rate_dot import RateRow, rate_dots
from dashboards.pages import PAGES
from dashboards.part import (
    badge,
    band,
    empty_state,
    estimate_text,
    format,
    grid,
    icon,
    number,
    opener,
    progress,
    rate,
    simple_table,
    state_badge,
)
from dashboards.part.icon import ICONS
from portrait.portrait import Estimate, State
from portrait.programme.rate import rate as rate_of


@pytest.fixture(autouse=True)
def chinese():
    language.use("zh")
    yield
    language.use("zh")


def text(component):
    """The words of a component, in order."""
    if component is None or isinstance(component, bool):
        return ""
    if isinstance(component, (str, int, float)):
        return str(component)
    if isinstance(component, (list, tuple)):
        return "".join(map(text, component))
    return text(getattr(component, "children", None))


def estimate(state, level=None, low=None, high=None, n=0):
    return Estimate("P2", state, level, low, high, n, 1.0, 2, None, date(2022, 8, 31), "evidence-2022.1")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (9999, "9999"),
        (12345, "1.2 万"),
        (1_200_000, "120.0 万"),
        (250_000_000, "2.5 亿"),
        (None, "—"),
    ],
)
def test_counts_are_said_in_ten_thousands(value, shown):
    assert format.count(value) == shown


def test_a_share_never_stands_without_its_counts():
    assert format.rate(130, 170) == "76.5%（130/170）"
    assert text(rate(130, 170)) == "76.5%（130/170）"
    assert text(rate(0, 0)) == "无（0/0）"
    assert text(rate(0, 9)) == "0.0%（0/9）"


@pytest.mark.parametrize(
    ("value", "shown"), [(0.3, "+0.3"), (-0.3, "−0.3"), (0.0, "0"), (-0.04, "0"), (2.0, "+2"), (None, "—")]
)
def test_a_change_carries_its_sign(value, shown):
    assert format.signed(value) == shown


def test_dates_are_written_the_chinese_way():
    assert format.day(date(2022, 8, 31)) == "2022 年 8 月 31 日"
    assert format.month(date(2022, 8, 1)) == "2022 年 8 月"
    assert format.moment(datetime(2022, 8, 31, 18, 5, tzinfo=UTC)) == "2022 年 9 月 1 日 02:05"
    assert format.day(None) == "—"


@pytest.mark.parametrize(
    ("due", "shown"),
    [(date(2022, 9, 3), "还剩 3 天"), (date(2022, 8, 31), "今天截止"), (date(2022, 8, 29), "已逾期 2 天")],
)
def test_a_deadline_is_said_in_days_left(due, shown):
    assert format.remaining(due, date(2022, 8, 31)) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(20, "20 秒"), (600, "10 分钟"), (3600, "1 小时"), (12000, "3 小时 20 分")]
)
def test_a_span_is_said_in_the_units_that_fit(seconds, shown):
    assert format.duration(seconds) == shown


def test_english_has_its_own_habits():
    language.use("en")
    assert format.count(12345) == "12,345"
    assert format.day(date(2022, 8, 31)) == "31 Aug 2022"
    assert format.rate(130, 170) == "76.5% (130/170)"


def test_blank_thin_and_estimated_are_never_merged():
    assert text(state_badge(estimate(State.NONE))) == "暂无证据"
    assert text(state_badge(estimate(State.THIN, n=2))) == "证据不足（2 条）"
    assert text(state_badge(estimate(State.RECORD, n=3))) == "仅作记录（3 条）"
    shown = text(state_badge(estimate(State.ESTIMATED, 0.62, 0.55, 0.70, 23)))
    assert shown.startswith("熟练")
    assert "90% 区间 55–70" in shown
    assert "23 条" in shown
    assert "62" in estimate_text(estimate(State.ESTIMATED, 0.62, 0.55, 0.70, 23))


@pytest.mark.parametrize(
    ("level", "name"), [(0.0, "了解"), (0.4, "尝试"), (0.599, "尝试"), (0.8, "引领"), (1.0, "引领")]
)
def test_a_band_begins_at_its_lower_bound(level, name):
    assert band(level) == name


def test_a_bar_says_in_words_what_it_shows():
    bar = progress(260, 360, "260 / 360 学时")
    inner = bar.children[0]
    assert inner.role == "progressbar"
    assert getattr(inner, "aria-label") == "260 / 360 学时"
    assert inner.children.style["width"] == "72.2%"
    assert progress(500, 360, "多了").children[0].children.style["width"] == "100.0%"
    assert progress(1, 0, "没有目标").children[0].children.style["width"] == "0.0%"


def test_an_icon_beside_words_is_silent_and_one_alone_is_named():
    assert getattr(icon("bell"), "aria-hidden") == "true"
    assert getattr(icon("bell", label="提醒"), "aria-label") == "提醒"
    with pytest.raises(FileNotFoundError, match="没有图标“nothing”；可用：alert、"):
        icon("nothing")


def test_a_row_of_a_grid_is_a_card_on_a_phone_with_every_column_that_is_not_hidden_for_good():
    columns = [
        {"field": "id", "headerName": "批次"},
        {"field": "file", "headerName": "文件", "wrapText": True, "flex": 1},
        {"field": "batch", "headerName": "旧", "hide": True},
    ]
    made = grid("g", columns, [], title="file", spare=("id",))
    *own, card = made.columnDefs
    assert [column["field"] for column in own] == ["id", "file", "batch"]
    assert (card["initialHide"], card["colId"]) == (True, "card")
    assert card["cellRendererParams"]["columns"] == [
        {"field": "file", "name": "文件", "wide": True},
        {"field": "id", "name": "批次", "wide": False},
    ]
    assert "filter" not in card
    assert made.eventListeners["gridSizeChanged"] == ['portraitFit(params, ["id"])']
    searched = grid("g", [{"field": "name", "headerName": "姓名", "filter": True}], []).columnDefs[-1]
    assert searched["filterValueGetter"] == {"function": "portraitWords(params)"}


def test_words_beside_a_rate_have_the_room_they_need():
    hidden = rate_of("arrived", 1, 2, floor=10)
    drawn = rate_dots([RateRow("中原区", hidden), RateRow("郑州", rate_of("arrived", 9, 12))])
    assert drawn.layout.margin.r >= 13 * len("人数太少不显示")


def test_every_cell_of_a_wide_table_carries_the_head_of_its_column():
    wide = simple_table(["市", "n", "N"], [["郑州", 3, 5]])
    assert wide.className == "table stacked"
    (row,) = wide.children[-1].children
    assert [getattr(cell, "data-head") for cell in row.children] == ["市", "n", "N"]
    assert simple_table(["原因", "行数"], [["空", 1]]).className == "table"


def test_every_page_has_an_icon_a_title_and_a_path_of_its_own():
    assert {page.icon for page in PAGES} <= {path.stem for path in ICONS.glob("*.svg")}
    assert len({page.path for page in PAGES}) == len(PAGES)
    assert all(page.title() for page in PAGES)
    assert all(page.roles for page in PAGES)


def test_small_parts_hold_what_they_are_given():
    assert text(number("1.2", "万", "全省", label="参训人次")) == "参训人次1.2万全省"
    assert text(empty_state("还没有证据", "去测评")) == "还没有证据去测评"
    assert text(badge("逾期", "warn")) == "逾期"
    assert opener("rate", "x", "76%").id == {"type": "open-rate", "key": "x"}


def test_a_grid_searches_columns_that_give_way_and_says_nothing_found_in_the_reader_s_language():
    options = grid("g", [{"field": "name", "headerName": "姓名"}], []).dashGridOptions
    assert options["includeHiddenColumnsInQuickFilter"] is True
    assert options["localeText"]["noMatchingRows"] == "没有相符的行"


def test_a_record_at_midnight_came_with_its_day_alone():
    assert format.when(datetime(2022, 11, 14, 16, tzinfo=UTC)) == "2022 年 11 月 15 日"
    assert format.when(datetime(2022, 11, 14, 16, 1, tzinfo=UTC)) == "2022 年 11 月 15 日 00:01"
