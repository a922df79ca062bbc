"""Records to cells and cells to discounted sums, written once: selects compiled to PostgreSQL text that every engine runs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
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
    column("bucket", Integer),
)
link = table(
    "link",
    column("account", BigInteger),
    column("person", BigInteger),
    column("source", String),
    column("stage", String),
)
# What a cell's sums are multiplied by: reliability of the kind × discount of the month, in 1 / MASS_UNIT.
factor = table(
    "factor",
    column("kind", Integer),
    column("month", Integer),
    column("w", Double),
    column("wy", Double),
    column("wyy", Double),
)


def portable(query: Select[Any]) -> str:
    """The text of a select that DuckDB, PostgreSQL and Spark run unchanged."""
    dialect: Any = postgresql.dialect
    return str(query.compile(dialect=dialect(paramstyle="named"), compile_kwargs={"literal_binds": True}))


def _sum(term: ColumnElement[Any]) -> ColumnElement[int]:
    # The cast keeps DuckDB from HUGEINT and PostgreSQL from NUMERIC.
    return cast(func.sum(term), BigInteger)


def cells(buckets: int, facts: Collection[Kind], where: ColumnElement[bool] | None = None) -> Select[Any]:
    """The cells of the records that `where` chooses: grouped by course first, then joined with what courses are aligned with.

    Doubtful records, kinds that show nothing and scores without weight make no cell. Indicators that are not scored get
    counts and no sums.
    """
    shows = and_(
        record.c.kind.in_(sorted(SCORED)),
        record.c.flag.bitwise_and(int(Flag.SCORED)) != 0,
        record.c.weight > 0,
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
            _sum(case((record.c.kind.in_(sorted(facts)), 1), else_=0)).label("facts"),
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
            cast(grouped.c.account % buckets, Integer).label("bucket"),
        )
        .join_from(grouped, aligned, grouped.c.subject == aligned.c.subject)
        .where(count > 0)
        .group_by(grouped.c.account, aligned.c.indicator, grouped.c.month, grouped.c.kind)
    )


def sums(month: int, *, some: bool = False) -> Select[Any]:
    """Discounted sums per person, indicator and source, of the cells up to `month`, as whole numbers.

    A cell is rounded after its deltas are added up, so it does not matter in how many batches it came. With `some`,
    `link` holds few accounts and only their cells are read.
    """
    chosen = [cell.c.month <= month]
    if some:
        chosen.append(cell.c.account.in_(select(link.c.account)))
    total = (
        select(
            cell.c.account,
            cell.c.indicator,
            cell.c.month,
            cell.c.kind,
            _sum(cell.c.n).label("n"),
            _sum(cell.c.sw).label("sw"),
            _sum(cell.c.swy).label("swy"),
            _sum(cell.c.swyy).label("swyy"),
        )
        .where(*chosen)
        .group_by(cell.c.account, cell.c.indicator, cell.c.month, cell.c.kind)
        .subquery("total")
    )

    def discounted(name: str) -> ColumnElement[int]:
        # floor(x + ½): engines round halves differently.
        by = factor.c["w" + name[2:]]
        return _sum(cast(func.floor(cast(total.c[name], Double) * by + HALF), BigInteger)).label(name)

    return (
        select(
            link.c.person,
            link.c.stage,
            total.c.indicator,
            link.c.source,
            _sum(total.c.n).label("n"),
            *(discounted(name) for name in ("sw", "swy", "swyy")),
            func.max(total.c.month).label("last_month"),
        )
        .join_from(total, link, total.c.account == link.c.account)
        .join(factor, and_(total.c.kind == factor.c.kind, total.c.month == factor.c.month))
        # What is only counted (sw = 0) always counts; what is weighed and has come to nothing does not.
        .where(total.c.n > 0, or_(total.c.sw == 0, factor.c.w > 0))
        .group_by(link.c.person, link.c.stage, total.c.indicator, link.c.source)
    )
