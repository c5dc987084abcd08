"""Proposing a session: in one's own name, for a business by an officer, or from an issue and all that is merged into
it; and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select

from bot.kit.clean import clean_line
from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Refusal, Row, Scalar, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, _, listed
from db.calls import Proposal, ProposalState
from db.issues import Issue, Problem
from db.people import Mandate, Organisation, Person, Sector, Standing, Topic
from db.symposia import SHOWN, Symposium, Track
from handlers.paging import PAGE
from handlers.people.searching import closest
from handlers.people.voices import voices

from . import cards, needing, proposals, sessions, speaking, telling
from .room import makers, members, own, symposia

TITLE, ABSTRACT, INTEREST, NEEDS = sessions.TITLE, sessions.ABSTRACT, speaking.INTEREST, sessions.NEEDS
MOST_OPEN = 10  # proposals of one person to one symposium that are not decided
MYSELF = "me"


def speakers(ctx: Context, query: str) -> Sequence[Option]:
    """Oneself first, then colleagues: for staff everybody, for others whoever speaks for the same organisation."""
    if ctx.who.is_staff:
        found = list(needing.people(ctx, query))
    else:
        found = [each for each in _colleagues(ctx, query) if each.value != str(ctx.who.id)]
    myself = [Option(MYSELF, _("I do"))]
    return found if clean_line(query) and clean_line(query) != MYSELF else [*myself, *found]


def _colleagues(ctx: Context, query: str) -> Sequence[Option]:
    spoken = (
        select(Person.id, Person.name)
        .join(Mandate, Mandate.person_id == Person.id)
        .where(
            Mandate.organisation_id == ctx.who.organisation_id,
            Mandate.in_force(ctx.now),
            Mandate.confirmed_by_id.is_not(None),
        )
        .where(Person.registered_at.is_not(None), Person.of(ctx.who.administration_id))
        .order_by(Person.name, Person.id)
    )
    names = {row.id: row.name for row in ctx.session.execute(spoken)}
    typed = clean_line(query)
    if typed.isdecimal() and len(typed) < 18 and int(typed) in names:
        return [Option(typed, Raw(names[int(typed)]))]
    return [Option(str(key), Raw(names[key])) for key in closest(typed, names)]


def organisations(ctx: Context, query: str) -> Sequence[Option]:
    """Verified ones of the administration, by name."""
    found = ctx.session.execute(
        select(Organisation.id, Organisation.name)
        .where(Organisation.visible_to(ctx.who), Organisation.standing == Standing.VERIFIED)
        .order_by(Organisation.name)
    )
    names = {row.id: row.name for row in found}
    typed = clean_line(query)
    if typed.isdecimal() and len(typed) < 18 and int(typed) in names:
        return [Option(typed, Raw(names[int(typed)]))]
    return [Option(str(key), Raw(names[key])) for key in closest(typed, names)]


def must_take(ctx: Context, symposium: Symposium) -> None:
    """It takes proposals now, from whoever asks."""
    if not symposium.takes_proposals(ctx.now):
        if symposium.call_closes_at is not None and symposium.call_closes_at <= ctx.now:
            raise Refusal(_("The call has closed."))
        raise Refusal(_("No sessions can be proposed to it now."))
    open_to = Symposium.id == symposium.id, Symposium.open_to(ctx.who)
    if not symposium.is_run_by(ctx.who) and ctx.session.scalar(select(Symposium.id).where(*open_to)) is None:
        raise Refusal(_("It is for others: you cannot propose a session."))
    mine = (
        Proposal.symposium_id == symposium.id,
        Proposal.proposer_id == ctx.who.id,
        Proposal.is_on_behalf.is_(False),
        Proposal.state == ProposalState.SENT,
    )
    if (ctx.session.scalar(select(func.count()).select_from(Proposal).where(*mine)) or 0) >= MOST_OPEN:
        raise Refusal(_("At most {count} of your proposals can wait for a decision.", count=MOST_OPEN))


class Proposing(Form):
    """What every way of proposing begins with: the call is open, and says by what proposals are judged."""

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_take(ctx, bound["symposium"])

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        """By what it will be judged."""
        criteria = [cards.criterion_name(each) for each in cards.criteria_of(ctx.session, bound["symposium"].id)]
        judged = (_("Proposals are reviewed by these criteria: {criteria}.", criteria=listed(criteria)),)
        return (cards.title(bound["symposium"]), *(judged if criteria else ()))


TITLE_ASKED = {"label": _("What is the session about, in one line?"), "hint": _("As it would stand in the programme.")}
ABSTRACT_ASKED = {
    "label": _("What happens there, and what does whoever comes take home?"),
    "hint": _("Reviewers read it now; everybody reads it if it is accepted."),
}
INTEREST_ASKED = {
    "label": _("Does whoever speaks have an interest to declare?"),
    "hint": _(
        "For example: my company sells what it is about. Everybody who sees the session reads it. Left out: none."
    ),
}


@symposia.form("propose", _("Propose a session"), allow=members)
class Propose(Proposing):
    """In one's own name, and that of the organisation one speaks for."""

    symposium: Symposium = ask.about()
    title: str = ask.line(TITLE_ASKED["label"], max=TITLE, hint=TITLE_ASKED["hint"])
    abstract: str = ask.prose(ABSTRACT_ASKED["label"], max=ABSTRACT, hint=ABSTRACT_ASKED["hint"])
    track: int | None = ask.pick(_("In which track?"), options=sessions.track_options, optional=True)
    speaker: str = ask.pick(_("Who speaks?"), options=speakers, hint=_("A colleague's name can be typed."))
    needs: str | None = ask.line(_("What does it need?"), max=NEEDS, optional=True, hint=sessions.NEEDS_HINT)
    interest: str | None = ask.line(INTEREST_ASKED["label"], max=INTEREST, optional=True, hint=INTEREST_ASKED["hint"])

    def submit(self, ctx: Context) -> Screen:
        made = send(ctx, self.symposium, organisation_id=ctx.who.organisation_id, **self.answers())
        return proposals.card(ctx, made, sent(self.symposium))


@symposia.form("propose_for", _("Propose for a business"), allow=makers)
class ProposeFor(Proposing):
    """An officer enters what a business or an agency proposes; it is theirs from then on."""

    symposium: Symposium = ask.about()
    organisation: int = ask.pick(
        _("For which organisation?"), options=organisations, hint=_("Type a part of the name.")
    )
    title: str = ask.line(TITLE_ASKED["label"], max=TITLE, hint=TITLE_ASKED["hint"])
    abstract: str = ask.prose(ABSTRACT_ASKED["label"], max=ABSTRACT, hint=ABSTRACT_ASKED["hint"])
    track: int | None = ask.pick(_("In which track?"), options=sessions.track_options, optional=True)
    speaker: int | None = ask.pick(
        _("Who speaks?"), options=needing.people, optional=True, hint=_("Left out, it is not settled yet.")
    )
    needs: str | None = ask.line(_("What does it need?"), max=NEEDS, optional=True, hint=sessions.NEEDS_HINT)
    interest: str | None = ask.line(INTEREST_ASKED["label"], max=INTEREST, optional=True, hint=INTEREST_ASKED["hint"])

    def submit(self, ctx: Context) -> Screen:
        given = self.answers()
        organisation_id = given.pop("organisation")
        speaker = str(given.pop("speaker") or "")
        made = send(ctx, self.symposium, organisation_id=organisation_id, is_on_behalf=True, speaker=speaker, **given)
        screen = proposals.card_for(ctx, made, _("Customs has proposed a session in your organisation's name."))
        for person_id in sorted({*voices(ctx, organisation_id)} - {ctx.who.id}):
            ctx.notify(person_id, screen, once=f"{made.ref}:entered")
        return proposals.card(ctx, made, _("Sent. Those who speak for the organisation hear of it, and can change it."))


@symposia.command("from_issue", _("Propose a session about it"), allow=members)
def from_issue(ctx: Context, issue: Issue) -> Screen:
    """An officer's begins with the neutral line it is shared as, whoever raised it with their own words."""
    own_words = issue.title if issue.reporter_id == ctx.who.id else ""
    problem = ctx.session.scalar(select(Problem).where(Problem.issue_id == (issue.merged_into_id or issue.id)))
    title = (problem.line if problem is not None else own_words)[:TITLE]
    back = button(_("Back to {ref}", ref=Code(issue.ref)), "issues.show", issue=issue.id)
    about = {"issue": issue.id} | ({"title": title} if title else {})
    return where_to(ctx, issue.ref, "symposia.propose_issue", about, back)


def where_to(ctx: Context, ref: str, form: str, about: Mapping[str, Scalar], back: Button) -> Screen:
    """Which of the symposia that take proposals now a session about `ref` is proposed to, by `form`."""
    its = select(Symposium).where(*calls(ctx)).order_by(Symposium.first_day, Symposium.id)
    found = [each for each in ctx.session.scalars(its) if each.takes_proposals(ctx.now)]
    rows = tuple(
        Row(
            cards.title(each),
            cards.line(each),
            (
                Button(
                    _("Propose it here"),
                    form,
                    {"symposium": each.id, **cards.no_tracks(ctx.session, each), **about},
                    Style.PRIMARY,
                ),
            ),
        )
        for each in found[:PAGE]
    )
    said = () if rows else (_("No symposium takes proposals at present."),)
    heading = _("Where do you want to propose a session about {ref}?", ref=Code(ref))
    return Screen(heading, said, rows=rows, buttons=(back,))


def calls(ctx: Context) -> tuple[ColumnElement[bool], ...]:
    """Symposia that whoever asks sees, and whose call is open."""
    is_open = Symposium.call_opens_at <= ctx.now, Symposium.call_closes_at > ctx.now
    return Symposium.visible_to(ctx.who), Symposium.state.in_(SHOWN), *is_open


@symposia.form("propose_issue", _("Propose a session about an issue"), allow=members)
class ProposeIssue(Proposing):
    """It goes with how many told the same, and with no word or name of theirs."""

    symposium: Symposium = ask.about()
    issue: Issue = ask.about()
    title: str = ask.line(TITLE_ASKED["label"], max=TITLE, hint=TITLE_ASKED["hint"])
    abstract: str = ask.prose(ABSTRACT_ASKED["label"], max=ABSTRACT, hint=ABSTRACT_ASKED["hint"])
    track: int | None = ask.pick(_("In which track?"), options=sessions.track_options, optional=True)
    speaker: str = ask.pick(_("Who speaks?"), options=speakers, hint=_("A colleague's name can be typed."))
    needs: str | None = ask.line(_("What does it need?"), max=NEEDS, optional=True, hint=sessions.NEEDS_HINT)
    interest: str | None = ask.line(INTEREST_ASKED["label"], max=INTEREST, optional=True, hint=INTEREST_ASKED["hint"])

    def submit(self, ctx: Context) -> Screen:
        made = send(ctx, self.symposium, organisation_id=ctx.who.organisation_id, **self.answers())
        made.issue_id, made.sector = self.issue.id, made.sector or self.issue.sector
        ctx.session.flush()
        return proposals.card(ctx, made, sent(self.symposium))


def sent(symposium: Symposium) -> Phrase:
    return _(
        "Sent. You can change it until {when}, and hear what becomes of it.",
        when=cards.at(symposium, symposium.call_closes_at),
    )


def send(
    ctx: Context,
    symposium: Symposium,
    *,
    title: str,
    abstract: str,
    track: int | None,
    speaker: str,
    needs: str | None,
    interest: str | None,
    organisation_id: int | None,
    is_on_behalf: bool = False,
) -> Proposal:
    """A proposal as it was filled in; whoever runs the symposium hears of it, if they want to."""
    made = Proposal(
        administration_id=symposium.administration_id,
        symposium_id=symposium.id,
        title=title,
        abstract=abstract,
        language=ctx.who.language,
        track_id=track,
        sector=sector_of(ctx, track),
        needs=sessions.read_needs(ctx, needs),
        proposer_id=ctx.who.id,
        organisation_id=organisation_id,
        is_on_behalf=is_on_behalf,
        speaker_id=_speaker(ctx, speaker),
        interest=interest,
        sent_at=ctx.now,
        changed_at=ctx.now,
    )
    ctx.session.add(made)
    ctx.session.flush()
    look = button(_("Look"), "symposia.proposal", style=Style.PRIMARY, proposal=made.id)
    telling.tell_organisers(
        ctx,
        symposium,
        _("A session is proposed."),
        once=f"proposed:{made.id}",
        body=(Raw(made.title, made.language),),
        more=(look,),
        topic=Topic.ARRIVALS,
    )
    return made


def sector_of(ctx: Context, track_id: int | None) -> Sector | None:
    track = ctx.session.get(Track, track_id) if track_id is not None else None
    return track.sector if track is not None else None


def _speaker(ctx: Context, chosen: str) -> int | None:
    if chosen == MYSELF:
        return ctx.who.id
    return int(chosen) if chosen else None


@symposia.form("change", _("Change it"), allow=own)
class Change(Form):
    """Until the call closes."""

    proposal: Proposal = ask.about()
    title: str = ask.line(TITLE_ASKED["label"], max=TITLE, hint=TITLE_ASKED["hint"])
    abstract: str = ask.prose(ABSTRACT_ASKED["label"], max=ABSTRACT, hint=ABSTRACT_ASKED["hint"])
    track: int | None = ask.pick(_("In which track?"), options=sessions.track_options, optional=True)
    needs: str | None = ask.line(_("What does it need?"), max=NEEDS, optional=True, hint=sessions.NEEDS_HINT)
    interest: str | None = ask.line(INTEREST_ASKED["label"], max=INTEREST, optional=True, hint=INTEREST_ASKED["hint"])

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        proposals.must_be_open(bound["proposal"])
        if not ctx.session.get_one(Symposium, bound["proposal"].symposium_id).takes_proposals(ctx.now):
            raise Refusal(_("The call has closed: it is as it was sent. You can still withdraw it."))

    def submit(self, ctx: Context) -> Screen:
        proposal = self.proposal
        proposal.title, proposal.abstract, proposal.interest = self.title, self.abstract, self.interest
        proposal.needs, proposal.language, proposal.changed_at = (
            sessions.read_needs(ctx, self.needs),
            ctx.who.language,
            ctx.now,
        )
        proposal.track_id, proposal.sector = self.track, sector_of(ctx, self.track) or proposal.sector
        ctx.session.flush()
        return proposals.card(ctx, proposal, _("Changed."))
