"""What is under way is found without what has ended"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    open_ones = sa.text("ended_at IS NULL")
    op.create_index("ix_issue_under_way", "issue", ["centre_id"], postgresql_where=open_ones, sqlite_where=open_ones)


def downgrade() -> None:
    op.drop_index("ix_issue_under_way", table_name="issue")
