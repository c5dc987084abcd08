"""Centres of expertise: which desk knows what, when it works, and who sits there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit import allow
from bot.kit.capability import Capability
from bot.kit.context import Context
from bot.kit.screen import Fact, Row, Screen, button
from bot.kit.text import Code, Named, Phrase, _, listed, ngettext
from db.centres import Centre
from db.people import Organisation, Person, Role, RoleName, Scope, Sector, staff_of
from scheduling.deadlines import WorkingWeek

from .paging import PAGE, turn_pages

centres = Capability("centres", _("Centres of expertise"))


@centres.command("centres", _("Centres of expertise"), allow=allow.members, menu=50)
def all_(ctx: Context, page: int = 0) -> Screen:
    """The desks of the administration, a page at a time."""
    found = ctx.session.scalars(select(Centre).where(Centre.visible_to(ctx.who)).order_by(Centre.id)).all()
    shown = found[page * PAGE : (page + 1) * PAGE]
    rows = tuple(
        Row(Named(each.name), about(each), (button(_("More"), "centres.centre", centre=each.id),)) for each in shown
    )
    return Screen(
        _("Centres of expertise"),
        (
            _("Each desk answers for its sectors, wherever the goods enter. Your issue finds its desk by itself.")
            if rows
            else _("No centre of expertise has been set up yet."),
        ),
        rows=rows,
        buttons=turn_pages("centres.centres", page, len(found)),
    )


@centres.command("centre", _("A centre of expertise"), allow=allow.members)
def one(ctx: Context, centre: Centre) -> Screen:
    """One desk: what it knows and when it works."""
    week = WorkingWeek.from_json(centre.week)
    facts = [
        Fact(_("Sectors"), listed([Sector(each) for each in centre.sectors])) if centre.sectors else None,
        Fact(_("HS chapters"), listed([Code(each) for each in centre.chapters])) if centre.chapters else None,
        Fact(_("Ports"), listed(centre.ports)) if centre.ports else None,
        Fact(_("Other agencies"), listed(centre.agencies)) if centre.agencies else None,
        Fact(_("Answers within"), ngettext("{count} working hour", "{count} working hours", centre.answer_hours)),
        Fact(_("Open now"), week.is_open(ctx.now)),
        Fact(_("Opens next"), week.next_open(ctx.now)) if not week.is_open(ctx.now) else None,
    ]
    return Screen(
        Named(centre.name),
        facts=tuple(each for each in facts if each),
        buttons=(button(_("All centres"), "centres.centres"),),
    )


def about(centre: Centre) -> Phrase:
    """A centre in one line: its sectors, or that it takes whatever no other desk does."""
    if centre.sectors:
        return _("Sectors: {sectors}", sectors=listed([Sector(each) for each in centre.sectors]))
    return _("Whatever no other desk answers for") if centre.takes_the_rest else _("No sector of its own")


def route(
    session: Session,
    administration_id: int,
    *,
    sector: Sector | None,
    chapter: str | None = None,
    port: str | None = None,
    agency_id: int | None = None,
) -> Centre | None:
    """The centre that claims a case most strongly; else the one that takes the rest; None where neither exists.

    Among equals the one that was set up first answers, so that like cases go to one desk.
    """
    agency = session.get(Organisation, agency_id) if agency_id else None
    desks = session.scalars(
        select(Centre).where(Centre.administration_id == administration_id).order_by(Centre.id)
    ).all()
    strongest, best = 0, next((each for each in desks if each.takes_the_rest), None)
    for desk in desks:
        claim = desk.claim(sector=sector, chapter=chapter, port=port, agency=agency.name if agency else None)
        if claim > strongest:
            strongest, best = claim, desk
    return best


def desk(session: Session, centre_id: int, *names: RoleName, at: datetime) -> Sequence[int]:
    """The persons who hold one of `names` at a centre; officers and leads where none is given."""
    names = names or (RoleName.OFFICER, RoleName.LEAD)
    at_desk = staff_of(centre_id, *names, at=at), Person.erased_at.is_(None)
    return session.scalars(select(Person.id).where(*at_desk).order_by(Person.id)).all()


def overseers(session: Session, administration_id: int, *, at: datetime) -> Sequence[int]:
    """Who answers when a desk cannot: coordinators and administrators with a role over the whole country."""
    held = select(Role.person_id).where(
        Role.administration_id == administration_id,
        Role.scope == Scope.COUNTRY,
        Role.name.in_((RoleName.COORDINATOR, RoleName.ADMINISTRATOR)),
        Role.in_force(at),
    )
    living = Person.id.in_(held), Person.erased_at.is_(None)
    return session.scalars(select(Person.id).where(*living).order_by(Person.id)).all()
