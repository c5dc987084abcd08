"""Saying something of a clause, or of the whole: a comment, or other words for it. It is kept as it was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Fact, NotFound, Quote, Refusal, Screen, Style, button
from bot.kit.text import Code, Phrase, When, _
from db.consultations import Clause, Consultation, Contribution, ContributionKind, TextDraft, carrying

from . import cards, texts
from .numbers import find_clauses, one_named
from .reading import must_lie_open, spoken
from .room import consultations, members

WORDS = 3000
WHOLE = "whole"


def must_take_comments(consultation: Consultation) -> None:
    """Raises `Refusal` where nobody would answer any more, or there is nothing to comment on yet."""
    if consultation.takes_comments():
        return
    if consultation.ended_at is not None:
        raise Refusal(_("This is over: nobody would answer what you say now."), buttons=(cards.back(consultation),))
    raise Refusal(_("There is no text to comment on yet."), buttons=(cards.back(consultation),))


def keep(ctx: Context, consultation: Consultation, kind: ContributionKind, words: str, **more: Any) -> Contribution:
    """What somebody says, in their own words and name, from now on. It is late once comments have closed."""
    contribution = Contribution(
        administration_id=consultation.administration_id,
        consultation_id=consultation.id,
        kind=kind,
        person_id=ctx.who.id,
        organisation_id=ctx.who.organisation_id,
        words=words,
        language=ctx.who.language,
        is_late=consultation.is_late(ctx.now),
        at=ctx.now,
        **more,
    )
    ctx.session.add(contribution)
    ctx.session.flush()
    return contribution


def keep_on(ctx: Context, clause: Clause, kind: ContributionKind, words: str, **more: Any) -> Contribution:
    """The same about a clause. Where a next draft has come out meanwhile, it stands where the clause is there."""
    consultation = held(ctx, clause.consultation_id)
    must_take_comments(consultation)
    draft = must_lie_open(ctx, consultation)
    stands = carrying.goes_on_at(ctx.session, clause, draft)
    return keep(ctx, consultation, kind, words, clause_id=clause.id, stands_id=stands, **more)


def held(ctx: Context, consultation_id: int) -> Consultation:
    """The consultation as it is now, and stays until this turn has ended: it cannot be concluded meanwhile."""
    return ctx.session.get_one(Consultation, consultation_id, populate_existing=True, with_for_update={"read": True})


def _clause(ctx: Context, bound: Mapping[str, Any]) -> Clause:
    """The clause a form is about, as long as its draft is out: what is prepared takes no comments."""
    clause: Clause = bound["clause"]
    if not ctx.session.get_one(TextDraft, clause.draft_id).is_published:
        raise NotFound()
    must_take_comments(ctx.session.get_one(Consultation, clause.consultation_id))
    return clause


@consultations.form("comment", _("Comment on a clause"), allow=members)
class Comment(Form):
    """On one clause, in one's own words. It is sent as it is written: it can be changed until the close."""

    review = False
    clause: Clause = ask.about()
    words: str = ask.prose(
        _("What do you want to say of it?"),
        max=WORDS,
        hint=_("In your own words and language. Others read it without your name; you hear what became of it."),
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _clause(ctx, bound)

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        worded = texts.worded_for(ctx, bound["clause"])
        return (worded.name, Quote(worded.words))

    def submit(self, ctx: Context) -> Screen:
        return kept(ctx, keep_on(ctx, self.clause, ContributionKind.COMMENT, self.words))


@consultations.form("reword", _("Suggest other words"), allow=members)
class Reword(Form):
    """Other words for one clause, and why, if one likes."""

    clause: Clause = ask.about()
    suggested: str = ask.prose(_("How should it read instead?"), max=WORDS)
    words: str | None = ask.prose(_("Why?"), max=WORDS, optional=True)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _clause(ctx, bound)

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        worded = texts.worded_for(ctx, bound["clause"])
        return (worded.name, *worded.shown())

    def submit(self, ctx: Context) -> Screen:
        must_differ(ctx, self.clause, self.suggested)
        kind = ContributionKind.SUGGESTION
        return kept(ctx, keep_on(ctx, self.clause, kind, self.words or "", suggested=self.suggested))


def must_differ(ctx: Context, clause: Clause, suggested: str) -> None:
    worded = texts.worded_for(ctx, clause)
    if suggested.split() in (worded.words.words.split(), worded.original.words.split()):
        raise Refusal(_("These are the words it has already."), field="suggested")


def whole_or_clause(ctx: Context, query: str) -> Sequence[Option]:
    """The text as a whole, then its clauses."""
    whole = Option(WHOLE, _("The text as a whole"))
    return [*(() if query and query != WHOLE else (whole,)), *find_clauses(ctx, query)]


@consultations.form("say", _("Comment on a clause"), allow=members)
class Say(Form):
    """On a clause one names, or on the whole."""

    review = False
    consultation: Consultation = ask.about()
    which: str = ask.pick(_("On which clause? Write its number, or a word from it."), options=whole_or_clause)
    words: str = ask.prose(
        _("What do you want to say of it?"),
        max=WORDS,
        hint=_("In your own words and language. Others read it without your name; you hear what became of it."),
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_take_comments(bound["consultation"])

    def submit(self, ctx: Context) -> Screen:
        if self.which != WHOLE:
            clause = one_named(ctx, self.consultation, self.which)
            return kept(ctx, keep_on(ctx, clause, ContributionKind.COMMENT, self.words))
        consultation = held(ctx, self.consultation.id)
        must_take_comments(consultation)
        return kept(ctx, keep(ctx, consultation, ContributionKind.COMMENT, self.words))


def kept(ctx: Context, contribution: Contribution, lead: Phrase | None = None) -> Screen:
    """That it is kept, word for word; what happens with it, and what can be done next."""
    consultation = ctx.session.get_one(Consultation, contribution.consultation_id)
    clause = ctx.session.get(Clause, contribution.clause_id) if contribution.clause_id else None
    _before, after = texts.neighbours(ctx.session, clause) if clause is not None else (None, None)
    onward: tuple[Button, ...] = ()
    if clause is not None:
        onward = (
            *(
                (button(_("Next clause"), "consultations.read_clause", style=Style.PRIMARY, clause=after),)
                if after
                else ()
            ),
            button(_("Comment on another"), "consultations.say", consultation=consultation.id),
        )
    return Screen(
        lead or _("Kept, in your own words."),
        (
            *spoken(ctx, contribution),
            *_moved(ctx, contribution),
            _("Every contribution is answered: you will hear here what became of yours."),
            *_lateness(contribution, consultation),
        ),
        (
            Fact(_("Reference"), Code(consultation.ref)),
            *((Fact(_("Clause"), texts.worded_for(ctx, clause).name),) if clause is not None else ()),
            *(
                (Fact(_("Answered by"), cards.at(consultation, consultation.outcome_due)),)
                if consultation.outcome_due is not None
                else ()
            ),
        ),
        buttons=(
            *onward,
            button(_("Change or take it back"), "consultations.contribution", contribution=contribution.id),
            button(_("What I have said"), "consultations.mine", consultation=consultation.id),
            cards.back(consultation),
        ),
    )


def _moved(ctx: Context, contribution: Contribution) -> tuple[Phrase, ...]:
    """A next draft came out while they wrote."""
    if contribution.clause_id is None or contribution.stands_id == contribution.clause_id:
        return ()
    if contribution.stands_id is None:
        return (_("A new draft has come out meanwhile, without this clause. What you say is kept and answered."),)
    number = Code(ctx.session.get_one(Clause, contribution.stands_id).number)
    return (_("A new draft has come out meanwhile: there it stands at clause {number}.", number=number),)


def _lateness(contribution: Contribution, consultation: Consultation) -> tuple[Phrase, ...]:
    if contribution.is_late:
        return (_("It came after the close: it is accepted, and marked late."),)
    if consultation.closes_at is None:
        return ()
    return (_("You can change it until {when}.", when=When(consultation.closes_at, venue=consultation.zone)),)
