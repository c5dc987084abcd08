"""Answering the questions of a consultation, one after the other: with a tap, or in one's own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from bot.kit.clean import shorten
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Fact, NotFound, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, _, ngettext
from db.consultations import Consultation, Contribution, ContributionKind, Question
from handlers.paging import PAGE, turn_pages

from . import cards, texts
from .commenting import WORDS, held, keep
from .own import must_be_open
from .room import consultations, members

EXCERPT = 160


@consultations.command("to_answer", _("Answer the questions"), allow=members)
def to_answer(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    """All of them, with what one has answered."""
    its = Question.consultation_id == consultation.id
    total = ctx.session.scalar(select(func.count()).select_from(Question).where(its)) or 0
    asked = ctx.session.scalars(
        select(Question).where(its).order_by(Question.position).offset(page * PAGE).limit(PAGE)
    ).all()
    given = _given(ctx, [each.id for each in asked])
    rows = tuple(
        Row(
            texts.question_for(each, ctx.who.language)[0],
            _line(ctx, each, given.get(each.id)),
            (button(_("Open"), "consultations.asked", question=each.id),),
        )
        for each in asked
    )
    count = ngettext("{count} question", "{count} questions", total)
    return Screen(
        texts.title_for(ctx.session, consultation, ctx.who.language),
        (count,) if total else (_("There are no questions."),),
        rows=rows,
        buttons=(
            *turn_pages("consultations.to_answer", page, total, consultation=consultation.id),
            cards.back(consultation),
        ),
    )


@consultations.command("asked", _("Open a question"), allow=members)
def asked(ctx: Context, question: Question) -> Screen:
    """One question, and what one has answered to it."""
    return question_screen(ctx, question)


@consultations.command("choose", _("Answer with this"), allow=members)
def choose(ctx: Context, question: Question, option: int) -> Screen:
    """One of its options. Whoever answered before changes their answer."""
    if not 0 <= option < len(question.options):
        raise NotFound()
    before = _own_answer(ctx, question)
    return _answered(ctx, question, before.words if before is not None else "", option)


@consultations.form("answer", _("Answer in your own words"), allow=members)
class Answer(Form):
    """In one's own words; the option one has chosen stays."""

    review = False
    question: Question = ask.about()
    words: str = ask.prose(_("What do you answer?"), max=WORDS)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        question = bound["question"]
        must_take_answers(ctx.session.get_one(Consultation, question.consultation_id))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return _worded(ctx, bound["question"])

    def submit(self, ctx: Context) -> Screen:
        before = _own_answer(ctx, self.question)
        return _answered(ctx, self.question, self.words, before.choice if before is not None else None)


def must_take_answers(consultation: Consultation) -> None:
    if not consultation.takes_answers():
        raise Refusal(_("Its questions are not answered now."), buttons=(cards.back(consultation),))


def _answered(ctx: Context, question: Question, words: str, choice: int | None) -> Screen:
    """One answer a person: another one takes its place."""
    consultation = held(ctx, question.consultation_id)
    must_take_answers(consultation)
    before = _own_answer(ctx, question)
    if before is None:
        keep(ctx, consultation, ContributionKind.ANSWER, words, question_id=question.id, choice=choice)
    elif (before.words, before.choice) != (words, choice):
        must_be_open(ctx, consultation, before)
        before.words, before.choice, before.changed_at = words, choice, ctx.now
        before.language = ctx.who.language
        ctx.session.flush()
    following = _next_open(ctx, consultation, question)
    if following is not None:
        return question_screen(ctx, following, _("Kept. The next question:"))
    return question_screen(ctx, question, _("Kept. You have answered all questions."))


def question_screen(ctx: Context, question: Question, lead: Phrase | None = None) -> Screen:
    consultation = ctx.session.get_one(Consultation, question.consultation_id)
    words, options, _is_translated = texts.question_for(question, ctx.who.language)
    own = _own_answer(ctx, question)
    taps: tuple[Button, ...] = ()
    if consultation.takes_answers():
        taps = (
            *(
                Button(
                    each,
                    "consultations.choose",
                    {"question": question.id, "option": number},
                    Style.PRIMARY if own is not None and own.choice == number else Style.PLAIN,
                )
                for number, each in enumerate(options)
            ),
            button(_("In my own words"), "consultations.answer", question=question.id),
        )
    following = _next_open(ctx, consultation, question)
    return Screen(
        lead or words,
        (*(() if lead is None else (Quote(words),)), *_worded(ctx, question)[1:], *_said(own)),
        (
            *((Fact(_("Chosen"), chosen),) if (chosen := _chosen(own, options)) is not None else ()),
            Fact(_("Reference"), Code(consultation.ref)),
        ),
        buttons=(
            *taps,
            *(
                (button(_("Next question"), "consultations.asked", question=following.id),)
                if following is not None
                else ()
            ),
            *(
                (button(_("Change or take it back"), "consultations.contribution", contribution=own.id),)
                if own is not None
                else ()
            ),
            button(_("All questions"), "consultations.to_answer", consultation=consultation.id),
            cards.back(consultation),
        ),
    )


def _worded(ctx: Context, question: Question) -> tuple[Quote | Phrase, ...]:
    """The question as one reads it; then, where that is a translation, as it was asked."""
    words, _options, is_translated = texts.question_for(question, ctx.who.language)
    if not is_translated:
        return (Quote(words),)
    return (Quote(words), texts.TRANSLATED, Quote(Raw(question.words, question.language)))


def _said(own: Contribution | None) -> tuple[Quote, ...]:
    if own is None or not own.words:
        return ()
    return (Quote(Raw(own.words, own.language), label=_("You answered")),)


def _chosen(own: Contribution | None, options: Sequence[Raw]) -> Raw | None:
    """The option one has chosen, as one reads it."""
    if own is None or own.choice is None or own.choice >= len(options):
        return None
    return options[own.choice]


def _line(ctx: Context, question: Question, own: Contribution | None) -> Phrase:
    if own is None:
        return _("not answered yet")
    _words, options, _is_translated = texts.question_for(question, ctx.who.language)
    if own.words:
        return _("you answered: {words}", words=Raw(shorten(own.words, EXCERPT), own.language))
    return _("you answered: {words}", words=_chosen(own, options) or Raw(""))


def _given(ctx: Context, question_ids: list[int]) -> dict[int | None, Contribution]:
    """What one has answered to each of these questions."""
    mine = (
        Contribution.person_id == ctx.who.id,
        Contribution.kind == ContributionKind.ANSWER,
        Contribution.question_id.in_(question_ids),
        Contribution.withdrawn_at.is_(None),
    )
    return {each.question_id: each for each in ctx.session.scalars(select(Contribution).where(*mine))}


def _own_answer(ctx: Context, question: Question) -> Contribution | None:
    return _given(ctx, [question.id]).get(question.id)


def _next_open(ctx: Context, consultation: Consultation, after: Question) -> Question | None:
    """The next one not answered yet, from the one after this on and round to the beginning."""
    answered = select(Contribution.question_id).where(
        Contribution.person_id == ctx.who.id,
        Contribution.question_id.is_not(None),
        Contribution.withdrawn_at.is_(None),
    )
    its = Question.consultation_id == consultation.id, Question.id != after.id, Question.id.not_in(answered)
    order = Question.position < after.position, Question.position
    return ctx.session.scalar(select(Question).where(*its).order_by(*order).limit(1))
