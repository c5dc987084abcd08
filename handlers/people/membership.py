"""Where somebody acts: the administration they come to first, others beside it, and the way from one to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Fact, NotFound, Refusal, Row, Screen, Style, button
from bot.kit.text import LANGUAGES, Code, Named, Phrase, Text, _
from db.machinery import Draft
from db.people import Account, Administration, Kind, Person, RoleName, belong, homes_of, leave
from scheduling import regions as world

from .claiming import tell_of_claim
from .linking import accounts
from .roles import is_last_administrator
from .room import BEFORE_GOING, WHEN_LEAVING, people
from .searching import closest

COMES = "in_"  # what stands before an administration's code in the payload of a deep link
GIVEN = "given"  # the answer to which country, where there is only one or a link or a workspace has named it


def name_of(home: Administration) -> Phrase:
    """Its country, in the reader's language, and what it is called."""
    country = Named({each: world.name_of(home.country, each) for each in LANGUAGES})
    return _("{country} · {administration}", country=country, administration=Named(home.name))


def countries(ctx: Context, query: str) -> Sequence[Option]:
    """The administrations that Parley serves here, most like `query`."""
    return _options(ctx, query, ())


def others(ctx: Context, query: str) -> Sequence[Option]:
    """Those that the person is not of."""
    return _options(ctx, query, homes_of(ctx.session, ctx.session.get_one(Person, ctx.who.id)))


def _options(ctx: Context, query: str, but: Sequence[int]) -> Sequence[Option]:
    served = ctx.session.scalars(select(Administration).where(Administration.id.not_in(but))).all()
    known = {each.id: each for each in served}
    if query.isdecimal() and len(query) < 18:
        return [Option(query, name_of(known[int(query)]))] if int(query) in known else []
    language = ctx.who.language
    names = {key: " ".join((world.name_of(each.country, language), *each.name.values())) for key, each in known.items()}
    in_order = dict(sorted(names.items(), key=lambda each: each[1]))
    return [Option(str(key), name_of(known[key])) for key in closest(query, in_order)]


def known_country(ctx: Context) -> Mapping[str, Any]:
    """The answer to which country, for somebody who is not to be asked."""
    person = ctx.session.get_one(Person, ctx.who.id)
    count = ctx.session.scalar(select(func.count()).select_from(Administration)) or 0
    is_named = count < 2 or person.acting_in_id is not None or _is_of_a_workspace(ctx, person)
    return {"country": GIVEN} if is_named else {}


def _is_of_a_workspace(ctx: Context, person: Person) -> bool:
    """Whether one of their accounts is of a Slack workspace that names the administration."""
    team = ctx.session.scalar(select(Administration.slack_team).where(Administration.id == person.administration_id))
    theirs = Account.person_id == person.id, Account.platform == "slack"
    found = ctx.session.scalars(select(Account.external_id).where(*theirs))
    return team is not None and any(each.partition(":")[0] == team for each in found)


def come_to(ctx: Context, person: Person, administration_id: int) -> None:
    """A stranger comes to this administration: what they have begun goes on there."""
    before = ctx.session.get_one(Administration, person.administration_id)
    home = ctx.session.get_one(Administration, administration_id)
    person.administration_id = home.id
    if person.zone == before.zone:  # nobody has said another
        person.zone = home.zone
    begun = update(Draft).where(Draft.person_id == person.id)
    ctx.session.execute(begun.values(administration_id=home.id), execution_options={"synchronize_session": "fetch"})


@people.command("come", _("Come to an administration"), allow=allow.everyone)
def come(ctx: Context, words: str = "") -> Screen:
    """By a link of an administration's: a stranger registers with it, others act there from now on, or may."""
    meant = func.lower(Administration.code) == words.strip().lower()
    home = ctx.session.scalar(select(Administration).where(meant))
    if home is None:
        raise NotFound()
    person = ctx.session.get_one(Person, ctx.who.id)
    if person.registered_at is None:
        come_to(ctx, person, home.id)
        person.acting_in_id = home.id  # until they have said who they are: they were led here
        begin = button(_("Begin"), "people.register", style=Style.PRIMARY)
        return Screen(_("Welcome to Parley."), (name_of(home),), buttons=(begin, button(_("Help"), "home.help")))
    if home.id in homes_of(ctx.session, person):
        return _moved(ctx, person, home)
    join = button(_("Act there too"), "people.enrol", style=Style.PRIMARY, place=str(home.id))
    return Screen(name_of(home), (_("You do not act with this administration yet."),), buttons=(join,))


@people.command("country", _("Where I act"), allow=allow.members, menu=68)
def country(ctx: Context, words: str = "") -> Screen:
    """Every administration the person is of, with the way there; by its code the one that is meant."""
    if words.strip():
        there: Screen = come(ctx, words)
        return there
    person = ctx.session.get_one(Person, ctx.who.id)
    homes = homes_of(ctx.session, person)
    found = {each.id: each for each in ctx.session.scalars(select(Administration).where(Administration.id.in_(homes)))}
    rows = tuple(_row(ctx, person, found[each]) for each in homes) if len(homes) > 1 else ()
    served = ctx.session.scalar(select(func.count()).select_from(Administration)) or 0
    more = (button(_("Act with another administration"), "people.enrol"),) if served > len(homes) else ()
    here = ctx.session.get_one(Administration, ctx.who.administration_id)
    return Screen(
        _("Where I act"),
        (name_of(here),) if not rows else (),
        facts=_link(ctx, here),
        rows=rows,
        buttons=(*more, button(_("Home"), "home.show")),
    )


def _link(ctx: Context, home: Administration) -> tuple[Fact, ...]:
    """What brings people to this administration, for those who hand it on."""
    if not ctx.who.holds(RoleName.ADMINISTRATOR):
        return ()
    return (Fact(_("Address to hand on"), Code(ctx.page(f"from/{home.code}"))),)


def _row(ctx: Context, person: Person, home: Administration) -> Row:
    buttons: list[Button] = []
    is_here = home.id == ctx.who.administration_id
    if not is_here:
        buttons.append(button(_("Act here"), "people.act", style=Style.PRIMARY, place=home.id))
    if is_here and home.id != person.administration_id:
        buttons.append(button(_("Leave"), "people.leave", place=home.id))
    return Row(name_of(home), _("You act here now.") if is_here else None, tuple(buttons))


@people.page("from", shows="country", opens=COMES)
def public(session: Any, words: str, **_when: Any) -> Screen:
    """Whose address it is, and the way into each chat."""
    home = session.scalar(select(Administration).where(func.lower(Administration.code) == words.strip().lower()))
    if home is None:
        raise NotFound()
    return Screen(_("Welcome to Parley."), (name_of(home),))


@people.command("act", _("Act here"), allow=allow.members)
def act(ctx: Context, place: int) -> Screen:
    """From now on the person acts there. What they had begun elsewhere waits for them there."""
    person = ctx.session.get_one(Person, ctx.who.id)
    if place not in homes_of(ctx.session, person):
        raise NotFound()
    return _moved(ctx, person, ctx.session.get_one(Administration, place))


def _moved(ctx: Context, person: Person, home: Administration) -> Screen:
    _go(ctx, person)
    if person.acting_in_id is not None:
        person.acting_in_id = home.id
    return Screen(
        _("From now on you act in: {place}.", place=Named(home.name)), buttons=(button(_("Home"), "home.show"),)
    )


def _go(ctx: Context, person: Person) -> None:
    """What is typed next is no answer to what was asked elsewhere."""
    ctx.session.execute(update(Draft).where(Draft.person_id == person.id).values(is_current=False))


@people.form("enrol", _("Act with another administration"), allow=allow.members)
class Enrol(Form):
    """One person, several administrations: what they are in one counts in no other."""

    place: str = ask.pick(_("In which country?"), options=others)
    consent: bool = ask.consent(
        _("Do you agree that this administration keeps this about you?"),
        hint=_(
            "It sees your name and what you tell it, as the one you came to first does; neither sees what you do with"
            " the other. You can leave it whenever you like."
        ),
    )

    def submit(self, ctx: Context) -> Screen:
        person = ctx.session.get_one(Person, ctx.who.id)
        home = ctx.session.get_one(Administration, int(self.place))
        if not belong(ctx.session, person, home.id, at=ctx.now):
            raise Refusal(_("You act with this administration already."), field="place")
        _go(ctx, person)
        next_: list[Button] = [button(_("Where I act"), "people.country"), button(_("Home"), "home.show")]
        if person.kind is Kind.CUSTOMS:
            said: Text = _("An administrator has to confirm that you work for Customs before you can act for it.")
            tell_of_claim(ctx, person, home.id, accounts(ctx, person.id))
        else:
            said = _("Say for which organisation you speak here, or go on in your own name.")
            next_.insert(0, button(_("Choose an organisation"), "people.move", style=Style.PRIMARY))
        return Screen(_("From now on you act in: {place}.", place=Named(home.name)), (said,), buttons=tuple(next_))


@people.command(
    "leave",
    _("Leave"),
    allow=allow.members,
    confirm=_(
        "Leave this administration? Your roles and mandates there end, and so do your seats and invitations. What you"
        " told it stays on its record."
    ),
)
def leave_(ctx: Context, place: int) -> Screen:
    """From this instant the person is of that administration no longer."""
    person = ctx.session.get_one(Person, ctx.who.id)
    if place == person.administration_id:
        raise Refusal(_("You came to this administration first: “My data” lets you leave Parley as a whole."))
    if place not in homes_of(ctx.session, person):
        raise NotFound()
    if place != ctx.who.administration_id:  # those who hear of it hear it from there
        there = button(_("Act here"), "people.act", style=Style.PRIMARY, place=place)
        raise Refusal(_("Act there first: then you can leave it."), buttons=(there,))
    if is_last_administrator(ctx, person.id, place):
        raise Refusal(_("You are the only administrator. Give the role to somebody else first."))
    for check in BEFORE_GOING:
        check(ctx, person.id, place)
    for end in WHEN_LEAVING:
        end(ctx, person.id, place)
    _go(ctx, person)
    leave(ctx.session, person, place, at=ctx.now)
    home = ctx.session.get_one(Administration, place)
    left = _("You act no longer in: {place}.", place=Named(home.name))
    return Screen(left, buttons=(button(_("Where I act"), "people.country"), button(_("Home"), "home.show")))
