"""Telling everybody who took part, each with their own words: a job in portions, each its own turn, nobody twice.

A portion commits what it tells together with the job for the next one: what is cut off begins again where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import select

from bot.kit.context import Context, Told
from bot.kit.screen import Attachment, Quote
from bot.kit.text import Phrase, Text, _
from db.conclusions import CONCLUDED, Conclusion
from db.machinery import Receipt
from db.participants import participants_of
from db.people import Person
from handlers.attendance.lists import offer_file

from . import hearing, own
from .hearing import Out
from .own import Theirs
from .room import conclusions, consultation_of

AT_ONCE = 25  # persons told in one turn: whoever writes meanwhile waits no longer than that
KEPT = timedelta(days=14)  # a file with somebody's words: longer than its message may wait


def begin(ctx: Context, conclusion: Conclusion) -> None:
    """Have everybody told, from the next turn on."""
    _go_on(ctx, conclusion, 0, round_=1)


def _go_on(ctx: Context, conclusion: Conclusion, after: int, round_: int) -> None:
    key = f"conclusion:{conclusion.id}:tell:{round_}:{after}"
    ctx.later(ctx.now, "conclusions.tell", key=key, conclusion=conclusion.id, after=after, round_=round_)


@conclusions.job("tell")
def tell(ctx: Context, conclusion: Conclusion, after: int, round_: int) -> None:
    """The next of those who took part and have no line in the ledger, by their ids; then a second round for whoever
    became one with somebody of a lower id while it went on."""
    if conclusion.published_at is None:
        return
    consultation = consultation_of(ctx, conclusion)
    told = select(Receipt.person_id).where(Receipt.about == CONCLUDED, Receipt.about_id == conclusion.id)
    owed = select(Person).where(Person.id.in_(participants_of(consultation.id, at=ctx.now)), Person.id.not_in(told))
    people = ctx.session.scalars(owed.where(Person.id > after).order_by(Person.id).limit(AT_ONCE)).all()
    it = hearing.out(ctx.session, consultation, conclusion)
    found = own.theirs(ctx.session, consultation, {each.id: each.language for each in people}, at=ctx.now)
    for person in people:
        mine = found[person.id]
        screen = hearing.outcome_screen(it, mine, person.language, files=_file(ctx, it, person, mine))
        once = f"{consultation.ref}:concluded:{conclusion.id}"
        ctx.notify(person, screen, once=once, told=Told(CONCLUDED, conclusion.id))
    if len(people) == AT_ONCE:
        _go_on(ctx, conclusion, people[-1].id, round_)
    elif round_ == 1:
        _go_on(ctx, conclusion, 0, round_=2)


def _file(ctx: Context, it: Out, person: Person, mine: Theirs) -> tuple[Attachment, ...]:
    """All of somebody's words with their answers, where one message does not hold them."""
    if len(own.pages(mine.words)) == 1:
        return ()
    name = f"{it.consultation.ref}.txt"
    content = "\n".join(as_text(ctx, it, person, mine)).encode()
    return (offer_file(ctx, name, "text/plain", content, to=person.id, kept=KEPT),)


def as_text(ctx: Context, it: Out, person: Person, mine: Theirs) -> Sequence[str]:
    """Lines in the words of whoever reads them."""
    say = ctx.words_for(person)
    lines = [say(it.title(person.language)), it.consultation.ref, ""]
    for number, each in enumerate(mine.words, 1):
        lines += [f"{number}.", *(line for part in each.told() for line in _lines(say, part)), ""]
    return lines


def _lines(say: Callable[[Text], str], part: Quote | Phrase) -> list[str]:
    if isinstance(part, Phrase):
        return [say(part)]
    over = [say(_("{label}:", label=part.label))] if part.label is not None else []
    return [*over, say(part.words), *([say(part.by)] if part.by is not None else [])]
