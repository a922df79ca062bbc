"""Any file a mapping names, as rows: CSV, workbook, Parquet (read in place) or JSON lines, gzipped or not."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from portrait.errors import InputError
from portrait.intake.arrange import arranged
from portrait.intake.mapping import Layout
from portrait.intake.raw import TEXT_KEY, Broken, Raw, as_text, literal, plain, quoted, without_nul
from portrait.intake.sheet import stage_sheet
from portrait.intake.text import event_again, look, stage_csv, stage_events, stage_lines
from portrait.sentence import sentence

IS_ROW = "CASE WHEN json_valid(c0) THEN json_type(c0) = 'OBJECT' ELSE false END"
SUFFIXES = {
    **dict.fromkeys((".csv", ".txt", ".tsv"), "csv"),
    **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".ods"), "xlsx"),
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".jsonl", ".ndjson", ".json", ".log"), "jsonl"),
}


def read(
    engine: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    layout: Layout,
    columns: Sequence[str],
    staging: Path,
) -> Raw:
    """The rows of `path`, which came in under `name`. What cannot be read in place is staged below `staging`.

    Of JSON lines only `columns` (paths) are cut out; other formats give all their columns.

    Raises InputError when the file as a whole is not what it claims to be.
    """
    kind = layout.format if layout.format != "auto" else format_of(name)
    if not path.stat().st_size:
        raise InputError("{file}：文件是空的（0 字节），应有表头和数据行", file=name)
    target = staging / f"{len(list(staging.iterdir()))}.parquet"
    if kind == "parquet":
        return arranged(_parquet(engine, path, name), layout)
    if kind == "xlsx":
        stage, sheet = stage_sheet(path, name, layout.sheet, layout.header, target)
        return arranged(Raw(name, sheet, stage.relation(), stage.columns()), layout)
    text = look(path, name, layout.encoding)
    if kind == "csv":
        stage, broken = stage_csv(text, layout.header, target)
        return arranged(Raw(name, "", stage.relation(), stage.columns(), tuple(broken)), layout)
    if kind == "edx":
        stage = stage_events(text, target)
        raw = _json(engine, name, stage.relation(), columns, target.with_suffix(".cut.parquet"), "c1")
        return replace(raw, recut=event_again)
    stage = stage_lines(text, target)
    return _json(engine, name, stage.relation(), columns, target.with_suffix(".cut.parquet"))


def format_of(name: str) -> str:
    """The format that a file's name promises. Raises InputError naming the suffixes we know."""
    suffixes = [suffix.lower() for suffix in Path(name).suffixes if suffix.lower() != ".gz"]
    kind = SUFFIXES.get(suffixes[-1]) if suffixes else None
    if kind is None:
        raise InputError(
            "{file}：从扩展名看不出格式，认识的有：{choices}；或在映射里写 format",
            file=name,
            choices=list(SUFFIXES),
        )
    return kind


def require(raw: Raw, columns: list[str], user: str) -> None:
    """Raise InputError naming each of `columns` that the file lacks, what it has, and the likeliest meant."""
    missing = []
    for column in columns:
        if column not in raw.columns:
            near = difflib.get_close_matches(column, raw.columns, n=1, cutoff=0.5)
            missing.append(
                sentence("“{column}”（是不是“{near}”？）", column=column, near=near[0])
                if near
                else sentence("“{column}”", column=column)
            )
    if missing:
        raise InputError(
            "{file}：{user}要用的列缺少 {missing}；文件里有：{columns}",
            file=raw.where,
            user=sentence(user),
            missing=missing,
            columns=list(raw.columns),
        )


def _parquet(engine: duckdb.DuckDBPyConnection, path: Path, name: str) -> Raw:
    source = f"read_parquet({literal(str(path))}, file_row_number=true)"
    try:
        described = engine.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        # Every page is unpacked once before anything is stored: damage is to be found now and not halfway.
        engine.execute(f"SELECT bit_xor(hash(r)) FROM read_parquet({literal(str(path))}) r").fetchall()
    except duckdb.Error as error:
        raise _damaged(name, path, error) from error
    columns = {
        column: as_text(f"r.{quoted(column)}", str(kind))
        for column, kind, *_ in described
        if column != "file_row_number"
    }
    relation = f"(SELECT *, file_row_number + 1 AS _row FROM {source})"
    return Raw(name, "", relation, columns)


def _damaged(name: str, path: Path, error: duckdb.Error) -> InputError:
    said = str(error).splitlines()[0].replace(str(path), name)
    return InputError("{file}：不是完好的 Parquet 文件，请重新导出（{error}）", file=name, error=said)


def _json(
    engine: duckdb.DuckDBPyConnection,
    name: str,
    staged: str,
    columns: Sequence[str],
    target: Path,
    line: str = "c0",
) -> Raw:
    """Every path that is asked for is cut out once, so that no later pass parses the text again. `line` is the column of what
    came in, where c0 was made of it."""
    paths = list(columns)
    wrong = [path for path in paths if not path.startswith("$")]
    if wrong:
        raise InputError(
            "{file}：JSON 行里的列要写成路径，如 $.actor.account.name，这里是 {wrong}", file=name, wrong=wrong
        )
    engine.execute(
        f"COPY ({cut_sql(staged, paths, line)}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION lz4)"
    )
    refused = engine.execute(f"SELECT _row, {line} FROM {staged} WHERE NOT {IS_ROW} ORDER BY _row").fetchall()
    return Raw(
        name,
        "",
        f"(SELECT * FROM read_parquet({literal(str(target))}))",
        {path: plain(without_nul(f"r.c{i}")) for i, path in enumerate(paths)},
        tuple(no_object(row, line) for row, line in refused),
        whole="r._json",
    )


def cut_sql(staged: str, paths: Sequence[str], line: str = "c0") -> str:
    """Rows (_row, _json, c0…) with the paths cut out of the texts (_row, c0) of `staged` that are objects."""
    listed = ", ".join(literal(path) for path in paths)
    cut = "".join(f", x[{i}] AS c{i - 1}" for i in range(1, len(paths) + 1))
    return (
        f"SELECT _row, _json{cut} FROM (SELECT _row, {line} AS _json, json_extract_string(c0, [{listed}]::varchar[]) AS x "
        f"FROM {staged} WHERE {IS_ROW})"
    )


def no_object(row: int, line: str) -> Broken:
    return Broken(row, "bad_json", "这一行不是一个 JSON 对象", {TEXT_KEY: line})
