"""Courses that records name and the catalogue does not hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unlisted",
        sa.Column("course_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("catalogue", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("course_id", "source", name=op.f("pk_unlisted")),
    )


def downgrade() -> None:
    op.drop_table("unlisted")
