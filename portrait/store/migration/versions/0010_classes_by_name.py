"""Classes as sheets name them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "named_run",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("catalogue", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("first", sa.Date(), nullable=True),
        sa.Column("last", sa.Date(), nullable=True),
        sa.Column("class_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "catalogue", name=op.f("pk_named_run")),
    )


def downgrade() -> None:
    op.drop_table("named_run")
