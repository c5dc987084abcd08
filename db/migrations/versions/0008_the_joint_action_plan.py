"""The joint annual action plan"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "action_report",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_year", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quarter", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("figures", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("words", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("drafted_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_action_report_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["drafted_by_id"], ["person.id"], name=op.f("fk_action_report_drafted_by_id_person")),
        sa.ForeignKeyConstraint(
            ["published_by_id"], ["person.id"], name=op.f("fk_action_report_published_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_report")),
    )
    with op.batch_alter_table("action_report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_action_report_administration_id"), ["administration_id"], unique=False)

    op.create_table(
        "action",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("plan_year", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customs_owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customs_accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("customs_next_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("business_owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("business_organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("business_accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("business_next_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("due_day", sa.Date(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "adopted",
                "in_progress",
                "claimed",
                "disputed",
                "done",
                "dropped",
                name="state",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "claimed_by", sa.Enum("customs", "business", name="side", native_enum=False, length=32), nullable=True
        ),
        sa.Column("proposed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "drop_reason",
            sa.Enum(
                "done_otherwise",
                "no_longer_needed",
                "no_means",
                "not_agreed",
                "law",
                name="dropreason",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "source",
            sa.Enum("hand", "issue", "meeting", "consultation", name="source", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_action_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["business_next_id"], ["person.id"], name=op.f("fk_action_business_next_id_person")),
        sa.ForeignKeyConstraint(
            ["business_organisation_id"],
            ["organisation.id"],
            name=op.f("fk_action_business_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(["business_owner_id"], ["person.id"], name=op.f("fk_action_business_owner_id_person")),
        sa.ForeignKeyConstraint(["customs_next_id"], ["person.id"], name=op.f("fk_action_customs_next_id_person")),
        sa.ForeignKeyConstraint(["customs_owner_id"], ["person.id"], name=op.f("fk_action_customs_owner_id_person")),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["person.id"], name=op.f("fk_action_proposed_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action")),
    )
    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_action_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_action_business_next_id"), ["business_next_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_action_business_owner_id"), ["business_owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_action_customs_next_id"), ["customs_next_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_action_customs_owner_id"), ["customs_owner_id"], unique=False)
        batch_op.create_index("ix_action_plan", ["administration_id", "plan_year", "state"], unique=False)

    op.create_table(
        "action_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("action_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "deed",
            sa.Enum(
                "proposed",
                "agreed",
                "offered",
                "took_over",
                "declined",
                "progress",
                "evidence",
                "milestone",
                "claimed",
                "confirmed",
                "disputed",
                "went_on",
                "snoozed",
                "help",
                "advice",
                "moved",
                "dropped",
                name="deed",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("side", sa.Enum("customs", "business", name="side", native_enum=False, length=32), nullable=True),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=True),
        sa.Column(
            "snooze_reason",
            sa.Enum(
                "waits_for_partner",
                "waits_for_others",
                "other_work",
                "away",
                name="snoozereason",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("run", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_action_entry_action_id_action")),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_action_entry_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_action_entry_author_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_entry")),
    )
    with op.batch_alter_table("action_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_action_entry_action_id"), ["action_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_action_entry_administration_id"), ["administration_id"], unique=False)

    op.create_table(
        "action_milestone",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("action_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("due_day", sa.Date(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_action_milestone_action_id_action")),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_action_milestone_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(["done_by_id"], ["person.id"], name=op.f("fk_action_milestone_done_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_milestone")),
    )
    with op.batch_alter_table("action_milestone", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_action_milestone_action_id"), ["action_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_action_milestone_administration_id"), ["administration_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("action_milestone", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_action_milestone_administration_id"))
        batch_op.drop_index(batch_op.f("ix_action_milestone_action_id"))

    op.drop_table("action_milestone")
    with op.batch_alter_table("action_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_action_entry_administration_id"))
        batch_op.drop_index(batch_op.f("ix_action_entry_action_id"))

    op.drop_table("action_entry")
    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.drop_index("ix_action_plan")
        batch_op.drop_index(batch_op.f("ix_action_customs_owner_id"))
        batch_op.drop_index(batch_op.f("ix_action_customs_next_id"))
        batch_op.drop_index(batch_op.f("ix_action_business_owner_id"))
        batch_op.drop_index(batch_op.f("ix_action_business_next_id"))
        batch_op.drop_index(batch_op.f("ix_action_administration_id"))

    op.drop_table("action")
    with op.batch_alter_table("action_report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_action_report_administration_id"))

    op.drop_table("action_report")
