"""What falls due on its own: the chase, the overdue answer, the nudge."""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.text import When, _
from db.issues import UNDER_WAY, Issue, State

from . import clock, telling
from .room import issues

RUNNING = tuple(state for state in UNDER_WAY if state is not State.ASKED)


@issues.job("chase")
def chase(ctx: Context, issue: Issue) -> None:
    """Three quarters of the time are used: whoever can act hears it, unless it is late already."""
    if issue.state not in RUNNING or issue.chased_at or not issue.answer_due or issue.answer_due <= ctx.now:
        return
    issue.chased_at = ctx.now
    once = f"{issue.ref}:chase:{issue.clock_run}"
    if issue.state is State.PROPOSED:
        lead = _("An outcome waits for your approval. The answer is due by {when}.", when=When(issue.answer_due))
        telling.tell_leads(ctx, issue, lead, once=once)
    else:
        lead = _("Three quarters of the time to answer are used. It is due by {when}.", when=When(issue.answer_due))
        telling.tell_officer(ctx, issue, lead, once=once)


@issues.job("overdue")
def overdue(ctx: Context, issue: Issue) -> None:
    """The promised time has passed: the lead hears it, and a working day later a coordinator."""
    if issue.state not in RUNNING or issue.overdue_at or not issue.answer_due or issue.answer_due > ctx.now:
        return
    issue.overdue_at = ctx.now
    lead = _("The answer was promised by {when} and has not been given.", when=When(issue.answer_due))
    telling.tell_leads(ctx, issue, lead, once=f"{issue.ref}:overdue:{issue.clock_run}")
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
    telling.tell_overseers(ctx, issue, lead, once=f"{issue.ref}:climbed:{issue.clock_run}")


@issues.job("nudge")
def nudge(ctx: Context, issue: Issue) -> None:
    """Whoever raised it was asked and has been silent: one reminder, and no second."""
    if issue.state is State.ASKED:
        lead = _("Customs is waiting for your answer. Until it comes, nothing can go on here.")
        telling.tell_reporter(ctx, issue, lead, once=f"{issue.ref}:nudge:{issue.clock_run}")
