"""The room every part of this capability declares itself in, its rules, and what countries and weeks are called."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import select

from bot.kit import allow
from bot.kit.allow import Rule
from bot.kit.capability import Capability
from bot.kit.clean import clean_line
from bot.kit.context import Context
from bot.kit.forms import CHOICES_SHOWN, Option
from bot.kit.screen import Refusal
from bot.kit.text import LANGUAGES, Named, Phrase, Text, _, listed, name_members
from db.people import WCO_REGIONS, Administration, RoleName, Who
from db.regions import Office, Side, Takes, Term, serves
from handlers.people.searching import closest
from scheduling import regions as world
from scheduling.deadlines import WEEKDAYS
from scheduling.meetings import Why

regions = Capability("regions", _("Regions"))

name_members(
    {
        Side.CUSTOMS: _("Customs"),
        Side.BUSINESS: _("Business"),
        Takes.REGION: _("What belongs to the region"),
        Takes.EVERYTHING: _("Everything they hold here"),
        Term.NAMED: _("Named to follow"),
        Term.SITTING: _("In office"),
        Term.PAST: _("Was in office"),
        Term.DROPPED: _("Did not take over"),
    }
)


def _serves_it(who: Who, about: Any, *names: RoleName) -> bool:
    served = serves(who, *names)
    region = getattr(about, "region", None)
    return bool(served) if region is None else region in served


def _is_next(who: Who, about: Any) -> bool:
    return who.is_registered and (not isinstance(about, Office) or about.head_id == who.id)


office_staff = Rule("the Vice-Chair's office", _serves_it)
leaders = Rule("the Vice-Chair", lambda who, about: _serves_it(who, about, RoleName.VICE_CHAIR)) | allow.administrators
next_head = Rule("the head of the next office", _is_next)
reviewers = next_head | office_staff | allow.administrators


def home_regions(ctx: Context) -> list[str]:
    """The regions of the WCO that this administration belongs to, and those whose office somebody serves."""
    home = ctx.session.get_one(Administration, ctx.who.administration_id)
    known = [str(each["code"]) for each in home.home_regions if each["code"] in world.REGIONS]
    return known + sorted(code for code in serves(ctx.who) if code in world.REGIONS and code not in known)


def sitting(ctx: Context, region: str, *, term: Term = Term.SITTING) -> Office | None:
    """The office of a region in this administration, if one sits (or is named)."""
    ours = Office.administration_id == ctx.who.administration_id, Office.region == region, Office.term == term
    return ctx.session.scalar(select(Office).where(*ours, Office.visible_to(ctx.who)))


def must_be_region(code: str) -> str:
    if code not in world.REGIONS:
        raise Refusal(_("There is no region by that name."))
    return code


def region_name(code: str) -> Named:
    return Named(WCO_REGIONS[code])


@lru_cache(maxsize=512)
def country(code: str) -> Named:
    """What a member is called, in every language of ours."""
    return Named({each: world.name_of(code, each) for each in LANGUAGES})


def member_options(region: str, query: str, language: str) -> Sequence[Option]:
    """The members of a region most like `query`, by their names in the reader's language and in English."""
    codes = [each.code for each in world.of((region,))]
    if clean_line(query).upper() in codes:
        return [Option(query.upper(), country(query.upper()))]
    names = {code: f"{country(code).names.get(language, code)} {country(code).names['en']}" for code in codes}
    found = closest(query, names) if query.strip() else sorted(codes, key=lambda code: names[code])[:CHOICES_SHOWN]
    return [Option(code, country(code)) for code in found]


_DAYS: dict[str, Phrase] = dict(
    zip(
        WEEKDAYS,
        (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")),
        strict=True,
    )
)
_WEEKS: dict[frozenset[int], Phrase] = {
    frozenset({5, 6}): _("Monday to Friday"),
    frozenset({4, 5}): _("Sunday to Thursday"),
    frozenset({3, 4}): _("Saturday to Wednesday"),
}


def working_week(member: world.Member) -> Text:
    """On which days a member works."""
    if member.days_off in _WEEKS:
        return _WEEKS[member.days_off]
    return listed([_DAYS[name] for day, name in enumerate(WEEKDAYS) if day not in member.days_off])


_WHY: dict[Why, Phrase] = {
    Why.EARLY: _("early"),
    Why.LATE: _("late"),
    Why.NIGHT: _("at night"),
    Why.WEEKEND: _("weekend"),
    Why.HOLIDAY: _("holiday"),
    Why.CLOSURE: _("closed"),
    Why.RAMADAN: _("Ramadan"),
}


def name_why(why: Why) -> Phrase:
    """What makes an attendance a burden, in a word."""
    return _WHY[why]
