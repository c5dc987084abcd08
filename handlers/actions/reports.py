"""The quarterly report: drafted from the records in two languages, corrected, published; every figure has its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Fact, NotFound, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import (
    CATALOGUES,
    LANGUAGES,
    SOURCE_LANGUAGE,
    Catalogues,
    Code,
    Phrase,
    Raw,
    Reader,
    Text,
    When,
    Writer,
    _,
    ngettext,
    without_isolates,
)
from db.actions import Action, Report, State
from db.people import Administration, Person
from handlers.languages import languages
from handlers.paging import PAGE, turn_pages

from . import plan
from .room import actions, planners

TEXT = 3000
QUARTERS = 4  # that a report can be drafted of: this one and those before it
NUMBER = re.compile(r"\d+")
FIGURES: Mapping[str, Phrase] = {
    "adopted": _("Actions in the plan"),
    "done": _("Done, confirmed by both"),
    "quarter": _("Of these, done in the quarter"),
    "claimed": _("Said to be done by one owner"),
    "disputed": _("Disputed between its owners"),
    "in_progress": _("Under way"),
    "not_begun": _("Adopted, not begun"),
    "late": _("Past its date"),
    "dropped": _("Dropped"),
}
# A report is a document: its words are fixed when it is drafted, in two languages at once, whoever reads it later.
WORDS = Catalogues(CATALOGUES)


def quarter_of(day: date) -> int:
    return (day.month - 1) // 3 + 1


def span(year: int, quarter: int, zone: str) -> tuple[datetime, datetime]:
    """A quarter's first instant, and the first after it, as that zone counts days."""
    ends = (year, quarter * 3 + 1) if quarter < 4 else (year + 1, 1)
    first, last = date(year, quarter * 3 - 2, 1), date(*ends, 1)
    begin, end = (datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC) for day in (first, last))
    return begin, end


def figures(ctx: Context, year: int, quarter: int) -> list[list[Any]]:
    """Every figure as the ids of its rows: the administration's actions of that year that were ever adopted."""
    home = ctx.session.get_one(Administration, ctx.who.administration_id)
    begin, end = span(year, quarter, home.zone)
    here = Action.visible_to(ctx.who), Action.plan_year == year, Action.adopted_at.is_not(None)
    found = ctx.session.scalars(select(Action).where(*here).order_by(Action.id)).all()

    def ids(*states: State) -> list[int]:
        return [each.id for each in found if each.state in states]

    in_quarter = [
        each.id for each in found if each.state is State.DONE and each.ended_at and begin <= each.ended_at < end
    ]
    return [
        ["adopted", [each.id for each in found]],
        ["done", ids(State.DONE)],
        ["quarter", in_quarter],
        ["claimed", ids(State.CLAIMED)],
        ["disputed", ids(State.DISPUTED)],
        ["in_progress", ids(State.IN_PROGRESS)],
        ["not_begun", ids(State.ADOPTED)],
        ["late", [each.id for each in found if each.is_late(ctx.now)]],
        ["dropped", ids(State.DROPPED)],
    ]


def drafted(ctx: Context, report: Report, language: str) -> str:
    """The report's sentences in one language, each of them a figure."""
    home = ctx.session.get_one(Administration, report.administration_id)
    writer = Writer(WORDS, Reader(language, home.zone))
    return without_isolates("\n".join(writer.plain(each) for each in _sentences(report, home)))


def _sentences(report: Report, home: Administration) -> Iterator[Phrase]:
    of = {name: len(ids) for name, ids in report.figures}
    day = report.drafted_at.astimezone(ZoneInfo(home.zone)).date()
    yield _(
        "Joint action plan of {year}, quarter {quarter}: progress as of {day}.",
        year=Code(str(report.plan_year)),
        quarter=report.quarter,
        day=day,
    )
    yield ngettext("{count} action is in the plan.", "{count} actions are in the plan.", of["adopted"])
    yield ngettext(
        "{count} action is done: both of its owners have confirmed it.",
        "{count} actions are done: both owners of each have confirmed it.",
        of["done"],
    )
    yield ngettext(
        "{count} of these was done in the quarter.", "{count} of these were done in the quarter.", of["quarter"]
    )
    yield ngettext(
        "{count} action is said to be done by one owner and waits for the other.",
        "{count} actions are said to be done by one owner and wait for the other.",
        of["claimed"],
    )
    yield ngettext(
        "Of {count} action one owner says that it is done and the other that it is not.",
        "Of {count} actions one owner says that they are done and the other that they are not.",
        of["disputed"],
    )
    yield ngettext("{count} action is under way.", "{count} actions are under way.", of["in_progress"])
    yield ngettext("{count} action has not been begun.", "{count} actions have not been begun.", of["not_begun"])
    yield ngettext("{count} action is past its date.", "{count} actions are past their dates.", of["late"])
    yield ngettext("{count} action was dropped.", "{count} actions were dropped.", of["dropped"])


def untraceable(report: Report, home: Administration) -> list[int]:
    """Numbers in its words, of any script, that no figure, nor its date, has."""
    day = report.drafted_at.astimezone(ZoneInfo(home.zone)).date()
    known = {len(ids) for _name, ids in report.figures} | {
        report.plan_year,
        report.quarter,
        day.day,
        day.month,
        day.year,
    }
    used = {int(each) for text in report.words.values() for each in NUMBER.findall(text)}
    return sorted(used - known)


# Drafting, correcting, publishing


def _quarters(ctx: Context, query: str) -> Sequence[Option]:
    """This quarter and those before it, the last one that is over first."""
    today = ctx.now.astimezone(ZoneInfo(ctx.who.zone)).date()
    number = today.year * 4 + quarter_of(today) - 1
    order = [*range(number - 1, number - QUARTERS, -1), number]
    return [
        Option(
            f"{each // 4}-{each % 4 + 1}",
            _("{year}, quarter {quarter}", year=Code(str(each // 4)), quarter=each % 4 + 1),
        )
        for each in order
    ]


def _pairs(ctx: Context, query: str) -> Sequence[Option]:
    """Two languages at once; the administration's own, and English beside it, come first."""
    home = ctx.session.get_one(Administration, ctx.who.administration_id)
    order = sorted(LANGUAGES, key=lambda each: (each != home.language, each != SOURCE_LANGUAGE))
    return [
        Option(f"{one}+{other}", _("{one} and {other}", one=Raw(LANGUAGES[one]), other=Raw(LANGUAGES[other])))
        for one, other in combinations(order, 2)
    ]


@actions.form("draft", _("Draft a report"), allow=planners)
class Draft(Form):
    """From the records, in two languages at once."""

    quarter: str = ask.choice(_("Which quarter is it about?"), options=_quarters)
    languages: str = ask.choice(_("In which two languages?"), options=_pairs)

    def submit(self, ctx: Context) -> Screen:
        year, quarter = (int(each) for each in self.quarter.split("-"))
        report = Report(
            administration_id=ctx.who.administration_id,
            plan_year=year,
            quarter=quarter,
            figures=figures(ctx, year, quarter),
            words={},
            drafted_by_id=ctx.who.id,
            drafted_at=ctx.now,
        )
        report.words = {each: drafted(ctx, report, each) for each in self.languages.split("+")}
        ctx.session.add(report)
        ctx.session.flush()
        return shown(ctx, report, _("Drafted from the records. Read it, correct it, then publish it."))


@actions.form("correct", _("Correct the words"), allow=planners, reads=planners)
class Correct(Form):
    """The words of a draft in one of its languages. Its figures stay those of the records."""

    report: Report = ask.about()
    language: str = ask.choice(_("In which language?"), options=languages)
    text: str = ask.prose(_("What should it say?"), max=TEXT)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if bound["report"].published_at is not None:
            raise Refusal(_("It is published, and changed no more."))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(_quotes(bound["report"]))

    def submit(self, ctx: Context) -> Screen:
        if self.language not in self.report.words:
            raise Refusal(_("The report is not in that language."), field="language")
        self.report.words = self.report.words | {self.language: self.text}
        ctx.session.flush()
        return shown(ctx, self.report, _("Corrected."))


@actions.command(
    "publish",
    _("Publish to all owners"),
    allow=planners,
    confirm=_("Publish this report to every owner of the plan? It is changed no more afterwards."),
)
def publish(ctx: Context, report: Report) -> Screen:
    """Every owner of an action of that plan hears it."""
    if not report.publish(ctx.who.id, at=ctx.now):
        raise Refusal(_("It is published, and changed no more."))
    ctx.session.flush()
    owned = select(Action.customs_owner_id, Action.business_owner_id).where(
        Action.visible_to(ctx.who), Action.plan_year == report.plan_year, Action.adopted_at.is_not(None)
    )
    told = 0
    for person_id in sorted({each for row in ctx.session.execute(owned) for each in row} - {ctx.who.id}):
        person = ctx.session.get_one(Person, person_id)
        seen = Report.id == report.id, Report.visible_to(ctx.who_is(person))
        if person.erased_at is None and ctx.session.scalar(select(Report.id).where(*seen)) is not None:
            lead = _("The quarterly report of the joint action plan is published.")
            ctx.notify(person, shown(ctx, report, lead), once=f"report:{report.id}:published")
            told += 1
    return shown(ctx, report, ngettext("Published to {count} owner.", "Published to {count} owners.", told))


# Reading


@actions.command("reports", _("Quarterly reports"), allow=allow.members)
def reports(ctx: Context, page: int = 0) -> Screen:
    """Those published, and to those who oversee the plan the drafts; the latest first."""
    seen = Report.visible_to(ctx.who)
    total = ctx.session.scalar(select(func.count()).select_from(Report).where(seen)) or 0
    ordered = select(Report).where(seen).order_by(Report.id.desc()).offset(page * PAGE).limit(PAGE)
    rows = tuple(
        Row(_title(each), _standing(each), (button(_("Open"), "actions.report", report=each.id),))
        for each in ctx.session.scalars(ordered)
    )
    return Screen(
        _("Quarterly reports"),
        () if rows else (_("There are none yet."),),
        rows=rows,
        buttons=(
            *turn_pages("actions.reports", page, total),
            button(_("Draft a report"), "actions.draft"),
            button(_("My actions"), "actions.actions"),
        ),
    )


@actions.command("report", _("A quarterly report"), allow=allow.members)
def report_(ctx: Context, report: Report) -> Screen:
    return shown(ctx, report, None)


def shown(ctx: Context, report: Report, lead: Phrase | None) -> Screen:
    """The report in both languages, and a button to the rows of each figure."""
    home = ctx.session.get_one(Administration, report.administration_id)
    odd = untraceable(report, home) if report.published_at is None else []
    warning = _("No figure of the records is: {numbers}. Please check.", numbers=Raw(", ".join(map(str, odd))))
    is_draft = report.published_at is None
    return Screen(
        lead or _title(report),
        (*((_title(report),) if lead else ()), *((warning,) if odd else ()), *_quotes(report)),
        facts=(Fact(_("As of"), When(report.drafted_at)), Fact(_("State"), _standing(report))),
        rows=tuple(_figure(report, name, len(ids)) for name, ids in report.figures),
        buttons=(*_draft_buttons(report),) if is_draft else (button(_("Quarterly reports"), "actions.reports"),),
    )


@actions.command("rows", _("The actions behind a figure"), allow=allow.members)
def rows(ctx: Context, report: Report, figure: str, page: int = 0) -> Screen:
    """Exactly the actions that a figure counts, as far as whoever asks may see them."""
    if figure not in FIGURES:
        raise NotFound()
    wanted = Action.visible_to(ctx.who), Action.id.in_(report.rows(figure))
    return plan.rows_of(ctx, FIGURES[figure], wanted, page, "actions.rows", report=report.id, figure=figure)


def _figure(report: Report, name: str, count: int) -> Row:
    title: Text = _("{what}: {count}", what=FIGURES[name], count=count)
    see = (button(_("Show these"), "actions.rows", report=report.id, figure=name),) if count else ()
    return Row(title, None, see)


def _quotes(report: Report) -> Iterator[Quote]:
    for language, text in report.words.items():
        yield Quote(
            Raw(text, language),
            label=_("In this language: {language}", language=Raw(LANGUAGES.get(language, language), language)),
        )


def _title(report: Report) -> Phrase:
    return _("Progress report, {year}, quarter {quarter}", year=Code(str(report.plan_year)), quarter=report.quarter)


def _standing(report: Report) -> Phrase:
    if report.published_at is None:
        return _("Draft")
    return _("Published on {when}", when=When(report.published_at, day_only=True))


def _draft_buttons(report: Report) -> tuple[Button, ...]:
    corrections = tuple(
        button(
            _("Correct: {language}", language=Raw(LANGUAGES.get(language, language), language)),
            "actions.correct",
            report=report.id,
            language=language,
            text=text,
        )
        for language, text in report.words.items()
    )
    publish_ = button(_("Publish to all owners"), "actions.publish", style=Style.PRIMARY, report=report.id)
    return (publish_, *corrections, button(_("Quarterly reports"), "actions.reports"))
