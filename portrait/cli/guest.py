"""The demo's logins: one for each role, with passwords made for this home and kept in a file that only its owner can read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from portrait.clock import now
from portrait.login import add_linked, new_password
from portrait.scope import ROLE_ZH, Role
from portrait.site import Site
from portrait.store.user import find_user, set_password
from portrait.world import Login

FILE = "demo-logins.txt"


@dataclass(frozen=True)
class Guest:
    """What a guest of the demo needs to log in."""

    login: str
    password: str
    role: Role
    name: str


def guests(home: Path) -> list[Guest]:
    """The guests in the home's file; none when it is missing."""
    path = home / FILE
    if not path.exists():
        return []
    rows = (
        line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line.count("\t") == 3
    )
    return [Guest(login, password, Role(role), name) for login, password, role, name in rows]


def invite(site: Site, logins: Sequence[Login]) -> list[Guest]:
    """Users for the logins, with new passwords. The file is written first, so that no password is ever lost to a crash."""
    made = [
        Guest(login.login, new_password(Role(login.role), login.login), Role(login.role), login.name)
        for login in logins
    ]
    _write(site.settings.home / FILE, made)
    for login, guest in zip(logins, made, strict=True):
        if find_user(site.registry, login.login) is not None:
            set_password(site.registry, login.login, guest.password)
        else:
            add_linked(
                site.registry,
                login.login,
                login.name,
                guest.password,
                guest.role,
                now=now(),
                person=login.person,
                provider=login.provider,
                school=login.school,
                office=login.office,
                region=login.region,
            )
    return made


def _write(path: Path, made: Sequence[Guest]) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        for guest in made:
            file.write(f"{guest.login}\t{guest.password}\t{guest.role.value}\t{guest.name}\n")


def as_rows(made: Sequence[Guest]) -> list[tuple[object, ...]]:
    return [(ROLE_ZH[guest.role], guest.login, guest.password, guest.name) for guest in made]
