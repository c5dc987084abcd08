"""A symposium's days for whoever runs them, and one session for whoever is in it."""

from __future__ import annotations

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.screen import Button, Fact, Row, Screen, button
from bot.kit.text import Phrase, Raw, Text, _
from db.attendance import FloorQuestion, QuestionState
from db.registrations import Registration, RegistrationState
from db.symposia import Symposium, SymposiumSession
from handlers.paging import PAGE, turn_pages
from handlers.registrations.finding import line_of, name, place_of, registration_of, symposium_of, time_of, title
from handlers.symposia.room import ON_SYMPOSIUM

from . import finding
from .room import attendance, members, runs


@attendance.command("desk", _("The days"), allow=runs)
def desk(ctx: Context, symposium: Symposium, page: int = 0) -> Screen:
    """Session by session how many came, and what is done at the door, during and after."""
    sessions = finding.timed(ctx.session, symposium)
    registered = select(func.count()).select_from(Registration)
    its = Registration.symposium_id == symposium.id, Registration.state == RegistrationState.REGISTERED
    return Screen(
        _("The days"),
        (name(symposium), *(() if sessions else (_("No session has a time yet."),))),
        (Fact(_("Registered"), ctx.session.scalar(registered.where(*its)) or 0),),
        rows=tuple(_row(ctx, symposium, each) for each in sessions[page * PAGE : (page + 1) * PAGE]),
        buttons=(
            *turn_pages("attendance.desk", page, len(sessions), symposium=symposium.id),
            _does(symposium, _("List for the door"), "list"),
            _does(symposium, _("Send it back"), "merge"),
            _does(symposium, _("Badges"), "badges"),
            _does(symposium, _("Who came"), "report"),
        ),
    )


def _does(symposium: Symposium, label: Phrase, verb: str) -> Button:
    return button(label, f"attendance.{verb}", symposium=symposium.id)


def _row(ctx: Context, symposium: Symposium, session: SymposiumSession) -> Row:
    return Row(
        line_of(symposium, session),
        _("{came} came", came=finding.came(ctx.session, session)),
        (
            button(_("The session"), "attendance.session", session=session.id),
            button(_("Type codes"), "attendance.door", session=session.id),
        ),
    )


@attendance.command("session", _("The session"), allow=members)
def session(ctx: Context, session: SymposiumSession) -> Screen:
    """What can be done with it: of whoever runs it more."""
    return session_screen(ctx, session)


def session_screen(ctx: Context, session: SymposiumSession, lead: Phrase | None = None) -> Screen:
    symposium = symposium_of(ctx, session)
    place = place_of(ctx.session, session)
    runs_it = symposium.is_run_by(ctx.who)
    is_in = runs_it or finding.belongs(ctx.session, ctx.who.id, session)
    open_ = FloorQuestion.session_id == session.id, FloorQuestion.state == QuestionState.OPEN
    facts: list[Fact] = [Fact(_("When"), time_of(symposium, session))]
    if place:
        facts.append(Fact(_("Where"), Raw(place)))
    if runs_it:
        facts.append(Fact(_("Came"), finding.came(ctx.session, session)))
    if is_in:
        count = select(func.count()).select_from(FloorQuestion).where(*open_, FloorQuestion.visible_to(ctx.who))
        facts.append(Fact(_("Open questions"), ctx.session.scalar(count) or 0))
    body: tuple[Text, ...] = (*((title(session),) if lead else ()), name(symposium))
    return Screen(lead or title(session), body, tuple(facts), buttons=_buttons(ctx, session, runs_it, is_in))


def _buttons(ctx: Context, session: SymposiumSession, runs_it: bool, is_in: bool) -> tuple[Button, ...]:
    def does(label: Phrase, verb: str) -> Button:
        return button(label, f"attendance.{verb}", session=session.id)

    was_there = finding.check_in_of(ctx.session, ctx.who.id, session) is not None
    return (
        *((does(_("Questions to the floor"), "floor"), does(_("Ask the floor"), "ask")) if is_in else ()),
        *((does(_("Material"), "materials"),) if is_in else ()),
        *((does(_("How was it?"), "rate"),) if was_there else ()),
        *((does(_("Type codes"), "door"), does(_("The door’s code"), "door_code")) if runs_it else ()),
        *((does(_("Add material"), "add_material"),) if runs_it else ()),
    )


def on_symposium(ctx: Context, symposium: Symposium) -> tuple[Button, ...]:
    """What a symposium's card has of its days."""
    mine = registration_of(ctx.session, symposium.id, ctx.who.id)
    theirs = (_does(symposium, _("My code"), "code"),) if mine is not None and mine.is_on else ()
    return (*theirs, *((_does(symposium, _("The days"), "desk"),) if symposium.is_run_by(ctx.who) else ()))


ON_SYMPOSIUM.append(on_symposium)
