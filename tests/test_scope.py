"""Actor → Scope: what each role may see of the little province, on both databases."""

import pytest
from sqlalchemy import select

from portrait.scope import Actor, Role, scope
from portrait.store.registry import open_registry
from portrait.store.schema import batch, person, quota, trainee, training_class
from tests.readers import GONGYI, KAIFENG, LONGTING, READERS, ZHENGZHOU, settle

# reader: named persons, counted persons, classes, trainees as (class, person), quota cells, intake
EXPECTED = {
    "teacher": ({1}, {1}, {101}, {(101, 1)}, set(), False),
    "colleague": ({2}, {2}, {102}, {(102, 2)}, set(), False),
    "trainer": (set(), {1, 3}, {101}, {(101, 1), (101, 3)}, {(101, ZHENGZHOU)}, False),
    "office": (
        set(),
        {1, 2, 3, 4},
        {101, 102},
        {(101, 1), (101, 3), (102, 2), (102, 4)},
        {(101, ZHENGZHOU), (102, KAIFENG)},
        False,
    ),
    "office-a": (set(), {1, 3}, {101}, {(101, 1), (101, 3)}, {(101, ZHENGZHOU)}, False),
    # 巩义 lies in 郑州 but answers to the province: person 4 is not the city's.
    "bureau": (set(), {1, 2}, {101, 102}, {(101, 1), (102, 2)}, {(101, ZHENGZHOU)}, False),
    "county": (set(), {3}, {101}, {(101, 3)}, set(), False),
    "school": (set(), {1, 2}, {101, 102}, {(101, 1), (102, 2)}, set(), False),
    "admin": (set(), set(), set(), set(), set(), True),
}


@pytest.fixture
def registry(registry_url):
    engine = open_registry(registry_url)
    settle(engine)
    yield engine
    engine.dispose()


def actor(login):
    role, links = READERS[login]
    return Actor(1, login, login, role, **links)


def seen(engine, allowed):
    with engine.connect() as connection:
        rows = connection.execute
        return (
            set(connection.scalars(select(person.c.id).where(allowed.named))),
            set(connection.scalars(select(person.c.id).where(allowed.counted))),
            set(connection.scalars(select(training_class.c.id).where(allowed.classes))),
            {(r.class_id, r.account_id - 10) for r in rows(select(trainee).where(allowed.trainees))},
            {(r.class_id, r.region) for r in rows(select(quota).where(allowed.quotas))},
        )


def test_each_role_sees_its_part_and_nothing_else(registry):
    for login, expected in EXPECTED.items():
        assert seen(registry, scope(actor(login))) == expected[:5], login


def test_only_the_administrator_sees_the_intake(registry):
    from sqlalchemy import insert

    from tests.readers import START

    row = {"key": "k", "source": "s", "stream": "t", "target": "record", "file": "f", "content": "c"}
    with registry.begin() as connection:
        connection.execute(insert(batch).values(**row, mapping="m@1", state="done", by="x", started=START))
    for login, expected in EXPECTED.items():
        with registry.connect() as connection:
            rows = connection.execute(select(batch.c.id).where(scope(actor(login)).intake)).all()
        assert bool(rows) is expected[5], login


@pytest.mark.parametrize("role", [Role.TEACHER, Role.TRAINER, Role.BUREAU, Role.SCHOOL])
def test_a_role_without_the_link_it_needs_sees_nothing(registry, role):
    allowed = scope(Actor(1, "x", "某", role))
    assert seen(registry, allowed) == (set(), set(), set(), set(), set())
    assert "没有绑定" in allowed.reason


def test_an_unknown_office_or_region_sees_nothing(registry):
    nowhere = (set(), set(), set(), set(), set())
    assert seen(registry, scope(Actor(1, "x", "某", Role.OFFICE, office="OFFICE_X"))) == nowhere
    assert seen(registry, scope(Actor(1, "x", "某", Role.BUREAU, region="999999"))) == nowhere


def test_a_province_managed_county_sees_its_own_and_the_city_does_not(registry):
    county = scope(Actor(1, "x", "某", Role.BUREAU, region=GONGYI))
    assert seen(registry, county)[1] == {4}
    assert 4 not in seen(registry, scope(actor("bureau")))[1]


def test_every_scope_says_why():
    for login in READERS:
        reason = scope(actor(login)).reason
        assert len(reason) > 8, login
        assert "。" not in reason


def test_a_county_sees_the_class_of_its_teacher_wherever_it_is_held(registry):
    assert seen(registry, scope(Actor(1, "x", "某", Role.BUREAU, region=LONGTING)))[2] == {101}


def test_a_provider_lists_names_until_a_year_after_the_class_and_counts_on(registry):
    from datetime import date, timedelta

    from portrait.scope import listed_days
    from portrait.store.trainee import roster

    ended = date(2022, 7, 31)
    with registry.begin() as connection:
        connection.execute(training_class.update().where(training_class.c.id == 101).values(ends=ended))
    last = ended + timedelta(days=listed_days())
    before, after = (scope(actor("trainer"), day) for day in (last, last + timedelta(days=1)))
    names = [trainee.account_id for trainee in roster(registry, before, 101)]
    assert names
    assert roster(registry, after, 101) == []
    assert seen(registry, after) == seen(registry, before)
