"""several administrations"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0032"
down_revision: str | None = "0031"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "membership",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_membership_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint("person_id", "administration_id", name=op.f("uq_membership_person_id_administration_id")),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_administration_id"), ["administration_id"], unique=False)

    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_draft_administration_id_administration"), "administration", ["administration_id"], ["id"]
        )

    with op.batch_alter_table("handle", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_handle_administration_id_administration"), "administration", ["administration_id"], ["id"]
        )

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("acting_in_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_person_acting_in_id_administration"), "administration", ["acting_in_id"], ["id"]
        )

    with op.batch_alter_table("calendar_address", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_calendar_address_person_id_scope_about"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_calendar_address_person_id_administration_id_scope_about"),
            ["person_id", "administration_id", "scope", "about"],
        )

    for table in ("draft", "handle"):
        home = f"SELECT administration_id FROM person WHERE person.id = {table}.person_id"  # noqa: S608  our own
        op.execute(f"UPDATE {table} SET administration_id = ({home})")  # noqa: S608  our own


def downgrade() -> None:
    with op.batch_alter_table("calendar_address", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("uq_calendar_address_person_id_administration_id_scope_about"), type_="unique"
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_calendar_address_person_id_scope_about"), ["person_id", "scope", "about"]
        )

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_person_acting_in_id_administration"), type_="foreignkey")
        batch_op.drop_column("acting_in_id")

    with op.batch_alter_table("handle", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_handle_administration_id_administration"), type_="foreignkey")
        batch_op.drop_column("administration_id")

    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_draft_administration_id_administration"), type_="foreignkey")
        batch_op.drop_column("administration_id")

    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_membership_administration_id"))

    op.drop_table("membership")
