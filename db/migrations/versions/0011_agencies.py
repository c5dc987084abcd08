"""Agencies"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from db.recognition import SAFE

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "criterion",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_criterion_administration_id_administration")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_criterion")),
        sa.UniqueConstraint("administration_id", "code", name=op.f("uq_criterion_administration_id_code")),
    )
    with op.batch_alter_table("criterion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_criterion_administration_id"), ["administration_id"], unique=False)

    op.create_table(
        "gap_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("criterion_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("became", sa.Enum("meeting", "action", name="became", native_enum=False, length=32), nullable=False),
        sa.Column("became_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agencies", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_gap_step_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_gap_step_by_id_person")),
        sa.ForeignKeyConstraint(["criterion_id"], ["criterion.id"], name=op.f("fk_gap_step_criterion_id_criterion")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap_step")),
        sa.UniqueConstraint(
            "criterion_id", "became", "became_id", name=op.f("uq_gap_step_criterion_id_became_became_id")
        ),
    )
    with op.batch_alter_table("gap_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gap_step_administration_id"), ["administration_id"], unique=False)

    op.create_table(
        "open_matrix",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opened_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_open_matrix_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["opened_by_id"], ["person.id"], name=op.f("fk_open_matrix_opened_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_matrix")),
        sa.UniqueConstraint("administration_id", name=op.f("uq_open_matrix_administration_id")),
    )
    with op.batch_alter_table("open_matrix", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_open_matrix_administration_id"), ["administration_id"], unique=False)

    op.create_table(
        "recognition",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("criterion_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "stand", sa.Enum("recognised", "in_part", "not", name="stand", native_enum=False, length=32), nullable=False
        ),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("said_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_recognition_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_recognition_agency_id_organisation")),
        sa.ForeignKeyConstraint(["criterion_id"], ["criterion.id"], name=op.f("fk_recognition_criterion_id_criterion")),
        sa.ForeignKeyConstraint(["said_by_id"], ["person.id"], name=op.f("fk_recognition_said_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recognition")),
        sa.UniqueConstraint("criterion_id", "agency_id", name=op.f("uq_recognition_criterion_id_agency_id")),
    )
    with op.batch_alter_table("recognition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recognition_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_recognition_agency_id"), ["agency_id"], unique=False)

    op.create_table(
        "recognition_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("criterion_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "before", sa.Enum("recognised", "in_part", "not", name="stand", native_enum=False, length=32), nullable=True
        ),
        sa.Column(
            "stand", sa.Enum("recognised", "in_part", "not", name="stand", native_enum=False, length=32), nullable=False
        ),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_recognition_change_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["organisation.id"], name=op.f("fk_recognition_change_agency_id_organisation")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_recognition_change_by_id_person")),
        sa.ForeignKeyConstraint(
            ["criterion_id"], ["criterion.id"], name=op.f("fk_recognition_change_criterion_id_criterion")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recognition_change")),
    )
    with op.batch_alter_table("recognition_change", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_recognition_change_administration_id"), ["administration_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_recognition_change_criterion_id"), ["criterion_id"], unique=False)

    op.create_table(
        "recognition_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("respond_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("nudged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_recognition_request_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["organisation.id"], name=op.f("fk_recognition_request_agency_id_organisation")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_recognition_request_asked_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recognition_request")),
    )
    with op.batch_alter_table("recognition_request", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_recognition_request_administration_id"), ["administration_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_recognition_request_agency_id"), ["agency_id"], unique=False)

    op.create_table(
        "disclosure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_disclosure_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_disclosure_issue_id_issue")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_disclosure_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure")),
        sa.UniqueConstraint("issue_id", name=op.f("uq_disclosure_issue_id")),
    )
    with op.batch_alter_table("disclosure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disclosure_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_disclosure_person_id"), ["person_id"], unique=False)

    op.create_table(
        "part",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "state",
            sa.Enum("asked", "answered", "cannot", "called_off", name="partstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("asked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("respond_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nudged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("spoken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_part_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_part_agency_id_organisation")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_part_asked_by_id_person")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_part_issue_id_issue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part")),
    )
    with op.batch_alter_table("part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_part_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index("ix_part_agency", ["agency_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_part_issue_id"), ["issue_id"], unique=False)

    op.create_table(
        "outcome_part",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outcome_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("part_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "state",
            sa.Enum("asked", "answered", "cannot", "called_off", name="partstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("respond_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_outcome_part_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["organisation.id"], name=op.f("fk_outcome_part_agency_id_organisation")
        ),
        sa.ForeignKeyConstraint(["outcome_id"], ["outcome.id"], name=op.f("fk_outcome_part_outcome_id_outcome")),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_outcome_part_part_id_part")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome_part")),
    )
    with op.batch_alter_table("outcome_part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outcome_part_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outcome_part_outcome_id"), ["outcome_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outcome_part_part_id"), ["part_id"], unique=False)

    op.create_table(
        "part_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("part_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "voice",
            sa.Enum(
                "question",
                "answer",
                "cannot",
                "query",
                "reply",
                "later",
                name="partvoice",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_part_entry_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_part_entry_author_id_person")),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_part_entry_part_id_part")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_entry")),
    )
    with op.batch_alter_table("part_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_part_entry_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_part_entry_part_id"), ["part_id"], unique=False)

    # In place: SQLite would otherwise drop the table, and with it what points to its rows.
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE outcome ADD COLUMN completes_id {kind}"
        " CONSTRAINT fk_outcome_completes_id_outcome REFERENCES outcome (id)"
    )
    _seed()


def _seed() -> None:
    """The criteria of the SAFE Framework, for every administration there is."""
    homes = op.get_bind().scalars(sa.select(sa.table("administration", sa.column("id")).c.id)).all()
    criterion = sa.table(
        "criterion",
        sa.column("administration_id"),
        sa.column("code"),
        sa.column("name", sa.JSON()),
        sa.column("position"),
    )
    for home in homes:
        rows = [
            {"administration_id": home, "code": code, "name": dict(name), "position": position}
            for position, (code, name) in enumerate(SAFE.items(), 1)
        ]
        op.bulk_insert(criterion, rows)


def downgrade() -> None:
    with op.batch_alter_table("outcome", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_outcome_completes_id_outcome"), type_="foreignkey")
        batch_op.drop_column("completes_id")

    with op.batch_alter_table("part_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_part_entry_part_id"))
        batch_op.drop_index(batch_op.f("ix_part_entry_administration_id"))

    op.drop_table("part_entry")
    with op.batch_alter_table("outcome_part", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outcome_part_part_id"))
        batch_op.drop_index(batch_op.f("ix_outcome_part_outcome_id"))
        batch_op.drop_index(batch_op.f("ix_outcome_part_administration_id"))

    op.drop_table("outcome_part")
    with op.batch_alter_table("part", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_part_issue_id"))
        batch_op.drop_index("ix_part_agency")
        batch_op.drop_index(batch_op.f("ix_part_administration_id"))

    op.drop_table("part")
    with op.batch_alter_table("disclosure", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_disclosure_person_id"))
        batch_op.drop_index(batch_op.f("ix_disclosure_administration_id"))

    op.drop_table("disclosure")
    with op.batch_alter_table("recognition_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recognition_request_agency_id"))
        batch_op.drop_index(batch_op.f("ix_recognition_request_administration_id"))

    op.drop_table("recognition_request")
    with op.batch_alter_table("recognition_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recognition_change_criterion_id"))
        batch_op.drop_index(batch_op.f("ix_recognition_change_administration_id"))

    op.drop_table("recognition_change")
    with op.batch_alter_table("recognition", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recognition_agency_id"))
        batch_op.drop_index(batch_op.f("ix_recognition_administration_id"))

    op.drop_table("recognition")
    with op.batch_alter_table("open_matrix", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_open_matrix_administration_id"))

    op.drop_table("open_matrix")
    with op.batch_alter_table("gap_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_gap_step_administration_id"))

    op.drop_table("gap_step")
    with op.batch_alter_table("criterion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_criterion_administration_id"))

    op.drop_table("criterion")
