"""Which consultations there are: those open to whoever asks, and those they own; found by their words and numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import false, func, select
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.screen import Button, NotFound, Row, Screen, Style, button
from bot.kit.text import Code, _, ngettext
from db import search
from db.base import HYPHEN
from db.consultations import (
    IN_ORDER,
    Clause,
    ClauseTranslation,
    Consultation,
    ConsultationTranslation,
    Phase,
    carrying,
)
from handlers.paging import PAGE, turn_pages

from . import cards, reading, texts
from .commenting import WORDS
from .numbers import WORDS as CALLED
from .numbers import of_that_number, plain_number
from .room import WHEN_MOVED, WHEN_REDRAFTED, WHEN_TRANSLATED, consultations, members

CONSULTATION = "consultation"
MOST = 50
OFFERED = 3
TAKE_PART = "part"  # where the register's way in stands on the site
UNDER_WAY = tuple(each for each in IN_ORDER if each is not Phase.OUTCOME)
REFERENCE = re.compile(rf"\s*(c{HYPHEN}\d{{1,17}})(?!\w)[\s:;,.–-]*(.*)", re.IGNORECASE | re.DOTALL)


@consultations.findable(CONSULTATION, Consultation)
def found(session: Session, consultation: Consultation) -> str:
    """Its title and summary in every language it has them in, and the clauses that lie open."""
    told = select(ConsultationTranslation).where(ConsultationTranslation.consultation_id == consultation.id)
    words = [consultation.title, consultation.summary]
    for each in session.scalars(told.order_by(ConsultationTranslation.id)):
        words += [each.title, each.summary]
    draft = carrying.lies_open(session, consultation)
    if draft is not None:
        clauses = texts.clauses_at(session, draft)
        for clause in clauses:
            words += [clause.heading or "", clause.words]
        its = select(Clause.id).where(Clause.draft_id == draft.id)
        translated = select(ClauseTranslation).where(ClauseTranslation.clause_id.in_(its))
        for one in session.scalars(translated.order_by(ClauseTranslation.id)):
            words += [one.heading or "", one.words]
    return "\n".join(filter(None, words))


def keep_found(ctx: Context, consultation: Consultation) -> None:
    """It has other words than before: let it be found by them."""
    found.keep(ctx.session, consultation)


WHEN_MOVED.append(keep_found)
WHEN_REDRAFTED.append(keep_found)
WHEN_TRANSLATED.append(keep_found)


@consultations.command("consultations", _("Consultations"), allow=members, menu=38)
def consultations_(ctx: Context, page: int = 0, past: bool = False, words: str = "") -> Screen:
    """Those under way, what closes first first; `past` what has its outcome or was given up; or by `words`."""
    is_ahead = Consultation.phase.in_(UNDER_WAY)
    seen = [Consultation.visible_to(ctx.who), ~is_ahead if past else is_ahead]
    if words:
        among = select(Consultation.id).where(Consultation.visible_to(ctx.who))
        named = Consultation.named(words)
        ids = search.find(ctx.session, CONSULTATION, words, among=among, limit=MOST) if named is None else ()
        seen = [Consultation.visible_to(ctx.who), Consultation.id.in_(ids) if named is None else named]
    total = ctx.session.scalar(select(func.count()).select_from(Consultation).where(*seen)) or 0
    order = Consultation.ended_at.desc() if past else Consultation.closes_at
    listed = ctx.session.scalars(
        select(Consultation).where(*seen).order_by(order, Consultation.id).offset(page * PAGE).limit(PAGE)
    ).all()
    titles = texts.titles_for(ctx.session, listed, ctx.who.language)
    rows = tuple(Row(titles[each.id], cards.line(each), (cards.open_it(each),)) for each in listed)
    count = ngettext("{count} consultation", "{count} consultations", total)
    other = (
        button(_("What is under way"), "consultations.consultations")
        if past or words
        else button(_("What is over"), "consultations.consultations", past=True)
    )
    return Screen(
        _("Consultations"),
        (count,) if total else (_("None is open to you at present."),),
        rows=rows,
        buttons=(
            *turn_pages("consultations.consultations", page, total, past=past, **({"words": words} if words else {})),
            button(_("Make a consultation"), "consultations.make", style=Style.PRIMARY),
            button(_("Propose a consultation"), "consultations.propose"),
            button(_("Proposed consultations"), "consultations.proposals"),
            button(_("What I have said"), "consultations.contributions"),
            other,
        ),
    )


@consultations.command("show", _("Open a consultation"), allow=members)
def show(ctx: Context, consultation: Consultation) -> Screen:
    """One consultation, as it is for whoever asks."""
    return cards.card(ctx, consultation)


@consultations.command("arrive", _("Open a consultation"), allow=members)
def arrive(ctx: Context, words: str = "") -> Screen:
    """From a link: `12` or `C-12`, or `12_3-2` for its clause 3.2."""
    link = re.fullmatch(r"(?:c-)?([0-9]{1,17})(?:_([\w-]{1,20}))?", words.strip(), re.IGNORECASE)
    its = Consultation.id == int(link[1]) if link else false()
    consultation = ctx.session.scalar(select(Consultation).where(its, Consultation.visible_to(ctx.who)))
    if link is None or consultation is None:
        raise NotFound(buttons=(button(_("Consultations"), "consultations.consultations"),))
    ctx.shows(consultation)
    clauses = of_that_number(ctx, link[2].replace("-", "."), its, limit=1) if link[2] else ()
    return reading.clause_screen(ctx, clauses[0]) if clauses else cards.card(ctx, consultation)


@consultations.page(TAKE_PART, shows="arrive")
def to_strangers(_session: Session, _words: str, **_when: Any) -> None:
    """Whoever comes from the register has to sign in first."""


@consultations.offer
def offers(ctx: Context, words: str) -> Sequence[Button]:
    """Open what a reference names; read or comment on the clause that words begin with."""
    named, rest, consultation = REFERENCE.fullmatch(words), words, None
    if named is not None:
        meant = Consultation.named(named[1])
        rest = named[2]
        if meant is not None:
            consultation = ctx.session.scalar(select(Consultation).where(meant, Consultation.visible_to(ctx.who)))
        if consultation is None:
            return ()
    number, comment = _clause_and_words(rest, is_named=consultation is not None)
    offered: list[Button] = []
    if number:
        within = (Consultation.id == consultation.id,) if consultation is not None else ()
        for clause in of_that_number(ctx, number, *within, limit=OFFERED):
            offered += _about_clause(ctx, clause, comment)
    if consultation is not None:
        label = _("Open {ref}", ref=Code(consultation.ref))
        offered.append(button(label, "consultations.show", style=Style.PRIMARY, consultation=consultation.id))
    return offered


def _clause_and_words(words: str, *, is_named: bool) -> tuple[str, str]:
    """The number that words begin with, and what follows it. A whole number alone could be anything: it needs "clause"
    or a consultation's reference before it. What follows is kept to the letter, with its lines."""
    first, rest = _first_word(words)
    worded = bool(rest) and first.casefold().strip(".") in CALLED
    if worded:
        first, rest = _first_word(rest)
    number, comment = plain_number(first), re.sub(r"^[:;–-]+\s+", "", rest)
    if not number or not (worded or is_named or re.fullmatch(r"\d{1,4}(\.\d{1,4})+", number)):
        return "", ""
    return number, comment


def _first_word(words: str) -> tuple[str, str]:
    """It, and what stands behind it."""
    parts = words.split(maxsplit=1)
    return (parts[0] if parts else "", parts[1].strip() if len(parts) > 1 else "")


def _about_clause(ctx: Context, clause: Clause, comment: str) -> list[Button]:
    consultation = ctx.session.get_one(Consultation, clause.consultation_id)
    of = {"number": Code(clause.number), "ref": Code(consultation.ref)}
    offered = [button(_("Read {number} of {ref}", **of), "consultations.read_clause", clause=clause.id)]
    if not consultation.takes_comments():
        return offered
    if not comment or len(comment) > WORDS:
        comment_on = button(_("Comment on {number} of {ref}", **of), "consultations.comment", clause=clause.id)
        return [comment_on, *offered]
    label = _("Send it as a comment on {number} of {ref}", **of)
    send = button(label, "consultations.comment", style=Style.PRIMARY, clause=clause.id, words=comment)
    return [send, *offered]
