"""Who is told what of a programme that is out, and who has confirmed it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.kit.context import Context, Told
from bot.kit.screen import Fact, NotFound, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, _, ngettext
from db.ledger import Heard, heard_by
from db.machinery import Receipt
from db.programmes import SHIFT, SessionShift, Shifted
from db.symposia import Agreed, SessionPart, SessionState, Symposium, SymposiumRoom, SymposiumSession
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called
from handlers.symposia import cards, sessions, telling

from .room import WHEN_SHIFTED, holders_of, members, programmes, runs

REMIND = timedelta(days=1)  # before the session
AWAKE = timedelta(hours=12)  # a reminder that waits for the morning comes in time for what is later than that
LEADS = {
    Shifted.PLACED: _("A session you are expected at has its place now."),
    Shifted.MOVED: _("A session you are expected at was moved to another time."),
    Shifted.ROOM: _("A session you are expected at was moved to another room."),
}


def touched(session: Session, its: SymposiumSession) -> set[int]:
    """The ids of the persons whom a change of it touches: who is needed and has not said no, and who holds a seat."""
    needed = SessionPart.session_id == its.id, SessionPart.agreed != Agreed.NO
    return {*session.scalars(select(SessionPart.person_id).where(*needed)), *holders_of(session, its)}


def shifted(ctx: Context, symposium: Symposium, its: SymposiumSession, shift: SessionShift) -> set[int]:
    """Tell everybody it touches, at once and whatever the hour, each with a line in the ledger; who they are."""
    people = touched(ctx.session, its) - {ctx.who.id}
    ctx.withdraw(people, begin=[f"{symposium.ref}:shift:{its.id}:"])  # what this takes the place of
    screen = shift_screen(ctx, symposium, its, shift)
    for person_id in sorted(people):
        ctx.notify(
            person_id,
            screen,
            once=f"{symposium.ref}:shift:{its.id}:{shift.id}",
            told=Told(SHIFT, shift.id),
            urgent=True,
        )
    if people:
        _plan_reminder(ctx, symposium, its, shift)
    for note in WHEN_SHIFTED:
        note(ctx, symposium, its, shift)
    return people


def _plan_reminder(ctx: Context, symposium: Symposium, its: SymposiumSession, shift: SessionShift) -> None:
    """A day before the session, or at half the time left where that is later."""
    left = its.starts_at - ctx.now if its.starts_at is not None else timedelta()
    if left > timedelta():
        at = ctx.now + max(left - REMIND, left / 2)
        ctx.later(at, "programmes.remind", key=f"{symposium.ref}:shift:{its.id}:{shift.id}:remind", shift=shift.id)


@programmes.job("remind")
def remind(ctx: Context, shift: SessionShift) -> None:
    """Whoever is still touched by a session's last change and has not confirmed it, once; whoever runs it hears how
    many those are."""
    symposium = ctx.session.get_one(Symposium, shift.symposium_id)
    its = ctx.session.get_one(SymposiumSession, shift.session_id)
    is_last = any(each.id == shift.id for each in latest_shifts(ctx.session, symposium))
    if not is_last or symposium.state not in cards.AHEAD or its.starts_at is None or its.starts_at <= ctx.now:
        return
    heard = heard_by(ctx.session, SHIFT, shift.id)
    waiting = {person_id for person_id, (state, _at) in heard.items() if state is not Heard.ACKNOWLEDGED}
    waiting &= touched(ctx.session, its)
    if not waiting or shift.reminded_at is not None:
        return
    shift.reminded_at = ctx.now
    name = f"{symposium.ref}:shift:{its.id}:{shift.id}:again"
    screen = shift_screen(ctx, symposium, its, shift, _("Please confirm that you have seen this change."))
    for person_id in sorted(waiting):
        is_near = its.starts_at - ctx.now < AWAKE
        ctx.notify(person_id, screen, once=name, urgent=is_near, until=its.starts_at)
    telling.tell_organisers(
        ctx,
        symposium,
        ngettext(
            "{count} person has not confirmed a change, and is reminded.",
            "{count} people have not confirmed a change, and are reminded.",
            len(waiting),
        ),
        once=f"shift:{its.id}:{shift.id}:unconfirmed",
        body=(sessions.title(its),),
        more=(button(_("Who has confirmed"), "programmes.heard", style=Style.PRIMARY, symposium=symposium.id),),
    )


def shift_screen(
    ctx: Context, symposium: Symposium, its: SymposiumSession, shift: SessionShift, lead: Phrase | None = None
) -> Screen:
    """What was, what is, and a button that says that one has seen it."""
    return Screen(
        lead or LEADS[shift.what],
        (sessions.title(its), *((LEADS[shift.what],) if lead else ()), *was(ctx, symposium, its, shift)),
        where(ctx, symposium, its),
        buttons=(
            button(_("I have seen it"), "programmes.seen", style=Style.PRIMARY, shift=shift.id),
            button(_("Open"), "symposia.session", symposium=symposium.id, session=its.id),
        ),
    )


def was(ctx: Context, symposium: Symposium, its: SymposiumSession, shift: SessionShift) -> list[Phrase]:
    """When and where it was to be before."""
    before: list[Phrase] = []
    if shift.what is Shifted.MOVED and shift.before_at is not None:
        before.append(_("It was to begin on {when}.", when=cards.at(symposium, shift.before_at)))
    room = _room_of(ctx, its)
    if shift.before_room is not None and (room is None or room.name != shift.before_room):
        before.append(_("It was to be in {room}.", room=Raw(shift.before_room)))
    return before


def where(ctx: Context, symposium: Symposium, its: SymposiumSession) -> tuple[Fact, ...]:
    """When and where it is now."""
    room = _room_of(ctx, its)
    return (
        Fact(_("Symposium"), cards.title(symposium)),
        *((Fact(_("Begins"), cards.at(symposium, its.starts_at)),) if its.starts_at else ()),
        *((Fact(_("Room"), Raw(room.name)),) if room is not None else ()),
    )


def _room_of(ctx: Context, its: SymposiumSession) -> SymposiumRoom | None:
    return ctx.session.get(SymposiumRoom, its.room_id) if its.room_id is not None else None


@programmes.command("seen", _("I have seen it"), allow=members, by_link=True)
def seen(ctx: Context, shift: SessionShift) -> Screen:
    """Somebody confirms that a change has reached them."""
    mine = Receipt.about == SHIFT, Receipt.about_id == shift.id, Receipt.person_id == ctx.who.id
    receipt = ctx.session.scalar(select(Receipt).where(*mine))
    if receipt is None:
        raise NotFound()
    receipt.opened_at = receipt.opened_at or ctx.now
    receipt.acknowledged_at = receipt.acknowledged_at or ctx.now
    symposium = ctx.session.get_one(Symposium, shift.symposium_id)
    its = ctx.session.get_one(SymposiumSession, shift.session_id)
    return Screen(
        _("Thank you. Whoever organises it knows that you have seen it."),
        (sessions.title(its),),
        buttons=(
            button(_("Open"), "symposia.session", symposium=symposium.id, session=its.id),
            button(_("Programme"), "programmes.show", symposium=symposium.id),
        ),
    )


def latest_shifts(session: Session, symposium: Symposium) -> Sequence[SessionShift]:
    """The last of each session that still takes place: what came before, it takes the place of."""
    last = select(func.max(SessionShift.id)).where(SessionShift.symposium_id == symposium.id)
    found = (
        select(SessionShift)
        .join(SymposiumSession, SymposiumSession.id == SessionShift.session_id)
        .where(SessionShift.id.in_(last.group_by(SessionShift.session_id)))
        .where(SymposiumSession.state == SessionState.PLANNED)
    )
    return session.scalars(found.order_by(SessionShift.id)).all()


def silent(session: Session, symposium: Symposium) -> set[int]:
    """The ids of the persons who have not confirmed a change that touches them."""
    return {
        person_id
        for shift in latest_shifts(session, symposium)
        for person_id, (state, _at) in heard_by(session, SHIFT, shift.id).items()
        if state is not Heard.ACKNOWLEDGED
    }


def _how_far(symposium: Symposium, shift: SessionShift, state: Heard, at: datetime) -> Phrase:
    if state is Heard.ACKNOWLEDGED:
        return _("confirmed on {when}", when=cards.at(symposium, at))
    if shift.reminded_at is None:
        return _("not confirmed")
    return _("not confirmed, reminded on {when}", when=cards.at(symposium, shift.reminded_at))


@programmes.command("heard", _("Who has confirmed"), allow=runs, reads=runs)
def heard(ctx: Context, symposium: Symposium, page: int = 0) -> Screen:
    """For each session whose last change was told, who has confirmed it; those who have not come first."""
    lines = [
        (person_id, shift, state, at)
        for shift in latest_shifts(ctx.session, symposium)
        for person_id, (state, at) in heard_by(ctx.session, SHIFT, shift.id).items()
    ]
    lines.sort(key=lambda each: (each[2] is Heard.ACKNOWLEDGED, each[1].id, each[0]))
    shown = lines[page * PAGE : (page + 1) * PAGE]
    names = called(ctx.session, {each[0] for each in shown})
    its = select(SymposiumSession).where(SymposiumSession.id.in_({each[1].session_id for each in shown}))
    titles = {each.id: sessions.title(each) for each in ctx.session.scalars(its)}
    rows = tuple(
        Row(
            names[person_id],
            _(
                "{title} · {what} · {heard}",
                title=titles[shift.session_id],
                what=shift.what,
                heard=_how_far(symposium, shift, state, at),
            ),
        )
        for person_id, shift, state, at in shown
    )
    count = len({each[0] for each in lines if each[2] is not Heard.ACKNOWLEDGED})
    waits = ngettext("{count} person has not confirmed a change.", "{count} people have not confirmed a change.", count)
    return Screen(
        _("Who has confirmed the changes of {ref}", ref=Code(symposium.ref)),
        (cards.title(symposium), waits if lines else _("Nothing has changed since the programme is out.")),
        rows=rows,
        buttons=(
            *turn_pages("programmes.heard", page, len(lines), symposium=symposium.id),
            button(_("Programme"), "programmes.show", symposium=symposium.id),
        ),
    )
