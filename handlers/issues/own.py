"""For whoever raised an issue: see it, add to it, answer what Customs asks, withdraw it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Quote, Refusal, Row, Screen, button
from bot.kit.text import Code, Raw, When, _
from db.agencies import parts_of
from db.issues import Entry, How, Issue, Participation, State, Voice
from db.outcomes import owed
from handlers.paging import PAGE, turn_pages

from . import cards, clock, parts, telling
from .room import issues, reporter, staff


@issues.command("mine", _("My issues"), allow=allow.members, menu=20)
def mine(ctx: Context, page: int = 0) -> Screen:
    """What I raised, the latest first."""
    part = select(Participation.issue_id).where(Participation.person_id == ctx.who.id)
    raised = Issue.visible_to(ctx.who), Issue.id.in_(part.where(Participation.how == How.REPORTER))
    total = ctx.session.scalar(select(func.count()).select_from(Issue).where(*raised)) or 0
    found = ctx.session.scalars(select(Issue).where(*raised).order_by(Issue.id.desc()).offset(page * PAGE).limit(PAGE))
    rows = tuple(
        Row(Raw(each.title, each.language), cards.line(each), (button(_("Open"), "issues.show", issue=each.id),))
        for each in found
    )
    return Screen(
        _("My issues"),
        () if rows else (_("You have not raised anything yet. Customs is listening."),),
        rows=rows,
        buttons=(
            *turn_pages("issues.mine", page, total),
            button(_("Raise an issue"), "issues.raise"),
            button(_("Problems I share"), "issues.shared"),
        ),
    )


@issues.command("show", _("See an issue"), allow=allow.members, reads=staff)
def show(ctx: Context, issue: Issue) -> Screen:
    """One issue, as far as it is theirs to see."""
    return cards.card(ctx, issue)


@issues.command("thread", _("All that was said"), allow=allow.members, reads=staff)
def thread(ctx: Context, issue: Issue, page: int = 0) -> Screen:
    """Everything that was said, from the beginning, a page at a time."""
    own = issue.reporter_id == ctx.who.id
    wanted = cards.thread(issue, own=own)
    total = ctx.session.scalar(select(func.count()).select_from(Entry).where(wanted)) or 0
    found = ctx.session.scalars(select(Entry).where(wanted).order_by(Entry.id).offset(page * PAGE).limit(PAGE)).all()
    back = button(_("Back to {ref}", ref=Code(issue.ref)), "issues.show", issue=issue.id)
    return Screen(
        Raw(issue.title, issue.language),
        cards.quotes(ctx, found, cards.SAID_TO_TRADE if own else cards.SAID_AT_DESK),
        files=cards.attachments(ctx, found),
        buttons=(*turn_pages("issues.thread", page, total, issue=issue.id), back),
    )


@issues.form("add", _("Add something"), allow=reporter)
class Add(Form):
    """More about an issue one has raised."""

    issue: Issue = ask.about()
    words: str = ask.prose(_("What do you want to add?"), max=3000)
    files: tuple[int, ...] = ask.files(_("Do you want to add photos or documents?"))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_be_read(ctx, bound["issue"])

    def submit(self, ctx: Context) -> Screen:
        speaks = _speaks(ctx, self.issue)
        entry = telling.write(ctx, self.issue, Voice.ADDITION, self.words, self.files)
        lead = _("Something was added to an issue.")
        telling.tell_officer(ctx, speaks, lead, once=f"{self.issue.ref}:entry:{entry.id}", new=(entry,))
        return cards.own_card(ctx, self.issue, _("Added. The desk has been told."))


@issues.form("answer", _("Answer"), allow=reporter)
class Answer(Form):
    """What Customs asked; the clock goes on when the answer is there."""

    issue: Issue = ask.about()
    words: str = ask.prose(_("Your answer?"), max=3000)
    files: tuple[int, ...] = ask.files(_("Do you want to add photos or documents?"))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_be_read(ctx, bound["issue"])

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        asked = Entry.issue_id == bound["issue"].id, Entry.voice == Voice.QUESTION
        last = ctx.session.scalars(select(Entry).where(*asked).order_by(Entry.id.desc()).limit(1)).first()
        if last is None:
            return ()
        return (Quote(Raw(last.words, last.language), _("Customs asked you on {when}", when=When(last.at))),)

    def submit(self, ctx: Context) -> Screen:
        was_asked = self.issue.state is State.ASKED
        speaks = _speaks(ctx, self.issue)
        if was_asked:
            _go_on(ctx, self.issue)
        entry = telling.write(ctx, self.issue, Voice.ANSWER if was_asked else Voice.ADDITION, self.words, self.files)
        lead = _("Your question has been answered.") if was_asked else _("Something was added to an issue.")
        telling.tell_officer(ctx, speaks, lead, once=f"{self.issue.ref}:entry:{entry.id}", new=(entry,))
        if speaks.answer_due is None:
            return cards.own_card(ctx, self.issue, _("Thank you. The desk has your answer."))
        lead = _("Thank you. The desk has your answer. It answers by {when}.", when=When(speaks.answer_due))
        return cards.own_card(ctx, self.issue, lead)


@issues.command(
    "withdraw",
    _("Withdraw it"),
    allow=reporter,
    confirm=_("Do you want to withdraw your issue? Customs will not answer it then."),
)
def withdraw(ctx: Context, issue: Issue) -> Screen:
    """Take it back. Where others take part it goes on for them, without whoever raised it."""
    if issue.state is State.WITHDRAWN:
        return cards.own_card(ctx, issue, _("You have withdrawn this already."))
    if not issue.is_under_way:
        raise Refusal(_("It cannot be withdrawn any more. Its state is: {state}.", state=issue.state))
    if owed(ctx.session, issue.id).keys() - {ctx.who.id}:
        own = Participation.issue_id == issue.id, Participation.person_id == ctx.who.id
        ctx.session.scalars(select(Participation).where(*own)).one().leave(at=ctx.now)
        if issue.state is State.ASKED:
            _go_on(ctx, issue)
        lead = _("Whoever raised this has left it. Others take part, so it goes on.")
        telling.tell_officer(ctx, issue, lead, once=f"{issue.ref}:left")
        return Screen(
            _("You have withdrawn from {ref}.", ref=Code(issue.ref)),
            (_("Others have the same problem, so Customs goes on with it. You will hear no more about it."),),
            buttons=(button(_("My issues"), "issues.mine"),),
        )
    clock.quieten(ctx, issue)
    issue.withdraw(at=ctx.now)
    parts.call_off(ctx, parts_of(ctx.session, issue.id))
    telling.tell_officer(ctx, issue, _("This was withdrawn by whoever raised it."), once=f"{issue.ref}:withdrawn")
    return cards.own_card(ctx, issue, _("Withdrawn. You can raise it again whenever you like."))


def _speaks(ctx: Context, issue: Issue) -> Issue:
    """The issue that speaks for this one: itself, or what it was merged into."""
    return ctx.session.get_one(Issue, issue.merged_into_id or issue.id)


def _must_be_read(ctx: Context, issue: Issue) -> None:
    if not _speaks(ctx, issue).is_under_way:
        raise Refusal(_("This is closed: nobody would read what you add. Please raise a new issue."))


def _go_on(ctx: Context, issue: Issue) -> None:
    """What was asked is not waited for any longer: the desk's clock goes on."""
    clock.quieten(ctx, issue)
    issue.hear(at=ctx.now)
    clock.set_going(ctx, issue)
