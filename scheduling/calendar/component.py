"""An entry as VEVENTs: examined, built by icalendar, and folded. Nothing here knows of the other entries of a feed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import islice
from zoneinfo import ZoneInfo

from icalendar import Event, vCalAddress, vText, vUri
from icalendar.cal.component import Component
from icalendar.prop import vRecur

from scheduling.calendar.entry import Entry, Override, Status, When, in_zone, is_repeated, length, moment, zone_of
from scheduling.calendar.rule import Rule
from scheduling.calendar.text import clean, folded, in_one_line, web_address

WALKED = 5_000  # instances of a series that are looked at: a daily one for thirteen years
YEARS = range(1971, 2200)
ONE_DAY = timedelta(days=1)


class Unwritable(ValueError):
    """An entry that would mislead a calendar or break it; the message says why."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The few words that are not the entry's own, in its reader's language. {title} and {link} are filled in."""

    language: str = "en"
    cancelled: str = "Cancelled: {title}"
    join: str = "Join: {link}"


def events(entry: Entry, wording: Wording) -> list[Event]:
    """The master, and one VEVENT for each override, of an entry that was `examined`. Raises Unwritable."""
    master = _event(entry, wording, entry)
    if entry.rule is not None:
        master["RRULE"] = vRecur.from_ical(_in_utc(entry.rule, entry).text)
        if entry.exdates:
            master.add("exdate", sorted(entry.exdates, key=moment))
    return [master, *(_event(entry, wording, each) for each in entry.overrides)]


def lines_of(component: Component) -> bytes:
    """The component's content lines, folded: icalendar writes each line, and folds one character at a time."""
    return b"".join(folded(line) for line in component.content_lines() if line)


def _event(entry: Entry, wording: Wording, what: Entry | Override) -> Event:
    def said(name: str) -> str:
        own = getattr(what, name)
        return str(getattr(entry, name) if own is None else own)

    event = Event()
    title, link = in_one_line(said("title")), clean(said("link"))
    place, address = in_one_line(said("location")), web_address(link)
    status = what.status if what.status and entry.status is not Status.CANCELLED else entry.status
    event.add("dtstart", what.starts)
    event.add("dtend", what.ends)
    if isinstance(what, Override):
        event.add("recurrence-id", what.instance)
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    if entry.created_at is not None:
        event.add("created", entry.created_at)
    event["UID"] = vText(entry.uid)
    event["SEQUENCE"] = vText(str(entry.sequence))
    is_off = status is Status.CANCELLED
    event["SUMMARY"] = vText(wording.cancelled.replace("{title}", title) if is_off else title)
    event["STATUS"] = vText(status)
    event["TRANSP"] = vText("OPAQUE" if entry.busy and not is_off else "TRANSPARENT")
    text = [each for each in (clean(said("description")), wording.join.replace("{link}", link) if link else "") if each]
    if text:
        event["DESCRIPTION"] = vText("\n\n".join(text))
    if place or link:
        event["LOCATION"] = vText(place or in_one_line(link))
    if address:
        params = {"VALUE": "URI", "FEATURE": ["AUDIO", "VIDEO"]}
        event["CONFERENCE"] = vUri(address, params=params)
    if page := web_address(entry.page):
        event["URL"] = vUri(page)
    if entry.categories:
        event.add("categories", [in_one_line(each) for each in entry.categories])
    if entry.colour.isalpha() and entry.colour.isascii():
        event["COLOR"] = vText(entry.colour.lower())
    if entry.organiser is not None:
        event["ORGANIZER"] = address_of(entry.organiser.email, entry.organiser.name)
    return event


def address_of(email: str, name: str = "", **params: str) -> vCalAddress:
    """A CAL-ADDRESS with its parameters. Raises Unwritable for an address that cannot stand in a line."""
    if "@" not in email or any(each.isspace() or not each.isprintable() for each in email):
        raise Unwritable("an e-mail address that is none")
    found = vCalAddress(f"mailto:{email}")
    if shown := in_one_line(name).replace('"', "'"):
        found.params["CN"] = shown
    found.params.update(params)
    return found


# Examining: what is wrong is said, what can be written exactly in another way is


def examined(entry: Entry) -> Entry:
    """The entry with every time on its own zone's clock. Raises Unwritable where it is not fit to be written."""
    if not in_one_line(entry.uid) or clean(entry.uid) != entry.uid:
        raise Unwritable("no UID")
    if entry.sequence < 0:
        raise Unwritable("SEQUENCE below zero")
    stamps = [entry.changed_at, *([entry.created_at] if entry.created_at else [])]
    if any(each.tzinfo is None for each in stamps):
        raise Unwritable("a change at no known instant: the time has no zone")
    _check_span(entry.starts, entry.ends)
    if entry.rule is None:
        if entry.exdates or entry.overrides:
            raise Unwritable("exceptions without a series")
        zone = None if is_repeated(entry.starts) or is_repeated(entry.ends) else zone_of(entry.starts)
        return replace(entry, starts=in_zone(entry.starts, zone), ends=in_zone(entry.ends, zone))
    return _examined_series(entry, entry.rule)


def _examined_series(entry: Entry, rule: Rule) -> Entry:
    zone = zone_of(entry.starts)
    if isinstance(entry.starts, datetime) and zone is None and entry.starts.utcoffset():
        raise Unwritable("a series needs a named zone: an offset alone does not say when summer time begins")
    if is_repeated(entry.starts):
        raise Unwritable("a series cannot begin in the hour that the clocks repeat")
    off = [each.instance for each in entry.overrides if each.status is Status.CANCELLED]
    kept = [each for each in entry.overrides if each.status is not Status.CANCELLED]
    for each in kept:
        _check_span(each.starts, each.ends, like=entry.starts)
    entry = replace(
        entry,
        starts=in_zone(entry.starts, zone),
        ends=in_zone(entry.ends, zone),
        # some clients do not see STATUS:CANCELLED on an instance: EXDATE is seen by all
        exdates=frozenset(in_zone(each, zone) for each in (*entry.exdates, *off)),
        overrides=tuple(
            sorted((_override_in(each, zone) for each in kept), key=lambda each: moment(each.instance)),
        ),
    )
    _check_instances(entry, rule, zone)
    return entry


def _override_in(override: Override, zone: ZoneInfo | None) -> Override:
    own = None if is_repeated(override.starts) or is_repeated(override.ends) else zone
    return replace(
        override,
        instance=in_zone(override.instance, zone),
        starts=in_zone(override.starts, own),
        ends=in_zone(override.ends, own),
    )


def _check_span(starts: When, ends: When, like: When | None = None) -> None:
    kinds = {isinstance(each, datetime) for each in (starts, ends, *([like] if like is not None else []))}
    if len(kinds) > 1:
        raise Unwritable("a whole day and a time in one entry")
    if any(isinstance(each, datetime) and each.tzinfo is None for each in (starts, ends)):
        raise Unwritable("a time without a zone")
    if any(each.year not in YEARS for each in (starts, ends)):
        raise Unwritable("a year that calendars do not reach")
    if length(starts, ends) <= timedelta():
        raise Unwritable("it ends before it has begun")


def _check_instances(entry: Entry, rule: Rule, zone: ZoneInfo | None) -> None:
    replaced = [each.instance for each in entry.overrides]
    if len(set(map(moment, replaced))) < len(replaced):
        raise Unwritable("two overrides of one instance")
    wanted = {moment(each) for each in (*entry.exdates, *replaced)}
    if len(wanted) < len(entry.exdates) + len(replaced):
        raise Unwritable("an override of an instance that does not take place")
    excluded, takes_place, last = set(map(moment, entry.exdates)), False, max(wanted, default=moment(entry.starts))
    for number, each in enumerate(instances(entry, rule)):
        at = moment(each)
        if number == 0 and at != moment(entry.starts):
            raise Unwritable("the first time is not one that its rule makes")
        if in_zone(each, zone) != each:
            raise Unwritable(f"the clocks skip the instance of {each.isoformat()}")
        takes_place = takes_place or at not in excluded
        wanted.discard(at)
        if at > last and takes_place and number >= 366:
            break
    if wanted:
        raise Unwritable(f"an exception at {min(wanted).isoformat()}, when the series has no instance")
    if not takes_place:
        raise Unwritable("no instance of the series takes place")


def instances(entry: Entry, rule: Rule) -> Iterator[When]:
    """When the series takes place by its rule, exceptions not counted; of an endless one the first years."""
    zone: tzinfo = zone_of(entry.starts) or UTC
    if not isinstance(entry.starts, datetime):
        yield from islice(rule.instances(entry.starts), WALKED)
        return
    naive = entry.starts.replace(tzinfo=None)
    for each in islice(replace(rule, until=_local(rule.until, zone)).instances(naive), WALKED):
        if isinstance(each, datetime):  # as the start is
            yield each.replace(tzinfo=zone)


def _local(until: When | None, zone: tzinfo) -> When | None:
    if isinstance(until, datetime) and until.tzinfo is not None:
        return until.astimezone(zone).replace(tzinfo=None)
    return until


def _in_utc(rule: Rule, entry: Entry) -> Rule:
    """UNTIL as RFC 5545 wants it: in UTC beside a time, a day beside a day."""
    if rule.until is None:
        return rule
    if not isinstance(entry.starts, datetime):
        day = rule.until.date() if isinstance(rule.until, datetime) else rule.until
        return replace(rule, until=day)
    until = rule.until
    if not isinstance(until, datetime):
        until = datetime.combine(until, datetime.max.time().replace(microsecond=0))
    return replace(rule, until=(until if until.tzinfo else until.replace(tzinfo=zone_of(entry.starts) or UTC)))


def first_and_last(entry: Entry) -> tuple[date, date | None]:
    """The days between which everything of it lies, one to spare on either side; no last day where it is endless."""
    whens = [entry.starts, entry.ends, *(each.starts for each in entry.overrides)]
    first = min(moment(each) for each in whens).date()
    last = max(moment(each) for each in whens).date()
    if entry.rule is not None:
        if entry.rule.count is None and entry.rule.until is None:
            return first - ONE_DAY, None
        *_, final = instances(entry, entry.rule)
        last = max(last, moment(final).date())
    return first - ONE_DAY, last + ONE_DAY
