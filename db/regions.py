"""Regions: the Vice-Chair's offices, who speaks for a member or for its business, and who has borne bad hours.

A region itself is no row, nor is a member of it: which members there are, their zones, working weeks and holidays are
the same for every installation and change with a release (`scheduling.regions`). Nor is a line of an office's roster:
it is a `Role` over the region, whose term, permissions, erasure and backup are a role's. What is somebody's, or
happens, is a row: an office and its term, who takes over from whom, who speaks for a member, and the ledger.

A region spans administrations, and one installation serves one: where it is the Vice-Chair's office, those who speak
for the members of other countries are people of this administration, with the member they speak for.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_, false, or_, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Identified, OfAdministration
from .people import RoleName, Scope, Who

OFFICE_ROLES = (RoleName.VICE_CHAIR, RoleName.COORDINATOR, RoleName.SECRETARY)


def serves(who: Who, *names: RoleName) -> frozenset[str]:
    """The regions in whose office this person holds one of these roles; any of an office's where none is named."""
    wanted = names or OFFICE_ROLES
    return frozenset(each.scope_id for each in who.grants if each.scope is Scope.REGION and each.name in wanted)


class Term(StrEnum):
    """How an office stands."""

    NAMED = "named"  # the next one: what it will take over can be looked at, nothing has moved
    SITTING = "sitting"
    PAST = "past"
    DROPPED = "dropped"  # it was named and did not take over


class Takes(StrEnum):
    """What passes to the next office."""

    REGION = "region"  # roles over the region, and what belongs to them
    EVERYTHING = "everything"  # whatever the leaving people hold here: the installation itself is the office's


class Office(OfAdministration, Base):
    """The Vice-Chair's office of a region for one term: which member has it, and who leads it.

    A region has one that sits and one that is named to follow, at most. `until` is when the term ends as planned;
    `ended_at` when it did.
    """

    __tablename__ = "office"
    region: Mapped[str]  # a code of scheduling.regions
    country: Mapped[str]  # the member that has it
    head_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    term: Mapped[Term]
    takes: Mapped[Takes] = mapped_column(default=Takes.REGION)
    named_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    named_at: Mapped[datetime]
    since: Mapped[datetime | None]
    until: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """One that sits or sat: every member. One that is named: its head, the office before it, administrators."""
        ours = cls.administration_id == who.administration_id
        if not who.is_registered:
            return false()
        if who.holds(RoleName.ADMINISTRATOR):
            return ours
        public = cls.term.in_((Term.SITTING, Term.PAST))
        return and_(ours, or_(public, cls.head_id == who.id, cls.region.in_(serves(who))))

    def sit(self, *, at: datetime) -> bool:
        """It takes over. False when it was not waiting to."""
        if self.term is not Term.NAMED:
            return False
        self.term, self.since = Term.SITTING, at
        return True

    def leave(self, *, at: datetime) -> bool:
        """Another takes over. False when it does not sit."""
        if self.term is not Term.SITTING:
            return False
        self.term, self.ended_at = Term.PAST, at
        return True

    def drop(self, *, at: datetime) -> bool:
        """It will not take over after all. False when it was not waiting to."""
        if self.term is not Term.NAMED:
            return False
        self.term, self.ended_at = Term.DROPPED, at
        return True


for _name in (Term.SITTING, Term.NAMED):
    Index(
        f"uq_office_{_name.value}",
        Office.administration_id,
        Office.region,
        unique=True,
        postgresql_where=text(f"term = '{_name.value}'"),
        sqlite_where=text(f"term = '{_name.value}'"),
    )


class Successor(Identified, Base):
    """Who takes over from one person of the office before. Whoever is not named hands over to the next head."""

    __tablename__ = "successor"
    __table_args__ = (UniqueConstraint("office_id", "person_id"),)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)  # who leaves
    successor_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)


class Side(StrEnum):
    CUSTOMS = "customs"
    BUSINESS = "business"


class Representative(OfAdministration, Base):
    """Somebody speaks for a member of a region, or for its business there, until a date.

    `zone` is where they attend from: that of the member's capital, unless they live elsewhere.
    """

    __tablename__ = "representative"
    region: Mapped[str]
    country: Mapped[str]
    side: Mapped[Side]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    zone: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    named_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """The region's office and administrators see them; everybody else themselves."""
        if who.holds(RoleName.ADMINISTRATOR):
            return cls.administration_id == who.administration_id
        served = cls.region.in_(serves(who))
        return and_(cls.administration_id == who.administration_id, or_(cls.person_id == who.id, served))

    @classmethod
    def in_force(cls, at: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
        return and_(cls.starts_at <= at, cls.ends_at > at)

    def end(self, at: datetime) -> bool:
        """False when it has ended already."""
        if self.ends_at <= at:
            return False
        self.ends_at = at
        return True


Index("ix_representative_region", Representative.administration_id, Representative.region)


class Borne(OfAdministration, Base):
    """A line of the ledger of bad hours: what one who attends has borne in a year, in points and in nights.

    `attendee` is a member's code, or `business:` and a `Representative`'s id. Points are those of
    `scheduling.meetings`; they are noted when a meeting has been held, and never for one that was not.
    """

    __tablename__ = "borne"
    __table_args__ = (UniqueConstraint("administration_id", "region", "year", "attendee"),)
    region: Mapped[str]
    year: Mapped[int]
    attendee: Mapped[str]
    points: Mapped[int] = mapped_column(default=0)
    nights: Mapped[int] = mapped_column(default=0)
    meetings: Mapped[int] = mapped_column(default=0)

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Published: everybody registered here. It names countries, no people."""
        return cls.administration_id == who.administration_id if who.is_registered else false()


class Planning(StrEnum):
    """How the plan of a year stands."""

    SOLVING = "solving"
    SOLVED = "solved"  # its choices wait for the chair
    FAILED = "failed"
    DROPPED = "dropped"
    CHOSEN = "chosen"  # its meetings have been called


class YearPlan(OfAdministration, Base):
    """A year of a region's meetings, planned: what was asked, the choices that were found, and which one was taken.

    `question` is `scheduling.meetings.Year` as JSON, `answer` what its solver says.
    """

    __tablename__ = "year_plan"
    region: Mapped[str]
    year: Mapped[int]
    title: Mapped[str]  # of each meeting, in the words of whoever asked
    language: Mapped[str]
    jointly: Mapped[bool]
    question: Mapped[dict[str, Any]]
    answer: Mapped[dict[str, Any] | None]
    state: Mapped[Planning] = mapped_column(default=Planning.SOLVING)
    chosen: Mapped[int | None]  # which of the choices, from 0
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """The region's office."""
        return and_(cls.administration_id == who.administration_id, cls.region.in_(serves(who)))

    def solved(self, answer: dict[str, Any]) -> bool:
        return self._become(Planning.SOLVED, Planning.SOLVING, answer=answer)

    def failed(self) -> bool:
        return self._become(Planning.FAILED, Planning.SOLVING)

    def drop(self) -> bool:
        """Nobody wants it any more."""
        return self._become(Planning.DROPPED, Planning.SOLVING, Planning.SOLVED)

    def choose(self, number: int) -> bool:
        """One of its choices is the year's plan."""
        if self.answer is None or not 0 <= number < len(self.answer["choices"]):
            return False
        return self._become(Planning.CHOSEN, Planning.SOLVED, chosen=number)

    def _become(self, state: Planning, *before: Planning, **values: Any) -> bool:
        if self.state not in before:
            return False
        self.state = state
        for name, value in values.items():
            setattr(self, name, value)
        return True


class RegionalMeeting(OfAdministration, Base):
    """What a region's meeting has beside every other: whether the region's business attends, the plan it is of, and
    whether what it cost stands in the ledger (`noted_at`)."""

    __tablename__ = "regional_meeting"
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), unique=True)
    region: Mapped[str]
    jointly: Mapped[bool]
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("year_plan.id"), index=True)
    noted_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """The region's office."""
        return and_(cls.administration_id == who.administration_id, cls.region.in_(serves(who)))

    def note(self, *, at: datetime) -> bool:
        """Into the ledger, once."""
        if self.noted_at is not None:
            return False
        self.noted_at = at
        return True
