"""Meetings"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "meeting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column(
            "kind", sa.Enum("roundtable", "regional", name="meetingkind", native_enum=False, length=32), nullable=False
        ),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column(
            "sector",
            sa.Enum(
                "perishables",
                "textiles",
                "electronics",
                "chemicals",
                "vehicles",
                "express",
                "energy",
                "general",
                name="sector",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("organiser_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("centre_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "called",
                "polling",
                "confirmed",
                "held",
                "correcting",
                "closed",
                "cancelled",
                name="meetingstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "audience",
            sa.Enum(
                "invited", "sector", "business", "agencies", "members", name="audience", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "confidentiality",
            sa.Enum("open", "confidential", name="confidentiality", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("capacity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("minutes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("room", sa.String(), nullable=True),
        sa.Column("link", sa.String(), nullable=True),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("corrections_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_meeting_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["centre_id"], ["centre.id"], name=op.f("fk_meeting_centre_id_centre")),
        sa.ForeignKeyConstraint(["organiser_id"], ["person.id"], name=op.f("fk_meeting_organiser_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
        sa.UniqueConstraint("uid", name=op.f("uq_meeting_uid")),
    )
    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index("ix_meeting_ahead", ["administration_id", "state", "starts_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_meeting_organiser_id"), ["organiser_id"], unique=False)

    op.create_table(
        "invitation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meeting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "answer",
            sa.Enum("none", "accepted", "declined", "replaced", "removed", name="answer", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("invited_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaces_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "attendance",
            sa.Enum("present", "apologies", "absent", name="attendance", native_enum=False, length=32),
            nullable=True,
        ),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_invitation_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["invited_by_id"], ["person.id"], name=op.f("fk_invitation_invited_by_id_person")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_invitation_meeting_id_meeting")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_invitation_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_invitation_person_id_person")),
        sa.ForeignKeyConstraint(["replaces_id"], ["invitation.id"], name=op.f("fk_invitation_replaces_id_invitation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("meeting_id", "person_id", name=op.f("uq_invitation_meeting_id_person_id")),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitation_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invitation_person_id"), ["person_id"], unique=False)

    op.create_table(
        "meeting_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meeting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "what",
            sa.Enum("confirmed", "moved", "place", "cancelled", name="changed", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_meeting_change_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_meeting_change_by_id_person")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_meeting_change_meeting_id_meeting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_change")),
    )
    with op.batch_alter_table("meeting_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_change_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_meeting_change_meeting_id"), ["meeting_id"], unique=False)

    op.create_table(
        "meeting_follower",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meeting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_meeting_follower_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_meeting_follower_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_meeting_follower_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_follower")),
        sa.UniqueConstraint("meeting_id", "person_id", name=op.f("uq_meeting_follower_meeting_id_person_id")),
    )
    with op.batch_alter_table("meeting_follower", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_follower_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_meeting_follower_person_id"), ["person_id"], unique=False)

    op.create_table(
        "meeting_poll",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meeting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("respond_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("nudged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_meeting_poll_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_meeting_poll_meeting_id_meeting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_poll")),
    )
    with op.batch_alter_table("meeting_poll", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_poll_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_meeting_poll_meeting_id"), ["meeting_id"], unique=False)

    op.create_table(
        "meeting_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meeting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("wish", sa.Enum("join", "topic", name="wish", native_enum=False, length=32), nullable=False),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reply", sa.Enum("open", "yes", "no", name="reply", native_enum=False, length=32), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("reason_language", sa.String(), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_meeting_request_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_meeting_request_decided_by_id_person")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_meeting_request_meeting_id_meeting")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_meeting_request_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_meeting_request_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_request")),
    )
    with op.batch_alter_table("meeting_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_request_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_meeting_request_meeting_id"), ["meeting_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_meeting_request_person_id"), ["person_id"], unique=False)

    op.create_table(
        "minute",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meeting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("note", "decision", "action", name="minutekind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("first_words", sa.String(), nullable=True),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_minute_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_minute_author_id_person")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_minute_meeting_id_meeting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minute")),
    )
    with op.batch_alter_table("minute", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_minute_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_minute_meeting_id"), ["meeting_id"], unique=False)

    op.create_table(
        "agenda_item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meeting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("added_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["added_by_id"], ["person.id"], name=op.f("fk_agenda_item_added_by_id_person")),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_agenda_item_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_agenda_item_issue_id_issue")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_agenda_item_meeting_id_meeting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_item")),
    )
    with op.batch_alter_table("agenda_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agenda_item_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_agenda_item_meeting_id"), ["meeting_id"], unique=False)

    op.create_table(
        "meeting_issue",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meeting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_meeting_issue_issue_id_issue")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_meeting_issue_meeting_id_meeting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_issue")),
        sa.UniqueConstraint("meeting_id", "issue_id", name=op.f("uq_meeting_issue_meeting_id_issue_id")),
    )
    with op.batch_alter_table("meeting_issue", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_issue_issue_id"), ["issue_id"], unique=False)

    op.create_table(
        "meeting_slot",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("poll_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_meeting_slot_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["poll_id"], ["meeting_poll.id"], name=op.f("fk_meeting_slot_poll_id_meeting_poll")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_slot")),
        sa.UniqueConstraint("poll_id", "starts_at", name=op.f("uq_meeting_slot_poll_id_starts_at")),
    )
    with op.batch_alter_table("meeting_slot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_slot_administration_id"), ["administration_id"], unique=False)

    op.create_table(
        "minute_correction",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("minute_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reply", sa.Enum("open", "yes", "no", name="reply", native_enum=False, length=32), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_minute_correction_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_minute_correction_author_id_person")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["person.id"], name=op.f("fk_minute_correction_decided_by_id_person")
        ),
        sa.ForeignKeyConstraint(["minute_id"], ["minute.id"], name=op.f("fk_minute_correction_minute_id_minute")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minute_correction")),
    )
    with op.batch_alter_table("minute_correction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_minute_correction_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_minute_correction_minute_id"), ["minute_id"], unique=False)

    op.create_table(
        "meeting_vote",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("can", sa.Enum("yes", "maybe", "no", name="can", native_enum=False, length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_meeting_vote_person_id_person")),
        sa.ForeignKeyConstraint(["slot_id"], ["meeting_slot.id"], name=op.f("fk_meeting_vote_slot_id_meeting_slot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_vote")),
        sa.UniqueConstraint("slot_id", "person_id", name=op.f("uq_meeting_vote_slot_id_person_id")),
    )
    with op.batch_alter_table("meeting_vote", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_vote_person_id"), ["person_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("meeting_vote", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_vote_person_id"))

    op.drop_table("meeting_vote")
    with op.batch_alter_table("minute_correction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_minute_correction_minute_id"))
        batch_op.drop_index(batch_op.f("ix_minute_correction_administration_id"))

    op.drop_table("minute_correction")
    with op.batch_alter_table("meeting_slot", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_slot_administration_id"))

    op.drop_table("meeting_slot")
    with op.batch_alter_table("meeting_issue", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_issue_issue_id"))

    op.drop_table("meeting_issue")
    with op.batch_alter_table("agenda_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_agenda_item_meeting_id"))
        batch_op.drop_index(batch_op.f("ix_agenda_item_administration_id"))

    op.drop_table("agenda_item")
    with op.batch_alter_table("minute", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_minute_meeting_id"))
        batch_op.drop_index(batch_op.f("ix_minute_administration_id"))

    op.drop_table("minute")
    with op.batch_alter_table("meeting_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_request_person_id"))
        batch_op.drop_index(batch_op.f("ix_meeting_request_meeting_id"))
        batch_op.drop_index(batch_op.f("ix_meeting_request_administration_id"))

    op.drop_table("meeting_request")
    with op.batch_alter_table("meeting_poll", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_poll_meeting_id"))
        batch_op.drop_index(batch_op.f("ix_meeting_poll_administration_id"))

    op.drop_table("meeting_poll")
    with op.batch_alter_table("meeting_follower", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_follower_person_id"))
        batch_op.drop_index(batch_op.f("ix_meeting_follower_administration_id"))

    op.drop_table("meeting_follower")
    with op.batch_alter_table("meeting_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_change_meeting_id"))
        batch_op.drop_index(batch_op.f("ix_meeting_change_administration_id"))

    op.drop_table("meeting_change")
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitation_person_id"))
        batch_op.drop_index(batch_op.f("ix_invitation_administration_id"))

    op.drop_table("invitation")
    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_organiser_id"))
        batch_op.drop_index("ix_meeting_ahead")
        batch_op.drop_index(batch_op.f("ix_meeting_administration_id"))

    op.drop_table("meeting")
