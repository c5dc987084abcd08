"""At the desk: take an issue, ask about it, reply, note."""

from __future__ import annotations

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.screen import Refusal, Screen
from bot.kit.text import Phrase, When, _
from db.issues import Issue, State

from . import cards, telling
from .room import issues


@issues.command("take", _("Take it"), allow=allow.officers)
def take(ctx: Context, issue: Issue) -> Screen:
    """An officer says that it is theirs; whoever raised it hears that somebody has it."""
    if issue.state is State.TAKEN and issue.officer_id == ctx.who.id:
        return cards.desk_card(ctx, issue, _("It is yours already."))
    if not issue.take(ctx.who.id, at=ctx.now):
        raise Refusal(why_not(ctx, issue))
    telling.tell_reporter(
        ctx, issue, _("An officer has taken up your issue."), once=f"{issue.ref}:taken:{issue.clock_run}"
    )
    return cards.desk_card(ctx, issue, _("It is yours now."))


def why_not(ctx: Context, issue: Issue) -> Phrase:
    """Why the present state does not allow what was asked, in words."""
    if issue.officer_id and issue.taken_at and issue.state is State.TAKEN:
        name = cards.names(ctx, {issue.officer_id})[issue.officer_id]
        return _("Already taken by {name} at {when}.", name=name, when=When(issue.taken_at))
    return _("That cannot be done now. Its state is: {state}.", state=issue.state)
