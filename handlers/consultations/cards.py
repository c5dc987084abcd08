"""A consultation as it is shown: to its owners with what is still to be done, to everybody else with what is open."""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.screen import Button, Fact, Quote, Screen, button
from bot.kit.text import Code, Phrase, Raw, When, _
from db.consultations import Consultation, Phase

from .room import ON_CONSULTATION


def title(consultation: Consultation) -> Raw:
    return Raw(consultation.title, consultation.language)


def open_it(consultation: Consultation) -> Button:
    return button(_("Open"), "consultations.show", consultation=consultation.id)


def back(consultation: Consultation) -> Button:
    return button(_("Back to {ref}", ref=Code(consultation.ref)), "consultations.show", consultation=consultation.id)


def line(consultation: Consultation) -> Phrase:
    """A consultation in one line of a list."""
    return _("{ref} · {state}", ref=Code(consultation.ref), state=consultation.phase)


def at(consultation: Consultation, instant: object) -> When:
    """An instant in the reader's zone, and in the one its deadline is stated in."""
    return When(instant, venue=consultation.zone)  # type: ignore[arg-type]  # an instant, of a row


def card(ctx: Context, consultation: Consultation, lead: Phrase | None = None) -> Screen:
    """The consultation for whoever asks. What has just happened (`lead`) is the heading."""
    facts = [
        Fact(_("Reference"), Code(consultation.ref)),
        Fact(_("State"), consultation.phase),
    ]
    if consultation.phase in (Phase.COMMENTS, Phase.DRAFTING, Phase.SHAPING) and consultation.closes_at:
        facts.append(Fact(_("Comments until"), at(consultation, consultation.closes_at)))
    return Screen(
        lead or title(consultation),
        (
            *((title(consultation),) if lead else ()),
            Quote(Raw(consultation.summary, consultation.language)),
        ),
        tuple(facts),
        buttons=tuple(each for add in ON_CONSULTATION for each in add(ctx, consultation)),
    )
