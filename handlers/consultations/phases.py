"""From phase to phase: each opens and closes by itself at its instant, and whoever it concerns is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Refusal, Screen
from bot.kit.text import Phrase, _
from db.consultations import IN_ORDER, OPEN, Consultation, Phase
from handlers.people.preferences import zone_choices

from . import announcing, cards, dates
from .room import WHEN_MOVED, WHEN_REDRAFTED, consultations, owners, runs

STEPS = (Phase.SHAPING, Phase.DRAFTING, Phase.COMMENTS, Phase.DECISION)
BEFORE = timedelta(days=2)  # its owners hear what is still missing
AGAIN = timedelta(days=1)  # a text that is not there yet is looked for again
HARDLY = timedelta(hours=1)


def plan(ctx: Context, consultation: Consultation) -> None:
    """Look at it again at each instant at which one of its phases begins, and ahead of the first; as its dates are now.
    What was planned for other dates finds nothing to do."""
    for phase in STEPS:
        at = consultation.begins(phase)
        if at is not None and phase_is_ahead(consultation, phase):
            _look_at(ctx, consultation, max(at, ctx.now))
    if consultation.phase is Phase.PREPARED and (first := opens_at(consultation)) is not None:
        key = f"{consultation.ref}:before:{first.isoformat()}"
        if first - BEFORE > ctx.now:
            ctx.later(
                first - BEFORE,
                "consultations.before",
                key=key,
                consultation=consultation.id,
                opens=first.isoformat(),
            )


def _look_at(ctx: Context, consultation: Consultation, at: datetime) -> None:
    key = f"{consultation.ref}:look:{at.isoformat()}"
    ctx.later(at, "consultations.look", key=key, consultation=consultation.id)


def phase_is_ahead(consultation: Consultation, phase: Phase) -> bool:
    is_under_way = consultation.phase in IN_ORDER
    return is_under_way and IN_ORDER.index(phase) > IN_ORDER.index(consultation.phase)


def opens_at(consultation: Consultation) -> datetime | None:
    """When anybody but its owners sees it first."""
    return consultation.shaping_at or consultation.drafting_at or consultation.comments_at


def due(consultation: Consultation, at: datetime) -> Phase | None:
    """The furthest phase whose instant has come; None where it is there already. Nothing is closed that never was
    open, and no comments begin without a text."""
    for phase in reversed(STEPS):
        begins = consultation.begins(phase)
        if begins is None or begins > at or not phase_is_ahead(consultation, phase):
            continue
        if phase is Phase.COMMENTS and consultation.draft_number == 0:
            continue
        if phase is Phase.DECISION and consultation.phase not in OPEN:
            continue
        return phase
    return None


@consultations.job("look")
def look(ctx: Context, consultation: Consultation) -> None:
    """On to the phase whose instant has come; its owners hear why where it cannot."""
    advance(ctx, consultation)
    if not consultation.is_under_way or consultation.phase is Phase.DECISION:
        return
    if consultation.closes_at is not None and ctx.now >= consultation.closes_at:  # nobody ever saw it
        once = f"missed:{consultation.closes_at.isoformat()}"
        waiting = (*announcing.owners_of(ctx, consultation), consultation.proposer_id)
        concerned = dict.fromkeys(each for each in waiting if each is not None)
        lead = _("Its dates have passed, and it never opened.")
        announcing.tell(ctx, concerned, consultation, lead, once=once)
    elif lacks_text(consultation, ctx.now):
        if consultation.created_at < ctx.now - HARDLY:  # otherwise it is being made just now
            once = f"no-text:{consultation.comments_at}"
            lead = _("Comments were to begin, and there is no text yet. They begin as soon as it lies open.")
            announcing.tell_owners(ctx, consultation, lead, once=once)
        _look_at(ctx, consultation, ctx.now + AGAIN)


def lacks_text(consultation: Consultation, at: datetime) -> bool:
    begins = consultation.comments_at
    return consultation.draft_number == 0 and begins is not None and begins <= at


@consultations.job("before")
def before(ctx: Context, consultation: Consultation, opens: str) -> None:
    """Two days ahead, its owners hear what is still missing."""
    first = opens_at(consultation)
    if consultation.phase is not Phase.PREPARED or first is None or first != datetime.fromisoformat(opens):
        return
    left = cards.still_to_do(ctx, consultation)
    if left:
        lead = _("It opens on {when}.", when=cards.at(consultation, first))
        announcing.tell_owners(ctx, consultation, lead, once=f"before:{opens}", body=left)


def advance(ctx: Context, consultation: Consultation) -> bool:
    """On to the phase whose instant has come, if there is one; whoever it concerns is told."""
    phase = due(consultation, ctx.now)
    return phase is not None and move(ctx, consultation, phase)


def move(ctx: Context, consultation: Consultation, phase: Phase) -> bool:
    was = consultation.phase
    if not consultation.move_to(phase, at=ctx.now):
        return False
    ctx.session.flush()
    announcing.moved(ctx, consultation, was)
    for note in WHEN_MOVED:
        note(ctx, consultation)
    return True


def redrafted(ctx: Context, consultation: Consultation) -> None:
    """The text that comments waited for is there."""
    if consultation.phase is not Phase.COMMENTS:
        advance(ctx, consultation)


WHEN_REDRAFTED.append(redrafted)


# By hand


@consultations.command(
    "open",
    _("Open it now"),
    allow=runs,
    confirm=_("Everybody it is for is told, once, and can take part from now on. Open it?"),
)
def open_now(ctx: Context, consultation: Consultation) -> Screen:
    """Before its day: for comments where there is a text, else for ideas."""
    if consultation.phase not in (Phase.PREPARED, Phase.SHAPING, Phase.DRAFTING):
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=consultation.phase))
    if consultation.closes_at is None or consultation.closes_at <= ctx.now:
        raise Refusal(_("Say first until when it is open."))
    phase = Phase.COMMENTS if consultation.draft_number else Phase.SHAPING
    if phase is Phase.SHAPING and not cards.question_count(ctx, consultation):
        raise Refusal(_("There is no text and no question yet: nobody could answer anything."))
    if phase is Phase.COMMENTS:
        consultation.comments_at = ctx.now
    else:
        consultation.shaping_at = ctx.now
    if not move(ctx, consultation, phase):
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=consultation.phase))
    plan(ctx, consultation)
    return cards.changed(ctx, consultation, _("Open. Those it is for are being told."))


@consultations.form("dates", _("Its dates"), allow=runs)
class Dates(Form):
    """Each phase, on a day: what is left out is left out. In this consultation's own zone, which is said with them."""

    consultation: Consultation = ask.about()
    zone: str = ask.pick(
        _("In which city's time zone?"), options=zone_choices, hint=_("Choose, or type the name of a large city.")
    )
    shaping_day: date | None = ask.date(
        _("From which day can people answer questions and say what they think, before there is a text?"),
        optional=True,
        hint=_("Left out, it begins with the text."),
    )
    drafting_day: date | None = ask.date(
        _("From which day do you write the text?"), optional=True, hint=_("Left out, until comments begin.")
    )
    from_day: date | None = ask.date(
        _("From which day can people comment on the text?"), optional=True, hint=_("Left out, there is no text.")
    )
    until_day: date = ask.date(_("Until which day can people take part?"), options=dates.closings)
    outcome_day: date | None = ask.date(
        _("By which day does everybody hear what became of it?"),
        optional=True,
        hint=_("It is promised to whoever takes part. Left out: eight weeks after the end."),
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if bound["consultation"].phase is not Phase.PREPARED:
            raise Refusal(_("It is open already: its end can be moved, and only to a later day."))

    def submit(self, ctx: Context) -> Screen:
        shaping, drafting, comments = (
            dates.begin(ctx, getattr(self, name), self.zone, field=name)
            for name in ("shaping_day", "drafting_day", "from_day")
        )
        begun = shaping
        for name, at in (("drafting_day", drafting), ("from_day", comments)):
            if at is not None and begun is not None and at < begun:
                raise Refusal(_("That is before the phase ahead of it begins."), field=name)
            begun = at or begun
        if begun is None:
            raise Refusal(_("Please say from when people can take part."), field="from_day")
        if shaping is None and comments is None:
            raise Refusal(_("Please say from when people can take part."), field="from_day")
        ends = dates.end(ctx, self.until_day, self.zone, after=begun, field="until_day")
        outcome = ends + dates.PROMISED
        if self.outcome_day is not None:
            outcome = dates.instant(self.outcome_day, dates.CLOSES, self.zone)
            if outcome <= ends:
                raise Refusal(_("That is before it closes."), field="outcome_day")
        its = self.consultation
        its.zone, its.shaping_at, its.drafting_at, its.comments_at = self.zone, shaping, drafting, comments
        its.closes_at, its.outcome_due = ends, outcome
        plan(ctx, its)
        announcing.edited(ctx, its, _("{name} has changed the dates.", name=ctx.who.name))
        return cards.changed(ctx, its)


@consultations.form("extend", _("Extend the deadline"), allow=owners)
class Extend(Form):
    """A later end, never an earlier one: people have planned by it. Whoever takes part, and whoever might, is told."""

    consultation: Consultation = ask.about()
    until_day: date = ask.date(_("Until which day can people take part?"), options=dates.closings)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if bound["consultation"].phase not in (Phase.SHAPING, Phase.DRAFTING, Phase.COMMENTS):
            raise Refusal(_("That cannot be done now. Its state is: {state}.", state=bound["consultation"].phase))

    def submit(self, ctx: Context) -> Screen:
        was = self.consultation.closes_at or ctx.now
        ends = dates.end(ctx, self.until_day, self.consultation.zone, after=ctx.now, field="until_day")
        if not self.consultation.extend(ends, at=ctx.now):
            said = _("It can only be later than what people were told: {when}.", when=cards.at(self.consultation, was))
            raise Refusal(said, field="until_day")
        plan(ctx, self.consultation)
        announcing.extended(ctx, self.consultation)
        return cards.changed(ctx, self.consultation, later(self.consultation))


@consultations.form("reopen", _("Open it for comments again"), allow=runs)
class Reopen(Form):
    """On its last draft, until another day: everybody is told again. What was answered already stays answered."""

    consultation: Consultation = ask.about()
    until_day: date = ask.date(_("Until which day can people comment?"), options=dates.closings)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if bound["consultation"].phase is not Phase.DECISION or not bound["consultation"].draft_number:
            raise Refusal(_("That cannot be done now. Its state is: {state}.", state=bound["consultation"].phase))

    def submit(self, ctx: Context) -> Screen:
        its = self.consultation
        ends = dates.end(ctx, self.until_day, its.zone, after=ctx.now, field="until_day")
        promised = its.outcome_due - its.closes_at if its.outcome_due and its.closes_at else dates.PROMISED
        if not its.reopen(ends, at=ctx.now):
            raise Refusal(_("That cannot be done now. Its state is: {state}.", state=its.phase))
        its.comments_at, its.outcome_due = ctx.now, ends + promised
        ctx.session.flush()
        plan(ctx, its)
        announcing.moved(ctx, its, Phase.DECISION)
        for note in WHEN_MOVED:
            note(ctx, its)
        return cards.changed(ctx, its, _("Open. Those it is for are being told."))


def later(consultation: Consultation) -> Phrase:
    return _("It is open longer: until {when}.", when=cards.at(consultation, consultation.closes_at))
