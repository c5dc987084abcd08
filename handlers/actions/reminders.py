"""The ladder, and what else falls due on its own. Each comes once; what was missed comes late, once, if still useful.

A due row names the instant it was planned for. When it falls due, the instant is worked out anew: whoever has moved to
another zone meanwhile is reminded in the morning that is theirs now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Refusal, Screen
from bot.kit.text import When, _, ngettext
from db.actions import Action, ActionEntry, Deed, Milestone, Side, SnoozeReason, State
from db.people import Administration, Person, Topic
from scheduling import ladder
from scheduling.ladder import OWNERS, Rung

from . import cards, mornings, offices, telling
from .room import actions, owners

NUDGED_AFTER = 3  # working days without an answer to a question that may stay open: one nudge, then silence
UNAGREED_AFTER = 7
SNOOZES, WORDS = 2, 600
SNOOZED_FOR = (1, 2, 5)  # working days


def plan(ctx: Context, action: Action) -> None:
    """Plan every reminder of its present date that is still to come; what is planned already stays as it is."""
    for side in Side:
        person = ctx.session.get(Person, action.owner(side))
        if person is not None:
            for rung, at in ladder.owner_rungs(offices.mornings(ctx, person), action.due_day).items():
                if at > ctx.now:
                    _plan_rung(ctx, action, rung, person.id, at)
    for rung in (Rung.COORDINATOR, Rung.VICE_CHAIR):
        key = f"actions:{action.id}:{action.run}:{rung}"
        at = max(ladder.begins(action.due_day, rung), ctx.now)
        ctx.later(at, "actions.climb", key=key, action=action.id, rung=rung.value, run=action.run)


def _plan_rung(ctx: Context, action: Action, rung: Rung, person_id: int, at: datetime, again: str = "") -> None:
    key = f"actions:{action.id}:{action.run}:{rung}:{person_id}:{at:%Y%m%dT%H%M}{again}"
    args: dict[str, Any] = {"action": action.id, "rung": rung.value, "person": person_id, "run": action.run}
    ctx.later(at, "actions.rung", key=key, **args)


@actions.job("climb")
def climb(ctx: Context, action: Action, rung: str, run: int) -> None:
    """The day has begun somewhere on which others hear of it: each in their own morning."""
    if action.run != run or not action.is_under_way:
        return
    for person_id in offices.told_of(ctx, action, Rung(rung)):
        person = ctx.session.get_one(Person, person_id)
        at = ladder.office_rung(offices.mornings(ctx, person), action.due_day, Rung(rung))
        _plan_rung(ctx, action, Rung(rung), person_id, at)


@actions.job("rung")
def rung_(ctx: Context, action: Action, rung: str, person: int, run: int) -> None:
    """One person is reminded, where it is theirs still and its time has come in their own morning."""
    step, reminded = Rung(rung), ctx.session.get(Person, person)
    if action.run != run or not action.is_under_way or reminded is None or reminded.erased_at is not None:
        _find_an_owner(ctx, action, person, run)
        return
    week = offices.mornings(ctx, reminded)
    rungs = ladder.owner_rungs(week, action.due_day)
    at = rungs.get(step) if step in OWNERS else ladder.office_rung(week, action.due_day, step)
    if at is None or any(at < other <= ctx.now for other in rungs.values() if step in OWNERS):
        return  # a later one says it better
    late = ctx.now - at > ladder.LATE
    if at > ctx.now:
        _plan_rung(ctx, action, step, person, at)
    elif late and ladder.day_off(week, ctx.now) is not None:
        _plan_rung(ctx, action, step, person, ladder.next_morning(week, ctx.now), ":late")
    elif step in OWNERS and (side := _side(action, person)) is not None and not telling.is_owner(ctx, action, side):
        _find_an_owner(ctx, action, person, run)
    else:
        mornings.remind(ctx, reminded, step, at)


def _find_an_owner(ctx: Context, action: Action, person_id: int, run: int) -> None:
    """Whoever should be reminded has left: the coordinator is told, once for each of them."""
    if action.is_under_way and action.run == run and _side(action, person_id) is not None:
        lead = _("An owner of this action has left or speaks for their side no longer. Please name another.")
        telling.tell_coordinators(ctx, action, lead, once=f"{action.ref}:left:{person_id}")


def _side(action: Action, person_id: int) -> Side | None:
    return next((each for each in Side if action.owner(each) == person_id), None)


# One nudge, then silence


def nudge_later(
    ctx: Context, action: Action, side: Side, why: str, number: int, *, person_id: int | None = None
) -> None:
    """Ask once more, once, where a question to somebody stays without an answer: `asked`, `offered` or `claimed`."""
    person = ctx.session.get_one(Person, person_id or action.owner(side))
    at = ladder.next_morning(offices.mornings(ctx, person), ctx.now, NUDGED_AFTER)
    args: dict[str, Any] = {"action": action.id, "side": side.value, "why": why, "person": person.id, "run": action.run}
    ctx.later(at, "actions.nudge", key=f"actions:{action.id}:{why}:{side}:{number}", **args, number=number)
    if why == "asked":
        unagreed = ladder.next_morning(offices.mornings(ctx, person), ctx.now, UNAGREED_AFTER)
        ctx.later(unagreed, "actions.unagreed", key=f"actions:{action.id}:unagreed", action=action.id)


@actions.job("nudge")
def nudge(ctx: Context, action: Action, side: str, why: str, person: int, run: int, number: int) -> None:
    """The question, once more; there is no third time."""
    here, once = Side(side), f"{action.ref}:nudge:{why}:{number}"
    if not action.is_under_way:
        return
    if why == "asked" and action.owner(here) == person and not action.has_agreed(here):
        lead = _("You were asked to own this action and have not answered. You are not asked again.")
        telling.tell_owner(ctx, action, here, lead, once=once, topic=Topic.REMINDERS)
    elif why == "offered" and action.next(here) == person:
        lead = _("You were asked to take this action over and have not answered. You are not asked again.")
        shown = cards.asked_card(ctx, action, here, lead)
        ctx.notify(person, shown, once=once, topic=Topic.REMINDERS)
    elif why == "claimed" and _is_last_claim(ctx, action, number):
        lead = _(
            "The other owner says that this is done, and waits for your answer. You are not asked again before its"
            " date."
        )
        telling.tell_owner(ctx, action, here, lead, once=once, topic=Topic.REMINDERS)


@actions.job("unagreed")
def unagreed(ctx: Context, action: Action) -> None:
    """Days after it was put forward it has no two owners: the coordinator hears."""
    if action.state is State.PROPOSED:
        lead = _("This action was put forward, and not both owners have agreed to it.")
        telling.tell_coordinators(ctx, action, lead, once=f"{action.ref}:unagreed")


def _is_last_claim(ctx: Context, action: Action, entry_id: int) -> bool:
    claims = ActionEntry.action_id == action.id, ActionEntry.deed == Deed.CLAIMED
    return (
        action.state is State.CLAIMED
        and ctx.session.scalar(select(func.max(ActionEntry.id)).where(*claims)) == entry_id
    )


def milestone_later(ctx: Context, action: Action, step: Milestone) -> None:
    """Both owners are reminded of a milestone on its day, once."""
    for side in Side:
        person = ctx.session.get(Person, action.owner(side))
        if person is None or step.due_day is None:
            continue
        week = offices.mornings(ctx, person)
        at = ladder.morning(week, ladder.last_working_day(week, step.due_day))
        if at > ctx.now:
            key = f"actions:{action.id}:milestone:{step.id}:{side}"
            ctx.later(at, "actions.milestone_due", key=key, milestone=step.id, side=side.value)


@actions.job("milestone_due")
def milestone_due(ctx: Context, milestone: Milestone, side: str) -> None:
    """The day of a milestone: one reminder, then silence."""
    action = ctx.session.get_one(Action, milestone.action_id)
    if milestone.done_at is None and action.is_under_way:
        lead = _("A milestone of this action falls on {day}: {title}", day=milestone.due_day, title=milestone.title)
        telling.tell_owner(
            ctx, action, Side(side), lead, once=f"{action.ref}:milestone:{milestone.id}", topic=Topic.REMINDERS
        )


# What an owner can do with a reminder


def _spans(ctx: Context, query: str) -> Sequence[Option]:
    return [Option(str(each), ngettext("{count} working day", "{count} working days", each)) for each in SNOOZED_FOR]


@actions.form("snooze", _("Snooze"), allow=owners)
class Snooze(Form):
    """The reminder again in a few days, and why; twice at most, and never beyond the coordinator's day."""

    action: Action = ask.about()
    days: str = ask.choice(_("For how long?"), options=_spans)
    reason: SnoozeReason = ask.choice(_("Why?"), hint=_("The other owner can read it."))
    words: str | None = ask.prose(_("Is there more to say about it?"), max=WORDS, optional=True)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        action: Action = bound["action"]
        if not action.is_under_way:
            raise Refusal(_("It is closed. Its state is: {state}.", state=action.state))
        if _snoozes(ctx, action, ctx.who.id) >= SNOOZES:
            raise Refusal(_("You have put it off twice already. Say how far it is, ask for help, or hand it over."))

    def submit(self, ctx: Context) -> Screen:
        week = offices.mornings(ctx, ctx.session.get_one(Person, ctx.who.id))
        until = ladder.next_morning(week, ctx.now, int(self.days))
        told = _coordinators_day(ctx, self.action)
        if until.astimezone(ZoneInfo(self.action.zone)).date() >= told:
            raise Refusal(
                _("The coordinator hears of it on {day}. It cannot be put off as far as that.", day=told), field="days"
            )
        entry = telling.write(ctx, self.action, Deed.SNOOZED, self.words, snooze_reason=self.reason, until=until)
        key = f"actions:{self.action.id}:again:{entry.id}"
        ctx.later(until, "actions.again", key=key, action=self.action.id, entry=entry.id)
        return cards.card(ctx, self.action, _("You are reminded of it on {when}.", when=When(until)))


@actions.job("again")
def again(ctx: Context, action: Action, entry: ActionEntry) -> None:
    """What was put off, if it is theirs still and waits for them."""
    side = _side(action, entry.author_id)
    if side is None or action.run != entry.run or not action.is_under_way or side not in telling.waits_for(action):
        return
    lead = _("You asked to be reminded of this: it is due on {day}.", day=action.due_day)
    telling.tell_owner(ctx, action, side, lead, once=f"{action.ref}:again:{entry.id}")


@actions.form("need_help", _("Need help"), allow=owners)
class NeedHelp(Form):
    """A word to the coordinator, who can advise, name another owner or move the date."""

    action: Action = ask.about()
    words: str = ask.prose(_("What do you need?"), max=WORDS, hint=_("The coordinator and the other owner read it."))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if not bound["action"].is_under_way:
            raise Refusal(_("It is closed. Its state is: {state}.", state=bound["action"].state))

    def submit(self, ctx: Context) -> Screen:
        entry = telling.write(ctx, self.action, Deed.HELP, self.words)
        once = f"{self.action.ref}:entry:{entry.id}"
        lead = _("{name} needs help with this action.", name=ctx.who.name)
        is_told = telling.tell_coordinators(ctx, self.action, lead, once=once)
        telling.tell_owners(ctx, self.action, lead, once=once)
        said = (
            _("The coordinator and the other owner have been told.") if is_told else _("The other owner has been told.")
        )
        return cards.card(ctx, self.action, said)


def _snoozes(ctx: Context, action: Action, person_id: int) -> int:
    return ctx.session.scalar(select(func.count()).where(*mornings.snoozed(action, person_id))) or 0


def _coordinators_day(ctx: Context, action: Action) -> date:
    """The day on which the coordinator hears that it is overdue, as the administration counts days."""
    home = ctx.session.get_one(Administration, action.administration_id)
    week = ladder.mornings_of(home.zone, home.country)
    return ladder.next_working_day(week, action.due_day + timedelta(days=Rung.COORDINATOR.days))
