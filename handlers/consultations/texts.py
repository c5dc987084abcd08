"""The words of a consultation in the reader's language where somebody translated them, and as they were written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.screen import Quote
from bot.kit.text import Code, Phrase, Raw, _
from db.consultations import (
    Clause,
    ClauseTranslation,
    Consultation,
    ConsultationTranslation,
    Contribution,
    Question,
    TextDraft,
)

TRANSLATED = _("Translated by a person. The original counts:")


def title_for(session: Session, consultation: Consultation, language: str) -> Raw:
    return titles_for(session, [consultation], language)[consultation.id]


def titles_for(session: Session, consultations: Collection[Consultation], language: str) -> Mapping[int, Raw]:
    """What each is called, in this language where it was translated, by its id."""
    titles = {each.id: Raw(each.title, each.language) for each in consultations}
    foreign = [each.id for each in consultations if each.language != language]
    if foreign:
        theirs = ConsultationTranslation.consultation_id.in_(foreign), ConsultationTranslation.language == language
        for each in session.scalars(select(ConsultationTranslation).where(*theirs)):
            titles[each.consultation_id] = Raw(each.title, language)
    return titles


def summary(ctx: Context, consultation: Consultation) -> tuple[Quote | Phrase, ...]:
    """What it is about, for whoever asks; of what is only proposed there may be nothing."""
    if not consultation.summary:
        return ()
    original = Quote(Raw(consultation.summary, consultation.language))
    if consultation.language == ctx.who.language:
        return (original,)
    theirs = (
        ConsultationTranslation.consultation_id == consultation.id,
        ConsultationTranslation.language == ctx.who.language,
    )
    found = ctx.session.scalar(select(ConsultationTranslation).where(*theirs))
    return (Quote(Raw(found.summary, found.language)), TRANSLATED, original) if found is not None else (original,)


@dataclass(frozen=True)
class Worded:
    """A clause as it reads: in the language of its draft, and in the reader's where it was translated."""

    clause: Clause
    language: str
    translation: ClauseTranslation | None

    @property
    def name(self) -> Phrase:
        """`3.2 · Delays`"""
        return name(self.clause, self.heading)

    @property
    def heading(self) -> Raw | None:
        if self.translation is not None and self.translation.heading:
            return Raw(self.translation.heading, self.translation.language)
        return Raw(self.clause.heading, self.language) if self.clause.heading else None

    @property
    def words(self) -> Raw:
        """As the reader reads it best."""
        if self.translation is not None:
            return Raw(self.translation.words, self.translation.language)
        return self.original

    @property
    def original(self) -> Raw:
        return Raw(self.clause.words, self.language)

    def shown(self) -> tuple[Quote | Phrase, ...]:
        if self.translation is None:
            return (Quote(self.original),)
        return (Quote(self.words), TRANSLATED, Quote(self.original))


def name(clause: Clause, heading: Raw | None) -> Phrase:
    number = Code(clause.number)
    return _("{number} · {heading}", number=number, heading=heading) if heading else _("{number}", number=number)


def worded(session: Session, clauses: Sequence[Clause], language: str) -> list[Worded]:
    """Clauses as a reader of `language` reads them."""
    if not clauses:
        return []
    drafts = {each.draft_id for each in clauses}
    written = dict(session.execute(select(TextDraft.id, TextDraft.language).where(TextDraft.id.in_(drafts))).all())
    theirs: dict[int, ClauseTranslation] = {}
    if any(each != language for each in written.values()):
        ids = [each.id for each in clauses]
        found = ClauseTranslation.clause_id.in_(ids), ClauseTranslation.language == language
        theirs = {each.clause_id: each for each in session.scalars(select(ClauseTranslation).where(*found))}
    return [Worded(each, written[each.draft_id], theirs.get(each.id)) for each in clauses]


def worded_for(ctx: Context, clause: Clause) -> Worded:
    return worded(ctx.session, [clause], ctx.who.language)[0]


def about(clause: Clause, draft: TextDraft | None) -> ColumnElement[bool]:
    """Which contributions stand at a clause: of the open draft those carried there, of an earlier one those made."""
    is_open = draft is not None and clause.draft_id == draft.id
    return Contribution.stands_id == clause.id if is_open else Contribution.clause_id == clause.id


def question_for(question: Question, language: str) -> tuple[Raw, tuple[Raw, ...], bool]:
    """A question's words and options as a reader of `language` reads them, and whether that is a translation."""
    original = tuple(Raw(str(each), question.language) for each in question.options)
    translated = question.translations.get(language) if language != question.language else None
    if not translated or not translated.get("words"):
        return Raw(question.words, question.language), original, False
    options = translated.get("options") or []
    if len(options) != len(original):  # one was added since: better none than the wrong one
        return Raw(translated["words"], language), original, True
    return Raw(translated["words"], language), tuple(Raw(str(each), language) for each in options), True


def clauses_at(
    session: Session, draft: TextDraft, *which: ColumnElement[bool], page: int = 0, size: int = 0
) -> Sequence[Clause]:
    """Its clauses in order, those that `which` says; a page of them where it has a size."""
    its = select(Clause).where(Clause.draft_id == draft.id, *which).order_by(Clause.position)
    return session.scalars(its.offset(page * size).limit(size) if size else its).all()


def matching(clause: Worded, wanted: str) -> bool:
    """Whether a clause has these words, folded, in its number, heading or text; in either language."""
    held = (clause.clause.number, clause.clause.heading, clause.clause.words, clause.words.words)
    return any(wanted in each.casefold() for each in held if each)


def neighbours(session: Session, clause: Clause) -> tuple[int | None, int | None]:
    """The ids of the clauses before and after, in its draft."""
    its = or_(Clause.position == clause.position - 1, Clause.position == clause.position + 1)
    found = dict(
        session.execute(select(Clause.position, Clause.id).where(Clause.draft_id == clause.draft_id, its)).all()
    )
    return found.get(clause.position - 1), found.get(clause.position + 1)
