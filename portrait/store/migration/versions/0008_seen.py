"""Decisions know what they were about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("ruling", "claim"):
        op.add_column(table, sa.Column("facts", sa.LargeBinary(length=16), nullable=True))


def downgrade() -> None:
    for table in ("claim", "ruling"):
        op.drop_column(table, "facts")
