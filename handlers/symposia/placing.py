"""Where a session stands in its programme: placed by hand, kept there, given twice, after another, or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Option, ask
from bot.kit.screen import Quote, Refusal, Screen, button
from bot.kit.text import Raw, _, ngettext
from db.calls import Interest
from db.symposia import (
    Agreed,
    Block,
    BlockKind,
    SessionKind,
    SessionPart,
    SessionState,
    Symposium,
    SymposiumSession,
    SymposiumState,
)

from . import cards, lists, sessions, times
from .room import WHEN_SESSION_CANCELLED, of, runs, symposia


def yes_no(ctx: Context, query: str) -> Sequence[Option]:
    return [Option("yes", _("Yes")), Option("no", _("No"))]


@symposia.form("place", _("Where and when"), allow=runs)
class Place(sessions.Planned):
    """By hand, before the programme is out: kept there, or where the programme begins from."""

    symposium: Symposium = ask.about()
    session: SymposiumSession = ask.about()
    block: int = ask.pick(_("When?"), options=sessions.block_options)
    room: int = ask.pick(_("In which room?"), options=sessions.room_options)
    stays: str = ask.choice(_("Does it stay there, whatever the programme?"), options=yes_no)

    def submit(self, ctx: Context) -> Screen:
        if self.symposium.state is SymposiumState.PUBLISHED:
            raise Refusal(_("The programme is out: sessions are moved there."))
        at = [each for each in times.blocks_of(ctx.session, self.symposium) if each.kind is not BlockKind.BREAK]
        first = next((place for place, each in enumerate(at) if each.id == self.block), None)
        if first is None:
            raise Refusal(_("Please choose one of the answers offered."), field="block")
        taken = {each.id for each in at[first : first + self.session.blocks]}
        for other in lists.sessions_of(ctx.session, self.symposium):
            if other.id != self.session.id and other.room_id == self.room and taken & _blocks(at, other):
                raise Refusal(_("“{title}” takes place there then.", title=sessions.title(other)), field="room")
        self.session.block_id, self.session.room_id = self.block, self.room
        self.session.is_locked = self.stays == "yes"
        return sessions.changed(ctx, self.symposium, self.session)


def _blocks(at: Sequence[Block], session: SymposiumSession) -> set[int]:
    """The times a session takes, from its first one on."""
    first = next((place for place, each in enumerate(at) if each.id == session.block_id), None)
    return set() if first is None else {each.id for each in at[first : first + session.blocks]}


@symposia.command("lock", _("Keep it where it is"), allow=runs)
def lock(ctx: Context, symposium: Symposium, session: SymposiumSession) -> Screen:
    """The programme leaves it there."""
    of(symposium, session)
    sessions.must_be_planned(symposium, session)
    if not session.is_placed:
        raise Refusal(_("It has no place yet."))
    session.is_locked = True
    return sessions.card(ctx, symposium, session, _("It stays where it is."))


@symposia.command("unlock", _("Let it move"), allow=runs)
def unlock(ctx: Context, symposium: Symposium, session: SymposiumSession) -> Screen:
    of(symposium, session)
    sessions.must_be_planned(symposium, session)
    session.is_locked = False
    return sessions.card(ctx, symposium, session, _("The programme may give it another place."))


@symposia.command("repeat", _("Give it twice"), allow=runs)
def repeat(ctx: Context, symposium: Symposium, session: SymposiumSession) -> Screen:
    """The same once more, at another time, with the same people: who has been at one needs not go to the other."""
    of(symposium, session)
    sessions.must_be_planned(symposium, session)
    if session.kind is SessionKind.PLENARY:
        raise Refusal(_("A plenary is for everybody at once."))
    first = session.repeats_id or session.id
    made = sessions.make(
        ctx,
        symposium,
        title=session.title,
        abstract=session.abstract,
        language=session.language,
        track_id=session.track_id,
        sector=session.sector,
        needs=session.needs,
        expected=session.expected // 2,
        blocks=session.blocks,
    )
    made.repeats_id, made.document, made.seats, made.after_id = first, session.document, session.seats, session.after_id
    for part in sessions.parts_of(ctx, session):
        ctx.session.add(
            SessionPart(
                administration_id=part.administration_id,
                session_id=made.id,
                person_id=part.person_id,
                part=part.part,
                agreed=part.agreed,
                remote_zone=part.remote_zone,
                asked_at=part.asked_at,
                answered_at=part.answered_at,
            )
        )
    for each in ctx.session.scalars(select(Interest).where(Interest.session_id == session.id)).all():
        ctx.session.add(
            Interest(
                administration_id=each.administration_id,
                session_id=made.id,
                person_id=each.person_id,
                words=each.words,
                language=each.language,
                at=each.at,
            )
        )
    ctx.session.flush()
    return sessions.card(ctx, symposium, made, _("It is given twice. This is the second time."))


@symposia.form("after", _("Put it after another"), allow=runs)
class After(sessions.Planned):
    """What must have taken place before it."""

    review = False
    symposium: Symposium = ask.about()
    session: SymposiumSession = ask.about()
    after: int | None = ask.pick(
        _("After which session?"), options=sessions.session_options, optional=True, hint=_("Left out, after none.")
    )

    def submit(self, ctx: Context) -> Screen:
        before = {each.id: each.after_id for each in lists.sessions_of(ctx.session, self.symposium)}
        at, seen = self.after, {self.session.id}
        while at is not None:
            if at in seen:
                raise Refusal(_("That one comes after this one already."), field="after")
            seen.add(at)
            at = before.get(at)
        self.session.after_id = self.after
        ctx.session.flush()
        return sessions.card(ctx, self.symposium, self.session, _("Noted."))


@symposia.form("cancel_session", _("Cancel the session"), allow=runs)
class Cancel(sessions.Planned):
    """It does not take place. Whoever is needed in it hears why."""

    symposium: Symposium = ask.about()
    session: SymposiumSession = ask.about()
    reason: str | None = ask.prose(
        _("Why does it not take place?"), max=600, optional=True, hint=_("Those who were to speak read it.")
    )

    def submit(self, ctx: Context) -> Screen:
        count = cancel(ctx, self.symposium, self.session, self.reason)
        lead = ngettext("Cancelled. {count} person is being told.", "Cancelled. {count} people are being told.", count)
        return sessions.sessions_screen(ctx, self.symposium, lead)


def cancel(ctx: Context, symposium: Symposium, session: SymposiumSession, reason: str | None) -> int:
    """It has no place any longer, nothing waits for it, and those needed in it are told; how many."""
    session.state, session.is_locked = SessionState.CANCELLED, False
    for other in lists.sessions_of(ctx.session, symposium):
        if other.after_id == session.id:
            other.after_id = session.after_id
    session.rise(ctx.now)
    ctx.session.flush()
    lists.found.keep(ctx.session, symposium)
    why = (Quote(Raw(reason, ctx.who.language), label=_("Why")),) if reason else ()
    screen = Screen(
        _("A session you were asked to take part in does not take place."),
        (sessions.title(session), cards.title(symposium), *why),
        buttons=(button(_("Open"), "symposia.session", symposium=symposium.id, session=session.id),),
    )
    told = {each.person_id for each in sessions.parts_of(ctx, session, Agreed.ASKED, Agreed.YES)} - {ctx.who.id}
    ctx.withdraw(told, begin=[f"{symposium.ref}:part:{session.id}:"])
    for person_id in sorted(told):
        ctx.notify(person_id, screen, once=f"{symposium.ref}:session-off:{session.id}", urgent=True)
    for tell in WHEN_SESSION_CANCELLED:
        tell(ctx, symposium, session)
    return len(told)
