"""Making a programme: solved beside the turns with a bar, stopped when asked, looked at, and taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Button, Progress, Refusal, Screen, Style, button
from bot.kit.text import Code, Phrase, _, ngettext
from db.programmes import Drafting, ProgrammeDraft
from db.symposia import Symposium, SymposiumState
from handlers.symposia import cards, lists, making
from handlers.symposia import telling as symposia_telling
from handlers.symposia.room import WHEN_AWAY
from scheduling import solving
from scheduling.programme import Problem, broken, missed, places_from_json, places_to_json

from . import asking, mending, sheets, showing, standing, words
from .room import programmes, runs, wishes_of

SECONDS, WORKERS = 60.0, 2
UNAVAILABLE = "Unavailable"  # the name of the error that says so
DOING: dict[str, Phrase] = {
    "when": _("Looking for times"),
    "where": _("Looking for rooms"),
    "whole": _("Looking for the best programme"),
    "search": _("Improving it swap by swap"),
    "changes": _("Looking for the least change"),
    "conflict": _("Looking for what cannot hold together"),
    "fewest": _("Looking for the programme that breaks least"),
    "done": _("Done"),
}


@programmes.command("make", _("Make a programme"), allow=runs)
def make(ctx: Context, symposium: Symposium) -> Screen:
    """A place for each session. What is locked stays; of a programme that is out as little as can be is moved."""
    making.must_be_ahead(symposium)
    if standing.is_under_way(ctx, symposium):
        raise Refusal(_("A programme is being worked out already."))
    draft = begin(ctx, symposium, by=ctx.who.id)
    return Screen(
        _("The programme is being worked out."),
        (cards.title(symposium), _("A message shows how far it is; the result comes in another.")),
        buttons=(_stop(draft), _back(symposium)),
    )


def begin(ctx: Context, symposium: Symposium, *, by: int) -> ProgrammeDraft:
    """Have the solver asked, beside the turns. What it is at already is left: things have changed since.

    Raises Refusal where there is no question yet.
    """
    planned = lists.sessions_of(ctx.session, symposium)
    problem = asking.problem_of(ctx, symposium, wishes=wishes_of(ctx.session, symposium))
    published = asking.published_places(planned) if symposium.programme > 0 else {}
    question: dict[str, Any] = {"problem": problem.to_json(), "seconds": SECONDS, "seed": 0, "workers": WORKERS}
    if published:
        question["published"] = places_to_json(published)
    elif len(start := asking.places_of(problem, planned)) == len(planned):
        question["start"] = places_to_json(start)
    at_it = ProgrammeDraft.symposium_id == symposium.id, ProgrammeDraft.state == Drafting.SOLVING
    for each in ctx.session.scalars(select(ProgrammeDraft).where(*at_it)).all():
        each.drop()
        ctx.revise(
            each.asked_by_id,
            Screen(_("Left: things have changed since."), (cards.title(symposium),), buttons=(_back(symposium),)),
            once=_shows(each),
        )
    draft = ProgrammeDraft(
        administration_id=symposium.administration_id,
        symposium_id=symposium.id,
        is_mending=bool(published),
        question=question,
        asked_by_id=by,
        asked_at=ctx.now,
    )
    ctx.session.add(draft)
    ctx.session.flush()
    ctx.notify(by, _bar(symposium, draft, 0.0, "when"), once=_shows(draft), urgent=True)
    ctx.later(ctx.now, "programmes.solve", key=f"programme_draft:{draft.id}", draft=draft.id)
    return draft


@programmes.labour("solve")
class Solve:
    """In a child process: no process that serves anybody imports a solver."""

    @staticmethod
    def begin(ctx: Context, draft: ProgrammeDraft) -> Any:
        return draft.question if draft.state is Drafting.SOLVING else None

    @staticmethod
    def work(question: Any, report: Callable[[float, str], None], is_wanted: Callable[[], bool]) -> Any:
        # Whoever stops it wants the best so far; what nobody wants at all is answered at once, too, and left.
        return solving.solve("programme", question, progress=report, enough=lambda: not is_wanted())

    @staticmethod
    def progress(ctx: Context, done: float, doing: str, draft: ProgrammeDraft) -> bool:
        if draft.state is not Drafting.SOLVING or draft.is_enough:
            return False
        symposium = ctx.session.get_one(Symposium, draft.symposium_id)
        ctx.revise(draft.asked_by_id, _bar(symposium, draft, done, doing), once=_shows(draft))
        return True

    @staticmethod
    def end(ctx: Context, answer: Any, draft: ProgrammeDraft) -> None:
        if not draft.solved(answer):
            return
        symposium = ctx.session.get_one(Symposium, draft.symposium_id)
        ctx.revise(draft.asked_by_id, _bar(symposium, draft, 1.0, "done"), once=_shows(draft))
        ready = button(_("Look"), "programmes.draft", style=Style.PRIMARY, draft=draft.id)
        told = Screen(
            _("The programme is worked out."),
            (cards.title(symposium), *_verdict(answer)),
            buttons=(ready, _back(symposium)),
        )
        ctx.notify(draft.asked_by_id, told, once=f"programme_draft:{draft.id}:ready", urgent=True)

    @staticmethod
    def fail(ctx: Context, why: str, draft: ProgrammeDraft) -> None:
        if not draft.failed():
            return
        symposium = ctx.session.get_one(Symposium, draft.symposium_id)
        told = Screen(
            _("The programme could not be worked out."),
            (
                cards.title(symposium),
                _("The solver is not installed. Whoever runs Parley adds it with requirements/solve.txt.")
                if why == UNAVAILABLE
                else _("The solver stopped. Please try again; if it happens again, tell whoever runs Parley."),
            ),
            buttons=(_back(symposium),),
        )
        ctx.notify(draft.asked_by_id, told, once=f"programme_draft:{draft.id}:failed", urgent=True)


@programmes.command("stop", _("Stop, and take the best so far"), allow=runs)
def stop(ctx: Context, draft: ProgrammeDraft) -> Screen:
    """The best that is found so far will do: it comes in a moment."""
    symposium = ctx.session.get_one(Symposium, draft.symposium_id)
    lead = (
        _("It is being stopped. The best so far comes in a moment.") if draft.enough() else _("It has ended already.")
    )
    ctx.session.flush()
    return Screen(lead, (cards.title(symposium),), buttons=(_back(symposium),))


@programmes.command("draft", _("What was worked out"), allow=runs, reads=runs)
def draft_(ctx: Context, draft: ProgrammeDraft, day: int = 0) -> Screen:
    """A day of it as it would be, what it costs, what it misses, and what it breaks."""
    return draft_screen(ctx, draft, day=day)


def draft_screen(ctx: Context, draft: ProgrammeDraft, *, day: int = 0) -> Screen:
    symposium = ctx.session.get_one(Symposium, draft.symposium_id)
    if draft.answer is None:
        return Screen(_("{state}", state=draft.state), (cards.title(symposium),), buttons=(_back(symposium),))
    problem = Problem.from_json(draft.question["problem"])
    names = words.Names(ctx.session, symposium, problem)
    places = places_from_json(problem, draft.answer["places"])
    sheet = sheets.Sheet(ctx.session, symposium, with_people=True)
    days = sheet.days
    at = day if 0 <= day < len(days) else 0
    spots = {asking.id_of(key): (asking.id_of(each.block), asking.id_of(each.room)) for key, each in places.items()}
    changed = mending.told(ctx, symposium, draft, names) if draft.is_mending else ()
    wanted = words.cut([names.missed(each) for each in missed(problem, places)])
    return Screen(
        _("{state}", state=draft.state) if draft.state is not Drafting.SOLVED else _("The programme is worked out."),
        (
            cards.title(symposium),
            *_verdict(draft.answer),
            *_conflict(names, draft.answer),
            *_broken(names, draft.answer),
            *changed,
            *wanted,
        ),
        table=words.score_table(draft.answer["score"]) if at == 0 else None,
        pictures=(sheet.picture(days[at], spots),) if days else (),
        buttons=(
            *_takes(ctx, draft),
            *sheets.turn_days("programmes.draft", at, len(days), draft=draft.id),
            _back(symposium),
        ),
    )


def _takes(ctx: Context, draft: ProgrammeDraft) -> tuple[Button, ...]:
    if draft.state is not Drafting.SOLVED:
        return ()
    is_sound = not (draft.answer or {}).get("broken")
    label = _("Take it") if is_sound else _("Take it all the same")
    style = Style.PRIMARY if is_sound else Style.DANGER
    return (
        button(label, "programmes.take", style=style, draft=draft.id),
        button(_("Leave it"), "programmes.leave", draft=draft.id),
    )


@programmes.command("leave", _("Leave it"), allow=runs)
def leave(ctx: Context, draft: ProgrammeDraft) -> Screen:
    """Nobody wants it: everything stays as it is."""
    draft.drop()
    ctx.session.flush()
    symposium = ctx.session.get_one(Symposium, draft.symposium_id)
    return showing.programme_screen(ctx, symposium, _("Left. Everything stays as it is."))


@programmes.command("take", _("Take it"), allow=runs)
def take(ctx: Context, draft: ProgrammeDraft) -> Screen:
    """The sessions stand where it says; of a programme that is out, everybody it touches is told."""
    symposium = ctx.session.get_one(Symposium, draft.symposium_id)
    making.must_be_ahead(symposium)
    if (symposium.programme > 0) is not draft.is_mending:
        raise Refusal(_("The programme has gone out since. Please have it worked out again."))
    if draft.answer is None or not draft.take():
        raise Refusal(_("That cannot be taken any more."))
    problem = asking.problem_of(ctx, symposium)
    try:
        places = places_from_json(problem, draft.answer["places"])
    except ValueError:  # times, rooms or sessions have gone since
        raise Refusal(_("Times, rooms or sessions have changed since. Please have it worked out again.")) from None
    known = words.broken_from_json(draft.answer["broken"])
    if any(each not in known for each in broken(problem, places)):
        raise Refusal(_("Something has changed since that it does not keep. Please have it worked out again."))
    ctx.session.flush()
    count = mending.settle(ctx, symposium, places)
    if symposium.programme == 0:
        return showing.programme_screen(ctx, symposium, _("Taken. Nobody sees it before it is published."))
    lead = ngettext("Taken. {count} person is being told.", "Taken. {count} people are being told.", count)
    return showing.programme_screen(ctx, symposium, lead)


# What was found, in words


def _verdict(answer: Mapping[str, Any]) -> tuple[Phrase, ...]:
    """How good it is, and how sure that is."""
    if not answer["possible"]:
        return (_("There is no programme that keeps everything. This one breaks least of those that were found."),)
    total, bound = answer["total"], answer["bound"]
    if answer["broken"]:
        return (_("None was found that keeps everything. This is the best of those that were."),)
    if answer["optimal"]:
        return (_("It keeps everything and costs {total} points. It is proved that none is better.", total=total),)
    if bound is not None:
        return (
            _(
                "It keeps everything and costs {total} points. None can cost less than {bound}.",
                total=total,
                bound=bound,
            ),
        )
    return (_("It keeps everything and costs {total} points. How much better it could be is not known.", total=total),)


def _conflict(names: words.Names, answer: Mapping[str, Any]) -> tuple[Phrase, ...]:
    """Why there is none: what cannot hold together."""
    found = answer["conflict"]
    if found is None:
        return ()
    demands = words.demands_from_json(found["demands"])
    lead = (
        _("These cannot hold together, and no fewer contradict each other. Giving up one of them is needed:")
        if found["is_smallest"]
        else _("These cannot hold together. Giving up one of them is needed:")
    )
    return (lead, *(names.demand(each) for each in demands))


def _broken(names: words.Names, answer: Mapping[str, Any]) -> tuple[Phrase, ...]:
    found = words.broken_from_json(answer["broken"])
    return (_("This is not kept:"), *words.cut([names.broken(each) for each in found])) if found else ()


def _bar(symposium: Symposium, draft: ProgrammeDraft, done: float, doing: str) -> Screen:
    """How far the solver has come."""
    return Screen(
        _("The programme of {ref}", ref=Code(symposium.ref)),
        (Progress(round(done * 100), 100, DOING.get(doing, _("Working"))),),
        buttons=(*((_stop(draft),) if done < 1 else ()), _back(symposium)),
    )


def _stop(draft: ProgrammeDraft) -> Button:
    return button(_("Stop, and take the best so far"), "programmes.stop", draft=draft.id)


def _back(symposium: Symposium) -> Button:
    return button(_("Programme"), "programmes.show", symposium=symposium.id)


def _shows(draft: ProgrammeDraft) -> str:
    return f"programme_draft:{draft.id}:progress"


# What happens to a programme that is out


def mend_if_broken(ctx: Context, symposium: Symposium) -> bool:
    """Something has changed: where the programme that is out cannot stay as it is, the least change is looked for, and
    whoever runs the symposium is shown it. Whether it is being looked for."""
    if symposium.state is not SymposiumState.PUBLISHED or not standing.broken_now(ctx, symposium):
        return False
    people = symposia_telling.organisers(ctx, symposium)
    by = ctx.who.id if symposium.is_run_by(ctx.who) else next(iter(people), symposium.organiser_id)
    try:
        begin(ctx, symposium, by=by)
    except Refusal:  # whoever caused it is not to be refused for what is missing here
        return False
    return True


WHEN_AWAY.append(lambda ctx, symposium, _person: mend_if_broken(ctx, symposium))
