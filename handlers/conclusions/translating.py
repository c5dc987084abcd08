"""The statement, and the reasons, in the languages of those who are owed them: entered by a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, update

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, NotFound, Quote, Refusal, Row, Screen
from bot.kit.text import LANGUAGES, Raw, _, listed, ngettext
from db.conclusions import Conclusion, ConclusionTranslation, languages_wanted, translations
from db.consultations import Answered, Consultation, Phase
from handlers.consultations import cards
from handlers.consultations.room import of, owners
from handlers.languages import languages
from handlers.paging import PAGE, turn_pages

from . import words, writing
from .answering import REASON
from .room import conclusions, owned_by, to_desk


@conclusions.form("translate", _("Add a translation"), allow=owners, reads=owners)
class Translate(Form):
    """What an outcome statement says, in another language. Whoever agrees to it sees it too."""

    conclusion: Conclusion = ask.about()
    language: str = ask.choice(_("Into which language?"), options=languages)
    asked: str = ask.prose(_("What was asked?"), max=words.ASKED)
    said: str = ask.prose(_("What was said?"), max=words.SAID)
    done: str = ask.prose(_("What was done?"), max=words.DONE)
    not_done: str | None = ask.prose(_("What was not done, and why?"), max=words.NOT_DONE, optional=True)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        owned_by(ctx, bound["conclusion"])
        if bound["conclusion"].sent_back_at is not None:
            raise Refusal(_("This statement was sent back: the next one is translated."))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return words.told(bound["conclusion"])

    def submit(self, ctx: Context) -> Screen:
        consultation = owned_by(ctx, self.conclusion)
        if self.language == self.conclusion.language:
            raise Refusal(_("The statement is written in that language already."), field="language")
        if (self.not_done is None) != (self.conclusion.not_done is None):
            raise Refusal(_("What was not done has to stand in both languages, or in none."), field="not_done")
        text = translations(ctx.session, self.conclusion.id).get(self.language)
        if text is None:
            text = ConclusionTranslation(conclusion_id=self.conclusion.id, language=self.language)
            ctx.session.add(text)
        text.asked, text.said, text.done, text.not_done = self.asked, self.said, self.done, self.not_done
        text.by_id, text.at = ctx.who.id, ctx.now
        ctx.session.flush()
        if self.conclusion.is_pending:
            writing.show_as_it_is_now(ctx, consultation, self.conclusion)
        left = languages_wanted(ctx.session, self.conclusion, at=ctx.now)
        lead = _("Translated.") if left else _("Translated. Everybody who is owed it can read it in their language.")
        return writing.draft(ctx, consultation, self.conclusion, lead)


@conclusions.command("reasons", _("Translate the reasons"), allow=owners, reads=owners)
def reasons(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    """Each reason once, those that most will read first, with the languages it stands in."""
    each = (
        select(func.min(Answered.id), func.count())
        .where(Answered.consultation_id == consultation.id)
        .group_by(Answered.reason, Answered.language)
    )
    total = ctx.session.scalar(select(func.count()).select_from(each.subquery())) or 0
    order = func.count().desc(), func.min(Answered.id)
    found = ctx.session.execute(each.order_by(*order).offset(page * PAGE).limit(PAGE)).all()
    answers = {
        row.id: row for row in ctx.session.scalars(select(Answered).where(Answered.id.in_([row[0] for row in found])))
    }
    return Screen(
        _("Translate the reasons"),
        (cards.title(consultation), *(() if total else (_("Nothing has been answered yet."),))),
        rows=tuple(_row(consultation, answers[number], count) for number, count in found),
        buttons=(*turn_pages("conclusions.reasons", page, total, consultation=consultation.id), to_desk(consultation)),
    )


def _row(consultation: Consultation, answer: Answered, count: int) -> Row:
    spoken = [answer.language, *answer.translations]
    names = [Raw(LANGUAGES[each], each) for each in spoken if each in LANGUAGES]
    said = ngettext("{count} reader · {languages}", "{count} readers · {languages}", count, languages=listed(names))
    args = {"consultation": consultation.id, "answer": answer.id}
    return Row(
        Raw(answer.reason, answer.language), said, (Button(_("Translate"), "conclusions.translate_reason", args),)
    )


@conclusions.form("translate_reason", _("Translate"), allow=owners, reads=owners)
class TranslateReason(Form):
    """A reason in another language, for all that end with it."""

    review = False
    consultation: Consultation = ask.about()
    answer: Answered = ask.about()
    language: str = ask.choice(_("Into which language?"), options=languages)
    reason: str = ask.prose(_("The reason in that language"), max=REASON)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        of(bound["consultation"], bound["answer"])
        if bound["consultation"].phase not in (Phase.DECISION, Phase.OUTCOME):
            raise NotFound()

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        answer = bound["answer"]
        return (Quote(Raw(answer.reason, answer.language), label=_("The reason")),)

    def submit(self, ctx: Context) -> Screen:
        answer = self.answer
        if self.language == answer.language:
            raise Refusal(_("The reason is written in that language already."), field="language")
        texts = {**answer.translations, self.language: self.reason}
        alike = Answered.consultation_id == self.consultation.id, Answered.reason == answer.reason
        ctx.session.execute(
            update(Answered).where(*alike, Answered.language == answer.language).values(translations=texts),
            execution_options={"synchronize_session": False},
        )
        ctx.session.expire_all()
        screen: Screen = reasons(ctx, self.consultation)
        return screen
