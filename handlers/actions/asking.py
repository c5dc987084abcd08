"""Asking an owner for several actions of one meeting in one message: with a button each, and one for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.screen import Button, Row, Screen, Style, button
from bot.kit.text import Raw, _, ngettext
from db.actions import Action, Side, Source
from handlers.paging import PAGE, turn_pages

from . import cards, telling
from .room import actions, owners

WINDOW = timedelta(minutes=15)  # what is put into the plan one after the other is asked for together
GRACE = timedelta(minutes=1)  # longer than a turn: what was put into the plan before its end is there


def with_others(ctx: Context, action: Action, side: Side) -> bool:
    """Whether the owner of a side is asked for it together with what the same meeting has asked of them just before.

    The first is asked for at once, alone; it stands among the others, too, unless it was answered meanwhile.
    """
    if action.source is not Source.MEETING or action.source_id is None:
        return False
    person_id = action.owner(side)
    before = Action.id != action.id, Action.proposed_at > ctx.now - WINDOW, _owns(person_id)
    if ctx.session.scalar(select(Action.id).where(*_of_meeting(action.source_id), *before).limit(1)) is None:
        return False
    ends = ctx.now + WINDOW - (ctx.now - datetime.min.replace(tzinfo=UTC)) % WINDOW
    until = f"{ends:%Y%m%dT%H%M}"
    key = f"actions:asked:{action.source_id}:{person_id}:{until}"
    ctx.later(ends + GRACE, "actions.ask_together", key=key, meeting=action.source_id, person=person_id, until=until)
    return True


@actions.job("ask_together")
def ask_together(ctx: Context, meeting: int, person: int, until: str) -> None:
    """All that one meeting asks of an owner and they have not answered."""
    found = [
        each for each in unanswered(ctx.session, person, meeting) if telling.is_owner(ctx, each, _side(each, person))
    ]
    once = f"actions:asked:{meeting}:{until}"
    if len(found) == 1:
        lead = _("You are asked to own this action. Do you?")
        ctx.notify(person, cards.card_of(ctx, found[0], _side(found[0], person), lead), once=once)
    elif found:
        ctx.notify(person, _screen(ctx, found, meeting, 0), once=once)


@actions.command("asked", _("What you are asked to own"), allow=owners)
def asked(ctx: Context, meeting: int, page: int = 0) -> Screen:
    """Of one meeting, a page at a time."""
    return _screen(ctx, unanswered(ctx.session, ctx.who.id, meeting), meeting, page)


def unanswered(session: Session, person_id: int, meeting_id: int) -> Sequence[Action]:
    """The actions under way of a meeting that somebody owns and has not agreed to."""
    open_ = or_(
        and_(Action.customs_owner_id == person_id, Action.customs_accepted_at.is_(None)),
        and_(Action.business_owner_id == person_id, Action.business_accepted_at.is_(None)),
    )
    found = select(Action).where(*_of_meeting(meeting_id), Action.under_way(), open_)
    return session.scalars(found.order_by(Action.id)).all()


def _screen(ctx: Context, found: Sequence[Action], meeting_id: int, page: int) -> Screen:
    rows = tuple(
        Row(Raw(each.title, each.language), cards.line(each, ctx), _buttons(each))
        for each in found[page * PAGE : (page + 1) * PAGE]
    )
    lead = ngettext(
        "You are asked to own {count} action. Do you?", "You are asked to own {count} actions. Do you?", len(found)
    )
    all_of_them = (
        (
            button(
                _("I own all of them"),
                "actions.own_all",
                style=Style.PRIMARY,
                meeting=meeting_id,
                until=found[-1].id,  # not what comes after one has looked
            ),
        )
        if len(found) > 1
        else ()
    )
    return Screen(
        lead if found else _("Nothing of this meeting waits for your answer."),
        (_("A meeting has noted them, and they were put into the joint action plan."),) if found else (),
        rows=rows,
        buttons=(
            *all_of_them,
            *turn_pages("actions.asked", page, len(found), meeting=meeting_id),
            button(_("My actions"), "actions.actions"),
        ),
    )


def _buttons(action: Action) -> tuple[Button, ...]:
    return (
        button(_("I own it"), "actions.own", style=Style.PRIMARY, action=action.id),
        button(_("Open"), "actions.show", action=action.id),
    )


def _of_meeting(meeting_id: int) -> tuple[ColumnElement[bool], ...]:
    return Action.source == Source.MEETING, Action.source_id == meeting_id


def _owns(person_id: int) -> ColumnElement[bool]:
    return or_(Action.customs_owner_id == person_id, Action.business_owner_id == person_id)


def _side(action: Action, person_id: int) -> Side:
    return Side.CUSTOMS if action.customs_owner_id == person_id else Side.BUSINESS
