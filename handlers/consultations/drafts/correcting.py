"""Looking through a draft before anybody else sees it, and putting right what was read wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select

from bot.kit.clean import shorten
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Fact, NotFound, Quote, Refusal, Row, Screen, button
from bot.kit.text import Code, Phrase, Raw, _, ngettext
from db.consultations import Clause, ClauseTranslation, Consultation, TextDraft, carrying
from db.consultations.clauses.reading import LONGEST_CLAUSE
from handlers.paging import PAGE, turn_pages

from .. import cards
from ..room import consultations, of, owners
from .entering import to_the_text

EXCERPT = 120
NUMBER, HEADING = 30, 200


def name(clause: Clause, language: str) -> Phrase:
    """What a clause is called: its number, and its heading where it has one."""
    if clause.heading is None:
        return _("Clause {number}", number=Code(clause.number))
    return _("{number} {heading}", number=Code(clause.number), heading=Raw(clause.heading, language))


def _draft(ctx: Context, consultation: Consultation) -> TextDraft:
    draft = carrying.prepared(ctx.session, consultation)
    if draft is None:
        raise Refusal(_("No draft is being prepared."), buttons=(to_the_text(consultation),))
    return draft


def _of_draft(ctx: Context, consultation: Consultation, clause: Clause) -> TextDraft:
    """The draft that is being prepared; raises NotFound for a clause of another one."""
    of(consultation, clause)
    draft = _draft(ctx, consultation)
    if clause.draft_id != draft.id:
        raise NotFound()
    return draft


@consultations.command("draft", _("Look through the draft"), allow=owners)
def draft_(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    """Its clauses as they were read, a page at a time."""
    return listed(ctx, consultation, page)


def listed(ctx: Context, consultation: Consultation, page: int = 0, lead: Phrase | None = None) -> Screen:
    draft = _draft(ctx, consultation)
    its = Clause.draft_id == draft.id
    total = ctx.session.scalar(select(func.count()).select_from(Clause).where(its)) or 0
    page = min(page, max(0, (total - 1) // PAGE))
    found = ctx.session.scalars(select(Clause).where(its).order_by(Clause.position).offset(page * PAGE).limit(PAGE))
    rows = tuple(
        Row(
            name(each, draft.language),
            Raw(shorten(each.words, EXCERPT), draft.language),
            (button(_("Open"), "consultations.draft_clause", consultation=consultation.id, clause=each.id),),
        )
        for each in found
    )
    return Screen(
        lead or _("Draft {number}", number=draft.number),
        (cards.title(consultation), ngettext("{count} clause", "{count} clauses", total)),
        rows=rows,
        buttons=(
            *turn_pages("consultations.draft", page, total, consultation=consultation.id),
            to_the_text(consultation),
        ),
    )


@consultations.command("draft_clause", _("Open a clause of the draft"), allow=owners)
def draft_clause(ctx: Context, consultation: Consultation, clause: Clause) -> Screen:
    """One clause in full, and what can be put right about it."""
    draft = _of_draft(ctx, consultation, clause)
    its = {"consultation": consultation.id, "clause": clause.id}
    join = (Button(_("Join it to the one before"), "consultations.join_clause", its),) if clause.position else ()
    return Screen(
        name(clause, draft.language),
        (Quote(Raw(clause.words, draft.language)),),
        (Fact(_("Draft"), draft.number),),
        buttons=(
            Button(_("Correct it"), "consultations.correct", its),
            *join,
            Button(_("Take it out"), "consultations.take_out", its),
            button(
                _("Back to the draft"),
                "consultations.draft",
                consultation=consultation.id,
                page=clause.position // PAGE,
            ),
        ),
    )


@consultations.form("correct", _("Correct a clause"), allow=owners)
class Correct(Form):
    """Its number, heading and words. Its translations go where its words change."""

    consultation: Consultation = ask.about()
    clause: Clause = ask.about()
    number: str = ask.line(_("What is its number?"), max=NUMBER)
    heading: str | None = ask.line(_("What is its heading?"), max=HEADING, optional=True)
    words: str = ask.prose(_("What does it say?"), max=LONGEST_CLAUSE)

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        draft = _of_draft(ctx, bound["consultation"], bound["clause"])
        words = Raw(bound["clause"].words, draft.language)
        return (Quote(words, label=_("As it stands: {clause}", clause=name(bound["clause"], draft.language))),)

    def submit(self, ctx: Context) -> Screen:
        draft = _of_draft(ctx, self.consultation, self.clause)
        twice = Clause.draft_id == draft.id, Clause.number == self.number, Clause.id != self.clause.id
        if ctx.session.scalar(select(Clause.id).where(*twice).limit(1)) is not None:
            raise Refusal(_("Another clause has that number."), field="number")
        if (self.heading, self.words) != (self.clause.heading, self.clause.words):
            its = ClauseTranslation.clause_id == self.clause.id
            ctx.session.execute(delete(ClauseTranslation).where(its))
        self.clause.number, self.clause.heading, self.clause.words = self.number, self.heading, self.words
        return _put_right(ctx, self.consultation, draft, self.clause.position)


@consultations.command("join_clause", _("Join a clause to the one before"), allow=owners)
def join_clause(ctx: Context, consultation: Consultation, clause: Clause) -> Screen:
    """Its words, its number and heading before them, go on those of the clause before."""
    draft = _of_draft(ctx, consultation, clause)
    before = ctx.session.scalar(
        select(Clause).where(Clause.draft_id == draft.id, Clause.position == clause.position - 1)
    )
    if before is None:
        raise Refusal(_("There is none before it."))
    own = " ".join(each for each in (clause.number, clause.heading) if each)
    joined = f"{before.words}\n\n{own} {clause.words}"
    if len(joined) > LONGEST_CLAUSE:
        raise Refusal(_("Both together are too long for one clause."))
    before.words = joined
    ctx.session.execute(delete(ClauseTranslation).where(ClauseTranslation.clause_id == before.id))
    position = before.position
    carrying.take_out(ctx.session, clause)
    return _put_right(ctx, consultation, draft, position)


@consultations.command(
    "take_out", _("Take a clause out"), allow=owners, confirm=_("It goes from the draft. Take it out?")
)
def take_out(ctx: Context, consultation: Consultation, clause: Clause) -> Screen:
    draft = _of_draft(ctx, consultation, clause)
    position = clause.position
    carrying.take_out(ctx.session, clause)
    return _put_right(ctx, consultation, draft, position)


def _put_right(ctx: Context, consultation: Consultation, draft: TextDraft, position: int) -> Screen:
    ctx.session.flush()
    carrying.link(ctx.session, draft)
    return listed(ctx, consultation, position // PAGE, _("Put right."))
