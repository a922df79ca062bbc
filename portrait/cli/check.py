"""What `portrait doctor` looks at. Looking changes nothing: no folder is made, no table is migrated."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from portrait.cli.console import moment
from portrait.errors import LakeForeign, ModelUnusable
from portrait.identity import has_secret, load_secret
from portrait.lake.table import TABLES, Lake
from portrait.settings import FILE, PREFIX, Settings, in_file, open_address, unknown_settings
from portrait.store import health, migration
from portrait.store.audit import verify_audit
from portrait.store.number import owed
from portrait.store.question import question_counts
from portrait.store.registry import connect_registry
from portrait.tie import refuse_foreign

GIGABYTE = 1024**3


@dataclass(frozen=True)
class Check:
    """One finding. `state` is ok, note (nothing wrong, but worth knowing) or wrong; `advice` says what to do."""

    name: str
    state: str
    message: str
    advice: str = ""


def examine(settings: Settings) -> Iterator[Check]:
    """All findings about one home, the outermost first; what cannot be reached is not looked into."""
    yield from _names(settings.home)
    if not settings.home.is_dir():
        yield Check(
            "home",
            "note",
            f"家目录 {settings.home} 还不存在",
            "portrait demo 建示范数据，或 portrait intake 导入数据",
        )
        return
    yield _home(settings.home)
    yield from _private(settings.home)
    lake = Lake(settings.home / "lake", settings.lake_buckets)
    engine = connect_registry(settings.registry_url)
    try:
        tie = _tie(settings, lake, engine, behind=True)
        if tie is None or tie.state == "ok":
            yield from _registry(settings, engine)
            tie = _tie(settings, lake, engine)
            if tie is not None and tie.state == "wrong" and _elsewhere(settings, lake):
                tie = Check(
                    "tie",
                    "note",
                    "这里没有记录湖，也没有存档：批次在别的家目录里接入",
                    "只开 portrait store 就该这样；网站和接入要在有记录湖的那个家目录里",
                )
        if tie is not None:
            yield tie
    finally:
        engine.dispose()
    yield from _lake(lake, tie is None or tie.state == "ok")
    yield from _models(settings.home / "model")


def _names(home: Path) -> Iterator[Check]:
    for name, near in unknown_settings(home).items():
        yield Check("setting", "wrong", f"没有设置 {name}", f"是不是 {near}？" if near else "删掉它")


def _home(home: Path) -> Check:
    if not os.access(home, os.W_OK | os.X_OK):
        return Check("home", "wrong", f"家目录 {home} 不可写", "改目录的权限，或用 PORTRAIT_HOME 换一个")
    free = shutil.disk_usage(home).free
    if free < GIGABYTE:
        return Check("home", "wrong", f"家目录 {home} 所在的磁盘只剩 {free / GIGABYTE:.1f} GB", "腾出空间")
    return Check("home", "ok", f"家目录 {home} 可写，磁盘余 {free / GIGABYTE:.0f} GB")


def _private(home: Path) -> Iterator[Check]:
    for name in (
        "secret.key",
        "demo-logins.txt",
        *([FILE] if f"{PREFIX}DATABASE_URL" in in_file(home) else []),
    ):
        path = home / name
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Check("secret", "wrong", f"{path} 别的用户也能读", f"chmod 600 {path}")


def _tie(settings: Settings, lake: Lake, engine: Engine, *, behind: bool = False) -> Check | None:
    """Whether registry and lake belong together, the lake perhaps `behind`; None while they cannot tell."""
    try:
        refuse_foreign(settings, lake, engine, behind=behind)
    except LakeForeign as error:
        return Check("tie", "wrong", error.message)
    except SQLAlchemyError:
        return None  # the look at the registry tells why
    return None if lake.owner is None else Check("tie", "ok", "登记库和记录湖是一对")


def _elsewhere(settings: Settings, lake: Lake) -> bool:
    """Whether the lake of a shared registry is another home's: where something has come in there is an archive, of which it could be made."""
    return bool(settings.database_url) and not lake.made and not (settings.home / "archive").exists()


def _registry(settings: Settings, engine: Engine) -> Iterator[Check]:
    shown = open_address(engine.url)
    database = engine.url.database or ""
    if engine.dialect.name == "sqlite" and not Path(database).exists():
        yield Check("registry", "note", f"登记库 {shown} 还没有建", "第一次运行别的命令时会建好")
        return
    try:
        with engine.connect() as connection:
            at = migration.current(connection)
        if at is None:
            yield Check("registry", "note", f"登记库 {shown} 还没有表", "第一次运行别的命令时会建好")
            return
        if at != migration.head():
            newer = at > migration.head()
            yield Check(
                "registry",
                "wrong" if newer else "note",
                f"登记库的版本是 {at}，程序的是 {migration.head()}",
                "升级程序" if newer else "下一个命令会自动升级",
            )
            return
        sizes = health.sizes(engine)
        yield Check(
            "registry",
            "ok",
            f"登记库 {shown} 版本 {at}：教师 {sizes['person']:,}、课程 {sizes['course']:,}、"
            f"批次 {sizes['batch']:,}、登录账号 {sizes['user_account']:,}",
        )
        yield from _batches(engine)
        yield from _numbers(settings.home, engine)
        yield from _persons(engine)
        yield _audit(engine)
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", error)).splitlines()[0]
        yield Check(
            "registry", "wrong", f"登记库 {shown} 读不了：{cause}", "检查 PORTRAIT_DATABASE_URL 和数据库服务"
        )


def _batches(engine: Engine) -> Iterator[Check]:
    holders = [row.holder for row in health.held_leases(engine)]
    for row in health.unfinished_batches(engine):
        running = row.state == "running" and holders
        yield Check(
            "batch",
            "note" if running or row.state == "failed" else "wrong",
            f"批次 {row.id}（{row.source}/{row.stream}，{row.file}）{'正在导入' if running else '没能导入' if row.state == 'failed' else '没有做完'}"
            + (f"：{row.message}" if row.message else ""),
            "" if running else FAILED if row.state == "failed" else _advice(row.origin),
        )
    for row in health.broken_batches(engine):
        yield Check(
            "batch",
            "wrong",
            f"批次 {row.id}（{row.source}/{row.stream}，{row.file}）读入 ≠ 入库 + 重复 + 隔离",
            "portrait rebuild 从原始文件重做",
        )


def _persons(engine: Engine) -> Iterator[Check]:
    with engine.connect() as connection:
        waiting, later = question_counts(connection)
    if waiting > later:
        yield Check(
            "identity",
            "note",
            f"{waiting - later:,} 个账号或教师拿不准是不是同一人",
            "portrait identity list，或网页上的“身份合并”",
        )


FAILED = "按说明改好文件再导入；改过的文件是新的一批，这一批留作记录"


def _advice(origin: int | None) -> str:
    if origin is None:
        return "再运行一次同样的 portrait intake，会从断点继续"
    return f"再运行一次 portrait quarantine replay --batch {origin}，会从断点继续"


def _numbers(home: Path, engine: Engine) -> Iterator[Check]:
    if not has_secret(home):
        return
    with engine.connect() as connection:
        accounts, people = owed(connection, load_secret(home))
    if people:
        yield Check(
            "person",
            "wrong",
            f"{people:,} 位教师的编号带着手机号、身份证号或邮箱，还是按旧规矩存的，接入都停着",
            "portrait rebuild 给他们换上不露号码的编号，人还是原来那位",
        )
    if accounts:
        yield Check(
            "account",
            "wrong",
            f"{accounts:,} 个账号的登录名里带着手机号或身份证号，还是按旧规矩编的号，接入都停着",
            "portrait rebuild 把它们的记录、关联和裁定放到新的编号下",
        )


def _audit(engine: Engine) -> Check:
    found = verify_audit(engine)
    if found.sound:
        return Check("audit", "ok", f"审计链完整：{found.rows:,} 行")
    return Check("audit", "wrong", f"审计链断了：{found.reason}", "从备份比对，查清谁改过登记库")


def _lake(lake: Lake, tied: bool) -> Iterator[Check]:
    try:
        buckets = lake.buckets
    except LakeForeign:
        return  # told where registry and lake were looked at together
    found = []
    for name in TABLES:
        try:
            files = lake.files(name)
            missing = [file for file in files if not Path(file.removeprefix("file://")).exists()]
        except Exception as error:  # deltalake raises its own kinds for every way a log can be damaged
            yield Check(
                "lake",
                "wrong",
                f"湖表 {name} 读不了：{next(iter(str(error).splitlines()), '')}",
                "portrait rebuild 从原始文件重建记录湖",
            )
            continue
        if missing:
            yield Check(
                "lake",
                "wrong",
                f"湖表 {name} 缺 {len(missing)} 个文件，如 {missing[0]}",
                "portrait rebuild 从原始文件重建记录湖",
            )
        elif files:
            found.append(f"{name} {len(files)} 个文件")
    if found and buckets != lake.wanted:
        yield Check(
            "lake",
            "note",
            f"记录湖分成 {buckets} 桶，设置 PORTRAIT_LAKE_BUCKETS 是 {lake.wanted}",
            "portrait rebuild 按设置重建；不重建也照常工作",
        )
    if found:
        yield Check("lake", "ok", f"记录湖可读：{'、'.join(found)}")
    elif tied:
        yield Check("lake", "note", "记录湖还是空的", "portrait intake 导入数据，再 portrait refresh")


def _models(folder: Path) -> Iterator[Check]:
    from models.card import load, read_card

    for path in sorted(folder.glob("*/card.json")):
        name = path.parent.name
        try:
            card = read_card(folder, name)
            load(folder, name, card.version)
        except ModelUnusable as error:
            yield Check("model", "wrong", error.message, "portrait fit")
        else:
            yield Check("model", "ok", f"模型 {name} 版本 {card.version}，{moment(card.created)[:10]} 拟合")
