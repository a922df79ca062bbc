"""A provider's pages over a class whose records were written by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from sqlalchemy import select, update

from dashboards.page import Context
from dashboards.trainer import classes as classes_page
from dashboards.trainer import effect as effect_page
from dashboards.trainer import portrait as portrait_page
from dashboards.trainer import risk as risk_page
from models.effect import class_gain, gain
from portrait.errors import AccessRefused
from portrait.record import RECORD_SCHEMA, Flag, Kind, month_number
from portrait.store.bulk import links
from portrait.store.followup import follow_up
from portrait.store.schema import account, training_class
from portrait.store.trainee import class_accounts, roster
from tests.province import AHEAD, ENDED, RUNNING, TODAY, fill_province, trainer

PAGES = (classes_page, portrait_page, risk_page, effect_page)
AT = datetime(2022, 8, 31, 2, tzinfo=UTC)


def record(number, account_id, kind, day, *, run, item="", value=None):
    scored = value is not None
    return {
        "id": number.to_bytes(16, "big"), "batch": 1, "line": number, "account": account_id, "course": 0, "run": run, "item": item,
        "kind": int(kind), "time": datetime(day.year, day.month, day.day, 2, tzinfo=UTC), "seq": 0,
        "score": value and value * 100, "score_max": 100.0 if scored else None, "value": int((value or 0) * 10000),
        "weight": 10000 if scored else 0, "count": 1, "seconds": 0, "credit": 0, "flag": int(Flag.SCORED) if scored else 0,
        "month": month_number(day), "bucket": account_id % 4,
    }  # fmt: skip


@pytest.fixture
def site(sqlite_site):
    fill_province(sqlite_site.registry)
    accounts = [t.account_id for t in roster(sqlite_site.registry, trainer(1), ENDED) if t.checked_in]
    rows = []
    for k, one in enumerate(accounts):
        rows.append(record(1000 + k, one, Kind.ATTENDANCE, date(2022, 3, 1), run=ENDED))
        rows.append(record(2000 + k, one, Kind.ATTENDANCE, date(2022, 3, 2), run=ENDED))
        rows.append(
            record(3000 + k, one, Kind.ASSIGNMENT, date(2022, 3, 5), run=ENDED, item="作业", value=0.8)
        )
        rows.append(record(4000 + k, one, Kind.PRETEST, date(2022, 3, 1), run=ENDED, item="前测", value=0.5))
        if k < 12:
            rows.append(
                record(
                    5000 + k,
                    one,
                    Kind.POSTTEST,
                    date(2022, 3, 9),
                    run=ENDED,
                    item="后测",
                    value=0.6 + 0.01 * (k % 3),
                )
            )
    sqlite_site.lake.append("record", pa.Table.from_pylist(rows, schema=RECORD_SCHEMA), part="a")
    sqlite_site.lake.commit("link", links(sqlite_site.registry), {}, replace="")
    return sqlite_site


def context(site, provider_id):
    scope = trainer(provider_id)
    return Context(site, scope.actor, scope, TODAY, "zh", AT)


def text_of(component):
    if component is None:
        return ""
    if isinstance(component, (list, tuple)):
        return "".join(text_of(one) for one in component)
    if hasattr(component, "children"):
        return text_of(component.children)
    return str(component) if isinstance(component, (str, int, float)) else ""


def graphs(component):
    """Every chart of a layout."""
    if isinstance(component, (list, tuple)):
        return [found for one in component for found in graphs(one)]
    if hasattr(component, "figure"):
        return [component]
    return graphs(component.children) if getattr(component, "children", None) is not None else []


def grid_rows(component):
    """The rows of the first grid of a layout."""
    if isinstance(component, (list, tuple)):
        return next((found for one in component if (found := grid_rows(one)) is not None), None)
    if getattr(component, "rowData", None) is not None:
        return component.rowData
    return grid_rows(component.children) if hasattr(component, "children") else None


def test_the_roster_shows_days_tasks_and_last_activity_beside_the_plan(site):
    rows = {row["name"]: row for row in grid_rows(classes_page.layout(context(site, 1), {}))}
    assert len(rows) == 19
    done = rows["教师01"]
    assert (done["days"], done["tasks"], done["last"], done["state"]) == (
        "2/5",
        "1/2",
        "2022-03-09",
        "已结业",
    )
    assert done["progress"] == round(3 / 7 * 100)
    assert rows["教师07"]["state"] == "中途退出"
    absent = rows["教师09"]
    assert (absent["state"], absent["days"], absent["last"], absent["reason"]) == (
        "未报到",
        "0/5",
        "",
        "未请假",
    )


def test_records_of_another_account_of_the_same_person_count_in_the_roster(site):
    mine = roster(site.registry, trainer(1), ENDED)[0]
    with site.registry.begin() as connection:
        connection.execute(
            account.insert().values(
                id=9000, source="o", kind="mail", shown="x", digest="x", person_id=mine.person_id
            )
        )
    assert class_accounts(site.registry, trainer(1), ENDED)[9000] == mine.account_id
    one = record(9001, 9000, Kind.ATTENDANCE, date(2022, 3, 3), run=ENDED)
    site.lake.append("record", pa.Table.from_pylist([one], schema=RECORD_SCHEMA), part="b")
    rows = {row["name"]: row for row in grid_rows(classes_page.layout(context(site, 1), {}))}
    assert rows[mine.name]["days"] == "3/5"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.PATH)
def test_a_page_draws_every_own_class_and_refuses_any_other(site, page):
    for provider_id, own, foreign in ((1, [ENDED], [RUNNING, AHEAD]), (2, [RUNNING, AHEAD], [ENDED])):
        for number in own:
            assert text_of(page.layout(context(site, provider_id), {"class": str(number)}))
        for number in [*foreign, 999, "x", "1 or 1=1"]:
            with pytest.raises(AccessRefused):
                page.layout(context(site, provider_id), {"class": str(number)})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.PATH)
def test_a_provider_without_classes_is_told_so(site, page):
    assert "本单位还没有班次" in text_of(page.layout(context(site, 3), {}))


def test_the_class_portrait_counts_those_without_evidence_and_names_nobody(site):
    shown = text_of(portrait_page.layout(context(site, 1), {}))
    assert "17 人，都还没有足够的证据" in shown  # 19 on the list, two have left
    assert "教师0" not in shown


def test_a_small_class_has_no_portrait(site):
    assert "少于 10 人" in text_of(portrait_page.layout(context(site, 2), {"class": str(RUNNING)}))


def test_the_effect_page_says_gain_pairs_missing_and_weakness(site):
    gain = class_gain(site, ENDED)
    assert (gain.trainees, gain.pairs, gain.only_pre) == (17, 12, 5)
    assert gain.gain.value == pytest.approx(0.11)
    assert len(gain.points) == 12
    shown = text_of(effect_page.layout(context(site, 1), {}))
    for part in ("+11", "应测 17 人，缺 5 人", "单组前后测", "弱", "回归均值", "没有对照组", "12/17"):
        assert part in shown


@pytest.mark.parametrize("pairs", [1, 2, 9])
def test_of_few_pairs_the_effect_page_shows_counts_and_no_figure(site, pairs, monkeypatch):
    learners = range(1, pairs + 1)
    few = gain(
        {one: 0.31 + one / 100 for one in learners},
        dict.fromkeys(learners, 0.83),
        frozenset(range(1, 18)),
        floor=site.settings.small_cell,
    )
    monkeypatch.setattr(effect_page, "class_gain", lambda _site, _class_id: few)
    page = effect_page.layout(context(site, 1), {})
    shown = text_of(page)
    assert f"只有 {pairs} 人，少于 10 人不显示成效" in shown
    assert f"{pairs}/17" in shown
    assert "…" not in shown
    drawn = [trace for one in graphs(page) for trace in one.figure.data]
    assert drawn == []
    assert any(
        "人数太少不显示" in note.text for one in graphs(page) for note in one.figure.layout.annotations
    )


def test_the_effect_of_a_class_is_hidden_by_the_same_setting_as_its_portrait(site):
    strict = replace(site, settings=site.settings.model_copy(update={"small_cell": 13}))
    assert class_gain(site, ENDED).gain is not None
    assert class_gain(strict, ENDED).hidden
    assert "少于 13 人不显示成效" in text_of(effect_page.layout(context(strict, 1), {}))


def test_a_class_without_tests_says_what_is_missing(site):
    assert "没有一名学员前测后测都做了" in text_of(
        effect_page.layout(context(site, 2), {"class": str(RUNNING)})
    )


def test_only_a_running_class_has_warnings(site):
    assert "已经结束" in text_of(risk_page.layout(context(site, 1), {}))
    assert "还没有开班" in text_of(risk_page.layout(context(site, 2), {"class": str(AHEAD)}))


def test_a_warning_gives_its_reason_and_keeps_the_answer(site):
    with site.registry.begin() as connection:
        connection.execute(
            update(training_class).where(training_class.c.id == RUNNING).values(starts=date(2022, 8, 10))
        )
    shown = text_of(risk_page.layout(context(site, 2), {"class": str(RUNNING)}))
    assert "规则（不是模型）" in shown
    assert "开班以来没有学习记录" in shown
    assert "等待处置" in shown
    warned = next(t for t in roster(site.registry, trainer(2), RUNNING) if t.name in shown)
    follow_up(site.registry, trainer(2), RUNNING, warned.account_id, "contacted", AT, "下周补学")
    after = text_of(risk_page.layout(context(site, 2), {"class": str(RUNNING)}))
    assert "已经处置" in after
    assert "工作人员：已联系。下周补学" in after
    assert "处置以后还没有新的学习记录" in after


def test_another_provider_never_appears_on_a_page(site):
    with site.registry.connect() as connection:
        foreign = [
            row.name
            for row in connection.execute(
                select(training_class.c.name).where(training_class.c.provider_id == 2)
            )
        ]
    for page in PAGES:
        shown = text_of(page.layout(context(site, 1), {}))
        assert not any(name in shown for name in [*foreign, "乙学院"])
