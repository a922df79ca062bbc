"""What is said of a record while it goes by two ids: copied it holds at once, moved it stands once and in its order."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import Connection, insert, select

from portrait.site import Site
from portrait.store.moved import Moved, copy_claims, copy_rulings, move, spoken
from portrait.store.ruling import Ruling, rule, rulings_on, word_on
from portrait.store.schema import claim, contest, ruling
from tests.hand import AT, Hand

OLD, NEW, OTHER = (letter * 16 for letter in (b"o", b"n", b"x"))
SAW, SEES = b"f" * 16, b"g" * 16  # what the record says, by its old and by its new id
MOVED = Moved({OLD: NEW}, {1: 2}, {(OLD, SAW): SEES})
WORDS = ("void", "restore", "clear", "refuse", "reopen", "confirm", "return")


def say(connection: Connection, word: str, minute: int, record: bytes | None, key: int | None = None) -> None:
    facts = {OLD: SAW, NEW: SEES}.get(record or b"") if word in ("confirm", "return") else None
    rule(
        connection,
        [Ruling(word, "p", record, key, "理由", "某", AT + timedelta(minutes=minute), facts=facts)],
    )


def history(connection: Connection, *about: Any) -> list[tuple[Any, ...]]:
    rows = connection.execute(select(ruling).order_by(ruling.c.id))
    return [
        (row.said, row.at.minute, row.facts) for row in rows if row.record in about or row.key_number in about
    ]


@settings(
    max_examples=40, deadline=None, suppress_health_check=list(HealthCheck)
)  # a transaction of its own each
@given(
    some.lists(some.tuples(some.sampled_from(["old", "new", "copy"]), some.sampled_from(WORDS)), max_size=8)
)
def test_copied_at_any_time_the_last_word_holds_and_moved_each_stands_once(
    sqlite_site: Site, steps: list[tuple[str, str]]
) -> None:
    with sqlite_site.registry.connect() as connection:
        said, plain = list[tuple[Any, ...]](), list[Ruling]()
        for minute, (where, word) in enumerate(steps):
            if where == "copy":
                copy_rulings(connection, MOVED)
                assert copy_rulings(connection, MOVED) == 0
                assert word_on(rulings_on(connection, [NEW]), NEW, None) == word_on(plain, NEW, None)
                continue
            say(connection, word, minute, OLD if where == "old" else NEW)
            about = SEES if word in ("confirm", "return") else None
            said.append((word, AT.minute + minute, about))
            plain.append(Ruling(word, "p", NEW, None, "理由", "某", AT, facts=about))
        move(connection, MOVED)
        assert history(connection, NEW) == said
        assert history(connection, OLD) == []
        connection.rollback()


def test_rulings_claims_and_contests_move_and_those_of_others_stay(site: Site) -> None:
    Hand(site).person(1)
    with site.registry.begin() as connection:
        for minute, (word, record, key) in enumerate(
            [("void", None, 1), ("confirm", OLD, None), ("confirm", OTHER, None), ("restore", None, 1)]
        ):
            say(connection, word, minute, record, key)
        for minute, record, facts, state in (
            (1, OLD, SAW, "confirmed"),
            (2, OTHER, SAW, "confirmed"),
            (3, NEW, SEES, "returned"),
        ):
            connection.execute(
                insert(claim).values(
                    record=record, person_id=1, kind="activity", title="研", day=date(2022, 9, 3), state=state, by="file",
                    at=AT, confirmed_by="校长", confirmed_at=AT + timedelta(minutes=minute), facts=facts,
                )
            )  # fmt: skip
        connection.execute(
            insert(contest).values(person_id=1, record=OLD, text="不对", at=AT, due=date(2022, 12, 1))
        )
        assert spoken(connection) == ({OLD, NEW, OTHER}, {1})

    def claims(connection: Connection) -> list[tuple[bytes, str, bytes]]:
        rows = connection.execute(select(claim.c.record, claim.c.state, claim.c.facts).order_by(claim.c.id))
        return [(bytes(row.record), row.state, bytes(row.facts)) for row in rows]

    with site.registry.begin() as connection:
        assert copy_rulings(connection, MOVED) == 3
        copy_claims(connection, MOVED)
        assert history(connection, 1) == history(connection, 2) == [("void", 0, None), ("restore", 3, None)]
        assert claims(connection)[-1] == (NEW, "returned", SEES), "decided later"
        assert len(claims(connection)) == 3
    with site.registry.begin() as connection:
        move(connection, MOVED)
        assert history(connection, 1, OLD) == []
        assert history(connection, 2, NEW) == [
            ("void", 0, None),
            ("confirm", 1, SEES),
            ("restore", 3, None),
        ]
        assert history(connection, OTHER) == [("confirm", 2, None)]
        assert claims(connection) == [(OTHER, "confirmed", SAW), (NEW, "returned", SEES)]
        assert connection.scalar(select(contest.c.record)) == NEW
        assert spoken(connection) == ({NEW, OTHER}, {2})
