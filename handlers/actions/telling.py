"""What is written down of an action, and who is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update

from bot.kit.context import Context
from bot.kit.text import Phrase
from db.actions import DEED, Action, ActionEntry, Deed, Side, SnoozeReason, State
from db.files import File
from db.people import Person, Topic
from scheduling.ladder import Rung

from . import cards, offices


def write(
    ctx: Context,
    action: Action,
    deed: Deed,
    words: str | None = None,
    *,
    side: Side | None = None,
    link: str | None = None,
    files: Sequence[int] = (),
    snooze_reason: SnoozeReason | None = None,
    until: datetime | None = None,
) -> ActionEntry:
    """Add an entry in the words of whoever acts, and hang their files on it."""
    entry = ActionEntry(
        administration_id=action.administration_id,
        action_id=action.id,
        deed=deed,
        side=side or action.side_of(ctx.who),
        author_id=ctx.who.id,
        words=words,
        language=ctx.who.language,
        link=link,
        snooze_reason=snooze_reason,
        run=action.run,
        until=until,
        at=ctx.now,
    )
    ctx.session.add(entry)
    ctx.session.flush()
    if files:
        mine = File.id.in_(files), File.person_id == ctx.who.id, File.owner.is_(None)
        ctx.session.execute(update(File).where(*mine).values(owner=DEED, owner_id=entry.id))
    return entry


def tell_owner(
    ctx: Context, action: Action, side: Side, lead: Phrase, *, once: str, topic: Topic | None = None
) -> None:
    """Tell the owner of a side, unless they did it themselves or own it no longer by right."""
    person = ctx.session.get(Person, action.owner(side))
    if person is not None and person.id != ctx.who.id and is_owner(ctx, action, side):
        ctx.notify(person, cards.card_of(ctx, action, side, lead), once=once, topic=topic)


def tell_owners(ctx: Context, action: Action, lead: Phrase, *, once: str, topic: Topic | None = None) -> None:
    for side in Side:
        tell_owner(ctx, action, side, lead, once=once, topic=topic)


def tell_coordinators(ctx: Context, action: Action, lead: Phrase, *, once: str) -> bool:
    """Tell whoever coordinates it and does not own it, unless they did it themselves. Whether there is anybody."""
    to = [each for each in offices.told_of(ctx, action, Rung.COORDINATOR) if each != ctx.who.id]
    for person_id in to:
        ctx.notify(person_id, cards.card_of(ctx, action, None, lead), once=once)
    return bool(to)


def is_owner(ctx: Context, action: Action, side: Side) -> bool:
    """Whether the one who stands as its owner is one still: by a role in Customs, by a mandate in business."""
    person = ctx.session.get(Person, action.owner(side))
    if person is None or person.erased_at is not None or person.merged_into_id is not None:
        return False
    return action.side_of(ctx.who_is(person)) is side


def waits_for(action: Action) -> tuple[Side, ...]:
    """Whose turn it is: where one says that it is done, the other's."""
    if action.state is State.CLAIMED and action.claimed_by is not None:
        return (action.claimed_by.other,)
    return tuple(Side)
