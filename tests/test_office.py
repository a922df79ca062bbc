import io
from datetime import UTC, date, datetime
from urllib.parse import parse_qsl

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update

from dashboards.office import bureau as bureau_page
from dashboards.office import overview as office_page
from dashboards.office import school as school_page
from dashboards.page import Context
from dashboards.part.board import definition, due_detail
from dashboards.part.tile import CELLS
from dashboards.part.view import parsed, read_view
from dashboards.report.workbook import overview_workbook, plain
from portrait.errors import AccessRefused
from portrait.overview import overview
from portrait.place import cities
from portrait.programme.rate import Shown
from portrait.store.schema import provider, trainee, training_class
from portrait.store.training import Ask
from tests.province import (
    AHEAD,
    ENDED,
    ERQI,
    GONGYI,
    KAIFENG,
    LONGTING,
    RUNNING,
    TODAY,
    ZHENGZHOU,
    ZHONGYUAN,
    bureau,
    fill_province,
    head,
    office,
)

AT = datetime(2022, 8, 31, 2, tzinfo=UTC)


@pytest.fixture
def site(sqlite_site):
    fill_province(sqlite_site.registry)
    return sqlite_site


def context(site, scope):
    return Context(site, scope.actor, scope, TODAY, "zh", AT)


def view(site, scope, search="", path="/office"):
    return read_view(context(site, scope), parsed(search), path)


def text_of(component):
    """All text a component holds, in order."""
    if component is None:
        return ""
    if isinstance(component, (list, tuple)):
        return "".join(text_of(one) for one in component)
    if hasattr(component, "children"):
        return text_of(component.children)
    return str(component) if isinstance(component, (str, int, float)) else ""


# --- figures ---------------------------------------------------------------------------------------------------


def test_the_five_figures_are_those_worked_out_by_hand(site):
    over = overview(site, office(), Ask(), TODAY)
    pairs = {
        "sent": over.sent(),
        "arrived": over.people("arrived"),
        "graduated": over.people("graduated"),
        "on_time": over.on_time(),
    }
    assert {name: (r.n, r.total) for name, r in pairs.items()} == {
        "sent": (23, 32),
        "arrived": (20, 23),
        "graduated": (15, 19),
        "on_time": (1, 1),
    }
    assert (over.covered().n, over.covered().total) == (0, 26)  # nobody has a record of learning yet


def test_a_class_that_ended_without_graduation_is_not_finished_in_time(site):
    with site.registry.begin() as connection:
        connection.execute(
            update(training_class).where(training_class.c.id == RUNNING).values(ends=date(2022, 8, 25))
        )
    over = overview(site, office(), Ask(), TODAY)
    assert (over.on_time().n, over.on_time().total) == (1, 2)
    assert [(d.code, d.count) for d in over.dues() if d.code == "graduation"] == [("graduation", 1)]


def test_a_directly_managed_county_stands_beside_the_cities(site):
    found = overview(site, office(), Ask(), TODAY).by_place("sent")
    assert set(found) == {ZHENGZHOU, KAIFENG, GONGYI}
    assert (found[ZHENGZHOU].n, found[ZHENGZHOU].total) == (14, 17)


def test_small_groups_of_persons_are_hidden_from_the_office_and_not_from_the_bureau_that_names_them(site):
    hidden = overview(site, office(), Ask(), TODAY).by_place("arrived")
    assert {code: rate.shown for code, rate in hidden.items()} == {
        ZHENGZHOU: Shown.YES,
        KAIFENG: Shown.SMALL,
        GONGYI: Shown.SMALL,
    }
    own = overview(site, bureau(KAIFENG), Ask(unit=KAIFENG), TODAY).by_place("arrived")
    assert (own[KAIFENG].n, own[KAIFENG].total) == (8, 9)


def test_the_board_counts_gaps_of_places_and_says_what_is_overdue(site):
    over = overview(site, office(), Ask(), TODAY)
    lines = {due.code: due for due in over.dues()}
    assert lines["quota"].count == 9
    assert lines["quota"].when == date(2022, 3, 1)  # the first class with a gap has long begun
    assert lines["quota"].overdue(TODAY)
    assert lines["ending"].classes == (RUNNING,)
    assert not lines["ending"].overdue(TODAY)


@pytest.mark.parametrize("place", [GONGYI, LONGTING])
def test_a_due_line_of_a_county_tells_no_result_of_fewer_than_ten(site, place):
    with site.registry.begin() as connection:
        connection.execute(
            update(training_class).where(training_class.c.id == ENDED).values(ends=date(2022, 9, 5))
        )
    county = view(site, office(), f"?county={place}")
    over = overview(site, office(), county.ask, TODAY)
    lines = [due.code for due in over.dues()]
    assert "ending" in lines
    shown = {code: text_of(due_detail(county, over, code)[1]) for code in lines if code != "quota"}
    assert "人数太少不显示" in shown["ending"]
    assert "%" not in "".join(shown.values())
    own = overview(site, bureau(KAIFENG), Ask(unit=KAIFENG), TODAY)
    assert "8/8" in text_of(due_detail(view(site, bureau(KAIFENG), path="/bureau"), own, "ending")[1])


# --- address ---------------------------------------------------------------------------------------------------


def test_the_view_of_an_address_and_its_link_are_one(site):
    search = (
        f"?plan=%E5%9B%BD%E5%9F%B9%E8%AE%A1%E5%88%92&category=GP1&unit={ZHENGZHOU}&county={ERQI}&measure=sent"
    )
    one = view(site, office(), search)
    assert (one.plan, one.category, one.unit, one.county, one.measure) == (
        "国培计划",
        "GP1",
        ZHENGZHOU,
        ERQI,
        "sent",
    )
    assert view(site, office(), one.search()) == one


def test_unknown_filters_fall_back_and_unknown_places_are_refused(site):
    assert view(site, office(), "?year=1999&plan=x&category=ZZ&measure=x&nonsense=1") == view(site, office())
    for search in (
        "?unit=999999",
        f"?unit={LONGTING}",
        f"?unit={KAIFENG}&county={ERQI}",
        "?unit=' or 1=1",
        "?county=x",
    ):
        with pytest.raises(AccessRefused):
            view(site, office(), search)


def test_a_bureau_looks_at_its_own_area_only(site):
    assert view(site, bureau(ZHENGZHOU)).unit == ZHENGZHOU
    assert view(site, bureau(ZHENGZHOU), f"?county={ERQI}").county == ERQI
    assert view(site, bureau(LONGTING)).county == LONGTING
    for search in (f"?unit={KAIFENG}", f"?county={LONGTING}", f"?unit={GONGYI}"):
        with pytest.raises(AccessRefused):
            view(site, bureau(ZHENGZHOU), search)
    for search in (f"?unit={KAIFENG}&county=410203", "?county=410203"):
        with pytest.raises(AccessRefused):
            view(site, bureau(LONGTING), search)


def test_a_provider_or_class_of_another_scope_is_refused(site):
    assert view(site, office("OFFICE_A"), "?provider=1").provider == 1
    with pytest.raises(AccessRefused):
        view(site, office("OFFICE_C"), "?provider=1")
    for forged in (str(ENDED), "999", "x", str(2**70)):
        with pytest.raises(AccessRefused):
            office_page.layout(context(site, office("OFFICE_C")), {"class": forged})


def test_every_city_has_its_own_tile():
    assert set(CELLS) == {city.adcode for city in cities()}
    assert len(set(CELLS.values())) == len(CELLS)


# --- pages -----------------------------------------------------------------------------------------------------


def test_the_office_page_shows_every_rate_with_n_of_all(site):
    page = text_of(office_page.layout(context(site, office()), {}))
    for part in ("23/32", "20/23", "15/19", "1/1", "0/26", "缺 9 人"):
        assert part in page


def test_an_office_of_some_categories_is_told_no_coverage_of_its_own_trainees_alone(site):
    own, whole = office("OFFICE_A"), office()
    covered, province = overview(site, own, Ask(), TODAY), overview(site, whole, Ask(), TODAY)
    assert not covered.teachers
    assert province.teachers
    assert view(site, own, "?measure=covered").measure == "arrived"
    assert view(site, whole, "?measure=covered").measure == "covered"
    page = text_of(office_page.layout(context(site, own), {"measure": "covered"}))
    assert "全员参训覆盖率" not in page
    assert "结业率（结业/报到）88.2%15/17" in page  # its fifth figure
    assert "全员参训覆盖率" in text_of(office_page.layout(context(site, whole), {}))
    forged = definition(view(site, own), covered, "covered")
    assert forged[0] == "没有这个指标"
    title, body = definition(view(site, own), covered, "graduated_of_arrived")
    assert title == "结业率"
    assert "15/17" in text_of(body)
    book, full = workbook(site, own), workbook(site, whole)
    assert not [name for name in book.sheet_names if "覆盖率" in name]
    assert [name for name in full.sheet_names if "覆盖率" in name]
    for sheet in book.sheet_names:
        assert "覆盖率" not in str(rows(book, sheet))


@pytest.mark.parametrize("search", ["", "?measure=sent", "?measure=graduated", "?measure=covered", f"?unit={ZHENGZHOU}",
                                    f"?unit={ZHENGZHOU}&county={ERQI}", f"?unit={GONGYI}", "?provider=1", f"?class={ENDED}",
                                    f"?class={ENDED}&category=GP5", "?category=SP1"])  # fmt: skip
def test_every_way_down_draws_a_page(site, search):
    assert text_of(office_page.layout(context(site, office()), parsed(search)))


def test_the_office_never_names_a_teacher(site):
    for search in ("", f"?class={ENDED}", f"?unit={ZHENGZHOU}&county={ZHONGYUAN}"):
        assert "教师0" not in text_of(office_page.layout(context(site, office()), parsed(search)))


def test_an_empty_registry_says_what_is_missing(sqlite_site):
    assert "还没有导入任何班次" in text_of(office_page.layout(context(sqlite_site, office()), {}))
    assert "没有绑定市县" in text_of(bureau_page.layout(context(sqlite_site, bureau("")), {}))
    assert "没有绑定学校" in text_of(school_page.layout(context(sqlite_site, head(None)), {}))


def test_the_bureau_page_draws_its_area_its_counties_and_its_classes(site):
    for search in ("", f"?county={ERQI}", f"?class={AHEAD}"):
        assert text_of(bureau_page.layout(context(site, bureau(ZHENGZHOU)), parsed(search)))
    page = text_of(bureau_page.layout(context(site, bureau(KAIFENG)), {}))
    assert "9/15" in page  # places
    assert "8/9" in page  # arrival, not hidden: these teachers are named to the bureau


def test_the_school_page_hides_what_fewer_than_ten_teachers_would_show(site):
    page = text_of(school_page.layout(context(site, head(3)), {}))
    assert "巩义小学" in page
    assert "少于 10 人" in page


# --- workbook --------------------------------------------------------------------------------------------------


def workbook(site, scope, ask=None):
    over = overview(site, scope, ask or Ask(), TODAY)
    data = overview_workbook(over, title="总览", filters=[("年度", "2022")], by="office", at=AT)
    return CalamineWorkbook.from_filelike(io.BytesIO(data))


def rows(book, sheet):
    return book.get_sheet_by_name(sheet).to_python()


def test_the_workbook_holds_filters_definitions_and_n_of_all(site):
    book = workbook(site, office())
    assert book.sheet_names[0] == "说明"
    assert ["年度", "2022"] in [row[:2] for row in rows(book, "说明")]
    sent = next(row for row in rows(book, "五项指标") if row[0] == "选送率")
    assert sent[2:5] == [23, 32, 23 / 32]
    assert any("名额内选派" in row[1] for row in rows(book, "定义"))
    assert {row[0] for row in rows(book, "班次")[1:]} == {"骨干班一", "骨干班二", "信息班"}


def test_the_workbook_hides_what_the_page_hides(site):
    gongyi = next(row for row in rows(workbook(site, office()), "各市报到率") if row[1] == GONGYI)
    assert gongyi[2:4] == ["", ""]
    assert gongyi[7] == "人数太少不显示"
    with site.registry.begin() as connection:
        people = list(connection.scalars(select(trainee.c.account_id).where(trainee.c.region == ZHONGYUAN)))
        few = trainee.c.account_id.in_(people[:3])
        connection.execute(update(trainee).where(few).values(region=ERQI))
    book = workbook(site, office())
    cities = {row[1]: row[2:4] for row in rows(book, "各市报到率")}
    assert cities[ZHENGZHOU] == [11, 13]
    counties = {row[2]: row[6:9] for row in rows(book, "各县")}
    assert counties[ERQI] == ["", "", "人数太少不显示"]
    assert counties[ZHONGYUAN][:2] == ["", ""]  # or Erqi's three were its city's thirteen less these ten


def test_no_text_of_the_workbook_becomes_a_formula(site):
    with site.registry.begin() as connection:
        connection.execute(
            update(provider).where(provider.c.id == 1).values(name='=HYPERLINK("http://x","点我")')
        )
        connection.execute(update(training_class).where(training_class.c.id == ENDED).values(name="@SUM(1)"))
    book = workbook(site, office())
    assert {row[0] for row in rows(book, "承训单位")} >= {'\'=HYPERLINK("http://x","点我")'}
    assert "'@SUM(1)" in {row[0] for row in rows(book, "班次")}
    assert plain("正常") == "正常"


def test_a_link_keeps_filters_and_leaves_defaults_out(site):
    one = view(site, office(), "?category=GP1")
    assert dict(parse_qsl(one.go(LONGTING).partition("?")[2])) == {
        "category": "GP1",
        "unit": KAIFENG,
        "county": LONGTING,
    }
    assert view(site, office()).link() == "/office"
