"""What statements of a file call their activities, kept beside what the record store has heard: names for readers, never part of a record."""

from __future__ import annotations

import json
from collections.abc import Iterator

import duckdb
from sqlalchemy import Connection

from portrait.intake.ask import many
from portrait.intake.program import Program
from portrait.store.statement import add_definitions
from portrait.xapi.term import number

OBJECT = "$.object.id"


def name_activities(engine: duckdb.DuckDBPyConnection, connection: Connection, program: Program) -> None:
    """Keep the names that nothing has told yet. What is known of an activity stays: of two names the first that came holds."""
    raw = program.raw
    if raw.whole and OBJECT in raw.columns:
        # A broken line waits in quarantine and has no name to tell.
        sound = (
            f"CASE WHEN {raw.columns[OBJECT]} IS NOT NULL AND json_valid({raw.whole}) THEN {raw.whole} END"
        )
        named = f"json_extract({sound}, '$.object.definition.name')::varchar"
        rows = many(
            engine,
            f"SELECT iri, min(names) FROM (SELECT {raw.columns[OBJECT]} AS iri, {named} AS names FROM {raw.relation} r) "
            f"WHERE iri IS NOT NULL AND names LIKE '{{%' GROUP BY iri ORDER BY iri",
        )
        add_definitions(
            connection, {number("activity", iri): (iri, {"name": names}) for iri, names in _read(rows)}
        )


def _read(rows: Iterator[tuple[str, str]]) -> Iterator[tuple[str, dict[str, str]]]:
    for iri, said in rows:
        names = {tag: text for tag, text in json.loads(said).items() if isinstance(text, str)}
        if names:
            yield iri, names
