"""For whoever raised it: my issues."""

from __future__ import annotations

from sqlalchemy import func, select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.screen import Row, Screen, button
from bot.kit.text import Raw, _
from db.issues import How, Issue, Participation
from handlers.paging import PAGE, turn_pages

from . import cards
from .room import issues


@issues.command("mine", _("My issues"), allow=allow.members, menu=20)
def mine(ctx: Context, page: int = 0) -> Screen:
    """What I raised, the latest first."""
    raised = Issue.id.in_(
        select(Participation.issue_id).where(Participation.person_id == ctx.who.id, Participation.how == How.REPORTER)
    )
    total = ctx.session.scalar(select(func.count()).select_from(Issue).where(raised)) or 0
    found = ctx.session.scalars(select(Issue).where(raised).order_by(Issue.id.desc()).offset(page * PAGE).limit(PAGE))
    rows = tuple(
        Row(Raw(each.title, each.language), cards.line(each), (button(_("Open"), "issues.show", issue=each.id),))
        for each in found
    )
    body = () if rows else (_("You have not raised anything yet. Customs is listening."),)
    raise_one = button(_("Raise an issue"), "issues.raise")
    return Screen(_("My issues"), body, rows=rows, buttons=(*turn_pages("issues.mine", page, total), raise_one))


@issues.command("show", _("See an issue"), allow=allow.members)
def show(ctx: Context, issue: Issue) -> Screen:
    return cards.card(ctx, issue)
