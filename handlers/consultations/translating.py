"""A consultation in other languages: entered by a person, passage by passage, beside the original."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from bot.kit.clean import clean_line
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Refusal, Row, Screen, Style, button
from bot.kit.text import LANGUAGES, Code, Phrase, Raw, _, ngettext
from db.audiences import people_of
from db.consultations import (
    Clause,
    ClauseLink,
    ClauseTranslation,
    Consultation,
    ConsultationTranslation,
    Question,
    TextDraft,
)
from db.people import Person
from handlers.languages import languages
from handlers.paging import PAGE, turn_pages

from . import cards, making
from .questions import OPTIONS, questions_of
from .room import WHEN_REDRAFTED, WHEN_TRANSLATED, consultations, owners

HEADING, CLAUSE = 300, 3000


def draft_of(ctx: Context, consultation: Consultation) -> TextDraft | None:
    """The last draft, whether it lies open yet or not."""
    its = select(TextDraft).where(TextDraft.consultation_id == consultation.id)
    return ctx.session.scalars(its.order_by(TextDraft.number.desc()).limit(1)).first()


def _title_in(ctx: Context, consultation: Consultation, language: str) -> ConsultationTranslation | None:
    its = ConsultationTranslation.consultation_id == consultation.id, ConsultationTranslation.language == language
    return ctx.session.scalar(select(ConsultationTranslation).where(*its))


@consultations.command("translations", _("Translations"), allow=owners)
def translations(ctx: Context, consultation: Consultation) -> Screen:
    """Each language that something is not written in, who reads it, and how much of it there is."""
    read = select(Person.language, func.count()).where(people_of(consultation)).group_by(Person.language)
    readers: dict[str, int] = {row[0]: row[1] for row in ctx.session.execute(read)}
    rows = []
    for language, name in LANGUAGES.items():
        left, total = _left(ctx, consultation, language)
        if not total:
            continue
        count = readers.get(language, 0)
        said = ngettext(
            "{done} of {total} passages · {count} person it is for reads this language",
            "{done} of {total} passages · {count} people it is for read this language",
            count,
            done=total - left,
            total=total,
        )
        go = button(_("Translate"), "consultations.translate", consultation=consultation.id, language=language)
        rows.append(Row(Raw(name, language), said, (go,)))
    return Screen(
        _("Translations"), (cards.title(consultation),), rows=tuple(rows), buttons=(cards.back(consultation),)
    )


def _left(ctx: Context, consultation: Consultation, language: str) -> tuple[int, int]:
    """How many passages have no translation, and how many there are."""
    asked = [each for each in questions_of(ctx, consultation) if each.language != language]
    without = sum(language not in each.translations for each in asked)
    is_foreign = consultation.language != language
    untitled = is_foreign and _title_in(ctx, consultation, language) is None
    draft = draft_of(ctx, consultation)
    clauses = done = 0
    if draft is not None and draft.language != language:
        clauses = ctx.session.scalar(select(func.count()).select_from(Clause).where(Clause.draft_id == draft.id)) or 0
        done = (
            ctx.session.scalar(
                select(func.count())
                .select_from(ClauseTranslation)
                .join(Clause, Clause.id == ClauseTranslation.clause_id)
                .where(Clause.draft_id == draft.id, ClauseTranslation.language == language)
            )
            or 0
        )
    return untitled + without + clauses - done, is_foreign + len(asked) + clauses


@consultations.command("translate", _("Translate"), allow=owners)
def translate(ctx: Context, consultation: Consultation, language: str, page: int = 0) -> Screen:
    """Every passage, those without a translation first."""
    return _listed(ctx, consultation, language, None, page=page)


def _listed(ctx: Context, consultation: Consultation, language: str, lead: Phrase | None, *, page: int = 0) -> Screen:
    left, total = _left(ctx, consultation, language) if language in LANGUAGES else (0, 0)
    if not total:
        raise Refusal(_("It is written in that language already."))
    passages = _passages(ctx, consultation, language, page)
    first = next((each.buttons[0] for each, is_done in passages if not is_done), None)
    name = Raw(LANGUAGES[language], language)
    how_many = ngettext("{count} passage is left.", "{count} passages are left.", left)
    nothing = _("Everybody who reads {language} can read all of it.", language=name)
    next_ = Button(_("Next passage"), first.command, first.args, Style.PRIMARY) if first is not None else None
    return Screen(
        lead or name,
        (cards.title(consultation), how_many if left else nothing),
        rows=tuple(row for row, _is_done in passages),
        buttons=(
            *((next_,) if next_ is not None else ()),
            *turn_pages("consultations.translate", page, total, consultation=consultation.id, language=language),
            button(_("Translations"), "consultations.translations", consultation=consultation.id),
            cards.back(consultation),
        ),
    )


def _passages(ctx: Context, consultation: Consultation, language: str, page: int) -> list[tuple[Row, bool]]:
    """A page of them, each with whether it is translated: title and summary, questions, then clauses; those that are
    not come first. Clauses are read a page at a time, however many there are."""
    few: list[Any] = []
    if language != consultation.language:
        titled = _title_in(ctx, consultation, language) is not None
        its = {"consultation": consultation.id}
        few.append((cards.title(consultation), _("Title and summary"), "translate_title", its, titled))
    for each in questions_of(ctx, consultation):
        if each.language != language:
            about = {"question": each.id}
            few.append(
                (
                    Raw(each.words, each.language),
                    _("Question"),
                    "translate_question",
                    about,
                    language in each.translations,
                )
            )
    missing, done = ([each for each in few if each[-1] is state] for state in (False, True))
    start, end = page * PAGE, (page + 1) * PAGE
    draft = draft_of(ctx, consultation)
    shown: list[Any] = missing[start:end]
    if draft is not None and draft.language != language:
        known_one = and_(ClauseTranslation.clause_id == Clause.id, ClauseTranslation.language == language)
        clauses = (
            select(Clause, ClauseTranslation.id)
            .outerjoin(ClauseTranslation, known_one)
            .where(Clause.draft_id == draft.id)
            .order_by(ClauseTranslation.id.is_not(None), Clause.position)
        )
        skip = max(start - len(missing), 0)
        for clause, known in ctx.session.execute(clauses.offset(skip).limit(PAGE - len(shown))).all():
            words = Raw(clause.heading or clause.words[:120], draft.language)
            said = _("Clause {number}", number=Code(clause.number))
            shown.append((words, said, "translate_clause", {"clause": clause.id}, known is not None))
        count = ctx.session.scalar(select(func.count()).select_from(Clause).where(Clause.draft_id == draft.id)) or 0
    else:
        count = 0
    skip = max(start - len(missing) - count, 0)
    shown += done[skip : skip + PAGE - len(shown)]
    return [
        (
            Row(
                words,
                _("{what} · translated", what=what) if is_done else what,
                (
                    Button(
                        _("Change it") if is_done else _("Translate"),
                        f"consultations.{verb}",
                        {**about, "language": language},
                    ),
                ),
            ),
            is_done,
        )
        for words, what, verb, about, is_done in shown
    ]


LANGUAGE = ask.choice(_("Into which language?"), options=languages)


@consultations.form("translate_title", _("Title and summary"), allow=owners)
class TranslateTitle(Form):
    review = False
    consultation: Consultation = ask.about()
    language: str = LANGUAGE
    title: str = making.TITLE_
    summary: str = making.SUMMARY_

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        its = bound["consultation"]
        return (Raw(its.title, its.language), Raw(its.summary, its.language)) if its.summary else (cards.title(its),)

    def submit(self, ctx: Context) -> Screen:
        _must_be_another(self.language, self.consultation.language)
        text = _title_in(ctx, self.consultation, self.language)
        if text is None:
            text = ConsultationTranslation(consultation_id=self.consultation.id, language=self.language)
            ctx.session.add(text)
        text.title, text.summary, text.by_id, text.at = self.title, self.summary, ctx.who.id, ctx.now
        ctx.session.flush()
        return _translated(ctx, self.consultation, self.language)


@consultations.form("translate_clause", _("Translate a clause"), allow=owners)
class TranslateClause(Form):
    review = False
    clause: Clause = ask.about()
    language: str = LANGUAGE
    heading: str | None = ask.line(_("What is its heading?"), max=HEADING, optional=True)
    words: str = ask.prose(_("What does it say?"), max=CLAUSE)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        cards.owned(ctx, bound["clause"].consultation_id)

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        clause = bound["clause"]
        language = ctx.session.get_one(TextDraft, clause.draft_id).language
        heading = (Raw(clause.heading, language),) if clause.heading else ()
        return (_("Clause {number}", number=Code(clause.number)), *heading, Raw(clause.words, language))

    def submit(self, ctx: Context) -> Screen:
        its = cards.owned(ctx, self.clause.consultation_id)
        _must_be_another(self.language, ctx.session.get_one(TextDraft, self.clause.draft_id).language)
        known = ClauseTranslation.clause_id == self.clause.id, ClauseTranslation.language == self.language
        text = ctx.session.scalar(select(ClauseTranslation).where(*known))
        if text is None:
            text = ClauseTranslation(clause_id=self.clause.id, language=self.language)
            ctx.session.add(text)
        text.heading, text.words, text.by_id, text.at = self.heading, self.words, ctx.who.id, ctx.now
        ctx.session.flush()
        return _translated(ctx, its, self.language)


@consultations.form("translate_question", _("Translate a question"), allow=owners)
class TranslateQuestion(Form):
    review = False
    question: Question = ask.about()
    language: str = LANGUAGE
    words: str = ask.prose(_("What does it say?"), max=400)
    options: str | None = ask.prose(
        _("And the answers to choose from?"), max=OPTIONS, optional=True, hint=_("One a line, in the same order.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        cards.owned(ctx, bound["question"].consultation_id)

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        question = bound["question"]
        return (Raw(question.words, question.language), *(Raw(each, question.language) for each in question.options))

    def submit(self, ctx: Context) -> Screen:
        its = cards.owned(ctx, self.question.consultation_id)
        _must_be_another(self.language, self.question.language)
        said = [line for each in (self.options or "").splitlines() if (line := clean_line(each).strip())]
        wanted = len(self.question.options)
        if len(said) != wanted:
            raise Refusal(
                ngettext(
                    "There is {count} answer to choose from: please send as many lines.",
                    "There are {count} answers to choose from: please send as many lines.",
                    wanted,
                ),
                field="options",
            )
        text = {"words": self.words, "options": said}
        self.question.translations = {**self.question.translations, self.language: text}
        ctx.session.flush()
        return _translated(ctx, its, self.language)


def _translated(ctx: Context, consultation: Consultation, language: str) -> Screen:
    for note in WHEN_TRANSLATED:
        note(ctx, consultation)
    return _listed(ctx, consultation, language, _("Translated."))


def carry(session: Session, draft: TextDraft) -> int:
    """What a clause of the draft before said in other languages holds for the same words in this one. How many do."""
    earlier, later, known = aliased(Clause), aliased(Clause), aliased(ClauseTranslation)
    heading = func.coalesce(earlier.heading, "") == func.coalesce(later.heading, "")
    there = and_(known.clause_id == later.id, known.language == ClauseTranslation.language)
    found = session.execute(
        select(ClauseTranslation, later.id)
        .join(ClauseLink, ClauseLink.earlier_id == ClauseTranslation.clause_id)
        .join(earlier, earlier.id == ClauseLink.earlier_id)
        .join(later, later.id == ClauseLink.later_id)
        .outerjoin(known, there)
        .where(ClauseLink.draft_id == draft.id, earlier.words == later.words, heading, known.id.is_(None))
        .order_by(ClauseTranslation.id)
    ).all()
    made = {
        (later_id, each.language): ClauseTranslation(
            clause_id=later_id,
            language=each.language,
            heading=each.heading,
            words=each.words,
            by_id=each.by_id,
            at=each.at,
        )
        for each, later_id in found
    }
    session.add_all(made.values())
    session.flush()
    return len(made)


def _redrafted(ctx: Context, consultation: Consultation) -> None:
    its = TextDraft.consultation_id == consultation.id, TextDraft.number == consultation.draft_number
    draft = ctx.session.scalar(select(TextDraft).where(*its))
    if draft is not None:
        carry(ctx.session, draft)


WHEN_REDRAFTED.append(_redrafted)


def _must_be_another(language: str, original: str) -> None:
    if language == original:
        raise Refusal(_("It is written in that language already."), field="language")
