"""By what is reviewed, and who reviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, _
from db.calls import CallCriterion, Proposal, Review, Reviewer, in_audience
from db.people import Person, Role
from db.symposia import SHOWN, Symposium
from handlers.people.naming import called
from handlers.people.searching import closest

from . import cards, sessions
from .making import must_be_ahead
from .room import of, runs, symposia

CRITERION, MOST_CRITERIA, MOST_REVIEWERS = 100, 8, 40


@symposia.command("criteria", _("Criteria"), allow=runs)
def criteria(ctx: Context, symposium: Symposium) -> Screen:
    """By what proposals are reviewed: whoever proposes reads them."""
    return _criteria(ctx, symposium, None)


def _criteria(ctx: Context, symposium: Symposium, lead: Phrase | None) -> Screen:
    found = cards.criteria_of(ctx.session, symposium.id)
    rows = tuple(
        Row(
            cards.criterion_name(each),
            None,
            (button(_("Take it away"), "symposia.criterion_off", symposium=symposium.id, criterion=each.id),),
        )
        for each in found
    )
    add = button(_("Add a criterion"), "symposia.criterion", style=Style.PRIMARY, symposium=symposium.id)
    return Screen(
        lead or _("Criteria of {ref}", ref=Code(symposium.ref)),
        (cards.title(symposium), _("Each is given from one to five points.")),
        rows=rows,
        buttons=(*((add,) if len(found) < MOST_CRITERIA else ()), cards.back(symposium)),
    )


def _must_be_unreviewed(ctx: Context, symposium: Symposium) -> None:
    given = (
        select(Review.id)
        .join(Proposal, Proposal.id == Review.proposal_id)
        .where(Proposal.symposium_id == symposium.id, Review.is_conflict.is_(False))
    )
    if ctx.session.scalar(given.limit(1)) is not None:
        raise Refusal(_("Points have been given by these criteria already."))


@symposia.form("criterion", _("Add a criterion"), allow=runs)
class AddCriterion(Form):
    review = False
    symposium: Symposium = ask.about()
    words: str = ask.line(
        _("By what are proposals reviewed, too?"), max=CRITERION, hint=_("Whoever proposes reads it.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_be_ahead(bound["symposium"])
        _must_be_unreviewed(ctx, bound["symposium"])

    def submit(self, ctx: Context) -> Screen:
        found = cards.criteria_of(ctx.session, self.symposium.id)
        if len(found) >= MOST_CRITERIA:
            raise Refusal(_("There are at most {count} criteria.", count=MOST_CRITERIA))
        ctx.session.add(
            CallCriterion(
                administration_id=self.symposium.administration_id,
                symposium_id=self.symposium.id,
                position=max((each.position for each in found), default=0) + 1,
                words=self.words,
                language=ctx.who.language,
            )
        )
        ctx.session.flush()
        return _criteria(ctx, self.symposium, _("It is a criterion now."))


@symposia.command("criterion_off", _("Take the criterion away"), allow=runs)
def criterion_off(ctx: Context, symposium: Symposium, criterion: CallCriterion) -> Screen:
    of(symposium, criterion)
    must_be_ahead(symposium)
    _must_be_unreviewed(ctx, symposium)
    if len(cards.criteria_of(ctx.session, symposium.id)) == 1:
        raise Refusal(_("One criterion has to stay."))
    ctx.session.delete(criterion)
    ctx.session.flush()
    return _criteria(ctx, symposium, _("Taken away."))


# The reviewers


def candidates(ctx: Context, query: str) -> Sequence[Option]:
    """Whoever sees the symposium: its audience, and staff."""
    symposium = sessions.bound(ctx)
    if symposium is None:
        return ()
    held = select(Role.person_id).where(Role.administration_id == symposium.administration_id, Role.in_force(ctx.now))
    known = Person.visible_to(ctx.who), Person.registered_at.is_not(None), in_audience(symposium) | Person.id.in_(held)
    names = {
        row.id: row.name
        for row in ctx.session.execute(select(Person.id, Person.name).where(*known).order_by(Person.name))
    }
    typed = query.strip()
    if typed.isdecimal() and len(typed) < 18 and int(typed) in names:
        return [Option(typed, Raw(names[int(typed)]))]
    return [Option(str(key), Raw(names[key])) for key in closest(typed, names)]


@symposia.command("reviewers", _("Reviewers"), allow=runs, reads=runs)
def reviewers(ctx: Context, symposium: Symposium) -> Screen:
    """Who was asked to review, beside whoever runs it."""
    return _reviewers(ctx, symposium, None)


def _reviewers(ctx: Context, symposium: Symposium, lead: Phrase | None) -> Screen:
    found = _asked(ctx, symposium)
    names = called(ctx.session, {each.person_id for each in found})
    rows = tuple(
        Row(
            names[each.person_id],
            None,
            (button(_("Take off"), "symposia.reviewer_off", symposium=symposium.id, reviewer=each.id),),
        )
        for each in found
    )
    return Screen(
        lead or _("Reviewers of {ref}", ref=Code(symposium.ref)),
        (cards.title(symposium), _("You, and whoever else runs it, review without being asked.")),
        rows=rows,
        buttons=(
            button(_("Ask somebody to review"), "symposia.reviewer", style=Style.PRIMARY, symposium=symposium.id),
            cards.back(symposium),
        ),
    )


def _asked(ctx: Context, symposium: Symposium) -> Sequence[Reviewer]:
    its = select(Reviewer).where(Reviewer.symposium_id == symposium.id)
    return ctx.session.scalars(its.order_by(Reviewer.id)).all()


@symposia.form("reviewer", _("Ask somebody to review"), allow=runs)
class AskReviewer(Form):
    """Of trade, of an agency or of Customs. They see what is proposed, but nothing of their own."""

    review = False
    symposium: Symposium = ask.about()
    person: int = ask.pick(_("Who reviews?"), options=candidates, hint=_("Type a part of the name."))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_be_ahead(bound["symposium"])
        if bound["symposium"].state not in SHOWN:
            raise Refusal(_("Nothing is proposed before it is announced."))

    def submit(self, ctx: Context) -> Screen:
        found = _asked(ctx, self.symposium)
        if len(found) >= MOST_REVIEWERS:
            raise Refusal(_("There are at most {count} reviewers.", count=MOST_REVIEWERS))
        if self.person in {each.person_id for each in found}:
            return _reviewers(ctx, self.symposium, _("They review already."))
        made = Reviewer(
            administration_id=self.symposium.administration_id,
            symposium_id=self.symposium.id,
            person_id=self.person,
            asked_at=ctx.now,
        )
        ctx.session.add(made)
        ctx.session.flush()
        begin = button(_("Review"), "symposia.reviews", style=Style.PRIMARY, symposium=self.symposium.id)
        if self.person != ctx.who.id:
            screen = Screen(
                _("You are asked to review what is proposed for a symposium."),
                (
                    cards.title(self.symposium),
                    _("Before anything else, say where you have an interest: then you neither see nor judge it."),
                ),
                buttons=(begin, cards.open_it(self.symposium)),
            )
            ctx.notify(self.person, screen, once=f"{self.symposium.ref}:reviewer:{made.id}")
        return _reviewers(ctx, self.symposium, _("They are asked."))


@symposia.command("reviewer_off", _("Take off"), allow=runs)
def reviewer_off(ctx: Context, symposium: Symposium, reviewer: Reviewer) -> Screen:
    """They see nothing any longer; what they have said stays."""
    of(symposium, reviewer)
    ctx.withdraw([reviewer.person_id], begin=[f"{symposium.ref}:reviewer:{reviewer.id}"])
    ctx.session.delete(reviewer)
    ctx.session.flush()
    return _reviewers(ctx, symposium, _("Taken off."))
