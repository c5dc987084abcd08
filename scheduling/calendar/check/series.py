"""Gate B, series: every UID once, every exception on a real instance, every rule with something left of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from scheduling.calendar.check.clocks import Clocks
from scheduling.calendar.check.finding import Findings, Gate
from scheduling.calendar.check.lines import Component, Line
from scheduling.calendar.check.occurring import MOST, WALKED, Series, When, as_instant, grouped, instances
from scheduling.calendar.check.policy import is_day
from scheduling.calendar.check.values import instant
from scheduling.calendar.rule import Rule, Unfollowable

B = Gate.POLICY
_MISSES = "it must be the start of an instance by the rule, in the same form and zone as DTSTART"


def look(calendar: Component, clocks: Clocks, findings: Findings) -> None:
    """The entries of each UID together."""
    rest = MOST
    for series in grouped(calendar):
        for extra in series.masters[1:]:
            findings.fail(
                B, extra.number, "two entries have one UID", "give each its own; an exception needs a RECURRENCE-ID"
            )
        for event in (*series.masters, *series.overrides):
            _ends_later(event, clocks, findings)
        if not series.masters:
            for each in series.overrides:
                findings.fail(
                    B,
                    each.number,
                    "an exception (RECURRENCE-ID) without its series",
                    "add the VEVENT with the RRULE, or leave RECURRENCE-ID out",
                )
        elif rest or series.masters[0].first("RRULE") is None:
            rest -= series.masters[0].first("RRULE") is not None
            _Walk(series, clocks, findings).look()
        else:
            findings.warn(B, None, f"only {MOST} series were followed", "split the calendar: no client bears so many")


def _ends_later(event: Component, clocks: Clocks, findings: Findings) -> None:
    start, end = event.first("DTSTART"), event.first("DTEND")
    if start is None or end is None or start.parameter("TZID") == end.parameter("TZID"):
        return
    begins, ends = clocks.moment(start), clocks.moment(end)
    if isinstance(begins, datetime) and isinstance(ends, datetime) and begins.tzinfo and ends.tzinfo and ends <= begins:
        findings.fail(B, end.number, "DTEND is not after DTSTART", "an entry ends after it begins")


@dataclass
class _Walk:
    """One series, walked along once."""

    series: Series
    clocks: Clocks
    findings: Findings

    def look(self) -> None:
        master = self.series.masters[0]
        start, rule_line = master.first("DTSTART"), master.first("RRULE")
        exdates = [(line, value) for line in master.all("EXDATE") for value in line.value.split(",")]
        if start is None or instant(start.value) is None:
            return
        if rule_line is None and not master.all("RDATE"):
            for each in self.series.overrides:
                self._fail(each.first("RECURRENCE-ID"), "an exception (RECURRENCE-ID) of what is no series", _MISSES)
            if exdates:
                self._fail(exdates[0][0], "EXDATE in what is no series", "leave it out, or add the RRULE")
            return
        if rule_line is not None and not self._until(rule_line, start):
            return
        try:
            made = list(self._made(master, start))
        except (Unfollowable, ValueError, OverflowError) as error:
            self.findings.warn(B, master.number, f"the series cannot be followed here: {error}", "look at it by hand")
            return
        self._exceptions(master, start, made, exdates)

    def _until(self, rule_line: Line, start: Line) -> bool:
        try:
            rule = Rule.read(rule_line.value)
        except ValueError:
            return False  # gate B has said so where it looked at values
        begins = instant(start.value)
        if rule.until is None:
            return True
        if is_day(rule.until) != is_day(begins):
            self._fail(rule_line, "UNTIL and DTSTART are not of one kind", "a day beside a day, a time beside a time")
        elif (
            isinstance(rule.until, datetime)
            and rule.until.tzinfo is None
            and (start.parameter("TZID") is not None or start.value.endswith("Z"))
        ):
            self._fail(rule_line, "UNTIL is not in UTC", "beside a DTSTART with a zone, write it in UTC, with a Z")
        return True

    def _made(self, master: Component, start: Line) -> Iterator[When]:
        yield from islice(instances(master, start, self.clocks), WALKED)

    def _exceptions(self, master: Component, start: Line, made: list[When], exdates: list[tuple[Line, str]]) -> None:
        moments = set(made)
        begins = self.clocks.moment(start)
        if begins not in moments:
            rule = master.first("RRULE")
            self._fail(rule, "the rule does not make DTSTART itself", "begin with the first instance: clients disagree")
        self._skipped(master, start, made)
        excluded = set()
        for line, value in exdates:
            at = self.clocks.moment(line, value)
            self._hits(line, value, at, start, moments, made, "EXDATE")
            excluded.add(at)
        replaced: dict[object, Component] = {}
        for each in self.series.overrides:
            own = each.first("RECURRENCE-ID")
            if own is None:
                continue
            at = self.clocks.moment(own)
            self._hits(own, own.value, at, start, moments, made, "RECURRENCE-ID")
            if at in replaced:
                self._fail(own, "two exceptions for one instance (same RECURRENCE-ID)", "keep the newer")
            replaced[at] = each
            if at in excluded:
                self._fail(
                    own, "an exception of an instance that EXDATE takes out", "keep one of the two: clients disagree"
                )
            if rule := each.first("RRULE"):
                self._fail(rule, "an exception with a rule of its own", "only the series has the RRULE")
            if own.parameter("RANGE") is not None:
                self.findings.warn(
                    B, own.number, "RANGE=THISANDFUTURE", "end the series and begin another: few clients know it"
                )
            if _sequence(each) < _sequence(master):
                self._fail(
                    own, "an exception with a lower SEQUENCE than its series", "one counter for both: it is ignored"
                )
        if made and moments <= excluded and not replaced.keys() - excluded:
            self._fail(master.first("RRULE") or start, "no instance of the series is left", "leave the series out")

    def _skipped(self, master: Component, start: Line, made: list[When]) -> None:
        begins, name = instant(start.value), start.parameter("TZID")
        if name is None or not isinstance(begins, datetime) or "BYHOUR" in master.value("RRULE") or master.all("RDATE"):
            return
        clock = self.clocks.clock(name)
        for at in made:
            local = clock.local(at) if isinstance(at, datetime) and at.tzinfo is not None else None
            if local is not None and local.time() != begins.time():
                what = f"the clocks skip the instance of {local:%Y-%m-%d}"
                self.findings.warn(B, master.number, what, "write it as an exception: calendars disagree on its time")
                return

    def _hits(
        self, line: Line, value: str, at: When | None, start: Line, moments: set[When], made: list[When], name: str
    ) -> None:
        if at is None:
            return
        if is_day(at) != is_day(instant(start.value)):
            self._fail(line, f"{name} and DTSTART are not of one kind", "both days (VALUE=DATE), or both times")
        elif at not in moments and not (len(made) == WALKED and _later(at, made[-1])):
            self._fail(line, f"{name} {value} hits no instance of the series", _MISSES)
        elif line.parameter("TZID") != start.parameter("TZID"):
            self._fail(
                line, f"{name} is written in another zone than DTSTART", "write it with the same TZID as DTSTART"
            )

    def _fail(self, line: Line | None, what: str, to_do: str) -> None:
        self.findings.fail(B, line.number if line is not None else None, what, to_do)


def _later(at: When, last: When) -> bool:
    return as_instant(at) > as_instant(last)


def _sequence(event: Component) -> int:
    text = event.value("SEQUENCE")
    return int(text) if text.isascii() and text.isdigit() else 0
