"""What a proposed session comes from: an issue, or a consultation."""

from __future__ import annotations

from sqlalchemy import or_, select

from bot.kit.context import Context
from bot.kit.text import Code, Raw, Text, _
from db.calls import Proposal
from db.consultations import Consultation
from db.issues import Issue
from db.symposia import SymposiumSession


def came_from(ctx: Context, proposal: Proposal) -> Text | None:
    """Its reference; of a consultation the title too, for whoever may see it."""
    if proposal.consultation_id is None:
        return Code(Issue.ref_of(proposal.issue_id)) if proposal.issue_id is not None else None
    consultation = _seen(ctx, proposal)
    if consultation is None:
        return Code(Consultation.ref_of(proposal.consultation_id))
    title = Raw(consultation.title, consultation.language)
    return _("{title} ({ref})", title=title, ref=Code(consultation.ref))


def of_session(ctx: Context, session: SymposiumSession, *, runs_it: bool) -> Text | None:
    """The same of a session on the programme, which many read: an issue is named to whoever runs the symposium alone,
    a consultation to whoever may see it."""
    any_ = or_(Proposal.consultation_id.is_not(None), Proposal.issue_id.is_not(None))
    proposal = ctx.session.scalar(select(Proposal).where(Proposal.session_id == session.id, any_).limit(1))
    if proposal is None or not (runs_it or _seen(ctx, proposal) is not None):
        return None
    return came_from(ctx, proposal)


def _seen(ctx: Context, proposal: Proposal) -> Consultation | None:
    its = Consultation.id == proposal.consultation_id, Consultation.visible_to(ctx.who)
    return ctx.session.scalar(select(Consultation).where(*its))
