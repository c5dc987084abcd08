"""Whose working days count, and whom a breach goes to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.text import Named, Text, _, listed
from db.centres import Centre
from db.people import Administration, Person, Role, RoleName, Scope
from db.protocols import Superior
from handlers.register.data import named
from scheduling import ladder
from scheduling.deadlines import ONE_DAY, WorkingWeek

ROLES = {
    Superior.LEAD: RoleName.LEAD,
    Superior.COORDINATOR: RoleName.COORDINATOR,
    Superior.ADMINISTRATOR: RoleName.ADMINISTRATOR,
}
NO_OFFICE = _("No office in particular")


class Offices:
    """The calendars and the names of an administration's offices: two statements, however many there are."""

    def __init__(self, session: Session, administration_id: int) -> None:
        self.home = session.get_one(Administration, administration_id)
        centres = session.scalars(select(Centre).where(Centre.administration_id == administration_id)).all()
        self._names = {each.id: each.name for each in centres}
        self._weeks = {each.id: WorkingWeek.from_json(each.week) for each in centres}
        self._default = ladder.mornings_of(self.home.zone, self.home.country)

    def week(self, centre_id: int | None) -> WorkingWeek:
        """What has no desk of its own counts as the administration's."""
        return self._weeks.get(centre_id or 0, self._default)

    def name(self, centres: Collection[int | None]) -> Text:
        names = [Named(self._names[each]) if each in self._names else NO_OFFICE for each in centres]
        return names[0] if len(names) == 1 else listed(names)

    def plain(self, centres: Collection[int | None]) -> str:
        """The same for programs, in plain English."""
        return ", ".join(named(self._names[each]) if each in self._names else "none" for each in centres)

    def next_morning(self, at: datetime) -> datetime:
        """When the first of them opens, on a day after that of `at`."""
        found = []
        for week in (self._default, *self._weeks.values()):
            tomorrow = at.astimezone(ZoneInfo(week.zone)).date() + ONE_DAY
            found.append(week.next_open(datetime.combine(tomorrow, time(), ZoneInfo(week.zone))))
        return min(found)


class Staff:
    """Who holds which role, in one statement."""

    def __init__(self, session: Session, administration_id: int, *, at: datetime) -> None:
        held = (
            select(Role.person_id, Role.name, Role.scope, Role.scope_id)
            .join(Person, Person.id == Role.person_id)
            .where(Role.administration_id == administration_id, Role.name.in_(ROLES.values()), Role.in_force(at))
            .where(Person.erased_at.is_(None))
            .order_by(Role.person_id)
        )
        self._held = session.execute(held).all()

    def leads(self, centre_id: int | None) -> Sequence[int]:
        """Those of the office; who oversees all of them where it has none."""
        return self._of(RoleName.LEAD, Scope.CENTRE, str(centre_id)) or self._overseers()

    def superiors(self, to: Superior, centre_id: int | None) -> Sequence[int]:
        """Whom a breach goes to that has lasted."""
        if to is Superior.LEAD:
            return self.leads(centre_id)
        return self._of(ROLES[to], Scope.COUNTRY) or self._overseers()

    def _overseers(self) -> Sequence[int]:
        names = (RoleName.COORDINATOR, RoleName.ADMINISTRATOR)
        return list(dict.fromkeys(person for name in names for person in self._of(name, Scope.COUNTRY)))

    def _of(self, name: RoleName, scope: Scope, scope_id: str | None = None) -> Sequence[int]:
        return list(
            dict.fromkeys(
                row.person_id
                for row in self._held
                if row.name is name and row.scope is scope and (scope_id is None or row.scope_id == scope_id)
            )
        )
