"""What the register reads: only of consultations that are public, and only what is published of them.

Nothing here reads who said what: people are counted, and what they wrote stays where it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select, union
from sqlalchemy.orm import Session

from bot.kit.site import Passage, passage
from db.conclusions import Conclusion, ConclusionTranslation
from db.consultations import (
    Answered,
    Clause,
    ClauseLink,
    ClauseTranslation,
    Consultation,
    ConsultationTranslation,
    Contribution,
    ContributionKind,
    Phase,
    Question,
    TextDraft,
    Treatment,
)
from db.people import Administration, Kind, Person
from db.small_groups import LEAST, told_apart
from db.statements import Statement, StatementVote

YEAR = timedelta(days=365)
OVER = (Phase.OUTCOME, Phase.WITHDRAWN)


@dataclass(frozen=True)
class Counts:
    """How much was said in a consultation, by how many. `people` is None where they are too few to be counted; while
    more may come it is the next lower multiple of the least, so that who looks twice does not learn that one has come.
    """

    people: int | None
    said: dict[ContributionKind, int]
    ended: dict[Treatment, int]


@dataclass(frozen=True)
class Text:
    """One published draft: its clauses in order, each with its words and translations."""

    draft: TextDraft
    clauses: tuple[Clause, ...]
    translations: dict[int, list[ClauseTranslation]] = field(repr=False)

    def heading(self, clause: Clause) -> Passage | None:
        if clause.heading is None:
            return None
        return passage(
            clause.heading,
            self.draft.language,
            {each.language: each.heading for each in self.translations.get(clause.id, ()) if each.heading},
        )

    def words(self, clause: Clause) -> Passage:
        return passage(
            clause.words,
            self.draft.language,
            {each.language: each.words for each in self.translations.get(clause.id, ())},
        )


def shown(*, past: bool) -> Select[Consultation]:
    """Public consultations, of every administration: under way, what closes first first; or over, the newest first."""
    which = Consultation.phase.in_(OVER) if past else Consultation.phase.not_in(OVER)
    order = Consultation.ended_at.desc() if past else Consultation.closes_at
    return select(Consultation).where(Consultation.on_the_register(), which).order_by(order, Consultation.id)


def by_name(session: Session, words: str) -> Consultation | None:
    """The public consultation called so."""
    named = Consultation.named(words)
    if named is None:
        return None
    return session.scalar(select(Consultation).where(named, Consultation.on_the_register()))


def administrations(session: Session) -> dict[int, Administration]:
    return {each.id: each for each in session.scalars(select(Administration).order_by(Administration.id))}


def translations(session: Session, some: Sequence[Consultation]) -> dict[int, list[ConsultationTranslation]]:
    """Titles and summaries in other languages, by consultation."""
    found: dict[int, list[ConsultationTranslation]] = defaultdict(list)
    its = ConsultationTranslation.consultation_id.in_([each.id for each in some])
    for row in session.scalars(
        select(ConsultationTranslation)
        .where(its)
        .order_by(ConsultationTranslation.consultation_id, ConsultationTranslation.language)
    ):
        found[row.consultation_id].append(row)
    return found


def counts(session: Session, some: Sequence[Consultation]) -> dict[int, Counts]:
    """By consultation; how what was said ended, only of those whose outcome is out."""
    ids = [each.id for each in some]
    people = dict(session.execute(_how_many(ids)).all())
    said: dict[int, dict[ContributionKind, int]] = defaultdict(dict)
    its = Contribution.consultation_id.in_(ids), Contribution.counts()
    for of, kind, number in session.execute(
        select(Contribution.consultation_id, Contribution.kind, func.count())
        .where(*its)
        .group_by(Contribution.consultation_id, Contribution.kind)
    ):
        said[of][kind] = number
    ended: dict[int, dict[Treatment, int]] = defaultdict(dict)
    out = [each.id for each in some if each.phase is Phase.OUTCOME]
    for of, treatment, number in session.execute(
        select(Answered.consultation_id, Answered.treatment, func.count())
        .join(Contribution, Contribution.id == Answered.contribution_id)
        .where(Answered.consultation_id.in_(out), Contribution.counts())
        .group_by(Answered.consultation_id, Answered.treatment)
    ):
        ended[of][treatment] = number
    return {each.id: Counts(_told(people.get(each.id, 0), each), said[each.id], ended[each.id]) for each in some}


def _told(people: int, consultation: Consultation) -> int | None:
    if people < LEAST:
        return None
    return people if consultation.phase in OVER else people - people % LEAST


def _taking_part(ids: Sequence[int]) -> Select[int, int]:
    """(consultation, person), once each: whoever said, put in or voted on something that stands."""
    voted = Statement.id == StatementVote.statement_id
    parts = union(
        select(Contribution.consultation_id.label("of"), Contribution.person_id.label("person")).where(
            Contribution.consultation_id.in_(ids), Contribution.counts()
        ),
        select(Statement.consultation_id, Statement.person_id).where(
            Statement.consultation_id.in_(ids), Statement.stands()
        ),
        select(Statement.consultation_id, StatementVote.person_id)
        .join(StatementVote, voted)
        .where(Statement.consultation_id.in_(ids)),
    ).subquery()
    return select(parts.c.of, parts.c.person)


def _how_many(ids: Sequence[int]) -> Select[int, int]:
    parts = _taking_part(ids).subquery()
    return select(parts.c.of, func.count()).group_by(parts.c.of)


def people_by_kind(session: Session, consultation: Consultation) -> dict[tuple[Kind, ...], int]:
    """How many of which kind took part, small kinds together; nothing where all of them are too few."""
    parts = _taking_part([consultation.id]).subquery()
    groups: dict[Kind, set[int]] = defaultdict(set)
    for person, kind in session.execute(
        select(Person.id, Person.kind).join(parts, parts.c.person == Person.id).order_by(Person.kind, Person.id)
    ):
        groups[kind or Kind.BUSINESS].add(person)
    ordered = {kind: frozenset(groups[kind]) for kind in Kind if kind in groups}
    return {kinds: len(people) for kinds, people in told_apart(ordered).items()}


def texts(session: Session, consultation: Consultation) -> dict[int, Text]:
    """Every published draft by its number, the first first."""
    of = TextDraft.consultation_id == consultation.id
    drafts = session.scalars(
        select(TextDraft).where(of, TextDraft.published_at.is_not(None)).order_by(TextDraft.number)
    ).all()
    ids = [each.id for each in drafts]
    clauses: dict[int, list[Clause]] = defaultdict(list)
    for clause in session.scalars(
        select(Clause).where(Clause.draft_id.in_(ids)).order_by(Clause.draft_id, Clause.position)
    ):
        clauses[clause.draft_id].append(clause)
    translated: dict[int, list[ClauseTranslation]] = defaultdict(list)
    for row in session.scalars(
        select(ClauseTranslation)
        .join(Clause, Clause.id == ClauseTranslation.clause_id)
        .where(Clause.draft_id.in_(ids))
        .order_by(ClauseTranslation.clause_id, ClauseTranslation.language)
    ):
        translated[row.clause_id].append(row)
    return {each.number: Text(each, tuple(clauses[each.id]), translated) for each in drafts}


def links(session: Session, consultation: Consultation, of: Sequence[Text]) -> dict[int, list[ClauseLink]]:
    """How clauses went on, by the number of the later draft: in its order, what was dropped last."""
    numbers = {text.draft.id: text.draft.number for text in of}
    found: dict[int, list[ClauseLink]] = defaultdict(list)
    rows = session.scalars(
        select(ClauseLink)
        .outerjoin(Clause, Clause.id == ClauseLink.later_id)
        .where(ClauseLink.consultation_id == consultation.id, ClauseLink.draft_id.in_(numbers))
        .order_by(ClauseLink.draft_id, ClauseLink.later_id.is_(None), Clause.position, ClauseLink.id)
    )
    for row in rows:
        found[numbers[row.draft_id]].append(row)
    return found


def questions(session: Session, consultation: Consultation) -> Sequence[Question]:
    of = Question.consultation_id == consultation.id
    return session.scalars(select(Question).where(of).order_by(Question.position)).all()


def conclusion_of(
    session: Session, consultation: Consultation
) -> tuple[Conclusion, Sequence[ConclusionTranslation]] | None:
    """Its outcome statement, once that is out, with its translations."""
    its = Conclusion.consultation_id == consultation.id, Conclusion.on_the_register()
    found = session.scalar(select(Conclusion).where(*its).order_by(Conclusion.id.desc()).limit(1))
    if found is None:
        return None
    of = ConclusionTranslation.conclusion_id == found.id
    return found, session.scalars(
        select(ConclusionTranslation).where(of).order_by(ConclusionTranslation.language)
    ).all()


def published(session: Session, some: Sequence[Consultation]) -> dict[int, Conclusion]:
    """The outcome statements that are out, by consultation."""
    its = Conclusion.consultation_id.in_([each.id for each in some]), Conclusion.on_the_register()
    return {
        each.consultation_id: each for each in session.scalars(select(Conclusion).where(*its).order_by(Conclusion.id))
    }


def a_year_before(at: datetime) -> datetime:
    """The figures on telling are of the last twelve months."""
    return at - YEAR
