"""Regions, their offices, who speaks for a member, and the ledger of bad hours"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "borne",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("year", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attendee", sa.String(), nullable=False),
        sa.Column("points", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nights", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meetings", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_borne_administration_id_administration")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_borne")),
        sa.UniqueConstraint(
            "administration_id",
            "region",
            "year",
            "attendee",
            name=op.f("uq_borne_administration_id_region_year_attendee"),
        ),
    )
    with op.batch_alter_table("borne", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_borne_administration_id"), ["administration_id"], unique=False)

    op.create_table(
        "office",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("head_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "term",
            sa.Enum("named", "sitting", "past", "dropped", name="term", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("takes", sa.Enum("region", "everything", name="takes", native_enum=False, length=32), nullable=False),
        sa.Column("named_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_office_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["head_id"], ["person.id"], name=op.f("fk_office_head_id_person")),
        sa.ForeignKeyConstraint(["named_by_id"], ["person.id"], name=op.f("fk_office_named_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office")),
    )
    with op.batch_alter_table("office", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_office_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_office_head_id"), ["head_id"], unique=False)
        batch_op.create_index(
            "uq_office_named",
            ["administration_id", "region"],
            unique=True,
            postgresql_where=sa.text("term = 'named'"),
            sqlite_where=sa.text("term = 'named'"),
        )
        batch_op.create_index(
            "uq_office_sitting",
            ["administration_id", "region"],
            unique=True,
            postgresql_where=sa.text("term = 'sitting'"),
            sqlite_where=sa.text("term = 'sitting'"),
        )

    op.create_table(
        "representative",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("side", sa.Enum("customs", "business", name="side", native_enum=False, length=32), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("named_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_representative_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(["named_by_id"], ["person.id"], name=op.f("fk_representative_named_by_id_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_representative_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_representative")),
    )
    with op.batch_alter_table("representative", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_representative_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_representative_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_representative_region", ["administration_id", "region"], unique=False)

    op.create_table(
        "year_plan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("year", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("jointly", sa.Boolean(), nullable=False),
        sa.Column("question", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum("solving", "solved", "failed", "dropped", "chosen", name="planning", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("chosen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("asked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_year_plan_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_year_plan_asked_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_year_plan")),
    )
    with op.batch_alter_table("year_plan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_year_plan_administration_id"), ["administration_id"], unique=False)

    op.create_table(
        "regional_meeting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meeting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("jointly", sa.Boolean(), nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_regional_meeting_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_regional_meeting_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["plan_id"], ["year_plan.id"], name=op.f("fk_regional_meeting_plan_id_year_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regional_meeting")),
        sa.UniqueConstraint("meeting_id", name=op.f("uq_regional_meeting_meeting_id")),
    )
    with op.batch_alter_table("regional_meeting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_regional_meeting_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_regional_meeting_plan_id"), ["plan_id"], unique=False)

    op.create_table(
        "successor",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("office_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("successor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_successor_office_id_office")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_successor_person_id_person")),
        sa.ForeignKeyConstraint(["successor_id"], ["person.id"], name=op.f("fk_successor_successor_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_successor")),
        sa.UniqueConstraint("office_id", "person_id", name=op.f("uq_successor_office_id_person_id")),
    )
    with op.batch_alter_table("successor", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_successor_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_successor_successor_id"), ["successor_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("successor", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_successor_successor_id"))
        batch_op.drop_index(batch_op.f("ix_successor_person_id"))

    op.drop_table("successor")
    with op.batch_alter_table("regional_meeting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_regional_meeting_plan_id"))
        batch_op.drop_index(batch_op.f("ix_regional_meeting_administration_id"))

    op.drop_table("regional_meeting")
    with op.batch_alter_table("year_plan", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_year_plan_administration_id"))

    op.drop_table("year_plan")
    with op.batch_alter_table("representative", schema=None) as batch_op:
        batch_op.drop_index("ix_representative_region")
        batch_op.drop_index(batch_op.f("ix_representative_person_id"))
        batch_op.drop_index(batch_op.f("ix_representative_administration_id"))

    op.drop_table("representative")
    with op.batch_alter_table("office", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_office_sitting", postgresql_where=sa.text("term = 'sitting'"), sqlite_where=sa.text("term = 'sitting'")
        )
        batch_op.drop_index(
            "uq_office_named", postgresql_where=sa.text("term = 'named'"), sqlite_where=sa.text("term = 'named'")
        )
        batch_op.drop_index(batch_op.f("ix_office_head_id"))
        batch_op.drop_index(batch_op.f("ix_office_administration_id"))

    op.drop_table("office")
    with op.batch_alter_table("borne", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_borne_administration_id"))

    op.drop_table("borne")
