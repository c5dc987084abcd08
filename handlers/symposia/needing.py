"""Whom a session needs: asked, chased once while silent; and who comes, for whoever runs the symposium."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.kit.clean import clean_line
from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Row, Screen, button
from bot.kit.text import Phrase, Raw, Text, _, ngettext
from db.people import Person
from db.symposia import SHOWN, Agreed, Away, Part, SessionPart, SessionState, Symposium, SymposiumSession
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called
from handlers.people.searching import closest

from . import cards, sessions, speaking, times
from .making import must_be_ahead
from .room import of, runs, symposia

CHASED_AFTER = timedelta(days=3)


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
    for part, session in speaking.all_parts(ctx, symposium):
        if part.agreed is Agreed.ASKED:
            part.asked_at = ctx.now
            _ask(ctx, symposium, session, part)


def _ask(ctx: Context, symposium: Symposium, session: SymposiumSession, part: SessionPart) -> None:
    if part.person_id == ctx.who.id:
        return
    screen = speaking.part_screen(ctx, symposium, session, part, _("You are asked to take part in a session."))
    ctx.notify(part.person_id, screen, once=f"{symposium.ref}:part:{session.id}:{part.id}")
    key = f"{symposium.ref}:part:{part.id}:chase"
    ctx.later(ctx.now + CHASED_AFTER, "symposia.chase", key=key, part=part.id)


@symposia.command("speakers", _("Who comes to speak"), allow=runs, reads=runs)
def speakers(ctx: Context, symposium: Symposium, page: int = 0) -> Screen:
    """Everybody who is needed, those who have not answered first."""
    return _speakers(ctx, symposium, None, page=page)


def _speakers(ctx: Context, symposium: Symposium, lead: Phrase | None, *, page: int = 0) -> Screen:
    order = {Agreed.ASKED: 0, Agreed.NO: 1, Agreed.YES: 2}
    found = sorted(speaking.all_parts(ctx, symposium), key=lambda each: (order[each[0].agreed], each[0].id))
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
    return tuple(_away(symposium, each, names[each.person_id]) for each in found)


def _away(symposium: Symposium, away: Away, name: Text) -> Phrase:
    day = times.day_of(symposium, away.starts_at)
    if away.ends_at - away.starts_at >= timedelta(hours=23):  # a whole day, also where its clocks change
        return _("{name} cannot be there on {day}.", name=name, day=day)
    span = times.span(symposium, away.starts_at, away.ends_at)
    return _("{name} cannot be there on {day}, {span}.", name=name, day=day, span=span)


@symposia.command("ask_again", _("Ask again"), allow=runs)
def ask_again(ctx: Context, symposium: Symposium, part: SessionPart, page: int = 0) -> Screen:
    """At most once a day."""
    session = _of(ctx, symposium, part)
    speaking.must_count(symposium, session)
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
    speaking.declare(ctx, session, part.person_id, None, ctx.who.language)
    ctx.session.delete(part)
    ctx.session.flush()
    return _speakers(ctx, symposium, _("Taken off."))


@symposia.job("chase")
def chase(ctx: Context, part: SessionPart) -> None:
    """Once, while they are silent."""
    symposium, session = speaking.with_session(ctx, part)
    is_open = symposium.state in SHOWN and symposium.state in cards.AHEAD and session.state is SessionState.PLANNED
    if part.agreed is Agreed.ASKED and is_open:
        _remind(ctx, symposium, session, part, once="chased")


def _remind(ctx: Context, symposium: Symposium, session: SymposiumSession, part: SessionPart, *, once: str) -> None:
    screen = speaking.part_screen(
        ctx, symposium, session, part, _("A session waits for your answer: will you be there?")
    )
    ctx.notify(part.person_id, screen, once=f"{symposium.ref}:part:{session.id}:{part.id}:{once}")


def _of(ctx: Context, symposium: Symposium, part: SessionPart) -> SymposiumSession:
    session = ctx.session.get_one(SymposiumSession, part.session_id)
    of(symposium, session)
    return session
