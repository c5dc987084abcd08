"""An association files for a member it names, with its consent: asked and answered here, or on record elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Refusal, Screen
from bot.kit.text import Raw, _, name_members
from db.consultations import Consultation
from db.people import Kind, Organisation, Standing
from db.positions import Position, PositionState, Stance
from handlers.people.searching import closest
from handlers.people.voices import voices

from . import cards, drafting, filing, finding, telling
from .room import associations, member, positions


class Consent(StrEnum):
    ASK = "ask"
    RECORDED = "recorded"


name_members(
    {
        Consent.ASK: _("Ask it here: nothing is filed before it agrees"),
        Consent.RECORDED: _("It has agreed: I say what that rests on"),
    }
)


def members_named(ctx: Context, query: str) -> Sequence[Option]:
    """The businesses of the administration whose names are most like what was typed."""
    known = select(Organisation.id, Organisation.name).where(
        Organisation.visible_to(ctx.who),
        Organisation.standing == Standing.VERIFIED,
        Organisation.kind == Kind.BUSINESS,
    )
    names = {str(row.id): row.name for row in ctx.session.execute(known.order_by(Organisation.name))}
    found = [query] if query in names else closest(query, names)
    return [Option(key, Raw(names[key])) for key in found]


@positions.form("for_member", _("File for a member"), allow=associations)
class ForMember(Form):
    """In the member's name, with what its consent rests on; who speaks for it hears it, and may take it back."""

    consultation: Consultation = ask.about()
    member: str = ask.pick(_("For which member?"), options=members_named, hint=_("Type its name."))
    stance: Stance = ask.choice(_("Where does the member stand?"))
    words: str = ask.prose(_("In the member’s words"), max=drafting.WORDS)
    consent: Consent = ask.choice(_("Does the member agree?"))
    rests_on: str | None = ask.prose(
        _("What does its agreement rest on?"),
        max=500,
        hint=_("For example: a letter of 3 March, or the decision of a meeting. Those who consult read it."),
        when=lambda so_far: so_far.consent is Consent.RECORDED,
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        finding.must_be_open(bound["consultation"])

    def submit(self, ctx: Context) -> Screen:
        of, ours, consultation = int(self.member), drafting.organisation_of(ctx.who), self.consultation
        finding.lock(ctx, of)
        must_be_free(ctx, consultation, of)
        asked = finding.current(ctx, consultation.id, of, PositionState.ASKED, ours)
        if asked is not None:
            raise Refusal(_("This member is asked already."), buttons=(cards.open_it(asked),))
        if self.consent is Consent.ASK and not voices(ctx, of):
            raise Refusal(
                _("Nobody speaks for it here who could be asked. If it has agreed, say what that rests on."),
                field="consent",
            )
        made = drafting.write(ctx, consultation, of, self.stance, self.words, PositionState.ASKED, ours)
        if self.consent is Consent.ASK:
            lead = _("An association would file this for your organisation. Do you agree?")
            telling.tell_voices(ctx, of, made, lead, once="asked")
            return cards.card(ctx, made, _("The member is asked."))
        made.agree(None, self.rests_on or "", ctx.who.language, at=ctx.now)
        filing.put_in(ctx, consultation, made, _whose(ctx, made))
        tell_filed(ctx, made)
        return cards.card(ctx, made, _("Filed. Those who speak for the member hear it, and can take it back."))


@positions.command("agree", _("We agree"), allow=member, reads=member)
def agree(ctx: Context, position: Position) -> Screen:
    """The member says so, and it is filed."""
    consultation = cards.consultation_of(ctx, position)
    _must_be_asked(ctx, position, consultation)
    must_be_free(ctx, consultation, position.organisation_id)
    association = cards.name_of(ctx, position.speaker_id)
    words = ctx.words_for(ctx.who)(_("We agree that {association} files this for us.", association=association))
    position.agree(ctx.who.id, words, ctx.who.language, at=ctx.now)
    filing.put_in(ctx, consultation, position, ctx.who.id)
    tell_filed(ctx, position)
    return cards.card(ctx, position, _("Filed for you. You can take your consent back while it is open."))


@positions.command("refuse", _("We do not agree"), allow=member, reads=member)
def refuse(ctx: Context, position: Position) -> Screen:
    """It is not filed."""
    _must_be_asked(ctx, position, cards.consultation_of(ctx, position))
    drafting.end(ctx, position, PositionState.REFUSED)
    telling.tell_voices(ctx, position.speaker_id, position, _("The member does not agree: it is not filed."), once="no")
    lead = _("A colleague did not agree to this. It is not filed.")
    telling.tell_voices(ctx, position.organisation_id, position, lead, once="no")
    return cards.card(ctx, position, _("It is not filed. The association hears it."))


@positions.command(
    "no_longer", _("We no longer agree"), allow=member, reads=member, confirm=_("It does not count then.")
)
def no_longer(ctx: Context, position: Position) -> Screen:
    """The member takes its consent back, or never gave it: what rests on it is withdrawn, after the close too."""
    finding.must_be_open(cards.consultation_of(ctx, position))
    finding.hold(ctx, position)
    if position.state is not PositionState.FILED:
        raise Refusal(_("It is not filed any longer."), buttons=finding.look_again(position))
    filing.take_out(ctx, position, PositionState.WITHDRAWN)
    lead = _("The member does not agree any longer: what was filed for it is withdrawn.")
    telling.tell_voices(ctx, position.speaker_id, position, lead, once="no_longer")
    telling.tell_voices(ctx, position.organisation_id, position, lead, once="no_longer")
    telling.tell_gone(ctx, position)
    return cards.card(ctx, position, _("Withdrawn. It does not count any longer."))


def tell_filed(ctx: Context, position: Position) -> None:
    """Those who filed it, those it is filed for, and those who consult."""
    telling.tell_voices(ctx, position.speaker_id, position, _("This is filed for the member."), once="filed")
    lead = _("An association has filed this for your organisation.")
    telling.tell_voices(ctx, position.organisation_id, position, lead, once="filed")
    lead = _("An association has filed the position of a member.")
    telling.tell_owners(ctx, position, lead, once="filed")


def must_be_free(ctx: Context, consultation: Consultation, organisation_id: int) -> None:
    """Filed once: what stands is replaced by nobody but those who speak for the organisation itself."""
    if finding.current(ctx, consultation.id, organisation_id, PositionState.FILED) is not None:
        raise Refusal(_("A position of this organisation is filed already. Only they themselves can replace it."))


def _must_be_asked(ctx: Context, position: Position, consultation: Consultation) -> None:
    finding.must_be_open(consultation)
    finding.hold(ctx, position)
    if position.state is not PositionState.ASKED:
        raise Refusal(_("That has been answered already."), buttons=finding.look_again(position))


def _whose(ctx: Context, position: Position) -> int:
    """Who stands for a member whose consent is on record: its contact or first voice; where it has none, who filed."""
    speaking = voices(ctx, position.organisation_id)
    contact = ctx.session.get_one(Organisation, position.organisation_id).contact_id
    if contact is not None and contact in speaking:
        return contact
    return next(iter(speaking), position.author_id)
