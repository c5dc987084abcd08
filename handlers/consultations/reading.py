"""Reading a consultation: its text clause by clause, and what others said of it, without their names."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from bot.kit.clean import shorten
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Fact, NotFound, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Difference, Phrase, Raw, When, _, ngettext
from db.consultations import Clause, Consultation, Contribution, ContributionKind, TextDraft, carrying
from handlers.paging import PAGE, turn_pages

from . import cards, texts
from .numbers import find_clauses, one_named
from .room import consultations, members

EXCERPT = 160  # graphemes of a clause in a list
VOICE = 400  # of what somebody said


def must_lie_open(ctx: Context, consultation: Consultation) -> TextDraft:
    """The draft that lies open. Raises `Refusal` where none does yet."""
    draft = carrying.lies_open(ctx.session, consultation)
    if draft is None:
        raise Refusal(_("There is no text to read yet."), buttons=(cards.back(consultation),))
    return draft


@consultations.command("read", _("Read the text"), allow=members)
def read(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    """What is in it: its clauses, a page at a time, each with how it begins and how much was said of it."""
    draft = must_lie_open(ctx, consultation)
    total = ctx.session.scalar(select(func.count()).select_from(Clause).where(Clause.draft_id == draft.id)) or 0
    clauses = texts.clauses_at(ctx.session, draft, page=page, size=PAGE)
    said = _how_much(ctx, [each.id for each in clauses])
    worded = texts.worded(ctx.session, clauses, ctx.who.language)
    rows = tuple(Row(each.name, _begins(each, said.get(each.clause.id, 0)), (_open(each.clause),)) for each in worded)
    foreign = any(each.words.language != ctx.who.language for each in worded)
    first = next(iter(clauses), None)
    through = (button(_("Read it clause by clause"), "consultations.read_clause", clause=first.id),) if first else ()
    return Screen(
        texts.title_for(ctx.session, consultation, ctx.who.language),
        (
            _edition(draft),
            ngettext("{count} clause", "{count} clauses", total),
            *((_("What nobody has translated stands here in its original language."),) if foreign else ()),
        ),
        rows=rows,
        buttons=(
            *through,
            *turn_pages("consultations.read", page, total, consultation=consultation.id),
            button(_("Go to a clause"), "consultations.go_to", consultation=consultation.id),
            cards.back(consultation),
        ),
    )


def _begins(clause: texts.Worded, said: int) -> Phrase:
    begins = Raw(shorten(clause.words.words, EXCERPT), clause.words.language)
    if not said:
        return _("{words}", words=begins)
    count = ngettext("{count} contribution", "{count} contributions", said)
    return _("{words} · {said}", words=begins, said=count)


def _open(clause: Clause) -> Button:
    return button(_("Open"), "consultations.read_clause", clause=clause.id)


def _edition(draft: TextDraft) -> Phrase:
    if draft.published_at is None:
        return _("Draft {number}, which is not out yet", number=draft.number)
    return _("Draft {number}, of {when}", number=draft.number, when=When(draft.published_at, day_only=True))


def _how_much(ctx: Context, clause_ids: list[int]) -> dict[int, int]:
    """How much may be read of what was said, for each of these clauses of the open draft."""
    each = select(Contribution.stands_id, func.count()).where(
        Contribution.stands_id.in_(clause_ids), Contribution.read_by(ctx.who)
    )
    return {stands: count for stands, count in ctx.session.execute(each.group_by(Contribution.stands_id)) if stands}


@consultations.command("read_clause", _("Read a clause"), allow=members)
def read_clause(ctx: Context, clause: Clause) -> Screen:
    """One clause, and what can be said of it."""
    return clause_screen(ctx, clause)


def clause_screen(ctx: Context, clause: Clause, lead: Phrase | None = None) -> Screen:
    consultation = ctx.session.get_one(Consultation, clause.consultation_id)
    draft = ctx.session.get_one(TextDraft, clause.draft_id)
    lies_open = carrying.lies_open(ctx.session, consultation)
    is_open = lies_open is not None and lies_open.id == draft.id
    worded = texts.worded_for(ctx, clause)
    said = (
        ctx.session.scalar(
            select(func.count())
            .select_from(Contribution)
            .where(Contribution.read_by(ctx.who), texts.about(clause, lies_open))
        )
        or 0
    )
    facts = [Fact(_("Draft"), draft.number)]
    if said:
        facts.append(Fact(_("Said of it"), ngettext("{count} contribution", "{count} contributions", said)))
    return Screen(
        lead or worded.name,
        (*((worded.name,) if lead else ()), *worded.shown(), *_later(ctx, clause, lies_open)),
        tuple(facts),
        buttons=(
            *(_speak(consultation, clause) if is_open else ()),
            *((_what_was_said(clause),) if said else ()),
            *_turn(ctx, clause),
            button(_("All clauses"), "consultations.read", consultation=consultation.id, page=clause.position // PAGE),
            cards.back(consultation),
        ),
    )


def _later(ctx: Context, clause: Clause, lies_open: TextDraft | None) -> tuple[Phrase, ...]:
    """Of a clause of an earlier draft: what became of it."""
    if lies_open is None or lies_open.id == clause.draft_id:
        return ()
    later = carrying.goes_on_at(ctx.session, clause, lies_open)
    if later is None:
        return (_("It is not in the draft that lies open now."),)
    number = Code(ctx.session.get_one(Clause, later).number)
    return (_("In the draft that lies open now it is clause {number}.", number=number),)


def _speak(consultation: Consultation, clause: Clause) -> tuple[Button, ...]:
    if not consultation.takes_comments():
        return ()
    return (
        button(_("Comment on it"), "consultations.comment", style=Style.PRIMARY, clause=clause.id),
        button(_("Suggest other words"), "consultations.reword", clause=clause.id),
    )


def _what_was_said(clause: Clause) -> Button:
    return button(_("What others said of it"), "consultations.said", clause=clause.id)


def _turn(ctx: Context, clause: Clause) -> tuple[Button, ...]:
    before, after = texts.neighbours(ctx.session, clause)
    return (
        *((button(_("Previous"), "consultations.read_clause", clause=before),) if before else ()),
        *((button(_("Next"), "consultations.read_clause", clause=after),) if after else ()),
    )


@consultations.form("go_to", _("Go to a clause"), allow=members)
class GoTo(Form):
    """A clause by its number, or by a word in it."""

    review = False
    consultation: Consultation = ask.about()
    which: str = ask.pick(_("Which clause? Write its number, or a word from it."), options=find_clauses)

    @classmethod
    def opens(cls, ctx: Context, bound: Any) -> None:
        must_lie_open(ctx, bound["consultation"])

    def submit(self, ctx: Context) -> Screen:
        return clause_screen(ctx, one_named(ctx, self.consultation, self.which))


@consultations.command("said", _("What others said of it"), allow=members)
def said(ctx: Context, clause: Clause, page: int = 0) -> Screen:
    """What was said of one clause, the latest first, without anybody's name."""
    consultation = ctx.session.get_one(Consultation, clause.consultation_id)
    lies_open = carrying.lies_open(ctx.session, consultation)
    return _voices(
        ctx,
        consultation,
        texts.worded_for(ctx, clause).name,
        page,
        texts.about(clause, lies_open),
        turned=_what_was_said(clause),
        back=(button(_("The clause"), "consultations.read_clause", clause=clause.id),),
    )


@consultations.command("voices", _("What others said"), allow=members)
def voices(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    """All that was said of it, the latest first, without anybody's name."""
    title = texts.title_for(ctx.session, consultation, ctx.who.language)
    its = Contribution.consultation_id == consultation.id
    turned = button(_("What others said"), "consultations.voices", consultation=consultation.id)
    return _voices(ctx, consultation, title, page, its, turned=turned)


def _voices(
    ctx: Context,
    consultation: Consultation,
    heading: Raw | Phrase,
    page: int,
    which: Any,
    *,
    turned: Button,
    back: tuple[Button, ...] = (),
) -> Screen:
    """`turned` is the command that turns its pages, with what it is about."""
    readable = Contribution.read_by(ctx.who), which
    total = ctx.session.scalar(select(func.count()).select_from(Contribution).where(*readable)) or 0
    found = ctx.session.execute(
        select(Contribution, Clause.number)
        .outerjoin(Clause, Clause.id == func.coalesce(Contribution.stands_id, Contribution.clause_id))
        .where(*readable)
        .order_by(Contribution.id.desc())
        .offset(page * PAGE)
        .limit(PAGE)
    ).all()
    rows = tuple(
        Row(
            Raw(shorten(each.suggested or each.words, VOICE), each.language),
            kind_at(each, number),
            (button(_("Open"), "consultations.voice", consultation=consultation.id, number=each.id),),
        )
        for each, number in found
    )
    count = ngettext("{count} contribution", "{count} contributions", total)
    return Screen(
        heading,
        (count, _("Who said it is not shown to anybody who takes part."))
        if total
        else (_("Nobody has said anything."),),
        rows=rows,
        buttons=(*turn_pages(turned.command, page, total, **turned.args), *back, cards.back(consultation)),
    )


def kind_at(contribution: Contribution, number: str | None) -> Phrase:
    """What it is, where it stands, and that it came late: in one line."""
    kind = contribution.kind
    if contribution.is_late:
        if number is None:
            return _("{kind} · late", kind=kind)
        return _("{kind} · clause {number} · late", kind=kind, number=Code(number))
    if number is None:
        return _("{kind}", kind=kind)
    return _("{kind} · clause {number}", kind=kind, number=Code(number))


@consultations.command("voice", _("Read what somebody said"), allow=members)
def voice(ctx: Context, consultation: Consultation, number: int) -> Screen:
    """One contribution in full, without a name."""
    readable = Contribution.id == number, Contribution.consultation_id == consultation.id
    found = ctx.session.scalar(select(Contribution).where(*readable, Contribution.read_by(ctx.who)))
    if found is None:
        raise NotFound()
    stands = found.stands_id or found.clause_id
    clause = ctx.session.get(Clause, stands) if stands else None
    worded = texts.worded_for(ctx, clause) if clause is not None else None
    owned = consultation.is_owned_by(ctx.who)
    hide = (button(_("Hide it"), "consultations.hide", style=Style.DANGER, contribution=found.id),) if owned else ()
    return Screen(
        _("{kind}", kind=found.kind),
        (
            *((worded.name,) if worded else ()),
            *spoken(ctx, found),
            *((_("It came after the close."),) if found.is_late else ()),
        ),
        buttons=(
            *((button(_("The clause"), "consultations.read_clause", clause=clause.id),) if clause else ()),
            *hide,
            cards.back(consultation),
        ),
    )


def spoken(ctx: Context, contribution: Contribution) -> tuple[Quote | Phrase, ...]:
    """Somebody's own words; other words for a clause as what differs from it."""
    words = (Quote(Raw(contribution.words, contribution.language)),) if contribution.words else ()
    if contribution.kind is not ContributionKind.SUGGESTION or contribution.suggested is None:
        return words
    suggested = Raw(contribution.suggested, contribution.language)
    clause = ctx.session.get(Clause, contribution.clause_id) if contribution.clause_id else None
    if clause is None:
        return (Quote(suggested, label=_("Suggested instead")), *words)
    why = (Quote(Raw(contribution.words, contribution.language), label=_("Why")),) if contribution.words else ()
    now = original_in(ctx, clause, contribution.language)
    if now.language != suggested.language:  # two languages only stand side by side
        return (Quote(now, label=_("As it stands")), Quote(suggested, label=_("Suggested instead")), *why)
    changes = Difference(now.words, suggested.words, suggested.language)
    return (Quote(changes, label=_("Suggested instead, with what it changes")), *why)


def original_in(ctx: Context, clause: Clause, language: str) -> Raw:
    """The clause in the language somebody wrote in, so that the two can be compared; else as it was written."""
    return texts.worded(ctx.session, [clause], language)[0].words
