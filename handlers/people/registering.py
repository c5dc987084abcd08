"""First contact: language and consent first, then who one is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Screen, button
from bot.kit.text import LANGUAGES, Raw, _
from db.people import Kind, Person

from .room import people


def languages(ctx: Context, query: str) -> Sequence[Option]:
    """Every language by its own name, because the person may read no other."""
    return [Option(code, Raw(name, code)) for code, name in LANGUAGES.items()]


@people.form("register", _("Say who you are"), allow=allow.everyone)
class Register(Form):
    """A stranger becomes somebody Parley knows."""

    language: str = ask.choice(_("Which language do you want to use?"), options=languages)
    consent: bool = ask.consent(_("Parley keeps what you tell it, so that Customs can answer you. Do you agree?"))
    name: str = ask.line(_("What is your name?"), max=80)
    kind: Kind = ask.choice(_("Whom do you work for?"))

    @classmethod
    def answered(cls, ctx: Context, name: str, value: Any) -> None:
        """The language holds from the next question on; consent is noted when it is given."""
        person = ctx.session.get_one(Person, ctx.who.id)
        if name == "language":
            person.language, person.language_chosen_at = value, ctx.now
        elif name == "consent":
            person.consented_at = ctx.now

    def submit(self, ctx: Context) -> Screen:
        person = ctx.session.get_one(Person, ctx.who.id)
        person.name, person.kind, person.registered_at = self.name, self.kind, ctx.now
        return Screen(_("Welcome, {name}.", name=self.name), buttons=(button(_("Home"), "home.show"),))
