"""The watch over the protocol: a look once in the morning of each working day, and who is told what it finds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.kit.context import Context
from bot.kit.screen import Row, Screen, Style, button
from bot.kit.text import Code, Phrase, _, ngettext
from db.protocols import Duty, Protocol
from db.protocols.owing import cases
from handlers.paging import PAGE

from . import monitor
from .offices import Offices, Staff
from .room import protocols

SOON = timedelta(minutes=1)  # where one look has not seen everything


def begin(ctx: Context, protocol: Protocol) -> None:
    """Look from the next working morning on."""
    _look_at(ctx, protocol, Offices(ctx.session, protocol.administration_id).next_morning(ctx.now))


def _look_at(ctx: Context, protocol: Protocol, at: datetime) -> None:
    ctx.later(at, "protocols.look", key=f"protocol:{protocol.id}:look:{at.isoformat()}", protocol=protocol.id)


@protocols.job("look")
def look(ctx: Context, protocol: Protocol) -> None:
    """Find what was not kept, tell each once what is new for them, and look again in the next working morning. A
    version that is in force no longer leaves it to its successor."""
    if not protocol.is_in_force:
        return
    offices = Offices(ctx.session, protocol.administration_id)
    seen = monitor.look(ctx.session, protocol, offices, at=ctx.now)
    if seen.breached or seen.escalated:
        _tell(ctx, protocol, seen)
    _look_at(ctx, protocol, offices.next_morning(ctx.now) if seen.is_all else ctx.now + SOON)


def _tell(ctx: Context, protocol: Protocol, seen: monitor.Seen) -> None:
    staff = Staff(ctx.session, protocol.administration_id, at=ctx.now)
    rules = monitor.rules_by_id(ctx.session, protocol.administration_id)
    late, lasting = defaultdict[int, list[Duty]](list), defaultdict[int, list[Duty]](list)
    for duty in seen.breached:
        for person_id in staff.leads(duty.centre_id):
            late[person_id].append(duty)
    for duty in seen.escalated:
        to = rules[duty.rule_id].escalate_to
        for person_id in staff.superiors(to, duty.centre_id) if to is not None else ():
            lasting[person_id].append(duty)
    names = cases(ctx.session, [*seen.breached, *seen.escalated])
    for what, found in (("late", late), ("lasting", lasting)):
        for person_id, duties in found.items():
            lead = _late(len(duties)) if what == "late" else _lasting(len(duties))
            once = f"protocol:{protocol.id}:{what}:{ctx.now.isoformat()}"
            ctx.notify(person_id, _screen(lead, duties, names), once=once)


def _late(count: int) -> Phrase:
    return ngettext(
        "{count} promise of the communication protocol was not kept in time.",
        "{count} promises of the communication protocol were not kept in time.",
        count,
    )


def _lasting(count: int) -> Phrase:
    return ngettext(
        "{count} promise of the communication protocol is still not kept.",
        "{count} promises of the communication protocol are still not kept.",
        count,
    )


def _screen(lead: Phrase, duties: Sequence[Duty], names: dict[int, tuple[str, int]]) -> Screen:
    left = len(duties) - PAGE
    return Screen(
        lead,
        (ngettext("And {count} more.", "And {count} more.", left),) if left > 0 else (),
        rows=tuple(
            Row(
                Code(names[each.id][0]),
                _("{what}", what=each.event),
                (button(_("Open"), "protocols.breach", duty=each.id),),
            )
            for each in duties[:PAGE]
        ),
        buttons=(button(_("Promises not kept"), "protocols.breaches", style=Style.PRIMARY),),
    )
