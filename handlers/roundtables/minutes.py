"""The minutes: what was noted and decided; corrected by those who were there, then sent to them and to whoever sent
apologies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context, Told
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Fact, NotFound, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, Text, When, _, ngettext
from db.ledger import heard_by
from db.machinery import Receipt
from db.meetings import (
    MINUTED,
    MINUTES,
    Attendance,
    Correction,
    Meeting,
    MeetingState,
    Minute,
    MinuteKind,
    Reply,
)
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called

from . import cards, dating, holding, rooming, telling
from .room import callers, members, roundtables, runs

WORDS, MESSAGE = 1500, 4000
CORRECTIONS = timedelta(hours=48)  # so long whoever was there may say what is wrong
TAKES_MINUTES = (MeetingState.CONFIRMED, MeetingState.HELD)
# What else can be done about an action, for each of those who run the meeting; whoever knows more registers it here.
NEXT_OF_ACTION: list[Callable[[Context, Meeting, Minute], Button]] = []
RECORDED = {
    MinuteKind.NOTE: _("Noted."),
    MinuteKind.DECISION: _("Recorded as a decision."),
    MinuteKind.ACTION: _("Recorded as an action."),
}


def next_of_action(make: Callable[[Context, Meeting, Minute], Button]) -> Callable[[Context, Meeting, Minute], Button]:
    """Register a button for every action in the minutes, such as one that puts it into a plan: seen by those who run
    the meeting, from when it is recorded. The engine hides it from who may not press it."""
    NEXT_OF_ACTION.append(make)
    return make


# What is written down


def record(ctx: Context, meeting: Meeting, kind: MinuteKind, words: str) -> Minute:
    """One line of the minutes. Raises Refusal where none can be written any longer, or yet."""
    _must_have_begun(ctx, meeting)
    made = Minute(
        administration_id=meeting.administration_id,
        meeting_id=meeting.id,
        kind=kind,
        words=words,
        language=ctx.who.language,
        author_id=ctx.who.id,
        at=ctx.now,
    )
    ctx.session.add(made)
    ctx.session.flush()
    return made


def _must_have_begun(ctx: Context, meeting: Meeting) -> None:
    begun = meeting.starts_at is not None and meeting.starts_at <= ctx.now
    if meeting.state not in TAKES_MINUTES or not begun:
        raise Refusal(_("Nothing can be recorded now. Its state is: {state}.", state=meeting.state))


def _recorded(ctx: Context, meeting: Meeting, kind: MinuteKind, words: str) -> Screen:
    record(ctx, meeting, kind, words)
    return _minutes(ctx, meeting, RECORDED[kind])


@roundtables.form("note", _("Take a note"), allow=runs)
class Note(Form):
    review = False
    meeting: Meeting = ask.about()
    words: str = ask.prose(_("What is to be kept?"), max=WORDS)

    def submit(self, ctx: Context) -> Screen:
        return _recorded(ctx, self.meeting, MinuteKind.NOTE, self.words)


@roundtables.form("decision", _("Record a decision"), allow=runs)
class Decide(Form):
    review = False
    meeting: Meeting = ask.about()
    words: str = ask.prose(_("What was decided?"), max=WORDS)

    def submit(self, ctx: Context) -> Screen:
        return _recorded(ctx, self.meeting, MinuteKind.DECISION, self.words)


@roundtables.form("action", _("Make it an action"), allow=runs)
class Act(Form):
    review = False
    meeting: Meeting = ask.about()
    words: str = ask.prose(_("Who does what, until when?"), max=WORDS)

    def submit(self, ctx: Context) -> Screen:
        return _recorded(ctx, self.meeting, MinuteKind.ACTION, self.words)


def running(ctx: Context, query: str) -> Sequence[Option]:
    """The meetings whose minutes whoever asks can take now, the latest first."""
    open_ = [Meeting.state.in_(TAKES_MINUTES), Meeting.starts_at <= ctx.now, Meeting.run_by(ctx.who)]
    wanted = query.strip().casefold()
    if wanted.isdecimal() and len(wanted) < 18:  # one that is meant is found however many there are
        open_.append(Meeting.id == int(wanted))
    found = ctx.session.scalars(select(Meeting).where(*open_).order_by(Meeting.starts_at.desc()).limit(8)).all()
    return [
        Option(str(each.id), _("{ref}: {title}", ref=Code(each.ref), title=cards.title(each)))
        for each in found
        if wanted in ("", str(each.id)) or wanted in f"{each.ref}: {each.title or ''}".casefold()
    ]


OF_WHICH = ask.pick(_("Of which meeting?"), options=running, hint=_("One that has begun, and that you run."))


class _OfAMessage(Form):
    """Base of the forms that a message's words come along to."""

    review = False

    @classmethod
    def placed(cls, ctx: Context) -> Mapping[str, Any]:
        return _here(ctx)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_run_one(ctx)


@roundtables.form("to_decision", _("Record as decision"), allow=callers, takes="decision")
class ToDecision(_OfAMessage):
    """A message becomes a decision of a meeting: its words come along."""

    words: str = ask.prose(_("What was decided?"), max=MESSAGE)
    about: int = OF_WHICH

    def submit(self, ctx: Context) -> Screen:
        return _recorded(ctx, _chosen(ctx, self.about), MinuteKind.DECISION, self.words)


@roundtables.form("to_action", _("Make it an action"), allow=callers, takes="action")
class ToAction(_OfAMessage):
    """A message becomes an action of a meeting."""

    words: str = ask.prose(_("Who does what, until when?"), max=MESSAGE)
    about: int = OF_WHICH

    def submit(self, ctx: Context) -> Screen:
        return _recorded(ctx, _chosen(ctx, self.about), MinuteKind.ACTION, self.words)


def _here(ctx: Context) -> dict[str, str]:
    """In a meeting's own room it is that meeting's, and nobody is asked which one."""
    meeting = rooming.meeting_here(ctx)
    if meeting is None:
        return {}
    _must_have_begun(ctx, meeting)
    return {"about": str(meeting.id)}


def _must_run_one(ctx: Context) -> None:
    if not running(ctx, ""):
        raise Refusal(_("None of your meetings is under way."))


def _chosen(ctx: Context, meeting_id: int) -> Meeting:
    """The meeting that was picked, if it is still theirs to run."""
    meeting = ctx.session.scalar(select(Meeting).where(Meeting.id == meeting_id, Meeting.run_by(ctx.who)))
    if meeting is None:
        raise NotFound(telling.NOT_FOUND)
    return meeting


@roundtables.command("strike", _("Strike it out"), allow=runs)
def strike(ctx: Context, meeting: Meeting, minute: Minute) -> Screen:
    """A line that should not have been written, before anybody else has read it."""
    telling.of(meeting, minute)
    if meeting.state not in TAKES_MINUTES:
        raise Refusal(_("Others have read it. It can be corrected, not struck out."))
    ctx.session.delete(minute)
    ctx.session.flush()
    return _minutes(ctx, meeting, _("Struck out."))


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


def _said(ctx: Context, lines: Sequence[Minute], first: int = 1) -> tuple[Quote, ...]:
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
    receipt = _receipt(ctx, meeting)
    if receipt is not None and receipt.opened_at is None:
        receipt.opened_at = ctx.now
    return _minutes(ctx, meeting, None, page)


def _minutes(ctx: Context, meeting: Meeting, lead: Phrase | None, page: int | None = None) -> Screen:
    """Whoever runs it has buttons for each line, and so turns pages; while they write, the last one comes first."""
    lines = lines_of(ctx, meeting.id)
    is_mine = meeting.is_run_by(ctx.who)
    if not lines and not is_mine:
        raise NotFound(telling.NOT_FOUND)
    last = max(len(lines) - 1, 0) // PAGE
    page = min(page if page is not None else last if meeting.state in TAKES_MINUTES else 0, last)
    first = page * PAGE if is_mine else 0
    shown = lines[first : first + PAGE] if is_mine else lines
    title = lead or _("Minutes of {ref}", ref=Code(meeting.ref))
    screen = minutes_screen(ctx, meeting, title, shown, first=first + 1)
    receipt = _receipt(ctx, meeting)
    buttons: list[Button] = []
    if receipt is not None and receipt.acknowledged_at is None:
        buttons.append(_acknowledge(meeting))
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
        (cards.title(meeting), *none, *_said(ctx, lines, first)),
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


# Corrections


@roundtables.command(
    "finish",
    _("Let it be corrected"),
    allow=runs,
    confirm=_("Whoever was there reads the minutes now and may correct them for two days. Then they go out. Go on?"),
)
def finish(ctx: Context, meeting: Meeting) -> Screen:
    """Whoever was there reads the minutes, and may say what is wrong with them in a stated time."""
    if not lines_of(ctx, meeting.id):
        raise Refusal(_("Nothing has been recorded yet."))
    until = ctx.now + CORRECTIONS
    if not meeting.open_minutes(until):
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=meeting.state))
    ctx.session.flush()
    ctx.later(until, "roundtables.close", key=f"{meeting.ref}:close", meeting=meeting.id)
    there = [each for each in holding.invited(ctx, meeting) if each.attendance is Attendance.PRESENT]
    lines = lines_of(ctx, meeting.id)
    lead = _("These are the minutes of a meeting you were at. Is anything wrong?")
    screen = minutes_screen(ctx, meeting, lead, lines)
    correct = button(_("Correct something"), "roundtables.correct", style=Style.PRIMARY, meeting=meeting.id)
    draft = Screen(screen.heading, screen.body, screen.facts, buttons=(correct, cards.open_it(meeting)))
    for each in there:
        ctx.notify(each.person_id, draft, once=f"{meeting.ref}:draft", until=until)
    told = ngettext(
        "{count} person who was there reads them now.", "{count} people who were there read them now.", len(there)
    )
    return _minutes(ctx, meeting, told)


def numbered(ctx: Context, query: str) -> Sequence[Option]:
    """The lines of the minutes the form is about, by the numbers they are read under."""
    wanted = query.strip().casefold()
    return [
        Option(str(number), _("{number}. {kind}: {words}", number=number, kind=line.kind, words=_start_of(line)))
        for number, line in enumerate(lines_of(ctx, ctx.bound["meeting"]), 1)
        if wanted in ("", str(number)) or wanted in line.words.casefold()
    ]


def _start_of(line: Minute) -> Raw:
    return Raw(line.words[:80], line.language)


@roundtables.form("correct", _("Correct something"), allow=members, reads=members)
class Correct(Form):
    """Somebody who was there says how a line should read."""

    meeting: Meeting = ask.about()
    line: int = ask.pick(_("Which line is wrong?"), options=numbered, hint=_("Type its number."))
    words: str = ask.prose(_("How should it read?"), max=WORDS)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        meeting = bound["meeting"]
        if not lines_of(ctx, meeting.id):
            raise NotFound(telling.NOT_FOUND)
        if meeting.state is not MeetingState.CORRECTING or ctx.now >= meeting.corrections_until:
            raise Refusal(_("The time for corrections has passed."))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return _said(ctx, lines_of(ctx, bound["meeting"].id))

    def submit(self, ctx: Context) -> Screen:
        line = dict(enumerate(lines_of(ctx, self.meeting.id), 1)).get(self.line)
        if line is None:
            raise Refusal(_("Please choose one of the answers offered."), field="line")
        made = Correction(
            administration_id=self.meeting.administration_id,
            minute_id=line.id,
            author_id=ctx.who.id,
            words=self.words,
            language=ctx.who.language,
            at=ctx.now,
        )
        ctx.session.add(made)
        ctx.session.flush()
        lead = _("{name} corrects the minutes of {ref}.", name=ctx.who.name, ref=Code(self.meeting.ref))
        look = button(_("Minutes"), "roundtables.minutes", style=Style.PRIMARY, meeting=self.meeting.id)
        telling.organiser(ctx, self.meeting, lead, once=f"correction:{made.id}", more=(look,))
        return _minutes(ctx, self.meeting, _("Noted. It is taken over, or stands beside the line in what goes out."))


@roundtables.command("take_over", _("Take it over"), allow=runs)
def take_over(ctx: Context, meeting: Meeting, correction: Correction) -> Screen:
    """The line reads as it was corrected from now on."""
    line = _line_of(ctx, meeting, correction)
    if not correction.decide(Reply.YES, ctx.who.id):
        raise Refusal(_("This has been answered already."))
    line.correct(correction.words)
    line.language = correction.language
    ctx.session.flush()
    return _minutes(ctx, meeting, _("Taken over."))


@roundtables.command("stand_beside", _("Let it stand beside"), allow=runs)
def stand_beside(ctx: Context, meeting: Meeting, correction: Correction) -> Screen:
    """Both go out: the line, and what somebody says of it."""
    _line_of(ctx, meeting, correction)
    if not correction.decide(Reply.NO, ctx.who.id):
        raise Refusal(_("This has been answered already."))
    ctx.session.flush()
    return _minutes(ctx, meeting, _("It stands beside the line."))


def _line_of(ctx: Context, meeting: Meeting, correction: Correction) -> Minute:
    line = ctx.session.get_one(Minute, correction.minute_id)
    telling.of(meeting, line)
    if meeting.state is not MeetingState.CORRECTING:
        raise Refusal(_("The minutes have gone out."))
    return line


# Sent


@roundtables.job("close")
def close(ctx: Context, meeting: Meeting) -> None:
    """The time for corrections has passed: the minutes go to everybody who was there or sent apologies."""
    if not meeting.close(at=ctx.now):
        return
    ctx.session.flush()
    rooming.end(ctx, meeting, *rooming.minutes_are_with(meeting))
    lines = ctx.session.scalars(select(Minute).where(Minute.meeting_id == meeting.id).order_by(Minute.id)).all()
    screen = minutes_screen(ctx, meeting, _("The minutes of a meeting"), lines)
    sent = Screen(screen.heading, screen.body, screen.facts, buttons=(_acknowledge(meeting), cards.open_it(meeting)))
    to = [each.person_id for each in holding.invited(ctx, meeting) if each.attendance in MINUTED]
    for person_id in to:
        ctx.notify(person_id, sent, once=f"{meeting.ref}:minutes", told=Told(MINUTES, meeting.id))
    if meeting.organiser_id not in to:
        heard_ = button(_("Who has heard"), "roundtables.heard", meeting=meeting.id)
        done = Screen(screen.heading, screen.body, screen.facts, buttons=(heard_, cards.open_it(meeting)))
        ctx.notify(meeting.organiser_id, done, once=f"{meeting.ref}:minutes")


def _acknowledge(meeting: Meeting) -> Button:
    return button(_("Acknowledge"), "roundtables.acknowledge", style=Style.PRIMARY, meeting=meeting.id)


@roundtables.command("acknowledge", _("Acknowledge"), allow=members, reads=members, by_link=True)
def acknowledge(ctx: Context, meeting: Meeting) -> Screen:
    """One has read the minutes."""
    receipt = _receipt(ctx, meeting)
    if receipt is None:
        raise NotFound(telling.NOT_FOUND)
    dating.acknowledge(ctx, receipt)
    return _minutes(ctx, meeting, _("Thank you. Whoever organised it knows that you have read them."))


def _receipt(ctx: Context, meeting: Meeting) -> Receipt | None:
    mine = Receipt.about == MINUTES, Receipt.about_id == meeting.id, Receipt.person_id == ctx.who.id
    return ctx.session.scalar(select(Receipt).where(*mine))


@roundtables.command("heard", _("Who has heard"), allow=runs, reads=runs)
def heard(ctx: Context, meeting: Meeting, page: int = 0) -> Screen:
    """How far the minutes have come with each of those they went to."""
    found = heard_by(ctx.session, MINUTES, meeting.id)
    names: dict[int, Text] = called(ctx.session, set(found))
    order = sorted(found, key=lambda person_id: list(type(found[person_id][0])).index(found[person_id][0]))
    rows = tuple(
        Row(names[each], _("{state}, {when}", state=found[each][0], when=When(found[each][1])))
        for each in order[page * PAGE : (page + 1) * PAGE]
    )
    return Screen(
        _("Who has heard of the minutes of {ref}", ref=Code(meeting.ref)),
        (cards.title(meeting),) if rows else (cards.title(meeting), _("They went to nobody yet.")),
        rows=rows,
        buttons=(*turn_pages("roundtables.heard", page, len(order), meeting=meeting.id), cards.open_it(meeting)),
    )
