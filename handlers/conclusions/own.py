"""What each of those who took part said, in their own words, and how each of these ended. Nobody is shown another's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from bot.kit.screen import Quote
from bot.kit.text import Code, Phrase, Raw, Text, When, _
from db.consultations import (
    Answered,
    Clause,
    ClauseTranslation,
    Consultation,
    ConsultationMeeting,
    Contribution,
    ContributionKind,
    Question,
)
from db.meetings import Attendance, Invitation, Meeting
from db.people import Mandate, Organisation
from db.statements import Statement, StatementVote, Vote
from handlers.people.naming import SOMEBODY, called

from .finding import answer_words

MOST, ROOM = 6, 8000  # of somebody's words in one message: how many, and how many characters with their answers
FRAME = 200  # characters around each


@dataclass(frozen=True)
class Word:
    """One thing somebody said, and what became of it. `end` is None where it needs no answer."""

    contribution_id: int | None
    label: Phrase
    words: Raw
    when: Phrase
    suggested: Raw | None = None
    note: Phrase | None = None
    end: Phrase | None = None
    reason: Raw | None = None
    original: Raw | None = None  # the reason as it was written, where it stands in the reader's language above

    @property
    def size(self) -> int:
        said = (self.words, self.suggested, self.reason)
        return FRAME + sum(len(each.words) for each in said if each is not None)

    def told(self) -> Iterator[Quote | Phrase]:
        """Their words first, then how these ended."""
        if self.words.words.strip() or self.suggested is None:
            yield Quote(self.words, by=self.when, label=self.label)
        if self.suggested is not None:
            label = _("The words you suggested") if self.words.words.strip() else self.label
            yield Quote(self.suggested, label=label)
        if self.note is not None:
            yield self.note
        if self.end is not None and self.reason is not None:
            by = _("translated by those who answered") if self.original is not None else None
            yield Quote(self.reason, by=by, label=self.end)


@dataclass
class Theirs:
    """All that one person did: their words, and what they did without words."""

    words: list[Word] = field(default_factory=list)
    notes: list[Phrase] = field(default_factory=list)


def pages(words: Sequence[Word]) -> list[list[Word]]:
    """In pages that each fit into a message on every door; at least one, which may be empty."""
    found: list[list[Word]] = [[]]
    room = ROOM
    for each in words:
        if found[-1] and (len(found[-1]) == MOST or each.size > room):
            found.append([])
            room = ROOM
        found[-1].append(each)
        room -= each.size
    return found


def theirs(
    session: Session, consultation: Consultation, people: Mapping[int, str], *, at: datetime
) -> dict[int, Theirs]:
    """What these people (id: language) said and did, in a fixed number of questions, however many they are."""
    found = {person: Theirs() for person in people}
    if not people:
        return found
    spoken = _spoken(session, people, at)
    rows = session.execute(_contributions(consultation, people, spoken)).all()
    shown = _Shown(session, rows, people.values())
    for row in rows:
        said: Contribution = row[0]
        for person, how in _whose(said, people, spoken):
            found[person].words.append(shown.word(row, how, people[person]))
    _add_statements(session, consultation, people, found)
    _add_votes(session, consultation, people, found)
    _add_meetings(session, consultation, people, found)
    return found


def _spoken(session: Session, people: Iterable[int], at: datetime) -> Mapping[int, set[int]]:
    """Who of these speaks for each organisation at present."""
    spoken = Mandate.in_force(at), Mandate.confirmed_by_id.is_not(None), Mandate.person_id.in_(list(people))
    found: dict[int, set[int]] = {}
    for person, organisation in session.execute(select(Mandate.person_id, Mandate.organisation_id).where(*spoken)):
        found.setdefault(organisation, set()).add(person)
    return found


def _contributions(consultation: Consultation, people: Iterable[int], spoken: Iterable[int]) -> Any:
    ids = list(people)
    position = and_(Contribution.kind == ContributionKind.POSITION, Contribution.organisation_id.in_(list(spoken)))
    mine = or_(Contribution.person_id.in_(ids), Contribution.filed_by_id.in_(ids), position)
    return (
        select(Contribution, Question, Organisation.name, Answered)
        .outerjoin(Question, Question.id == Contribution.question_id)
        .outerjoin(Organisation, Organisation.id == Contribution.organisation_id)
        .outerjoin(Answered, Answered.contribution_id == Contribution.id)
        .where(Contribution.consultation_id == consultation.id, Contribution.counts(), mine)
        .order_by(Contribution.id)
    )


AUTHOR, FILER, COLLEAGUE = "author", "filer", "colleague"


def _whose(said: Contribution, people: Mapping[int, str], spoken: Mapping[int, set[int]]) -> Iterator[tuple[int, str]]:
    """Who of these is told of it, and as what; each once."""
    told = {said.person_id: AUTHOR}
    if said.filed_by_id is not None:
        told.setdefault(said.filed_by_id, FILER)
    if said.kind is ContributionKind.POSITION and said.organisation_id is not None:
        for person in spoken.get(said.organisation_id, ()):
            told.setdefault(person, COLLEAGUE)
    return ((person, how) for person, how in told.items() if person in people)


class _Shown:
    """What contributions are shown with: clauses, in the languages of those who read them, and names."""

    def __init__(self, session: Session, rows: Sequence[Any], languages: Iterable[str]) -> None:
        ids = {row[0].clause_id for row in rows} | {row[3].clause_id for row in rows if row[3] is not None}
        ids |= {row[0].stands_id for row in rows}
        ids.discard(None)
        self._clauses = {each.id: each for each in session.scalars(select(Clause).where(Clause.id.in_(ids)))}
        translated = select(ClauseTranslation.clause_id, ClauseTranslation.language, ClauseTranslation.heading).where(
            ClauseTranslation.clause_id.in_(ids), ClauseTranslation.language.in_(set(languages))
        )
        self._headings = {(row[0], row[1]): row[2] for row in session.execute(translated)}
        filed = [row[0] for row in rows if row[0].filed_by_id is not None]
        between = {each.person_id for each in filed} | {each.filed_by_id for each in filed}
        self._names = called(session, between) if between else {}

    def word(self, row: Any, how: str, language: str) -> Word:
        said, question, organisation, answer = row
        words = Raw(said.words, said.language)
        if question is not None and said.choice is not None and not said.words.strip():
            options = _of_question(question, language)[1]
            words = Raw(options[said.choice] if 0 <= said.choice < len(options) else "", question.language)
        notes = []
        if said.hidden_at is not None:
            notes.append(_("It was hidden from the others who took part."))
        elif said.clause_id is not None and said.stands_id is None:
            notes.append(_("The clause it was about is no longer in the text."))
        return Word(
            said.id,
            self._label(said, question, organisation, how, language),
            words,
            _("{when}, after the close", when=When(said.at, day_only=True))
            if said.is_late
            else _("{when}", when=When(said.at, day_only=True)),
            Raw(said.suggested, said.language) if said.suggested else None,
            notes[0] if notes else None,
            self._end(answer, language) if answer is not None else None,
            answer_words(answer, language) if answer is not None else None,
            Raw(answer.reason, answer.language) if answer is not None and language in answer.translations else None,
        )

    def _label(
        self, said: Contribution, question: Question | None, organisation: str | None, how: str, language: str
    ) -> Phrase:
        if how == FILER:
            return _("What you filed for {member}", member=self._name(said.person_id))
        if how == COLLEAGUE and organisation is not None:
            return _("The position of {organisation}", organisation=organisation)
        if said.filed_by_id is not None and said.filed_by_id != said.person_id:
            return _("What {name} filed for you", name=self._name(said.filed_by_id))
        if said.kind is ContributionKind.POSITION and organisation is not None:
            return _("The position you filed for {organisation}", organisation=organisation)
        if question is not None:
            asked = _of_question(question, language)[0]
            return _("You were asked: {question} You answered", question=asked)
        clause = self._clauses.get(said.clause_id or 0)
        if said.kind is ContributionKind.SUGGESTION and clause is not None:
            return _("You suggested other words for clause {clause}", clause=self._called(clause, language))
        if clause is not None:
            return _("You wrote on clause {clause}", clause=self._called(clause, language))
        return _("You wrote")

    def _end(self, answer: Answered, language: str) -> Phrase:
        clause = self._clauses.get(answer.clause_id or 0)
        if clause is None:
            return _("{treatment}, for this reason", treatment=answer.treatment)
        called_ = self._called(clause, language)
        return _("{treatment}, clause {clause}, for this reason", treatment=answer.treatment, clause=called_)

    def _called(self, clause: Clause, language: str) -> Text:
        heading = self._headings.get((clause.id, language)) or clause.heading
        if not heading:
            return Code(clause.number)
        return _("{number} {heading}", number=Code(clause.number), heading=Raw(heading))

    def _name(self, person_id: int) -> Text:
        return self._names.get(person_id, SOMEBODY)


def _of_question(question: Question, language: str) -> tuple[Raw, Sequence[str]]:
    """Its words and options, in this language where they were translated."""
    translated = question.translations.get(language) or {}
    options = [str(each) for each in translated.get("options") or question.options]
    if translated.get("words"):
        return Raw(str(translated["words"]), language), options
    return Raw(question.words, question.language), options


def _add_statements(
    session: Session, consultation: Consultation, people: Iterable[int], found: Mapping[int, Theirs]
) -> None:
    its = Statement.consultation_id == consultation.id, Statement.person_id.in_(list(people))
    mine = select(Statement).where(*its, Statement.withdrawn_at.is_(None)).order_by(Statement.id)
    for each in session.scalars(mine):
        hidden = Raw(each.hidden_words) if each.hidden_at is not None and each.hidden_words else None
        found[each.person_id].words.append(
            Word(
                None,
                _("Your statement, without your name"),
                Raw(each.words, each.language),
                _("{when}", when=When(each.at, day_only=True)),
                end=_("It was taken out, for this reason") if hidden else None,
                reason=hidden,
            )
        )


def _add_votes(
    session: Session, consultation: Consultation, people: Iterable[int], found: Mapping[int, Theirs]
) -> None:
    votes = (
        select(StatementVote.person_id, StatementVote.vote, func.count())
        .join(Statement, Statement.id == StatementVote.statement_id)
        .where(Statement.consultation_id == consultation.id, StatementVote.person_id.in_(list(people)))
        .where(Statement.person_id != StatementVote.person_id)
        .group_by(StatementVote.person_id, StatementVote.vote)
    )
    counted: dict[int, dict[Vote, int]] = {}
    for person, vote, count in session.execute(votes):
        counted.setdefault(person, {})[vote] = count
    for person, each in counted.items():
        agreed, disagreed, passed = (each.get(vote, 0) for vote in (Vote.AGREE, Vote.DISAGREE, Vote.PASS))
        found[person].notes.append(
            _(
                "Of others’ statements you agreed with {agreed}, disagreed with {disagreed} and passed {passed}.",
                agreed=agreed,
                disagreed=disagreed,
                passed=passed,
            )
        )


def _add_meetings(
    session: Session, consultation: Consultation, people: Iterable[int], found: Mapping[int, Theirs]
) -> None:
    there = (
        select(Invitation.person_id, Meeting.id)
        .join(Meeting, Meeting.id == Invitation.meeting_id)
        .join(ConsultationMeeting, ConsultationMeeting.meeting_id == Meeting.id)
        .where(ConsultationMeeting.consultation_id == consultation.id, Invitation.attendance == Attendance.PRESENT)
        .where(Invitation.person_id.in_(list(people)))
        .order_by(Meeting.id)
    )
    for person, meeting in session.execute(there):
        found[person].notes.append(_("You were at the meeting {ref} that was held for it.", ref=Code(f"R-{meeting}")))
