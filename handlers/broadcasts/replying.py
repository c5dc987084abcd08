"""What its readers answer: that they have seen it, yes, no, or in their own words. Once, and it can be changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.kit import allow
from bot.kit.answered import answered
from bot.kit.context import Context
from bot.kit.events import Answer
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, NotFound, Refusal, Screen, button, from_json, map_buttons
from bot.kit.text import Raw, _
from db.broadcasts import Asks, Broadcast, BroadcastCopy, Reply, Standing

from . import cards
from .room import WHEN_ANSWERED, broadcasts

WORDS = 1000
ANSWERS: Mapping[Asks, frozenset[Reply]] = {
    Asks.NOTHING: frozenset(),
    Asks.ACKNOWLEDGE: frozenset({Reply.SEEN}),
    Asks.REGISTER: frozenset({Reply.SEEN}),
    Asks.ANSWER: frozenset({Reply.YES, Reply.NO, Reply.OTHER}),
}


@broadcasts.form("reply", _("Answer"), allow=allow.members)
class Answering(Form):
    """A button says which answer it is, and nothing more is asked; whoever answers in other words is asked for them."""

    review = False

    copy: BroadcastCopy = ask.about()
    reply: Reply = ask.choice(_("What do you answer?"))
    words: str | None = ask.prose(
        _("What do you answer, in your own words?"), max=WORDS, when=lambda so_far: so_far.reply is Reply.OTHER
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_take_answers(ctx, _of(ctx, bound["copy"]))

    def submit(self, ctx: Context) -> Screen:
        copy = ctx.session.get_one(BroadcastCopy, self.copy.id, with_for_update=True, populate_existing=True)
        broadcast = _of(ctx, copy)
        _must_take_answers(ctx, broadcast)
        if self.reply not in ANSWERS[broadcast.asks]:
            raise NotFound()
        copy.opened_at = copy.opened_at or ctx.now
        copy.acknowledged_at = copy.acknowledged_at or ctx.now
        copy.reply, copy.reply_words = self.reply, self.words if self.reply is Reply.OTHER else None
        for note in WHEN_ANSWERED:
            note(ctx, broadcast, copy)
        shown = own_copy(ctx, broadcast, copy)
        if not ctx.show_on(copy, shown):
            return shown
        open_it = button(cards.OPEN, "broadcasts.show", broadcast=broadcast.id)
        return Screen(_("Your answer is noted."), answered(copy), buttons=(open_it,))


def own_copy(ctx: Context, broadcast: Broadcast, copy: BroadcastCopy) -> Screen:
    """Somebody's copy as the edition that holds has it, with what they have answered."""
    text = cards.text_of(ctx.session, broadcast, copy.language)
    answer = from_json(text.screen) if text is not None and text.screen is not None else None
    if not isinstance(answer, Answer) or answer.screen is None:
        raise NotFound()

    def own(each: Button) -> Button:
        return replace(each, args={**each.args, "copy": copy.id}) if "copy" in each.args else each

    shown: Screen = map_buttons(answer.screen, own)
    return replace(shown, body=(*shown.body, *answered(copy)))


def _of(ctx: Context, copy: BroadcastCopy) -> Broadcast:
    return ctx.session.get_one(Broadcast, copy.broadcast_id)


def _must_take_answers(ctx: Context, broadcast: Broadcast) -> None:
    if broadcast.standing is Standing.WITHDRAWN:
        why = (Raw(broadcast.ended_words or "", broadcast.language),) if broadcast.ended_words else ()
        raise Refusal(
            _("This was withdrawn: it does not hold any longer, and your answer is not needed. {why}", why=why[0])
            if why
            else _("This was withdrawn: it does not hold any longer, and your answer is not needed."),
            buttons=(button(cards.OPEN, "broadcasts.show", broadcast=broadcast.id),),
        )
