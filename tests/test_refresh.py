"""Records to cells to portraits: tiny sites with answers that can be worked out by hand."""

import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from deltalake import write_deltalake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from portrait.errors import LakeBusy, SettingError
from portrait.evidence import evidence_rule
from portrait.hours import hours_rule
from portrait.lake.cell import cells, halves, portable, sums
from portrait.lake.cell import record as lake_record
from portrait.lake.compact import CROWD, compact, vacuum
from portrait.lake.pool import Pool
from portrait.lake.snapshot import factors
from portrait.lake.table import TABLES, Lake
from portrait.portrait import State
from portrait.reading import dimension_levels, growth, portrait_of, portraits_of
from portrait.record import CELL_SCHEMA, Flag, Kind, month_number
from portrait.refresh import refresh
from portrait.settings import load_settings
from portrait.site import open_site
from portrait.store.lease import writing
from tests.hand import Hand, cell_sums, record

Z = 1.6448536269514722
NOVEMBER = month_number(date(2022, 11, 1))


@pytest.fixture
def hand(sqlite_site):
    """Person 1 with accounts 11 (甲) and 12 (乙), person 2 with 21, and account 99 of nobody."""
    hand = Hand(sqlite_site)
    hand.person(1, 2)
    hand.account(11, 1)
    hand.account(12, 1, "乙")
    hand.account(21, 2)
    hand.account(99, None)
    hand.course(7, P2_1=100, P3_1=50)
    hand.course(8, P1_2=100, P8_1=100)
    return hand


def figure(hand, node="P2.1", person=1):
    return portrait_of(hand.site, person).estimates[node]


def test_a_cell_adds_up_weight_alignment_and_value(hand):
    hand.batch([record(1, 11, Kind.QUIZ, 0.8), record(2, 11, Kind.QUIZ, 0.6, weight=5000)])
    refresh(hand.site)
    # Σw = 1 + .5, Σwy = .8 + .3, Σwy² = .64 + .18; half of all that for an alignment of 50 %, and a quarter of Σw once
    # more weighed by it.
    assert cell_sums(hand.site) == [
        (11, "P2.1", NOVEMBER, Kind.QUIZ, 2, 1_500_000, 11_000_000_000, 82_000_000_000_000, 150_000_000),
        (11, "P3.1", NOVEMBER, Kind.QUIZ, 2, 750_000, 5_500_000_000, 41_000_000_000_000, 37_500_000),
    ]


def test_the_level_follows_from_the_formula(hand):
    hand.batch(
        [
            record(1, 11, Kind.ASSIGNMENT, 0.8),
            record(2, 12, Kind.EXAM, 0.9, on=date(2020, 11, 5)),
            record(3, 12, Kind.RATING, 0.4, on=date(2018, 11, 5)),
        ]
    )
    refresh(hand.site)
    found = figure(hand)
    # κ = .2²/.2² = 1, μ = .5; w·d = .8, .9 / 2, 1 / 4.
    assert found.weight == pytest.approx(1.5)
    assert found.level == pytest.approx((0.5 + 0.8 * 0.8 + 0.45 * 0.9 + 0.25 * 0.4) / 2.5, abs=1e-9)
    # κ²τ² + σ²Σw, γ² by source (甲 .8, 乙 .7) and η² a month times Σw · Σw·age.
    variance = 0.04 + 0.04 * 1.5 + 0.0025 * (0.8**2 + 0.7**2) + 0.04**2 / 12 * 1.5 * (0.45 * 24 + 0.25 * 48)
    assert found.high - found.low == pytest.approx(2 * Z * variance**0.5 / 2.5, abs=1e-8)
    assert (found.alignment, found.mixed) == (1.0, 0.0)
    assert (found.state, found.n, found.sources, found.last) == (State.ESTIMATED, 3, 2, date(2022, 11, 1))
    assert figure(hand, "P3.1").state is State.THIN  # half the weight: .75
    # Of the dimension only P2.1 is estimated, so it is that.
    assert figure(hand, "P2").level == found.level


def test_courses_only_partly_about_an_indicator_widen_its_interval(hand):
    hand.batch([record(n, 11 + n % 2, Kind.RATING, 0.8) for n in range(4)])
    refresh(hand.site)
    found = figure(hand, "P3.1")  # four ratings at an alignment of 50 %: Σw = 2, Σw·alignment = 1
    assert found.level == pytest.approx((0.5 + 2 * 0.8) / 3, abs=1e-9)
    # 2κ·s²·1 + δ²·1² with s² = .01 and δ² = 4/3 s²; σ² counts for Σw·alignment only.
    mixed = 2 * 0.01 + 0.04 / 3
    variance = 0.04 + mixed + 0.04 * 1 + 0.0025 * 2
    assert found.high - found.low == pytest.approx(2 * Z * variance**0.5 / 3, abs=1e-8)
    assert (found.alignment, found.mixed) == (0.5, pytest.approx(mixed / variance, abs=1e-9))
    own = figure(hand)
    assert (own.alignment, own.mixed) == (1.0, 0.0)
    whole = figure(hand, "P3")
    assert (whole.alignment, whole.mixed) == (found.alignment, found.mixed)


def test_none_thin_and_estimated_are_never_merged(hand):
    hand.batch(
        [record(n, 11, Kind.RATING, 0.9) for n in range(5)]  # plenty, but one source only
        + [record(10, 21, Kind.QUIZ, 0.9)]  # too light
    )
    refresh(hand.site)
    assert figure(hand).state is State.THIN
    assert (figure(hand).level, figure(hand).low, figure(hand).n) == (None, None, 5)
    assert figure(hand, person=2).state is State.THIN
    assert figure(hand, "P4.1").state is State.NONE
    assert figure(hand, person=77).state is State.NONE
    hand.batch([record(20, 12, Kind.QUIZ, 0.9)])
    refresh(hand.site)
    assert figure(hand).state is State.ESTIMATED


def test_what_counts_nothing_makes_no_cell(hand):
    hand.batch(
        [
            record(1, 11, Kind.QUIZ, 0.9, flag=Flag.SPEED),
            record(2, 11, Kind.QUIZ, 0.9, flag=Flag.FUTURE),
            record(3, 11, Kind.QUIZ),  # no score
            record(4, 11, Kind.QUIZ, 0.9, weight=0),
            record(5, 11, Kind.SELF_RATING, 0.9),
            record(6, 11, Kind.VIEW, seconds=3600),
            record(7, 11, Kind.VIDEO, seconds=3600),
            record(8, 11, Kind.COMPLETE, 0.9),
            record(9, 11, Kind.QUIZ, 0.9, course=0),
        ]
    )
    refresh(hand.site)
    assert cell_sums(hand.site) == []
    assert all(one.state is State.NONE for one in portrait_of(hand.site, 1).estimates.values())


def test_ethics_and_evidence_lists_are_counted_and_never_scored(hand):
    hand.batch(
        [
            record(1, 11, Kind.QUIZ, 0.9, course=8),
            record(2, 12, Kind.RATING, 1.0, course=8, on=date(2022, 10, 1)),
            record(3, 11, Kind.COMPLETE, course=8, on=None),
            record(4, 11, Kind.VIEW, course=8),
        ]
    )
    refresh(hand.site)
    assert {row[4:] for row in cell_sums(hand.site)} == {(1, 0, 0, 0, 0)}
    for node in ("P1.2", "P1", "P8.1", "P8"):
        found = figure(hand, node)
        assert (found.state, found.n, found.sources, found.last) == (State.RECORD, 3, 2, date(2022, 11, 1))
        assert (found.level, found.low, found.high, found.weight) == (None, None, None, 0.0)


def test_undated_evidence_is_kept_in_cells_and_never_weighed(hand):
    hand.batch([record(1, 11, Kind.EXAM, 0.9, on=None)])
    refresh(hand.site)
    assert [row[2] for row in cell_sums(hand.site)] == [0, 0]
    assert figure(hand).state is State.NONE


def test_a_record_of_a_class_counts_for_what_the_class_teaches(hand):
    hand.training_class(70, 7)
    hand.batch([record(1, 11, Kind.RATING, 0.9, course=0, run=70), record(2, 12, Kind.RATING, 0.9, run=70)])
    refresh(hand.site)
    assert figure(hand).n == 2
    assert figure(hand).weight == pytest.approx(2.0)


def test_an_unknown_account_counts_for_nobody_until_it_is_linked(hand):
    hand.batch([record(1, 99, Kind.RATING, 0.9), record(2, 21, Kind.RATING, 0.6)])
    refresh(hand.site)
    before = cell_sums(hand.site)
    assert figure(hand).state is State.NONE
    hand.link(99, 1)
    report = refresh(hand.site)
    assert report.cells == "none"
    assert cell_sums(hand.site) == before
    assert figure(hand).n == 1
    hand.link(99, 2)
    refresh(hand.site)
    assert figure(hand).state is State.NONE
    assert figure(hand, person=2).n == 2
    hand.link(99, None)
    refresh(hand.site)
    assert figure(hand, person=2).n == 1


def test_tables_that_lack_a_column_of_today_are_made_again(hand):
    """A home of an older version: what is derived follows, records stay."""
    hand.batch([*many(60, 3), record(900, 11, Kind.RATING, 0.7), record(901, 12, Kind.EXAM, 0.6)])
    refresh(hand.site)
    before, portraits = cell_sums(hand.site), dimension_levels(hand.site)
    for name, column in (("cell", "swa"), ("prior", "drift"), ("snapshot", "alignment")):
        old = hand.site.lake.table(name).to_pyarrow_table().drop_columns([column])
        write_deltalake(
            str(hand.site.lake.path(name)), old, mode="overwrite", schema_mode="overwrite",
            partition_by=TABLES[name][1],
        )  # fmt: skip
        assert not hand.site.lake.fits(name)
    report = refresh(hand.site)
    assert (report.cells, report.portraits) == ("full", "full")
    assert all(hand.site.lake.fits(name) for name in TABLES)
    assert cell_sums(hand.site) == before
    assert dimension_levels(hand.site).equals(portraits)


def test_a_batch_that_is_still_coming_in_counts_when_it_is_done(hand):
    late = hand.batch([record(1, 11, Kind.RATING, 0.9)], state="running")
    hand.batch([record(2, 11, Kind.RATING, 0.5)])
    refresh(hand.site)
    assert figure(hand).n == 1
    refresh(hand.site, full=True)
    assert figure(hand).n == 1
    hand.finish(late)
    assert refresh(hand.site).batches == 1
    assert figure(hand).n == 2
    assert refresh(hand.site).cells == "none"


def test_a_past_day_gets_its_own_snapshot_and_leaves_the_newest_alone(hand):
    hand.batch([record(1, 11, Kind.RATING, 0.9), record(2, 12, Kind.RATING, 0.9, on=date(2021, 3, 1))])
    refresh(hand.site)
    newest = portrait_of(hand.site, 1)
    refresh(hand.site, as_of=date(2021, 6, 30))
    assert portrait_of(hand.site, 1) == newest
    days = [row[0] for row in hand.site.pool.rows("SELECT DISTINCT as_of FROM snapshot ORDER BY 1")]
    assert days == [(day - date(1970, 1, 1)).days for day in (date(2021, 6, 30), date(2022, 11, 15))]
    refresh(hand.site)
    assert portrait_of(hand.site, 1) == newest


def test_a_new_month_ages_everybody(hand):
    hand.batch([record(1, 11, Kind.RATING, 0.9), record(2, 12, Kind.RATING, 0.9)])
    refresh(hand.site)
    assert refresh(hand.site, as_of=date(2022, 11, 30)).portraits == "batch"
    assert portrait_of(hand.site, 1).as_of == date(2022, 11, 30)
    assert refresh(hand.site, as_of=date(2024, 11, 1)).portraits == "full"
    assert figure(hand).weight == pytest.approx(1.0)
    assert figure(hand).as_of == date(2024, 11, 1)


def test_growth_tells_each_day_what_the_snapshot_of_that_day_would(hand):
    hand.batch(
        [
            record(1, 11, Kind.RATING, 0.5, on=date(2020, 2, 1)),
            record(2, 12, Kind.EXAM, 0.6, on=date(2021, 2, 1)),
            record(3, 12, Kind.RATING, 0.9, on=date(2022, 2, 1)),
            record(4, 12, Kind.COMPLETE, on=date(2022, 2, 1), course=8),
        ]
    )
    refresh(hand.site)
    days = [date(2019, 12, 31), date(2020, 6, 30), date(2021, 6, 30), date(2022, 11, 15)]
    found = growth(hand.site, 1, "P2", days)
    assert [one.state for one in found] == [State.NONE, State.THIN, State.ESTIMATED, State.ESTIMATED]
    assert [one.as_of for one in found] == days
    for node in ("P2", "P2.1", "P3.1", "P1.2", "P5"):
        now, newest = growth(hand.site, 1, node, days[-1:])[0], figure(hand, node)
        assert (now.state, now.n, now.sources, now.last) == (
            newest.state,
            newest.n,
            newest.sources,
            newest.last,
        )
        assert (now.level or 0) == pytest.approx(newest.level or 0, abs=1e-9)
        assert (now.low or 0) == pytest.approx(newest.low or 0, abs=1e-9)
        assert (now.high or 0) == pytest.approx(newest.high or 0, abs=1e-9)
        assert (now.alignment or 0) == pytest.approx(newest.alignment or 0, abs=1e-9)
        assert now.mixed == pytest.approx(newest.mixed, abs=1e-9)
        assert now.weight == newest.weight
    refresh(hand.site, as_of=date(2021, 6, 30))  # before the first refresh of a later day: the same figure
    assert growth(hand.site, 9, "P2", days)[0].state is State.NONE


def test_a_group_is_counted_and_not_guessed(hand):
    hand.batch(
        [record(1, 11, Kind.RATING, 0.9), record(2, 12, Kind.RATING, 0.9), record(3, 21, Kind.QUIZ, 0.2)]
    )
    refresh(hand.site)
    table = dimension_levels(hand.site, [1, 2, 3])
    assert table.num_rows == 8  # P2, P2.1, P3, P3.1 of two persons: the third has nothing, which is no row
    own = [row for row in table.to_pylist() if row["node"] == "P2"]
    assert [row["state"] for row in own] == ["estimated", "thin"]
    assert [row["level"] for row in own] == [pytest.approx((0.5 + 1.8) / 3, abs=1e-9), None]
    assert dimension_levels(hand.site).equals(table)
    assert portraits_of(hand.site, [1, 2])[2] == portrait_of(hand.site, 2)


def test_a_site_without_records_has_empty_portraits(sqlite_site):
    assert portrait_of(sqlite_site, 1).estimates["P2"].state is State.NONE
    assert growth(sqlite_site, 1, "P2", [date(2022, 1, 1)])[0].state is State.NONE
    assert dimension_levels(sqlite_site).num_rows == 0
    report = refresh(sqlite_site)
    assert (report.persons, report.batches) == (0, 0)
    assert portrait_of(sqlite_site, 1).estimates["P2"].state is State.NONE


def test_the_writer_is_alone(hand, monkeypatch):
    monkeypatch.setattr("portrait.refresh.WAIT_SECONDS", 0.0)
    with writing(hand.site.registry), pytest.raises(LakeBusy):
        refresh(hand.site)


# --- the same sums whatever the way ---------------------------------------------------------------------------


def many(count, seed, accounts=(11, 12, 21, 99)):
    """Records of all kinds, flags and months, good and useless."""
    rng = np.random.default_rng(seed)
    return [
        record(
            number,
            int(rng.choice(accounts)),
            Kind(int(rng.integers(1, 19))),
            float(rng.integers(0, 10_001)) / 10_000 if rng.random() < 0.8 else None,
            weight=int(rng.integers(0, 10_001)),
            course=int(rng.choice([0, 7, 8, 9])),
            run=int(rng.choice([0, 70])),
            flag=Flag(int(rng.choice([0, 0, 0, 2, 4, 16]))),
            on=None
            if rng.random() < 0.05
            else date(2018 + int(rng.integers(0, 5)), int(rng.integers(1, 13)), 3),
        )
        for number in range(count)
    ]


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(0, 4), min_size=60, max_size=60), st.permutations(range(5)), st.integers(0, 1000))
def test_batches_in_any_order_add_up_to_the_full_refresh(owner, order, seed):
    rows = many(60, seed)
    with tempfile.TemporaryDirectory() as folder:
        site = open_site(load_settings(Path(folder), today=date(2022, 11, 15)))
        hand = Hand(site)
        hand.person(1, 2)
        for number, person, source in ((11, 1, "甲"), (12, 1, "乙"), (21, 2, "甲"), (99, None, "甲")):
            hand.account(number, person, source)
        hand.course(7, P2_1=100, P3_1=33)
        hand.course(8, P1_2=100, P2_1=7)
        hand.training_class(70, 7)
        for part in order:
            hand.batch([row for row, mine in zip(rows, owner, strict=True) if mine == part])
            refresh(site)
        step_by_step, portraits = cell_sums(site), dimension_levels(site)
        refresh(site, full=True)
        assert cell_sums(site) == step_by_step
        assert dimension_levels(site).equals(portraits)
        site.registry.dispose()


@pytest.mark.parametrize(
    ("full", "commit", "landed"),
    # cell, snapshot, link; a full refresh writes the prior before the snapshot. After a commit is before the next one.
    [(False, 0, False), (False, 1, False), (False, 2, False), (False, 2, True),
     (True, 0, False), (True, 1, False), (True, 2, False), (True, 3, False), (True, 3, True)],
)  # fmt: skip
def test_a_refresh_that_was_killed_goes_on_where_it_was(hand, monkeypatch, full, commit, landed):
    """Killed at each commit in turn, just before or just after it landed, then run again."""
    for number in range(3, 30):
        hand.person(number)
        hand.account(1000 + number, number)
    hand.batch([record(n, 1000 + n, Kind.RATING, 0.7) for n in range(3, 30)])
    refresh(hand.site)
    hand.batch(many(40, 5))
    hand.link(99, 2)
    commits, write = [], Lake.commit

    def killed(lake, name, *given, **named):
        commits.append(name)
        if len(commits) > commit and not landed:
            raise KeyboardInterrupt
        write(lake, name, *given, **named)
        if len(commits) > commit:
            raise KeyboardInterrupt

    monkeypatch.setattr(Lake, "commit", killed)
    with pytest.raises(KeyboardInterrupt):
        refresh(hand.site, full=full)
    monkeypatch.undo()
    refresh(hand.site)
    cells_after, portraits = cell_sums(hand.site), dimension_levels(hand.site)
    refresh(hand.site, full=True)
    assert cell_sums(hand.site) == cells_after
    assert dimension_levels(hand.site).equals(portraits)


def test_a_touched_teacher_is_appended_and_the_others_stay(hand):
    for number in range(3, 30):
        hand.person(number)
        hand.account(1000 + number, number)
    hand.batch([record(n, 1000 + n, Kind.RATING, 0.7) for n in range(3, 30)])
    assert refresh(hand.site).portraits == "full"
    hand.batch([record(50, 1003, Kind.RATING, 0.9)])
    report = refresh(hand.site)
    assert (report.cells, report.portraits, report.persons) == ("batch", "batch", 1)
    assert figure(hand, person=3).n == 2
    assert figure(hand, person=4).n == 1
    hand.link(1003, None)
    assert refresh(hand.site).persons == 1
    assert figure(hand, person=3).state is State.NONE
    assert 3 not in dimension_levels(hand.site)["person"].to_pylist()
    assert refresh(hand.site).portraits == "none"


def test_folding_the_files_changes_no_figure(hand):
    for start in range(0, 120, 40):
        hand.batch(many(40, start))
        refresh(hand.site)
    cells_before, portraits = cell_sums(hand.site), dimension_levels(hand.site)
    assert compact(hand.site.lake, "cell") > 0
    for name in ("record", "snapshot", "prior", "link"):
        compact(hand.site.lake, name)
    assert cell_sums(hand.site) == cells_before
    assert dimension_levels(hand.site).equals(portraits)
    assert refresh(hand.site).cells == "none"
    hand.batch(many(40, 777))
    refresh(hand.site)
    after = cell_sums(hand.site)
    refresh(hand.site, full=True)
    assert cell_sums(hand.site) == after


def test_a_refresh_folds_what_many_batches_left_behind_and_only_there(hand):
    lake = hand.site.lake
    hand.batch([record(900, 11, Kind.QUIZ, 0.5, on=date(2021, 3, 1))])
    for number in range(CROWD + 1):
        hand.batch([record(number, 11, Kind.QUIZ, 0.9)])
    scattered = [file for file in lake.files("record") if f"month={NOVEMBER}" in file]
    assert len(scattered) == CROWD + 1
    quiet = [file for file in lake.files("record") if file not in scattered]
    refresh(hand.site)
    assert len(lake.files("record")) == 2
    assert set(quiet) < set(lake.files("record"))
    assert figure(hand).n == CROWD + 2
    # Whoever reads the version before still finds its files.
    assert all(Path(file).exists() for file in scattered)
    version = lake.table("record").version()
    assert (refresh(hand.site).cells, refresh(hand.site).portraits) == ("none", "none")
    assert lake.table("record").version() == version


def test_files_that_readers_may_hold_are_not_removed(hand):
    hand.batch(many(40, 1))
    refresh(hand.site)
    with pytest.raises(SettingError, match="24 小时"):
        vacuum(hand.site.lake, "cell", keep_hours=1)
    assert vacuum(hand.site.lake, "cell") == []


def test_study_time_clicks_and_self_rating_never_change_a_level(hand):
    hand.batch([*many(60, 3), record(900, 11, Kind.RATING, 0.7), record(901, 12, Kind.EXAM, 0.6)])
    refresh(hand.site)
    before = dimension_levels(hand.site).filter(
        pa.compute.equal(dimension_levels(hand.site)["state"], "estimated")
    )
    useless = [
        record(1000 + n, account, kind, value, seconds=7200, count=99, on=date(2022, 10, 1))
        for n, (account, kind, value) in enumerate(
            (a, k, v)
            for a in (11, 12, 21)
            for k in (Kind.VIEW, Kind.VIDEO, Kind.FORUM, Kind.ENROL, Kind.SELF_RATING, Kind.COMPLETE)
            for v in (None, 1.0)
        )
    ]
    hand.batch(useless)
    refresh(hand.site)
    after = dimension_levels(hand.site).filter(
        pa.compute.equal(dimension_levels(hand.site)["state"], "estimated")
    )
    assert before.num_rows > 0
    assert after.equals(before)


# --- the same text on another engine --------------------------------------------------------------------------


def test_the_text_of_the_refresh_gives_the_same_rows_on_postgresql(hand, empty_postgres_url):
    hand.training_class(70, 7)
    hand.batch(many(1500, 11))
    hand.batch(many(500, 12))
    refresh(hand.site)
    rule = evidence_rule()
    first = portable(cells(4, rule.facts, hours_rule().verified, lake_record.c.batch.in_([1, 2])))
    second, third = portable(sums(NOVEMBER)), portable(halves(NOVEMBER, 1))
    duck = hand.site.engine()
    aligned = pa.table(
        {
            "subject": pa.array([7, 7, 8, 8, 70, 70], pa.int64()),
            "indicator": ["P2.1", "P3.1", "P1.2", "P8.1", "P2.1", "P3.1"],
            "percent": pa.array([100, 50, 100, 100, 100, 50], pa.int32()),
            "scored": pa.array([1, 1, 0, 0, 1, 1], pa.int32()),
        }
    )
    duck.register("aligned", aligned)
    duck.register("factor", factors(rule, sorted({row[2] for row in cell_sums(hand.site)}), NOVEMBER))
    tables = {
        "record": "SELECT batch, account, course, run, kind, value, weight, flag, month FROM record",
        "aligned": "SELECT * FROM aligned",
        "factor": "SELECT * FROM factor",
        "link": "SELECT * FROM link",
        "cell": "SELECT * FROM cell",
    }
    server = create_engine(empty_postgres_url)
    with server.begin() as connection:
        for name, query in tables.items():
            rows = duck.sql(query).to_arrow_table()
            types = {"int64": "bigint", "int32": "integer", "double": "double precision", "string": "text"}
            columns = ", ".join(f"{field.name} {types[str(field.type)]}" for field in rows.schema)
            connection.execute(text(f"CREATE TABLE {name} ({columns})"))
            places = ", ".join(f":{column}" for column in rows.column_names)
            connection.execute(text(f"INSERT INTO {name} VALUES ({places})"), rows.to_pylist())
        theirs = [
            sorted(tuple(row) for row in connection.execute(text(sql))) for sql in (first, second, third)
        ]
    server.dispose()
    ours = [sorted(duck.execute(sql).fetchall()) for sql in (first, second, third)]
    duck.close()
    assert len(ours[0]) > 300
    assert ours == theirs
    assert len(ours[2]) > 10
    assert {type(value) for rows in theirs for row in rows for value in row} == {int, str}
    # And it is what the refresh wrote.
    assert ours[0] == sorted(hand.site.pool.rows("SELECT * FROM cell"))
    assert [field.name for field in CELL_SCHEMA] == [
        "account", "indicator", "month", "kind", "n", "sw", "swy", "swyy", "swa", "bucket",
    ]  # fmt: skip


# --- where the lake lies ---------------------------------------------------------------------------------------


def test_a_home_with_spaces_and_chinese_in_its_name_works(tmp_path):
    site = open_site(load_settings(tmp_path / "我的 家'目录", today=date(2022, 11, 15)))
    hand = Hand(site)
    hand.person(1)
    hand.account(11, 1)
    hand.course(7, P2_1=100)
    hand.batch([record(1, 11, Kind.RATING, 0.9)])
    refresh(site)
    assert portrait_of(site, 1).estimates["P2.1"].n == 1
    hand.batch([record(2, 11, Kind.RATING, 0.8)])
    refresh(site)
    assert portrait_of(site, 1).estimates["P2.1"].n == 2
    site.registry.dispose()


def test_a_kept_answer_is_new_after_every_commit_and_makes_room_for_others(hand, monkeypatch):
    pool, count = hand.site.pool, "SELECT count(*) FROM record WHERE account = ?"
    hand.batch([record(1, 11, Kind.QUIZ, 0.9)])
    assert pool.kept(count, [11]) == [(1,)]
    assert pool.kept(count, [11]) is pool.kept(count, [11])
    assert pool.kept(count, [12]) == [(0,)]
    hand.batch([record(2, 11, Kind.QUIZ, 0.8)])
    assert pool.kept(count, [11]) == [(2,)]
    # Another commit anywhere could change an answer: a refresh writes cells and figures.
    before = pool.kept(count, [11])
    refresh(hand.site)
    assert pool.kept(count, [11]) is not before
    monkeypatch.setattr("portrait.lake.pool.ROOM", 4)
    small = Pool(hand.site.lake, memory="1GB", threads=1)
    first = small.kept(count, [11])
    assert small.kept(count, [12]) is small.kept(count, [12])
    assert small.kept(count, [21]) is small.kept(count, [21])
    assert small.kept(count, [11]) is not first
    # More than all the room there is: answered, and not kept.
    assert len(small.kept("SELECT range, range FROM range(3)")) == 3
    assert small.kept(count, [11]) is small.kept(count, [11])


def test_the_engine_draws_no_progress_where_scripts_read_json(hand):
    (setting,) = hand.site.engine().execute("SELECT current_setting('enable_progress_bar')").fetchone()
    assert setting is False
