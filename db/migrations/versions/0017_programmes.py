"""Programmes"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "programme_draft",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "state",
            sa.Enum("solving", "solved", "failed", "dropped", "taken", name="drafting", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("is_mending", sa.Boolean(), nullable=False),
        sa.Column("is_enough", sa.Boolean(), nullable=False),
        sa.Column("question", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("asked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_programme_draft_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_programme_draft_asked_by_id_person")),
        sa.ForeignKeyConstraint(
            ["symposium_id"], ["symposium.id"], name=op.f("fk_programme_draft_symposium_id_symposium")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_draft")),
    )
    with op.batch_alter_table("programme_draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_programme_draft_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_programme_draft_symposium_id"), ["symposium_id"], unique=False)

    op.create_table(
        "room_closed",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["room_id"], ["symposium_room.id"], name=op.f("fk_room_closed_room_id_symposium_room"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_closed")),
    )
    with op.batch_alter_table("room_closed", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_room_closed_room_id"), ["room_id"], unique=False)

    op.create_table(
        "session_shift",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "what", sa.Enum("placed", "moved", "room", name="shifted", native_enum=False, length=32), nullable=False
        ),
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("before_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("before_room", sa.String(), nullable=True),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_session_shift_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_session_shift_by_id_person")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["symposium_session.id"], name=op.f("fk_session_shift_session_id_symposium_session")
        ),
        sa.ForeignKeyConstraint(
            ["symposium_id"], ["symposium.id"], name=op.f("fk_session_shift_symposium_id_symposium")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_shift")),
    )
    with op.batch_alter_table("session_shift", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_shift_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_shift_session_id"), ["session_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_shift_symposium_id"), ["symposium_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("session_shift", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_shift_symposium_id"))
        batch_op.drop_index(batch_op.f("ix_session_shift_session_id"))
        batch_op.drop_index(batch_op.f("ix_session_shift_administration_id"))

    op.drop_table("session_shift")
    with op.batch_alter_table("room_closed", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_room_closed_room_id"))

    op.drop_table("room_closed")
    with op.batch_alter_table("programme_draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_programme_draft_symposium_id"))
        batch_op.drop_index(batch_op.f("ix_programme_draft_administration_id"))

    op.drop_table("programme_draft")
