"""A poll is made: times are offered to everybody on the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Refusal, Screen
from bot.kit.text import _, name_members, ngettext
from db.meetings import Meeting, MeetingPoll, MeetingSlot, MeetingState

from .. import dates, telling
from ..room import roundtables, runs
from .answering import ask_one
from .ending import standing_screen

LAST_MINUTE = time(18, 0)  # of the day to answer by
TO_ANSWER = timedelta(hours=4)  # the least that a reminder leaves
WORDS = 600


class Offering(StrEnum):
    SUGGESTED = "suggested"
    OWN = "own"


name_members({Offering.SUGGESTED: _("Let Parley suggest times"), Offering.OWN: _("I name the times")})


# Whoever knows better times for one of its kind registers it here: (ctx, meeting, minutes, the last day to answer) ->
# them, the earliest first; None for a meeting of another kind.
SUGGESTING: list[Callable[[Context, Meeting, int, date], list[datetime] | None]] = []


@roundtables.form("poll", _("Find a date"), allow=runs)
class Poll(Form):
    """Several times are offered to everybody on the list."""

    meeting: Meeting = ask.about()
    minutes: int = ask.number(_("How many minutes does it take?"), least=dates.MINUTES_LEAST, most=dates.MINUTES_MOST)
    respond_by: date = ask.date(_("By which day must everybody have answered?"), options=dates.respond_days)
    offering: Offering = ask.choice(
        _("Which times do you offer?"), hint=_("Parley knows everybody's time zone, working days and public holidays.")
    )
    times: str | None = ask.prose(
        _("Which times?"),
        max=WORDS,
        hint=_("One a line, on your own clock; for example: 4 December 10:00"),
        when=lambda so_far: so_far.offering is Offering.OWN,
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        meeting = bound["meeting"]
        if meeting.state is not MeetingState.CALLED:
            raise Refusal(_("That cannot be done now. Its state is: {state}.", state=meeting.state))
        if not telling.expected(ctx, meeting):
            raise Refusal(_("Nobody is on its list yet. Invite somebody first."))

    def submit(self, ctx: Context) -> Screen:
        meeting, zone = self.meeting, ctx.who.zone
        until = dates.instant(self.respond_by, LAST_MINUTE, zone, now=ctx.now, field="respond_by")
        people = [each.person_id for each in telling.expected(ctx, meeting)]
        if self.offering is Offering.OWN:
            slots = dates.read_slots(self.times or "", ctx, zone, field="times")
        else:
            slots = self._suggested(ctx, [*people, meeting.organiser_id])
        if slots[0] <= until:
            raise Refusal(_("The first time must come after the day to answer by."), field="respond_by")
        meeting.open_poll(minutes=self.minutes, zone=zone)
        poll = MeetingPoll(
            administration_id=meeting.administration_id, meeting_id=meeting.id, respond_by=until, opened_at=ctx.now
        )
        ctx.session.add(poll)
        ctx.session.flush()
        for each in slots:
            slot = MeetingSlot(administration_id=meeting.administration_id, poll_id=poll.id, starts_at=each)
            ctx.session.add(slot)
        ctx.session.flush()
        ctx.later(self._nudge_at(ctx, until), "roundtables.nudge", key=telling.poll_key(poll.id, "nudge"), poll=poll.id)
        ctx.later(until, "roundtables.decide", key=telling.poll_key(poll.id, "decide"), poll=poll.id)
        for invitation in telling.expected(ctx, meeting):
            ask_one(ctx, meeting, invitation)
        lead = ngettext("Asked. {count} person is to answer.", "Asked. {count} people are to answer.", len(people))
        return standing_screen(ctx, meeting, poll, lead)

    def _nudge_at(self, ctx: Context, until: datetime) -> datetime:
        """Half of the time on; when offices open after that, where it leaves time to answer: nobody on a day off."""
        half = ctx.now + (until - ctx.now) / 2
        opening = dates.home_week(ctx).next_open(half)
        return opening if until - opening >= TO_ANSWER else half

    def _suggested(self, ctx: Context, people: Sequence[int]) -> list[datetime]:
        for suggest in SUGGESTING:
            if (found := suggest(ctx, self.meeting, self.minutes, self.respond_by)) is not None:
                return found
        return dates.suggest(ctx, people, self.minutes, self.respond_by, ctx.who.zone)
