"""How far a broadcast has come: a bar that is edited in place, a live page, what failed and what mends it, who is in
doubt. Everything is counted from the copies, so that it is the same after a restart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.screen import Button, Fact, Progress, Refusal, Row, Screen, Style, Table, button
from bot.kit.text import Raw, Text, _, ngettext
from db.broadcasts import UNDER_WAY, Broadcast, BroadcastCopy, Standing
from db.broadcasts.copies import by_country, done_by, is_over, send_again, tally, unfinished, why_failed
from db.machinery import OUTBOX_HOLD, Sending, Setting
from db.people import Person
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import SOMEBODY
from scheduling.regions import name_of

from . import answers, cards, reasons, runners, voices
from .room import ON_BROADCAST, WHEN_BEGUN, WHEN_ENDED, broadcasts, senders

EVERY, SELDOM = timedelta(seconds=5), timedelta(minutes=15)  # how often it is told, at first and after hours
PORTIONS_A_PRESS = 50  # copies in doubt that are sent again at once: ten thousand


@broadcasts.command("progress", _("How far it has come"), allow=senders)
def progress(ctx: Context, broadcast: Broadcast) -> Screen:
    """The whole of it, for whoever runs it."""
    if broadcast.began_at is None:
        raise Refusal(_("Nothing of it has been sent yet."), buttons=(cards.open_it(broadcast),))
    shown = bar(ctx, broadcast)
    counted = ((country, tuple(counts)) for country, *counts in by_country(ctx.session, broadcast))
    countries = tuple(
        (Raw(name_of(country, ctx.who.language)) if country is not None else voices.OTHERS, *counts)
        for country, counts in voices.gathered(broadcast, counted)
    )
    return Screen(
        shown.heading,
        (*shown.body, *_failures(ctx, broadcast), *reasons.of_the_old(ctx.session, broadcast)),
        facts=shown.facts,
        table=Table(
            _("By country"),
            (
                _("Country"),
                _("People"),
                _("Waits") if _moves(broadcast) else _("Not sent"),
                _("Delivered"),
                _("Opened"),
                _("Answered"),
                _("Not reached"),
                _("In doubt"),
            ),
            countries,
        ),
        buttons=(
            button(_("Look again"), "broadcasts.progress", broadcast=broadcast.id),
            *(each for each in shown.buttons if each.command != "broadcasts.progress"),
            *_live(ctx, broadcast),
            *answers.on_card(ctx, broadcast),
            cards.open_it(broadcast),
        ),
    )


def _live(ctx: Context, broadcast: Broadcast) -> tuple[Button, ...]:
    """To where it is seen to move, while it does."""
    if broadcast.standing not in UNDER_WAY:
        return ()
    return (Button(_("Watch it move on a page"), url=ctx.page(f"progress/{broadcast.ref}")),)


@broadcasts.page("progress", shows="progress")
def _public(session: object, words: str, *, at: datetime) -> None:
    """Nothing for strangers; whoever runs it sees it there, and sees it move."""


@broadcasts.command("pause", _("Pause"), allow=senders)
def pause(ctx: Context, broadcast: Broadcast) -> Screen:
    """What is on its way arrives; nothing more goes until somebody goes on."""
    its = runners.lock(ctx, broadcast)
    if not its.pause():
        raise Refusal(_("It is not being sent now."), buttons=(cards.open_it(its),))
    ctx.session.flush()
    return bar(ctx, its)


@broadcasts.command("resume", _("Go on"), allow=senders)
def resume(ctx: Context, broadcast: Broadcast) -> Screen:
    """Send what is left."""
    its = runners.lock(ctx, broadcast)
    if ctx.session.get(Setting, OUTBOX_HOLD) is not None:
        raise Refusal(_("Parley was restored from a backup, and sends nothing until that is released."))
    if not its.resume():
        raise Refusal(_("It is not paused."), buttons=(cards.open_it(its),))
    ctx.session.flush()
    _go_on(ctx, its)
    return bar(ctx, its)


@broadcasts.command("doubtful", _("Who is in doubt"), allow=senders, reads=senders)
def doubtful(ctx: Context, broadcast: Broadcast, page: int = 0) -> Screen:
    """Those of whom nobody knows whether their copy arrived, by name where they are of one's own administration."""
    which = BroadcastCopy.broadcast_id == broadcast.id, BroadcastCopy.state == Sending.IN_DOUBT
    total = ctx.session.scalar(select(func.count()).select_from(BroadcastCopy).where(*which)) or 0
    found = ctx.session.execute(
        select(BroadcastCopy, Person)
        .join(Person, Person.id == BroadcastCopy.person_id)
        .where(*which)
        .order_by(BroadcastCopy.id)
        .limit(PAGE)
        .offset(page * PAGE)
    )
    again = (
        (button(_("Send to them again"), "broadcasts.again", style=Style.PRIMARY, broadcast=broadcast.id),)
        if total and broadcast.standing in (*UNDER_WAY, Standing.SENT)
        else ()
    )
    return Screen(
        _("Who is in doubt"),
        (
            _("The connection broke between sending and the platform's answer. They may have it, or not.")
            if total
            else _("Nobody is."),
        ),
        rows=tuple(_doubt(ctx, broadcast, copy, person) for copy, person in found),
        buttons=(*turn_pages("broadcasts.doubtful", page, total, broadcast=broadcast.id), *again, _look(broadcast)),
    )


@broadcasts.command(
    "again",
    _("Send to them again"),
    allow=senders,
    confirm=_("Some of them may get it a second time; it tells them so. Send it again?"),
)
def again(ctx: Context, broadcast: Broadcast) -> Screen:
    """Whoever is in doubt gets a copy that says it may be the second."""
    its = runners.lock(ctx, broadcast)
    if its.standing not in (*UNDER_WAY, Standing.SENT):
        raise Refusal(_("It is not sent any more."), buttons=(cards.open_it(its),))
    portions = send_again(
        ctx.session, its, BroadcastCopy.state == Sending.IN_DOUBT, at=ctx.now, most=PORTIONS_A_PRESS, repeated=True
    )
    if not portions:
        raise Refusal(_("Nobody is in doubt."), buttons=(_look(its),))
    if its.reopen(expires_at=ctx.now + timedelta(days=3)):
        _tell_later(ctx, its)
    if its.standing is Standing.SENDING:
        for portion in portions:
            ctx.send_out(portion)
    ctx.session.flush()
    return bar(ctx, its)


# The message that is edited


def bar(ctx: Context, broadcast: Broadcast) -> Screen:
    """How far it has come, in short."""
    counts = tally(ctx.session, broadcast)
    total = sum(counts.values())
    left = counts.get(Sending.WAITING, 0) + counts.get(Sending.SENDING, 0) + counts.get(Sending.HELD, 0)
    opened, answered = done_by(ctx.session, broadcast)
    facts = (
        Fact(_("Standing"), broadcast.standing),
        Fact(_("Delivered"), counts.get(Sending.ACCEPTED, 0)),
        Fact(_("Opened"), opened),
        Fact(_("Answered"), answered),
        Fact(_("Not reached"), counts.get(Sending.FAILED, 0) + counts.get(Sending.EXPIRED, 0)),
        *((Fact(_("In doubt"), counts[Sending.IN_DOUBT]),) if counts.get(Sending.IN_DOUBT) else ()),
        *((Fact(_("Not sent"), left),) if left and not _moves(broadcast) else ()),
        *_next(ctx, broadcast),
    )
    return Screen(
        cards.title(ctx.session, broadcast, ctx.who.language),
        (Progress(total - left, total),) if _moves(broadcast) else (),
        facts=facts,
        buttons=(*_steps(broadcast), _look(broadcast), *_doubts(broadcast, counts)),
    )


def _moves(broadcast: Broadcast) -> bool:
    """Whether what waits still goes. A bar of what was stopped would stand for ever, and its page load itself anew."""
    return broadcast.standing not in (Standing.STOPPED, Standing.WITHDRAWN)


@broadcasts.job("look")
def look(ctx: Context, broadcast: Broadcast, done: int) -> None:
    """Edit the bar, if it has moved, and look again later."""
    ctx.session.refresh(broadcast)
    counts = tally(ctx.session, broadcast)
    left = counts.get(Sending.WAITING, 0) + counts.get(Sending.SENDING, 0)
    now_done = sum(counts.values()) - left
    if now_done != done or broadcast.standing is not Standing.SENDING:
        ctx.revise(broadcast.author_id, _of_author(ctx, broadcast), once=_once(broadcast))
    if broadcast.standing is Standing.SENDING and left:
        _tell_later(ctx, broadcast, now_done)


@broadcasts.job("over")
def over(ctx: Context, broadcast: Broadcast) -> None:
    """Nothing of it waits any longer: it is sent, and its author hears what became of it."""
    its = runners.lock(ctx, broadcast)
    if not is_over(ctx.session, its) or not its.finish(at=ctx.now):
        return
    ctx.session.flush()
    ctx.revise(its.author_id, _of_author(ctx, its), once=_once(its))
    counts = tally(ctx.session, its)
    reached = counts.get(Sending.ACCEPTED, 0)
    ctx.notify(
        its.author_id,
        Screen(
            _("Your broadcast is sent."),
            (
                ngettext("{count} person has it.", "{count} people have it.", reached),
                *_failures(ctx, its),
            ),
            buttons=(_look(its), *_doubts(its, counts)),
        ),
        once=f"{its.ref}:over:{its.version}",
    )
    for each in WHEN_ENDED:
        each(ctx, its)


def _begun(ctx: Context, broadcast: Broadcast) -> None:
    ctx.notify(broadcast.author_id, _of_author(ctx, broadcast), once=_once(broadcast), urgent=True)
    if is_over(ctx.session, broadcast):  # there is nobody who can be written to
        ctx.later(ctx.now, "broadcasts.over", key=f"{broadcast.ref}:over:{broadcast.version}", broadcast=broadcast.id)
    _tell_later(ctx, broadcast)


def _on_card(ctx: Context, broadcast: Broadcast) -> tuple[Button, ...]:
    return (*_steps(broadcast), _look(broadcast)) if broadcast.began_at is not None else ()


WHEN_BEGUN.append(_begun)
ON_BROADCAST.append(_on_card)


def _go_on(ctx: Context, broadcast: Broadcast) -> None:
    for portion in ctx.session.scalars(unfinished(broadcast)):
        ctx.send_out(portion)
    if is_over(ctx.session, broadcast):
        ctx.later(ctx.now, "broadcasts.over", key=f"{broadcast.ref}:over:{broadcast.version}", broadcast=broadcast.id)
    _tell_later(ctx, broadcast)


def _tell_later(ctx: Context, broadcast: Broadcast, done: int = -1) -> None:
    """Look again in a few seconds; after hours every few minutes; while nothing is due, when something is."""
    since = ctx.now - (broadcast.began_at or ctx.now)
    at = ctx.now + max(EVERY, min(SELDOM, since / 50))
    following = ctx.session.scalar(unfinished(broadcast).limit(1))
    if following is not None and following.at > at:
        at = following.at + EVERY
    key = f"{broadcast.ref}:look:{at.isoformat()}"
    ctx.later(at, "broadcasts.look", key=key, broadcast=broadcast.id, done=done)


def _of_author(ctx: Context, broadcast: Broadcast) -> Screen:
    shown = bar(ctx, broadcast)
    author = ctx.session.get_one(Person, broadcast.author_id)
    heading = cards.title(ctx.session, broadcast, author.language)
    return Screen(heading, shown.body, facts=shown.facts, buttons=shown.buttons)


def _once(broadcast: Broadcast) -> str:
    return f"{broadcast.ref}:progress"


def _next(ctx: Context, broadcast: Broadcast) -> Sequence[Fact]:
    """When it goes on, where nothing is due now."""
    if broadcast.standing is not Standing.SENDING:
        return ()
    following = ctx.session.scalar(unfinished(broadcast).limit(1))
    return (Fact(_("Goes on"), following.at),) if following is not None and following.at > ctx.now else ()


def _failures(ctx: Context, broadcast: Broadcast) -> tuple[Text, ...]:
    found = []
    for reason, count in why_failed(ctx.session, broadcast):
        people = ngettext("{count} person", "{count} people", count)
        found.append(_("{people}: {why} {mends}", people=people, why=reasons.why(reason), mends=reasons.repair(reason)))
    return tuple(found)


def _steps(broadcast: Broadcast) -> tuple[Button, ...]:
    if broadcast.standing is Standing.SENDING:
        return (button(_("Pause"), "broadcasts.pause", broadcast=broadcast.id),)
    if broadcast.standing is Standing.PAUSED:
        return (button(_("Go on"), "broadcasts.resume", style=Style.PRIMARY, broadcast=broadcast.id),)
    return ()


def _doubts(broadcast: Broadcast, counts: Mapping[Sending, int]) -> tuple[Button, ...]:
    if not counts.get(Sending.IN_DOUBT):
        return ()
    return (button(_("Who is in doubt"), "broadcasts.doubtful", broadcast=broadcast.id),)


def _look(broadcast: Broadcast) -> Button:
    return button(_("How far it has come"), "broadcasts.progress", broadcast=broadcast.id)


def _name(ctx: Context, broadcast: Broadcast, person: Person) -> Text:
    """Nobody learns the names of another administration's people, nor who took part in a consultation."""
    if voices.is_about_voices(broadcast) or person.administration_id != ctx.who.administration_id or not person.name:
        return SOMEBODY
    return Raw(person.name)


def _doubt(ctx: Context, broadcast: Broadcast, copy: BroadcastCopy, person: Person) -> Row:
    where = None if voices.is_about_voices(broadcast) else Raw(name_of(copy.country, ctx.who.language))
    return Row(_name(ctx, broadcast, person), where)
