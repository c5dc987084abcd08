"""Which positions there are: those of one's own organisation, and for its owners those of a consultation."""

from __future__ import annotations

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.screen import Button, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, _, ngettext, phrase_of
from db.consultations import SHOWN, Consultation
from db.people import Kind, Organisation
from db.positions import CURRENT, Position, PositionState, Stance
from handlers.consultations import cards as consultation_cards
from handlers.consultations.room import ON_CONSULTATION, owners
from handlers.paging import PAGE, turn_pages

from . import cards
from .room import positions, readers, speakers


@positions.command("position", _("Our position"), allow=speakers, reads=speakers)
def position_(ctx: Context, consultation: Consultation) -> Screen:
    """What one's organisation has filed or drafted, what is filed for it, and what it files for its members."""
    seen = Position.consultation_id == consultation.id, Position.visible_to(ctx.who), Position.state.in_(CURRENT)
    found = ctx.session.scalars(select(Position).where(*seen).order_by(Position.id)).all()
    ours = [each for each in found if ctx.who.organisation_id in (each.organisation_id, each.association_id)]
    is_association = ctx.who.organisation_kind is Kind.ASSOCIATION
    if len(ours) == 1 and not is_association:
        return cards.card(ctx, ours[0])
    return Screen(
        _("The position of {organisation}", organisation=Raw(ctx.who.organisation_name or "")),
        (
            consultation_cards.title(consultation),
            *(() if ours else (_("Nothing is written yet. What you write your colleagues see before it is filed."),)),
        ),
        rows=tuple(_row(ctx, each) for each in ours),
        buttons=(*_begin(ctx, consultation, ours), consultation_cards.back(consultation)),
    )


def _begin(ctx: Context, consultation: Consultation, ours: list[Position]) -> tuple[Button, ...]:
    if not consultation.takes_answers():
        return ()
    own = [each for each in ours if each.organisation_id == ctx.who.organisation_id]
    has_own = any(each.state is not PositionState.ASKED for each in own)
    write = button(_("Write our position"), "positions.draft", style=Style.PRIMARY, consultation=consultation.id)
    member = button(_("File for a member"), "positions.for_member", consultation=consultation.id)
    return (*(() if has_own else (write,)), member)


def _row(ctx: Context, position: Position) -> Row:
    name = cards.name_of(ctx, position.organisation_id)
    return Row(name, cards.line(position), (cards.open_it(position),))


@positions.command("show", _("Open a position"), allow=readers, reads=readers)
def show(ctx: Context, position: Position) -> Screen:
    """One of them, as it is for whoever asks."""
    return cards.card(ctx, position)


@positions.command("positions", _("Formal positions"), allow=speakers, reads=speakers, menu=39)
def positions_(ctx: Context, page: int = 0) -> Screen:
    """All that one's organisation has filed, drafted or is asked, the latest first."""
    spoken = ctx.who.organisation_id
    ours = (Position.organisation_id == spoken) | (Position.association_id == spoken)
    seen = ours, Position.visible_to(ctx.who), Position.state.in_(CURRENT)
    total = ctx.session.scalar(select(func.count()).select_from(Position).where(*seen)) or 0
    found = ctx.session.execute(
        select(Position, Consultation, Organisation.name)
        .join(Consultation, Consultation.id == Position.consultation_id)
        .join(Organisation, Organisation.id == Position.organisation_id)
        .where(*seen)
        .order_by(Position.id.desc())
        .offset(page * PAGE)
        .limit(PAGE)
    )
    rows = tuple(
        Row(
            consultation_cards.title(consultation),
            _(
                "{ref} · {organisation} · {stance} · {state}",
                ref=Code(consultation.ref),
                organisation=Raw(name),
                stance=each.stance,
                state=each.state,
            ),
            (cards.open_it(each),),
        )
        for each, consultation, name in found
    )
    none = _("Your organisation has no position yet. Open a consultation to write one.")
    return Screen(
        _("Formal positions"),
        () if rows else (none,),
        rows=rows,
        buttons=(*turn_pages("positions.positions", page, total), _all_consultations()),
    )


@positions.command("received", _("Positions that were filed"), allow=owners, reads=owners)
def received(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    """For those who consult: how many stand where, and each of them."""
    its = Position.consultation_id == consultation.id, Position.state == PositionState.FILED
    seen = *its, Position.visible_to(ctx.who)
    counts = select(Position.stance, func.count()).where(*seen).group_by(Position.stance)
    stands = {row[0]: row[1] for row in ctx.session.execute(counts)}
    found = ctx.session.execute(
        select(Position, Organisation.name)
        .join(Organisation, Organisation.id == Position.organisation_id)
        .where(*seen)
        .order_by(Organisation.name, Position.id)
        .offset(page * PAGE)
        .limit(PAGE)
    )
    rows = tuple(Row(Raw(name), _detail(each), (cards.open_it(each),)) for each, name in found)
    total = sum(stands.values())
    counted = tuple(_("{stance}: {count}", stance=each, count=stands[each]) for each in Stance if each in stands)
    return Screen(
        ngettext("{count} formal position", "{count} formal positions", total) if total else _("No position is filed."),
        (consultation_cards.title(consultation), *counted),
        rows=rows,
        buttons=(
            *turn_pages("positions.received", page, total, consultation=consultation.id),
            consultation_cards.back(consultation),
        ),
    )


def _detail(position: Position) -> Phrase:
    if position.association_id is None:
        return phrase_of(position.stance)
    return _("{stance} · filed by its association", stance=position.stance)


def _all_consultations() -> Button:
    return button(_("Consultations"), "consultations.consultations")


def on_consultation(ctx: Context, consultation: Consultation) -> tuple[Button, ...]:
    """On its card: for whoever speaks for an organisation, and for its owners."""
    if consultation.phase not in SHOWN:
        return ()
    ours = (button(_("Our position"), "positions.position", consultation=consultation.id),)
    came = (button(_("Positions that were filed"), "positions.received", consultation=consultation.id),)
    return (
        *(ours if ctx.who.organisation_id is not None else ()),
        *(came if consultation.is_owned_by(ctx.who) else ()),
    )


ON_CONSULTATION.append(on_consultation)
