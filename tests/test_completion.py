"""Who may not finish: a class written by hand, and finished classes in which absence decides."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.special import logit
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks
from sqlalchemy import insert

from dashboards.part.warning import cause_words
from models.completion import FEATURES, day_at, gone, progress, standing
from models.fit import fit_risk
from models.logistic import GroupedLogistic
from models.risk import NAME, at_risk, cause, cross_validated, enough, learn, past_classes, past_standings
from portrait.record import RECORD_SCHEMA, Flag, Kind, month_number
from portrait.store.schema import account, person, trainee, training_class
from portrait.store.study import StudyClass, StudyTrainee, study_trainees

CLASS = 71
START = date(2022, 9, 1)
ONE = StudyClass(CLASS, START, date(2022, 9, 30))
QUIET = lambda _step, _share: None  # noqa: E731


def record(number, account, kind, day, *, run=CLASS, item="", flag=0, count=1):
    time = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
    return {
        "id": number.to_bytes(16, "big"), "batch": 1, "line": number, "account": account, "course": 5, "run": run, "item": item,
        "kind": int(kind), "time": time, "seq": 0, "score": None, "score_max": None, "value": 0, "weight": 0, "count": count,
        "seconds": 0, "credit": 0, "flag": int(flag), "month": month_number(day), "bucket": account % 4,
    }  # fmt: skip


def write(site, rows):
    site.lake.append("record", pa.Table.from_pylist(rows, schema=RECORD_SCHEMA), part=str(rows[0]["run"]))


def register(site, one, people):
    """`people`: account → columns of trainee, with `person` for whose the account is (None: nobody known)."""
    with site.registry.begin() as connection:
        connection.execute(
            insert(training_class).values(
                id=one.id, source="t", code=str(one.id), name="某班", starts=one.starts, ends=one.ends
            )
        )
        for number, told in people.items():
            who = told.pop("person", None)
            add_account(connection, number, who)
            connection.execute(
                insert(trainee).values(class_id=one.id, account_id=number, region="410221", **told)
            )


def add_account(connection, number, who):
    if who is not None and connection.execute(person.select().where(person.c.id == who)).first() is None:
        connection.execute(insert(person).values(id=who, key=f"k{who}", name=f"某{who}"))
    connection.execute(
        insert(account).values(
            id=number, source="t", kind="native", shown=str(number), digest=str(number), person_id=who
        )
    )


@pytest.fixture
def running(sqlite_site):
    """Person 1 does everything (under two accounts), 2 little, 3 never came, account 40 is of nobody known; 5 has left."""
    here = {"checked_in": START}
    register(
        sqlite_site,
        ONE,
        {
            11: {"person": 1, **here},
            21: {"person": 2, **here},
            31: {"person": 3},
            40: {"person": None, **here},
            51: {"person": 5, "checked_in": START, "left": date(2022, 9, 5)},
        },
    )
    with sqlite_site.registry.begin() as connection:
        add_account(connection, 12, 1)
    numbers = iter(range(1, 100))
    days = [START + timedelta(days=n) for n in range(4)]
    rows = [record(next(numbers), 11, Kind.ATTENDANCE, day) for day in days[:3]]
    rows += [
        record(next(numbers), 12, Kind.ATTENDANCE, days[3]),
        record(next(numbers), 12, Kind.VIEW, days[0], count=20),
    ]
    rows += [
        record(next(numbers), 21, Kind.ATTENDANCE, days[0]),
        record(next(numbers), 21, Kind.VIDEO, days[0], count=3),
    ]
    rows += [record(next(numbers), 40, Kind.ATTENDANCE, day) for day in days]
    rows += [record(next(numbers), who, Kind.QUIZ, days[3], item="测验一") for who in (12, 40)]
    rows += [
        record(next(numbers), 40, Kind.ASSIGNMENT, date(2022, 9, 10), item="作业一"),
        record(next(numbers), 11, Kind.ASSIGNMENT, date(2022, 9, 11), item="作业一"),
        record(next(numbers), 11, Kind.VIDEO, date(2022, 9, 12), count=9, flag=Flag.SPEED),  # doubtful: counts nothing
        record(next(numbers), 21, Kind.COMPLETE, date(2022, 9, 12)),  # an outcome is not activity
        record(next(numbers), 11, Kind.QUIZ, date(2022, 9, 25), item="测验二"),  # after the day asked for
    ]  # fmt: skip
    write(sqlite_site, rows)
    return sqlite_site


def stand(site, day):
    frame = standing(study_trainees(site.registry, [CLASS]), [ONE], progress(site, [ONE]), {CLASS: day})
    return {int(row["learner"]): row for row in frame.to_dict("records")}


def test_a_trainee_stands_where_the_records_of_all_their_accounts_put_them(running):
    found = stand(running, date(2022, 9, 15))
    one, two, three = found[1], found[2], found[3]
    assert (one["held"], one["attended"], one["due"], one["handed"]) == (4, 4, 2, 2)
    assert (one["online"], one["idle_days"], one["absent"], one["missing"], one["away"]) == (20, 4, 0, 0, 0)
    assert (two["attended"], two["handed"], two["online"], two["idle_days"]) == (1, 0, 3, 14)
    assert (two["absent"], two["missing"], two["idle"], two["away"]) == (0.75, 1, 14 / 15, 0)
    assert (three["attended"], three["idle_days"], three["away"]) == (0, 15, 1)
    assert found[40]["handed"] == 2


def test_nothing_after_the_day_is_seen(running):
    found = stand(running, date(2022, 9, 2))
    assert (found[1]["held"], found[1]["due"], found[1]["handed"]) == (2, 0, 0)
    assert found[1]["missing"] == 0  # nothing was due: nothing is missing


def test_the_median_is_the_class_s_and_more_than_it_is_no_virtue(running):
    found = stand(running, date(2022, 9, 15))
    assert {row["online_median"] for row in found.values()} == {0}
    assert found[1]["quiet"] == 0


def told(causes):
    return [(c.feature, c.part, c.whole) for c in causes]


def test_without_a_model_plain_rules_say_that_they_are_rules(running):
    watch = at_risk(running, CLASS, date(2022, 9, 15))
    assert (watch.basis, watch.why, watch.past) == ("rule", "unlearned", None)
    assert watch.watched == 4  # of five one has left
    assert [risk.learner for risk in watch.risks] == [3, 2]
    never, little = watch.risks
    assert told(never.causes) == [("away", 1, 1), ("absent", 4, 4), ("missing", 2, 2), ("idle", 15, 15)]
    assert told(little.causes) == [("absent", 3, 4), ("missing", 2, 2), ("idle", 14, 15)]
    assert (never.chance, never.low, never.high, never.causes[0].odds) == (None, None, None, 0)


@pytest.mark.parametrize("day", [date(2022, 8, 31), date(2022, 10, 1)])
def test_a_class_that_does_not_run_has_no_list(running, day):
    watch = at_risk(running, CLASS, day)
    assert (watch.basis, watch.risks) == ("none", ())
    assert at_risk(running, 404, START).basis == "none"


def test_a_class_without_records_and_without_trainees_is_no_error(sqlite_site):
    register(sqlite_site, ONE, {})
    assert at_risk(sqlite_site, CLASS, START).basis == "none"
    with sqlite_site.registry.begin() as connection:
        add_account(connection, 61, 6)
        connection.execute(insert(trainee).values(class_id=CLASS, account_id=61, checked_in=START))
    watch = at_risk(sqlite_site, CLASS, START)
    assert (watch.basis, watch.watched, watch.risks) == ("rule", 1, ())
    assert past_standings(sqlite_site, []) == {}
    assert "已结束的班 0 个" in enough({})


def test_a_point_is_the_share_of_the_class_that_is_over():
    assert day_at(ONE, 0.5) == date(2022, 9, 15)
    assert gone(ONE, day_at(ONE, 0.5)) == 0.5
    assert day_at(StudyClass(1, START, START), 0.1) == START


# --- learning from finished classes --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    """Twelve finished classes of 25: who misses most sessions does not finish, with some noise. Class 71 runs."""
    from portrait.settings import load_settings
    from portrait.site import open_site

    site = open_site(load_settings(tmp_path_factory.mktemp("past"), today=date(2022, 9, 15)))
    rng = np.random.default_rng(5)
    number = 0
    for klass in range(100, 112):
        one = StudyClass(klass, date(2022, 3, 1), date(2022, 3, 30))
        rows, people = [], {}
        for seat in range(25):
            who = klass * 100 + seat
            weak = rng.random() < 0.25
            finished = rng.random() < (0.15 if weak else 0.97)
            people[who] = {
                "person": who,
                "checked_in": one.starts,
                "graduated": date(2022, 4, 2) if finished else None,
            }
            for day in range(30):
                if rng.random() < (0.25 if weak else 0.95):
                    number += 1
                    rows.append(
                        record(number, who, Kind.ATTENDANCE, one.starts + timedelta(days=day), run=klass)
                    )
        register(site, one, people)
        write(site, rows)
    people = {who: {"person": who, "checked_in": START} for who in (1, 2)}
    register(site, ONE, people)
    rows = [record(number + 1 + n, 1, Kind.ATTENDANCE, START + timedelta(days=n)) for n in range(15)]
    write(site, [*rows, record(number + 99, 2, Kind.ATTENDANCE, START)])
    fit_risk(site, datetime(2022, 9, 15, tzinfo=UTC), QUIET)
    yield site
    site.registry.dispose()


@pytest.fixture(scope="module")
def standings(past):
    return past_standings(past, past_classes(past, past.today))


def test_only_finished_classes_teach(past):
    assert {one.id for one in past_classes(past, past.today)} == set(range(100, 112))


def test_the_model_foretells_unseen_classes_better_than_the_share_of_the_past(standings):
    model, metrics = learn(standings)
    assert set(model.by_point) == set(standings)
    half = metrics["0.5"]
    assert half["brier"] < 0.8 * half["brier_base"]
    assert half["auc"] > 0.85
    assert half["foretold"] == pytest.approx(half["unfinished"], abs=0.03)


def test_the_model_s_list_has_chance_interval_and_reasons_with_numbers(past):
    watch = at_risk(past, CLASS, date(2022, 9, 15))
    assert watch.basis == "model"
    assert (watch.past.classes, watch.past.point) == (12, 0.5)
    assert watch.watched == 2
    (risk,) = watch.risks
    assert risk.learner == 2
    assert risk.low < risk.chance < risk.high
    assert ("absent", 14, 15) in told(risk.causes)
    assert all(c.odds > 0 for c in risk.causes)


def test_before_the_first_point_the_rules_stand_in(past):
    watch = at_risk(past, CLASS, START)
    assert (watch.basis, watch.why) == ("rule", "early")


def test_the_causes_and_the_mean_sum_to_the_odds(standings):
    model, _ = learn(standings)
    point, regression = model.at(0.55)
    X = standings[point][list(FEATURES)].to_numpy(float)
    summed = regression.contributions(X).sum(axis=1) + regression.intercept_
    np.testing.assert_allclose(summed, logit(regression.predict_proba(X)[:, 1]))
    np.testing.assert_allclose(regression.predict_proba(X[:1]), regression.predict_proba(X)[:1])
    assert (regression.coef_ >= 0).all()


def test_too_few_classes_teach_nothing_and_say_so(standings):
    few = {point: frame[frame["class_id"] < 103] for point, frame in standings.items()}
    assert enough(few).startswith("已结束的班 3 个（要 8 个）")
    assert enough(standings) == ""


def test_a_model_worse_than_the_past_is_not_used():
    rng = np.random.default_rng(1)
    noise = pd.DataFrame(rng.random((300, len(FEATURES))), columns=list(FEATURES))
    noise["class_id"] = np.arange(300) // 25
    # Each class has a share of its own that nothing tells, and what is seen tells nothing.
    noise["unfinished"] = (rng.random(300) < 0.3).astype(int)
    noise.loc[noise["class_id"] < 6, "absent"] = noise["unfinished"]
    noise.loc[noise["class_id"] >= 6, "absent"] = 1 - noise["unfinished"]
    model, metrics = learn({0.5: noise})
    assert model.by_point == {}
    assert metrics["0.5"]["brier"] >= metrics["0.5"]["brier_base"]
    assert model.at(0.9) is None


def test_the_card_tells_period_counts_and_measures(past):
    from models.card import read_card

    card = read_card(past.models, NAME)
    assert card.n["classes"] == 12
    assert card.n["trainees"] == 300
    assert card.period == (date(2022, 3, 1), date(2022, 3, 30))
    assert card.features == FEATURES
    assert set(card.metrics["by_point"]["0.5"]) >= {"brier", "brier_base", "auc"}


# --- the regression ------------------------------------------------------------------------------------------


@parametrize_with_checks([GroupedLogistic(draws=3)])
def test_the_regression_is_a_scikit_learn_classifier(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 3))
    y = (rng.random(2000) < 1 / (1 + np.exp(1.5 - X @ [1.0, 0.4, -0.5]))).astype(int)
    return X, y, np.arange(2000) // 40


def test_without_bounds_it_is_the_ridge_logistic_of_scikit_learn(table):
    X, y, _ = table
    known = LogisticRegression(C=0.5, tol=1e-10).fit((X - X.mean(0)) / X.std(0), y)
    ours = GroupedLogistic(penalty=2.0).fit(X, y)
    np.testing.assert_allclose(ours.coef_, known.coef_[0], atol=1e-3)
    assert ours.intercept_ == pytest.approx(known.intercept_[0], abs=1e-3)
    assert ours.predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), abs=1e-4)


def test_with_bounds_no_feature_lowers_the_odds(table):
    X, y, _ = table
    ours = GroupedLogistic(positive=True).fit(X, y)
    assert ours.coef_[2] == 0
    assert (ours.coef_[:2] > 0).all()


def test_the_interval_narrows_with_more_groups(table):
    X, y, groups = table
    few = GroupedLogistic(draws=40).fit(X[:400], y[:400], groups[:400]).interval(X[:1], 0.9)
    many = GroupedLogistic(draws=40).fit(X, y, groups).interval(X[:1], 0.9)
    assert 0 < many[1][0] - many[0][0] < few[1][0] - few[0][0]


def test_a_constant_feature_and_a_class_of_one_kind_are_no_error(table):
    X, y, groups = table
    assert GroupedLogistic().fit(np.c_[X, np.ones(len(X))], y).coef_[3] == 0
    assert (
        cross_validated(GroupedLogistic(), X[:80], np.r_[np.zeros(79), 1].astype(int), groups[:80])["auc"]
        >= 0
    )


def test_causes_name_the_numbers():
    row = {
        "today": 10, "start": 1, "held": 8.0, "attended": 5.0, "due": 5.0, "handed": 2.0, "idle_days": 10.0,
        "online": 3.0, "online_median": 24.5,
    }  # fmt: skip
    causes = [cause(f, row, 0.1) for f in FEATURES]
    assert told(causes) == [
        ("absent", 3, 8),
        ("missing", 3, 5),
        ("idle", 10, 10),
        ("quiet", 3, 24.5),
        ("away", 1, 1),
    ]
    assert [cause_words(c) for c in causes] == [
        "已缺勤 3/8 次",
        "未交任务 3/5 项",
        "开班以来没有学习记录",
        "线上学习 3 次，班里中位数 24.5 次",
        "还没有报到",
    ]
    assert cause_words(cause("idle", row | {"idle_days": 9.0}, 0.1)) == "9 天没有学习记录"


def test_one_person_on_the_list_twice_is_one_trainee(running):
    twice = [StudyTrainee(CLASS, n, 1, START, None, None) for n in (11, 12)]
    assert len(standing(twice, [ONE], progress(running, [ONE]), {CLASS: START})) == 1
