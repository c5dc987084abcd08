"""The way from somebody's words to the text: the clause they spoke of, what became of it in each draft, the answer."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from bot.kit import allow
from bot.kit.clean import shorten
from bot.kit.context import Context
from bot.kit.screen import Fact, Quote, Screen, button
from bot.kit.text import Code, Phrase, Raw, _
from db.conclusions import Conclusion
from db.consultations import Clause, ClauseLink, Consultation, Contribution, TextDraft
from handlers.consultations import cards
from handlers.consultations.room import of, owners
from handlers.paging import turn_pages

from . import hearing
from .room import conclusions, consultation_of

MOST = 10  # clauses on one screen: one that was split again and again goes on elsewhere
EXCERPT = 700  # graphemes of each


def steps(ctx: Context, contribution: Contribution) -> Iterator[Quote | Phrase]:
    """The clause as it was when they spoke, then draft by draft what became of it."""
    start = ctx.session.get(Clause, contribution.clause_id or 0)
    if start is None:
        yield _("It was about the whole, not about one clause.")
        return
    drafts = {
        each.id: each
        for each in ctx.session.scalars(
            select(TextDraft).where(
                TextDraft.consultation_id == start.consultation_id, TextDraft.published_at.is_not(None)
            )
        )
    }
    its = ClauseLink.consultation_id == start.consultation_id, ClauseLink.earlier_id.is_not(None)
    links: dict[int, list[ClauseLink]] = {}
    for link in ctx.session.scalars(select(ClauseLink).where(*its).order_by(ClauseLink.draft_id, ClauseLink.id)):
        if link.draft_id in drafts and link.earlier_id is not None:
            links.setdefault(link.earlier_id, []).append(link)
    found = list(_follow(start.id, links))[:MOST]
    later = [link.later_id for link in found if link.later_id is not None]
    clauses = {each.id: each for each in ctx.session.scalars(select(Clause).where(Clause.id.in_(later)))}
    first = drafts.get(start.draft_id)
    number = first.number if first is not None else 0
    label = _("Draft {draft}, clause {number}: what was spoken of", draft=number, number=Code(start.number))
    yield _clause(start, first, label)
    for link in found:
        draft = drafts[link.draft_id]
        clause = clauses.get(link.later_id or 0)
        if clause is None:
            yield _("Draft {draft}: {change}", draft=draft.number, change=link.change)
            continue
        label = _(
            "Draft {draft}, clause {number}: {change}",
            draft=draft.number,
            number=Code(clause.number),
            change=link.change,
        )
        yield _clause(clause, draft, label)


def _follow(clause_id: int, links: dict[int, list[ClauseLink]]) -> Iterator[ClauseLink]:
    """The links that lead on from a clause, the next draft's first."""
    now = [clause_id]
    while now:
        after: list[int] = []
        for each in now:
            for link in links.get(each, ()):
                yield link
                if link.later_id is not None:
                    after.append(link.later_id)
        now = list(dict.fromkeys(after))


def _clause(clause: Clause, draft: TextDraft | None, label: Phrase) -> Quote:
    return Quote(Raw(shorten(clause.words, EXCERPT), draft.language if draft is not None else None), label=label)


@conclusions.command("path", _("From these words to the text"), allow=owners, reads=owners)
def path(ctx: Context, consultation: Consultation, contribution: Contribution) -> Screen:
    """For owners: one contribution's way."""
    of(consultation, contribution)
    see = button(
        _("The contribution"), "conclusions.contribution", consultation=consultation.id, contribution=contribution.id
    )
    return Screen(
        _("From these words to the text"),
        (cards.title(consultation), *steps(ctx, contribution)),
        (Fact(_("Reference"), Code(consultation.ref)),),
        buttons=(see,),
    )


@conclusions.command("trail", _("From your words to the text"), allow=allow.members)
def trail(ctx: Context, conclusion: Conclusion, page: int = 0) -> Screen:
    """One's own words one by one: what they were about, what became of that clause, and how they ended."""
    consultation = consultation_of(ctx, conclusion)
    mine = [each for each in hearing.theirs(ctx, consultation).words if each.contribution_id is not None]
    if conclusion.published_at is None or not mine:
        return Screen(_("From your words to the text"), (_("You said nothing that was to be answered."),))
    page = min(max(page, 0), len(mine) - 1)
    word = mine[page]
    contribution = ctx.session.get_one(Contribution, word.contribution_id)
    said = list(word.told())
    answer = said[1:]
    original = [Quote(word.original, label=_("The reason, as it was written"))] if word.original is not None else []
    return Screen(
        _("From your words to the text"),
        (cards.title(consultation), said[0], *steps(ctx, contribution), *answer, *original),
        (
            Fact(_("Reference"), Code(consultation.ref)),
            Fact(_("Your own words"), _("{number} of {count}", number=page + 1, count=len(mine))),
        ),
        buttons=(
            *turn_pages("conclusions.trail", page, len(mine), 1, conclusion=conclusion.id),
            button(_("What became of it"), "conclusions.outcome", conclusion=conclusion.id),
        ),
    )
