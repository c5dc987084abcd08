"""Filed once: the position of an organisation becomes a contribution, and another takes its place until the close."""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.screen import Refusal, Screen
from bot.kit.text import _
from db.consultations import Consultation, Contribution, ContributionKind
from db.positions import Position, PositionState

from . import cards, drafting, finding, reminders, telling
from .room import filers, own, positions


@positions.command(
    "file",
    _("File it"),
    allow=own,
    reads=own,
    confirm=_("This becomes the formal position of your organisation. It can be replaced until the close."),
)
def file(ctx: Context, position: Position) -> Screen:
    """By whoever speaks for the organisation, once a colleague of its author has seen it; late after the close."""
    consultation = cards.consultation_of(ctx, position)
    finding.must_be_open(consultation)
    finding.hold(ctx, position)
    if position.state is PositionState.FILED:
        raise Refusal(_("It is filed already."), buttons=finding.look_again(position))
    if position.state is not PositionState.DRAFT:
        raise Refusal(_("It is no draft any longer."), buttons=finding.look_again(position))
    if not position.is_seen and finding.others(ctx, position.organisation_id, position.author_id):
        raise Refusal(_("A colleague has to see it before it is filed."), buttons=(cards.open_it(position),))
    finding.must_be_replaceable(ctx, consultation, position.organisation_id)
    stood = _make_way(ctx, position)
    put_in(ctx, consultation, position, ctx.who.id)
    lead = _("The position of your organisation is filed.")
    telling.tell_voices(ctx, position.organisation_id, position, lead, once="filed")
    told = _("An organisation has filed its position.") if stood is None else _("An organisation has a new position.")
    telling.tell_owners(ctx, position, told, once="filed")
    return cards.card(ctx, position, _("Filed. Those who consult have it, and answer it."))


@positions.command("take_back", _("Take it back"), allow=filers, reads=filers, confirm=_("It does not count then."))
def take_back(ctx: Context, position: Position) -> Screen:
    """Until the close, by those who filed it."""
    consultation = cards.consultation_of(ctx, position)
    finding.must_be_open(consultation)
    finding.hold(ctx, position)
    if position.state is not PositionState.FILED:
        raise Refusal(_("It is not filed any longer."), buttons=finding.look_again(position))
    if consultation.is_late(ctx.now):
        raise Refusal(_("The consultation has closed: it stands."), buttons=(cards.open_it(position),))
    take_out(ctx, position, PositionState.WITHDRAWN)
    lead = _("This position was taken back.")
    telling.tell_voices(ctx, position.speaker_id, position, lead, once="taken_back")
    if position.association_id is not None:
        telling.tell_voices(ctx, position.organisation_id, position, lead, once="taken_back")
    telling.tell_gone(ctx, position)
    return cards.card(ctx, position, _("Taken back. It does not count any longer."))


def put_in(ctx: Context, consultation: Consultation, position: Position, person_id: int) -> None:
    """It stands, as what `person_id` said: whoever spoke for the organisation. Nothing else of it is filed then."""
    said = Contribution(
        administration_id=consultation.administration_id,
        consultation_id=consultation.id,
        kind=ContributionKind.POSITION,
        person_id=person_id,
        filed_by_id=position.author_id if position.association_id is not None else None,
        organisation_id=position.organisation_id,
        words=position.words,
        language=position.language,
        is_late=consultation.is_late(ctx.now),
        consent=position.consent,
        at=ctx.now,
    )
    ctx.session.add(said)
    ctx.session.flush()
    position.file(said.person_id if position.association_id is None else position.author_id, said.id, at=ctx.now)
    reminders.forget(ctx, position)
    ctx.session.flush()


def take_out(ctx: Context, position: Position, state: PositionState) -> None:
    """It stands no longer, and needs no answer."""
    if position.contribution_id is not None:
        ctx.session.get_one(Contribution, position.contribution_id).withdrawn_at = ctx.now
    drafting.end(ctx, position, state)


def _make_way(ctx: Context, position: Position) -> Position | None:
    """What stood before, and what was asked for it, give way to the organisation's own; their associations hear it."""
    lead = _("The member has filed its own position. Yours for it does not count.")
    for asked in finding.asked_of(ctx, position.consultation_id, position.organisation_id):
        drafting.end(ctx, asked, PositionState.DROPPED)
        telling.tell_voices(ctx, asked.speaker_id, asked, lead, once="own")
    stood = finding.current(ctx, position.consultation_id, position.organisation_id, PositionState.FILED)
    if stood is not None:
        take_out(ctx, stood, PositionState.REPLACED)
        if stood.association_id is not None:
            telling.tell_voices(ctx, stood.speaker_id, stood, lead, once="own")
    return stood
