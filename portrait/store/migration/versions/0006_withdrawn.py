"""Records are withdrawn, and doubtful ones decided on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "ruling",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("record", sa.LargeBinary(length=16), nullable=True),
        sa.Column("key_number", sa.BigInteger(), nullable=True),
        sa.Column("said", sa.String(length=12), nullable=False),
        sa.Column("flag", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ruling")),
    )
    op.create_index(op.f("ix_ruling_record"), "ruling", ["record"])
    op.create_index(op.f("ix_ruling_key_number"), "ruling", ["key_number"])


def downgrade() -> None:
    op.drop_index(op.f("ix_ruling_key_number"), "ruling")
    op.drop_index(op.f("ix_ruling_record"), "ruling")
    op.drop_table("ruling")
