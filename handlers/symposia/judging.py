"""Reviews: by whom, against which criteria, points given with a tap; and conflicts of interest, declared first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, NotFound, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, _, ngettext
from db.calls import (
    LEAST_POINTS,
    MOST_POINTS,
    CallCriterion,
    Proposal,
    ProposalState,
    Review,
    Reviewer,
    in_audience,
)
from db.people import Organisation, Person, Role
from db.symposia import SHOWN, Symposium
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called
from handlers.people.searching import closest

from . import cards, proposing, sessions
from .making import must_be_ahead
from .room import NOT_FOUND, members, of, runs, symposia, weighers

CRITERION, MOST_CRITERIA, WORDS, MOST_REVIEWERS = 100, 8, 1500, 40


# The criteria


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


# Reviewing


def to_review(ctx: Context, symposium: Symposium) -> Sequence[Proposal]:
    """What whoever asks may review: not of their own, and nothing in which they have declared an interest."""
    if not reviews_for(ctx, symposium):
        return ()
    open_ = (
        Proposal.symposium_id == symposium.id,
        Proposal.state == ProposalState.SENT,
        Proposal.visible_to(ctx.who),
        unconflicted(ctx),
    )
    found = ctx.session.scalars(select(Proposal).where(*open_).order_by(Proposal.id)).all()
    return [each for each in found if each.is_weighed_by(ctx.who)]


def reviews_for(ctx: Context, symposium: Symposium) -> bool:
    asked = Reviewer.symposium_id == symposium.id, Reviewer.person_id == ctx.who.id
    return symposium.is_run_by(ctx.who) or ctx.session.scalar(select(Reviewer.id).where(*asked)) is not None


def unconflicted(ctx: Context) -> ColumnElement[bool]:
    declared = select(Review.proposal_id).where(Review.person_id == ctx.who.id, Review.is_conflict)
    return Proposal.id.not_in(declared)


def has_conflict(ctx: Context, proposal: Proposal) -> bool:
    own = _of(ctx, proposal)
    return own is not None and own.is_conflict


@symposia.command("reviews", _("Review what is proposed"), allow=members, reads=members)
def reviews(ctx: Context, symposium: Symposium, page: int = 0) -> Screen:
    """By whom and what about: enough to know whether one has an interest in it. What is not judged yet comes first."""
    return _reviews(ctx, symposium, None, page=page)


def _reviews(ctx: Context, symposium: Symposium, lead: Phrase | None, *, page: int = 0) -> Screen:
    if not reviews_for(ctx, symposium):
        raise NotFound(NOT_FOUND)
    wanted = len(cards.criteria_of(ctx.session, symposium.id))
    own = {each.proposal_id: each for each in _own_reviews(ctx, symposium)}

    def is_done(each: Proposal) -> bool:
        return each.id in own and len(own[each.id].points) >= wanted

    found = sorted(to_review(ctx, symposium), key=lambda each: (is_done(each), each.id))
    left = sum(not is_done(each) for each in found)
    shown = found[page * PAGE : (page + 1) * PAGE]
    organisations = _organisations(ctx, shown)
    rows = tuple(
        Row(
            proposing.title_of(each),
            _by(each, organisations, is_done(each)),
            (
                button(_("Review it"), "symposia.review", style=Style.PRIMARY, proposal=each.id),
                *(() if each.id in own else (button(_("I have an interest"), "symposia.conflict", proposal=each.id),)),
            ),
        )
        for each in shown
    )
    waits = ngettext("{count} proposal waits for your review.", "{count} proposals wait for your review.", left)
    return Screen(
        lead or _("Review what is proposed"),
        (cards.title(symposium), waits if left else _("You have reviewed everything that is here for you.")),
        rows=rows,
        buttons=(
            *turn_pages("symposia.reviews", page, len(found), symposium=symposium.id),
            *(
                (button(_("Proposals"), "symposia.ranking", symposium=symposium.id),)
                if runs(ctx.who, symposium)
                else ()
            ),
            cards.back(symposium),
        ),
    )


def _own_reviews(ctx: Context, symposium: Symposium) -> Sequence[Review]:
    mine = (
        select(Review)
        .join(Proposal, Proposal.id == Review.proposal_id)
        .where(Proposal.symposium_id == symposium.id, Review.person_id == ctx.who.id)
    )
    return ctx.session.scalars(mine).all()


def _organisations(ctx: Context, proposals: Sequence[Proposal]) -> Mapping[int, str]:
    ids = {each.organisation_id for each in proposals if each.organisation_id}
    found = ctx.session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids)))
    return {row.id: row.name for row in found}


def _by(proposal: Proposal, organisations: Mapping[int, str], is_done: bool) -> Phrase:
    name = organisations.get(proposal.organisation_id or 0)
    if name is not None:
        if is_done:
            return _("{ref} · {organisation} · you have reviewed it", ref=Code(proposal.ref), organisation=Raw(name))
        return _("{ref} · {organisation}", ref=Code(proposal.ref), organisation=Raw(name))
    return _("{ref} · you have reviewed it", ref=Code(proposal.ref)) if is_done else _("{ref}", ref=Code(proposal.ref))


def _must_review(ctx: Context, proposal: Proposal) -> Symposium:
    symposium = ctx.session.get_one(Symposium, proposal.symposium_id)
    proposing.must_be_open(proposal)
    if proposal not in to_review(ctx, symposium):
        raise NotFound(NOT_FOUND)
    return symposium


@symposia.command("review", _("Review it"), allow=weighers, reads=weighers)
def review(ctx: Context, proposal: Proposal) -> Screen:
    """What is proposed, and a row of points for each criterion."""
    return _review(ctx, _must_review(ctx, proposal), proposal, None)


def _review(ctx: Context, symposium: Symposium, proposal: Proposal, lead: Phrase | None) -> Screen:
    own = _of(ctx, proposal)
    given = own.points if own is not None else {}
    rows = tuple(
        Row(
            cards.criterion_name(each),
            ngettext("{count} point", "{count} points", int(given[str(each.id)])) if str(each.id) in given else None,
            tuple(_points(proposal, each, count) for count in range(LEAST_POINTS, MOST_POINTS + 1)),
        )
        for each in cards.criteria_of(ctx.session, symposium.id)
    )
    said = (
        (Quote(Raw(own.words, own.language), label=_("What you say of it")),) if own is not None and own.words else ()
    )
    interest = (
        (Quote(Raw(proposal.interest, proposal.language), label=_("Interest declared")),) if proposal.interest else ()
    )
    return Screen(
        lead or proposing.title_of(proposal),
        (
            *((proposing.title_of(proposal),) if lead else ()),
            Quote(Raw(proposal.abstract, proposal.language)),
            *interest,
            *said,
        ),
        tuple(each for each in proposing.facts(ctx, symposium, proposal) if each),
        rows=rows,
        buttons=(
            button(_("Say something of it"), "symposia.remark", proposal=proposal.id),
            button(_("I have an interest"), "symposia.conflict", proposal=proposal.id),
            button(_("The others"), "symposia.reviews", style=Style.PRIMARY, symposium=symposium.id),
        ),
    )


def _points(proposal: Proposal, criterion: CallCriterion, count: int) -> Button:
    return button(
        _("{count}", count=count), "symposia.points", proposal=proposal.id, criterion=criterion.id, count=count
    )


@symposia.command("points", _("Give points"), allow=weighers)
def points(ctx: Context, proposal: Proposal, criterion: CallCriterion, count: int) -> Screen:
    symposium = _must_review(ctx, proposal)
    of(symposium, criterion)
    if not LEAST_POINTS <= count <= MOST_POINTS:
        raise NotFound(NOT_FOUND)
    own = _begin(ctx, proposal)
    own.points, own.at = own.points | {str(criterion.id): count}, ctx.now
    ctx.session.flush()
    left = len(cards.criteria_of(ctx.session, symposium.id)) - len(own.points)
    lead = ngettext("Noted. {count} criterion is left.", "Noted. {count} criteria are left.", left)
    return _review(ctx, symposium, proposal, lead if left > 0 else _("Noted. You have given all points."))


@symposia.form("remark", _("Say something of it"), allow=weighers)
class Remark(Form):
    """For whoever decides: nobody else reads it."""

    review = False
    proposal: Proposal = ask.about()
    words: str = ask.prose(
        _("What should whoever decides know?"),
        max=WORDS,
        hint=_("Those who run the symposium read it, with your name."),
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_review(ctx, bound["proposal"])

    def submit(self, ctx: Context) -> Screen:
        symposium = _must_review(ctx, self.proposal)
        own = _begin(ctx, self.proposal)
        own.words, own.language, own.at = self.words, ctx.who.language, ctx.now
        ctx.session.flush()
        return _review(ctx, symposium, self.proposal, _("Noted."))


@symposia.command(
    "conflict",
    _("I have an interest"),
    allow=weighers,
    confirm=_("You then neither see this proposal nor judge it, and what you have said of it is gone. Declare it?"),
)
def conflict(ctx: Context, proposal: Proposal) -> Screen:
    """Declared once and for all; somebody else decides."""
    symposium = _must_review(ctx, proposal)
    own = _begin(ctx, proposal)
    own.is_conflict, own.points, own.words, own.language, own.at = True, {}, None, None, ctx.now
    ctx.session.flush()
    return _reviews(ctx, symposium, _("Declared. You do not see it any longer."))


def _of(ctx: Context, proposal: Proposal) -> Review | None:
    own = Review.proposal_id == proposal.id, Review.person_id == ctx.who.id
    return ctx.session.scalar(select(Review).where(*own))


def _begin(ctx: Context, proposal: Proposal) -> Review:
    own = _of(ctx, proposal)
    if own is None:
        own = Review(
            administration_id=proposal.administration_id,
            proposal_id=proposal.id,
            person_id=ctx.who.id,
            points={},
            at=ctx.now,
        )
        ctx.session.add(own)
    return own
