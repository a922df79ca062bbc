"""Rows are read again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("batch", sa.Column("recipe", sa.String(length=64), nullable=True))
    op.add_column("batch", sa.Column("arrived", sa.Date(), nullable=True))
    _refer("batch", "origin")
    op.add_column("quarantine", sa.Column("mended", sa.String(length=64), nullable=True))
    _refer("quarantine", "replay")


def downgrade() -> None:
    for table, columns in (("quarantine", ("replay", "mended")), ("batch", ("origin", "arrived", "recipe"))):
        op.drop_index(op.f(f"ix_{table}_{columns[0]}"), table)
        for column in columns:
            op.drop_column(table, column)


def _refer(table: str, column: str) -> None:
    """A column that refers to a batch, its key written inline: SQLite would else make the table anew, which rows that refer to it forbid."""
    referring = sa.Column(column, Id, sa.ForeignKey("batch.id"), nullable=True)
    op.add_column(table, referring, inline_references=True)
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
