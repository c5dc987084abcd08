"""Centres of expertise: the desks that answer, what they know, and when they work."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, OfAdministration
from .people import Who


class Centre(OfAdministration, Base):
    """A team of Customs experts for some sectors, tariff chapters or ports, wherever the goods enter.

    `week` is `scheduling.deadlines.WorkingWeek` as JSON; `answer_hours` are hours of that week's working time.
    """

    __tablename__ = "centre"
    code: Mapped[str]
    name: Mapped[dict[str, Any]]  # language -> name
    sectors: Mapped[list[Any]] = mapped_column(default=list)
    chapters: Mapped[list[Any]] = mapped_column(default=list)  # two-digit chapters of the Harmonized System
    ports: Mapped[list[Any]] = mapped_column(default=list)
    agencies: Mapped[list[Any]] = mapped_column(default=list)
    week: Mapped[dict[str, Any]]
    answer_hours: Mapped[int] = mapped_column(default=16)
    takes_the_rest: Mapped[bool] = mapped_column(default=False)

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return cls.administration_id == who.administration_id

    def claim(self, *, sector: str | None, chapter: str | None, port: str | None, agency: str | None) -> int:
        """How strongly this centre claims a case: a chapter says more than a sector, a sector more than a port."""
        score = 0
        score += 8 if chapter and chapter in self.chapters else 0
        score += 4 if sector and sector in self.sectors else 0
        score += 2 if agency and agency in self.agencies else 0
        score += 1 if port and port.casefold() in (known.casefold() for known in self.ports) else 0
        return score
