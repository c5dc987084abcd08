"""An action as it is shown: to its owners and those who oversee the plan with what was said, to others without."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select

from bot.kit.context import Context
from bot.kit.screen import Attachment, Button, Fact, Quote, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, Text, When, _, ngettext
from db.actions import DEED, Action, ActionEntry, Deed, Milestone, Side, Source, State
from db.files import File, FileState
from db.issues import Issue
from db.people import Organisation
from handlers.people.naming import called

SHOWN = 3  # things said last, on a card
SAID = {
    Deed.PROPOSED: _("{who} put it forward on {when}"),
    Deed.AGREED: _("{who} agreed to own it on {when}"),
    Deed.OFFERED: _("{who} asked to hand it over on {when}"),
    Deed.TOOK_OVER: _("{who} took it over on {when}"),
    Deed.DECLINED: _("{who} did not take it over, on {when}"),
    Deed.PROGRESS: _("{who} said on {when} how far it is"),
    Deed.EVIDENCE: _("{who} added evidence on {when}"),
    Deed.MILESTONE: _("{who} set or ticked a milestone on {when}"),
    Deed.CLAIMED: _("{who} said on {when} that it is done"),
    Deed.CONFIRMED: _("{who} confirmed on {when} that it is done"),
    Deed.DISPUTED: _("{who} said on {when} that it is not done"),
    Deed.WENT_ON: _("{who} said on {when} that it goes on"),
    Deed.SNOOZED: _("{who} put the reminder off on {when}"),
    Deed.HELP: _("{who} asked for help on {when}"),
    Deed.ADVICE: _("{who} advised on {when}"),
    Deed.MOVED: _("{who} moved the date on {when}"),
    Deed.DROPPED: _("{who} dropped it on {when}"),
}


def card(ctx: Context, action: Action, lead: Phrase | None = None, *body: Text | Quote) -> Screen:
    """The action for whoever asks, below what has just happened."""
    is_party = ctx.session.scalar(select(ActionEntry.id).where(*_told(ctx, action)).limit(1)) is not None
    side = action.side_of(ctx.who)
    if side is None and (asked := action.asked_side(ctx.who)) is not None:
        return asked_card(ctx, action, asked, lead, *body)
    return _card(ctx, action, lead, body, _buttons(action, side), is_party=is_party)


def card_of(ctx: Context, action: Action, side: Side | None, lead: Phrase, *body: Text | Quote) -> Screen:
    """The action for the owner of a side, or with None for somebody who oversees the plan."""
    return _card(ctx, action, lead, body, _buttons(action, side), is_party=True)


def asked_card(ctx: Context, action: Action, side: Side, lead: Phrase | None, *body: Text | Quote) -> Screen:
    """The action for whoever is asked to take a side of it over."""
    buttons = (
        button(_("Take it over"), "actions.take_over", style=Style.PRIMARY, action=action.id),
        button(_("No, thank you"), "actions.decline", action=action.id),
    )
    return _card(ctx, action, lead, body, buttons, is_party=True)


def line(action: Action, ctx: Context) -> Phrase:
    """An action in one line of a list."""
    if action.is_late(ctx.now):
        return _("{ref} · {state} · was due {day}", ref=Code(action.ref), state=action.state, day=action.due_day)
    if action.is_under_way:
        return _("{ref} · {state} · due {day}", ref=Code(action.ref), state=action.state, day=action.due_day)
    return _("{ref} · {state}", ref=Code(action.ref), state=action.state)


def row(action: Action, ctx: Context) -> Row:
    open_ = button(_("Open"), "actions.show", action=action.id)
    return Row(Raw(action.title, action.language), line(action, ctx), (open_,))


def reminder(action: Action, side: Side | None, lead: Phrase) -> Row:
    """An action among several that somebody is reminded of: what is to be done first about it is one tap away."""
    about = _("{ref} · {state}", ref=Code(action.ref), state=lead)
    open_ = button(_("Open"), "actions.show", action=action.id)
    return Row(Raw(action.title, action.language), about, (*_buttons(action, side)[:1], open_))


def said(ctx: Context, entries: Sequence[ActionEntry], *, by_name: bool = True) -> tuple[Quote | Phrase, ...]:
    """Entries in their own words; without a name where the reader is none of the parties."""
    names = called(ctx.session, {each.author_id for each in entries}) if by_name else {}
    found: list[Quote | Phrase] = []
    for each in entries:
        who = names.get(each.author_id) or each.side or _("Somebody")
        by = replace(SAID[each.deed], args={"who": who, "when": When(each.at)})
        words = "\n".join(filter(None, (each.words, each.link)))
        if each.snooze_reason is not None:
            by = _("{what}: {reason}", what=by, reason=each.snooze_reason)
        found.append(Quote(Raw(words, each.language), by) if words else by)
    return tuple(found)


def files(ctx: Context, entries: Iterable[ActionEntry]) -> tuple[Attachment, ...]:
    """What hangs on these entries and was not refused."""
    mine = File.owner == DEED, File.owner_id.in_([each.id for each in entries]), File.state != FileState.REFUSED
    found = ctx.session.scalars(select(File).where(*mine).order_by(File.id))
    return tuple(Attachment(each.id, each.name, each.media_type) for each in found)


def milestones(ctx: Context, action: Action) -> Sequence[Milestone]:
    dated = Milestone.due_day.is_(None), Milestone.due_day, Milestone.id
    return ctx.session.scalars(select(Milestone).where(Milestone.action_id == action.id).order_by(*dated)).all()


def _told(ctx: Context, action: Action) -> tuple[ColumnElement[bool], ...]:
    return ActionEntry.action_id == action.id, ActionEntry.deed == Deed.PROPOSED, ActionEntry.visible_to(ctx.who)


def _card(
    ctx: Context,
    action: Action,
    lead: Phrase | None,
    body: Sequence[Text | Quote],
    buttons: tuple[Button, ...],
    *,
    is_party: bool,
) -> Screen:
    title = Raw(action.title, action.language)
    words = (*((title,) if lead else ()), *((Raw(action.detail, action.language),) if action.detail else ()))
    return Screen(
        lead or title,
        (*body, *words, *said(ctx, _latest(ctx, action, is_party=is_party), by_name=is_party)),
        facts=_facts(ctx, action, by_name=is_party),
        buttons=(*buttons, button(_("More"), "actions.more", action=action.id)),
    )


def _latest(ctx: Context, action: Action, *, is_party: bool) -> list[ActionEntry]:
    """What was said last; in a dispute what each of the two says of it, whoever asks."""
    entries = select(ActionEntry).where(ActionEntry.action_id == action.id).order_by(ActionEntry.id.desc())
    both = (Deed.CLAIMED, Deed.DISPUTED)
    found: set[ActionEntry] = set()
    if action.state is State.DISPUTED:
        found |= {each for deed in both if (each := ctx.session.scalar(entries.where(ActionEntry.deed == deed)))}
    if is_party:
        spoken = ActionEntry.words.is_not(None), ActionEntry.deed != Deed.PROPOSED
        found |= set(ctx.session.scalars(entries.where(*spoken).limit(SHOWN)))
    return sorted(found, key=lambda each: each.id)


def _facts(ctx: Context, action: Action, *, by_name: bool) -> tuple[Fact, ...]:
    organisation = ctx.session.get_one(Organisation, action.business_organisation_id)
    steps = milestones(ctx, action)
    reached = sum(each.done_at is not None for each in steps)
    evidence = ctx.session.scalar(
        select(func.count()).where(ActionEntry.action_id == action.id, ActionEntry.deed == Deed.EVIDENCE)
    )
    facts = (
        Fact(_("Reference"), Code(action.ref)),
        Fact(_("State"), action.state),
        Fact(_("Why"), action.drop_reason) if action.drop_reason else None,
        *_owners(ctx, action, organisation.name, by_name=by_name),
        Fact(_("Due"), due(action)),
        Fact(_("Late by"), _days(action, ctx)) if action.is_late(ctx.now) else None,
        Fact(_("Milestones"), _("{done} of {total}", done=reached, total=len(steps))) if steps else None,
        Fact(_("Evidence"), evidence) if evidence else None,
        Fact(_("Comes from"), _source(action)) if action.source is not Source.HAND else None,
    )
    return tuple(each for each in facts if each)


def due(action: Action) -> Phrase:
    """Its day, and where that is the day."""
    return _("{day} ({place})", day=action.due_day, place=Raw(action.zone.rpartition("/")[2].replace("_", " ")))


def _owners(ctx: Context, action: Action, organisation: str, *, by_name: bool) -> Iterable[Fact]:
    if not by_name:
        yield Fact(_("Owner in business"), organisation)
        return
    people = {action.customs_owner_id, action.business_owner_id, action.customs_next_id, action.business_next_id}
    names = called(ctx.session, {each for each in people if each is not None})
    customs, business = names[action.customs_owner_id], names[action.business_owner_id]
    labels = {Side.CUSTOMS: _("Owner in Customs"), Side.BUSINESS: _("Owner in business")}
    shown = {
        Side.CUSTOMS: customs,
        Side.BUSINESS: _("{name}, {organisation}", name=business, organisation=organisation),
    }
    for side, label in labels.items():
        value: Text = shown[side]
        if not action.has_agreed(side):
            value = _("{who} (has not agreed yet)", who=value)
        yield Fact(label, value)
        if (asked := action.next(side)) is not None:
            yield Fact(_("Asked to take it over"), names[asked])


def _days(action: Action, ctx: Context) -> Phrase:
    return ngettext("{count} day", "{count} days", (ctx.now - action.due_at) // timedelta(days=1) + 1)


def _source(action: Action) -> Code | Source:
    if action.source is Source.ISSUE and action.source_id is not None:
        return Code(Issue.ref_of(action.source_id))
    return action.source


def _buttons(action: Action, side: Side | None) -> tuple[Button, ...]:
    """What comes next, most likely first. The engine hides what this reader may not do."""

    def does(label: Phrase, verb: str, style: Style = Style.PLAIN) -> Button:
        return Button(label, f"actions.{verb}", {"action": action.id}, style)

    if not action.is_under_way:
        return ()
    if side is None:
        advise = (does(_("Advise"), "advise", Style.PRIMARY),)
        return (*advise, does(_("Move the date"), "move"), does(_("Drop it"), "drop", Style.DANGER))
    own = (does(_("I own it"), "own", Style.PRIMARY),) if not action.has_agreed(side) else ()
    hand_over = does(_("Hand over"), "hand_over")
    done, help_ = does(_("Done"), "done", Style.PRIMARY), does(_("Need help"), "need_help")
    progress, snooze = does(_("Say how far it is"), "progress"), does(_("Snooze"), "snooze")
    if action.state is State.PROPOSED:
        return (*own, hand_over, help_)
    if action.state is State.CLAIMED:
        if action.claimed_by is side:
            return (*own, does(_("Not done after all"), "go_on"), help_)
        return (*own, does(_("Confirm"), "confirm", Style.PRIMARY), does(_("Dispute"), "dispute"), help_)
    if action.state is State.DISPUTED and action.claimed_by is not side:
        return (*own, does(_("Confirm"), "confirm"), done, help_)
    return (*own, done, snooze, help_, hand_over, progress)
