"""Which clock a TZID stands for, and gate E: whether each VTIMEZONE tells the truth about its zone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cached_property, lru_cache
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from scheduling.calendar.check.finding import Findings, Gate
from scheduling.calendar.check.lines import Component, Line
from scheduling.calendar.check.values import instant, offset
from scheduling.calendar.rule import Frequency, Rule, Unfollowable
from scheduling.calendar.zones import Change, changes, observances_of, offset_text

ONSETS = 5_000  # of one observance: a yearly rule needs as many as years
FIRST = datetime(1, 1, 2, tzinfo=UTC)


@dataclass
class Clock:
    """The clock of one TZID: by its name where that is known to everybody, else by the VTIMEZONE in the file."""

    name: str
    block: Component | None = None
    zone: ZoneInfo | None = None
    years: tuple[int, int] = (1970, 2100)  # between which the VTIMEZONE's rules are followed, and a little beyond

    @cached_property
    def turns(self) -> list[Change]:
        """Every change of this clock that its VTIMEZONE tells. Raises ValueError where it cannot be understood."""
        return _turns(self.block, *self.years) if self.block is not None else []

    def utc(self, local: datetime) -> datetime | None:
        """The instant of a local time; None if this clock is not known."""
        if self.zone is not None:
            return local.replace(tzinfo=self.zone).astimezone(UTC)
        before = self._offset(local)
        return None if before is None else (local - before).replace(tzinfo=UTC)

    def skips(self, local: datetime) -> bool:
        """Whether the clock never shows this time, because it is put forward across it."""
        if self.zone is not None:
            at = local.replace(tzinfo=self.zone)
            return at.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None) != local
        return any(
            (turn.at + turn.before).replace(tzinfo=None) <= local < (turn.at + turn.after).replace(tzinfo=None)
            for turn in self._known_turns()
        )

    def local(self, at: datetime) -> datetime | None:
        """What the clock shows at an instant; None if it is not known."""
        if self.zone is not None:
            return at.astimezone(self.zone).replace(tzinfo=None)
        turns = self._known_turns()
        return (at + offset_at(turns, at)).replace(tzinfo=None) if turns else None

    def _offset(self, local: datetime) -> timedelta | None:
        turns = self._known_turns()
        if not turns:
            return None
        passed = [turn for turn in turns if (turn.at + turn.before).replace(tzinfo=None) <= local]
        return passed[-1].after if passed else turns[0].before

    def _known_turns(self) -> list[Change]:
        try:
            return self.turns
        except ValueError:
            return []


@dataclass
class Clocks:
    """Every TZID of a calendar."""

    known: dict[str, Clock] = field(default_factory=dict)

    @classmethod
    def of(cls, calendar: Component, years: tuple[int, int]) -> Clocks:
        """Those of a calendar whose times lie in these years."""
        found = cls()
        for block in calendar.within("VTIMEZONE"):
            name = block.value("TZID")
            if name and name not in found.known:
                found.known[name] = Clock(name, block, _zone(block.value("X-LIC-LOCATION")) or _zone(name), years)
        return found

    def clock(self, name: str) -> Clock:
        if name not in self.known:
            self.known[name] = Clock(name, zone=_zone(name))
        return self.known[name]

    def moment(self, line: Line, value: str | None = None) -> datetime | date | None:
        """The instant in UTC, or the day, that a line or one `value` of it tells; naive where it is on no clock."""
        found = instant(line.value if value is None else value)
        name = line.parameter("TZID")
        if not isinstance(found, datetime) or found.tzinfo is not None or name is None:
            return found
        try:
            return self.clock(name).utc(found) or found
        except OverflowError:
            return found


def _zone(name: str) -> ZoneInfo | None:
    """The IANA zone that a name means: its own, the end of a path to it, or what Windows calls it."""
    parts = [part for part in name.split("/") if part]
    ends = ("/".join(parts[-length:]) for length in range(min(3, len(parts)), 0, -1))
    for each in (name, *(ends if name.startswith("/") else ()), WINDOWS_TO_OLSON.get(name, "")):
        if is_iana(each):
            return ZoneInfo(each)
    return None


def is_iana(name: str) -> bool:
    return name in _names()


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(available_timezones())  # it walks through folders each time


# Gate E


def compare(calendar: Component, clocks: Clocks, first: int, last: int, findings: Findings) -> None:
    """Each VTIMEZONE against zoneinfo at every instant of these years and of their neighbours."""
    right = 0
    for block in calendar.within("VTIMEZONE"):
        clock = clocks.clock(block.value("TZID"))
        if clock.block is not block:
            continue  # a second one of the same name: gate B has said so
        try:
            turns = clock.turns
        except ValueError as error:
            findings.fail(
                Gate.ZONES, block.number, f"the VTIMEZONE of {clock.name} cannot be followed: {error}", REBUILD
            )
            continue
        if clock.zone is None:
            what = f"{clock.name[:60]!r} is no zone that everybody knows, so nothing can be compared"
            findings.warn(Gate.ZONES, block.number, what, "use an IANA name as TZID, such as Europe/Brussels")
        elif not turns:
            findings.fail(Gate.ZONES, block.number, f"the VTIMEZONE of {clock.name} says nothing", REBUILD)
        elif wrong := _difference(turns, clock.zone, first - 1, last + 1):
            findings.fail(Gate.ZONES, block.number, f"the VTIMEZONE of {clock.name} is wrong: {wrong}", REBUILD)
        else:
            right += 1
    if right:
        span = f"from {first - 1} to {last + 1}"
        findings.ok(Gate.ZONES, f"{right} VTIMEZONE{'s' if right > 1 else ''} as zoneinfo at every instant {span}")


REBUILD = "build it from the zone's own rule, with STANDARD and DAYLIGHT as yearly RRULEs"


def _difference(turns: list[Change], zone: ZoneInfo, first: int, last: int) -> str | None:
    truth = list(changes(zone, first, last))
    start = datetime(first, 1, 1, tzinfo=UTC)
    instants = sorted(
        {start, *(each.at for each in truth), *(each.at for each in turns if first <= each.at.year <= last)}
    )
    for at in instants:
        told, real = offset_at(turns, at), at.astimezone(zone).utcoffset() or timedelta()
        if told != real:
            return f"at {at:%Y-%m-%d %H:%M} UTC it has {offset_text(told)}, the zone {offset_text(real)}"
    return None


def offset_at(turns: list[Change], at: datetime) -> timedelta:
    """The offset at an instant, by these changes."""
    place = bisect_right(turns, at, key=lambda each: each.at)
    return turns[place - 1].after if place else turns[0].before


def needs_no_rdate(zone: str, first: int, last: int) -> bool:
    """Whether two yearly rules that name a weekday tell the whole truth of the zone in these years."""
    return all(
        "BYMONTHDAY" not in each.rule and (each.rule or each.begins.year < first - 1)
        for each in observances_of(zone, first, last)
    )


def _turns(block: Component, first: int, last: int) -> list[Change]:
    found = [turn for each in block.within("STANDARD", "DAYLIGHT") for turn in _onsets(each, first, last)]
    return sorted(found)


def _onsets(observance: Component, first: int, last: int) -> Iterator[Change]:
    start = instant(observance.value("DTSTART"))
    before, after = (offset(observance.value(name)) for name in ("TZOFFSETFROM", "TZOFFSETTO"))
    if not isinstance(start, datetime) or before is None or after is None:
        raise ValueError(f"its {observance.name} lacks DTSTART, TZOFFSETFROM or TZOFFSETTO")
    local = [start.replace(tzinfo=None)]
    for line in observance.all("RDATE"):
        for value in line.value.split(","):
            at = instant(value)
            if isinstance(at, datetime):
                local.append(at.replace(tzinfo=None))
    for line in observance.all("RRULE"):
        local += _by_rule(line.value, local[0], before, first, last)
    for each in sorted(set(local)):
        try:
            yield Change((each - before).replace(tzinfo=UTC), before, after)
        except OverflowError:
            yield Change(FIRST, before, after)


def _by_rule(text: str, start: datetime, before: timedelta, first: int, last: int) -> list[datetime]:
    rule = Rule.read(text)
    if rule.frequency is Frequency.YEARLY and rule.interval == 1 and rule.count is None and start.day < 29:
        start = start.replace(year=max(start.year, first - 3))  # what was before is of no consequence
    if isinstance(rule.until, datetime) and rule.until.tzinfo is not None:
        rule = replace(rule, until=rule.until.astimezone(timezone(before)).replace(tzinfo=None))
    try:
        made = islice(rule.instances(start), ONSETS)
        return [each for each in takewhile(lambda each: each.year <= last + 2, made) if isinstance(each, datetime)]
    except Unfollowable as error:
        raise ValueError(f"its rule has {error}") from None
