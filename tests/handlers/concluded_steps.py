"""A consultation that ended or draws to its close, as its rows, and what its owners' commands tell of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import handlers
from bot.kit import allow
from bot.kit.capability import Capability, Registry
from bot.kit.context import Context, Told
from bot.kit.screen import Screen, button
from bot.kit.text import _
from db.conclusions import CONCLUDED, Conclusion
from db.consultations import Consultation, Contribution, ContributionKind, Phase
from handlers.consultations.room import WHEN_MOVED
from tests.world import World

steps = Capability("steps", _("Consultations"))


@steps.command("moved", _("Open"), allow=allow.staff)
def moved(ctx: Context, consultation: Consultation) -> Screen:
    """What happens when it has come to another phase."""
    for each in WHEN_MOVED:
        each(ctx, consultation)
    return Screen(_("Open"))


@steps.command("tell", _("Open"), allow=allow.staff)
def tell(ctx: Context, conclusion: int = 0, person: int = 0) -> Screen:
    """One person is told its outcome, with a line in the ledger."""
    its = ctx.session.get_one(Conclusion, conclusion)
    screen = Screen(
        _("What became of it"), buttons=(button(_("Open"), "consultations.show", consultation=its.consultation_id),)
    )
    ctx.notify(person, screen, once=f"C-{its.consultation_id}:outcome", told=Told(CONCLUDED, conclusion))
    return Screen(_("Open"))


REGISTRY = Registry(
    [*handlers.registry.capabilities, steps],
    home="home.show",
    welcome="people.register",
    begins=handlers.registry.begins,
)


def consultation(world: World, phase: Phase, **more: Any) -> int:
    """Ruiz of the perishables desk owns it, and it closes in twenty days."""
    now = world.clock.now()
    about = {
        "title": "Reefer inspections",
        "summary": "When and where refrigerated goods are inspected",
        "language": "en",
        "zone": "Africa/Tunis",
        "owner_id": world.ids["ruiz"],
        "centre_id": world.centres["perishables"],
        "comments_at": now,
        "closes_at": now + timedelta(days=20),
        "outcome_due": now + timedelta(days=40),
        "draft_number": 1,
    }
    with world.parley.sessions.writing() as session:
        row = Consultation(administration_id=world.home, phase=phase, created_at=now, **(about | more))
        session.add(row)
        session.flush()
        return row.id


def said(world: World, consultation_id: int, *who: str, language: str = "en", **more: Any) -> None:
    with world.parley.sessions.writing() as session:
        for each in who:
            session.add(
                Contribution(
                    administration_id=world.home,
                    consultation_id=consultation_id,
                    kind=ContributionKind.COMMENT,
                    person_id=world.ids[each],
                    words="Please inspect at night too",
                    language=language,
                    at=world.clock.now(),
                    **more,
                )
            )


def concluded(world: World, to: Iterable[str], **more: Any) -> int:
    """Its outcome is out, and these are told it. The consultation's id."""
    now = world.clock.now()
    made = consultation(world, Phase.OUTCOME, ended_at=now, **more)
    with world.parley.sessions.writing() as session:
        outcome = Conclusion(
            administration_id=world.home,
            consultation_id=made,
            asked="When are reefers inspected?",
            said="At night as well",
            done="From January",
            language="en",
            proposed_by_id=world.ids["ruiz"],
            proposed_at=now,
            approved_by_id=world.ids["lena"],
            approved_at=now,
            published_at=now,
        )
        session.add(outcome)
        session.flush()
        number = outcome.id
    for each in to:
        world.do("ruiz", "steps.tell", conclusion=number, person=world.ids[each])
    return made
