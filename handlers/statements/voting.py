"""Agreeing, disagreeing or passing, one statement after the other; what one said of each, and changing it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from bot.kit.context import Context
from bot.kit.screen import Button, Fact, NotFound, Row, Screen, Style, button
from bot.kit.text import Phrase, Text, _, ngettext
from db.consultations import Consultation
from db.statements import Statement, StatementMap, StatementVote, Vote
from handlers.consultations import cards
from handlers.paging import PAGE, turn_pages

from . import drawing_up, room
from .room import members, statements

# Everybody meets them in an order of their own, so that none is always the last.
SPREAD, OFFSET, PRIME = 7919, 104_729, 10_007


@statements.command("statements", _("Statements"), allow=members)
def statements_(ctx: Context, consultation: Consultation) -> Screen:
    """What can be done with them, and how far one is."""
    return overview(ctx, consultation)


@statements.command("next", _("Say what you think"), allow=members)
def next_(ctx: Context, consultation: Consultation) -> Screen:
    """The next one that whoever asks has not voted on."""
    return _next(ctx, consultation, None)


@statements.command("vote", _("Vote"), allow=members)
def vote(ctx: Context, statement: Statement, say: str) -> Screen:
    """Agree, disagree or pass; saying it again changes it. Then comes the next."""
    consultation = _open(ctx, statement)
    said = next((each for each in Vote if each.value == say), None)
    if said is None:
        raise NotFound()
    its = StatementVote.statement_id == statement.id, StatementVote.person_id == ctx.who.id
    found = ctx.session.scalar(select(StatementVote).where(*its, StatementVote.visible_to(ctx.who)))
    if found is None:
        made = StatementVote(
            administration_id=statement.administration_id,
            statement_id=statement.id,
            person_id=ctx.who.id,
            vote=said,
            at=ctx.now,
        )
        try:
            with ctx.session.begin_nested():
                ctx.session.add(made)
        except IntegrityError:  # from another of their doors at the same time: that one counts
            return _next(ctx, consultation, _("You have said so already."))
    elif found.vote is not said:
        found.vote, found.at = said, ctx.now
    drawing_up.plan(ctx, consultation)
    return _next(ctx, consultation, _("You said: {vote}.", vote=said))


@statements.command("statement", _("See a statement"), allow=members)
def statement_(ctx: Context, statement: Statement) -> Screen:
    """One of them, and what one said of it."""
    return shown(ctx, statement)


def shown(ctx: Context, statement: Statement, lead: Phrase | None = None) -> Screen:
    consultation = _open(ctx, statement)
    its = StatementVote.statement_id == statement.id, StatementVote.visible_to(ctx.who)
    said = ctx.session.scalar(select(StatementVote.vote).where(*its))
    return Screen(
        _("Do you agree?"),
        (*((lead,) if lead else ()), *room.quoted(statement, ctx.who.language), *room.late(ctx, consultation)),
        (Fact(_("You said"), said),) if said else (),
        buttons=(*_ways(statement, but=said), *_home(consultation)),
    )


@statements.command("votes", _("What I said"), allow=members)
def votes(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    """All that one has voted on, the latest first; each can be changed while the consultation is open."""
    mine = select(Statement, StatementVote.vote).join(StatementVote, StatementVote.statement_id == Statement.id)
    seen = room.standing(ctx, consultation), StatementVote.visible_to(ctx.who)
    total = ctx.session.scalar(select(func.count()).select_from(mine.where(*seen).subquery())) or 0
    order = StatementVote.at.desc(), Statement.id
    found = ctx.session.execute(mine.where(*seen).order_by(*order).offset(page * PAGE).limit(PAGE)).all()
    may = consultation.takes_answers()
    rows = tuple(
        Row(
            room.words(each, ctx.who.language),
            _("You said: {vote}.", vote=said),
            (button(_("Change it"), "statements.statement", statement=each.id),) if may else (),
        )
        for each, said in found
    )
    return Screen(
        _("What I said"),
        (
            cards.title(consultation),
            ngettext("You have voted on {count} statement.", "You have voted on {count} statements.", total),
        ),
        rows=rows,
        buttons=(*turn_pages("statements.votes", page, total, consultation=consultation.id), *_home(consultation)),
    )


def overview(ctx: Context, consultation: Consultation, lead: Phrase | None = None) -> Screen:
    """How many there are, how many of them one has voted on, and what one can do."""
    total, done = _progress(ctx, consultation)
    about: dict[str, Any] = {"consultation": consultation.id}
    may = consultation.takes_answers()
    has_map = ctx.session.scalar(
        select(StatementMap.id).where(StatementMap.consultation_id == consultation.id, StatementMap.visible_to(ctx.who))
    )
    buttons: list[Button] = []
    if may and done < total:
        buttons.append(button(_("Say what you think"), "statements.next", style=Style.PRIMARY, **about))
    if may:
        buttons.append(button(_("Put in a statement"), "statements.say", **about))
    if has_map is not None:
        buttons.append(button(_("Who agrees with whom"), "statements.map", **about))
    if done:
        buttons.append(button(_("What I said"), "statements.votes", **about))
    buttons.append(button(_("My statements"), "statements.mine", **about))
    if consultation.is_owned_by(ctx.who):
        buttons.append(button(_("Look after them"), "statements.listed", **about))
    explained = _(
        "Short sentences that others have put in. You agree, disagree or pass; nobody is shown who said what."
    )
    body: tuple[Text, ...] = (cards.title(consultation), explained, *room.late(ctx, consultation))
    return Screen(
        lead or _("Statements"),
        body,
        (Fact(_("Voted on"), _("{done} of {total}", done=done, total=total)),) if total else (),
        buttons=(*buttons, cards.back(consultation)),
    )


def _next(ctx: Context, consultation: Consultation, lead: Phrase | None) -> Screen:
    voted = select(StatementVote.statement_id).where(StatementVote.visible_to(ctx.who))
    left = room.standing(ctx, consultation), Statement.id.not_in(voted)
    order = (Statement.id * SPREAD + ctx.who.id * OFFSET) % PRIME, Statement.id
    found = ctx.session.scalar(select(Statement).where(*left).order_by(*order).limit(1))
    if found is None or not consultation.takes_answers():
        return overview(ctx, consultation, _("You have voted on all of them. Thank you.") if found is None else None)
    total, done = _progress(ctx, consultation)
    body: tuple[Text, ...] = ((lead,) if lead else ()) + room.late(ctx, consultation)
    return Screen(
        _("Do you agree?"),
        (*body, *room.quoted(found, ctx.who.language)),
        (Fact(_("Voted on"), _("{done} of {total}", done=done, total=total)),),
        buttons=(*_ways(found), *_home(consultation)),
    )


def _progress(ctx: Context, consultation: Consultation) -> tuple[int, int]:
    """How many stand, and how many of them whoever asks has voted on."""
    mine = StatementVote.visible_to(ctx.who)
    counted = (
        select(func.count(Statement.id), func.count(StatementVote.id))
        .select_from(Statement)
        .outerjoin(StatementVote, (StatementVote.statement_id == Statement.id) & mine)
        .where(room.standing(ctx, consultation))
    )
    total, done = ctx.session.execute(counted).one()
    return total, done


def _ways(statement: Statement, but: Vote | None = None) -> tuple[Button, ...]:
    """What can be said of it, in words that need no colour; `but` is what was said already."""
    labels = ((Vote.AGREE, _("Agree")), (Vote.DISAGREE, _("Disagree")), (Vote.PASS, _("Pass")))
    return tuple(
        button(label, "statements.vote", statement=statement.id, say=each.value)
        for each, label in labels
        if each != but
    )


def _home(consultation: Consultation) -> tuple[Button, ...]:
    return (button(_("Statements"), "statements.statements", consultation=consultation.id),)


def _open(ctx: Context, statement: Statement) -> Consultation:
    """Its consultation, where it can be voted on."""
    consultation = room.consultation_of(ctx, statement)
    if statement.hidden_at is not None or statement.withdrawn_at is not None:
        raise NotFound()
    room.must_be_open(consultation)
    return consultation
