"""RFC 5545 and RFC 7986 as tables: which component may hold which property, how often, and of what value type."""

from __future__ import annotations

from collections.abc import Mapping

# The value types of each property, its default first.
TYPES: Mapping[str, tuple[str, ...]] = {
    name: tuple(types.split("|"))
    for types, names in {
        "TEXT": (
            "CALSCALE METHOD PRODID VERSION NAME DESCRIPTION SUMMARY LOCATION COMMENT CONTACT CLASS STATUS TRANSP UID "
            "RELATED-TO TZID TZNAME ACTION COLOR"
        ),
        "TEXTS": "CATEGORIES RESOURCES",
        "STRUCTURED": "REQUEST-STATUS GEO",
        "DATE-TIME": "DTSTAMP CREATED LAST-MODIFIED COMPLETED ACKNOWLEDGED",
        "DATE-TIME|DATE": "DTSTART DTEND DUE RECURRENCE-ID EXDATE",
        "DATE-TIME|DATE|PERIOD": "RDATE",
        "DURATION": "DURATION",
        "DURATION|DATE-TIME": "TRIGGER",
        "INTEGER": "SEQUENCE PRIORITY REPEAT PERCENT-COMPLETE",
        "UTC-OFFSET": "TZOFFSETFROM TZOFFSETTO",
        "URI": "URL TZURL",
        "URI|BINARY": "ATTACH",
        "CAL-ADDRESS": "ORGANIZER ATTENDEE",
        "RECUR": "RRULE EXRULE",
        "PERIOD": "FREEBUSY",
    }.items()
    for name in names.split()
} | {
    # RFC 7986: these have no default, so VALUE must stand beside them
    "REFRESH-INTERVAL": ("", "DURATION"),
    "SOURCE": ("", "URI"),
    "CONFERENCE": ("", "URI"),
    "IMAGE": ("", "URI", "BINARY"),
}
SEVERAL = frozenset({"EXDATE", "RDATE", "FREEBUSY"})
IN_UTC = frozenset({"DTSTAMP", "CREATED", "LAST-MODIFIED", "COMPLETED", "ACKNOWLEDGED"})

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "VCALENDAR": ("PRODID", "VERSION"),
    "VEVENT": ("UID", "DTSTAMP", "DTSTART"),
    "VTODO": ("UID", "DTSTAMP"),
    "VJOURNAL": ("UID", "DTSTAMP"),
    "VFREEBUSY": ("UID", "DTSTAMP"),
    "VTIMEZONE": ("TZID",),
    "STANDARD": ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO"),
    "DAYLIGHT": ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO"),
    "VALARM": ("ACTION", "TRIGGER"),
}
ONCE: Mapping[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "VCALENDAR": (
            "PRODID VERSION CALSCALE METHOD UID LAST-MODIFIED URL REFRESH-INTERVAL SOURCE COLOR X-WR-CALNAME "
            "X-WR-TIMEZONE X-PUBLISHED-TTL"
        ),
        "VEVENT": (
            "UID DTSTAMP DTSTART DTEND DURATION CLASS CREATED DESCRIPTION GEO LAST-MODIFIED LOCATION ORGANIZER "
            "PRIORITY SEQUENCE STATUS SUMMARY TRANSP URL RECURRENCE-ID RRULE COLOR"
        ),
        "VTODO": (
            "UID DTSTAMP DTSTART DUE DURATION CLASS COMPLETED CREATED DESCRIPTION GEO LAST-MODIFIED LOCATION ORGANIZER "
            "PERCENT-COMPLETE PRIORITY RECURRENCE-ID SEQUENCE STATUS SUMMARY URL RRULE COLOR"
        ),
        "VJOURNAL": (
            "UID DTSTAMP DTSTART CLASS CREATED LAST-MODIFIED ORGANIZER RECURRENCE-ID SEQUENCE STATUS SUMMARY URL RRULE "
            "COLOR"
        ),
        "VFREEBUSY": "UID DTSTAMP CONTACT DTSTART DTEND ORGANIZER URL",
        "VTIMEZONE": "TZID LAST-MODIFIED TZURL X-LIC-LOCATION",
        "STANDARD": "DTSTART TZOFFSETFROM TZOFFSETTO RRULE",
        "DAYLIGHT": "DTSTART TZOFFSETFROM TZOFFSETTO RRULE",
        "VALARM": "ACTION TRIGGER DURATION REPEAT DESCRIPTION SUMMARY UID",
    }.items()
}
# Properties of RFC 5545 that a component cannot have; whatever is not named anywhere is let pass.
NEVER: Mapping[str, frozenset[str]] = {
    "VCALENDAR": frozenset(
        [
            "DTSTART",
            "DTEND",
            "DURATION",
            "DTSTAMP",
            "SUMMARY",
            "LOCATION",
            "STATUS",
            "SEQUENCE",
            "RRULE",
            "EXDATE",
            "RDATE",
            "ATTENDEE",
            "ORGANIZER",
            "TRANSP",
            "TZID",
            "RECURRENCE-ID",
            "CREATED",
        ]
    ),
    "VEVENT": frozenset(
        [
            "DUE",
            "COMPLETED",
            "PERCENT-COMPLETE",
            "TRIGGER",
            "ACTION",
            "REPEAT",
            "FREEBUSY",
            "METHOD",
            "VERSION",
            "PRODID",
        ]
    ),
    "VTIMEZONE": frozenset(["COMMENT", "SUMMARY", "DESCRIPTION", "DTSTART", "DTSTAMP", "UID", "RRULE", "RDATE"]),
    "VALARM": frozenset(["DTSTART", "DTEND", "RRULE", "TRANSP", "STATUS"]),
}
INNER: Mapping[str, frozenset[str]] = {
    "VCALENDAR": frozenset({"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE", "VAVAILABILITY", "VPOLL"}),
    "VEVENT": frozenset({"VALARM", "PARTICIPANT", "VLOCATION", "VRESOURCE"}),
    "VTODO": frozenset({"VALARM", "PARTICIPANT", "VLOCATION", "VRESOURCE"}),
    "VJOURNAL": frozenset({"PARTICIPANT", "VLOCATION", "VRESOURCE"}),
    "VTIMEZONE": frozenset({"STANDARD", "DAYLIGHT"}),
    "VALARM": frozenset({"VLOCATION"}),
}
# Properties whose value is one of a list; others may be added only as X-names where RFC 5545 says so.
CHOICES: Mapping[tuple[str, str], frozenset[str]] = {
    ("VEVENT", "STATUS"): frozenset({"TENTATIVE", "CONFIRMED", "CANCELLED"}),
    ("VTODO", "STATUS"): frozenset({"NEEDS-ACTION", "COMPLETED", "IN-PROCESS", "CANCELLED"}),
    ("VJOURNAL", "STATUS"): frozenset({"DRAFT", "FINAL", "CANCELLED"}),
    ("VEVENT", "TRANSP"): frozenset({"OPAQUE", "TRANSPARENT"}),
    ("VCALENDAR", "CALSCALE"): frozenset({"GREGORIAN"}),
    ("VCALENDAR", "VERSION"): frozenset({"2.0"}),
}
OPEN_CHOICES: Mapping[tuple[str, str], frozenset[str]] = {
    ("VALARM", "ACTION"): frozenset({"AUDIO", "DISPLAY", "EMAIL"}),
    ("VEVENT", "CLASS"): frozenset({"PUBLIC", "PRIVATE", "CONFIDENTIAL"}),
    ("VTODO", "CLASS"): frozenset({"PUBLIC", "PRIVATE", "CONFIDENTIAL"}),
    ("VJOURNAL", "CLASS"): frozenset({"PUBLIC", "PRIVATE", "CONFIDENTIAL"}),
}
PARAMETER_CHOICES: Mapping[str, frozenset[str]] = {
    "PARTSTAT": frozenset(
        ["NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED", "COMPLETED", "IN-PROCESS"],
    ),
    "ROLE": frozenset(["CHAIR", "REQ-PARTICIPANT", "OPT-PARTICIPANT", "NON-PARTICIPANT"]),
    "CUTYPE": frozenset(["INDIVIDUAL", "GROUP", "RESOURCE", "ROOM", "UNKNOWN"]),
    "RSVP": frozenset({"TRUE", "FALSE"}),
    "RELATED": frozenset({"START", "END"}),
    "RANGE": frozenset({"THISANDFUTURE"}),
    "ENCODING": frozenset({"8BIT", "BASE64"}),
}
CLOSED_PARAMETERS = frozenset({"RSVP", "RELATED", "RANGE", "ENCODING"})
