"""For Customs: asking agencies to fill their column until a day, reminding the silent, and knowing who is missing."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Quote, Refusal, Screen, Style, button
from bot.kit.text import Phrase, Raw, When, _, listed, ngettext
from db.agencies import name_of
from db.people import Administration, Person, Topic
from db.recognition import RecognitionRequest, unsaid
from handlers import centres
from handlers.issues.raising import agencies as choices
from handlers.people.voices import voices
from handlers.roundtables import dates
from handlers.roundtables.polling import LAST_MINUTE

from . import matrix
from .room import askers, recognition

WORDS = 1000


@recognition.form("ask", _("Ask an agency"), allow=askers)
class Ask(Form):
    """One agency is asked which criteria it recognises, until a day."""

    agency: int = ask.pick(_("Which agency?"), options=choices)
    respond_by: date = ask.date(_("By which day must it have answered?"), options=dates.respond_days)
    words: str | None = ask.prose(
        _("Do you want to say why you ask?"), max=WORDS, optional=True, hint=_("Only this agency reads it.")
    )

    def submit(self, ctx: Context) -> Screen:
        name = name_of(ctx.session, self.agency)
        if not voices(ctx, self.agency):
            raise Refusal(
                _("Nobody speaks for {agency} in Parley yet, so nobody would read it.", agency=name), field="agency"
            )
        home = ctx.session.get_one(Administration, ctx.who.administration_id)
        made = RecognitionRequest(
            administration_id=home.id,
            agency_id=self.agency,
            asked_by_id=ctx.who.id,
            asked_at=ctx.now,
            respond_by=dates.instant(self.respond_by, LAST_MINUTE, home.zone, now=ctx.now, field="respond_by"),
            words=self.words,
            language=ctx.who.language,
        )
        before = latest(ctx, self.agency)
        if before is not None:
            _forget(ctx, before)
        ctx.session.add(made)
        ctx.session.flush()
        half_way = ctx.now + (made.respond_by - ctx.now) / 2
        ctx.later(half_way, "recognition.nudge", key=_key(made, "nudge"), request=made.id)
        ctx.later(made.respond_by, "recognition.missing", key=_key(made, "missing"), request=made.id)
        lead = _("Customs asks which criteria of trusted traders your agency recognises.")
        _tell(ctx, made, lead, once=f"recognition:{made.id}:asked")
        done = _("{agency} is asked, until {when}.", agency=name, when=When(made.respond_by))
        return matrix.matrix_screen(ctx, done)


def latest(ctx: Context, agency_id: int) -> RecognitionRequest | None:
    """The last time an agency was asked: an earlier one counts no more."""
    its = select(RecognitionRequest).where(RecognitionRequest.agency_id == agency_id)
    return ctx.session.scalars(its.order_by(RecognitionRequest.id.desc()).limit(1)).first()


@recognition.command("remind", _("Remind the silent"), allow=askers)
def remind(ctx: Context) -> Screen:
    """Everybody who speaks for an agency that was asked and has not said all: at most once a day."""
    seen = select(RecognitionRequest.agency_id).where(RecognitionRequest.visible_to(ctx.who)).distinct()
    silent = []
    for agency_id in ctx.session.scalars(seen.order_by(RecognitionRequest.agency_id)).all():
        request = latest(ctx, agency_id)
        if request is not None and unsaid(ctx.session, request):
            silent.append(Raw(name_of(ctx.session, agency_id)))
            lead = _("Customs still waits to hear which criteria your agency recognises.")
            _tell(ctx, request, lead, once=f"recognition:{request.id}:again:{ctx.now:%Y-%m-%d}")
    if not silent:
        return matrix.matrix_screen(ctx, _("Every agency that was asked has answered."))
    return matrix.matrix_screen(ctx, _("Reminded: {agencies}.", agencies=listed(silent)))


@recognition.job("nudge")
def nudge(ctx: Context, request: RecognitionRequest) -> None:
    """Half of the time has passed: one reminder."""
    if request.nudged_at is None and unsaid(ctx.session, request) and request.respond_by > ctx.now:
        request.nudged_at = ctx.now
        lead = _("Customs waits to hear which criteria your agency recognises, until {when}.", when=request.respond_by)
        _tell(ctx, request, lead, once=f"recognition:{request.id}:nudge", topic=Topic.REMINDERS)


@recognition.job("missing")
def missing(ctx: Context, request: RecognitionRequest) -> None:
    """The day has passed: whoever asked hears what is missing."""
    left = unsaid(ctx.session, request)
    if request.missed_at is not None or not left:
        return
    request.missed_at = ctx.now
    name = name_of(ctx.session, request.agency_id)
    lead = ngettext(
        "{agency} has not said of {count} criterion whether it recognises it.",
        "{agency} has not said of {count} criteria whether it recognises them.",
        len(left),
        agency=name,
    )
    screen = Screen(
        lead,
        (_("It was asked to answer by {when}.", when=When(request.respond_by)),),
        buttons=(
            button(_("Remind the silent"), "recognition.remind"),
            button(recognition.title, "recognition.recognition"),
        ),
    )
    _tell_customs(ctx, request, screen, once=f"recognition:{request.id}:missing")


def note_filled(ctx: Context, agency_id: int) -> None:
    """Whoever asked hears, once, that a column is full."""
    request = latest(ctx, agency_id)
    if request is None or unsaid(ctx.session, request):
        return
    _forget(ctx, request)
    name = name_of(ctx.session, agency_id)
    screen = Screen(
        _("{agency} has said of every criterion whether it recognises it.", agency=name),
        buttons=(button(_("Gaps"), "recognition.gaps"), button(recognition.title, "recognition.recognition")),
    )
    _tell_customs(ctx, request, screen, once=f"recognition:{request.id}:filled")


def _tell_customs(ctx: Context, request: RecognitionRequest, screen: Screen, *, once: str) -> None:
    """Whoever asked; who oversees the desks, where they have no role any longer."""
    asker = ctx.session.get_one(Person, request.asked_by_id)
    is_staff = ctx.who_is(asker).is_staff
    overseers = centres.overseers(ctx.session, request.administration_id, at=ctx.now)
    for person_id in (asker.id,) if is_staff else overseers:
        ctx.notify(person_id, screen, once=once)


def _tell(ctx: Context, request: RecognitionRequest, lead: Phrase, *, once: str, topic: Topic | None = None) -> None:
    words = (Quote(Raw(request.words, request.language), label=_("Customs writes")),) if request.words else ()
    screen = Screen(
        lead,
        (*words, _("Please answer by {when}.", when=When(request.respond_by))),
        buttons=(button(_("My agency's answers"), "recognition.column", style=Style.PRIMARY),),
    )
    for person_id in voices(ctx, request.agency_id):
        ctx.notify(person_id, screen, once=once, topic=topic)


def _forget(ctx: Context, request: RecognitionRequest) -> None:
    for kind in ("nudge", "missing"):
        ctx.forget(_key(request, kind))


def _key(request: RecognitionRequest, kind: str) -> str:
    return f"recognition:{request.id}:{kind}"
