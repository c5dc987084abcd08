"""An issue, who takes part in it, what was said in it, and what of it is shared."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_, false, or_, select, true
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Identified, OfAdministration, Referenced
from db.people import RoleName, Scope, Sector, Who

from .kinds import INTERNATIONAL_REGION, TO_EVERYBODY, TO_REPORTER, UNDER_WAY, How, Level, State, Voice


class Issue(Referenced, Base):
    """One problem as one person told it. Its title is taken from their words, so it is shown as theirs.

    The answer clock is kept as what `scheduling.deadlines.AnswerClock` needs: when it began, the seconds of the desk's
    working time it had left then, and the stretches it stood still ([from, to or None], ISO instants). `clock_run`
    counts the times it was set going, so that each run has reminders of its own. Transitions return False where the
    present state does not allow them, and change nothing then.
    """

    __tablename__ = "issue"
    LETTERS = "P"
    IS_BARE = True
    title: Mapped[str]
    language: Mapped[str]
    reporter_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    sector: Mapped[Sector]
    chapter: Mapped[str | None]  # of the Harmonized System, two digits
    port: Mapped[str | None]
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    centre_id: Mapped[int | None] = mapped_column(ForeignKey("centre.id"))
    officer_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[State] = mapped_column(default=State.OPEN)
    level: Mapped[Level] = mapped_column(default=Level.NATIONAL)
    reached: Mapped[Level] = mapped_column(default=Level.NATIONAL)  # the highest level that was ever asked
    region: Mapped[str | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("issue.id"), index=True)
    raised_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    answer_due: Mapped[datetime | None]  # None while the clock stands still
    clock_started_at: Mapped[datetime]
    clock_allowance: Mapped[int] = mapped_column(default=0)  # seconds a desk has from the first to the last
    clock_left: Mapped[int] = mapped_column(default=0)  # seconds that were left at `clock_started_at`
    clock_run: Mapped[int] = mapped_column(default=0)
    pauses: Mapped[list[Any]] = mapped_column(default=list)
    chased_at: Mapped[datetime | None]
    overdue_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @property
    def ref(self) -> str:
        return self.ref_of(self.id)

    @staticmethod
    def ref_of(issue_id: int) -> str:
        """What people call it. Ids are unique over all administrations, so a reference never means two things."""
        return f"P-{issue_id:06d}"

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def may_be_asked(self) -> bool:
        """Whether its reporter can be asked something: not while a question is open, nor an outcome proposed."""
        return self.state in (State.OPEN, State.TAKEN)

    @property
    def may_move(self) -> bool:
        """Whether it can be handed to another desk, merged, or have an outcome proposed: under way, and none waits."""
        return self.state in (State.OPEN, State.TAKEN, State.ASKED)

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Whoever raised it and has not left, and whoever handles it.

        Everybody else who takes part sees the shared `Problem` and their own words, never the issue itself.
        """
        raised = and_(cls.administration_id == who.administration_id, cls.id.in_(_reported_by(who.id)))
        return or_(raised, cls.handled_by(who))

    @classmethod
    def handled_by(cls, who: Who) -> ColumnElement[bool]:
        """The staff of its desk; all staff with a role over the country; the coordinators of the region, or of the
        world, it was taken to. Nobody handles what they raised themselves: there they are one who asks like any other.
        """
        rules: list[ColumnElement[bool]] = []
        if who.centre_ids:
            rules.append(cls.centre_id.in_(who.centre_ids))
        for grant in who.grants:
            if grant.scope is Scope.COUNTRY:
                rules.append(true())
            elif grant.scope is Scope.REGION and grant.name is RoleName.COORDINATOR:
                if grant.scope_id == INTERNATIONAL_REGION:
                    rules.append(cls.reached == Level.INTERNATIONAL)
                else:
                    rules.append(and_(cls.reached != Level.NATIONAL, cls.region == grant.scope_id))
        ours = and_(cls.administration_id == who.administration_id, cls.reporter_id != who.id)
        return and_(ours, or_(false(), *rules))

    @classmethod
    def under_way(cls) -> ColumnElement[bool]:
        return cls.ended_at.is_(None)  # as `is_under_way`, in the words of the index below

    # Transitions

    def take(self, officer_id: int, *, at: datetime) -> bool:
        if self.state is not State.OPEN:
            return False
        self.state, self.officer_id, self.taken_at = State.TAKEN, officer_id, at
        return True

    def give_to(self, officer_id: int, *, at: datetime) -> bool:
        """Hand it to a colleague of the same desk."""
        if not self.is_under_way or self.officer_id == officer_id:
            return False
        if self.state is State.OPEN:
            return self.take(officer_id, at=at)
        self.officer_id, self.taken_at = officer_id, at
        return True

    def move_to(self, centre_id: int) -> bool:
        """Hand it to another desk, where nobody has it yet. Not while an outcome waits for approval here."""
        if not self.may_move or self.centre_id == centre_id:
            return False
        self.centre_id, self.officer_id = centre_id, None
        if self.state is State.TAKEN:
            self.state = State.OPEN
        return True

    def ask(self, officer_id: int, *, at: datetime) -> bool:
        """Wait for whoever raised it. The clock stands still."""
        if not self.may_be_asked:
            return False
        self.take(officer_id, at=at)
        self.state = State.ASKED
        self.pauses = [*self.pauses, [at.isoformat(), None]]
        self.answer_due = None
        return True

    def hear(self, *, at: datetime) -> bool:
        """The answer came. The clock goes on."""
        if self.state is not State.ASKED:
            return False
        self.state = State.TAKEN if self.officer_id else State.OPEN
        self._go_on(at)
        return True

    def propose(self, officer_id: int, *, at: datetime) -> bool:
        """An outcome was proposed; a question that is still open is not waited for any longer."""
        if not self.may_move:
            return False
        if self.state is State.ASKED:
            self._go_on(at)
        if self.officer_id is None:
            self.officer_id, self.taken_at = officer_id, at
        self.state = State.PROPOSED
        return True

    def take_back(self) -> bool:
        """The proposed outcome was sent back."""
        if self.state is not State.PROPOSED:
            return False
        self.state = State.TAKEN
        return True

    def settle(self, *, outcome_approved: bool, at: datetime) -> bool:
        """Close it. Never without an approved outcome."""
        if self.state is not State.PROPOSED or not outcome_approved:
            return False
        self.state, self.ended_at = State.SETTLED, at
        return True

    def reopen(self) -> bool:
        if self.state is not State.SETTLED:
            return False
        self.state, self.ended_at = State.TAKEN if self.officer_id else State.OPEN, None
        return True

    def complete(self) -> bool:
        """What was missing of the answer has come: the completed one waits for a second pair of eyes."""
        if self.state is not State.SETTLED:
            return False
        self.state, self.ended_at = State.PROPOSED, None
        return True

    def withdraw(self, *, at: datetime) -> bool:
        if not self.is_under_way:
            return False
        self._stop(at)
        self.state = State.WITHDRAWN
        return True

    def merge_into(self, other: Issue, *, at: datetime) -> bool:
        """Let `other` speak for this one. Both are under way, at the same desk, and no outcome is proposed here."""
        fits = other.id != self.id and other.centre_id == self.centre_id and other.is_under_way
        if not fits or not self.may_move:
            return False
        self._stop(at)
        self.state, self.merged_into_id = State.MERGED, other.id
        return True

    def escalate(self, level: Level, region: str) -> bool:
        """Ask one level higher; never two at once."""
        order = list(Level)
        if not self.is_under_way or order.index(level) != order.index(self.level) + 1:
            return False
        self.level, self.region = level, self.region or region
        self.reached = max(self.reached, level, key=order.index)
        return True

    def come_down(self) -> bool:
        """The level above has advised."""
        if self.level is Level.NATIONAL:
            return False
        self.level = Level.NATIONAL
        return True

    # The clock

    def start_clock(self, *, at: datetime, left: int, allowance: int | None = None) -> None:
        """Begin a run with `left` seconds of the desk's working time; `allowance` when it is a new promise."""
        self.clock_started_at, self.clock_left, self.pauses = at, left, []
        self.clock_run = (self.clock_run or 0) + 1
        self.chased_at = self.overdue_at = None
        if allowance is not None:
            self.clock_allowance = allowance
        if self.state is State.ASKED:
            self.pauses = [[at.isoformat(), None]]

    def spans(self) -> list[tuple[datetime, datetime | None]]:
        """When the clock stood still."""
        return [
            (datetime.fromisoformat(since), datetime.fromisoformat(until) if until else None)
            for since, until in self.pauses
        ]

    def _go_on(self, at: datetime) -> None:
        *before, (since, _until) = self.pauses
        self.pauses = [*before, [since, at.isoformat()]]
        self.clock_run += 1

    def _stop(self, at: datetime) -> None:
        if self.state is State.ASKED:
            self._go_on(at)
        self.ended_at = at


Index("ix_issue_desk", Issue.centre_id, Issue.state)
# Most issues have ended: what is under way is found without them.
Index(
    "ix_issue_under_way",
    Issue.centre_id,
    sqlite_where=Issue.ended_at.is_(None),
    postgresql_where=Issue.ended_at.is_(None),
)


class Participation(OfAdministration, Base):
    """Somebody takes part in an issue, with their own words where they gave any. Whoever left hears nothing more."""

    __tablename__ = "participation"
    __table_args__ = (UniqueConstraint("issue_id", "person_id"),)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    how: Mapped[How]
    words: Mapped[str | None]
    language: Mapped[str | None]
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """One's own. The desk counts the others; it names them only to itself."""
        staffed = cls.issue_id.in_(select(Issue.id).where(Issue.handled_by(who))) if who.is_staff else false()
        return and_(cls.administration_id == who.administration_id, or_(cls.person_id == who.id, staffed))

    def leave(self, *, at: datetime) -> bool:
        if self.left_at is not None:
            return False
        self.left_at = at
        return True

    def absorb(self, other: Participation) -> None:
        """The weightier way of taking part counts, with its words, and whoever is still in by one of the two is in."""
        if list(How).index(other.how) < list(How).index(self.how) and other.left_at is None:
            self.how, self.words, self.language = other.how, other.words, other.language
        if self.words is None:
            self.words, self.language = other.words, other.language
        if other.left_at is None:
            self.left_at = None


class Entry(OfAdministration, Base):
    """One line of an issue's thread, in the words and the language it was written in."""

    __tablename__ = "entry"
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), index=True)
    voice: Mapped[Voice]
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    words: Mapped[str]
    language: Mapped[str]
    at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """All of it to staff who handle the issue; to others what they wrote and what Customs told them."""
        staffed = cls.issue_id.in_(select(Issue.id).where(Issue.handled_by(who))) if who.is_staff else false()
        return and_(cls.administration_id == who.administration_id, or_(cls.told_to(who.id), staffed))

    @classmethod
    def told_to(cls, person_id: int) -> ColumnElement[bool]:
        """What a person wrote; what Customs told them alone; and what it told everybody who takes part, be it in an
        issue that theirs was merged into. Never what another of them wrote."""
        joined = _joined_by(person_id)
        merged = select(Issue.merged_into_id).where(Issue.id.in_(joined), Issue.merged_into_id.is_not(None))
        return or_(
            and_(cls.author_id == person_id, cls.voice != Voice.NOTE),
            and_(cls.voice.in_(TO_REPORTER), cls.issue_id.in_(_reported_by(person_id))),
            and_(cls.voice.in_(TO_EVERYBODY), or_(cls.issue_id.in_(joined), cls.issue_id.in_(merged))),
        )


class IssueLink(Identified, Base):
    """Two issues an officer found to belong together without being the same. `issue_id` is the lower of the two."""

    __tablename__ = "issue_link"
    __table_args__ = (UniqueConstraint("issue_id", "other_id"),)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"))
    other_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), index=True)
    linked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    linked_at: Mapped[datetime]


class Problem(OfAdministration, Base):
    """A neutral line an officer published about an issue, so that others can say "same here" without seeing
    anybody's words."""

    __tablename__ = "problem"
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), unique=True)
    line: Mapped[str]
    language: Mapped[str]
    sector: Mapped[Sector]
    published_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    published_at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Everybody registered with the administration."""
        return cls.administration_id == who.administration_id if who.is_registered else false()

    @classmethod
    def under_way(cls) -> ColumnElement[bool]:
        return cls.issue_id.in_(select(Issue.id).where(Issue.under_way()))


def _reported_by(person_id: int) -> Any:
    return _joined_by(person_id).where(Participation.how == How.REPORTER)


def _joined_by(person_id: int) -> Any:
    return select(Participation.issue_id).where(Participation.person_id == person_id, Participation.left_at.is_(None))
