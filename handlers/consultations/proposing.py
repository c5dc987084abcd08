"""Proposing a consultation, from either side; and Customs' answer, by a day that is told at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Quote, Refusal, Row, Scalar, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, When, _, name_members, phrase_of
from db.consultations import OUT_OF_BOUNDS, Consultation, Phase, Subject
from db.issues import Issue, Problem
from db.people import Administration, Person, Sector
from handlers import centres
from handlers.paging import PAGE, turn_pages
from handlers.roundtables.dates import home_week, working_days

from . import announcing, cards, dates, making, owning, phases
from .room import WHY_NOT, at_customs, consultations, deciders, members, proposer

MOST_OPEN = 5
AGAIN_DAYS, REMINDERS = 5, 6  # working days; how often those who owe an answer are reminded
WORDS = 1000


class Together(StrEnum):
    """Whether a proposal is taken up with whoever made it."""

    BOTH = "both"
    ALONE = "alone"


name_members(
    {
        Together.BOTH: _("Yes, ask them to own it with us"),
        Together.ALONE: _("No, Customs alone"),
    }
)

NO_MATTER = "out"  # of consultations


def kinds(ctx: Context, query: str) -> Sequence[Option]:
    """What can be consulted on; and, as one, all that cannot: a chat shows no more buttons than these."""
    out = Option(NO_MATTER, _("The budget, enforcement, or a single case"))
    return [*making.subjects(ctx, query), out]


def closed_doors(ctx: Context, query: str) -> Sequence[Option]:
    return [Option(each.value, phrase_of(each)) for each in OUT_OF_BOUNDS]


KIND = ask.choice(_("What kind of thing is it?"), options=kinds)
WHICH = ask.choice(_("Which of these is it?"), options=closed_doors, when=lambda so_far: so_far.kind == NO_MATTER)
WHAT_ = ask.prose(
    _("What should change, for whom, and why?"),
    max=making.SUMMARY,
    hint=_("Customs reads it now. If it is taken up, it becomes what everybody reads first."),
    when=lambda so_far: so_far.kind != NO_MATTER,
)


class _Proposing(Form):
    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        waiting = Consultation.proposer_id == ctx.who.id, Consultation.phase == Phase.PROPOSED
        count = ctx.session.scalar(select(func.count()).select_from(Consultation).where(*waiting)) or 0
        if count >= MOST_OPEN:
            raise Refusal(_("At most {count} of your proposals can wait for a decision.", count=MOST_OPEN))


@consultations.form("propose", _("Propose a consultation"), allow=members)
class Propose(_Proposing):
    """Somebody asks Customs to consult on something. What no consultation decides is declined at once, with why."""

    kind: str = KIND
    which: Subject | None = WHICH
    title: str = making.TITLE_
    summary: str | None = WHAT_

    def submit(self, ctx: Context) -> Screen:
        return propose(ctx, self.which or Subject(self.kind), self.title, self.summary)


@consultations.form("propose_about", _("Propose a consultation about an issue"), allow=members)
class ProposeAbout(_Proposing):
    """It goes with how many told Customs the same, and with no word or name of theirs."""

    issue: Issue = ask.about()
    kind: str = KIND
    which: Subject | None = WHICH
    title: str = making.TITLE_
    summary: str | None = WHAT_

    def submit(self, ctx: Context) -> Screen:
        return propose(ctx, self.which or Subject(self.kind), self.title, self.summary, issue=self.issue)


@consultations.form("propose_shared", _("Propose a consultation about a shared problem"), allow=members)
class ProposeShared(_Proposing):
    """The same, from the neutral line that a cluster of issues is known by."""

    problem: Problem = ask.about()
    kind: str = KIND
    which: Subject | None = WHICH
    title: str = making.TITLE_
    summary: str | None = WHAT_

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return (Raw(bound["problem"].line, bound["problem"].language),)

    def submit(self, ctx: Context) -> Screen:
        issue = ctx.session.get_one(Issue, self.problem.issue_id)
        return propose(ctx, self.which or Subject(self.kind), self.title, self.summary, issue=issue)


def propose(ctx: Context, subject: Subject, title: str, summary: str | None, *, issue: Issue | None = None) -> Screen:
    """At the desk that knows about it, or declined where its subject is out of bounds."""
    sector = issue.sector if issue is not None else ctx.session.get_one(Person, ctx.who.id).sector
    made = Consultation(
        administration_id=ctx.who.administration_id,
        title=title,
        summary=summary or "",
        language=ctx.who.language,
        zone=ctx.session.get_one(Administration, ctx.who.administration_id).zone,
        phase=Phase.PROPOSED,
        subject=subject,
        sector=sector,
        proposer_id=ctx.who.id,
        centre_id=_desk(ctx, sector, issue),
        issue_id=(issue.merged_into_id or issue.id) if issue is not None else None,
        created_at=ctx.now,
    )
    ctx.session.add(made)
    ctx.session.flush()
    if subject in OUT_OF_BOUNDS:
        made.decline(None, at=ctx.now)
        ctx.session.flush()
        return Screen(
            _("Customs cannot consult on this."),
            (cards.title(made), WHY_NOT[subject]),
            buttons=(*cards.does_not_need_one(made), *_my_proposals()),
        )
    due = dates.answer_due(ctx, made)
    ctx.later(due, "consultations.unanswered", key=f"{made.ref}:unanswered:0", consultation=made.id, times=0)
    tell_desk(ctx, made)
    return cards.card(ctx, made, sent(due))


def tell_desk(ctx: Context, consultation: Consultation) -> None:
    """Whoever can answer it hears of it, and by when an answer is promised."""
    due = When(dates.answer_due(ctx, consultation), day_only=True)
    announcing.tell_owners(
        ctx,
        consultation,
        _("A consultation is proposed."),
        once=f"proposed:{consultation.centre_id}",
        body=(
            Quote(Raw(consultation.summary, consultation.language)),
            _("An answer is promised by {when}.", when=due),
        ),
    )


def sent(due: datetime) -> Phrase:
    return _("Sent. You hear by {when} whether Customs takes it up, and why if not.", when=When(due, day_only=True))


def _desk(ctx: Context, sector: Sector | None, issue: Issue | None) -> int | None:
    if issue is not None and issue.centre_id is not None:
        return issue.centre_id
    found = centres.route(ctx.session, ctx.who.administration_id, sector=sector)
    return found.id if found is not None else None


@consultations.job("unanswered")
def unanswered(ctx: Context, consultation: Consultation, times: int) -> None:
    """The promised day has passed: its desk and whoever oversees the desks hear it, and so does whoever waits."""
    if consultation.phase is not Phase.PROPOSED or consultation.proposer_id is None:
        return
    above = centres.overseers(ctx.session, consultation.administration_id, at=ctx.now)
    owing = dict.fromkeys((*at_customs(ctx, consultation), *above))
    owing.pop(consultation.proposer_id, None)
    lead = _("A proposal has had no answer, and the promised day has passed.")
    announcing.tell(ctx, owing, consultation, lead, once=f"unanswered:{times}")
    if times == 0:
        said = _("You were promised an answer by now, and there is none yet. Whoever oversees the desks has been told.")
        announcing.tell(ctx, (consultation.proposer_id,), consultation, said, once="late")
    if times + 1 < REMINDERS:
        day = working_days(home_week(ctx), ctx.now.date(), AGAIN_DAYS)[-1]
        key = f"{consultation.ref}:unanswered:{times + 1}"
        at = dates.instant(day, dates.OPENS, consultation.zone)
        ctx.later(at, "consultations.unanswered", key=key, consultation=consultation.id, times=times + 1)


# From an issue, or from a cluster of them


@consultations.command("about", _("Consult on it"), allow=members)
def about(ctx: Context, issue: Issue) -> Screen:
    """What there is about an issue already; else Customs makes a consultation of it, and others propose one."""
    known = making.under_way_about(ctx, issue.merged_into_id or issue.id)
    if known is not None:
        return cards.card(ctx, known, _("There is a consultation about it already."))
    line = making.about_issue(ctx, issue)
    prefilled = _title(ctx, line[0]) if line else {}
    buttons = (
        Button(_("Make a consultation"), "consultations.make_about", {"issue": issue.id, **prefilled}, Style.PRIMARY),
        Button(_("Propose a consultation"), "consultations.propose_about", {"issue": issue.id, **prefilled}),
        button(_("Back to {ref}", ref=Code(issue.ref)), "issues.show", issue=issue.id),
    )
    return Screen(_("Is {ref} a matter for everybody?", ref=Code(issue.ref)), (*line, _CONSULTED), buttons=buttons)


@consultations.command("about_shared", _("Consult on it"), allow=members)
def about_shared(ctx: Context, problem: Problem) -> Screen:
    """The same, from a shared problem."""
    known = making.under_way_about(ctx, problem.issue_id)
    if known is not None:
        return cards.card(ctx, known, _("There is a consultation about it already."))
    line = Raw(problem.line, problem.language)
    title = _title(ctx, line)
    handled = Issue.id == problem.issue_id, Issue.visible_to(ctx.who)
    buttons = (
        *(
            (Button(_("Make a consultation"), "consultations.make_about", {"issue": problem.issue_id, **title}),)
            if ctx.session.scalar(select(Issue.id).where(*handled)) is not None
            else ()
        ),
        Button(_("Propose a consultation"), "consultations.propose_shared", {"problem": problem.id, **title}),
        button(_("Back"), "issues.problem", problem=problem.id),
    )
    return Screen(_("Is this a matter for everybody?"), (line, _CONSULTED), buttons=buttons)


def _title(ctx: Context, line: Raw) -> dict[str, Scalar]:
    """What a proposal is called unless it is changed; who writes in another language says in their own what it is."""
    return {"title": line.words[: making.TITLE]} if line.language in (None, ctx.who.language) else {}


_CONSULTED = _("In a consultation everybody it touches says what they think of a text, and hears what became of it.")


# Whoever proposed it


@consultations.command("proposals", _("Proposed consultations"), allow=members)
def proposals(ctx: Context, page: int = 0) -> Screen:
    """One's own, with what became of each; those that wait for an answer at one's desk first."""
    waits = Consultation.owned_by(ctx.who) & (Consultation.phase == Phase.PROPOSED)
    mine = Consultation.proposer_id == ctx.who.id
    its = Consultation.visible_to(ctx.who), waits | mine
    total = ctx.session.scalar(select(func.count()).select_from(Consultation).where(*its)) or 0
    order = (Consultation.phase != Phase.PROPOSED, Consultation.id.desc())
    found = ctx.session.scalars(select(Consultation).where(*its).order_by(*order).offset(page * PAGE).limit(PAGE))
    return Screen(
        _("Proposed consultations"),
        () if total else (_("None waits, and you have proposed none yet."),),
        rows=tuple(Row(cards.title(each), cards.line(each), (cards.open_it(each),)) for each in found),
        buttons=(
            *turn_pages("consultations.proposals", page, total),
            button(_("Propose a consultation"), "consultations.propose", style=Style.PRIMARY),
            button(_("Consultations"), "consultations.consultations"),
        ),
    )


def _my_proposals() -> tuple[Button, ...]:
    return (button(_("Proposed consultations"), "consultations.proposals"),)


@consultations.command("take_back", _("Take it back"), allow=proposer, confirm=_("Take your proposal back?"))
def take_back(ctx: Context, consultation: Consultation) -> Screen:
    """Before Customs has answered."""
    if consultation.phase is not Phase.PROPOSED or not consultation.withdraw(at=ctx.now):
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=consultation.phase))
    ctx.session.flush()
    announcing.tell(
        ctx,
        at_customs(ctx, consultation),
        consultation,
        _("A proposal was taken back."),
        once="taken-back",
    )
    return cards.card(ctx, consultation, _("Taken back."))


# Customs' answer


def _with_whom(ctx: Context, query: str) -> Sequence[Option]:
    """Somebody of Customs is no owner on business's side."""
    found = ctx.session.get(Consultation, ctx.bound.get("consultation", 0))
    made_by = ctx.session.get(Person, found.proposer_id) if found and found.proposer_id is not None else None
    is_outside = made_by is not None and not ctx.who_is(made_by).is_staff
    return [Option(each.value, phrase_of(each)) for each in Together if is_outside or each is Together.ALONE]


class _Answering(Form):
    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if bound["consultation"].phase is not Phase.PROPOSED:
            raise Refusal(_("That cannot be done now. Its state is: {state}.", state=bound["consultation"].phase))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return (cards.title(bound["consultation"]),)


@consultations.form("accept", _("Take it up"), allow=deciders, reads=deciders)
class Accept(_Answering):
    """It is being prepared from now on, by whoever takes it up; with its days it opens by itself."""

    consultation: Consultation = ask.about()
    together: Together = ask.choice(_("Together with whoever proposed it?"), options=_with_whom)
    from_day: date = making.FROM_DAY
    until_day: date = making.UNTIL_DAY
    words: str | None = ask.prose(_("What do you want to tell whoever proposed it?"), max=WORDS, optional=True)

    def submit(self, ctx: Context) -> Screen:
        its = self.consultation
        its.comments_at, its.closes_at = dates.span(ctx, self.from_day, self.until_day, its.zone)
        its.outcome_due = its.closes_at + dates.PROMISED
        if not its.accept(ctx.who.id):
            raise Refusal(_("That cannot be done now. Its state is: {state}.", state=its.phase))
        ctx.session.flush()
        phases.plan(ctx, its)
        said = (Quote(Raw(self.words, ctx.who.language)),) if self.words else ()
        if its.proposer_id is not None:
            if self.together is Together.BOTH:
                lead = _("Customs takes your proposal up, and asks you to own the consultation together.")
                owning.ask_to_own(ctx, its, its.proposer_id, lead, body=said)
            else:
                lead = _("Customs takes your proposal up. It is being prepared.")
                announcing.tell(ctx, (its.proposer_id,), its, lead, once="accepted", body=said)
        return cards.changed(ctx, its, _("Taken up. Whoever proposed it is being told."))


@consultations.form("decline", _("Decline it"), allow=deciders, reads=deciders)
class Decline(_Answering):
    """With a reason in words, which whoever proposed it reads."""

    consultation: Consultation = ask.about()
    words: str = ask.prose(_("Why not?"), max=WORDS, hint=_("Whoever proposed it reads this."))

    def submit(self, ctx: Context) -> Screen:
        its = self.consultation
        if not its.decline(self.words, at=ctx.now):
            raise Refusal(_("That cannot be done now. Its state is: {state}.", state=its.phase))
        ctx.session.flush()
        if its.proposer_id is not None:
            said = (
                Quote(Raw(self.words, ctx.who.language), label=_("Why")),
                _("It stays on record with this answer. You can propose it again when something has changed."),
            )
            lead = _("Customs does not take your proposal up.")
            announcing.tell(ctx, (its.proposer_id,), its, lead, once="declined", body=said)
        return cards.changed(ctx, its, _("Declined. Whoever proposed it is being told."))


@consultations.form("pass_on", _("Hand over"), allow=deciders, reads=deciders)
class PassOn(_Answering):
    """To the desk that knows about it. The promised day stays."""

    review = False
    consultation: Consultation = ask.about()
    desk: int = ask.pick(_("Which desk answers?"), options=owning.desks)

    def submit(self, ctx: Context) -> Screen:
        its = self.consultation
        if its.centre_id == self.desk:
            raise Refusal(_("It is at that desk already."), field="desk")
        its.centre_id = self.desk
        ctx.session.flush()
        tell_desk(ctx, its)
        if its.is_owned_by(ctx.who):
            return cards.changed(ctx, its, _("Handed over."))
        return Screen(_("Handed over."), (cards.title(its),), buttons=_my_proposals())
