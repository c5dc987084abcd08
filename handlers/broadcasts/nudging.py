"""Those who have not answered: by country, and reminded twice at most, never in their night.

Reminders are ordinary news: each after its reader's quiet hours, once a round, and with what the outbox promises.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, case, func, select

from bot.kit.context import Context
from bot.kit.screen import Bars, Button, Fact, Picture, Refusal, Row, Screen, Style, Table, button
from bot.kit.text import Phrase, Raw, Text, _, ngettext
from db.broadcasts import MOST_ROUNDS, Asks, Broadcast, BroadcastCopy, Standing
from db.people import Person
from handlers.paging import PAGE, turn_pages
from scheduling import regions

from . import cards, texts, voices
from .room import ON_BROADCAST, WHEN_ANSWERED, WHEN_BEGUN, WHEN_ENDED, broadcasts, senders

AFTER = (timedelta(days=2), timedelta(days=5))  # from the first copy, one for each round
OUT = (Standing.SENDING, Standing.SENT)
SHOWN = 40  # countries in one table
AT_ONCE = 200  # reminded in one turn
MANY = 500  # whose reminders are withdrawn by one statement


def silent(broadcast: Broadcast) -> ColumnElement[bool]:
    """Copies that arrived and were not answered."""
    return and_(
        BroadcastCopy.broadcast_id == broadcast.id,
        BroadcastCopy.accepted_at.is_not(None),
        BroadcastCopy.acknowledged_at.is_(None),
    )


def _buttons(ctx: Context, broadcast: Broadcast) -> tuple[Button, ...]:
    if broadcast.asks is Asks.NOTHING or broadcast.began_at is None or broadcast.standing is Standing.WITHDRAWN:
        return ()
    return (button(_("Who has not answered"), "broadcasts.silent", broadcast=broadcast.id),)


ON_BROADCAST.append(_buttons)


def plan(ctx: Context, broadcast: Broadcast) -> None:
    """Where an answer is asked for, the silent ones are reminded by themselves."""
    if broadcast.asks is Asks.NOTHING:
        return
    for number, after in enumerate(AFTER, start=1):
        key = f"{broadcast.ref}:remind:{number}"
        ctx.later(ctx.now + after, "broadcasts.remind_silent", key=key, broadcast=broadcast.id, number=number)


WHEN_BEGUN.append(plan)


@broadcasts.job("remind_silent")
def remind_silent(ctx: Context, broadcast: Broadcast, number: int) -> None:
    """A round of reminders, unless somebody began it by hand or the broadcast does not hold any more."""
    if broadcast.standing in OUT and broadcast.rounds < number:
        _begin(ctx, broadcast)


@broadcasts.command("remind", _("Remind them now"), allow=senders, reads=senders)
def remind(ctx: Context, broadcast: Broadcast) -> Screen:
    """A round of reminders, begun by hand: it takes the place of the next that would have gone by itself."""
    if broadcast.asks is Asks.NOTHING:
        raise Refusal(_("It asks for no answer."))
    if broadcast.standing not in OUT:
        raise Refusal(_("It is not being sent, or does not hold any more."))
    if broadcast.rounds >= MOST_ROUNDS:
        raise Refusal(_("Everybody who is silent has been reminded twice. That is enough."))
    count = ctx.session.scalar(select(func.count()).select_from(BroadcastCopy).where(silent(broadcast))) or 0
    if not count:
        raise Refusal(_("Everybody has answered."))
    _begin(ctx, broadcast)
    said = ngettext(
        "{count} person is reminded, in their own working hours.",
        "{count} people are reminded, each in their own working hours.",
        count,
    )
    return Screen(said, (cards.title(ctx.session, broadcast, ctx.who.language),), buttons=(cards.open_it(broadcast),))


def _begin(ctx: Context, broadcast: Broadcast) -> None:
    broadcast.rounds += 1
    ctx.session.flush()
    _go_on(ctx, broadcast, 0)


def _go_on(ctx: Context, broadcast: Broadcast, after: int) -> None:
    key = f"{broadcast.ref}:reminding:{broadcast.rounds}:{after}"
    ctx.later(ctx.now, "broadcasts.remind_some", key=key, broadcast=broadcast.id, after=after)


@broadcasts.job("remind_some")
def remind_some(ctx: Context, broadcast: Broadcast, after: int) -> None:
    """Some of the silent ones, each after their own quiet hours. Whoever answers meanwhile needs no reminder."""
    if broadcast.standing not in OUT:
        return
    chosen = select(BroadcastCopy).where(
        silent(broadcast), BroadcastCopy.id > after, BroadcastCopy.nudges < broadcast.rounds
    )
    copies = ctx.session.scalars(chosen.order_by(BroadcastCopy.id).limit(AT_ONCE)).all()
    for copy in copies:
        copy.nudges, copy.nudged_at = broadcast.rounds, ctx.now
        screen = Screen(
            _("Customs still waits for your answer."),
            (cards.title(ctx.session, broadcast, copy.language),),
            buttons=(*texts.replies(broadcast, copy.id), cards.open_it(broadcast)),
        )
        ctx.notify(copy.person_id, screen, once=_reminder(broadcast, broadcast.rounds))
    if len(copies) == AT_ONCE:
        _go_on(ctx, broadcast, copies[-1].id)


def _reminder(broadcast: Broadcast, number: int) -> str:
    return f"{broadcast.ref}:reminder:{number}"


def answered(ctx: Context, broadcast: Broadcast, copy: BroadcastCopy) -> None:
    """A reminder that waits for somebody's morning has become untrue."""
    ctx.withdraw([copy.person_id], begin=[f"{broadcast.ref}:reminder:"])


WHEN_ANSWERED.append(answered)


def ended(ctx: Context, broadcast: Broadcast) -> None:
    """What does not hold any more is asked of nobody."""
    reminded = select(BroadcastCopy.person_id).where(
        BroadcastCopy.broadcast_id == broadcast.id, BroadcastCopy.nudges > 0
    )
    people = list(ctx.session.scalars(reminded))
    for start in range(0, len(people), MANY):
        ctx.withdraw(people[start : start + MANY], begin=[f"{broadcast.ref}:reminder:"])


WHEN_ENDED.append(ended)


@broadcasts.command("silent", _("Who has not answered"), allow=senders, reads=senders)
def silent_(ctx: Context, broadcast: Broadcast) -> Screen:
    """Country by country: how many got it, how many answered, how many have not."""
    is_silent = case((BroadcastCopy.acknowledged_at.is_(None), 1), else_=0)
    counted = (
        select(BroadcastCopy.country, func.count(), func.sum(is_silent))
        .where(BroadcastCopy.broadcast_id == broadcast.id, BroadcastCopy.accepted_at.is_not(None))
        .group_by(BroadcastCopy.country)
        .order_by(func.sum(is_silent).desc(), BroadcastCopy.country)
    )
    figures = ((str(country), (int(got), int(left))) for country, got, left in ctx.session.execute(counted))
    lines = [(country, got, left) for country, (got, left) in voices.gathered(broadcast, figures)]
    language = ctx.who.language
    names: dict[str | None, Text] = {
        country: Raw(regions.name_of(country, language), language) if country is not None else voices.OTHERS
        for country, _got, _left in lines
    }
    left = sum(each[2] for each in lines)
    table = Table(
        _("By country"),
        (_("Country"), _("Got it"), _("Answered"), _("Silent")),
        tuple((names[country], got, got - quiet, quiet) for country, got, quiet in lines[:SHOWN]),
    )
    bars = Bars(
        (_("Answered"), _("Silent")),
        tuple((names[country], (got - quiet, quiet)) for country, got, quiet in lines[:SHOWN]),
    )
    buttons: list[Button] = []
    if left and broadcast.rounds < MOST_ROUNDS and broadcast.standing in OUT:
        buttons.append(button(_("Remind them now"), "broadcasts.remind", style=Style.PRIMARY, broadcast=broadcast.id))
    if left and not voices.is_about_voices(broadcast):
        buttons.append(button(_("Names of our own people"), "broadcasts.silent_names", broadcast=broadcast.id))
    said = (
        ngettext("{count} person has not answered.", "{count} people have not answered.", left)
        if lines
        else _("Nobody has got it yet.")
    )
    return Screen(
        _("Who has not answered"),
        (cards.title(ctx.session, broadcast, language), said if lines else _("Nobody has got it yet.")),
        facts=(Fact(_("Rounds of reminders"), broadcast.rounds),),
        table=table if lines else None,
        pictures=(Picture(_("Who has answered, by country"), bars),) if lines else (),
        buttons=(*buttons, cards.open_it(broadcast)),
    )


@broadcasts.command("silent_names", _("Names of our own people"), allow=senders, reads=senders)
def silent_names(ctx: Context, broadcast: Broadcast, page: int = 0) -> Screen:
    """The silent ones of this administration by name. Those of others are theirs to name: here they are figures."""
    if voices.is_about_voices(broadcast):
        raise Refusal(voices.UNTOLD, buttons=(button(_("By country"), "broadcasts.silent", broadcast=broadcast.id),))
    ours = silent(broadcast), BroadcastCopy.administration_id == ctx.who.administration_id
    total = ctx.session.scalar(select(func.count()).select_from(BroadcastCopy).where(*ours)) or 0
    chosen = (
        select(BroadcastCopy, Person.name)
        .join(Person, Person.id == BroadcastCopy.person_id)
        .where(*ours)
        .order_by(BroadcastCopy.country, Person.name, BroadcastCopy.id)
        .offset(page * PAGE)
        .limit(PAGE)
    )
    rows = tuple(Row(Raw(name, ""), _opened(copy), ()) for copy, name in ctx.session.execute(chosen))
    return Screen(
        _("Who has not answered"),
        () if rows else (_("Nobody of ours is silent."),),
        rows=rows,
        buttons=(
            *turn_pages("broadcasts.silent_names", page, total, broadcast=broadcast.id),
            button(_("By country"), "broadcasts.silent", broadcast=broadcast.id),
        ),
    )


def _opened(copy: BroadcastCopy) -> Phrase:
    if copy.opened_at is not None:
        return _("Opened on {when}, not answered", when=copy.opened_at)
    return _("Arrived on {when}, not opened", when=copy.accepted_at)
