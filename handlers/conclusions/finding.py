"""Contributions as owners find them: by kind, by clause, by question, those without an answer first to be found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select
from sqlalchemy.orm import Session

from bot.kit.clean import shorten
from bot.kit.context import Context
from bot.kit.screen import Quote, Scalar
from bot.kit.text import Code, Phrase, Raw, Text, _
from db.conclusions import unanswered
from db.consultations import (
    Answered,
    Clause,
    Consultation,
    Contribution,
    ContributionKind,
    Question,
    TextDraft,
)
from db.people import Organisation

LAST = 1_000_000  # the place of what stands at no clause: after all that does
PLACE = func.coalesce(Clause.position, LAST)
EXCERPT = 80  # graphemes


@dataclass(frozen=True)
class Filter:
    """Which contributions: of one kind, at one clause of the text as it is now, to one question, without an answer."""

    kind: str = ""
    clause: int = 0
    question: int = 0
    waits: bool = False

    def where(self, consultation_id: int) -> ColumnElement[bool]:
        rules: list[ColumnElement[bool]] = [Contribution.consultation_id == consultation_id, Contribution.counts()]
        if self.kind in list(ContributionKind):
            rules.append(Contribution.kind == ContributionKind(self.kind))
        if self.clause:
            rules.append(Contribution.stands_id == self.clause)
        if self.question:
            rules.append(Contribution.question_id == self.question)
        if self.waits:
            rules.append(unanswered(consultation_id))
        return and_(*rules)

    def args(self) -> Mapping[str, Scalar]:
        """As a button carries it."""
        given: dict[str, Scalar] = {
            "kind": self.kind,
            "clause": self.clause,
            "question": self.question,
            "waits": self.waits,
        }
        return {name: value for name, value in given.items() if value}


def placed() -> Select[Contribution, int]:
    """Contributions with their place: clause by clause as the text stands, then the rest; in each the oldest first."""
    return (
        select(Contribution, PLACE)
        .outerjoin(Clause, Clause.id == Contribution.stands_id)
        .order_by(PLACE, Contribution.id)
    )


def next_waiting(session: Session, consultation: Consultation, after: Contribution | None) -> Contribution | None:
    """The next one without an answer; from the beginning once the end is reached."""
    waits = placed().where(unanswered(consultation.id)).limit(1)
    if after is not None:
        place = session.scalar(select(Clause.position).where(Clause.id == after.stands_id))
        here = literal(LAST if place is None else place)
        later = or_(here < PLACE, and_(here == PLACE, Contribution.id > after.id))
        found: Contribution | None = session.scalars(waits.where(later)).first()
        if found is not None:
            return found
        waits = waits.where(Contribution.id != after.id)
    return session.scalars(waits).first()


@dataclass(frozen=True)
class Seen:
    """A contribution with what it is about, as it is now."""

    it: Contribution
    clause: Clause | None  # where it stands
    was: Clause | None  # the clause as it was when it was said
    question: Question | None
    organisation: str | None
    answer: Answered | None

    @property
    def is_answered(self) -> bool:
        return self.answer is not None and self.answer.at >= (self.it.changed_at or self.it.at)

    @property
    def is_orphan(self) -> bool:
        return self.it.clause_id is not None and self.it.stands_id is None

    def title(self) -> Phrase:
        """What it is, and about what."""
        if self.question is not None:
            return _("Answer to question {number}", number=self.question.position + 1)
        clause = self.clause or self.was
        if clause is not None:
            return _("{kind} on clause {number}", kind=self.it.kind, number=Code(clause.number))
        return _("{kind} on the whole", kind=self.it.kind)

    def words(self) -> Raw:
        """Theirs; of an answer without words, what they chose."""
        if self.it.words.strip() or self.question is None or self.it.choice is None:
            return Raw(self.it.words, self.it.language)
        options = self.question.options
        chosen = options[self.it.choice] if 0 <= self.it.choice < len(options) else ""
        return Raw(str(chosen), self.question.language)

    def excerpt(self) -> Raw:
        words = self.words()
        text = words.words if words.words.strip() else self.it.suggested or ""
        return Raw(shorten(" ".join(text.split()), EXCERPT), words.language)


def seen(session: Session, which: Select[Contribution, int]) -> list[Seen]:
    """Those that `which` (of `placed`) selects, with all that belongs to them, in two questions."""
    found = [row[0] for row in session.execute(which)]
    if not found:
        return []
    was = select(Clause).where(
        Clause.id.in_({each for row in found for each in (row.clause_id, row.stands_id) if each is not None})
    )
    clauses = {each.id: each for each in session.scalars(was)}
    more = session.execute(
        select(Contribution.id, Question, Organisation.name, Answered)
        .outerjoin(Question, Question.id == Contribution.question_id)
        .outerjoin(Organisation, Organisation.id == Contribution.organisation_id)
        .outerjoin(Answered, Answered.contribution_id == Contribution.id)
        .where(Contribution.id.in_([each.id for each in found]))
    )
    rest = {row[0]: row for row in more}
    return [
        Seen(
            each,
            clauses.get(each.stands_id or 0),
            clauses.get(each.clause_id or 0),
            rest[each.id][1],
            rest[each.id][2],
            rest[each.id][3],
        )
        for each in found
    ]


def one(session: Session, contribution: Contribution) -> Seen:
    return seen(session, placed().where(Contribution.id == contribution.id))[0]


def draft_of(session: Session, consultation: Consultation) -> TextDraft | None:
    """The draft that lies open, or lay open last."""
    its = TextDraft.consultation_id == consultation.id, TextDraft.number == consultation.draft_number
    return session.scalar(select(TextDraft).where(*its))


def clauses_of(consultation_id: int, number: int) -> Select[Clause]:
    """The clauses of a draft, in their order."""
    its = TextDraft.consultation_id == consultation_id, TextDraft.number == number
    return select(Clause).join(TextDraft, TextDraft.id == Clause.draft_id).where(*its).order_by(Clause.position)


def named(clause: Clause) -> Text:
    """`3.2 Opening hours`"""
    if not clause.heading:
        return Code(clause.number)
    return _("{number} {heading}", number=Code(clause.number), heading=Raw(shorten(clause.heading, EXCERPT)))


def answer_words(answer: Answered, language: str) -> Raw:
    """The reason in a reader's language where it was translated, and else in its own."""
    translated = answer.translations.get(language)
    return Raw(str(translated), language) if translated else Raw(answer.reason, answer.language)


def count(session: Session, consultation: Consultation, which: Filter) -> int:
    return session.scalar(select(func.count()).select_from(Contribution).where(which.where(consultation.id))) or 0


def said(ctx: Context, each: Seen) -> tuple[Quote | Phrase, ...]:
    """What was said, and on which clause as it was then."""
    parts: list[Quote | Phrase] = []
    if each.was is not None:
        parts.append(
            Quote(Raw(each.was.words), label=_("Clause {number}, as it was then", number=Code(each.was.number)))
        )
        if each.clause is not None and each.clause.words != each.was.words:
            now = _("Clause {number}, as it is now", number=Code(each.clause.number))
            parts.append(Quote(Raw(each.clause.words), label=now))
        if each.is_orphan:
            parts.append(_("That clause is no longer in the text."))
    if each.question is not None:
        asked = Raw(each.question.words, each.question.language)
        parts.append(Quote(asked, label=_("Question {number}", number=each.question.position + 1)))
    words = each.words()
    if words.words.strip():
        parts.append(Quote(words, label=_("What was said")))
    if each.it.suggested:
        parts.append(Quote(Raw(each.it.suggested, each.it.language), label=_("Other words that were suggested")))
    if each.answer is not None:
        label = _("{treatment}, for this reason", treatment=each.answer.treatment)
        parts.append(Quote(answer_words(each.answer, ctx.who.language), label=label))
        if not each.is_answered:
            parts.append(_("It was changed by its author since: it has to be answered again."))
    return tuple(parts)
