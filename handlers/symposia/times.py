"""The times of a symposium's days: made from a pattern in one go, then changed one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, Text, _, ngettext
from db.symposia import Block, BlockKind, Symposium, SymposiumSession, SymposiumState
from handlers.paging import turn_pages
from handlers.roundtables import dates

from . import cards, patterns
from .making import must_be_ahead
from .room import of, runs, symposia

WORDS = 600
ALL_DAYS = "all"


def blocks_of(session: Session, symposium: Symposium) -> list[Block]:
    """In the order of time."""
    return list(session.scalars(select(Block).where(Block.symposium_id == symposium.id).order_by(Block.starts_at)))


def block_name(each: Block) -> Text:
    """What a time is for: its own title, else its kind."""
    return Raw(each.title) if each.title else _("{kind}", kind=each.kind)


def span(symposium: Symposium, starts_at: datetime, ends_at: datetime) -> Phrase:
    """From when to when, on the venue's clocks."""
    zone = ZoneInfo(symposium.zone)
    return _("{start}–{end}", start=starts_at.astimezone(zone).time(), end=ends_at.astimezone(zone).time())


def day_of(symposium: Symposium, at: datetime) -> date:
    return at.astimezone(ZoneInfo(symposium.zone)).date()


def days_of(symposium: Symposium) -> list[date]:
    count = (symposium.last_day - symposium.first_day).days + 1
    return [symposium.first_day + timedelta(days=each) for each in range(count)]


@symposia.command("times", _("Times"), allow=runs)
def times(ctx: Context, symposium: Symposium, page: int = 0) -> Screen:
    """The times of one day, a day a page."""
    return times_screen(ctx, symposium, None, page=page)


def times_screen(
    ctx: Context, symposium: Symposium, lead: Phrase | None, *, page: int = 0, more: tuple[Phrase, ...] = ()
) -> Screen:
    by_day = {
        day: list(found)
        for day, found in groupby(blocks_of(ctx.session, symposium), lambda each: day_of(symposium, each.starts_at))
    }
    days = days_of(symposium)
    day = days[page] if 0 <= page < len(days) else days[0]

    rows = tuple(
        Row(
            _("{span} · {what}", span=span(symposium, each.starts_at, each.ends_at), what=block_name(each)),
            None,
            (
                Button(
                    _("Change"),
                    "symposia.block",
                    {"symposium": symposium.id, "block": each.id, **_as_it_is(symposium, each)},
                ),
                button(_("Take it away"), "symposia.block_off", symposium=symposium.id, block=each.id),
            ),
        )
        for each in by_day.get(day, [])
    )
    return Screen(
        lead or _("Times of {ref}", ref=Code(symposium.ref)),
        (
            cards.title(symposium),
            *more,
            _("{day}:", day=day),
            *(() if rows else (_("Nothing is set for that day yet."),)),
        ),
        rows=rows,
        buttons=(
            button(
                _("Set the times of the days"),
                "symposia.pattern",
                style=Style.PLAIN if rows else Style.PRIMARY,
                symposium=symposium.id,
            ),
            button(_("Add a time"), "symposia.add_block", symposium=symposium.id, day=day.isoformat()),
            *turn_pages("symposia.times", page, len(days), 1, symposium=symposium.id),
            cards.back(symposium),
        ),
    )


def _as_it_is(symposium: Symposium, block: Block) -> dict[str, str]:
    zone = ZoneInfo(symposium.zone)
    first, last = (each.astimezone(zone).strftime("%H:%M") for each in (block.starts_at, block.ends_at))
    return {"span": f"{first}–{last}", "kind": block.kind.value} | ({"title": block.title} if block.title else {})


def which_days(ctx: Context, query: str) -> Sequence[Option]:
    """Known by their number: a form's options are the same for every symposium."""
    first = Option(ALL_DAYS, _("Every day"))
    return [first, *(Option(str(number), _("Day {number}", number=number)) for number in range(1, 11))]


@symposia.form("pattern", _("Set the times of the days"), allow=runs)
class Pattern(Form):
    """Every day, or one, from its pattern: what was there before on these days goes."""

    review = False
    symposium: Symposium = ask.about()
    words: str = ask.prose(
        _("From when to when is a day, how long is a session, and what is between?"),
        max=WORDS,
        hint=_(
            "For example: 09:00–17:30, plenary 09:00–10:00, sessions of 45 minutes, break 10:30–11:00, lunch"
            " 12:30–13:30, prayer 15:30–15:45"
        ),
    )
    which: str = ask.choice(_("For which day?"), options=which_days)

    def submit(self, ctx: Context) -> Screen:
        must_be_ahead(self.symposium)
        day = patterns.read_day(self.words, name="words")
        days = days_of(self.symposium)
        if self.which != ALL_DAYS:
            if int(self.which) > len(days):
                count = ngettext("It lasts {count} day.", "It lasts {count} days.", len(days))
                raise Refusal(count, field="which")
            days = [days[int(self.which) - 1]]
        made = set_times(ctx, self.symposium, days, day.spans, name="words")
        sessions = sum(each.kind is not BlockKind.BREAK for each in made)
        lead = ngettext("{count} time for sessions is set.", "{count} times for sessions are set.", sessions)
        left = (
            (
                ngettext(
                    "{count} minute of the day is left over.",
                    "{count} minutes of the day are left over.",
                    day.left_over,
                ),
            )
            if day.left_over
            else ()
        )
        return times_screen(ctx, self.symposium, lead, page=days_of(self.symposium).index(days[0]), more=left)


def set_times(
    ctx: Context, symposium: Symposium, days: Sequence[date], spans: Sequence[patterns.Span], *, name: str
) -> list[Block]:
    """These days have these times and no others. A session stays where its time is one of them. Raises Refusal where
    it would lose a place that is locked or has been published."""
    wanted: dict[datetime, tuple[datetime, patterns.Span]] = {}
    for day in days:
        for each in spans:
            first, last = (
                dates.instant(day, at, symposium.zone, now=ctx.now, field=name) for at in (each.starts_at, each.ends_at)
            )
            wanted[first] = last, each
    kept: dict[datetime, Block] = {}
    for block in blocks_of(ctx.session, symposium):
        if day_of(symposium, block.starts_at) not in days:
            continue
        same = wanted.get(block.starts_at)
        if same is not None:
            if (block.ends_at, block.kind) != (same[0], same[1].kind):
                _free(ctx, symposium, block)
            kept[block.starts_at] = block
        else:
            _free(ctx, symposium, block)
            ctx.session.delete(block)
    ctx.session.flush()
    for starts_at, (ends_at, each) in wanted.items():
        block = kept.get(starts_at) or Block(
            administration_id=symposium.administration_id, symposium_id=symposium.id, starts_at=starts_at
        )
        block.ends_at, block.kind, block.title = ends_at, each.kind, each.title
        ctx.session.add(block)
        kept[starts_at] = block
    ctx.session.flush()
    return [kept[at] for at in sorted(wanted)]


def _free(ctx: Context, symposium: Symposium, block: Block) -> None:
    """Whatever takes place then has no place any longer. Raises Refusal where that may not be."""
    for each in ctx.session.scalars(select(SymposiumSession).where(SymposiumSession.block_id == block.id)):
        if each.is_locked or symposium.state is SymposiumState.PUBLISHED:
            raise Refusal(
                _("“{title}” takes place then. Give it another place first.", title=Raw(each.title, each.language))
            )
        each.block_id = each.room_id = None
    ctx.session.flush()


class _OneTime(Form):
    def _span(self, words: str) -> tuple[int, int]:
        found = patterns.RANGE.fullmatch(patterns.latin(words).strip())
        if found is None:
            raise Refusal(
                _("Please send from when to when, for example {example}.", example=Code("10:30–11:00")), field="span"
            )
        return patterns.minutes(found, words, "span")

    def _put(
        self,
        ctx: Context,
        symposium: Symposium,
        day: date,
        block: Block | None,
        kind: BlockKind,
        title: str | None,
        words: str,
    ) -> Screen:
        must_be_ahead(symposium)
        start, end = self._span(words)
        made = patterns.Span(kind, title, start, end)
        first, last = (
            dates.instant(day, at, symposium.zone, now=ctx.now, field="span") for at in (made.starts_at, made.ends_at)
        )
        for other in blocks_of(ctx.session, symposium):
            if other is not block and other.starts_at < last and first < other.ends_at:
                raise Refusal(
                    _("It overlaps {span}.", span=span(symposium, other.starts_at, other.ends_at)), field="span"
                )
        if block is None:
            block = Block(administration_id=symposium.administration_id, symposium_id=symposium.id)
            ctx.session.add(block)
        elif (block.starts_at, block.ends_at, block.kind) != (first, last, kind):
            _free(ctx, symposium, block)
        block.starts_at, block.ends_at, block.kind, block.title = first, last, kind, title
        ctx.session.flush()
        return times_screen(ctx, symposium, _("Noted."), page=days_of(symposium).index(day))


@symposia.form("block", _("Change a time"), allow=runs)
class Change(_OneTime):
    symposium: Symposium = ask.about()
    block: Block = ask.about()
    span: str = ask.line(_("From when to when?"), max=40)
    kind: BlockKind = ask.choice(_("What is it for?"))
    title: str | None = ask.line(_("What is it called?"), max=patterns.TITLE, optional=True)

    def submit(self, ctx: Context) -> Screen:
        of(self.symposium, self.block)
        day = day_of(self.symposium, self.block.starts_at)
        return self._put(ctx, self.symposium, day, self.block, self.kind, self.title, self.span)


@symposia.form("add_block", _("Add a time"), allow=runs)
class Add(_OneTime):
    symposium: Symposium = ask.about()
    day: date = ask.date(_("On which day?"))
    span: str = ask.line(_("From when to when?"), max=40)
    kind: BlockKind = ask.choice(_("What is it for?"))
    title: str | None = ask.line(_("What is it called?"), max=patterns.TITLE, optional=True)

    def submit(self, ctx: Context) -> Screen:
        if self.day not in days_of(self.symposium):
            raise Refusal(_("That is none of its days."), field="day")
        return self._put(ctx, self.symposium, self.day, None, self.kind, self.title, self.span)


@symposia.command("block_off", _("Take the time away"), allow=runs)
def block_off(ctx: Context, symposium: Symposium, block: Block) -> Screen:
    of(symposium, block)
    must_be_ahead(symposium)
    _free(ctx, symposium, block)
    page = days_of(symposium).index(day_of(symposium, block.starts_at))
    ctx.session.delete(block)
    ctx.session.flush()
    return times_screen(ctx, symposium, _("Taken away."), page=page)
