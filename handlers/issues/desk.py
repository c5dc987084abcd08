"""At the desk: what waits, taking an issue, asking, replying, telling everybody, noting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, or_, select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Quote, Refusal, Row, Screen, button
from bot.kit.text import Code, Phrase, Raw, When, _, ngettext
from db.issues import Entry, Issue, State, Voice
from db.outcomes import owed
from db.people import Topic
from handlers.paging import PAGE, turn_pages

from . import cards, clock, finding, telling
from .room import BY_REPORTER, issues, officers, staff

VOICES = 4  # of those who told it, while one answers; their whole words are one button away


@issues.command("desk", _("Issues at my desk"), allow=allow.staff, menu=15)
def desk(ctx: Context, page: int = 0, own: bool = False) -> Screen:
    """What is under way where I work, the most urgent first; `own` shows only what is mine."""
    wanted = [Issue.handled_by(ctx.who), Issue.under_way()]
    if own:
        wanted.append(Issue.officer_id == ctx.who.id)
    total = ctx.session.scalar(select(func.count()).select_from(Issue).where(*wanted)) or 0
    waits = (Issue.answer_due.is_(None), Issue.answer_due, Issue.id)
    found = ctx.session.scalars(select(Issue).where(*wanted).order_by(*waits).offset(page * PAGE).limit(PAGE))
    rows = tuple(
        Row(
            Raw(each.title, each.language),
            cards.line(each),
            (button(_("Open"), "issues.show", issue=each.id), *_take_at_once(each)),
        )
        for each in found
    )
    other = button(_("All of the desk"), "issues.desk") if own else button(_("Only mine"), "issues.desk", own=True)
    count = ngettext("{count} issue under way", "{count} issues under way", total)
    return Screen(
        _("Issues at my desk"),
        (count,) if total else (_("Nothing waits here."),),
        rows=rows,
        buttons=(*turn_pages("issues.desk", page, total, own=own), other, button(_("Find an issue"), "issues.find")),
    )


def _take_at_once(issue: Issue) -> tuple[Button, ...]:
    return (button(_("Take it"), "issues.take", issue=issue.id),) if issue.state is State.OPEN else ()


@issues.command("take", _("Take it"), allow=officers)
def take(ctx: Context, issue: Issue) -> Screen:
    """An officer says that it is theirs; whoever raised it hears that somebody has it."""
    if issue.state is State.TAKEN and issue.officer_id == ctx.who.id:
        return cards.desk_card(ctx, issue, _("It is yours already."))
    if not issue.take(ctx.who.id, at=ctx.now):
        raise Refusal(why_not(ctx, issue))
    lead = _("An officer has taken up your issue.")
    telling.tell_reporter(ctx, issue, lead, once=f"{issue.ref}:taken:{issue.clock_run}", topic=Topic.PROGRESS)
    return cards.desk_card(ctx, issue, _("It is yours now."))


@issues.form("ask", _("Ask"), allow=officers, reads=officers)
class Ask(Form):
    """A question to whoever raised it. The clock stands still until they answer."""

    issue: Issue = ask.about()
    words: str = ask.prose(
        _("What do you want to ask?"), max=1000, hint=_("The answer clock stands still until they have answered.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_stay(ctx, bound["issue"])
        if not bound["issue"].may_be_asked:
            raise Refusal(why_not(ctx, bound["issue"]))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return last_words(ctx, bound["issue"])

    def submit(self, ctx: Context) -> Screen:
        clock.quieten(ctx, self.issue)
        self.issue.ask(ctx.who.id, at=ctx.now)
        entry = telling.write(ctx, self.issue, Voice.QUESTION, self.words)
        clock.stand_still(ctx, self.issue)
        lead = _("Customs has a question about your issue.")
        telling.tell_reporter(ctx, self.issue, lead, once=f"{self.issue.ref}:entry:{entry.id}")
        return cards.desk_card(ctx, self.issue, _("Asked. The clock stands still until the answer comes."))


@issues.form("reply", _("Reply"), allow=officers, reads=officers)
class Reply(Form):
    """A word to whoever raised it, on the way to the outcome."""

    issue: Issue = ask.about()
    words: str = ask.prose(_("Your reply?"), max=3000, hint=_("Only whoever raised it reads this."))
    files: tuple[int, ...] = ask.files(_("Do you want to add documents?"))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_stay(ctx, bound["issue"])
        must_be_under_way(bound["issue"])

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return (*last_words(ctx, bound["issue"]), *finding.precedents(ctx, bound["issue"]))

    def submit(self, ctx: Context) -> Screen:
        entry = telling.write(ctx, self.issue, Voice.REPLY, self.words, self.files)
        lead = _("Customs has replied to you.")
        telling.tell_reporter(ctx, self.issue, lead, once=f"{self.issue.ref}:entry:{entry.id}", new=(entry,))
        return cards.desk_card(ctx, self.issue, _("Sent."))


@issues.form("inform", _("Tell everybody who takes part"), allow=officers)
class Inform(Form):
    """The same word to everybody who takes part, without naming one to another."""

    issue: Issue = ask.about()
    words: str = ask.prose(
        _("What do you want to tell them?"), max=3000, hint=_("Everybody who takes part reads this. Name nobody.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_be_under_way(bound["issue"])

    def submit(self, ctx: Context) -> Screen:
        entry = telling.write(ctx, self.issue, Voice.NEWS, self.words)
        lead = _("News from Customs about what you take part in")
        count = telling.tell_everybody(ctx, self.issue, lead, entry)
        told = ngettext("Sent to {count} person.", "Sent to {count} people.", count)
        return cards.desk_card(ctx, self.issue, told)


@issues.form("note", _("Note for colleagues"), allow=staff)
class Note(Form):
    """A note that only staff who see the issue read."""

    issue: Issue = ask.about()
    words: str = ask.prose(_("Your note?"), max=3000, hint=_("Traders never see notes."))
    files: tuple[int, ...] = ask.files(_("Do you want to add documents?"))

    def submit(self, ctx: Context) -> Screen:
        telling.write(ctx, self.issue, Voice.NOTE, self.words, self.files)
        return cards.desk_card(ctx, self.issue, _("Noted."))


@issues.command("more", _("More about an issue"), allow=staff)
def more(ctx: Context, issue: Issue) -> Screen:
    """Everything else that can be done, apart from what the card offers."""

    def does(label: Phrase, command: str) -> Button:
        return Button(label, command, {"issue": issue.id})

    always = (
        does(_("All that was said"), "issues.thread"),
        does(_("Other agencies"), "agencies.case"),
        does(_("Earlier answers"), "issues.precedents"),
        does(_("Note for colleagues"), "issues.note"),
        does(_("Link with another"), "issues.link"),
        does(_("Make it an action"), "actions.from_issue"),
        does(_("Consult on it"), "consultations.about"),
        *cards.session_buttons(ctx, issue),
    )
    open_only = (
        does(_("Tell everybody who takes part"), "issues.inform"),
        does(_("Hand over"), "issues.hand_over"),
        does(_("Change the sector"), "issues.sector"),
        does(_("Merge into another"), "issues.merge"),
        does(_("Share it as a problem"), "issues.publish"),
        does(_("Take it one level up"), "issues.escalate"),
        does(_("Call a roundtable"), "roundtables.from_issue"),
    )
    return Screen(
        _("What do you want to do with {ref}?", ref=Code(issue.ref)),
        (Raw(issue.title, issue.language),),
        buttons=(*(open_only if issue.is_under_way else ()), *always, does(_("Back"), "issues.show")),
    )


def all_words(ctx: Context, issue: Issue) -> tuple[Quote | Phrase, ...]:
    """What those who told it said, how many more did, and what was said last: an outcome answers them all."""
    everybody = [each for each in owed(ctx.session, issue.id).values() if each.words]
    told, left = everybody[:VOICES], len(everybody[VOICES:])
    people = cards.names(ctx, {each.person_id for each in told})
    said = tuple(
        Quote(Raw(each.words or "", each.language), _("In the words of {name}", name=people[each.person_id]))
        for each in told
    )
    heard = {quote.said for quote in said}
    more = ngettext(
        "{count} more has told it too: read “All that was said”.",
        "{count} more have told it too: read “All that was said”.",
        left,
    )
    return (
        *said,
        *((more,) if left else ()),
        *(each for each in last_words(ctx, issue) if each.said not in heard),
    )


def last_words(ctx: Context, issue: Issue) -> tuple[Quote, ...]:
    """The last thing a trader said here, to have it in sight while answering."""
    said = or_(Entry.issue_id == issue.id, Entry.issue_id.in_(select(Issue.id).where(Issue.merged_into_id == issue.id)))
    last = select(Entry).where(said, Entry.voice.in_(BY_REPORTER)).order_by(Entry.id.desc()).limit(1)
    return cards.quotes(ctx, ctx.session.scalars(last).all(), cards.SAID_AT_DESK)


def why_not(ctx: Context, issue: Issue) -> Phrase:
    """Why the present state does not allow what was asked, in words."""
    if issue.officer_id and issue.taken_at and issue.state is State.TAKEN:
        name = cards.names(ctx, {issue.officer_id})[issue.officer_id]
        return _("Already taken by {name} on {when}.", name=name, when=When(issue.taken_at))
    if issue.state is State.ASKED:
        return _("A question to whoever raised it is open already. The clock stands still until they answer.")
    return _("That cannot be done now. Its state is: {state}.", state=issue.state)


def must_be_under_way(issue: Issue) -> None:
    if not issue.is_under_way:
        raise Refusal(_("It is closed. Its state is: {state}.", state=issue.state))


def _must_stay(ctx: Context, issue: Issue) -> None:
    if not telling.stays(ctx, issue):
        raise Refusal(_("Whoever raised it has left it and can no longer be asked or told."))
