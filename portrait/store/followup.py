"""What a class's staff answered to “may not finish”: appended with who and when, the newest answer counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, insert, select

from portrait.clock import aware
from portrait.errors import AccessRefused, InputError
from portrait.scope import Role, Scope
from portrait.store.schema import followup, training_class
from portrait.store.trainee import class_accounts, listed_accounts

ANSWERS = {"contacted": "已联系", "leave": "已请假", "none": "不需要"}
NOTE_LIMIT = 200


@dataclass(frozen=True)
class Followup:
    class_id: int
    account_id: int
    answer: str
    note: str
    by: str
    at: datetime


def follow_up(
    registry: Engine,
    scope: Scope,
    class_id: int,
    account_id: int,
    answer: str,
    at: datetime,
    note: str = "",
) -> Followup:
    """The answer as kept. Only the class's own provider may answer, and only for a trainee of that class."""
    if answer not in ANSWERS:
        raise InputError(
            "“{answer}”不是可以登记的处置；可以是 {choices}", answer=answer, choices=list(ANSWERS)
        )
    note = note.strip()
    if len(note) > NOTE_LIMIT:
        raise InputError("备注写了 {n} 字，最多 {most} 字", n=len(note), most=NOTE_LIMIT)
    if scope.actor.role is not Role.TRAINER:
        raise AccessRefused("预警处置由班级的承训单位登记")
    if (class_id, account_id) not in listed_accounts(registry, scope, [account_id]):
        raise AccessRefused("班次 {number} 没有这名学员，或者它不是本单位的班次", number=class_id)
    kept = Followup(class_id, account_id, answer, note, scope.actor.login, at)
    with registry.begin() as connection:
        connection.execute(
            insert(followup).values(
                class_id=class_id, account_id=account_id, answer=answer, note=note, by=kept.by, at=at
            )
        )
    return kept


def followups(registry: Engine, scope: Scope, class_id: int) -> dict[int, list[Followup]]:
    """All answers of a class, newest first, by the account that its roster names today: they may have been given under another of the
    same trainee's."""
    query = (
        select(followup)
        .where(
            followup.c.class_id == class_id,
            followup.c.class_id.in_(select(training_class.c.id).where(scope.classes)),
        )
        .order_by(followup.c.id.desc())
    )
    found: dict[int, list[Followup]] = {}
    with registry.connect() as connection:
        rows = connection.execute(query).all()
    seats = class_accounts(registry, scope, class_id) if rows else {}
    for row in rows:
        found.setdefault(seats.get(row.account_id, row.account_id), []).append(
            Followup(row.class_id, row.account_id, row.answer, row.note, row.by, aware(row.at))
        )
    return found
