"""Whoever was there says what is wrong with the minutes, in a stated time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import NotFound, Refusal, Screen, Style, button
from bot.kit.text import Code, Raw, _, ngettext
from db.meetings import (
    Attendance,
    Correction,
    Meeting,
    MeetingState,
    Minute,
    Reply,
)

from .. import cards, holding, telling
from ..room import members, roundtables, runs
from .reading import WORDS, lines_of, minutes_screen, page_of, said

CORRECTIONS = timedelta(hours=48)  # so long whoever was there may say what is wrong


# Corrections


@roundtables.command(
    "finish",
    _("Let it be corrected"),
    allow=runs,
    confirm=_("Whoever was there reads the minutes now and may correct them for two days. Then they go out. Go on?"),
)
def finish(ctx: Context, meeting: Meeting) -> Screen:
    """Whoever was there reads the minutes, and may say what is wrong with them in a stated time."""
    if not lines_of(ctx, meeting.id):
        raise Refusal(_("Nothing has been recorded yet."))
    until = ctx.now + CORRECTIONS
    if not meeting.open_minutes(until):
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=meeting.state))
    ctx.session.flush()
    ctx.later(until, "roundtables.close", key=f"{meeting.ref}:close", meeting=meeting.id)
    there = [each for each in holding.invited(ctx, meeting) if each.attendance is Attendance.PRESENT]
    lines = lines_of(ctx, meeting.id)
    lead = _("These are the minutes of a meeting you were at. Is anything wrong?")
    screen = minutes_screen(ctx, meeting, lead, lines)
    correct = button(_("Correct something"), "roundtables.correct", style=Style.PRIMARY, meeting=meeting.id)
    draft = Screen(screen.heading, screen.body, screen.facts, buttons=(correct, cards.open_it(meeting)))
    for each in there:
        ctx.notify(each.person_id, draft, once=f"{meeting.ref}:draft", until=until)
    told = ngettext(
        "{count} person who was there reads them now.", "{count} people who were there read them now.", len(there)
    )
    return page_of(ctx, meeting, told)


def numbered(ctx: Context, query: str) -> Sequence[Option]:
    """The lines of the minutes the form is about, by the numbers they are read under."""
    wanted = query.strip().casefold()
    return [
        Option(str(number), _("{number}. {kind}: {words}", number=number, kind=line.kind, words=_start_of(line)))
        for number, line in enumerate(lines_of(ctx, ctx.bound["meeting"]), 1)
        if wanted in ("", str(number)) or wanted in line.words.casefold()
    ]


def _start_of(line: Minute) -> Raw:
    return Raw(line.words[:80], line.language)


@roundtables.form("correct", _("Correct something"), allow=members, reads=members)
class Correct(Form):
    """Somebody who was there says how a line should read."""

    meeting: Meeting = ask.about()
    line: int = ask.pick(_("Which line is wrong?"), options=numbered, hint=_("Type its number."))
    words: str = ask.prose(_("How should it read?"), max=WORDS)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        meeting = bound["meeting"]
        if not lines_of(ctx, meeting.id):
            raise NotFound()
        if meeting.state is not MeetingState.CORRECTING or ctx.now >= meeting.corrections_until:
            raise Refusal(_("The time for corrections has passed."))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return said(ctx, lines_of(ctx, bound["meeting"].id))

    def submit(self, ctx: Context) -> Screen:
        line = dict(enumerate(lines_of(ctx, self.meeting.id), 1)).get(self.line)
        if line is None:
            raise Refusal(_("Please choose one of the answers offered."), field="line")
        made = Correction(
            administration_id=self.meeting.administration_id,
            minute_id=line.id,
            author_id=ctx.who.id,
            words=self.words,
            language=ctx.who.language,
            at=ctx.now,
        )
        ctx.session.add(made)
        ctx.session.flush()
        lead = _("{name} corrects the minutes of {ref}.", name=ctx.who.name, ref=Code(self.meeting.ref))
        look = button(_("Minutes"), "roundtables.minutes", style=Style.PRIMARY, meeting=self.meeting.id)
        telling.organiser(ctx, self.meeting, lead, once=f"correction:{made.id}", more=(look,))
        return page_of(ctx, self.meeting, _("Noted. It is taken over, or stands beside the line in what goes out."))


@roundtables.command("take_over", _("Take it over"), allow=runs)
def take_over(ctx: Context, meeting: Meeting, correction: Correction) -> Screen:
    """The line reads as it was corrected from now on."""
    line = _line_of(ctx, meeting, correction)
    if not correction.decide(Reply.YES, ctx.who.id):
        raise Refusal(_("This has been answered already."))
    line.correct(correction.words)
    line.language = correction.language
    ctx.session.flush()
    return page_of(ctx, meeting, _("Taken over."))


@roundtables.command("stand_beside", _("Let it stand beside"), allow=runs)
def stand_beside(ctx: Context, meeting: Meeting, correction: Correction) -> Screen:
    """Both go out: the line, and what somebody says of it."""
    _line_of(ctx, meeting, correction)
    if not correction.decide(Reply.NO, ctx.who.id):
        raise Refusal(_("This has been answered already."))
    ctx.session.flush()
    return page_of(ctx, meeting, _("It stands beside the line."))


def _line_of(ctx: Context, meeting: Meeting, correction: Correction) -> Minute:
    line = ctx.session.get_one(Minute, correction.minute_id)
    telling.of(meeting, line)
    if meeting.state is not MeetingState.CORRECTING:
        raise Refusal(_("The minutes have gone out."))
    return line
