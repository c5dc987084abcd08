"""The answer clock: when a desk's answer is due in its own working hours, and who is reminded of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.kit.context import Context
from bot.kit.text import Phrase, Raw, _, listed
from db.centres import Centre
from db.issues import Issue
from scheduling.deadlines import AnswerClock, Closed, Pause, Span, WorkingWeek, explain

CHASED_AT = 0.75  # of the allowance
NUDGED_AFTER_DAYS = 3
DAYS_EXPLAINED = 6


def desk_of(ctx: Context, issue: Issue) -> Centre | None:
    return ctx.session.get(Centre, issue.centre_id) if issue.centre_id else None


def week_of(centre: Centre) -> WorkingWeek:
    return WorkingWeek.from_json(centre.week)


def working_day(week: WorkingWeek) -> timedelta:
    """The working time of this week's ordinary day: the mean of the days on which the desk opens."""
    hours = [sum((_length(span) for span in spans), timedelta()) for spans in week.days if spans]
    return sum(hours, timedelta()) / len(hours)


def _length(span: Span) -> timedelta:
    opens, closes = (timedelta(hours=at.hour, minutes=at.minute) for at in span)
    return (closes or timedelta(days=1)) - opens


def _clock(issue: Issue, week: WorkingWeek, left: float) -> AnswerClock:
    pauses = tuple(Pause(since, until) for since, until in issue.spans())
    return AnswerClock(week, issue.clock_started_at, timedelta(seconds=left), pauses)


def left(ctx: Context, issue: Issue) -> int:
    """The seconds of working time the present desk has left; negative when it is late."""
    centre = desk_of(ctx, issue)
    if centre is None:
        return issue.clock_left
    return int(_clock(issue, week_of(centre), issue.clock_left).remaining(ctx.now).total_seconds())


def promise(ctx: Context, issue: Issue) -> None:
    """Begin the desk's whole allowance now: a new issue, or one opened again."""
    centre = desk_of(ctx, issue)
    seconds = (centre.answer_hours if centre else 0) * 3600
    issue.start_clock(at=ctx.now, left=seconds, allowance=seconds)
    set_going(ctx, issue)


def set_going(ctx: Context, issue: Issue) -> None:
    """Work out when the answer is due in the present run, and plan the reminders of that run."""
    centre = desk_of(ctx, issue)
    if centre is None:
        return
    week = week_of(centre)
    issue.answer_due = _clock(issue, week, issue.clock_left).due()
    if issue.answer_due is None:
        return
    chase = _clock(issue, week, issue.clock_left - (1 - CHASED_AT) * issue.clock_allowance).due()
    if issue.chased_at is None and chase is not None and chase > ctx.now:
        ctx.later(chase, "issues.chase", key=_key(issue, "chase"), issue=issue.id)
    if issue.overdue_at is None:
        ctx.later(issue.answer_due, "issues.overdue", key=_key(issue, "overdue"), issue=issue.id)
    else:
        climb(ctx, issue)


def climb(ctx: Context, issue: Issue) -> None:
    """The lead knows that it is late: a working day later a coordinator will."""
    centre = desk_of(ctx, issue)
    if centre is not None:
        week = week_of(centre)
        at = week.add(ctx.now, working_day(week))
        ctx.later(at, "issues.climbed", key=_key(issue, "climbed"), issue=issue.id)


def stand_still(ctx: Context, issue: Issue) -> None:
    """Whoever raised it was asked: nobody at the desk is reminded, and they are, once."""
    quieten(ctx, issue)
    centre = desk_of(ctx, issue)
    if centre is not None:
        week = week_of(centre)
        at = week.add(ctx.now, NUDGED_AFTER_DAYS * working_day(week))
        ctx.later(at, "issues.nudge", key=_key(issue, "nudge"), issue=issue.id)


def quieten(ctx: Context, issue: Issue, run: int | None = None) -> None:
    """Cancel the reminders of a run: the present one, or `run`."""
    for kind in ("chase", "overdue", "climbed", "nudge"):
        ctx.forget(_key(issue, kind, run))


def _key(issue: Issue, kind: str, run: int | None = None) -> str:
    return f"issues:{issue.id}:{kind}:{issue.clock_run if run is None else run}"


def days_off(centre: Centre, since: datetime, due: datetime, language: str) -> tuple[Phrase, ...]:
    """Which days are not counted, and why, for a person who counts along."""
    skipped = explain(week_of(centre), since, due, language)[:DAYS_EXPLAINED]
    closed = [each.day for each in skipped if each.why is not Closed.HOLIDAY]
    told = (_("The desk is closed on {days}; closed days are not counted.", days=listed(closed)),) if closed else ()
    return told + tuple(
        _("{day} is a public holiday ({name}) and is not counted.", day=each.day, name=Raw(each.name, language))
        for each in skipped
        if each.why is Closed.HOLIDAY
    )
