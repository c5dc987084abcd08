"""Handing over to the next office: named, looked at line by line, accepted by its head, and done in one turn."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Fact, Refusal, Row, Screen, Style, button
from bot.kit.text import Phrase, Raw, Text, _, ngettext, phrase_of
from db.people import Person, Role, RoleName, is_only_guest
from db.regions import Office, Successor, Takes, Term
from handlers.handing import MOVES, Held, Leaving
from handlers.paging import turn_pages
from handlers.people import called
from handlers.people.roles import likely_ends, person_choices
from handlers.people.zones import last_day

from . import attending, looking
from . import office as offices
from .room import country, leaders, next_head, region_name, regions, reviewers, sitting

LINES = 10  # of one kind on one page


@dataclass(frozen=True)
class Move:
    """One thing on its way from one person to another."""

    title: Phrase
    held: Held
    leaving_id: int
    to_id: int


def take_choices(ctx: Context, query: str) -> Sequence[Option]:
    return [Option(each.value, phrase_of(each)) for each in Takes]


@regions.form("hand_over", _("Hand over to the next office"), allow=leaders)
class HandOver(Form):
    """The next office is named. Nothing moves before its head has looked at what will, and accepted."""

    office: Office = ask.about()
    country: str = ask.pick(
        _("Which member has the next office?"), hint=_("Type the country."), options=offices.country_choices
    )
    head: str = ask.pick(_("Who will be its Vice-Chair?"), hint=_("Type the name."), options=person_choices)
    takes: Takes = ask.choice(_("What passes on?"), options=take_choices)
    last_day: date = ask.date(_("Until which day will it be in office?"), options=likely_ends)

    def submit(self, ctx: Context) -> Screen:
        offices.must_sit(self.office)
        offices.must_be_member(self.office.region, self.country)
        if sitting(ctx, self.office.region, term=Term.NAMED) is not None:
            raise Refusal(_("The next office is named already. Take that back first."))
        head = offices.somebody(ctx, self.head, field="head")
        coming = Office(
            administration_id=self.office.administration_id,
            region=self.office.region,
            country=self.country,
            head_id=head.id,
            term=Term.NAMED,
            takes=self.takes,
            named_by_id=ctx.who.id,
            named_at=ctx.now,
            until=offices.end_of(ctx, self.last_day),
        )
        ctx.session.add(coming)
        ctx.session.flush()
        if head.id != ctx.who.id:
            told = Screen(
                _("The Vice-Chair's office of {region} is to be yours.", region=region_name(coming.region)),
                (_("Look at what is handed over to you, and accept it. Until then nothing changes."),),
                buttons=(
                    button(_("See what is handed over"), "regions.review", office=coming.id, style=Style.PRIMARY),
                ),
            )
            ctx.notify(head, told, once=f"office:{coming.id}:named")
        return _overview(ctx, coming, what_moves(ctx, coming), None)


@regions.command("review", _("See what is handed over"), allow=reviewers, reads=reviewers)
def review(ctx: Context, office: Office, kind: int = -1, page: int = 0) -> Screen:
    """Exactly what will move, counted by kind; each kind line by line. Its head accepts what is shown here."""
    if office.term is not Term.NAMED:
        return looking.card(ctx, office.region)
    found = what_moves(ctx, office)
    if 0 <= kind < len(MOVES):
        return _lines(ctx, office, [each for each in found if each.title is MOVES[kind][0]], kind, page)
    return _overview(ctx, office, found, None)


@regions.form("succeed", _("Somebody else takes over from one of us"), allow=leaders)
class Succeed(Form):
    """Each who leaves hands over to the next head, or to somebody named here; a Vice-Chair always to the head."""

    office: Office = ask.about()
    leaving: str = ask.pick(_("Who leaves?"), hint=_("Type the name."), options=person_choices)
    successor: str = ask.pick(_("Who takes over from them?"), hint=_("Type the name."), options=person_choices)

    def submit(self, ctx: Context) -> Screen:
        if self.office.term is not Term.NAMED:
            raise Refusal(_("This office has taken over already."))
        leaving_id = int(self.leaving)
        if leaving_id not in leavers(ctx, self.office):
            raise Refusal(_("This person has no post in the office that leaves."), field="leaving")
        successor = offices.somebody(ctx, self.successor, field="successor")
        mine = Successor.office_id == self.office.id, Successor.person_id == leaving_id
        row = ctx.session.scalar(select(Successor).where(*mine))
        if row is None:
            row = Successor(office_id=self.office.id, person_id=leaving_id, successor_id=successor.id)
            ctx.session.add(row)
        row.successor_id = successor.id
        ctx.session.flush()
        return _overview(ctx, self.office, what_moves(ctx, self.office), None)


@regions.command("accept", _("Accept and take over"), allow=next_head)
def accept(ctx: Context, office: Office, seen: str) -> Screen:
    """Everything that was shown passes on, at once or not at all. What has changed since is shown and asked again."""
    before = sitting(ctx, office.region)
    if office.term is not Term.NAMED or before is None:
        raise Refusal(_("This office has taken over already."))
    found = what_moves(ctx, office)
    if seen != digest(office, found):
        return _overview(ctx, office, found, _("This has changed since you looked. Please look again."))
    _must_be_able(ctx, {each.to_id for each in found} | {office.head_id})
    leaving, previous = leavers(ctx, office), before.head_id
    before.leave(at=ctx.now)
    ctx.session.flush()  # one sits at a time
    office.sit(at=ctx.now)
    ctx.session.flush()
    for move in found:
        move.held.let_go(ctx)
    ctx.session.flush()
    for move in found:
        move.held.give(ctx, move.to_id, office.until)
    head = ctx.session.get_one(Person, office.head_id)
    offices.give_post(ctx, head, RoleName.VICE_CHAIR, office.region, office.until)
    ctx.forget(f"office:{before.id}:ending")
    offices.remind_of_the_end(ctx, office)
    attending.followed(ctx, before, office)
    _tell(ctx, office, found, leaving | {previous})
    return looking.card(ctx, office.region)


@regions.command(
    "decline", _("Do not take over"), allow=reviewers, confirm=_("Take this back? Nothing has moved, and nothing will.")
)
def decline(ctx: Context, office: Office) -> Screen:
    """By its head, or by the office that named it."""
    if office.drop(at=ctx.now):
        told = Screen(
            _("The handing over in {region} was taken back. Nothing has moved.", region=region_name(office.region)),
            buttons=(button(_("My region"), "regions.region", code=office.region),),
        )
        for person_id in {office.head_id, office.named_by_id} - {ctx.who.id, None}:
            ctx.notify(int(person_id or 0), told, once=f"office:{office.id}:dropped")
    ctx.session.flush()
    return looking.card(ctx, office.region)


# What moves, and to whom


def leavers(ctx: Context, office: Office) -> set[int]:
    """Everybody with a post in the office that sits."""
    return {each.person_id for each in _posts(ctx, office)}


def _posts(ctx: Context, office: Office) -> list[Role]:
    """The posts of the office that sits; of one whose term is over also those that ran out with it: what their holders
    have still passes on, however late the next office accepts it."""
    posts, before = looking.roster(ctx, office.region), sitting(ctx, office.region)
    if before is None or before.until > ctx.now:
        return posts
    last = looking.roster(ctx, office.region, at=before.until - timedelta(seconds=1))
    return [*posts, *(each for each in last if each not in posts)]


def what_moves(ctx: Context, office: Office) -> list[Move]:
    """Everything that passes to `office`, in the order it is given."""
    named = {
        row.person_id: row.successor_id
        for row in ctx.session.scalars(select(Successor).where(Successor.office_id == office.id))
    }
    posts = _posts(ctx, office)
    chairs = {each.person_id for each in posts if each.name is RoleName.VICE_CHAIR}
    everything = office.takes is Takes.EVERYTHING
    return [
        Move(title, held, person_id, office.head_id if person_id in chairs else named.get(person_id, office.head_id))
        for title, find in MOVES
        for person_id in sorted({each.person_id for each in posts})
        for held in find(ctx, Leaving(person_id, office.region, everything))
    ]


def digest(office: Office, found: Sequence[Move]) -> str:
    """What somebody looked at, to be held against what there is when they accept."""
    lines = [f"{office.id}:{office.head_id}:{office.country}:{office.until.isoformat()}"]
    lines += [f"{each.held.key}>{each.leaving_id}>{each.to_id}" for each in found]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def _must_be_able(ctx: Context, people: set[int]) -> None:
    for person in ctx.session.scalars(select(Person).where(Person.id.in_(people)).order_by(Person.id)):
        gone = person.erased_at is not None or person.registered_at is None or person.merged_into_id is not None
        if gone or is_only_guest(ctx.session, person.id):
            raise Refusal(_("{name} can hold no post here. Name somebody else first.", name=Raw(person.name)))


def _overview(ctx: Context, office: Office, found: Sequence[Move], lead: Phrase | None) -> Screen:
    takes_over = {each.leaving_id: each.to_id for each in found}
    names = called(ctx.session, {*takes_over, *takes_over.values(), office.head_id})
    kinds = [(number, [each for each in found if each.title is title]) for number, (title, _find) in enumerate(MOVES)]
    rows = [
        Row(
            MOVES[number][0],
            ngettext("{count} passes on", "{count} pass on", len(those)),
            (button(_("Line by line"), "regions.review", office=office.id, kind=number),),
        )
        for number, those in kinds
        if those
    ]
    rows += [
        Row(names[leaving], _("hands over to {name}", name=names[to])) for leaving, to in sorted(takes_over.items())
    ]
    body: tuple[Text, ...] = (
        _("Nothing has moved yet. When the head of the next office accepts, all of it passes on at once."),
    )
    return Screen(
        _("Handing over the office of {region}", region=region_name(office.region)),
        (lead, *body) if lead is not None else body,
        facts=(
            Fact(_("Next office"), country(office.country)),
            Fact(_("Vice-Chair"), names[office.head_id]),
            Fact(_("Until"), last_day(ctx, office.until)),
            Fact(_("What passes on"), office.takes),
        ),
        rows=tuple(rows),
        buttons=(
            button(
                _("Accept and take over"),
                "regions.accept",
                style=Style.PRIMARY,
                office=office.id,
                seen=digest(office, found),
            ),
            button(_("Somebody else takes over from one of us"), "regions.succeed", office=office.id),
            button(_("Do not take over"), "regions.decline", style=Style.DANGER, office=office.id),
            button(_("Back"), "regions.region", code=office.region),
        ),
    )


def _lines(ctx: Context, office: Office, those: Sequence[Move], kind: int, page: int) -> Screen:
    shown = those[page * LINES : (page + 1) * LINES]
    names = called(ctx.session, {person for each in shown for person in (each.leaving_id, each.to_id)})
    rows = tuple(
        Row(each.held.shown, _("{one} → {other}", one=names[each.leaving_id], other=names[each.to_id]))
        for each in shown
    )
    return Screen(
        MOVES[kind][0],
        (ngettext("{count} passes on", "{count} pass on", len(those)),),
        rows=rows,
        buttons=(
            *turn_pages("regions.review", page, len(those), LINES, office=office.id, kind=kind),
            button(_("Back"), "regions.review", office=office.id),
        ),
    )


def _tell(ctx: Context, office: Office, found: Sequence[Move], leaving: set[int]) -> None:
    """Both sides: what passed on, to whom it did and from whom."""
    home = (button(_("My region"), "regions.region", code=office.region),)
    for person_id in sorted(leaving | {each.to_id for each in found}):
        gave = sum(each.leaving_id == person_id for each in found)
        got = sum(each.to_id == person_id for each in found)
        facts = (
            *((Fact(_("You have handed over"), gave),) if gave else ()),
            *((Fact(_("You have taken over"), got),) if got else ()),
        )
        if person_id == ctx.who.id:
            continue
        told = Screen(
            _("The Vice-Chair's office of {region} has been handed over.", region=region_name(office.region)),
            (_("It is with {country} now.", country=country(office.country)),),
            facts=facts,
            buttons=home,
        )
        ctx.notify(person_id, told, once=f"office:{office.id}:took_over")
