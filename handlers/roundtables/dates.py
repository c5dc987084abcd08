"""Dates and times as people write them, and how well a time suits those who are to be there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.dates import read_date
from bot.kit.forms import Option
from bot.kit.screen import Refusal
from bot.kit.text import Code, Phrase, Raw, Text, _, listed
from db.people import Administration, Person
from handlers.people import zones
from scheduling.deadlines import WEEKDAYS, WorkingWeek
from scheduling.meetings import Attendee, Why, propose, score
from scheduling.regions import OFFICE, members

# 10:00, 10h30, 10 h 30, 10.30, 3 pm; in the digits of any script.
TIME = re.compile(r"(?<![\d:./-])(\d{1,2})(?:(?:[:.]|\s?[hH]\s?)(\d{2})?)?\s*(am|pm|a\.m\.|p\.m\.)?\s*$", re.IGNORECASE)
FEWEST, MOST_SLOTS = 2, 8
SUGGESTED, AHEAD = 5, 10  # slots, of so many working days
MINUTES_LEAST, MINUTES_MOST = 15, 480
EXAMPLE = Code("10:00")


def read_time(words: str, *, field: str) -> time:
    """A time of day. Raises Refusal."""
    digits = "".join(str(unicodedata.digit(sign)) if sign.isdecimal() else sign for sign in words.strip())
    found = TIME.fullmatch(digits)
    at = _time(found) if found else None
    if at is None:
        raise Refusal(_("Please send a time, for example {example}.", example=EXAMPLE), field=field)
    return at


def _time(found: re.Match[str]) -> time | None:
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower().replace(".", "")
    if half and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    return time(hour, minute) if hour < 24 and minute < 60 else None


def instant(day: date, at: time, zone: str, *, now: datetime, field: str) -> datetime:
    """The instant at which the clocks of `zone` show that: of a time shown twice the first. Raises Refusal for one that
    the clocks leave out, and for what is past."""
    local = datetime.combine(day, at, ZoneInfo(zone))
    if datetime.fromtimestamp(local.timestamp(), ZoneInfo(zone)).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise Refusal(_("That time does not exist on that day: the clocks go forward then."), field=field)
    found = datetime.fromtimestamp(local.timestamp(), tz=now.tzinfo)
    if found <= now:
        raise Refusal(_("That is past already."), field=field)
    return found


def read_slots(words: str, ctx: Context, zone: str, *, field: str) -> list[datetime]:
    """One date and time a line, or between semicolons. Raises Refusal."""
    found = set()
    for each in re.split(r"[\n;؛]+", words):
        if not each.strip():
            continue
        digits = "".join(str(unicodedata.digit(sign)) if sign.isdecimal() else sign for sign in each.strip())
        clock = TIME.search(digits)
        day = (
            read_date(digits[: clock.start()].strip(" ,،"), language=ctx.who.language, at=ctx.now, zone=zone)
            if (clock)
            else None
        )
        at = _time(clock) if clock else None
        if day is None or at is None:
            raise Refusal(
                _("I cannot read this as a day and a time: {words}", words=Raw(each.strip()[:60])), field=field
            )
        found.add(instant(day, at, zone, now=ctx.now, field=field))
    if not FEWEST <= len(found) <= MOST_SLOTS:
        raise Refusal(_("Please offer from {least} to {most} times.", least=FEWEST, most=MOST_SLOTS), field=field)
    return sorted(found)


def respond_days(ctx: Context, _query: str) -> Sequence[Option]:
    """Working days soon, to answer by."""
    week = home_week(ctx)
    today = ctx.now.astimezone(ZoneInfo(ctx.who.zone)).date()
    days = working_days(week, today, 5)
    return [Option(days[place].isoformat(), _("{day}", day=days[place])) for place in (1, 2, 4)]


def working_days(week: WorkingWeek, after: date, count: int) -> list[date]:
    """The next working days after a day."""
    found: list[date] = []
    day = after
    while len(found) < count:
        day += timedelta(days=1)
        if week.day_off(day) is None:
            found.append(day)
    return found


def home_week(ctx: Context) -> WorkingWeek:
    home = ctx.session.get_one(Administration, ctx.who.administration_id)
    return _week(home.zone, home.country)


def attendees(ctx: Context, person_ids: Iterable[int]) -> list[Attendee]:
    """Those people, each with the working week and holidays of where they are. Of a zone that is not their
    administration's own country only the weekend is known."""
    home = ctx.session.get_one(Administration, ctx.who.administration_id)
    at_home = {home.zone, *(zone for zone, _city in zones.of_country(home.country, "en"))}
    rows = ctx.session.execute(
        select(Person.id, Person.zone).where(Person.id.in_(list(person_ids))).order_by(Person.id)
    )
    keeps = _keeps_ramadan(home.country)
    return [
        Attendee(
            str(row.id), _week(row.zone, home.country if row.zone in at_home else None), keeps and row.zone in at_home
        )
        for row in rows
    ]


def suggest(ctx: Context, person_ids: Sequence[int], minutes: int, after: date, zone: str) -> list[datetime]:
    """The best times of the next working days for all of them, one a day, the earliest first."""
    who = attendees(ctx, person_ids)
    days = working_days(home_week(ctx), after, AHEAD)
    best = propose(days, minutes, who, most=SUGGESTED)
    return sorted(each.start for each in best if each.start > ctx.now)


def burdens(
    ctx: Context, starts_at: datetime, minutes: int, person_ids: Sequence[int], names: Mapping[int, Text]
) -> tuple[int, int, tuple[Phrase, ...]]:
    """The most and the sum of what a time costs those people, and whose working hours or day off it takes, in words."""
    scored = score(starts_at, minutes, attendees(ctx, person_ids))
    late: list[Text] = []
    said: list[Phrase] = []
    for key, each in scored.burdens.items():
        name = names[int(key)]
        for reason in each.reasons:
            if reason.why in (Why.EARLY, Why.LATE, Why.NIGHT):
                late.append(_("{name} ({time})", name=name, time=each.begins.time()))
            elif reason.why is Why.HOLIDAY:
                said.append(_("A public holiday for {name}: {what}", name=name, what=Raw(reason.name)))
            elif reason.why is Why.RAMADAN:
                said.append(_("In the late hours of a day of Ramadan for {name}", name=name))
            else:
                said.append(_("A day off for {name}", name=name))
    outside = (_("Outside working hours for {names}", names=listed(late)),) if late else ()
    return scored.worst, scored.total, (*outside, *said)


@lru_cache(maxsize=256)
def _week(zone: str, country: str | None) -> WorkingWeek:
    """The civil service's week of a country, else Monday to Friday."""
    known = next((each for each in members() if each.code == country), None)
    off = known.days_off if known else frozenset({5, 6})
    days = tuple(() if day in off else OFFICE for day in range(len(WEEKDAYS)))
    return WorkingWeek(zone=zone, days=days, country=known.week.country if known else None)


def _keeps_ramadan(country: str) -> bool:
    return any(each.keeps_ramadan for each in members() if each.code == country)
