"""What those who were there think of a session: 1 to 5 with one tap, and words for whoever has some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.kit.clean import is_blank
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Refusal, Screen, button
from bot.kit.text import Code, Phrase, _
from db.attendance import Feedback
from db.symposia import SymposiumSession
from handlers.registrations.finding import title

from . import finding
from .room import attendance, members

BEST = 5
LONGEST = 600


def question(ctx: Context, session: SymposiumSession, lead: Phrase | None = None) -> Screen:
    """Five buttons."""
    stars = tuple(
        Button(Code(str(each)), "attendance.rate", {"session": session.id, "stars": each})
        for each in range(1, BEST + 1)
    )
    return Screen(
        lead or _("How was it?"),
        (title(session), _("1 is poor, 5 is very good. Whoever runs the symposium sees it without your name.")),
        buttons=stars,
    )


@attendance.command("rate", _("How was it?"), allow=members)
def rate(ctx: Context, session: SymposiumSession, stars: int = 0) -> Screen:
    """One for a person and session; a second tap changes it."""
    _must_have_been(ctx, session)
    if not 1 <= stars <= BEST:
        return question(ctx, session)
    found = _own(ctx, session)
    if found is None:
        found = Feedback(
            administration_id=session.administration_id,
            symposium_id=session.symposium_id,
            session_id=session.id,
            person_id=ctx.who.id,
            stars=stars,
            at=ctx.now,
        )
        try:
            with ctx.session.begin_nested():
                ctx.session.add(found)
        except IntegrityError:
            found = _own(ctx, session)
    if found is not None:
        found.stars, found.at = stars, ctx.now
    return Screen(
        _("Thank you: {stars} of 5.", stars=stars),
        (title(session),),
        buttons=(
            button(_("Say why"), "attendance.say_why", session=session.id),
            button(_("The session"), "attendance.session", session=session.id),
        ),
    )


@attendance.form("say_why", _("Say why"), allow=members)
class SayWhy(Form):
    """Words to it."""

    session: SymposiumSession = ask.about()
    words: str = ask.prose(_("What was good, what was missing?"), max=LONGEST)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_have_been(ctx, bound["session"])
        if _own(ctx, bound["session"]) is None:
            raise Refusal(_("Choose from 1 to 5 first."))

    def submit(self, ctx: Context) -> Screen:
        found = _own(ctx, self.session)
        if found is not None and not is_blank(self.words):
            found.words, found.language, found.at = self.words, ctx.who.language, ctx.now
        return Screen(
            _("Thank you. Whoever runs the symposium reads it without your name."),
            (title(self.session),),
            buttons=(button(_("The session"), "attendance.session", session=self.session.id),),
        )


def _own(ctx: Context, session: SymposiumSession) -> Feedback | None:
    mine = Feedback.session_id == session.id, Feedback.person_id == ctx.who.id, Feedback.visible_to(ctx.who)
    return ctx.session.scalar(select(Feedback).where(*mine))


def _must_have_been(ctx: Context, session: SymposiumSession) -> None:
    if finding.check_in_of(ctx.session, ctx.who.id, session) is None:
        raise Refusal(_("You were not checked in there."))
