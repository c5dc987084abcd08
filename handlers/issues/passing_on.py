"""What of the issues passes on with an office: those in hand, and what somebody asked to be reminded of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, select

from bot.kit.context import Context
from bot.kit.text import Code, _
from db.issues import Issue, Level
from db.machinery import Due
from db.people import Person
from handlers.handing import Held, Leaving, moves

from .reminders import AGAIN, again_key


@moves(_("Issues in hand"))
def in_hand(ctx: Context, leaving: Leaving) -> Sequence[Held]:
    """What they have taken and not settled. Whoever sees the line sees no word of it: the reference only."""
    mine = Issue.officer_id == leaving.person_id, Issue.under_way(), *_theirs(ctx, leaving)
    return [
        Held(
            key=f"issue:{issue.id}:{issue.officer_id}",
            shown=Code(issue.ref),
            give=partial(_give_issue, issue=issue),
        )
        for issue in ctx.session.scalars(select(Issue).where(*mine).order_by(Issue.id))
    ]


def _give_issue(ctx: Context, to: int, until: datetime, *, issue: Issue) -> None:
    issue.give_to(to, at=ctx.now)
    ctx.session.flush()


@moves(_("Reminders put off"))
def put_off(ctx: Context, leaving: Leaving) -> Sequence[Held]:
    """What they wanted to be reminded of again, of what is theirs by office."""
    waiting = Due.job == AGAIN, Due.fired_at.is_(None), Due.cancelled_at.is_(None), Due.at > ctx.now
    theirs = [
        each for each in ctx.session.scalars(select(Due).where(*waiting).order_by(Due.id)) if _is_of(each, leaving)
    ]
    handled = select(Issue).where(Issue.id.in_([each.args["issue"] for each in theirs]), *_theirs(ctx, leaving))
    issues = {issue.id: issue for issue in ctx.session.scalars(handled)}
    return [
        Held(
            key=f"due:{due.id}:{due.at.isoformat()}",
            shown=Code(issues[due.args["issue"]].ref),
            give=partial(_give_reminder, at=due.at, issue=issues[due.args["issue"]]),
            let_go=partial(_drop_reminder, key=due.key),
        )
        for due in theirs
        if due.args["issue"] in issues
    ]


def _is_of(due: Due, leaving: Leaving) -> bool:
    return bool(due.args.get("person") == leaving.person_id)


def _drop_reminder(ctx: Context, *, key: str) -> None:
    ctx.forget(key)


def _give_reminder(ctx: Context, to: int, until: datetime, *, at: datetime, issue: Issue) -> None:
    ctx.later(at, AGAIN, key=again_key(issue, to, at), issue=issue.id, person=to)


def _theirs(ctx: Context, leaving: Leaving) -> tuple[ColumnElement[bool], ...]:
    """Issues they handle: all of them, or those that were taken to the region."""
    handler = ctx.who_is(ctx.session.get_one(Person, leaving.person_id))
    regional = (Issue.reached != Level.NATIONAL, Issue.region == leaving.region)
    return (Issue.handled_by(handler), *(() if leaving.everything else regional))
