"""What came of it: who came and who did not, by class, sector and region, what was over-asked, what people thought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.screen import Bars, Fact, Picture, Quote, Screen, button
from bot.kit.sheets import as_csv
from bot.kit.text import Phrase, Raw, Text, _, listed, phrase_of
from db.attendance import CheckIn, Feedback
from db.calls import in_audience
from db.people import Kind, Person, Sector
from db.registrations import OPEN, Registration, RegistrationState, Seat, SeatState, Stakeholder, Wish
from db.symposia import SessionKind, Symposium, SymposiumSession
from handlers.paging import PAGE, turn_pages
from handlers.registrations import seating
from handlers.registrations.finding import name, title

from . import finding
from .lists import offer_file
from .room import attendance, runs

MOST_BARS = 12
CAME = (_("came"), _("did not come"))


@dataclass(frozen=True)
class Guest:
    """One who was registered with a place, or came."""

    person_id: int
    kind: Stakeholder
    sector: Sector | None
    region: str | None
    came: bool


@dataclass(frozen=True)
class Demand:
    """One session: `seats` is None where there is no limit; `held` of a plenary is everybody who was registered."""

    session: SymposiumSession
    seats: int | None
    asked: int
    held: int
    came: int
    without: int  # came although they had no seat
    answers: int
    stars: float | None

    @property
    def absent(self) -> int:
        return max(0, self.held - (self.came - self.without))

    @property
    def is_over_asked(self) -> bool:
        return self.seats is not None and self.asked > self.seats


class By(StrEnum):
    KIND = "kind"
    SECTOR = "sector"
    REGION = "region"


@dataclass(frozen=True)
class Segment:
    """A part of those a symposium was for: how many there are, of them registered, and of these came."""

    by: By
    value: str
    members: int
    registered: int
    came: int


def guests(session: Session, symposium: Symposium) -> list[Guest]:
    checked_in = CheckIn.symposium_id == symposium.id
    came = dict(session.execute(select(CheckIn.person_id, CheckIn.kind).where(checked_in)).all())
    its = Registration.symposium_id == symposium.id, Registration.state == RegistrationState.REGISTERED
    registered = dict(session.execute(select(Registration.person_id, Registration.kind).where(*its)).all())
    kinds = came | registered
    people = session.execute(
        select(Person.id, Person.sector, Person.region).where(Person.id.in_(kinds)).order_by(Person.id)
    )
    return [Guest(person, kinds[person], sector, region, person in came) for person, sector, region in people]


def demands(session: Session, symposium: Symposium) -> list[Demand]:
    """Session by session, in the order of the programme."""
    came = _by_session(
        session, select(CheckIn.session_id, CheckIn.person_id).where(CheckIn.symposium_id == symposium.id)
    )
    seats = select(Seat.session_id, Registration.person_id).join(Registration, Registration.id == Seat.registration_id)
    its = seats.where(Seat.symposium_id == symposium.id, Seat.session_id.is_not(None))
    held = _by_session(session, its.where(Seat.state == SeatState.HELD))
    asked = _by_session(session, its.where(Seat.state.in_(OPEN)))
    wished = select(Wish.session_id, Registration.person_id).join(Registration, Registration.id == Wish.registration_id)
    for of, people in _by_session(session, wished.where(Registration.symposium_id == symposium.id)).items():
        asked.setdefault(of, set()).update(people)
    everybody = {each.person_id for each in _registered(session, symposium)}
    stars = {
        rated: (count, float(mean))
        for rated, count, mean in session.execute(
            select(Feedback.session_id, func.count(), func.avg(Feedback.stars))
            .where(Feedback.symposium_id == symposium.id)
            .group_by(Feedback.session_id)
        )
    }
    found = []
    for each in finding.timed(session, symposium):
        is_for_all = each.kind is SessionKind.PLENARY
        with_seat = everybody if is_for_all else held.get(each.id, set())
        here = came.get(each.id, set())
        answers, mean = stars.get(each.id, (0, 0.0))
        found.append(
            Demand(
                each,
                None if is_for_all else seating.places(session, symposium, each).total,
                len(with_seat if is_for_all else asked.get(each.id, set())),
                len(with_seat),
                len(here),
                len(here - with_seat),
                answers,
                mean if answers else None,
            )
        )
    return found


def silent_segments(session: Session, symposium: Symposium) -> list[Segment]:
    """Parts of those it was for of whom nobody came: what the next inclusion alert begins with."""
    by_person = {each.person_id: each for each in guests(session, symposium)}
    people = session.execute(
        select(Person.id, Person.kind, Person.sector, Person.region).where(in_audience(symposium))
    ).all()
    members: Counter[tuple[By, str]] = Counter()
    registered: Counter[tuple[By, str]] = Counter()
    came: Counter[tuple[By, str]] = Counter()
    for person, kind, sector, region in people:
        for key in _segments(kind, sector, region):
            members[key] += 1
            guest = by_person.get(person)
            registered[key] += guest is not None
            came[key] += guest is not None and guest.came
    return [
        Segment(by, value, members[by, value], registered[by, value], 0)
        for by, value in sorted(members, key=lambda key: (key[0], -members[key], key[1]))
        if not came[by, value]
    ]


def _segments(kind: Kind | None, sector: Sector | None, region: str | None) -> Iterable[tuple[By, str]]:
    if kind is not None:
        yield By.KIND, kind.value
    if sector is not None:
        yield By.SECTOR, sector.value
    if region:
        yield By.REGION, region


def _by_session(session: Session, pairs: object) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for of, person in session.execute(pairs):  # type: ignore[call-overload]  # a select of two columns
        found.setdefault(of, set()).add(person)
    return found


def _registered(session: Session, symposium: Symposium) -> Sequence[Registration]:
    its = Registration.symposium_id == symposium.id, Registration.state == RegistrationState.REGISTERED
    return session.scalars(select(Registration).where(*its)).all()


# As it is shown


@attendance.command("report", _("Who came"), allow=runs, reads=runs)
def report(ctx: Context, symposium: Symposium) -> Screen:
    """Figures and pictures for whoever runs it."""
    found = guests(ctx.session, symposium)
    came = sum(each.came for each in found)
    sessions = demands(ctx.session, symposium)
    over = [each for each in sessions if each.is_over_asked]
    answers = sum(each.answers for each in sessions)
    stars = sum((each.stars or 0) * each.answers for each in sessions)
    silent = silent_segments(ctx.session, symposium)
    return Screen(
        _("Who came"),
        (
            name(symposium),
            *(_over(each) for each in over),
            *((_("Nobody came of: {segments}.", segments=_listed(silent)),) if silent and came else ()),
        ),
        (
            Fact(_("Registered"), len(found)),
            Fact(_("Came"), came),
            Fact(_("Did not come"), len(found) - came),
            *((Fact(_("Mean of the feedback, of 5"), round(stars / answers, 1)),) if answers else ()),
        ),
        pictures=tuple(Picture(caption, bars) for caption, bars in _charts(found, sessions)),
        buttons=(
            button(_("What they said"), "attendance.said", symposium=symposium.id),
            button(_("As a spreadsheet"), "attendance.figures", symposium=symposium.id),
            button(_("The days"), "attendance.desk", symposium=symposium.id),
        ),
    )


def _over(each: Demand) -> Phrase:
    return _("{title}: {asked} asked for {seats} seats.", title=title(each.session), asked=each.asked, seats=each.seats)


def _listed(silent: Sequence[Segment]) -> Text:
    return listed(
        [_("{segment} ({count})", segment=segment_name(each), count=each.members) for each in silent[:MOST_BARS]]
    )


def segment_name(each: Segment) -> Text:
    """What a segment is called."""
    if each.by is By.KIND:
        return phrase_of(Kind(each.value))
    return phrase_of(Sector(each.value)) if each.by is By.SECTOR else Raw(each.value)


def _charts(found: Sequence[Guest], sessions: Sequence[Demand]) -> Iterable[tuple[Phrase, Bars]]:
    by_kind = [(phrase_of(kind), _counted([each for each in found if each.kind is kind])) for kind in Stakeholder]
    by_sector: list[tuple[Text, tuple[int, ...]]] = [
        (phrase_of(sector), _counted([each for each in found if each.sector is sector])) for sector in Sector
    ]
    by_sector.append((_("no sector stated"), _counted([each for each in found if each.sector is None])))
    regions = sorted({each.region for each in found if each.region})
    by_region: list[tuple[Text, tuple[int, ...]]] = [
        (Raw(region), _counted([each for each in found if each.region == region])) for region in regions
    ]
    by_region.append((_("no region stated"), _counted([each for each in found if not each.region])))
    for caption, rows in (
        (_("By class"), by_kind),
        (_("By sector"), by_sector),
        (_("By region"), by_region),
        (_("By session"), [(title(each.session), (each.came, each.absent)) for each in sessions[:MOST_BARS]]),
    ):
        shown = tuple((label, counts) for label, counts in rows if any(counts))
        if shown:
            yield caption, Bars(CAME, shown)


def _counted(some: Sequence[Guest]) -> tuple[int, int]:
    came = sum(each.came for each in some)
    return came, len(some) - came


@attendance.command("said", _("What they said"), allow=runs, reads=runs)
def said(ctx: Context, symposium: Symposium, page: int = 0) -> Screen:
    """Words of the feedback, without names."""
    its = Feedback.symposium_id == symposium.id, Feedback.words.is_not(None), Feedback.visible_to(ctx.who)
    found = ctx.session.execute(
        select(Feedback, SymposiumSession)
        .join(SymposiumSession, SymposiumSession.id == Feedback.session_id)
        .where(*its)
        .order_by(SymposiumSession.starts_at, Feedback.id)
    ).all()
    return Screen(
        _("What they said"),
        (
            name(symposium),
            *(
                Quote(
                    Raw(each.words or "", each.language), _("{title}, {stars} of 5", title=title(of), stars=each.stars)
                )
                for each, of in found[page * PAGE : (page + 1) * PAGE]
            ),
            *(() if found else (_("Nobody has said anything yet."),)),
        ),
        buttons=(
            *turn_pages("attendance.said", page, len(found), symposium=symposium.id),
            button(_("Who came"), "attendance.report", symposium=symposium.id),
        ),
    )


@attendance.command("figures", _("As a spreadsheet"), allow=runs, reads=runs)
def figures(ctx: Context, symposium: Symposium) -> Screen:
    """The same as CSV: figures only, nobody's name."""
    say = ctx.words_for(ctx.who)
    found = guests(ctx.session, symposium)
    rows: list[Sequence[object]] = [("part", "what", "registered", "came")]
    for caption, bars in _charts(found, ()):
        rows += [(say(caption), say(label), sum(counts), counts[0]) for label, counts in bars.rows]
    rows += [(), ("session", "starts", "seats", "asked", "held", "came", "absent", "without a seat", "answers", "mean")]
    for each in demands(ctx.session, symposium):
        starts = each.session.starts_at.isoformat() if each.session.starts_at else ""
        figures_ = (each.asked, each.held, each.came, each.absent, each.without, each.answers)
        seats = "" if each.seats is None else each.seats
        rows.append((each.session.title, starts, seats, *figures_, "" if each.stars is None else round(each.stars, 2)))
    file = offer_file(ctx, f"report-{symposium.ref}.csv", "text/csv", as_csv(rows), to=ctx.who.id)
    return Screen(
        _("As a spreadsheet"),
        (name(symposium), _("Parley keeps this file for one day.")),
        files=(file,),
        buttons=(button(_("Who came"), "attendance.report", symposium=symposium.id),),
    )
