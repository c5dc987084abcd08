"""For the desk: which agencies are asked, for what and until when; and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, When, _
from db.agencies import Part, PartState, PartVoice, name_of
from db.issues import Issue, State
from db.outcomes import settled
from db.people import Administration, Organisation, Topic
from handlers.issues import desk, outcome, parts
from handlers.issues import telling as case_telling
from handlers.issues.raising import agencies as choices
from handlers.issues.room import officers, staff
from handlers.people.voices import voices
from handlers.roundtables import dates
from handlers.roundtables.polling import LAST_MINUTE

from . import cards, reminders, telling
from .room import agencies, askers

QUESTION = 2000
WORDS = ask.prose(
    _("What do you ask it?"),
    max=QUESTION,
    hint=_("Only this agency and your desk read it. It does not learn who raised the case: name nobody."),
)
DAY = ask.date(_("By which day must it have answered?"), options=dates.respond_days)
AGENCY = ask.pick(_("Which agency?"), options=choices)


@agencies.command("case", _("Other agencies"), allow=staff, reads=staff)
def case(ctx: Context, issue: Issue) -> Screen:
    """The parts of a case: who was asked, who has answered, who is silent."""
    return case_screen(ctx, issue, None)


def case_screen(ctx: Context, issue: Issue, lead: Phrase | None) -> Screen:
    asked = ctx.session.scalars(select(Part).where(Part.issue_id == issue.id).order_by(Part.id)).all()
    names = {each.agency_id: name_of(ctx.session, each.agency_id) for each in asked}
    rows = tuple(
        Row(Raw(names[each.agency_id]), cards.line(each), (button(_("Open"), "agencies.part", part=each.id),))
        for each in asked
    )
    concerned = ctx.session.get(Organisation, issue.agency_id) if issue.agency_id else None
    suggests = concerned is not None and concerned.id not in names
    first = (
        (button(_("Ask {agency}", agency=concerned.name), "agencies.ask", issue=issue.id, agency=str(concerned.id)),)
        if concerned is not None and suggests
        else ()
    )
    last = settled(ctx.session, issue.id) if issue.state is State.SETTLED else None
    more = last is not None and parts.has_more(ctx, last)
    knows = _("Whoever raised it lets the agencies know who they are.") if parts.is_disclosed(ctx, issue) else None
    hidden = _("The agencies do not learn who raised it.")
    return Screen(
        lead or _("Other agencies in {ref}", ref=Code(issue.ref)),
        (
            *((_("Those who raised it get one answer, with the part of each agency."),) if not rows else ()),
            knows or hidden,
        ),
        rows=rows,
        buttons=(
            *(
                (button(_("Complete the answer"), "issues.complete", style=Style.PRIMARY, issue=issue.id),)
                if more
                else ()
            ),
            *first,
            *((button(_("Ask an agency"), "agencies.ask", issue=issue.id),) if issue.is_under_way else ()),
            button(_("Back to {ref}", ref=Code(issue.ref)), "issues.show", issue=issue.id),
        ),
    )


@agencies.form("ask", _("Ask an agency"), allow=officers, reads=officers)
class Ask(Form):
    """One agency is asked for its part of the answer, until a day."""

    issue: Issue = ask.about()
    agency: int = AGENCY
    words: str = WORDS
    respond_by: date = DAY

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        desk.must_be_under_way(bound["issue"])

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return desk.last_words(ctx, bound["issue"])

    def submit(self, ctx: Context) -> Screen:
        part = request(ctx, self.issue, self.agency, self.words, self.respond_by)
        return _asked(ctx, part)


@agencies.form("also", _("Ask another agency the same"), allow=askers)
class Also(Form):
    """The same question to one more agency, which does not learn that it was put to another."""

    review = False
    part: Part = ask.about()
    agency: int = AGENCY
    respond_by: date = DAY

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        desk.must_be_under_way(telling.issue_of(ctx, bound["part"]))

    def submit(self, ctx: Context) -> Screen:
        words = cards.question(ctx, self.part).words
        return _asked(ctx, request(ctx, telling.issue_of(ctx, self.part), self.agency, words, self.respond_by))


def request(ctx: Context, issue: Issue, agency_id: int, words: str, day: date) -> Part:
    """Ask one agency; or again, where it was asked before. Raises Refusal."""
    name = name_of(ctx.session, agency_id)
    if agency_id == ctx.who.agency_id:
        raise Refusal(_("You speak for that agency yourself. Somebody else has to ask it."), field="agency")
    if not voices(ctx, agency_id):
        raise Refusal(
            _("Nobody speaks for {agency} in Parley yet, so nobody would read it.", agency=name), field="agency"
        )
    respond_by = end_of(ctx, day)
    known = Part.issue_id == issue.id, Part.agency_id == agency_id
    part = ctx.session.scalar(select(Part).where(*known))
    if part is None:
        part = Part(
            administration_id=issue.administration_id,
            issue_id=issue.id,
            agency_id=agency_id,
            asked_by_id=ctx.who.id,
            asked_at=ctx.now,
            respond_by=respond_by,
        )
        ctx.session.add(part)
    elif not part.ask_again(ctx.who.id, respond_by=respond_by, at=ctx.now):
        raise Refusal(_("{agency} has been asked already and has not answered.", agency=name), field="agency")
    ctx.session.flush()
    entry = telling.write(ctx, part, PartVoice.QUESTION, words)
    reminders.plan(ctx, part)
    lead = _("Customs asks your agency for its part of an answer.")
    telling.tell_agency(ctx, part, lead, once=f"part:{part.id}:entry:{entry.id}")
    _tell_reporter(ctx, issue)
    outcome.part_changed(ctx, issue, part, _("{agency} is asked for its part, too.", agency=name))
    return part


def _tell_reporter(ctx: Context, issue: Issue) -> None:
    """Whoever raised it hears, once, that agencies are asked and do not learn who they are unless they let them."""
    lead = _(
        "Customs asks other agencies for their part of your answer. They do not learn who you are unless you say so."
    )
    case_telling.tell_reporter(ctx, issue, lead, once=f"{issue.ref}:agencies", topic=Topic.PROGRESS)


def _asked(ctx: Context, part: Part) -> Screen:
    name = name_of(ctx.session, part.agency_id)
    lead = _("{agency} is asked, until {when}.", agency=name, when=When(part.respond_by))
    screen = case_screen(ctx, telling.issue_of(ctx, part), lead)
    return screen.with_buttons(cards.does(part, _("Ask another agency the same"), "also"))


@agencies.form("again", _("Ask again"), allow=askers)
class Again(Form):
    """Something more of an agency that has answered: the answer that is told is the new one."""

    part: Part = ask.about()
    words: str = WORDS
    respond_by: date = DAY

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        desk.must_be_under_way(telling.issue_of(ctx, bound["part"]))

    def submit(self, ctx: Context) -> Screen:
        issue = telling.issue_of(ctx, self.part)
        return _asked(ctx, request(ctx, issue, self.part.agency_id, self.words, self.respond_by))


@agencies.form("more_time", _("Give more time"), allow=askers)
class MoreTime(Form):
    """A later day holds for one agency."""

    review = False
    part: Part = ask.about()
    respond_by: date = DAY

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_be_awaited(bound["part"])

    def submit(self, ctx: Context) -> Screen:
        wait_until(ctx, self.part, end_of(ctx, self.respond_by))
        lead = _("You have until {when}.", when=When(self.part.respond_by))
        telling.tell_agency(ctx, self.part, lead, once=f"part:{self.part.id}:until:{self.part.run}")
        return cards.desk_card(ctx, self.part, _("Noted. The agency has been told."))


@agencies.form("reply", _("Reply to the agency"), allow=askers, reads=askers)
class Reply(Form):
    """A word to one agency about its part: what it asked back, or what is still needed."""

    part: Part = ask.about()
    words: str = ask.prose(
        _("Your reply?"), max=QUESTION, hint=_("Only this agency and your desk read it. Name nobody.")
    )
    files: tuple[int, ...] = ask.files(_("Do you want to add documents?"))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Quote, ...]:
        return cards.quotes(ctx, cards.latest(ctx, bound["part"])[-1:], cards.SAID_AT_DESK)

    def submit(self, ctx: Context) -> Screen:
        entry = telling.write(ctx, self.part, PartVoice.REPLY, self.words, self.files)
        lead = _("Customs has replied to your agency.")
        telling.tell_agency(ctx, self.part, lead, once=f"part:{self.part.id}:entry:{entry.id}", new=(entry,))
        return cards.desk_card(ctx, self.part, _("Sent."))


@agencies.command(
    "call_off", _("Not needed any longer"), allow=askers, confirm=_("Is this agency's part not needed any longer?")
)
def call_off(ctx: Context, part: Part) -> Screen:
    """The answer goes out without it, and does not name it."""
    must_be_awaited(part)
    parts.call_off(ctx, [part])
    issue, name = telling.issue_of(ctx, part), name_of(ctx.session, part.agency_id)
    outcome.part_changed(ctx, issue, part, _("The part of {agency} is not needed any longer.", agency=name))
    return case_screen(ctx, issue, _("The agency has been told that it is not needed."))


def must_be_awaited(part: Part) -> None:
    if part.state is not PartState.ASKED:
        raise Refusal(_("Its answer is not waited for. Its state is: {state}.", state=part.state))


def wait_until(ctx: Context, part: Part, respond_by: datetime) -> None:
    """Another day holds: what was planned for the one before is not."""
    if respond_by <= part.respond_by:
        raise Refusal(_("Please name a later day than {when}.", when=When(part.respond_by)), field="respond_by")
    reminders.forget(ctx, part)
    part.wait_until(respond_by)
    ctx.session.flush()
    reminders.plan(ctx, part)


def end_of(ctx: Context, day: date) -> datetime:
    """When a day to answer by ends, where the administration is. Raises Refusal for one that is past."""
    home = ctx.session.get_one(Administration, ctx.who.administration_id)
    return dates.instant(day, LAST_MINUTE, home.zone, now=ctx.now, field="respond_by")
