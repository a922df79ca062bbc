"""The learning record store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "credential",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("authority", sa.JSON(), nullable=False),
        sa.Column("write", sa.Boolean(), nullable=False),
        sa.Column("read", sa.String(length=4), nullable=False),
        sa.Column("version", sa.String(length=8), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("lenient", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential")),
        sa.UniqueConstraint("key", name=op.f("uq_credential_key")),
    )
    op.create_index(op.f("ix_credential_source"), "credential", ["source"])
    op.create_table(
        "statement",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("credential", sa.Integer(), nullable=False),
        sa.Column("flag", sa.SmallInteger(), nullable=False),
        sa.Column("voided", sa.Boolean(), nullable=False),
        sa.Column("agent", sa.BigInteger(), nullable=False),
        sa.Column("verb", sa.BigInteger(), nullable=False),
        sa.Column("activity", sa.BigInteger(), nullable=False),
        sa.Column("registration", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.Uuid(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_statement")),
        sa.UniqueConstraint("id", name=op.f("uq_statement_id")),
    )
    for column in ("agent", "verb", "activity", "credential"):
        op.create_index(f"ix_statement_{column}", "statement", [column, "seq"])
    _partial("ix_statement_registration", ["registration", "seq"], "registration != 0")
    _partial("ix_statement_target", ["target"], "target IS NOT NULL")
    op.create_table(
        "mention",
        sa.Column("term", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("term", "seq", name=op.f("pk_mention")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "echo",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("said", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("depth", sa.SmallInteger(), nullable=False),
        sa.Column("credential", sa.Integer(), nullable=False),
        sa.Column("agent", sa.BigInteger(), nullable=False),
        sa.Column("verb", sa.BigInteger(), nullable=False),
        sa.Column("activity", sa.BigInteger(), nullable=False),
        sa.Column("registration", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", "said", name=op.f("pk_echo")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_echo_said", "echo", ["said"])
    for column in ("agent", "verb", "activity", "credential", "registration"):
        op.create_index(f"ix_echo_{column}", "echo", [column, "seq"])
    op.create_table(
        "attachment",
        sa.Column("sha2", sa.String(length=128), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha2", name=op.f("pk_attachment")),
    )
    op.create_table(
        "agent",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ifi", sa.JSON(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent")),
    )
    op.create_table(
        "activity",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("iri", sa.Text(), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
    )
    op.create_table(
        "document",
        sa.Column("resource", sa.String(length=1), nullable=False),
        sa.Column("activity", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("agent", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("registration", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("type", sa.String(length=200), nullable=False),
        sa.Column("etag", sa.String(length=40), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "resource", "activity", "agent", "registration", "name", name=op.f("pk_document")
        ),
    )
    op.create_table(
        "repair",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("credential", sa.Integer(), nullable=False),
        sa.Column("statement", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("was", sa.Text(), nullable=False),
        sa.Column("became", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repair")),
    )
    op.create_index(op.f("ix_repair_credential"), "repair", ["credential"])
    op.create_table(
        "forwarded",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_forwarded")),
    )


def downgrade() -> None:
    for table in (
        "forwarded",
        "repair",
        "document",
        "activity",
        "agent",
        "attachment",
        "echo",
        "mention",
        "statement",
        "credential",
    ):
        op.drop_table(table)


def _partial(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "statement", columns, postgresql_where=condition, sqlite_where=condition)
