"""What is written down while it takes place: notes, decisions, actions; also out of a message in a chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import NotFound, Refusal, Screen
from bot.kit.text import Code, _
from db.meetings import (
    Meeting,
    Minute,
    MinuteKind,
)

from .. import cards, rooming, telling
from ..room import callers, roundtables, runs
from .reading import MESSAGE, TAKES_MINUTES, WORDS, page_of

RECORDED = {
    MinuteKind.NOTE: _("Noted."),
    MinuteKind.DECISION: _("Recorded as a decision."),
    MinuteKind.ACTION: _("Recorded as an action."),
}


# What is written down


def record(ctx: Context, meeting: Meeting, kind: MinuteKind, words: str) -> Minute:
    """One line of the minutes. Raises Refusal where none can be written any longer, or yet."""
    must_have_begun(ctx, meeting)
    made = Minute(
        administration_id=meeting.administration_id,
        meeting_id=meeting.id,
        kind=kind,
        words=words,
        language=ctx.who.language,
        author_id=ctx.who.id,
        at=ctx.now,
    )
    ctx.session.add(made)
    ctx.session.flush()
    return made


def must_have_begun(ctx: Context, meeting: Meeting) -> None:
    begun = meeting.starts_at is not None and meeting.starts_at <= ctx.now
    if meeting.state not in TAKES_MINUTES or not begun:
        raise Refusal(_("Nothing can be recorded now. Its state is: {state}.", state=meeting.state))


def _recorded(ctx: Context, meeting: Meeting, kind: MinuteKind, words: str) -> Screen:
    record(ctx, meeting, kind, words)
    return page_of(ctx, meeting, RECORDED[kind])


@roundtables.form("note", _("Take a note"), allow=runs)
class Note(Form):
    review = False
    meeting: Meeting = ask.about()
    words: str = ask.prose(_("What is to be kept?"), max=WORDS)

    def submit(self, ctx: Context) -> Screen:
        return _recorded(ctx, self.meeting, MinuteKind.NOTE, self.words)


@roundtables.form("decision", _("Record a decision"), allow=runs)
class Decide(Form):
    review = False
    meeting: Meeting = ask.about()
    words: str = ask.prose(_("What was decided?"), max=WORDS)

    def submit(self, ctx: Context) -> Screen:
        return _recorded(ctx, self.meeting, MinuteKind.DECISION, self.words)


@roundtables.form("action", _("Make it an action"), allow=runs)
class Act(Form):
    review = False
    meeting: Meeting = ask.about()
    words: str = ask.prose(_("Who does what, until when?"), max=WORDS)

    def submit(self, ctx: Context) -> Screen:
        return _recorded(ctx, self.meeting, MinuteKind.ACTION, self.words)


def running(ctx: Context, query: str) -> Sequence[Option]:
    """The meetings whose minutes whoever asks can take now, the latest first."""
    open_ = [Meeting.state.in_(TAKES_MINUTES), Meeting.starts_at <= ctx.now, Meeting.run_by(ctx.who)]
    wanted = query.strip().casefold()
    if wanted.isdecimal() and len(wanted) < 18:  # one that is meant is found however many there are
        open_.append(Meeting.id == int(wanted))
    found = ctx.session.scalars(select(Meeting).where(*open_).order_by(Meeting.starts_at.desc()).limit(8)).all()
    return [
        Option(str(each.id), _("{ref}: {title}", ref=Code(each.ref), title=cards.title(each)))
        for each in found
        if wanted in ("", str(each.id)) or wanted in f"{each.ref}: {each.title or ''}".casefold()
    ]


OF_WHICH = ask.pick(_("Of which meeting?"), options=running, hint=_("One that has begun, and that you run."))


class _OfAMessage(Form):
    """Base of the forms that a message's words come along to."""

    review = False

    @classmethod
    def placed(cls, ctx: Context) -> Mapping[str, Any]:
        return _here(ctx)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_run_one(ctx)


@roundtables.form("to_decision", _("Record as decision"), allow=callers, takes="decision")
class ToDecision(_OfAMessage):
    """A message becomes a decision of a meeting: its words come along."""

    words: str = ask.prose(_("What was decided?"), max=MESSAGE)
    about: int = OF_WHICH

    def submit(self, ctx: Context) -> Screen:
        return _recorded(ctx, _chosen(ctx, self.about), MinuteKind.DECISION, self.words)


@roundtables.form("to_action", _("Make it an action"), allow=callers, takes="action")
class ToAction(_OfAMessage):
    """A message becomes an action of a meeting."""

    words: str = ask.prose(_("Who does what, until when?"), max=MESSAGE)
    about: int = OF_WHICH

    def submit(self, ctx: Context) -> Screen:
        return _recorded(ctx, _chosen(ctx, self.about), MinuteKind.ACTION, self.words)


def _here(ctx: Context) -> dict[str, str]:
    """In a meeting's own room it is that meeting's, and nobody is asked which one."""
    meeting = rooming.meeting_here(ctx)
    if meeting is None:
        return {}
    must_have_begun(ctx, meeting)
    return {"about": str(meeting.id)}


def _must_run_one(ctx: Context) -> None:
    if not running(ctx, ""):
        raise Refusal(_("None of your meetings is under way."))


def _chosen(ctx: Context, meeting_id: int) -> Meeting:
    """The meeting that was picked, if it is still theirs to run."""
    meeting = ctx.session.scalar(select(Meeting).where(Meeting.id == meeting_id, Meeting.run_by(ctx.who)))
    if meeting is None:
        raise NotFound()
    return meeting


@roundtables.command("strike", _("Strike it out"), allow=runs)
def strike(ctx: Context, meeting: Meeting, minute: Minute) -> Screen:
    """A line that should not have been written, before anybody else has read it."""
    telling.of(meeting, minute)
    if meeting.state not in TAKES_MINUTES:
        raise Refusal(_("Others have read it. It can be corrected, not struck out."))
    ctx.session.delete(minute)
    ctx.session.flush()
    return page_of(ctx, meeting, _("Struck out."))
