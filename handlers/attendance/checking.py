"""Check-in: six letters typed by the officer at the door, or the door's own typed by whoever comes; and QR codes.

A QR code is an address. To open it changes nothing, whoever does it, a link preview included: an officer of the
symposium is asked there, and says yes with one tap.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import QR, Button, Fact, Picture, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Text, When, _
from db.attendance import DoorCode, How
from db.people import Organisation
from db.registrations import Registration, RegistrationState, new_code
from db.symposia import Symposium, SymposiumSession
from handlers.people.naming import called
from handlers.registrations.finding import line_of, name, registration_of, symposium_of, title

from . import finding
from .entering import enter
from .room import AT, AT_DOOR, attendance, members, runs

NOBODY = _("Nobody was checked in.")
WHY = _("A code like this is read by an officer of that symposium, at its door. Show yours to them.")
UNKNOWN = _("There is no such code at this symposium.")
MOST = 8


@attendance.command("checkin", _("Check in"), allow=members, menu=37, reads=runs)
def checkin(ctx: Context, words: str = "") -> Screen:
    """With six letters: the door's own for oneself, somebody's for an officer. Without: what there is to check in."""
    if not words:
        return overview(ctx)
    door, registration = _meant(ctx, words)
    if door is not None:
        return _come(ctx, door)
    if registration is None:
        return nobody()
    symposium = ctx.session.get_one(Symposium, registration.symposium_id)
    if not symposium.is_run_by(ctx.who):
        return own_code(ctx, symposium, registration)
    now = [
        each
        for each in finding.timed(ctx.session, symposium)
        if finding.is_open(each, ctx.now) and finding.belongs(ctx.session, registration.person_id, each)
    ]
    return _let_in(ctx, now[0], registration) if len(now) == 1 else person_card(ctx, symposium, registration)


@attendance.command("scan", _("Check in"), allow=members, reads=runs)
def scan(ctx: Context, words: str) -> Screen:
    """What a QR code leads to: nothing is changed before a tap."""
    door, registration = _meant(ctx, words)
    if door is not None:
        session = ctx.session.get_one(SymposiumSession, door.session_id)
        here = button(_("I am here"), "attendance.checkin", style=Style.PRIMARY, words=door.code)
        return Screen(_("Are you at this session?"), (line_of(symposium_of(ctx, session), session),), buttons=(here,))
    if registration is None:
        return nobody()
    symposium = ctx.session.get_one(Symposium, registration.symposium_id)
    if symposium.is_run_by(ctx.who):
        return person_card(ctx, symposium, registration)
    return own_code(ctx, symposium, registration)


@attendance.page(AT, shows="scan", opens=AT_DOOR)
def at_the_door(_session: Session, _words: str, **_when: Any) -> Screen:
    """For a telephone that is not signed in: the same for every code, so that it says nothing of any."""
    return Screen(
        _("A code at the door of a symposium"),
        (
            NOBODY,
            _("If you are the officer at the door: open Parley, or write /checkin and the six letters there."),
            _("If you have come to take part: show your code to the officer at the door."),
        ),
    )


def nobody() -> Screen:
    """The same for a code that is not, and for one that is not theirs to read."""
    return Screen(NOBODY, (WHY,), buttons=(button(_("My code"), "attendance.checkin"),))


def _meant(ctx: Context, words: str) -> tuple[DoorCode | None, Registration | None]:
    """A door of their administration's, or a registration: their own, or of a symposium they run."""
    code = finding.read_code(words)
    if not code:
        return None, None
    here = DoorCode.code == code, DoorCode.administration_id == ctx.who.administration_id
    if (door := ctx.session.scalar(select(DoorCode).where(*here))) is not None:
        return door, None
    seen = Registration.code == code, Registration.visible_to(ctx.who)
    found = ctx.session.scalar(select(Registration).where(*seen))
    if found is None or not found.is_on:
        return None, None
    symposium = ctx.session.get_one(Symposium, found.symposium_id)
    return None, found if found.person_id == ctx.who.id or symposium.is_run_by(ctx.who) else None


# Whoever comes


def _come(ctx: Context, door: DoorCode) -> Screen:
    session = ctx.session.get_one(SymposiumSession, door.session_id)
    symposium = symposium_of(ctx, session)
    mine = registration_of(ctx.session, symposium.id, ctx.who.id)
    if mine is None or not mine.is_on:
        return nobody()
    if not finding.is_open(session, ctx.now):
        raise Refusal(_("The door of this session is not open now."))
    if mine.state is RegistrationState.WAITING or not finding.belongs(ctx.session, ctx.who.id, session):
        raise Refusal(_("You have no seat in this session. Ask the officer at the door."))
    row, is_new = enter(ctx.session, session, mine, How.DOOR, by=None, at=ctx.now)
    lead = _("You are checked in.") if is_new else _("You were checked in already, at {when}.", when=When(row.at))
    return Screen(lead, (line_of(symposium, session),), buttons=inside(session))


def inside(session: SymposiumSession) -> tuple[Button, ...]:
    """What somebody can do who is at a session."""
    return (
        button(_("Questions to the floor"), "attendance.floor", session=session.id),
        button(_("The session"), "attendance.session", session=session.id),
    )


def own_code(ctx: Context, symposium: Symposium, registration: Registration) -> Screen:
    """Theirs, for the officer at the door: six letters, and a square for a camera."""
    return Screen(
        _("Your code at the door"),
        (name(symposium), _("Show it to the officer at the door, or read it out.")),
        (Fact(_("Your code at the door"), Code(registration.code)),),
        buttons=(button(_("My programme"), "registrations.programme", symposium=symposium.id),),
        pictures=(Picture(_("The same code for a camera."), QR(ctx.page(f"{AT}/{registration.code}"))),),
    )


@attendance.command("code", _("My code"), allow=members)
def code(ctx: Context, symposium: Symposium) -> Screen:
    """One's own, of one symposium."""
    mine = registration_of(ctx.session, symposium.id, ctx.who.id)
    if mine is None or not mine.is_on:
        raise Refusal(_("You are not registered there yet."))
    return own_code(ctx, symposium, mine)


def overview(ctx: Context) -> Screen:
    """What is on today where one runs it, and one's own codes."""
    rows: list[Row] = []
    for symposium in finding.run_now(ctx):
        today = finding.on_day(ctx.session, symposium, finding.day_of(symposium, ctx.now))
        ahead = [each for each in today if each.ends_at is not None and ctx.now < each.ends_at]
        rows += [_door_row(ctx, symposium, each) for each in ahead[:MOST]]
    comes = Registration.person_id == ctx.who.id, Registration.state != RegistrationState.CANCELLED
    here = Symposium.administration_id == ctx.who.administration_id
    its = select(Symposium).join(Registration, Registration.symposium_id == Symposium.id).where(here, *comes)
    for symposium in ctx.session.scalars(its.order_by(Symposium.first_day, Symposium.id)):
        if symposium.state in finding.ON and not finding.is_over(symposium, ctx.now):
            mine = button(_("My code"), "attendance.code", style=Style.PRIMARY, symposium=symposium.id)
            rows.append(Row(name(symposium), _("{ref}", ref=Code(symposium.ref)), (mine,)))
    said = _("At a session’s door, write /checkin and its six letters here, or show your code to the officer.")
    return Screen(_("Check in"), (said if rows else _("No symposium of yours is ahead."),), rows=tuple(rows))


def _door_row(ctx: Context, symposium: Symposium, session: SymposiumSession) -> Row:
    came = finding.came(ctx.session, session)
    return Row(
        line_of(symposium, session),
        _("{came} came", came=came),
        (
            button(_("Type codes"), "attendance.door", session=session.id),
            button(_("The door’s code"), "attendance.door_code", session=session.id),
        ),
    )


# The officer at the door


def person_card(ctx: Context, symposium: Symposium, registration: Registration) -> Screen:
    """Who has this code, and their sessions of today: one tap checks them in."""
    who = called(ctx.session, {registration.person_id})[registration.person_id]
    office = ctx.session.get(Organisation, registration.organisation_id) if registration.organisation_id else None
    sessions = finding.on_day(ctx.session, symposium, finding.day_of(symposium, ctx.now))
    rows = [
        (finding.belongs(ctx.session, registration.person_id, each), each)
        for each in sessions
        if each.ends_at is not None and ctx.now < each.ends_at
    ]
    rows.sort(key=lambda pair: (not pair[0], pair[1].starts_at))
    return Screen(
        who,
        (name(symposium), *(() if rows else (_("No session is left today."),))),
        (
            Fact(_("Code"), Code(registration.code)),
            Fact(_("Counts as"), registration.kind),
            *((Fact(_("Organisation"), office.name),) if office else ()),
        ),
        rows=tuple(_person_row(ctx, symposium, registration, each, has_seat) for has_seat, each in rows[:MOST]),
    )


def _person_row(
    ctx: Context, symposium: Symposium, registration: Registration, session: SymposiumSession, has_seat: bool
) -> Row:
    row = finding.check_in_of(ctx.session, registration.person_id, session)
    if row is not None:
        return Row(line_of(symposium, session), _("checked in at {when}", when=When(row.at)))
    style = Style.PRIMARY if has_seat and finding.is_open(session, ctx.now) else Style.PLAIN
    does = button(_("Check them in"), "attendance.admit", style=style, session=session.id, registration=registration.id)
    return Row(line_of(symposium, session), _("has a place") if has_seat else _("has no seat here"), (does,))


@attendance.command("admit", _("Check them in"), allow=runs)
def admit(ctx: Context, session: SymposiumSession, registration: Registration, without: bool = False) -> Screen:
    """The officer says that they are here. `without`: although they have no seat."""
    return _let_in(ctx, session, registration, without=without)


def _let_in(ctx: Context, session: SymposiumSession, registration: Registration, *, without: bool = False) -> Screen:
    symposium = finding.run(ctx, session)
    if registration.symposium_id != symposium.id or not registration.is_on:
        raise Refusal(UNKNOWN)
    who = called(ctx.session, {registration.person_id})[registration.person_id]
    if session.starts_at is None or session.starts_at - finding.FIRST > ctx.now:
        raise Refusal(_("The door of this session is not open now."))
    has_seat = finding.belongs(ctx.session, registration.person_id, session)
    next_ = button(_("Next code"), "attendance.door", style=Style.PRIMARY, session=session.id)
    if not has_seat and not without:
        anyway = Button(
            _("Let them in all the same"),
            "attendance.admit",
            {"session": session.id, "registration": registration.id, "without": True},
        )
        has_none = _("{name} has no seat in {title}.", name=who, title=title(session))
        return Screen(has_none, (_("Seats are for those who have one."),), buttons=(anyway, next_))
    row, is_new = enter(ctx.session, session, registration, How.OFFICER, by=ctx.who.id, at=ctx.now)
    lead: Phrase = (
        _("{name} is checked in.", name=who)
        if is_new
        else _("{name} was checked in already, at {when}. That does no harm.", name=who, when=When(row.at))
    )
    said: tuple[Text, ...] = (title(session), _("{came} came", came=finding.came(ctx.session, session)))
    return Screen(lead, said, (Fact(_("Counts as"), registration.kind),), buttons=(next_,))


@attendance.form("door", _("Type codes"), allow=runs)
class Door(Form):
    """One code after the other, at the door of one session."""

    review = False  # the next in line waits
    session: SymposiumSession = ask.about()
    code: str = ask.line(_("Which six letters?"), max=40)

    def submit(self, ctx: Context) -> Screen:
        symposium = finding.run(ctx, self.session)
        given = finding.read_code(self.code)
        its = Registration.code == given, Registration.symposium_id == symposium.id
        found = ctx.session.scalar(select(Registration).where(*its)) if given else None
        if found is None:
            raise Refusal(UNKNOWN, field="code")
        return _let_in(ctx, self.session, found)


@attendance.command("door_code", _("The door’s code"), allow=runs)
def door_code(ctx: Context, session: SymposiumSession, anew: bool = False) -> Screen:
    """Six letters to show or to print at the door of a session: whoever has a seat checks in with them."""
    symposium = finding.run(ctx, session)
    found = ctx.session.scalar(select(DoorCode).where(DoorCode.session_id == session.id))
    if found is None or anew:
        made = _unused(ctx)
        if found is None:
            its = {"administration_id": session.administration_id, "symposium_id": symposium.id}
            found = DoorCode(**its, session_id=session.id)
            ctx.session.add(found)
        found.code, found.made_by_id, found.at = made, ctx.who.id, ctx.now
        ctx.session.flush()
    return Screen(
        title(session),
        (
            _("Show this at the door: whoever has a seat types it after /checkin, or holds a camera to it."),
            _("It is good from half an hour before the session until its end."),
        ),
        (Fact(_("The door’s code"), Code(found.code)),),
        buttons=(
            Button(_("Make a new code"), "attendance.door_code", {"session": session.id, "anew": True}),
            button(_("Type codes"), "attendance.door", session=session.id),
        ),
        pictures=(Picture(_("The same code for a camera."), QR(ctx.page(f"{AT}/{found.code}"))),),
    )


def _unused(ctx: Context) -> str:
    """A code that is neither a door's nor a person's."""
    while True:
        made = new_code()
        doors = ctx.session.scalar(select(DoorCode.id).where(DoorCode.code == made))
        if doors is None and ctx.session.scalar(select(Registration.id).where(Registration.code == made)) is None:
            return made


@attendance.offer
def six_letters(ctx: Context, words: str) -> tuple[Button, ...]:
    """Six letters alone could be a code."""
    given = finding.read_code(words) if words.strip().isupper() else ""
    return (button(_("Check in"), "attendance.checkin", words=given),) if given and ctx.who.is_registered else ()
