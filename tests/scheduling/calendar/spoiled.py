"""Ways to spoil a feed, each with the words that name the fault: what other programs have got wrong, and some could."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tests.scheduling.calendar.entries import built, programme

OWN = built(*programme()).data

Spoil = Callable[[bytes], bytes]
Ways = Mapping[str, tuple[str, Spoil]]  # the words, and what is done to the feed


def exchanged(old: str, new: str, *, count: int = 1) -> Spoil:
    """The feed with some text exchanged; \\n in `new` is a line break."""

    def spoil(data: bytes) -> bytes:
        wanted, given = old.replace("\n", "\r\n").encode(), new.replace("\n", "\r\n").encode()
        assert wanted in data, old
        return data.replace(wanted, given, count)

    return spoil


def without(pattern: str) -> Spoil:
    """The feed without what the pattern matches first."""

    def spoil(data: bytes) -> bytes:
        found = re.subn(pattern.replace("\n", "\r\n").encode(), b"", data, count=1)
        assert found[1] == 1, pattern
        return found[0]

    return spoil


def added(line: str, *, to: str = "UID:plenary@parley.example\n") -> Spoil:
    return exchanged(to, f"{to}{line}\n")


TO_CALENDAR = "CALSCALE:GREGORIAN\n"
RULE = "RRULE:FREQ=WEEKLY;UNTIL=20261214T130000Z;BYDAY=MO\n"
TO_SERIES = "UID:series@parley.example\n"
PLENARY = "SUMMARY:Plenary: recognition of trusted traders\n"
ALARM = "BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:Soon\nTRIGGER:-PT15M\nEND:VALARM"


def _with_the_moved_one_twice(data: bytes) -> bytes:
    start = data.index(b"BEGIN:VEVENT\r\nSUMMARY:Moved to Tuesday")
    moved = data[start : data.index(b"END:VEVENT\r\n", start) + len(b"END:VEVENT\r\n")]
    return data.replace(moved, moved + moved)


# Gate A: lines and characters
BYTES: Ways = {
    "no bytes": ("empty", lambda data: b""),
    "a web page": ("web page", lambda data: b"<!DOCTYPE html><html>502</html>\r\n"),
    "something else": ("no BEGIN:VCALENDAR", lambda data: b"X-SOMETHING:else\r\n"),
    "a byte order mark": ("byte order mark", lambda data: b"\xef\xbb\xbf" + data),
    "UTF-16": ("UTF-16", lambda data: data.decode().encode("utf-16")),
    "Latin-1": ("not UTF-8", lambda data: data.decode().encode("latin-1", "replace")),
    "line feeds alone": ("LF alone", lambda data: data.replace(b"\r\n", b"\n")),
    "one line feed alone": ("LF alone", lambda data: data.replace(b"STATUS:CONFIRMED\r\n", b"STATUS:CONFIRMED\n", 1)),
    "a bare carriage return": ("CR without LF", lambda data: data.replace(b"Plenary:", b"Plenary:\r", 1)),
    "no last line break": ("no line break", lambda data: data[:-2]),
    "cut off": ("has no END", lambda data: data[: data.rindex(b"END:VEVENT")]),
    "unfolded": ("longer than 75", lambda data: data.replace(b"\r\n ", b"")),
    "folded within a character": ("cuts a character", lambda data: data.replace(b"\xe6", b"\xe6\r\n ", 1)),
    "a control character": ("U+0007", exchanged("Plenary:", "Plenary:\x07")),
    "an empty line": ("empty line", exchanged(PLENARY, f"{PLENARY}\n")),
    "a line break in a text": ("not NAME:VALUE", exchanged("Plenary: recognition", "Plenary\nof all: recognition")),
    "a bad parameter": (
        "not ;NAME=VALUE",
        exchanged("DTSTART;TZID=Europe/Brussels:20261005", 'DTSTART;TZID="Europe:20261005'),
    ),
    "a parameter twice": (
        "twice",
        exchanged(
            "DTSTART;TZID=Europe/Brussels:20261005", "DTSTART;TZID=Europe/Brussels;TZID=Europe/Brussels:20261005"
        ),
    ),
    "no END of an entry": ("has no END", without("END:VEVENT\n")),
    "an END too many": ("without its BEGIN", exchanged("END:VCALENDAR\n", "END:VEVENT\nEND:VCALENDAR\n")),
    "a line after the end": ("after END", lambda data: data + b"X-MORE:1\r\n"),
    "a second calendar": ("second calendar", lambda data: data + data),
    "an entry outside": ("outside", lambda data: data + b"BEGIN:VEVENT\r\nEND:VEVENT\r\n"),
    "no end of BEGINs": ("without end", exchanged("BEGIN:VEVENT\n", "BEGIN:X-DEEP\n" * 50)),
}

# Gate B: what a calendar and each of its entries must hold
ENTRIES: Ways = {
    "METHOD": ("METHOD:REQUEST", added("METHOD:REQUEST", to=TO_CALENDAR)),
    "METHOD PUBLISH": ("METHOD:PUBLISH", added("METHOD:PUBLISH", to=TO_CALENDAR)),
    "a UID of the calendar": ("calendar itself has a UID", added("UID:feed@parley.example", to=TO_CALENDAR)),
    "no PRODID": ("without PRODID", without("PRODID:.*\n")),
    "no VERSION": ("without VERSION", without("VERSION:2.0\n")),
    "another version": ("VERSION:1.0", exchanged("VERSION:2.0", "VERSION:1.0")),
    "two VERSIONs": ("VERSION stands twice", added("VERSION:2.0", to=TO_CALENDAR)),
    "two NAMEs": ("NAME stands twice", added("NAME:Other", to=TO_CALENDAR)),
    "another calendar scale": ("CALSCALE:JULIAN", exchanged("CALSCALE:GREGORIAN", "CALSCALE:JULIAN")),
    "a refresh of P1H": ("REFRESH-INTERVAL", exchanged("VALUE=DURATION:PT1H", "VALUE=DURATION:P1H")),
    "a refresh of nothing": ("no time to wait", exchanged("VALUE=DURATION:PT1H", "VALUE=DURATION:PT0S")),
    "a refresh without VALUE": ("without VALUE", exchanged(";VALUE=DURATION:PT1H", ":PT1H")),
    "an entry in an entry": ("VEVENT within VEVENT", without("END:VEVENT\n")),
    "no UID": ("without UID", without("UID:plenary.*\n")),
    "an empty UID": ("UID is empty", exchanged("UID:plenary@parley.example", "UID:")),
    "one UID twice": ("two entries have one UID", exchanged("UID:break-out@", "UID:plenary@")),
    "no DTSTAMP": ("without DTSTAMP", without("DTSTAMP:.*\n")),
    "DTSTAMP without Z": ("DTSTAMP is not in UTC", exchanged("DTSTAMP:20260501T080000Z", "DTSTAMP:20260501T080000")),
    "DTSTAMP is a day": ("DTSTAMP is no date and time", exchanged("DTSTAMP:20260501T080000Z", "DTSTAMP:20260501")),
    "no DTSTART": ("without DTSTART", without("DTSTART;TZID=Europe/Brussels:20261005T140000\n")),
    "two DTSTARTs": ("DTSTART stands twice", added("DTSTART;VALUE=DATE:20261006")),
    "two SUMMARYs": ("SUMMARY stands twice", added("SUMMARY:Other")),
    "a day that is none": ("DTSTART", exchanged("VALUE=DATE:20261005", "VALUE=DATE:20260230")),
    "an hour that is none": ("DTSTART", exchanged("20261005T140000", "20261005T250000", count=9)),
    "a day without VALUE=DATE": ("DTSTART", exchanged("DTSTART;VALUE=DATE:", "DTSTART:")),
    "the end before the start": (
        "DTEND is not after",
        exchanged("Brussels:20261005T150000", "Brussels:20261005T080000", count=9),
    ),
    "the end at the start": (
        "DTEND is not after",
        exchanged("Brussels:20261005T150000", "Brussels:20261005T140000", count=9),
    ),
    "the end of a day included": ("DTEND is not after", exchanged("DATE:20261008", "DATE:20261005")),
    "a day and a time": ("not of one kind", exchanged("DTEND;VALUE=DATE:20261008", "DTEND:20261008T120000Z")),
    "DTEND and DURATION": ("DTEND and DURATION", added("DURATION:PT1H")),
    "a negative DURATION": (
        "DURATION is below zero",
        exchanged("DTEND;TZID=Europe/Brussels:20261006T150000", "DURATION:-PT1H"),
    ),
    "hours of a day": ("DURATION of hours", exchanged("DTEND;VALUE=DATE:20261008", "DURATION:PT5H")),
    "no zone": ("DTSTART has no zone", exchanged("DTSTART;TZID=Europe/Brussels:20261006", "DTSTART:20261006")),
    "no VTIMEZONE": ("has no VTIMEZONE", without("BEGIN:VTIMEZONE(.|\n)*END:VTIMEZONE\n")),
    "a zone of Windows": (
        "has no VTIMEZONE",
        exchanged("TZID=Europe/Brussels:20261006", "TZID=Romance Standard Time:20261006"),
    ),
    "a TZID in UTC": ("has a TZID and is in UTC", exchanged("Brussels:20261006T140000", "Brussels:20261006T140000Z")),
    "a TZID on a day": (
        "a day and has a TZID",
        exchanged("DTSTART;VALUE=DATE:", "DTSTART;VALUE=DATE;TZID=Europe/Brussels:"),
    ),
    "a time that is skipped": (
        "does not exist",
        exchanged("DTSTART;TZID=Europe/Brussels:20261006T14", "DTSTART;TZID=Europe/Brussels:20260329T02"),
    ),
    "two VTIMEZONEs": (
        "a second VTIMEZONE",
        lambda data: data.replace(
            b"BEGIN:VEVENT", data[data.index(b"BEGIN:VTIMEZONE") : data.index(b"BEGIN:VEVENT")] + b"BEGIN:VEVENT", 1
        ),
    ),
    "a VTIMEZONE without TZID": ("VTIMEZONE without TZID", without("TZID:Europe/Brussels\n")),
    "a COMMENT in a VTIMEZONE": ("COMMENT does not belong", added("COMMENT:x", to="X-LIC-LOCATION:Europe/Brussels\n")),
    "dates in a VTIMEZONE": (
        "VTIMEZONE with RDATE",
        exchanged("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "RDATE:20250330T020000,20260329T020000,20270328T020000"),
    ),
    "an empty VTIMEZONE": ("without STANDARD or DAYLIGHT", without("BEGIN:DAYLIGHT(.|\n)*END:STANDARD\n")),
    "no TZOFFSETTO": ("DAYLIGHT without TZOFFSETTO", without("TZOFFSETTO:.*\n")),
    "an offset of hours": ("TZOFFSETTO is no offset", exchanged("TZOFFSETTO:+0200", "TZOFFSETTO:+2")),
    "a VTIMEZONE in UTC": (
        "DTSTART of DAYLIGHT is not local",
        exchanged("DTSTART:19700329T020000", "DTSTART:19700329T020000Z"),
    ),
    "SEQUENCE below zero": ("SEQUENCE is below zero", exchanged("SEQUENCE:4", "SEQUENCE:-4")),
    "SEQUENCE is a word": ("SEQUENCE is no whole number", exchanged("SEQUENCE:4", "SEQUENCE:four")),
    "another STATUS": ("STATUS:CANCELED", exchanged("STATUS:CANCELLED", "STATUS:CANCELED")),
    "another TRANSP": ("TRANSP:BUSY", exchanged("TRANSP:OPAQUE", "TRANSP:BUSY")),
    "a colour code": ("COLOR", exchanged("COLOR:steelblue", "COLOR:#4682b4")),
    "an ATTENDEE without mailto": ("ATTENDEE is no mailto", added("ATTENDEE:John")),
    "an ORGANIZER without mailto": ("ORGANIZER is no mailto", added("ORGANIZER;CN=John:john@trade.example")),
    "CONFERENCE without VALUE": (
        "CONFERENCE without VALUE",
        exchanged("CONFERENCE;FEATURE=AUDIO,VIDEO;VALUE=URI:", "CONFERENCE;FEATURE=AUDIO,VIDEO:"),
    ),
    "an address without scheme": ("URL is no address", exchanged("URL:https://parley", "URL:parley")),
    "a bare comma": ("bare", exchanged("LOCATION:Room Congo\\,", "LOCATION:Room Congo,")),
    "a bare semicolon": ("bare", exchanged("WCO HQ\\;", "WCO HQ;")),
    "an escape of nothing": ("escapes nothing", exchanged("LOCATION:Room Congo", "LOCATION:Room \\Congo")),
    "a GEO of words": ("GEO", added("GEO:Brussels")),
    "a PRIORITY of ten": ("PRIORITY", added("PRIORITY:10")),
    "data that is not Base64": ("ATTACH", added("ATTACH;ENCODING=BASE64;VALUE=BINARY:§§")),
    "DUE in an event": ("DUE does not belong", added("DUE:20261006T140000Z")),
    "an alarm without TRIGGER": ("VALARM without TRIGGER", added(ALARM.replace("TRIGGER:-PT15M\n", ""))),
    "an alarm without ACTION": ("VALARM without ACTION", added(ALARM.replace("ACTION:DISPLAY\n", ""))),
    "an alarm without words": ("without DESCRIPTION", added(ALARM.replace("DESCRIPTION:Soon\n", ""))),
    "an alarm that repeats by half": ("one of REPEAT and DURATION", added(ALARM.replace("END", "REPEAT:2\nEND"))),
    "an alarm at no time": ("TRIGGER is no duration", added(ALARM.replace("-PT15M", "15 minutes"))),
}

# Gate B: rules and exceptions
SERIES: Ways = {
    "a rule without FREQ": ("FREQ is missing", exchanged("RRULE:FREQ=WEEKLY;", "RRULE:")),
    "a rule of fortnights": ("FREQ is none of", exchanged("RRULE:FREQ=WEEKLY;", "RRULE:FREQ=FORTNIGHTLY;")),
    "UNTIL and COUNT": ("COUNT and UNTIL", exchanged("UNTIL=20261214T130000Z", "UNTIL=20261214T130000Z;COUNT=5")),
    "a local UNTIL": ("UNTIL is not in UTC", exchanged("UNTIL=20261214T130000Z", "UNTIL=20261214T140000")),
    "UNTIL is a day": ("UNTIL and DTSTART", exchanged("UNTIL=20261214T130000Z", "UNTIL=20261214")),
    "two rules": ("RRULE stands twice", added("RRULE:FREQ=DAILY;COUNT=2", to=TO_SERIES)),
    "a rule that misses its start": ("does not make DTSTART", exchanged(";BYDAY=MO", ";BYDAY=TU")),
    "an exclusion off the day": (
        "EXDATE 20261103T140000 hits no",
        exchanged("Brussels:20261102T140000", "Brussels:20261103T140000"),
    ),
    "an exclusion off the hour": (
        "EXDATE 20261102T130000 hits no",
        exchanged("Brussels:20261102T140000", "Brussels:20261102T130000"),
    ),
    "an exclusion of a day": (
        "EXDATE and DTSTART",
        exchanged("EXDATE;TZID=Europe/Brussels:20261102T140000", "EXDATE;VALUE=DATE:20261102"),
    ),
    "an exclusion in UTC": (
        "written in another zone",
        exchanged("EXDATE;TZID=Europe/Brussels:20261102T140000", "EXDATE:20261102T130000Z"),
    ),
    "an exclusion without zone": ("EXDATE has no zone", exchanged("EXDATE;TZID=Europe/Brussels:", "EXDATE:")),
    "an exclusion of no series": ("EXDATE in what is no series", added("EXDATE;TZID=Europe/Brussels:20261005T140000")),
    "an exception off the day": (
        "RECURRENCE-ID 20261027T140000 hits no",
        exchanged("RECURRENCE-ID;TZID=Europe/Brussels:20261026", "RECURRENCE-ID;TZID=Europe/Brussels:20261027"),
    ),
    "an exception of a day": (
        "RECURRENCE-ID and DTSTART",
        exchanged("RECURRENCE-ID;TZID=Europe/Brussels:20261026T140000", "RECURRENCE-ID;VALUE=DATE:20261026"),
    ),
    "an exception in UTC": (
        "written in another zone",
        exchanged("RECURRENCE-ID;TZID=Europe/Brussels:20261026T140000", "RECURRENCE-ID:20261026T130000Z"),
    ),
    "an exception of nothing": ("of what is no series", exchanged(RULE, "X-NO:rule\n")),
    "an exception without its series": (
        "without its series",
        without("BEGIN:VEVENT\nSUMMARY:Regional(.|\n)*?END:VEVENT\n"),
    ),
    "an exception twice": ("two exceptions for one instance", lambda data: _with_the_moved_one_twice(data)),
    "an exception taken out": (
        "an instance that EXDATE takes out",
        exchanged("Brussels:20261102T140000", "Brussels:20261102T140000,20261026T140000"),
    ),
    "an exception with a rule": (
        "a rule of its own",
        exchanged("RECURRENCE-ID;", "RRULE:FREQ=DAILY;COUNT=2\nRECURRENCE-ID;"),
    ),
    "an exception behind its series": ("lower SEQUENCE", exchanged(f"{TO_SERIES}SEQUENCE:2", f"{TO_SERIES}SEQUENCE:3")),
}

# Gate E: a VTIMEZONE that lies about its zone
ZONES: Ways = {
    "wrong offsets": ("at 2025-03-30 01:00 UTC it has +0300", lambda data: data.replace(b":+0200", b":+0300")),
    "summer a week late": ("wrong", exchanged("BYMONTH=3;BYDAY=-1SU", "BYMONTH=4;BYDAY=1SU")),
    "summer an hour late": ("wrong", exchanged("DTSTART:19700329T020000", "DTSTART:19700329T030000")),
    "no winter": ("wrong", without("BEGIN:STANDARD(.|\n)*END:STANDARD\n")),
    "the clock of elsewhere": ("wrong", lambda data: data.replace(b"Europe/Brussels", b"America/New_York")),
}

SPOILED: Mapping[str, tuple[str, str, Spoil]] = {
    name: (gate, *way)
    for gate, ways in (("A", BYTES), ("B", ENTRIES), ("B", SERIES), ("E", ZONES))
    for name, way in ways.items()
}
