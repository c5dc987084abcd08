"""Break-outs, one time after another: a seat by a tap, or wishes in order; what overlaps is refused with a way out."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

from bot.kit.context import Context
from bot.kit.screen import Button, NotFound, Refusal, Row, Screen, Style, button
from bot.kit.text import Phrase, Text, When, _, ngettext
from db.registrations import Registration, RegistrationState, Seat, Seating, SeatState, Wish
from db.symposia import SessionKind, SessionState, Symposium, SymposiumSession
from handlers.paging import turn_pages

from . import cards, finding, keeping, offers, seating
from .room import members, registrations

SHOWN = 6


@registrations.command("choose", _("Break-outs"), allow=members)
def choose(ctx: Context, symposium: Symposium, at: int = 0, page: int = 0) -> Screen:
    """Those of one time; `at` counts the times."""
    return choice(ctx, symposium, finding.own(ctx, symposium.id), at, None, page=page)


def next_time(ctx: Context, symposium: Symposium, registration: Registration, lead: Phrase) -> Screen:
    """The first time for which they have nothing yet; their programme once there is none."""
    taken = {each.id for _seat, each in finding.seats_of(ctx.session, registration, *SETTLED)}
    settings = finding.seating_of(ctx.session, symposium.id)
    is_by_wishes = settings is not None and settings.is_by_wishes
    if is_by_wishes:
        taken = {each.session_id for each in _wishes(ctx, registration)}
    roots = {finding.root(ctx.session.get_one(SymposiumSession, each)) for each in taken}
    for number, group in enumerate(_times(ctx, symposium)):
        wanted = settings.wishes if is_by_wishes and settings is not None else 1
        left = [each for each in group if is_by_wishes or finding.root(each) not in roots]
        if left and sum(each.id in taken for each in group) < min(wanted, len(group)):
            return choice(ctx, symposium, registration, number, lead)
    return cards.programme(ctx, symposium, registration, lead)


SETTLED = (SeatState.HELD, SeatState.OFFERED, SeatState.WAITING)


def _times(ctx: Context, symposium: Symposium) -> list[list[SymposiumSession]]:
    found = finding.breakouts(ctx.session, symposium.id)
    return finding.by_time(each for each in found if each.starts_at is None or each.starts_at > ctx.now)


def choice(
    ctx: Context, symposium: Symposium, registration: Registration, at: int, lead: Phrase | None, *, page: int = 0
) -> Screen:
    """One time and what can be had then."""
    times = _times(ctx, symposium)
    if not times:
        return cards.programme(ctx, symposium, registration, lead or _("There are no break-outs to choose from."))
    at = min(max(at, 0), len(times) - 1)
    group = times[at]
    settings = finding.seating_of(ctx.session, symposium.id)
    wishes = {each.session_id: each.rank for each in _wishes(ctx, registration)}
    seats = {each.id: seat for seat, each in finding.seats_of(ctx.session, registration, *SETTLED)}
    rows = tuple(
        _wish_row(ctx, symposium, each, wishes.get(each.id), settings)
        if settings is not None and settings.is_by_wishes
        else _seat_row(ctx, symposium, registration, each, seats.get(each.id))
        for each in group[page * SHOWN : (page + 1) * SHOWN]
    )
    which = _("Time {number} of {count}", number=at + 1, count=len(times))
    return Screen(
        lead or which,
        (*((which,) if lead else ()), finding.time_of(symposium, group[0]), *_rule(settings)),
        rows=rows,
        buttons=(
            *_pages(symposium, at, page, len(group)),
            *((_to(symposium, _("Next time"), at + 1, Style.PRIMARY),) if at + 1 < len(times) else ()),
            *((_to(symposium, _("Time before"), at - 1),) if at > 0 else ()),
            button(_("My programme"), "registrations.programme", symposium=symposium.id),
            *(
                (button(_("How seats are given"), "registrations.rule", symposium=symposium.id),)
                if settings is not None
                else ()
            ),
        ),
    )


def _rule(settings: Seating | None) -> tuple[Phrase, ...]:
    if settings is None or not settings.is_by_wishes:
        return ()
    many = ngettext(
        "Tap the one you would like most first; you have {count} wish for each time.",
        "Tap the one you would like most first, then the next; you have {count} wishes for each time.",
        settings.wishes,
    )
    closed = (
        () if settings.wishes_close_at is None else (_("Wishes until {when}.", when=When(settings.wishes_close_at)),)
    )
    return many, *closed


def _to(symposium: Symposium, label: Phrase, at: int, style: Style = Style.PLAIN) -> Button:
    return button(label, "registrations.choose", style=style, symposium=symposium.id, at=at)


def _pages(symposium: Symposium, at: int, page: int, total: int) -> Sequence[Button]:
    return turn_pages("registrations.choose", page, total, symposium=symposium.id, at=at)


def _seat_row(
    ctx: Context, symposium: Symposium, registration: Registration, session: SymposiumSession, seat: Seat | None
) -> Row:
    if seat is not None:
        label = _("Leave the waiting list") if seat.state is SeatState.WAITING else _("Give it up")
        does: tuple[Button, ...] = (button(label, "registrations.give_up", seat=seat.id),)
        if seat.state is SeatState.OFFERED:
            does = (
                button(_("Accept"), "registrations.accept", style=Style.PRIMARY, seat=seat.id),
                button(_("Decline"), "registrations.decline", seat=seat.id),
            )
        return Row(finding.title(session), _detail(ctx, symposium, session, cards.standing(ctx, seat)), does)
    free = seating.free(ctx.session, symposium, session, registration.kind)
    if free == 0:
        waiting = len(seating.line(ctx.session, symposium.id, session))
        said = ngettext("full; {count} waits", "full; {count} wait", waiting)
        label = _("Join the waiting list")
    else:
        said = (
            _("seats are free")
            if free is None
            else ngettext("{count} seat free for you", "{count} seats free for you", free)
        )
        label = _("Take a seat")
    does = (button(label, "registrations.take", session=session.id),)
    return Row(finding.title(session), _detail(ctx, symposium, session, said), does)


def _detail(ctx: Context, symposium: Symposium, session: SymposiumSession, said: Text) -> Phrase:
    place = finding.place_of(ctx.session, session)
    other = finding.repeats(ctx.session, session)
    if other and other[0].starts_at is not None:
        again = finding.time_of(symposium, other[0])
        return _("{standing} · again on {when}", standing=said, when=again)
    return _("{standing} · {place}", standing=said, place=place) if place else _("{standing}", standing=said)


def _wish_row(
    ctx: Context, symposium: Symposium, session: SymposiumSession, rank: int | None, settings: Seating
) -> Row:
    said: Text = _("your wish number {rank}", rank=rank) if rank is not None else _("not among your wishes")
    label = _("Take the wish back") if rank is not None else _("Wish for it")
    does = (button(label, "registrations.wish", session=session.id),) if settings.gathers(ctx.now) else ()
    return Row(finding.title(session), _detail(ctx, symposium, session, said), does)


# A seat


@registrations.command("take", _("Take a seat"), allow=members)
def take(ctx: Context, session: SymposiumSession, swap: bool = False) -> Screen:
    """A seat if one is free, else the last place in line. What it overlaps with is given up only with `swap`."""
    symposium, registration = _may_choose(ctx, session)
    settings = finding.seating_of(ctx.session, symposium.id)
    if settings is not None and settings.is_by_wishes:
        raise Refusal(_("Seats are given by wishes here. Say which ones you would like."))
    seating.hold(ctx.session, symposium.id)
    held = [
        each for _seat, each in finding.seats_of(ctx.session, registration, SeatState.HELD) if each.id != session.id
    ]
    in_the_way = [each for each in held if finding.overlap(each, session)]
    same = [each for each in held if finding.root(each) == finding.root(session)]
    needed = [
        each for each in finding.parts_of(ctx.session, symposium.id, ctx.who.id) if finding.overlap(each, session)
    ]
    if needed:
        raise Refusal(_("You are needed yourself at that time, in {title}.", title=finding.title(needed[0])))
    if (in_the_way or same) and not swap:
        return _refused(ctx, symposium, registration, session, in_the_way, same)
    offers.refill(ctx, symposium, [session])
    seat = seating.take(ctx.session, symposium, registration, session, at=ctx.now)
    if seat.state is SeatState.HELD:
        offers.free_up(ctx, symposium, registration, [*in_the_way, *same], but=session)
        return next_time(ctx, symposium, registration, _("You have a seat: {title}.", title=finding.title(session)))
    if seat.state is SeatState.OFFERED:
        return offers.screen(ctx, symposium, session, seat)
    keeping.watch(ctx, symposium)
    number = seating.position(ctx.session, seat)
    lead = _(
        "It is full. You are number {number} on its waiting list: {title}.", number=number, title=finding.title(session)
    )
    return next_time(ctx, symposium, registration, lead)


def _may_choose(ctx: Context, session: SymposiumSession) -> tuple[Symposium, Registration]:
    symposium = finding.symposium_of(ctx, session)
    registration = finding.own(ctx, symposium.id)
    if session.kind is not SessionKind.BREAKOUT:
        raise NotFound()
    if session.state is SessionState.CANCELLED:
        raise Refusal(_("It does not take place."))
    if session.starts_at is not None and session.starts_at <= ctx.now:
        raise Refusal(_("It has begun already."))
    if registration.state is not RegistrationState.REGISTERED:
        raise Refusal(_("You are on the waiting list of the symposium. Break-outs come once you have a place."))
    if not symposium.takes_registrations(ctx.now) and registration.delegation_id is None:
        raise Refusal(_("Registration is not open."))
    return symposium, registration


def _refused(
    ctx: Context,
    symposium: Symposium,
    registration: Registration,
    session: SymposiumSession,
    in_the_way: Sequence[SymposiumSession],
    same: Sequence[SymposiumSession],
) -> Screen:
    """Nobody sits in two rooms at once: the same at another time is offered, or one seat for the other."""
    other = next(iter(in_the_way), None)
    swap = button(_("Give that up for it"), "registrations.take", session=session.id, swap=True)
    own = button(_("My programme"), "registrations.programme", symposium=symposium.id)
    if other is None:
        return Screen(
            _("You have a seat for it at another time."),
            (finding.line_of(symposium, same[0]),),
            buttons=(swap, own),
        )
    held = [each for _seat, each in finding.seats_of(ctx.session, registration, SeatState.HELD)]
    free = [
        each
        for each in finding.repeats(ctx.session, session)
        if each.starts_at is not None
        and each.starts_at > ctx.now
        and not any(finding.overlap(each, one) for one in held)
    ]
    rows = tuple(
        Row(
            finding.title(each),
            _("again on {when}", when=finding.time_of(symposium, each)),
            (button(_("Take it then"), "registrations.take", style=Style.PRIMARY, session=each.id),),
        )
        for each in free
    )
    said = [_("It is given again at a time when you are free:")]
    if not rows:
        rows = _elsewhen(ctx, symposium, registration, held)
        said = [
            _("It is not given again when you are free."),
            *((_("At other times there are seats:"),) if rows else ()),
        ]
    return Screen(
        _("That is at the same time as your seat in {title}.", title=finding.title(other)),
        (finding.line_of(symposium, session), *said),
        rows=rows,
        buttons=(swap, own),
    )


def _elsewhen(
    ctx: Context, symposium: Symposium, registration: Registration, held: Sequence[SymposiumSession]
) -> tuple[Row, ...]:
    """What else they could have a seat in, at times when they have none."""
    roots = {finding.root(each) for each in held}
    ahead = [
        each
        for each in finding.breakouts(ctx.session, symposium.id)
        if each.starts_at is not None
        and each.starts_at > ctx.now
        and finding.root(each) not in roots
        and not any(finding.overlap(each, one) for one in held)
        and seating.free(ctx.session, symposium, each, registration.kind) != 0
    ]
    return tuple(
        Row(
            finding.title(each),
            _("{when}", when=finding.time_of(symposium, each)),
            (button(_("Take a seat"), "registrations.take", style=Style.PRIMARY, session=each.id),),
        )
        for each in ahead[:SHOWN]
    )


@registrations.command("give_up", _("Give it up"), allow=members, confirm=_("Give it up? It goes to the next in line."))
def give_up(ctx: Context, seat: Seat) -> Screen:
    """A seat, or a place in line."""
    registration, symposium, target = offers.mine(ctx, seat)
    if target is None:
        raise NotFound()  # that is the registration itself
    seating.hold(ctx.session, symposium.id)
    if not seating.leave(ctx.session, seat, SeatState.GIVEN_UP, at=ctx.now):
        raise Refusal(_("You have no seat there."))
    offers.refill(ctx, symposium, [target])
    return cards.programme(ctx, symposium, registration, _("Given up: {title}.", title=finding.title(target)))


# Wishes


@registrations.command("wish", _("Wish for it"), allow=members)
def wish(ctx: Context, session: SymposiumSession) -> Screen:
    """The next wish for its time; of one that is a wish already, no longer."""
    symposium, registration = _may_choose(ctx, session)
    seating.hold(ctx.session, symposium.id)
    settings = finding.seating_of(ctx.session, symposium.id)
    if settings is None or not settings.gathers(ctx.now):
        raise Refusal(_("Wishes are not taken any more."))
    times = _times(ctx, symposium)
    at = next((number for number, group in enumerate(times) if session.id in {each.id for each in group}), 0)
    together = {each.id for each in times[at]}
    theirs = sorted(
        (each for each in _wishes(ctx, registration) if each.session_id in together), key=lambda each: each.rank
    )
    known = next((each for each in theirs if each.session_id == session.id), None)
    if known is not None:
        ctx.session.execute(delete(Wish).where(Wish.id == known.id))
        for rank, each in enumerate((each for each in theirs if each is not known), 1):
            each.rank = rank
        ctx.session.flush()
        return choice(ctx, symposium, registration, at, _("It is no longer among your wishes."))
    if len(theirs) >= settings.wishes:
        many = ngettext(
            "You have {count} wish for this time. Take it back first.",
            "You have {count} wishes for this time. Take one back first.",
            settings.wishes,
        )
        raise Refusal(many)
    ctx.session.add(
        Wish(
            administration_id=registration.administration_id,
            registration_id=registration.id,
            session_id=session.id,
            rank=len(theirs) + 1,
        )
    )
    ctx.session.flush()
    lead = _("Your wish number {rank}: {title}.", rank=len(theirs) + 1, title=finding.title(session))
    if len(theirs) + 1 < min(settings.wishes, len(together)):
        return choice(ctx, symposium, registration, at, lead)
    return next_time(ctx, symposium, registration, lead)


def _wishes(ctx: Context, registration: Registration) -> Sequence[Wish]:
    return ctx.session.scalars(select(Wish).where(Wish.registration_id == registration.id).order_by(Wish.rank)).all()
