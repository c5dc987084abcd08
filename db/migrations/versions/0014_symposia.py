"""Symposia: times, rooms, sessions, and who is needed in them"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "symposium",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("organiser_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("centre_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "announced",
                "published",
                "closed",
                "cancelled",
                name="symposiumstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "audience",
            sa.Enum(
                "invited", "sector", "business", "agencies", "members", name="audience", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "sector",
            sa.Enum(
                "perishables",
                "textiles",
                "electronics",
                "chemicals",
                "vehicles",
                "express",
                "energy",
                "general",
                name="sector",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("venue", sa.String(), nullable=True),
        sa.Column("link", sa.String(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("capacity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("call_opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("call_closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("registration_opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("registration_closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_symposium_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["centre_id"], ["centre.id"], name=op.f("fk_symposium_centre_id_centre")),
        sa.ForeignKeyConstraint(["organiser_id"], ["person.id"], name=op.f("fk_symposium_organiser_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_symposium")),
    )
    with op.batch_alter_table("symposium", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_symposium_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_symposium_organiser_id"), ["organiser_id"], unique=False)

    op.create_table(
        "away",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_away_person_id_person")),
        sa.ForeignKeyConstraint(["symposium_id"], ["symposium.id"], name=op.f("fk_away_symposium_id_symposium")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_away")),
    )
    with op.batch_alter_table("away", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_away_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_away_symposium_id"), ["symposium_id"], unique=False)

    op.create_table(
        "block",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("sessions", "plenary", "break", name="blockkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_block_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["symposium_id"], ["symposium.id"], name=op.f("fk_block_symposium_id_symposium")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block")),
        sa.UniqueConstraint("symposium_id", "starts_at", name=op.f("uq_block_symposium_id_starts_at")),
    )
    with op.batch_alter_table("block", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_block_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_block_symposium_id"), ["symposium_id"], unique=False)

    op.create_table(
        "symposium_room",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("capacity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("equipment", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("building", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_symposium_room_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(
            ["symposium_id"], ["symposium.id"], name=op.f("fk_symposium_room_symposium_id_symposium")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_symposium_room")),
        sa.UniqueConstraint("symposium_id", "name", name=op.f("uq_symposium_room_symposium_id_name")),
    )
    with op.batch_alter_table("symposium_room", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_symposium_room_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_symposium_room_symposium_id"), ["symposium_id"], unique=False)

    op.create_table(
        "track",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column(
            "sector",
            sa.Enum(
                "perishables",
                "textiles",
                "electronics",
                "chemicals",
                "vehicles",
                "express",
                "energy",
                "general",
                name="sector",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("method", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_track_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["symposium_id"], ["symposium.id"], name=op.f("fk_track_symposium_id_symposium")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_track")),
    )
    with op.batch_alter_table("track", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_track_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_track_symposium_id"), ["symposium_id"], unique=False)

    op.create_table(
        "symposium_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column(
            "kind", sa.Enum("plenary", "breakout", name="sessionkind", native_enum=False, length=32), nullable=False
        ),
        sa.Column(
            "state", sa.Enum("planned", "cancelled", name="sessionstate", native_enum=False, length=32), nullable=False
        ),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("abstract", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("track_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "sector",
            sa.Enum(
                "perishables",
                "textiles",
                "electronics",
                "chemicals",
                "vehicles",
                "express",
                "energy",
                "general",
                name="sector",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("document", sa.String(), nullable=True),
        sa.Column("needs", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("expected", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seats", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("blocks", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("repeats_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("after_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("block_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("is_locked", sa.Boolean(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("link", sa.String(), nullable=True),
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_symposium_session_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(
            ["after_id"], ["symposium_session.id"], name=op.f("fk_symposium_session_after_id_symposium_session")
        ),
        sa.ForeignKeyConstraint(["block_id"], ["block.id"], name=op.f("fk_symposium_session_block_id_block")),
        sa.ForeignKeyConstraint(
            ["repeats_id"], ["symposium_session.id"], name=op.f("fk_symposium_session_repeats_id_symposium_session")
        ),
        sa.ForeignKeyConstraint(
            ["room_id"], ["symposium_room.id"], name=op.f("fk_symposium_session_room_id_symposium_room")
        ),
        sa.ForeignKeyConstraint(
            ["symposium_id"], ["symposium.id"], name=op.f("fk_symposium_session_symposium_id_symposium")
        ),
        sa.ForeignKeyConstraint(["track_id"], ["track.id"], name=op.f("fk_symposium_session_track_id_track")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_symposium_session")),
        sa.UniqueConstraint("uid", name=op.f("uq_symposium_session_uid")),
    )
    with op.batch_alter_table("symposium_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_symposium_session_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_symposium_session_symposium_id"), ["symposium_id"], unique=False)

    op.create_table(
        "session_part",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "part",
            sa.Enum("speaker", "chair", "official", "interpreter", name="part", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("agreed", sa.Enum("asked", "yes", "no", name="agreed", native_enum=False, length=32), nullable=False),
        sa.Column("remote_zone", sa.String(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_session_part_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_session_part_person_id_person")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["symposium_session.id"], name=op.f("fk_session_part_session_id_symposium_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_part")),
        sa.UniqueConstraint("session_id", "person_id", "part", name=op.f("uq_session_part_session_id_person_id_part")),
    )
    with op.batch_alter_table("session_part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_part_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_part_person_id"), ["person_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("session_part", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_part_person_id"))
        batch_op.drop_index(batch_op.f("ix_session_part_administration_id"))

    op.drop_table("session_part")
    with op.batch_alter_table("symposium_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_symposium_session_symposium_id"))
        batch_op.drop_index(batch_op.f("ix_symposium_session_administration_id"))

    op.drop_table("symposium_session")
    with op.batch_alter_table("track", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_track_symposium_id"))
        batch_op.drop_index(batch_op.f("ix_track_administration_id"))

    op.drop_table("track")
    with op.batch_alter_table("symposium_room", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_symposium_room_symposium_id"))
        batch_op.drop_index(batch_op.f("ix_symposium_room_administration_id"))

    op.drop_table("symposium_room")
    with op.batch_alter_table("block", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_block_symposium_id"))
        batch_op.drop_index(batch_op.f("ix_block_administration_id"))

    op.drop_table("block")
    with op.batch_alter_table("away", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_away_symposium_id"))
        batch_op.drop_index(batch_op.f("ix_away_person_id"))

    op.drop_table("away")
    with op.batch_alter_table("symposium", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_symposium_organiser_id"))
        batch_op.drop_index(batch_op.f("ix_symposium_administration_id"))

    op.drop_table("symposium")
