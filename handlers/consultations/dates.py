"""The days of a consultation, as its owners say them, and the instants they mean in its zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.kit.context import Context
from bot.kit.forms import Option
from bot.kit.screen import Refusal, Scalar
from bot.kit.text import _
from db.consultations import Consultation
from handlers.roundtables.dates import home_week, working_days

OPENS, CLOSES = time(9, 0), time(23, 59)  # of the first day and of the last
PROMISED = timedelta(days=56)  # after the close, unless its owners say otherwise
ANSWER_DAYS = 10  # working days, for a proposal
LONGEST = timedelta(days=730)
SOON, LENGTHS = (1, 7, 14), (21, 30, 45, 60)  # days from now, to choose from


def openings(ctx: Context, query: str) -> Sequence[Option]:
    return _from_now(ctx, SOON)


def closings(ctx: Context, query: str) -> Sequence[Option]:
    return _from_now(ctx, LENGTHS)


def _from_now(ctx: Context, after: Sequence[int]) -> list[Option]:
    today = ctx.now.astimezone(ZoneInfo(ctx.who.zone)).date()
    days = [today + timedelta(days=each) for each in after]
    return [Option(day.isoformat(), _("{day}", day=day)) for day in days]


def instant(day: date, at: time, zone: str) -> datetime:
    """The instant at which the clocks of `zone` show that; of a time they leave out, the next they show."""
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)


def begin(ctx: Context, day: date | None, zone: str, *, field: str) -> datetime | None:
    """The morning of a day; of today now. Raises Refusal for one that is past."""
    if day is None:
        return None
    if day < ctx.now.astimezone(ZoneInfo(zone)).date():
        raise Refusal(_("That is past already."), field=field)
    return max(instant(day, OPENS, zone), ctx.now)


def end(ctx: Context, day: date, zone: str, *, after: datetime, field: str) -> datetime:
    """The end of a day. Raises Refusal unless it comes `after` that, and after now."""
    ends = instant(day, CLOSES, zone)
    if ends <= ctx.now:
        raise Refusal(_("That is past already."), field=field)
    if ends <= after:
        raise Refusal(_("That is before it opens."), field=field)
    if ends - ctx.now > LONGEST:
        raise Refusal(_("That is too far ahead."), field=field)
    return ends


def span(ctx: Context, from_day: date, until_day: date, zone: str) -> tuple[datetime, datetime]:
    """From the morning of one day, or from now where it is today, to the end of another. Raises Refusal."""
    begins = begin(ctx, from_day, zone, field="from_day") or ctx.now
    return begins, end(ctx, until_day, zone, after=begins, field="until_day")


def answer_due(ctx: Context, consultation: Consultation) -> datetime:
    """The end of the last working day on which an answer to a proposal is in time."""
    days = working_days(home_week(ctx), consultation.created_at.date(), ANSWER_DAYS)
    return instant(days[-1], CLOSES, consultation.zone)


def days_of(consultation: Consultation) -> dict[str, Scalar]:
    """As they are, for the form that changes them."""

    def day(at: datetime | None) -> str | None:
        return at.astimezone(ZoneInfo(consultation.zone)).date().isoformat() if at is not None else None

    return {
        "zone": consultation.zone,
        "shaping_day": day(consultation.shaping_at),
        "drafting_day": day(consultation.drafting_at),
        "from_day": day(consultation.comments_at),
        "until_day": day(consultation.closes_at),
        "outcome_day": day(consultation.outcome_due),
    }
