"""One normalised learning record: the kinds, the flags and the columns every door must produce.

`value` and `weight` are fixed-point integers at 1e-4, `credit` is in 1/100 学时, `month` counts months since year 0
(year * 12 + month - 1; 0 = undated). Integers make the sums exact and the same on every engine.
"""

from __future__ import annotations

from datetime import date
from enum import IntEnum, IntFlag

import pyarrow as pa

UNIT = 10_000
# A cell of a wide table is a row of its own: its line is the row's number and, so many times over, the column's.
COLUMN_STEP = 1 << 32


class Kind(IntEnum):
    """What happened. Only kinds with a reliability in data/rules/evidence.yaml can move a level."""

    ENROL = 1
    WITHDRAW = 2
    VIEW = 3
    VIDEO = 4
    FORUM = 5
    QUIZ = 6
    ASSIGNMENT = 7
    EXAM = 8
    RATING = 9
    PRETEST = 10
    POSTTEST = 11
    ATTENDANCE = 12
    COMPLETE = 13
    FAIL = 14
    SELF_RATING = 15
    CERTIFICATE = 16
    ACTIVITY = 17
    FACT = 18


KIND_ZH: dict[Kind, str] = {
    Kind.ENROL: "选课",
    Kind.WITHDRAW: "退课",
    Kind.VIEW: "浏览学习",
    Kind.VIDEO: "视频学习",
    Kind.FORUM: "研讨",
    Kind.QUIZ: "在线测验",
    Kind.ASSIGNMENT: "作业",
    Kind.EXAM: "监考测评",
    Kind.RATING: "他评量规",
    Kind.PRETEST: "训前测",
    Kind.POSTTEST: "训后测",
    Kind.ATTENDANCE: "签到",
    Kind.COMPLETE: "结业",
    Kind.FAIL: "未通过",
    Kind.SELF_RATING: "自评",
    Kind.CERTIFICATE: "证书",
    Kind.ACTIVITY: "校本研修",
    Kind.FACT: "认定事实",
}

SCORED = (Kind.QUIZ, Kind.ASSIGNMENT, Kind.EXAM, Kind.RATING, Kind.PRETEST, Kind.POSTTEST)


class Flag(IntFlag):
    """What is known about a record besides its content."""

    SCORED = 1  # value holds a score; without it value is 0 and means nothing
    SPEED = 2  # finished impossibly fast
    FUTURE = 4  # dated after its arrival
    UNDATED = 8  # the source gives no time
    OFFSITE = 16  # 外出
    FACE = 32  # 面授集中
    VERIFIED = 64  # attendance checked by the provider
    VOID = 128  # its source has taken it back
    PARALLEL = 256  # one person in two places at once
    IDLE = 512  # long watching and nothing else
    SAME = 1024  # the same answers at the same pace as others
    SLEEPLESS = 2048  # a day without a night
    OUTLIER = 4096  # far from what everybody else needs
    CLEARED = 8192  # was doubtful; a person has decided that it counts
    REFUSED = 16384  # is doubtful; a person has decided that it counts nothing
    CONFIRMED = 32768  # VERIFIED by what a person decided here and not by its file; only verdicts say it
    ABSENT = 65536  # with VOID: its source says that nobody was there, which is no record but takes back one that said so


# What looking at other records finds (portrait.lake.doubt), and the rule that does.
FOUND_BY = {flag.name.lower(): flag for flag in Flag if flag.name and Flag.PARALLEL <= flag <= Flag.OUTLIER}
FOUND = Flag.PARALLEL | Flag.IDLE | Flag.SAME | Flag.SLEEPLESS | Flag.OUTLIER
DOUBTFUL = Flag.SPEED | Flag.FUTURE | FOUND


class Standing(IntEnum):
    """Whether a record counts: only the first does."""

    COUNTS = 0
    OUTDATED = 1  # a newer version of it has come
    WITHDRAWN = 2  # by a person or by the platform's own word
    VOID = 3  # its newest version says so itself


STANDING_ZH: dict[Standing, str] = {
    Standing.COUNTS: "计入",
    Standing.OUTDATED: "已更正",
    Standing.WITHDRAWN: "已撤回",
    Standing.VOID: "来源已作废",
}


def row_of(line: int) -> int:
    """The row of the file that a line number means."""
    return line % COLUMN_STEP


def month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def month_start(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


RECORD_SCHEMA = pa.schema(
    [
        pa.field(
            "id", pa.binary(), nullable=False
        ),  # 16 bytes, from source and key: the same row gets the same id
        pa.field("batch", pa.int64(), nullable=False),
        pa.field(
            "line", pa.int64(), nullable=False
        ),  # row in the batch's archived file, as the reader counts
        pa.field("account", pa.int64(), nullable=False),  # see portrait.identity.account_id
        pa.field("course", pa.int64(), nullable=False),  # see portrait.course.course_id; 0 = none
        pa.field("run", pa.int64(), nullable=False),  # training class (班次); 0 = none
        pa.field("item", pa.string(), nullable=False),  # quiz, assignment, page, session; "" = none
        pa.field("kind", pa.int32(), nullable=False),
        pa.field("time", pa.timestamp("us", tz="UTC")),  # null when the source gives none
        pa.field("seq", pa.int32(), nullable=False),  # order where there is no time
        pa.field("score", pa.float64()),  # as it came, for reading by people
        pa.field("score_max", pa.float64()),
        pa.field("value", pa.int32(), nullable=False),  # 0..10000
        pa.field("weight", pa.int32(), nullable=False),  # 0..10000
        pa.field("count", pa.int32(), nullable=False),
        pa.field("seconds", pa.int32(), nullable=False),
        pa.field("credit", pa.int32(), nullable=False),
        pa.field("flag", pa.int32(), nullable=False),
        pa.field("month", pa.int32(), nullable=False),  # partition
        pa.field("bucket", pa.int32(), nullable=False),  # partition: account % lake_buckets
        # Null in records that 0.1.0 took in. Readers of what counts see none of these, see portrait.lake.engine.counted.
        pa.field("key_number", pa.int64()),  # of source and key columns, where a record may have versions
        pa.field("modified", pa.timestamp("us", tz="UTC")),  # the source's word on how new this version is
        pa.field("stored", pa.timestamp("us", tz="UTC")),  # when the platform stored it
        pa.field("received", pa.timestamp("us", tz="UTC")),  # when its file came in
        pa.field("turn", pa.int64()),  # the batch whose file it stands in: of a replay, the origin
        pa.field("held", pa.bool_()),  # counts nothing before the refresh has looked at its other versions
    ]
)
OWN = 20  # columns that a record had from the first: what it says, and where it came from

# Of records that do not simply count: one row each, made anew from records, decisions and rules (portrait.lake.verdict).
VERDICT_SCHEMA = pa.schema(
    [
        pa.field("batch", pa.int64(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("id", pa.binary(), nullable=False),
        pa.field("account", pa.int64(), nullable=False),
        pa.field("month", pa.int32(), nullable=False),
        pa.field("state", pa.int32(), nullable=False),  # Standing
        pa.field("flag", pa.int32(), nullable=False),  # in place of the record's own
        pa.field("instead", pa.int64(), nullable=False),  # batch of the version that took its place; 0 = none
        *(pa.field(rule, pa.string()) for rule in FOUND_BY),  # the numbers; null where not found
        pa.field("bucket", pa.int32(), nullable=False),
    ]
)

CELL_SCHEMA = pa.schema(
    [
        pa.field("account", pa.int64(), nullable=False),
        pa.field("indicator", pa.string(), nullable=False),  # code of data/framework/indicator.yaml
        pa.field("month", pa.int32(), nullable=False),
        pa.field("kind", pa.int32(), nullable=False),
        pa.field("n", pa.int64(), nullable=False),
        pa.field("sw", pa.int64(), nullable=False),  # Σ weight·alignment, 1e-6 (alignment in percent)
        pa.field("swy", pa.int64(), nullable=False),  # Σ weight·alignment·value, 1e-10
        pa.field("swyy", pa.int64(), nullable=False),  # Σ weight·alignment·value², 1e-14
        pa.field("swa", pa.int64(), nullable=False),  # Σ weight·alignment², 1e-8
        pa.field("bucket", pa.int32(), nullable=False),
    ]
)

LEVEL_UNIT = 10**9
MASS_UNIT = 10**12
SQUARE_UNIT = 10**9  # of Σw of a source, squared

SNAPSHOT_SCHEMA = pa.schema(
    [
        pa.field("person", pa.int64(), nullable=False),
        pa.field("node", pa.string(), nullable=False),  # P2 or P2.1; "" = nothing is left of this person
        pa.field("state", pa.string(), nullable=False),  # none is not stored; thin | estimated | record
        pa.field("level", pa.int64(), nullable=False),  # 1 / LEVEL_UNIT; 0 and meaningless unless estimated
        pa.field("low", pa.int64(), nullable=False),
        pa.field("high", pa.int64(), nullable=False),
        pa.field("n", pa.int64(), nullable=False),
        pa.field("weight", pa.int64(), nullable=False),  # discounted Σwd, 1 / MASS_UNIT
        pa.field("sources", pa.int32(), nullable=False),
        pa.field("alignment", pa.int64(), nullable=False),  # mean of the evidence, 1 / LEVEL_UNIT
        pa.field("mixed", pa.int64(), nullable=False),  # share of it in the variance, see portrait.estimate
        pa.field("last_month", pa.int32(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field(
            "seq", pa.int64(), nullable=False
        ),  # a person's rows of the greatest seq hold, older ones are history
        pa.field("as_of", pa.int32(), nullable=False),  # days since 1970-01-01; partition
        pa.field("bucket", pa.int32(), nullable=False),  # partition: person % lake_buckets
    ]
)

PRIOR_SCHEMA = pa.schema(
    [
        pa.field("indicator", pa.string(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),  # "" = everybody, also for a stage without a row
        pa.field("mean", pa.float64(), nullable=False),
        pa.field("kappa", pa.float64(), nullable=False),  # the prior's weight
        pa.field("spread", pa.float64(), nullable=False),  # the variances, see portrait.estimate.Prior
        pa.field("noise", pa.float64(), nullable=False),
        pa.field("source", pa.float64(), nullable=False),
        pa.field("particular", pa.float64(), nullable=False),
        pa.field("mixture", pa.float64(), nullable=False),
        pa.field("drift", pa.float64(), nullable=False),
        pa.field("error", pa.float64(), nullable=False),
        pa.field("persons", pa.int64(), nullable=False),
        pa.field("basis", pa.string(), nullable=False),  # stage | all | rule
        pa.field("as_of", pa.int32(), nullable=False),
        pa.field("seq", pa.int32(), nullable=False),  # of the snapshot made with it; partition
    ]
)

LINK_SCHEMA = pa.schema(
    [
        pa.field("account", pa.int64(), nullable=False),
        pa.field("person", pa.int64(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),  # of the person
        pa.field("county", pa.string(), nullable=False),  # of the person's school; "" = none is known
    ]
)

# What a course, or a class by its course, shows: as the cells of the same lake were made with it.
ALIGNED_SCHEMA = pa.schema(
    [
        pa.field("subject", pa.int64(), nullable=False),  # of a course or a class
        pa.field("indicator", pa.string(), nullable=False),
        pa.field("percent", pa.int32(), nullable=False),
        pa.field("scored", pa.int32(), nullable=False),  # 0: listed and counted only
    ]
)
