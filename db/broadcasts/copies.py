"""The copies of a broadcast: written for everybody it means in one statement, and counted.

Whoever is not written to has a copy all the same, which says why: nobody is forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    Text,
    and_,
    case,
    cast,
    column,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
    values,
)
from sqlalchemy.orm import Session

from db.machinery import Outgoing, Sending
from db.people import MAIL, WEB, Account, Delivery, Person, Topic

from .audience import country_of, persons
from .kinds import UNDER_WAY
from .tables import Broadcast, BroadcastCopy, BroadcastPortion

PORTION = 200  # copies that one job sends: seven seconds at thirty a second
WAVE = 1_000_000  # from the number of a wave's first portion to that of the next one's
NO_PORTION = -1  # of a copy that is not sent
MUTED, NO_DOOR = "muted", "no_door"
OPEN = (Sending.WAITING, Sending.SENDING)
MIDNIGHT = time()
BEYOND = 10**17


@dataclass(frozen=True)
class Habit:
    """What decides when somebody is written to. Quiet hours that end as they begin are none."""

    zone: str
    country: str
    quiet_from: time
    quiet_to: time
    delivery: Delivery


def habits(session: Session, broadcast: Broadcast, *, at: datetime) -> list[tuple[Habit, int]]:
    """Every habit there is among those it means, and how many have it."""
    columns = habit_of(broadcast, at=at)
    found = persons(broadcast, at=at).with_only_columns(*columns, func.count()).group_by(*columns).order_by(None)
    return [(Habit(*its), count) for *its, count in session.execute(found)]


def write(
    session: Session,
    broadcast: Broadcast,
    *,
    languages: Collection[str],
    waves: Mapping[Habit, int],
    late: int,
    at: datetime,
) -> int:
    """A copy for everybody it means at `at`, each in a portion of its wave; how many they are.

    `waves` says which one each habit is in; a habit nobody had when it was asked for is in `late`. A copy is in its
    reader's language where the broadcast has a text in it (`languages`), else in its own.
    """
    known = values(
        column("zone", String),
        column("country", String),
        column("quiet_from", habit_of(broadcast, at=at)[2].type),
        column("quiet_to", habit_of(broadcast, at=at)[3].type),
        column("delivery", String),
        column("wave", Integer),
        name="known",
    ).data(
        [
            (each.zone, each.country, each.quiet_from, each.quiet_to, each.delivery.value, wave)
            for each, wave in waves.items()
        ]
    )
    wave_of = known.cte("wave_of")
    zone, country, quiet_from, quiet_to, delivery = habit_of(broadcast, at=at)
    is_muted = _is_muted() if not broadcast.is_urgent else None
    has_door = exists().where(
        Account.person_id == Person.id, Account.unreachable_since.is_(None), Account.platform != WEB
    )
    why = case(
        *(((is_muted, MUTED),) if is_muted is not None else ()),
        (~has_door, func.coalesce(_said_last(), NO_DOOR)),
        else_=None,
    )
    chosen = (
        persons(broadcast, at=at)
        .with_only_columns(
            Person.id.label("person_id"),
            Person.administration_id.label("administration_id"),
            country.label("country"),
            case((Person.language.in_(languages), Person.language), else_=broadcast.language).label("language"),
            why.label("reason"),
            func.coalesce(wave_of.c.wave, late).label("wave"),
        )
        .outerjoin(
            wave_of,
            and_(
                wave_of.c.zone == zone,
                wave_of.c.country == country,
                wave_of.c.quiet_from == quiet_from,
                wave_of.c.quiet_to == quiet_to,
                wave_of.c.delivery == cast(delivery, String),
            ),
        )
        .order_by(None)
        .subquery("chosen")
    )
    goes = chosen.c.reason.is_(None)
    in_wave = func.row_number().over(partition_by=(chosen.c.wave, goes), order_by=chosen.c.person_id) - 1
    copies = select(
        literal(broadcast.id),
        chosen.c.administration_id,
        chosen.c.person_id,
        case((goes, chosen.c.wave * WAVE + in_wave // PORTION), else_=NO_PORTION),
        chosen.c.country,
        chosen.c.language,
        case((goes, Sending.WAITING.value), else_=Sending.FAILED.value),
        chosen.c.reason,
        case((goes, None), else_=literal(at, BroadcastCopy.settled_at.type)),
        literal(broadcast.edition),
        literal(0),
        literal(False),
        literal(0),
    )
    into = (
        "broadcast_id",
        "administration_id",
        "person_id",
        "portion",
        "country",
        "language",
        "state",
        "reason",
        "settled_at",
        "edition",
        "attempts",
        "may_repeat",
        "nudges",
    )
    made = session.connection().execute(insert(BroadcastCopy).from_select(into, copies, include_defaults=False))
    return made.rowcount


def lay_portions(session: Session, broadcast: Broadcast, starts: Sequence[datetime]) -> list[BroadcastPortion]:
    """A row for every portion there are copies in; `starts` says when each wave begins."""
    numbers = (
        select(BroadcastCopy.portion)
        .distinct()
        .where(BroadcastCopy.broadcast_id == broadcast.id, BroadcastCopy.state == Sending.WAITING)
        .order_by(BroadcastCopy.portion)
    )
    made = [
        BroadcastPortion(broadcast_id=broadcast.id, number=number, at=starts[number // WAVE])
        for number in session.scalars(numbers)
    ]
    session.add_all(made)
    session.flush()
    return made


def send_again(
    session: Session, broadcast: Broadcast, which: ColumnElement[bool], *, at: datetime, most: int, repeated: bool
) -> list[BroadcastPortion]:
    """Let the copies `which` of a broadcast wait once more, in portions of their own, at most so many; what may arrive
    twice says so."""
    last = session.scalar(
        select(func.max(BroadcastPortion.number)).where(BroadcastPortion.broadcast_id == broadcast.id)
    )
    first = (last if last is not None else -1) + 1
    its = (
        select(BroadcastCopy.id)
        .where(BroadcastCopy.broadcast_id == broadcast.id, which)
        .order_by(BroadcastCopy.id)
        .limit(most * PORTION)
    )
    ids = session.scalars(its.with_for_update()).all()
    made: list[BroadcastPortion] = []
    for begin in range(0, len(ids), PORTION):
        portion = BroadcastPortion(broadcast_id=broadcast.id, number=first + begin // PORTION, at=at)
        again: dict[str, Any] = {"state": Sending.WAITING, "portion": portion.number, "settled_at": None}
        again |= {"attempts": 0, "reason": None} | ({"may_repeat": True} if repeated else {})
        session.execute(update(BroadcastCopy).where(BroadcastCopy.id.in_(ids[begin : begin + PORTION])).values(again))
        made.append(portion)
    session.add_all(made)
    session.flush()
    return made


# What a mail carries is known by the number of its outbox row. A copy has none: its own stands beyond all of those.


def as_message(copy_id: int) -> int:
    """The number by which the copy is known in links and addresses."""
    return BEYOND + copy_id


def copy_of_message(number: int) -> int:
    """The copy that is known by that number; 0 for a row of the outbox."""
    return max(0, number - BEYOND)


def reader_of(session: Session, number: int, *, at_account: bool = False) -> int | None:
    """The person whose message is known by `number`; with `at_account` None where it went to an address that was still
    to be confirmed."""
    if copy_id := copy_of_message(number):
        return session.scalar(select(BroadcastCopy.person_id).where(BroadcastCopy.id == copy_id))
    row = session.get(Outgoing, number)
    return row.person_id if row is not None and not (at_account and row.address is not None) else None


# How far it has come


def tally(session: Session, broadcast: Broadcast) -> dict[Sending, int]:
    """How many of its copies are in each state."""
    found = select(BroadcastCopy.state, func.count()).where(BroadcastCopy.broadcast_id == broadcast.id)
    return {state: count for state, count in session.execute(found.group_by(BroadcastCopy.state))}  # noqa: C416


def done_by(session: Session, broadcast: Broadcast) -> tuple[int, int]:
    """How many have opened it, and how many have answered."""
    found = select(func.count(BroadcastCopy.opened_at), func.count(BroadcastCopy.acknowledged_at))
    opened, answered = session.execute(found.where(BroadcastCopy.broadcast_id == broadcast.id)).one()
    return opened, answered


def by_country(session: Session, broadcast: Broadcast) -> Sequence[Any]:
    """`(country, all, waiting, accepted, opened, acknowledged, failed, in_doubt)`, by country."""

    def many(*states: Sending) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((BroadcastCopy.state.in_(states), 1), else_=0)), 0)

    found = select(
        BroadcastCopy.country,
        func.count(),
        many(*OPEN, Sending.HELD),
        many(Sending.ACCEPTED),
        func.count(BroadcastCopy.opened_at),
        func.count(BroadcastCopy.acknowledged_at),
        many(Sending.FAILED, Sending.EXPIRED),
        many(Sending.IN_DOUBT),
    ).where(BroadcastCopy.broadcast_id == broadcast.id)
    return session.execute(found.group_by(BroadcastCopy.country).order_by(BroadcastCopy.country)).all()


def why_failed(session: Session, broadcast: Broadcast) -> list[tuple[str, int]]:
    """Each reason why copies did not get through, and of how many; the most frequent first."""
    reason, count = func.coalesce(BroadcastCopy.reason, ""), func.count()
    failed = BroadcastCopy.state.in_((Sending.FAILED, Sending.EXPIRED))
    found = select(reason, count).where(BroadcastCopy.broadcast_id == broadcast.id, failed).group_by(reason)
    return [(why, number) for why, number in session.execute(found.order_by(count.desc(), reason))]


def may_have(broadcast: Broadcast) -> ColumnElement[bool]:
    """Whose copy of it arrived, or may have, for all we know: also where it was to go once more and did not."""
    ended = [Sending.FAILED, Sending.EXPIRED]
    if broadcast.standing not in UNDER_WAY:
        ended.append(Sending.WAITING)  # for nothing
    once = and_(BroadcastCopy.may_repeat, BroadcastCopy.state.in_(ended))
    return or_(BroadcastCopy.accepted_at.is_not(None), BroadcastCopy.state == Sending.IN_DOUBT, once)


def to_mend(session: Session, broadcast: Broadcast) -> tuple[int, int, int]:
    """How many have it where it can be replaced, how many get another message (by mail, or in doubt), and how many of
    those who have it, or may, cannot be written to."""
    shut, known = Account.unreachable_since.is_not(None), BroadcastCopy.accepted_at.is_not(None)
    chat = and_(~shut, known, Account.platform != MAIL)
    anew = and_(~shut, or_(~known, Account.platform == MAIL))
    found = (
        select(*(func.coalesce(func.sum(case((each, 1), else_=0)), 0) for each in (chat, anew, shut)))
        .select_from(BroadcastCopy)
        .join(Account, Account.id == BroadcastCopy.account_id)
        .join(Person, Person.id == BroadcastCopy.person_id)
        .where(BroadcastCopy.broadcast_id == broadcast.id, may_have(broadcast), Person.erased_at.is_(None))
    )
    edited, new, lost = session.execute(found).one()
    return edited, new, lost


def left_with_old(session: Session, broadcast: Broadcast, *, in_doubt: bool = False) -> list[tuple[str | None, int]]:
    """How many still have an earlier edition than the one that holds, by why; None: it is being replaced. With
    `in_doubt` those of whom that is not known."""
    shut = case((Account.unreachable_since.is_not(None), Account.unreachable_reason))
    why, count = func.coalesce(BroadcastCopy.unmended, shut).label("why"), func.count()
    found = (
        select(why, count)
        .select_from(BroadcastCopy)
        .join(Person, Person.id == BroadcastCopy.person_id)
        .outerjoin(Account, Account.id == BroadcastCopy.account_id)
        .where(BroadcastCopy.broadcast_id == broadcast.id, may_have(broadcast))
        .where(BroadcastCopy.accepted_at.is_(None) if in_doubt else BroadcastCopy.accepted_at.is_not(None))
        .where(BroadcastCopy.edition < broadcast.edition, Person.erased_at.is_(None))
        .group_by(why)
    )
    return [(reason, number) for reason, number in session.execute(found.order_by(count.desc(), why))]


def is_over(session: Session, broadcast: Broadcast) -> bool:
    """Whether no copy of it waits or is on its way."""
    waits = select(BroadcastCopy.id).where(BroadcastCopy.broadcast_id == broadcast.id, BroadcastCopy.state.in_(OPEN))
    return session.scalar(waits.limit(1)) is None


def unfinished(broadcast: Broadcast) -> Select[BroadcastPortion]:
    """Its portions that are not at their end, in order."""
    return (
        select(BroadcastPortion)
        .where(BroadcastPortion.broadcast_id == broadcast.id, BroadcastPortion.ended_at.is_(None))
        .order_by(BroadcastPortion.at, BroadcastPortion.number)
    )


def habit_of(broadcast: Broadcast, *, at: datetime) -> tuple[Any, ...]:
    """The columns that a `Habit` has, in its order and by its names."""
    has_none = or_(Person.quiet_from.is_(None), Person.quiet_to.is_(None))
    quiet_from, quiet_to = (
        case((has_none, literal(MIDNIGHT, each.type)), else_=each).label(each.key)
        for each in (Person.quiet_from, Person.quiet_to)
    )
    return Person.zone, country_of(broadcast, at=at).label("country"), quiet_from, quiet_to, Person.delivery


def _is_muted() -> ColumnElement[bool]:
    """Whoever does without broadcasts. The list is JSON, and its members are ours: words without quotes in them."""
    return cast(Person.muted, Text).like(f'%"{Topic.BROADCASTS.value}"%')


def _said_last() -> ColumnElement[Any]:
    """Why the door that they used last is shut."""
    return (
        select(Account.unreachable_reason)
        .where(Account.person_id == Person.id, Account.unreachable_since.is_not(None))
        .order_by(Account.used_at.desc())
        .limit(1)
        .correlate(Person)
        .scalar_subquery()
    )
