"""E-mail as a door: addresses to be confirmed, and what a person prefers to get by it"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "mail_request",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_id", ID, nullable=True),
        sa.Column("consent", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_mail_request_by_id_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mail_request_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_request")),
    )
    op.create_index(op.f("ix_mail_request_person_id"), "mail_request", ["person_id"])
    op.create_index(op.f("ix_mail_request_key"), "mail_request", ["key"])
    op.add_column("outgoing", sa.Column("address", sa.String(), nullable=True))
    op.add_column("person", sa.Column("by_mail", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("person", sa.Column("invited", sa.String(32), nullable=False, server_default="feed"))


def downgrade() -> None:
    op.drop_column("person", "invited")
    op.drop_column("person", "by_mail")
    op.drop_column("outgoing", "address")
    op.drop_table("mail_request")
