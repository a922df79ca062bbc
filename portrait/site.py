"""One installation: its settings, registry and lake, opened together and handed to whoever needs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import duckdb
from sqlalchemy import Engine

from portrait import clock
from portrait.errors import SettingError
from portrait.lake.engine import open_engine
from portrait.lake.pool import Pool
from portrait.lake.table import Lake
from portrait.settings import Settings, load_settings
from portrait.store.batch import unfinished_batches
from portrait.store.registry import open_registry
from portrait.store.run import held_runs
from portrait.tie import refuse_foreign, tie
from portrait.trouble import of_system


@dataclass(frozen=True)
class Site:
    """What every command and page works on."""

    settings: Settings
    registry: Engine
    lake: Lake
    pool: Pool = field(init=False, compare=False, repr=False)  # for readers; `engine` is for long work

    def __post_init__(self) -> None:
        pool = Pool(
            self.lake,
            memory=self.settings.engine_memory,
            threads=self.settings.engine_threads,
            unfinished=self.unfinished,
            named=self.named_runs,
        )
        object.__setattr__(self, "pool", pool)

    @property
    def archive(self) -> Path:
        """Raw files as received, named by content hash."""
        return self.settings.home / "archive"

    @property
    def models(self) -> Path:
        return self.settings.home / "model"

    @property
    def today(self) -> date:
        return self.settings.today or clock.day_of(clock.now())

    @property
    def now(self) -> datetime:
        """This moment, on the site's today: what a demo kept at its cut-off day writes beside its data."""
        moment = clock.now()
        return clock.on_day(self.settings.today, moment) if self.settings.today else moment

    def engine(self) -> duckdb.DuckDBPyConnection:
        """An engine of one's own, closed by the caller."""
        return open_engine(
            self.lake,
            memory=self.settings.engine_memory,
            threads=self.settings.engine_threads,
            unfinished=self.unfinished(),
            named=self.named_runs(),
        )

    def close(self) -> None:
        """Let go of both stores, as a server does before it ends: the interpreter cannot clear up after engines that threads still hold."""
        self.pool.close()
        self.registry.dispose()

    def unfinished(self) -> tuple[int, ...]:
        """Batches of records that are being taken in, were interrupted or failed."""
        return unfinished_batches(self.registry)

    def named_runs(self) -> dict[int, int]:
        """The classes that records mean whose sheets name them in their own words: run → class."""
        return held_runs(self.registry)


def make_home(folder: Path) -> None:
    """The home folder, for its owner alone. Raises SettingError when it cannot be made."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # people's data: nobody else's to read
    except OSError as error:
        raise SettingError(
            f"家目录 {folder} 用不了：{of_system(error)}；用 --home 或 PORTRAIT_HOME 另选一个"
        ) from error


def open_site(settings: Settings | None = None, *, behind: bool = False) -> Site:
    """The installation of a home. Raises SettingError when its registry cannot be used and LakeForeign when its lake is another's, or
    one of the two is a copy of another day. A lake that may be `behind` may lack what is in by the ledger: for whoever makes it again, or needs none."""
    settings = settings or load_settings()
    make_home(settings.home)
    lake = Lake(settings.home / "lake", settings.lake_buckets)
    registry = open_registry(
        settings.registry_url,
        first=lambda found: refuse_foreign(settings, lake, found, behind=behind),
    )
    tie(settings, lake, registry)
    return Site(settings, registry, lake)
