"""The room every part of this capability declares itself in, its rules, and how a statement is shown."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, select

from bot.kit.capability import Capability
from bot.kit.context import Context
from bot.kit.screen import Button, NotFound, Quote, Refusal, button
from bot.kit.text import Phrase, Raw, _, name_members
from db.consultations import SHOWN, Consultation
from db.statements import Side, Statement, Vote
from handlers.consultations import cards
from handlers.consultations.room import ON_CONSULTATION, members, owners

__all__ = ["members", "owners"]

statements = Capability("statements", _("Statements"))
CLOSED = _("Nothing can be said here any more.")

name_members({Vote.AGREE: _("Agree"), Vote.DISAGREE: _("Disagree"), Vote.PASS: _("Pass")})
name_members({Side.TRADE: _("Trade"), Side.AGENCIES: _("Other agencies"), Side.CUSTOMS: _("Customs")})


def on_card(ctx: Context, consultation: Consultation) -> tuple[Button, ...]:
    if consultation.phase not in SHOWN or not ctx.who.is_registered:
        return ()
    return (button(_("Statements"), "statements.statements", consultation=consultation.id),)


ON_CONSULTATION.append(on_card)


def standing(ctx: Context, consultation: Consultation) -> ColumnElement[bool]:
    """Those of a consultation that whoever asks may see, and that stand."""
    return and_(Statement.consultation_id == consultation.id, Statement.visible_to(ctx.who), Statement.stands())


def consultation_of(ctx: Context, statement: Statement) -> Consultation:
    """Raises what is said of what does not exist where whoever asks does not see it any more."""
    its = Consultation.id == statement.consultation_id, Consultation.visible_to(ctx.who)
    found = ctx.session.scalar(select(Consultation).where(*its))
    if found is None:
        raise NotFound()
    return found


def owned(ctx: Context, statement: Statement) -> Consultation:
    """The same, for its owners only."""
    consultation = consultation_of(ctx, statement)
    if not consultation.is_owned_by(ctx.who):
        raise NotFound()
    return consultation


def must_be_open(consultation: Consultation) -> None:
    if not consultation.takes_answers():
        raise Refusal(CLOSED, buttons=(cards.back(consultation),))


def words(statement: Statement, language: str) -> Raw:
    """In that language, where somebody has translated it, and else as it was written."""
    translated = statement.translations.get(language)
    return Raw(translated, language) if translated else Raw(statement.words, statement.language)


def quoted(statement: Statement, language: str) -> Sequence[Quote]:
    """The same, and the original beside a translation."""
    told = words(statement, language)
    if told.words == statement.words:
        return (Quote(told),)
    return (Quote(told), Quote(Raw(statement.words, statement.language), label=_("As it was written")))


def late(ctx: Context, consultation: Consultation) -> tuple[Phrase, ...]:
    if consultation.takes_answers() and consultation.is_late(ctx.now):
        return (_("It has closed: what you say now is accepted, and marked as late."),)
    return ()
