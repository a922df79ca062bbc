"""Records to cells and cells to discounted sums, written once: selects compiled to PostgreSQL text that every engine runs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    FromClause,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    column,
    func,
    or_,
    select,
    table,
)
from sqlalchemy.dialects import postgresql

from portrait.record import DOUBTFUL, SCORED, Flag, Kind

HALF = 0.5

record = table(
    "record",
    column("batch", BigInteger),
    column("account", BigInteger),
    column("course", BigInteger),
    column("run", BigInteger),
    column("kind", Integer),
    column("value", Integer),
    column("weight", Integer),
    column("flag", Integer),
    column("month", Integer),
)
# A class stands beside the courses: a record without a course counts for what its class teaches.
aligned = table(
    "aligned",
    column("subject", BigInteger),
    column("indicator", String),
    column("percent", Integer),
    column("scored", Integer),  # 0: the indicator is listed and counted, never scored
)
cell = table(
    "cell",
    column("account", BigInteger),
    column("indicator", String),
    column("month", Integer),
    column("kind", Integer),
    column("n", BigInteger),
    column("sw", BigInteger),
    column("swy", BigInteger),
    column("swyy", BigInteger),
    column("swa", BigInteger),
    column("bucket", Integer),
)
link = table(
    "link",
    column("account", BigInteger),
    column("person", BigInteger),
    column("source", String),
    column("stage", String),
)
# What a cell's sums are multiplied by: reliability of the kind × discount of the month, in 1 / MASS_UNIT. `wt` times
# the age in months too; `half` is the age in half-years.
factor = table(
    "factor",
    column("kind", Integer),
    column("month", Integer),
    column("w", Double),
    column("wy", Double),
    column("wyy", Double),
    column("wa", Double),
    column("wt", Double),
    column("half", Integer),
)


def portable(query: Select[Any]) -> str:
    """The text of a select that DuckDB, PostgreSQL and Spark run unchanged."""
    dialect: Any = postgresql.dialect
    return str(query.compile(dialect=dialect(paramstyle="named"), compile_kwargs={"literal_binds": True}))


def _sum(term: ColumnElement[Any]) -> ColumnElement[int]:
    # The cast keeps DuckDB from HUGEINT and PostgreSQL from NUMERIC.
    return cast(func.sum(term), BigInteger)


def cells(
    buckets: int,
    facts: Collection[Kind],
    verified: Collection[Kind],
    where: ColumnElement[bool] | None = None,
) -> Select[Any]:
    """The cells of the records that `where` chooses: grouped by course first, then joined with what courses are aligned with.

    Doubtful records, kinds that show nothing and scores without weight make no cell. Indicators that are not scored get
    counts and no sums; of the kinds `verified` they count what somebody has confirmed.
    """
    shows = and_(
        record.c.kind.in_(sorted(SCORED)),
        record.c.flag.bitwise_and(int(Flag.SCORED)) != 0,
        record.c.weight > 0,
    )
    fact = and_(
        record.c.kind.in_(sorted(facts)),
        or_(record.c.kind.not_in(sorted(verified)), record.c.flag.bitwise_and(int(Flag.VERIFIED)) != 0),
    )
    weight, value = (cast(record.c[name], BigInteger) for name in ("weight", "value"))
    subject = case((record.c.course != 0, record.c.course), else_=record.c.run)
    chosen = [
        record.c.kind.in_(sorted({*SCORED, *facts})),
        record.c.flag.bitwise_and(int(DOUBTFUL)) == 0,
        or_(record.c.course != 0, record.c.run != 0),
    ]
    if where is not None:
        chosen.append(where)
    grouped = (
        select(
            record.c.account,
            subject.label("subject"),
            record.c.month,
            record.c.kind,
            _sum(case((fact, 1), else_=0)).label("facts"),
            _sum(case((shows, 1), else_=0)).label("n"),
            _sum(case((shows, weight), else_=0)).label("sw"),
            _sum(case((shows, weight * value), else_=0)).label("swy"),
            _sum(case((shows, weight * value * value), else_=0)).label("swyy"),
        )
        .where(*chosen)
        .group_by(record.c.account, subject, record.c.month, record.c.kind)
        .subquery("grouped")
    )
    percent = cast(aligned.c.percent, BigInteger) * aligned.c.scored
    count = case((aligned.c.scored == 1, grouped.c.n), else_=grouped.c.facts)
    return (
        select(
            grouped.c.account,
            aligned.c.indicator,
            grouped.c.month,
            grouped.c.kind,
            _sum(count).label("n"),
            _sum(grouped.c.sw * percent).label("sw"),
            _sum(grouped.c.swy * percent).label("swy"),
            _sum(grouped.c.swyy * percent).label("swyy"),
            _sum(grouped.c.sw * percent * percent).label("swa"),
            cast(grouped.c.account % buckets, Integer).label("bucket"),
        )
        .join_from(grouped, aligned, grouped.c.subject == aligned.c.subject)
        .where(count > 0)
        .group_by(grouped.c.account, aligned.c.indicator, grouped.c.month, grouped.c.kind)
    )


def _total(month: int, some: bool) -> FromClause:
    """The cells up to `month`, the deltas of each added up."""
    chosen = [cell.c.month <= month]
    if some:
        chosen.append(cell.c.account.in_(select(link.c.account)))
    return (
        select(
            cell.c.account,
            cell.c.indicator,
            cell.c.month,
            cell.c.kind,
            _sum(cell.c.n).label("n"),
            *(_sum(cell.c[name]).label(name) for name in ("sw", "swy", "swyy", "swa")),
        )
        .where(*chosen)
        .group_by(cell.c.account, cell.c.indicator, cell.c.month, cell.c.kind)
        .subquery("total")
    )


def _discounted(total: FromClause, names: Collection[str]) -> list[ColumnElement[int]]:
    """Sums times their factor, as whole numbers. Each cell is rounded by floor(x + ½): engines round halves differently."""
    return [
        _sum(
            cast(
                func.floor(
                    cast(total.c["sw" if name == "swt" else name], Double) * factor.c[name[1:]] + HALF
                ),
                BigInteger,
            )
        ).label(name)
        for name in names
    ]


def sums(month: int, *, some: bool = False) -> Select[Any]:
    """Discounted sums per person, indicator and source, of the cells up to `month`, as whole numbers.

    A cell is rounded after its deltas are added up, so it does not matter in how many batches it came. With `some`,
    `link` holds few accounts and only their cells are read.
    """
    total = _total(month, some)
    return (
        select(
            link.c.person,
            link.c.stage,
            total.c.indicator,
            link.c.source,
            _sum(total.c.n).label("n"),
            *_discounted(total, ("sw", "swy", "swyy", "swa", "swt")),
            func.max(total.c.month).label("last_month"),
        )
        .join_from(total, link, total.c.account == link.c.account)
        .join(factor, and_(total.c.kind == factor.c.kind, total.c.month == factor.c.month))
        # What is only counted (sw = 0) always counts; what is weighed and has come to nothing does not.
        .where(total.c.n > 0, or_(total.c.sw == 0, factor.c.w > 0))
        .group_by(link.c.person, link.c.stage, total.c.indicator, link.c.source)
    )


def halves(month: int, every: int) -> Select[Any]:
    """Discounted sums per person, indicator and half-year before `month`, of every so-manieth person."""
    total = _total(month, False)
    return (
        select(
            link.c.person, total.c.indicator, factor.c.half, *_discounted(total, ("sw", "swy", "swa", "swt"))
        )
        .join_from(total, link, total.c.account == link.c.account)
        .join(factor, and_(total.c.kind == factor.c.kind, total.c.month == factor.c.month))
        .where(total.c.n > 0, total.c.sw > 0, factor.c.w > 0, link.c.person % every == 0)
        .group_by(link.c.person, total.c.indicator, factor.c.half)
    )
