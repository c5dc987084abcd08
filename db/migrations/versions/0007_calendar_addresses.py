"""Calendar feeds by a secret address"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "calendar_address",
        sa.Column("id", number, nullable=False),
        sa.Column("administration_id", number, nullable=False),
        sa.Column("person_id", number, nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_calendar_address_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_calendar_address_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_address")),
        sa.UniqueConstraint("digest", name=op.f("uq_calendar_address_digest")),
        sa.UniqueConstraint("person_id", "scope", "about", name=op.f("uq_calendar_address_person_id_scope_about")),
    )
    with op.batch_alter_table("calendar_address", schema=None) as batch_op:
        for column in ("administration_id", "person_id"):
            batch_op.create_index(batch_op.f(f"ix_calendar_address_{column}"), [column], unique=False)


def downgrade() -> None:
    op.drop_table("calendar_address")
