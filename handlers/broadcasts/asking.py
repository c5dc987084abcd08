"""A broadcast that was submitted waits three days for a second person; then it is a draft again."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.kit.context import Context
from bot.kit.screen import Button, Refusal, Style, button
from bot.kit.text import Phrase, When, _, ngettext
from db.broadcasts import Broadcast, Standing

from . import cards, runners
from .room import ON_BROADCAST, WHEN_SUBMITTED, broadcasts

WAITS = timedelta(days=3)
NOT_ANY_LONGER = _("It does not wait for anybody any longer.")


def ask_for_approval(ctx: Context, broadcast: Broadcast) -> None:
    """Whoever else may send in its scope is asked; its card says so where there is nobody."""
    lead = _("A broadcast waits for you to approve it.")
    until = _("It waits until {when}.", when=When(lapses_at(broadcast)))
    said = (count_of(broadcast), until)
    runners.tell(
        ctx, others(ctx, broadcast), broadcast, lead, once=_asked(broadcast), body=said, buttons=(look(broadcast),)
    )
    ctx.later(
        lapses_at(broadcast),
        "broadcasts.lapse",
        key=_lapsing(broadcast),
        broadcast=broadcast.id,
        submitted=runners.moment(broadcast.submitted_at),
    )


WHEN_SUBMITTED.append(ask_for_approval)


def others(ctx: Context, broadcast: Broadcast) -> frozenset[int]:
    """Who could approve it."""
    return runners.runners(ctx.session, broadcast, at=ctx.now) - {broadcast.author_id}


def nobody(ctx: Context, broadcast: Broadcast) -> tuple[Phrase, ...]:
    """What to say of one that waits where there is nobody who could approve it."""
    if broadcast.standing is not Standing.SUBMITTED or others(ctx, broadcast):
        return ()
    return (
        _("Nobody else may send there, so nobody can approve it: ask an administrator to give somebody the right."),
    )


def lapses_at(broadcast: Broadcast) -> datetime:
    """Until when it waits for a second person."""
    if broadcast.submitted_at is None:
        raise LookupError(f"{broadcast.ref} was not submitted")
    return broadcast.submitted_at + WAITS


def must_wait(ctx: Context, broadcast: Broadcast) -> None:
    """Raise `Refusal` unless it waits for a second person."""
    if broadcast.standing is not Standing.SUBMITTED or lapses_at(broadcast) <= ctx.now:
        raise Refusal(NOT_ANY_LONGER, buttons=(cards.open_it(broadcast),))


def must_have_author(ctx: Context, broadcast: Broadcast) -> None:
    """Raise `Refusal` unless whoever wrote it may still send in its scope: otherwise it is nobody's."""
    if broadcast.author_id not in runners.runners(ctx.session, broadcast, at=ctx.now):
        said = _("Whoever wrote it may no longer send there: write it anew as your own.")
        raise Refusal(said, buttons=(cards.open_it(broadcast),))


def stop_asking(ctx: Context, broadcast: Broadcast) -> None:
    """It waits no longer: nobody who has not heard of it yet is asked any more. Before it stands otherwise."""
    if broadcast.standing is Standing.SUBMITTED:
        ctx.forget(_lapsing(broadcast))
        ctx.withdraw(others(ctx, broadcast), begin=(f"{broadcast.ref}:{_asked(broadcast)}",))


@broadcasts.job("lapse")
def lapse(ctx: Context, broadcast: Broadcast, submitted: str) -> None:
    """Nobody has looked for three days: it is a draft again, and both sides hear it."""
    its = runners.lock(ctx, broadcast)
    if its.standing is not Standing.SUBMITTED or runners.moment(its.submitted_at) != submitted:
        return
    stop_asking(ctx, its)
    its.back_to_draft()
    lead = _("Nobody has approved this broadcast within three days. It is a draft again.")
    runners.tell(ctx, others(ctx, its) | {its.author_id}, its, lead, once=f"lapsed:{submitted}")


def count_of(broadcast: Broadcast) -> Phrase:
    return ngettext("It is for {count} person.", "It is for {count} people.", broadcast.frozen_count or 0)


def drift(before: int, count: int) -> Phrase:
    """By how many it has changed."""
    if count > before:
        return ngettext("It is for {count} person more.", "It is for {count} people more.", count - before)
    if count < before:
        return ngettext("It is for {count} person fewer.", "It is for {count} people fewer.", before - count)
    return _("They are as many as before, but not the same people.")


def look(broadcast: Broadcast) -> Button:
    return button(_("Look at it and approve"), "broadcasts.examine", style=Style.PRIMARY, broadcast=broadcast.id)


def _asked(broadcast: Broadcast) -> str:
    return f"submitted:{runners.moment(broadcast.submitted_at)}"


def _lapsing(broadcast: Broadcast) -> str:
    return f"{broadcast.ref}:lapse:{runners.moment(broadcast.submitted_at)}"


def _on_card(ctx: Context, broadcast: Broadcast) -> tuple[Button, ...]:
    return (look(broadcast),) if broadcast.standing is Standing.SUBMITTED else ()


ON_BROADCAST.append(_on_card)
