"""Registry and lake of a home belong together: one opened with another's lake is refused before anything is made or changed."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from portrait.errors import LakeForeign
from portrait.lake.owner import Owner
from portrait.lake.table import Lake
from portrait.sentence import Sentence, sentence
from portrait.settings import Settings
from portrait.store.seal import address, held, knows, sealed


def refuse_foreign(settings: Settings, lake: Lake, registry: Engine) -> None:
    """Raises LakeForeign when the lake was made with another registry, or holds batches that this one has not got.

    It looks only: no file is made, no table, no row. A lake that nobody can read is anybody's who knows of batches: it is to be rebuilt.
    """
    owner = lake.owner
    if owner is None and not lake.made:
        return
    if registry.dialect.name == "sqlite" and not _there(registry):
        raise _foreign(settings, registry, owner, sentence("它还不存在"))
    found = held(registry)
    if owner is not None and found.seal is not None:
        if owner.seal != found.seal:
            raise _foreign(settings, registry, owner, sentence("它是另一个登记库"))
        return
    if found.empty:
        raise _foreign(settings, registry, owner, sentence("它里面还没有批次"))
    with suppress(
        SQLAlchemyError
    ):  # of a registry of before a column that is asked for: it has batches, that is as much as it can tell
        newest = lake.newest("record", "batch")
        if newest is not None and not knows(registry, newest):
            raise _foreign(settings, registry, owner, sentence("湖里第 {batch} 号批次它没有", batch=newest))


def tie(settings: Settings, lake: Lake, registry: Engine) -> None:
    """Let the lake say whose it is, at once when it is made already, else when it is; after `refuse_foreign`."""
    owner = lake.owner
    seal = sealed(registry, None if owner is None else owner.seal)
    lake.keep_for(Owner(seal, address(registry.url) if settings.database_url else ""))


def _there(registry: Engine) -> bool:
    database = registry.url.database or ""
    return database in ("", ":memory:") or Path(database).exists()


def _foreign(settings: Settings, registry: Engine, owner: Owner | None, why: Sentence) -> LakeForeign:
    opened = address(registry.url)
    if owner is None:
        its = sentence("导入这些批次的那个登记库")
    elif owner.address:
        its = sentence("{address}（建湖时的地址）", address=owner.address)
    else:
        its = sentence("家目录里的 registry.sqlite")
    if owner is not None and not owner.address and settings.database_url:
        todo = sentence(
            "去掉 PORTRAIT_DATABASE_URL（环境变量或 {file} 里的）", file=settings.home / "portrait.env"
        )
    elif owner is not None and not owner.address:
        todo = sentence("从备份恢复 registry.sqlite")
    else:
        todo = sentence(
            "把 PORTRAIT_DATABASE_URL 设为那个登记库的地址，或写进 {file}",
            file=settings.home / "portrait.env",
        )
    return LakeForeign(
        "打开的登记库 {opened} 不是记录湖 {lake} 的那一个（{why}）；记录湖属于 {its}。什么也没有改：{todo}，再来一次；"
        "真要换成打开的这个，先把 {lake} 移走，再 portrait rebuild",
        opened=opened,
        lake=settings.home / "lake",
        why=why,
        its=its,
        todo=todo,
    )
