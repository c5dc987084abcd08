"""Deciding on what is proposed: the ranking, acceptance, which makes a session of it, and declining with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Bars, Picture, Quote, Refusal, Row, Screen, Style, Table, button
from bot.kit.text import Code, Phrase, Raw, _, ngettext
from db.calls import MOST_POINTS, Proposal, ProposalState, Review
from db.symposia import SessionKind, Symposium
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called
from handlers.people.voices import voices

from . import cards, judging, needing, proposals, proposing, sessions, speaking
from .making import must_be_ahead
from .room import runs, symposia

REASON = 600
WORDS = 5  # reviewers' words on one screen


@dataclass(frozen=True)
class Ranked:
    """One proposal with what reviewers made of it: the mean of all points given, and how often each was."""

    proposal: Proposal
    mean: float | None
    reviewers: int
    by_criterion: Mapping[int, float]
    counts: tuple[int, ...]  # of the most points first


def ranked(ctx: Context, symposium: Symposium) -> list[Ranked]:
    """What whoever asks may decide on, best first; what nobody has judged comes last."""
    where = (
        Proposal.symposium_id == symposium.id,
        Proposal.state == ProposalState.SENT,
        Proposal.visible_to(ctx.who),
        judging.unconflicted(ctx),
    )
    proposals = ctx.session.scalars(select(Proposal).where(*where).order_by(Proposal.id)).all()
    mine = [each for each in proposals if each.is_weighed_by(ctx.who)]
    its = Review.proposal_id.in_([each.id for each in mine]), Review.is_conflict.is_(False)
    reviews = ctx.session.scalars(select(Review).where(*its, Review.visible_to(ctx.who)).order_by(Review.id)).all()
    found = [_ranked(each, [one for one in reviews if one.proposal_id == each.id]) for each in mine]
    return sorted(found, key=lambda each: (each.mean is None, -(each.mean or 0), each.proposal.id))


def _ranked(proposal: Proposal, reviews: Sequence[Review]) -> Ranked:
    """The mean is that of the criteria's means: who judged by some of them only does not count for more."""
    given: dict[int, list[int]] = {}
    for each in reviews:
        for criterion, points in each.points.items():
            given.setdefault(int(criterion), []).append(int(points))
    means = {key: sum(values) / len(values) for key, values in given.items()}
    every = [points for values in given.values() for points in values]
    return Ranked(
        proposal,
        sum(means.values()) / len(means) if means else None,
        sum(bool(each.points) for each in reviews),
        means,
        tuple(every.count(points) for points in range(MOST_POINTS, 0, -1)),
    )


@symposia.command("ranking", _("Proposals"), allow=runs, reads=runs)
def ranking(ctx: Context, symposium: Symposium, page: int = 0) -> Screen:
    """All that wait for a decision, as a table and as bars; each is opened to decide."""
    return _ranking(ctx, symposium, None, page=page)


def _ranking(ctx: Context, symposium: Symposium, lead: Phrase | None, *, page: int = 0) -> Screen:
    found = ranked(ctx, symposium)
    shown = found[page * PAGE : (page + 1) * PAGE]
    criteria = cards.criteria_of(ctx.session, symposium.id)
    judged = [each for each in shown if each.mean is not None]
    first = page * PAGE
    table = Table(
        _("Ranking"),
        (
            _("Place"),
            _("Proposal"),
            _("Points"),
            _("Reviews"),
            *(_("{number}", number=each) for each in range(1, len(criteria) + 1)),
        ),
        tuple(
            (
                first + place if each.mean is not None else Code("–"),
                Raw(each.proposal.title, each.proposal.language),
                round(each.mean, 1) if each.mean is not None else Code("–"),
                each.reviewers,
                *(
                    round(each.by_criterion[one.id], 1) if one.id in each.by_criterion else Code("–")
                    for one in criteria
                ),
            )
            for place, each in enumerate(shown, 1)
        ),
    )
    bars = Bars(
        tuple(ngettext("{count} point", "{count} points", points) for points in range(MOST_POINTS, 0, -1)),
        tuple((Raw(each.proposal.title, each.proposal.language), each.counts) for each in judged),
    )
    names = tuple(
        _("{number}: {criterion}", number=number, criterion=cards.criterion_name(each))
        for number, each in enumerate(criteria, 1)
    )
    count = ngettext("{count} proposal waits for a decision.", "{count} proposals wait for a decision.", len(found))
    return Screen(
        lead or _("Proposals to {ref}", ref=Code(symposium.ref)),
        (cards.title(symposium), count, *(names if judged else ())),
        rows=tuple(
            Row(
                proposals.title_of(each.proposal),
                proposals.line(each.proposal),
                (button(_("Decide"), "symposia.decide", proposal=each.proposal.id),),
            )
            for each in shown
        ),
        table=table if judged else None,
        pictures=(Picture(_("How often how many points were given"), bars),) if judged else (),
        buttons=(
            button(_("Review what is proposed"), "symposia.reviews", style=Style.PRIMARY, symposium=symposium.id),
            *turn_pages("symposia.ranking", page, len(found), symposium=symposium.id),
            button(_("What was decided"), "symposia.decided", symposium=symposium.id),
            cards.back(symposium),
        ),
    )


@symposia.command("decided", _("What was decided"), allow=runs, reads=runs)
def decided(ctx: Context, symposium: Symposium, page: int = 0) -> Screen:
    """Accepted, declined and withdrawn, the latest first."""
    where = (
        Proposal.symposium_id == symposium.id,
        Proposal.state != ProposalState.SENT,
        Proposal.visible_to(ctx.who),
    )
    found = ctx.session.scalars(
        select(Proposal).where(*where).order_by(Proposal.decided_at.desc(), Proposal.id.desc())
    ).all()
    rows = tuple(
        Row(proposals.title_of(each), proposals.line(each), (proposals.open_it(each),))
        for each in found[page * PAGE : (page + 1) * PAGE]
    )
    return Screen(
        _("What was decided"),
        (cards.title(symposium), *(() if rows else (_("Nothing yet."),))),
        rows=rows,
        buttons=(
            *turn_pages("symposia.decided", page, len(found), symposium=symposium.id),
            button(_("Proposals"), "symposia.ranking", symposium=symposium.id),
            cards.back(symposium),
        ),
    )


@symposia.command("decide", _("Decide on a proposal"), allow=runs, reads=runs)
def decide(ctx: Context, proposal: Proposal) -> Screen:
    """The proposal, what reviewers say of it, and the two answers."""
    symposium = must_decide(ctx, proposal)
    its = Review.proposal_id == proposal.id, Review.visible_to(ctx.who), Review.is_conflict.is_(False)
    found = ctx.session.scalars(select(Review).where(*its, Review.words.is_not(None)).order_by(Review.id)).all()
    names = called(ctx.session, {each.person_id for each in found})
    said = tuple(
        Quote(Raw(each.words or "", each.language), label=_("{name} says of it", name=names[each.person_id]))
        for each in found[:WORDS]
    )
    screen = proposals.card(ctx, proposal)
    (mine,) = [each for each in ranked(ctx, symposium) if each.proposal.id == proposal.id]
    points = (
        (
            ngettext(
                "{points} of {most}, from {count} reviewer.",
                "{points} of {most}, from {count} reviewers.",
                mine.reviewers,
                points=round(mine.mean, 1),
                most=MOST_POINTS,
            ),
        )
        if mine.mean is not None
        else (_("Nobody has given points yet."),)
    )
    return Screen(
        screen.heading,
        (*screen.body, *points, *said),
        screen.facts,
        buttons=(*screen.buttons, button(_("Proposals"), "symposia.ranking", symposium=symposium.id)),
    )


def must_decide(ctx: Context, proposal: Proposal) -> Symposium:
    """Whoever runs it and has nothing at stake. Raises Refusal."""
    symposium = ctx.session.get_one(Symposium, proposal.symposium_id)
    proposals.must_be_open(proposal)
    must_be_ahead(symposium)
    if not symposium.is_run_by(ctx.who):
        raise Refusal(_("Those who run the symposium decide."))
    if not proposal.is_weighed_by(ctx.who) or judging.has_conflict(ctx, proposal):
        raise Refusal(_("You have an interest in it: somebody else who runs the symposium decides."))
    return symposium


@symposia.form("accept", _("Accept it"), allow=runs)
class Accept(Form):
    """It becomes a session; whoever speaks is asked to confirm."""

    proposal: Proposal = ask.about()
    kind: SessionKind = ask.choice(_("Is it for everybody?"))
    track: int | None = ask.pick(_("In which track?"), options=sessions.track_options, optional=True)
    blocks: int = ask.number(_("How many times in a row does it take?"), least=1, most=sessions.MOST_BLOCKS)
    expected: int = ask.number(_("How many people do you expect?"), least=0, most=sessions.MOST_PEOPLE)
    needs: str | None = ask.line(
        _("What else does it need?"), max=sessions.NEEDS, optional=True, hint=sessions.NEEDS_HINT
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_decide(ctx, bound["proposal"])

    def submit(self, ctx: Context) -> Screen:
        symposium, proposal = must_decide(ctx, self.proposal), self.proposal
        more = [each for each in sessions.read_needs(ctx, self.needs) if each not in proposal.needs]
        made = sessions.make(
            ctx,
            symposium,
            title=proposal.title,
            abstract=proposal.abstract,
            language=proposal.language,
            kind=self.kind,
            track_id=self.track,
            sector=proposing.sector_of(ctx, self.track) or proposal.sector,
            needs=[*proposal.needs, *more],
            expected=self.expected,
            blocks=self.blocks,
        )
        proposal.accept(made.id, by=ctx.who.id, at=ctx.now)
        ctx.session.flush()
        tell(ctx, proposal, _("What you proposed for a symposium is accepted."))
        if proposal.speaker_id is not None:
            needing.need(ctx, symposium, made, proposal.speaker_id)
            speaking.declare(ctx, made, proposal.speaker_id, proposal.interest, proposal.language)
        lead = (
            _("Accepted. Whoever speaks is asked to confirm.")
            if proposal.speaker_id is not None
            else _("Accepted. Now say who speaks.")
        )
        return sessions.card(ctx, symposium, made, lead)


@symposia.form("decline", _("Decline it"), allow=runs)
class Decline(Form):
    """With a reason: whoever proposed it reads it."""

    proposal: Proposal = ask.about()
    reason: str = ask.prose(_("Why is it declined?"), max=REASON, hint=_("Whoever proposed it reads this."))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_decide(ctx, bound["proposal"])

    def submit(self, ctx: Context) -> Screen:
        symposium = must_decide(ctx, self.proposal)
        self.proposal.decline(self.reason, ctx.who.language, by=ctx.who.id, at=ctx.now)
        ctx.session.flush()
        tell(ctx, self.proposal, _("What you proposed for a symposium is not taken up."))
        return _ranking(ctx, symposium, _("Declined. They hear why."))


def tell(ctx: Context, proposal: Proposal, lead: Phrase) -> None:
    """Everybody whose it is: who sent it, who would speak, and who speaks for the organisation."""
    people = {proposal.proposer_id, *((proposal.speaker_id,) if proposal.speaker_id else ())}
    if proposal.organisation_id is not None:
        people |= {*voices(ctx, proposal.organisation_id)}
    screen = proposals.card_for(ctx, proposal, lead)
    for person_id in sorted(people - {ctx.who.id}):
        ctx.notify(person_id, screen, once=f"{proposal.ref}:decided")
