"""What waits for somebody among the consultations: for home."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, or_, select

from bot.kit.context import Context
from bot.kit.screen import Row, Style, button
from bot.kit.text import Code, Raw, When, _
from db.audiences import within_for
from db.conclusions import Conclusion
from db.consultations import Consultation, ConsultationTranslation, Contribution, Phase
from db.people import Kind

from . import cards

MOST = 3  # what they own, then what closes first: the others are in their list

_ME: Any = bindparam("person")
_SAID = select(Contribution.id).where(Contribution.consultation_id == Consultation.id, Contribution.person_id == _ME)
_UNSIGNED = select(Conclusion.id).where(
    Conclusion.consultation_id == Consultation.id,
    Conclusion.co_owner_id == _ME,
    Conclusion.published_at.is_(None),
    Conclusion.sent_back_at.is_(None),
    Conclusion.signed_at.is_(None),
    Conclusion.refused_at.is_(None),
)
_OWNED = or_(
    and_(
        or_(Consultation.owner_id == _ME, Consultation.co_owner_id == _ME),
        Consultation.phase.in_((Phase.PREPARED, Phase.DECISION)),
    ),
    and_(Consultation.asked_id == _ME, Consultation.phase == Phase.PREPARED),
)
_OPEN = and_(
    Consultation.phase.in_((Phase.SHAPING, Phase.COMMENTS)),
    Consultation.closes_at > bindparam("now", type_=Consultation.closes_at.type),
    ~exists(_SAID),
    Consultation.co_owner_id.is_distinct_from(_ME),
)
# Home asks this of everybody, every time: one question, and its title in their language with it.
_WAITS = (
    select(Consultation, ConsultationTranslation.title, _OPEN.label("is_open"), exists(_UNSIGNED).label("is_unsigned"))
    .outerjoin(
        ConsultationTranslation,
        (ConsultationTranslation.consultation_id == Consultation.id)
        & (ConsultationTranslation.language == bindparam("language")),
    )
    .where(Consultation.administration_id == bindparam("home"))
    .order_by(Consultation.phase.in_((Phase.SHAPING, Phase.COMMENTS)), Consultation.closes_at, Consultation.id)
    .limit(MOST)
)
_OWN = _WAITS.where(_OWNED)


@cache
def _own_and_open(kind: Kind | None) -> Select[Consultation, str, bool, bool]:
    return _WAITS.where(or_(_OWNED, and_(_OPEN, within_for(Consultation, kind, _ME))))


def waiting(ctx: Context) -> tuple[Row, ...]:
    """What they are asked to own, what of theirs is being prepared, to be answered or signed; and what is open to them
    and in which they have said nothing yet. Staff find what is open in their list."""
    waits = _OWN if ctx.who.is_staff else _own_and_open(ctx.who.kind)
    asked = {
        "person": ctx.who.id,
        "home": ctx.who.administration_id,
        "language": ctx.who.language,
        "now": ctx.now,
    }
    rows = []
    for each, translated, lies_open, is_unsigned in ctx.session.execute(waits, asked):
        title = Raw(translated, ctx.who.language) if translated else Raw(each.title, each.language)
        rows.append(_to_say(each, title) if lies_open else _own(ctx, each, title, is_unsigned=is_unsigned))
    return tuple(rows)


def _to_say(consultation: Consultation, title: Raw) -> Row:
    closes = cards.at(consultation, consultation.closes_at)
    until = _("{ref} · you can have your say until {when}", ref=Code(consultation.ref), when=closes)
    look = button(_("Have your say"), "consultations.show", style=Style.PRIMARY, consultation=consultation.id)
    return Row(title, until, (look,))


def _own(ctx: Context, consultation: Consultation, title: Raw, *, is_unsigned: bool) -> Row:
    ref, opens = Code(consultation.ref), consultation.shaping_at or consultation.comments_at
    verb, said = "consultations.show", cards.line(consultation)
    if consultation.asked_id == ctx.who.id:
        said = _("{ref} · you are asked to own it together with Customs", ref=ref)
    elif is_unsigned:
        verb = "conclusions.statement"
        said = _("{ref} · its outcome statement waits for your signature", ref=ref)
    elif consultation.phase is Phase.DECISION and consultation.outcome_due is not None:
        said = _("{ref} · closed; its outcome is promised by {when}", ref=ref, when=_day(consultation.outcome_due))
    elif consultation.phase is Phase.PREPARED and opens is not None:
        said = _("{ref} · being prepared; it opens on {when}", ref=ref, when=_day(opens))
    look = button(_("Open"), verb, style=Style.PRIMARY, consultation=consultation.id)
    return Row(title, said, (look,))


def _day(at: datetime) -> When:
    return When(at, day_only=True)
