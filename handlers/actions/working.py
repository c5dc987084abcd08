"""Getting it done: progress, milestones, evidence; done by one, confirmed by both or disputed; moved, dropped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, NotFound, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, When, _
from db.actions import Action, ActionEntry, Deed, DropReason, Milestone, State
from db.people import Topic
from handlers.paging import PAGE, turn_pages
from scheduling import ladder

from . import adopting, cards, reminders, telling
from .owning import closed, must_be_under_way, side_of
from .room import actions, keepers, others, owners

WORDS, LINK = 1500, 300


class _UnderWay(Form):
    """Base of the forms about an action that goes on."""

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_be_under_way(bound["action"])


@actions.form("progress", _("Say how far it is"), allow=owners)
class Progress(_UnderWay):
    """A word on the way; with it an adopted action is under way."""

    action: Action = ask.about()
    words: str = ask.prose(_("How far is it?"), max=WORDS)

    def submit(self, ctx: Context) -> Screen:
        self.action.begin()
        entry = telling.write(ctx, self.action, Deed.PROGRESS, self.words)
        _tell_partner(ctx, self.action, entry, _("The other owner has said how far it is."), Topic.PLAN)
        return cards.card(ctx, self.action, _("Noted. The other owner can read it."))


@actions.form("evidence", _("Add evidence"), allow=owners)
class Evidence(_UnderWay):
    """What shows that something was done: words, an address, documents."""

    action: Action = ask.about()
    words: str = ask.prose(_("What does it show?"), max=WORDS)
    link: str | None = ask.line(_("Is there an address where it can be seen?"), max=LINK, optional=True)
    files: tuple[int, ...] = ask.files(_("Do you want to add documents?"))

    def submit(self, ctx: Context) -> Screen:
        if self.link is not None:
            address = urlsplit(self.link)
            if address.scheme not in ("http", "https") or not address.netloc:
                raise Refusal(_("Please send an address that begins with https://"), field="link")
        self.action.begin()
        entry = telling.write(ctx, self.action, Deed.EVIDENCE, self.words, link=self.link, files=self.files)
        _tell_partner(ctx, self.action, entry, _("The other owner has added evidence."), Topic.PLAN)
        return cards.card(ctx, self.action, _("Added."))


@actions.form("milestone", _("Add a milestone"), allow=owners)
class AddMilestone(_UnderWay):
    action: Action = ask.about()
    title: str = ask.line(_("What is the milestone?"), max=adopting.STEP)
    on: date | None = ask.date(_("On which day?"), optional=True)

    def submit(self, ctx: Context) -> Screen:
        if self.on is not None:
            adopting.working_day(ctx, self.on, self.action.zone)
        adopting.add_milestone(ctx, self.action, self.title, self.on)
        telling.write(ctx, self.action, Deed.MILESTONE, self.title)
        return _steps(ctx, self.action)


@actions.command("milestones", _("Milestones"), allow=allow.members)
def steps(ctx: Context, action: Action) -> Screen:
    """Every milestone, with its tick."""
    return _steps(ctx, action)


def _steps(ctx: Context, action: Action) -> Screen:
    is_mine = action.side_of(ctx.who) is not None and action.is_under_way
    rows = tuple(
        Row(Raw(each.title, each.language), _step(each), (_tick(action, each),) if is_mine else ())
        for each in cards.milestones(ctx, action)
    )
    add = (button(_("Add a milestone"), "actions.milestone", action=action.id),) if is_mine else ()
    return Screen(
        _("Milestones of {ref}", ref=Code(action.ref)),
        () if rows else (_("There are none yet."),),
        rows=rows,
        buttons=(*add, button(_("Back"), "actions.show", action=action.id)),
    )


def _step(step: Milestone) -> Phrase | None:
    if step.done_at is not None:
        return _("Reached on {when}", when=When(step.done_at, day_only=True))
    return _("By {day}", day=step.due_day) if step.due_day is not None else None


def _tick(action: Action, step: Milestone) -> Button:
    label = _("Reached") if step.done_at is None else _("Not reached after all")
    return button(label, "actions.tick", action=action.id, milestone=step.id)


@actions.command("tick", _("Tick a milestone"), allow=owners)
def tick(ctx: Context, action: Action, milestone: int) -> Screen:
    """A milestone is reached, or is not after all."""
    must_be_under_way(action)
    here = Milestone.id == milestone, Milestone.action_id == action.id, Milestone.visible_to(ctx.who)
    step = ctx.session.scalar(select(Milestone).where(*here))
    if step is None:
        raise NotFound()
    step.tick(ctx.who.id, at=ctx.now)
    action.begin()
    entry = telling.write(ctx, action, Deed.MILESTONE, step.title)
    if step.done_at is not None:
        _tell_partner(ctx, action, entry, _("A milestone of this action is reached."), Topic.PLAN)
    return _steps(ctx, action)


# Done, and whether it is


@actions.form("done", _("Done"), allow=owners)
class Done(_UnderWay):
    """One owner says that it is done. It counts when the other says so too."""

    action: Action = ask.about()
    words: str = ask.prose(_("What was done?"), max=WORDS, hint=_("The other owner reads it and confirms or disputes."))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        super().opens(ctx, bound)
        action, side = bound["action"], bound["action"].side_of(ctx.who)
        if action.state is State.CLAIMED and action.claimed_by is not side:
            confirm = button(_("Confirm"), "actions.confirm", style=Style.PRIMARY, action=action.id)
            dispute = button(_("Dispute"), "actions.dispute", action=action.id)
            raise Refusal(_("The other owner says that this is done. Is it?"), buttons=(confirm, dispute))

    def submit(self, ctx: Context) -> Screen:
        side = side_of(ctx, self.action)
        if not self.action.claim(side):
            raise Refusal(_why_not(self.action))
        entry = telling.write(ctx, self.action, Deed.CLAIMED, self.words)
        _tell_partner(ctx, self.action, entry, _("The other owner says that this is done. Is it?"))
        reminders.nudge_later(ctx, self.action, side.other, "claimed", entry.id)
        return cards.card(ctx, self.action, _("Noted. It counts when the other owner confirms it."))


@actions.command("confirm", _("Confirm"), allow=owners)
def confirm(ctx: Context, action: Action) -> Screen:
    """The other owner says so too: now it counts, and both hear it."""
    side = side_of(ctx, action)
    was_disputed = action.state is State.DISPUTED
    if not action.confirm(side, at=ctx.now):
        raise Refusal(_why_not(action))
    entry = telling.write(ctx, action, Deed.CONFIRMED)
    once = f"{action.ref}:entry:{entry.id}"
    telling.tell_owner(ctx, action, side.other, _("The other owner has confirmed: it is done, and counts."), once=once)
    if was_disputed:
        telling.tell_coordinators(ctx, action, _("A dispute has ended: both owners say that it is done."), once=once)
    return cards.card(ctx, action, _("Confirmed by both: it is done, and counts."))


@actions.form("dispute", _("Dispute"), allow=owners)
class Dispute(_UnderWay):
    """The other owner says that it is not done. Both words are shown, to both and to the coordinator."""

    action: Action = ask.about()
    words: str = ask.prose(
        _("What is not done?"), max=WORDS, hint=_("Your words stand beside those of the other owner.")
    )

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return cards.said(ctx, _last(ctx, bound["action"], Deed.CLAIMED))

    def submit(self, ctx: Context) -> Screen:
        if not self.action.dispute(side_of(ctx, self.action)):
            raise Refusal(_why_not(self.action))
        entry = telling.write(ctx, self.action, Deed.DISPUTED, self.words)
        _tell_partner(ctx, self.action, entry, _("The other owner says that it is not done."))
        lead = _("Two owners disagree whether an action is done. Both words are below.")
        is_told = telling.tell_coordinators(ctx, self.action, lead, once=f"{self.action.ref}:entry:{entry.id}")
        said = (
            _("Noted beside what the other owner says. The coordinator has been told.")
            if is_told
            else _("Noted beside what the other owner says.")
        )
        return cards.card(ctx, self.action, said)


@actions.command("go_on", _("Not done after all"), allow=owners | keepers)
def go_on(ctx: Context, action: Action) -> Screen:
    """Whoever said that it is done takes it back, or a coordinator lets it go on."""
    side = action.side_of(ctx.who)
    if (side is not None and action.claimed_by is not side) or not action.go_on():
        raise Refusal(_why_not(action))
    entry = telling.write(ctx, action, Deed.WENT_ON)
    telling.tell_owners(ctx, action, _("It is not done after all, and goes on."), once=f"{action.ref}:entry:{entry.id}")
    return cards.card(ctx, action, _("It goes on."))


# What a coordinator does


@actions.form("advise", _("Advise"), allow=keepers, reads=keepers)
class Advise(_UnderWay):
    """A word of the coordinator's to both owners. It settles nothing for them."""

    action: Action = ask.about()
    words: str = ask.prose(_("What do you want to say to both owners?"), max=WORDS)

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return cards.said(ctx, _last(ctx, bound["action"], Deed.CLAIMED, Deed.DISPUTED, Deed.HELP))

    def submit(self, ctx: Context) -> Screen:
        entry = telling.write(ctx, self.action, Deed.ADVICE, self.words)
        lead = _("The coordinator has written to both owners.")
        telling.tell_owners(ctx, self.action, lead, once=f"{self.action.ref}:entry:{entry.id}")
        return cards.card(ctx, self.action, _("Sent to both owners."))


@actions.form("move", _("Move the date"), allow=keepers)
class Move(_UnderWay):
    """Another date, and why; the reminders begin anew."""

    action: Action = ask.about()
    due_day: date = adopting.DUE
    words: str = ask.prose(_("Why?"), max=WORDS, hint=_("Both owners read it."))

    def submit(self, ctx: Context) -> Screen:
        day = adopting.working_day(ctx, self.due_day, self.action.zone)
        if not self.action.move(day, ladder.ends(self.action.zone, day)):
            raise Refusal(_("That is its date already."), field="due_day")
        entry = telling.write(ctx, self.action, Deed.MOVED, self.words)
        reminders.plan(ctx, self.action)
        lead = _("The date of this action was moved to {day}.", day=day)
        telling.tell_owners(ctx, self.action, lead, once=f"{self.action.ref}:entry:{entry.id}")
        return cards.card(ctx, self.action, lead, *adopting.moved(self.due_day, self.action))


@actions.form("drop", _("Drop it"), allow=keepers)
class Drop(_UnderWay):
    """It is given up, with a reason that is published and one in words."""

    action: Action = ask.about()
    reason: DropReason = ask.choice(_("Why is it dropped?"))
    words: str = ask.prose(_("Why, in your own words?"), max=WORDS, hint=_("Both owners read it."))

    def submit(self, ctx: Context) -> Screen:
        if not self.action.drop(self.reason, at=ctx.now):
            raise Refusal(closed(self.action))
        entry = telling.write(ctx, self.action, Deed.DROPPED, self.words)
        lead = _("This action was dropped.")
        telling.tell_owners(ctx, self.action, lead, once=f"{self.action.ref}:entry:{entry.id}")
        return cards.card(ctx, self.action, lead)


# Looking


@actions.command("show", _("An action"), allow=allow.members, reads=others)
def show(ctx: Context, action: Action) -> Screen:
    return cards.card(ctx, action)


@actions.command("more", _("More"), allow=allow.members)
def more(ctx: Context, action: Action) -> Screen:
    """Everything else that can be done."""

    def does(label: Phrase, verb: str, style: Style = Style.PLAIN) -> Button:
        return Button(label, f"actions.{verb}", {"action": action.id}, style)

    always = (does(_("All that was said"), "thread"), does(_("Milestones"), "milestones"))
    going = (
        does(_("Say how far it is"), "progress"),
        does(_("Add evidence"), "evidence"),
        does(_("Snooze"), "snooze"),
        does(_("Need help"), "need_help"),
        does(_("Hand over"), "hand_over"),
        does(_("Name another owner"), "name_owner"),
        does(_("Advise"), "advise"),
        does(_("Move the date"), "move"),
        *((does(_("Not done after all"), "go_on"),) if action.state in (State.CLAIMED, State.DISPUTED) else ()),
        does(_("Drop it"), "drop", Style.DANGER),
    )
    return Screen(
        _("What do you want to do with {ref}?", ref=Code(action.ref)),
        (Raw(action.title, action.language),),
        buttons=(*always, *(going if action.is_under_way else ()), does(_("Back"), "show")),
    )


@actions.command("thread", _("All that was said"), allow=allow.members, reads=others)
def thread(ctx: Context, action: Action, page: int = 0) -> Screen:
    """Everything that was done and said, a page at a time, the newest first."""
    told = select(ActionEntry).where(ActionEntry.action_id == action.id, ActionEntry.visible_to(ctx.who))
    found = ctx.session.scalars(told.order_by(ActionEntry.id.desc())).all()
    shown = found[page * PAGE : (page + 1) * PAGE]
    by_name = any(each.deed is Deed.PROPOSED for each in found)
    return Screen(
        _("All that was said of {ref}", ref=Code(action.ref)),
        cards.said(ctx, shown, by_name=by_name) or (_("What was said stays between its owners."),),
        files=cards.files(ctx, shown),
        buttons=(
            *turn_pages("actions.thread", page, len(found), action=action.id),
            button(_("Back"), "actions.show", action=action.id),
        ),
    )


def _tell_partner(ctx: Context, action: Action, entry: ActionEntry, lead: Phrase, topic: Topic | None = None) -> None:
    side = side_of(ctx, action)
    telling.tell_owner(ctx, action, side.other, lead, once=f"{action.ref}:entry:{entry.id}", topic=topic)


def _last(ctx: Context, action: Action, *deeds: Deed) -> list[ActionEntry]:
    """The last entry of each kind."""
    told = select(ActionEntry).where(ActionEntry.action_id == action.id, ActionEntry.visible_to(ctx.who))
    newest = told.order_by(ActionEntry.id.desc()).limit(1)
    found = (ctx.session.scalar(newest.where(ActionEntry.deed == deed)) for deed in deeds)
    return sorted((each for each in found if each), key=lambda each: each.id)


def _why_not(action: Action) -> Phrase:
    """Why the present state does not allow what was asked."""
    if action.state is State.CLAIMED:
        return _("One owner has said that it is done. The other confirms or disputes it.")
    if action.state is State.PROPOSED:
        return _("It is adopted when both owners have agreed; then it can be done.")
    return _("That cannot be done now. Its state is: {state}.", state=action.state)
