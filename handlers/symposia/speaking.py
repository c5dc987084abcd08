"""For whoever is needed in a session: yes with one tap, no with a reason, away or elsewhere, and what they declare."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, select

from bot.kit.context import Context
from bot.kit.dates import read_date
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Fact, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, _, ngettext
from db.calls import Interest
from db.symposia import (
    Agreed,
    Away,
    SessionPart,
    SessionState,
    Symposium,
    SymposiumSession,
)
from handlers.people.naming import called
from handlers.people.preferences import zone_choices

from . import cards, making, patterns, sessions, telling, times
from .making import must_be_ahead
from .room import WHEN_ANSWERED, WHEN_AWAY, members, needed, symposia

REASON, INTEREST, AWAY = 600, 300, 600
MOST_AWAY = 20


def part_screen(
    ctx: Context, symposium: Symposium, session: SymposiumSession, part: SessionPart, lead: Phrase
) -> Screen:
    """A session for whoever is needed in it, with how they answer."""
    abstract = (Quote(Raw(session.abstract, session.language)),) if session.abstract else ()
    where = sessions.place_of(ctx, symposium, session) if symposium.programme > 0 else None
    return Screen(
        lead,
        (sessions.title(session), *abstract),
        tuple(
            each
            for each in (
                Fact(_("Symposium"), cards.title(symposium)),
                Fact(_("Days"), cards.days(symposium)),
                Fact(_("Place"), Raw(symposium.venue, symposium.language)) if symposium.venue else None,
                Fact(_("When and where"), where) if where else None,
                Fact(_("As what"), part.part),
                Fact(_("Your answer"), part.agreed),
            )
            if each
        ),
        buttons=_answers(part, symposium),
    )


def _answers(part: SessionPart, symposium: Symposium) -> tuple[Button, ...]:
    def does(label: Phrase, verb: str, style: Style = Style.PLAIN) -> Button:
        return button(label, f"symposia.{verb}", style=style, part=part.id)

    yes, no = does(_("I will be there"), "come", Style.PRIMARY), does(_("I cannot"), "cannot")
    replies = {Agreed.ASKED: (yes, no), Agreed.YES: (no,), Agreed.NO: (yes,)}
    return (
        *replies[part.agreed],
        does(_("I speak from elsewhere"), "remote"),
        button(_("When I cannot be there"), "symposia.away", symposium=symposium.id),
        does(_("Declare an interest"), "declare"),
    )


def with_session(ctx: Context, part: SessionPart) -> tuple[Symposium, SymposiumSession]:
    session = ctx.session.get_one(SymposiumSession, part.session_id)
    return ctx.session.get_one(Symposium, session.symposium_id), session


def must_count(symposium: Symposium, session: SymposiumSession) -> None:
    must_be_ahead(symposium)
    if session.state is SessionState.CANCELLED:
        raise Refusal(_("The session was cancelled."))


@symposia.command("part", _("What I am asked"), allow=needed)
def part_(ctx: Context, part: SessionPart) -> Screen:
    symposium, session = with_session(ctx, part)
    return part_screen(ctx, symposium, session, part, _("You are asked to take part in a session."))


@symposia.command("come", _("I will be there"), allow=needed)
def come(ctx: Context, part: SessionPart) -> Screen:
    """One tap. The organiser sees it."""
    return _answered(ctx, part, Agreed.YES, None, _("Thank you. You are expected."))


@symposia.form("cannot", _("I cannot"), allow=needed)
class Cannot(Form):
    part: SessionPart = ask.about()
    reason: str | None = ask.prose(
        _("Do you want to say why?"), max=REASON, optional=True, hint=_("Only those who run the symposium read it.")
    )

    def submit(self, ctx: Context) -> Screen:
        return _answered(ctx, self.part, Agreed.NO, self.reason, _("Noted: you cannot. The organiser hears it."))


def _answered(ctx: Context, part: SessionPart, agreed: Agreed, reason: str | None, lead: Phrase) -> Screen:
    symposium, session = with_session(ctx, part)
    must_count(symposium, session)
    was = part.agreed
    if part.answer(agreed, reason, ctx.who.language, at=ctx.now):
        ctx.session.flush()
        ctx.forget(f"{symposium.ref}:part:{part.id}:chase")
        if agreed is Agreed.NO or was is Agreed.NO:
            name = called(ctx.session, {part.person_id})[part.person_id]
            said = (
                _("{name} cannot come to a session.", name=name)
                if agreed is Agreed.NO
                else _("{name} can come to a session after all.", name=name)
            )
            why = (Quote(Raw(reason, ctx.who.language), label=_("Why")),) if reason else ()
            look = button(
                _("Look"), "symposia.session", style=Style.PRIMARY, symposium=symposium.id, session=session.id
            )
            telling.tell_organisers(
                ctx,
                symposium,
                said,
                once=f"part:{session.id}:{part.id}:{part.version}",
                body=(sessions.title(session), *why),
                more=(look,),
                urgent=symposium.programme > 0,
            )
        heard(ctx, symposium, part.person_id)
    return part_screen(ctx, symposium, session, part, lead)


def heard(ctx: Context, symposium: Symposium, person_id: int) -> None:
    """Somebody who is needed has said that they come, or that they cannot."""
    for note in WHEN_ANSWERED:
        note(ctx, symposium, person_id)


@symposia.form("remote", _("I speak from elsewhere"), allow=needed)
class Remote(Form):
    """They come, by telephone or screen: the programme minds the hours of where they are."""

    review = False
    part: SessionPart = ask.about()
    zone: str = ask.pick(
        _("In which city's time zone are you then?"),
        options=zone_choices,
        hint=_("Choose, or type the name of a large city."),
    )

    def submit(self, ctx: Context) -> Screen:
        symposium, session = with_session(ctx, self.part)
        must_count(symposium, session)
        self.part.remote_zone = self.zone
        self.part.answer(Agreed.YES, None, ctx.who.language, at=ctx.now)
        ctx.session.flush()
        ctx.forget(f"{symposium.ref}:part:{self.part.id}:chase")
        heard(ctx, symposium, self.part.person_id)
        return part_screen(
            ctx,
            symposium,
            session,
            self.part,
            _("Noted. Your session is put at an hour that suits you where it can be."),
        )


@symposia.form("away", _("When I cannot be there"), allow=members)
class AwayTimes(Form):
    """Whole days or hours: all of them at once, in the place of what was said before."""

    review = False
    symposium: Symposium = ask.about()
    words: str | None = ask.prose(
        _("When can you not be there?"),
        max=AWAY,
        optional=True,
        hint=_(
            "One a line: a day, or a day with hours on the venue's clocks, such as 2 March 14:00–18:00. Left out:"
            " never."
        ),
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_be_ahead(bound["symposium"])
        mine = (each for each, _session in all_parts(ctx, bound["symposium"]) if each.person_id == ctx.who.id)
        if next(mine, None) is None and not bound["symposium"].is_run_by(ctx.who):
            raise Refusal(_("You are not asked to take part in any of its sessions."))

    def submit(self, ctx: Context) -> Screen:
        found = read_away(ctx, self.symposium, self.words)
        theirs = Away.symposium_id == self.symposium.id, Away.person_id == ctx.who.id
        before = {
            (starts_at, ends_at)
            for starts_at, ends_at in ctx.session.execute(select(Away.starts_at, Away.ends_at).where(*theirs))
        }
        ctx.session.execute(delete(Away).where(*theirs))
        for starts_at, ends_at in found:
            ctx.session.add(
                Away(symposium_id=self.symposium.id, person_id=ctx.who.id, starts_at=starts_at, ends_at=ends_at)
            )
        ctx.session.flush()
        if set(found) != before:
            name = called(ctx.session, {ctx.who.id})[ctx.who.id]
            look = button(_("Look"), "symposia.speakers", style=Style.PRIMARY, symposium=self.symposium.id)
            telling.tell_organisers(
                ctx,
                self.symposium,
                _("{name} has said when they cannot be there.", name=name),
                once=f"away:{ctx.who.id}:{ctx.now.isoformat()}",
                more=(look,),
                urgent=self.symposium.programme > 0,
            )
            for note in WHEN_AWAY:
                note(ctx, self.symposium, ctx.who.id)
        lead = ngettext("{count} time is noted.", "{count} times are noted.", len(found))
        return my_parts(ctx, lead if found else _("Noted: you can be there at all times."))


def read_away(ctx: Context, symposium: Symposium, words: str | None) -> list[tuple[datetime, datetime]]:
    """Days and hours of a symposium's days, in order. Raises Refusal for what is neither."""
    found: set[tuple[datetime, datetime]] = set()
    for each in filter(None, (line.strip() for line in patterns.SEPARATORS.split(words or ""))):
        hours = patterns.RANGE.search(patterns.latin(each))
        day = read_date(
            (each[: hours.start()] if hours else each).strip(" ,،"),
            language=ctx.who.language,
            at=ctx.now,
            zone=symposium.zone,
        )
        if day is None:
            raise Refusal(_("I cannot read this as a day: {words}", words=Raw(each[:60])), field="words")
        if day not in times.days_of(symposium):
            raise Refusal(_("That is none of its days: {day}", day=day), field="words")
        if hours:
            start, end = patterns.minutes(hours, each, "words")
            first, last = (making.instant(day, patterns.clock(at), symposium.zone) for at in (start, end))
        else:
            first, last = (making.instant(day + timedelta(days=more), time(0), symposium.zone) for more in (0, 1))
        found.add((first, last))
    if len(found) > MOST_AWAY:
        raise Refusal(_("Please name at most {most} times.", most=MOST_AWAY), field="words")
    return sorted(found)


@symposia.form("declare", _("Declare an interest"), allow=needed)
class Declare(Form):
    """What whoever comes to hear should know. Left out, it is taken back."""

    part: SessionPart = ask.about()
    words: str | None = ask.line(
        _("Which interest do you declare?"),
        max=INTEREST,
        optional=True,
        hint=_(
            "For example: my company sells what it is about. Everybody who sees the session reads it. Left out: none."
        ),
    )

    def submit(self, ctx: Context) -> Screen:
        symposium, session = with_session(ctx, self.part)
        must_count(symposium, session)
        declare(ctx, session, self.part.person_id, self.words, ctx.who.language)
        lead = _("Declared.") if self.words else _("You declare none.")
        return part_screen(ctx, symposium, session, self.part, lead)


def declare(ctx: Context, session: SymposiumSession, person_id: int, words: str | None, language: str) -> None:
    """What somebody has to declare in a session, in the place of what they declared before."""
    theirs = Interest.session_id == session.id, Interest.person_id == person_id
    ctx.session.execute(delete(Interest).where(*theirs))
    if words:
        ctx.session.add(
            Interest(
                administration_id=session.administration_id,
                session_id=session.id,
                person_id=person_id,
                words=words,
                language=language,
                at=ctx.now,
            )
        )
    ctx.session.flush()


@symposia.command("parts", _("Sessions I am asked to take part in"), allow=members)
def parts(ctx: Context) -> Screen:
    return my_parts(ctx, None)


def my_parts(ctx: Context, lead: Phrase | None) -> Screen:
    mine = (
        select(SessionPart, SymposiumSession, Symposium)
        .join(SymposiumSession, SymposiumSession.id == SessionPart.session_id)
        .join(Symposium, Symposium.id == SymposiumSession.symposium_id)
        .where(SessionPart.person_id == ctx.who.id, SessionPart.visible_to(ctx.who), Symposium.visible_to(ctx.who))
        .where(Symposium.state.in_(cards.AHEAD), SymposiumSession.state == SessionState.PLANNED)
        .order_by(Symposium.first_day, SessionPart.id)
        .limit(20)
    )
    rows = tuple(
        Row(
            sessions.title(session),
            _("{symposium} · {agreed}", symposium=Code(symposium.ref), agreed=part.agreed),
            (button(_("Open"), "symposia.part", part=part.id),),
        )
        for part, session, symposium in ctx.session.execute(mine)
    )
    return Screen(
        lead or _("Sessions I am asked to take part in"),
        () if rows else (_("There is none."),),
        rows=rows,
        buttons=(button(_("Symposia"), "symposia.symposia"),),
    )


def all_parts(ctx: Context, symposium: Symposium) -> list[tuple[SessionPart, SymposiumSession]]:
    """Of sessions that take place."""
    its = (
        select(SessionPart, SymposiumSession)
        .join(SymposiumSession, SymposiumSession.id == SessionPart.session_id)
        .where(SymposiumSession.symposium_id == symposium.id, SymposiumSession.state == SessionState.PLANNED)
        .order_by(SessionPart.id)
    )
    return [(part, session) for part, session in ctx.session.execute(its)]
