"""What was sent does not hold: a correction takes its place, or a word that it is withdrawn.

A correction needs a second person like the first version. A withdrawal needs none: what is wrong is to stop at
once, and everybody who may send there hears who did it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, exists, func, or_, select, update

from bot.kit.clean import clean_line
from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Fact, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import LANGUAGES, Phrase, Raw, _, ngettext
from db.broadcasts import (
    Broadcast,
    BroadcastCopy,
    BroadcastEdition,
    BroadcastPortion,
    BroadcastText,
    EditionKind,
    Standing,
)
from db.broadcasts.copies import may_have, to_mend
from db.machinery import Sending
from db.people import MAIL, Account, Person

from . import cards, runners, showing, texts, voices
from .room import ON_BROADCAST, WHEN_ENDED, WHEN_MENDED, broadcasts, senders

WHY, TITLE, WORDS = 300, 150, 3000
TOLD_AT_ONCE = 200  # who had opened it, in one turn
OUT = (Standing.SENDING, Standing.PAUSED, Standing.SENT, Standing.STOPPED)  # somebody may have got it
NOT_OUT = _("Nobody has got it yet: change the draft.")
PENDING = _("A correction is being written already.")
GONE = _("This correction is not waiting any more.")


def pending(ctx: Context, broadcast: Broadcast) -> BroadcastEdition | None:
    """The correction that nobody has approved yet."""
    its = BroadcastEdition.broadcast_id == broadcast.id, BroadcastEdition.number > broadcast.edition
    return ctx.session.scalar(select(BroadcastEdition).where(*its))


def _buttons(ctx: Context, broadcast: Broadcast) -> tuple[Button, ...]:
    if broadcast.standing not in OUT:
        return ()
    waits = pending(ctx, broadcast)
    holds = cards.text_of(ctx.session, broadcast, broadcast.language)
    before = {"title": holds.title, "words": holds.words} if holds is not None else {}
    correct = (
        Button(_("Correct it"), "broadcasts.correct", {"broadcast": broadcast.id, **before})
        if waits is None
        else button(_("The correction"), "broadcasts.correction", broadcast=broadcast.id)
    )
    return correct, button(_("Withdraw it"), "broadcasts.withdraw", style=Style.DANGER, broadcast=broadcast.id)


ON_BROADCAST.append(_buttons)


@broadcasts.form("correct", _("Correct a broadcast"), allow=senders, reads=senders)
class Correct(Form):
    """Its whole text as it should be, in the language it was written in; then in the others."""

    broadcast: Broadcast = ask.about()
    why: str = ask.line(_("What was wrong?"), max=WHY, hint=_("Whoever opened the first version reads this."))
    title: str = ask.line(_("Title"), max=TITLE)
    words: str = ask.prose(_("The whole text, as it should be"), max=WORDS)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_be_out(bound["broadcast"])
        if pending(ctx, bound["broadcast"]) is not None:
            raise Refusal(PENDING)

    def submit(self, ctx: Context) -> Screen:
        self.opens(ctx, {"broadcast": self.broadcast})
        holds = cards.text_of(ctx.session, self.broadcast, self.broadcast.language)
        if holds is not None and (holds.title, holds.words) == (self.title, self.words):
            raise Refusal(_("It says what it said before: please change what was wrong."), field="words")
        edition = _next_edition(ctx, self.broadcast, EditionKind.CORRECTION, self.why)
        _write(ctx, edition, self.broadcast.language, self.title, self.words)
        return _shown(ctx, self.broadcast)


def _missing(ctx: Context, query: str) -> list[Option]:
    broadcast = ctx.session.get(Broadcast, ctx.bound.get("broadcast", 0))
    edition = pending(ctx, broadcast) if broadcast is not None else None
    written = {each.language for each in _texts(ctx, edition)} if edition is not None else set()
    return [
        Option(code, Raw(name, code))
        for code, name in LANGUAGES.items()
        if code not in written and query.casefold() in name.casefold()
    ]


@broadcasts.form("correct_in", _("The correction in another language"), allow=senders, reads=senders)
class CorrectIn(Form):
    """One more language of a correction that is not out yet."""

    broadcast: Broadcast = ask.about()
    language: str = ask.choice(_("In which language?"), options=_missing)
    title: str = ask.line(_("Title"), max=TITLE)
    words: str = ask.prose(_("The whole text, as it should be"), max=WORDS)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_wait(ctx, bound["broadcast"])

    def submit(self, ctx: Context) -> Screen:
        _write(ctx, _must_wait(ctx, self.broadcast), self.language, self.title, self.words)
        return _shown(ctx, self.broadcast)


@broadcasts.command("correction", _("The correction"), allow=senders, reads=senders)
def correction(ctx: Context, broadcast: Broadcast) -> Screen:
    """What it says in each language, and who gets which."""
    return _shown(ctx, broadcast)


def _shown(ctx: Context, broadcast: Broadcast) -> Screen:
    edition = _must_wait(ctx, broadcast)
    written = {each.language: each for each in _texts(ctx, edition)}
    readers = _readers(ctx, broadcast)
    rows = [
        Row(Raw(text.title, code), Raw(text.words, code), (_look(broadcast, edition, code),))
        for code, text in written.items()
    ]
    missing = [code for code in readers if code not in written]
    lines = tuple(
        ngettext(
            "{language} is missing: {count} person gets {other}.",
            "{language} is missing: {count} people get {other}.",
            readers[code],
            language=Raw(LANGUAGES.get(code, code), code),
            other=Raw(LANGUAGES[broadcast.language], broadcast.language),
        )
        for code in missing
    )
    buttons = [
        button(
            _("Approve the correction"), "broadcasts.approve_correction", style=Style.PRIMARY, broadcast=broadcast.id
        )
    ]
    if edition.author_id == ctx.who.id:
        buttons = [
            button(_("Ask for approval"), "broadcasts.ask_correction", style=Style.PRIMARY, broadcast=broadcast.id)
        ]
    if any(code not in written for code in LANGUAGES):
        buttons.append(button(_("Write it in another language"), "broadcasts.correct_in", broadcast=broadcast.id))
    buttons.append(button(_("Give the correction up"), "broadcasts.drop_correction", broadcast=broadcast.id))
    return Screen(
        _("The correction"),
        (
            cards.title(ctx.session, broadcast, ctx.who.language),
            _why(broadcast, edition),
            *lines,
        ),
        facts=_reach(ctx, broadcast),
        rows=tuple(rows),
        buttons=(*buttons, cards.open_it(broadcast)),
    )


def _look(broadcast: Broadcast, edition: BroadcastEdition, language: str) -> Button:
    its: dict[str, Any] = {"broadcast": broadcast.id, "language": language, "edition": edition.number}
    return button(_("How it looks"), "broadcasts.rendering", **its)


def _reach(ctx: Context, broadcast: Broadcast) -> tuple[Fact, ...]:
    """With how many it takes the place of what they have, and how many get it as another message."""
    edited, anew, shut = to_mend(ctx.session, broadcast)
    return (
        Fact(_("Replaced where it stands"), voices.figure(broadcast, edited)),
        Fact(_("Sent as another message, by e-mail or to whoever is in doubt"), voices.figure(broadcast, anew)),
        *((Fact(_("Cannot be reached any more"), voices.figure(broadcast, shut)),) if shut else ()),
    )


@broadcasts.command("ask_correction", _("Ask for approval"), allow=senders, reads=senders)
def ask_correction(ctx: Context, broadcast: Broadcast) -> Screen:
    """Whoever else may send there hears of it, once."""
    edition = _must_wait(ctx, broadcast)
    asked = runners.runners(ctx.session, broadcast, at=ctx.now) - {edition.author_id}
    if not asked:
        raise Refusal(_("Nobody else may send there: give somebody the right first."))
    go = button(_("The correction"), "broadcasts.correction", style=Style.PRIMARY, broadcast=broadcast.id)
    once = f"correction:{edition.id}:asked"
    lead = _("A correction waits for a second person.")
    runners.tell(ctx, asked, broadcast, lead, once=once, buttons=(go,), urgent=True)
    shown = _shown(ctx, broadcast)
    said = ngettext("{count} person was asked to approve it.", "{count} people were asked to approve it.", len(asked))
    return Screen(said, shown.body, facts=shown.facts, rows=shown.rows, buttons=shown.buttons)


@broadcasts.command("approve_correction", _("Approve the correction"), allow=senders, reads=senders)
def approve_correction(ctx: Context, broadcast: Broadcast) -> Screen:
    """A second person agrees, and it goes out."""
    edition = _must_wait(ctx, broadcast)
    if edition.author_id == ctx.who.id:
        raise Refusal(_("You wrote this correction yourself. Somebody else has to approve it."))
    broadcast = runners.lock(ctx, broadcast)
    edition.approved_by_id = ctx.who.id
    count = _publish(ctx, broadcast, edition)
    said = ngettext("{count} copy is being replaced.", "{count} copies are being replaced.", count)
    return Screen(said, (cards.title(ctx.session, broadcast, ctx.who.language),), buttons=(cards.open_it(broadcast),))


@broadcasts.command("drop_correction", _("Give the correction up"), allow=senders, reads=senders)
def drop_correction(ctx: Context, broadcast: Broadcast) -> Screen:
    """It was not needed after all."""
    edition = _must_wait(ctx, broadcast)
    _drop(ctx, edition)
    return showing.card(ctx, broadcast)


def _why(broadcast: Broadcast, edition: BroadcastEdition) -> Quote:
    return Quote(Raw(edition.why or "", broadcast.language), label=_("What was wrong"))


def _drop(ctx: Context, edition: BroadcastEdition) -> None:
    for text in _texts(ctx, edition):
        ctx.session.delete(text)
    ctx.session.delete(edition)
    ctx.session.flush()


@broadcasts.form("withdraw", _("Withdraw a broadcast"), allow=senders, reads=senders)
class Withdraw(Form):
    """What has not gone does not go, and what has gone is replaced by a word that it does not hold."""

    broadcast: Broadcast = ask.about()
    why: str = ask.line(_("Why does it not hold?"), max=WHY, hint=_("Everybody who got it reads this."))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_be_out(bound["broadcast"])

    def submit(self, ctx: Context) -> Screen:
        broadcast = runners.lock(ctx, self.broadcast)
        if not broadcast.withdraw(self.why, by=ctx.who.id, at=ctx.now):
            raise Refusal(NOT_OUT)
        if (waits := pending(ctx, broadcast)) is not None:
            _drop(ctx, waits)
        edition = _next_edition(ctx, broadcast, EditionKind.WITHDRAWAL, self.why)
        before = cards.text_of(ctx.session, broadcast, broadcast.language)
        _write(ctx, edition, broadcast.language, before.title if before else broadcast.ref, self.why)
        its = BroadcastCopy.broadcast_id == broadcast.id, BroadcastCopy.state == Sending.WAITING
        ended = {"state": Sending.EXPIRED, "reason": "withdrawn", "settled_at": ctx.now}
        ctx.session.execute(update(BroadcastCopy).where(*its).values(ended))
        count = _publish(ctx, broadcast, edition)
        for ended_ in WHEN_ENDED:
            ended_(ctx, broadcast)
        told = runners.runners(ctx.session, broadcast, at=ctx.now) | {broadcast.author_id, broadcast.approved_by_id}
        lead = _("{name} has withdrawn a broadcast.", name=Raw(ctx.who.name))
        runners.tell(ctx, told, broadcast, lead, once="withdrawn", body=(Raw(self.why, ctx.who.language),), urgent=True)
        said = ngettext(
            "Withdrawn. {count} copy is being replaced.", "Withdrawn. {count} copies are being replaced.", count
        )
        return Screen(
            said, (cards.title(ctx.session, broadcast, ctx.who.language),), buttons=(cards.open_it(broadcast),)
        )


# What it takes to put one edition in the place of another


def _publish(ctx: Context, broadcast: Broadcast, edition: BroadcastEdition) -> int:
    """The copies that went are replaced, those that wait go as they should, and whoever had opened one hears why. How
    many went."""
    edition.published_at, broadcast.edition = ctx.now, edition.number
    ctx.session.flush()
    texts.freeze_screens(ctx, broadcast)
    _put_into_their_languages(ctx, broadcast, edition)
    failed = BroadcastCopy.broadcast_id == broadcast.id, BroadcastCopy.unmended.is_not(None)
    ctx.session.execute(update(BroadcastCopy).where(*failed).values(unmended=None))
    for portion in ctx.session.scalars(select(BroadcastPortion).where(BroadcastPortion.broadcast_id == broadcast.id)):
        ctx.mend(portion)
    ctx.later(
        ctx.now,
        "broadcasts.tell_openers",
        key=f"{broadcast.ref}:openers:{edition.number}:0",
        broadcast=broadcast.id,
        number=edition.number,
    )
    for mended in WHEN_MENDED:
        mended(ctx, broadcast)
    return sum(_readers(ctx, broadcast).values())


def _put_into_their_languages(ctx: Context, broadcast: Broadcast, edition: BroadcastEdition) -> None:
    """Whoever reads a language that was missing before gets the edition in it."""
    written = [each.language for each in _texts(ctx, edition)]
    theirs = select(Person.language).where(Person.id == BroadcastCopy.person_id).scalar_subquery()
    its = BroadcastCopy.broadcast_id == broadcast.id, BroadcastCopy.language != theirs, theirs.in_(written)
    change = update(BroadcastCopy).where(*its).values(language=theirs)
    ctx.session.execute(change.execution_options(synchronize_session=False))


@broadcasts.job("tell_openers")
def tell_openers(ctx: Context, broadcast: Broadcast, number: int, after: int = 0) -> None:
    """Whoever had opened what was wrong hears what was wrong with it, some at a time; and whoever may have it twice,
    of which only the later one could be replaced."""
    its = BroadcastEdition.broadcast_id == broadcast.id, BroadcastEdition.number == number
    edition = ctx.session.scalars(select(BroadcastEdition).where(*its)).one()
    if broadcast.edition != number:
        return  # another took its place: they hear of that one
    mailed = exists().where(Account.id == BroadcastCopy.account_id, Account.platform == MAIL)
    # A mail is not replaced: the next one, which they get anyway, says what it corrects.
    twice = and_(BroadcastCopy.may_repeat, BroadcastCopy.accepted_at < edition.published_at, ~mailed)
    opened = (
        select(BroadcastCopy)
        .where(BroadcastCopy.broadcast_id == broadcast.id, BroadcastCopy.id > after)
        .where(or_(BroadcastCopy.opened_at <= edition.published_at, twice))
        .order_by(BroadcastCopy.id)
        .limit(TOLD_AT_ONCE)
    )
    copies = ctx.session.scalars(opened).all()
    published = edition.published_at or ctx.now
    is_withdrawn = edition.kind is EditionKind.WITHDRAWAL
    read = _("What you have read was withdrawn.") if is_withdrawn else _("What you have read was corrected.")
    got = _("What you have received was withdrawn.") if is_withdrawn else _("What you have received was corrected.")
    for copy in copies:
        before = cards.text_of(ctx.session, broadcast, copy.language, edition=number - 1)
        first = (_older(broadcast, before),) if copy.may_repeat and before is not None else ()
        screen = Screen(
            read if copy.opened_at is not None and copy.opened_at <= published else got,
            (cards.title(ctx.session, broadcast, copy.language), *first, _why(broadcast, edition)),
            buttons=(cards.open_it(broadcast),),
        )
        ctx.notify(copy.person_id, screen, once=f"{broadcast.ref}:edition:{edition.number}", urgent=broadcast.is_urgent)
    if len(copies) == TOLD_AT_ONCE:
        last = copies[-1].id
        key = f"{broadcast.ref}:openers:{edition.number}:{last}"
        ctx.later(ctx.now, "broadcasts.tell_openers", key=key, broadcast=broadcast.id, number=number, after=last)


def _older(broadcast: Broadcast, before: BroadcastText) -> Phrase:
    said: Phrase = _(
        "You may have “{title}” ({ref}) twice. The older one cannot be changed: it does not hold any longer.",
        title=Raw(before.title, before.language),
        ref=broadcast.ref,
    )
    return said


def _next_edition(ctx: Context, broadcast: Broadcast, kind: EditionKind, why: str) -> BroadcastEdition:
    edition = BroadcastEdition(
        broadcast_id=broadcast.id,
        number=broadcast.edition + 1,
        kind=kind,
        author_id=ctx.who.id,
        why=clean_line(why),
        created_at=ctx.now,
    )
    ctx.session.add(edition)
    ctx.session.flush()
    return edition


def _write(ctx: Context, edition: BroadcastEdition, language: str, title: str, words: str) -> None:
    its = {"broadcast_id": edition.broadcast_id, "edition": edition.number, "language": language}
    ctx.session.add(BroadcastText(**its, title=title, words=words))
    ctx.session.flush()


def _texts(ctx: Context, edition: BroadcastEdition) -> list[BroadcastText]:
    its = BroadcastText.broadcast_id == edition.broadcast_id, BroadcastText.edition == edition.number
    return list(ctx.session.scalars(select(BroadcastText).where(*its).order_by(BroadcastText.id)))


def _readers(ctx: Context, broadcast: Broadcast) -> dict[str, int]:
    """How many of those who have got it, or may have, read which language."""
    went = BroadcastCopy.broadcast_id == broadcast.id, may_have(broadcast)
    counted = select(Person.language, func.count()).join(BroadcastCopy, BroadcastCopy.person_id == Person.id)
    counted = counted.where(*went).group_by(Person.language)
    return {row[0]: row[1] for row in ctx.session.execute(counted)}


def _must_be_out(broadcast: Broadcast) -> None:
    if broadcast.standing is Standing.WITHDRAWN:
        raise Refusal(_("It has been withdrawn already."))
    if broadcast.standing not in OUT:
        raise Refusal(NOT_OUT)


def _must_wait(ctx: Context, broadcast: Broadcast) -> BroadcastEdition:
    edition = pending(ctx, broadcast)
    if edition is None:
        raise Refusal(GONE)
    return edition
