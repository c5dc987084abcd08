"""One meeting: every half hour of some days scored for everybody, and the best few, with reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from scheduling.meetings.burden import HALF_HOUR, Attendee, Burden, burden
from scheduling.meetings.ledger import Points

STARTS = tuple((datetime.combine(date.min, time()) + HALF_HOUR * number).time() for number in range(48))


@dataclass(frozen=True)
class Score:
    """A slot as everybody would live it. `burdens` are by key and hold everybody, without points too."""

    start: datetime
    burdens: dict[str, Burden]
    carried: Points

    @property
    def total(self) -> int:
        return sum(each.points for each in self.burdens.values())

    @property
    def nights(self) -> tuple[str, ...]:
        return tuple(key for key, each in self.burdens.items() if each.is_night)

    @property
    def worst(self) -> int:
        return max((each.points for each in self.burdens.values()), default=0)

    @property
    def fairness(self) -> int:
        """The most that anybody whom this slot burdens will have borne, with what they carry; 0 if it burdens nobody.

        It evens the ledger: a slot that burdens those who carry little comes before one that burdens those who carry
        much.
        """
        return max(
            (each.points + self.carried.get(key, 0) for key, each in self.burdens.items() if each.points), default=0
        )

    @property
    def spared(self) -> tuple[str, ...]:
        """Those who carry the most, if this slot costs them nothing: for whom it was chosen."""
        most = max((self.carried.get(key, 0) for key in self.burdens), default=0)
        return tuple(
            key for key, each in self.burdens.items() if most and self.carried.get(key, 0) == most and not each.points
        )


def score(start: datetime, minutes: int, attendees: Iterable[Attendee], carried: Points | None = None) -> Score:
    """One slot scored for everybody: also for saying why a slot somebody asks for is a bad one."""
    return Score(start, {each.key: burden(each, start, minutes) for each in attendees}, carried or {})


def slots(days: Iterable[date]) -> Iterator[datetime]:
    """Every half hour of these days, which are days in UTC."""
    return (datetime.combine(day, at, UTC) for day in days for at in STARTS)


def propose(
    days: Sequence[date], minutes: int, attendees: Sequence[Attendee], carried: Points | None = None, most: int = 3
) -> list[Score]:
    """The best slots, best first: one a day while there are days enough, since three of one morning are no choice.

    Best is the least `fairness`, then the least total, then the fewest nights, then the earliest.
    """
    scores = sorted((score(at, minutes, attendees, carried) for at in slots(days)), key=_rank)
    first_of_day = {each.start.date(): each for each in reversed(scores)}
    firsts = sorted(first_of_day.values(), key=_rank)
    others = [each for each in scores if first_of_day[each.start.date()] is not each]
    return sorted((firsts + others)[:most], key=_rank)


def _rank(each: Score) -> tuple[int, int, int, datetime]:
    return each.fairness, each.total, len(each.nights), each.start
