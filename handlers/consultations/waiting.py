"""What waits for somebody among the consultations: for home."""

from __future__ import annotations

from sqlalchemy import bindparam, exists, select

from bot.kit.context import Context
from bot.kit.screen import Row, Style, button
from bot.kit.text import Code, Raw, _
from db.consultations import Consultation, ConsultationTranslation, Contribution, Phase

from . import cards

MOST = 2  # what closes first: the others are in their list

_SAID = select(Contribution.id).where(
    Contribution.consultation_id == Consultation.id, Contribution.person_id == bindparam("person")
)
# Home asks this of everybody, every time: one question, and its title in their language with it.
_OPEN = (
    select(Consultation, ConsultationTranslation.title)
    .outerjoin(
        ConsultationTranslation,
        (ConsultationTranslation.consultation_id == Consultation.id)
        & (ConsultationTranslation.language == bindparam("language")),
    )
    .where(Consultation.phase.in_((Phase.SHAPING, Phase.COMMENTS)))
    .where(Consultation.closes_at > bindparam("now", type_=Consultation.closes_at.type))
    .where(~exists(_SAID), Consultation.co_owner_id.is_distinct_from(bindparam("person")))
    .order_by(Consultation.closes_at, Consultation.id)
    .limit(MOST)
)


def waiting(ctx: Context) -> tuple[Row, ...]:
    """Those that are open to them and in which they have said nothing yet. Staff find them in their list."""
    if ctx.who.is_staff:
        return ()
    mine = Consultation.administration_id == ctx.who.administration_id, Consultation.open_to(ctx.who)
    asked = {"person": ctx.who.id, "language": ctx.who.language, "now": ctx.now}
    return tuple(_row(ctx, each, title) for each, title in ctx.session.execute(_OPEN.where(*mine), asked))


def _row(ctx: Context, consultation: Consultation, translated: str | None) -> Row:
    title = Raw(translated, ctx.who.language) if translated else Raw(consultation.title, consultation.language)
    closes = cards.at(consultation, consultation.closes_at)
    until = _("{ref} · you can have your say until {when}", ref=Code(consultation.ref), when=closes)
    look = button(_("Have your say"), "consultations.show", style=Style.PRIMARY, consultation=consultation.id)
    return Row(title, until, (look,))
