"""Looking after statements: taking one out with a reason its author is told, and translating them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Fact, NotFound, Quote, Refusal, Row, Screen, button
from bot.kit.text import LANGUAGES, Phrase, Raw, Text, _, listed, ngettext
from db.consultations import Consultation
from db.statements import Statement
from handlers.consultations import cards
from handlers.languages import languages
from handlers.paging import PAGE, turn_pages

from . import drawing_up, mapping, putting, room
from .room import owners, statements

REASON = 600


@statements.command("listed", _("Look after them"), allow=owners, reads=owners)
def listed_(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    """All of them, the latest first, with what may be shown of the votes; never whose they are."""
    return _listed(ctx, consultation, page=page)


@statements.command("one", _("See a statement"), allow=owners, reads=owners)
def one(ctx: Context, statement: Statement) -> Screen:
    return _one(ctx, statement)


@statements.form("hide", _("Take it out"), allow=owners, reads=owners)
class Hide(Form):
    """Nobody votes on it any more. Its author is told why."""

    review = False
    statement: Statement = ask.about()
    words: str = ask.prose(
        _("Why is it taken out?"), max=REASON, hint=_("Its author reads this; you are not shown who that is.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        room.owned(ctx, bound["statement"])
        if bound["statement"].hidden_at is not None:
            raise Refusal(_("It has been taken out already."))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(room.quoted(bound["statement"], ctx.who.language))

    def submit(self, ctx: Context) -> Screen:
        statement = self.statement
        consultation = room.owned(ctx, statement)
        statement.hidden_at, statement.hidden_by_id, statement.hidden_words = ctx.now, ctx.who.id, self.words
        drawing_up.plan(ctx, consultation)
        told = Screen(
            _("A statement of yours was taken out."),
            (
                cards.title(consultation),
                Quote(Raw(statement.words, statement.language)),
                Quote(Raw(self.words, ctx.who.language), label=_("Why it was taken out")),
            ),
            buttons=(button(_("My statements"), "statements.mine", consultation=consultation.id),),
        )
        once = f"{consultation.ref}:statement:{statement.id}:hidden:{int(ctx.now.timestamp())}"
        ctx.notify(statement.person_id, told, once=once)
        return _one(ctx, statement, _("Taken out. Its author is being told why."))


@statements.command("put_back", _("Put it back"), allow=owners)
def put_back(ctx: Context, statement: Statement) -> Screen:
    """It can be voted on again, and its author is told."""
    consultation = room.owned(ctx, statement)
    if statement.hidden_at is None:
        return _one(ctx, statement)
    statement.hidden_at = statement.hidden_by_id = statement.hidden_words = None
    drawing_up.plan(ctx, consultation)
    told = Screen(
        _("A statement of yours can be voted on again."),
        (cards.title(consultation), Quote(Raw(statement.words, statement.language))),
        buttons=(button(_("My statements"), "statements.mine", consultation=consultation.id),),
    )
    once = f"{consultation.ref}:statement:{statement.id}:back:{int(ctx.now.timestamp())}"
    ctx.notify(statement.person_id, told, once=once)
    return _one(ctx, statement, _("It can be voted on again."))


@statements.form("translate", _("Add a translation"), allow=owners, reads=owners)
class Translate(Form):
    """What it says in another language: it stands beside the original."""

    statement: Statement = ask.about()
    language: str = ask.choice(_("Into which language?"), options=languages)
    words: str = ask.line(_("What does it say in that language?"), max=2 * putting.LONGEST)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        room.owned(ctx, bound["statement"])

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return (Quote(Raw(bound["statement"].words, bound["statement"].language)),)

    def submit(self, ctx: Context) -> Screen:
        if self.language == self.statement.language:
            raise Refusal(_("It is written in that language already."), field="language")
        room.owned(ctx, self.statement)
        self.statement.translations = self.statement.translations | {self.language: self.words}
        return _one(ctx, self.statement, _("Translated."))


def _listed(ctx: Context, consultation: Consultation, lead: Phrase | None = None, *, page: int = 0) -> Screen:
    if not consultation.is_owned_by(ctx.who):
        raise NotFound()
    its = Statement.consultation_id == consultation.id, Statement.visible_to(ctx.who), Statement.withdrawn_at.is_(None)
    total = ctx.session.scalar(select(func.count()).select_from(Statement).where(*its)) or 0
    found = ctx.session.scalars(
        select(Statement).where(*its).order_by(Statement.id.desc()).offset(page * PAGE).limit(PAGE)
    )
    known = mapping.known(ctx, consultation)
    rows = []
    for each in found:
        tally = known.everybody.get(each.id) if known else None
        detail = _("Taken out") if each.hidden_at is not None else mapping.counted(tally)
        rows.append(
            Row(room.words(each, ctx.who.language), detail, (button(_("Open"), "statements.one", statement=each.id),))
        )
    return Screen(
        lead or _("Look after them"),
        (cards.title(consultation), ngettext("{count} statement", "{count} statements", total)),
        rows=tuple(rows),
        buttons=(
            *turn_pages("statements.listed", page, total, consultation=consultation.id),
            button(_("Statements"), "statements.statements", consultation=consultation.id),
        ),
    )


def _one(ctx: Context, statement: Statement, lead: Phrase | None = None) -> Screen:
    consultation = room.owned(ctx, statement)
    if statement.withdrawn_at is not None:
        raise NotFound()
    known = mapping.known(ctx, consultation)
    tally = known.everybody.get(statement.id) if known else None
    is_out = statement.hidden_at is not None
    reason = (Quote(Raw(statement.hidden_words), label=_("Why it was taken out")),) if statement.hidden_words else ()
    body: tuple[Text | Quote, ...] = (
        *((_("It was taken out."),) if is_out else ()),
        *room.quoted(statement, ctx.who.language),
        *reason,
    )
    there = [Raw(LANGUAGES[each], each) for each in sorted(statement.translations) if each in LANGUAGES]
    out = button(_("Put it back"), "statements.put_back", statement=statement.id)
    return Screen(
        lead or _("See a statement"),
        body,
        (
            Fact(_("Votes"), mapping.counted(tally)),
            *((Fact(_("Translated into"), listed(there)),) if there else ()),
            *((Fact(_("Late"), True),) if consultation.closed_at and statement.at >= consultation.closed_at else ()),
        ),
        buttons=(
            out if is_out else button(_("Take it out"), "statements.hide", statement=statement.id),
            button(_("Add a translation"), "statements.translate", statement=statement.id),
            button(_("Look after them"), "statements.listed", consultation=consultation.id),
        ),
    )
