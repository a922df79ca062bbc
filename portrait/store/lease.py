"""The lease of the lake's single writer: a row with holder and expiry, renewed in the background while it is held."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from portrait.clock import aware, now
from portrait.errors import LakeBusy
from portrait.sentence import sentence
from portrait.store.registry import lasting
from portrait.store.schema import lease

LAKE = "lake"
# A long registry transaction on SQLite can hold up the renewal, so the term is much longer than the beat.
TERM = timedelta(minutes=10)
BEAT_SECONDS = 30.0


class Lease:
    """A held lease. `check` before each write that others must not see interleaved, and that must not outlast a power cut without what
    the registry says before it."""

    def __init__(self, registry: Engine, name: str, holder: str) -> None:
        self.registry, self.name, self.holder = registry, name, holder

    def check(self) -> None:
        """Renew. Raises LakeBusy when somebody else has taken the lease over."""
        with lasting(self.registry) as connection:
            kept = connection.execute(
                update(lease)
                .where(lease.c.name == self.name, lease.c.holder == self.holder)
                .values(until=now() + TERM)
            ).rowcount
        if not kept:
            raise LakeBusy(
                "写入权（{name}）已被别的进程接管，本次写入停止；重新运行会从断点继续", name=self.name
            )

    def _beat(self, stop: threading.Event) -> None:
        while not stop.wait(BEAT_SECONDS):
            with suppress(SQLAlchemyError, LakeBusy):  # the writer's own check will tell
                self.check()


@contextmanager
def writing(registry: Engine, *, name: str = LAKE, wait_seconds: float = 0.0) -> Iterator[Lease]:
    """Hold the lease for the block, which begins and ends with the registry on the disk. The lease of a dead process on this host is taken
    over at once.

    Raises LakeBusy when another writer still holds it after `wait_seconds`.
    """
    held = Lease(registry, name, _holder())
    deadline = time.monotonic() + wait_seconds
    while (other := _take(held)) is not None:
        if time.monotonic() >= deadline:
            raise LakeBusy("另一个进程（{holder}）正在写记录湖，请等它结束后再试", holder=_described(other))
        time.sleep(0.2)
    stop = threading.Event()
    beat = threading.Thread(target=held._beat, args=(stop,), daemon=True, name="lease")
    beat.start()
    try:
        yield held
    finally:
        stop.set()
        beat.join()
        with lasting(registry) as connection:
            connection.execute(delete(lease).where(lease.c.name == name, lease.c.holder == held.holder))


def _take(held: Lease) -> str | None:
    """None when taken, else the holder in the way."""
    moment = now()
    with lasting(held.registry) as connection:
        row = connection.execute(select(lease).where(lease.c.name == held.name)).first()
        if row is None:
            try:
                with connection.begin_nested():
                    connection.execute(
                        insert(lease).values(name=held.name, holder=held.holder, until=moment + TERM)
                    )
            except IntegrityError:
                return sentence("刚刚开始")
            return None
        if aware(row.until) > moment and not _dead(row.holder):
            return str(row.holder)
        taken = connection.execute(
            update(lease)
            .where(lease.c.name == held.name, lease.c.holder == row.holder)
            .values(holder=held.holder, until=moment + TERM)
        ).rowcount
        return None if taken else str(row.holder)


def _holder() -> str:
    pid = os.getpid()
    return f"{socket.gethostname()[:60]}:{pid}:{_born(pid)}:{secrets.token_hex(4)}"


def _born(pid: int) -> str:
    """Start time of a process in clock ticks, so that a reused number is not taken for the old process; "" if not known."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _dead(holder: str) -> bool:
    host, pid, born, _ = holder.rsplit(":", 3)
    if host != socket.gethostname()[:60]:
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return bool(born) and _born(int(pid)) not in ("", born)


def _described(holder: str) -> str:
    host, _, rest = holder.partition(":")
    return sentence("主机 {host}，进程 {pid}", host=host, pid=rest.partition(":")[0]) if rest else holder
