"""An action with its two owners, its milestones, what was said and done about it, and the quarterly report."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, ForeignKey, Index, and_, false, or_, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from db.base import Base, OfAdministration, Referenced
from db.people import Who

from .kinds import DEED, OVERSEEING, UNDER_WAY, Deed, DropReason, Side, SnoozeReason, Source, State


class Action(Referenced, Base):
    """One action. Each side's owner is a person; business's is one for an organisation.

    An owner who has not agreed has no `…_accepted_at`; the one asked to take over stands in `…_next_id` until they say
    yes or no, and the owner remains the owner until then. `due_day` is a day of `zone`; `due_at` is when it ends there.
    `run` counts the dates it has had, so that each has reminders of its own. Transitions return False where the present
    state does not allow them, and change nothing then.
    """

    __tablename__ = "action"
    LETTERS = "A"
    title: Mapped[str]
    detail: Mapped[str | None]
    language: Mapped[str]
    plan_year: Mapped[int]
    customs_owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    customs_accepted_at: Mapped[datetime | None]
    customs_next_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    business_owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    business_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    business_accepted_at: Mapped[datetime | None]
    business_next_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    due_day: Mapped[date] = mapped_column(Date)
    zone: Mapped[str]
    due_at: Mapped[datetime]
    run: Mapped[int] = mapped_column(default=1)
    state: Mapped[State] = mapped_column(default=State.PROPOSED)
    claimed_by: Mapped[Side | None]
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime]
    adopted_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    drop_reason: Mapped[DropReason | None]
    source: Mapped[Source] = mapped_column(default=Source.HAND)
    source_id: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    def is_late(self, at: datetime) -> bool:
        return self.is_under_way and self.due_at <= at

    def owner(self, side: Side) -> int:
        return self.customs_owner_id if side is Side.CUSTOMS else self.business_owner_id

    def next(self, side: Side) -> int | None:
        """Who was asked to take this side over."""
        return self.customs_next_id if side is Side.CUSTOMS else self.business_next_id

    def has_agreed(self, side: Side) -> bool:
        return (self.customs_accepted_at if side is Side.CUSTOMS else self.business_accepted_at) is not None

    def side_of(self, who: Who) -> Side | None:
        """Which side `who` owns it for: in Customs while they have a role, in business while they speak for it."""
        if who.id == self.customs_owner_id and who.is_staff:
            return Side.CUSTOMS
        if who.id == self.business_owner_id and who.organisation_id == self.business_organisation_id:
            return Side.BUSINESS
        return None

    def asked_side(self, who: Who) -> Side | None:
        """Which side `who` was asked to take over, and still may."""
        if who.id == self.customs_next_id and who.is_staff:
            return Side.CUSTOMS
        if who.id == self.business_next_id and who.organisation_id is not None:
            return Side.BUSINESS
        return None

    @classmethod
    def owned_by(cls, who: Who) -> ColumnElement[bool]:
        """Those somebody owns now, by the role or the mandate that makes them an owner."""
        rules: list[ColumnElement[bool]] = []
        if who.is_staff:
            rules.append(cls.customs_owner_id == who.id)
        if who.organisation_id is not None:
            theirs = cls.business_organisation_id == who.organisation_id
            rules.append(and_(cls.business_owner_id == who.id, theirs))
        return and_(cls.administration_id == who.administration_id, or_(false(), *rules))

    @classmethod
    def asked_of(cls, who: Who) -> ColumnElement[bool]:
        """Those somebody was asked to take over."""
        rules: list[ColumnElement[bool]] = []
        if who.is_staff:
            rules.append(cls.customs_next_id == who.id)
        if who.organisation_id is not None:
            rules.append(cls.business_next_id == who.id)
        mine = and_(cls.administration_id == who.administration_id, cls.state.in_(UNDER_WAY))
        return and_(mine, or_(false(), *rules))

    @classmethod
    def overseen_by(cls, who: Who) -> ColumnElement[bool]:
        """All of the administration's to those who oversee its plan; what they put forward to other staff."""
        mine = cls.administration_id == who.administration_id
        if who.holds(*OVERSEEING):
            return mine
        return and_(mine, cls.proposed_by_id == who.id) if who.is_staff else false()

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Its owners, whoever is asked to become one, and who oversees the plan.

        The plan is joint: whoever owns an action of a year's plan sees what else was adopted in it.
        """
        rules = [cls.owned_by(who), cls.asked_of(who), cls.overseen_by(who)]
        if who.is_staff or who.organisation_id is not None:
            mine = aliased(cls)
            years = select(mine.plan_year).where(mine.owned_by(who), mine.adopted_at.is_not(None))
            joint = and_(cls.administration_id == who.administration_id, cls.adopted_at.is_not(None))
            rules.append(and_(joint, cls.plan_year.in_(years)))
        return or_(*rules)

    @classmethod
    def under_way(cls) -> ColumnElement[bool]:
        return cls.state.in_(UNDER_WAY)

    # Transitions

    def agree(self, side: Side, *, at: datetime) -> bool:
        """Its owner on one side says that it is theirs. With the second it is adopted."""
        if not self.is_under_way or self.has_agreed(side):
            return False
        self._accept(side, at)
        return True

    def offer(self, side: Side, person_id: int) -> bool:
        """Ask somebody to take it over. One at a time, and never one person for both sides."""
        taken = person_id in (self.owner(Side.CUSTOMS), self.owner(Side.BUSINESS), self.next(side.other))
        if not self.is_under_way or self.next(side) is not None or taken:
            return False
        self._ask(side, person_id)
        return True

    def take_over(self, side: Side, person_id: int, organisation_id: int | None, *, at: datetime) -> bool:
        """The one who was asked says yes: only now is the owner before them released."""
        if not self.is_under_way or self.next(side) != person_id:
            return False
        if side is Side.CUSTOMS:
            self.customs_owner_id = person_id
        elif organisation_id is None:
            return False
        else:
            self.business_owner_id, self.business_organisation_id = person_id, organisation_id
        self._ask(side, None)
        self._accept(side, at)
        return True

    def pass_on(self, person_id: int, *, at: datetime) -> bool:
        """Its owner in Customs leaves an office, and whoever follows there has agreed to all that goes with it."""
        if not self.is_under_way or person_id in (self.customs_owner_id, self.business_owner_id):
            return False
        self.customs_owner_id, self.customs_next_id = person_id, None
        self._accept(Side.CUSTOMS, at)
        return True

    def stay(self, side: Side) -> bool:
        """The one who was asked says no, or is asked no longer: the owner remains."""
        if not self.is_under_way or self.next(side) is None:
            return False
        self._ask(side, None)
        return True

    def begin(self) -> bool:
        """Something has been done about it."""
        if self.state is not State.ADOPTED:
            return False
        self.state = State.IN_PROGRESS
        return True

    def claim(self, side: Side) -> bool:
        """An owner says that it is done; after a dispute, once more."""
        if self.state not in (State.ADOPTED, State.IN_PROGRESS, State.DISPUTED):
            return False
        self.state, self.claimed_by = State.CLAIMED, side
        return True

    def confirm(self, side: Side, *, at: datetime) -> bool:
        """The other owner says so too: now it counts."""
        if self.state not in (State.CLAIMED, State.DISPUTED) or self.claimed_by is not side.other:
            return False
        self.state, self.ended_at = State.DONE, at
        return True

    def dispute(self, side: Side) -> bool:
        """The other owner says that it is not done."""
        if self.state is not State.CLAIMED or self.claimed_by is not side.other:
            return False
        self.state = State.DISPUTED
        return True

    def go_on(self) -> bool:
        """It is not done after all, and goes on."""
        if self.state not in (State.CLAIMED, State.DISPUTED):
            return False
        self.state, self.claimed_by = State.IN_PROGRESS, None
        return True

    def move(self, day: date, due_at: datetime) -> bool:
        """Give it another date."""
        if not self.is_under_way or day == self.due_day:
            return False
        self.due_day, self.due_at, self.run = day, due_at, self.run + 1
        return True

    def drop(self, reason: DropReason, *, at: datetime) -> bool:
        if not self.is_under_way:
            return False
        self.state, self.drop_reason, self.ended_at = State.DROPPED, reason, at
        self._ask(Side.CUSTOMS, None)
        self._ask(Side.BUSINESS, None)
        return True

    def _ask(self, side: Side, person_id: int | None) -> None:
        if side is Side.CUSTOMS:
            self.customs_next_id = person_id
        else:
            self.business_next_id = person_id

    def _accept(self, side: Side, at: datetime) -> None:
        if side is Side.CUSTOMS:
            self.customs_accepted_at = at
        else:
            self.business_accepted_at = at
        if self.state is State.PROPOSED and self.has_agreed(side.other):
            self.state, self.adopted_at = State.ADOPTED, at


Index("ix_action_plan", Action.administration_id, Action.plan_year, Action.state)


class Milestone(OfAdministration, Base):
    """A step on the way of an action, with a day where it has one."""

    __tablename__ = "action_milestone"
    action_id: Mapped[int] = mapped_column(ForeignKey("action.id"), index=True)
    title: Mapped[str]
    language: Mapped[str]
    due_day: Mapped[date | None] = mapped_column(Date)
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Whoever sees the action."""
        return cls.action_id.in_(select(Action.id).where(Action.visible_to(who)))

    def tick(self, person_id: int, *, at: datetime) -> None:
        """Reached; ticked again, not reached after all."""
        self.done_at, self.done_by_id = (None, None) if self.done_at is not None else (at, person_id)


class ActionEntry(OfAdministration, Base):
    """One thing somebody did about an action, in the words and the language they said it in.

    `link` is an address they gave as evidence. `until` is when a reminder that was put off comes again.
    """

    __tablename__ = DEED
    action_id: Mapped[int] = mapped_column(ForeignKey("action.id"), index=True)
    deed: Mapped[Deed]
    side: Mapped[Side | None]  # for which side they did it
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    words: Mapped[str | None]
    language: Mapped[str]
    link: Mapped[str | None]
    snooze_reason: Mapped[SnoozeReason | None]
    run: Mapped[int]
    until: Mapped[datetime | None]
    at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """What was said stays between the owners, whoever is asked to become one, and those who oversee the plan.

        Others of the same plan see the action itself. Where two owners disagree, everybody of the plan sees both words.
        """
        party = or_(Action.owned_by(who), Action.asked_of(who), Action.overseen_by(who))
        disputed = Action.state == State.DISPUTED, Action.visible_to(who)
        both_words = cls.deed.in_((Deed.CLAIMED, Deed.DISPUTED)), cls.action_id.in_(select(Action.id).where(*disputed))
        return or_(cls.action_id.in_(select(Action.id).where(party)), and_(*both_words))


class Report(OfAdministration, Base):
    """How far a year's plan has come at the end of a quarter, in two languages.

    `figures` is `[[name, [action ids]], …]`: every figure is the number of its rows, fixed when it was drafted. `words`
    is the text by language, as it was drafted from them and as the coordinator corrected it.
    """

    __tablename__ = "action_report"
    plan_year: Mapped[int]
    quarter: Mapped[int]
    figures: Mapped[list[Any]]
    words: Mapped[dict[str, Any]]
    drafted_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    drafted_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    published_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """A draft those who oversee the plan; what is published every owner of that year's plan too."""
        mine = cls.administration_id == who.administration_id
        if who.holds(*OVERSEEING):
            return mine
        years = select(Action.plan_year).where(Action.owned_by(who), Action.adopted_at.is_not(None))
        return and_(mine, cls.published_at.is_not(None), cls.plan_year.in_(years))

    def rows(self, figure: str) -> list[int]:
        """The ids of the actions behind a figure; none for one that is not in it."""
        return next((list(ids) for name, ids in self.figures if name == figure), [])

    def publish(self, person_id: int, *, at: datetime) -> bool:
        if self.published_at is not None:
            return False
        self.published_by_id, self.published_at = person_id, at
        return True
