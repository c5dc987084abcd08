"""Working on a draft, and publishing it: what one person has drafted, another one publishes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Refusal, Screen, Style, button
from bot.kit.text import _, phrase_of
from db.people import Administration
from db.protocols import HEARS, Door, Event, Hears, Protocol, ProtocolEditor, ProtocolRule, Superior

from . import reading, watching, wording
from .room import keepers, protocols

MOST_DAYS = 60
ALL_WAYS = (Door.CHAT, Door.MAIL, Door.CONTACT, Door.PERSON)
# A first version to begin with: event, who, within, by which ways, then after how many more to whom.
SUGGESTED: Sequence[tuple[Event, Hears, int, tuple[Door, ...], int, Superior]] = (
    (Event.ISSUE_RAISED, Hears.REPORTER, 2, (Door.CHAT, Door.MAIL), 2, Superior.LEAD),
    (Event.ISSUE_OUTCOME, Hears.EVERYBODY, 3, ALL_WAYS, 3, Superior.COORDINATOR),
    (Event.CONSULTATION_CLOSED, Hears.EVERYBODY, 30, (Door.CHAT, Door.MAIL, Door.PAGE), 10, Superior.COORDINATOR),
    (Event.CONSULTATION_OUTCOME, Hears.EVERYBODY, 3, ALL_WAYS, 3, Superior.COORDINATOR),
    (Event.MEETING_HELD, Hears.ATTENDEES, 10, (Door.CHAT, Door.MAIL), 5, Superior.LEAD),
    (Event.ACTION_DUE, Hears.OWNERS, 5, (Door.CHAT, Door.MAIL), 5, Superior.COORDINATOR),
)
DRAFTED = _("Drafted. Change what you like; somebody else publishes it.")


@protocols.command("suggest", _("Take the suggested protocol"), allow=keepers)
def suggest(ctx: Context) -> Screen:
    """A first version to begin with, as a draft."""
    made = _begin(ctx)
    for event, *said in SUGGESTED:
        _put(ctx, made, event, *said)  # type: ignore[arg-type]  # as they stand above
    ctx.session.flush()
    return reading.card(ctx, made, DRAFTED)


@protocols.command("redraft", _("Draft the next version"), allow=keepers)
def redraft(ctx: Context) -> Screen:
    """What is in force, as a draft to be changed."""
    present = reading.in_force(ctx)
    made = _begin(ctx)
    for event, rule in wording.rules_of(ctx.session, present).items() if present is not None else ():
        _put(ctx, made, event, rule.hears, rule.within_days, rule.ways, rule.escalate_after, rule.escalate_to)
    ctx.session.flush()
    return reading.card(ctx, made, DRAFTED)


def _begin(ctx: Context) -> Protocol:
    """One draft at a time, whoever begins it."""
    home = ctx.who.administration_id
    ctx.session.execute(select(Administration.id).where(Administration.id == home).with_for_update())
    known = reading.draft(ctx)
    if known is not None:
        there = button(_("The draft"), "protocols.version", protocol=known.id, style=Style.PRIMARY)
        raise Refusal(_("There is a draft already."), buttons=(there,))
    last = select(func.max(Protocol.number)).where(Protocol.administration_id == home)
    made = Protocol(
        administration_id=home,
        number=(ctx.session.scalar(last) or 0) + 1,
        drafted_at=ctx.now,
        drafted_by_id=ctx.who.id,
    )
    ctx.session.add(made)
    ctx.session.flush()
    _worked(ctx, made)
    return made


def _put(
    ctx: Context,
    protocol: Protocol,
    event: Event,
    hears: Hears,
    days: int,
    doors: Sequence[Door],
    after: int | None,
    to: Superior | None,
) -> None:
    """A rule of a draft, in the place of the one it has of that event."""
    its = ProtocolRule.protocol_id == protocol.id, ProtocolRule.event == event
    rule = ctx.session.scalar(select(ProtocolRule).where(*its))
    if rule is None:
        rule = ProtocolRule(administration_id=protocol.administration_id, protocol_id=protocol.id, event=event)
    rule.hears, rule.within_days, rule.doors = hears, days, [each.value for each in doors]
    rule.escalate_after, rule.escalate_to = (after, to) if to is not None else (None, None)
    ctx.session.add(rule)


def _worked(ctx: Context, protocol: Protocol) -> None:
    """It is theirs now, too: they do not publish it. Whoever has it before them sees that it has changed."""
    mine = ProtocolEditor.protocol_id == protocol.id, ProtocolEditor.person_id == ctx.who.id
    if ctx.session.scalar(select(ProtocolEditor.id).where(*mine)) is None:
        its = {"administration_id": protocol.administration_id, "protocol_id": protocol.id}
        ctx.session.add(ProtocolEditor(**its, person_id=ctx.who.id, at=ctx.now))
    protocol.drafted_at = ctx.now
    ctx.session.flush()


def _must_be_draft(protocol: Protocol) -> None:
    if protocol.published_at is not None:
        raise Refusal(
            _("Version {number} is published: it does not change any more.", number=protocol.number),
            buttons=(button(_("Draft the next version"), "protocols.redraft"),),
        )


def _who_of_an_outcome(_ctx: Context, _query: str) -> Sequence[Option]:
    return [Option(each.value, phrase_of(each)) for each in HEARS[Event.ISSUE_OUTCOME]]


@protocols.form("rule", _("Add or change a rule"), allow=keepers)
class Rule(Form):
    """One rule of a draft: in the place of the one it has of that event."""

    protocol: Protocol = ask.about()
    event: Event = ask.choice(_("What begins it, and what is promised?"))
    hears: Hears | None = ask.choice(
        _("Who hears it?"), options=_who_of_an_outcome, when=lambda so_far: so_far.event is Event.ISSUE_OUTCOME
    )
    within_days: int = ask.number(
        _("Within how many working days?"),
        least=1,
        most=MOST_DAYS,
        hint=_("In the calendar of the office that owes it. The day on which it begins does not count."),
    )
    first: Door = ask.choice(_("Which way is tried first?"))
    second: Door | None = ask.choice(_("Which way next?"), optional=True)
    third: Door | None = ask.choice(
        _("And which after that?"), optional=True, when=lambda so_far: so_far.second is not None
    )
    fourth: Door | None = ask.choice(
        _("And which last?"), optional=True, when=lambda so_far: so_far.second is not None and so_far.third is not None
    )
    escalate_to: Superior | None = ask.choice(
        _("Who hears of it when it is not kept?"), optional=True, hint=_("The office has it on its list anyway.")
    )
    escalate_after: int | None = ask.number(
        _("After how many more working days?"),
        least=1,
        most=MOST_DAYS,
        when=lambda so_far: so_far.escalate_to is not None,
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_be_draft(bound["protocol"])

    def submit(self, ctx: Context) -> Screen:
        doors: list[Door] = []
        for name in ("first", "second", "third", "fourth"):
            door = getattr(self, name)
            if door in doors:
                raise Refusal(_("Each way only once, please."), field=name)
            if door is not None:
                doors.append(door)
        hears = self.hears or HEARS[self.event][0]
        if hears not in HEARS[self.event]:
            hears = HEARS[self.event][0]
        _put(ctx, self.protocol, self.event, hears, self.within_days, doors, self.escalate_after, self.escalate_to)
        _worked(ctx, self.protocol)
        return reading.card(ctx, self.protocol, _("Changed."))


@protocols.command("drop", _("Promise it no longer"), allow=keepers)
def drop(ctx: Context, protocol: Protocol, event: str) -> Screen:
    """Take a rule out of a draft."""
    _must_be_draft(protocol)
    rule = next((each for each in wording.rules_of(ctx.session, protocol).values() if each.event.value == event), None)
    if rule is None:
        return reading.card(ctx, protocol)
    ctx.session.delete(rule)
    _worked(ctx, protocol)
    return reading.card(ctx, protocol, _("Changed."))


@protocols.command(
    "discard", _("Discard the draft"), allow=keepers, confirm=_("Discard this draft? What is in force stays so.")
)
def discard(ctx: Context, protocol: Protocol) -> Screen:
    """As if it had never been begun."""
    _must_be_draft(protocol)
    for table in (ProtocolRule, ProtocolEditor):
        ctx.session.execute(delete(table).where(table.protocol_id == protocol.id))
    ctx.session.delete(protocol)
    ctx.session.flush()
    screen: Screen = reading.protocol_(ctx)
    return screen


@protocols.command(
    "publish",
    _("Publish it"),
    allow=keepers,
    confirm=_("Publish it? It is in force at once, everybody can read it, and Parley watches whether it is kept."),
)
def publish(ctx: Context, protocol: Protocol, version: int) -> Screen:
    """By somebody who has not worked on it, as they have read it."""
    _must_be_draft(protocol)
    its = ProtocolEditor.protocol_id == protocol.id
    editors = ctx.session.scalars(select(ProtocolEditor.person_id).where(its)).all()
    if ctx.who.id in editors:
        raise Refusal(_("You have worked on it: somebody else has to publish it."))
    if protocol.version != version:
        read = button(_("Read it"), "protocols.version", protocol=protocol.id, style=Style.PRIMARY)
        raise Refusal(_("It has changed since you have read it."), buttons=(read,))
    if not wording.rules_of(ctx.session, protocol):
        raise Refusal(_("It has no rule yet."))
    before = reading.in_force(ctx)
    protocol.publish(ctx.who.id, at=ctx.now)
    protocol.looked_at = ctx.now
    if before is not None:
        before.supersede(at=ctx.now)
        protocol.looked_at = before.looked_at  # what began under it since is not looked through yet
    ctx.session.flush()
    watching.begin(ctx, protocol)
    screen = Screen(
        _("Version {number} of the communication protocol is in force.", number=protocol.number),
        (_("It was published by somebody who has not worked on it."),),
        buttons=(button(_("Read it"), "protocols.version", protocol=protocol.id),),
    )
    for person_id in editors:
        ctx.notify(person_id, screen, once=f"protocol:{protocol.id}:published")
    return reading.card(ctx, protocol, _("Published."))
