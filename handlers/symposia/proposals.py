"""What was proposed, as it is for whoever proposed it and for whoever decides; and taking it back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.screen import Button, Fact, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, _, listed, ngettext
from db.calls import Proposal
from db.issues import Issue
from db.outcomes import owed
from db.people import Organisation, Topic
from db.symposia import Equipment, Symposium, SymposiumSession, Track
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called

from . import cards, origins, sessions, telling
from .room import members, own, symposia, weighers


@symposia.command("mine", _("My proposals"), allow=members)
def mine(ctx: Context, page: int = 0) -> Screen:
    """What I proposed, or is proposed in my name, the latest first; and what I am asked to speak at."""
    where = Proposal.visible_to(ctx.who), Proposal.of(ctx.who)
    total = ctx.session.scalar(select(func.count()).select_from(Proposal).where(*where)) or 0
    found = ctx.session.scalars(
        select(Proposal).where(*where).order_by(Proposal.id.desc()).offset(page * PAGE).limit(PAGE)
    ).all()
    rows = tuple(Row(title_of(each), line(each), (open_it(each),)) for each in found)
    return Screen(
        _("My proposals"),
        () if rows else (_("You have not proposed anything yet."),),
        rows=rows,
        buttons=(
            *turn_pages("symposia.mine", page, total),
            button(_("Sessions I am asked to take part in"), "symposia.parts"),
            button(_("Symposia"), "symposia.symposia"),
        ),
    )


def title_of(proposal: Proposal) -> Raw:
    return Raw(proposal.title, proposal.language)


def line(proposal: Proposal) -> Phrase:
    return _("{ref} · {state}", ref=Code(proposal.ref), state=proposal.state)


def open_it(proposal: Proposal) -> Button:
    return button(_("Open"), "symposia.proposal", proposal=proposal.id)


@symposia.command("proposal", _("Open a proposal"), allow=members, reads=weighers)
def proposal_(ctx: Context, proposal: Proposal) -> Screen:
    """As it is for whoever proposed it, or decides on it."""
    return card(ctx, proposal)


def card(ctx: Context, proposal: Proposal, lead: Phrase | None = None) -> Screen:
    symposium = ctx.session.get_one(Symposium, proposal.symposium_id)
    decides = symposium.is_run_by(ctx.who) and proposal.is_weighed_by(ctx.who) and proposal.is_open
    buttons = (
        *(_own_buttons(ctx, symposium, proposal) if proposal.is_of(ctx.who) else ()),
        *(_deciding_buttons(proposal) if decides else ()),
        cards.back(symposium),
    )
    return _card(ctx, symposium, proposal, lead, buttons)


def card_for(ctx: Context, proposal: Proposal, lead: Phrase) -> Screen:
    """For whoever else it belongs to, with a button that opens it."""
    symposium = ctx.session.get_one(Symposium, proposal.symposium_id)
    look = button(_("Open"), "symposia.proposal", style=Style.PRIMARY, proposal=proposal.id)
    return _card(ctx, symposium, proposal, lead, (look,))


def _card(
    ctx: Context, symposium: Symposium, proposal: Proposal, lead: Phrase | None, buttons: tuple[Button, ...]
) -> Screen:
    words = Quote(Raw(proposal.abstract, proposal.language))
    interest = (
        (Quote(Raw(proposal.interest, proposal.language), label=_("Interest declared")),) if proposal.interest else ()
    )
    reason = (
        (Quote(Raw(proposal.reason, proposal.reason_language), label=_("Why it was declined")),)
        if proposal.reason
        else ()
    )
    return Screen(
        lead or title_of(proposal),
        (*((title_of(proposal),) if lead else ()), words, *interest, *reason),
        tuple(each for each in facts(ctx, symposium, proposal) if each),
        buttons=buttons,
    )


def facts(ctx: Context, symposium: Symposium, proposal: Proposal) -> tuple[Fact | None, ...]:
    names = called(ctx.session, {each for each in (proposal.proposer_id, proposal.speaker_id) if each})
    organisation = ctx.session.get(Organisation, proposal.organisation_id) if proposal.organisation_id else None
    track = ctx.session.get(Track, proposal.track_id) if proposal.track_id else None
    proposer = names[proposal.proposer_id]
    by: Any = proposer
    if organisation is not None:
        by = (
            _("{organisation}, entered by {name}", organisation=Raw(organisation.name), name=proposer)
            if proposal.is_on_behalf
            else _("{name}, {organisation}", name=proposer, organisation=Raw(organisation.name))
        )
    issue = ctx.session.get(Issue, proposal.issue_id) if proposal.issue_id is not None else None
    origin = origins.came_from(ctx, proposal)
    others = len(owed(ctx.session, issue.merged_into_id or issue.id)) if issue is not None else 0
    return (
        Fact(_("Reference"), Code(proposal.ref)),
        Fact(_("State"), proposal.state),
        Fact(_("Symposium"), cards.title(symposium)),
        Fact(_("Proposed by"), by),
        Fact(_("Speaker"), names[proposal.speaker_id]) if proposal.speaker_id else None,
        Fact(_("Track"), cards.track_name(track)) if track else None,
        Fact(_("Needs"), listed([Equipment(each) for each in proposal.needs])) if proposal.needs else None,
        Fact(_("Comes from"), origin) if origin else None,
        Fact(_("Told Customs the same"), ngettext("{count} person", "{count} people", others)) if others > 1 else None,
    )


def _own_buttons(ctx: Context, symposium: Symposium, proposal: Proposal) -> tuple[Button, ...]:
    session = ctx.session.get(SymposiumSession, proposal.session_id) if proposal.session_id else None
    if session is not None:
        return (button(_("Open the session"), "symposia.session", symposium=symposium.id, session=session.id),)
    if not proposal.is_open:
        return ()
    withdraw = button(_("Withdraw it"), "symposia.withdraw", proposal=proposal.id)
    if not symposium.takes_proposals(ctx.now):
        return (withdraw,)
    as_it_is: dict[str, Any] = {"proposal": proposal.id, "title": proposal.title, "abstract": proposal.abstract}
    as_it_is["interest"] = proposal.interest
    as_it_is["needs"] = sessions.needs_words(proposal.needs)
    as_it_is["track"] = str(proposal.track_id) if proposal.track_id else None
    return (Button(_("Change it"), "symposia.change", as_it_is), withdraw)


def _deciding_buttons(proposal: Proposal) -> tuple[Button, ...]:
    return (
        button(_("Review it"), "symposia.review", proposal=proposal.id),
        Button(
            _("Accept it"),
            "symposia.accept",
            {"proposal": proposal.id, "track": str(proposal.track_id) if proposal.track_id else None},
            Style.PRIMARY,
        ),
        button(_("Decline it"), "symposia.decline", proposal=proposal.id),
    )


@symposia.command("withdraw", _("Withdraw it"), allow=own, confirm=_("It is not considered any further. Withdraw it?"))
def withdraw(ctx: Context, proposal: Proposal) -> Screen:
    """At any time before it is decided."""
    if not proposal.withdraw(at=ctx.now):
        raise Refusal(_("It is decided already. Its state is: {state}.", state=proposal.state))
    ctx.session.flush()
    symposium = ctx.session.get_one(Symposium, proposal.symposium_id)
    telling.tell_organisers(
        ctx,
        symposium,
        _("A proposal was withdrawn."),
        once=f"withdrawn:{proposal.id}",
        body=(title_of(proposal),),
        topic=Topic.ARRIVALS,
    )
    return card(ctx, proposal, _("Withdrawn."))


def must_be_open(proposal: Proposal) -> None:
    if not proposal.is_open:
        raise Refusal(_("It is decided already. Its state is: {state}.", state=proposal.state))
