"""Who is to be there: people, and whoever speaks for an organisation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.kit.clean import clean_line
from bot.kit.context import Context
from bot.kit.feeds import MINE
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, Text, When, _, ngettext
from db.calendars import last_fetches
from db.ledger import Heard, heard_by
from db.meetings import AHEAD, CHANGE, EXPECTED, Answer, Invitation, Meeting, MeetingState
from db.people import Organisation, Person, Standing, named
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called
from handlers.people.room import WHEN_LEAVING
from handlers.people.searching import people_named
from handlers.people.voices import voices

from . import cards, feed, mailing, polling, rooming, telling
from .room import roundtables, runs

PERSON, ORGANISATION = "person", "organisation"
OPTIONS = 20


def guests(ctx: Context, query: str) -> Sequence[Option]:
    """The organisations and the people of the administration, by name; each kind leaves room for the other."""
    people = people_named(
        ctx, query, Person.visible_to(ctx.who), Person.registered_at.is_not(None), prefix=f"{PERSON}:", most=OPTIONS
    )
    known = select(Organisation.id, Organisation.name).where(
        Organisation.visible_to(ctx.who), Organisation.standing == Standing.VERIFIED
    )
    query = clean_line(query)
    kind, _colon, number = query.partition(":")
    if kind == ORGANISATION and number.isdecimal() and len(number) < 18:
        known = known.where(Organisation.id == int(number))
    else:
        known = known.where(named(ctx.session, query, Organisation.name))
    rows = ctx.session.execute(known.order_by(Organisation.name, Organisation.id).limit(OPTIONS)).all()
    organisations = [Option(f"{ORGANISATION}:{row.id}", Raw(row.name)) for row in rows]
    shared = organisations[: max(OPTIONS // 2, OPTIONS - len(people))]
    return [*shared, *people[: OPTIONS - len(shared)]]


@roundtables.form("invite", _("Invite"), allow=runs)
class Invite(Form):
    """A person, or all who speak for an organisation. With a date they hear of it at once."""

    review = False
    meeting: Meeting = ask.about()
    whom: str = ask.pick(
        _("Whom do you invite?"),
        options=guests,
        hint=_("A person, or an organisation: then whoever speaks for it. Type a part of the name."),
    )

    @classmethod
    def opens(cls, ctx: Context, bound: dict[str, Meeting]) -> None:  # type: ignore[override]  # of a meeting only
        must_be_ahead(bound["meeting"])

    def submit(self, ctx: Context) -> Screen:
        kind, _colon, number = self.whom.partition(":")
        people = [int(number)] if kind == PERSON else list(voices(ctx, int(number)))
        if not people:
            raise Refusal(_("Nobody speaks for them in Parley yet. Invite a person instead."), field="whom")
        organisation_id = int(number) if kind == ORGANISATION else None
        added = [made for each in people if (made := put_on_list(ctx, self.meeting, each, organisation_id)) is not None]
        for each in added:
            tell_new(ctx, self.meeting, each)
        lead = ngettext("{count} person was added.", "{count} people were added.", len(added))
        again = button(_("Invite somebody else"), "roundtables.invite", style=Style.PRIMARY, meeting=self.meeting.id)
        return people_screen(ctx, self.meeting, lead if added else _("They are on the list already."), more=(again,))


def put_on_list(
    ctx: Context,
    meeting: Meeting,
    person_id: int,
    organisation_id: int | None = None,
    *,
    replaces: Invitation | None = None,
) -> Invitation | None:
    """The invitation of somebody who is not on the list, or no longer; None for whoever is, and for the organiser."""
    if person_id == meeting.organiser_id:
        return None
    # Held until the turn ends: of two who invite one person at once, the second finds the first's invitation.
    ctx.session.scalars(select(Meeting.id).where(Meeting.id == meeting.id).with_for_update()).one()
    theirs = Invitation.meeting_id == meeting.id, Invitation.person_id == person_id
    found = ctx.session.scalar(select(Invitation).where(*theirs))
    if found is None:
        found = Invitation(
            administration_id=meeting.administration_id,
            meeting_id=meeting.id,
            person_id=person_id,
            invited_by_id=ctx.who.id,
            invited_at=ctx.now,
        )
        ctx.session.add(found)
    elif not found.put_back(at=ctx.now):
        return None
    found.organisation_id = organisation_id or found.organisation_id
    found.replaces_id = replaces.id if replaces is not None else None
    ctx.session.flush()
    rooming.refresh(ctx, meeting)
    return found


def invitations(ctx: Context, meeting: Meeting, *answers: Answer) -> Sequence[Invitation]:
    """Those that stand at one of these answers."""
    on_it = Invitation.meeting_id == meeting.id, Invitation.answer.in_(answers)
    return ctx.session.scalars(select(Invitation).where(*on_it).order_by(Invitation.id)).all()


def tell_new(ctx: Context, meeting: Meeting, invitation: Invitation) -> None:
    """Somebody came onto the list of a meeting that has a date, or looks for one: they hear what the others did."""
    if meeting.state is MeetingState.CONFIRMED:
        made = telling.latest_change(ctx, meeting)
        if made is not None:
            telling.tell_invited(ctx, meeting, made, invitation)
    elif meeting.state is MeetingState.POLLING:
        polling.ask_one(ctx, meeting, invitation)


@roundtables.command("people", _("People"), allow=runs, reads=runs)
def people(ctx: Context, meeting: Meeting, page: int = 0) -> Screen:
    """Who is on the list, how they answered, and who has not confirmed the last change."""
    return people_screen(ctx, meeting, None, page=page)


def people_screen(
    ctx: Context, meeting: Meeting, lead: Phrase | None, *, page: int = 0, more: tuple[Button, ...] = ()
) -> Screen:
    on_it = Invitation.meeting_id == meeting.id, Invitation.answer != Answer.REMOVED
    found = ctx.session.scalars(select(Invitation).where(*on_it).order_by(Invitation.id)).all()
    made = telling.latest_change(ctx, meeting)
    heard = heard_by(ctx.session, CHANGE, made.id) if made is not None else {}
    seen = {person_id for person_id, (state, _at) in heard.items() if state is Heard.ACKNOWLEDGED}
    silent = [each for each in found if each.person_id in heard and each.person_id not in seen]
    order = [*silent, *(each for each in found if each not in silent)]
    names = called(ctx.session, {each.person_id for each in found})
    organisations = _organisations(ctx, found)
    shown = order[page * PAGE : (page + 1) * PAGE]
    calendars = {MINE: "", feed.ONE: str(meeting.id)}
    fetched = last_fetches(ctx.session, [each.person_id for each in shown], calendars)
    rows = tuple(
        Row(
            _with(names[each.person_id], organisations.get(each.organisation_id or 0)),
            _standing(each, heard.get(each.person_id), fetched.get(each.person_id)),
            _row_buttons(meeting, each),
        )
        for each in shown
    )
    waits = ngettext(
        "{count} person has not confirmed the last change.",
        "{count} people have not confirmed the last change.",
        len(silent),
    )
    reasons = tuple(
        _("{name} cannot come: {reason}", name=names[each.person_id], reason=Raw(each.reason, each.language))
        for each in shown
        if each.reason
        and each.answer is Answer.DECLINED
        and meeting.organiser_id == ctx.who.id  # as they were promised
    )
    return Screen(
        lead or _("People of {ref}", ref=Code(meeting.ref)),
        (cards.title(meeting), *((waits,) if silent else ()), *reasons),
        rows=rows,
        buttons=(
            *more,
            *turn_pages("roundtables.people", page, len(order), meeting=meeting.id),
            *(
                (button(_("Invite"), "roundtables.invite", meeting=meeting.id),)
                if meeting.is_ahead and not more
                else ()
            ),
            cards.open_it(meeting),
        ),
    )


def _standing(invitation: Invitation, heard: tuple[Heard, Any] | None, fetched: datetime | None) -> Phrase:
    """How somebody has answered, whether the last change has reached them, and when their calendar last came for it."""
    said = _("{answer}", answer=invitation.answer)
    if heard is not None and invitation.answer is not Answer.REPLACED:
        said = _("{answer} · {heard}", answer=invitation.answer, heard=heard[0])
    if fetched is None or invitation.answer not in EXPECTED:
        return said
    return _("{standing} · calendar fetched {when}", standing=said, when=When(fetched))


@roundtables.command("remove", _("Take off the list"), allow=runs)
def remove(ctx: Context, meeting: Meeting, invitation: Invitation) -> Screen:
    """Somebody is not expected any longer; whoever has heard of the meeting hears that too."""
    telling.of(meeting, invitation)
    must_be_ahead(meeting)
    take_off(ctx, meeting, invitation)
    return people_screen(ctx, meeting, _("Taken off the list."))


def take_off(ctx: Context, meeting: Meeting, invitation: Invitation) -> None:
    """The same of a meeting that is ahead, by whatever knows that they are not expected."""
    unheard = invitation.person_id in telling.take_back(ctx, meeting, [invitation.person_id])
    asked_before = unheard and invitation.person_id in polling.voters(ctx, meeting)
    if invitation.remove() and meeting.state is not MeetingState.CALLED and (asked_before or not unheard):
        screen = Screen(
            _("You are no longer expected at a meeting."),
            (cards.title(meeting),),
            buttons=(button(_("Roundtables"), "roundtables.roundtables"),),
        )
        once = f"{meeting.ref}:removed:{invitation.version}"
        mailing.tell(ctx, meeting, invitation.person_id, screen, once=once, is_off=True)
    ctx.session.flush()
    fall_back(ctx, meeting, invitation)
    if meeting.state is MeetingState.POLLING:
        polling.ask_one_less(ctx, meeting)
    rooming.refresh(ctx, meeting)


def fall_back(ctx: Context, meeting: Meeting, invitation: Invitation) -> None:
    """A substitute does not come: whoever proposed them is asked again, and can come themselves or propose another."""
    proposed = ctx.session.get(Invitation, invitation.replaces_id) if invitation.replaces_id is not None else None
    if proposed is None or not proposed.fall_back():
        return
    ctx.session.flush()
    rooming.refresh(ctx, meeting)
    if any(each.id == proposed.id for each in telling.expected(ctx, meeting)):
        name = called(ctx.session, {invitation.person_id})[invitation.person_id]
        lead = _("{name} does not come in your place. Do you come yourself, or does somebody else?", name=name)
        screen = cards.card(ctx, meeting, lead, to=proposed.person_id)
        mailing.tell(ctx, meeting, proposed.person_id, screen, once=f"{meeting.ref}:invited:back:{proposed.version}")


def must_be_ahead(meeting: Meeting) -> None:
    if not meeting.is_ahead:
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=meeting.state))


def _row_buttons(meeting: Meeting, each: Invitation) -> tuple[Button, ...]:
    if not meeting.is_ahead:
        return ()
    return (button(_("Take off the list"), "roundtables.remove", meeting=meeting.id, invitation=each.id),)


def _organisations(ctx: Context, found: Sequence[Invitation]) -> dict[int, str]:
    ids = {each.organisation_id for each in found if each.organisation_id}
    rows = ctx.session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids)))
    return {row.id: row.name for row in rows}


def _with(name: Text, organisation: str | None) -> Text:
    return _("{name}, {organisation}", name=name, organisation=organisation) if organisation else name


def _leaving(ctx: Context, person_id: int, administration_id: int) -> None:
    """Whoever leaves comes to none of its meetings: those who run them hear it."""
    theirs = Invitation.person_id == person_id, Invitation.administration_id == administration_id
    invited = select(Invitation).join(Meeting, Meeting.id == Invitation.meeting_id)
    on = *theirs, Invitation.answer != Answer.REMOVED, Meeting.state.in_(AHEAD)
    for invitation in ctx.session.scalars(invited.where(*on).order_by(Invitation.id)).all():
        meeting = ctx.session.get_one(Meeting, invitation.meeting_id)
        take_off(ctx, meeting, invitation)
        name = called(ctx.session, {person_id})[person_id]
        lead = _("{name} cannot come.", name=name)
        telling.organiser(ctx, meeting, lead, once=f"left:{invitation.id}:{invitation.version}")


WHEN_LEAVING.append(_leaving)
