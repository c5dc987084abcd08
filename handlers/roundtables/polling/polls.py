"""A poll and what was said in it, as it is kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select

from bot.kit.context import Context
from db.meetings import Can, Meeting, MeetingPoll, MeetingSlot, MeetingVote


def poll_of(ctx: Context, meeting: Meeting) -> MeetingPoll | None:
    """The last one, under way or not."""
    its = select(MeetingPoll).where(MeetingPoll.meeting_id == meeting.id)
    return ctx.session.scalars(its.order_by(MeetingPoll.id.desc()).limit(1)).first()


def slots_of(ctx: Context, poll: MeetingPoll) -> Sequence[MeetingSlot]:
    offered = select(MeetingSlot).where(MeetingSlot.poll_id == poll.id)
    return ctx.session.scalars(offered.order_by(MeetingSlot.starts_at)).all()


def votes_of(ctx: Context, poll: MeetingPoll) -> dict[int, dict[int, Can]]:
    """What each person said of each slot."""
    rows = ctx.session.execute(
        select(MeetingVote.person_id, MeetingVote.slot_id, MeetingVote.can)
        .join(MeetingSlot, MeetingSlot.id == MeetingVote.slot_id)
        .where(MeetingSlot.poll_id == poll.id)
    )
    found: dict[int, dict[int, Can]] = {}
    for row in rows:
        found.setdefault(row.person_id, {})[row.slot_id] = row.can
    return found


def voters(ctx: Context, meeting: Meeting) -> Collection[int]:
    """Whoever has said anything in its last poll."""
    poll = poll_of(ctx, meeting)
    return votes_of(ctx, poll) if poll is not None else ()
