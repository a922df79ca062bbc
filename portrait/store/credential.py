"""What source platforms sign in with at the learning record store: a key and a secret, the rights and the limits."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, literal, select, update

from portrait.clock import aware, now
from portrait.errors import InputError, NotFound
from portrait.store.schema import credential

VERSIONS = ("1.0.3", "2.0.0")
RIGHTS = {  # what may be asked for: write, read
    "write": (True, "none"),
    "read-own": (False, "own"),
    "read-all": (False, "all"),
    "own": (True, "own"),
    "all": (True, "all"),
}
RIGHTS_ZH = {
    "write": "只写",
    "read-own": "只读本平台",
    "read-all": "只读全部",
    "own": "写，读本平台",
    "all": "写，读全部",
}
HOME = "urn:portrait:source"  # home page of the accounts that authorities are


@dataclass(frozen=True)
class Credential:
    """A credential as the store works with it. `secret` is only known when it is made."""

    id: int
    key: str
    source: str
    name: str
    authority: dict[str, Any]
    write: bool
    read: str
    version: str
    rate: int
    lenient: bool
    created: datetime
    revoked: datetime | None
    secret: str = ""

    @property
    def rights(self) -> str:
        return next(name for name, what in RIGHTS.items() if what == (self.write, self.read))


def add_credential(
    registry: Engine,
    *,
    source: str,
    name: str = "",
    rights: str = "all",
    version: str = "1.0.3",
    rate: int = 0,
    lenient: bool = False,
    by: str = "",
) -> Credential:
    """A new credential with its secret. Raises InputError naming what cannot be: rights, version, rate."""
    check_terms(source, rights, version, rate)
    key, secret = secrets.token_hex(12), secrets.token_urlsafe(32)
    write, read = RIGHTS[rights]
    values = {
        "key": key,
        "digest": _digest(secret),
        "source": source,
        "name": (name or source)[:120],
        "authority": authority(source, name or source, key),
        "write": write,
        "read": read,
        "version": version,
        "rate": rate,
        "lenient": lenient,
        "by": by[:60],
        "created": now(),
    }
    with registry.begin() as connection:
        made = connection.execute(insert(credential).values(**values)).inserted_primary_key
        assert made is not None
        row = connection.execute(select(credential).where(credential.c.id == made[0])).one()
    return read_credential(row, secret)


def check_terms(source: str, rights: str, version: str, rate: int) -> None:
    """Raise InputError naming what cannot be."""
    if not 0 < len(source) <= 40:
        raise InputError("来源代码应有 1–40 个字符，这里是 {n} 个", n=len(source))
    if rights not in RIGHTS:
        raise InputError("没有权限“{rights}”，可选：{choices}", rights=rights, choices=list(RIGHTS))
    if version not in VERSIONS:
        raise InputError(
            "没有 xAPI 版本“{version}”，可选：{choices}", version=version, choices=list(VERSIONS)
        )
    if not 0 <= rate <= 100_000:
        raise InputError("每秒请求数应在 0（不限）到 {most} 之间，这里是 {rate}", most=100_000, rate=rate)


def authority(source: str, name: str, key: str) -> dict[str, Any]:
    """The Agent that vouches for a credential's statements."""
    return {"objectType": "Agent", "name": name, "account": {"homePage": f"{HOME}:{source}", "name": key}}


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def read_credential(row: Row[Any], secret: str = "") -> Credential:
    """A row of the table as a value; the secret is not in it."""
    return Credential(
        row.id,
        row.key,
        row.source,
        row.name,
        row.authority,
        row.write,
        row.read,
        row.version,
        row.rate,
        row.lenient,
        aware(row.created),
        aware(row.revoked) if row.revoked else None,
        secret,
    )


def check_credential(registry: Engine, key: str, secret: str) -> Credential | None:
    """The credential whose key and secret these are, unless it was revoked."""
    with registry.connect() as connection:
        row = connection.execute(select(credential).where(credential.c.key == key)).one_or_none()
    if row is None or row.revoked is not None:
        return None
    return read_credential(row) if hmac.compare_digest(row.digest, _digest(secret)) else None


def list_credentials(registry: Engine) -> list[Credential]:
    with registry.connect() as connection:
        rows = connection.execute(select(credential).order_by(credential.c.source, credential.c.id)).all()
    return [read_credential(row) for row in rows]


def credentials_of(connection: Connection, source: str) -> tuple[int, ...]:
    """Every credential that the source has or had: its statements are those of all of them."""
    return tuple(connection.scalars(select(credential.c.id).where(credential.c.source == source)))


def credentials_vouched(connection: Connection, account: Mapping[str, str]) -> tuple[int, ...]:
    """The credential whose authority has this account (homePage, name): one or none."""
    query = select(credential.c.id).where(
        credential.c.key == account["name"], literal(HOME) + ":" + credential.c.source == account["homePage"]
    )
    return tuple(connection.scalars(query))


def revoke_credential(registry: Engine, key: str, *, moment: datetime) -> Credential:
    """Ends a credential; what it wrote stays. Raises NotFound, and InputError when it was ended before."""
    with registry.begin() as connection:
        row = connection.execute(select(credential).where(credential.c.key == key)).one_or_none()
        if row is None:
            raise NotFound("没有凭据“{key}”", key=key)
        if row.revoked is not None:
            raise InputError("凭据“{key}”已经停用", key=key)
        connection.execute(update(credential).where(credential.c.id == row.id).values(revoked=moment))
    return read_credential(row)
