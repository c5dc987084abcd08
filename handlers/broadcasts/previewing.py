"""Before anything is sent: whom it reaches through which door and in which language, whom it does not and why, and how
it looks. The numbers come from statements whose answers are small, however many people it is for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import aliased

from bot.kit.context import Context
from bot.kit.screen import Button, Fact, NotFound, Quote, Refusal, Row, Screen, Style, Table, button, map_buttons
from bot.kit.text import Phrase, Raw, Text, When, _, listed, ngettext
from db.audiences import people_of
from db.broadcasts import Asks, Broadcast, Reply, Standing, does_without, door_of, persons
from db.broadcasts.copies import Habit, habit_of
from db.people import WEB, Account, Person
from db.symposia import Symposium
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called

from . import cards, reasons, terms, texts, voices
from .hours import suits
from .room import author, broadcasts, senders

PLATFORMS: Mapping[str, Phrase | Raw] = {
    "slack": Raw("Slack"),
    "telegram": Raw("Telegram"),
    "email": _("E-mail"),
    WEB: _("The page"),
}
NO_DOOR = "no_door"


@dataclass
class Numbers:
    """Whom a broadcast reaches, counted. `doors` is by door and the language its copy is in."""

    total: int = 0
    doors: Counter[tuple[str, str]] = field(default_factory=Counter)
    fallback: Counter[str] = field(default_factory=Counter)  # by the language that they read and it does not have
    without: int = 0  # who do without broadcasts
    unreachable: Counter[str] = field(default_factory=Counter)  # by reason
    waiting: int = 0
    last: datetime | None = None  # when it suits the last of those who wait
    outside: int = 0  # for whom the symposium it asks to register for is not

    @property
    def reached(self) -> int:
        return self.doors.total()


def numbers(ctx: Context, broadcast: Broadcast) -> Numbers:
    """Counted now."""
    written = texts.texts_of(ctx.session, broadcast)
    starts = max(broadcast.send_at or ctx.now, ctx.now)
    found = Numbers()
    for group in _groups(ctx, broadcast):
        found.total += group.count
        if group.is_without and not broadcast.is_urgent:
            found.without += group.count
            continue
        if group.platform is None:
            found.unreachable[group.reason] += group.count
            continue
        language = group.language if group.language in written else broadcast.language
        found.doors[group.platform, language] += group.count
        if group.language not in written:
            found.fallback[group.language] += group.count
        if broadcast.is_urgent:
            continue
        suitable = suits(starts, Habit(group.zone, group.country, group.quiet_from, group.quiet_to, group.delivery))
        if suitable > starts:
            found.waiting += group.count
            found.last = max(found.last or suitable, suitable)
    if broadcast.asks is Asks.REGISTER and broadcast.symposium_id is not None:
        symposium = ctx.session.get_one(Symposium, broadcast.symposium_id)
        others = persons(broadcast, at=ctx.now).with_only_columns(func.count()).where(~people_of(symposium))
        found.outside = ctx.session.scalar(others) or 0
    return found


def _groups(ctx: Context, broadcast: Broadcast) -> Iterable[Any]:
    """Those it means, by all that decides how and when their copy goes, or why it does not.

    Each step is worked out once for each person: left to itself SQLite asks for the door again wherever it is named.
    """
    each = (
        persons(broadcast, at=ctx.now)
        .add_columns(
            Person.language,
            *habit_of(broadcast, at=ctx.now),
            does_without().label("is_without"),
            door_of(ctx.doors).label("door"),
        )
        .cte("each")
        .prefix_with("MATERIALIZED")
    )
    why = case((each.c.door.is_(None), _reason(each.c.id))).label("reason")
    told = select(each, Account.platform, why).outerjoin(Account, Account.id == each.c.door)
    alike = told.cte("told").prefix_with("MATERIALIZED")
    columns = [column for column in alike.c if column.name not in ("id", "door")]
    return ctx.session.execute(select(func.count().label("count"), *columns).group_by(*columns))


def _without_door(ctx: Context, broadcast: Broadcast) -> Any:
    """Those it means whom no door reaches; whoever does without is not missed."""
    out = persons(broadcast, at=ctx.now).where(door_of(ctx.doors).is_(None))
    return out if broadcast.is_urgent else out.where(~does_without())


def _reason(person_id: Any) -> Any:
    """What the door they used last has said of them."""
    account = aliased(Account)
    theirs = account.person_id == person_id, account.unreachable_since.is_not(None)
    last = select(account.unreachable_reason).where(*theirs).order_by(account.used_at.desc()).limit(1)
    return func.coalesce(last.scalar_subquery(), NO_DOOR)


# The screens


@broadcasts.command("preview", _("Preview"), allow=senders)
def preview(ctx: Context, broadcast: Broadcast) -> Screen:
    """Whom it reaches, and whom it does not, before anything is sent."""
    its: dict[str, Any] = {"broadcast": broadcast.id}
    found = numbers(ctx, broadcast)
    is_draft = author(ctx.who, broadcast) and broadcast.standing is Standing.DRAFT
    return Screen(
        _("Before it is sent"),
        (cards.title(ctx.session, broadcast, broadcast.language), *_remarks(broadcast, found)),
        facts=(
            *terms.facts(ctx, broadcast),
            Fact(_("Recipients"), voices.figure(broadcast, found.total)),
            Fact(_("Reached"), voices.figure(broadcast, found.reached)),
            Fact(_("Not reached"), voices.figure(broadcast, found.unreachable.total())),
        ),
        rows=tuple(_look_row(broadcast, each) for each in texts.texts_of(ctx.session, broadcast)),
        table=_table(broadcast, found),
        buttons=(
            *((button(_("Have it approved"), "broadcasts.submit", style=Style.PRIMARY, **its),) if is_draft else ()),
            *((button(_("Who is not reached"), "broadcasts.unreached", **its),) if found.unreachable else ()),
            *((button(_("Go on writing"), "broadcasts.compose", **its),) if is_draft else ()),
            cards.open_it(broadcast),
        ),
    )


def _look_row(broadcast: Broadcast, language: str) -> Row:
    look = button(_("How it looks"), "broadcasts.rendering", broadcast=broadcast.id, language=language)
    return Row(texts.language_name(language), None, (look,))


def _table(broadcast: Broadcast, found: Numbers) -> Table | None:
    if not found.doors:
        return None
    languages = sorted({language for _door, language in found.doors})
    doors = sorted({door for door, _language in found.doors})
    return Table(
        _("How many people, by door and language"),
        (_("Door"), *(_("{language}", language=texts.language_name(each)) for each in languages)),
        tuple(
            (door_name(door), *(voices.figure(broadcast, found.doors[door, each]) for each in languages))
            for door in doors
        ),
    )


def door_name(door: str) -> Phrase | Raw:
    return PLATFORMS.get(door, Raw(door))


def _remarks(broadcast: Broadcast, found: Numbers) -> Iterable[Text]:
    if voices.is_about_voices(broadcast):
        yield voices.UNTOLD_FIGURES
    for language, count in found.fallback.most_common():
        if voices.hides(broadcast, count):
            continue
        yield ngettext(
            "{count} person reads {language}, in which nothing is written, and gets it in {instead}.",
            "{count} people read {language}, in which nothing is written, and get it in {instead}.",
            count,
            language=texts.language_name(language),
            instead=texts.language_name(broadcast.language),
        )
    if found.without and not voices.hides(broadcast, found.without):
        yield ngettext(
            "{count} person does without broadcasts that are not urgent, and is not sent it.",
            "{count} people do without broadcasts that are not urgent, and are not sent it.",
            found.without,
        )
    if found.waiting and found.last is not None and not voices.hides(broadcast, found.waiting):
        yield ngettext(
            "For {count} person it waits for their working hours, until {when} at the latest.",
            "For {count} people it waits for their working hours, until {when} at the latest.",
            found.waiting,
            when=When(found.last),
        )
    if found.outside and not voices.hides(broadcast, found.outside):
        yield ngettext(
            "The symposium is not for {count} person of them: they cannot register.",
            "The symposium is not for {count} people of them: they cannot register.",
            found.outside,
        )


@broadcasts.command("unreached", _("Who is not reached"), allow=senders, reads=senders)
def unreached(ctx: Context, broadcast: Broadcast, page: int = 0) -> Screen:
    """Why, how many, and what to do; with the names of those of one's own administration.

    Where people are chosen by a consultation nobody is named: what somebody voted or said there is theirs.
    """
    found = numbers(ctx, broadcast).unreachable
    names, total = ((), 0) if voices.is_about_voices(broadcast) else _named(ctx, broadcast, page)
    why = tuple(
        Row(
            _("{count} · {why}", count=voices.figure(broadcast, count), why=reasons.why(reason)),
            reasons.repair(reason),
        )
        for reason, count in found.most_common()
    )
    body: tuple[Text, ...] = (cards.title(ctx.session, broadcast, broadcast.language),)
    if not found:
        body += (_("Everybody it is for can be reached."),)
    elif voices.is_about_voices(broadcast):
        body += (voices.UNTOLD,)
    elif total < found.total():
        body += (_("Those of other administrations are counted, not named."),)
    return Screen(
        _("Who is not reached"),
        body,
        rows=(*(why if page == 0 else ()), *names),
        buttons=(
            *turn_pages("broadcasts.unreached", page, total, broadcast=broadcast.id),
            button(_("Preview"), "broadcasts.preview", broadcast=broadcast.id),
        ),
    )


def _named(ctx: Context, broadcast: Broadcast, page: int) -> tuple[tuple[Row, ...], int]:
    ours = _without_door(ctx, broadcast).where(Person.visible_to(ctx.who))
    total = ctx.session.scalar(ours.with_only_columns(func.count())) or 0
    shown = ours.add_columns(_reason(Person.id).label("reason")).order_by(Person.name, Person.id)
    found = ctx.session.execute(shown.limit(PAGE).offset(page * PAGE)).all()
    names = called(ctx.session, {each.id for each in found})
    return tuple(Row(names[each.id], reasons.why(each.reason)) for each in found), total


# How it looks


@broadcasts.command("rendering", _("How it looks"), allow=senders)
def rendering(ctx: Context, broadcast: Broadcast, language: str, edition: int = 0) -> Screen:
    """What the reader of one language is shown at each door, and what does not fit there; of a correction that waits,
    by the number of its edition."""
    screen = _copy(ctx, broadcast, language, edition)
    its: dict[str, Any] = {"broadcast": broadcast.id, "language": language, "edition": edition}
    body: list[Text | Quote] = [cards.title(ctx.session, broadcast, language)]
    for door, messages in _sketches(ctx, screen, language).items():
        if len(messages) > 1:
            body.append(
                ngettext(
                    "{door} takes no message as long as this: it comes as {count} message.",
                    "{door} takes no message as long as this: it comes as {count} messages, one below the other.",
                    len(messages),
                    door=door_name(door),
                )
            )
        for number, each in enumerate(messages, 1):
            label = (
                _("{door}, {number} of {count}", door=door_name(door), number=number, count=len(messages))
                if len(messages) > 1
                else _("{door}", door=door_name(door))
            )
            body.append(Quote(Raw(each, language), label=label))
    return Screen(
        _("How it looks: {language}", language=texts.language_name(language)),
        tuple(body),
        buttons=(
            button(_("Send me a test copy"), "broadcasts.test", style=Style.PRIMARY, **its),
            _back(broadcast, edition),
        ),
    )


def _back(broadcast: Broadcast, edition: int) -> Button:
    if edition > broadcast.edition:
        return button(_("The correction"), "broadcasts.correction", broadcast=broadcast.id)
    return button(_("Preview"), "broadcasts.preview", broadcast=broadcast.id)


def _copy(ctx: Context, broadcast: Broadcast, language: str, edition: int) -> Screen:
    text = texts.texts_of(ctx.session, broadcast, edition=edition or None).get(language)
    if text is None:
        raise NotFound()
    return texts.copy_screen(ctx.session, broadcast, text)


def _sketches(ctx: Context, screen: Screen, language: str) -> Mapping[str, Sequence[str]]:
    """The messages of each door, and the page."""
    say = ctx.words(language, ctx.who.zone)
    paragraphs = [
        say(screen.heading),
        *(say(each) for each in screen.body if isinstance(each, Phrase | Raw)),
        "\n".join(f"{say(each.label)}: {say(each.value)}" for each in screen.facts),
        *([say(listed([Raw(each.name) for each in screen.files]))] if screen.files else ()),
        " ".join(f"[{say(each.label)}]" for each in screen.buttons),
    ]
    page = "\n\n".join(each for each in paragraphs if each)
    return {**ctx.sketches(screen, language=language, zone=ctx.who.zone), WEB: (page,)}


@broadcasts.command("test", _("Send me a test copy"), allow=senders)
def test(ctx: Context, broadcast: Broadcast, language: str, edition: int = 0) -> Screen:  # noqa: PT028  a command
    """To each of one's own doors, exactly as its reader gets it; its buttons say what they would do."""
    screen = _copy(ctx, broadcast, language, edition)
    tried: Screen = map_buttons(screen, lambda each: _tried(broadcast, each))
    mine = Account.person_id == ctx.who.id, Account.unreachable_since.is_(None), Account.platform.in_(list(ctx.doors))
    doors = ctx.session.scalars(select(Account).where(*mine).order_by(Account.id)).all()
    for each in doors:
        once = f"{broadcast.ref}:test:{edition}:{language}:{each.id}:{ctx.now.isoformat()}"
        ctx.test_copy(each, tried, language=language, once=once)
    if not doors:
        raise Refusal(_("You have no door that a message goes through."))
    sent = listed([door_name(each.platform) for each in doors])
    return Screen(
        _("A test copy is on its way to you."),
        (cards.title(ctx.session, broadcast, language), _("Through: {doors}", doors=sent)),
        buttons=(
            button(
                _("How it looks"), "broadcasts.rendering", broadcast=broadcast.id, language=language, edition=edition
            ),
            _back(broadcast, edition),
        ),
    )


def _tried(broadcast: Broadcast, pressed: Button) -> Button:
    reply = str(pressed.args.get("reply", ""))
    args: dict[str, Any] = {"broadcast": broadcast.id, "reply": reply}
    return Button(pressed.label, "broadcasts.tried", args, pressed.style)


@broadcasts.command("tried", _("Tried"), allow=senders)
def tried(ctx: Context, broadcast: Broadcast, reply: str = "") -> Screen:
    """A button of a test copy was pressed: nothing is noted."""
    known = next((each for each in Reply if each.value == reply), None)
    said = (_("It would be noted as: {reply}.", reply=known),) if known is not None else ()
    return Screen(
        _("This was a test copy: the button works, and nothing was noted."),
        said,
        buttons=(cards.open_it(broadcast),),
    )
