"""What was said, for whoever owns the consultation: how much has its answer, by kind, by clause, and all of it."""

from __future__ import annotations

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.screen import Button, Fact, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, _, ngettext, phrase_of
from db.conclusions import count_unanswered, unanswered
from db.consultations import (
    Answered,
    Clause,
    Consultation,
    Contribution,
    ContributionKind,
    Phase,
    TextDraft,
    Treatment,
)
from handlers.consultations import cards
from handlers.consultations.room import owners
from handlers.paging import PAGE, turn_pages

from . import finding
from .finding import Filter, Seen
from .room import conclusions, to_desk, to_statement


@conclusions.command("desk", _("What was said"), allow=owners, reads=owners)
def desk(ctx: Context, consultation: Consultation) -> Screen:
    """How many contributions ended in each way, how many wait, and the ways to them."""
    return overview(ctx, consultation)


def overview(ctx: Context, consultation: Consultation, lead: Phrase | None = None) -> Screen:
    """The same; what has just happened (`lead`) is the heading."""
    ended = _ended(ctx, consultation)
    kinds = _kinds(ctx, consultation)
    waits = count_unanswered(ctx.session, consultation.id)
    answer = (
        button(_("Answer the next one"), "conclusions.next", style=Style.PRIMARY, consultation=consultation.id),
        button(_("Answer many at once"), "conclusions.answer_many", consultation=consultation.id),
        button(_("Without an answer"), "conclusions.contributions", consultation=consultation.id, waits=True),
    )
    return Screen(
        lead or _("What was said"),
        (
            cards.title(consultation),
            *(() if kinds else (_("Nobody has said anything."),)),
            *((_("All of it has an answer."),) if kinds and not waits else ()),
        ),
        (
            Fact(_("Reference"), Code(consultation.ref)),
            Fact(_("Waits for an answer"), waits),
            *(Fact(phrase_of(each), ended.get(each, 0)) for each in Treatment),
        ),
        rows=tuple(
            Row(
                phrase_of(kind),
                ngettext("{count} contribution", "{count} contributions", kinds[kind]),
                (button(_("Open"), "conclusions.contributions", consultation=consultation.id, kind=kind.value),),
            )
            for kind in ContributionKind
            if kind in kinds
        ),
        buttons=(
            *(answer if waits and consultation.phase is Phase.DECISION else ()),
            *(
                (
                    button(_("By clause"), "conclusions.clauses", consultation=consultation.id),
                    button(_("All of it"), "conclusions.contributions", consultation=consultation.id),
                )
                if kinds
                else ()
            ),
            button(_("Translate the reasons"), "conclusions.reasons", consultation=consultation.id),
            to_statement(consultation),
            cards.back(consultation),
        ),
    )


def _ended(ctx: Context, consultation: Consultation) -> dict[Treatment, int]:
    """How many ended in which way, of those that count."""
    ended = (
        select(Answered.treatment, func.count())
        .join(Contribution, Contribution.id == Answered.contribution_id)
        .where(Answered.consultation_id == consultation.id, Contribution.counts())
        .group_by(Answered.treatment)
    )
    return {row[0]: row[1] for row in ctx.session.execute(ended)}


def _kinds(ctx: Context, consultation: Consultation) -> dict[ContributionKind, int]:
    kinds = (
        select(Contribution.kind, func.count())
        .where(Contribution.consultation_id == consultation.id, Contribution.counts())
        .group_by(Contribution.kind)
    )
    return {row[0]: row[1] for row in ctx.session.execute(kinds)}


@conclusions.command("clauses", _("By clause"), allow=owners, reads=owners)
def clauses(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    """The clauses of the text as it is now on which something was said, with how much of it waits."""
    said = (
        select(Contribution.stands_id.label("id"), func.count().label("said"))
        .where(Contribution.consultation_id == consultation.id, Contribution.counts())
        .group_by(Contribution.stands_id)
        .subquery()
    )
    waits = (
        select(Contribution.stands_id.label("id"), func.count().label("waits"))
        .where(unanswered(consultation.id))
        .group_by(Contribution.stands_id)
        .subquery()
    )
    its = TextDraft.consultation_id == consultation.id, TextDraft.number == consultation.draft_number
    found = (
        select(Clause, said.c.said, func.coalesce(waits.c.waits, 0))
        .join(TextDraft, TextDraft.id == Clause.draft_id)
        .join(said, said.c.id == Clause.id)
        .outerjoin(waits, waits.c.id == Clause.id)
        .where(*its)
    )
    total = ctx.session.scalar(select(func.count()).select_from(found.subquery())) or 0
    shown = ctx.session.execute(found.order_by(Clause.position).offset(page * PAGE).limit(PAGE))
    return Screen(
        _("By clause"),
        (cards.title(consultation), *(() if total else (_("Nothing was said on any clause."),))),
        rows=tuple(
            Row(
                finding.named(clause),
                _("{said} said, {waits} without an answer", said=count, waits=left),
                (button(_("Open"), "conclusions.contributions", consultation=consultation.id, clause=clause.id),),
            )
            for clause, count, left in shown
        ),
        buttons=(*turn_pages("conclusions.clauses", page, total, consultation=consultation.id), to_desk(consultation)),
    )


@conclusions.command("contributions", _("All of it"), allow=owners, reads=owners)
def contributions(
    ctx: Context,
    consultation: Consultation,
    kind: str = "",
    clause: int = 0,
    question: int = 0,
    waits: bool = False,
    page: int = 0,
) -> Screen:
    """Contributions of one kind, on one clause, to one question, without an answer: as the arguments say."""
    which = Filter(kind, clause, question, waits)
    total = finding.count(ctx.session, consultation, which)
    some = finding.placed().where(which.where(consultation.id)).offset(page * PAGE).limit(PAGE)
    heading = _("Without an answer") if waits else _("All of it")
    args = {"consultation": consultation.id, **which.args()}
    other = {**args, "waits": not waits}
    label = _("With those that have an answer") if waits else _("Only those without an answer")
    return Screen(
        heading,
        (
            cards.title(consultation),
            ngettext("{count} contribution", "{count} contributions", total) if total else _("There is none."),
        ),
        rows=tuple(_row(consultation, each) for each in finding.seen(ctx.session, some)),
        buttons=(
            *turn_pages("conclusions.contributions", page, total, **args),
            Button(label, "conclusions.contributions", other),
            to_desk(consultation),
        ),
    )


def _row(consultation: Consultation, each: Seen) -> Row:
    see = button(_("Open"), "conclusions.contribution", consultation=consultation.id, contribution=each.it.id)
    words: Raw = each.excerpt()
    if each.answer is None or not each.is_answered:
        return Row(each.title(), _("{words} · no answer yet", words=words), (see,))
    return Row(each.title(), _("{words} · {treatment}", words=words, treatment=each.answer.treatment), (see,))
