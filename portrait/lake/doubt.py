"""Doubtful records found by looking at others: two places at once, watching and nothing else, the same answers as somebody else,
days without a night, and what is far from what everybody else needs. Whole numbers only, a month at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache

import duckdb

from portrait.record import FOUND_BY, SCORED, Kind
from portrait.resource import read_yaml

WATCHED = (Kind.VIEW, Kind.VIDEO)
FEW = 20_000  # records that are read once and kept; of more, each question reads what it needs of the files
LIVELY = (Kind.FORUM, Kind.QUIZ, Kind.ASSIGNMENT, Kind.EXAM, Kind.ACTIVITY)


@dataclass(frozen=True)
class DoubtRule:
    """data/rules/quality.yaml: from where on something is doubtful."""

    version: str
    valid_from: date
    parallel_seconds: int
    parallel_days: int
    idle_seconds: int
    same_marks: int
    same_persons: int
    same_gap_seconds: int
    same_pace_seconds: int
    sleepless_hours: int
    outlier_z: float
    outlier_accounts: int
    outlier_seconds: int
    cite: Mapping[str, str]  # by rule

    def numbers(self) -> str:
        """What it all depends on, as text: another text, other verdicts."""
        return repr([getattr(self, one.name) for one in fields(self) if one.name != "cite"])


@cache
def doubt_rule() -> DoubtRule:
    said = read_yaml("rules/quality.yaml")
    rules = said["rules"]
    return DoubtRule(
        version=said["version"],
        valid_from=said["valid_from"],
        parallel_seconds=int(rules["parallel"]["seconds"]),
        parallel_days=int(rules["parallel"]["days"]),
        idle_seconds=int(rules["idle"]["seconds"]),
        same_marks=int(rules["same"]["marks"]),
        same_persons=int(rules["same"]["persons"]),
        same_gap_seconds=int(rules["same"]["gap_seconds"]),
        same_pace_seconds=int(rules["same"]["pace_seconds"]),
        sleepless_hours=int(rules["sleepless"]["hours"]),
        outlier_z=float(rules["outlier"]["z"]),
        outlier_accounts=int(rules["outlier"]["accounts"]),
        outlier_seconds=int(rules["outlier"]["seconds"]),
        cite={name: str(rule["cite"]) for name, rule in rules.items()},
    )


def find(engine: duckdb.DuckDBPyConnection, rule: DoubtRule) -> None:
    """Make the table `found` (batch, line, and a column of numbers for each flag of FOUND) from the views `standing` and `linked`."""
    looked_at = "standing"
    few = f"SELECT count(*) FROM (SELECT 1 FROM standing LIMIT {FEW + 1})"
    if engine.execute(few).fetchall()[0][0] <= FEW:
        engine.execute("CREATE OR REPLACE TEMP TABLE standing_few AS SELECT * FROM standing")
        looked_at = "standing_few"
    # Accounts of one person are one pair of eyes, on whatever platform.
    engine.execute(
        "CREATE OR REPLACE TEMP VIEW seen AS SELECT s.*, coalesce(l.person, -s.account) AS owner "
        f"FROM {looked_at} s LEFT JOIN linked l ON l.account = s.account WHERE s.time IS NOT NULL AND s.month > 0"
    )
    parts = {
        "parallel": _parallel(rule),
        "idle": _idle(rule),
        "same": _same(rule),
        "sleepless": _sleepless(rule),
        "outlier": _outlier(rule),
    }
    names = list(FOUND_BY)
    union = " UNION ALL ".join(
        f"SELECT batch, line, {', '.join(f'said AS {one}' if one == name else f'NULL::varchar AS {one}' for one in names)} "
        f"FROM ({parts[name]})"
        for name in names
    )
    merged = ", ".join(f"max({name}) AS {name}" for name in names)
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE found AS SELECT batch, line, {merged} FROM ({union}) GROUP BY batch, line"
    )


def _parallel(rule: DoubtRule) -> str:
    """Two watched things that overlap, and not once only: both are doubtful, whichever was the real one."""
    watched = (
        f"SELECT batch, line, id, owner, month, course, item, epoch(time)::bigint AS at, seconds, "
        f"(epoch(time)::bigint + 28800) // 86400 AS day FROM seen "
        f"WHERE kind IN ({_listed(WATCHED)}) AND seconds >= {rule.parallel_seconds}"
    )
    # Some platforms write when watching began, others when it ended: it must overlap either way.
    overlap = (
        "least(least(a.at + a.seconds, b.at + b.seconds) - greatest(a.at, b.at), "
        "least(a.at, b.at) - greatest(a.at - a.seconds, b.at - b.seconds))"
    )
    pairs = (
        f"SELECT a.batch, a.line, a.owner, a.month, a.day, max({overlap}) AS seconds, count(*) AS others "
        f"FROM ({watched}) a JOIN ({watched}) b ON a.owner = b.owner AND a.day = b.day AND a.month = b.month "
        f"AND a.id <> b.id AND (a.course, a.item) <> (b.course, b.item) "
        f"WHERE {overlap} >= {rule.parallel_seconds} GROUP BY a.batch, a.line, a.owner, a.month, a.day"
    )
    return (
        f"SELECT p.batch, p.line, json_object('seconds', p.seconds, 'others', p.others, 'days', g.days)::varchar AS said "
        f"FROM ({pairs}) p JOIN (SELECT owner, month, count(DISTINCT day) AS days FROM ({pairs}) GROUP BY owner, month "
        f"HAVING days >= {rule.parallel_days}) g ON g.owner = p.owner AND g.month = p.month"
    )


def _idle(rule: DoubtRule) -> str:
    """Hours of watching in a course and month, and no answer, no task, no word."""
    return (
        f"SELECT s.batch, s.line, json_object('seconds', g.seconds, 'records', g.n)::varchar AS said FROM seen s JOIN ("
        f"SELECT owner, course, month, sum(CASE WHEN kind IN ({_listed(WATCHED)}) THEN seconds ELSE 0 END)::bigint AS seconds, "
        f"count(*) FILTER (kind IN ({_listed(WATCHED)}) AND seconds > 0) AS n FROM seen WHERE course <> 0 GROUP BY ALL "
        f"HAVING seconds >= {rule.idle_seconds} AND count(*) FILTER (kind IN ({_listed((*LIVELY, *SCORED))})) = 0) g "
        f"ON g.owner = s.owner AND g.course = s.course AND g.month = s.month "
        f"WHERE s.kind IN ({_listed(WATCHED)}) AND s.seconds > 0"
    )


def _same(rule: DoubtRule) -> str:
    """Persons whose marks in a course are the same, one after the other, at the same pace."""
    marks = (
        f"SELECT owner, account, course, month, kind, item, value, epoch(time)::bigint AS moment, batch, line, "
        f"min(epoch(time)::bigint) OVER (PARTITION BY account, course, month) AS first FROM seen "
        f"WHERE kind IN ({_listed((Kind.QUIZ, Kind.ASSIGNMENT, Kind.EXAM))}) AND flag & 1 <> 0 AND course <> 0"
    )
    order = "ORDER BY moment, kind, item, value"
    # Days apart tells nothing: whole classes hand in at the same deadlines.
    series = (
        f"SELECT owner, account, course, month, count(*) AS marks, max(moment - first) AS gap, "
        f"list(moment - first {order}) AS pace, md5(string_agg(concat_ws('|', kind, item, value), ';' {order})) AS pattern "
        f"FROM ({marks}) GROUP BY owner, account, course, month "
        f"HAVING count(*) >= {rule.same_marks} AND gap > 0 AND gap <= {rule.same_gap_seconds}"
    )
    apart = "list_max(list_transform(list_zip(a.pace, b.pace), lambda p: abs(p[1] - p[2])))"
    return (
        f"WITH series AS MATERIALIZED ({series}), alike AS (SELECT a.account, a.course, a.month, a.marks, "
        f"count(DISTINCT b.owner) + 1 AS persons FROM series a JOIN series b "
        f"ON a.course = b.course AND a.month = b.month AND a.pattern = b.pattern AND a.owner <> b.owner "
        f"WHERE {apart} <= {rule.same_pace_seconds} GROUP BY a.account, a.course, a.month, a.marks) "
        f"SELECT m.batch, m.line, json_object('persons', s.persons, 'marks', s.marks)::varchar AS said FROM ({marks}) m "
        f"JOIN alike s ON s.account = m.account AND s.course = m.course AND s.month = m.month "
        f"WHERE s.persons >= {rule.same_persons}"
    )


def _sleepless(rule: DoubtRule) -> str:
    """Learning in nearly every hour of one day."""
    kinds = _listed((*WATCHED, *LIVELY))
    day = "(epoch(time)::bigint + 28800) // 86400"
    hour = "(epoch(time)::bigint + 28800) // 3600 % 24"
    return (
        f"SELECT s.batch, s.line, json_object('hours', g.hours)::varchar AS said FROM seen s JOIN ("
        f"SELECT owner, month, {day} AS day, count(DISTINCT {hour}) AS hours FROM seen WHERE kind IN ({kinds}) "
        f"GROUP BY ALL HAVING hours >= {rule.sleepless_hours}) g "
        f"ON g.owner = s.owner AND g.month = s.month AND g.day = (epoch(s.time)::bigint + 28800) // 86400 "
        f"WHERE s.kind IN ({kinds})"
    )


def _outlier(rule: DoubtRule) -> str:
    """Time spent on one kind of thing in a course and month, so many robust deviations above the middle of all accounts.

    z = (x − median) / (1.4826 · MAD), medians as order statistics of whole seconds (Iglewicz and Hoaglin 1993). A MAD of less
    than a twentieth of the median is taken for that: where nearly all are alike a minute would be far.
    """
    spent = (
        "SELECT account, course, kind, month, sum(seconds)::bigint AS seconds FROM seen "
        "WHERE seconds > 0 AND course <> 0 GROUP BY ALL"
    )
    middle = (
        f"SELECT course, kind, month, quantile_disc(seconds, 0.5) AS median, count(*) AS n FROM ({spent}) GROUP BY ALL "
        f"HAVING n >= {rule.outlier_accounts}"
    )
    spread = (
        f"SELECT x.course, x.kind, x.month, any_value(m.median) AS median, any_value(m.n) AS n, "
        f"greatest(quantile_disc(abs(x.seconds - m.median), 0.5), any_value(m.median) // 20, 1) AS mad "
        f"FROM ({spent}) x JOIN ({middle}) m USING (course, kind, month) GROUP BY ALL"
    )
    z = "((x.seconds - d.median) * 100000 // (d.mad * 14826))"  # in tenths
    return (
        f"SELECT s.batch, s.line, json_object('z', far.z, 'seconds', far.seconds, 'median', far.median, 'accounts', far.n)"
        f"::varchar AS said FROM seen s JOIN (SELECT x.account, x.course, x.kind, x.month, x.seconds, d.median, d.n, {z} AS z "
        f"FROM ({spent}) x JOIN ({spread}) d USING (course, kind, month) "
        f"WHERE {z} >= {round(rule.outlier_z * 10)} AND x.seconds - d.median >= {rule.outlier_seconds}) far "
        f"ON far.account = s.account AND far.course = s.course AND far.kind = s.kind AND far.month = s.month "
        f"WHERE s.seconds > 0"
    )


def _listed(kinds: tuple[Kind, ...]) -> str:
    return ", ".join(str(int(kind)) for kind in sorted(set(kinds)))
