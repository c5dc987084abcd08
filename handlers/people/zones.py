"""Time zones by the name of a city, in the reader's language; and the days that are the administration's own."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.core import get_global
from babel.dates import get_timezone_location

from bot.kit.context import Context
from db.people import Administration

from .searching import closest

CUT_OFF = 75
MOST = 6


@lru_cache(maxsize=16)
def cities(language: str) -> dict[str, str]:
    """Every time zone by its city in `language`. Of several names of one zone the first in the alphabet stands."""
    locale = Locale.parse(language)
    found: dict[str, str] = {}
    for zone in sorted(available_timezones()):
        area, slash, _city = zone.partition("/")
        if slash and area not in ("Etc", "SystemV", "US", "Canada", "Brazil", "Mexico", "Chile", "posix", "right"):
            found.setdefault(get_timezone_location(zone, locale=locale, return_city=True), zone)
    return {zone: city for city, zone in found.items()}


def of_country(country: str, language: str) -> list[tuple[str, str]]:
    """The zones of a country (ISO 3166) with their cities."""
    territories = get_global("zone_territories")
    known = cities(language)
    return [(zone, known[zone]) for zone in known if territories.get(zone) == country.upper()]


def search(query: str, language: str) -> list[tuple[str, str]]:
    """The zones whose city is most like `query`, best first; the zone's own name finds it too."""
    known = cities(language)
    if query in known:
        return [(query, known[query])]
    close = closest(query, known, cut_off=CUT_OFF, most=MOST)
    if not close:  # a city as English writes it, in a reader's other script
        english = cities("en")
        known = english | known
        close = closest(query, english, cut_off=CUT_OFF, most=MOST)
    return [(zone, known[zone]) for zone in close]


def last_day(ctx: Context, ends_at: datetime) -> date:
    """The last day of what ends at an instant, as the administration counts days: the same for readers everywhere."""
    home = ctx.session.get_one(Administration, ctx.who.administration_id)
    return (ends_at - timedelta(seconds=1)).astimezone(ZoneInfo(home.zone)).date()
