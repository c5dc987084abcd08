"""First contact: language and consent first, then who one is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import CHOICES_SHOWN, Form, Option, ask
from bot.kit.screen import Fact, Screen, Style, button
from bot.kit.text import Code, Raw, Text, _, phrase_of
from db import personal, retention
from db.centres import Centre
from db.people import Kind, Organisation, Person, Scope, Sector
from handlers.languages import languages

from .claiming import tell_of_claim
from .linking import accounts
from .mandates import speak_for
from .membership import GIVEN, come_to, countries, known_country
from .organisations import choices
from .room import WHEN_ERASED, people
from .rules import strangers
from .searching import closest

STRANGER_FOR = timedelta(days=30)
ADDRESS_KEPT = timedelta(hours=6)  # for the last message; delivery gives up a reply after as long
WHOLE_COUNTRY = "country"


def places(ctx: Context, query: str) -> Sequence[Option]:
    """The ports that the centres of expertise know, and the whole country."""
    desks = ctx.session.scalars(select(Centre.ports).where(Centre.visible_to(ctx.who)).order_by(Centre.id))
    ports = {port: port for known in desks for port in known}
    if query == WHOLE_COUNTRY:
        return [Option(WHOLE_COUNTRY, phrase_of(Scope.COUNTRY))]
    found = [Option(port, Raw(port)) for port in closest(query, ports, most=CHOICES_SHOWN - 1)]
    return [*found, Option(WHOLE_COUNTRY, phrase_of(Scope.COUNTRY))]


def forget(ctx: Context, person: Person) -> None:
    """Erase a person; the address of their last message goes a little later."""
    personal.erase(ctx.session, person, at=ctx.now)
    for leave in WHEN_ERASED:
        leave(ctx, person.id)
    ctx.later(ctx.now + ADDRESS_KEPT, "people.forget_addresses", key=f"forget:{person.id}", person=person.id)


@people.form("register", _("Say who you are"), allow=strangers)
class Register(Form):
    """A stranger becomes somebody Parley knows."""

    language: str = ask.choice(_("Which language do you want to use?"), options=languages)
    country: str | None = ask.pick(
        _("In which country?"), options=countries, when=lambda so_far: so_far.country != GIVEN
    )
    consent: bool = ask.consent(
        _("Do you agree that Parley keeps this about you?"),
        hint=_(
            "Parley keeps your name, your organisation and what you write to it, so that Customs can answer you. What"
            " your chat service sends us is removed after 7 days, messages to you after 30. The record of an issue"
            " stays; it names your organisation, and no longer you once you leave. You can take a copy of everything or"
            " have it erased whenever you like: “My data”."
        ),
    )
    name: str = ask.line(_("What is your name?"), max=80)
    kind: Kind = ask.choice(_("Whom do you work for?"))
    organisation: str | None = ask.pick(
        _("Which organisation?"),
        hint=_("Type its name. One that is not listed can be proposed. Whoever acts in their own name skips this."),
        options=choices,
        optional=True,
        when=lambda so_far: so_far.kind is not Kind.CUSTOMS,
    )
    sector: Sector | None = ask.choice(
        _("Which sector do you know best?"), optional=True, when=lambda so_far: so_far.kind is not Kind.CUSTOMS
    )
    region: str | None = ask.pick(_("Where in the country do you work most?"), options=places, optional=True)

    @classmethod
    def known(cls, ctx: Context) -> Mapping[str, Any]:
        return known_country(ctx)

    @classmethod
    def answered(cls, ctx: Context, name: str, value: Any) -> None:
        """The language and the country hold from the next question on. Consent is noted when it is given; refused,
        nothing stays."""
        person = ctx.session.get_one(Person, ctx.who.id)
        if name == "language":
            person.language, person.language_chosen_at = value, ctx.now
            plan_clearing(ctx)
            ctx.later(ctx.now + STRANGER_FOR, "people.forget_stranger", key=f"stranger:{person.id}", person=person.id)
        elif name == "country" and value:
            come_to(ctx, person, int(value))
        elif name == "consent" and value:
            person.consented_at = ctx.now
        elif name == "consent":
            forget(ctx, person)

    def submit(self, ctx: Context) -> Screen:
        person = ctx.session.get_one(Person, ctx.who.id)
        person.name, person.kind, person.sector, person.region = self.name, self.kind, self.sector, self.region
        person.registered_at, person.acting_in_id = ctx.now, None
        next_steps: list[Text] = [_("You can raise an issue now, and hear here what becomes of it.")]
        if self.organisation is not None:
            mandate = speak_for(ctx, person, self.organisation, self.kind)
            organisation = ctx.session.get_one(Organisation, mandate.organisation_id)
            next_steps.append(
                _(
                    "Customs will confirm that you speak for {organisation}. Until then you act in your own name.",
                    organisation=organisation.name,
                )
            )
        facts: tuple[Fact, ...] = ()
        if self.kind is Kind.CUSTOMS:
            named = accounts(ctx, person.id)  # what to give for a role: the first administrator has nobody to ask
            facts = tuple(Fact(_("Account"), Code(each)) for each in named)
            tell_of_claim(ctx, person, person.administration_id, named)
            next_steps.append(_("An administrator has to confirm that you work for Customs before you can act for it."))
        return Screen(
            _("Welcome, {name}.", name=person.name),
            tuple(next_steps),
            facts=facts,
            buttons=(
                button(_("Raise an issue"), "issues.raise", style=Style.PRIMARY),
                button(_("Home"), "home.show"),
            ),
        )


def plan_clearing(ctx: Context) -> None:
    """Look tomorrow, once, for what has been kept long enough; every clearing plans the next."""
    day = ctx.now + timedelta(days=1)
    ctx.later(day, "people.clear", key=f"clear:{day:%Y-%m-%d}")


@people.job("clear")
def clear(ctx: Context) -> None:
    """Remove what was promised to be removed by now."""
    retention.clear(ctx.session, at=ctx.now)
    plan_clearing(ctx)


@people.job("forget_stranger")
def forget_stranger(ctx: Context, person: Person) -> None:
    """Somebody began to register and never finished: nothing is kept about them."""
    if person.registered_at is None and person.erased_at is None and person.merged_into_id is None:
        forget(ctx, person)


@people.job("forget_addresses")
def forget_addresses(ctx: Context, person: Person) -> None:
    """The last message to somebody erased has gone: so does where it went."""
    if person.erased_at is not None:
        personal.forget_addresses(ctx.session, person, at=ctx.now)
