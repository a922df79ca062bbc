"""The course supermarket as a catalogue: searched, filtered, paged. Every signed-in reader may browse it."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, case, func, literal, or_, select

from portrait.resource import read_code
from portrait.scope import Scope
from portrait.store.alias import same_person
from portrait.store.schema import alignment, course, election, provider

TERM_LIMIT = 8
HOURS = {"s": (0.0, 8.0), "m": (8.0, 16.0), "l": (16.0, 1e9)}  # more than … up to and including …


@dataclass(frozen=True)
class Course:
    id: int
    title: str
    summary: str
    provider: str
    hours: float
    mode: str
    theme: str
    category: str
    stages: tuple[str, ...]  # empty = all
    subjects: tuple[str, ...]
    starts: date | None
    ends: date | None
    aligned: tuple[tuple[str, int], ...]  # indicator, percent; greatest first


@dataclass(frozen=True)
class Browse:
    """What a reader asks of the catalogue. Unknown codes find nothing; they are no error."""

    search: str = ""
    theme: str = ""
    stage: str = ""
    subject: str = ""
    mode: str = ""
    dimension: str = ""
    hours: str = ""
    order: str = "theme"
    page: int = 1
    size: int = 12


@dataclass(frozen=True)
class Shelf:
    """One page of the catalogue and how much there is in all."""

    courses: tuple[Course, ...]
    total: int
    page: int
    pages: int


def browse(registry: Engine, scope: Scope, ask: Browse) -> Shelf:
    """The page of the supermarket that was asked for, without the courses the reader has taken."""
    chosen = and_(course.c.shelf, *_conditions(ask), course.c.id.not_in(_taken(scope)))
    with registry.connect() as connection:
        total = connection.scalar(select(func.count()).select_from(_FROM).where(chosen)) or 0
        size = max(1, min(ask.size, 100))
        pages = max(1, -(-total // size))
        page = max(1, min(ask.page, pages))
        rows = connection.execute(
            select(course, provider.c.name.label("provider"))
            .select_from(_FROM)
            .where(chosen)
            .order_by(*_order(ask.order))
            .limit(size)
            .offset((page - 1) * size)
        ).all()
        aligned = _aligned(connection, [row.id for row in rows])
    return Shelf(tuple(_as_course(row, aligned) for row in rows), total, page, pages)


def courses(registry: Engine, _scope: Scope, ids: Iterable[int]) -> dict[int, Course]:
    """Courses by id, on the shelf or not. The catalogue holds no personal data, so every scope may read it."""
    found: dict[int, Course] = {}
    wanted = sorted(set(ids))
    with registry.connect() as connection:
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            rows = connection.execute(
                select(course, provider.c.name.label("provider"))
                .select_from(_FROM)
                .where(course.c.id.in_(part))
            ).all()
            aligned = _aligned(connection, part)
            found.update({row.id: _as_course(row, aligned) for row in rows})
    return found


def choices(registry: Engine, scope: Scope) -> dict[str, list[tuple[str, int]]]:
    """For each filter the codes that occur on the shelf, with the number of courses each would leave."""
    with registry.connect() as connection:
        rows = connection.execute(
            select(
                course.c.id, course.c.theme, course.c.stage, course.c.subject, course.c.mode, course.c.hours
            )
            .where(course.c.shelf)
            .where(course.c.id.not_in(_taken(scope)))
        ).all()
        nodes = connection.execute(
            select(
                func.substr(alignment.c.indicator, 1, 2).label("dimension"),
                func.count(func.distinct(course.c.id)),
            )
            .join(course, course.c.id == alignment.c.course_id)
            .where(course.c.shelf)
            .where(course.c.id.not_in(_taken(scope)))
            .group_by("dimension")
        ).all()
    found: dict[str, dict[str, int]] = {name: {} for name in ("theme", "stage", "subject", "mode", "hours")}
    for row in rows:
        for name, codes in (
            ("theme", [row.theme]),
            ("mode", [row.mode]),
            ("stage", _split(row.stage) or tuple(read_code("stages"))),
            ("subject", _split(row.subject) or tuple(read_code("subjects"))),
            ("hours", [code for code, (low, high) in HOURS.items() if low < row.hours <= high]),
        ):
            for code in codes:
                if code:
                    found[name][code] = found[name].get(code, 0) + 1
    result = {name: sorted(counts.items()) for name, counts in found.items()}
    result["hours"] = [(code, found["hours"][code]) for code in HOURS if code in found["hours"]]
    result["dimension"] = sorted((str(code), int(n)) for code, n in nodes)
    return result


def terms(search: str) -> list[str]:
    """What was typed, as the words looked for: half-width, lower case, cut at any space."""
    return unicodedata.normalize("NFKC", search).lower().split()[:TERM_LIMIT]


_FROM = course.outerjoin(provider, provider.c.id == course.c.provider_id)


def _taken(scope: Scope) -> Any:
    return select(election.c.course_id).where(
        same_person(election.c.person_id, scope.actor.person_id), election.c.answer == "take"
    )


def _conditions(ask: Browse) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [_matches(term) for term in terms(ask.search)]
    if ask.theme:
        found.append(course.c.theme == ask.theme)
    if ask.mode:
        found.append(course.c.mode == ask.mode)
    if ask.stage:
        found.append(or_(course.c.stage == "", _holds(course.c.stage, ask.stage)))
    if ask.subject:
        found.append(or_(course.c.subject == "", _holds(course.c.subject, ask.subject)))
    if ask.dimension:
        found.append(
            course.c.id.in_(
                select(alignment.c.course_id).where(
                    alignment.c.indicator.startswith(f"{ask.dimension}.", autoescape=True)
                )
            )
        )
    if ask.hours:
        low, high = HOURS.get(ask.hours, (-1.0, -1.0))
        found += [course.c.hours > low, course.c.hours <= high]
    return found


def _matches(term: str) -> ColumnElement[bool]:
    """A word stands in title, summary or provider, whatever the spaces there, or names a theme, subject or stage."""
    places: list[ColumnElement[bool]] = [
        func.lower(func.replace(func.replace(column, " ", ""), "\u3000", "")).contains(term, autoescape=True)
        for column in (course.c.title, course.c.summary, func.coalesce(provider.c.name, ""))
    ]
    places.append(course.c.theme.in_(_named("general_courses", term)))
    for column, name in ((course.c.stage, "stages"), (course.c.subject, "subjects")):
        places += [_holds(column, code) for code in _named(name, term)]
    return or_(*places)


def _named(code_list: str, term: str) -> list[str]:
    return [code for code, row in read_code(code_list).items() if term in row["zh"].lower()]


def _holds(column: Any, code: str) -> ColumnElement[bool]:
    """The column of codes joined by | holds the code."""
    joined: ColumnElement[str] = literal("|") + column + "|"
    return joined.contains(f"|{code}|", autoescape=True)


def _order(order: str) -> list[Any]:
    untold = case((course.c.theme == "", 1), else_=0)
    undated = case((course.c.starts.is_(None), 1), else_=0)
    by_title: list[Any] = [course.c.title, course.c.id]
    orders: dict[str, list[Any]] = {
        "title": by_title,
        "starts": [undated, course.c.starts, *by_title],
        "hours": [course.c.hours, *by_title],
        "theme": [untold, course.c.theme, undated, course.c.starts, *by_title],
    }
    return orders.get(order, orders["theme"])


def _aligned(connection: Any, ids: Collection[int]) -> dict[int, list[tuple[str, int]]]:
    found: dict[int, list[tuple[str, int]]] = {}
    for row in connection.execute(
        select(alignment)
        .where(alignment.c.course_id.in_(ids))
        .order_by(alignment.c.percent.desc(), alignment.c.indicator)
    ):
        found.setdefault(row.course_id, []).append((row.indicator, row.percent))
    return found


def _as_course(row: Any, aligned: dict[int, list[tuple[str, int]]]) -> Course:
    return Course(
        row.id,
        row.title,
        row.summary,
        row.provider or "",
        row.hours,
        row.mode,
        row.theme,
        row.category,
        _split(row.stage),
        _split(row.subject),
        row.starts,
        row.ends,
        tuple(aligned.get(row.id, [])),
    )


def _split(codes: str) -> tuple[str, ...]:
    return tuple(code for code in codes.split("|") if code)
