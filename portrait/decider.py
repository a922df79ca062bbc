"""Who may decide on what others did and did not prove yet, and what a decision has to say."""

from __future__ import annotations

from portrait.errors import AccessRefused, InputError
from portrait.scope import Role, Scope
from portrait.site import Site
from portrait.store.alias import are_one
from portrait.store.claim import REASON_LIMIT

DECIDERS = (Role.SCHOOL, Role.TRAINER, Role.OFFICE)


def expect_decision(scope: Scope | None, state: str, reason: str) -> None:
    """Raises AccessRefused for who may decide on nothing, InputError for what is no decision or lacks its reason."""
    if scope is not None and scope.actor.role not in DECIDERS:
        raise AccessRefused("签到和校本研修由学校、承训单位或项目办确认")
    if state not in ("confirmed", "returned"):
        raise InputError("只能确认（confirmed）或退回（returned）")
    if state == "returned" and not reason.strip():
        raise InputError("退回要写明原因")
    if len(reason.strip()) > REASON_LIMIT:
        raise InputError("原因最多 {most} 字", most=REASON_LIMIT)


def is_oneself(site: Site, scope: Scope, person_id: int) -> bool:
    """Whether a person is the reader, by whatever key."""
    me = scope.actor.person_id
    return me is not None and are_one(site.registry, me, person_id)


def expect_another(site: Site, scope: Scope, person_id: int) -> None:
    """Raises AccessRefused for who would decide on what is their own."""
    if is_oneself(site, scope, person_id):
        raise AccessRefused("不能确认自己的申报")
