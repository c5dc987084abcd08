"""What a person may set for themselves: language, time zone, quiet hours, at once or together in the morning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from zoneinfo import available_timezones

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Fact, NotFound, Row, Screen, Style, button
from bot.kit.text import LANGUAGES, Phrase, Raw, _, phrase_of
from db.people import Administration, Delivery, Person, Topic
from handlers.languages import languages

from . import zones
from .room import people

# What people write, in any chat, who want to hear less.
ENOUGH = frozenset({"stop", "unsubscribe", "arrêt", "arrêter", "arrêtez", "désabonner", "توقف", "إيقاف", "أوقف"})

OF_STAFF = (Topic.ARRIVALS, Topic.COMPANY)
NO_QUIET = "none"
QUIET = {
    "20-07": (time(20, 0), time(7, 0)),
    "18-08": (time(18, 0), time(8, 0)),
    "22-06": (time(22, 0), time(6, 0)),
}


@people.command("preferences", _("Preferences"), allow=allow.members, menu=40)
def preferences(ctx: Context) -> Screen:
    """What holds now, and a button to change each."""
    return _standing(ctx)


@people.form("language", _("Change the language"), allow=allow.members)
class Language(Form):
    language: str = ask.choice(_("Which language do you want to use?"), options=languages)

    def submit(self, ctx: Context) -> Screen:
        person = ctx.session.get_one(Person, ctx.who.id)
        person.language, person.language_chosen_at = self.language, ctx.now
        name = Raw(LANGUAGES[self.language], self.language)
        return _standing(ctx, _("From now on Parley writes to you in this language: {language}.", language=name))


def zone_choices(ctx: Context, query: str) -> Sequence[Option]:
    """The zones of the administration's country; of the whole world when a city is typed."""
    home = ctx.session.get_one(Administration, ctx.who.administration_id)
    language = ctx.who.language
    found = zones.search(query, language) if query.strip() else zones.of_country(home.country, language)
    return [Option(zone, Raw(city, language)) for zone, city in found]


@people.form("zone", _("Change the time zone"), allow=allow.members)
class Zone(Form):
    zone: str = ask.pick(
        _("In which city's time zone are you?"),
        hint=_("Choose, or type the name of a large city."),
        options=zone_choices,
    )

    def submit(self, ctx: Context) -> Screen:
        person = ctx.session.get_one(Person, ctx.who.id)
        person.zone = self.zone
        return _standing(ctx, _("From now on times are shown to you as in {city}.", city=_city(ctx, person)))


def quiet_choices(ctx: Context, query: str) -> Sequence[Option]:
    return [*(Option(key, _hours(*hours)) for key, hours in QUIET.items()), Option(NO_QUIET, _hours(None, None))]


@people.form("quiet", _("Change quiet hours"), allow=allow.members)
class Quiet(Form):
    hours: str = ask.choice(_("When should Parley be silent?"), options=quiet_choices)

    def submit(self, ctx: Context) -> Screen:
        person = ctx.session.get_one(Person, ctx.who.id)
        person.quiet_from, person.quiet_to = QUIET.get(self.hours, (None, None))
        if person.quiet_from is None:
            return _standing(ctx, _("From now on news may reach you at any hour."))
        return _standing(
            ctx,
            _(
                "From now on Parley is silent from {start} to {end}; news waits, answers to you do not.",
                start=person.quiet_from,
                end=person.quiet_to,
            ),
        )


@people.form("delivery", _("At once or in the morning"), allow=allow.members)
class Pace(Form):
    delivery: Delivery = ask.choice(_("When do you want to hear news?"))

    def submit(self, ctx: Context) -> Screen:
        ctx.session.get_one(Person, ctx.who.id).delivery = self.delivery
        if self.delivery is Delivery.DIGEST:
            return _standing(
                ctx, _("From now on news reaches you together, in the morning. What is urgent does not wait.")
            )
        return _standing(ctx, _("From now on news reaches you at once, outside your quiet hours."))


@people.command("topics", _("What you hear"), allow=allow.members)
def topics(ctx: Context) -> Screen:
    """What one may do without, each with its switch."""
    return _topics(ctx)


@people.offer
def offers(ctx: Context, words: str) -> Sequence[Button]:
    """Choose what one does without, for whoever writes that it is enough."""
    if words.casefold() not in ENOUGH:
        return ()
    return (button(_("What you hear"), "people.topics", style=Style.PRIMARY),)


@people.command("hear", _("Change what you hear"), allow=allow.members)
def hear(ctx: Context, topic: str, told: bool) -> Screen:
    """Begin or cease to be told of a topic."""
    if topic not in set(Topic):
        raise NotFound()
    person = ctx.session.get_one(Person, ctx.who.id)
    person.muted = sorted({*person.muted, topic} - ({topic} if told else set()))
    return _topics(ctx)


def _topics(ctx: Context) -> Screen:
    muted = ctx.session.get_one(Person, ctx.who.id).muted
    offered = [each for each in Topic if ctx.who.is_staff or each not in OF_STAFF]
    rows = tuple(
        Row(
            phrase_of(each),
            _("You do without these.") if each in muted else _("You are told of these."),
            (
                button(_("Tell me again"), "people.hear", topic=each.value, told=True)
                if each in muted
                else button(_("Do without"), "people.hear", topic=each.value, told=False),
            ),
        )
        for each in offered
    )
    always = _("Questions to you, answers, outcomes and what is overdue are always told.")
    return Screen(_("What you hear"), (always,), rows=rows, buttons=(button(_("Preferences"), "people.preferences"),))


def _standing(ctx: Context, changed: Phrase | None = None) -> Screen:
    person = ctx.session.get_one(Person, ctx.who.id)
    return Screen(
        _("Preferences"),
        (changed,) if changed else (),
        facts=(
            Fact(_("Language"), Raw(LANGUAGES.get(person.language, person.language), person.language)),
            Fact(_("Time zone"), _city(ctx, person)),
            Fact(_("Quiet hours"), _hours(person.quiet_from, person.quiet_to)),
            Fact(_("News"), person.delivery),
        ),
        buttons=(
            button(_("Language"), "people.language"),
            button(_("Time zone"), "people.zone"),
            button(_("Quiet hours"), "people.quiet"),
            button(_("News"), "people.delivery"),
            button(_("What you hear"), "people.topics"),
            button(_("E-mail"), "people.email"),
            button(_("My data"), "people.data"),
            button(_("Home"), "home.show"),
        ),
    )


def _hours(start: time | None, end: time | None) -> Phrase:
    if start is None or end is None:
        return _("never")
    return _("from {start} to {end}", start=start, end=end)


def _city(ctx: Context, person: Person) -> Raw:
    found = zones.search(person.zone, person.language) if person.zone in available_timezones() else []
    return Raw(found[0][1] if found else person.zone)
