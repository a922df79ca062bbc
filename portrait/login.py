"""A new login as it is given out: linked by the codes that people and rosters use, with a password for the telephone."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import Engine

from portrait.errors import InputError
from portrait.hashing import key_number
from portrait.identity import normalised
from portrait.place import places
from portrait.scope import ROLE_ZH, Role
from portrait.sentence import sentence
from portrait.store.question import person_by_key
from portrait.store.user import add_user, password_fault

# No letters or digits that look alike on paper.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

# Which code binds a role to a person or a body; the other roles need none.
LINKS = {
    Role.TEACHER: ("person", "继教编号"),
    Role.TRAINER: ("provider", "机构代码"),
    Role.SCHOOL: ("school", "学校代码"),
    Role.BUREAU: ("region", "行政区划代码"),
}


def linked_id(registry: Engine, role: Role, code: str) -> int | None:
    """The id behind a code that a role is bound by; None for a role that is bound by no id, or for no code."""
    if not code or role not in (Role.TEACHER, Role.TRAINER, Role.SCHOOL):
        return None
    kind, _ = LINKS[role]
    if kind != "person":
        return key_number(kind, code)
    # A key with the name of its source is written as it is shown; only staff numbers are taken in any case and width.
    key = code if ":" in code else normalised("staff", code)
    # Who was given another key since has the number of the one before.
    with registry.connect() as connection:
        held = person_by_key(connection, key)
    return key_number(kind, key) if held is None else held


def add_linked(
    registry: Engine,
    login: str,
    name: str,
    password: str,
    role: Role,
    *,
    now: datetime,
    person: str = "",
    provider: str = "",
    school: str = "",
    office: str = "",
    region: str = "",
) -> int:
    """The id of a new user, linked by codes. Raises InputError naming what is wrong."""
    if region and region not in places():
        raise InputError("没有行政区划 {region}：应是河南省的市或县的 6 位代码", region=region)
    given = {"person": person, "provider": provider, "school": school, "region": region}
    if role in LINKS and not given[LINKS[role][0]]:
        raise InputError(
            "{role}账号“{login}”要绑定{link}",
            role=sentence(ROLE_ZH[role]),
            login=login,
            link=sentence(LINKS[role][1]),
        )
    return add_user(
        registry,
        login,
        name,
        password,
        role,
        now=now,
        person_id=linked_id(registry, Role.TEACHER, person),
        provider_id=linked_id(registry, Role.TRAINER, provider),
        school_id=linked_id(registry, Role.SCHOOL, school),
        office=office,
        region=region,
    )


def new_password(role: Role, login: str) -> str:
    """A random password that can be read out over the telephone: 80 bits in four groups."""
    while True:
        password = "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))
        # By chance it may contain a very short login.
        if len(login) > 4 or not password_fault(password, role=role, login=login):
            return password
