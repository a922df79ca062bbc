"""Where a teacher taught when: a transfer changes no figure of the time before it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy import insert, select

from portrait.intake.door import intake
from portrait.overview import overview
from portrait.refresh import refresh
from portrait.scope import Actor, Role, scope
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.store.employment import Moved, moved, school_on, spells
from portrait.store.schema import account, person, school, trainee, training_class
from portrait.store.staff import registered
from portrait.store.trainee import nominations
from portrait.store.training import Ask
from tests.inbox import mapping, write
from tests.test_one_person import ROSTER, schools

PROVINCE = scope(Actor(1, "o", "教育厅", Role.OFFICE))
LEARNED = """
  - name: log
    file: log*.csv
    target: record
    fields:
      account: {from: 编号, kind: staff}
      kind: {const: video}
      time: {from: 时间}
"""


def on(site: Site, day: date) -> Site:
    """The same installation on another day."""
    settings = load_settings(
        site.settings.home, database_url=str(site.registry.url.render_as_string(False)), today=day
    )
    return open_site(settings)


def told(site: Site, folder: Path, day: date, *lines: str) -> None:
    """A roster of a day."""
    name = f"r{day}"
    path = write(
        folder / name,
        "people.csv",
        "编号,姓名,出生年,学校,身份证号,手机,邮箱",
        *(f"{one},,," for one in lines),
    )
    there = on(site, day)
    intake(there, path.parent, mapping(folder, ROSTER, name="roster"), by="t")
    there.registry.dispose()


def history(site: Site, key: str) -> list[tuple[str, date | None, date | None]]:
    with site.registry.connect() as connection:
        number = connection.execute(select(person.c.id).where(person.c.key == key)).scalar_one()
        return [(one.school, one.since, one.until) for one in spells(connection, number)]


def test_successive_rosters_make_the_history_of_a_teachers_schools(site: Site, tmp_path: Path) -> None:
    schools(site, tmp_path)
    first, second, third = date(2021, 9, 1), date(2022, 9, 1), date(2022, 10, 1)
    told(site, tmp_path, first, "T1,甲,1980,S1", "T2,乙,1980,S1", "T3,丙,,")
    told(site, tmp_path, second, "T1,甲,1980,S2", "T2,乙,1980,S1", "T3,丙,,S1")
    assert history(site, "T1") == [("第一中学", None, second), ("第二中学", second, None)]
    assert history(site, "T2") == [("第一中学", None, None)]
    assert history(site, "T3") == [("第一中学", None, None)]
    told(site, tmp_path, third, "T1,甲,1980,S1", "T2,乙,1980,")
    assert history(site, "T1")[1:] == [("第二中学", second, third), ("第一中学", third, None)]
    assert history(site, "T2") == [("第一中学", None, third)]
    with site.registry.connect() as connection:
        number = connection.execute(select(person.c.id).where(person.c.key == "T1")).scalar_one()
    assert Moved(number, "410225", "410221") in moved(site.registry, date(2022, 9, 15))
    days = (date(2022, 8, 31), second, date(2022, 9, 30), third)
    assert [school_on(site.registry, number, day) for day in days] == [
        "第一中学",
        "第二中学",
        "第二中学",
        "第一中学",
    ]
    assert number not in {one.person for one in moved(site.registry, date(2022, 8, 31))}, (
        "there before and now"
    )


def test_a_second_roster_of_a_day_corrects_the_first(site: Site, tmp_path: Path) -> None:
    schools(site, tmp_path)
    day = date(2021, 9, 1)
    told(site, tmp_path, day, "T1,甲,1980,S1")
    told(site, tmp_path / "again", day, "T1,甲,1980,S2")
    assert history(site, "T1") == [("第二中学", None, None)]


def test_a_countys_past_year_does_not_move_with_a_teacher(site: Site, tmp_path: Path) -> None:
    schools(site, tmp_path)
    told(site, tmp_path, date(2021, 3, 1), "T1,甲,1980,S1", "T2,乙,1980,S1", "T3,丙,1980,S2")
    write(tmp_path / "log", "log.csv", "编号,时间", "T1,2021-05-01", "T2,2022-05-01", "T1,2022-06-01")
    intake(site, tmp_path / "log", mapping(tmp_path, LEARNED, name="log"), by="t")
    refresh(site)

    def covered(year: int) -> dict[str, tuple[int, int]]:
        found = overview(site, PROVINCE, Ask(year=year), site.today)
        return {code: (found.learned.get(code, 0), n) for code, n in found.teachers.items()}

    before = covered(2021)
    assert before == {"410221": (1, 2), "410225": (0, 1)}
    told(site, tmp_path, date(2022, 9, 1), "T1,甲,1980,S2", "T2,乙,1980,S1", "T3,丙,1980,S2")
    refresh(site)
    assert covered(2021) == before
    assert covered(2022) == {"410221": (1, 1), "410225": (1, 2)}
    assert registered(site.registry, PROVINCE, Ask()) == {"410221": 1, "410225": 2}


def test_whom_a_school_sent_stays_its_own_after_a_transfer(site: Site, tmp_path: Path) -> None:
    schools(site, tmp_path)
    told(site, tmp_path, date(2021, 3, 1), "T1,甲,1980,S1")
    with site.registry.begin() as connection:
        who = connection.execute(select(person.c.id)).scalar_one()
        ids = dict(row for row in connection.execute(select(school.c.code, school.c.id)))
        connection.execute(
            insert(account).values(id=5, source="s", kind="native", shown="u", digest="d", person_id=who)
        )
        for number, day in ((1, date(2021, 5, 1)), (2, date(2022, 10, 1))):
            connection.execute(
                insert(training_class).values(id=number, source="s", code=str(number), name="班")
            )
            connection.execute(
                insert(trainee).values(class_id=number, account_id=5, region="410221", confirmed=day)
            )

    def sent(code: str) -> list[int]:
        seen = scope(Actor(1, "s", "学校", Role.SCHOOL, school_id=ids[code]))
        with site.registry.connect() as connection:
            return sorted(connection.execute(select(trainee.c.class_id).where(seen.trainees)).scalars())

    assert (sent("S1"), sent("S2")) == ([1, 2], [])
    assert [one.school for _, one in nominations(site.registry, PROVINCE, Ask())] == ["第一中学"] * 2
    told(site, tmp_path, date(2022, 9, 1), "T1,甲,1980,S2")
    assert (sent("S1"), sent("S2")) == ([1], [2])
    there = {one.class_id: one.school for _, one in nominations(site.registry, PROVINCE, Ask())}
    assert there == {1: "第一中学", 2: "第二中学"}
