"""Stop: what has not gone does not go. One word halts everything of the scopes one may send in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Refusal, Row, Screen, Style, button
from bot.kit.text import Phrase, Raw, _, ngettext
from db.broadcasts import GOES_OUT, Broadcast, BroadcastCopy, Standing
from db.machinery import Sending

from . import cards, runners
from .room import ON_BROADCAST, WHEN_ENDED, broadcasts, senders

WHY = 600


@dataclass(frozen=True)
class Gone:
    """How many copies have gone, how many are on their way or in doubt, and how many do not go."""

    gone: int
    unsure: int
    kept: int


@broadcasts.command(
    "stop",
    _("Stop every broadcast"),
    allow=senders,
    menu=41,
    confirm=_("All that is held, being sent or paused stops, and cannot go later. Stop every broadcast?"),
)
def stop(ctx: Context) -> Screen:
    """All that is held, being sent or paused in the scopes one may send in: where it is written, without a question."""
    going = select(Broadcast).where(Broadcast.run_by(ctx.who), Broadcast.standing.in_(GOES_OUT)).order_by(Broadcast.id)
    stopped = ctx.session.scalars(going.with_for_update().execution_options(populate_existing=True)).all()
    if not stopped:
        return Screen(_("Nothing is being sent that you could stop."), buttons=(_all(),))
    gone = _end(ctx, stopped)
    titles = cards.titles(ctx.session, stopped, ctx.who.language)
    rows = tuple(Row(titles[each.id], _gone(gone[each.id]), (cards.open_it(each),)) for each in stopped)
    heading = ngettext("{count} broadcast is stopped.", "{count} broadcasts are stopped.", len(stopped))
    return Screen(heading, (_("What has not gone does not go. Whoever wrote them hears it."),), rows=rows)


@broadcasts.command(
    "halt", _("Stop it"), allow=senders, confirm=_("What has not gone yet does not go, and cannot go later. Stop it?")
)
def halt(ctx: Context, broadcast: Broadcast) -> Screen:
    """One of them."""
    its = runners.lock(ctx, broadcast)
    if its.standing not in GOES_OUT:
        raise Refusal(_("It is not being sent."), buttons=(cards.open_it(its),))
    gone = _end(ctx, [its])[its.id]
    why = button(_("Say why"), "broadcasts.say_why", broadcast=its.id)
    return Screen(_("Stopped."), (_gone(gone),), buttons=(why, cards.open_it(its)))


@broadcasts.form("say_why", _("Say why"), allow=senders)
class SayWhy(Form):
    """After the stop, which waits for nobody's words."""

    review = False

    broadcast: Broadcast = ask.about()
    words: str = ask.prose(_("Why was it stopped?"), max=WHY)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        its = bound["broadcast"]
        if its.standing is not Standing.STOPPED or its.ended_by_id != ctx.who.id:
            raise Refusal(_("You have not stopped it."), buttons=(cards.open_it(its),))

    def submit(self, ctx: Context) -> Screen:
        its = self.broadcast
        its.ended_words = self.words
        lead = _("{name} says why your broadcast was stopped.", name=ctx.who.name)
        body = (Raw(self.words, ctx.who.language),)
        runners.tell(ctx, (its.author_id,), its, lead, once=f"stopped-why:{runners.moment(ctx.now)}", body=body)
        return Screen(_("Kept. Its author hears it."), buttons=(cards.open_it(its),))


def _end(ctx: Context, broadcasts_: Sequence[Broadcast]) -> dict[int, Gone]:
    """Stop them; their authors and whoever approved them hear what has gone and what has not."""
    stopped = [each for each in broadcasts_ if each.stop(None, by=ctx.who.id, at=ctx.now)]
    ctx.session.flush()
    gone = _counted(ctx, stopped)
    for each in stopped:
        lead = _("{name} has stopped this broadcast.", name=ctx.who.name)
        concerned = each.author_id, each.approved_by_id
        runners.tell(ctx, concerned, each, lead, once="stopped", body=(_gone(gone[each.id]),), urgent=True)
        for note in WHEN_ENDED:
            note(ctx, each)
    return gone


def _counted(ctx: Context, broadcasts_: Sequence[Broadcast]) -> dict[int, Gone]:
    """In one question. Before its copies are written all it is for are those it does not reach."""
    ids = [each.id for each in broadcasts_]
    by_state = select(BroadcastCopy.broadcast_id, BroadcastCopy.state, func.count()).where(
        BroadcastCopy.broadcast_id.in_(ids)
    )
    found: dict[int, dict[Sending, int]] = {each: {} for each in ids}
    for of, state, count in ctx.session.execute(by_state.group_by(BroadcastCopy.broadcast_id, BroadcastCopy.state)):
        found[of][state] = count
    counted = {}
    for each in broadcasts_:
        states = found[each.id]
        kept = states.get(Sending.WAITING, 0) if each.began_at is not None else each.frozen_count or 0
        unsure = states.get(Sending.SENDING, 0) + states.get(Sending.IN_DOUBT, 0)
        counted[each.id] = Gone(states.get(Sending.ACCEPTED, 0), unsure, kept)
    return counted


def _gone(of: Gone) -> Phrase:
    kept = ngettext("{count} person does not get it", "{count} people do not get it", of.kept)
    if not of.gone and not of.unsure:
        return _("Nothing of it has gone: {kept}.", kept=kept)
    gone = ngettext("{count} person has it", "{count} people have it", of.gone)
    if not of.unsure:
        return _("{gone}; {kept}.", gone=gone, kept=kept)
    unsure = ngettext("of {count} it is not known", "of {count} it is not known", of.unsure)
    return _("{gone}; {unsure}; {kept}.", gone=gone, unsure=unsure, kept=kept)


def _all() -> Button:
    return button(_("Broadcasts"), "broadcasts.broadcasts")


def _on_card(ctx: Context, broadcast: Broadcast) -> tuple[Button, ...]:
    if broadcast.standing not in GOES_OUT:
        return ()
    return (button(_("Stop it"), "broadcasts.halt", style=Style.DANGER, broadcast=broadcast.id),)


ON_BROADCAST.append(_on_card)
