"""One person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# What account.reason said of the links that were made before there was a table of them.
OWNED = "名册写明的账号"


def upgrade() -> None:
    op.add_column("account", sa.Column("name", sa.String(length=60), nullable=True))
    # Its key written inline: SQLite would else make the table anew, which rows that refer to it forbid.
    stands = sa.Column("stands_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=True)
    op.add_column("person", stands, inline_references=True)
    op.create_index(op.f("ix_person_stands_id"), "person", ["stands_id"])
    _key("kind", "digest", "person_id")
    for name, first, second, table in (
        ("link", "account_id", "person_id", "account"),
        ("alias", "person_id", "stands_id", "person"),
    ):
        _decided(name, first, second, table)
    op.create_table(
        "employment",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("school_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("told", sa.Date(), nullable=True),
        sa.Column("batch_id", Id, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_employment_person_id_person")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_employment_school_id_school")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_employment_batch_id_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employment")),
    )
    for column in ("person_id", "school_id"):
        op.create_index(op.f(f"ix_employment_{column}"), "employment", [column])
    op.execute(
        "INSERT INTO employment (person_id, school_id) SELECT id, school_id FROM person "
        "WHERE school_id IS NOT NULL ORDER BY id"
    )
    op.execute(
        "INSERT INTO link (account_id, person_id, reason, evidence, confidence, state, at, decided_by, note, "
        "undone_by, undone_note) "
        f"SELECT id, person_id, CASE WHEN reason = '{OWNED}' THEN 'owned' ELSE kind END, '{{}}', confidence, "
        "'active', coalesce(linked_at, CURRENT_TIMESTAMP), '', '', '', '' "
        "FROM account WHERE person_id IS NOT NULL ORDER BY id"
    )


def downgrade() -> None:
    for table in ("employment", "alias", "link"):
        op.drop_table(table)
    # Of an identifier that several persons have, the older key can hold one.
    op.execute(
        "DELETE FROM identifier WHERE EXISTS (SELECT 1 FROM identifier other WHERE other.kind = identifier.kind "
        "AND other.digest = identifier.digest AND other.person_id < identifier.person_id)"
    )
    _key("kind", "digest")
    op.drop_index(op.f("ix_person_stands_id"), "person")
    op.drop_column("person", "stands_id")
    op.drop_column("account", "name")


def _key(*columns: str) -> None:
    """What makes a row of `identifier` one; on SQLite the table is made anew for it, which nothing refers to."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("pk_identifier", "identifier", type_="primary")
        op.create_primary_key("pk_identifier", "identifier", list(columns))
        return
    op.create_table(
        "identifier_anew",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_identifier_person_id_person")),
        sa.PrimaryKeyConstraint(*columns, name=op.f("pk_identifier")),
    )
    op.execute("INSERT INTO identifier_anew SELECT kind, digest, hint, person_id FROM identifier")
    op.drop_table("identifier")
    op.rename_table("identifier_anew", "identifier")
    op.create_index(op.f("ix_identifier_person_id"), "identifier", ["person_id"])


def _decided(name: str, first: str, second: str, table: str) -> None:
    op.create_table(
        name,
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=60), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("later_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=60), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_note", sa.String(length=200), nullable=False),
        sa.Column(first, sa.BigInteger(), nullable=False),
        sa.Column(second, sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint([first], [f"{table}.id"], name=op.f(f"fk_{name}_{first}_{table}")),
        sa.ForeignKeyConstraint([second], ["person.id"], name=op.f(f"fk_{name}_{second}_person")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    for column in ("state", first, second):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])
