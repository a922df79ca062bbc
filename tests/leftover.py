"""Finds Chinese on a page that should be in English. Only names from the registry and a few glosses may stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Engine, select

from portrait.place import places
from portrait.store import schema

# Characters and the punctuation that belongs to them.
WIDE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
# Glosses for who knows the Chinese word, and the name of the other language on its own switch.
GLOSSES = ("(国培)", "(省培)", "中文")
# What people, platforms and rosters have named or written.
NAMED: tuple[Column[Any], ...] = (
    schema.person.c.name,
    schema.school.c.name,
    schema.provider.c.name,
    schema.training_class.c.name,
    schema.training_class.c.subproject,
    schema.course.c.title,
    schema.course.c.summary,
    schema.user.c.name,
    schema.trainee.c.reason,
    schema.batch.c.file,
    schema.quarantine.c.sheet,
    schema.quarantine.c.column,
    schema.followup.c.note,
    schema.contest.c.text,
    schema.election.c.reason,
)
# Of a component: what it is called by, never what is shown.
CALLED = frozenset({"id", "value", "href", "key", "className"})
# Of a row in a grid: words of a roster or a log, as they came or as they were stored.
CAME = frozenset({"raw", "reason", "whole"})


class Leftover:
    """Chinese that is none of the names of one registry."""

    def __init__(self, registry: Engine, *more: str) -> None:
        names = {*GLOSSES, *more}
        for place in places().values():
            names |= {place.name, place.name.removesuffix("市")}
        with registry.connect() as connection:
            for column in NAMED:
                names |= set(connection.execute(select(column).distinct()).scalars())
        self._names: dict[str, list[str]] = {}
        for name in sorted((n for n in names if n and WIDE.search(n)), key=len, reverse=True):
            self._names.setdefault(name[0], []).append(name)

    def of(self, text: str) -> str:
        """What is left of a text without the names in it; "" when no Chinese is left."""
        rest, at = "", 0
        while at < len(text):
            name = next((n for n in self._names.get(text[at], ()) if text.startswith(n, at)), "")
            rest += "" if name else text[at]
            at += len(name) or 1
        return rest if WIDE.search(rest) else ""

    def on(self, shown: Any, where: str = "") -> Iterator[str]:
        """Every leftover of a page or drawer as Dash sends it, with the way to it."""
        if isinstance(shown, str):
            if self.of(shown):
                yield f"{where[-60:]}: {shown}"
        elif isinstance(shown, dict):
            for key, value in shown.items():
                if key not in CALLED | CAME or isinstance(value, (dict, list)):
                    yield from self.on(value, f"{where}.{key}")
        elif isinstance(shown, list):
            for value in shown:
                yield from self.on(value, where)
