"""What somebody's words could be for: the answer Customs waits for, or a new issue. Offered as buttons, never run."""

from __future__ import annotations

from collections.abc import Sequence

from bot.kit.clean import graphemes
from bot.kit.context import Context
from bot.kit.screen import Button, Style, button
from bot.kit.text import Code, _
from db.issues import Issue
from handlers import opening

from .room import issues
from .waiting import asked

SENTENCE = 12  # graphemes: shorter words raise nothing


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
        for issue in asked(ctx, Issue.id.desc())
    ]
    if graphemes(words) >= SENTENCE:
        found.append(button(_("Raise it as an issue"), "issues.raise", detail=words))
    return found
