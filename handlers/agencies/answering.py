"""For an agency: what it is asked, its answer, why there is none, what it asks back, and more time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import func, select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Quote, Refusal, Row, Screen, button
from bot.kit.text import Code, Phrase, Raw, When, _
from db.agencies import Part, PartEntry, PartState, PartVoice, name_of
from db.issues import Issue, State
from handlers.issues import outcome
from handlers.issues.telling import answering
from handlers.paging import PAGE, turn_pages
from handlers.roundtables import dates

from . import asking, cards, telling
from .room import agencies, asked, onlookers

WORDS = 3000


@agencies.command("parts", _("Questions to my agency"), allow=asked, menu=18)
def parts(ctx: Context, page: int = 0) -> Screen:
    """What Customs asks the agency one speaks for: what is waited for first, the most urgent on top."""
    mine = Part.asked_of(ctx.who)
    total = ctx.session.scalar(select(func.count()).select_from(Part).where(mine)) or 0
    order = (Part.state != PartState.ASKED, Part.respond_by, Part.id)
    found = ctx.session.scalars(select(Part).where(mine).order_by(*order).offset(page * PAGE).limit(PAGE)).all()
    return Screen(
        _("Questions to my agency"),
        () if found else (_("Customs has not asked your agency anything."),),
        rows=tuple(row(ctx, each) for each in found),
        buttons=(*turn_pages("agencies.parts", page, total), button(_("Find a question"), "agencies.find")),
    )


def row(ctx: Context, part: Part) -> Row:
    """A part in a list: by its case, never by the words of whoever raised that."""
    title = _("{ref}: {question}", ref=Code(Issue.ref_of(part.issue_id)), question=_asked_in(ctx, part))
    return Row(title, cards.line(part), (button(_("Open"), "agencies.part", part=part.id),))


def _asked_in(ctx: Context, part: Part) -> Raw:
    question = cards.question(ctx, part)
    return Raw(question.words, question.language)


@agencies.command("part", _("An agency's part"), allow=allow.members, reads=onlookers)
def part_(ctx: Context, part: Part) -> Screen:
    """One part, to the agency and to the desk."""
    return cards.card(ctx, part)


@agencies.command("thread", _("All that was said"), allow=allow.members, reads=onlookers)
def thread(ctx: Context, part: Part, page: int = 0) -> Screen:
    """All of its thread, from the beginning, a page at a time."""
    its = PartEntry.part_id == part.id
    total = ctx.session.scalar(select(func.count()).select_from(PartEntry).where(its)) or 0
    wanted = select(PartEntry).where(its).order_by(PartEntry.id).offset(page * PAGE).limit(PAGE)
    found = ctx.session.scalars(wanted).all()
    labels = cards.SAID_TO_AGENCY if ctx.who.agency_id == part.agency_id else cards.SAID_AT_DESK
    return Screen(
        _("All that was said in {ref}", ref=Code(Issue.ref_of(part.issue_id))),
        cards.quotes(ctx, found, labels),
        files=cards.attachments(ctx, found),
        buttons=(*turn_pages("agencies.thread", page, total, part=part.id), cards.does(part, _("Back"), "part")),
    )


def _question(ctx: Context, bound: Mapping[str, Any]) -> tuple[Quote, ...]:
    return cards.quotes(ctx, [cards.question(ctx, bound["part"])], cards.SAID_TO_AGENCY)


def _must_be_wanted(part: Part) -> None:
    if part.state is PartState.CALLED_OFF:
        raise Refusal(_("Its answer is not waited for. Its state is: {state}.", state=part.state))


@agencies.form("answer", _("Answer"), allow=asked)
class Answer(Form):
    """The agency's part, in its own words; the last one counts."""

    part: Part = ask.about()
    words: str = ask.prose(
        _("What does your agency say?"),
        max=WORDS,
        hint=_("Those who raised the case read it in these words, as your agency's. Other agencies do not."),
    )
    files: tuple[int, ...] = ask.files(
        _("Do you want to add documents?"), hint=_("Customs reads them. They do not go out with its answer.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_be_wanted(bound["part"])

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Quote, ...]:
        return _question(ctx, bound)

    def submit(self, ctx: Context) -> Screen:
        self.part.answer(at=ctx.now)
        lead = _("{agency} has answered its part.")
        return _said(ctx, self.part, PartVoice.ANSWER, self.words, lead, self.files)


@agencies.form("cannot", _("We cannot answer"), allow=asked)
class Cannot(Form):
    """The agency says that it cannot, and why: that is told, too."""

    part: Part = ask.about()
    words: str = ask.prose(
        _("Why can your agency not answer?"), max=WORDS, hint=_("Those who raised the case read it, as your agency's.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_be_wanted(bound["part"])

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Quote, ...]:
        return _question(ctx, bound)

    def submit(self, ctx: Context) -> Screen:
        self.part.decline(at=ctx.now)
        return _said(ctx, self.part, PartVoice.CANNOT, self.words, _("{agency} says that it cannot answer its part."))


def _said(ctx: Context, part: Part, voice: PartVoice, words: str, lead: Phrase, files: Sequence[int] = ()) -> Screen:
    """It stands in whatever waits for approval; where the answer has gone out without it, that can be completed."""
    entry = telling.write(ctx, part, voice, words, files)
    name = name_of(ctx.session, part.agency_id)
    issue = telling.issue_of(ctx, part)
    told = replace(lead, args={"agency": name})
    once = f"part:{part.id}:entry:{entry.id}"
    if issue.state is State.SETTLED:
        told = _("{agency} has sent its part after the answer went out. Please complete the answer.", agency=name)
        for person_id in answering(ctx, issue):
            ctx.notify(person_id, asking.case_screen(ctx, issue, told), once=once)
    else:
        telling.tell_desk(ctx, part, told, once=once, new=(entry,))
        outcome.part_changed(ctx, issue, part, told)
    return cards.agency_card(ctx, part, _("Thank you. Customs has it, and puts it into its answer."))


@agencies.form("query", _("Ask Customs something"), allow=asked)
class Query(Form):
    """What the agency needs to know before it answers. Nobody else reads it."""

    part: Part = ask.about()
    words: str = ask.prose(_("What do you want to ask?"), max=WORDS, hint=_("Only the desk that asks you reads it."))
    files: tuple[int, ...] = ask.files(_("Do you want to add documents?"))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Quote, ...]:
        return _question(ctx, bound)

    def submit(self, ctx: Context) -> Screen:
        entry = telling.write(ctx, self.part, PartVoice.QUERY, self.words, self.files)
        name = name_of(ctx.session, self.part.agency_id)
        lead = _("{agency} asks something before it answers.", agency=name)
        telling.tell_desk(ctx, self.part, lead, once=f"part:{self.part.id}:entry:{entry.id}", new=(entry,))
        return cards.agency_card(ctx, self.part, _("Asked. The answer comes here."))


@agencies.form("later", _("We need more time"), allow=asked)
class Later(Form):
    """A day by which the agency promises its part; those who raised the case are told that day."""

    part: Part = ask.about()
    respond_by: date = ask.date(_("By which day will you have answered?"), options=dates.respond_days)
    words: str = ask.line(_("Why?"), max=300, hint=_("Only the desk that asks you reads it."))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        asking.must_be_awaited(bound["part"])

    def submit(self, ctx: Context) -> Screen:
        asking.wait_until(ctx, self.part, asking.end_of(ctx, self.respond_by))
        entry = telling.write(ctx, self.part, PartVoice.LATER, self.words)
        name, when = name_of(ctx.session, self.part.agency_id), When(self.part.respond_by)
        lead = _("{agency} needs more time, until {when}.", agency=name, when=when)
        telling.tell_desk(ctx, self.part, lead, once=f"part:{self.part.id}:entry:{entry.id}")
        outcome.part_changed(ctx, telling.issue_of(ctx, self.part), self.part, lead)
        return cards.agency_card(ctx, self.part, _("Noted. Customs has been told."))
