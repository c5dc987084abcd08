"""Badges: a PDF of everybody who is registered, drawn beside the turns in a process of its own."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Progress, Refusal, Screen, button
from bot.kit.text import _, ngettext, phrase_of
from db.people import Organisation, Person
from db.registrations import Registration, RegistrationState
from db.symposia import Symposium
from handlers.registrations.finding import name
from scheduling import solving

from .lists import offer_file
from .room import AT, attendance, runs

# By its name alone: no process that serves anybody imports what draws a PDF.
CHILD = (sys.executable, "-P", "-m", "bot.platforms.badges")


@attendance.command("badges", _("Badges"), allow=runs, reads=runs)
def badges(ctx: Context, symposium: Symposium) -> Screen:
    """As they are registered now; the file comes as a message."""
    if ctx.session.scalar(_registered(symposium).limit(1)) is None:
        raise Refusal(_("Nobody has registered yet."))
    at = int(ctx.now.timestamp())
    key = f"{symposium.ref}:badges:{ctx.who.id}:{at}"
    ctx.later(ctx.now, "attendance.print", key=key, symposium=symposium.id, by=ctx.who.id, asked=at)
    ctx.notify(ctx.who.id, _bar(symposium, 0), once=key, urgent=True)
    return Screen(
        _("The badges are being drawn."),
        (name(symposium), _("They come as a PDF in a moment.")),
        buttons=(button(_("The days"), "attendance.desk", symposium=symposium.id),),
    )


def _registered(symposium: Symposium) -> Any:
    its = Registration.symposium_id == symposium.id, Registration.state == RegistrationState.REGISTERED
    return (
        select(Registration, Person.name, Organisation.name)
        .join(Person, Person.id == Registration.person_id)
        .outerjoin(Organisation, Organisation.id == Registration.organisation_id)
        .where(*its)
        .order_by(Person.name, Registration.id)
    )


def _bar(symposium: Symposium, done: float) -> Screen:
    return Screen(
        _("The badges are being drawn."),
        (name(symposium), Progress(round(done * 100), 100)),
        buttons=(button(_("The days"), "attendance.desk", symposium=symposium.id),),
    )


@attendance.labour("print")
class Print:
    """In a child process, with progress."""

    @staticmethod
    def begin(ctx: Context, symposium: Symposium, by: int, asked: int) -> Any:
        reader = ctx.session.get_one(Person, by)
        if reader.erased_at is not None:
            return None
        say = ctx.words_for(reader)
        return {
            "title": symposium.title,
            "badges": [
                {
                    "name": person,
                    "organisation": office or "",
                    "kind": say(phrase_of(registration.kind)),
                    "code": registration.code,
                    "url": ctx.page(f"{AT}/{registration.code}"),
                }
                for registration, person, office in ctx.session.execute(_registered(symposium))
            ],
        }

    @staticmethod
    def work(question: Any, report: Callable[[float, str], None], is_wanted: Callable[[], bool]) -> Any:
        return solving.solve("badges", question, progress=report, cancelled=lambda: not is_wanted(), child=CHILD)

    @staticmethod
    def progress(ctx: Context, done: float, doing: str, symposium: Symposium, by: int, asked: int) -> bool:
        ctx.revise(by, _bar(symposium, done), once=f"{symposium.ref}:badges:{by}:{asked}")
        return True

    @staticmethod
    def end(ctx: Context, answer: Any, symposium: Symposium, by: int, asked: int) -> None:
        file = offer_file(ctx, f"badges-{symposium.ref}.pdf", "application/pdf", base64.b64decode(answer["pdf"]), to=by)
        unknown = answer["unknown"]
        told = Screen(
            _("Here are the badges."),
            (
                name(symposium),
                ngettext("{count} page, ten badges on each.", "{count} pages, ten badges on each.", answer["pages"]),
                *(
                    (
                        ngettext(
                            "{count} name has letters that cannot be printed: write it by hand.",
                            "{count} names have letters that cannot be printed: write them by hand.",
                            unknown,
                        ),
                    )
                    if unknown
                    else ()
                ),
                _("Parley keeps this file for one day."),
            ),
            files=(file,),
            buttons=(button(_("The days"), "attendance.desk", symposium=symposium.id),),
        )
        ctx.notify(by, told, once=f"{symposium.ref}:badges:{by}:{asked}:done", urgent=True)

    @staticmethod
    def fail(ctx: Context, why: str, symposium: Symposium, by: int, asked: int) -> None:
        told = Screen(
            _("The badges could not be drawn."),
            (name(symposium), _("Please try again; if it happens again, tell whoever runs Parley.")),
            buttons=(button(_("The days"), "attendance.desk", symposium=symposium.id),),
        )
        ctx.notify(by, told, once=f"{symposium.ref}:badges:{by}:{asked}:done", urgent=True)
