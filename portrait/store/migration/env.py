"""Run by Alembic: hands it the connection that `portrait.store.migration.upgrade` opened."""

from __future__ import annotations

from alembic import context

from portrait.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite changes a table by making it anew, which Alembic writes as a batch; a first revision changes none.
    render_as_batch=not context.config.attributes.get("first"),
)
context.run_migrations()
