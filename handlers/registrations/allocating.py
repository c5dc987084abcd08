"""Giving the seats by the wishes: worked out beside the turns, then told to everybody with the reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.screen import Button, Progress, Refusal, Row, Screen, Style, button
from bot.kit.text import Phrase, Text, When, _, ngettext
from db.registrations import OPEN, TAKEN, Allotting, Registration, RegistrationState, Seat, Seating, SeatState, Wish
from db.symposia import Symposium, SymposiumSession
from scheduling import solving
from scheduling.seats import (
    Allocation,
    Asking,
    Held,
    Outcome,
    Person,
    Programme,
    Room,
    Rule,
    Session,
    allot,
    lot_of,
)

from . import finding, keeping, seating
from .room import registrations, runs

UNAVAILABLE = "Unavailable"  # the name of the error that says so
REASONS = 3  # wishes that were not met and are explained to each
AT_A_TIME = 200


@registrations.command(
    "allocate",
    _("Give the seats"),
    allow=runs,
    confirm=_("Give the seats by the wishes as they are now? Everybody is told."),
)
def allocate(ctx: Context, symposium: Symposium) -> Screen:
    """By the published rule. From then on free seats go to whoever comes first, and to those in line."""
    settings = finding.seating_of(ctx.session, symposium.id)
    if settings is None or not settings.is_by_wishes:
        raise Refusal(_("There is nothing to give by wishes here."))
    if settings.gathers(ctx.now) and settings.wishes_close_at is not None:
        raise Refusal(_("Wishes are taken until {when}.", when=When(settings.wishes_close_at)))
    if not _times(ctx, symposium):
        raise Refusal(_("The times of the break-outs are not known yet. Publish the programme first."))
    if not settings.begin(by=ctx.who.id, at=ctx.now):
        raise Refusal(_("The seats are being given already."))
    ctx.session.flush()
    ctx.notify(ctx.who, _bar(symposium, 0.0), once=_shows(settings), urgent=True)
    ctx.later(ctx.now, "registrations.solve", key=f"seating:{settings.id}:{settings.version}", seating=settings.id)
    return Screen(
        _("The seats are being given."),
        (_("A message shows how far it is. Everybody is told at the end."),),
        buttons=(button(_("Registration"), "registrations.desk", symposium=symposium.id),),
    )


def _times(ctx: Context, symposium: Symposium) -> list[list[SymposiumSession]]:
    return finding.by_time(each for each in finding.breakouts(ctx.session, symposium.id) if each.starts_at is not None)


@registrations.labour("solve")
class Solve:
    """In a child process: no process that serves anybody imports a solver."""

    @staticmethod
    def begin(ctx: Context, seating: Seating) -> Any:
        return _question(ctx, seating) if seating.state is Allotting.SOLVING else None

    @staticmethod
    def work(question: Any, report: Callable[[float, str], None], is_wanted: Callable[[], bool]) -> Any:
        def allocation(asking: Asking) -> Allocation:
            return Allocation.from_json(solving.solve("seats", asking.to_json(), cancelled=lambda: not is_wanted()))

        found = allot(Programme.from_json(question), allocation, lambda done: report(done, "times"))
        return found.to_json()

    @staticmethod
    def progress(ctx: Context, done: float, doing: str, seating: Seating) -> bool:
        if seating.state is not Allotting.SOLVING or seating.asked_by_id is None:
            return False
        symposium = ctx.session.get_one(Symposium, seating.symposium_id)
        ctx.revise(seating.asked_by_id, _bar(symposium, done), once=_shows(seating))
        return True

    @staticmethod
    def end(ctx: Context, answer: Any, seating: Seating) -> None:
        _apply(ctx, seating, Outcome.from_json(answer))

    @staticmethod
    def fail(ctx: Context, why: str, seating: Seating) -> None:
        if not seating.failed() or seating.asked_by_id is None:
            return
        told = Screen(
            _("The seats could not be given."),
            (
                _("The solver is not installed. Whoever runs Parley adds it with requirements/solve.txt.")
                if why == UNAVAILABLE
                else _("The solver stopped. Please try again; if it happens again, tell whoever runs Parley."),
            ),
            buttons=(button(_("Registration"), "registrations.desk", symposium=seating.symposium_id),),
        )
        ctx.notify(seating.asked_by_id, told, once=f"seating:{seating.id}:failed:{seating.version}", urgent=True)


def _bar(symposium: Symposium, done: float) -> Screen:
    bar = Progress(round(done * 100), 100, _("Giving the seats"))
    own = button(_("Registration"), "registrations.desk", symposium=symposium.id)
    return Screen(_("The seats are being given."), (finding.name(symposium), bar), buttons=(own,))


def _shows(settings: Seating) -> str:
    at = settings.asked_at
    return f"seating:{settings.id}:shows:{at:%Y%m%d%H%M%S}" if at is not None else f"seating:{settings.id}:shows"


def _question(ctx: Context, settings: Seating) -> dict[str, Any]:
    """Everybody's wishes as they are now, and what is free."""
    symposium = ctx.session.get_one(Symposium, settings.symposium_id)
    times = _times(ctx, symposium)
    sessions = [each for group in times for each in group]
    wishes = _open_wishes(ctx, symposium, times)
    people = tuple(
        Person(
            each.id,
            each.kind.value,
            tuple(wishes[each.id]),
            order=int(each.at.timestamp() * 1000),
            organisation=each.organisation_id,
        )
        for each in _registered(ctx, symposium)
        if wishes.get(each.id)
    )
    return Programme(
        Rule(settings.giving.value),
        settings.seed,
        tuple(
            tuple(
                Session(
                    each.id,
                    seating.places(ctx.session, symposium, each),
                    tuple(seating.sitting(ctx.session, symposium.id, each)),
                )
                for each in group
            )
            for group in times
        ),
        people,
        {each.id: finding.root(each) for each in sessions},
    ).to_json()


def _wishes(ctx: Context, symposium: Symposium) -> dict[int, list[int]]:
    """Of each registration, the dearest first; only for what takes place."""
    known = {each.id for each in finding.breakouts(ctx.session, symposium.id) if each.starts_at is not None}
    rows = ctx.session.execute(
        select(Wish.registration_id, Wish.session_id)
        .join(Registration, Registration.id == Wish.registration_id)
        .where(Registration.symposium_id == symposium.id)
        .order_by(Wish.registration_id, Wish.rank, Wish.id)
    )
    found: defaultdict[int, list[int]] = defaultdict(list)
    for registration_id, session_id in rows:
        if session_id in known:
            found[registration_id].append(session_id)
    return found


def _open_wishes(
    ctx: Context, symposium: Symposium, times: Sequence[Sequence[SymposiumSession]]
) -> dict[int, list[int]]:
    """Only for times at which they have no seat yet, as some have who came while it was first come."""
    held = Seat.symposium_id == symposium.id, Seat.state == SeatState.HELD, Seat.session_id.is_not(None)
    rows = ctx.session.execute(select(Seat.registration_id, Seat.session_id).where(*held))
    time_of = {each.id: number for number, group in enumerate(times) for each in group}
    same = {each.id: finding.root(each) for group in times for each in group}
    taken: defaultdict[int, set[tuple[str, int]]] = defaultdict(set)
    for registration_id, session_id in rows:
        if session_id in time_of:
            taken[registration_id] |= {("time", time_of[session_id]), ("same", same[session_id])}
    return {
        person: [
            each for each in wanted if not {("time", time_of[each]), ("same", same[each])} & taken.get(person, set())
        ]
        for person, wanted in _wishes(ctx, symposium).items()
    }


def _registered(ctx: Context, symposium: Symposium) -> Sequence[Registration]:
    on = Registration.symposium_id == symposium.id, Registration.state == RegistrationState.REGISTERED
    return ctx.session.scalars(select(Registration).where(*on).order_by(Registration.id)).all()


def _apply(ctx: Context, settings: Seating, found: Outcome) -> None:
    """Write it down. Who cancelled meanwhile gets nothing; what is dearer than what was given is waited for."""
    symposium = ctx.session.get_one(Symposium, settings.symposium_id)
    seating.hold(ctx.session, symposium.id)
    ctx.session.refresh(settings)
    if not settings.done(found.to_json()):
        return
    sessions = {each.id: each for each in finding.breakouts(ctx.session, symposium.id)}
    people = {each.id: each for each in _registered(ctx, symposium)}
    wishes = {person: wanted for person, wanted in _wishes(ctx, symposium).items() if person in people}
    desk = _Desk(ctx, symposium, sessions)
    given: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for each in found.given:
        if each.person in people and each.session in sessions:
            desk.seat(people[each.person], each.session, each.rank)
            given[each.person][each.session] = each.rank
    missed = sorted(
        (rank, people[person].at, -lot_of(settings.seed, person), person, session)
        for person, wanted in wishes.items()
        for session, rank in _missed(sessions, wanted, given[person])
    )
    for rank, _at, _lot, person, session in missed:
        desk.seat(people[person], session, rank, must_wait=True)
    ctx.session.flush()
    keeping.watch(ctx, symposium)
    _tell_later(ctx, settings, 0)
    if settings.asked_by_id is not None:
        ctx.revise(settings.asked_by_id, _bar(symposium, 1.0), once=_shows(settings))
        told = _summary(symposium, found, len(wishes))
        ctx.notify(settings.asked_by_id, told, once=f"seating:{settings.id}:done", urgent=True)


class _Desk:
    """Gives many seats at once: what there is, is read once and counted as they are given."""

    def __init__(self, ctx: Context, symposium: Symposium, sessions: Mapping[int, SymposiumSession]) -> None:
        self._ctx, self._symposium = ctx, symposium
        self._rooms = {
            each.id: Room(
                seating.places(ctx.session, symposium, each), seating.sitting(ctx.session, symposium.id, each)
            )
            for each in sessions.values()
        }
        known = ctx.session.scalars(select(Seat).where(Seat.symposium_id == symposium.id, Seat.session_id.is_not(None)))
        self._known = {(each.registration_id, each.session_id): each for each in known}
        self._places: Counter[int] = Counter()
        for (_person, session), seat in self._known.items():
            self._places[session or 0] = max(self._places[session or 0], seat.place)

    def seat(self, registration: Registration, session: int, rank: int, *, must_wait: bool = False) -> None:
        """A seat; or, where it was not given or has gone meanwhile, the next place in line."""
        seat = self._known.get((registration.id, session))
        if seat is not None and seat.state in OPEN:
            return
        if seat is None:
            seat = self._known[registration.id, session] = Seat(
                administration_id=registration.administration_id,
                registration_id=registration.id,
                symposium_id=self._symposium.id,
                session_id=session,
                place=0,
            )
            self._ctx.session.add(seat)
        seat.kind, seat.organisation_id, seat.rank = registration.kind, registration.organisation_id, rank
        is_seated = not must_wait and self._rooms[session].take(Held(seat.kind.value, seat.organisation_id))
        if not is_seated:
            self._places[session] += 1
            seat.place = self._places[session]
        seat.become(SeatState.HELD if is_seated else SeatState.WAITING, at=self._ctx.now)


def _tell_later(ctx: Context, settings: Seating, after: int) -> None:
    key = f"seating:{settings.id}:tell:{after}"
    ctx.later(ctx.now, "registrations.tell_given", key=key, seating=settings.id, after=after)


@registrations.job("tell_given")
def tell_given(ctx: Context, seating: Seating, after: int) -> None:
    """Everybody who wished hears what they got, some hundreds at a time: other turns come between."""
    if seating.answer is None:
        return
    symposium = ctx.session.get_one(Symposium, seating.symposium_id)
    found = Outcome.from_json(seating.answer)
    sessions = {each.id: each for each in finding.breakouts(ctx.session, symposium.id)}
    wishes = _wishes(ctx, symposium)
    people = [each for each in _registered(ctx, symposium) if each.id > after and each.id in wishes]
    mine: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for given in found.given:
        mine[given.person][given.session] = given.rank
    for each in people[:AT_A_TIME]:
        told = _told(ctx, symposium, each, sessions, found, wishes[each.id], mine[each.id])
        ctx.notify(each.person_id, told, once=f"seating:{seating.id}:given:{each.id}")
    if people[AT_A_TIME:]:
        _tell_later(ctx, seating, people[AT_A_TIME - 1].id)


def _missed(
    sessions: Mapping[int, SymposiumSession], wanted: Sequence[int], given: Mapping[int, int]
) -> list[tuple[int, int]]:
    """The wishes that are dearer than what they were given at that time, with their rank: they wait for those."""
    held = [sessions[each] for each in given]
    missed = []
    for group in finding.by_time([each for each in sessions.values() if each.starts_at is not None]):
        here = {each.id for each in group}
        ranked = [each for each in wanted if each in here]
        got = next((ranked.index(each) for each in ranked if each in given), len(ranked))
        for rank, session in enumerate(ranked[:got], 1):
            if all(finding.root(each) != finding.root(sessions[session]) for each in held):
                missed.append((session, rank))
    return missed


def _told(
    ctx: Context,
    symposium: Symposium,
    registration: Registration,
    sessions: Mapping[int, SymposiumSession],
    found: Outcome,
    wanted: Sequence[int],
    given: Mapping[int, int],
) -> Screen:
    """What they got and why not something else: the numbers decide, and the published lot."""
    rows = [
        Row(
            finding.title(sessions[session]),
            _("{when} · your choice number {rank}", when=finding.time_of(symposium, sessions[session]), rank=rank),
        )
        for session, rank in given.items()
    ]
    body: list[Text] = [finding.name(symposium)]
    for session, _rank in _missed(sessions, wanted, given)[:REASONS]:
        body.append(_reason(ctx, symposium, registration, sessions[session], found))
    return Screen(
        _("The seats are given."),
        tuple(body),
        rows=tuple(rows),
        buttons=(
            button(_("My programme"), "registrations.programme", style=Style.PRIMARY, symposium=symposium.id),
            button(_("How seats are given"), "registrations.rule", symposium=symposium.id),
        ),
    )


def _reason(
    ctx: Context, symposium: Symposium, registration: Registration, session: SymposiumSession, found: Outcome
) -> Phrase:
    asked, title = found.asked.get(session.id, 0), finding.title(session)
    # Seats that were had before wishes were gathered have no rank.
    before = Seat.session_id == session.id, Seat.state.in_(TAKEN), Seat.rank.is_(None)
    had = ctx.session.scalar(select(func.count()).select_from(Seat).where(*before)) or 0
    left = max(0, (seating.places(ctx.session, symposium, session).total or 0) - had)
    seat = seating.seat_of(ctx.session, registration, session)
    number = seating.position(ctx.session, seat) if seat is not None and seat.state is SeatState.WAITING else None
    if left == 0:
        why = _("{title}: all of its seats were taken before", title=title)
    elif asked > left:
        why = ngettext(
            "{title}: {count} asked for {seats}",
            "{title}: {count} asked for {seats}",
            asked,
            title=title,
            seats=ngettext("{count} seat", "{count} seats", left),
        )
    else:
        why = _("{title}: what is left is kept for others until it is released", title=title)
    return why if number is None else _("{why}; you are number {number} on its waiting list.", why=why, number=number)


def _summary(symposium: Symposium, found: Outcome, wished: int) -> Screen:
    unplaced = sum(each[-1] for each in found.profiles)
    first = sum(each[0] for each in found.profiles if len(each) > 1)
    buttons: tuple[Button, ...] = (
        button(_("Registration"), "registrations.desk", style=Style.PRIMARY, symposium=symposium.id),
        button(_("How seats are given"), "registrations.rule", symposium=symposium.id),
    )
    return Screen(
        _("The seats are given."),
        (
            finding.name(symposium),
            ngettext("{count} person had named wishes.", "{count} people had named wishes.", wished),
            ngettext("{count} first choice was met.", "{count} first choices were met.", first),
            ngettext(
                "{count} time somebody was left without a seat.",
                "{count} times somebody was left without a seat.",
                unplaced,
            ),
        ),
        buttons=buttons,
    )
