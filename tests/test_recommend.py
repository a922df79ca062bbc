"""Recommendations from a registry and a lake written by hand: what is taken, what is left, what the reasons rest on."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from sqlalchemy import insert

from models.card import save
from models.fit import fit, histories
from models.recommend import recommend_for
from models.recommendation import Why
from models.recommender import NAME
from portrait.errors import ModelUnusable, NotFound
from portrait.lake.history import PARTS, enrolled
from portrait.record import RECORD_SCHEMA, Flag, Kind, month_number
from portrait.store.schema import account, alignment, course, election, person

AT = datetime(2022, 9, 15, 2, tzinfo=UTC)


def record(number, account, course, kind=Kind.ENROL, day=date(2022, 3, 1), *, seq=0, flag=0):
    time = datetime(day.year, day.month, day.day, 2, tzinfo=UTC) if day else None
    return {
        "id": number.to_bytes(16, "big"), "batch": 1, "line": number, "account": account, "course": course, "run": 0, "item": "",
        "kind": int(kind), "time": time, "seq": seq, "score": None, "score_max": None, "value": 0, "weight": 0, "count": 1,
        "seconds": 0, "credit": 0, "flag": int(flag), "month": month_number(day) if day else 0, "bucket": account % 4,
    }  # fmt: skip


@pytest.fixture
def market(site):
    """Courses 1–6 on the shelf, 7 not, 8 over. Twenty teachers of S2 took 1 then 2, ten of S3 took 3 then 4. Teacher 1 took 1."""
    with site.registry.begin() as connection:
        for number in range(1, 9):
            connection.execute(
                insert(course).values(
                    id=number, source="t", code=str(number), title=f"课{number}", shelf=number != 7,
                    ends=date(2022, 1, 1) if number == 8 else None, stage="S2" if number in (2, 5) else "",
                )
            )  # fmt: skip
        for number, code in ((1, "P4.3"), (2, "P3.1"), (3, "P2.1"), (4, "P6.1"), (7, "P4.3"), (8, "P4.3")):
            connection.execute(insert(alignment).values(course_id=number, indicator=code, percent=100))
        for who in range(1, 41):
            stage = "S3" if 21 <= who <= 30 else "S2"
            connection.execute(
                insert(person).values(id=who, key=f"k{who}", name="某", stage=stage, title="T3")
            )
            for number in (who * 10, who * 10 + 1):  # two platforms
                connection.execute(
                    insert(account).values(id=number, source="t", kind="native", shown=str(number), digest=str(number), person_id=who)
                )  # fmt: skip
    rows = []
    for who in range(2, 31):
        first, second = (1, 2) if who <= 20 else (3, 4)
        rows.append(record(who * 2, who * 10, first))
        rows.append(record(who * 2 + 1, who * 10 + 1, second, day=date(2022, 4, 1)))
    rows += [record(900, 10, 1), record(901, 11, 1, Kind.COMPLETE, date(2022, 6, 1))]
    rows += [record(902, 11, 6, flag=Flag.FUTURE), record(903, 10, 5, Kind.VIEW)]
    site.lake.append("record", pa.Table.from_pylist(rows, schema=RECORD_SCHEMA), part="a")
    return site


def answer(site, who, number, said):
    with site.registry.begin() as connection:
        connection.execute(insert(election).values(person_id=who, course_id=number, answer=said, at=AT))


def offered(site, who, k=9):
    return {one.course_id: one for one in recommend_for(site, who, k)}


def test_the_courses_of_all_accounts_are_taken_once_and_in_order(market):
    held = enrolled(market.pool)
    assert held.of([10, 11]) == [1]  # doubtful and merely viewed courses are not taken
    assert held.of([20, 21]) == [1, 2]
    assert held.of([]) == held.of([404]) == []


def test_what_is_taken_follows_the_lake(market):
    assert enrolled(market.pool).of([20, 21]) == [1, 2]
    for number in range(PARTS + 2):
        early = record(950 + number, 21, 50 + number, day=date(2021, 1, 1 + number))
        market.lake.append("record", pa.Table.from_pylist([early], schema=RECORD_SCHEMA), part=f"b{number}")
        held = enrolled(market.pool)
        assert held.of([20, 21]) == [*range(50, 51 + number), 1, 2]
        assert len(held.parts) <= PARTS
    assert enrolled(market.pool) is held


def test_histories_are_by_person_and_in_order(market):
    found = histories(market)
    by = dict(zip(found.learners.tolist(), [path.tolist() for path in found.courses], strict=True))
    assert by[1] == [1]
    assert by[5] == [1, 2]
    assert by[25] == [3, 4]
    assert len(by) == 30
    assert found.stages[found.learners.tolist().index(25)] == "S3"
    assert found.period == (date(2022, 3, 1), date(2022, 4, 1))


def test_an_account_of_nobody_known_is_a_learner_of_its_own(market):
    market.lake.append("record", pa.Table.from_pylist([record(990, 2**62 + 1, 3), record(991, 2**62 + 1, 1, seq=-1)], schema=RECORD_SCHEMA), part="b")  # fmt: skip
    found = histories(market)
    assert found.courses[found.learners.tolist().index(2**62 + 1)].tolist() == [1, 3]


def test_who_took_the_first_course_is_offered_the_second_and_told_why(market):
    fit(market, at=AT)
    found = recommend_for(market, 1, 9)
    assert found[0].course_id == 2
    reasons = {reason.why: reason for reason in found[0].because}
    assert [(p.course_id, p.share) for p in reasons[Why.HISTORY].past] == [(1, 1.0)]
    assert reasons[Why.STAGE].codes == ("S2",)
    assert reasons[Why.DIAGNOSE].indicator == "P3.1"


def test_taken_closed_and_unlisted_courses_are_not_offered(market):
    fit(market, at=AT)
    assert set(offered(market, 1)) == {2, 3, 4, 5, 6}


def test_answers_are_heard(market):
    fit(market, at=AT)
    for number, said in ((2, "no"), (3, "take"), (4, "later"), (5, "withdrawn")):
        answer(market, 1, number, said)
    found = offered(market, 1)
    assert set(found) == {4, 5, 6}
    past = [p.course_id for r in found[4].because if r.why is Why.HISTORY for p in r.past]
    assert past == [3]  # the course just chosen speaks as well


def test_a_new_teacher_is_told_what_is_popular_in_the_stage(market):
    fit(market, at=AT)
    found = offered(market, 35)
    popular = next(r for r in found[1].because if r.why is Why.POPULAR)
    assert (popular.codes, popular.count, popular.of) == (("S2",), 20, 20)
    assert Why.POPULAR not in [r.why for r in found[3].because]  # only S3 took it


def test_before_a_model_is_fitted_the_other_parts_decide(market):
    kinds = {r.why for one in recommend_for(market, 1) for r in one.because}
    assert kinds == {Why.STAGE, Why.NOVELTY, Why.DIAGNOSE}


def test_a_damaged_model_is_said_and_not_passed_over(market):
    fit(market, at=AT)
    path = next((market.models / NAME).glob("*.joblib"))
    path.write_bytes(b"x")
    with pytest.raises(ModelUnusable, match="校验和不符"):
        recommend_for(market, 1)


def test_who_took_everything_and_who_is_unknown(market):
    fit(market, at=AT)
    for number in range(2, 7):
        answer(market, 1, number, "take")
    assert recommend_for(market, 1) == []
    with pytest.raises(NotFound):
        recommend_for(market, 404)


def test_an_empty_site_fits_nothing_and_says_why(site):
    told = []
    found = fit(site, progress=lambda step, share: told.append(share), at=AT)
    assert found.cards == ()
    assert found.skipped == {
        "recommender": "选过两门以上课程的学习者只有 0 人（要 20 人）",
        "completion": "已结束的班 0 个（要 8 个），其中未结业学员 0 人（要 30 人）",
    }
    assert told == sorted(told)
    assert told[-1] == 1


def test_the_card_of_the_recommender_tells_what_it_learned_from(market):
    (card,) = fit(market, at=AT).cards
    assert card.n == {"learners": 30, "courses": 4, "enrolments": 59}
    assert card.period == (date(2022, 3, 1), date(2022, 4, 1))
    assert card.metrics["asked"] == 29
    assert {"hr@10", "ndcg@10", "hr@10_popularity"} <= set(card.metrics)
    assert save({}, market.models, card).checksum != card.checksum
