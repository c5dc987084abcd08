"""Whose voice is missing: parts of those a consultation is for of which nobody has taken part, told to its owners while
there is time, with an invitation to these that is ready to send."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.kit.clean import shorten
from bot.kit.context import Context, Told
from bot.kit.screen import Button, Fact, NotFound, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import LANGUAGES, Code, Phrase, Raw, Text, _, ngettext, phrase_of
from db.consultations import Consultation, Phase
from db.inclusion import INCLUDED, By, Segment, invited, silent_segments, to_invite
from db.people import Kind, Person, RoleName, Sector, Topic
from db.registrations import Stakeholder
from handlers.paging import PAGE, turn_pages

from . import cards, dates
from .room import ON_CONSULTATION, WHEN_MOVED, at_customs, consultations, owners

BEFORE = timedelta(days=5)  # the close, that morning; or half of the time it is open where that is shorter
TAKING_PART = (Phase.SHAPING, Phase.DRAFTING, Phase.COMMENTS)
LEAST = 5  # members of a part that whoever is no Customs officer is told of: it says who did not speak
AT_ONCE = 200  # persons invited in one turn
EXCERPT = 300
ALL = "all"


# The alert


def plan(ctx: Context, consultation: Consultation) -> None:
    """Once for each close: a close that was put off has an alert of its own."""
    closes = consultation.closes_at
    if closes is None or closes <= ctx.now or consultation.phase not in TAKING_PART:
        return
    _later(ctx, consultation, max(_morning(consultation, closes - BEFORE), ctx.now + (closes - ctx.now) / 2), closes)


def _morning(consultation: Consultation, at: datetime) -> datetime:
    """Of that day, where it is not earlier: what closes at midnight would be told at midnight, and read a day late."""
    day = at.astimezone(ZoneInfo(consultation.zone)).date()
    return min(at, dates.instant(day, dates.OPENS, consultation.zone))


def _later(ctx: Context, consultation: Consultation, at: datetime, closes: datetime) -> None:
    key = f"{consultation.ref}:silent:{closes.isoformat()}"
    ctx.later(at, "consultations.missing", key=key, consultation=consultation.id, closes=closes.isoformat())


WHEN_MOVED.append(plan)


@consultations.job("missing")
def missing(ctx: Context, consultation: Consultation, closes: str) -> None:
    """Tell the owners which parts are silent. If the close was put off meanwhile, that waits until it draws near."""
    closes_at = consultation.closes_at
    if closes_at is None or consultation.phase not in TAKING_PART or closes_at <= ctx.now:
        return
    if closes_at.isoformat() != closes:
        plan(ctx, consultation)
        return
    again = f"{consultation.ref}:still:{closes}"
    ctx.later(closes_at, "consultations.put_off", key=again, consultation=consultation.id, closes=closes)
    found = silent_segments(ctx.session, consultation, at=ctx.now)
    for person_id in at_customs(ctx, consultation, RoleName.LEAD):
        _alert(ctx, consultation, person_id, found, closes)
    if consultation.co_owner_id is not None:
        _alert(ctx, consultation, consultation.co_owner_id, _spoken_of(found), closes)


@consultations.job("put_off")
def put_off(ctx: Context, consultation: Consultation, closes: str) -> None:
    """Its last day as it was when the owners were told: if it goes on, they are told again before the new one."""
    if consultation.closes_at is not None and consultation.closes_at.isoformat() != closes:
        plan(ctx, consultation)


def _alert(ctx: Context, consultation: Consultation, to: int, found: Sequence[Segment], closes: str) -> None:
    if found:
        screen = _screen(ctx, consultation, found, 0)
        ctx.notify(to, screen, once=f"{consultation.ref}:silent:{closes}", until=consultation.closes_at)


def _spoken_of(found: Sequence[Segment]) -> list[Segment]:
    return [each for each in found if each.members >= LEAST]


def _seen(ctx: Context, consultation: Consultation) -> Sequence[Segment]:
    found = silent_segments(ctx.session, consultation, at=ctx.now)
    return found if consultation.is_run_by(ctx.who) else _spoken_of(found)


# As it is shown


@consultations.command("silent", _("Whose voice is missing"), allow=owners)
def silent(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    """The silent parts as they are now, each with an invitation."""
    return _screen(ctx, consultation, _seen(ctx, consultation), page)


def _screen(ctx: Context, consultation: Consultation, found: Sequence[Segment], page: int) -> Screen:
    closes, is_open = consultation.closes_at, _is_open(ctx, consultation)
    sent, opened = invited(ctx.session, consultation.id)
    some = ngettext(
        "Nobody has been heard yet of {count} part of those it is for.",
        "Nobody has been heard yet of {count} parts of those it is for.",
        len(found),
    )
    return Screen(
        _("Whose voice is missing"),
        (
            cards.title(consultation),
            some if found else _("Somebody has been heard of every part of those it is for."),
            *((_left(closes - ctx.now),) if closes is not None and is_open else ()),
            *((_("Whoever is invited reads:"), *_asks(consultation)) if found and is_open else ()),
        ),
        (
            Fact(_("Reference"), Code(consultation.ref)),
            *((Fact(_("Comments until"), cards.at(consultation, closes)),) if closes is not None else ()),
            *((Fact(_("Invited"), sent), Fact(_("Have opened it"), opened)) if sent else ()),
        ),
        rows=tuple(_row(consultation, each, is_open=is_open) for each in found[page * PAGE : (page + 1) * PAGE]),
        buttons=(
            *(_invite_all(consultation) if len(found) > 1 and is_open else ()),
            *turn_pages("consultations.silent", page, len(found), consultation=consultation.id),
            cards.open_it(consultation),
        ),
    )


def _left(time: timedelta) -> Phrase:
    """How long it is open still, in whole days."""
    if time < timedelta(days=1):
        return _("It closes within a day.")
    return ngettext("{count} day is left.", "{count} days are left.", time.days)


def _row(consultation: Consultation, each: Segment, *, is_open: bool) -> Row:
    said = ngettext(
        "{count} person is registered, and has not taken part.",
        "{count} people are registered, and none of them has taken part.",
        each.members,
    )
    more = {"consultation": consultation.id, "by": each.by.value, "value": each.value}
    invite = (button(_("Invite them"), "consultations.include", style=Style.PRIMARY, **more),) if is_open else ()
    return Row(name(each), said, invite)


def _invite_all(consultation: Consultation) -> tuple[Button, ...]:
    return (button(_("Invite them all"), "consultations.include", consultation=consultation.id, by=ALL),)


def name(each: Segment) -> Text:
    """What a part is called."""
    match each.by:
        case By.KIND:
            return phrase_of(Kind(each.value))
        case By.SIZE:
            return phrase_of(Stakeholder(each.value))
        case By.SECTOR:
            return phrase_of(Sector(each.value))
        case By.PORT:
            return Raw(each.value)
    return _("Readers of {language}", language=Raw(LANGUAGES.get(each.value, each.value), each.value))


def _is_open(ctx: Context, consultation: Consultation) -> bool:
    closes = consultation.closes_at
    return consultation.phase in TAKING_PART and (closes is None or closes > ctx.now)


# The invitation


@consultations.command("include", _("Invite them"), allow=owners, reads=owners)
def include(ctx: Context, consultation: Consultation, by: str = "", value: str = "") -> Screen:
    """Ask those of a silent part, or of all, to take part: once each, whichever parts they belong to."""
    if not _is_open(ctx, consultation):
        raise Refusal(_("It is closed: what comes now comes late."))
    asked = [each for each in _seen(ctx, consultation) if by == ALL or (each.by.value, each.value) == (by, value)]
    if not asked and by not in (ALL, *By):
        raise NotFound()
    if not asked:
        raise Refusal(_("Somebody of them has been heard meanwhile."))
    people: set[int] = set()
    for each in asked:
        people.update(ctx.session.scalars(to_invite(consultation, each.by, each.value, at=ctx.now)))
        _send_later(ctx, consultation, each.by.value, each.value, 0)
    lead = ngettext(
        "{count} person is being invited, at an hour that suits them.",
        "{count} people are being invited, each at an hour that suits them.",
        len(people),
    )
    return Screen(
        lead if people else _("All of them have been invited already."),
        (cards.title(consultation),),
        buttons=(
            button(_("Whose voice is missing"), "consultations.silent", consultation=consultation.id),
            cards.open_it(consultation),
        ),
    )


def _send_later(ctx: Context, consultation: Consultation, by: str, value: str, after: int) -> None:
    key = f"{consultation.ref}:include:{by}:{value}:{after}:{ctx.now.isoformat()}"
    ctx.later(ctx.now, "consultations.invite", key=key, consultation=consultation.id, by=by, value=value, after=after)


@consultations.job("invite")
def invite(ctx: Context, consultation: Consultation, by: str, value: str, after: int) -> None:
    """The next of them, by their number; then the rest in a turn of its own. Nobody twice, nor who has spoken since."""
    if not _is_open(ctx, consultation):
        return
    theirs = to_invite(consultation, By(by), value, at=ctx.now)
    people = ctx.session.scalars(theirs.where(Person.id > after).order_by(Person.id).limit(AT_ONCE)).all()
    screen = Screen(
        _("Customs would like to hear you."),
        (cards.title(consultation), *_asks(consultation)),
        (Fact(_("Reference"), Code(consultation.ref)),),
        buttons=(button(_("Take part"), "consultations.show", style=Style.PRIMARY, consultation=consultation.id),),
    )
    for person_id in people:
        ctx.notify(
            person_id,
            screen,
            once=f"{consultation.ref}:included",
            told=Told(INCLUDED, consultation.id),
            topic=Topic.EVENTS,
            until=consultation.closes_at,
        )
    if len(people) == AT_ONCE:
        _send_later(ctx, consultation, by, value, people[-1])


def _asks(consultation: Consultation) -> tuple[Quote | Phrase, ...]:
    closes = consultation.closes_at
    until = (_("You can say what you think until {when}.", when=cards.at(consultation, closes)),) if closes else ()
    return (
        Quote(Raw(shorten(consultation.summary, EXCERPT), consultation.language)),
        _("This concerns you, and few like you have been heard so far: what you say counts."),
        *until,
    )


def _on_consultation(ctx: Context, consultation: Consultation) -> tuple[Button, ...]:
    if not _is_open(ctx, consultation):
        return ()
    return (button(_("Whose voice is missing"), "consultations.silent", consultation=consultation.id),)


ON_CONSULTATION.append(_on_consultation)
