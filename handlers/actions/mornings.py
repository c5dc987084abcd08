"""The ladder's reminders of one morning: all that somebody is reminded of then comes in one message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from bot.kit.context import Context
from bot.kit.screen import Screen, button
from bot.kit.text import Phrase, Text, When, _, ngettext
from db.actions import Action, ActionEntry, Deed, Side, State
from db.people import Person, Topic
from handlers.paging import PAGE
from scheduling import ladder
from scheduling.ladder import OWNERS, Rung

from . import cards, offices, telling
from .room import actions

NEAR = timedelta(days=45)  # no rung is further from the day that an action is due


@dataclass(frozen=True)
class Reminder:
    """What somebody is reminded of, as an owner or, without a side, as one who oversees it."""

    action: Action
    step: Rung
    side: Side | None
    lead: Phrase
    topic: Topic | None


def remind(ctx: Context, person: Person, step: Rung, at: datetime) -> None:
    """The rung of one action has come for this person, in the morning that begins `at`: whichever of them is the first
    lets all be told."""
    office = "" if step in OWNERS else step.value
    key = f"actions:morning:{ctx.who.administration_id}:{person.id}:{at:%Y%m%dT%H%M}:{office}"
    ctx.later(ctx.now, "actions.morning", key=key, person=person.id, begins=at.isoformat(), office=office)


@actions.job("morning")
def morning(ctx: Context, person: int, begins: str, office: str) -> None:
    """Everything of that morning that still waits for them. The day itself is told to whoever hears no reminders."""
    reminded, at = ctx.session.get(Person, person), datetime.fromisoformat(begins)
    if reminded is None or reminded.erased_at is not None:
        return
    found = _of_an_office(ctx, reminded, at, Rung(office)) if office else _of_an_owner(ctx, reminded, at)
    late = (_("This reminder was due on {when} and comes late.", when=When(at)),)
    body = late if ctx.now - at > ladder.LATE else ()
    for topic in dict.fromkeys(each.topic for each in found):
        those = [each for each in found if each.topic is topic]
        if len(those) == 1:
            (only,) = those
            screen = cards.card_of(ctx, only.action, only.side, only.lead, *body)
            once = f"{only.action.ref}:{only.step}:{only.action.run}"
        else:
            screen, once = _together(those, body), f"actions:morning:{begins}:{office}:{topic or ''}"
        ctx.notify(reminded, screen, once=once, topic=topic)


def _together(those: Sequence[Reminder], body: tuple[Text, ...]) -> Screen:
    """The nearest first; what is more than a message holds is in the plan."""
    shown = sorted(those, key=lambda each: (each.action.due_day, each.action.id))[:PAGE]
    left = len(those) - len(shown)
    more = (ngettext("And {count} more.", "And {count} more.", left),) if left else ()
    return Screen(
        ngettext("{count} action waits for you.", "{count} actions wait for you.", len(those)),
        (*body, *more),
        rows=tuple(cards.reminder(each.action, each.side, each.lead) for each in shown),
        buttons=(button(_("My actions"), "actions.actions"),),
    )


def _of_an_owner(ctx: Context, person: Person, begins: datetime) -> list[Reminder]:
    week, found = offices.mornings(ctx, person), []
    own = or_(Action.customs_owner_id == person.id, Action.business_owner_id == person.id)
    for action in _under_way(ctx, person, begins, own):
        rungs = ladder.owner_rungs(week, action.due_day)
        step = next((each for each, at in rungs.items() if at == begins), None)
        side = Side.CUSTOMS if action.customs_owner_id == person.id else Side.BUSINESS
        if step is None or any(begins < other <= ctx.now for other in rungs.values()):
            continue  # a later one says it better
        if side not in telling.waits_for(action) or not telling.is_owner(ctx, action, side):
            continue
        if step is Rung.TODAY or not _is_snoozed(ctx, action, person.id):
            topic = None if step is Rung.TODAY else Topic.REMINDERS
            found.append(Reminder(action, step, side, _lead(ctx, action, person.zone), topic))
    return found


def _of_an_office(ctx: Context, person: Person, begins: datetime, step: Rung) -> list[Reminder]:
    week = offices.mornings(ctx, person)
    return [
        Reminder(action, step, None, _overdue(ctx, action, step), None)
        for action in _under_way(ctx, person, begins)
        if ladder.office_rung(week, action.due_day, step) == begins and person.id in offices.told_of(ctx, action, step)
    ]


def _under_way(ctx: Context, person: Person, begins: datetime, *which: Any) -> Sequence[Action]:
    here = Action.administration_id == ctx.who.administration_id, Action.under_way(), *which
    day = begins.date()
    found = select(Action).where(*here, Action.due_day.between(day - NEAR, day + NEAR))
    return ctx.session.scalars(found.order_by(Action.id)).all()


def _lead(ctx: Context, action: Action, zone: str) -> Phrase:
    """How near its date is, counted from the reader's own day, and what is waited for."""
    left = (action.due_day - ctx.now.astimezone(ZoneInfo(zone)).date()).days
    if action.state is State.CLAIMED:
        return _("The other owner says that this is done. Please confirm or dispute it.")
    if left > 0:
        return ngettext("This action is due in {count} day.", "This action is due in {count} days.", left)
    return _("This action is due today.") if left == 0 else _("This action was due on {day}.", day=action.due_day)


def _overdue(ctx: Context, action: Action, step: Rung) -> Phrase:
    if step is Rung.COORDINATOR or not offices.told_of(ctx, action, Rung.COORDINATOR):
        return _("This action was due on {day} and is not done. Its owners were reminded.", day=action.due_day)
    return _(
        "This action was due on {day} and is not done. Its owners and its coordinator were reminded.",
        day=action.due_day,
    )


def _is_snoozed(ctx: Context, action: Action, person_id: int) -> bool:
    until = select(func.max(ActionEntry.until)).where(*snoozed(action, person_id))
    found = ctx.session.scalar(until)
    return found is not None and found > ctx.now


def snoozed(action: Action, person_id: int) -> tuple[Any, ...]:
    """The reminders that somebody has put off, of the date it has now."""
    here = ActionEntry.action_id == action.id, ActionEntry.run == action.run
    return (*here, ActionEntry.deed == Deed.SNOOZED, ActionEntry.author_id == person_id)
