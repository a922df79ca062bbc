"""Which sources have given lists of courses and of classes, and whose list has such codes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import Connection, Engine, select

from portrait.store.schema import course, training_class
from portrait.store.upsert import chunks

_PART = 400  # values bound in one statement
_LISTS = {"course": course, "class": training_class}


def listing(registry: Engine) -> dict[str, list[str]]:
    """Sources with a list, of courses and of classes."""
    with registry.connect() as connection:
        return {
            thing: list(connection.scalars(select(table.c.source).distinct().order_by(table.c.source)))
            for thing, table in _LISTS.items()
        }


def holders(connection: Connection, thing: str, codes: Collection[str]) -> dict[str, set[str]]:
    """Source → which of these codes (of a `course` or a `class`) its list has."""
    table = _LISTS[thing]
    found: dict[str, set[str]] = defaultdict(set)
    for part in chunks(sorted(set(codes)), _PART):
        for source, code in connection.execute(
            select(table.c.source, table.c.code).where(table.c.code.in_(part))
        ):
            found[source].add(code)
    return dict(found)


def only_holder(connection: Connection, thing: str, codes: Collection[str]) -> dict[str, str]:
    """Of these codes those that stand in one source's list alone, with that source."""
    found: dict[str, list[str]] = defaultdict(list)
    for source, theirs in holders(connection, thing, codes).items():
        for code in theirs:
            found[code].append(source)
    return {code: sources[0] for code, sources in found.items() if len(sources) == 1}
