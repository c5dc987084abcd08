"""The days of a symposium: who came, what they asked, what they were given"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "proof",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_proof_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_proof_person_id_person")),
        sa.ForeignKeyConstraint(["symposium_id"], ["symposium.id"], name=op.f("fk_proof_symposium_id_symposium")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof")),
        sa.UniqueConstraint("code", name=op.f("uq_proof_code")),
        sa.UniqueConstraint("symposium_id", "person_id", name=op.f("uq_proof_symposium_id_person_id")),
    )
    with op.batch_alter_table("proof", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proof_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_proof_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_proof_symposium_id"), ["symposium_id"], unique=False)

    op.create_table(
        "check_in",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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
        sa.Column("how", sa.Enum("officer", "door", "list", name="how", native_enum=False, length=32), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_check_in_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_check_in_by_id_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_check_in_person_id_person")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["symposium_session.id"], name=op.f("fk_check_in_session_id_symposium_session")
        ),
        sa.ForeignKeyConstraint(["symposium_id"], ["symposium.id"], name=op.f("fk_check_in_symposium_id_symposium")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_in")),
        sa.UniqueConstraint("session_id", "person_id", name=op.f("uq_check_in_session_id_person_id")),
    )
    with op.batch_alter_table("check_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_check_in_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_check_in_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_check_in_session_id"), ["session_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_check_in_symposium_id"), ["symposium_id"], unique=False)

    op.create_table(
        "door_code",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("made_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_door_code_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name=op.f("fk_door_code_made_by_id_person")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["symposium_session.id"], name=op.f("fk_door_code_session_id_symposium_session")
        ),
        sa.ForeignKeyConstraint(["symposium_id"], ["symposium.id"], name=op.f("fk_door_code_symposium_id_symposium")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_door_code")),
        sa.UniqueConstraint("code", name=op.f("uq_door_code_code")),
        sa.UniqueConstraint("session_id", name=op.f("uq_door_code_session_id")),
    )
    with op.batch_alter_table("door_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_door_code_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_door_code_session_id"), ["session_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_door_code_symposium_id"), ["symposium_id"], unique=False)

    op.create_table(
        "feedback",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stars", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_feedback_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_feedback_person_id_person")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["symposium_session.id"], name=op.f("fk_feedback_session_id_symposium_session")
        ),
        sa.ForeignKeyConstraint(["symposium_id"], ["symposium.id"], name=op.f("fk_feedback_symposium_id_symposium")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("session_id", "person_id", name=op.f("uq_feedback_session_id_person_id")),
    )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feedback_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_feedback_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_feedback_session_id"), ["session_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_feedback_symposium_id"), ["symposium_id"], unique=False)

    op.create_table(
        "floor_question",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("is_anonymous", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("open", "answered", "set_aside", name="questionstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_floor_question_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_floor_question_person_id_person")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["symposium_session.id"], name=op.f("fk_floor_question_session_id_symposium_session")
        ),
        sa.ForeignKeyConstraint(["settled_by_id"], ["person.id"], name=op.f("fk_floor_question_settled_by_id_person")),
        sa.ForeignKeyConstraint(
            ["symposium_id"], ["symposium.id"], name=op.f("fk_floor_question_symposium_id_symposium")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_floor_question")),
    )
    with op.batch_alter_table("floor_question", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_floor_question_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_floor_question_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_floor_question_session_id"), ["session_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_floor_question_symposium_id"), ["symposium_id"], unique=False)

    op.create_table(
        "material",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symposium_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column(
            "readers",
            sa.Enum("registered", "attended", "organisers", name="readers", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_material_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_material_by_id_person")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["symposium_session.id"], name=op.f("fk_material_session_id_symposium_session")
        ),
        sa.ForeignKeyConstraint(["symposium_id"], ["symposium.id"], name=op.f("fk_material_symposium_id_symposium")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_material")),
    )
    with op.batch_alter_table("material", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_material_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_material_session_id"), ["session_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_material_symposium_id"), ["symposium_id"], unique=False)

    op.create_table(
        "floor_vote",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("question_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_floor_vote_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_floor_vote_person_id_person")),
        sa.ForeignKeyConstraint(
            ["question_id"], ["floor_question.id"], name=op.f("fk_floor_vote_question_id_floor_question")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_floor_vote")),
        sa.UniqueConstraint("question_id", "person_id", name=op.f("uq_floor_vote_question_id_person_id")),
    )
    with op.batch_alter_table("floor_vote", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_floor_vote_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_floor_vote_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_floor_vote_question_id"), ["question_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("floor_vote", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_floor_vote_question_id"))
        batch_op.drop_index(batch_op.f("ix_floor_vote_person_id"))
        batch_op.drop_index(batch_op.f("ix_floor_vote_administration_id"))

    op.drop_table("floor_vote")
    with op.batch_alter_table("material", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_material_symposium_id"))
        batch_op.drop_index(batch_op.f("ix_material_session_id"))
        batch_op.drop_index(batch_op.f("ix_material_administration_id"))

    op.drop_table("material")
    with op.batch_alter_table("floor_question", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_floor_question_symposium_id"))
        batch_op.drop_index(batch_op.f("ix_floor_question_session_id"))
        batch_op.drop_index(batch_op.f("ix_floor_question_person_id"))
        batch_op.drop_index(batch_op.f("ix_floor_question_administration_id"))

    op.drop_table("floor_question")
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_feedback_symposium_id"))
        batch_op.drop_index(batch_op.f("ix_feedback_session_id"))
        batch_op.drop_index(batch_op.f("ix_feedback_person_id"))
        batch_op.drop_index(batch_op.f("ix_feedback_administration_id"))

    op.drop_table("feedback")
    with op.batch_alter_table("door_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_door_code_symposium_id"))
        batch_op.drop_index(batch_op.f("ix_door_code_session_id"))
        batch_op.drop_index(batch_op.f("ix_door_code_administration_id"))

    op.drop_table("door_code")
    with op.batch_alter_table("check_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_check_in_symposium_id"))
        batch_op.drop_index(batch_op.f("ix_check_in_session_id"))
        batch_op.drop_index(batch_op.f("ix_check_in_person_id"))
        batch_op.drop_index(batch_op.f("ix_check_in_administration_id"))

    op.drop_table("check_in")
    with op.batch_alter_table("proof", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_proof_symposium_id"))
        batch_op.drop_index(batch_op.f("ix_proof_person_id"))
        batch_op.drop_index(batch_op.f("ix_proof_administration_id"))

    op.drop_table("proof")
