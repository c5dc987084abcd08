"""The minutes as they are read: by whoever runs the meeting, and by those they went to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Button, Fact, NotFound, Quote, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, When, _
from db.machinery import Receipt
from db.meetings import (
    MINUTES,
    Correction,
    Meeting,
    MeetingState,
    Minute,
    MinuteKind,
    Reply,
)
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called

from .. import cards
from ..room import members, roundtables

WORDS, MESSAGE = 1500, 4000
TAKES_MINUTES = (MeetingState.CONFIRMED, MeetingState.HELD)
# What else can be done about an action, for each of those who run the meeting; whoever knows more registers it here.
NEXT_OF_ACTION: list[Callable[[Context, Meeting, Minute], Button]] = []


def next_of_action(make: Callable[[Context, Meeting, Minute], Button]) -> Callable[[Context, Meeting, Minute], Button]:
    """Register a button for every action in the minutes, such as one that puts it into a plan: seen by those who run
    the meeting, from when it is recorded. The engine hides it from who may not press it."""
    NEXT_OF_ACTION.append(make)
    return make


# The minutes


def lines_of(ctx: Context, meeting_id: int) -> Sequence[Minute]:
    its = select(Minute).where(Minute.meeting_id == meeting_id, Minute.visible_to(ctx.who))
    return ctx.session.scalars(its.order_by(Minute.id)).all()


def _corrections(ctx: Context, lines: Sequence[Minute]) -> dict[int, list[Correction]]:
    """What stands beside each line: proposed and not decided, or not taken over."""
    ids = [each.id for each in lines]
    rows = select(Correction).where(Correction.minute_id.in_(ids), Correction.reply != Reply.YES)
    found: dict[int, list[Correction]] = {}
    for each in ctx.session.scalars(rows.order_by(Correction.id)):
        found.setdefault(each.minute_id, []).append(each)
    return found


def said(ctx: Context, lines: Sequence[Minute], first: int = 1) -> tuple[Quote, ...]:
    """Every line from number `first` on, with what somebody who was there would rather have read there."""
    beside = _corrections(ctx, lines)
    names = called(ctx.session, {each.author_id for some in beside.values() for each in some})
    quotes: list[Quote] = []
    for number, line in enumerate(lines, first):
        label = _("{number}. {kind}", number=number, kind=line.kind)
        was = _("corrected") if line.first_words else None
        quotes.append(Quote(Raw(line.words, line.language), by=was, label=label))
        for each in beside.get(line.id, ()):
            label = _("{name} says of {number}", name=names[each.author_id], number=number)
            quotes.append(Quote(Raw(each.words, each.language), label=label))
    return tuple(quotes)


@roundtables.command("minutes", _("Minutes"), allow=members, reads=members)
def minutes(ctx: Context, meeting: Meeting, page: int | None = None) -> Screen:
    """What was recorded, for whoever may read it; opening it is the sign that it was opened."""
    receipt = receipt_of(ctx, meeting)
    if receipt is not None and receipt.opened_at is None:
        receipt.opened_at = ctx.now
    return page_of(ctx, meeting, None, page)


def page_of(ctx: Context, meeting: Meeting, lead: Phrase | None, page: int | None = None) -> Screen:
    """Whoever runs it has buttons for each line, and so turns pages; while they write, the last one comes first."""
    lines = lines_of(ctx, meeting.id)
    is_mine = meeting.is_run_by(ctx.who)
    if not lines and not is_mine:
        raise NotFound()
    last = max(len(lines) - 1, 0) // PAGE
    page = min(page if page is not None else last if meeting.state in TAKES_MINUTES else 0, last)
    first = page * PAGE if is_mine else 0
    shown = lines[first : first + PAGE] if is_mine else lines
    title = lead or _("Minutes of {ref}", ref=Code(meeting.ref))
    screen = minutes_screen(ctx, meeting, title, shown, first=first + 1)
    receipt = receipt_of(ctx, meeting)
    buttons: list[Button] = []
    if receipt is not None and receipt.acknowledged_at is None:
        buttons.append(to_acknowledge(meeting))
    if meeting.state is MeetingState.CORRECTING and lines:
        buttons += [button(_("Correct something"), "roundtables.correct", meeting=meeting.id)]
    rows = _decisions(ctx, meeting, lines, first) if is_mine else ()
    turn = turn_pages("roundtables.minutes", page, len(lines), meeting=meeting.id) if is_mine else ()
    more = cards.run_buttons(ctx, meeting) if is_mine and meeting.state in TAKES_MINUTES else ()
    kept = tuple(each for each in more if each.command != "roundtables.minutes")
    return Screen(
        screen.heading, screen.body, screen.facts, rows=rows, buttons=(*turn, *buttons, *kept, cards.open_it(meeting))
    )


def minutes_screen(ctx: Context, meeting: Meeting, lead: Phrase, lines: Sequence[Minute], *, first: int = 1) -> Screen:
    none = () if lines else (_("Nothing has been recorded."),)
    until = meeting.corrections_until if meeting.state is MeetingState.CORRECTING else None
    return Screen(
        lead,
        (cards.title(meeting), *none, *said(ctx, lines, first)),
        (
            *((Fact(_("When"), cards.at(meeting)),) if meeting.starts_at is not None else ()),
            *((Fact(_("May be corrected until"), When(until)),) if until is not None else ()),
        ),
    )


def _decisions(ctx: Context, meeting: Meeting, lines: Sequence[Minute], first: int) -> tuple[Row, ...]:
    """What whoever runs it can do about each line of a page: strike it out; and about any: take a correction over."""
    is_open = meeting.state in TAKES_MINUTES
    listed = [
        Row(
            _("{number}. {kind}", number=number, kind=each.kind),
            None,
            (
                *(make(ctx, meeting, each) for make in NEXT_OF_ACTION if each.kind is MinuteKind.ACTION),
                *(
                    (button(_("Strike it out"), "roundtables.strike", meeting=meeting.id, minute=each.id),)
                    if is_open
                    else ()
                ),
            ),
        )
        for number, each in enumerate(lines[first : first + PAGE], first + 1)
    ]
    kept = tuple(each for each in listed if each.buttons)
    if meeting.state is not MeetingState.CORRECTING:
        return kept
    numbers = {each.id: number for number, each in enumerate(lines, 1)}
    waiting = [each for some in _corrections(ctx, lines).values() for each in some if each.reply is Reply.OPEN]
    return kept + tuple(
        Row(
            _("A correction of {number}", number=numbers[each.minute_id]),
            Raw(each.words, each.language),
            (
                button(_("Take it over"), "roundtables.take_over", meeting=meeting.id, correction=each.id),
                button(_("Let it stand beside"), "roundtables.stand_beside", meeting=meeting.id, correction=each.id),
            ),
        )
        for each in waiting
    )


def to_acknowledge(meeting: Meeting) -> Button:
    return button(_("Acknowledge"), "roundtables.acknowledge", style=Style.PRIMARY, meeting=meeting.id)


def receipt_of(ctx: Context, meeting: Meeting) -> Receipt | None:
    mine = Receipt.about == MINUTES, Receipt.about_id == meeting.id, Receipt.person_id == ctx.who.id
    return ctx.session.scalar(select(Receipt).where(*mine))
