"""What a time would cost the members of a region, each and in all, and the times that even it out best.

The three that are proposed, the days a meeting may move to and what a poll of it asks about are weighed alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from bot.kit.context import Context
from bot.kit.screen import Refusal, Row, Style, button
from bot.kit.text import Listed, Phrase, Raw, Text, When, _, listed, ngettext
from db.meetings import Meeting, MeetingKind
from handlers.roundtables import polling
from scheduling.meetings import Attendee, Burden, Score, Why, propose, score

from . import bearing
from .calling import of
from .room import name_why

NOTICE = timedelta(days=14)  # the first day proposed, unless another is asked for
LOOKED_AT, CANDIDATES = 45, 6  # days looked at for one on which nobody has a day off, and how many are scored
DAYS_OFF = (Why.WEEKEND, Why.HOLIDAY, Why.CLOSURE)
NAMED = 6  # countries in one line; the rest is counted


def first_day(ctx: Context) -> date:
    return (ctx.now + NOTICE).date()


def best(ctx: Context, meeting: Meeting, first: date, minutes: int) -> list[Score]:
    """Three at most, the fairest first. Raises Refusal where there is none."""
    those, carried = _attending(ctx, meeting, first.year)
    days = candidate_days(those, first)
    found = [each for each in propose(days, minutes, those, carried, most=len(days)) if each.start > ctx.now]
    fairest = [each for each in found if not off_for(each)][:3] or found[:3]
    if not fairest:
        raise Refusal(_("No time was found. Please give a later day."))
    return fairest


def suggested(ctx: Context, meeting: Meeting, minutes: int, after: date) -> list[datetime] | None:
    """What a poll of a region's meeting asks about: the times that are proposed for it."""
    if meeting.kind is not MeetingKind.REGIONAL:
        return None
    first = max(first_day(ctx), after + timedelta(days=1))
    return sorted(each.start for each in best(ctx, meeting, first, minutes))


polling.SUGGESTING.append(suggested)


def candidate_days(those: Sequence[Attendee], first: date) -> list[date]:
    """The first days from `first` on that are a day off for the fewest."""
    days = [first + timedelta(days=number) for number in range(LOOKED_AT)]
    off = {day: sum(each.week.day_off(day) is not None for each in those) for day in days}
    return sorted(sorted(days, key=lambda day: (off[day], day))[:CANDIDATES])


def off_for(each: Score) -> list[str]:
    """Whose day off it would take."""
    return [key for key, cost in each.burdens.items() if any(reason.why in DAYS_OFF for reason in cost.reasons)]


def scored(ctx: Context, meeting: Meeting, start: datetime) -> Score:
    those, carried = _attending(ctx, meeting, bearing.year_of(start))
    return score(start, meeting.minutes, those, carried)


def _attending(ctx: Context, meeting: Meeting, year: int) -> tuple[tuple[Attendee, ...], dict[str, int]]:
    """Who attends, and what each brings into a meeting of that year."""
    regional = of(ctx, meeting)
    home, region = meeting.administration_id, regional.region
    those = bearing.attendees(ctx.session, home, region, jointly=regional.jointly, at=ctx.now)
    return those, bearing.so_far(ctx.session, home, region, year, those)


# As it is shown


def row(ctx: Context, meeting: Meeting, each: Score, verb: str) -> Row:
    at = each.start.isoformat()
    label = _("Hold it then") if verb == "regions.hold" else _("Move it there")
    return Row(
        When(each.start, venue=meeting.zone),
        cost_of(ctx, each),
        (
            button(label, verb, style=Style.PRIMARY, meeting=meeting.id, at=at),
            button(_("What everybody bears"), "regions.slot", meeting=meeting.id, at=at),
        ),
    )


def cost_of(ctx: Context, each: Score) -> Phrase:
    """What a time costs the region in all, and whom; whom it spares."""
    parts: list[Text] = [ngettext("{count} point in all", "{count} points in all", each.total)]
    by_why: dict[Why, list[str]] = defaultdict(list)
    for key, cost in each.burdens.items():
        for reason in cost.reasons:
            by_why[reason.why].append(key)
    for why in Why:
        if why in by_why:
            parts.append(_("{why}: {who}", why=name_why(why), who=countries(ctx, by_why[why])))
    if not any(why in by_why for why in DAYS_OFF):
        parts.append(_("nobody's day off"))
    if each.spared:
        most = max(each.carried.values())
        spared = countries(ctx, each.spared)
        parts.append(
            ngettext(
                "spares {who}, with {count} point so far", "spares {who}, with {count} points so far", most, who=spared
            )
        )
    return _("{about}", about=Listed(tuple(parts)))


def reasons(cost: Burden) -> Text:
    if not cost.reasons:
        return _("nothing")
    return listed(
        [
            _("{why} ({name})", why=name_why(each.why), name=Raw(each.name)) if each.name else name_why(each.why)
            for each in cost.reasons
        ]
    )


def countries(ctx: Context, keys: Iterable[str]) -> Text:
    """Some of them by name, the others counted."""
    those = list(keys)
    names = bearing.called(ctx.session, those[:NAMED])
    shown: list[Text] = [names[key] for key in those[:NAMED]]
    if len(those) > NAMED:
        shown.append(ngettext("{count} other", "{count} others", len(those) - NAMED))
    return listed(shown)
