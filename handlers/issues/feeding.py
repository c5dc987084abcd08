"""Issues in calendars: when an answer is due, for who owes it and for who was promised it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.kit.feeds import MINE, Subscriber
from bot.kit.text import Code, Phrase, _
from db.issues import Issue
from scheduling.calendar.entry import Entry, Label

from .room import issues

LASTS = timedelta(minutes=30)  # an instant is no entry: it ends when the answer is due


@issues.feed(MINE)
def answers_due(subscriber: Subscriber) -> Iterable[Entry]:
    """The answers an officer owes, and those that were promised to whoever raised an issue.

    One whose clock stands still has no date; one that has ended is due no longer: neither is in the calendar.
    """
    who = subscriber.who
    if who is None:
        return
    dated = Issue.visible_to(who), Issue.under_way(), Issue.answer_due.is_not(None)
    mine = (Issue.officer_id == who.id) | (Issue.reporter_id == who.id)
    for issue in subscriber.session.scalars(select(Issue).where(*dated, mine).order_by(Issue.id)):
        due = issue.answer_due
        if due is None:
            continue
        if issue.officer_id == who.id:
            cover = _("{ref}: answer due", ref=Code(issue.ref))
            yield _entry(subscriber, issue, "answer", due, cover)
        else:
            cover = _("{ref}: Customs answers by now", ref=Code(issue.ref))
            yield _entry(subscriber, issue, "promise", due, cover)


def _entry(subscriber: Subscriber, issue: Issue, kind: str, due: datetime, cover: Phrase) -> Entry:
    """What the issue is about are somebody's words about their trade: only a calendar that may tell all has them."""
    due = due.astimezone(ZoneInfo(subscriber.administration.zone)).replace(microsecond=0)
    named = subscriber.say(cover)
    return Entry(
        uid=subscriber.uid(f"issue-{issue.id}-{kind}"),
        revision=issue.version,
        sequence=max(issue.clock_run - 1, 0),  # the date changes with each run of the clock, and only then
        changed_at=_set_at(issue),
        starts=due - LASTS,
        ends=due,
        title=f"{named} – {issue.title}",
        cover=named,
        label=Label.CLOSED,
        page=subscriber.page(""),
        busy=False,
    )


def _set_at(issue: Issue) -> datetime:
    """When the present run of its clock began."""
    ends = [until for _since, until in issue.spans() if until is not None]
    return max([issue.clock_started_at, *ends]).replace(microsecond=0)
