"""When SEQUENCE rises: RFC 5546, section 2.1.4. Each capability's own counter is held against it.

It rises when the time, the recurrence or the status changes, because that undoes what people have answered; and when
the place does, the link by which one joins included, since the same section asks for it where a change puts people's
answers in doubt. A new title, text, category or colour is told by LAST-MODIFIED alone. A series and its overrides share
one counter, so no override ever stands below its master, which some clients would then ignore.
"""

from __future__ import annotations

from scheduling.calendar.entry import Entry, Override, Status, When, length, moment
from scheduling.calendar.text import in_one_line


def next_sequence(before: Entry, after: Entry) -> int:
    """The SEQUENCE that `after` must carry, having replaced `before`. Whatever it carries itself is not looked at.

    Raises ValueError if they are not the same entry.
    """
    if before.uid != after.uid:
        raise ValueError("two entries, not two states of one")
    return before.sequence + (_commitment(before) != _commitment(after))


def _commitment(entry: Entry) -> object:
    """What people agree to when they accept: nothing else in an entry makes them think again."""
    place = (entry.status, in_one_line(entry.location), in_one_line(entry.link))
    return (
        _exactly(entry.starts),
        _exactly(entry.ends),
        entry.rule.text if entry.rule is not None else None,
        frozenset(map(_exactly, entry.exdates)),
        place,
        {_exactly(each.instance): found for each in entry.overrides if (found := _otherwise(entry, each, place))},
    )


def _otherwise(entry: Entry, override: Override, place: tuple[Status, str, str]) -> object:
    """What an override changes of that; None for one that has only another title or text."""
    its = (
        override.status or entry.status,
        in_one_line(entry.location if override.location is None else override.location),
        in_one_line(entry.link if override.link is None else override.link),
    )
    is_moved = moment(override.starts) != moment(override.instance) or length(override.starts, override.ends) != length(
        entry.starts, entry.ends
    )
    if its == place and not is_moved:
        return None
    return _exactly(override.starts), _exactly(override.ends), its


def _exactly(when: When) -> object:
    """The instant and the zone that it is written in: 09:00 in Paris is another DTSTART than 09:00 in Brussels."""
    return moment(when), str(getattr(when, "tzinfo", "whole day"))
