"""Writing a broadcast: what it says, in which languages, what goes along; then to a second person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, func, update

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Fact, Refusal, Row, Screen, Style, button
from bot.kit.text import Phrase, Raw, Text, _, listed, ngettext
from db.broadcasts import (
    ATTACHED,
    Asks,
    Broadcast,
    BroadcastEdition,
    BroadcastText,
    EditionKind,
    Standing,
    fingerprint,
    persons,
)
from db.files import File
from db.people import Administration, Person, Scope
from db.symposia import Symposium, SymposiumState
from handlers.languages import languages

from . import cards, showing, terms, texts, voices
from .room import ON_BROADCAST, WHEN_SUBMITTED, author, broadcasts, senders

TITLE, WORDS = 120, 3000  # a modal of Slack takes no more at once
FILES = 5

TITLE_ = ask.line(_("What is it about, in one line?"), max=TITLE)
WORDS_ = ask.prose(_("What do you want to tell them?"), max=WORDS, hint=_("Whoever gets it reads this first."))
FILES_ = ask.files(_("Does a document or a photo go with it?"), most=FILES)


@broadcasts.form("broadcast", _("Write to many"), allow=senders, menu=38)
class Compose(Form):
    """What it says in one language. To whom, and in which others, comes afterwards; nothing goes before somebody else
    has approved it."""

    sends = texts.KEEP

    right: str | None = ask.choice(
        _("How far does it reach?"),
        hint=_("It goes in the name of your administration; to a region, for the region, too."),
        options=terms.right_options,
        when=lambda so_far: so_far.right != terms.ONLY,
    )
    title: str = TITLE_
    words: str = WORDS_
    files: tuple[int, ...] = FILES_
    wants: Asks = terms.WANTS
    symposium: str | None = terms.SYMPOSIUM
    hour: terms.Hour = terms.HOUR
    moment: terms.Moment = terms.MOMENT
    day: date | None = terms.DAY
    time: str | None = terms.TIME

    @classmethod
    def known(cls, ctx: Context) -> Mapping[str, Any]:
        return {"right": terms.ONLY} if len(terms.rights(ctx.who)) == 1 else {}

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        held = terms.rights(ctx.who)
        if len(held) != 1:
            return ()
        home = ctx.session.get_one(Administration, ctx.who.administration_id)
        its = held[0].scope, held[0].scope_id
        return (_("You write in the name of: {name}", name=texts.sends_as(home, *its)), terms.reach(home, *its))

    def submit(self, ctx: Context) -> Screen:
        held = terms.rights(ctx.who)
        if not held:  # the rule lets in whoever holds one
            raise Refusal(_("You have no right to write to many."))
        by = held[0] if self.right is None else next((each for each in held if terms.key(each) == self.right), None)
        if by is None:  # it has ended meanwhile
            raise Refusal(_("Please choose one of the answers offered."), field="right")
        made = Broadcast(
            administration_id=ctx.who.administration_id,
            author_id=ctx.who.id,
            scope=by.scope,
            scope_id=by.scope_id,
            audience={},
            language=ctx.who.language,
            created_at=ctx.now,
        )
        terms.put(ctx, made, self)
        ctx.session.add(made)
        ctx.session.flush()
        ctx.session.add(
            BroadcastEdition(
                broadcast_id=made.id,
                number=made.edition or 1,
                kind=EditionKind.FIRST,
                author_id=ctx.who.id,
                created_at=ctx.now,
            )
        )
        texts.put(ctx.session, made, ctx.who.language, title=self.title, words=self.words)
        _attach(ctx, made, self.files)
        return composer(ctx, made, _("Kept as a draft. Now say for whom it is."))


@broadcasts.form("terms", _("What it asks, and when it goes"), allow=author)
class Terms(Form):
    sends = texts.KEEP

    broadcast: Broadcast = ask.about()
    wants: Asks = terms.WANTS
    symposium: str | None = terms.SYMPOSIUM
    hour: terms.Hour = terms.HOUR
    moment: terms.Moment = terms.MOMENT
    day: date | None = terms.DAY
    time: str | None = terms.TIME

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        texts.must_be_draft(bound["broadcast"])

    def submit(self, ctx: Context) -> Screen:
        terms.put(ctx, self.broadcast, self)
        return composer(ctx, self.broadcast, _("Changed."))


@broadcasts.form("reach", _("By which right it goes"), allow=author)
class Reach(Form):
    """Whoever has a right over a country and one over a region says which of them this is sent by."""

    sends = texts.KEEP

    broadcast: Broadcast = ask.about()
    right: str = ask.choice(_("How far does it reach?"), options=terms.right_options)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        texts.must_be_draft(bound["broadcast"])

    def submit(self, ctx: Context) -> Screen:
        scope, _colon, scope_id = self.right.partition(":")
        self.broadcast.scope, self.broadcast.scope_id = Scope(scope), scope_id
        ctx.session.flush()
        return composer(ctx, self.broadcast, _("Changed."))


# In other languages, and what goes along


def to_write_in(ctx: Context, query: str) -> Sequence[Option]:
    """Every language, and which of them would be written anew: what is there is not replaced by mistake."""
    written = texts.texts_of(ctx.session, ctx.session.get_one(Broadcast, ctx.bound["broadcast"]))
    return [
        Option(each.value, _("{language}: it is written, and is changed", language=each.label))
        if each.value in written
        else each
        for each in languages(ctx, query)
    ]


@broadcasts.form("word", _("Say it in a language"), allow=author)
class Word(Form):
    """The text in one language, new or changed."""

    sends = texts.KEEP

    broadcast: Broadcast = ask.about()
    language: str = ask.choice(_("In which language?"), options=to_write_in)
    title: str = TITLE_
    words: str = WORDS_

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        texts.must_be_draft(bound["broadcast"])

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        its = texts.texts_of(ctx.session, bound["broadcast"]).get(bound["broadcast"].language)
        return (Raw(its.title, its.language), Raw(its.words, its.language)) if its is not None else ()

    def submit(self, ctx: Context) -> Screen:
        texts.put(ctx.session, self.broadcast, self.language, title=self.title, words=self.words)
        return composer(ctx, self.broadcast, _("Written."))


@broadcasts.command("unword", _("Take it out"), allow=author, confirm=_("Take this language out?"))
def unword(ctx: Context, broadcast: Broadcast, language: str) -> Screen:
    """Whoever reads it gets the text in its own language instead."""
    texts.must_be_draft(broadcast)
    if language == broadcast.language:
        raise Refusal(_("The others are translations of this one. Change it instead."))
    its = BroadcastText.broadcast_id == broadcast.id, BroadcastText.edition == broadcast.edition
    ctx.session.execute(delete(BroadcastText).where(*its, BroadcastText.language == language))
    return composer(ctx, broadcast, _("Taken out."))


@broadcasts.form("attach", _("Attach files"), allow=author)
class Attach(Form):
    """In the place of those that were attached before."""

    sends = texts.KEEP

    broadcast: Broadcast = ask.about()
    files: tuple[int, ...] = FILES_

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        texts.must_be_draft(bound["broadcast"])

    def submit(self, ctx: Context) -> Screen:
        before = update(File).where(File.owner == ATTACHED, File.owner_id == self.broadcast.id)
        ctx.session.execute(before.values(owner=None, owner_id=None))
        _attach(ctx, self.broadcast, self.files)
        return composer(ctx, self.broadcast, _("Attached.") if self.files else _("Nothing is attached any more."))


def _attach(ctx: Context, broadcast: Broadcast, files: Iterable[int]) -> None:
    """One's own, that hang on nothing else yet."""
    mine = update(File).where(File.id.in_(list(files)), File.person_id == ctx.who.id, File.owner.is_(None))
    ctx.session.execute(mine.values(owner=ATTACHED, owner_id=broadcast.id))


# The draft as a whole


@broadcasts.command("compose", _("Go on writing"), allow=author)
def compose(ctx: Context, broadcast: Broadcast) -> Screen:
    """Everything that can still be changed of it."""
    texts.must_be_draft(broadcast)
    return composer(ctx, broadcast)


def composer(ctx: Context, broadcast: Broadcast, lead: Phrase | None = None) -> Screen:
    its: dict[str, Any] = {"broadcast": broadcast.id}
    written = texts.texts_of(ctx.session, broadcast)
    readers = readers_of(ctx, broadcast)
    missing = [each for each in readers if each not in written]
    body: list[Text] = [cards.title(ctx.session, broadcast, broadcast.language)]
    if missing:
        names = listed([texts.language_name(each) for each in missing])
        body.append(_("Not written yet, and read by some it is for: {languages}.", languages=names))
    several = len(terms.rights(ctx.who)) > 1
    return Screen(
        lead or _("A message to many"),
        tuple(body),
        facts=(*terms.facts(ctx, broadcast), Fact(_("Recipients"), voices.figure(broadcast, sum(readers.values())))),
        rows=tuple(
            _language_row(broadcast, each, written.get(each), readers.get(each, 0))
            for each in dict.fromkeys([broadcast.language, *written, *missing])
        ),
        buttons=(
            button(_("Preview"), "broadcasts.preview", style=Style.PRIMARY, **its),
            button(_("For whom it is"), "broadcasts.audience", **its),
            button(_("In another language"), "broadcasts.word", **its),
            *((button(_("By which right it goes"), "broadcasts.reach", **its),) if several else ()),
            button(_("What it asks, and when it goes"), "broadcasts.terms", **its, **terms.as_they_are(ctx, broadcast)),
            button(_("Attach files"), "broadcasts.attach", **its),
            cards.open_it(broadcast),
        ),
    )


def _language_row(broadcast: Broadcast, language: str, text: BroadcastText | None, readers: int) -> Row:
    its: dict[str, Any] = {"broadcast": broadcast.id, "language": language}
    count = (
        _("Fewer than five people read it")
        if voices.hides(broadcast, readers)
        else ngettext("{count} person reads it", "{count} people read it", readers)
    )
    if text is None:
        return Row(texts.language_name(language), count, (Button(_("Write it"), "broadcasts.word", its),))
    change = Button(_("Change it"), "broadcasts.word", its | {"title": text.title, "words": text.words})
    out = (Button(_("Take it out"), "broadcasts.unword", its),) if language != broadcast.language else ()
    detail = _("{title} · {readers}", title=Raw(text.title, language), readers=count)
    return Row(texts.language_name(language), detail, (change, *out))


def readers_of(ctx: Context, broadcast: Broadcast) -> dict[str, int]:
    """How many of whom it means read each language, the most first."""
    count = func.count()
    read = persons(broadcast, at=ctx.now).with_only_columns(Person.language, count).group_by(Person.language)
    found = ctx.session.execute(read.order_by(count.desc(), Person.language))
    return {row[0]: row[1] for row in found}


def _go_on(ctx: Context, broadcast: Broadcast) -> tuple[Button, ...]:
    if broadcast.standing is not Standing.DRAFT or broadcast.author_id != ctx.who.id:
        return ()
    return (button(_("Go on writing"), "broadcasts.compose", style=Style.PRIMARY, broadcast=broadcast.id),)


ON_BROADCAST.append(_go_on)


# To a second person


@broadcasts.command(
    "submit",
    _("Have it approved"),
    allow=author,
    confirm=_("Have somebody else look at it? Nothing can be changed then."),
)
def submit(ctx: Context, broadcast: Broadcast) -> Screen:
    """Whom it means now is frozen: where somebody comes or goes before it is approved, that is asked anew."""
    texts.must_be_draft(broadcast)
    check(ctx, broadcast)
    frozen, count = fingerprint(ctx.session, broadcast, at=ctx.now)
    voices.must_be_enough(broadcast, count)
    if not broadcast.submit(frozen=frozen, count=count, at=ctx.now):
        texts.must_be_draft(broadcast)
    ctx.session.flush()
    for note in WHEN_SUBMITTED:
        note(ctx, broadcast)
    lead = ngettext(
        "Submitted, for {count} person. Somebody else approves it before anything goes.",
        "Submitted, for {count} people. Somebody else approves it before anything goes.",
        count,
    )
    card = showing.card(ctx, broadcast)
    return Screen(card.heading, (lead, *card.body), facts=card.facts, buttons=card.buttons)


def check(ctx: Context, broadcast: Broadcast) -> None:
    """Raises Refusal for what cannot go as it is."""
    if broadcast.language not in texts.texts_of(ctx.session, broadcast):
        raise Refusal(_("It says nothing yet in {language}.", language=texts.language_name(broadcast.language)))
    if broadcast.send_at is not None and broadcast.send_at <= ctx.now:
        raise Refusal(_("The time at which it was to go is past: please choose another."))
    if broadcast.asks is Asks.REGISTER:
        symposium = ctx.session.get(Symposium, broadcast.symposium_id) if broadcast.symposium_id else None
        if symposium is None or symposium.state not in (SymposiumState.ANNOUNCED, SymposiumState.PUBLISHED):
            raise Refusal(_("Nobody can register for that symposium: please choose another."))
