"""Registry and lake of a home belong together: one opened with another's lake, or with a copy of its own from another day, is refused
before anything is made or changed."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sqlalchemy import Engine

from portrait.errors import LakeForeign
from portrait.lake.owner import Owner
from portrait.lake.table import DAMAGED, Lake
from portrait.sentence import Sentence, sentence
from portrait.settings import Settings
from portrait.store.seal import Held, address, held, key_of, keys, sealed

REFRESHED = ("verdict", "cell", "snapshot")  # tables that remember up to which batch they were made


def refuse_foreign(settings: Settings, lake: Lake, registry: Engine, *, behind: bool = False) -> None:
    """Raises LakeForeign when the lake was made with another registry, when it holds batches that this one has not got, and when it lacks
    records that are in by this one's ledger, unless it may be `behind`; then all of its batches are looked at, not the newest alone.

    It looks only: no file is made, no table, no row. A lake that nobody can read is anybody's who knows of batches: it is to be rebuilt.
    """
    owner = lake.owner
    if registry.dialect.name == "sqlite" and not _there(registry):
        if owner is None and not lake.made:
            return
        raise _foreign(settings, registry, owner, sentence("它还不存在"))
    # The lake is asked for its newest before the ledger is, and again after it: what comes in meanwhile is no difference.
    newest, through, readable = _newest(lake)
    found = held(registry)
    if owner is not None and found.seal is not None and owner.seal != found.seal:
        raise _foreign(settings, registry, owner, sentence("它是另一个登记库"))
    tied = owner is not None and found.seal is not None
    # Tables that hold nothing are nobody's loss: a refresh or a rebuild before the first batch makes them.
    holds = newest is not None or through > 0
    if found.newest == 0 and (not readable or (not tied and (owner is not None or holds))):
        raise _foreign(settings, registry, owner, sentence("它里面还没有批次"))
    strange = _strange(lake, registry, newest)
    if strange is None and through > found.newest:
        strange = sentence("湖里第 {batch} 号批次它没有", batch=through)
    if strange is None and (behind or not tied):
        strange = _stranger(lake, registry)
    if strange is not None:
        raise (_ahead(settings, registry, strange) if tied else _foreign(settings, registry, owner, strange))
    if not behind and (lacking := _lacking(lake, found)):
        raise _behind(settings, registry, lacking)


def tie(settings: Settings, lake: Lake, registry: Engine) -> None:
    """Let the lake say whose it is, at once when it is made already, else when it is; after `refuse_foreign`."""
    owner = lake.owner
    seal = sealed(registry, None if owner is None else owner.seal)
    lake.keep_for(Owner(seal, address(registry.url) if settings.database_url else ""))


def _there(registry: Engine) -> bool:
    database = registry.url.database or ""
    return database in ("", ":memory:") or Path(database).exists()


def _newest(lake: Lake) -> tuple[int | None, int, bool]:
    """The newest batch that the lake has records of, the newest that its other tables were made with, and whether it could tell of the
    records: those of a home without batches it can, for there are none."""
    newest, through, readable = None, 0, False
    with suppress(*DAMAGED):
        newest = lake.newest("record", "batch")
        readable = True
    for name in REFRESHED:
        with suppress(*DAMAGED):
            through = max(through, lake.mark(name, "through") or 0)
    return newest, through, readable


def _strange(lake: Lake, registry: Engine, newest: int | None) -> Sentence | None:
    """Whether the lake's newest batch is the one of that number in the ledger."""
    if newest is None:
        return None
    key = key_of(registry, newest)
    if key is None:
        return sentence("湖里第 {batch} 号批次它没有", batch=newest)
    with suppress(*DAMAGED):
        if not lake.holds(key):
            return sentence("湖里第 {batch} 号批次和它账上的第 {batch} 号不是同一批", batch=newest)
    return None


def _stranger(lake: Lake, registry: Engine) -> Sentence | None:
    """Whether any batch of the lake is none of the ledger's. It takes a look at all of them."""
    with suppress(*DAMAGED):
        there = lake.batches()
        if there and (unknown := there - keys(registry)):
            return sentence("湖里有 {n} 个批次不在它的账上", n=len(unknown))
    return None


def _lacking(lake: Lake, found: Held) -> Sentence | None:
    """What the lake lacks of what the ledger says is in."""
    if found.last is None:
        return None
    if not lake.made:
        return sentence(
            "{lake} 里没有湖，账上最后接入记录的是第 {batch} 号批次 {file}",
            lake=lake.folder,
            batch=found.last.id,
            file=found.last.file,
        )
    try:
        # A commit that a power cut has emptied is a version all the same, so its number alone would not tell.
        there = lake.holds(found.last.key) and (found.written is None or lake.written >= found.written)
    except DAMAGED:
        return sentence("湖里的记录读不出来")
    if there:
        return None
    return sentence(
        "湖是以前的一份，账上到第 {batch} 号批次 {file} 为止的记录不全在里面",
        batch=found.last.id,
        file=found.last.file,
    )


def _behind(settings: Settings, registry: Engine, why: Sentence) -> LakeForeign:
    return LakeForeign(
        "记录湖 {lake} 缺登记库 {opened} 账上的记录（{why}）。什么也没有改：运行 portrait rebuild，按账和存档的原始文件把湖重做，再来一次"
        "（从备份恢复以后就是这一步）；要是家目录指错了，改 --home 或 PORTRAIT_HOME",
        lake=settings.home / "lake",
        opened=address(registry.url),
        why=why,
    )


def _ahead(settings: Settings, registry: Engine, why: Sentence) -> LakeForeign:
    return LakeForeign(
        "登记库 {opened} 是以前的一份，比记录湖 {lake} 旧（{why}）。什么也没有改：换上这一批接入以后的登记库备份，再来一次；没有更新的备份，就把 {lake} "
        "移到别处（不要删），再 portrait rebuild 按这个登记库的账把湖重做，账上没有的文件（原件还在 {archive}）重新导入",
        opened=address(registry.url),
        lake=settings.home / "lake",
        why=why,
        archive=settings.home / "archive",
    )


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
