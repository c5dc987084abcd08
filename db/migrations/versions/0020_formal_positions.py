"""Formal positions: the texts of an organisation's, of which one is filed"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "formal_position",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consultation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("association_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "asked",
                "filed",
                "replaced",
                "withdrawn",
                "refused",
                "dropped",
                name="positionstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "stance",
            sa.Enum("support", "conditions", "against", name="stance", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.String(), nullable=True),
        sa.Column("remark_language", sa.String(), nullable=True),
        sa.Column("remark_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("consent", sa.String(), nullable=True),
        sa.Column("consent_language", sa.String(), nullable=True),
        sa.Column("consented_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contribution_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("filed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "state != 'filed' OR association_id IS NULL OR consent IS NOT NULL",
            name=op.f("ck_formal_position_filed_with_consent"),
        ),
        sa.CheckConstraint(
            "state != 'filed' OR contribution_id IS NOT NULL", name=op.f("ck_formal_position_filed_is_said")
        ),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_formal_position_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(
            ["association_id"], ["organisation.id"], name=op.f("fk_formal_position_association_id_organisation")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_formal_position_author_id_person")),
        sa.ForeignKeyConstraint(
            ["consented_by_id"], ["person.id"], name=op.f("fk_formal_position_consented_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_formal_position_consultation_id_consultation")
        ),
        sa.ForeignKeyConstraint(
            ["contribution_id"], ["contribution.id"], name=op.f("fk_formal_position_contribution_id_contribution")
        ),
        sa.ForeignKeyConstraint(["ended_by_id"], ["person.id"], name=op.f("fk_formal_position_ended_by_id_person")),
        sa.ForeignKeyConstraint(["filed_by_id"], ["person.id"], name=op.f("fk_formal_position_filed_by_id_person")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_formal_position_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["remark_by_id"], ["person.id"], name=op.f("fk_formal_position_remark_by_id_person")),
        sa.ForeignKeyConstraint(["seen_by_id"], ["person.id"], name=op.f("fk_formal_position_seen_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_formal_position")),
        sa.UniqueConstraint("contribution_id", name=op.f("uq_formal_position_contribution_id")),
    )
    with op.batch_alter_table("formal_position", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_formal_position_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(
            "ix_formal_position_asked",
            ["consultation_id", "organisation_id", "association_id"],
            unique=True,
            postgresql_where=sa.text("state = 'asked'"),
            sqlite_where=sa.text("state = 'asked'"),
        )
        batch_op.create_index(batch_op.f("ix_formal_position_association_id"), ["association_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_formal_position_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_formal_position_consultation_id"), ["consultation_id"], unique=False)
        batch_op.create_index(
            "ix_formal_position_draft",
            ["consultation_id", "organisation_id"],
            unique=True,
            postgresql_where=sa.text("state = 'draft'"),
            sqlite_where=sa.text("state = 'draft'"),
        )
        batch_op.create_index(
            "ix_formal_position_filed",
            ["consultation_id", "organisation_id"],
            unique=True,
            postgresql_where=sa.text("state = 'filed'"),
            sqlite_where=sa.text("state = 'filed'"),
        )
        batch_op.create_index(batch_op.f("ix_formal_position_organisation_id"), ["organisation_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("formal_position", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_formal_position_organisation_id"))
        batch_op.drop_index(
            "ix_formal_position_filed",
            postgresql_where=sa.text("state = 'filed'"),
            sqlite_where=sa.text("state = 'filed'"),
        )
        batch_op.drop_index(
            "ix_formal_position_draft",
            postgresql_where=sa.text("state = 'draft'"),
            sqlite_where=sa.text("state = 'draft'"),
        )
        batch_op.drop_index(batch_op.f("ix_formal_position_consultation_id"))
        batch_op.drop_index(batch_op.f("ix_formal_position_author_id"))
        batch_op.drop_index(batch_op.f("ix_formal_position_association_id"))
        batch_op.drop_index(
            "ix_formal_position_asked",
            postgresql_where=sa.text("state = 'asked'"),
            sqlite_where=sa.text("state = 'asked'"),
        )
        batch_op.drop_index(batch_op.f("ix_formal_position_administration_id"))

    op.drop_table("formal_position")
