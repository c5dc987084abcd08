"""What falls due on its own: the chase, the overdue answer, the nudge. Each can be put off, or ended.

Nobody is reminded twice of the same unless they ask for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.screen import Screen, button
from bot.kit.text import Phrase, When, _
from db.issues import UNDER_WAY, Issue, State
from db.people import Person, RoleName, Topic

from . import cards, clock, telling
from .room import issues

RUNNING = tuple(state for state in UNDER_WAY if state is not State.ASKED)
AGAIN = "issues.again"
MORNING = 9  # o'clock, where whoever put it off lives


@issues.job("chase")
def chase(ctx: Context, issue: Issue) -> None:
    """Three quarters of the time are used: whoever can act hears it, unless it is late already."""
    if issue.state not in RUNNING or issue.chased_at or not issue.answer_due or issue.answer_due <= ctx.now:
        return
    issue.chased_at = ctx.now
    when = When(issue.answer_due)
    if issue.state is State.PROPOSED:
        to = telling.staff(ctx, issue, RoleName.LEAD)
        lead = _("An outcome waits for your approval. The answer is due by {when}.", when=when)
    else:
        to = telling.answering(ctx, issue)
        lead = _("Three quarters of the time to answer are used. It is due by {when}.", when=when)
    _remind(ctx, issue, to, lead, f"{issue.ref}:chase:{issue.clock_run}", Topic.REMINDERS)


@issues.job("overdue")
def overdue(ctx: Context, issue: Issue) -> None:
    """The promised time has passed: the lead hears it, and a working day later a coordinator."""
    if issue.state not in RUNNING or issue.overdue_at or not issue.answer_due or issue.answer_due > ctx.now:
        return
    issue.overdue_at = ctx.now
    lead = _("The answer was promised by {when} and has not been given.", when=When(issue.answer_due))
    to = telling.staff(ctx, issue, RoleName.LEAD)
    _remind(ctx, issue, to, lead, f"{issue.ref}:overdue:{issue.clock_run}")
    clock.climb(ctx, issue)


@issues.job("climbed")
def climbed(ctx: Context, issue: Issue) -> None:
    """A working day after its lead was told, nothing has changed."""
    if issue.state not in RUNNING or not issue.overdue_at or not issue.answer_due:
        return
    lead = _(
        "The answer was promised by {when}. The desk's lead was told a working day ago, and it is still open.",
        when=When(issue.answer_due),
    )
    _remind(ctx, issue, telling.overseers(ctx, issue), lead, f"{issue.ref}:climbed:{issue.clock_run}")


@issues.job("nudge")
def nudge(ctx: Context, issue: Issue) -> None:
    """Whoever raised it was asked and has been silent: one reminder, and no second."""
    if issue.state is State.ASKED and telling.stays(ctx, issue):
        lead = _("Customs is waiting for your answer. Until it comes, nothing can go on here.")
        once = f"{issue.ref}:nudge:{issue.clock_run}"
        _remind(ctx, issue, (issue.reporter_id,), lead, once, Topic.REMINDERS)


@issues.command("put_off", _("Remind me tomorrow"), allow=allow.members)
def put_off(ctx: Context, issue: Issue) -> Screen:
    """The same reminder once more, in the morning."""
    at = _mornings(ctx)[1]
    ctx.later(at, AGAIN, key=again_key(issue, ctx.who.id, at), issue=issue.id, person=ctx.who.id)
    return cards.card(ctx, issue, _("You are reminded of it on {when}.", when=When(at)))


@issues.command("enough", _("No more reminders of it"), allow=allow.members)
def enough(ctx: Context, issue: Issue) -> Screen:
    """What was put off is not wanted any longer; nobody is reminded twice by itself."""
    for at in _mornings(ctx):
        ctx.forget(again_key(issue, ctx.who.id, at))
    return cards.card(ctx, issue, _("You are not reminded of it again."))


@issues.job("again")
def again(ctx: Context, issue: Issue, person: int) -> None:
    """What was put off yesterday, if it still waits and is still theirs."""
    reminded = ctx.session.get(Person, person)
    if reminded is None or reminded.erased_at is not None or not _waits_for(ctx, issue, reminded):
        return
    lead = _("You asked to be reminded of this.")
    _remind(ctx, issue, (person,), lead, f"{issue.ref}:again:{ctx.now:%Y-%m-%d}")


def _remind(ctx: Context, issue: Issue, to: Iterable[int], lead: Phrase, once: str, topic: Topic | None = None) -> None:
    buttons = (
        button(_("Remind me tomorrow"), "issues.put_off", issue=issue.id),
        button(_("No more reminders of it"), "issues.enough", issue=issue.id),
    )
    for person_id in to:
        shown = cards.own_card if person_id == issue.reporter_id else cards.desk_card
        ctx.notify(person_id, shown(ctx, issue, lead).with_buttons(*buttons), once=once, topic=topic)


def _waits_for(ctx: Context, issue: Issue, person: Person) -> bool:
    """Whether this person can act: its reporter while they are asked, whoever handles it while they are not."""
    if person.id == issue.reporter_id:
        return issue.state is State.ASKED and telling.stays(ctx, issue)
    handles = Issue.id == issue.id, Issue.handled_by(ctx.who_is(person))
    return issue.state in RUNNING and ctx.session.scalar(select(Issue.id).where(*handles)) is not None


def _mornings(ctx: Context) -> tuple[datetime, datetime]:
    """Today's and tomorrow's, where whoever asks lives."""
    local = ctx.now.astimezone(ZoneInfo(ctx.who.zone))
    today = local.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    return today, today + timedelta(days=1)


def again_key(issue: Issue, person_id: int, at: datetime) -> str:
    """Under which a reminder put off until that morning is planned."""
    return f"issues:{issue.id}:again:{person_id}:{at:%Y-%m-%d}"
