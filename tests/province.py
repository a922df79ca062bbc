"""A province of two cities, three classes and two dozen teachers whose rates can be worked out by hand."""

from datetime import date

from sqlalchemy import insert

from portrait.scope import Actor, Role, scope
from portrait.store.schema import account, person, provider, quota, school, trainee, training_class

TODAY = date(2022, 8, 31)
ZHENGZHOU, ZHONGYUAN, ERQI, GONGYI = "410100", "410102", "410103", "410181"
KAIFENG, LONGTING = "410200", "410202"
ENDED, RUNNING, AHEAD = 1, 2, 3


def office(code=""):
    return scope(Actor(1, "office", "项目办", Role.OFFICE, office=code))


def trainer(provider_id):
    return scope(Actor(2, "trainer", "承训", Role.TRAINER, provider_id=provider_id), TODAY)


def bureau(code):
    return scope(Actor(3, "bureau", "教育局", Role.BUREAU, region=code))


def head(school_id):
    return scope(Actor(4, "school", "学校", Role.SCHOOL, school_id=school_id))


def fill_province(engine):
    with engine.begin() as connection:
        connection.execute(
            insert(provider),
            [{"id": 1, "code": "p1", "name": "甲大学"}, {"id": 2, "code": "p2", "name": "乙学院"}],
        )
        connection.execute(
            insert(school),
            [
                {"id": 1, "code": "s1", "name": "中原小学", "county": ZHONGYUAN},
                {"id": 2, "code": "s2", "name": "龙亭小学", "county": LONGTING},
                {"id": 3, "code": "s3", "name": "巩义小学", "county": GONGYI},
            ],
        )
        base = {"source": "t", "level": "L1", "mode": "M5", "hours": 40.0, "sessions": 5, "tasks": 2}
        connection.execute(
            insert(training_class),
            [
                {**base, "id": ENDED, "code": "a", "name": "骨干班一", "category": "GP1", "subproject": "骨干", "provider_id": 1, "starts": date(2022, 3, 1), "ends": date(2022, 3, 10)},
                {**base, "id": RUNNING, "code": "b", "name": "骨干班二", "category": "GP1", "subproject": "骨干", "provider_id": 2, "starts": date(2022, 8, 20), "ends": date(2022, 9, 10)},
                {**base, "id": AHEAD, "code": "c", "name": "信息班", "category": "GP5", "subproject": "", "provider_id": 2, "starts": date(2022, 10, 1), "ends": date(2022, 10, 9)},
            ],
        )  # fmt: skip
        number = 0

        def send(class_id, place, school_id, n, **dates):
            nonlocal number
            for _ in range(n):
                number += 1
                connection.execute(
                    insert(person).values(
                        id=number, key=f"k{number}", name=f"教师{number:02d}", school_id=school_id
                    )
                )
                connection.execute(
                    insert(account).values(
                        id=1000 + number,
                        source="t",
                        kind="staff",
                        shown=f"k{number}",
                        digest=f"d{number}",
                        person_id=number,
                    )
                )
                connection.execute(
                    insert(trainee).values(class_id=class_id, account_id=1000 + number, region=place, **dates)
                )

        was = {"confirmed": date(2022, 2, 1)}
        came = {**was, "checked_in": date(2022, 3, 1)}
        done = {**came, "graduated": date(2022, 3, 10)}
        send(ENDED, ZHONGYUAN, 1, 6, **done)
        send(ENDED, ZHONGYUAN, 1, 2, **came, left=date(2022, 3, 5), reason="因病")
        send(ENDED, ZHONGYUAN, 1, 2, **was, reason="未请假")
        send(ENDED, LONGTING, 2, 8, **done)
        send(ENDED, GONGYI, 3, 1, **done)
        later = {"confirmed": date(2022, 8, 1)}
        send(RUNNING, ZHONGYUAN, 1, 3, **later, checked_in=date(2022, 8, 20))
        send(RUNNING, LONGTING, 2, 1, **later)
        send(RUNNING, LONGTING, 2, 1)  # named, not confirmed
        send(AHEAD, ERQI, 1, 2, **later)
        connection.execute(
            insert(quota),
            [
                {"class_id": ENDED, "region": ZHONGYUAN, "n": 8},
                {"class_id": RUNNING, "region": ZHONGYUAN, "n": 4},
                {"class_id": ENDED, "region": LONGTING, "n": 12},
                {"class_id": AHEAD, "region": ZHENGZHOU, "n": 5},
                {"class_id": AHEAD, "region": LONGTING, "n": 3},
            ],
        )
