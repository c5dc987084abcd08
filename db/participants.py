"""Who has taken part in a consultation, and so is told how it goes on, and owed what becomes of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, Subquery, select, union

from .consultations import Consultation, ConsultationMeeting, Contribution, ContributionKind
from .meetings import Attendance, Invitation
from .people import Mandate, Person
from .statements import Statement, StatementVote


def participants(among: Select[Any], *, at: datetime) -> Subquery:
    """`consultation_id`, `person_id`: once each of those who have taken part in the consultations whose ids are
    `among`; whoever was erased since is among them.

    Whoever said something that was not taken back, for themselves or for another, and for whom it was said; who speaks
    at present for an organisation that filed a position; who made statements or voted on some; who was at a meeting
    held for it; and who proposed it, where they do not own it.
    """
    said = Contribution.consultation_id.in_(among), Contribution.counts()
    spoken = Mandate.in_force(at), Mandate.confirmed_by_id.is_not(None)
    not_owned = (
        Consultation.proposer_id.is_distinct_from(Consultation.owner_id),
        Consultation.proposer_id.is_distinct_from(Consultation.co_owner_id),
    )
    return union(
        select(Contribution.consultation_id.label("consultation_id"), Contribution.person_id.label("person_id")).where(
            *said
        ),
        select(Contribution.consultation_id, Contribution.filed_by_id).where(
            *said, Contribution.filed_by_id.is_not(None)
        ),
        select(Contribution.consultation_id, Mandate.person_id)
        .join(Mandate, Mandate.organisation_id == Contribution.organisation_id)
        .where(*said, Contribution.kind == ContributionKind.POSITION, *spoken),
        select(Statement.consultation_id, Statement.person_id).where(
            Statement.consultation_id.in_(among), Statement.withdrawn_at.is_(None)
        ),
        select(Statement.consultation_id, StatementVote.person_id)
        .join(StatementVote, StatementVote.statement_id == Statement.id)
        .where(Statement.consultation_id.in_(among)),
        select(ConsultationMeeting.consultation_id, Invitation.person_id)
        .join(Invitation, Invitation.meeting_id == ConsultationMeeting.meeting_id)
        .where(ConsultationMeeting.consultation_id.in_(among), Invitation.attendance == Attendance.PRESENT),
        select(Consultation.id, Consultation.proposer_id).where(
            Consultation.id.in_(among), Consultation.proposer_id.is_not(None), *not_owned
        ),
    ).subquery()


def participants_of(consultation_id: int, *, at: datetime) -> Select[int]:
    """The ids of everybody who has taken part in one, each once, whoever was erased excepted."""
    parts = participants(select(Consultation.id).where(Consultation.id == consultation_id), at=at)
    return select(Person.id).where(Person.id.in_(select(parts.c.person_id)), Person.erased_at.is_(None))
