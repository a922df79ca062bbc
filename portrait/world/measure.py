"""How well the rules of doubt find what a demo province has planted: precision and recall of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from portrait.doubtful import RULES
from portrait.errors import InputError
from portrait.hashing import key_number
from portrait.identity import account_id, load_secret
from portrait.record import FOUND_BY, Flag, Kind
from portrait.site import Site
from portrait.world.roster import MAIL_HOST


@dataclass(frozen=True)
class Measure:
    """One rule against what was planted. Precision counts a record as rightly found if it was planted for any rule."""

    rule: str
    planted: int
    found: int  # of them, by this rule
    flagged: int
    right: int  # of those, planted for some rule

    @property
    def precision(self) -> float | None:
        return self.right / self.flagged if self.flagged else None

    @property
    def recall(self) -> float | None:
        return self.found / self.planted if self.planted else None


def measure(site: Site, folder: Path) -> list[Measure]:
    """Every rule against the truth of a demo province (doubt.parquet and truth.parquet in `folder`). Raises InputError without them.

    Impossible speed is measured by accounts: those that a script plays.
    """
    paths = folder / "doubt.parquet", folder / "truth.parquet"
    if not all(path.is_file() for path in paths):
        raise InputError(
            "{folder} 里没有 doubt.parquet 和 truth.parquet：要示范省的平台文件", folder=folder.name
        )
    planted: dict[str, set[tuple[int, int, int, int]]] = {}
    for row in pq.read_table(paths[0]).to_pylist():
        place = (
            account_id("yuyan", "staff", row["staff"]),
            key_number("course", "henan", row["course"]),
            row["kind"],
            row["at"],
        )
        planted.setdefault(row["rule"], set()).add(place)
    everything = set().union(*planted.values())
    made = []
    for name, (bit, _) in RULES.items():
        if name not in FOUND_BY:
            continue
        flagged = set(
            site.pool.rows(
                f"SELECT account, course, kind, epoch(time)::bigint + 28800 FROM record WHERE flag & {int(bit)} <> 0"
            )
        )
        own = planted.get(name, set())
        made.append(Measure(name, len(own), len(own & flagged), len(flagged), len(flagged & everything)))
    return [_speed(site, paths[1]), *made]


def _speed(site: Site, path: Path) -> Measure:
    """Accounts with at least three impossibly fast records, against those that a script plays and that watched anything."""
    truth = pq.read_table(path, columns=["staff", "doubtful"]).to_pylist()
    scripted = {row["staff"] for row in truth if row["doubtful"]}
    secret = load_secret(site.settings.home)
    accounts = {
        account_id(source, kind, name if kind == "staff" else f"{name.lower()}@{MAIL_HOST}", secret)
        for name in scripted
        for source, kind in (
            ("yuyan", "staff"),
            ("zhongyuan", "mail"),
            ("yunketang", "staff"),
            ("yunketang", "mail"),
        )
    }
    rows = site.pool.rows(
        f"SELECT account, count(*) FILTER (flag & {int(Flag.SPEED)} <> 0) FROM record WHERE kind = {int(Kind.VIDEO)} "
        f"AND seconds > 0 GROUP BY account HAVING count(*) >= 3"
    )
    flagged = {account for account, fast in rows if fast >= 3}
    there = {account for account, _ in rows} & accounts
    return Measure("speed", len(there), len(there & flagged), len(flagged), len(flagged & accounts))
