"""The year's plan: solved exactly beside the turns, some choices for the chair, and the meetings of the one taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context, Told
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Progress, Refusal, Row, Screen, Style, Table, button
from bot.kit.text import Phrase, Raw, When, _, listed, name_members, ngettext
from db.meetings import CHANGE, Changed, Meeting, MeetingChange
from db.regions import Office, Planning, Side, YearPlan
from handlers.paging import turn_pages
from handlers.roundtables import cards, mailing, telling
from scheduling import solving
from scheduling.meetings import Plan, Year, monthly, score

from . import bearing, calling, weighing
from .room import office_staff, region_name, regions, sitting

WEEK, DAYS = 2, (1, 2, 3)  # in the second week of a month, on a Tuesday, Wednesday or Thursday
TIMES, MOST_TIMES = 2, 4  # of day: people remember two or three
SECONDS = 120.0  # of the solver's own work, at most
LINES = 12
UNAVAILABLE = "Unavailable"  # the name of the error that says so
DOING: dict[str, Phrase] = {
    "scoring": _("Reading clocks and calendars"),
    "most": _("Looking for the least that anybody must bear"),
    "total": _("Looking for the least in all"),
    "nights": _("Looking for the fewest nights"),
    "done": _("Done"),
}


class Every(StrEnum):
    """How often a region meets."""

    MONTH = "1"
    TWO_MONTHS = "2"
    QUARTER = "3"
    HALF_YEAR = "6"


name_members(
    {
        Every.MONTH: _("Every month"),
        Every.TWO_MONTHS: _("Every two months"),
        Every.QUARTER: _("Every quarter"),
        Every.HALF_YEAR: _("Twice a year"),
    }
)


def year_choices(ctx: Context, query: str) -> Sequence[Option]:
    this = bearing.year_of(ctx.now)
    return [Option(str(year), Raw(str(year))) for year in (this + 1, this)]


@regions.form("plan_year", _("Plan a year"), allow=office_staff)
class PlanYear(Form):
    """The year's meetings, so that nobody always gets the bad hours. It is worked out beside everything else."""

    office: Office = ask.about()
    title: str = ask.line(
        _("What are the meetings called?"), max=calling.TITLE, hint=_("Everybody who sees them reads this.")
    )
    year: str = ask.choice(_("Which year?"), options=year_choices)
    every: Every = ask.choice(_("How often?"))
    minutes: int = ask.number(_("How many minutes does each take?"), least=calling.LEAST, most=calling.MOST)
    times: int = ask.number(
        _("How many times of day, at most?"),
        least=1,
        most=MOST_TIMES,
        hint=_("More of them are fairer; two or three are easier to remember."),
    )
    side: Side = ask.choice(_("With whom?"), options=calling.with_whom)

    def submit(self, ctx: Context) -> Screen:
        region = self.office.region
        if any(each.state is Planning.SOLVING for each in plans(ctx, region)):
            raise Refusal(_("A plan is being worked out already."))
        year, jointly = int(self.year), self.side is Side.BUSINESS
        those = bearing.attendees(ctx.session, self.office.administration_id, region, jointly=jointly, at=ctx.now)
        months = monthly(year, WEEK, DAYS, range(1, 13, int(self.every.value)))
        ahead = tuple(days for days in months if min(days) > ctx.now.date())
        if not ahead:
            raise Refusal(_("No meeting of that year is left to plan."), field="year")
        question = Year(
            those,
            ahead,
            minutes=self.minutes,
            slots=self.times,
            clock=calling.zone_of(self.office),
            carried=bearing.so_far(ctx.session, self.office.administration_id, region, year, those),
            seconds=SECONDS,
        )
        plan = YearPlan(
            administration_id=self.office.administration_id,
            region=region,
            year=year,
            title=self.title,
            language=ctx.who.language,
            jointly=jointly,
            question=question.to_json(),
            asked_by_id=ctx.who.id,
            asked_at=ctx.now,
        )
        ctx.session.add(plan)
        ctx.session.flush()
        ctx.notify(ctx.who, _bar(plan, 0.0, "scoring"), once=_shows(plan), urgent=True)
        ctx.later(ctx.now, "regions.solve", key=f"year_plan:{plan.id}", plan=plan.id)
        return Screen(
            _("The plan is being worked out."),
            (_("A message shows how far it is; the choices come in another."),),
            buttons=(button(_("Meetings of my region"), "regions.meeting"),),
        )


@regions.labour("solve")
class Solve:
    """The exact plan, in a child process: no process that serves anybody imports a solver."""

    @staticmethod
    def begin(ctx: Context, plan: YearPlan) -> Any:
        return plan.question if plan.state is Planning.SOLVING else None

    @staticmethod
    def work(question: Any, report: Callable[[float, str], None], is_wanted: Callable[[], bool]) -> Any:
        return solving.solve("meetings", question, progress=report, cancelled=lambda: not is_wanted())

    @staticmethod
    def progress(ctx: Context, done: float, doing: str, plan: YearPlan) -> bool:
        if plan.state is not Planning.SOLVING:
            return False
        ctx.revise(plan.asked_by_id, _bar(plan, done, doing), once=_shows(plan))
        return True

    @staticmethod
    def end(ctx: Context, answer: Any, plan: YearPlan) -> None:
        if not plan.solved(answer):
            return
        ctx.revise(plan.asked_by_id, _bar(plan, 1.0, "done"), once=_shows(plan))
        ctx.notify(plan.asked_by_id, choices(plan), once=f"year_plan:{plan.id}:choices", urgent=True)

    @staticmethod
    def fail(ctx: Context, why: str, plan: YearPlan) -> None:
        if not plan.failed():
            return
        told = Screen(
            _("The year could not be planned."),
            (
                _("The solver is not installed. Whoever runs Parley adds it with requirements/solve.txt.")
                if why == UNAVAILABLE
                else _("The solver stopped. Please try again; if it happens again, tell whoever runs Parley."),
            ),
            buttons=(button(_("Meetings of my region"), "regions.meeting"),),
        )
        ctx.notify(plan.asked_by_id, told, once=f"year_plan:{plan.id}:failed", urgent=True)


@regions.command("plan_shown", _("The year's plan"), allow=office_staff)
def plan_shown(ctx: Context, plan: YearPlan) -> Screen:
    """How it stands: its choices, once there are any."""
    return choices(plan) if plan.answer is not None else _standing(plan)


@regions.command("drop_plan", _("Stop planning"), allow=office_staff, confirm=_("Stop, and forget this plan?"))
def drop_plan(ctx: Context, plan: YearPlan) -> Screen:
    """Nobody wants it any more: the solver is stopped at its next report."""
    plan.drop()
    ctx.session.flush()
    return _standing(plan)


@regions.command("choice", _("Everybody's points"), allow=office_staff)
def choice(ctx: Context, plan: YearPlan, number: int, page: int = 0) -> Screen:
    """One choice: its dates, and what each bears under it, the nights in brackets; who bears most comes first."""
    found = _choice(plan, number)
    ordered = sorted(found.points, key=lambda key: (-found.points[key] - found.carried[key], key))
    shown = ordered[page * LINES : (page + 1) * LINES]
    names = bearing.called(ctx.session, shown)
    table = Table(
        _("What each bears"),
        (_("Who"), _("Carried over"), _("Points"), _("Nights")),
        tuple((names[key], found.carried[key], found.points[key], found.nights[key]) for key in shown),
    )
    year = Year.from_json(plan.question)
    rows = tuple(_date(ctx, year, start) for start in found.starts) if page == 0 else ()
    return Screen(
        _("Nobody above {most}", most=found.most),
        (_figures(found),),
        rows=rows,
        table=table,
        buttons=(
            *_take(plan, number),
            *turn_pages("regions.choice", page, len(ordered), LINES, plan=plan.id, number=number),
            button(_("All choices"), "regions.plan_shown", plan=plan.id),
        ),
    )


@regions.command(
    "choose",
    _("Take this plan"),
    allow=office_staff,
    confirm=_("Call all of these meetings? Whoever speaks for a member is invited."),
)
def choose(ctx: Context, plan: YearPlan, number: int) -> Screen:
    """The meetings are called, each a meeting of its own that may be moved or cancelled alone; everybody gets one
    message with all of them."""
    office = sitting(ctx, plan.region)
    if office is None or not plan.choose(number):
        raise Refusal(_("This plan cannot be taken any more."))
    ctx.session.flush()
    found, minutes = _choice(plan, number), int(plan.question["minutes"])
    made: list[tuple[Meeting, MeetingChange]] = []
    invited: Counter[int] = Counter()
    for start in found.starts:
        if start <= ctx.now:
            continue
        meeting = calling.call(ctx, office, plan.title, minutes=minutes, jointly=plan.jointly, plan_id=plan.id)
        invited.update(calling.invite(ctx, meeting, jointly=plan.jointly))
        meeting.confirm(start, minutes=minutes, zone=meeting.zone, at=ctx.now)
        telling.plan_reminders(ctx, meeting)
        made.append((meeting, telling.write_down(ctx, meeting, Changed.CONFIRMED)))
    for person_id in invited:
        _tell(ctx, plan, made, person_id)
    lead = ngettext("{count} meeting was called.", "{count} meetings were called.", len(made))
    told = ngettext("{count} person is being invited.", "{count} people are being invited.", len(invited))
    return Screen(
        lead,
        (told,),
        rows=tuple(Row(cards.at(each), cards.line(each), (cards.open_it(each),)) for each, _change in made),
        buttons=(button(_("Meetings of my region"), "regions.meeting"),),
    )


# What a plan looks like


def plans(ctx: Context, region: str) -> Sequence[YearPlan]:
    seen = YearPlan.region == region, YearPlan.visible_to(ctx.who)
    return ctx.session.scalars(select(YearPlan).where(*seen).order_by(YearPlan.id)).all()


def choices(plan: YearPlan) -> Screen:
    """From the least that anybody must bear to the least in all, and one time of day for all to hold them against."""
    answer = plan.answer or {"choices": [], "knee": 0, "fixed": None}
    rows = []
    for number, each in enumerate(answer["choices"]):
        found, remarks = Plan.from_json(each), []
        if number == answer["knee"]:
            remarks.append(_("suggested"))
        if not each["is_proven"]:
            remarks.append(_("the best found in time, not proved to be the best"))
        rows.append(
            Row(
                _("Nobody above {most}", most=found.most),
                _("{figures} · {remarks}", figures=_figures(found), remarks=listed(remarks))
                if remarks
                else _figures(found),
                (button(_("Everybody's points"), "regions.choice", plan=plan.id, number=number), *_take(plan, number)),
            )
        )
    fixed = (_("One time for all: {cost}", cost=_figures(Plan.from_json(answer["fixed"]))),) if answer["fixed"] else ()
    return Screen(
        _("The year {year} of {region}", year=Raw(str(plan.year)), region=region_name(plan.region)),
        (_("Each choice costs the least in all of those in which nobody bears more than it says."), *fixed),
        rows=tuple(rows),
        buttons=(
            *((button(_("Stop planning"), "regions.drop_plan", plan=plan.id),) if _is_open(plan) else ()),
            button(_("Meetings of my region"), "regions.meeting"),
        ),
    )


def _take(plan: YearPlan, number: int) -> tuple[Button, ...]:
    if plan.state is not Planning.SOLVED:
        return ()
    return (button(_("Take this plan"), "regions.choose", style=Style.PRIMARY, plan=plan.id, number=number),)


def _is_open(plan: YearPlan) -> bool:
    return plan.state in (Planning.SOLVING, Planning.SOLVED)


def _standing(plan: YearPlan) -> Screen:
    said = {
        Planning.SOLVING: _("The plan is being worked out."),
        Planning.FAILED: _("The year could not be planned."),
        Planning.DROPPED: _("This plan was stopped."),
    }
    stop = (button(_("Stop planning"), "regions.drop_plan", plan=plan.id),) if _is_open(plan) else ()
    heading = said.get(plan.state, _("The year's plan"))
    return Screen(heading, buttons=(*stop, button(_("Meetings of my region"), "regions.meeting")))


def _bar(plan: YearPlan, done: float, doing: str) -> Screen:
    """How far the solver has come."""
    stop = (button(_("Stop planning"), "regions.drop_plan", plan=plan.id),) if done < 1 else ()
    return Screen(
        _("The year {year} of {region}", year=Raw(str(plan.year)), region=region_name(plan.region)),
        (Progress(round(done * 100), 100, DOING.get(doing, _("Working"))),),
        buttons=(*stop, button(_("Meetings of my region"), "regions.meeting")),
    )


def _shows(plan: YearPlan) -> str:
    return f"year_plan:{plan.id}:progress"


def _figures(found: Plan) -> Phrase:
    times = listed(found.times)
    return _(
        "{total} points in all, {nights} nights, {free} without a point, Gini {gini}; at {times}",
        total=found.total,
        nights=found.night_seats,
        free=found.unburdened,
        gini=round(found.gini, 2),
        times=times,
    )


def _date(ctx: Context, year: Year, start: datetime) -> Row:
    """One date, and whose day off it takes."""
    off = weighing.off_for(score(start, year.minutes, year.attendees))
    detail = _("a day off for {who}", who=weighing.countries(ctx, off)) if off else _("nobody's day off")
    return Row(When(start, venue=year.clock), detail)


def _choice(plan: YearPlan, number: int) -> Plan:
    found = (plan.answer or {}).get("choices", [])
    if not 0 <= number < len(found):
        raise Refusal(_("There is no such choice."))
    return Plan.from_json(found[number])


def _tell(ctx: Context, plan: YearPlan, made: Sequence[tuple[Meeting, MeetingChange]], person_id: int) -> None:
    """All of them in one message with a line of the ledger for each; and each as an invitation by mail to whoever
    prefers these, who hears no more of it where there is no chat to reach them in."""
    left = [
        (meeting, change)
        for meeting, change in made
        if not mailing.by_mail(
            ctx,
            meeting,
            person_id,
            telling.change_screen(ctx, meeting, change, person_id),
            once=f"{meeting.ref}:change:{change.id}",
            told=Told(CHANGE, change.id),
        )
    ]
    if left:
        told = tuple(Told(CHANGE, change.id) for _meeting, change in left)
        screen = _programme(plan, [meeting for meeting, _change in left])
        ctx.notify(person_id, screen, once=f"year_plan:{plan.id}:invited", told=told)


def _programme(plan: YearPlan, made: Sequence[Meeting]) -> Screen:
    """All meetings of the year in one message, each to be answered by itself."""
    rows = tuple(
        Row(
            cards.at(each),
            None,
            (button(_("Accept"), "roundtables.accept", meeting=each.id), cards.open_it(each)),
        )
        for each in made
    )
    return Screen(
        _("You are invited to the meetings of {region}.", region=region_name(plan.region)),
        (Raw(plan.title, plan.language),),
        rows=rows,
    )
