"""Putting a statement in, and taking it back: nobody is shown whose it is, but its author."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import NotFound, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import Phrase, Raw, Text, _, ngettext
from db.consultations import Consultation
from db.statements import Statement, StatementVote, Vote
from handlers.consultations import cards
from handlers.paging import PAGE, turn_pages

from . import drawing_up, room, voting
from .room import members, statements

LONGEST = 140  # of a sentence people can agree with at a glance
MOST = 10  # of one person in one consultation


@statements.form("say", _("Put in a statement"), allow=members)
class Say(Form):
    """One sentence that others can agree or disagree with. Its author agrees."""

    review = False
    consultation: Consultation = ask.about()
    words: str = ask.line(
        _("What do you want others to agree or disagree with?"),
        max=LONGEST,
        hint=_("One thought in one sentence, without names. Nobody is shown who wrote it."),
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        consultation: Consultation = bound["consultation"]
        room.must_be_open(consultation)
        mine = Statement.person_id == ctx.who.id, Statement.withdrawn_at.is_(None)
        its = select(func.count()).select_from(Statement).where(Statement.consultation_id == consultation.id, *mine)
        if (ctx.session.scalar(its) or 0) >= MOST:
            raise Refusal(_("You have put in as many as one can. Others come first now."))

    def submit(self, ctx: Context) -> Screen:
        said = select(Statement).where(room.standing(ctx, self.consultation))
        same = next((each for each in ctx.session.scalars(said) if _plain(each.words) == _plain(self.words)), None)
        if same is not None:
            return voting.shown(ctx, same, _("That has been said already: you can vote on it."))
        made = Statement(
            administration_id=self.consultation.administration_id,
            consultation_id=self.consultation.id,
            person_id=ctx.who.id,
            words=self.words,
            language=ctx.who.language,
            at=ctx.now,
        )
        ctx.session.add(made)
        ctx.session.flush()
        vote = StatementVote(statement_id=made.id, person_id=ctx.who.id, vote=Vote.AGREE, at=ctx.now)
        vote.administration_id = made.administration_id
        ctx.session.add(vote)
        drawing_up.plan(ctx, self.consultation)
        return voting.overview(ctx, self.consultation, _("It is in. Others can vote on it now; you agree with it."))


@statements.command("mine", _("My statements"), allow=members)
def mine(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    return _mine(ctx, consultation, page=page)


@statements.command(
    "withdraw", _("Take it back"), allow=members, confirm=_("Take it back? Nobody sees it or votes on it any more.")
)
def withdraw(ctx: Context, statement: Statement) -> Screen:
    """Its author, while it can be voted on."""
    consultation = room.consultation_of(ctx, statement)
    if statement.person_id != ctx.who.id:
        raise NotFound()
    room.must_be_open(consultation)
    if statement.withdrawn_at is None:
        statement.withdrawn_at = ctx.now
        drawing_up.plan(ctx, consultation)
    return _mine(ctx, consultation, _("Taken back."))


def _mine(ctx: Context, consultation: Consultation, lead: Phrase | None = None, *, page: int = 0) -> Screen:
    its = Statement.consultation_id == consultation.id, Statement.person_id == ctx.who.id
    seen = *its, Statement.visible_to(ctx.who)
    total = ctx.session.scalar(select(func.count()).select_from(Statement).where(*seen)) or 0
    found = ctx.session.scalars(
        select(Statement).where(*seen).order_by(Statement.id).offset(page * PAGE).limit(PAGE)
    ).all()
    may = consultation.takes_answers()
    rows = tuple(
        Row(
            Raw(each.words, each.language),
            _state(each),
            (button(_("Take it back"), "statements.withdraw", statement=each.id),)
            if may and each.withdrawn_at is None and each.hidden_at is None
            else (),
        )
        for each in found
    )
    count = ngettext("{count} statement of yours", "{count} statements of yours", total)
    reasons = tuple(
        Quote(Raw(each.hidden_words), label=_("Why it was taken out"))
        for each in found
        if each.hidden_at is not None and each.hidden_words
    )
    body: tuple[Text | Quote, ...] = (cards.title(consultation), count, *reasons)
    return Screen(
        lead or _("My statements"),
        body,
        rows=rows,
        buttons=(
            *((button(_("Put in a statement"), "statements.say", consultation=consultation.id),) if may else ()),
            *turn_pages("statements.mine", page, total, consultation=consultation.id),
            button(_("Statements"), "statements.statements", style=Style.PLAIN, consultation=consultation.id),
        ),
    )


def _state(statement: Statement) -> Phrase:
    if statement.withdrawn_at is not None:
        return _("You took it back.")
    if statement.hidden_at is not None:
        return _("It was taken out by whoever owns the consultation.")
    return _("Others can vote on it.")


def _plain(words: str) -> str:
    """What two have to differ in."""
    return "".join(each for each in words.casefold() if each.isalnum())
