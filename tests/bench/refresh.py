"""Refresh: records to cells and portraits; the baseline adds up the same records with pandas."""

from __future__ import annotations

from pathlib import Path

from portrait.settings import load_settings
from portrait.site import open_site


def ours(home: Path) -> int:
    """Everything made again from the records. Returns the number of records."""
    from portrait.refresh import refresh

    site = open_site(load_settings(home))
    refresh(site, full=True)
    return records(home)


def records(home: Path) -> int:
    with open_site(load_settings(home)).engine() as engine:
        row = engine.execute("SELECT count(*) FROM record").fetchone()
    return int(row[0]) if row else 0


def with_pandas(home: Path) -> int:
    """The sums alone, per account × indicator × month × kind: no decay, no prior, no portrait. Returns the number of records."""
    import pandas as pd
    import pyarrow.dataset as ds

    from portrait.framework import indicators
    from portrait.record import SCORED
    from portrait.store.bulk import alignments

    site = open_site(load_settings(home))
    columns = ["account", "course", "kind", "value", "weight", "flag", "time"]
    frame = ds.dataset(site.lake.files("record"), format="parquet").to_table(columns=columns).to_pandas()
    count = len(frame)
    nodes = indicators().values()
    aligned = alignments(
        site.registry, [n.code for n in nodes if n.scored], [n.code for n in nodes if not n.scored]
    ).to_pandas()
    scored = frame[frame["kind"].isin([int(kind) for kind in SCORED]) & ((frame["flag"] & 1) == 1)]
    joined = scored.merge(aligned, on="course")
    month = joined["time"].dt.year * 12 + joined["time"].dt.month - 1
    joined = joined.assign(month=month, sw=joined["weight"] * joined["percent"])
    joined["swy"] = joined["sw"] * joined["value"]
    joined["swyy"] = joined["swy"] * joined["value"]
    sums = joined.groupby(["account", "indicator", "month", "kind"], as_index=False)[
        ["sw", "swy", "swyy"]
    ].sum()
    assert isinstance(sums, pd.DataFrame)
    return count
