"""What people answer and ask: I come, I cannot, somebody else comes for me; let me join, let us talk about this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import NotFound, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, _
from db.machinery import Receipt
from db.meetings import (
    CHANGE,
    EXPECTED,
    Answer,
    Invitation,
    Meeting,
    MeetingFollower,
    MeetingRequest,
    MeetingState,
    Reply,
    Wish,
)
from db.people import Mandate, Person, Role
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called
from handlers.people.searching import people_named

from . import calling, cards, dating, inviting, lists, telling
from .room import WHEN_HELD, members, roundtables, runs

WORDS, REASON = 500, 500


# To an invitation


@roundtables.command("accept", _("Accept"), allow=members)
def accept(ctx: Context, meeting: Meeting, *, at: datetime | None = None) -> Screen:
    """They come, as they said `at`, now by default. Where places are few, the first to say so have them."""
    own = _own(ctx, meeting)
    if own.answer is Answer.ACCEPTED:
        return cards.card(ctx, meeting, _("You have accepted already."))
    _must_have_a_place(ctx, meeting, ctx.who.id)
    if not own.accept(at=at or ctx.now):
        raise Refusal(_("Somebody else comes in your place. Ask the organiser to put you on the list again."))
    ctx.session.flush()
    _has_seen(ctx, meeting)
    lead = _("{name} comes.", name=ctx.who.name)
    telling.organiser(ctx, meeting, lead, once=f"accepted:{own.id}:{own.version}")
    return cards.card(ctx, meeting, _("You come. You are reminded a day and an hour before."))


@roundtables.form("decline", _("Decline"), allow=members)
class Decline(Form):
    """I cannot come, and may say why."""

    review = False
    meeting: Meeting = ask.about()
    reason: str | None = ask.line(
        _("Why can you not come?"), max=REASON, optional=True, hint=_("Only whoever organises it reads this.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _own(ctx, bound["meeting"])

    def submit(self, ctx: Context) -> Screen:
        return decline(ctx, self.meeting, self.reason)


def decline(ctx: Context, meeting: Meeting, reason: str | None, *, at: datetime | None = None) -> Screen:
    """They cannot come, as they said `at`, now by default; the organiser hears it, and why. Raises `Refusal`."""
    own = _own(ctx, meeting)
    if not own.decline(reason, ctx.who.language, at=at or ctx.now):
        return cards.card(ctx, meeting, _("You have said that already."))
    ctx.session.flush()
    _has_seen(ctx, meeting)
    lead = (
        _("{name} cannot come: {reason}", name=ctx.who.name, reason=Raw(reason, ctx.who.language))
        if reason and telling.answers_for(ctx, meeting) == [meeting.organiser_id]  # nobody else, as they were promised
        else _("{name} cannot come.", name=ctx.who.name)
    )
    people = button(_("People"), "roundtables.people", meeting=meeting.id)
    telling.organiser(ctx, meeting, lead, once=f"declined:{own.id}:{own.version}", more=(people,))
    inviting.fall_back(ctx, meeting, own)
    return cards.card(ctx, meeting, _("The organiser has been told that you cannot come."))


def colleagues(ctx: Context, query: str) -> Sequence[Option]:
    """Who can come in one's place: whoever speaks for the same organisation; for staff, other staff."""
    if ctx.who.is_staff:
        theirs = select(Role.person_id).where(
            Role.administration_id == ctx.who.administration_id, Role.in_force(ctx.now)
        )
    else:
        theirs = select(Mandate.person_id).where(
            Mandate.organisation_id == (ctx.who.organisation_id or 0),
            Mandate.in_force(ctx.now),
            Mandate.confirmed_by_id.is_not(None),
        )
    return people_named(ctx, query, Person.id.in_(theirs), Person.id != ctx.who.id)


@roundtables.form("substitute", _("Send a substitute"), allow=members)
class Substitute(Form):
    """A colleague comes instead, is invited at once, and the organiser sees it. The place is theirs until they answer;
    where they cannot come, whoever proposed them is asked again."""

    meeting: Meeting = ask.about()
    who: int = ask.pick(_("Who comes in your place?"), options=colleagues, hint=_("They are invited at once."))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _own(ctx, bound["meeting"])
        if not colleagues(ctx, ""):
            raise Refusal(_("Parley knows no colleague of yours. Please decline, and say who could come."))

    def submit(self, ctx: Context) -> Screen:
        meeting, own = self.meeting, _own(ctx, self.meeting)
        _must_have_a_place(ctx, meeting, ctx.who.id)  # it is the substitute's from now on
        made = inviting.put_on_list(ctx, meeting, self.who, own.organisation_id, replaces=own)
        if made is None:
            raise Refusal(_("They are expected there already."), field="who")
        if not own.hand_to_substitute(at=ctx.now):
            raise Refusal(_("Somebody else comes in your place already."))
        ctx.session.flush()
        _has_seen(ctx, meeting)
        inviting.tell_new(ctx, meeting, made)
        name = called(ctx.session, {self.who})[self.who]
        lead = _("{name} sends a substitute: {substitute}", name=ctx.who.name, substitute=name)
        people = button(_("People"), "roundtables.people", meeting=meeting.id)
        telling.organiser(ctx, meeting, lead, once=f"substitute:{made.id}:{made.version}", more=(people,))
        return cards.card(ctx, meeting, _("{name} is invited in your place.", name=name))


def _own(ctx: Context, meeting: Meeting) -> Invitation:
    """One's invitation to what is still to come and has a date. Raises Refusal, or NotFound for who has none."""
    own = cards.invitation_of(ctx, meeting, ctx.who.id)
    if own is None:
        raise NotFound()
    if meeting.state is not MeetingState.CONFIRMED:
        raise Refusal(_("That cannot be answered now. Its state is: {state}.", state=meeting.state))
    if meeting.starts_at is not None and meeting.starts_at <= ctx.now:
        raise Refusal(_("It has begun already."))
    return own


def _must_have_a_place(ctx: Context, meeting: Meeting, person_id: int) -> None:
    """Raises Refusal when the others have taken all places. Held until the turn ends: the last place goes once."""
    if meeting.capacity is None:
        return
    ctx.session.scalars(select(Meeting).where(Meeting.id == meeting.id).with_for_update()).one()
    if cards.places_taken(ctx, meeting, but=person_id) >= meeting.capacity:
        raise Refusal(_("All places are taken."))


def _has_seen(ctx: Context, meeting: Meeting) -> None:
    """Whoever answers has seen what was last told."""
    made = telling.latest_change(ctx, meeting)
    if made is not None:
        mine = Receipt.about == CHANGE, Receipt.about_id == made.id, Receipt.person_id == ctx.who.id
        receipt = ctx.session.scalar(select(Receipt).where(*mine))
        if receipt is not None:
            dating.acknowledge(ctx, receipt)


# Of an open one


@roundtables.form("join", _("Ask to join"), allow=members)
class Join(Form):
    """Somebody of the audience would like to be there; the organiser says yes or no, with a reason."""

    review = False
    meeting: Meeting = ask.about()
    words: str | None = ask.line(
        _("Why would you like to be there?"), max=WORDS, optional=True, hint=_("Those who organise it read this.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        meeting = bound["meeting"]
        inviting.must_be_ahead(meeting)
        own = cards.invitation_of(ctx, meeting, ctx.who.id)
        if own is not None and own.answer in EXPECTED:
            raise Refusal(_("You are expected there already."))
        _must_be_open(ctx, meeting)
        if _open_request(ctx, meeting, Wish.JOIN) is not None:
            raise Refusal(_("You have asked already. You hear yes or no here."))

    def submit(self, ctx: Context) -> Screen:
        _ask(ctx, self.meeting, Wish.JOIN, self.words)
        return cards.card(ctx, self.meeting, _("Asked. You hear yes or no here, with the reason."))


@roundtables.form("topic", _("Propose a topic"), allow=members)
class Propose(Form):
    """Something to talk about there: asked of the organiser by whoever is invited, or may find it."""

    meeting: Meeting = ask.about()
    words: str = ask.line(
        _("What should be talked about?"), max=calling.TITLE, hint=_("As it would stand on the agenda.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        inviting.must_be_ahead(bound["meeting"])
        own = cards.invitation_of(ctx, bound["meeting"], ctx.who.id)
        if own is None:
            _must_be_open(ctx, bound["meeting"])

    def submit(self, ctx: Context) -> Screen:
        _ask(ctx, self.meeting, Wish.TOPIC, self.words)
        return cards.card(ctx, self.meeting, _("Proposed. You hear yes or no here, with the reason."))


@roundtables.command("follow", _("Follow it"), allow=members)
def follow(ctx: Context, meeting: Meeting) -> Screen:
    """Hear of its date and of what changes, without being expected there."""
    _must_be_open(ctx, meeting)
    if _following(ctx, meeting) is None:
        ctx.session.add(
            MeetingFollower(
                administration_id=meeting.administration_id,
                meeting_id=meeting.id,
                person_id=ctx.who.id,
                since=ctx.now,
            )
        )
        ctx.session.flush()
    return cards.card(ctx, meeting, _("You follow it. You hear of its date, and of what changes."))


@roundtables.command("unfollow", _("Stop following"), allow=members)
def unfollow(ctx: Context, meeting: Meeting) -> Screen:
    found = _following(ctx, meeting)
    if found is not None:
        ctx.session.delete(found)
        ctx.session.flush()
    return cards.card(ctx, meeting, _("You no longer follow it."))


def _following(ctx: Context, meeting: Meeting) -> MeetingFollower | None:
    mine = MeetingFollower.meeting_id == meeting.id, MeetingFollower.person_id == ctx.who.id
    return ctx.session.scalar(select(MeetingFollower).where(*mine))


def _must_be_open(ctx: Context, meeting: Meeting) -> None:
    """Raises Refusal for whoever sees it by another right than being of its audience."""
    found = Meeting.id == meeting.id, Meeting.open_to(ctx.who)
    if ctx.session.scalar(select(Meeting.id).where(*found)) is None:
        raise Refusal(_("It is open to others only."))


def _open_request(ctx: Context, meeting: Meeting, wish: Wish) -> MeetingRequest | None:
    mine = MeetingRequest.meeting_id == meeting.id, MeetingRequest.person_id == ctx.who.id
    still = MeetingRequest.wish == wish, MeetingRequest.reply == Reply.OPEN
    return ctx.session.scalars(select(MeetingRequest).where(*mine, *still).limit(1)).first()


def _ask(ctx: Context, meeting: Meeting, wish: Wish, words: str | None) -> None:
    made = MeetingRequest(
        administration_id=meeting.administration_id,
        meeting_id=meeting.id,
        person_id=ctx.who.id,
        organisation_id=ctx.who.organisation_id,
        wish=wish,
        words=words,
        language=ctx.who.language,
        asked_at=ctx.now,
    )
    ctx.session.add(made)
    ctx.session.flush()
    screen = _request_screen(ctx, meeting, made)
    for person_id in telling.answers_for(ctx, meeting):
        if person_id != ctx.who.id:
            ctx.notify(person_id, screen, once=f"{meeting.ref}:request:{made.id}")


def _request_screen(ctx: Context, meeting: Meeting, request: MeetingRequest) -> Screen:
    name = called(ctx.session, {request.person_id})[request.person_id]
    lead = (
        _("{name} would like to join a meeting.", name=name)
        if request.wish is Wish.JOIN
        else _("{name} proposes a topic for a meeting.", name=name)
    )
    said = (Quote(Raw(request.words, request.language)),) if request.words else ()
    return Screen(
        lead,
        (cards.title(meeting), *said),
        buttons=(
            button(_("Yes"), "roundtables.admit", style=Style.PRIMARY, meeting=meeting.id, request=request.id),
            button(_("No"), "roundtables.turn_down", meeting=meeting.id, request=request.id),
            cards.open_it(meeting),
        ),
    )


# What the organiser says


@roundtables.command("requests", _("What people ask"), allow=runs, reads=runs)
def requests(ctx: Context, meeting: Meeting, page: int = 0) -> Screen:
    """Who would like to join, and which topics were proposed; the oldest first."""
    waiting = MeetingRequest.meeting_id == meeting.id, MeetingRequest.reply == Reply.OPEN
    total = ctx.session.scalar(select(func.count()).select_from(MeetingRequest).where(*waiting)) or 0
    found = ctx.session.scalars(
        select(MeetingRequest).where(*waiting).order_by(MeetingRequest.id).offset(page * PAGE).limit(PAGE)
    ).all()
    names = called(ctx.session, {each.person_id for each in found})
    rows = tuple(
        Row(
            _("{name} would like to join", name=names[each.person_id])
            if each.wish is Wish.JOIN
            else _("{name} proposes a topic", name=names[each.person_id]),
            Raw(each.words, each.language) if each.words else None,
            (
                button(_("Yes"), "roundtables.admit", meeting=meeting.id, request=each.id),
                button(_("No"), "roundtables.turn_down", meeting=meeting.id, request=each.id),
            ),
        )
        for each in found
    )
    return Screen(
        _("What people ask of {ref}", ref=Code(meeting.ref)),
        (cards.title(meeting),) if rows else (cards.title(meeting), _("Nothing waits here.")),
        rows=rows,
        buttons=(*turn_pages("roundtables.requests", page, total, meeting=meeting.id), cards.open_it(meeting)),
    )


@roundtables.command("admit", _("Yes"), allow=runs)
def admit(ctx: Context, meeting: Meeting, request: MeetingRequest) -> Screen:
    """Somebody may join, or a topic comes onto the agenda; they hear it."""
    telling.of(meeting, request)
    inviting.must_be_ahead(meeting)
    if request.wish is Wish.JOIN:
        _must_have_a_place(ctx, meeting, request.person_id)
    _settle(ctx, request, Reply.YES, None)
    if request.wish is Wish.JOIN:
        made = inviting.put_on_list(ctx, meeting, request.person_id, request.organisation_id)
        lead = _("You may join the meeting.")
        if made is not None:
            inviting.tell_new(ctx, meeting, made)
    else:
        item = calling.put_on_agenda(ctx, meeting, request.words)
        item.language, item.added_by_id = request.language, request.person_id
        lists.found.keep(ctx.session, meeting)
        lead = _("Your topic is on the agenda.")
    _tell_asker(ctx, meeting, request, lead)
    return cards.card(ctx, meeting, _("Yes. They have been told."))


@roundtables.form("turn_down", _("No"), allow=runs)
class TurnDown(Form):
    """Not this time; they hear why."""

    meeting: Meeting = ask.about()
    request: MeetingRequest = ask.about()
    reason: str = ask.line(_("Why not?"), max=REASON, hint=_("They read this."))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        telling.of(bound["meeting"], bound["request"])
        if bound["request"].reply is not Reply.OPEN:
            raise Refusal(_("This has been answered already."))

    def submit(self, ctx: Context) -> Screen:
        _settle(ctx, self.request, Reply.NO, self.reason)
        lead = (
            _("You cannot join the meeting this time.")
            if self.request.wish is Wish.JOIN
            else _("Your topic is not on the agenda this time.")
        )
        _tell_asker(ctx, self.meeting, self.request, lead)
        return cards.card(ctx, self.meeting, _("They have been told, with the reason."))


def _too_late(ctx: Context, meeting: Meeting) -> None:
    """It took place: whoever still waits for yes or no hears that."""
    waiting = MeetingRequest.meeting_id == meeting.id, MeetingRequest.reply == Reply.OPEN
    for each in ctx.session.scalars(select(MeetingRequest).where(*waiting).order_by(MeetingRequest.id)).all():
        _tell_asker(ctx, meeting, each, _("A roundtable took place before what you had asked of it was answered."))


WHEN_HELD.append(_too_late)


def _settle(ctx: Context, request: MeetingRequest, reply: Reply, reason: str | None) -> None:
    if not request.decide(reply, ctx.who.id, at=ctx.now, reason=reason, language=ctx.who.language):
        raise Refusal(_("This has been answered already."))
    ctx.session.flush()


def _tell_asker(ctx: Context, meeting: Meeting, request: MeetingRequest, lead: Phrase) -> None:
    asked = (Quote(Raw(request.words, request.language), label=_("You wrote")),) if request.words else ()
    why = (Quote(Raw(request.reason, request.reason_language), label=_("Why")),) if request.reason else ()
    screen = Screen(lead, (cards.title(meeting), *asked, *why), buttons=(cards.open_it(meeting),))
    if request.person_id != ctx.who.id:
        ctx.notify(request.person_id, screen, once=f"{meeting.ref}:reply:{request.id}")
