"""A PostgreSQL registry made as new again, where cloning another would take longer."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

# Whoever is still connected goes; what a fresh registry holds stays.
EMPTY = """
DO $$ DECLARE used text; BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  SELECT string_agg(oid::regclass::text, ', ') INTO used FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
      AND relname NOT IN ('alembic_version', 'region') AND pg_relation_size(oid) > 0;
  IF used IS NOT NULL THEN EXECUTE 'TRUNCATE ' || used || ' RESTART IDENTITY CASCADE'; END IF;
END $$
"""
CONTENT = """
SELECT
  (SELECT string_agg(format('%s %s %s', relname, relkind,
      (SELECT count(*) FROM pg_attribute WHERE attrelid = pg_class.oid)), ', ' ORDER BY relname)
    FROM pg_class WHERE relnamespace = 'public'::regnamespace),
  (SELECT string_agg(alembic_version::text, ', ') FROM alembic_version),
  (SELECT string_agg(region::text, ', ' ORDER BY region::text) FROM region)
"""


def emptied(url: str) -> Any:
    """What is left in a database whose rows are gone and whose sequences stand at their start."""
    return _asked(url, EMPTY)


@cache
def content(url: str) -> Any:
    """Tables, indexes and sequences of a registry with the number of their columns, its version, and its places."""
    return _asked(url)


def _asked(url: str, *before: str) -> Any:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for statement in before:
            connection.execute(text(statement))
        return connection.execute(text(CONTENT)).one()
