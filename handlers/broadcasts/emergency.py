"""Where nobody can be waited for, one person sends alone: with a reason, and all who could have objected hear it.

The audit's line is `broadcasts.emergency`; the reason stays with the broadcast, in its archive and in this list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Refusal, Row, Screen, Style, button
from bot.kit.text import Phrase, Raw, When, _, ngettext
from db.broadcasts import Broadcast, Standing, fingerprint, persons
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called

from . import asking, cards, composing, holding, runners, voices
from .approving import NUMBER
from .room import ON_BROADCAST, author, broadcasts, senders

REASON = 600
READERS = senders | allow.administrators
OPEN = (Standing.DRAFT, Standing.SUBMITTED)


@broadcasts.form("emergency", _("Send it alone, in an emergency"), allow=author)
class Emergency(Form):
    """Nobody approves it. It is held as long as any other; whoever may stop it has the button at once."""

    broadcast: Broadcast = ask.about()
    reason: str = ask.prose(
        _("Why can nobody else be waited for?"),
        max=REASON,
        hint=_("Everybody who may send there, and the administrators, read it at once, and it stays in the archive."),
    )
    count: int = NUMBER

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_be_open(ctx, bound["broadcast"])

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        its = bound["broadcast"]
        meant = persons(its, at=ctx.now).subquery()
        count = ctx.session.scalar(select(func.count()).select_from(meant)) or 0
        voices.must_be_enough(its, count)
        return (cards.title(ctx.session, its, ctx.who.language), _people(count))

    def submit(self, ctx: Context) -> Screen:
        its = runners.lock(ctx, self.broadcast)
        _must_be_open(ctx, its)
        frozen, count = fingerprint(ctx.session, its, at=ctx.now)
        voices.must_be_enough(its, count)
        if self.count != count:
            raise Refusal(_("That is not the number. Please look at it again."), field="count")
        asking.stop_asking(ctx, its)
        its.declare_emergency(self.reason, frozen=frozen, count=count, at=ctx.now, hold_until=ctx.now + ctx.hold)
        holding.edition(ctx, its)
        holding.hold(ctx, its)
        _tell_everybody(ctx, its)
        return holding.held(its, _("It goes without a second person. Everybody who may send there hears why."))


@broadcasts.command("emergencies", _("Sent alone, in an emergency"), allow=READERS, reads=READERS)
def emergencies(ctx: Context, page: int = 0) -> Screen:
    """The newest first: to whoever may send there, and to administrators, of all of their administration."""
    ours = Broadcast.administration_id == ctx.who.administration_id
    seen = Broadcast.emergency.is_not(None), ours if allow.administrators(ctx.who) else Broadcast.run_by(ctx.who)
    total = ctx.session.scalar(select(func.count()).select_from(Broadcast).where(*seen)) or 0
    newest = select(Broadcast).where(*seen).order_by(Broadcast.approved_at.desc(), Broadcast.id.desc())
    found = ctx.session.scalars(newest.limit(PAGE).offset(page * PAGE)).all()
    names = called(ctx.session, {each.author_id for each in found})
    titles = cards.titles(ctx.session, found, ctx.who.language)
    rows = tuple(
        Row(
            titles[each.id],
            _(
                "{name}, {when}: {reason}",
                name=names[each.author_id],
                when=When(each.approved_at),
                reason=Raw(each.emergency),
            ),
            (cards.open_it(each),) if each.is_run_by(ctx.who) else (),
        )
        for each in found
        if each.approved_at is not None and each.emergency is not None
    )
    body = () if rows else (_("Nothing was sent alone."),)
    heading = _("Sent alone, in an emergency")
    return Screen(heading, body, rows=rows, buttons=turn_pages("broadcasts.emergencies", page, total))


def _tell_everybody(ctx: Context, broadcast: Broadcast) -> None:
    """At once: those who may send there with the button that stops it, administrators with where all of them stand."""
    lead = _("{name} sends a broadcast alone, in an emergency.", name=ctx.who.name)
    reason = Raw(broadcast.emergency or "", ctx.who.language)
    till = _("It goes after {when}.", when=When(holding.over_at(broadcast)))
    once = f"emergency:{runners.moment(broadcast.approved_at)}"
    their = runners.runners(ctx.session, broadcast, at=ctx.now)
    body = (reason, _people(broadcast.frozen_count or 0), till)
    stop = (button(_("Stop it"), "broadcasts.halt", style=Style.DANGER, broadcast=broadcast.id),)
    runners.tell(ctx, their, broadcast, lead, once=once, body=body, buttons=stop, urgent=True)
    for person in runners.administrators(ctx.session, broadcast, at=ctx.now) - their - {ctx.who.id}:
        screen = Screen(lead, body, buttons=(button(_("Sent alone, in an emergency"), "broadcasts.emergencies"),))
        ctx.notify(person, screen, once=f"{broadcast.ref}:{once}", urgent=True)


def _must_be_open(ctx: Context, broadcast: Broadcast) -> None:
    if broadcast.standing not in OPEN:
        raise Refusal(_("It is under way already."), buttons=(cards.open_it(broadcast),))
    composing.check(ctx, broadcast)


def _people(count: int) -> Phrase:
    return ngettext("It is for {count} person.", "It is for {count} people.", count)


def _on_card(ctx: Context, broadcast: Broadcast) -> tuple[Button, ...]:
    if broadcast.standing not in OPEN or cards.text_of(ctx.session, broadcast, broadcast.language) is None:
        return ()
    return (button(_("Send it alone, in an emergency"), "broadcasts.emergency", broadcast=broadcast.id),)


ON_BROADCAST.append(_on_card)
