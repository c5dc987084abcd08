"""Formal positions: what an organisation says of a consultation as such, once, by whoever has its mandate."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, and_, or_, select, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, OfAdministration
from .consultations import Consultation
from .people import Who


class Stance(StrEnum):
    SUPPORT = "support"
    CONDITIONS = "conditions"
    AGAINST = "against"


class PositionState(StrEnum):
    DRAFT = "draft"  # the organisation's own; a colleague is to see it
    ASKED = "asked"  # an association would file it; the member has said neither yes nor no
    FILED = "filed"  # it stands
    REPLACED = "replaced"  # another stands in its place
    WITHDRAWN = "withdrawn"  # taken back, or the consent it rested on was
    REFUSED = "refused"  # the member said no
    DROPPED = "dropped"  # never filed


CURRENT = (PositionState.DRAFT, PositionState.ASKED, PositionState.FILED)


class Position(OfAdministration, Base):
    """One text of one organisation's position. Of a consultation and an organisation at most one is `FILED` and one a
    `DRAFT`, which the database itself sees to; what is filed does not change any more, it is replaced by another.

    `association_id` is who files it for its member, the organisation; then `consent` is what the member's agreement
    rests on: its own words, with `consented_by_id` who gave them, or without that, what the association has on record.
    `author_id` wrote it, `seen_by_id` is a colleague who has read the draft. Filed, it is the contribution
    `contribution_id`. Transitions return False where the present state does not allow them, and change nothing then.
    """

    __tablename__ = "formal_position"
    __table_args__ = (
        CheckConstraint("state != 'filed' OR contribution_id IS NOT NULL", name="filed_is_said"),
        CheckConstraint("state != 'filed' OR association_id IS NULL OR consent IS NOT NULL", name="filed_with_consent"),
    )
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    association_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    state: Mapped[PositionState]
    stance: Mapped[Stance]
    words: Mapped[str]
    language: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    written_at: Mapped[datetime]
    seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    seen_at: Mapped[datetime | None]
    remark: Mapped[str | None]  # what a colleague would change in the draft
    remark_language: Mapped[str | None]
    remark_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    consent: Mapped[str | None]
    consent_language: Mapped[str | None]
    consented_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    consented_at: Mapped[datetime | None]
    contribution_id: Mapped[int | None] = mapped_column(ForeignKey("contribution.id"), unique=True)
    filed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    filed_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Whoever speaks for the organisation, or for the association that files for it; what stands, its owners."""
        owned = select(Consultation.id).where(Consultation.owned_by(who))
        rules = [and_(cls.state == PositionState.FILED, cls.consultation_id.in_(owned))]
        if who.organisation_id is not None:
            rules += [cls.organisation_id == who.organisation_id, cls.association_id == who.organisation_id]
        return and_(cls.administration_id == who.administration_id, or_(*rules))

    @property
    def speaker_id(self) -> int:
        """The organisation whose people write and file it."""
        return self.association_id or self.organisation_id

    @property
    def is_seen(self) -> bool:
        """Somebody else than its author has read it; not so where the two turned out to be one person."""
        return self.seen_by_id is not None and self.seen_by_id != self.author_id

    def see(self, by: int, *, at: datetime) -> bool:
        if self.state is not PositionState.DRAFT or by == self.author_id or self.is_seen:
            return False
        self.seen_by_id, self.seen_at = by, at
        return True

    def note(self, by: int, words: str, language: str) -> bool:
        """A colleague would have it otherwise: it is no longer taken as seen."""
        if self.state is not PositionState.DRAFT or by == self.author_id:
            return False
        self.remark, self.remark_language, self.remark_by_id = words, language, by
        self.seen_by_id = self.seen_at = None
        return True

    def agree(self, by: int | None, words: str, language: str, *, at: datetime) -> bool:
        """The member agrees, in the words of `by`; None: what the association has on record says so."""
        if self.state is not PositionState.ASKED:
            return False
        self.consent, self.consent_language, self.consented_by_id, self.consented_at = words, language, by, at
        return True

    def file(self, by: int, contribution_id: int, *, at: datetime) -> bool:
        """A draft, or what the member has agreed to."""
        agreed = self.state is PositionState.ASKED and self.consent is not None
        if self.state is not PositionState.DRAFT and not agreed:
            return False
        self.state, self.contribution_id, self.filed_by_id, self.filed_at = PositionState.FILED, contribution_id, by, at
        return True

    def end(self, state: PositionState, by: int, *, at: datetime) -> bool:
        if self.state not in CURRENT or state in CURRENT:
            return False
        self.state, self.ended_by_id, self.ended_at = state, by, at
        return True


# Once, whoever taps at the same instant.
for _state, _key in (
    (PositionState.FILED, (Position.consultation_id, Position.organisation_id)),
    (PositionState.DRAFT, (Position.consultation_id, Position.organisation_id)),
    (PositionState.ASKED, (Position.consultation_id, Position.organisation_id, Position.association_id)),
):
    Index(
        f"ix_formal_position_{_state.value}",
        *_key,
        unique=True,
        postgresql_where=text(f"state = '{_state.value}'"),
        sqlite_where=text(f"state = '{_state.value}'"),
    )
