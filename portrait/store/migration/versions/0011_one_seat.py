"""One seat in a class for one human being."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SAID = 'region, confirmed, checked_in, graduated, "left", reason'
HEARD = ", ".join(
    f"{name}_batch" for name in ("region", "confirmed", "checked_in", "graduated", "left", "reason")
)

# Which list a row came in by was not kept; the newest of its source is the nearest to it.
ENLIST = f"""
INSERT INTO enlisted (class_id, account_id, {SAID}, batch_id, {HEARD})
SELECT t.class_id, t.account_id, {", ".join(f"t.{name}" for name in SAID.split(", "))}, b.newest,
    {", ".join("b.newest" for _ in HEARD.split(", "))}
FROM trainee t
JOIN account a ON a.id = t.account_id
LEFT JOIN (
    SELECT source, max(id) AS newest FROM batch
    WHERE target = 'trainee' AND state = 'done' AND origin IS NULL GROUP BY source
) b ON b.source = a.source
"""
TOLD_TWICE = """
CREATE TEMPORARY TABLE told_twice AS
SELECT * FROM (
    SELECT e.*, coalesce(a.person_id, a.id) AS learner,
        row_number() OVER (
            PARTITION BY e.class_id, coalesce(a.person_id, a.id)
            ORDER BY coalesce(e.batch_id, 0) DESC, e.account_id DESC
        ) AS place,
        count(*) OVER (PARTITION BY e.class_id, coalesce(a.person_id, a.id)) AS n
    FROM enlisted e JOIN account a ON a.id = e.account_id
) told
WHERE n > 1
"""
# Of each thing what the newest list says that says it; of one who has finished and one who has left, what the newer says.
SEATED_ONCE = """
CREATE TEMPORARY TABLE seated_once AS
SELECT f.class_id, f.account_id,
    coalesce(max(CASE WHEN t.place = f.region THEN t.region END), '') AS region,
    max(CASE WHEN t.place = f.confirmed THEN t.confirmed END) AS confirmed,
    max(CASE WHEN t.place = f.checked_in THEN t.checked_in END) AS checked_in,
    max(CASE WHEN t.place = f.graduated AND f.graduated <= coalesce(f."left", f.graduated) THEN t.graduated END)
        AS graduated,
    max(CASE WHEN t.place = f."left" AND f."left" <= coalesce(f.graduated, f."left") THEN t."left" END) AS "left",
    coalesce(max(CASE WHEN t.place = f.reason THEN t.reason END), '') AS reason
FROM (
    SELECT class_id, learner, min(account_id) AS account_id,
        min(CASE WHEN region <> '' THEN place END) AS region,
        min(CASE WHEN confirmed IS NOT NULL THEN place END) AS confirmed,
        min(CASE WHEN checked_in IS NOT NULL THEN place END) AS checked_in,
        min(CASE WHEN graduated IS NOT NULL THEN place END) AS graduated,
        min(CASE WHEN "left" IS NOT NULL THEN place END) AS "left",
        min(CASE WHEN reason <> '' THEN place END) AS reason
    FROM told_twice GROUP BY class_id, learner
) f
JOIN told_twice t ON t.class_id = f.class_id AND t.learner = f.learner
GROUP BY f.class_id, f.account_id
"""
UNSEAT = "DELETE FROM trainee WHERE (class_id, account_id) IN (SELECT class_id, account_id FROM told_twice)"


# By which it is seen that something was decided or undone.
WHEN = [(table, column) for table in ("link", "alias") for column in ("decided_at", "undone_at")]


def upgrade() -> None:
    op.create_table(
        "enlisted",
        sa.Column("class_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("confirmed", sa.Date(), nullable=True),
        sa.Column("checked_in", sa.Date(), nullable=True),
        sa.Column("graduated", sa.Date(), nullable=True),
        sa.Column("left", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("batch_id", Id, nullable=True),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in HEARD.split(", ")),
        sa.ForeignKeyConstraint(
            ["class_id"], ["training_class.id"], name=op.f("fk_enlisted_class_id_training_class")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_enlisted_account_id_account")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_enlisted_batch_id_batch")),
        sa.PrimaryKeyConstraint("class_id", "account_id", name=op.f("pk_enlisted")),
    )
    op.create_index(op.f("ix_enlisted_account_id"), "enlisted", ["account_id"])
    for table, column in WHEN:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    for statement in (ENLIST, TOLD_TWICE, SEATED_ONCE, UNSEAT):
        op.execute(statement)
    op.execute(f"INSERT INTO trainee (class_id, account_id, {SAID}) SELECT * FROM seated_once")
    for table in ("seated_once", "told_twice"):
        op.execute(f"DROP TABLE {table}")


def downgrade() -> None:
    op.execute("DELETE FROM trainee")
    op.execute(
        f"INSERT INTO trainee (class_id, account_id, {SAID}) SELECT class_id, account_id, {SAID} FROM enlisted"
    )
    op.drop_table("enlisted")
    for table, column in WHEN:
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
