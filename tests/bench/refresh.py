"""Refresh: records to cells and portraits; the baseline adds up the same records with pandas."""

from __future__ import annotations

import time
from pathlib import Path

from tests.bench.measure import Work


def ours(home: Path) -> Work:
    """Everything made again from the records: sums, priors, levels, intervals. The amount is the number of records."""
    from portrait.refresh import refresh
    from portrait.settings import load_settings
    from portrait.site import open_site

    site = open_site(load_settings(home))
    start = time.perf_counter()
    refresh(site, full=True)
    seconds = time.perf_counter() - start
    return Work(int(site.pool.rows("SELECT count(*) FROM record")[0][0]), seconds)


def with_pandas(home: Path) -> Work:
    """The sums alone, per account × indicator × month × kind: no decay, no prior, no portrait."""
    import pandas as pd
    import pyarrow.dataset as ds

    from portrait.framework import indicators
    from portrait.record import SCORED, Flag
    from portrait.settings import load_settings
    from portrait.site import open_site
    from portrait.store.bulk import alignments

    site = open_site(load_settings(home))
    start = time.perf_counter()
    columns = ["account", "course", "kind", "value", "weight", "flag", "time"]
    frame = ds.dataset(site.lake.files("record"), format="parquet").to_table(columns=columns).to_pandas()
    nodes = indicators().values()
    aligned = alignments(
        site.registry, [n.code for n in nodes if n.scored], [n.code for n in nodes if not n.scored], {}
    ).to_pandas()
    scored = frame[
        frame["kind"].isin([int(kind) for kind in SCORED]) & (frame["flag"] & int(Flag.SCORED) != 0)
    ]
    joined = scored.merge(aligned, left_on="course", right_on="subject")
    month = joined["time"].dt.year * 12 + joined["time"].dt.month - 1
    joined = joined.assign(month=month, sw=joined["weight"].astype("int64") * joined["percent"])
    joined["swy"] = joined["sw"] * joined["value"]
    joined["swyy"] = joined["swy"] * joined["value"]
    sums = joined.groupby(["account", "indicator", "month", "kind"], as_index=False)[
        ["sw", "swy", "swyy"]
    ].sum()
    assert isinstance(sums, pd.DataFrame)
    return Work(len(frame), time.perf_counter() - start)
