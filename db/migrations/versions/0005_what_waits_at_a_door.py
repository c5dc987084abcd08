"""What waits at a door, and for whom somebody waits"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("job", sa.Column("first", sa.Boolean(), nullable=False, server_default=sa.false()))
    is_open = sa.text("state IN ('waiting', 'sending')")
    op.create_index("ix_outgoing_door", "outgoing", ["account_id"], postgresql_where=is_open, sqlite_where=is_open)


def downgrade() -> None:
    op.drop_index("ix_outgoing_door", table_name="outgoing")
    op.drop_column("job", "first")
