"""Rooms of meetings in a chat"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OPEN = sa.text("state IN ('waiting', 'sending', 'held')")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DEED = sa.Enum("open", "show", "bring", "say", "close", native_enum=False, length=32)
WORD = sa.Enum("waiting", "held", "sending", "accepted", "failed", "in_doubt", "expired", native_enum=False, length=32)


def _owned(table: str, *columns: sa.schema.SchemaItem, unique: Sequence[Sequence[str]]) -> None:
    op.create_table(
        table,
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("administration_id", NUMBER, nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f(f"fk_{table}_administration_id_administration")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(sa.UniqueConstraint(*names, name=op.f(f"uq_{table}_{'_'.join(names)}")) for names in unique),
    )
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.create_index(batch_op.f(f"ix_{table}_administration_id"), ["administration_id"], unique=False)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def _at(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=nullable)


def upgrade() -> None:
    json = sa.JSON(none_as_null=True)
    _owned(
        "chat_group",
        _text("platform", nullable=False),
        _text("key", nullable=False),
        _text("title", nullable=False),
        sa.Column("bound_by_id", NUMBER, nullable=True),
        _at("bound_at"),
        _at("let_go_at", nullable=True),
        _to("chat_group", "bound_by_id", "person"),
        unique=[["platform", "key"]],
    )
    _owned(
        "chat_room",
        sa.Column("meeting_id", NUMBER, nullable=False),
        _text("platform", nullable=False),
        sa.Column("group_id", NUMBER, nullable=True),
        sa.Column(
            "state", sa.Enum("opening", "open", "failed", "closed", native_enum=False, length=32), nullable=False
        ),
        sa.Column("failing", DEED, nullable=True),
        _text("reason"),
        _text("detail"),
        sa.Column("is_confidential", sa.Boolean(), nullable=False),
        _text("title", nullable=False),
        _text("titled"),
        _text("language", nullable=False),
        _text("zone", nullable=False),
        sa.Column("opened_by_id", NUMBER, nullable=False),
        _at("opened_at"),
        _at("closed_at", nullable=True),
        _text("key"),
        _text("link"),
        sa.Column("shown", json, nullable=True),
        sa.Column("pinned", json, nullable=True),
        sa.Column("is_pinned", sa.Boolean(), nullable=False),
        _to("chat_room", "meeting_id", "meeting"),
        _to("chat_room", "group_id", "chat_group"),
        _to("chat_room", "opened_by_id", "person"),
        unique=[["meeting_id", "platform"], ["platform", "key"]],
    )
    op.create_table(
        "chat_room_step",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("room_id", NUMBER, nullable=False),
        sa.Column("deed", DEED, nullable=False),
        _text("once"),
        sa.Column("screen", json, nullable=True),
        sa.Column("state", WORD, nullable=False),
        _text("reason"),
        sa.Column("attempts", NUMBER, nullable=False),
        sa.Column("may_repeat", sa.Boolean(), nullable=False),
        _at("created_at"),
        _at("settled_at", nullable=True),
        _text("trace", nullable=False),
        _to("chat_room_step", "room_id", "chat_room"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_room_step")),
        sa.UniqueConstraint("room_id", "once", name=op.f("uq_chat_room_step_room_id_once")),
    )
    op.create_index("ix_chat_room_step_open", "chat_room_step", ["room_id"], postgresql_where=OPEN, sqlite_where=OPEN)
    op.create_table(
        "chat_room_member",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("room_id", NUMBER, nullable=False),
        sa.Column("person_id", NUMBER, nullable=False),
        sa.Column("is_wanted", sa.Boolean(), nullable=False),
        sa.Column("is_in", sa.Boolean(), nullable=False),
        _text("reason"),
        _to("chat_room_member", "room_id", "chat_room"),
        _to("chat_room_member", "person_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_room_member")),
        sa.UniqueConstraint("room_id", "person_id", name=op.f("uq_chat_room_member_room_id_person_id")),
    )
    with op.batch_alter_table("chat_room_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_chat_room_member_person_id"), ["person_id"], unique=False)


def downgrade() -> None:
    for table in ("chat_room_member", "chat_room_step", "chat_room", "chat_group"):
        op.drop_table(table)
