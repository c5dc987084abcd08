"""How seats are given, and which are kept for whom: set by whoever runs the symposium, and published to everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Bars, Fact, NotFound, Picture, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, Text, When, _, ngettext
from db.registrations import Allotting, Giving, SeatClass, Seating, Stakeholder
from db.symposia import Symposium, SymposiumSession
from handlers.paging import PAGE, turn_pages
from scheduling.seats import Outcome

from . import finding, keeping, seating
from .room import members, registrations, runs

MOST_WISHES, MOST_HOURS, MOST_SEATS = 5, 72, 100_000
LAST_MINUTE = time(18, 0)  # of the day on which wishes close
RULES: Mapping[Giving, Phrase] = {
    Giving.FIRST_COME: _("Whoever comes first takes a seat. Who finds none waits in line, whatever they are."),
    Giving.GENEROUS: _(
        "Of all ways to meet the wishes one is taken that leaves the fewest without a seat; of these, one with the"
        " fewest last choices, then the fewest last but one, and so on."
    ),
    Giving.RANK_MAXIMAL: _(
        "Of all ways to meet the wishes one is taken that gives the most people their first choice; of these, one with"
        " the most second choices, and so on. Somebody may be left without a seat for it."
    ),
    Giving.BY_TIME: _("Whoever registered earlier is given the dearest of their wishes that is still free."),
}


@registrations.form("seating", _("How seats are given"), allow=runs)
class HowSeatsAreGiven(Form):
    """First come, or by wishes and a rule; how long an offer stands."""

    symposium: Symposium = ask.about()
    giving: Giving = ask.choice(_("How are the seats of break-outs given?"))
    wishes: int | None = ask.number(
        _("How many wishes has everybody, for each time?"),
        least=1,
        most=MOST_WISHES,
        when=lambda so_far: so_far.giving not in (None, Giving.FIRST_COME),
    )
    close: date | None = ask.date(
        _("On which day do the wishes close?"),
        hint=_("At six in the evening at the venue."),
        when=lambda so_far: so_far.giving not in (None, Giving.FIRST_COME),
    )
    hours: int = ask.number(_("For how many hours does an offer of a free seat stand?"), least=1, most=MOST_HOURS)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        known = finding.seating_of(ctx.session, bound["symposium"].id)
        if known is not None and known.state in (Allotting.SOLVING, Allotting.DONE):
            raise Refusal(_("The seats are given already."))

    def submit(self, ctx: Context) -> Screen:
        symposium = self.symposium
        seating.hold(ctx.session, symposium.id)
        known = finding.seating_of(ctx.session, symposium.id)
        if known is None:
            known = Seating(administration_id=symposium.administration_id, symposium_id=symposium.id)
            ctx.session.add(known)
        known.giving, known.offer_minutes = self.giving, self.hours * 60
        known.wishes, known.wishes_close_at = self.wishes or known.wishes or 1, None
        if self.close is not None:
            known.wishes_close_at = datetime.combine(self.close, LAST_MINUTE, ZoneInfo(symposium.zone))
            if known.wishes_close_at <= ctx.now:
                raise Refusal(_("That is over already. Please give a day to come."), field="close")
        ctx.session.flush()
        key = f"seating:{known.id}:closed"
        if known.wishes_close_at is not None:
            ctx.later(known.wishes_close_at, "registrations.closed", key=key, seating=known.id)
        else:
            ctx.forget(key)
        return rule_screen(ctx, symposium, _("So it is, and everybody can read it."))


@registrations.job("closed")
def closed(ctx: Context, seating: Seating) -> None:
    """Wishes are not taken any more: whoever organises it can let the seats be given."""
    symposium = ctx.session.get_one(Symposium, seating.symposium_id)
    if not seating.is_by_wishes or seating.gathers(ctx.now):
        return
    told = Screen(
        _("The wishes for your symposium are closed."),
        (finding.name(symposium), _("Let the seats be given now; everybody is told at once, with the reason.")),
        buttons=(button(_("Give the seats"), "registrations.allocate", style=Style.PRIMARY, symposium=symposium.id),),
    )
    at = seating.wishes_close_at or ctx.now
    ctx.notify(symposium.organiser_id, told, once=f"seating:{seating.id}:closed:{at:%Y%m%d%H%M}")


@registrations.command("rule", _("How seats are given"), allow=members)
def rule(ctx: Context, symposium: Symposium) -> Screen:
    """The published rule, its seed, and what came of it: nothing is decided by hidden chance."""
    return rule_screen(ctx, symposium, None)


def rule_screen(ctx: Context, symposium: Symposium, lead: Phrase | None) -> Screen:
    known = finding.seating_of(ctx.session, symposium.id) or Seating(giving=Giving.FIRST_COME, state=Allotting.OPEN)
    body: list[Text] = [finding.name(symposium), RULES[known.giving]]
    facts: list[Fact] = []
    if known.giving is not Giving.FIRST_COME:
        body.append(
            _(
                "Of people who are alike, whoever missed more at the times before goes first; then the lot decides. It"
                " is drawn from the seed and the number of the registration, so that anybody can draw it again."
            )
        )
        facts = [Fact(_("State"), known.state), Fact(_("Seed"), Code(known.seed))]
        if known.wishes_close_at is not None:
            facts.append(Fact(_("Wishes until"), When(known.wishes_close_at, venue=symposium.zone)))
        own = finding.registration_of(ctx.session, symposium.id, ctx.who.id)
        if own is not None:
            facts.append(Fact(_("Number of your registration"), Code(str(own.id))))
    kept = _kept(ctx, symposium)
    return Screen(
        lead or _("How seats are given"),
        tuple(body),
        tuple(facts),
        rows=tuple(Row(_of(ctx, each), _said(each)) for each in kept),
        pictures=_pictures(known),
        buttons=(
            button(_("My programme"), "registrations.programme", symposium=symposium.id),
            *(
                (button(_("Registration"), "registrations.desk", symposium=symposium.id),)
                if symposium.is_run_by(ctx.who)
                else ()
            ),
        ),
    )


def _pictures(known: Seating) -> tuple[Picture, ...]:
    profiles = Outcome.from_json(known.answer).profiles if known.answer is not None else ()
    if not any(map(any, profiles)):
        return ()
    longest = max(len(each) for each in profiles) - 1
    parts = (*(_("choice {number}", number=number) for number in range(1, longest + 1)), _("no seat"))
    rows = tuple(
        (_("Time {number}", number=number), (*each[:-1], *(0,) * (longest + 1 - len(each)), each[-1]))
        for number, each in enumerate(profiles, 1)
        if any(each)
    )
    return (Picture(_("Which choice people were given"), Bars(parts, rows)),)


def _kept(ctx: Context, symposium: Symposium) -> Sequence[SeatClass]:
    its = select(SeatClass).where(SeatClass.symposium_id == symposium.id).order_by(SeatClass.session_id, SeatClass.id)
    return ctx.session.scalars(its).all()


def _of(ctx: Context, kept: SeatClass) -> Text:
    if kept.session_id is None:
        return _("All of the symposium")
    return finding.title(ctx.session.get_one(SymposiumSession, kept.session_id))


def _said(kept: SeatClass) -> Phrase:
    said = ngettext("{kind}: {count} seat", "{kind}: {count} seats", kept.seats, kind=kept.kind)
    if kept.most is not None:
        said = ngettext(
            "{seats}, {count} for each organisation at most",
            "{seats}, {count} for each organisation at most",
            kept.most,
            seats=said,
        )
    if kept.released_at is not None:
        return _("{seats} · released {when}", seats=said, when=When(kept.released_at))
    return _("{seats} · released {when}", seats=said, when=When(kept.release_at)) if kept.release_at else said


# Kept seats


def _keep(
    ctx: Context,
    symposium: Symposium,
    target: SymposiumSession | None,
    kind: Stakeholder,
    seats: int,
    most: int | None,
    release: date | None,
) -> Screen:
    seating.hold(ctx.session, symposium.id)
    there = SeatClass.symposium_id == symposium.id, SeatClass.session_id == (target.id if target else None)
    known = ctx.session.scalar(select(SeatClass).where(*there, SeatClass.kind == kind))
    if known is None:
        known = SeatClass(
            administration_id=symposium.administration_id,
            symposium_id=symposium.id,
            session_id=target.id if target else None,
            kind=kind,
        )
        ctx.session.add(known)
    known.seats, known.most, known.released_at = seats, most, None
    known.release_at = datetime.combine(release, time(), ZoneInfo(symposium.zone)) if release is not None else None
    if known.release_at is not None and known.release_at <= ctx.now:
        raise Refusal(_("That is over already. Please give a day to come."), field="release")
    ctx.session.flush()
    total = seating.places(ctx.session, symposium, target).total
    kept = select(SeatClass.seats).where(*there, SeatClass.released_at.is_(None))
    if total is not None and sum(ctx.session.scalars(kept)) > total:
        raise Refusal(_("There are only {count} seats, and more would be kept.", count=total), field="seats")
    keeping.plan_release(ctx, known)
    return rule_screen(ctx, symposium, _("Kept. Whoever has a seat already keeps it."))


SEATS = _("How many seats are kept for them?")
MOST = _("How many may one organisation have at most?")
RELEASE = _("On which day is what they have not taken released?")
TO_ALL = _("From that day on they are anybody's; first of those who wait.")


@registrations.form("keep", _("Keep seats for a class"), allow=runs)
class KeepSeats(Form):
    """Of one session, until a date."""

    session: SymposiumSession = ask.about()
    kind: Stakeholder = ask.choice(_("For whom?"))
    seats: int = ask.number(SEATS, least=0, most=MOST_SEATS)
    most: int | None = ask.number(MOST, least=1, most=MOST_SEATS, optional=True)
    release: date | None = ask.date(RELEASE, hint=TO_ALL, optional=True)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_run(ctx, finding.symposium_of(ctx, bound["session"]))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Text, ...]:
        return (finding.title(bound["session"]),)

    def submit(self, ctx: Context) -> Screen:
        symposium = finding.symposium_of(ctx, self.session)
        return _keep(ctx, symposium, self.session, self.kind, self.seats, self.most, self.release)


@registrations.form("keep_places", _("Keep places at the symposium for a class"), allow=runs)
class KeepPlaces(Form):
    """Of the symposium itself, until a date."""

    symposium: Symposium = ask.about()
    kind: Stakeholder = ask.choice(_("For whom?"))
    seats: int = ask.number(SEATS, least=0, most=MOST_SEATS)
    most: int | None = ask.number(MOST, least=1, most=MOST_SEATS, optional=True)
    release: date | None = ask.date(RELEASE, hint=TO_ALL, optional=True)

    def submit(self, ctx: Context) -> Screen:
        return _keep(ctx, self.symposium, None, self.kind, self.seats, self.most, self.release)


def must_run(ctx: Context, symposium: Symposium) -> None:
    """Of what belongs to a symposium, for whoever runs that one only."""
    if not symposium.is_run_by(ctx.who):
        raise NotFound()


@registrations.command("kinds", _("Seats by class"), allow=runs)
def kinds(ctx: Context, symposium: Symposium, page: int = 0) -> Screen:
    """Where seats can be kept."""
    found: list[SymposiumSession] = finding.breakouts(ctx.session, symposium.id)
    kept = _kept(ctx, symposium)

    def said(target: SymposiumSession | None) -> Phrase | Raw | None:
        its = [each for each in kept if each.session_id == (target.id if target else None)]
        if len(its) > 1:
            return ngettext("kept for {count} class", "kept for {count} classes", len(its))
        return _said(its[0]) if its else None

    label = _("Keep seats")
    whole = button(label, "registrations.keep_places", symposium=symposium.id)
    rows = (
        Row(_("All of the symposium"), said(None), (whole,)),
        *(
            Row(finding.title(each), said(each), (button(label, "registrations.keep", session=each.id),))
            for each in found
        ),
    )
    return Screen(
        _("Seats by class"),
        (_("Seats that are kept for a class are free for it alone until they are released."),),
        rows=rows[page * PAGE : (page + 1) * PAGE],
        buttons=(
            *turn_pages("registrations.kinds", page, len(rows), symposium=symposium.id),
            button(_("Registration"), "registrations.desk", symposium=symposium.id),
        ),
    )
