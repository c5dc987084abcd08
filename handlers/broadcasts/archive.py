"""The archive: what was sent, to how many by country, door and language, by whom, and who said yes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.screen import Button, Quote, Row, Screen, Table, button
from bot.kit.sheets import as_csv
from bot.kit.text import LANGUAGES, Code, Phrase, Raw, Text, When, _, name_members, ngettext, phrase_of
from db.broadcasts import Broadcast, BroadcastCopy, BroadcastEdition
from db.machinery import Sending
from db.people import Account
from handlers.attendance.lists import offer_file
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called
from handlers.regions.room import country

from . import cards, showing, voices
from .room import ON_BROADCAST, broadcasts, senders

MOST = 24  # rows of a table on a screen; the rest is in the file


class Per(StrEnum):
    """By what the numbers of a broadcast are put together."""

    COUNTRY = "country"
    DOOR = "door"
    LANGUAGE = "language"


name_members({Per.COUNTRY: _("By country"), Per.DOOR: _("By door"), Per.LANGUAGE: _("By language")})


@dataclass(frozen=True)
class Numbers:
    """How many copies there are, and what became of them. What was opened was accepted before."""

    people: int = 0
    accepted: int = 0
    opened: int = 0
    acknowledged: int = 0
    failed: int = 0
    in_doubt: int = 0
    not_sent: int = 0

    def __add__(self, other: Numbers) -> Numbers:
        return Numbers(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Numbers)))

    @property
    def cells(self) -> tuple[int, ...]:
        return tuple(getattr(self, each.name) for each in fields(Numbers))


@dataclass(frozen=True)
class Line:
    """Those of one country, on one door ("" where there was none), in one language."""

    country: str
    door: str
    language: str
    numbers: Numbers

    def at(self, per: Per) -> str:
        return str(getattr(self, per.value))


COLUMNS = (
    _("People"),
    _("Accepted"),
    _("Opened"),
    _("Acknowledged"),
    _("Failed"),
    _("In doubt"),
    _("Not sent"),
)
NAMES: dict[Per, Callable[[str], Text]] = {
    Per.COUNTRY: country,
    Per.DOOR: lambda value: Code(value.capitalize()) if value else _("no door"),
    Per.LANGUAGE: lambda value: Raw(LANGUAGES.get(value, value)),
}


def lines(session: Session, broadcast: Broadcast) -> list[Line]:
    """One question, whatever their number: a line a country, door and language."""
    of = BroadcastCopy

    def many(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    door = func.coalesce(Account.platform, "")
    asked = (
        select(
            of.country,
            door,
            of.language,
            func.count(),
            many(of.accepted_at.is_not(None)),
            many(of.opened_at.is_not(None)),
            many(of.acknowledged_at.is_not(None)),
            many(of.state == Sending.FAILED),
            many(of.state.in_((Sending.IN_DOUBT, Sending.SENDING))),
            many(of.state.in_((Sending.WAITING, Sending.HELD, Sending.EXPIRED))),
        )
        .outerjoin(Account, Account.id == of.account_id)
        .where(of.broadcast_id == broadcast.id)
        .group_by(of.country, door, of.language)
        .order_by(of.country, door, of.language)
    )
    return [Line(row[0], row[1], row[2], Numbers(*map(int, row[3:]))) for row in session.execute(asked)]


def together(broadcast: Broadcast, found: Iterable[Line], per: Per) -> list[tuple[str | None, Numbers]]:
    """The same by one of the three, most people first; under None those that are too few to be told of apart."""
    sums: dict[str, Numbers] = defaultdict(Numbers)
    for each in found:
        sums[each.at(per)] += each.numbers
    in_order = sorted(sums.items(), key=lambda of: (-of[1].people, of[0]))
    told = voices.gathered(broadcast, ((key, numbers.cells) for key, numbers in in_order))
    return [(key, Numbers(*cells)) for key, cells in told]


@broadcasts.command("archive", _("Archive of broadcasts"), allow=senders, menu=42)
def archive(ctx: Context, page: int = 0) -> Screen:
    """What was sent in the scopes one may send in, the newest first."""
    began = Broadcast.run_by(ctx.who), Broadcast.began_at.is_not(None)
    total = ctx.session.scalar(select(func.count()).select_from(Broadcast).where(*began)) or 0
    newest = select(Broadcast).where(*began).order_by(Broadcast.began_at.desc(), Broadcast.id.desc())
    found = ctx.session.scalars(newest.limit(PAGE).offset(page * PAGE)).all()
    titles = cards.titles(ctx.session, found, ctx.who.language)
    names = called(ctx.session, {each.author_id for each in found})
    rows = tuple(
        Row(
            titles[each.id],
            _(
                "{when}, {name}: {standing}",
                when=When(each.began_at),
                name=names[each.author_id],
                standing=phrase_of(each.standing),
            ),
            (button(_("What was sent"), "broadcasts.record", broadcast=each.id),),
        )
        for each in found
        if each.began_at is not None
    )
    body = () if rows else (_("Nothing has been sent yet."),)
    return Screen(_("Archive of broadcasts"), body, rows=rows, buttons=turn_pages("broadcasts.archive", page, total))


@broadcasts.command("record", _("What was sent"), allow=senders, reads=senders)
def record(ctx: Context, broadcast: Broadcast, per: str = Per.COUNTRY) -> Screen:
    """One of them: each edition as it was, whom it went to in numbers, by whom, approved by whom."""
    chosen = Per(per) if per in {each.value for each in Per} else Per.COUNTRY
    sums = together(broadcast, lines(ctx.session, broadcast), chosen)
    rows = tuple(
        (NAMES[chosen](value) if value is not None else voices.OTHERS, *numbers.cells) for value, numbers in sums
    )
    total = sum((numbers for _value, numbers in sums), Numbers())
    rest = len(rows) - MOST
    more = (
        (ngettext("{count} more line is in the file.", "{count} more lines are in the file.", rest),)
        if rest > 0
        else ()
    )
    return Screen(
        cards.title(ctx.session, broadcast, ctx.who.language),
        (*_editions(ctx, broadcast), *more),
        facts=showing.facts(ctx, broadcast),
        table=Table(phrase_of(chosen), (_of(chosen), *COLUMNS), (*rows[:MOST], (_("Together"), *total.cells))),
        buttons=(
            *(
                button(phrase_of(each), "broadcasts.record", broadcast=broadcast.id, per=each.value)
                for each in Per
                if each is not chosen
            ),
            button(_("As a spreadsheet"), "broadcasts.sheet", broadcast=broadcast.id),
            cards.open_it(broadcast),
        ),
    )


@broadcasts.command("sheet", _("As a spreadsheet"), allow=senders, reads=senders)
def sheet(ctx: Context, broadcast: Broadcast) -> Screen:
    """The same as CSV: what it was, its editions, then a line a country, door and language. Nobody's answers."""
    say = ctx.words_for(ctx.who)
    rows: list[Sequence[object]] = [("what", "value"), ("number", broadcast.ref)]
    rows += [(say(each.label), say(_("{value}", value=each.value))) for each in showing.facts(ctx, broadcast)]
    rows += [(), ("edition", "kind", "written_by", "approved_by", "published", "language", "title", "words", "why")]
    for edition, by in _published(ctx.session, broadcast):
        for text in cards.texts_of(ctx.session, broadcast, edition=edition.number):
            names = (say(by[each]) if each in by else "" for each in (edition.author_id, edition.approved_by_id))
            published = edition.published_at.isoformat() if edition.published_at is not None else ""
            said = (text.language, text.title, text.words, edition.why or "")
            rows.append((edition.number, edition.kind.value, *names, published, *said))
    rows += [(), ("country", "door", "language", *(each.name for each in fields(Numbers)))]
    counted = (((each.country, each.door, each.language), each.numbers.cells) for each in lines(ctx.session, broadcast))
    rows += [(*(key or ("", "", "")), *cells) for key, cells in voices.gathered(broadcast, counted)]
    file = offer_file(ctx, f"broadcast-{broadcast.ref}.csv", "text/csv", as_csv(rows), to=ctx.who.id)
    back = button(_("What was sent"), "broadcasts.record", broadcast=broadcast.id)
    return Screen(_("As a spreadsheet"), (_("Parley keeps this file for one day."),), files=(file,), buttons=(back,))


def _editions(ctx: Context, broadcast: Broadcast) -> tuple[Quote, ...]:
    """What each said, the first one first, in the reader's language where it was said in it."""
    told = []
    for edition, names in _published(ctx.session, broadcast):
        text = cards.text_of(ctx.session, broadcast, ctx.who.language, edition=edition.number)
        if text is None:
            continue
        by = _by(edition, names)
        told.append(Quote(Raw(f"{text.title}\n{text.words}", text.language), by=by, label=phrase_of(edition.kind)))
        if edition.why is not None:
            told.append(Quote(Raw(edition.why), label=_("Why")))
    return tuple(told)


def _by(edition: BroadcastEdition, names: dict[int, Text]) -> Phrase:
    author, approver = names.get(edition.author_id, Raw("")), names.get(edition.approved_by_id or 0)
    when = When(edition.published_at or edition.created_at)
    if approver is None:
        return _("{name}, {when}", name=author, when=when)
    return _("{name}, approved by {approver}, {when}", name=author, approver=approver, when=when)


def _published(session: Session, broadcast: Broadcast) -> list[tuple[BroadcastEdition, dict[int, Text]]]:
    its = select(BroadcastEdition).where(BroadcastEdition.broadcast_id == broadcast.id)
    found = session.scalars(its.order_by(BroadcastEdition.number)).all()
    people = {each for of in found for each in (of.author_id, of.approved_by_id) if each is not None}
    names = called(session, people)
    return [(each, names) for each in found]


def _of(per: Per) -> Phrase:
    return {Per.COUNTRY: _("Country"), Per.DOOR: _("Door"), Per.LANGUAGE: _("Language")}[per]


def _on_card(ctx: Context, broadcast: Broadcast) -> tuple[Button, ...]:
    if broadcast.began_at is None:
        return ()
    return (button(_("What was sent"), "broadcasts.record", broadcast=broadcast.id),)


ON_BROADCAST.append(_on_card)
