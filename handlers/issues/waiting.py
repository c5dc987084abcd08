"""What waits for somebody among the issues: for home."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.screen import Row, Style, button
from bot.kit.text import Code, Raw, _, ngettext
from db.issues import Issue, State
from db.machinery import Receipt
from db.outcomes import TOLD, Outcome

from .room import approvers

MOST = 3  # of one kind; the rest is on the list it comes from

# Home asks these of everybody, every time.
ASKED = select(Issue.id).where(Issue.reporter_id == bindparam("person"), Issue.state == State.ASKED).limit(1)
UNHEARD = (
    select(func.count())
    .select_from(Receipt)
    .where(Receipt.about == TOLD, Receipt.person_id == bindparam("person"), Receipt.acknowledged_at.is_(None))
    .where(Receipt.administration_id == bindparam("home"))
)


def waiting(ctx: Context) -> tuple[Row, ...]:
    """Questions Customs asked, outcomes not acknowledged; at a desk what is to be approved, taken and answered."""
    return (*_asked(ctx), *_told(ctx), *(_at_the_desk(ctx) if ctx.who.is_staff else ()))


def asked(ctx: Context, order: Any) -> Sequence[Issue]:
    """The first of theirs in which Customs waits for an answer. Most have none: that is asked before all else."""
    if ctx.session.scalar(ASKED, {"person": ctx.who.id}) is None:
        return ()
    mine = Issue.reporter_id == ctx.who.id, Issue.state == State.ASKED, Issue.visible_to(ctx.who)
    return ctx.session.scalars(select(Issue).where(*mine).order_by(order).limit(MOST)).all()


def _asked(ctx: Context) -> tuple[Row, ...]:
    return tuple(
        Row(
            Raw(each.title, each.language),
            _("{ref} · Customs has asked you something", ref=Code(each.ref)),
            (
                button(_("Answer"), "issues.answer", style=Style.PRIMARY, issue=each.id),
                button(_("Open"), "issues.show", issue=each.id),
            ),
        )
        for each in asked(ctx, Issue.id)
    )


def _told(ctx: Context) -> tuple[Row, ...]:
    count = ctx.session.scalar(UNHEARD, {"person": ctx.who.id, "home": ctx.who.administration_id}) or 0
    if not count:
        return ()
    title = ngettext("{count} outcome you have not acknowledged", "{count} outcomes you have not acknowledged", count)
    return (Row(title, None, (button(_("Look"), "issues.outcomes"),)),)


def _at_the_desk(ctx: Context) -> tuple[Row, ...]:
    seen = (Issue.handled_by(ctx.who),)
    others = (Outcome.approved_at.is_(None), Outcome.sent_back_at.is_(None), Outcome.proposed_by_id != ctx.who.id)
    to_approve = Issue.state == State.PROPOSED, Issue.id.in_(select(Outcome.issue_id).where(*others))
    rows = [
        Row(
            Raw(each.title, each.language),
            _("{ref} · an outcome waits for your approval", ref=Code(each.ref)),
            (button(_("Look"), "issues.proposed", issue=each.id),),
        )
        for each in ctx.session.scalars(select(Issue).where(*seen, *to_approve).order_by(Issue.id).limit(MOST))
        if approvers(ctx.who, each)
    ]
    own = _count(ctx, *seen, Issue.under_way(), Issue.officer_id == ctx.who.id)
    if own:
        title = ngettext("{count} issue you have taken", "{count} issues you have taken", own)
        rows.append(Row(title, None, (button(_("Look"), "issues.desk", own=True),)))
    free = _count(ctx, *seen, Issue.state == State.OPEN) if allow.officers(ctx.who) else 0
    if free:
        title = ngettext("{count} issue nobody has taken", "{count} issues nobody has taken", free)
        rows.append(Row(title, None, (button(_("Look"), "issues.desk"),)))
    return tuple(rows)


def _count(ctx: Context, *where: ColumnElement[bool]) -> int:
    return ctx.session.scalar(select(func.count()).select_from(Issue).where(*where)) or 0
