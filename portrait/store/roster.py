"""What a source's earlier rosters have registered: asked when a later one sends only what has changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Engine, select

from portrait.hashing import key_number
from portrait.store.link import known_ids
from portrait.store.schema import course, person, provider, school, training_class


@dataclass(frozen=True)
class HeldPerson:
    """A person of the register, as a roster would write one."""

    name: str
    school: str  # code; "" = none


@dataclass(frozen=True)
class HeldClass:
    """A class of the register, as a roster would write one."""

    name: str
    starts: date | None
    ends: date | None
    course: str  # code; "" = none
    provider: str


@dataclass(frozen=True)
class Held:
    """What is registered, by a source's own codes. Read when it is first asked for."""

    registry: Engine
    source: str
    _ids: dict[str, set[int]] = field(default_factory=dict)
    _people: dict[str, HeldPerson] = field(default_factory=dict)
    _classes: dict[str, HeldClass] = field(default_factory=dict)
    _read: set[str] = field(default_factory=set)

    def knows(self, thing: str, code: str) -> bool:
        """Whether there is a school or provider of this code, or a course or class of this source."""
        if thing not in self._ids:
            with self.registry.connect() as connection:
                self._ids[thing] = set(known_ids(connection, thing))
        parts = (self.source, code) if thing in ("course", "class") else (code,)
        return key_number(thing, *parts) in self._ids[thing]

    def person(self, key: str) -> HeldPerson | None:
        if "person" not in self._read:
            query = select(person.c.key, person.c.name, school.c.code).outerjoin(
                school, school.c.id == person.c.school_id
            )
            with self.registry.connect() as connection:
                self._people.update(
                    {row.key: HeldPerson(row.name, row.code or "") for row in connection.execute(query)}
                )
            self._read.add("person")
        return self._people.get(key)

    def training_class(self, code: str) -> HeldClass | None:
        if "class" not in self._read:
            query = (
                select(
                    training_class.c.code,
                    training_class.c.name,
                    training_class.c.starts,
                    training_class.c.ends,
                    course.c.code.label("course"),
                    provider.c.code.label("provider"),
                )
                .outerjoin(course, course.c.id == training_class.c.course_id)
                .outerjoin(provider, provider.c.id == training_class.c.provider_id)
                .where(training_class.c.source == self.source)
            )
            with self.registry.connect() as connection:
                for row in connection.execute(query):
                    self._classes[row.code] = HeldClass(
                        row.name, row.starts, row.ends, row.course or "", row.provider or ""
                    )
            self._read.add("class")
        return self._classes.get(code)
