"""What was said of clauses that are in the text no longer. An owner may say where it belongs now; nothing else does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import NotFound, Refusal, Row, Screen, button
from bot.kit.text import Code, Phrase, Raw, _, ngettext
from db.consultations import Clause, Consultation, Contribution, TextDraft, carrying
from handlers.paging import PAGE, turn_pages

from .. import cards
from ..room import consultations, of, owners
from .checking import one_of, options_of
from .entering import to_the_text
from .publishing import quoted


def stands(ctx: Context, said: Contribution) -> Phrase | None:
    """Where something that was said of a clause stands in the text that lies open; None where it was said of none."""
    if said.clause_id is None:
        return None
    if said.stands_id is not None:
        return _("On clause {number}", number=Code(ctx.session.get_one(Clause, said.stands_id).number))
    clause = ctx.session.get_one(Clause, said.clause_id)
    draft = ctx.session.get_one(TextDraft, clause.draft_id)
    return _(
        "Its clause is in the text no longer: it was {number} of draft {draft}.",
        number=Code(clause.number),
        draft=draft.number,
    )


@consultations.command("orphans", _("Without a clause"), allow=owners, reads=owners)
def orphans(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    """What was said of clauses that were dropped, a page at a time. It needs an answer like everything else."""
    return listed(ctx, consultation, page)


def listed(ctx: Context, consultation: Consultation, page: int = 0, lead: Phrase | None = None) -> Screen:
    its = (
        Contribution.consultation_id == consultation.id,
        Contribution.clause_id.is_not(None),
        Contribution.stands_id.is_(None),
        Contribution.counts(),
    )
    total = ctx.session.scalar(select(func.count()).select_from(Contribution).where(*its)) or 0
    page = min(page, max(0, (total - 1) // PAGE))
    found = ctx.session.scalars(
        select(Contribution).where(*its).order_by(Contribution.id).offset(page * PAGE).limit(PAGE)
    )
    rows = tuple(
        Row(
            Raw(each.words or each.suggested or "", each.language),
            stands(ctx, each),
            (button(_("Put it to a clause"), "consultations.put", consultation=consultation.id, said=each.id),),
        )
        for each in found
    )
    count = ngettext("{count} contribution has no clause.", "{count} contributions have no clause.", total)
    return Screen(
        lead or _("Without a clause"),
        (cards.title(consultation), count if total else _("Everything that was said of a clause stands on one.")),
        rows=rows,
        buttons=(
            *turn_pages("consultations.orphans", page, total, consultation=consultation.id),
            to_the_text(consultation),
            cards.back(consultation),
        ),
    )


def _offered(ctx: Context, query: str) -> Sequence[Option]:
    consultation = ctx.session.get(Consultation, ctx.bound.get("consultation"))
    return options_of(ctx, carrying.lies_open(ctx.session, consultation) if consultation is not None else None, query)


@consultations.form("put", _("Put it to a clause"), allow=owners, reads=owners)
class Put(Form):
    """An owner says where it belongs in the text that lies open."""

    review = False
    consultation: Consultation = ask.about()
    said: Contribution = ask.about()
    to: str = ask.pick(_("To which clause? Write its number, or a word from it."), options=_offered)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        of(bound["consultation"], bound["said"])
        if bound["said"].clause_id is None or bound["said"].stands_id is not None:
            raise Refusal(_("That stands on a clause already."), buttons=(to_the_text(bound["consultation"]),))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return (quoted(ctx, bound["said"]),)

    def submit(self, ctx: Context) -> Screen:
        draft = carrying.lies_open(ctx.session, self.consultation)
        if draft is None:
            raise NotFound()
        self.said.stands_id = one_of(ctx, draft, self.to).id
        ctx.session.flush()
        return listed(ctx, self.consultation, lead=_("It stands there now."))
