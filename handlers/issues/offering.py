"""What somebody's words could be for: the answer Customs waits for, or a new issue. Offered as buttons, never run."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from bot.kit.clean import graphemes
from bot.kit.context import Context
from bot.kit.screen import Button, Style, button
from bot.kit.text import Code, _
from db.issues import Issue, State
from handlers import opening

from .room import issues
from .waiting import is_asked

SENTENCE = 12  # graphemes: shorter words raise nothing
ASKED_AT_ONCE = 3


@issues.offer
def offers(ctx: Context, words: str) -> Sequence[Button]:
    """Open what a reference names, answer what one was asked, then raise it as something new."""
    if named := opening.offer(ctx, words, Issue, "issues.show"):
        return named
    found = [
        button(
            _("Answer {ref} with it", ref=Code(issue.ref)),
            "issues.answer",
            style=Style.PRIMARY,
            issue=issue.id,
            words=words,
        )
        for issue in _asked(ctx)
    ]
    if graphemes(words) >= SENTENCE:
        found.append(button(_("Raise it as an issue"), "issues.raise", detail=words))
    return found


def _asked(ctx: Context) -> Sequence[Issue]:
    """Those of theirs in which Customs waits for an answer, the latest first. Most have none: that is asked first."""
    if not is_asked(ctx):
        return ()
    mine = Issue.reporter_id == ctx.who.id, Issue.state == State.ASKED, Issue.visible_to(ctx.who)
    return ctx.session.scalars(select(Issue).where(*mine).order_by(Issue.id.desc()).limit(ASKED_AT_ONCE)).all()
