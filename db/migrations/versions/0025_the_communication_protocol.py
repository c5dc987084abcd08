"""The communication protocol: versions, rules, and what was owed under them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "protocol",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drafted_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_protocol_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["drafted_by_id"], ["person.id"], name=op.f("fk_protocol_drafted_by_id_person")),
        sa.ForeignKeyConstraint(["published_by_id"], ["person.id"], name=op.f("fk_protocol_published_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protocol")),
        sa.UniqueConstraint("administration_id", "number", name=op.f("uq_protocol_administration_id_number")),
    )
    with op.batch_alter_table("protocol", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_protocol_administration_id"), ["administration_id"], unique=False)

    op.create_table(
        "protocol_editor",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("protocol_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_protocol_editor_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_protocol_editor_person_id_person")),
        sa.ForeignKeyConstraint(["protocol_id"], ["protocol.id"], name=op.f("fk_protocol_editor_protocol_id_protocol")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protocol_editor")),
        sa.UniqueConstraint("protocol_id", "person_id", name=op.f("uq_protocol_editor_protocol_id_person_id")),
    )
    with op.batch_alter_table("protocol_editor", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_protocol_editor_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_protocol_editor_person_id"), ["person_id"], unique=False)

    op.create_table(
        "protocol_rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("protocol_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "event",
            sa.Enum(
                "issue_raised",
                "issue_outcome",
                "consultation_closed",
                "consultation_outcome",
                "meeting_held",
                "action_due",
                name="event",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "hears",
            sa.Enum("reporter", "everybody", "attendees", "owners", name="hears", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("within_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("doors", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("escalate_after", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "escalate_to",
            sa.Enum("lead", "coordinator", "administrator", name="superior", native_enum=False, length=32),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_protocol_rule_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["protocol_id"], ["protocol.id"], name=op.f("fk_protocol_rule_protocol_id_protocol")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protocol_rule")),
        sa.UniqueConstraint("protocol_id", "event", name=op.f("uq_protocol_rule_protocol_id_event")),
    )
    with op.batch_alter_table("protocol_rule", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_protocol_rule_administration_id"), ["administration_id"], unique=False)

    op.create_table(
        "protocol_duty",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "event",
            sa.Enum(
                "issue_raised",
                "issue_outcome",
                "consultation_closed",
                "consultation_outcome",
                "meeting_held",
                "action_due",
                name="event",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("about_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("centre_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("breached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("explained_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("explained_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_protocol_duty_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["centre_id"], ["centre.id"], name=op.f("fk_protocol_duty_centre_id_centre")),
        sa.ForeignKeyConstraint(
            ["explained_by_id"], ["person.id"], name=op.f("fk_protocol_duty_explained_by_id_person")
        ),
        sa.ForeignKeyConstraint(["rule_id"], ["protocol_rule.id"], name=op.f("fk_protocol_duty_rule_id_protocol_rule")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protocol_duty")),
        sa.UniqueConstraint("event", "about_id", "began_at", name=op.f("uq_protocol_duty_event_about_id_began_at")),
    )
    with op.batch_alter_table("protocol_duty", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_protocol_duty_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index("ix_protocol_duty_breach", ["administration_id", "breached_at"], unique=False)
        batch_op.create_index(
            "ix_protocol_duty_open",
            ["administration_id", "event"],
            unique=False,
            sqlite_where=sa.text("kept_at IS NULL AND released_at IS NULL"),
            postgresql_where=sa.text("kept_at IS NULL AND released_at IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("protocol_duty", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_protocol_duty_open",
            sqlite_where=sa.text("kept_at IS NULL AND released_at IS NULL"),
            postgresql_where=sa.text("kept_at IS NULL AND released_at IS NULL"),
        )
        batch_op.drop_index("ix_protocol_duty_breach")
        batch_op.drop_index(batch_op.f("ix_protocol_duty_administration_id"))

    op.drop_table("protocol_duty")
    with op.batch_alter_table("protocol_rule", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_protocol_rule_administration_id"))

    op.drop_table("protocol_rule")
    with op.batch_alter_table("protocol_editor", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_protocol_editor_person_id"))
        batch_op.drop_index(batch_op.f("ix_protocol_editor_administration_id"))

    op.drop_table("protocol_editor")
    with op.batch_alter_table("protocol", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_protocol_administration_id"))

    op.drop_table("protocol")
