"""What became of it, for one person: their own words and how each ended, then the statement; acknowledged, judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.screen import Attachment, Button, Fact, Quote, Refusal, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, _
from db.conclusions import CONCLUDED, Conclusion, ConclusionTranslation, published, translations
from db.consultations import Consultation, ConsultationTranslation
from db.machinery import Receipt
from handlers.consultations import cards
from handlers.consultations.room import members

from . import own, words
from .own import Theirs
from .room import conclusions, consultation_of

WHOLE = 10_500  # characters that one message holds on every door, with some to spare


@dataclass(frozen=True)
class Out:
    """An outcome that is out, with all it says in other languages: read once, however many are told."""

    consultation: Consultation
    conclusion: Conclusion
    texts: Mapping[str, ConclusionTranslation]
    titles: Mapping[str, str]

    def title(self, language: str) -> Raw:
        translated = self.titles.get(language)
        return Raw(translated, language) if translated else cards.title(self.consultation)


def out(session: Session, consultation: Consultation, conclusion: Conclusion) -> Out:
    titles = select(ConsultationTranslation.language, ConsultationTranslation.title).where(
        ConsultationTranslation.consultation_id == consultation.id
    )
    return Out(
        consultation,
        conclusion,
        translations(session, conclusion.id),
        {row[0]: row[1] for row in session.execute(titles)},
    )


def outcome_screen(it: Out, to: Theirs, language: str, *, page: int = 0, files: tuple[Attachment, ...] = ()) -> Screen:
    """One page of somebody's own words, and on the first, where it fits, the outcome statement below them."""
    pages = own.pages(to.words)
    page = min(max(page, 0), len(pages) - 1)
    mine: list[Quote | Phrase] = [part for each in pages[page] for part in each.told()]
    told = words.told_in(it.conclusion, it.texts.get(language))
    if page == 0:
        fits = _size(mine) + _size(told) <= WHOLE
        mine += to.notes
        mine += told if fits else [_("The outcome statement itself is one button away.")]
    about = {"conclusion": it.conclusion.id}
    first = sum(len(each) for each in pages[:page])
    return Screen(
        _("What became of what you said") if to.words else _("What became of what you took part in"),
        (it.title(language), *mine),
        (
            Fact(_("Reference"), Code(it.consultation.ref)),
            *(
                (
                    Fact(
                        _("Your own words"),
                        _(
                            "{first} to {last} of {count}",
                            first=first + 1,
                            last=first + len(pages[page]),
                            count=len(to.words),
                        ),
                    ),
                )
                if len(pages) > 1
                else ()
            ),
            *words.facts(it.conclusion),
        ),
        files=files if page == 0 else (),
        buttons=(
            Button(_("Acknowledge"), "conclusions.acknowledge", about, Style.PRIMARY),
            *_judge(it.conclusion),
            *(_turn(it.conclusion, page, len(pages))),
            Button(_("Outcome statement"), "conclusions.told", about),
            *((Button(_("From your words to the text"), "conclusions.trail", about),) if _has_trail(to) else ()),
        ),
    )


def _turn(conclusion: Conclusion, page: int, pages: int) -> tuple[Button, ...]:
    before = button(_("Previous words"), "conclusions.outcome", conclusion=conclusion.id, page=page - 1)
    after = button(_("More of your words"), "conclusions.outcome", conclusion=conclusion.id, page=page + 1)
    return (*((before,) if page > 0 else ()), *((after,) if page + 1 < pages else ()))


def _has_trail(to: Theirs) -> bool:
    return any(each.contribution_id is not None for each in to.words)


def _size(parts: Iterable[Quote | Phrase]) -> int:
    """Characters of people's words, and of what stands around them."""
    return sum(own.FRAME // 2 + (len(each.said) if isinstance(each, Quote) else 0) for each in parts)


def theirs(ctx: Context, consultation: Consultation) -> Theirs:
    """What whoever asks said and did."""
    return own.theirs(ctx.session, consultation, {ctx.who.id: ctx.who.language}, at=ctx.now)[ctx.who.id]


@conclusions.command("outcome", _("See what became of it"), allow=allow.members)
def outcome(ctx: Context, conclusion: Conclusion, page: int = 0) -> Screen:
    """An outcome one was told, a page of one's own words at a time. Opening it is the sign that it was opened."""
    _must_be_out(conclusion)
    receipt = receipt_of(ctx, conclusion)
    if receipt is not None and receipt.opened_at is None:
        receipt.opened_at = ctx.now
    return again(ctx, conclusion, page=page)


@conclusions.command("read", _("What became of it"), allow=members)
def read(ctx: Context, consultation: Consultation) -> Screen:
    """The outcome of a consultation, for whoever may see it; with their own words first, if they said any."""
    conclusion = published(ctx.session, consultation.id)
    if conclusion is None:
        raise Refusal(_("The outcome of {ref} is not out yet.", ref=Code(consultation.ref)))
    ctx.shows(conclusion)
    shown: Screen = outcome(ctx, conclusion)
    return shown


@conclusions.command("told", _("Outcome statement"), allow=allow.members)
def told_(ctx: Context, conclusion: Conclusion, original: bool = False) -> Screen:
    """The statement alone, in one's language where it was translated, or as it was written."""
    _must_be_out(conclusion)
    it = out(ctx.session, consultation_of(ctx, conclusion), conclusion)
    text = None if original else it.texts.get(ctx.who.language)
    other = button(_("The original"), "conclusions.told", conclusion=conclusion.id, original=True)
    return Screen(
        _("Outcome statement"),
        (it.title(ctx.who.language), *words.told_in(conclusion, text)),
        (Fact(_("Reference"), Code(it.consultation.ref)), *words.facts(conclusion)),
        buttons=(
            *((other,) if text is not None else ()),
            button(_("What became of what you said"), "conclusions.outcome", conclusion=conclusion.id),
        ),
    )


@conclusions.command("acknowledge", _("Acknowledge"), allow=allow.members, reads=allow.members, by_link=True)
def acknowledge(ctx: Context, conclusion: Conclusion) -> Screen:
    """One has heard it."""
    known = heard(ctx, conclusion)
    return again(ctx, conclusion, _("Thank you. Customs knows that you have heard.") if known else None)


@conclusions.command("useful", _("Useful"), allow=allow.members, reads=allow.members, by_link=True)
def useful(ctx: Context, conclusion: Conclusion) -> Screen:
    """It says what somebody wanted to know."""
    known = heard(ctx, conclusion, is_useful=True)
    return again(ctx, conclusion, _("Thank you for saying so.") if known else None)


def heard(ctx: Context, conclusion: Conclusion, *, is_useful: bool | None = None) -> bool:
    """Note in the ledger that somebody acknowledged it; False for whoever was told nothing."""
    receipt = receipt_of(ctx, conclusion)
    if receipt is None:
        return False
    receipt.opened_at = receipt.opened_at or ctx.now
    receipt.acknowledged_at = receipt.acknowledged_at or ctx.now
    receipt.useful = receipt.useful if is_useful is None else is_useful
    return True


def receipt_of(ctx: Context, conclusion: Conclusion) -> Receipt | None:
    mine = Receipt.about == CONCLUDED, Receipt.about_id == conclusion.id, Receipt.person_id == ctx.who.id
    return ctx.session.scalar(select(Receipt).where(*mine))


def again(ctx: Context, conclusion: Conclusion, lead: Phrase | None = None, *, page: int = 0) -> Screen:
    """The outcome again, without the buttons that have done their work."""
    consultation = consultation_of(ctx, conclusion)
    it = out(ctx.session, consultation, conclusion)
    screen = outcome_screen(it, theirs(ctx, consultation), ctx.who.language, page=page)
    receipt = receipt_of(ctx, conclusion)
    done = set[str]()
    if receipt is None or receipt.acknowledged_at is not None:
        done.add("conclusions.acknowledge")
    if receipt is None or receipt.useful is not None:
        done |= {"conclusions.useful", "conclusions.not_useful"}
    return replace(
        screen,
        body=(*((lead,) if lead else ()), *screen.body),
        buttons=tuple(each for each in screen.buttons if each.command not in done),
    )


def _must_be_out(conclusion: Conclusion) -> None:
    if conclusion.published_at is None:
        raise Refusal(_("This outcome is not out yet."))


def _judge(conclusion: Conclusion) -> tuple[Button, ...]:
    return (
        button(_("Useful"), "conclusions.useful", conclusion=conclusion.id),
        button(_("Of little use"), "conclusions.not_useful", conclusion=conclusion.id),
    )
