"""What there is of an organisation, one after the other, and what the consultation allows still."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Button, Refusal, button
from bot.kit.text import _
from db.consultations import Consultation
from db.people import Organisation
from db.positions import Position, PositionState
from handlers.people.voices import voices


def others(ctx: Context, organisation_id: int, but: int) -> Sequence[int]:
    """Who else speaks for an organisation."""
    return [each for each in voices(ctx, organisation_id) if each != but]


def lock(ctx: Context, organisation_id: int) -> None:
    """Whoever writes or files for the same organisation waits, and then sees what was done before."""
    row = select(Organisation.id).where(Organisation.id == organisation_id)
    ctx.session.execute(row.with_for_update(key_share=True))


def hold(ctx: Context, position: Position) -> None:
    """The same, of a position that was loaded before: it is as it stands now."""
    lock(ctx, position.organisation_id)
    ctx.session.refresh(position)


def current(
    ctx: Context, consultation_id: int, organisation_id: int, state: PositionState, association_id: int | None = None
) -> Position | None:
    """The one in this state, whoever files it; with `association_id` the one of that association."""
    its = [
        Position.consultation_id == consultation_id,
        Position.organisation_id == organisation_id,
        Position.state == state,
    ]
    if association_id is not None:
        its.append(Position.association_id == association_id)
    return ctx.session.scalar(select(Position).where(*its))


def asked_of(ctx: Context, consultation_id: int, organisation_id: int) -> Sequence[Position]:
    """What associations have asked this member and it has not answered."""
    its = (
        Position.consultation_id == consultation_id,
        Position.organisation_id == organisation_id,
        Position.state == PositionState.ASKED,
    )
    return ctx.session.scalars(select(Position).where(*its)).all()


def must_be_open(consultation: Consultation) -> None:
    if not consultation.takes_answers():
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=consultation.phase))


def must_be_replaceable(ctx: Context, consultation: Consultation, organisation_id: int) -> None:
    """What is filed can be replaced until the close. Where nothing is filed, it can be filed late."""
    stands = current(ctx, consultation.id, organisation_id, PositionState.FILED)
    if stands is not None and consultation.is_late(ctx.now):
        raise Refusal(
            _("A position of your organisation is filed, and the consultation has closed: it stands."),
            buttons=(button(_("Open"), "positions.show", position=stands.id),),
        )


def look_again(position: Position) -> tuple[Button, ...]:
    """What leads to how things stand now."""
    return (button(_("Look again"), "positions.position", consultation=position.consultation_id),)
