"""a broadcast sent back"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0029"
down_revision: str | None = "0028"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("broadcast", schema=None) as batch_op:
        batch_op.add_column(sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("returned_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("returned_words", sa.String(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_broadcast_returned_by_id_person"), "person", ["returned_by_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("broadcast", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_broadcast_returned_by_id_person"), type_="foreignkey")
        batch_op.drop_column("returned_words")
        batch_op.drop_column("returned_by_id")
        batch_op.drop_column("returned_at")
