"""Reviews: points given with a tap, words for whoever decides; and conflicts of interest, declared first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, NotFound, Quote, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, _, ngettext
from db.calls import (
    LEAST_POINTS,
    MOST_POINTS,
    CallCriterion,
    Proposal,
    ProposalState,
    Review,
    Reviewer,
)
from db.people import Organisation
from db.symposia import Symposium
from handlers.paging import PAGE, turn_pages

from . import cards, proposals
from .room import members, of, runs, symposia, weighers

WORDS = 1500


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
        raise NotFound()
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
            proposals.title_of(each),
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
    proposals.must_be_open(proposal)
    if proposal not in to_review(ctx, symposium):
        raise NotFound()
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
        lead or proposals.title_of(proposal),
        (
            *((proposals.title_of(proposal),) if lead else ()),
            Quote(Raw(proposal.abstract, proposal.language)),
            *interest,
            *said,
        ),
        tuple(each for each in proposals.facts(ctx, symposium, proposal) if each),
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
        raise NotFound()
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
