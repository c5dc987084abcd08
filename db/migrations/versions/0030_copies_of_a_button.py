"""copies of a button"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0030"
down_revision: str | None = "0029"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("handle", schema=None) as batch_op:
        batch_op.add_column(sa.Column("copy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_handle_copy_id_broadcast_copy"), "broadcast_copy", ["copy_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("handle", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_handle_copy_id_broadcast_copy"), type_="foreignkey")
        batch_op.drop_column("copy_id")
