"""The plan in calendars: the day on which an action is due, for those who own it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import func, select

from bot.kit.feeds import MINE, Subscriber
from bot.kit.text import Code, _
from db.actions import Action, ActionEntry, Deed
from scheduling.calendar.entry import Entry

from .room import actions


@actions.feed(MINE)
def due_days(subscriber: Subscriber) -> Iterable[Entry]:
    """Whole days: an action is due by the end of one. What is done or dropped is due no longer."""
    who = subscriber.who
    if who is None:
        return
    set_again = (
        select(func.max(ActionEntry.at))
        .where(ActionEntry.action_id == Action.id, ActionEntry.deed == Deed.MOVED)
        .scalar_subquery()
    )
    mine = select(Action, set_again).where(Action.owned_by(who), Action.under_way()).order_by(Action.id)
    for action, moved_at in subscriber.session.execute(mine):
        cover = subscriber.say(_("{ref} is due", ref=Code(action.ref)))
        yield Entry(
            uid=subscriber.uid(f"action-{action.id}"),
            revision=action.version,
            sequence=action.run - 1,  # counts its dates, and nothing else of it is in the calendar
            changed_at=max(filter(None, (moved_at, action.proposed_at))).replace(microsecond=0),
            starts=action.due_day,
            ends=action.due_day + timedelta(days=1),
            title=f"{cover} – {action.title}",
            cover=cover,
            page=subscriber.page(""),
            busy=False,
        )
