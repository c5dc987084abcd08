"""A position as it is shown: to whoever speaks for the organisation, to its association, and to those who consult."""

from __future__ import annotations

from collections.abc import Iterator

from bot.kit.context import Context
from bot.kit.screen import Button, Fact, Quote, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, Text, _
from db.consultations import Consultation, Contribution
from db.people import Organisation, Who
from db.positions import Position, PositionState
from handlers.consultations import cards as consultation_cards
from handlers.people.naming import called

from . import finding


def consultation_of(ctx: Context, position: Position) -> Consultation:
    return ctx.session.get_one(Consultation, position.consultation_id)


def name_of(ctx: Context, organisation_id: int) -> Raw:
    return Raw(ctx.session.get_one(Organisation, organisation_id).name)


def open_it(position: Position) -> Button:
    return button(_("Open"), "positions.show", position=position.id)


def line(position: Position) -> Phrase:
    """A position in one line of a list."""
    return _("{stance} · {state}", stance=position.stance, state=position.state)


def card(ctx: Context, position: Position, lead: Phrase | None = None, *, reader: Who | None = None) -> Screen:
    """One text, with what its reader can do about it; the engine hides from each what is not theirs to do."""
    reader = reader or ctx.who
    consultation = consultation_of(ctx, position)
    heading = _("The position of {organisation}", organisation=name_of(ctx, position.organisation_id))
    return Screen(
        lead or heading,
        (
            *((heading,) if lead else ()),
            consultation_cards.title(consultation),
            Quote(Raw(position.words, position.language)),
            *_said_of_it(position),
            *_next(ctx, position),
        ),
        tuple(_facts(ctx, consultation, position, reader)),
        buttons=(*_buttons(ctx, consultation, position, reader), consultation_cards.back(consultation)),
    )


def _said_of_it(position: Position) -> Iterator[Quote]:
    if position.remark and position.state is PositionState.DRAFT:
        yield Quote(Raw(position.remark, position.remark_language), label=_("What a colleague would change"))
    if position.consent:
        recorded = position.consented_by_id is None
        label = _("What the association has on record of the member’s agreement") if recorded else _("The member says")
        yield Quote(Raw(position.consent, position.consent_language), label=label)


def _next(ctx: Context, position: Position) -> Iterator[Phrase]:
    """What is still to be done before it is filed."""
    if position.state is PositionState.ASKED:
        yield _("Nothing is filed before the member agrees.")
    if position.state is not PositionState.DRAFT:
        return
    if position.is_seen:
        yield _("A colleague has seen it. Whoever speaks for the organisation can file it.")
    elif finding.others(ctx, position.organisation_id, position.author_id):
        yield _("It can be filed when a colleague has seen it.")
    else:
        yield _("Nobody else speaks for the organisation: it can be filed as it is.")


def _facts(ctx: Context, consultation: Consultation, position: Position, reader: Who) -> Iterator[Fact]:
    yield Fact(_("Where it stands"), position.stance)
    yield Fact(_("State"), position.state)
    yield Fact(_("Consultation"), Code(consultation.ref))
    if position.association_id is not None:
        label = _("Filed for it by") if position.filed_at is not None else _("Association")
        yield Fact(label, name_of(ctx, position.association_id))
    names = _names(ctx, consultation, position, reader)
    if position.author_id in names and position.state is not PositionState.FILED:
        yield Fact(_("Written by"), names[position.author_id])
    if position.is_seen and position.seen_by_id in names:
        yield Fact(_("Seen by"), names[position.seen_by_id])
    if position.filed_by_id in names:
        yield Fact(_("Filed by"), names[position.filed_by_id])
    if position.filed_at is not None:
        yield Fact(_("Filed on"), consultation_cards.at(consultation, position.filed_at))
    if position.contribution_id is not None and ctx.session.get_one(Contribution, position.contribution_id).is_late:
        yield Fact(_("Late"), _("It came after the close, and is answered all the same."))


def _names(ctx: Context, consultation: Consultation, position: Position, reader: Who) -> dict[int, Text]:
    """Who wrote, saw and filed it: for their own colleagues, and for those at Customs who consult."""
    if reader.organisation_id != position.speaker_id and not consultation.is_run_by(reader):
        return {}
    people = (position.author_id, position.seen_by_id, position.filed_by_id)
    return called(ctx.session, {each for each in people if each is not None})


def _buttons(ctx: Context, consultation: Consultation, position: Position, reader: Who) -> Iterator[Button]:
    """Each of them is another's: the command's own rule says whose."""
    number = position.id
    is_open = consultation.takes_answers()
    if position.state is PositionState.DRAFT and is_open:
        if not position.is_seen and position.author_id != reader.id:
            yield button(_("I have seen it"), "positions.seen", style=Style.PRIMARY, position=number)
            yield button(_("Say what to change"), "positions.remark", position=number)
        elif position.is_seen or not finding.others(ctx, position.organisation_id, position.author_id):
            yield button(_("File it"), "positions.file", style=Style.PRIMARY, position=number)
        yield button(_("Write it anew"), "positions.redraft", position=number)
        yield button(_("Do not file it"), "positions.drop", style=Style.DANGER, position=number)
    if position.state is PositionState.ASKED and is_open:
        yield button(_("We agree"), "positions.agree", style=Style.PRIMARY, position=number)
        yield button(_("We do not agree"), "positions.refuse", position=number)
        yield button(_("Do not file it"), "positions.drop", style=Style.DANGER, position=number)
    if position.state is PositionState.FILED and is_open:
        if not consultation.is_late(ctx.now):
            if position.organisation_id == reader.organisation_id:
                yield button(_("Replace it"), "positions.draft", consultation=consultation.id)
            yield button(_("Take it back"), "positions.take_back", style=Style.DANGER, position=number)
        yield button(_("We no longer agree"), "positions.no_longer", style=Style.DANGER, position=number)
