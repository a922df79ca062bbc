"""Whom a list of trainees names that their class knows by another account already: told when it comes in."""

from __future__ import annotations

from sqlalchemy import Connection

from portrait.sentence import Sentence, listed, sentence
from portrait.store.seat import shared


def seats_told(connection: Connection, batch: int) -> list[Sentence]:
    """What to know of the seats that a batch shares with other lists, once it has been registered."""
    found = shared(connection, batch)
    if not found.persons:
        return []
    told = [sentence("{n} 名学员在班里已经有另一个账号，并成一人，人数和各项率只计一次", n=found.persons)]
    if found.differ:
        told.append(sentence("其中 {n} 人两处说得不一样，以这份名单为准", n=found.differ))
    return [listed(told)]
