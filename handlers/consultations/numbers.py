"""Clauses by what people call them: a number in the digits of any script, or a word that stands in them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select

from bot.kit.clean import shorten
from bot.kit.context import Context
from bot.kit.forms import CHOICES_SHOWN, Option
from bot.kit.screen import Refusal
from bot.kit.text import Raw, _
from db.consultations import Clause, Consultation, TextDraft, carrying

from . import texts

CHOSEN = "clause:"  # before an id, which is so never taken for the number somebody types
LABEL = 70  # graphemes
LOOKED_UP = 60  # letters of what is typed: a database takes no pattern of any length
# What people put before a number, where Parley is spoken.
WORDS = frozenset(
    (
        *("clause", "article", "section", "paragraph", "paragraphe", "point", "art", "§"),
        *("البند", "بند", "المادة", "مادة", "الفقرة", "فقرة"),
    )
)


def plain_number(typed: str) -> str:
    """`٣٫٢` and `Clause 3.2.` as `3.2`: with ASCII digits and points, without what stands around it."""
    found = "".join(
        str(unicodedata.decimal(sign)) if unicodedata.decimal(sign, None) is not None else sign for sign in typed
    )
    parts = found.replace("٫", ".").split()
    if len(parts) > 1 and parts[0].casefold().rstrip(".") in WORDS:
        parts = parts[1:]
    return " ".join(parts).strip(" :;,.–-").removeprefix("§").casefold()


def find_clauses(ctx: Context, query: str) -> Sequence[Option]:
    """Clauses of the draft that lies open in the consultation a form is about; all of them in order without a query."""
    consultation = ctx.session.get(Consultation, ctx.bound["consultation"])
    draft = carrying.lies_open(ctx.session, consultation) if consultation is not None else None
    if draft is None:
        return ()
    if query.startswith(CHOSEN) and (chosen := query.removeprefix(CHOSEN)).isdecimal() and len(chosen) < 18:
        found = texts.clauses_at(ctx.session, draft, Clause.id == int(chosen))
        return [_option(each) for each in texts.worded(ctx.session, found, ctx.who.language)]
    if not query.strip():
        found = texts.clauses_at(ctx.session, draft, size=CHOICES_SHOWN)
        return [_option(each) for each in texts.worded(ctx.session, found, ctx.who.language)]
    number = plain_number(query)
    exact = texts.clauses_at(ctx.session, draft, func.lower(Clause.number) == number)
    if len(exact) == 1:  # typed so, it needs no tap
        return [Option(f"{CHOSEN}{exact[0].id}", Raw(query))]
    if exact:
        return [_option(each) for each in texts.worded(ctx.session, exact, ctx.who.language)]
    every = texts.worded(ctx.session, texts.clauses_at(ctx.session, draft), ctx.who.language)
    wanted = query.strip().casefold()
    begun = [each for each in every if number and each.clause.number.casefold().startswith(f"{number}.")]
    worded = [each for each in every if texts.matching(each, wanted)]
    return [_option(each) for each in dict.fromkeys((*begun, *worded))][:CHOICES_SHOWN]


def _option(each: texts.Worded) -> Option:
    heading = each.heading or each.words
    label = f"{each.clause.number} · {heading.words}"
    return Option(f"{CHOSEN}{each.clause.id}", Raw(shorten(label, LABEL), heading.language))


def one_named(ctx: Context, consultation: Consultation, value: str) -> Clause:
    """The clause that was chosen. It may have been in a draft that lies open no longer: then in the present one."""
    chosen = value.removeprefix(CHOSEN)
    clause = ctx.session.get(Clause, int(chosen)) if chosen.isdecimal() else None
    if clause is None or clause.consultation_id != consultation.id:
        raise Refusal(_("Please choose one of the answers offered."), field="which")
    return clause


def of_that_number(ctx: Context, number: str, *which: ColumnElement[bool], limit: int) -> Sequence[Clause]:
    """Clauses called so in drafts that lie open in what this person sees, of those consultations that `which` says."""
    lies_open = (
        select(TextDraft.id)
        .join(Consultation, Consultation.id == TextDraft.consultation_id)
        .where(TextDraft.number == Consultation.draft_number, TextDraft.published_at.is_not(None))
        .where(Consultation.visible_to(ctx.who), *which)
    )
    its = Clause.draft_id.in_(lies_open), func.lower(Clause.number) == plain_number(number)
    return ctx.session.scalars(select(Clause).where(*its).order_by(Clause.consultation_id.desc()).limit(limit)).all()
