from datetime import UTC, date, datetime

import pytest

from portrait.errors import AccessRefused, InputError
from portrait.programme.tally import Fill, Tally, total, total_fill
from portrait.scope import Actor, Role, scope
from portrait.store.followup import follow_up, followups
from portrait.store.registry import open_registry
from portrait.store.trainee import nominations, roster
from portrait.store.training import (
    Ask,
    class_counts,
    class_of,
    providers,
    region_fills,
    region_tallies,
    years,
)
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
    trainer,
)


@pytest.fixture
def registry(registry_url):
    engine = open_registry(registry_url)
    fill_province(engine)
    yield engine
    engine.dispose()


def test_places_are_capped_by_sub_project_and_area(registry):
    fills = region_fills(registry, office(), Ask(), TODAY)
    # Both classes of 骨干 are one cell: 13 were sent for 12 places, one of them is surplus.
    assert fills[ZHONGYUAN] == Fill(filled=12, places=12, sent=13)
    # 9 of 12 in 骨干, and none of 3 in 信息班: the first cannot fill the second.
    assert fills[LONGTING] == Fill(filled=9, places=15, sent=9)
    # The two teachers of 二七区 fill places given to their city.
    assert fills[ZHENGZHOU] == Fill(filled=2, places=5, sent=2)
    # 巩义 is directly managed: its teacher fills no place of 郑州, and it was given none.
    assert fills[GONGYI] == Fill(filled=0, places=0, sent=1)
    assert total_fill(fills.values()).rate().share == 23 / 32


def test_places_of_one_provider_are_counted_for_its_classes_only(registry):
    assert region_fills(registry, trainer(1), Ask(), TODAY)[ZHONGYUAN] == Fill(8, 8, 10)


def test_arrival_counts_classes_that_have_started_and_graduation_those_that_have_ended(registry):
    tallies = region_tallies(registry, office(), Ask(), TODAY)
    assert tallies[ZHONGYUAN] == Tally(
        sent=13, arrival_due=13, arrived=11, graduation_due=10, graduated=6, attended=8, attended_graduated=6
    )
    assert tallies[LONGTING] == Tally(9, 9, 8, 8, 8, 8, 8)
    assert tallies[ERQI] == Tally(sent=2)


def test_a_no_show_counts_against_the_county_and_not_against_the_provider(registry):
    one = region_tallies(registry, office(), Ask(), TODAY)[ZHONGYUAN]
    assert (one.rate("graduated").n, one.rate("graduated").total) == (6, 10)
    assert (one.rate("graduated_of_arrived").n, one.rate("graduated_of_arrived").total) == (6, 8)


def test_counting_by_class_and_by_place_gives_the_same_sums(registry):
    by_place = total(region_tallies(registry, office(), Ask(), TODAY).values())
    by_class = total(c.tally(TODAY) for c in class_counts(registry, office(), Ask(), TODAY))
    assert by_place == by_class


def test_what_happened_after_the_day_asked_for_is_not_counted(registry):
    early = total(region_tallies(registry, office(), Ask(), date(2022, 3, 5)).values())
    assert (early.sent, early.arrived, early.graduation_due) == (19, 17, 0)


def test_filters_choose_year_plan_category_unit_and_provider(registry):
    def names(ask):
        return [c.training_class.name for c in class_counts(registry, office(), ask, TODAY)]

    assert names(Ask(year=2022)) == ["骨干班一", "骨干班二", "信息班"]
    assert names(Ask(year=2021)) == []
    assert names(Ask(plan="省培计划")) == []
    assert names(Ask(category="GP5")) == ["信息班"]
    assert names(Ask(provider=1)) == ["骨干班一"]
    assert names(Ask(unit=KAIFENG)) == ["骨干班一", "骨干班二", "信息班"]
    assert names(Ask(unit=GONGYI)) == ["骨干班一"]
    assert names(Ask(county=ERQI)) == ["信息班"]
    assert names(Ask(category="' or 1=1 --")) == []
    assert years(registry, office()) == [2022]


def test_a_provider_sees_its_own_classes_and_trainees_only(registry):
    assert [c.training_class.id for c in class_counts(registry, trainer(1), Ask(), TODAY)] == [ENDED]
    assert providers(registry, trainer(1)) == {1: "甲大学"}
    assert len(roster(registry, trainer(1), ENDED)) == 19
    assert roster(registry, trainer(1), RUNNING) == []
    with pytest.raises(AccessRefused):
        class_of(registry, trainer(1), RUNNING)
    with pytest.raises(AccessRefused):
        class_of(registry, trainer(1), 999)


def test_an_office_sees_its_own_categories_only(registry):
    assert {c.training_class.id for c in class_counts(registry, office("OFFICE_C"), Ask(), TODAY)} == {AHEAD}
    with pytest.raises(AccessRefused):
        class_of(registry, office("OFFICE_C"), ENDED)


def test_a_bureau_sees_its_own_trainees_and_classes_with_places_for_it(registry):
    kaifeng = bureau(KAIFENG)
    assert {t.region for t in roster(registry, kaifeng, ENDED)} == {LONGTING}
    # Nobody of 开封 was sent to the class, but it was given three places: the gap must show.
    assert [
        c.places for c in class_counts(registry, kaifeng, Ask(), TODAY) if c.training_class.id == AHEAD
    ] == [3]
    assert region_fills(registry, kaifeng, Ask(), TODAY) == {LONGTING: Fill(9, 15, 9)}


def test_a_city_bureau_does_not_see_a_directly_managed_county(registry):
    assert GONGYI not in region_tallies(registry, bureau(ZHENGZHOU), Ask(), TODAY)
    assert GONGYI in region_tallies(registry, bureau(GONGYI), Ask(), TODAY)


def test_a_school_sees_its_own_nominations(registry):
    rows = nominations(registry, head(3), Ask())
    assert [(c.name, t.school) for c, t in rows] == [("骨干班一", "巩义小学")]
    assert {t.school for _, t in nominations(registry, head(1), Ask())} == {"中原小学"}


def test_a_reader_without_a_link_sees_nothing(registry):
    nobody = scope(Actor(9, "x", "x", Role.TRAINER))
    assert class_counts(registry, nobody, Ask(), TODAY) == []
    assert region_tallies(registry, nobody, Ask(), TODAY) == {}
    assert region_fills(registry, nobody, Ask(), TODAY) == {}
    assert nominations(registry, nobody, Ask()) == []


AT = datetime(2022, 8, 31, 2, tzinfo=UTC)


def test_the_newest_answer_to_a_warning_comes_first(registry):
    account = roster(registry, trainer(1), ENDED)[0].account_id
    follow_up(registry, trainer(1), ENDED, account, "contacted", AT, " 电话已接 ")
    follow_up(registry, trainer(1), ENDED, account, "leave", AT)
    kept = followups(registry, trainer(1), ENDED)[account]
    assert [(f.answer, f.note, f.by, f.at) for f in kept] == [
        ("leave", "", "trainer", AT),
        ("contacted", "电话已接", "trainer", AT),
    ]
    assert followups(registry, trainer(2), ENDED) == {}


def test_only_the_class_own_provider_answers_and_only_for_its_trainees(registry):
    account = roster(registry, trainer(1), ENDED)[0].account_id
    with pytest.raises(AccessRefused):
        follow_up(registry, trainer(2), ENDED, account, "contacted", AT)
    with pytest.raises(AccessRefused):
        follow_up(registry, trainer(1), RUNNING, account, "contacted", AT)
    with pytest.raises(AccessRefused):
        follow_up(registry, office(), ENDED, account, "contacted", AT)
    with pytest.raises(InputError, match="contacted、leave、none"):
        follow_up(registry, trainer(1), ENDED, account, "fired", AT)
