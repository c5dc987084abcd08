"""What one look at everything owed finds: what began, what was kept, what is late. Whoever is told is told elsewhere.

However often it looks, and whatever happens in between, a breach is found once; what ended before its time is none. A
look asks a bounded number of things of the database, however much there is; `is_all` is False where it has not seen all
that began, and should look again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db.protocols import Duty, Event, Protocol, ProtocolRule
from db.protocols.owing import Span, Stands, begun, standing

from .offices import Offices

AT_ONCE = 500  # of what began for one event
OVERLAP = timedelta(days=1)  # looked through twice: a turn commits a while after its instant


@dataclass(frozen=True)
class Seen:
    """What is new since the look before: duties too late, and those late for so long that they go further up."""

    breached: Sequence[Duty]
    escalated: Sequence[Duty]
    is_all: bool


def look(session: Session, protocol: Protocol, offices: Offices, *, at: datetime, most: int = AT_ONCE) -> Seen:
    """One look, for the version in force and those before it."""
    rules = _Rules(session, protocol.administration_id)
    since = min(protocol.looked_at or at, at) - OVERLAP
    is_all = True
    made = []
    for event in Event:
        spans = rules.spans(event, since)
        found = begun(session, protocol.administration_id, event, spans, at=at, most=most) if spans else ()
        is_all = is_all and len(found) < most
        for about_id, began_at, centre_id in found:
            rule = rules.at(event, began_at)
            made.append(
                {
                    "administration_id": protocol.administration_id,
                    "rule_id": rule.id,
                    "event": event,
                    "about_id": about_id,
                    "centre_id": centre_id,
                    "began_at": began_at,
                    "due_at": offices.week(centre_id).after_days(began_at, rule.within_days),
                }
            )
    if made:
        session.execute(insert(Duty), made)
    if is_all:
        protocol.looked_at = at
    breached = _settle(session, protocol, offices, rules, at=at)
    escalated = _escalate(session, protocol, offices, rules, at=at)
    session.flush()
    return Seen(breached, escalated, is_all)


def _settle(session: Session, protocol: Protocol, offices: Offices, rules: _Rules, *, at: datetime) -> list[Duty]:
    """Note what has happened, and what has not in its time. Those that are late, and were not known to be."""
    which = Duty.administration_id == protocol.administration_id, Duty.is_open()
    duties = {each.id: each for each in session.scalars(select(Duty).where(*which).order_by(Duty.due_at, Duty.id))}
    stands: dict[int, Stands] = {}
    for event in {each.event for each in duties.values()}:
        stands |= {each.duty_id: each for each in standing(session, protocol.administration_id, event, at=at)}
    found = []
    for duty in duties.values():
        now = stands.get(duty.id, Stands(duty.id, duty.centre_id, ended=True))  # what it was about is gone
        if now.centre_id != duty.centre_id:  # it was handed to another office, whose calendar counts from here on
            duty.centre_id = now.centre_id
            if duty.breached_at is None and duty.due_at > at:
                days = rules.by_id[duty.rule_id].within_days
                duty.due_at = max(at, offices.week(now.centre_id).after_days(duty.began_at, days))
        duty.kept_at, duty.released_at = now.kept_at, now.released_at
        if now.ended:
            duty.released_at = at
        if duty.kept_at is not None:
            duty.days = offices.week(duty.centre_id).working_days_between(duty.began_at, duty.kept_at)
        ended = duty.kept_at or duty.released_at
        in_time = now.ended if now.kept_at is None and now.released_at is None else (ended or at) < duty.due_at
        if duty.breached_at is None and not in_time and duty.due_at <= at:
            duty.breached_at = at
            found.append(duty)
    session.flush()
    return found


def _escalate(session: Session, protocol: Protocol, offices: Offices, rules: _Rules, *, at: datetime) -> list[Duty]:
    """Those late for so long that they go further up, once each."""
    which = Duty.administration_id == protocol.administration_id, Duty.is_open(), Duty.is_breach()
    lasting = select(Duty).where(*which, Duty.escalated_at.is_(None)).order_by(Duty.due_at, Duty.id)
    found = []
    for duty in session.scalars(lasting):
        rule = rules.by_id[duty.rule_id]
        if rule.escalate_to is None or rule.escalate_after is None:
            continue
        if offices.week(duty.centre_id).after_days(duty.began_at, rule.within_days + rule.escalate_after) <= at:
            duty.escalated_at = at
            found.append(duty)
    return found


class _Rules:
    """The rules of all versions that were ever in force, and when each was."""

    def __init__(self, session: Session, administration_id: int) -> None:
        of = Protocol.administration_id == administration_id, Protocol.published_at.is_not(None)
        rows: Any = session.execute(
            select(ProtocolRule, Protocol.published_at, Protocol.superseded_at)
            .join(Protocol, Protocol.id == ProtocolRule.protocol_id)
            .where(*of)
            .order_by(Protocol.number)
        )
        self.by_id: dict[int, ProtocolRule] = {}
        self._spans: dict[Event, list[tuple[ProtocolRule, datetime, datetime | None]]] = {}
        for rule, since, until in rows:
            self.by_id[rule.id] = rule
            self._spans.setdefault(rule.event, []).append((rule, since, until))

    def spans(self, event: Event, since: datetime) -> Collection[Span]:
        """When a version with a rule of this event was in force, since an instant."""
        return [
            (max(begins, since), ends)
            for _rule, begins, ends in self._spans.get(event, ())
            if ends is None or ends > since
        ]

    def at(self, event: Event, at: datetime) -> ProtocolRule:
        """The rule of the version in force then; there is one, as `spans` are of such."""
        return next(rule for rule, begins, ends in self._spans[event] if begins <= at and (ends is None or at < ends))


def rules_by_id(session: Session, administration_id: int) -> Mapping[int, ProtocolRule]:
    """Every rule of a published version."""
    return _Rules(session, administration_id).by_id
