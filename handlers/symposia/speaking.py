"""Who is needed in a session: asked, confirming with one tap, away or elsewhere, chased once; and what they declare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, select

from bot.kit.clean import clean_line
from bot.kit.context import Context
from bot.kit.dates import read_date
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Fact, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, _, ngettext
from db.calls import Interest
from db.people import Person
from db.symposia import (
    SHOWN,
    Agreed,
    Away,
    Part,
    SessionPart,
    SessionState,
    Symposium,
    SymposiumSession,
)
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called
from handlers.people.preferences import zone_choices
from handlers.people.searching import closest

from . import cards, making, patterns, sessions, telling, times
from .making import must_be_ahead
from .room import members, needed, of, runs, symposia

CHASED_AFTER = timedelta(days=3)
REASON, INTEREST, AWAY = 600, 300, 600
MOST_AWAY = 20


def people(ctx: Context, query: str) -> Sequence[Option]:
    """Everybody registered with the administration, by name."""
    found = ctx.session.execute(
        select(Person.id, Person.name)
        .where(Person.visible_to(ctx.who), Person.registered_at.is_not(None))
        .order_by(Person.name, Person.id)
    )
    names = {row.id: row.name for row in found}
    wanted = clean_line(query)
    if wanted.isdecimal() and len(wanted) < 18 and int(wanted) in names:
        return [Option(wanted, Raw(names[int(wanted)]))]
    return [Option(str(key), Raw(names[key])) for key in closest(wanted, names)]


@symposia.form("add_speaker", _("Add a speaker"), allow=runs)
class Add(Form):
    """Somebody is needed in a session, and asked as soon as the symposium is announced."""

    review = False
    symposium: Symposium = ask.about()
    session: SymposiumSession = ask.about()
    person: int = ask.pick(_("Who?"), options=people, hint=_("Type a part of the name."))
    part: Part = ask.choice(_("As what?"))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        of(bound["symposium"], bound["session"])
        sessions.must_be_planned(bound["symposium"], bound["session"])

    def submit(self, ctx: Context) -> Screen:
        made = need(ctx, self.symposium, self.session, self.person, self.part)
        lead = _("They are asked.") if self.symposium.state in SHOWN else _("They are asked once it is announced.")
        return sessions.card(ctx, self.symposium, self.session, lead if made else _("They are in it already."))


def need(
    ctx: Context, symposium: Symposium, session: SymposiumSession, person_id: int, part: Part = Part.SPEAKER
) -> SessionPart | None:
    """Somebody is needed; asked at once where the symposium is known already. None where they are."""
    theirs = SessionPart.session_id == session.id, SessionPart.person_id == person_id, SessionPart.part == part
    if ctx.session.scalar(select(SessionPart.id).where(*theirs)) is not None:
        return None
    made = SessionPart(
        administration_id=symposium.administration_id,
        session_id=session.id,
        person_id=person_id,
        part=part,
        asked_at=ctx.now,
    )
    ctx.session.add(made)
    ctx.session.flush()
    if symposium.state in SHOWN:
        _ask(ctx, symposium, session, made)
    return made


def ask_all(ctx: Context, symposium: Symposium) -> None:
    """It was announced: whoever is needed hears it."""
    for part, session in _all_parts(ctx, symposium):
        if part.agreed is Agreed.ASKED:
            part.asked_at = ctx.now
            _ask(ctx, symposium, session, part)


def _ask(ctx: Context, symposium: Symposium, session: SymposiumSession, part: SessionPart) -> None:
    if part.person_id == ctx.who.id:
        return
    screen = part_screen(ctx, symposium, session, part, _("You are asked to take part in a session."))
    ctx.notify(part.person_id, screen, once=f"{symposium.ref}:part:{session.id}:{part.id}")
    key = f"{symposium.ref}:part:{part.id}:chase"
    ctx.later(ctx.now + CHASED_AFTER, "symposia.chase", key=key, part=part.id)


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


def _must_count(symposium: Symposium, session: SymposiumSession) -> None:
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
    _must_count(symposium, session)
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
    return part_screen(ctx, symposium, session, part, lead)


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
        _must_count(symposium, session)
        self.part.remote_zone = self.zone
        self.part.answer(Agreed.YES, None, ctx.who.language, at=ctx.now)
        ctx.session.flush()
        ctx.forget(f"{symposium.ref}:part:{self.part.id}:chase")
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
        mine = (each for each, _session in _all_parts(ctx, bound["symposium"]) if each.person_id == ctx.who.id)
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
        start, end = patterns.minutes(hours, each, "words") if hours else (0, 24 * 60)
        midnight = making.instant(day, time(0), symposium.zone)
        found.add((midnight + timedelta(minutes=start), midnight + timedelta(minutes=end)))
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
        _must_count(symposium, session)
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


# For whoever runs it


@symposia.command("speakers", _("Who comes to speak"), allow=runs, reads=runs)
def speakers(ctx: Context, symposium: Symposium, page: int = 0) -> Screen:
    """Everybody who is needed, those who have not answered first."""
    return _speakers(ctx, symposium, None, page=page)


def _speakers(ctx: Context, symposium: Symposium, lead: Phrase | None, *, page: int = 0) -> Screen:
    order = {Agreed.ASKED: 0, Agreed.NO: 1, Agreed.YES: 2}
    found = sorted(_all_parts(ctx, symposium), key=lambda each: (order[each[0].agreed], each[0].id))
    names = called(ctx.session, {part.person_id for part, _session in found})
    silent = sum(part.agreed is Agreed.ASKED for part, _session in found)
    shown = found[page * PAGE : (page + 1) * PAGE]
    reasons = tuple(
        _("{name} cannot come: {reason}", name=names[part.person_id], reason=Raw(part.reason, part.language))
        for part, _session in shown
        if part.reason and part.agreed is Agreed.NO
    )
    rows = tuple(
        Row(
            names[part.person_id],
            _("{title} · {part} · {agreed}", title=sessions.title(session), part=part.part, agreed=part.agreed),
            (
                *(
                    (button(_("Ask again"), "symposia.ask_again", symposium=symposium.id, part=part.id, page=page),)
                    if part.agreed is Agreed.ASKED and symposium.state in SHOWN
                    else ()
                ),
                button(_("Take off"), "symposia.part_off", symposium=symposium.id, part=part.id),
            )
            if symposium.state in cards.AHEAD
            else (),
        )
        for part, session in shown
    )
    waits = ngettext("{count} person has not answered.", "{count} people have not answered.", silent)
    away = _away_lines(ctx, symposium, {part.person_id for part, _session in shown})
    return Screen(
        lead or _("Who comes to speak"),
        (
            cards.title(symposium),
            *((waits,) if silent else ()),
            *(() if found else (_("Nobody is needed in any session yet."),)),
            *reasons,
            *away,
        ),
        rows=rows,
        buttons=(
            *turn_pages("symposia.speakers", page, len(found), symposium=symposium.id),
            button(_("Sessions"), "symposia.sessions", symposium=symposium.id),
            cards.back(symposium),
        ),
    )


def _away_lines(ctx: Context, symposium: Symposium, person_ids: set[int]) -> tuple[Phrase, ...]:
    theirs = Away.symposium_id == symposium.id, Away.person_id.in_(person_ids)
    found = ctx.session.scalars(select(Away).where(*theirs).order_by(Away.starts_at, Away.id)).all()
    names = called(ctx.session, {each.person_id for each in found})
    return tuple(
        _(
            "{name} cannot be there on {day}, {span}.",
            name=names[each.person_id],
            day=times.day_of(symposium, each.starts_at),
            span=times.span(symposium, each.starts_at, each.ends_at - timedelta(microseconds=1)),
        )
        for each in found
    )


@symposia.command("ask_again", _("Ask again"), allow=runs)
def ask_again(ctx: Context, symposium: Symposium, part: SessionPart, page: int = 0) -> Screen:
    """At most once a day."""
    session = _of(ctx, symposium, part)
    _must_count(symposium, session)
    if part.agreed is not Agreed.ASKED:
        return _speakers(ctx, symposium, _("They have answered."), page=page)
    _remind(ctx, symposium, session, part, once=f"again:{ctx.now.date().isoformat()}")
    return _speakers(ctx, symposium, _("They are asked again, at most once a day."), page=page)


@symposia.command("part_off", _("Take off"), allow=runs)
def part_off(ctx: Context, symposium: Symposium, part: SessionPart) -> Screen:
    """Somebody is not needed after all; who had been asked hears it."""
    session = _of(ctx, symposium, part)
    must_be_ahead(symposium)
    ctx.forget(f"{symposium.ref}:part:{part.id}:chase")
    unheard = ctx.withdraw([part.person_id], begin=[f"{symposium.ref}:part:{session.id}:{part.id}"])
    was_asked = symposium.state in SHOWN and part.agreed is not Agreed.NO
    if was_asked and part.person_id not in unheard and part.person_id != ctx.who.id:
        screen = Screen(
            _("You are not needed in a session any longer."),
            (sessions.title(session),),
            buttons=(button(_("Symposia"), "symposia.symposia"),),
        )
        ctx.notify(part.person_id, screen, once=f"{symposium.ref}:part-off:{part.id}")
    declare(ctx, session, part.person_id, None, ctx.who.language)
    ctx.session.delete(part)
    ctx.session.flush()
    return _speakers(ctx, symposium, _("Taken off."))


@symposia.job("chase")
def chase(ctx: Context, part: SessionPart) -> None:
    """Once, while they are silent."""
    symposium, session = with_session(ctx, part)
    is_open = symposium.state in SHOWN and symposium.state in cards.AHEAD and session.state is SessionState.PLANNED
    if part.agreed is Agreed.ASKED and is_open:
        _remind(ctx, symposium, session, part, once="chased")


def _remind(ctx: Context, symposium: Symposium, session: SymposiumSession, part: SessionPart, *, once: str) -> None:
    screen = part_screen(ctx, symposium, session, part, _("A session waits for your answer: will you be there?"))
    ctx.notify(part.person_id, screen, once=f"{symposium.ref}:part:{session.id}:{part.id}:{once}")


def _of(ctx: Context, symposium: Symposium, part: SessionPart) -> SymposiumSession:
    session = ctx.session.get_one(SymposiumSession, part.session_id)
    of(symposium, session)
    return session


def _all_parts(ctx: Context, symposium: Symposium) -> list[tuple[SessionPart, SymposiumSession]]:
    """Of sessions that take place."""
    its = (
        select(SessionPart, SymposiumSession)
        .join(SymposiumSession, SymposiumSession.id == SessionPart.session_id)
        .where(SymposiumSession.symposium_id == symposium.id, SymposiumSession.state == SessionState.PLANNED)
        .order_by(SessionPart.id)
    )
    return [(part, session) for part, session in ctx.session.execute(its)]
