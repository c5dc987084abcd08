"""Who hears of a position: those who speak for the organisation, for its association, and those who consult."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.kit.context import Context
from bot.kit.screen import Fact, Screen, button
from bot.kit.text import Phrase, _
from db.people import Person, Topic
from db.positions import Position
from handlers.consultations import cards as consultation_cards
from handlers.people.voices import voices

from . import cards
from .finding import others


def tell_voices(ctx: Context, organisation_id: int, position: Position, lead: Phrase, *, once: str) -> None:
    """Everybody who speaks for that organisation, but whoever acts."""
    _tell(ctx, others(ctx, organisation_id, ctx.who.id), position, lead, once=once)


def tell_owners(ctx: Context, position: Position, lead: Phrase, *, once: str) -> None:
    """Those who own the consultation, on either side, but whoever acts and whoever hears of it as a colleague."""
    _tell(ctx, _owners(ctx, position), position, lead, once=once, topic=Topic.ARRIVALS)


def tell_gone(ctx: Context, position: Position) -> None:
    """The same, of one that is theirs to read no longer."""
    consultation = cards.consultation_of(ctx, position)
    lead = _("A position does not count any longer. It was taken back.")
    screen = Screen(
        lead,
        (consultation_cards.title(consultation),),
        (Fact(_("Organisation"), cards.name_of(ctx, position.organisation_id)),),
        buttons=(button(_("Positions that were filed"), "positions.received", consultation=consultation.id),),
    )
    for person_id in _owners(ctx, position):
        ctx.notify(person_id, screen, once=f"position:{position.id}:gone", topic=Topic.ARRIVALS)


def remind(ctx: Context, position: Position, lead: Phrase) -> None:
    """Everybody who speaks for the organisation."""
    people = voices(ctx, position.organisation_id)
    _tell(ctx, people, position, lead, once="reminded", topic=Topic.REMINDERS)


def _owners(ctx: Context, position: Position) -> Sequence[int]:
    consultation = cards.consultation_of(ctx, position)
    sides = {each for each in (consultation.owner_id, consultation.co_owner_id) if each is not None}
    told = {ctx.who.id, *voices(ctx, position.speaker_id), *voices(ctx, position.organisation_id)}
    return sorted(sides - told)


def _tell(
    ctx: Context, people: Iterable[int], position: Position, lead: Phrase, *, once: str, topic: Topic | None = None
) -> None:
    for person_id in people:
        reader = ctx.who_is(ctx.session.get_one(Person, person_id))
        screen = cards.card(ctx, position, lead, reader=reader)
        ctx.notify(person_id, screen, once=f"position:{position.id}:{once}", topic=topic)
