"""Which criteria of the trusted-trader (AEO) programme each agency recognises, and what became of the gaps.

The criteria are those of the WCO's SAFE Framework of Standards, and whatever the administration adds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    ForeignKey,
    UniqueConstraint,
    and_,
    event,
    false,
    insert,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Mapped, Mapper, Session, mapped_column

from .base import Base, OfAdministration
from .people import Administration, Kind, Organisation, Standing, Who

# The groups of criteria of annex IV of the SAFE Framework: letter -> language -> name.
SAFE: Mapping[str, Mapping[str, str]] = json.loads(
    (Path(__file__).parent / "safe_criteria.json").read_text(encoding="utf-8")
)


class Stand(StrEnum):
    """Whether an agency counts what Customs has checked as checked."""

    RECOGNISED = "recognised"
    IN_PART = "in_part"
    NOT = "not"


UNMATCHED = (Stand.IN_PART, Stand.NOT)


class Criterion(OfAdministration, Base):
    """One line of the matrix. `code` is the letter of the SAFE Framework's group, or the administration's own."""

    __tablename__ = "criterion"
    __table_args__ = (UniqueConstraint("administration_id", "code"),)
    code: Mapped[str]
    name: Mapped[dict[str, Any]]  # language -> name
    position: Mapped[int]
    added_at: Mapped[datetime | None]  # None for those that were there from the beginning
    retired_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Everybody registered with the administration: the criteria are public."""
        return cls.administration_id == who.administration_id if who.is_registered else false()


@event.listens_for(Administration, "after_insert")
def _seed(_mapper: Mapper[Administration], connection: Connection, administration: Administration) -> None:
    """An administration begins with the criteria of the SAFE Framework, however it was founded."""
    connection.execute(insert(Criterion), seeds(administration.id))


def seeds(administration_id: int) -> list[dict[str, Any]]:
    """The rows a matrix begins with."""
    return [
        {"administration_id": administration_id, "code": code, "name": dict(name), "position": position}
        for position, (code, name) in enumerate(SAFE.items(), 1)
    ]


def _of_the_column(table: Any, who: Who) -> ColumnElement[bool]:
    """Rows of the agency that somebody speaks for; all of the administration's to staff."""
    ours = table.administration_id == who.administration_id
    theirs = true() if who.is_staff else table.agency_id == who.agency_id if who.agency_id is not None else false()
    return and_(ours, theirs)


class Recognition(OfAdministration, Base):
    """Where one agency stands on one criterion: who said so, when, and their note."""

    __tablename__ = "recognition"
    __table_args__ = (UniqueConstraint("criterion_id", "agency_id"),)
    criterion_id: Mapped[int] = mapped_column(ForeignKey("criterion.id"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    stand: Mapped[Stand]
    note: Mapped[str | None]
    language: Mapped[str]
    said_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    said_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Where agencies stand: to whoever reads it in full, and to all members once the matrix was opened."""
        if not who.is_registered:
            return false()
        opened = select(OpenMatrix.administration_id)
        ours = cls.administration_id == who.administration_id
        return and_(ours, or_(cls.in_full_to(who), cls.administration_id.in_(opened)))

    @classmethod
    def in_full_to(cls, who: Who) -> ColumnElement[bool]:
        """With its note, and who said it: to the agency whose column it is, and to staff. Never to another agency."""
        return _of_the_column(cls, who)

    def is_in_full_for(self, who: Who) -> bool:
        """The same, of this one."""
        theirs = who.is_staff or (who.agency_id is not None and who.agency_id == self.agency_id)
        return self.administration_id == who.administration_id and theirs


class RecognitionChange(OfAdministration, Base):
    """One thing an agency said of a criterion, as it said it then: what is kept when it says something else."""

    __tablename__ = "recognition_change"
    criterion_id: Mapped[int] = mapped_column(ForeignKey("criterion.id"), index=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    before: Mapped[Stand | None]
    stand: Mapped[Stand]
    note: Mapped[str | None]
    language: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """The agency itself, and staff."""
        return _of_the_column(cls, who)


class RecognitionRequest(OfAdministration, Base):
    """Customs asks an agency to fill its column by a day. What it has not said by then is known to be missing."""

    __tablename__ = "recognition_request"
    agency_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    respond_by: Mapped[datetime]
    words: Mapped[str | None]
    language: Mapped[str]
    nudged_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """The agency that was asked, and staff."""
        return _of_the_column(cls, who)


class OpenMatrix(OfAdministration, Base):
    """The administration shows all its members where agencies stand, without their notes. No row: it does not."""

    __tablename__ = "open_matrix"
    __table_args__ = (UniqueConstraint("administration_id"),)
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return cls.administration_id == who.administration_id


class Became(StrEnum):
    """What a gap was made."""

    MEETING = "meeting"
    ACTION = "action"


class GapStep(OfAdministration, Base):
    """A criterion that some agencies do not recognise became a topic of a meeting, or an action: `became_id`."""

    __tablename__ = "gap_step"
    __table_args__ = (UniqueConstraint("criterion_id", "became", "became_id"),)
    criterion_id: Mapped[int] = mapped_column(ForeignKey("criterion.id"))
    became: Mapped[Became]
    became_id: Mapped[int]
    agencies: Mapped[list[Any]]  # the ids of those that did not recognise it then
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Staff. What it became is seen by whoever sees that."""
        return cls.administration_id == who.administration_id if who.is_staff else false()


@dataclass(frozen=True)
class Column:
    """One agency in the matrix: its id and name, and the instant it was last asked to fill its column."""

    agency_id: int
    name: str
    asked_at: datetime | None

    def was_asked(self, criterion: Criterion) -> bool:
        return self.asked_at is not None and (criterion.added_at is None or criterion.added_at < self.asked_at)


def criteria(session: Session, administration_id: int) -> Sequence[Criterion]:
    """Those in use, in their order."""
    used = Criterion.administration_id == administration_id, Criterion.retired_at.is_(None)
    return session.scalars(select(Criterion).where(*used).order_by(Criterion.position, Criterion.id)).all()


def unsaid(session: Session, request: RecognitionRequest) -> Sequence[Criterion]:
    """The criteria in use when an agency was asked that it has not spoken of."""
    spoken = select(Recognition.criterion_id).where(Recognition.agency_id == request.agency_id)
    before = or_(Criterion.added_at.is_(None), Criterion.added_at < request.asked_at)
    left = Criterion.administration_id == request.administration_id, Criterion.retired_at.is_(None), before
    return session.scalars(
        select(Criterion).where(*left, Criterion.id.not_in(spoken)).order_by(Criterion.position)
    ).all()


def columns(session: Session, who: Who) -> Sequence[Column]:
    """The agencies in the matrix as `who` may know them: those asked, and those that have said something."""
    requests = select(RecognitionRequest.agency_id, RecognitionRequest.asked_at).where(
        RecognitionRequest.visible_to(who)
    )
    asked: dict[int, datetime] = {}
    for agency_id, at in session.execute(requests.order_by(RecognitionRequest.id)):
        asked[agency_id] = at
    spoken = session.scalars(select(Recognition.agency_id).where(Recognition.visible_to(who)).distinct())
    known = {*asked, *spoken, *((who.agency_id,) if who.agency_id is not None else ())}
    verified = Organisation.kind == Kind.AGENCY, Organisation.standing == Standing.VERIFIED
    names = session.execute(
        select(Organisation.id, Organisation.name)
        .where(Organisation.id.in_(known), Organisation.administration_id == who.administration_id, *verified)
        .order_by(Organisation.id)
    )
    return [Column(row.id, row.name, asked.get(row.id)) for row in names]


def cells(session: Session, who: Who) -> Mapping[tuple[int, int], Recognition]:
    """Where agencies stand, as far as `who` may see it: by criterion and agency."""
    rows = session.scalars(select(Recognition).where(Recognition.visible_to(who)))
    return {(each.criterion_id, each.agency_id): each for each in rows}


def gaps(found: Mapping[tuple[int, int], Recognition], agencies: Iterable[int]) -> Mapping[int, list[int]]:
    """The criteria that some agencies recognise in part or not at all, each with those agencies."""
    wanted = list(agencies)
    unmatched: dict[int, list[int]] = {}
    for (criterion_id, agency_id), each in sorted(found.items()):
        if each.stand in UNMATCHED and agency_id in wanted:
            unmatched.setdefault(criterion_id, []).append(agency_id)
    return unmatched
