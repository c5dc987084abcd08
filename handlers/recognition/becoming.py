"""What a gap becomes: a topic of a roundtable, or an action; what became of that; and who hears when an agency says
something else since."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Button, Fact, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, _
from db.agencies import name_of
from db.meetings import AHEAD, Meeting
from db.people import Person
from db.recognition import Became, Criterion, GapStep, Recognition, RecognitionChange, cells, columns
from db.recognition import gaps as gaps_in
from handlers.people.naming import called
from handlers.people.voices import voices
from handlers.roundtables import calling, inviting, lists
from handlers.roundtables import cards as meeting_cards

from . import acting, naming
from .room import askers, recognition

# A topic of a roundtable


@recognition.command("to_roundtable", _("Call a roundtable of it"), allow=askers)
def to_roundtable(ctx: Context, criterion: Criterion) -> Screen:
    """Called with the gap on its agenda and its agencies on its list. Nobody hears of it until it has a date."""
    agencies = _must_be_gap(ctx, criterion)
    meeting = calling.call(ctx, sector=None, centre_id=None)
    words = naming.title(criterion, ctx.who.language)
    meeting.title, meeting.language = words.words, words.language or ctx.who.language
    count = _put_on(ctx, criterion, meeting, agencies)
    lists.found.keep(ctx.session, meeting)
    lead = _("Called, with {count} of those who speak for the agencies on its list.", count=count)
    return meeting_cards.card(ctx, meeting, lead)


@recognition.command("on_agenda", _("Put it on an agenda"), allow=askers)
def on_agenda(ctx: Context, criterion: Criterion, meeting: Meeting) -> Screen:
    """One more topic of a roundtable that one runs; who speaks for its agencies is invited, too."""
    agencies = _must_be_gap(ctx, criterion)
    if not meeting.is_run_by(ctx.who) or not meeting.is_ahead:
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=meeting.state))
    known = GapStep.criterion_id == criterion.id, GapStep.became == Became.MEETING, GapStep.became_id == meeting.id
    if ctx.session.scalar(select(GapStep.id).where(*known, GapStep.visible_to(ctx.who))) is not None:
        return meeting_cards.card(ctx, meeting, _("It is on that agenda already."))
    _put_on(ctx, criterion, meeting, agencies)
    return meeting_cards.card(ctx, meeting, _("It is on the agenda now."))


def _put_on(ctx: Context, criterion: Criterion, meeting: Meeting, agencies: Sequence[int]) -> int:
    """On the agenda, with those who speak for the agencies on the list. How many of them came onto it."""
    words = naming.title(criterion, ctx.who.language)
    item = calling.put_on_agenda(ctx, meeting, words.words)
    item.language = words.language or ctx.who.language
    made = [
        invited
        for agency_id in agencies
        for person_id in voices(ctx, agency_id)
        if (invited := inviting.put_on_list(ctx, meeting, person_id, agency_id)) is not None
    ]
    for each in made:
        inviting.tell_new(ctx, meeting, each)
    note(ctx, criterion, Became.MEETING, meeting.id, agencies)
    return len(made)


def agendas(ctx: Context, criterion: Criterion) -> Sequence[tuple[int, Code]]:
    """The roundtables ahead that were called of other gaps, and that whoever asks runs: (id, what they are called)."""
    steps = select(GapStep).where(GapStep.visible_to(ctx.who), GapStep.became == Became.MEETING)
    found = ctx.session.scalars(steps).all()
    here = {each.became_id for each in found if each.criterion_id == criterion.id}
    others = {each.became_id for each in found} - here
    mine = Meeting.id.in_(others), Meeting.state.in_(AHEAD), Meeting.run_by(ctx.who)
    meetings = ctx.session.scalars(select(Meeting).where(*mine).order_by(Meeting.id.desc()).limit(2))
    return [(each.id, Code(each.ref)) for each in meetings]


# An action


@recognition.command("to_action", _("Make it an action"), allow=askers, reads=askers)
def to_action(ctx: Context, criterion: Criterion) -> Screen:
    """Who of the agencies owns it beside whoever asks; all else can be changed in the plan afterwards."""
    agencies = _must_be_gap(ctx, criterion)
    people = [(person_id, agency_id) for agency_id in agencies for person_id in voices(ctx, agency_id)]
    names = called(ctx.session, {person_id for person_id, _agency in people})
    rows = tuple(
        Row(
            names[person_id],
            _("{agency}", agency=name_of(ctx.session, agency_id)),
            (
                button(
                    _("They own it with me"),
                    "recognition.act",
                    style=Style.PRIMARY,
                    criterion=criterion.id,
                    person=person_id,
                ),
            ),
        )
        for person_id, agency_id in people
    )
    return Screen(
        _("Who owns it with you?"),
        (
            naming.label(criterion),
            _("It is put into the joint plan, due on {day}. You both can change that there.", day=acting.due(ctx)),
        ),
        rows=rows,
        buttons=(button(_("Back"), "recognition.gap", criterion=criterion.id),),
    )


@recognition.command("act", _("Put it into the plan"), allow=askers)
def act(ctx: Context, criterion: Criterion, person: int) -> Screen:
    """An action of the joint plan: its owners are whoever does this, and somebody who speaks for an agency."""
    agencies = _must_be_gap(ctx, criterion)
    if not any(person in voices(ctx, each) for each in agencies):
        raise Refusal(_("They do not speak for an agency that has this gap any longer. Please choose another."))
    words = naming.title(criterion, ctx.who.language)
    action_id, screen = acting.adopt(ctx, words, person)
    note(ctx, criterion, Became.ACTION, action_id, agencies)
    return screen


def note(ctx: Context, criterion: Criterion, became: Became, became_id: int, agencies: Sequence[int]) -> None:
    """Keep what a gap has become."""
    step = GapStep(
        administration_id=criterion.administration_id,
        criterion_id=criterion.id,
        became=became,
        became_id=became_id,
        agencies=list(agencies),
        by_id=ctx.who.id,
        at=ctx.now,
    )
    ctx.session.add(step)
    ctx.session.flush()


def _must_be_gap(ctx: Context, criterion: Criterion) -> Sequence[int]:
    found = gaps_in(cells(ctx.session, ctx.who), [each.agency_id for each in columns(ctx.session, ctx.who)])
    agencies = found.get(criterion.id, [])
    if not agencies:
        raise Refusal(_("No agency says any longer that it does not recognise it."))
    return agencies


# What became of it


def steps(ctx: Context, criterion: Criterion) -> Sequence[GapStep]:
    its = select(GapStep).where(GapStep.criterion_id == criterion.id, GapStep.visible_to(ctx.who))
    return ctx.session.scalars(its.order_by(GapStep.id)).all()


def refs(ctx: Context, criterion: Criterion) -> Sequence[Code]:
    """What a gap became, by reference, for a list."""
    found = (_seen(ctx, each) for each in steps(ctx, criterion))
    return [each[0] for each in found if each is not None]


def told(ctx: Context, criterion: Criterion) -> tuple[Phrase, ...]:
    """How each thing it became stands, as far as one may see that thing."""
    found = (_seen(ctx, each) for each in steps(ctx, criterion))
    return tuple(
        _("What became of it: {ref}, {state}", ref=each[0], state=each[1]) for each in found if each is not None
    )


def opens(ctx: Context, criterion: Criterion) -> tuple[Button, ...]:
    found = (_seen(ctx, each) for each in steps(ctx, criterion))
    return tuple(each[2] for each in found if each is not None)


def _seen(ctx: Context, step: GapStep) -> tuple[Code, object, Button] | None:
    """Its reference, its state, and what opens it; None for what is not theirs to see."""
    if step.became is Became.ACTION:
        return acting.seen(ctx, step.became_id)
    theirs = Meeting.id == step.became_id, Meeting.visible_to(ctx.who)
    meeting = ctx.session.scalar(select(Meeting).where(*theirs))
    if meeting is None:
        return None
    ref = Code(meeting.ref)
    return ref, meeting.state, button(_("Open {ref}", ref=ref), "roundtables.show", meeting=meeting.id)


# Who hears of a later change


def tell_acting(ctx: Context, criterion: Criterion, cell: Recognition, change: RecognitionChange) -> None:
    """Whoever acts on the gap hears that an agency says something else now: each as far as they may read it."""
    its = GapStep.criterion_id == criterion.id, GapStep.administration_id == criterion.administration_id
    people: set[int] = set()
    for step in ctx.session.scalars(select(GapStep).where(*its)):
        people |= _acting(ctx, step)
    for person_id in sorted(people - {ctx.who.id}):
        reader = ctx.who_is(ctx.session.get_one(Person, person_id))
        seen = select(Recognition.id).where(Recognition.id == cell.id, Recognition.visible_to(reader))
        is_news = change.before is not change.stand or cell.is_in_full_for(reader)
        if is_news and ctx.session.scalar(seen) is not None:
            words = cell.is_in_full_for(reader) and change.note
            screen = Screen(
                _("An agency says something else now of a gap you act on."),
                (
                    naming.label(criterion),
                    *((Quote(Raw(change.note or "", change.language)),) if words else ()),
                ),
                (
                    Fact(_("Agency"), name_of(ctx.session, cell.agency_id)),
                    Fact(_("Where it stands"), change.stand),
                    *((Fact(_("Before"), change.before),) if change.before is not None else ()),
                ),
                buttons=(
                    button(_("Open"), "recognition.cell", cell=cell.id),
                    button(_("The gap"), "recognition.gap", criterion=criterion.id),
                ),
            )
            ctx.notify(person_id, screen, once=f"recognition:change:{change.id}")


def _acting(ctx: Context, step: GapStep) -> set[int]:
    """The owners of an action that is under way; whoever called a meeting that is ahead."""
    if step.became is Became.ACTION:
        return acting.owners(ctx, step.became_id)
    meeting = ctx.session.get(Meeting, step.became_id)
    return {meeting.organiser_id} if meeting is not None and meeting.is_ahead else set()
