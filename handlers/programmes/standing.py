"""How a programme stands, for whoever runs the symposium: what it lacks and breaks, and what can be done next."""

from __future__ import annotations

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Button, Refusal, Style, button
from bot.kit.text import Phrase, _, ngettext
from db.programmes import Drafting, ProgrammeDraft
from db.symposia import Symposium, SymposiumState
from handlers.symposia import cards, lists
from scheduling.programme import Broken, Kind, Problem, broken

from . import asking, telling, words


def standing(ctx: Context, symposium: Symposium) -> tuple[tuple[Phrase, ...], tuple[Button, ...]]:
    """In words, and the buttons, what is most likely next first."""
    planned = lists.sessions_of(ctx.session, symposium)
    if symposium.state not in cards.AHEAD:
        return (), ()
    try:
        problem = asking.problem_of(ctx, symposium)
    except Refusal as refusal:
        return (refusal.phrase,), refusal.buttons
    found = broken(problem, asking.places_of(problem, planned))
    unplaced = sum(each.demand.kind is Kind.PLACED for each in found)
    others = [each for each in found if each.demand.kind is not Kind.PLACED]
    lines: list[Phrase] = []
    if unplaced:
        lines.append(ngettext("{count} session has no place yet.", "{count} sessions have no place yet.", unplaced))
    if others:
        lines.append(_("This is not kept:"))
        lines += words.cut([words.Names(ctx.session, symposium, problem).broken(each) for each in others])
    if symposium.programme > 0 and (silent := len(telling.silent(ctx.session, symposium))):
        lines.append(
            ngettext(
                "{count} person has not confirmed a change.", "{count} people have not confirmed a change.", silent
            )
        )
    is_at_it = is_under_way(ctx, symposium)
    if is_at_it:
        lines.append(_("A programme is being worked out."))
    return tuple(lines), _buttons(ctx, symposium, is_at_it=is_at_it, is_sound=not found, some=unplaced < len(planned))


def _buttons(ctx: Context, symposium: Symposium, *, is_at_it: bool, is_sound: bool, some: bool) -> tuple[Button, ...]:
    def does(label: Phrase, verb: str, style: Style = Style.PLAIN) -> Button:
        return Button(label, f"programmes.{verb}", {"symposium": symposium.id}, style)

    is_out = symposium.programme > 0
    made: list[Button] = []
    if is_out:
        if not is_sound and not is_at_it:
            made.append(does(_("Mend it, moving as little as can be"), "make", Style.PRIMARY))
    else:
        if is_sound and symposium.state is SymposiumState.ANNOUNCED:
            made.append(does(_("Publish it"), "publish", Style.PRIMARY))
        if not is_at_it:
            made.append(does(_("Make a programme"), "make", Style.PLAIN if is_sound else Style.PRIMARY))
    draft = latest(ctx, symposium)
    if draft is not None:
        made.append(button(_("What was worked out"), "programmes.draft", draft=draft.id))
    if some:
        made += [does(_("Swap two sessions"), "swap"), does(_("Move a session"), "move")]
    made.append(does(_("Rooms that cannot be had"), "closed_rooms"))
    if not is_out and some and not is_sound and symposium.state is SymposiumState.ANNOUNCED:
        made.append(does(_("Publish it"), "publish"))
    if is_out:
        made.append(does(_("Who has confirmed"), "heard"))
    return tuple(made)


def is_under_way(ctx: Context, symposium: Symposium) -> bool:
    """Whether the solver is at it."""
    at_it = ProgrammeDraft.symposium_id == symposium.id, ProgrammeDraft.state == Drafting.SOLVING
    return ctx.session.scalar(select(ProgrammeDraft.id).where(*at_it).limit(1)) is not None


def latest(ctx: Context, symposium: Symposium) -> ProgrammeDraft | None:
    """What was worked out last, if nobody has taken or left it."""
    its = select(ProgrammeDraft).where(ProgrammeDraft.symposium_id == symposium.id)
    found = ctx.session.scalars(its.order_by(ProgrammeDraft.id.desc()).limit(1)).first()
    return found if found is not None and found.state is Drafting.SOLVED else None


def broken_now(ctx: Context, symposium: Symposium) -> list[Broken]:
    """What is not kept as things are now; nothing where there is no question at all."""
    try:
        problem: Problem = asking.problem_of(ctx, symposium)
    except Refusal:
        return []
    return broken(problem, asking.places_of(problem, lists.sessions_of(ctx.session, symposium)))
