"""How well the protocol is kept: by rule, by office and by month. Pure queries, for chat and for the register."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from db.small_groups import LEAST

from .kinds import Event
from .tables import Duty


@dataclass(frozen=True)
class Kept:
    """What was owed for an event: `owed` duties of which `in_time` were kept in time, and `open` are owed still, too
    late. `median_days` and `worst_days` are working days until what was owed happened; None where nothing has."""

    event: Event
    centres: tuple[int | None, ...]  # offices; None: no desk of its own
    month: str | None  # YYYY-MM in which it began; None: all of them
    owed: int
    in_time: int
    open: int
    median_days: float | None
    worst_days: int | None

    @property
    def percent(self) -> int:
        return 100 * self.in_time // self.owed


@dataclass(frozen=True)
class _Line:
    event: Event
    centre_id: int | None
    month: str
    in_time: bool
    is_open: bool
    days: int | None


def by_office(session: Session, administration_id: int, zone: str, *, since: datetime, at: datetime) -> list[Kept]:
    """Of what began since then, by event and office."""
    return _grouped(_lines(session, administration_id, zone, since, at), by_month=False)


def by_month(
    session: Session, administration_id: int, zone: str, event: Event, *, since: datetime, at: datetime
) -> list[Kept]:
    """Of one event, by office and month."""
    lines = [each for each in _lines(session, administration_id, zone, since, at) if each.event is event]
    return _grouped(lines, by_month=True)


def in_public(session: Session, administration_id: int, zone: str, *, since: datetime, at: datetime) -> list[Kept]:
    """By event and office, as everybody may read it: offices with fewer than `LEAST` duties are told together, with the
    smallest of the others where they must; nothing of an event that has fewer in all."""
    lines: dict[Event, dict[int | None, list[_Line]]] = defaultdict(lambda: defaultdict(list))
    for line in _lines(session, administration_id, zone, since, at):
        lines[line.event][line.centre_id].append(line)
    found = []
    for event in Event:
        its = lines.get(event, {})
        for centres in together({centre: len(those) for centre, those in its.items()}):
            found.append(_kept(event, centres, None, [line for each in centres for line in its[each]]))
    return found


def together(counts: dict[int | None, int], least: int = LEAST) -> list[tuple[int | None, ...]]:
    """Which of them are told in one figure, so that none is of fewer than `least`, nor can be had by subtraction."""
    small = sorted((each for each in counts if counts[each] < least), key=_order)
    large = sorted((each for each in counts if counts[each] >= least), key=lambda each: (counts[each], _order(each)))
    while small and sum(counts[each] for each in small) < least and large:
        small.append(large.pop(0))
    shown: list[tuple[int | None, ...]] = [(each,) for each in sorted(large, key=_order)]
    if small and sum(counts[each] for each in small) >= least:
        shown.append(tuple(sorted(small, key=_order)))
    return shown


def _order(centre_id: int | None) -> tuple[bool, int]:
    return centre_id is None, centre_id or 0


def _lines(session: Session, administration_id: int, zone: str, since: datetime, at: datetime) -> list[_Line]:
    """What counts: kept, or too late. What was owed no longer before it was late says nothing."""
    counts = or_(Duty.kept_at.is_not(None), Duty.is_breach())
    which = Duty.administration_id == administration_id, Duty.began_at >= since, Duty.began_at <= at, counts
    columns = (
        *(Duty.event, Duty.centre_id, Duty.began_at, Duty.breached_at),
        *(Duty.kept_at, Duty.released_at, Duty.days),
    )
    clock = ZoneInfo(zone)
    return [
        _Line(
            event,
            centre_id,
            f"{began_at.astimezone(clock):%Y-%m}",
            breached_at is None,
            kept_at is None and released_at is None,
            days,
        )
        for event, centre_id, began_at, breached_at, kept_at, released_at, days in session.execute(
            select(*columns).where(*which).order_by(Duty.began_at, Duty.id)
        )
    ]


def _grouped(lines: Collection[_Line], *, by_month: bool) -> list[Kept]:
    groups: dict[tuple[int, tuple[bool, int], str], list[_Line]] = defaultdict(list)
    order = list(Event)
    for line in lines:
        groups[order.index(line.event), _order(line.centre_id), line.month if by_month else ""].append(line)
    return [
        _kept(those[0].event, (those[0].centre_id,), those[0].month if by_month else None, those)
        for _key, those in sorted(groups.items(), key=lambda item: item[0])
    ]


def _kept(event: Event, centres: tuple[int | None, ...], month: str | None, lines: Sequence[_Line]) -> Kept:
    days = [line.days for line in lines if line.days is not None]
    return Kept(
        event,
        centres,
        month,
        owed=len(lines),
        in_time=sum(line.in_time for line in lines),
        open=sum(line.is_open for line in lines),
        median_days=float(median(days)) if days else None,
        worst_days=max(days, default=None),
    )
