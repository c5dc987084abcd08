"""Closing an issue: one officer proposes the outcome, another person approves it, everybody who took part is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Fact, Quote, Refusal, Screen, Style, button
from bot.kit.text import LANGUAGES, Code, Phrase, Raw, When, _, listed, ngettext
from db.agencies import Part
from db.issues import Issue, State, Voice
from db.outcomes import Decision, Outcome, OutcomeTranslation, Reason, languages_wanted, pending, settled, translations
from db.people import RoleName
from handlers.people.naming import SOMEBODY

from . import cards, clock, desk, finding, hearing, parts, telling
from .room import approvers, issues, officers, openers, staff


@issues.form("propose", _("Propose an outcome"), allow=officers, reads=officers)
class Propose(Form):
    """What was asked, what Customs found, what was done or why not. Somebody else approves it."""

    issue: Issue = ask.about()
    asked: str = ask.prose(
        _("What was asked?"), max=600, hint=_("In neutral words: everybody who took part reads this. Name nobody.")
    )
    found: str = ask.prose(_("What did Customs find?"), max=1500)
    decision: Decision = ask.choice(_("Was it done?"))
    reason: Reason | None = ask.choice(
        _("Why not, or not all of it?"), when=lambda so_far: so_far.decision in (Decision.PARTLY, Decision.NOT)
    )
    words: str = ask.prose(
        _("What was done, or why not, in your own words?"), max=1500, hint=_("Say what changes for them, and when.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if not bound["issue"].may_move:
            raise Refusal(_("No outcome can be proposed now. Its state is: {state}.", state=bound["issue"].state))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        issue = bound["issue"]
        return (*desk.all_words(ctx, issue), *parts.standing(ctx, issue), *finding.precedents(ctx, issue))

    def submit(self, ctx: Context) -> Screen:
        issue = self.issue
        was_asked = issue.state is State.ASKED
        if was_asked:
            clock.quieten(ctx, issue)
        issue.propose(ctx.who.id, at=ctx.now)
        if was_asked:
            clock.set_going(ctx, issue)
        outcome = Outcome(
            administration_id=issue.administration_id,
            issue_id=issue.id,
            asked=self.asked,
            found=self.found,
            decision=self.decision,
            reason=self.reason,
            words=self.words,
            language=ctx.who.language,
            proposed_by_id=ctx.who.id,
            proposed_at=ctx.now,
            completes_id=_sent_back_completion(ctx, issue),
        )
        return _put_forward(ctx, issue, outcome)


@issues.command("complete", _("Complete the answer"), allow=officers)
def complete(ctx: Context, issue: Issue) -> Screen:
    """What was missing of an agency's part has come: the answer is proposed again, with it.

    All else is as it was told. Whoever wants to say something else sends it back and proposes anew.
    """
    last = settled(ctx.session, issue.id)
    if last is None or issue.state is not State.SETTLED or not parts.has_more(ctx, last):
        raise Refusal(_("There is nothing to complete. Its state is: {state}.", state=issue.state))
    issue.complete()
    clock.promise(ctx, issue)
    outcome = Outcome(
        administration_id=issue.administration_id,
        issue_id=issue.id,
        asked=last.asked,
        found=last.found,
        decision=last.decision,
        reason=last.reason,
        words=last.words,
        language=last.language,
        proposed_by_id=ctx.who.id,
        proposed_at=ctx.now,
        completes_id=last.id,
    )
    ctx.session.add(outcome)
    ctx.session.flush()
    for each in translations(ctx.session, last.id).values():
        text = OutcomeTranslation(outcome_id=outcome.id, language=each.language, by_id=each.by_id, at=each.at)
        text.asked, text.found, text.words = each.asked, each.found, each.words
        ctx.session.add(text)
    return _put_forward(ctx, issue, outcome)


def _put_forward(ctx: Context, issue: Issue, outcome: Outcome) -> Screen:
    """With the agencies' parts, to a second pair of eyes."""
    ctx.session.add(outcome)
    ctx.session.flush()
    parts.compose(ctx, issue, outcome)
    for person_id in second_pair_of_eyes(ctx, issue):
        ctx.notify(person_id, proposal(ctx, issue, outcome), once=f"{issue.ref}:proposed:{outcome.id}")
    return proposal(ctx, issue, outcome, _("Proposed. Somebody else approves it before anybody is told."))


def _sent_back_completion(ctx: Context, issue: Issue) -> int | None:
    """The answer that is completed, where its completion was sent back: what is proposed now completes it too."""
    its = select(Outcome).where(Outcome.issue_id == issue.id).order_by(Outcome.id.desc()).limit(1)
    last = ctx.session.scalars(its).first()
    return last.completes_id if last is not None and last.sent_back_at is not None else None


def part_changed(ctx: Context, issue: Issue, part: Part, lead: Phrase) -> None:
    """An agency's part has changed while an outcome waits for approval: it has it now, and they look again."""
    outcome = pending(ctx.session, issue.id) if issue.state is State.PROPOSED else None
    if outcome is None:
        return
    parts.compose(ctx, issue, outcome)
    once = f"{issue.ref}:outcome:{outcome.id}:part:{part.id}:{part.version}"
    for person_id in second_pair_of_eyes(ctx, issue, outcome.proposed_by_id):
        ctx.notify(person_id, proposal(ctx, issue, outcome, lead), once=once)


def second_pair_of_eyes(ctx: Context, issue: Issue, proposer: int | None = None) -> Sequence[int]:
    """The leads of the desk but whoever proposes (who asks, where not given); where there is no other, who oversees the
    desks."""
    by = ctx.who.id if proposer is None else proposer
    others = [each for each in telling.staff(ctx, issue, RoleName.LEAD) if each != by]
    return others or [each for each in telling.overseers(ctx, issue) if each != by]


def proposal(ctx: Context, issue: Issue, outcome: Outcome, lead: Phrase | None = None) -> Screen:
    """The outcome as it waits: all of its words, who proposed it, and the two answers to it."""
    name = cards.names(ctx, {outcome.proposed_by_id})[outcome.proposed_by_id]
    buttons: tuple[Button, ...] = ()
    if outcome.is_pending and issue.state is State.PROPOSED:
        buttons = (
            button(_("Approve"), "issues.approve", style=Style.PRIMARY, issue=issue.id),
            button(_("Send back"), "issues.send_back", issue=issue.id),
            button(_("Add a translation"), "issues.translate", outcome=outcome.id),
        )
    wanted = [Raw(LANGUAGES[each], each) for each in languages_wanted(ctx.session, outcome) if each in LANGUAGES]
    texts = translations(ctx.session, outcome.id)
    translated: list[Phrase | Quote] = []
    for each in texts.values():
        translated += (_("The translation:"), *hearing.told(each))
    there = [Raw(LANGUAGES[each], each) for each in texts]
    return Screen(
        lead or _("An outcome waits for your approval."),
        (
            Raw(issue.title, issue.language),
            *hearing.told(outcome),
            *translated,
            *parts.told(ctx, outcome),
        ),
        (
            Fact(_("Reference"), Code(issue.ref)),
            *hearing.facts(outcome),
            Fact(_("Proposed by"), name),
            Fact(_("Proposed on"), When(outcome.proposed_at)),
            *((Fact(_("Translated into"), listed(there)),) if there else ()),
            *((Fact(_("Also read in, not translated"), listed(wanted)),) if wanted and outcome.is_pending else ()),
        ),
        buttons=(*buttons, button(_("The issue"), "issues.show", issue=issue.id)),
    )


@issues.command("proposed", _("See the outcome"), allow=staff, reads=staff)
def proposed(ctx: Context, issue: Issue) -> Screen:
    """The outcome that waits for approval."""
    return proposal(ctx, issue, _waiting(ctx, issue), _("This outcome waits for approval."))


@issues.command("approve", _("Approve"), allow=approvers)
def approve(ctx: Context, issue: Issue) -> Screen:
    """A second person agrees: the issue is settled, and everybody who took part is told."""
    last = settled(ctx.session, issue.id)
    if issue.state is State.SETTLED and last is not None:
        name = cards.names(ctx, {last.approved_by_id or 0}).get(last.approved_by_id or 0, SOMEBODY)
        raise Refusal(_("Already approved by {name} on {when}.", name=name, when=When(last.approved_at or ctx.now)))
    outcome = _waiting(ctx, issue)
    if not outcome.approve(ctx.who.id, at=ctx.now):
        raise Refusal(_("You proposed this outcome yourself. Somebody else has to approve it."))
    clock.quieten(ctx, issue)
    issue.settle(outcome_approved=outcome.approved_at is not None, at=ctx.now)
    ctx.session.flush()
    finding.answered.keep(ctx.session, outcome)
    count = hearing.tell(ctx, issue, outcome)
    parts.tell_agencies(ctx, issue, outcome)
    if outcome.proposed_by_id != ctx.who.id:
        card = cards.desk_card(ctx, issue, _("Your outcome was approved. Everybody who took part is being told."))
        ctx.notify(outcome.proposed_by_id, card, once=f"{issue.ref}:approved:{outcome.id}")
    told = ngettext(
        "Approved. {count} person is being told.",
        "Approved. {count} people are being told, each in their language.",
        count,
    )
    return cards.desk_card(ctx, issue, told)


@issues.form("send_back", _("Send back"), allow=approvers)
class SendBack(Form):
    """The outcome is not good enough yet."""

    issue: Issue = ask.about()
    words: str = ask.prose(_("What should be different?"), max=1000)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _waiting(ctx, bound["issue"])

    def submit(self, ctx: Context) -> Screen:
        outcome = _waiting(ctx, self.issue)
        outcome.send_back(ctx.who.id, self.words, at=ctx.now)
        self.issue.take_back()
        telling.write(ctx, self.issue, Voice.NOTE, self.words)
        lead = _("The outcome you proposed was sent back.")
        card = cards.desk_card(ctx, self.issue, lead)
        if outcome.proposed_by_id != ctx.who.id:
            ctx.notify(outcome.proposed_by_id, card, once=f"{self.issue.ref}:sent_back:{outcome.id}")
        return cards.desk_card(ctx, self.issue, _("Sent back. The clock has not stopped."))


@issues.form("reopen", _("Open again"), allow=openers)
class Reopen(Form):
    """It was settled too early. The desk's clock begins anew, and everybody who took part hears why."""

    issue: Issue = ask.about()
    reason: str = ask.prose(
        _("Why is it opened again?"), max=1000, hint=_("Everybody who takes part reads this. Name nobody.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if bound["issue"].state is not State.SETTLED:
            state = bound["issue"].state
            raise Refusal(_("Only a settled issue can be opened again. Its state is: {state}.", state=state))

    def submit(self, ctx: Context) -> Screen:
        self.issue.reopen()
        clock.promise(ctx, self.issue)
        entry = telling.write(ctx, self.issue, Voice.REOPENED, self.reason)
        telling.tell_everybody(ctx, self.issue, _("Customs has opened again what you took part in"), entry)
        return cards.desk_card(ctx, self.issue, _("Opened again. The clock has begun anew."))


def _waiting(ctx: Context, issue: Issue) -> Outcome:
    outcome = pending(ctx.session, issue.id) if issue.state is State.PROPOSED else None
    if outcome is None:
        raise Refusal(_("No outcome waits for approval here. Its state is: {state}.", state=issue.state))
    return outcome
