"""A second person approves: never the author, with the whole of it before their eyes and its number by their own hand.

What they see is frozen by a hash. Where whom it means has changed meanwhile they hear by how many, and are asked anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Quote, Refusal, Screen, Style, button
from bot.kit.text import Phrase, Raw, _
from db.broadcasts import Broadcast, fingerprint

from . import asking, cards, holding, previewing, runners, texts, voices
from .room import approvers, broadcasts

MOST = 10**9
WORDS = 600
NUMBER = ask.number(_("For how many people is it? Type the number."), least=0, most=MOST)


@broadcasts.command("examine", _("Look at it and approve"), allow=approvers, reads=approvers)
def examine(ctx: Context, broadcast: Broadcast) -> Screen:
    """What it says in every language and what goes along, how that looks at each door, and whom it reaches: before
    anybody says yes."""
    asking.must_wait(ctx, broadcast)
    preview: Screen = previewing.preview(ctx, broadcast)
    _title, *remarks = preview.body
    return replace(
        preview,
        heading=_("Before it goes"),
        body=(*_whole(ctx, broadcast), asking.count_of(broadcast), *remarks),
        files=texts.files_of(ctx.session, broadcast),
        buttons=(
            button(_("Approve it"), "broadcasts.approve", style=Style.PRIMARY, broadcast=broadcast.id),
            button(_("Send it back"), "broadcasts.send_back", broadcast=broadcast.id),
            *preview.buttons,
        ),
    )


@broadcasts.form("approve", _("Approve it"), allow=approvers, reads=approvers)
class Approve(Form):
    """By the number of people it reaches, typed: whoever has not looked does not know it."""

    review = False

    broadcast: Broadcast = ask.about()
    count: int = NUMBER

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        asking.must_wait(ctx, bound["broadcast"])
        asking.must_have_author(ctx, bound["broadcast"])

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return (*_whole(ctx, bound["broadcast"]), asking.count_of(bound["broadcast"]))

    def submit(self, ctx: Context) -> Screen:
        its = runners.lock(ctx, self.broadcast)
        asking.must_wait(ctx, its)
        frozen, count = fingerprint(ctx.session, its, at=ctx.now)
        voices.must_be_enough(its, count)
        if frozen != its.frozen:
            return _asked_again(its, frozen, count)
        if self.count != count:
            raise Refusal(_("That is not the number. Please look at it again."), field="count")
        asking.stop_asking(ctx, its)
        if not its.approve(by=ctx.who.id, at=ctx.now, hold_until=ctx.now + ctx.hold):
            raise Refusal(_("Somebody else has to approve it: you wrote it."))
        holding.edition(ctx, its).approved_by_id = ctx.who.id
        holding.hold(ctx, its)
        lead = _("{name} has approved your broadcast.", name=ctx.who.name)
        holding.tell(ctx, (its.author_id,), its, lead)
        return holding.held(its, _("Approved."))


@broadcasts.form("send_back", _("Send it back"), allow=approvers, reads=approvers)
class SendBack(Form):
    """To its author, with what to change."""

    review = False

    broadcast: Broadcast = ask.about()
    words: str = ask.prose(_("What is to be changed?"), max=WORDS)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        asking.must_wait(ctx, bound["broadcast"])

    def submit(self, ctx: Context) -> Screen:
        its = runners.lock(ctx, self.broadcast)
        asking.must_wait(ctx, its)
        asking.stop_asking(ctx, its)
        its.send_back(self.words, by=ctx.who.id, at=ctx.now)
        lead = _("{name} has sent your broadcast back: change it, and submit it again.", name=ctx.who.name)
        body = (Raw(self.words, ctx.who.language),)
        runners.tell(ctx, (its.author_id,), its, lead, once=f"sent-back:{runners.moment(ctx.now)}", body=body)
        return Screen(_("Sent back. Its author hears what you said."), buttons=(cards.open_it(its),))


def _asked_again(broadcast: Broadcast, frozen: str, count: int) -> Screen:
    before = broadcast.frozen_count or 0
    broadcast.freeze_again(frozen=frozen, count=count)
    return Screen(
        _("Whom it is for has changed since it was submitted. Nothing was approved."),
        (asking.drift(before, count), asking.count_of(broadcast)),
        buttons=(asking.look(broadcast), button(_("Send it back"), "broadcasts.send_back", broadcast=broadcast.id)),
    )


def _whole(ctx: Context, broadcast: Broadcast) -> tuple[Quote | Phrase | Raw, ...]:
    """Each language, the reader's own first."""
    return tuple(
        part
        for each in cards.texts_of(ctx.session, broadcast, first=ctx.who.language)
        for part in (Raw(each.title, each.language), Quote(Raw(each.words, each.language)))
    )
