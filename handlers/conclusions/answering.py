"""One contribution at a time: how it ends, at which clause and why; then the next one without an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, or_, select

from bot.kit.context import Context
from bot.kit.forms import CHOICES_SHOWN, Form, Option, ask
from bot.kit.screen import Button, Fact, NotFound, Refusal, Screen, Style, button
from bot.kit.text import Phrase, Raw, When, _, ngettext
from db.conclusions import count_unanswered
from db.consultations import Answered, Clause, Consultation, Contribution, ContributionKind, Phase, Treatment
from handlers.consultations import cards
from handlers.consultations.numbers import LOOKED_UP, plain_number
from handlers.consultations.room import of, owners

from . import finding, listing
from .room import conclusions, must_be_closed, to_desk

REASON = 1500


def clauses(ctx: Context, query: str) -> Sequence[Option]:
    """Clauses of the text as it is now, by number or heading; first the one at which the contribution stands."""
    consultation = ctx.session.get(Consultation, ctx.bound.get("consultation", 0))
    if consultation is None:
        return ()
    words = query.strip()[:LOOKED_UP]
    its = finding.clauses_of(consultation.id, consultation.draft_number)
    if words:
        named = Clause.number + " " + func.coalesce(Clause.heading, "")  # as it is offered
        begins = named.istartswith(plain_number(words), autoescape=True)
        its = its.where(or_(begins, Clause.heading.icontains(words, autoescape=True)))
    found = list(ctx.session.scalars(its.limit(CHOICES_SHOWN * 2)))
    contribution = ctx.session.get(Contribution, ctx.bound.get("contribution", 0))
    if contribution is not None and contribution.stands_id is not None and not words:
        first = ctx.session.get(Clause, contribution.stands_id)
        found = [*([first] if first is not None else []), *(each for each in found if each is not first)]
    return [Option(str(each.id), Raw(_called(each))) for each in found]


def _called(clause: Clause) -> str:
    return f"{clause.number} {clause.heading or ''}".strip()


def clause_chosen(ctx: Context, consultation: Consultation, clause_id: int | None) -> int | None:
    """It belongs to the text as it is now: arguments can be made up."""
    if clause_id is None:
        return None
    its = finding.clauses_of(consultation.id, consultation.draft_number).where(Clause.id == clause_id)
    if ctx.session.scalar(its) is None:
        raise NotFound()
    return clause_id


@conclusions.command("contribution", _("Open"), allow=owners, reads=owners)
def contribution_(ctx: Context, consultation: Consultation, contribution: Contribution) -> Screen:
    """One contribution as a whole, without the name of whoever made it, and how it ends."""
    of(consultation, contribution)
    return card(ctx, consultation, contribution)


def card(ctx: Context, consultation: Consultation, contribution: Contribution, lead: Phrase | None = None) -> Screen:
    each = finding.one(ctx.session, contribution)
    facts = [Fact(_("What"), each.title()), Fact(_("When"), When(contribution.at))]
    if each.organisation is not None and contribution.kind is ContributionKind.POSITION:
        facts.append(Fact(_("Organisation"), Raw(each.organisation)))
    if contribution.is_late:
        facts.append(Fact(_("Late"), _("it came after the close")))
    if each.answer is not None and each.answer.clause_id is not None:
        clause = ctx.session.get_one(Clause, each.answer.clause_id)
        facts.append(Fact(_("Answered at clause"), finding.named(clause)))
    about = {"consultation": consultation.id, "contribution": contribution.id}
    return Screen(
        lead or each.title(),
        (cards.title(consultation), *finding.said(ctx, each)),
        tuple(facts),
        buttons=(
            *(_answers(ctx, consultation, each, about) if consultation.phase is Phase.DECISION else ()),
            Button(_("From these words to the text"), "conclusions.path", about),
            to_desk(consultation),
        ),
    )


def _answers(
    ctx: Context, consultation: Consultation, each: finding.Seen, about: Mapping[str, int]
) -> tuple[Button, ...]:
    label = _("Answer it anew") if each.is_answered else _("Answer it")
    first = Button(label, "conclusions.answer", about, Style.PRIMARY)
    after = button(_("Next without an answer"), "conclusions.next", after=each.it.id, consultation=consultation.id)
    before = _last_of(ctx, consultation)
    if each.is_answered or before is None:
        return (first, after)
    same = Button(_("As the last one: {treatment}", treatment=before.treatment), "conclusions.same", about)
    return (first, same, after)


def _last_of(ctx: Context, consultation: Consultation) -> Answered | None:
    """The answer that whoever asks gave last."""
    mine = Answered.consultation_id == consultation.id, Answered.by_id == ctx.who.id
    order = Answered.at.desc(), Answered.id.desc()
    return ctx.session.scalars(select(Answered).where(*mine).order_by(*order).limit(1)).first()


@conclusions.command("next", _("Answer the next one"), allow=owners, reads=owners)
def next_(ctx: Context, consultation: Consultation, after: int = 0) -> Screen:
    """The next contribution without an answer, clause by clause."""
    must_be_closed(consultation)
    last = ctx.session.get(Contribution, after)
    return _next(ctx, consultation, last if last is not None and last.consultation_id == consultation.id else None)


def _next(ctx: Context, consultation: Consultation, last: Contribution | None, lead: Phrase | None = None) -> Screen:
    found = finding.next_waiting(ctx.session, consultation, last)
    if found is None:
        return listing.overview(ctx, consultation)
    ctx.shows(found)
    return card(ctx, consultation, found, lead)


@conclusions.form("answer", _("Answer it"), allow=owners, reads=owners)
class Answer(Form):
    """How one contribution ends. Whoever made it reads the reason beside their own words, when the outcome is out."""

    review = False
    consultation: Consultation = ask.about()
    contribution: Contribution = ask.about()
    treatment: Treatment = ask.choice(_("How does it end?"))
    clause: int | None = ask.pick(
        _("Which clause of the text as it is now is it about?"),
        options=clauses,
        optional=True,
        hint=_("Left out, it is the one at which it stands."),
    )
    reason: str = ask.prose(
        _("Why?"), max=REASON, hint=_("Whoever said it reads this beside their own words. Name nobody.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        may_be_answered(bound["consultation"], bound["contribution"])

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return finding.said(ctx, finding.one(ctx.session, bound["contribution"]))

    def submit(self, ctx: Context) -> Screen:
        clause_id = clause_chosen(ctx, self.consultation, self.clause)
        keep(ctx, self.contribution, self.treatment, clause_id, self.reason, ctx.who.language)
        return _onward(ctx, self.consultation, self.contribution, self.treatment)


@conclusions.command("same", _("As the last one"), allow=owners, reads=owners)
def same(ctx: Context, consultation: Consultation, contribution: Contribution) -> Screen:
    """The same end and reason as the answer that whoever asks gave last, at the clause where this one stands."""
    may_be_answered(consultation, contribution)
    last = _last_of(ctx, consultation)
    if last is None:
        raise Refusal(_("You have not answered any yet."))
    answer = keep(ctx, contribution, last.treatment, None, last.reason, last.language)
    answer.translations = dict(last.translations)
    return _onward(ctx, consultation, contribution, last.treatment)


def may_be_answered(consultation: Consultation, contribution: Contribution) -> None:
    """Raise `Refusal` unless it belongs there, counts, and the consultation has closed."""
    of(consultation, contribution)
    must_be_closed(consultation)
    if contribution.withdrawn_at is not None:
        raise Refusal(_("Its author has taken it back: it needs no answer."))


def keep(
    ctx: Context, contribution: Contribution, treatment: Treatment, clause_id: int | None, reason: str, language: str
) -> Answered:
    """The answer to a contribution, in the place of the one before."""
    found = ctx.session.scalar(select(Answered).where(Answered.contribution_id == contribution.id))
    if found is None:
        found = Answered(
            administration_id=contribution.administration_id,
            contribution_id=contribution.id,
            consultation_id=contribution.consultation_id,
        )
        ctx.session.add(found)
    if found.reason != reason:
        found.translations = {}
    found.treatment, found.reason, found.language = treatment, reason, language
    found.clause_id = clause_id if clause_id is not None else contribution.stands_id
    found.by_id, found.at = ctx.who.id, ctx.now
    ctx.session.flush()
    return found


def _onward(ctx: Context, consultation: Consultation, contribution: Contribution, treatment: Treatment) -> Screen:
    left = count_unanswered(ctx.session, consultation.id)
    lead = ngettext(
        "{treatment}. {count} waits for its answer; this is the next.",
        "{treatment}. {count} wait for their answers; this is the next.",
        left,
        treatment=treatment,
    )
    return _next(ctx, consultation, contribution, lead)
