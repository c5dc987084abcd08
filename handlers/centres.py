"""Centres of expertise: which desk knows what, when it works, and who sits there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit import allow
from bot.kit.capability import Capability
from bot.kit.clean import clean_line
from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Fact, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Named, Phrase, _, listed, ngettext, phrase_of
from db.centres import Centre
from db.people import Administration, Organisation, Person, Role, RoleName, Scope, Sector, staff_of
from scheduling.deadlines import WEEKDAYS, WorkingWeek

from .languages import languages
from .paging import PAGE, turn_pages

centres = Capability("centres", _("Centres of expertise"))

NAME, LINE, MOST_PORTS, LAST_CHAPTER = 60, 300, 30, 97
SET_UP = button(_("Set up a centre"), "centres.set_up", style=Style.PRIMARY)
TAKES_THE_REST = _("Whatever no other desk answers for")
WEEKS: dict[str, tuple[Phrase, tuple[str, ...]]] = {
    "mon-fri": (_("Monday to Friday"), WEEKDAYS[:5]),
    "mon-sat": (_("Monday to Saturday"), WEEKDAYS[:6]),
    "sun-thu": (_("Sunday to Thursday"), ("sun", *WEEKDAYS[:4])),
    "sat-wed": (_("Saturday to Wednesday"), ("sat", "sun", *WEEKDAYS[:3])),
    "every": (_("Every day"), WEEKDAYS),
}
# 8-12, 08:00–12:00, 8h30-12h: the digits of any script.
SPAN = re.compile(r"(\d{1,2})(?:[:.hH](\d{2})?)?\s*[-–—]\s*(\d{1,2})(?:[:.hH](\d{2})?)?")
BETWEEN = re.compile(r"[,;،؛\n]+")


@centres.command("centres", _("Centres of expertise"), allow=allow.members, menu=50)
def all_(ctx: Context, page: int = 0) -> Screen:
    """The desks of the administration, a page at a time."""
    found = ctx.session.scalars(select(Centre).where(Centre.visible_to(ctx.who)).order_by(Centre.id)).all()
    shown = found[page * PAGE : (page + 1) * PAGE]
    rows = tuple(
        Row(Named(each.name), about(each), (button(_("More"), "centres.centre", centre=each.id),)) for each in shown
    )
    return Screen(
        _("Centres of expertise"),
        (
            _("Each desk answers for its sectors, wherever the goods enter. Your issue finds its desk by itself.")
            if rows
            else _("No centre of expertise has been set up yet."),
        ),
        rows=rows,
        buttons=(*turn_pages("centres.centres", page, len(found)), SET_UP),
    )


@centres.command("centre", _("A centre of expertise"), allow=allow.members)
def one(ctx: Context, centre: Centre) -> Screen:
    """One desk: what it knows and when it works."""
    return card(ctx, centre, None)


def card(ctx: Context, centre: Centre, lead: Phrase | None) -> Screen:
    """A desk as it stands, below what has just been done to it. What may be changed only an administrator sees."""
    week = WorkingWeek.from_json(centre.week)
    facts = [
        Fact(_("Sectors"), listed([Sector(each) for each in centre.sectors])) if centre.sectors else None,
        Fact(_("HS chapters"), listed([Code(each) for each in centre.chapters])) if centre.chapters else None,
        Fact(_("Ports"), listed(centre.ports)) if centre.ports else None,
        Fact(_("Other agencies"), listed(centre.agencies)) if centre.agencies else None,
        Fact(_("Answers within"), ngettext("{count} working hour", "{count} working hours", centre.answer_hours)),
        Fact(_("Open now"), week.is_open(ctx.now)),
        Fact(_("Opens next"), week.next_open(ctx.now)) if not week.is_open(ctx.now) else None,
    ]
    return Screen(
        Named(centre.name),
        tuple(each for each in (lead, TAKES_THE_REST if centre.takes_the_rest else None) if each),
        facts=tuple(each for each in facts if each),
        buttons=(
            button(_("Sectors"), "centres.sectors", centre=centre.id),
            button(_("HS chapters and ports"), "centres.claims", centre=centre.id),
            button(_("Working hours"), "centres.hours", centre=centre.id),
            button(_("Name in a language"), "centres.rename", centre=centre.id),
            *(() if centre.takes_the_rest else (button(_("Let it take the rest"), "centres.rest", centre=centre.id),)),
            button(_("All centres"), "centres.centres"),
        ),
    )


def about(centre: Centre) -> Phrase:
    """A centre in one line: its sectors, or that it takes whatever no other desk does."""
    if centre.sectors:
        return _("Sectors: {sectors}", sectors=listed([Sector(each) for each in centre.sectors]))
    return TAKES_THE_REST if centre.takes_the_rest else _("No sector of its own")


def route(
    session: Session,
    administration_id: int,
    *,
    sector: Sector | None,
    chapter: str | None = None,
    port: str | None = None,
    agency_id: int | None = None,
) -> Centre | None:
    """The centre that claims a case most strongly; else the one that takes the rest; None where neither exists.

    Among equals the one that was set up first answers, so that like cases go to one desk.
    """
    agency = session.get(Organisation, agency_id) if agency_id else None
    desks = session.scalars(
        select(Centre).where(Centre.administration_id == administration_id).order_by(Centre.id)
    ).all()
    strongest, best = 0, next((each for each in desks if each.takes_the_rest), None)
    for desk in desks:
        claim = desk.claim(sector=sector, chapter=chapter, port=port, agency=agency.name if agency else None)
        if claim > strongest:
            strongest, best = claim, desk
    return best


def desk(session: Session, centre_id: int, *names: RoleName, at: datetime) -> Sequence[int]:
    """The persons who hold one of `names` at a centre; officers and leads where none is given."""
    names = names or (RoleName.OFFICER, RoleName.LEAD)
    at_desk = staff_of(centre_id, *names, at=at), Person.erased_at.is_(None)
    return session.scalars(select(Person.id).where(*at_desk).order_by(Person.id)).all()


def overseers(session: Session, administration_id: int, *, at: datetime) -> Sequence[int]:
    """Who answers when a desk cannot: coordinators and administrators with a role over the whole country."""
    held = select(Role.person_id).where(
        Role.administration_id == administration_id,
        Role.scope == Scope.COUNTRY,
        Role.name.in_((RoleName.COORDINATOR, RoleName.ADMINISTRATOR)),
        Role.in_force(at),
    )
    living = Person.id.in_(held), Person.erased_at.is_(None)
    return session.scalars(select(Person.id).where(*living).order_by(Person.id)).all()


# Set up by an administrator, in a conversation


def _sectors(ctx: Context, query: str) -> Sequence[Option]:
    return [Option(each.value, phrase_of(each)) for each in Sector]


def _weeks(ctx: Context, query: str) -> Sequence[Option]:
    return [Option(key, name) for key, (name, _days) in WEEKS.items()]


CHAPTERS = ask.line(
    _("Which chapters of the tariff (HS) does it know?"), max=LINE, optional=True, hint=_("For example: 1-24, 27")
)
PORTS = ask.line(
    _("Which ports or border crossings does it answer for?"),
    max=LINE,
    optional=True,
    hint=_("Their names, with commas between them. Whoever raises an issue chooses among them."),
)
DAYS = ask.choice(_("On which days does it work?"), options=_weeks)
HOURS = ask.line(
    _("At which hours?"), max=LINE, hint=_("For example: {example}", example=Code("08:00-12:00, 13:00-17:00"))
)
ANSWERS = ask.number(
    _("Within how many working hours does it answer?"), least=1, most=400, hint=_("Public holidays do not count.")
)


@centres.form("set_up", _("Set up a centre"), allow=allow.administrators)
class SetUp(Form):
    """A desk that answers. The first one takes whatever no other does, so that no issue is without a desk."""

    title: str = ask.line(_("What is it called?"), max=NAME)
    sector: str | None = ask.choice(
        _("Which sector does it know?"), options=_sectors, optional=True, hint=_("More can be added afterwards.")
    )
    chapters: str | None = CHAPTERS
    ports: str | None = PORTS
    days: str = DAYS
    hours: str = HOURS
    answer_hours: int = ANSWERS

    def submit(self, ctx: Context) -> Screen:
        mine = Centre.administration_id == ctx.who.administration_id
        takes_rest = ctx.session.scalar(select(Centre.id).where(mine, Centre.takes_the_rest).limit(1)) is None
        centre = Centre(
            administration_id=ctx.who.administration_id,
            code=re.sub(r"\W+", "-", self.title.casefold()).strip("-"),
            name={ctx.who.language: self.title},
            sectors=[self.sector] if self.sector else [],
            chapters=_chapters(self.chapters),
            ports=_ports(self.ports),
            week=_week(ctx, self.days, self.hours),
            answer_hours=self.answer_hours,
            takes_the_rest=takes_rest,
        )
        ctx.session.add(centre)
        ctx.session.flush()
        shown = card(ctx, centre, _("It is set up. Now give somebody a role at it: an officer, and a lead."))
        give = button(_("Give a role"), "people.grant", style=Style.PRIMARY, centre=str(centre.id))
        return _with(shown, give)


@centres.form("claims", _("Change HS chapters and ports"), allow=allow.administrators)
class Claims(Form):
    centre: Centre = ask.about()
    chapters: str | None = CHAPTERS
    ports: str | None = PORTS

    def submit(self, ctx: Context) -> Screen:
        self.centre.chapters, self.centre.ports = _chapters(self.chapters), _ports(self.ports)
        return card(ctx, self.centre, _("Changed. New issues find their desk by it."))


@centres.form("hours", _("Change working hours"), allow=allow.administrators)
class Hours(Form):
    centre: Centre = ask.about()
    days: str = DAYS
    hours: str = HOURS
    answer_hours: int = ANSWERS

    def submit(self, ctx: Context) -> Screen:
        self.centre.week, self.centre.answer_hours = _week(ctx, self.days, self.hours), self.answer_hours
        return card(ctx, self.centre, _("Changed. What was promised before stays promised."))


@centres.form("rename", _("Name it in a language"), allow=allow.administrators)
class Rename(Form):
    centre: Centre = ask.about()
    language: str = ask.choice(_("In which language?"), options=languages)
    title: str = ask.line(_("What is it called?"), max=NAME)

    def submit(self, ctx: Context) -> Screen:
        self.centre.name = self.centre.name | {self.language: self.title}
        return card(ctx, self.centre, _("Changed."))


@centres.command("sectors", _("Sectors"), allow=allow.administrators)
def sectors(ctx: Context, centre: Centre, sector: str = "") -> Screen:
    """Every sector, to add it to what a desk knows or to take it away."""
    if sector:
        held = [each for each in centre.sectors if each != sector]
        centre.sectors = held if len(held) < len(centre.sectors) else [*held, Sector(sector).value]
        ctx.session.flush()

    def choice(each: Sector) -> Button:
        label = _("Take away: {what}", what=each) if each in centre.sectors else _("Add: {what}", what=each)
        return button(label, "centres.sectors", centre=centre.id, sector=each.value)

    back = button(Named(centre.name), "centres.centre", centre=centre.id)
    return Screen(Named(centre.name), (about(centre),), buttons=(*(choice(each) for each in Sector), back))


@centres.command("rest", _("Let it take the rest"), allow=allow.administrators)
def rest(ctx: Context, centre: Centre) -> Screen:
    """Whatever no other desk answers for comes here from now on, and to no other."""
    for each in ctx.session.scalars(select(Centre).where(Centre.visible_to(ctx.who), Centre.takes_the_rest)):
        each.takes_the_rest = False
    centre.takes_the_rest = True
    ctx.session.flush()
    return card(ctx, centre, _("It takes whatever no other desk answers for."))


def are_missing(ctx: Context) -> bool:
    """Whether there is no desk yet: nobody would answer an issue."""
    return ctx.session.scalar(select(Centre.id).where(Centre.visible_to(ctx.who)).limit(1)) is None


def _chapters(words: str | None) -> list[str]:
    """`1-3, 27` as 01, 02, 03, 27. Raises Refusal for what is no chapter."""
    found: set[int] = set()
    for part in BETWEEN.split(words or ""):
        if not part.strip():
            continue
        span = re.fullmatch(r"\s*(\d{1,2})(?:\s*[-–—]\s*(\d{1,2}))?\s*", part)
        first, last = (int(span[1]), int(span[2] or span[1])) if span else (0, 0)
        if not 1 <= first <= last <= LAST_CHAPTER:
            raise Refusal(
                _("Please send numbers from 1 to {last}, for example: 1-24, 27", last=LAST_CHAPTER), field="chapters"
            )
        found.update(range(first, last + 1))
    return [f"{chapter:02d}" for chapter in sorted(found)]


def _ports(words: str | None) -> list[str]:
    """Names between commas, each once. Raises Refusal for a name that is too long, or too many."""
    names = [name for each in BETWEEN.split(words or "") if (name := clean_line(each))]
    if len(names) > MOST_PORTS or any(len(name) > NAME for name in names):
        raise Refusal(
            _("At most {count} names, each of at most {max} characters.", count=MOST_PORTS, max=NAME), field="ports"
        )
    return list({name.casefold(): name for name in names}.values())


def _week(ctx: Context, days: str, hours: str) -> dict[str, Any]:
    """The working week as JSON, in the administration's own zone and with its holidays. Raises Refusal."""
    home = ctx.session.get_one(Administration, ctx.who.administration_id)
    spans = [_span(each) for each in SPAN.finditer(hours)]
    if not spans or re.search(r"\w", SPAN.sub("", hours)):
        spans = ["wrong"]
    given = {"zone": home.zone, "country": home.country, "days": dict.fromkeys(WEEKS[days][1], spans)}
    try:
        return WorkingWeek.from_json(given).to_json()
    except ValueError:
        example = Code("08:00-12:00, 13:00-17:00")
        wrong = _("Please send the hours in their order, for example: {example}", example=example)
        raise Refusal(wrong, field="hours") from None


def _span(found: re.Match[str]) -> str:
    opens, opens_minute, closes, closes_minute = (int(each or 0) for each in found.groups())
    return f"{opens:02d}:{opens_minute:02d}-{closes:02d}:{closes_minute:02d}"


def _with(screen: Screen, first: Button) -> Screen:
    return replace(screen, buttons=(first, *screen.buttons))
