"""What one has said oneself: seen again word for word, changed or taken back until the close, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from bot.kit.allow import Rule
from bot.kit.clean import shorten
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Fact, NotFound, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, When, _, ngettext
from db.consultations import (
    OPEN,
    Answered,
    Clause,
    Consultation,
    Contribution,
    ContributionKind,
    Question,
)
from db.people import Who
from handlers.paging import PAGE, turn_pages

from . import cards, texts
from .commenting import WORDS, held, kept, must_differ
from .reading import kind_at, spoken
from .room import consultations, members

EXCERPT = 240


def _is_somebody_elses(who: Who, about: Any) -> bool:
    return not isinstance(about, Contribution) or about.person_id != who.id


others = Rule("whoever did not write it", _is_somebody_elses)


@consultations.command("contributions", _("What I have said"), allow=members, menu=39)
def contributions(ctx: Context, page: int = 0) -> Screen:
    """Everything one has said in all consultations, the latest first."""
    return _list(ctx, _("What I have said in consultations"), page, turned="consultations.contributions")


@consultations.command("mine", _("What I have said here"), allow=members)
def mine(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    """The same of one consultation."""
    return _list(
        ctx,
        texts.title_for(ctx.session, consultation, ctx.who.language),
        page,
        Contribution.consultation_id == consultation.id,
        turned="consultations.mine",
        buttons=(cards.back(consultation),),
        consultation=consultation.id,
    )


def _list(
    ctx: Context,
    heading: Raw | Phrase,
    page: int,
    *which: Any,
    turned: str,
    buttons: tuple[Button, ...] = (),
    **args: int,
) -> Screen:
    theirs = Contribution.visible_to(ctx.who), Contribution.person_id == ctx.who.id, *which
    total = ctx.session.scalar(select(func.count()).select_from(Contribution).where(*theirs)) or 0
    found = ctx.session.execute(
        select(Contribution, Clause.number, Question)
        .outerjoin(Clause, Clause.id == Contribution.clause_id)
        .outerjoin(Question, Question.id == Contribution.question_id)
        .where(*theirs)
        .order_by(Contribution.id.desc())
        .offset(page * PAGE)
        .limit(PAGE)
    ).all()
    rows = tuple(
        Row(
            _short(ctx, each, question),
            _line(each, number),
            (button(_("Open"), "consultations.contribution", contribution=each.id),),
        )
        for each, number, question in found
    )
    count = ngettext("{count} contribution", "{count} contributions", total)
    return Screen(
        heading,
        (count,) if total else (_("You have not said anything yet."),),
        rows=rows,
        buttons=(*turn_pages(turned, page, total, **args), *buttons),
    )


def _short(ctx: Context, contribution: Contribution, question: Question | None) -> Raw:
    words = contribution.suggested or contribution.words
    if not words and question is not None and contribution.choice is not None:
        options = texts.question_for(question, ctx.who.language)[1]
        if contribution.choice < len(options):
            return options[contribution.choice]
    return Raw(shorten(words, EXCERPT), contribution.language)


def _line(contribution: Contribution, number: str | None) -> Phrase:
    ref, what = Code(f"C-{contribution.consultation_id}"), kind_at(contribution, number)
    if contribution.withdrawn_at is not None:
        return _("{ref} · {what} · taken back", ref=ref, what=what)
    if contribution.hidden_at is not None:
        return _("{ref} · {what} · not shown to others", ref=ref, what=what)
    return _("{ref} · {what}", ref=ref, what=what)


@consultations.command("contribution", _("Read a contribution"), allow=members, reads=others)
def contribution_(ctx: Context, contribution: Contribution) -> Screen:
    """What was said, word for word, where it stands now, and how it ended."""
    return contribution_screen(ctx, contribution)


def contribution_screen(ctx: Context, contribution: Contribution, lead: Phrase | None = None) -> Screen:
    consultation = ctx.session.get_one(Consultation, contribution.consultation_id)
    clause = ctx.session.get(Clause, contribution.clause_id) if contribution.clause_id else None
    is_mine = contribution.person_id == ctx.who.id
    answered = _answered(ctx, contribution)
    written = _("You, {when}", when=When(contribution.at)) if is_mine else _("{when}", when=When(contribution.at))
    return Screen(
        lead or _("{kind}", kind=contribution.kind),
        (
            *_about(ctx, clause, contribution),
            *_signed(spoken(ctx, contribution), written),
            *_standing(ctx, consultation, contribution),
            *_ending(ctx, answered),
        ),
        (
            Fact(_("Reference"), Code(consultation.ref)),
            *((Fact(_("Changed"), When(contribution.changed_at)),) if contribution.changed_at else ()),
        ),
        buttons=(
            *(_change(contribution) if is_mine and may_change(ctx, consultation, contribution) else ()),
            *_owners(ctx, consultation, contribution),
            *(
                (button(_("The clause as it was"), "consultations.read_clause", clause=clause.id),)
                if clause is not None
                else ()
            ),
            *((button(_("What I have said"), "consultations.mine", consultation=consultation.id),) if is_mine else ()),
            cards.back(consultation),
        ),
    )


def _about(ctx: Context, clause: Clause | None, contribution: Contribution) -> tuple[Phrase | Quote, ...]:
    """What it was said of."""
    if clause is not None:
        return (texts.worded_for(ctx, clause).name,)
    if contribution.question_id is None:
        return (_("On the text as a whole"),) if contribution.kind is ContributionKind.COMMENT else ()
    question = ctx.session.get_one(Question, contribution.question_id)
    words, options, _is_translated = texts.question_for(question, ctx.who.language)
    chosen = (
        options[contribution.choice] if contribution.choice is not None and contribution.choice < len(options) else None
    )
    return (Quote(words), *((_("Chosen: {option}", option=chosen),) if chosen is not None else ()))


def _signed(said: tuple[Quote | Phrase, ...], written: Phrase) -> tuple[Quote | Phrase, ...]:
    """Who wrote it and when, below the last of their words; where a tap was all, by itself."""
    if not said:
        return (written,)
    return (*said, written)


def _standing(ctx: Context, consultation: Consultation, contribution: Contribution) -> tuple[Phrase | Quote, ...]:
    """What became of its place, and of itself."""
    told: list[Phrase | Quote] = []
    if contribution.is_late:
        told.append(_("It came after the close: it is accepted, and marked late."))
    if contribution.clause_id is not None and contribution.stands_id is None:
        told.append(_("Its clause is not in the present draft. What was said is kept, and is answered."))
    elif contribution.stands_id != contribution.clause_id and contribution.stands_id is not None:
        number = Code(ctx.session.get_one(Clause, contribution.stands_id).number)
        told.append(_("In the draft that lies open now it stands at clause {number}.", number=number))
    if contribution.withdrawn_at is not None:
        told.append(_("Taken back on {when}.", when=When(contribution.withdrawn_at, day_only=True)))
    elif contribution.hidden_at is not None:
        told.append(_("It is not shown to others. It is kept, and is answered."))
        if contribution.hidden_words:
            told.append(Quote(Raw(contribution.hidden_words, contribution.hidden_language), label=_("Why")))
    return tuple(told)


def _answered(ctx: Context, contribution: Contribution) -> Answered | None:
    """How it ended, once its author may know."""
    its = Answered.contribution_id == contribution.id, Answered.visible_to(ctx.who)
    return ctx.session.scalar(select(Answered).where(*its))


def _ending(ctx: Context, answered: Answered | None) -> tuple[Phrase | Quote, ...]:
    if answered is None:
        return ()
    reason = Quote(Raw(answered.reason, answered.language), label=_("Why"))
    if answered.clause_id is None:
        return (_("How it ended: {treatment}.", treatment=answered.treatment), reason)
    number = Code(ctx.session.get_one(Clause, answered.clause_id).number)
    told = _("How it ended: {treatment}, clause {number}.", treatment=answered.treatment, number=number)
    return (told, reason)


# Changing it


def may_change(ctx: Context, consultation: Consultation, contribution: Contribution) -> bool:
    """Until the close; what came late, until it is answered. A position is replaced, not changed."""
    if contribution.withdrawn_at is not None or contribution.kind is ContributionKind.POSITION:
        return False
    if consultation.phase not in OPEN or (consultation.is_late(ctx.now) and not contribution.is_late):
        return False
    answered = select(Answered.id).where(Answered.contribution_id == contribution.id)
    return ctx.session.scalar(answered) is None


def must_be_open(ctx: Context, consultation: Consultation, contribution: Contribution) -> None:
    """Raises `Refusal` once it is not to be changed any more; until this turn has ended nobody answers it."""
    ctx.session.refresh(contribution, with_for_update=True)
    if not may_change(ctx, consultation, contribution):
        raise Refusal(
            _("It cannot be changed any more: it is kept as you wrote it, and is answered so."),
            buttons=(button(_("Open"), "consultations.contribution", contribution=contribution.id),),
        )


def _must_be_mine(ctx: Context, contribution: Contribution, *kinds: ContributionKind) -> Consultation:
    if contribution.person_id != ctx.who.id or (kinds and contribution.kind not in kinds):
        raise NotFound()
    consultation = held(ctx, contribution.consultation_id)
    must_be_open(ctx, consultation, contribution)
    return consultation


def _change(contribution: Contribution) -> tuple[Button, ...]:
    take_back = button(_("Take it back"), "consultations.unsay", style=Style.DANGER, contribution=contribution.id)
    match contribution.kind:
        case ContributionKind.COMMENT:
            return (button(_("Change it"), "consultations.rephrase", contribution=contribution.id), take_back)
        case ContributionKind.SUGGESTION:
            return (button(_("Change it"), "consultations.reword_mine", contribution=contribution.id), take_back)
        case ContributionKind.ANSWER:
            return (button(_("Change it"), "consultations.asked", question=contribution.question_id), take_back)
    return ()


@consultations.form("rephrase", _("Change what I said"), allow=members)
class Rephrase(Form):
    """Other words of one's own comment. What it was said of stays."""

    review = False
    contribution: Contribution = ask.about()
    words: str = ask.prose(_("What do you want to say instead?"), max=WORDS)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_be_mine(ctx, bound["contribution"], ContributionKind.COMMENT)

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return spoken(ctx, bound["contribution"])

    def submit(self, ctx: Context) -> Screen:
        self.contribution.words = self.words
        return _changed(ctx, self.contribution)


@consultations.form("reword_mine", _("Change what I suggested"), allow=members)
class RewordMine(Form):
    """Other words again for the same clause."""

    contribution: Contribution = ask.about()
    suggested: str = ask.prose(_("How should it read instead?"), max=WORDS)
    words: str | None = ask.prose(_("Why?"), max=WORDS, optional=True)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_be_mine(ctx, bound["contribution"], ContributionKind.SUGGESTION)

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return spoken(ctx, bound["contribution"])

    def submit(self, ctx: Context) -> Screen:
        if self.contribution.clause_id is not None:
            must_differ(ctx, ctx.session.get_one(Clause, self.contribution.clause_id), self.suggested)
        self.contribution.suggested, self.contribution.words = self.suggested, self.words or ""
        return _changed(ctx, self.contribution)


def _changed(ctx: Context, contribution: Contribution) -> Screen:
    contribution.changed_at, contribution.language = ctx.now, ctx.who.language
    ctx.session.flush()
    return kept(ctx, contribution, _("Changed. It is kept as you say it now."))


@consultations.command(
    "unsay",
    _("Take it back"),
    allow=members,
    confirm=_("Nobody will read or answer it any more. Take it back?"),
)
def unsay(ctx: Context, contribution: Contribution) -> Screen:
    """One's own, until the close. It stays in one's own list, as taken back."""
    if contribution.person_id == ctx.who.id and contribution.withdrawn_at is not None:
        return contribution_screen(ctx, contribution)
    _must_be_mine(ctx, contribution)
    contribution.withdrawn_at = ctx.now
    ctx.session.flush()
    return contribution_screen(ctx, contribution, _("Taken back."))


def _owners(ctx: Context, consultation: Consultation, contribution: Contribution) -> tuple[Button, ...]:
    """What its owners can do about it."""
    if not consultation.is_owned_by(ctx.who) or contribution.withdrawn_at is not None:
        return ()
    if contribution.hidden_at is not None:
        return (button(_("Show it again"), "consultations.unhide", contribution=contribution.id),)
    if contribution.kind not in (ContributionKind.COMMENT, ContributionKind.SUGGESTION):
        return ()  # nobody else reads it anyway
    return (button(_("Hide it"), "consultations.hide", style=Style.DANGER, contribution=contribution.id),)
