"""How organisations stand in the trusted-trader programme."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0028"
down_revision: str | None = "0027"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "aeo",
                sa.Enum("applied", "authorised", "suspended", name="aeo", native_enum=False, length=32),
                nullable=True,
            )
        )
        batch_op.add_column(sa.Column("aeo_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.add_column(sa.Column("aeo_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_organisation_aeo_by_id_person"), "person", ["aeo_by_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_organisation_aeo_by_id_person"), type_="foreignkey")
        batch_op.drop_column("aeo_at")
        batch_op.drop_column("aeo_by_id")
        batch_op.drop_column("aeo")
