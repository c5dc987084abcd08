"""Consultations: who is asked to be the co-owner, until they answer"""

from collections.abc import Sequence

from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # Both databases add a column with its key at once; Alembic would copy the whole table on SQLite.
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE consultation ADD COLUMN asked_id {kind}"
        " CONSTRAINT fk_consultation_asked_id_person REFERENCES person (id)"
    )


def downgrade() -> None:
    # SQLite drops no column that a key is on, so that the table is copied there; elsewhere the key goes with it.
    with op.batch_alter_table("consultation") as table:
        table.drop_column("asked_id")
