"""What an organiser types in one go: the pattern of a day, several rooms, what is needed. Pure functions of words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time

from bot.kit.screen import Refusal
from bot.kit.text import Listed, Raw, _, phrase_of
from db.symposia import BlockKind, Equipment

SEPARATORS = re.compile(r"[,;،؛\n]+")
_CLOCK = r"(\d{1,2})(?:\s?[:.hH]\s?(\d{2})?)?"
# 09:00–17:30, 9-12, 9h30 à 12h, 09:00 to 12:00, من 9 إلى 12
RANGE = re.compile(rf"(?<![\d:.]){_CLOCK}\s*(?:[-–—]|to|till|à|au?|jusqu['’]à|إلى|الى|حتى)\s*{_CLOCK}(?![\d:])")
# Words that say what a time is; anything else names a pause in the organiser's own words.
PLENARY = ("plenary", "plenaries", "plénière", "plénières", "pleniere", "جلسة عامة", "الجلسة العامة")
PAUSE = ("break", "breaks", "pause", "pauses", "استراحة", "استراحات")
LEAST, MOST = 10, 480  # minutes of a session
MOST_GAP = 60
MOST_ROOMS, ROOM, BUILDING, MOST_PEOPLE = 60, 60, 60, 20_000
TITLE = 80
EXAMPLE_DAY = "09:00–17:30, sessions 45, break 10:30–11:00, lunch 12:30–13:30"


@dataclass(frozen=True)
class Span:
    """A time of a day, in minutes from midnight."""

    kind: BlockKind
    title: str | None
    start: int
    end: int

    @property
    def starts_at(self) -> time:
        return clock(self.start)

    @property
    def ends_at(self) -> time:
        return clock(self.end)


@dataclass(frozen=True)
class Day:
    """The times of a day in order, and how many minutes of it are left over."""

    spans: tuple[Span, ...]
    left_over: int


@dataclass(frozen=True)
class RoomSaid:
    name: str
    capacity: int
    equipment: tuple[Equipment, ...] = ()
    building: str | None = None


def clock(minutes: int) -> time:
    """What clocks show so many minutes after midnight."""
    return time(minutes // 60, minutes % 60)


def read_day(words: str, *, name: str) -> Day:
    """The times that a pattern makes: the first span is the day, a number alone the minutes of a session (a second one
    those between two), every other span a plenary or a pause. Raises Refusal, of the field `name`."""
    day: tuple[int, int] | None = None
    length, gap = 0, 0
    fixed: list[Span] = []
    for item in filter(None, (each.strip() for each in SEPARATORS.split(latin(words)))):
        found = list(RANGE.finditer(item))
        if not found:
            numbers = [int(each) for each in re.findall(r"\d+", item)]
            if not numbers or length:
                raise _unread(item, name)
            length, gap = numbers[0], numbers[1] if len(numbers) > 1 else 0
            continue
        spans = [minutes(each, item, name) for each in found]
        if day is None:
            day, *spans = spans
        said = item[: found[0].start()].strip(" :–—-()")
        kind, title = _named(said)
        fixed += [Span(kind, title, start, end) for start, end in spans]
    if day is None:
        raise Refusal(_("From when to when is the day? For example: {example}", example=Raw(EXAMPLE_DAY)), field=name)
    if not LEAST <= length <= MOST or not 0 <= gap <= MOST_GAP:
        raise Refusal(
            _("How many minutes does a session take, from {least} to {most}?", least=LEAST, most=MOST), field=name
        )
    return _filled(day, sorted(fixed, key=lambda each: each.start), length, gap, name)


def _filled(day: tuple[int, int], fixed: Sequence[Span], length: int, gap: int, name: str) -> Day:
    """Sessions as long as they fit, between what stands already."""
    made: list[Span] = []
    at, left_over = day[0], 0
    for each in (*fixed, Span(BlockKind.BREAK, None, day[1], day[1])):
        if each.start < at or each.end > day[1]:
            raise Refusal(
                _(
                    "These times overlap, or lie outside the day: {start} to {end}.",
                    start=each.starts_at,
                    end=each.ends_at,
                )
                if each.end > each.start
                else _("The day ends before its last pause does."),
                field=name,
            )
        while each.start - at >= length:
            made.append(Span(BlockKind.SESSIONS, None, at, at + length))
            at += length + gap
            if at > each.start:
                at = each.start
        left_over += each.start - at
        if each.end > each.start:
            made.append(each)
        at = each.end
    if not any(each.kind is not BlockKind.BREAK for each in made):
        raise Refusal(_("No session fits into that day."), field=name)
    return Day(tuple(made), left_over)


def read_rooms(words: str, *, named: Mapping[str, Equipment], name: str) -> list[RoomSaid]:
    """One room a line, or between commas: its name, how many it holds, what it has, its building in brackets. `named`
    is what equipment is called, folded. Raises Refusal, of the field `name`."""
    found: dict[str, RoomSaid] = {}
    for item in filter(None, (each.strip() for each in SEPARATORS.split(latin(words)))):
        building = re.search(r"\(([^()]*)\)", item)
        plain = (item[: building.start()] + item[building.end() :]).strip() if building else item
        said = re.fullmatch(r"(?P<name>.+?)\s*[:–—-]?\s+(?P<number>\d{1,5})(?P<rest>\D*)", plain)
        if said is None or not 1 <= int(said["number"]) <= MOST_PEOPLE:
            raise Refusal(
                _("I cannot read this as a room and how many people it holds: {words}", words=Raw(item[:TITLE])),
                field=name,
            )
        called = said["name"].strip()[:ROOM]
        found[called.casefold()] = RoomSaid(
            called,
            int(said["number"]),
            tuple(read_equipment(said["rest"], named=named, name=name)),
            (building[1].strip()[:BUILDING] or None) if building else None,
        )
    if not found or len(found) > MOST_ROOMS:
        raise Refusal(_("Please name from 1 to {most} rooms.", most=MOST_ROOMS), field=name)
    return list(found.values())


def read_equipment(words: str | None, *, named: Mapping[str, Equipment], name: str) -> list[Equipment]:
    """Every kind of equipment that is named. Raises Refusal for any other word."""
    left = f" {_folded(words or '')} "
    found: list[Equipment] = []
    for called in sorted(named, key=len, reverse=True):
        if f" {called} " in left:
            left = left.replace(f" {called} ", " ")
            found.append(named[called])
    if left.strip():
        known = Listed(tuple(phrase_of(each) for each in Equipment))
        raise Refusal(
            _("I do not know this: {words}. What I know: {known}.", words=Raw(left.strip()[:TITLE]), known=known),
            field=name,
        )
    return [each for each in Equipment if each in found]


def equipment_names(say: Callable[..., str]) -> dict[str, Equipment]:
    """What equipment is called, in the reader's language and as it is stored."""
    named = {_folded(each.value.replace("_", "-")): each for each in Equipment}
    return named | {_folded(say(phrase_of(each))): each for each in Equipment}


def _folded(words: str) -> str:
    return " ".join(re.sub(r"[+&/·:]|\b(?:and|et|with|avec)\b", " ", words.casefold()).split())


def latin(words: str) -> str:
    """The digits of any script as 0 to 9."""
    return "".join(str(unicodedata.digit(sign)) if sign.isdecimal() else sign for sign in words)


def _named(said: str) -> tuple[BlockKind, str | None]:
    folded = said.casefold()
    if folded in PLENARY:
        return BlockKind.PLENARY, None
    for each in PLENARY:
        if folded.startswith(f"{each} "):
            return BlockKind.PLENARY, said[len(each) :].strip(" :–—-")[:TITLE] or None
    if not said or folded in PAUSE:
        return BlockKind.BREAK, None
    return BlockKind.BREAK, (said[0].upper() + said[1:])[:TITLE]


def minutes(found: re.Match[str], item: str, name: str) -> tuple[int, int]:
    first, second = (_of_day(found[1], found[2]), _of_day(found[3], found[4]))
    if first is None or second is None or second <= first:
        raise _unread(item, name)
    return first, second


def _of_day(hour: str, minute: str | None) -> int | None:
    found = int(hour) * 60 + int(minute or 0)
    return found if int(hour) < 24 and int(minute or 0) < 60 else None


def _unread(item: str, name: str) -> Refusal:
    return Refusal(
        _(
            "I cannot read this: {words}. For example: {example}",
            words=Raw(item[:TITLE]),
            example=Raw(EXAMPLE_DAY),
        ),
        field=name,
    )
