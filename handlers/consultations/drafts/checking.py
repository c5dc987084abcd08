"""Saying where a clause goes on in the next draft, where Parley is not sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, or_, select

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Fact, NotFound, Quote, Refusal, Screen, Style
from bot.kit.text import Difference, Phrase, Raw, Text, _, ngettext
from db.consultations import Clause, Consultation, Contribution, TextDraft, carrying

from ..numbers import LOOKED_UP, plain_number
from ..room import consultations, of, owners
from .correcting import name
from .entering import to_the_text, work

OFFERED = 30


def _draft(ctx: Context, consultation: Consultation) -> TextDraft:
    draft = carrying.prepared(ctx.session, consultation)
    if draft is None:
        raise Refusal(_("No draft is being prepared."), buttons=(to_the_text(consultation),))
    return draft


def _earlier(ctx: Context, consultation: Consultation, clause: Clause) -> TextDraft:
    """The draft being prepared; raises NotFound unless `clause` is of the one that lies open."""
    of(consultation, clause)
    draft, open_ = _draft(ctx, consultation), carrying.lies_open(ctx.session, consultation)
    if open_ is None or clause.draft_id != open_.id:
        raise NotFound()
    return draft


@consultations.command("check", _("Check where clauses go on"), allow=owners)
def check(ctx: Context, consultation: Consultation) -> Screen:
    """The next clause of which it is not sure; those most was said of come first."""
    return following(ctx, consultation)


def following(ctx: Context, consultation: Consultation, lead: Phrase | None = None) -> Screen:
    draft = _draft(ctx, consultation)
    left = carrying.unsure(ctx.session, draft)
    if not left:
        return work(ctx, consultation, lead or _("Of every clause it is known where it goes on."))
    return _asked(ctx, consultation, draft, left[0], len(left), lead)


def _asked(
    ctx: Context, consultation: Consultation, draft: TextDraft, clause: Clause, left: int, lead: Phrase | None
) -> Screen:
    said = ctx.session.scalar(
        select(func.count()).select_from(Contribution).where(Contribution.stands_id == clause.id, Contribution.counts())
    )
    links = carrying.links_of(ctx.session, draft, clause)
    later = {each.later_id: ctx.session.get_one(Clause, each.later_id) for each in links if each.later_id is not None}
    body: list[Text | Quote] = [
        ngettext("{count} clause is left to check.", "{count} clauses are left to check.", left)
    ]
    language = draft.language
    if not later:
        label = _("No clause of the new draft is much like {clause}", clause=name(clause, language))
        body.append(Quote(Raw(clause.words, language), label=label))
    for each in links:
        if each.later_id is not None:
            new = later[each.later_id]
            label = _("{earlier} → {later}", earlier=name(clause, language), later=name(new, language))
            how = _("{change}, {likeness} of 100 sure", change=each.change, likeness=each.likeness)
            body.append(Quote(Difference(clause.words, new.words, language), label=label, by=how))
    its = {"consultation": consultation.id, "clause": clause.id}
    yes = Button(_("Yes, it goes on there") if later else _("Yes, it was dropped"), "consultations.keep_links", its)
    return Screen(
        lead or _("Does it go on there?"),
        tuple(body),
        (Fact(_("What was said of it"), said or 0),),
        buttons=(
            Button(yes.label, yes.command, its, Style.PRIMARY),
            Button(_("In another clause"), "consultations.move_links", its),
            *((Button(_("It was dropped"), "consultations.drop_links", its),) if later else ()),
            Button(_("All are right as proposed"), "consultations.keep_all", {"consultation": consultation.id}),
            to_the_text(consultation),
        ),
    )


@consultations.command("keep_links", _("It goes on there"), allow=owners)
def keep_links(ctx: Context, consultation: Consultation, clause: Clause) -> Screen:
    draft = _earlier(ctx, consultation, clause)
    for each in carrying.links_of(ctx.session, draft, clause):
        each.confirmed_by_id = ctx.who.id
    ctx.session.flush()
    return following(ctx, consultation)


@consultations.command("drop_links", _("It was dropped"), allow=owners)
def drop_links(ctx: Context, consultation: Consultation, clause: Clause) -> Screen:
    draft = _earlier(ctx, consultation, clause)
    carrying.say(ctx.session, draft, clause, (), by=ctx.who.id)
    return following(ctx, consultation)


@consultations.command(
    "keep_all",
    _("All are right as proposed"),
    allow=owners,
    confirm=_("Everything said of these clauses then stands where Parley proposes. Have you looked at them?"),
)
def keep_all(ctx: Context, consultation: Consultation) -> Screen:
    draft = _draft(ctx, consultation)
    for clause in carrying.unsure(ctx.session, draft):
        for each in carrying.links_of(ctx.session, draft, clause):
            each.confirmed_by_id = ctx.who.id
    ctx.session.flush()
    return following(ctx, consultation)


def clauses_of_draft(ctx: Context, query: str) -> Sequence[Option]:
    """The clauses of the draft that is being prepared, by number or a word of them."""
    consultation = ctx.session.get(Consultation, ctx.bound.get("consultation"))
    draft = carrying.prepared(ctx.session, consultation) if consultation is not None else None
    return options_of(ctx, draft, query)


def options_of(ctx: Context, draft: TextDraft | None, query: str) -> Sequence[Option]:
    """The clauses of a draft: by the number that is typed, or a word that stands in them."""
    if draft is None:
        return ()
    its = select(Clause).where(Clause.draft_id == draft.id).order_by(Clause.position)
    if query:
        words, number = query.strip()[:LOOKED_UP], plain_number(query[:LOOKED_UP])
        holds = [column.icontains(words, autoescape=True) for column in (Clause.words, Clause.heading)]
        its = its.where(or_(func.lower(Clause.number) == number, *holds))
        its = its.order_by(None).order_by(func.lower(Clause.number) != number, Clause.position)
    return [Option(each.number, name(each, draft.language)) for each in ctx.session.scalars(its.limit(OFFERED))]


def one_of(ctx: Context, draft: TextDraft, number: str) -> Clause:
    """The clause of that number; raises NotFound where there is none."""
    found = ctx.session.scalar(select(Clause).where(Clause.draft_id == draft.id, Clause.number == number))
    if found is None:
        raise NotFound()
    return found


@consultations.form("move_links", _("It goes on in another clause"), allow=owners)
class MoveLinks(Form):
    """A person knows better."""

    review = False
    consultation: Consultation = ask.about()
    clause: Clause = ask.about()
    to: str = ask.pick(
        _("In which clause of the new draft does it go on? Write its number, or a word from it."),
        options=clauses_of_draft,
    )

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        of(bound["consultation"], bound["clause"])
        language = bound["consultation"].language
        return (Quote(Raw(bound["clause"].words, language), label=name(bound["clause"], language)),)

    def submit(self, ctx: Context) -> Screen:
        draft = _earlier(ctx, self.consultation, self.clause)
        carrying.say(ctx.session, draft, self.clause, (one_of(ctx, draft, self.to).id,), by=ctx.who.id)
        return following(ctx, self.consultation)
