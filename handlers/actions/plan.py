"""The plan: one's own actions, the whole of a year as a picture and a table, and the rows behind every figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, or_, select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Bars, Button, Picture, Progress, Row, Screen, Style, Table, button
from bot.kit.text import Code, Phrase, Raw, Text, _, ngettext, phrase_of
from db import search
from db.actions import UNDER_WAY, Action, State
from db.people import Organisation
from handlers import opening
from handlers.paging import PAGE, turn_pages

from . import adopting, cards
from .room import actions

ORGANISATIONS = 8  # bars of a picture, besides that of them all
LATE = "late"
# What has been done first, what is left last.
SHOWN = (State.DONE, State.CLAIMED, State.IN_PROGRESS, State.ADOPTED, State.DISPUTED, State.DROPPED)
WAITING = 3

# Home asks it of everybody, every time: who speaks for whom is looked at only where there is any.
MINE = (
    select(Action.id)
    .where(
        or_(
            *(
                column == bindparam("person")
                for column in (
                    Action.customs_owner_id,
                    Action.business_owner_id,
                    Action.customs_next_id,
                    Action.business_next_id,
                )
            )
        ),
        Action.state.in_(UNDER_WAY),
    )
    .limit(1)
)


@actions.command("actions", _("Joint action plan"), allow=allow.members, menu=45)
def mine(ctx: Context, page: int = 0, words: str = "") -> Screen:
    """What I own and is under way, the first to be due first; by its reference the one that is meant."""
    if words and (meant := Action.named(words)) is not None:
        found = ctx.session.scalar(select(Action).where(meant, Action.visible_to(ctx.who)))
        if found is not None:
            ctx.shows(found)
            return cards.card(ctx, found)
    wanted = or_(Action.owned_by(ctx.who), Action.asked_of(ctx.who)), Action.under_way()
    total = ctx.session.scalar(select(func.count()).select_from(Action).where(*wanted)) or 0
    ordered = select(Action).where(*wanted).order_by(Action.due_day, Action.id)
    rows = tuple(_waiting_row(ctx, each) for each in ctx.session.scalars(ordered.offset(page * PAGE).limit(PAGE)))
    years = _years(ctx)
    return Screen(
        _("My actions"),
        (ngettext("{count} action of yours is under way.", "{count} actions of yours are under way.", total),)
        if total
        else (_("No action of yours is under way."),),
        rows=rows,
        buttons=(
            *turn_pages("actions.actions", page, total),
            *(button(_("The plan of {year}", year=Code(str(year))), "actions.plan", year=year) for year in years),
            button(_("Add an action"), "actions.propose"),
            button(_("Quarterly reports"), "actions.reports"),
            button(_("Find an action"), "actions.find"),
        ),
    )


@actions.offer
def offers(ctx: Context, words: str) -> Sequence[Button]:
    """Open what a reference names."""
    return opening.offer(ctx, words, Action, "actions.show")


@actions.command("plan", _("The whole plan"), allow=allow.members)
def plan(ctx: Context, year: int = 0) -> Screen:
    """How far a year's plan has come: a picture, a table, and a button to the rows of each figure."""
    year = year or ctx.now.astimezone(ZoneInfo(ctx.who.zone)).year
    here = Action.visible_to(ctx.who), Action.plan_year == year
    counted = select(Action.state, Action.business_organisation_id, func.count()).where(*here)
    counts = Counter[tuple[State, int]]()
    for state, organisation, count in ctx.session.execute(
        counted.group_by(Action.state, Action.business_organisation_id)
    ):
        counts[state, organisation] = count
    late = ctx.session.scalar(select(func.count()).select_from(Action).where(*here, *_late(ctx))) or 0
    of = {state: sum(count for (each, _org), count in counts.items() if each is state) for state in State}
    total = sum(of.values()) - of[State.PROPOSED] - of[State.DROPPED]
    if not sum(of.values()):
        return Screen(
            _("Joint action plan of {year}", year=Code(str(year))),
            (_("There is nothing in it that you may see."),),
            buttons=(button(_("My actions"), "actions.actions"),),
        )
    return Screen(
        _("Joint action plan of {year}", year=Code(str(year))),
        (Progress(of[State.DONE], total, _("Done, confirmed by both owners")),),
        table=Table(
            _("How far the actions are"),
            (_("State"), _("Actions")),
            (
                *((state, of[state]) for state in State if of[state]),
                *(((_("Past its date"), late),) if late else ()),
            ),
        ),
        buttons=(
            *(_rows_button(state, of[state], year) for state in State if of[state]),
            *((_rows_button(LATE, late, year),) if late else ()),
            button(_("My actions"), "actions.actions"),
        ),
        pictures=(picture(ctx, year, counts),) if any(of[state] for state in SHOWN) else (),
    )


def picture(ctx: Context, year: int, counts: Counter[tuple[State, int]]) -> Picture:
    """Stacked bars of the states: of all actions, and of each organisation that owns any."""
    weights = Counter[int]()
    for (state, organisation), count in counts.items():
        weights[organisation] += count if state in SHOWN else 0
    chosen = [key for key, weight in weights.most_common(ORGANISATIONS) if weight]
    named = ctx.session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(chosen)))
    names: dict[int, str] = {row.id: row.name for row in named}
    everything: tuple[Text, tuple[int, ...]] = (
        _("All actions"),
        tuple(sum(count for (each, _org), count in counts.items() if each is state) for state in SHOWN),
    )
    return Picture(
        _("Joint action plan of {year}", year=Code(str(year))),
        Bars(
            tuple(phrase_of(state) for state in SHOWN),
            (everything, *((Raw(names[key]), tuple(counts[state, key] for state in SHOWN)) for key in chosen)),
        ),
    )


@actions.command("listed", _("Actions"), allow=allow.members)
def listed(ctx: Context, year: int, what: str, page: int = 0) -> Screen:
    """The actions of a year in one state, or past their date."""
    wanted = [Action.visible_to(ctx.who), Action.plan_year == year]
    if what == LATE:
        wanted += _late(ctx)
    elif what in set(State):
        wanted.append(Action.state == State(what))
    title = _("Past its date") if what == LATE else phrase_of(State(what)) if what in set(State) else _("Actions")
    return rows_of(ctx, title, wanted, page, "actions.listed", year=year, what=what)


def rows_of(ctx: Context, title: Phrase, wanted: Sequence[Any], page: int, command: str, **args: Any) -> Screen:
    """A page of exactly the actions that are `wanted`, their number above them."""
    total = ctx.session.scalar(select(func.count()).select_from(Action).where(*wanted)) or 0
    ordered = select(Action).where(*wanted).order_by(Action.due_day, Action.id).offset(page * PAGE).limit(PAGE)
    return Screen(
        title,
        (ngettext("{count} action", "{count} actions", total),),
        rows=tuple(cards.row(each, ctx) for each in ctx.session.scalars(ordered)),
        buttons=(*turn_pages(command, page, total, **args), button(_("My actions"), "actions.actions")),
    )


@actions.form("find", _("Find an action"), allow=allow.members)
class Find(Form):
    """By its reference, or by any words in any language."""

    review = False
    words: str = ask.line(_("A reference such as A-7, or a few words?"), max=200)

    def submit(self, ctx: Context) -> Screen:
        seen, meant = Action.visible_to(ctx.who), Action.named(self.words)
        if meant is not None:
            found = list(ctx.session.scalars(select(Action).where(meant, seen)))
        else:
            among = select(Action.id).where(seen)
            ids = search.find(ctx.session, adopting.ACTION, self.words, among=among, limit=PAGE)
            by_id = {each.id: each for each in ctx.session.scalars(select(Action).where(Action.id.in_(ids), seen))}
            found = [by_id[each] for each in ids if each in by_id]
        if len(found) == 1:
            ctx.shows(found[0])
            return cards.card(ctx, found[0])
        none = _("Nothing of what you may see is about that. Try fewer words, or words in another language.")
        return Screen(
            _("Found for “{words}”", words=Raw(self.words)),
            () if found else (none,),
            rows=tuple(cards.row(each, ctx) for each in found),
            buttons=(button(_("Find something else"), "actions.find"),),
        )


def waiting(ctx: Context) -> tuple[Row, ...]:
    """What waits for somebody in the plan: to be owned, taken over, confirmed; what is past its date."""
    if ctx.session.scalar(MINE, {"person": ctx.who.id}) is None:
        return ()
    own = ctx.session.scalars(
        select(Action)
        .where(or_(Action.owned_by(ctx.who), Action.asked_of(ctx.who)), Action.under_way())
        .order_by(Action.due_day, Action.id)
    )
    rows = [_waiting_row(ctx, each) for each in own if _waits(ctx, each)]
    return tuple(rows[:WAITING])


def _waits(ctx: Context, action: Action) -> bool:
    side = action.side_of(ctx.who)
    if side is None:
        return True
    is_asked = action.state is State.CLAIMED and action.claimed_by is side.other
    return is_asked or not action.has_agreed(side) or (action.is_late(ctx.now) and action.claimed_by is not side)


def _waiting_row(ctx: Context, action: Action) -> Row:
    """An action of one's own with what it asks for, where it asks for something."""
    side = action.side_of(ctx.who)
    do: tuple[Button, ...] = ()
    detail = cards.line(action, ctx)
    if side is None:
        detail = _("{ref} · you are asked to take it over", ref=Code(action.ref))
        do = (button(_("Take it over"), "actions.take_over", style=Style.PRIMARY, action=action.id),)
    elif not action.has_agreed(side):
        detail = _("{ref} · you are asked to own it", ref=Code(action.ref))
        do = (button(_("I own it"), "actions.own", style=Style.PRIMARY, action=action.id),)
    elif action.state is State.CLAIMED and action.claimed_by is side.other:
        detail = _("{ref} · the other owner says that it is done", ref=Code(action.ref))
        do = (button(_("Confirm"), "actions.confirm", style=Style.PRIMARY, action=action.id),)
    open_ = button(_("Open"), "actions.show", action=action.id)
    return Row(Raw(action.title, action.language), detail, (*do, open_))


def _late(ctx: Context) -> tuple[Any, ...]:
    return Action.under_way(), Action.due_at <= ctx.now


def _rows_button(what: str, count: int, year: int) -> Button:
    name = phrase_of(what) if isinstance(what, State) else _("Past its date")
    return button(_("{what}: {count}", what=name, count=count), "actions.listed", year=year, what=str(what))


def _years(ctx: Context) -> Sequence[int]:
    """The years in whose plans somebody sees anything, the latest first; at most three."""
    seen = select(Action.plan_year).where(Action.visible_to(ctx.who)).distinct()
    return ctx.session.scalars(seen.order_by(Action.plan_year.desc()).limit(3)).all()
