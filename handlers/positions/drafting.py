"""An organisation's position is written by one who may speak for it, and a colleague sees it before it is filed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Quote, Refusal, Screen
from bot.kit.text import Raw, _
from db.consultations import Consultation
from db.people import Who
from db.positions import Position, PositionState, Stance

from . import cards, finding, reminders, telling
from .room import filers, own, positions, speakers

WORDS = 3000
STANCE = ask.choice(_("Where does the organisation stand?"))
IN_ITS_WORDS = ask.prose(_("In its own words"), max=WORDS)


@positions.form("draft", _("Write our position"), allow=speakers)
class Draft(Form):
    """A draft, which colleagues see. Where a position is filed already, it would be filed in that one's place."""

    consultation: Consultation = ask.about()
    stance: Stance = STANCE
    words: str = IN_ITS_WORDS

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        consultation, ours = bound["consultation"], organisation_of(ctx.who)
        finding.must_be_open(consultation)
        finding.lock(ctx, ours)
        found = finding.current(ctx, consultation.id, ours, PositionState.DRAFT)
        if found is not None:
            raise Refusal(_("There is a draft of your organisation already."), buttons=(cards.open_it(found),))
        finding.must_be_replaceable(ctx, consultation, ours)

    def submit(self, ctx: Context) -> Screen:
        ours = organisation_of(ctx.who)
        return _written(ctx, write(ctx, self.consultation, ours, self.stance, self.words, PositionState.DRAFT))


@positions.form("redraft", _("Write it anew"), allow=own, reads=own)
class Redraft(Form):
    """Other words in the place of a draft: a colleague is to see these, too."""

    position: Position = ask.about()
    stance: Stance = STANCE
    words: str = IN_ITS_WORDS

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_be_draft(ctx, bound["position"])

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        position = bound["position"]
        return (Quote(Raw(position.words, position.language), label=_("The draft")),)

    def submit(self, ctx: Context) -> Screen:
        before = self.position
        end(ctx, before, PositionState.DROPPED)
        consultation = cards.consultation_of(ctx, before)
        made = write(ctx, consultation, before.organisation_id, self.stance, self.words, PositionState.DRAFT)
        return _written(ctx, made)


@positions.command("seen", _("I have seen it"), allow=own, reads=own)
def seen(ctx: Context, position: Position) -> Screen:
    """A colleague of its author has read the draft, and says so."""
    must_be_draft(ctx, position)
    if position.author_id == ctx.who.id:
        raise Refusal(_("Somebody else has to see it: you wrote it."))
    if position.see(ctx.who.id, at=ctx.now):
        ctx.session.flush()
        lead = _("A colleague has seen the draft. It can be filed.")
        telling.tell_voices(ctx, position.organisation_id, position, lead, once=f"seen:{position.version}")
    return cards.card(ctx, position, _("Noted. It can be filed now."))


@positions.form("remark", _("Say what to change"), allow=own, reads=own)
class Remark(Form):
    """A colleague would have it otherwise, and says how."""

    review = False

    position: Position = ask.about()
    words: str = ask.prose(_("What would you change?"), max=1000)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_be_draft(ctx, bound["position"])
        if bound["position"].author_id == ctx.who.id:
            raise Refusal(_("You wrote it: write it anew."), buttons=(cards.open_it(bound["position"]),))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        position = bound["position"]
        return (Quote(Raw(position.words, position.language), label=_("The draft")),)

    def submit(self, ctx: Context) -> Screen:
        self.position.note(ctx.who.id, self.words, ctx.who.language)
        ctx.session.flush()
        lead = _("A colleague would change something in the draft of your organisation’s position.")
        once = f"remark:{self.position.version}"
        telling.tell_voices(ctx, self.position.organisation_id, self.position, lead, once=once)
        return cards.card(ctx, self.position, _("Your colleagues hear it."))


@positions.command("drop", _("Do not file it"), allow=filers, reads=filers, confirm=_("It is not filed then."))
def drop(ctx: Context, position: Position) -> Screen:
    """A draft, or what a member was asked, is given up by those who wrote it."""
    finding.hold(ctx, position)
    if position.state not in (PositionState.DRAFT, PositionState.ASKED):
        raise Refusal(_("It is no draft any longer."), buttons=finding.look_again(position))
    was_asked = position.state is PositionState.ASKED
    end(ctx, position, PositionState.DROPPED)
    telling.tell_voices(ctx, position.speaker_id, position, _("A colleague has given up this draft."), once="dropped")
    if was_asked:
        lead = _("The association does not file this for you: your answer is not needed any longer.")
        telling.tell_voices(ctx, position.organisation_id, position, lead, once="dropped")
    return cards.card(ctx, position, _("It is not filed."))


def organisation_of(who: Who) -> int:
    """The organisation whoever acts speaks for; the rules of the room let nobody else come so far."""
    if who.organisation_id is None:
        raise LookupError(f"{who.id} speaks for no organisation")
    return who.organisation_id


def must_be_draft(ctx: Context, position: Position) -> None:
    """Held, as it stands now."""
    finding.must_be_open(cards.consultation_of(ctx, position))
    finding.hold(ctx, position)
    if position.state is not PositionState.DRAFT:
        raise Refusal(_("It is no draft any longer."), buttons=finding.look_again(position))


def write(
    ctx: Context,
    consultation: Consultation,
    organisation_id: int,
    stance: Stance,
    words: str,
    state: PositionState,
    association_id: int | None = None,
) -> Position:
    """Keep a text that is not filed yet."""
    made = Position(
        administration_id=consultation.administration_id,
        consultation_id=consultation.id,
        organisation_id=organisation_id,
        association_id=association_id,
        state=state,
        stance=stance,
        words=words,
        language=ctx.who.language,
        author_id=ctx.who.id,
        written_at=ctx.now,
    )
    ctx.session.add(made)
    ctx.session.flush()
    reminders.plan(ctx, consultation, made)
    return made


def end(ctx: Context, position: Position, state: PositionState) -> None:
    """It is current no longer; another may come into its place."""
    position.end(state, ctx.who.id, at=ctx.now)
    reminders.forget(ctx, position)
    ctx.session.flush()


def _written(ctx: Context, position: Position) -> Screen:
    lead = _("A colleague has written a draft of your organisation’s position. Please look at it.")
    telling.tell_voices(ctx, position.organisation_id, position, lead, once="draft")
    if finding.others(ctx, position.organisation_id, ctx.who.id):
        return cards.card(ctx, position, _("Kept as a draft. Your colleagues are asked to look at it."))
    return cards.card(ctx, position, _("Kept as a draft."))
