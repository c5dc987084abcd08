"""What waits for somebody among the parts: for home."""

from __future__ import annotations

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from bot.kit.context import Context
from bot.kit.screen import Row, Style, button
from bot.kit.text import Code, When, _, ngettext
from db.agencies import OutcomePart, Part, PartState
from db.issues import Issue, State
from db.outcomes import Outcome
from handlers.issues.room import officers

MOST = 3


def waiting(ctx: Context) -> tuple[Row, ...]:
    """For an agency what it has not answered; at a desk the answers told without a part that has come since."""
    asked = _asked(ctx) if ctx.who.agency_id is not None else ()
    return (*asked, *(_to_complete(ctx) if officers(ctx.who) else ()))


def _asked(ctx: Context) -> tuple[Row, ...]:
    mine = Part.asked_of(ctx.who), Part.state == PartState.ASKED
    found = ctx.session.scalars(select(Part).where(*mine).order_by(Part.respond_by, Part.id).limit(MOST + 1)).all()
    if len(found) > MOST:
        count = ctx.session.scalar(select(func.count()).select_from(Part).where(*mine)) or 0
        title = ngettext("{count} question to your agency", "{count} questions to your agency", count)
        return (Row(title, None, (button(_("Look"), "agencies.parts"),)),)
    return tuple(
        Row(
            _("{ref} · Customs asks your agency", ref=Code(Issue.ref_of(each.issue_id))),
            _("by {when}", when=When(each.respond_by)),
            (
                button(_("Answer"), "agencies.answer", style=Style.PRIMARY, part=each.id),
                button(_("Open"), "agencies.part", part=each.id),
            ),
        )
        for each in found
    )


def _to_complete(ctx: Context) -> tuple[Row, ...]:
    """Where the last answer that was told lacks a part that is there now."""
    later = aliased(Outcome)
    told_since = select(later.id).where(later.issue_id == Outcome.issue_id, later.id > Outcome.id)
    came = (
        select(Outcome.issue_id)
        .join(OutcomePart, OutcomePart.outcome_id == Outcome.id)
        .join(Part, Part.id == OutcomePart.part_id)
        .where(OutcomePart.words.is_(None), Part.spoken_at.is_not(None), Outcome.approved_at.is_not(None))
        .where(~exists(told_since.where(later.approved_at.is_not(None))))
    )
    mine = Issue.handled_by(ctx.who), Issue.state == State.SETTLED, Issue.id.in_(came)
    return tuple(
        Row(
            _("{ref} · an agency's part has come", ref=Code(each.ref)),
            None,
            (button(_("Complete the answer"), "issues.complete", style=Style.PRIMARY, issue=each.id),),
        )
        for each in ctx.session.scalars(select(Issue).where(*mine).order_by(Issue.id).limit(MOST))
    )
