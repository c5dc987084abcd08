"""A rule in words, and how one version differs from another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.screen import Row
from bot.kit.text import Phrase, When, _, listed, ngettext, phrase_of
from db.protocols import Event, Protocol, ProtocolRule

Rules = Mapping[Event, ProtocolRule]


def rules_of(session: Session, protocol: Protocol) -> Rules:
    """The rules of a version that was loaded through the rule, in the order of events."""
    its = session.scalars(select(ProtocolRule).where(ProtocolRule.protocol_id == protocol.id)).all()
    known = {each.event: each for each in its}
    return {event: known[event] for event in Event if event in known}


def within(days: int) -> Phrase:
    return ngettext("{count} working day", "{count} working days", days)


def escalation(rule: ProtocolRule) -> Phrase:
    """Who hears of it when it is not kept, after the office."""
    if rule.escalate_to is None:
        return _("It stays with the office")
    return _("{who}, after {days} more", who=rule.escalate_to, days=within(rule.escalate_after or 0))


def promise(rule: ProtocolRule) -> Phrase:
    """All that a rule says but its event."""
    return _(
        "{who}, within {days}. How: {doors}. When it is not kept: {whom}.",
        who=rule.hears,
        days=within(rule.within_days),
        doors=listed(rule.ways),
        whom=escalation(rule),
    )


def rows(rules: Rules) -> tuple[Row, ...]:
    return tuple(Row(phrase_of(event), promise(rule)) for event, rule in rules.items())


def difference(before: Rules, after: Rules) -> tuple[Row, ...]:
    """What a version says otherwise than the one before, in words; nothing for what is as it was."""
    found = []
    for event in Event:
        old, new = before.get(event), after.get(event)
        if old is None and new is not None:
            found.append(Row(_("New: {what}", what=event), promise(new)))
        elif new is None and old is not None:
            found.append(Row(_("No longer promised: {what}", what=event), promise(old)))
        elif old is not None and new is not None and old.says() != new.says():
            found.append(Row(_("Changed: {what}", what=event), _changed(old, new)))
    return tuple(found)


def _changed(old: ProtocolRule, new: ProtocolRule) -> Phrase:
    """Each part that is not as it was."""
    parts: list[tuple[Phrase, object, object, object, object]] = [
        (_("Who"), old.hears, new.hears, old.hears, new.hears),
        (_("Within"), old.within_days, new.within_days, within(old.within_days), within(new.within_days)),
        (_("How"), old.ways, new.ways, listed(old.ways), listed(new.ways)),
        (_("When it is not kept"), old.says()[3:], new.says()[3:], escalation(old), escalation(new)),
    ]
    said = [
        _("{what}: {before} → {after}", what=what, before=before, after=after)
        for what, was, now, before, after in parts
        if was != now
    ]
    return _("{changes}", changes=listed(said)) if len(said) != 1 else said[0]


def state(protocol: Protocol) -> Phrase:
    """Since when, and until when."""
    if protocol.published_at is None:
        return _("A draft: it promises nothing yet.")
    since = When(protocol.published_at, day_only=True)
    if protocol.superseded_at is None:
        return _("In force since {day}.", day=since)
    return _("In force from {day} until {end}.", day=since, end=When(protocol.superseded_at, day_only=True))


def title(protocol: Protocol) -> Phrase:
    return _("Communication protocol, version {number}", number=protocol.number)


def nothing(found: Sequence[Row]) -> tuple[Phrase, ...]:
    return () if found else (_("It says the same as the version before."),)
