"""The programme to look at: a day at a time in a chat, all of it on its own page, and what strangers may read of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.clean import clean_line
from bot.kit.context import Context
from bot.kit.screen import Button, NotFound, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, _
from db.audiences import Audience
from db.symposia import Block, Symposium, SymposiumState
from handlers.symposia import cards, times
from handlers.symposia.room import ON_SYMPOSIUM

from . import sheets, standing
from .room import ON_PROGRAMME, members, programmes, runs

PAGE = "symposia"  # `/symposia/S-3`
SCOPE = "symposium"  # of calendars
SHOWN = (SymposiumState.PUBLISHED, SymposiumState.CLOSED)
MOST = 10

# In a chat


@programmes.command("programme", _("Programme"), allow=members, menu=37)
def programme(ctx: Context, words: str = "") -> Screen:
    """The programme of the symposium that is meant, or of the next one; of several a list."""
    wanted = clean_line(words)
    named = Symposium.named(wanted) if wanted else None
    mine = [Symposium.visible_to(ctx.who)]
    if named is not None:
        mine.append(named)
    else:
        mine += [Symposium.state.in_(cards.AHEAD)]
        mine += [Symposium.programme > 0] if not ctx.who.is_staff else []
    found = ctx.session.scalars(
        select(Symposium).where(*mine).order_by(Symposium.first_day, Symposium.id).limit(MOST)
    ).all()
    found = [each for each in found if each.programme > 0 or each.is_run_by(ctx.who)]
    if len(found) == 1:
        return programme_screen(ctx, found[0])
    return Screen(
        _("Programmes"),
        (_("Of which symposium?") if found else _("None is out yet."),),
        rows=tuple(Row(cards.title(each), cards.line(each), (_look(each),)) for each in found),
        buttons=(button(_("Symposia"), "symposia.symposia"),),
    )


@programmes.command("show", _("Show the programme"), allow=members, reads=runs)
def show(ctx: Context, symposium: Symposium, day: int = 0) -> Screen:
    """One day of it."""
    return programme_screen(ctx, symposium, day=day)


def programme_screen(ctx: Context, symposium: Symposium, lead: Phrase | None = None, *, day: int = 0) -> Screen:
    """One day as it stands; to whoever runs it with what they can do next."""
    runs_it = symposium.is_run_by(ctx.who)
    if symposium.programme == 0 and not runs_it:
        return Screen(_("The programme is not out yet."), (cards.title(symposium),), buttons=(cards.back(symposium),))
    sheet = sheets.Sheet(ctx.session, symposium, with_people=True)
    days = sheet.days
    at = day if 0 <= day < len(days) else 0
    told, does = standing.standing(ctx, symposium) if runs_it else ((), ())
    return Screen(
        lead or _("Programme of {ref}", ref=Code(symposium.ref)),
        (cards.title(symposium), *told),
        pictures=(sheet.picture(days[at]),) if days and sheet.spots else (),
        buttons=(
            *sheets.turn_days("programmes.show", at, len(days), symposium=symposium.id),
            *does,
            *_as_one_who_comes(ctx, symposium),
            *(page_buttons(ctx, symposium) if sheet.spots else ()),
            button(_("Sessions"), "symposia.sessions", symposium=symposium.id),
            cards.back(symposium),
        ),
    )


def page_buttons(ctx: Context, symposium: Symposium) -> tuple[Button, ...]:
    """All of it on its own page, to print or to pass on; and in one's calendar, once it is out."""
    page = Button(_("As a page"), url=ctx.page(f"{PAGE}/{symposium.ref}"))
    about = {"scope": SCOPE, "about": str(symposium.id)}
    return (page, *((Button(_("In my calendar"), "calendars.subscribe", about),) if symposium.programme > 0 else ()))


def _as_one_who_comes(ctx: Context, symposium: Symposium) -> tuple[Button, ...]:
    return tuple(each for add in ON_PROGRAMME for each in add(ctx, symposium))


def _look(symposium: Symposium) -> Button:
    return button(_("Programme"), "programmes.show", style=Style.PRIMARY, symposium=symposium.id)


def on_symposium(ctx: Context, symposium: Symposium) -> tuple[Button, ...]:
    """Among what can be done with a symposium."""
    is_out = symposium.programme > 0 and symposium.state in SHOWN
    if not is_out and not (symposium.is_run_by(ctx.who) and symposium.state in cards.AHEAD):
        return ()
    return (button(_("Programme"), "programmes.show", symposium=symposium.id),)


ON_SYMPOSIUM.append(on_symposium)


# As a page


@programmes.command("whole", _("The whole programme"), allow=members)
def whole(ctx: Context, words: str) -> Screen:
    """All days, for the page: `/symposia/S-3`."""
    meant = Symposium.named(clean_line(words))
    symposium = (
        ctx.session.scalar(select(Symposium).where(meant, Symposium.visible_to(ctx.who))) if meant is not None else None
    )
    if symposium is None:
        raise NotFound()
    if symposium.programme == 0 and not symposium.is_run_by(ctx.who):
        return programme_screen(ctx, symposium)
    ctx.shows(symposium)
    shown = _all_days(ctx.session, symposium, with_people=True)
    more = button(_("Change the programme"), "programmes.show", symposium=symposium.id)
    return shown.with_buttons(
        *_as_one_who_comes(ctx, symposium),
        *((more,) if symposium.is_run_by(ctx.who) else ()),
        cards.back(symposium),
    )


@programmes.page(PAGE, shows="whole")
def for_everybody(session: Session, words: str, *, at: datetime) -> Screen | None:
    """What strangers read of a programme that is out, of a symposium for everybody: when, where and what; no names."""
    meant = Symposium.named(clean_line(words))
    symposium = session.scalar(select(Symposium).where(meant)) if meant is not None else None
    if symposium is None or not is_public(symposium):
        return None
    return _all_days(session, symposium, with_people=False)


def is_public(symposium: Symposium) -> bool:
    return symposium.programme > 0 and symposium.state in SHOWN and symposium.audience is Audience.MEMBERS


def _all_days(session: Session, symposium: Symposium, *, with_people: bool) -> Screen:
    sheet = sheets.Sheet(session, symposium, with_people=with_people)
    used = {block for block, _room in sheet.spots.values()}
    has = select(Block.starts_at).where(Block.id.in_(used))
    days = {times.day_of(symposium, each) for each in session.scalars(has)}
    return Screen(
        cards.title(symposium),
        (
            cards.days(symposium),
            *((Raw(symposium.venue, symposium.language),) if symposium.venue else ()),
            _("All times are on the clocks of {zone}.", zone=Code(symposium.zone)),
            *(() if days else (_("No session has a place yet."),)),
        ),
        pictures=tuple(sheet.picture(each) for each in sheet.days if each in days),
    )
