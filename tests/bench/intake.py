"""Intake: platform files through the door; the baseline reads the same files with pandas as the same mappings say.

It types the same columns, drops the same duplicates and writes Parquet, and does no more: no quarantine with reasons, no
archive, no registry, no search among what came in before, no going on after a crash.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.measure import Work

if TYPE_CHECKING:
    import pandas as pd

    from portrait.intake.expression import Expression
    from portrait.intake.mapping import Layout, Mapping, Stream

Sources = Sequence[tuple[Path, str]]  # folder and the mapping that reads it, in the order they must come in
SCALE = {"seconds": 1, "minutes": 60, "hours": 3600, "percent": 0.01}


def ours(sources: Sources, home: Path) -> Work:
    """Into an empty home. The amount is the number of rows read."""
    from portrait.intake.door import intake
    from portrait.settings import load_settings
    from portrait.site import open_site

    site = open_site(load_settings(home))
    start = time.perf_counter()
    reports = [report for folder, name in sources for report in intake(site, folder, name, by="bench")]
    seconds = time.perf_counter() - start
    assert all(report.counts.balanced for report in reports)
    return Work(sum(report.rows_read for report in reports), seconds)


def with_pandas(sources: Sources, target: Path) -> Work:
    """One Parquet file for each file and stream. The amount is the number of rows read."""
    import pandas as pd  # noqa: F401  (its import is not to be measured)

    from portrait.intake.find import files_of, joined_file
    from portrait.intake.mapping import load_mapping

    target.mkdir(parents=True, exist_ok=True)
    start, count = time.perf_counter(), 0
    for folder, name in sources:
        mapping = load_mapping(name, target)
        for stream, files in files_of(mapping, folder):
            joined = {join.alias: joined_file(folder, stream, join.layout) for join in stream.joins}
            for file in files:
                rows = _selected(_frame(file, stream, joined), stream)
                count += len(rows)
                _typed(rows, mapping, stream).to_parquet(
                    target / f"{mapping.source}-{stream.name}-{file.stem}.parquet", index=False
                )
    return Work(count, time.perf_counter() - start)


def _frame(file: Path, stream: Stream, joined: dict[str, Path]) -> pd.DataFrame:
    """The file's rows with the joined columns as `alias.column`."""
    own = [column for column in stream.columns if stream.joined(column) is None]
    frame = _read(file, stream.layout, own)
    frame = frame.reindex(
        columns=[*frame.columns, *(column for column in own if column not in frame.columns)]
    )
    for join in stream.joins:
        other = _read(joined[join.alias], join.layout, []).drop_duplicates([theirs for _, theirs in join.on])
        other = other.rename(columns={column: f"{join.alias}.{column}" for column in other.columns})
        frame = frame.merge(
            other,
            how="left",
            left_on=[ours for ours, _ in join.on],
            right_on=[f"{join.alias}.{theirs}" for _, theirs in join.on],
        )
    return frame


def _read(file: Path, layout: Layout, columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    if file.suffix == ".parquet":
        return pd.read_parquet(file)
    if file.suffix == ".xlsx":
        return pd.read_excel(file, dtype="str", engine="calamine")
    if file.suffix == ".jsonl":
        with file.open(encoding="utf-8") as lines:
            documents = [json.loads(line) for line in lines]
        steps = {column: _steps(column) for column in columns}
        return pd.DataFrame({column: [_at(one, way) for one in documents] for column, way in steps.items()})
    with file.open("rb") as start:
        encoding = "utf-8-sig" if start.read(3) == b"\xef\xbb\xbf" else "gb18030"
    return pd.read_csv(file, dtype="str", encoding=encoding, keep_default_na=False, na_values=[""])


def _steps(path: str) -> list[str]:
    """`$.actor."urn:x".name` → actor, urn:x, name"""
    return [quoted or plain for quoted, plain in re.findall(r'\."([^"]+)"|\.([^."]+)', path)]


def _at(document: Any, way: Sequence[str]) -> Any:
    for step in way:
        document = document.get(step) if isinstance(document, dict) else None
    return document


def _selected(frame: pd.DataFrame, stream: Stream) -> pd.DataFrame:
    for where in stream.where:
        column = frame[where.column]
        chosen = column.isin(where.values) if where.present is None else column.notna() == where.present
        frame = frame[chosen]
    return frame


def _typed(frame: pd.DataFrame, mapping: Mapping, stream: Stream) -> pd.DataFrame:
    """The target's columns without the rows whose key came before."""
    import pandas as pd

    if stream.key and stream.repeats == "drop":
        frame = frame.drop_duplicates(list(stream.key))
    made = {name: _column(frame, mapping, stream, name, said) for name, said in stream.fields}
    if stream.target.name == "record":
        made |= _record(made)
    return pd.DataFrame(made, index=frame.index)


def _column(frame: pd.DataFrame, mapping: Mapping, stream: Stream, name: str, said: Expression) -> Any:
    import pandas as pd

    from portrait.record import Kind

    field = stream.target.field(name)
    assert field is not None
    if said.start is not None and said.days is not None:
        start = pd.to_datetime(_text(frame, said.start), errors="coerce")
        days = pd.to_timedelta(pd.to_numeric(_text(frame, said.days), errors="coerce"), unit="D")
        return _utc(start + days, mapping.timezone)
    text = _text(frame, said)
    if field.type in ("account", "course", "class", "school", "provider"):
        return pd.util.hash_array(text.fillna("").to_numpy(dtype=object)).view("int64")
    if field.type == "kind":
        return text.map({kind.name.lower(): int(kind) for kind in Kind}).astype("Int32")
    if field.type == "boolean":
        return text.map({"true": True, "false": False})
    if field.type in ("date", "time"):
        form = said.format[0] if said.format else "ISO8601"
        zoned = stream.layout.file.endswith(".jsonl")
        found = pd.to_datetime(text, format=form, errors="coerce", utc=zoned)
        return found if zoned else _utc(found, mapping.timezone)
    if said.unit == "iso8601":
        return pd.to_timedelta(text, errors="coerce").dt.total_seconds()
    if field.type in ("number", "integer", "seconds"):
        return pd.to_numeric(text, errors="coerce") * SCALE.get(said.unit, 1)
    return text


def _text(frame: pd.DataFrame, said: Expression) -> pd.Series[Any]:
    """from (joined) → blank → map → prefix → default, as portrait.intake.expression has it."""
    import pandas as pd

    if said.first or said.skip_blank:
        raise NotImplementedError("the baseline reads only what the demo's and OULAD's mappings say")
    if said.const is not None:
        return pd.Series(said.const, index=frame.index)
    column = frame[said.source[0]]
    if len(said.source) > 1:
        column = column.astype("str")
        for other in said.source[1:]:
            column = column + said.join + frame[other].astype("str")
    if said.blank:
        column = column.where(~column.astype("str").isin(said.blank))
    if said.map is not None:
        column = column.map(dict(said.map.entries))
    if said.prefix:
        column = said.prefix + column.astype("str")
    return column if said.default is None else column.fillna(said.default)


def _utc(local: Any, zone: str) -> Any:
    return local.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").dt.tz_convert("UTC")


def _record(made: dict[str, Any]) -> dict[str, Any]:
    """The derived columns of a record: fixed-point value and weight, and the month."""
    derived: dict[str, Any] = {}
    if "score" in made:
        top = made.get("score_max", 100.0)
        derived["value"] = (made["score"] / top * 10_000).round().fillna(0).astype("int32")
    if "weight" in made:
        derived["weight"] = (made["weight"] * 10_000).round().fillna(0).astype("int32")
    if "time" in made:
        derived["month"] = made["time"].dt.year * 12 + made["time"].dt.month - 1
    return derived
