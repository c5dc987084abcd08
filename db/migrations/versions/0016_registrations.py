"""Registrations: who comes to a symposium, wishes, seats and waiting lists, delegations, and questions"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "delegation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("focal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("places", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_delegation_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["focal_id"], ["person.id"], name=op.f("fk_delegation_focal_id_person")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_delegation_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["symposium_id"], ["symposium.id"], name=op.f("fk_delegation_symposium_id_symposium")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delegation_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delegation_focal_id"), ["focal_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delegation_symposium_id"), ["symposium_id"], unique=False)

    op.create_table(
        "registration_question",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column(
            "asked", sa.Enum("registering", "accepted", name="asked", native_enum=False, length=32), nullable=False
        ),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_registration_question_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(
            ["symposium_id"], ["symposium.id"], name=op.f("fk_registration_question_symposium_id_symposium")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_question")),
    )
    with op.batch_alter_table("registration_question", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_registration_question_administration_id"), ["administration_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_registration_question_symposium_id"), ["symposium_id"], unique=False)

    op.create_table(
        "seating",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "giving",
            sa.Enum("first_come", "generous", "rank_maximal", "by_time", name="giving", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("wishes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wishes_close_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offer_minutes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("open", "solving", "done", "failed", name="allotting", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("asked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_seating_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_seating_asked_by_id_person")),
        sa.ForeignKeyConstraint(["symposium_id"], ["symposium.id"], name=op.f("fk_seating_symposium_id_symposium")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seating")),
        sa.UniqueConstraint("symposium_id", name=op.f("uq_seating_symposium_id")),
    )
    with op.batch_alter_table("seating", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seating_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_seating_symposium_id"), ["symposium_id"], unique=False)

    op.create_table(
        "registration",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("delegation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "small_trade",
                "trade",
                "association",
                "agency",
                "customs",
                name="stakeholder",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("registered", "waiting", "cancelled", name="registrationstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("answers", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaces_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("corrected_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_registration_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(
            ["corrected_by_id"], ["person.id"], name=op.f("fk_registration_corrected_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["delegation_id"], ["delegation.id"], name=op.f("fk_registration_delegation_id_delegation")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_registration_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_registration_person_id_person")),
        sa.ForeignKeyConstraint(["replaces_id"], ["person.id"], name=op.f("fk_registration_replaces_id_person")),
        sa.ForeignKeyConstraint(
            ["symposium_id"], ["symposium.id"], name=op.f("fk_registration_symposium_id_symposium")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration")),
        sa.UniqueConstraint("code", name=op.f("uq_registration_code")),
        sa.UniqueConstraint("symposium_id", "person_id", name=op.f("uq_registration_symposium_id_person_id")),
    )
    with op.batch_alter_table("registration", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_registration_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_registration_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_registration_symposium_id"), ["symposium_id"], unique=False)

    op.create_table(
        "seat",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("registration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "held",
                "offered",
                "waiting",
                "declined",
                "lapsed",
                "given_up",
                name="seatstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "small_trade",
                "trade",
                "association",
                "agency",
                "customs",
                name="stakeholder",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("place", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rank", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_seat_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_seat_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_seat_registration_id_registration")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["symposium_session.id"], name=op.f("fk_seat_session_id_symposium_session")
        ),
        sa.ForeignKeyConstraint(["symposium_id"], ["symposium.id"], name=op.f("fk_seat_symposium_id_symposium")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat")),
        sa.UniqueConstraint("registration_id", "session_id", name=op.f("uq_seat_registration_id_session_id")),
    )
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seat_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_seat_registration_id"), ["registration_id"], unique=False)
        batch_op.create_index("ix_seat_session_id_state", ["session_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_seat_symposium_id"), ["symposium_id"], unique=False)

    op.create_table(
        "seat_class",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "small_trade",
                "trade",
                "association",
                "agency",
                "customs",
                name="stakeholder",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("seats", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("most", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("release_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_seat_class_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["symposium_session.id"], name=op.f("fk_seat_class_session_id_symposium_session")
        ),
        sa.ForeignKeyConstraint(["symposium_id"], ["symposium.id"], name=op.f("fk_seat_class_symposium_id_symposium")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_class")),
        sa.UniqueConstraint(
            "symposium_id", "session_id", "kind", name=op.f("uq_seat_class_symposium_id_session_id_kind")
        ),
    )
    with op.batch_alter_table("seat_class", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seat_class_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_seat_class_symposium_id"), ["symposium_id"], unique=False)

    op.create_table(
        "wish",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("registration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rank", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_wish_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_wish_registration_id_registration")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["symposium_session.id"], name=op.f("fk_wish_session_id_symposium_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wish")),
        sa.UniqueConstraint("registration_id", "session_id", name=op.f("uq_wish_registration_id_session_id")),
    )
    with op.batch_alter_table("wish", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_wish_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_wish_registration_id"), ["registration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_wish_session_id"), ["session_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("wish", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_wish_session_id"))
        batch_op.drop_index(batch_op.f("ix_wish_registration_id"))
        batch_op.drop_index(batch_op.f("ix_wish_administration_id"))

    op.drop_table("wish")
    with op.batch_alter_table("seat_class", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seat_class_symposium_id"))
        batch_op.drop_index(batch_op.f("ix_seat_class_administration_id"))

    op.drop_table("seat_class")
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seat_symposium_id"))
        batch_op.drop_index("ix_seat_session_id_state")
        batch_op.drop_index(batch_op.f("ix_seat_registration_id"))
        batch_op.drop_index(batch_op.f("ix_seat_administration_id"))

    op.drop_table("seat")
    with op.batch_alter_table("registration", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_registration_symposium_id"))
        batch_op.drop_index(batch_op.f("ix_registration_person_id"))
        batch_op.drop_index(batch_op.f("ix_registration_administration_id"))

    op.drop_table("registration")
    with op.batch_alter_table("seating", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seating_symposium_id"))
        batch_op.drop_index(batch_op.f("ix_seating_administration_id"))

    op.drop_table("seating")
    with op.batch_alter_table("registration_question", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_registration_question_symposium_id"))
        batch_op.drop_index(batch_op.f("ix_registration_question_administration_id"))

    op.drop_table("registration_question")
    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delegation_symposium_id"))
        batch_op.drop_index(batch_op.f("ix_delegation_focal_id"))
        batch_op.drop_index(batch_op.f("ix_delegation_administration_id"))

    op.drop_table("delegation")
