"""The outcome statement: what was asked, said, done, and not done and why. Written by one, agreed to by others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Fact, Quote, Refusal, Screen, Style, button
from bot.kit.text import LANGUAGES, Code, Phrase, Raw, When, _, listed
from db.conclusions import Conclusion, count_unanswered, languages_wanted, published, sent_back, translations, waiting
from db.consultations import Consultation, Phase
from db.people import Person, RoleName
from handlers import centres
from handlers.consultations import cards
from handlers.consultations.room import owners
from handlers.people.naming import SOMEBODY, called

from . import words
from .closing import must_be_answered
from .room import conclusions, must_be_closed, to_desk


@conclusions.form("write", _("Write the outcome statement"), allow=owners, reads=owners)
class Write(Form):
    """What everybody who took part reads, and the register shows. Somebody else approves it."""

    consultation: Consultation = ask.about()
    asked: str = ask.prose(
        _("What was asked?"),
        max=words.ASKED,
        hint=_("In neutral words: everybody who took part reads this. Name nobody."),
    )
    said: str = ask.prose(_("What was said?"), max=words.SAID, hint=_("Also what was said against it. Name nobody."))
    done: str = ask.prose(_("What was done?"), max=words.DONE, hint=_("Say what changes for them, and when."))
    not_done: str | None = ask.prose(
        _("What was not done, and why?"),
        max=words.NOT_DONE,
        optional=True,
        hint=_("Leave it out only if all was done."),
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        consultation = bound["consultation"]
        must_be_closed(consultation)
        if waiting(ctx.session, consultation.id) is not None:
            raise Refusal(_("A statement waits to be agreed already. Send it back first."))
        must_be_answered(ctx, consultation)

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        """The one that was sent back, and why."""
        last = sent_back(ctx.session, bound["consultation"].id)
        if last is None:
            return ()
        why = Quote(Raw(last.sent_back_words or ""), label=_("The last one was sent back, because"))
        return (why, *words.told(last))

    def submit(self, ctx: Context) -> Screen:
        consultation = self.consultation
        conclusion = Conclusion(
            administration_id=consultation.administration_id,
            consultation_id=consultation.id,
            asked=self.asked,
            said=self.said,
            done=self.done,
            not_done=self.not_done,
            language=ctx.who.language,
            proposed_by_id=ctx.who.id,
            proposed_at=ctx.now,
            co_owner_id=consultation.co_owner_id,
        )
        if ctx.who.id == consultation.co_owner_id:
            conclusion.sign(ctx.who.id, at=ctx.now)  # whoever writes it stands by it
        ctx.session.add(conclusion)
        ctx.session.flush()
        ask_for_agreement(ctx, consultation, conclusion)
        return draft(ctx, consultation, conclusion, _("Written. Others agree to it before anybody is told."))


def ask_for_agreement(ctx: Context, consultation: Consultation, conclusion: Conclusion) -> None:
    """Tell whoever may approve it, and the co-owner whose signature is asked for."""
    for person_id, lead in _asked(ctx, consultation, conclusion):
        ctx.notify(
            person_id, draft(ctx, consultation, conclusion, lead, to=person_id), once=_once(consultation, conclusion)
        )


def show_as_it_is_now(ctx: Context, consultation: Consultation, conclusion: Conclusion) -> None:
    """It was translated: whoever is still to agree to it has that before them, too, where they were asked."""
    for person_id, lead in _asked(ctx, consultation, conclusion):
        if person_id != ctx.who.id:
            ctx.revise(
                person_id,
                draft(ctx, consultation, conclusion, lead, to=person_id),
                once=_once(consultation, conclusion),
            )


def _once(consultation: Consultation, conclusion: Conclusion) -> str:
    return f"{consultation.ref}:conclusion:{conclusion.id}"


def _asked(ctx: Context, consultation: Consultation, conclusion: Conclusion) -> Iterator[tuple[int, Phrase]]:
    """Who is still to agree to it, and what each is told."""
    if conclusion.approved_at is None:
        for person_id in second_pair_of_eyes(ctx, consultation, conclusion.proposed_by_id):
            yield person_id, _("An outcome statement waits for your approval.")
    if conclusion.co_owner_id is not None and conclusion.signed_at is None and conclusion.refused_at is None:
        yield conclusion.co_owner_id, _("An outcome statement waits for your signature.")


def second_pair_of_eyes(ctx: Context, consultation: Consultation, author: int) -> Sequence[int]:
    """Its owner at Customs and the leads of its desk, but not whoever wrote it; where there is no other, who oversees
    the desks."""
    leads = (
        centres.desk(ctx.session, consultation.centre_id, RoleName.LEAD, at=ctx.now) if consultation.centre_id else ()
    )
    owner = select(Person.id).where(Person.id == consultation.owner_id, Person.erased_at.is_(None))
    others = [each for each in dict.fromkeys((*ctx.session.scalars(owner), *leads)) if each != author]
    above = centres.overseers(ctx.session, consultation.administration_id, at=ctx.now)
    return others or [each for each in above if each != author]


def draft(
    ctx: Context,
    consultation: Consultation,
    conclusion: Conclusion,
    lead: Phrase | None = None,
    *,
    to: int | None = None,
) -> Screen:
    """The statement as its owners see it: all of its words and translations, who has agreed, and what can be done by
    the person it is for (None: whoever asks)."""
    people = [each for each in (conclusion.proposed_by_id, conclusion.approved_by_id) if each is not None]
    names = called(ctx.session, people)
    texts = translations(ctx.session, conclusion.id)
    translated: list[Phrase | Quote] = []
    for each in texts.values():
        translated += (_("The translation:"), *words.told(each))
    there = [Raw(LANGUAGES[each], each) for each in texts if each in LANGUAGES]
    wanted = [
        Raw(LANGUAGES[each], each)
        for each in (languages_wanted(ctx.session, conclusion, at=ctx.now) if conclusion.is_pending else ())
        if each in LANGUAGES
    ]
    approved = conclusion.approved_by_id
    return Screen(
        lead or _("Outcome statement"),
        (cards.title(consultation), *words.told(conclusion), *words.refusal(conclusion), *translated),
        (
            Fact(_("Reference"), Code(consultation.ref)),
            Fact(_("Written by"), names.get(conclusion.proposed_by_id, SOMEBODY)),
            Fact(_("Approved by"), names.get(approved, SOMEBODY) if approved is not None else _("nobody yet")),
            *words.facts(conclusion),
            *(
                (Fact(_("Signed by the co-owner on business’s side"), _("not yet")),)
                if conclusion.co_owner_id is not None and not words.facts(conclusion)
                else ()
            ),
            *((Fact(_("Published"), When(conclusion.published_at)),) if conclusion.published_at else ()),
            *((Fact(_("Translated into"), listed(there)),) if there else ()),
            *((Fact(_("Also read in, not translated"), listed(wanted)),) if wanted else ()),
        ),
        buttons=(
            *_agreements(consultation, conclusion, to or ctx.who.id),
            to_desk(consultation),
            cards.back(consultation),
        ),
    )


def _agreements(consultation: Consultation, conclusion: Conclusion, reader: int) -> tuple[Button, ...]:
    about = {"consultation": consultation.id}
    translate = button(_("Add a translation"), "conclusions.translate", conclusion=conclusion.id)
    if not conclusion.is_pending:
        return (translate,) if conclusion.published_at is not None else ()
    found: list[Button] = []
    if conclusion.approved_at is None and conclusion.proposed_by_id != reader:
        found.append(Button(_("Approve"), "conclusions.approve", about, Style.PRIMARY))
    if conclusion.co_owner_id is not None and conclusion.signed_at is None and conclusion.refused_at is None:
        found.append(Button(_("Sign"), "conclusions.sign", about, Style.PRIMARY))
        found.append(Button(_("Refuse to sign"), "conclusions.refuse", about))
    if conclusion.is_agreed:
        found.append(Button(_("Publish"), "conclusions.publish", about, Style.PRIMARY))
    found.append(Button(_("Send back"), "conclusions.send_back", about))
    return (*found, translate)


@conclusions.command("statement", _("Outcome statement"), allow=owners, reads=owners)
def statement(ctx: Context, consultation: Consultation) -> Screen:
    """The one that is out or waits to be agreed; else how far what was said is answered, and the way to write one."""
    found = published(ctx.session, consultation.id) or waiting(ctx.session, consultation.id)
    if found is not None:
        return draft(ctx, consultation, found)
    left = count_unanswered(ctx.session, consultation.id)
    last = sent_back(ctx.session, consultation.id)
    write = button(
        _("Write the outcome statement"), "conclusions.write", style=Style.PRIMARY, consultation=consultation.id
    )
    return Screen(
        _("Outcome statement"),
        (
            cards.title(consultation),
            _("There is none yet."),
            *(
                (Quote(Raw(last.sent_back_words or ""), label=_("The last one was sent back, because")),)
                if last
                else ()
            ),
        ),
        (Fact(_("Waits for an answer"), left),),
        buttons=(
            *((write,) if consultation.phase is Phase.DECISION else ()),
            to_desk(consultation),
            cards.back(consultation),
        ),
    )
