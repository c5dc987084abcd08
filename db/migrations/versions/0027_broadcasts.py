"""broadcasts"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0027"
down_revision: str | None = "0026"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "broadcast",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "scope",
            sa.Enum("centre", "region", "country", "world", name="scope", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("scope_id", sa.String(), nullable=False),
        sa.Column("audience", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column(
            "asks",
            sa.Enum("nothing", "acknowledge", "register", "answer", name="asks", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("send_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "standing",
            sa.Enum(
                "draft",
                "submitted",
                "held",
                "sending",
                "paused",
                "sent",
                "stopped",
                "withdrawn",
                name="standing",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("edition", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("frozen", sa.String(), nullable=True),
        sa.Column("frozen_count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hold_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("emergency", sa.String(), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ended_words", sa.String(), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_broadcast_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["approved_by_id"], ["person.id"], name=op.f("fk_broadcast_approved_by_id_person")),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_broadcast_author_id_person")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["person.id"], name=op.f("fk_broadcast_ended_by_id_person")),
        sa.ForeignKeyConstraint(["symposium_id"], ["symposium.id"], name=op.f("fk_broadcast_symposium_id_symposium")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast")),
    )
    with op.batch_alter_table("broadcast", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_broadcast_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_broadcast_approved_by_id"), ["approved_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_broadcast_author_id"), ["author_id"], unique=False)

    op.create_table(
        "broadcast_copy",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("broadcast_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("portion", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "held",
                "sending",
                "accepted",
                "failed",
                "in_doubt",
                "expired",
                name="sending",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("edition", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("message", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("attempts", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("may_repeat", sa.Boolean(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "reply", sa.Enum("seen", "yes", "no", "other", name="reply", native_enum=False, length=32), nullable=True
        ),
        sa.Column("reply_words", sa.String(), nullable=True),
        sa.Column("nudges", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nudged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_broadcast_copy_account_id_account")),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_broadcast_copy_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcast.id"], name=op.f("fk_broadcast_copy_broadcast_id_broadcast")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_broadcast_copy_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast_copy")),
        sa.UniqueConstraint("broadcast_id", "person_id", name=op.f("uq_broadcast_copy_broadcast_id_person_id")),
    )
    with op.batch_alter_table("broadcast_copy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_broadcast_copy_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(
            "ix_broadcast_copy_open",
            ["broadcast_id", "portion"],
            unique=False,
            postgresql_where=sa.text("state IN ('waiting', 'sending')"),
            sqlite_where=sa.text("state IN ('waiting', 'sending')"),
        )
        batch_op.create_index(batch_op.f("ix_broadcast_copy_person_id"), ["person_id"], unique=False)

    op.create_table(
        "broadcast_edition",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("broadcast_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("first", "correction", "withdrawal", name="editionkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("approved_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["person.id"], name=op.f("fk_broadcast_edition_approved_by_id_person")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_broadcast_edition_author_id_person")),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcast.id"], name=op.f("fk_broadcast_edition_broadcast_id_broadcast")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast_edition")),
        sa.UniqueConstraint("broadcast_id", "number", name=op.f("uq_broadcast_edition_broadcast_id_number")),
    )
    with op.batch_alter_table("broadcast_edition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_broadcast_edition_approved_by_id"), ["approved_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_broadcast_edition_author_id"), ["author_id"], unique=False)

    op.create_table(
        "broadcast_portion",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("broadcast_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcast.id"], name=op.f("fk_broadcast_portion_broadcast_id_broadcast")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast_portion")),
        sa.UniqueConstraint("broadcast_id", "number", name=op.f("uq_broadcast_portion_broadcast_id_number")),
    )
    op.create_table(
        "broadcast_text",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("broadcast_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("screen", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcast.id"], name=op.f("fk_broadcast_text_broadcast_id_broadcast")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast_text")),
        sa.UniqueConstraint(
            "broadcast_id", "edition", "language", name=op.f("uq_broadcast_text_broadcast_id_edition_language")
        ),
    )


def downgrade() -> None:
    op.drop_table("broadcast_text")
    op.drop_table("broadcast_portion")
    with op.batch_alter_table("broadcast_edition", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_broadcast_edition_author_id"))
        batch_op.drop_index(batch_op.f("ix_broadcast_edition_approved_by_id"))

    op.drop_table("broadcast_edition")
    with op.batch_alter_table("broadcast_copy", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_broadcast_copy_person_id"))
        batch_op.drop_index(
            "ix_broadcast_copy_open",
            postgresql_where=sa.text("state IN ('waiting', 'sending')"),
            sqlite_where=sa.text("state IN ('waiting', 'sending')"),
        )
        batch_op.drop_index(batch_op.f("ix_broadcast_copy_administration_id"))

    op.drop_table("broadcast_copy")
    with op.batch_alter_table("broadcast", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_broadcast_author_id"))
        batch_op.drop_index(batch_op.f("ix_broadcast_approved_by_id"))
        batch_op.drop_index(batch_op.f("ix_broadcast_administration_id"))

    op.drop_table("broadcast")
