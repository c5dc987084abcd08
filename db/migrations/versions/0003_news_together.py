"""Several news in one message"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "outgoing", sa.Column("carried_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
    )
    op.create_index(op.f("ix_outgoing_carried_by_id"), "outgoing", ["carried_by_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_outgoing_carried_by_id"), "outgoing")
    op.drop_column("outgoing", "carried_by_id")
