"""The programme goes out: its sessions have their times, everybody with a part is told, and calendars have them."""

from __future__ import annotations

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Refusal, Row, Screen, Style, button
from bot.kit.text import _, listed, ngettext
from db.symposia import Agreed, SessionPart, Symposium, SymposiumSession, SymposiumState
from handlers.symposia import cards, lists, sessions
from scheduling.programme import broken

from . import asking, showing, words
from .room import WHEN_PUBLISHED, programmes, runs

UNPLACED = 5  # named where the programme cannot go out yet


@programmes.command(
    "publish",
    _("Publish it"),
    allow=runs,
    confirm=_(
        "Everybody who sees the symposium sees its programme from now on; those who are needed in it are told. Publish"
        " it?"
    ),
)
def publish(ctx: Context, symposium: Symposium, anyway: bool = False) -> Screen:
    """For the first time; from then on every change is told."""
    if symposium.programme > 0 or symposium.state is not SymposiumState.ANNOUNCED:
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=symposium.state))
    planned = lists.sessions_of(ctx.session, symposium)
    problem = asking.problem_of(ctx, symposium)
    places = asking.places_of(problem, planned)
    without = [each for each in planned if asking.session_key(each.id) not in places]
    if without:
        named = listed([sessions.title(each) for each in without[:UNPLACED]])
        raise Refusal(
            ngettext(
                "{count} session has no place yet: {titles}",
                "{count} sessions have no place yet: {titles}",
                len(without),
                titles=named,
            ),
            buttons=(button(_("Programme"), "programmes.show", symposium=symposium.id),),
        )
    found = broken(problem, places)
    if found and not anyway:
        names = words.Names(ctx.session, symposium, problem)
        raise Refusal(
            _("This is not kept: {what}", what=listed(list(words.cut([names.broken(each) for each in found])))),
            buttons=(
                button(_("Publish it all the same"), "programmes.publish", symposium=symposium.id, anyway=True),
                button(_("Programme"), "programmes.show", symposium=symposium.id),
            ),
        )
    for each in planned:
        run = problem.block[places[asking.session_key(each.id)].block]
        each.starts_at, each.ends_at = run.start, run.end
        each.touch(ctx.now)
    symposium.publish(at=ctx.now)
    ctx.session.flush()
    count = _tell(ctx, symposium)
    for note in WHEN_PUBLISHED:
        note(ctx, symposium)
    lead = ngettext("It is out. {count} person is being told.", "It is out. {count} people are being told.", count)
    return showing.programme_screen(ctx, symposium, lead)


def _tell(ctx: Context, symposium: Symposium) -> int:
    """Whoever is needed and has not said no, in one message with all their sessions; how many."""
    needed = (
        select(SessionPart, SymposiumSession)
        .join(SymposiumSession, SymposiumSession.id == SessionPart.session_id)
        .where(SymposiumSession.id.in_([each.id for each in lists.sessions_of(ctx.session, symposium)]))
        .where(SessionPart.agreed != Agreed.NO)
        .order_by(SymposiumSession.starts_at, SessionPart.id)
    )
    theirs: dict[int, list[tuple[SessionPart, SymposiumSession]]] = {}
    for part, session in ctx.session.execute(needed):
        if part.person_id != ctx.who.id:
            theirs.setdefault(part.person_id, []).append((part, session))
    for person_id, those in sorted(theirs.items()):
        rows = tuple(
            Row(
                sessions.title(session),
                _("{where} · {part}", where=sessions.place_of(ctx, symposium, session), part=part.part),
                (button(_("Open"), "symposia.part", part=part.id),),
            )
            for part, session in those
        )
        screen = Screen(
            _("The programme is out. This is when you are needed:"),
            (cards.title(symposium),),
            rows=rows,
            buttons=(button(_("Programme"), "programmes.show", style=Style.PRIMARY, symposium=symposium.id),),
        )
        ctx.notify(person_id, screen, once=f"{symposium.ref}:published")
    return len(theirs)
