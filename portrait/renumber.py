"""What people said of accounts and their records while a rebuild gives these other numbers: readers of the old lake and of the new one
miss none of it, whenever it was said and wherever the rebuild is killed. Persons get the keys of today with it, and keep their numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from portrait import clock
from portrait.identity import NAMING, has_secret, load_secret
from portrait.lake.renumber import Beside, beside
from portrait.site import Site
from portrait.store.audit import add_audit
from portrait.store.link import link_accounts
from portrait.store.moved import Moved, copy_claims, copy_rulings, spoken
from portrait.store.number import Renumbered, carry, drop, note, renumbered, settled
from portrait.store.rekeyed import Rekeyed, rekey, rekeyed

_LEFT = "moved"  # beside the tables of a new lake, until the registry has let go of the numbers of before


@dataclass
class Renumbering:
    """The accounts that get another number with a rebuild: `carry` before portraits are made, `keep` before the new lake stands,
    `drop` when it does."""

    site: Site
    moves: list[Renumbered]
    lakes: Beside | None
    moved: Moved = field(default_factory=Moved)
    asked: tuple[set[bytes], set[int]] = field(default_factory=lambda: (set(), set()))
    people: list[Rekeyed] = field(default_factory=list)  # known when it is done

    @property
    def unread(self) -> tuple[str, ...]:
        """What nobody can read of the old lake, so that nobody can say what its records are called now."""
        return tuple(self.lakes.unread) if self.lakes and any(self.asked) else ()

    def carry(self) -> None:
        """Give what people said of the accounts to those of today, say of their records what was said, and link what came in."""
        with self.site.registry.connect() as connection:
            self._look(connection)  # what takes long, before anybody has to wait
        with self.site.registry.begin() as connection:
            self._look(connection)
            said = carry(connection, self.moves, clock.now())
            copy_rulings(connection, self.moved)
            link_accounts(connection, clock.now())
        for number in said:
            add_audit(
                self.site.registry,
                now=clock.now(),
                actor="portrait",
                action="account.renumber",
                object=str(number),
                reason="登录名里的号码遮盖后账号换了编号，人工的关联随之转来",
            )

    def keep(self, made: Path) -> None:
        """Say of the records of today what has been said since, for who reads the new lake, and write down beside it what `drop`
        has to know, for another one should this be killed."""
        if not self.moves:
            return
        with self.site.registry.begin() as connection:
            self._look(connection)
            copy_rulings(connection, self.moved)
            copy_claims(connection, self.moved)
        (made / _LEFT).write_text(_written(self.moved), encoding="utf-8")

    def drop(self) -> None:
        """Move what was said, forget the accounts of before, give persons the keys of today, and note that it is done."""
        with self.site.registry.begin() as connection:
            self._look(connection)
            drop(connection, self.moves, self.moved, clock.now())
            if has_secret(self.site.settings.home) and not settled(connection):
                secret = load_secret(self.site.settings.home)
                self.people = rekeyed(connection, secret)
                rekey(connection, self.people, secret)
            note(connection, NAMING)
        self.site.lake.path(_LEFT).unlink(missing_ok=True)
        for one in self.people:
            add_audit(
                self.site.registry,
                now=clock.now(),
                actor="portrait",
                action="person.rekey",
                object=one.now,
                reason="教师编号里的号码遮盖后换了编号，人还是原来那位",
            )

    def _look(self, connection: Connection) -> None:
        """What has become of the records that were spoken of since the last look."""
        if self.lakes is None:
            return
        records, keys = spoken(connection)
        new = records - self.asked[0], keys - self.asked[1]
        if any(new):
            for one in self.lakes.versions(*new):
                if one.before != one.now:
                    self.moved.records[one.before] = one.now
                    self.moved.facts[one.before, one.facts_before] = one.facts_now
                if one.key_before is not None and one.key_now is not None and one.key_before != one.key_now:
                    self.moved.keys[one.key_before] = one.key_now
            self.asked[0].update(new[0])
            self.asked[1].update(new[1])


@contextmanager
def renumbering(site: Site, made: Site) -> Iterator[Renumbering]:
    """The accounts of a site that have another number in the lake of `made`. Its old lake may take the place of the other meanwhile."""
    moves = _moves(site)
    if not moves:
        yield Renumbering(site, [], None)
        return
    with closing(made.engine()) as engine:
        accounts = {one.old: one.new for one in moves}
        yield Renumbering(site, moves, beside(engine, site.lake, made.lake, accounts))


def finish(site: Site) -> tuple[list[Renumbered], list[Rekeyed]]:
    """Do what a rebuild had to do yet that was killed when its lake stood already; which accounts and persons that was about."""
    left = site.lake.path(_LEFT)
    if not left.exists():
        return [], []
    found = Renumbering(site, _moves(site), None, _read(left.read_text(encoding="utf-8")))
    found.drop()
    return found.moves, found.people


def _moves(site: Site) -> list[Renumbered]:
    if not has_secret(site.settings.home):
        return []  # nothing has come in
    with site.registry.connect() as connection:
        return renumbered(connection, load_secret(site.settings.home))


def _written(moved: Moved) -> str:
    return json.dumps(
        {
            "records": [[before.hex(), now.hex()] for before, now in moved.records.items()],
            "keys": list(moved.keys.items()),
            "facts": [
                [record.hex(), before.hex(), now.hex()] for (record, before), now in moved.facts.items()
            ],
        }
    )


def _read(text: str) -> Moved:
    said = json.loads(text)
    hexed = bytes.fromhex
    return Moved(
        {hexed(before): hexed(now) for before, now in said["records"]},
        dict(said["keys"]),
        {(hexed(record), hexed(before)): hexed(now) for record, before, now in said["facts"]},
    )
