"""What each day of a symposium brings by itself: the own programme in the morning, reminders, the question afterwards.

An hourly look plans what the next hours bring, from the programme as it then is: a session that moves takes its
reminder along, and nothing has to be told of a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, union

from bot.kit.context import Context
from bot.kit.screen import Row, Screen, button
from bot.kit.text import Code, Raw, When, _
from db.attendance import CheckIn, sessions_of
from db.people import Person, Topic
from db.registrations import Registration, RegistrationState
from db.symposia import Agreed, SessionPart, SessionState, Symposium, SymposiumSession
from handlers.registrations import giving
from handlers.registrations.finding import name, place_of, registration_of, time_of, title
from handlers.registrations.room import WHEN_REGISTERED

from . import feedback, finding, proving
from .room import attendance

HOUR = timedelta(hours=1)
BEFORE = timedelta(hours=38)  # the first morning of anybody on earth, before the first day begins at the venue
AFTER = timedelta(days=3)  # and the last one after it
MORNING = time(7)
READY = timedelta(minutes=30)  # the programme comes so long before the first session, at the latest
REMIND = timedelta(minutes=30)
AT_ONCE = 200  # persons told in one turn


def watch(ctx: Context, symposium: Symposium) -> None:
    """Look from before the first day on; the same look is planned once, whoever asks for it."""
    begins = datetime.combine(symposium.first_day, time(0), ZoneInfo(symposium.zone)) - BEFORE
    plan(ctx, symposium, max(begins, ctx.now))


def plan(ctx: Context, symposium: Symposium, at: datetime) -> None:
    on_the_hour = at.replace(minute=0, second=0, microsecond=0) + (HOUR if at.minute or at.second else timedelta())
    key = f"{symposium.ref}:days:{on_the_hour.astimezone(ZoneInfo('UTC')):%Y%m%d%H}"
    ctx.later(on_the_hour, "attendance.look", key=key, symposium=symposium.id)


WHEN_REGISTERED.append(watch)


@attendance.job("look")
def look(ctx: Context, symposium: Symposium) -> None:
    """Plan the next hours, and look again until all is over."""
    if symposium.state not in finding.ON:
        return
    begins = datetime.combine(symposium.first_day, time(0), ZoneInfo(symposium.zone))
    ends = datetime.combine(symposium.last_day, time(0), ZoneInfo(symposium.zone)) + AFTER
    if ctx.now < begins - BEFORE:
        watch(ctx, symposium)
        return
    if ctx.now >= ends:
        return
    plan(ctx, symposium, ctx.now + HOUR)
    giving.all_of(ctx, symposium)
    for each in finding.timed(ctx.session, symposium):
        _plan_session(ctx, each)
    tell(ctx, symposium, after=0)
    proving.issue(ctx, symposium, after=0)


def _plan_session(ctx: Context, session: SymposiumSession) -> None:
    """What falls within the next hour and a half: keyed by its time, so that one that moves is reminded of anew."""
    if session.starts_at is None or session.ends_at is None:
        return
    soon = ctx.now + HOUR + REMIND
    reminds = session.starts_at - REMIND
    if ctx.now < reminds <= soon:
        key = f"session:{session.id}:remind:{session.starts_at:%Y%m%d%H%M}"
        ctx.later(reminds, "attendance.remind", key=key, session=session.id, after=0)
    if ctx.now < session.ends_at <= soon:
        key = f"session:{session.id}:ask:{session.ends_at:%Y%m%d%H%M}"
        ctx.later(session.ends_at, "attendance.how_was_it", key=key, session=session.id, after=0)


# The morning


@attendance.job("tell")
def tell(ctx: Context, symposium: Symposium, after: int) -> None:
    """Those whose morning it is by now, and who have sessions that day. Nobody is told twice."""
    people = _people(ctx, symposium, after)
    timed = [each for each in finding.timed(ctx.session, symposium) if each.starts_at is not None]
    for person in people:
        for day, sessions in _days(ctx, symposium, timed, person):
            first = sessions[0].starts_at or ctx.now
            if morning(first, person.zone) <= ctx.now < first:
                told = programme(ctx, symposium, person, day, sessions)
                once = f"{symposium.ref}:morning:{day.isoformat()}"
                ctx.notify(person, told, once=once, topic=Topic.EVENTS, until=first)
    if len(people) == AT_ONCE:
        key = f"{symposium.ref}:tell:{ctx.now:%Y%m%d%H}:{people[-1].id}"
        ctx.later(ctx.now, "attendance.tell", key=key, symposium=symposium.id, after=people[-1].id)


def morning(first: datetime, zone: str) -> datetime:
    """The last seven o'clock of theirs that leaves time before their first session."""
    local = ZoneInfo(zone)
    day = first.astimezone(local).date()
    at = datetime.combine(day, MORNING, local)
    return at if at <= first - READY else datetime.combine(day - timedelta(days=1), MORNING, local)


def _people(ctx: Context, symposium: Symposium, after: int) -> Sequence[Person]:
    comes = select(Registration.person_id).where(
        Registration.symposium_id == symposium.id, Registration.state == RegistrationState.REGISTERED
    )
    gives = (
        select(SessionPart.person_id)
        .join(SymposiumSession, SymposiumSession.id == SessionPart.session_id)
        .where(SymposiumSession.symposium_id == symposium.id, SymposiumSession.state == SessionState.PLANNED)
        .where(SessionPart.agreed == Agreed.YES)
    )
    theirs = union(comes, gives).subquery()
    its = select(Person).where(Person.id.in_(select(theirs.c.person_id)), Person.id > after)
    return ctx.session.scalars(its.order_by(Person.id).limit(AT_ONCE)).all()


def _days(
    ctx: Context, symposium: Symposium, timed: Iterable[SymposiumSession], person: Person
) -> list[tuple[date, list[SymposiumSession]]]:
    """Their sessions, by the day at the venue."""
    near = [each for each in timed if each.starts_at is not None and ctx.now < each.starts_at <= ctx.now + BEFORE]
    if not near:
        return []
    theirs = set(ctx.session.scalars(sessions_of(person.id)))
    by_day: dict[date, list[SymposiumSession]] = {}
    for each in near:
        if each.id in theirs and each.starts_at is not None:
            by_day.setdefault(finding.day_of(symposium, each.starts_at), []).append(each)
    return list(by_day.items())


def programme(
    ctx: Context, symposium: Symposium, person: Person, day: date, sessions: Sequence[SymposiumSession]
) -> Screen:
    """A day of somebody's, as it stands this morning."""
    mine = registration_of(ctx.session, symposium.id, person.id)
    is_on = mine is not None and mine.is_on
    where = [(each, place_of(ctx.session, each)) for each in sessions]
    return Screen(
        _("Your day: {day}", day=day),
        (
            name(symposium),
            *((_("Your code at the door is {code}.", code=Code(mine.code)),) if mine is not None and is_on else ()),
        ),
        rows=tuple(
            Row(
                title(each),
                _("{when} · {place}", when=time_of(symposium, each), place=Raw(place))
                if place
                else _("{when}", when=time_of(symposium, each)),
                (button(_("The session"), "attendance.session", session=each.id),),
            )
            for each, place in where
        ),
        buttons=(button(_("My code"), "attendance.code", symposium=symposium.id),) if is_on else (),
    )


# Before and after a session


@attendance.job("remind")
def remind(ctx: Context, session: SymposiumSession, after: int) -> None:
    """Half an hour before, unless it has moved since: then the next look has planned another."""
    if not _is_due(session, session.starts_at, ctx.now + REMIND) or session.starts_at is None:
        return
    symposium = ctx.session.get_one(Symposium, session.symposium_id)
    people = _people(ctx, symposium, after)
    place = place_of(ctx.session, session)
    screen = Screen(
        _("It begins at {when}.", when=When(session.starts_at, venue=symposium.zone)),
        (title(session), *((Raw(place),) if place else ())),
        buttons=(button(_("The session"), "attendance.session", session=session.id),),
    )
    once = f"session:{session.id}:soon:{session.starts_at:%Y%m%d%H%M}"
    for person in people:
        if finding.belongs(ctx.session, person.id, session):
            ctx.notify(person, screen, once=once, topic=Topic.REMINDERS, until=session.starts_at)
    if len(people) == AT_ONCE:
        ctx.later(ctx.now, "attendance.remind", key=f"{once}:{people[-1].id}", session=session.id, after=people[-1].id)


def _is_due(session: SymposiumSession, at: datetime | None, now: datetime) -> bool:
    """It takes place, and at the time for which this was planned; a job may come some minutes late."""
    return session.state is SessionState.PLANNED and at is not None and at <= now < at + HOUR


@attendance.job("how_was_it")
def how_was_it(ctx: Context, session: SymposiumSession, after: int) -> None:
    """Those who were there are asked what they think."""
    if not _is_due(session, session.ends_at, ctx.now):
        return
    came = CheckIn.session_id == session.id, CheckIn.person_id > after
    people = ctx.session.scalars(
        select(CheckIn.person_id).where(*came).order_by(CheckIn.person_id).limit(AT_ONCE)
    ).all()
    until = ctx.now + timedelta(days=2)
    for person_id in people:
        screen = feedback.question(ctx, session)
        ctx.notify(person_id, screen, once=f"session:{session.id}:how", topic=Topic.EVENTS, until=until)
    if len(people) == AT_ONCE:
        key = f"session:{session.id}:ask:{people[-1]}"
        ctx.later(ctx.now, "attendance.how_was_it", key=key, session=session.id, after=people[-1])
