"""What everybody may read of the protocol on the public register: its rules, and how well each is kept.

Nobody's name and no case stands there, and no figure is about fewer than `small_groups.LEAST` cases.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.screen import Table
from bot.kit.sheets import Cell, Sheet
from bot.kit.site import Section
from bot.kit.text import Named, _, listed, phrase_of
from db.protocols import Protocol
from db.protocols.figures import Kept, in_public
from db.small_groups import LEAST
from handlers.register.data import named
from handlers.register.room import ON_PROTOCOL, Added

from . import keeping, wording
from .offices import Offices

RULES = (
    *("administration", "version", "published", "in_force_until", "event", "who_hears", "within_working_days"),
    *("ways", "escalated_after_working_days", "escalated_to"),
)
KEPT = (
    *("administration", "event", "offices", "owed", "kept_in_time", "percent_in_time", "still_owed"),
    *("median_working_days", "longest_working_days"),
)


def on_register(session: Session, at: datetime) -> Added:
    """The version in force with its figures, for each administration that has one; as data, every version."""
    its = select(Protocol).where(Protocol.published_at.is_not(None))
    versions = session.scalars(its.order_by(Protocol.administration_id, Protocol.number)).all()
    sections: list[Section] = []
    rules: list[tuple[Cell, ...]] = []
    kept: list[tuple[Cell, ...]] = []
    several = len({each.administration_id for each in versions}) > 1
    for version in versions:
        offices = Offices(session, version.administration_id)
        its_rules = wording.rules_of(session, version)
        home = named(offices.home.name)
        for event, rule in its_rules.items():
            ways, to = ", ".join(each.value for each in rule.ways), rule.escalate_to.value if rule.escalate_to else None
            promise = (event.value, rule.hears.value, rule.within_days, ways, rule.escalate_after, to)
            rules.append((home, version.number, version.published_at, version.superseded_at, *promise))
        if version.is_in_force:
            its_zone = offices.home.zone
            figures = in_public(session, version.administration_id, its_zone, since=keeping.since(at), at=at)
            kept += [_row(home, each, offices) for each in figures]
            sections.append(_section(version, its_rules, figures, offices, several=several))
    if not versions:
        return Added()
    return Added(
        tuple(sections),
        (Sheet("protocol_rules", RULES, tuple(rules)), Sheet("protocol_kept", KEPT, tuple(kept))),
    )


def _section(
    version: Protocol, rules: wording.Rules, figures: list[Kept], offices: Offices, *, several: bool
) -> Section:
    columns = (_("What is promised"), _("Who hears it"), _("Within"), _("How"), _("When it is not kept"))
    promised = tuple(
        (
            phrase_of(event),
            phrase_of(rule.hears),
            wording.within(rule.within_days),
            listed(rule.ways),
            wording.escalation(rule),
        )
        for event, rule in rules.items()
    )
    title = wording.title(version)
    if several:
        title = _("{what} ({administration})", what=title, administration=Named(offices.home.name))
    counted = (
        Table(
            _("How well each promise is kept, in the last twelve months"),
            (_("What is promised"), *keeping.COLUMNS),
            tuple((phrase_of(each.event), *keeping.cells(each, offices)) for each in figures),
        ),
        keeping.COUNTED,
        _("Offices with fewer than {least} are counted together with others.", least=LEAST),
    )
    few = (_("In the last twelve months too little was promised to give figures."),)
    return Section(
        title,
        (wording.state(version), Table(_("What Customs promises"), columns, promised), *(counted if figures else few)),
        "promises" if not several else f"promises-{version.administration_id}",
    )


def _row(home: str, each: Kept, offices: Offices) -> tuple[Cell, ...]:
    return (
        *(home, each.event.value, offices.plain(each.centres), each.owed, each.in_time, each.percent, each.open),
        *(each.median_days, each.worst_days),
    )


ON_PROTOCOL.append(on_register)
