"""A session can come from a consultation, and who has not confirmed a change is reminded"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0026"
down_revision: str | None = "0025"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # Both databases add a column with its key at once; Alembic would copy the whole table on SQLite.
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE proposal ADD COLUMN consultation_id {kind}"
        " CONSTRAINT fk_proposal_consultation_id_consultation REFERENCES consultation (id)"
    )
    op.add_column("session_shift", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("session_shift", "reminded_at")
    # SQLite drops no column that a key is on, so that the table is copied there; elsewhere the key goes with it.
    with op.batch_alter_table("proposal") as table:
        table.drop_column("consultation_id")
