"""The questions a consultation asks: in free words, or by options to choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from bot.kit.clean import clean_line
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Refusal, Row, Screen, Style, button
from bot.kit.text import Phrase, Raw, _, listed
from db.consultations import Consultation, Contribution, Phase, Question
from handlers.paging import PAGE, turn_pages

from . import cards
from .room import consultations, of, owners

WORDS, OPTIONS, OPTION = 400, 1200, 100
FEWEST, MOST_OPTIONS, MOST = 2, 12, 30
WORDS_ = ask.prose(_("What do you ask?"), max=WORDS, hint=_("One question at a time, in plain words."))
OPTIONS_ = ask.prose(
    _("Which answers are there to choose from?"),
    max=OPTIONS,
    optional=True,
    hint=_("One a line. Left out, people answer in their own words; they can add some in any case."),
)


def questions_of(ctx: Context, consultation: Consultation) -> Sequence[Question]:
    """In their order."""
    its = select(Question).where(Question.consultation_id == consultation.id)
    return ctx.session.scalars(its.order_by(Question.position)).all()


@consultations.command("questions", _("Questions"), allow=owners)
def questions(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    return _listed(ctx, consultation, None, page=page)


def _listed(ctx: Context, consultation: Consultation, lead: Phrase | None, *, page: int = 0) -> Screen:
    found = questions_of(ctx, consultation)
    its: dict[str, Any] = {"consultation": consultation.id}
    rows = tuple(
        Row(
            Raw(each.words, each.language),
            _("{answers}", answers=listed([Raw(option, each.language) for option in each.options]))
            if each.options
            else _("In free words"),
            (
                button(
                    _("Change it"),
                    "consultations.question",
                    question=each.id,
                    words=each.words,
                    **_chosen_from(each),
                ),
                button(_("Take it out"), "consultations.question_out", **its, question=each.id),
                *(
                    (button(_("Move up"), "consultations.question_up", **its, question=each.id),)
                    if each != found[0]
                    else ()
                ),
            ),
        )
        for each in found[page * PAGE : (page + 1) * PAGE]
    )
    return Screen(
        lead or _("Questions"),
        (cards.title(consultation), *(() if rows else (_("Nothing is asked yet."),))),
        rows=rows,
        buttons=(
            *turn_pages("consultations.questions", page, len(found), **its),
            button(_("Ask something"), "consultations.add_question", style=Style.PRIMARY, **its),
            cards.back(consultation),
        ),
    )


@consultations.form("add_question", _("Ask something"), allow=owners)
class AddQuestion(Form):
    """At the end. While it is open one can still be added; what was answered stays."""

    consultation: Consultation = ask.about()
    words: str = WORDS_
    options: str | None = OPTIONS_

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_be_ahead(bound["consultation"])
        if len(questions_of(ctx, bound["consultation"])) >= MOST:
            raise Refusal(_("There are {count} questions: more than that nobody answers.", count=MOST))

    def submit(self, ctx: Context) -> Screen:
        its = self.consultation
        last = select(func.max(Question.position)).where(Question.consultation_id == its.id)
        ctx.session.add(
            Question(
                administration_id=its.administration_id,
                consultation_id=its.id,
                position=(ctx.session.scalar(last) or 0) + 1,
                words=self.words,
                language=ctx.who.language,
                options=_options(self.options),
            )
        )
        ctx.session.flush()
        return _listed(ctx, its, _("Noted."), page=(len(questions_of(ctx, its)) - 1) // PAGE)


@consultations.form("question", _("Change it"), allow=owners)
class ChangeQuestion(Form):
    """Until somebody has answered it: an answer must not stand under another question."""

    question: Question = ask.about()
    words: str = WORDS_
    options: str | None = OPTIONS_

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_be_ahead(cards.owned(ctx, bound["question"].consultation_id))
        _must_be_unanswered(ctx, bound["question"])

    def submit(self, ctx: Context) -> Screen:
        its = cards.owned(ctx, self.question.consultation_id)
        self.question.words, self.question.options = self.words, _options(self.options)
        self.question.language, self.question.translations = ctx.who.language, {}
        ctx.session.flush()
        return _listed(ctx, its, _("Changed."))


@consultations.command("question_out", _("Take it out"), allow=owners, confirm=_("Take this question out?"))
def question_out(ctx: Context, consultation: Consultation, question: Question) -> Screen:
    """Until somebody has answered it."""
    of(consultation, question)
    _must_be_ahead(consultation)
    _must_be_unanswered(ctx, question)
    ctx.session.delete(question)
    ctx.session.flush()
    return _listed(ctx, consultation, _("Taken out."))


@consultations.command("question_up", _("Move up"), allow=owners)
def question_up(ctx: Context, consultation: Consultation, question: Question) -> Screen:
    """Ahead of the one before it."""
    of(consultation, question)
    found = list(questions_of(ctx, consultation))
    place = found.index(question)
    if place:
        other = found[place - 1]
        mine, theirs = question.position, other.position
        question.position = -mine  # the place of each is its own; for a moment none has either
        ctx.session.flush()
        other.position = mine
        ctx.session.flush()
        question.position = theirs
    ctx.session.flush()
    return _listed(ctx, consultation, None, page=max(place - 1, 0) // PAGE)


def _chosen_from(question: Question) -> dict[str, Any]:
    return {"options": "\n".join(question.options)} if question.options else {}


def _options(words: str | None) -> list[str]:
    """One a line. Raises Refusal for one alone, too many, too long or one twice."""
    found = [line for each in (words or "").splitlines() if (line := clean_line(each).strip(" -•*\t"))]
    if not found:
        return []
    if not FEWEST <= len(found) <= MOST_OPTIONS:
        raise Refusal(
            _("Please give from {least} to {most} answers, one a line.", least=FEWEST, most=MOST_OPTIONS),
            field="options",
        )
    if len({each.casefold() for each in found}) < len(found):
        raise Refusal(_("The same answer stands there twice."), field="options")
    if (longest := max(map(len, found))) > OPTION:
        raise Refusal(
            _("That is {length} characters; at most {max} fit here. Please shorten it.", length=longest, max=OPTION),
            field="options",
        )
    return found


def _must_be_ahead(consultation: Consultation) -> None:
    if consultation.phase not in (Phase.PREPARED, Phase.SHAPING, Phase.DRAFTING, Phase.COMMENTS):
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=consultation.phase))


def _must_be_unanswered(ctx: Context, question: Question) -> None:
    answered = select(Contribution.id).where(Contribution.question_id == question.id).limit(1)
    if ctx.session.scalar(answered) is not None:
        raise Refusal(_("Somebody has answered it already. Ask another question instead."))
