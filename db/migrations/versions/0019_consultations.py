"""Consultations: the text in clauses, what was said of it, how each of those words ended, the conclusion"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "consultation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column(
            "phase",
            sa.Enum(
                "proposed",
                "declined",
                "prepared",
                "shaping",
                "drafting",
                "comments",
                "decision",
                "outcome",
                "withdrawn",
                name="phase",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "subject",
            sa.Enum(
                "procedure",
                "documents",
                "systems",
                "fees",
                "border",
                "training",
                "other",
                "budget",
                "enforcement",
                "single_case",
                name="subject",
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
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("proposer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("co_owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("centre_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("shaping_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("drafting_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("comments_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome_due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("draft_number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("declined_words", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_consultation_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["centre_id"], ["centre.id"], name=op.f("fk_consultation_centre_id_centre")),
        sa.ForeignKeyConstraint(["co_owner_id"], ["person.id"], name=op.f("fk_consultation_co_owner_id_person")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_consultation_issue_id_issue")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_consultation_owner_id_person")),
        sa.ForeignKeyConstraint(["proposer_id"], ["person.id"], name=op.f("fk_consultation_proposer_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation")),
    )
    with op.batch_alter_table("consultation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consultation_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consultation_co_owner_id"), ["co_owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consultation_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consultation_proposer_id"), ["proposer_id"], unique=False)

    op.create_table(
        "conclusion",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consultation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked", sa.String(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("done", sa.String(), nullable=False),
        sa.Column("not_done", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("proposed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_back_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("sent_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_back_words", sa.String(), nullable=True),
        sa.Column("co_owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_words", sa.String(), nullable=True),
        sa.Column("refused_language", sa.String(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("signed_at IS NULL OR refused_at IS NULL", name=op.f("ck_conclusion_signed_or_refused")),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_conclusion_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["approved_by_id"], ["person.id"], name=op.f("fk_conclusion_approved_by_id_person")),
        sa.ForeignKeyConstraint(["co_owner_id"], ["person.id"], name=op.f("fk_conclusion_co_owner_id_person")),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_conclusion_consultation_id_consultation")
        ),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["person.id"], name=op.f("fk_conclusion_proposed_by_id_person")),
        sa.ForeignKeyConstraint(["sent_back_by_id"], ["person.id"], name=op.f("fk_conclusion_sent_back_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conclusion")),
    )
    with op.batch_alter_table("conclusion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_conclusion_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_conclusion_consultation_id"), ["consultation_id"], unique=False)

    op.create_table(
        "consultation_meeting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consultation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meeting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_consultation_meeting_consultation_id_consultation")
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_consultation_meeting_meeting_id_meeting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_meeting")),
        sa.UniqueConstraint(
            "consultation_id", "meeting_id", name=op.f("uq_consultation_meeting_consultation_id_meeting_id")
        ),
    )
    with op.batch_alter_table("consultation_meeting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consultation_meeting_meeting_id"), ["meeting_id"], unique=False)

    op.create_table(
        "consultation_translation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consultation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_consultation_translation_by_id_person")),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultation.id"],
            name=op.f("fk_consultation_translation_consultation_id_consultation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_translation")),
        sa.UniqueConstraint(
            "consultation_id", "language", name=op.f("uq_consultation_translation_consultation_id_language")
        ),
    )
    with op.batch_alter_table("consultation_translation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_consultation_translation_consultation_id"), ["consultation_id"], unique=False
        )

    op.create_table(
        "question",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consultation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("options", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("translations", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_question_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_question_consultation_id_consultation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
        sa.UniqueConstraint("consultation_id", "position", name=op.f("uq_question_consultation_id_position")),
    )
    with op.batch_alter_table("question", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_question_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_question_consultation_id"), ["consultation_id"], unique=False)

    op.create_table(
        "statement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consultation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("translations", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("hidden_words", sa.String(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_statement_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_statement_consultation_id_consultation")
        ),
        sa.ForeignKeyConstraint(["hidden_by_id"], ["person.id"], name=op.f("fk_statement_hidden_by_id_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_statement_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
    )
    with op.batch_alter_table("statement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_statement_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_statement_consultation_id"), ["consultation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_statement_person_id"), ["person_id"], unique=False)

    op.create_table(
        "text_draft",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consultation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_text_draft_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_text_draft_by_id_person")),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_text_draft_consultation_id_consultation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_draft")),
        sa.UniqueConstraint("consultation_id", "number", name=op.f("uq_text_draft_consultation_id_number")),
    )
    with op.batch_alter_table("text_draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_text_draft_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_text_draft_consultation_id"), ["consultation_id"], unique=False)

    op.create_table(
        "clause",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consultation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("draft_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("heading", sa.String(), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_clause_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_clause_consultation_id_consultation")
        ),
        sa.ForeignKeyConstraint(["draft_id"], ["text_draft.id"], name=op.f("fk_clause_draft_id_text_draft")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clause")),
        sa.UniqueConstraint("draft_id", "position", name=op.f("uq_clause_draft_id_position")),
    )
    with op.batch_alter_table("clause", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clause_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_clause_consultation_id"), ["consultation_id"], unique=False)

    op.create_table(
        "conclusion_translation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("conclusion_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("asked", sa.String(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("done", sa.String(), nullable=False),
        sa.Column("not_done", sa.String(), nullable=True),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_conclusion_translation_by_id_person")),
        sa.ForeignKeyConstraint(
            ["conclusion_id"], ["conclusion.id"], name=op.f("fk_conclusion_translation_conclusion_id_conclusion")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conclusion_translation")),
        sa.UniqueConstraint("conclusion_id", "language", name=op.f("uq_conclusion_translation_conclusion_id_language")),
    )
    op.create_table(
        "statement_vote",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("statement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "vote", sa.Enum("agree", "disagree", "pass", name="vote", native_enum=False, length=32), nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_statement_vote_administration_id_administration"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_statement_vote_person_id_person")),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("fk_statement_vote_statement_id_statement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_vote")),
        sa.UniqueConstraint("statement_id", "person_id", name=op.f("uq_statement_vote_statement_id_person_id")),
    )
    with op.batch_alter_table("statement_vote", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_statement_vote_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_statement_vote_person_id"), ["person_id"], unique=False)

    op.create_table(
        "clause_link",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consultation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("draft_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("earlier_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("later_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "change",
            sa.Enum(
                "same",
                "moved",
                "changed",
                "split",
                "merged",
                "new",
                "dropped",
                name="change",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("likeness", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("confirmed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "earlier_id IS NOT NULL OR later_id IS NOT NULL", name=op.f("ck_clause_link_links_something")
        ),
        sa.ForeignKeyConstraint(["confirmed_by_id"], ["person.id"], name=op.f("fk_clause_link_confirmed_by_id_person")),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_clause_link_consultation_id_consultation")
        ),
        sa.ForeignKeyConstraint(["draft_id"], ["text_draft.id"], name=op.f("fk_clause_link_draft_id_text_draft")),
        sa.ForeignKeyConstraint(["earlier_id"], ["clause.id"], name=op.f("fk_clause_link_earlier_id_clause")),
        sa.ForeignKeyConstraint(["later_id"], ["clause.id"], name=op.f("fk_clause_link_later_id_clause")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clause_link")),
        sa.UniqueConstraint("earlier_id", "later_id", name=op.f("uq_clause_link_earlier_id_later_id")),
    )
    with op.batch_alter_table("clause_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clause_link_consultation_id"), ["consultation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_clause_link_draft_id"), ["draft_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_clause_link_later_id"), ["later_id"], unique=False)

    op.create_table(
        "clause_translation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("clause_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("heading", sa.String(), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_clause_translation_by_id_person")),
        sa.ForeignKeyConstraint(["clause_id"], ["clause.id"], name=op.f("fk_clause_translation_clause_id_clause")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clause_translation")),
        sa.UniqueConstraint("clause_id", "language", name=op.f("uq_clause_translation_clause_id_language")),
    )
    op.create_table(
        "contribution",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consultation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "comment", "suggestion", "answer", "position", name="contributionkind", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("filed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("clause_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("stands_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("question_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("choice", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("suggested", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("consent", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_contribution_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["clause_id"], ["clause.id"], name=op.f("fk_contribution_clause_id_clause")),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_contribution_consultation_id_consultation")
        ),
        sa.ForeignKeyConstraint(["filed_by_id"], ["person.id"], name=op.f("fk_contribution_filed_by_id_person")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_contribution_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_contribution_person_id_person")),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_contribution_question_id_question")),
        sa.ForeignKeyConstraint(["stands_id"], ["clause.id"], name=op.f("fk_contribution_stands_id_clause")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contribution")),
    )
    with op.batch_alter_table("contribution", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contribution_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contribution_clause_id"), ["clause_id"], unique=False)
        batch_op.create_index("ix_contribution_consultation", ["consultation_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contribution_consultation_id"), ["consultation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contribution_filed_by_id"), ["filed_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contribution_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contribution_stands_id"), ["stands_id"], unique=False)

    op.create_table(
        "answered",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("administration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contribution_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consultation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "treatment",
            sa.Enum("adopted", "partly", "not", name="treatment", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("clause_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_answered_administration_id_administration")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_answered_by_id_person")),
        sa.ForeignKeyConstraint(["clause_id"], ["clause.id"], name=op.f("fk_answered_clause_id_clause")),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_answered_consultation_id_consultation")
        ),
        sa.ForeignKeyConstraint(
            ["contribution_id"], ["contribution.id"], name=op.f("fk_answered_contribution_id_contribution")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answered")),
        sa.UniqueConstraint("contribution_id", name=op.f("uq_answered_contribution_id")),
    )
    with op.batch_alter_table("answered", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answered_administration_id"), ["administration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_answered_consultation_id"), ["consultation_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("answered", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_answered_consultation_id"))
        batch_op.drop_index(batch_op.f("ix_answered_administration_id"))

    op.drop_table("answered")
    with op.batch_alter_table("contribution", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contribution_stands_id"))
        batch_op.drop_index(batch_op.f("ix_contribution_person_id"))
        batch_op.drop_index(batch_op.f("ix_contribution_filed_by_id"))
        batch_op.drop_index(batch_op.f("ix_contribution_consultation_id"))
        batch_op.drop_index("ix_contribution_consultation")
        batch_op.drop_index(batch_op.f("ix_contribution_clause_id"))
        batch_op.drop_index(batch_op.f("ix_contribution_administration_id"))

    op.drop_table("contribution")
    op.drop_table("clause_translation")
    with op.batch_alter_table("clause_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clause_link_later_id"))
        batch_op.drop_index(batch_op.f("ix_clause_link_draft_id"))
        batch_op.drop_index(batch_op.f("ix_clause_link_consultation_id"))

    op.drop_table("clause_link")
    with op.batch_alter_table("statement_vote", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_statement_vote_person_id"))
        batch_op.drop_index(batch_op.f("ix_statement_vote_administration_id"))

    op.drop_table("statement_vote")
    op.drop_table("conclusion_translation")
    with op.batch_alter_table("clause", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clause_consultation_id"))
        batch_op.drop_index(batch_op.f("ix_clause_administration_id"))

    op.drop_table("clause")
    with op.batch_alter_table("text_draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_text_draft_consultation_id"))
        batch_op.drop_index(batch_op.f("ix_text_draft_administration_id"))

    op.drop_table("text_draft")
    with op.batch_alter_table("statement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_statement_person_id"))
        batch_op.drop_index(batch_op.f("ix_statement_consultation_id"))
        batch_op.drop_index(batch_op.f("ix_statement_administration_id"))

    op.drop_table("statement")
    with op.batch_alter_table("question", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_question_consultation_id"))
        batch_op.drop_index(batch_op.f("ix_question_administration_id"))

    op.drop_table("question")
    with op.batch_alter_table("consultation_translation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consultation_translation_consultation_id"))

    op.drop_table("consultation_translation")
    with op.batch_alter_table("consultation_meeting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consultation_meeting_meeting_id"))

    op.drop_table("consultation_meeting")
    with op.batch_alter_table("conclusion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_conclusion_consultation_id"))
        batch_op.drop_index(batch_op.f("ix_conclusion_administration_id"))

    op.drop_table("conclusion")
    with op.batch_alter_table("consultation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consultation_proposer_id"))
        batch_op.drop_index(batch_op.f("ix_consultation_owner_id"))
        batch_op.drop_index(batch_op.f("ix_consultation_co_owner_id"))
        batch_op.drop_index(batch_op.f("ix_consultation_administration_id"))

    op.drop_table("consultation")
