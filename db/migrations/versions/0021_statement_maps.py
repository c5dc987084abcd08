"""Statements are counted in circles"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "statement_circle",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consultation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "side", sa.Enum("trade", "agencies", "customs", name="side", native_enum=False, length=32), nullable=True
        ),
        sa.Column("people", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cells", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_statement_circle_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_statement_circle_consultation_id_consultation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_circle")),
    )
    with op.batch_alter_table("statement_circle", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_statement_circle_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_statement_circle_consultation_id"), ["consultation_id"], unique=False)

    op.create_table(
        "statement_map",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consultation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("figures", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_statement_map_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_statement_map_consultation_id_consultation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_map")),
        sa.UniqueConstraint("consultation_id", name=op.f("uq_statement_map_consultation_id")),
    )
    with op.batch_alter_table("statement_map", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_statement_map_administration_id"), ["administration_id"], unique=False)

    op.create_table(
        "statement_voter",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consultation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("circle_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_statement_voter_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id"], ["statement_circle.id"], name=op.f("fk_statement_voter_circle_id_statement_circle")
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_statement_voter_consultation_id_consultation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_statement_voter_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_voter")),
        sa.UniqueConstraint("consultation_id", "person_id", name=op.f("uq_statement_voter_consultation_id_person_id")),
    )
    with op.batch_alter_table("statement_voter", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_statement_voter_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_statement_voter_circle_id"), ["circle_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_statement_voter_person_id"), ["person_id"], unique=False)

    with op.batch_alter_table("statement_vote", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_counted", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("statement_vote", schema=None) as batch_op:
        batch_op.drop_column("is_counted")

    with op.batch_alter_table("statement_voter", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_statement_voter_person_id"))
        batch_op.drop_index(batch_op.f("ix_statement_voter_circle_id"))
        batch_op.drop_index(batch_op.f("ix_statement_voter_administration_id"))

    op.drop_table("statement_voter")
    with op.batch_alter_table("statement_map", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_statement_map_administration_id"))

    op.drop_table("statement_map")
    with op.batch_alter_table("statement_circle", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_statement_circle_consultation_id"))
        batch_op.drop_index(batch_op.f("ix_statement_circle_administration_id"))

    op.drop_table("statement_circle")
