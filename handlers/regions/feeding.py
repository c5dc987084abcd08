"""A region's meetings in calendars: for its members who are registered here, and what is open for everybody."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from bot.kit.feeds import Choice, Subscriber
from bot.kit.text import _
from db.meetings import Meeting
from db.regions import Representative, serves
from handlers.roundtables import feed
from scheduling import regions as world
from scheduling.calendar.entry import Entry

from .room import region_name, regions

SCOPE = "region"


@regions.calendar(SCOPE, _("Meetings of a region"))
def those_of_a_region(subscriber: Subscriber) -> Iterable[Choice]:
    """The regions of the WCO this administration is in, also for everybody; those whose office one serves, and those
    one speaks in."""
    who = subscriber.who
    home = {str(each["code"]) for each in subscriber.administration.home_regions}
    if who is None:
        yield from (Choice(code, region_name(code)) for code in sorted(home & set(world.REGIONS)))
        return
    here = Representative.administration_id == who.administration_id
    seat = here, Representative.person_id == who.id, Representative.in_force(subscriber.now)
    speaks_in = set(subscriber.session.scalars(select(Representative.region).where(*seat)))
    for code in sorted((home | set(serves(who)) | speaks_in) & set(world.REGIONS)):
        yield Choice(code, region_name(code))


@regions.feed(SCOPE)
def meetings(subscriber: Subscriber) -> Iterable[Entry]:
    """Those that whoever reads may see; to everybody those that are open to everybody."""
    who, of_region = subscriber.who, Meeting.region == subscriber.about
    if who is None:
        yield from feed.entries_for_anybody(subscriber, feed.open_meetings(subscriber, of_region))
        return
    yield from feed.entries(
        subscriber, feed.dated(subscriber.session, subscriber.now, Meeting.visible_to(who), of_region)
    )
