"""The organiser's own questions: at registration, and follow-up questions to those who have a seat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import Phrase, Raw, Text, _, ngettext
from db.registrations import Asked, Registration, RegistrationQuestion, RegistrationState, Seat, SeatState
from db.symposia import Symposium
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called

from . import cards, finding
from .room import members, registrations, runs
from .setting import must_run

WORDS, ANSWER, MOST = 300, 600, 12


@registrations.form("ask", _("Ask a question"), allow=runs)
class Ask(Form):
    """In the organiser's own words; those whom it is for hear of it at once."""

    symposium: Symposium = ask.about()
    words: str = ask.line(_("What do you ask?"), max=WORDS, hint=_("Ask nothing that you do not need to know."))
    asked: Asked = ask.choice(_("Whom do you ask?"))

    def submit(self, ctx: Context) -> Screen:
        its = RegistrationQuestion.symposium_id == self.symposium.id, RegistrationQuestion.retired_at.is_(None)
        count = ctx.session.scalar(select(func.count()).select_from(RegistrationQuestion).where(*its)) or 0
        if count >= MOST:
            raise Refusal(ngettext("There is {count} question already.", "There are {count} questions already.", count))
        made = RegistrationQuestion(
            administration_id=self.symposium.administration_id,
            symposium_id=self.symposium.id,
            position=count + 1,
            words=self.words,
            language=ctx.who.language,
            asked=self.asked,
        )
        ctx.session.add(made)
        ctx.session.flush()
        for registration in _those(ctx, made):
            told = Screen(
                _("The organiser of a symposium asks you something."),
                (finding.name(self.symposium), _quoted(made)),
                buttons=(button(_("Answer"), "registrations.answer", style=Style.PRIMARY, question=made.id),),
            )
            ctx.notify(registration.person_id, told, once=f"registration_question:{made.id}")
        return questions_screen(ctx, self.symposium, _("Asked."))


def _those(ctx: Context, question: RegistrationQuestion) -> list[Registration]:
    on = Registration.symposium_id == question.symposium_id, Registration.state == RegistrationState.REGISTERED
    found = select(Registration).where(*on)
    if question.asked is Asked.ACCEPTED:
        held = Seat.state == SeatState.HELD, Seat.session_id.is_not(None)
        found = found.where(Registration.id.in_(select(Seat.registration_id).where(*held)))
    return list(ctx.session.scalars(found.order_by(Registration.id)))


def _quoted(question: RegistrationQuestion) -> Quote:
    return Quote(Raw(question.words, question.language), label=_("The question"))


@registrations.form("answer", _("Answer the organiser"), allow=members)
class Answer(Form):
    """One question after another, as long as there are any."""

    review = False
    question: RegistrationQuestion = ask.about()
    words: str = ask.prose(_("Your answer"), max=ANSWER, hint=_("Only whoever organises the symposium reads it."))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        finding.own(ctx, bound["question"].symposium_id)
        if bound["question"].retired_at is not None:
            raise Refusal(_("It is not asked about any longer."))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Quote, ...]:
        return (_quoted(bound["question"]),)

    def submit(self, ctx: Context) -> Screen:
        symposium = ctx.session.get_one(Symposium, self.question.symposium_id)
        registration = finding.own(ctx, symposium.id)
        registration.answers = registration.answers | {str(self.question.id): self.words}
        registration.language = ctx.who.language
        ctx.session.flush()
        return cards.programme(ctx, symposium, registration, _("Thank you. Your answer is kept."))


@registrations.command("questions", _("Questions"), allow=runs)
def questions(ctx: Context, symposium: Symposium) -> Screen:
    """What is asked, and how many have answered."""
    return questions_screen(ctx, symposium, None)


def questions_screen(ctx: Context, symposium: Symposium, lead: Phrase | None) -> Screen:
    its = RegistrationQuestion.symposium_id == symposium.id, RegistrationQuestion.retired_at.is_(None)
    found = ctx.session.scalars(select(RegistrationQuestion).where(*its).order_by(RegistrationQuestion.position)).all()
    rows = tuple(
        Row(
            Raw(each.words, each.language),
            ngettext("{count} answer", "{count} answers", len(_answered(ctx, each))),
            (
                button(_("Read the answers"), "registrations.answers", question=each.id),
                button(_("Ask it no longer"), "registrations.retire", question=each.id),
            ),
        )
        for each in found
    )
    return Screen(
        lead or _("Questions to those who register"),
        () if rows else (_("You ask nothing yet."),),
        rows=rows,
        buttons=(
            button(_("Ask a question"), "registrations.ask", symposium=symposium.id),
            button(_("Registration"), "registrations.desk", symposium=symposium.id),
        ),
    )


def _answered(ctx: Context, question: RegistrationQuestion) -> list[Registration]:
    on = Registration.symposium_id == question.symposium_id, Registration.state != RegistrationState.CANCELLED
    found = ctx.session.scalars(select(Registration).where(*on).order_by(Registration.id))
    return [each for each in found if str(question.id) in each.answers]


@registrations.command("answers", _("Read the answers"), allow=runs, reads=runs)
def answers(ctx: Context, question: RegistrationQuestion, page: int = 0) -> Screen:
    """Who said what."""
    symposium = ctx.session.get_one(Symposium, question.symposium_id)
    must_run(ctx, symposium)
    found = _answered(ctx, question)
    shown = found[page * PAGE : (page + 1) * PAGE]
    names = called(ctx.session, {each.person_id for each in shown})
    said: list[Text | Quote] = [
        Quote(Raw(each.answers[str(question.id)], each.language), by=_("{name}", name=names[each.person_id]))
        for each in shown
    ]
    return Screen(
        Raw(question.words, question.language),
        tuple(said) or (_("Nobody has answered yet."),),
        buttons=(
            *turn_pages("registrations.answers", page, len(found), question=question.id),
            button(_("Questions"), "registrations.questions", symposium=symposium.id),
        ),
    )


@registrations.command("retire", _("Ask it no longer"), allow=runs)
def retire(ctx: Context, question: RegistrationQuestion) -> Screen:
    """The answers stay, nobody else is asked."""
    symposium = ctx.session.get_one(Symposium, question.symposium_id)
    must_run(ctx, symposium)
    question.retired_at = question.retired_at or ctx.now
    ctx.session.flush()
    return questions_screen(ctx, symposium, _("It is asked no longer."))
