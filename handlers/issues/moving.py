"""Where an issue belongs: another officer, another desk, another sector, together with another issue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update

from bot.kit.clean import clean_line
from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Quote, Refusal, Screen
from bot.kit.text import Code, Named, Raw, _
from db.centres import Centre
from db.issues import How, Issue, IssueLink, Participation, Problem, State, Voice
from db.people import Person, Role, RoleName, Scope, Sector, Topic
from handlers import centres
from handlers.people.searching import people_named

from . import cards, clock, desk, finding, parts, telling
from .room import issues, officers, routers

DESK, PERSON = "centre", "person"
OPTIONS = 20


def takers(ctx: Context, query: str) -> Sequence[Option]:
    """Colleagues of one's own desks (everybody's, with a role over the country), then the other desks."""
    held = select(Role.person_id).where(
        Role.administration_id == ctx.who.administration_id,
        Role.scope == Scope.CENTRE,
        Role.name.in_((RoleName.OFFICER, RoleName.LEAD)),
        Role.in_force(ctx.now),
    )
    if all(grant.scope is Scope.CENTRE for grant in ctx.who.grants):
        held = held.where(Role.scope_id.in_([str(each) for each in ctx.who.centre_ids]))
    people = people_named(ctx, query, Person.id.in_(held), Person.id != ctx.who.id, prefix=f"{PERSON}:", most=OPTIONS)
    wanted = clean_line(query).casefold()
    desks = [
        Option(f"{DESK}:{each.id}", Named(each.name))
        for each in ctx.session.scalars(select(Centre).where(Centre.visible_to(ctx.who)).order_by(Centre.id))
        if wanted == f"{DESK}:{each.id}" or any(wanted in name.casefold() for name in each.name.values())
    ]
    return [*people, *desks][:OPTIONS]


@issues.form("hand_over", _("Hand over"), allow=routers)
class HandOver(Form):
    """To a colleague of the same desk, or to another desk. The clock is kept."""

    issue: Issue = ask.about()
    to: str = ask.pick(_("To whom?"), options=takers, hint=_("A colleague, or another desk. The clock is kept."))
    why: str | None = ask.line(_("Anything they should know?"), max=500, optional=True)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        desk.must_be_under_way(bound["issue"])

    def submit(self, ctx: Context) -> Screen:
        kind, _colon, number = self.to.partition(":")
        if kind == DESK:
            moved = move(ctx, self.issue, ctx.session.get_one(Centre, int(number)))
        else:
            moved = _give(ctx, self.issue, int(number))
        if self.why:
            telling.write(ctx, self.issue, Voice.NOTE, self.why)
        return moved


def _give(ctx: Context, issue: Issue, person_id: int) -> Screen:
    person = ctx.session.get_one(Person, person_id)
    if issue.centre_id is None or person.id not in centres.desk(ctx.session, issue.centre_id, at=ctx.now):
        raise Refusal(
            _("{name} does not work at the desk that has this. Hand it to their desk instead.", name=person.name),
            field="to",
        )
    if not issue.give_to(person.id, at=ctx.now):
        raise Refusal(_("It is theirs already, or it is closed. Its state is: {state}.", state=issue.state), field="to")
    ctx.session.flush()
    lead = _("{name} has handed this to you.", name=ctx.who.name)
    telling.tell_officer(ctx, issue, lead, once=f"{issue.ref}:given:{issue.version}")
    return cards.desk_card(ctx, issue, _("Handed over."))


def move(ctx: Context, issue: Issue, centre: Centre) -> Screen:
    """To another desk, with what is left of the clock counted in that desk's own working hours."""
    if issue.state is State.PROPOSED:
        raise Refusal(_("An outcome waits for approval here. Send it back first, then hand the issue over."))
    left = clock.left(ctx, issue)
    has_promise = issue.centre_id is not None
    clock.quieten(ctx, issue)
    if not issue.move_to(centre.id):
        raise Refusal(_("It is with that desk already, or it is closed. Its state is: {state}.", state=issue.state))
    if has_promise:
        issue.start_clock(at=ctx.now, left=left)
        clock.set_going(ctx, issue)
        if issue.state is State.ASKED:
            clock.stand_still(ctx, issue)
    else:
        clock.promise(ctx, issue)
    ctx.session.flush()
    once = f"{issue.ref}:moved:{issue.clock_run}"
    lead = _("An issue was handed to your desk. Its clock is kept.")
    telling.tell_desk(ctx, issue, lead, once=once, topic=Topic.ARRIVALS)
    lead = _("Another desk knows more about this and answers now: {desk}.", desk=Named(centre.name))
    telling.tell_reporter(ctx, issue, lead, once=once, topic=Topic.PROGRESS)
    return Screen(
        _("{ref} is now with {desk}.", ref=Code(issue.ref), desk=Named(centre.name)),
        (_("They have been told, and so has whoever raised it."),),
        buttons=(cards.to_desk(),),
    )


@issues.form("sector", _("Change the sector"), allow=routers)
class ChangeSector(Form):
    """It is about something else: the desk that knows that receives it, with its clock and everything said."""

    issue: Issue = ask.about()
    sector: Sector = ask.choice(_("Which sector is it about?"))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        desk.must_be_under_way(bound["issue"])

    def submit(self, ctx: Context) -> Screen:
        if self.issue.sector is self.sector:
            raise Refusal(_("That is its sector already."), field="sector")
        self.issue.sector = self.sector
        # What the desk says it is about counts for more than the chapter and port the trader gave.
        centre = centres.route(ctx.session, self.issue.administration_id, sector=self.sector)
        if centre is None or centre.id == self.issue.centre_id:
            return cards.desk_card(ctx, self.issue, _("Changed. It stays with your desk."))
        return move(ctx, self.issue, centre)


@issues.form("merge", _("Merge into another"), allow=officers)
class Merge(Form):
    """Several told the same: one issue speaks for all, and its outcome goes to everyone who told any of them."""

    issue: Issue = ask.about()
    into: int = ask.pick(
        _("Which issue goes on?"), options=finding.under_way, but="issue", hint=_("Nobody learns who else raised it.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if not bound["issue"].may_move:
            raise Refusal(_("It cannot be merged now. Its state is: {state}.", state=bound["issue"].state))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        issue = bound["issue"]
        return (_("{ref} ends, and goes on in another:", ref=Code(issue.ref)), Quote(Raw(issue.title, issue.language)))

    def submit(self, ctx: Context) -> Screen:
        issue, into = self.issue, _other(ctx, self.into)
        if into.id == issue.id:
            raise Refusal(_("It cannot be merged into itself."), field="into")
        if into.centre_id != issue.centre_id:
            raise Refusal(_("That one is with another desk. Hand one of them over first."), field="into")
        clock.quieten(ctx, issue)
        if not issue.merge_into(into, at=ctx.now):
            raise Refusal(_("It cannot be merged now. Its state is: {state}.", state=into.state), field="into")
        # What had been merged into it speaks through the other now, so that one step always leads to the issue itself.
        follows = update(Issue).where(Issue.merged_into_id == issue.id).values(merged_into_id=into.id)
        ctx.session.execute(follows)
        _bring_along(ctx, issue, into)
        parts.move(ctx, issue, into)
        ctx.session.flush()
        once = f"{issue.ref}:merged:{into.id}"
        telling.tell_reporter(ctx, issue, cards.TOGETHER, once=once, topic=Topic.PROGRESS)
        lead = _("{ref} was merged into this one.", ref=Code(issue.ref))
        telling.tell_officer(ctx, into, lead, once=once)
        return cards.desk_card(ctx, into, lead)


@issues.form("link", _("Link with another"), allow=officers)
class Link(Form):
    """Two issues that belong together without being the same."""

    issue: Issue = ask.about()
    other: int = ask.pick(_("With which issue?"), options=finding.seen, but="issue")

    def submit(self, ctx: Context) -> Screen:
        other = _other(ctx, self.other)
        if other.id == self.issue.id:
            raise Refusal(_("It cannot be linked with itself."), field="other")
        low, high = sorted((self.issue.id, other.id))
        known = IssueLink.issue_id == low, IssueLink.other_id == high
        if ctx.session.scalar(select(IssueLink.id).where(*known)) is None:
            ctx.session.add(IssueLink(issue_id=low, other_id=high, linked_by_id=ctx.who.id, linked_at=ctx.now))
            ctx.session.flush()
        return cards.desk_card(ctx, self.issue, _("Linked with {ref}.", ref=Code(other.ref)))


def _bring_along(ctx: Context, issue: Issue, into: Issue) -> None:
    """Whoever shares the problem goes on with it: its line and those who joined it follow to the issue that speaks."""
    already = select(Participation.person_id).where(Participation.issue_id == into.id)
    joined = Participation.issue_id == issue.id, Participation.how != How.REPORTER
    moved = update(Participation).where(*joined, Participation.person_id.not_in(already))
    ctx.session.execute(moved.values(issue_id=into.id))
    if ctx.session.scalar(select(Problem.id).where(Problem.issue_id == into.id)) is None:
        ctx.session.execute(update(Problem).where(Problem.issue_id == issue.id).values(issue_id=into.id))


def _other(ctx: Context, issue_id: int) -> Issue:
    """The issue that was picked; whoever picks may have lost sight of it since."""
    seen = Issue.id == issue_id, Issue.handled_by(ctx.who)
    found = ctx.session.scalar(select(Issue).where(*seen))
    if found is None:
        raise Refusal(_("That issue is no longer yours to see. Please choose another."))
    return found
