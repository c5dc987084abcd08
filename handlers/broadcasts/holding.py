"""What was approved is held for a while before it goes, and can be taken back; then its copies are written."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Button, Refusal, Screen, Style, button
from bot.kit.text import Phrase, Text, When, _
from db.broadcasts import Broadcast, BroadcastEdition, EditionKind, Standing, fingerprint

from . import asking, cards, runners, texts, writing
from .room import ON_BROADCAST, WHEN_APPROVED, broadcasts, takers_back

ALIKE = 0.01  # of those it was approved for: as many may have come or gone while it was held


def hold(ctx: Context, broadcast: Broadcast) -> None:
    """Let it go when its hold is over. Once more is harmless."""
    approved = runners.moment(broadcast.approved_at)
    ctx.later(
        over_at(broadcast),
        "broadcasts.go",
        key=f"{broadcast.ref}:go:{approved}",
        broadcast=broadcast.id,
        approved=approved,
    )


def over_at(broadcast: Broadcast) -> datetime:
    """When its hold is over."""
    if broadcast.hold_until is None:
        raise LookupError(f"{broadcast.ref} is not held")
    return broadcast.hold_until


def tell(
    ctx: Context, whom: Iterable[int | None], broadcast: Broadcast, lead: Text, *, body: tuple[Text, ...] = ()
) -> None:
    """At once, whatever the hour: there are minutes only."""
    once = f"held:{runners.moment(broadcast.approved_at)}"
    said = (*body, _until(broadcast))
    runners.tell(ctx, whom, broadcast, lead, once=once, body=said, buttons=_ways_out(broadcast), urgent=True)


def held(broadcast: Broadcast, lead: Phrase) -> Screen:
    return Screen(lead, (_until(broadcast),), buttons=(*_ways_out(broadcast), cards.open_it(broadcast)))


def edition(ctx: Context, broadcast: Broadcast) -> BroadcastEdition:
    """The edition that holds; made where there is none yet."""
    its = BroadcastEdition.broadcast_id == broadcast.id, BroadcastEdition.number == broadcast.edition
    found = ctx.session.scalar(select(BroadcastEdition).where(*its))
    if found is None:
        found = BroadcastEdition(
            broadcast_id=broadcast.id,
            number=broadcast.edition,
            kind=EditionKind.FIRST,
            author_id=broadcast.author_id,
            created_at=broadcast.submitted_at or ctx.now,
        )
        ctx.session.add(found)
    return found


@broadcasts.command("take_back", _("Take it back"), allow=takers_back)
def take_back(ctx: Context, broadcast: Broadcast) -> Screen:
    """Before anything has gone: it is a draft again, and both hear it."""
    its = runners.lock(ctx, broadcast)
    approver = its.approved_by_id
    asking.stop_asking(ctx, its)
    was = its.approved_at or its.submitted_at
    if not its.back_to_draft():
        raise Refusal(_("It cannot be taken back any longer. It can be stopped."), buttons=_stopping(its))
    lead = _("{name} has taken this broadcast back. Nothing of it has gone.", name=ctx.who.name)
    runners.tell(ctx, (its.author_id, approver), its, lead, once=f"taken-back:{runners.moment(was)}", urgent=True)
    return Screen(_("Taken back. Nothing of it has gone; it is a draft again."), buttons=(cards.open_it(its),))


@broadcasts.job("go")
def go(ctx: Context, broadcast: Broadcast, approved: str) -> None:
    """Its hold is over. Whoever wrote and whoever approved it may still send there, and it means those it meant."""
    its = runners.lock(ctx, broadcast)
    if its.standing is not Standing.HELD or runners.moment(its.approved_at) != approved:
        return
    both = its.author_id, its.approved_by_id
    entitled = runners.runners(ctx.session, its, at=ctx.now)
    if its.author_id not in entitled:
        its.back_to_draft()
        lead = _("Whoever wrote this broadcast may no longer send there. It was not sent.")
        runners.tell(ctx, entitled | {its.approved_by_id}, its, lead, once=f"not-sent:{approved}", urgent=True)
        return
    if its.emergency is None and not _may_go(ctx, its, entitled):
        lead = _("While it was held, whom it is for or who may approve it has changed. It waits for approval again.")
        runners.tell(ctx, both, its, lead, once=f"held-up:{approved}", urgent=True)
        asking.ask_for_approval(ctx, its)
        return
    edition(ctx, its).published_at = ctx.now
    texts.freeze_screens(ctx, its)
    for note in WHEN_APPROVED:
        note(ctx, its)
    writing.begin(ctx, its)
    later = its.send_at if its.send_at is not None and its.send_at > ctx.now else None
    lead = (
        _("The hold is over: this broadcast goes from {day} on.", day=When(later))
        if later is not None
        else _("The hold is over: this broadcast is being sent.")
    )
    runners.tell(ctx, (its.approved_by_id,), its, lead, once=f"gone:{approved}")


def _may_go(ctx: Context, broadcast: Broadcast, entitled: frozenset[int]) -> bool:
    """What was approved is what would go, nearly; otherwise it waits for a second person again."""
    frozen, count = fingerprint(ctx.session, broadcast, at=ctx.now)
    approver, before = broadcast.approved_by_id, broadcast.frozen_count or 0
    has_approver = approver in entitled and approver != broadcast.author_id  # two accounts may have become one person
    is_alike = frozen == broadcast.frozen or abs(count - before) <= ALIKE * before
    return (has_approver and is_alike) or not broadcast.approve_anew(frozen=frozen, count=count, at=ctx.now)


def _until(broadcast: Broadcast) -> Phrase:
    until, at = over_at(broadcast), broadcast.send_at
    if at is not None and at > until:
        return _("It can be taken back until {when}; it goes from {day} on.", when=When(until), day=When(at))
    return _("It can be taken back until {when}; then it goes.", when=When(until))


def _ways_out(broadcast: Broadcast) -> tuple[Button, ...]:
    return (button(_("Take it back"), "broadcasts.take_back", style=Style.DANGER, broadcast=broadcast.id),)


def _stopping(broadcast: Broadcast) -> tuple[Button, ...]:
    return (
        button(_("Stop it"), "broadcasts.halt", style=Style.DANGER, broadcast=broadcast.id),
        cards.open_it(broadcast),
    )


def _on_card(ctx: Context, broadcast: Broadcast) -> tuple[Button, ...]:
    return _ways_out(broadcast) if broadcast.standing in (Standing.SUBMITTED, Standing.HELD) else ()


ON_BROADCAST.append(_on_card)
