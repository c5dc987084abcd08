"""Owning an action: agreeing to, handing it over, taking it over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Refusal, Screen, button
from bot.kit.text import Phrase, Raw, _, ngettext
from db.actions import Action, ActionEntry, Deed, Side
from db.people import Person
from handlers.paging import PAGE

from . import adopting, asking, cards, reminders, telling
from .room import actions, asked, keepers, owners

CLOSED = _("It is closed. Its state is: {state}.")
WORDS = 600


@actions.command("own", _("I own it"), allow=owners)
def own(ctx: Context, action: Action) -> Screen:
    """An owner says yes; whoever put it forward hears."""
    side = side_of(ctx, action)
    must_be_under_way(action)
    entry = adopting.agree(ctx, action, side)
    if entry is None:
        return cards.card(ctx, action, _("It is yours already."))
    if action.adopted_at is None and action.proposed_by_id not in (ctx.who.id, action.owner(side.other)):
        lead = _("{name} has agreed to own this action.", name=ctx.who.name)
        ctx.notify(action.proposed_by_id, cards.card_of(ctx, action, None, lead), once=f"{action.ref}:entry:{entry.id}")
    lead = _("It is yours, and adopted.") if action.adopted_at else _("It is yours. The other owner is asked still.")
    return cards.card(ctx, action, lead)


@actions.command("own_all", _("I own all of them"), allow=owners)
def own_all(ctx: Context, meeting: int, until: int) -> Screen:
    """Yes to all that a meeting asks of an owner, up to the last that they were shown.

    The other owners, and whoever put them forward, hear it in one message each.
    """
    mine = [
        (each, side)
        for each in asking.unanswered(ctx.session, ctx.who.id, meeting)
        if each.id <= until and (side := each.side_of(ctx.who)) is not None
    ]
    adopted: dict[int, list[Action]] = defaultdict(list)
    agreed: dict[int, list[Action]] = defaultdict(list)
    for action, side in mine:
        action.agree(side, at=ctx.now)
        telling.write(ctx, action, Deed.AGREED, side=side)
        if action.adopted_at is not None:
            if telling.is_owner(ctx, action, side.other):
                adopted[action.owner(side.other)].append(action)
        elif action.proposed_by_id not in (ctx.who.id, action.owner(side.other)):
            agreed[action.proposed_by_id].append(action)
    once = f"actions:agreed:{meeting}:{ctx.who.id}:{until}"
    for person_id, those in adopted.items():
        lead = ngettext(
            "Both owners have agreed: {count} action is adopted.",
            "Both owners have agreed: {count} actions are adopted.",
            len(those),
        )
        ctx.notify(person_id, _list(ctx, lead, those), once=f"{once}:adopted")
    for person_id, those in agreed.items():
        lead = ngettext(
            "{name} has agreed to own {count} action.",
            "{name} has agreed to own {count} actions.",
            len(those),
            name=ctx.who.name,
        )
        ctx.notify(person_id, _list(ctx, lead, those), once=once)
    lead = ngettext("{count} action is yours.", "{count} actions are yours.", len(mine))
    return _list(ctx, lead, [action for action, _side in mine])


def _list(ctx: Context, lead: Phrase, those: Sequence[Action]) -> Screen:
    """A few of them; all are among one's own."""
    rows = tuple(cards.row(each, ctx) for each in those[:PAGE])
    left = len(those) - len(rows)
    more = (ngettext("And {count} more.", "And {count} more.", left),) if left else ()
    return Screen(lead, more, rows=rows, buttons=(button(_("My actions"), "actions.actions"),))


def _colleagues(ctx: Context, query: str) -> Sequence[Option]:
    """To whom an owner can hand it over: on their own side."""
    choices = adopting.staff_choices if ctx.who.is_staff else adopting.business_choices
    return [each for each in choices(ctx, query) if each.value != str(ctx.who.id)]


@actions.form("hand_over", _("Hand over"), allow=owners)
class HandOver(Form):
    """Somebody else of one's own side is asked. Until they accept, it stays with whoever has it."""

    action: Action = ask.about()
    to: str = ask.pick(_("To whom?"), hint=_("Type the name."), options=_colleagues)
    words: str | None = ask.prose(_("What should they know?"), max=WORDS, optional=True)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_be_under_way(bound["action"])

    def submit(self, ctx: Context) -> Screen:
        side = side_of(ctx, self.action)
        offer(ctx, self.action, side, int(self.to), self.words)
        lead = _("Asked. It stays yours until the other has accepted.")
        return cards.card(ctx, self.action, lead)


def _anybody(ctx: Context, query: str) -> Sequence[Option]:
    return [*adopting.staff_choices(ctx, query), *adopting.business_choices(ctx, query)]


@actions.form("name_owner", _("Name another owner"), allow=keepers)
class NameOwner(Form):
    """Where an owner has left or cannot: a coordinator asks somebody else of the same side."""

    action: Action = ask.about()
    side: Side = ask.choice(_("On which side?"))
    to: str = ask.pick(_("Who is asked to own it?"), hint=_("Type the name."), options=_anybody)
    words: str | None = ask.prose(_("What should they know?"), max=WORDS, optional=True)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_be_under_way(bound["action"])

    def submit(self, ctx: Context) -> Screen:
        offer(ctx, self.action, self.side, int(self.to), self.words)
        return cards.card(ctx, self.action, _("Asked. It stays with its owner until the other has accepted."))


def offer(ctx: Context, action: Action, side: Side, person_id: int, words: str | None) -> None:
    """Ask somebody to take a side over. Raises Refusal."""
    person = ctx.session.get(Person, person_id)
    fits = adopting.speaks_for(ctx, person_id) is not None
    if side is Side.CUSTOMS:
        fits = any(option.value == str(person_id) for option in adopting.staff_choices(ctx, str(person_id)))
    if person is None or not fits:
        raise Refusal(_("This person cannot own it on that side."), field="to")
    if (before := action.next(side)) is not None and before != person_id:
        action.stay(side)
        lead = _("Somebody else is asked now. You need do nothing.")
        _tell_others(ctx, action, before, lead, f"{action.ref}:unasked:{ctx.now.isoformat()}")
    if not action.offer(side, person_id):
        raise Refusal(_("This person owns it or is asked already."), field="to")
    entry = telling.write(ctx, action, Deed.OFFERED, words, side=side)
    quote = cards.said(ctx, [entry])
    shown = cards.asked_card(ctx, action, side, _("You are asked to take this action over. Do you?"), *quote)
    ctx.session.flush()
    ctx.notify(person_id, shown, once=f"{action.ref}:entry:{entry.id}")
    reminders.nudge_later(ctx, action, side, "offered", entry.id, person_id=person_id)


@actions.command("take_over", _("Take it over"), allow=asked)
def take_over(ctx: Context, action: Action) -> Screen:
    """The one who was asked accepts; only now is the owner before them released, and hears it."""
    side = _asked_side(ctx, action)
    was_adopted, before = action.adopted_at is not None, action.owner(side)
    if not action.take_over(side, ctx.who.id, ctx.who.organisation_id, at=ctx.now):
        raise Refusal(closed(action))
    entry = telling.write(ctx, action, Deed.TOOK_OVER, side=side)
    once = f"{action.ref}:entry:{entry.id}"
    reminders.plan(ctx, action)
    lead = _("{name} has taken this action over.", name=ctx.who.name)
    telling.tell_owner(ctx, action, side.other, lead, once=once)
    if before != ctx.who.id:
        _tell_others(ctx, action, before, lead, once)
    adopting.tell_adopted(ctx, action, was_adopted=was_adopted)
    return cards.card(ctx, action, _("It is yours now."))


@actions.command("decline", _("No, thank you"), allow=asked)
def decline(ctx: Context, action: Action) -> Screen:
    """The one who was asked says no; whoever asked hears it."""
    side = _asked_side(ctx, action)
    asker = _asker(ctx, action)
    action.stay(side)
    entry = telling.write(ctx, action, Deed.DECLINED, side=side)
    lead = _("{name} does not take this action over. It stays where it is.", name=ctx.who.name)
    once = f"{action.ref}:entry:{entry.id}"
    if asker is not None and asker != action.owner(side):
        ctx.notify(asker, cards.card_of(ctx, action, None, lead), once=once)
    telling.tell_owner(ctx, action, side, lead, once=once)
    return Screen(_("You have not taken it over."), buttons=(button(_("My actions"), "actions.actions"),))


def side_of(ctx: Context, action: Action) -> Side:
    """The side whoever asks owns it for. Raises Refusal for nobody's."""
    side = action.side_of(ctx.who)
    if side is None:
        raise Refusal(_("You do not own this action."))
    return side


def must_be_under_way(action: Action) -> None:
    if not action.is_under_way:
        raise Refusal(closed(action))


def closed(action: Action) -> Phrase:
    return Phrase(CLOSED.source, {"state": action.state})


def _asked_side(ctx: Context, action: Action) -> Side:
    side = action.asked_side(ctx.who)
    if side is None or not action.is_under_way:
        raise Refusal(_("You are not asked to take it over any more."))
    return side


def _asker(ctx: Context, action: Action) -> int | None:
    offered = ActionEntry.action_id == action.id, ActionEntry.deed == Deed.OFFERED
    return ctx.session.scalar(select(ActionEntry.author_id).where(*offered).order_by(ActionEntry.id.desc()).limit(1))


def _tell_others(ctx: Context, action: Action, person_id: int, lead: Phrase, once: str) -> None:
    """Tell somebody whose action it is not, or no longer."""
    mine = button(_("My actions"), "actions.actions")
    ctx.notify(person_id, Screen(lead, (Raw(action.title, action.language),), buttons=(mine,)), once=once)
