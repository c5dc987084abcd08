"""corrections and reminders"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0033"
down_revision: str | None = "0032"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("broadcast", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rounds", sa.BigInteger(), nullable=False, server_default="0"))

    with op.batch_alter_table("broadcast_copy", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("mending_to", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("unmended", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("broadcast_copy", schema=None) as batch_op:
        batch_op.drop_column("unmended")
        batch_op.drop_column("mending_to")

    with op.batch_alter_table("broadcast", schema=None) as batch_op:
        batch_op.drop_column("rounds")
