"""Roles that fall by date, guests who have none, and what people set for themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.kit import allow
from bot.kit.events import Called, Caller
from bot.kit.text import Raw
from db.people import Delivery, Person, Role, RoleName, Scope, Who, grant_role, who
from handlers.people import zones

from .people_world import World, asked, form, labels, plain, screen, text

AMINA = Caller("telegram", "1001", "1001", "Amina", "fr")
RUIZ = Caller("slack", "T1:U7", "U7", "Ruiz", "en")
ADMIN = Caller("slack", "T1:U1", "U1", "Ada", "en")
GUEST = Caller("slack", "T9:U7", "U7", "Visitor", "en", is_guest=True)


def seen(world: World, person_id: int, *, is_guest: bool = False) -> Who:
    with world.sessions.reading() as session:
        return who(session, session.get_one(Person, person_id), at=world.clock.now(), is_guest=is_guest)


def grant(world: World, name: str, role: str, place: str, until: str) -> None:
    """Give a role as an administrator does in a chat: whom, which, where, until when."""
    world.open(ADMIN, "people.grant")
    shown = world.press(ADMIN, world.say(ADMIN, name), role)
    if asked(shown) != "last_day":
        shown = world.press(ADMIN, shown, place)
    world.press(ADMIN, world.say(ADMIN, until), "Send")


def test_an_administrator_gives_a_role_at_a_desk_until_a_day(people_world: World) -> None:
    people_world.known(ADMIN, RoleName.ADMINISTRATOR)
    ruiz = people_world.known(RUIZ)
    grant(people_world, "Ruiz", "Officer", "Perishables", "30 November 2026")
    (held,) = seen(people_world, ruiz).grants
    assert (held.name, held.scope, held.scope_id) == (RoleName.OFFICER, Scope.CENTRE, str(people_world.desk_id))
    with people_world.sessions.reading() as session:
        role = session.scalars(select(Role).where(Role.person_id == ruiz)).one()
    assert role.ends_at == datetime(2026, 11, 30, 23, 0, tzinfo=UTC), "midnight in Tunis, after the last day"
    assert role.granted_by_id == people_world.person(ADMIN).id
    news = text(people_world.news(ruiz)[-1])
    assert "Officer" in news and "Perishables" in news and "30 November 2026" in news


def test_likely_last_days_are_buttons_and_are_shown_before_they_are_sent(people_world: World) -> None:
    people_world.known(ADMIN, RoleName.ADMINISTRATOR)
    ruiz = people_world.known(RUIZ)
    people_world.open(ADMIN, "people.grant")
    shown = people_world.press(ADMIN, people_world.say(ADMIN, "Ruiz"), "Administrator")
    assert asked(shown) == "last_day"
    first = labels(shown)[0]
    assert first == "Monday 22 February 2027"  # a quarter from the day of the test
    review = people_world.press(ADMIN, shown, first)
    assert form(review).field("last_day").shown == date(2027, 2, 22)
    people_world.press(ADMIN, review, "Send")
    assert seen(people_world, ruiz).holds(RoleName.ADMINISTRATOR)


def test_a_role_with_an_end_date_falls_by_itself(people_world: World) -> None:
    people_world.known(ADMIN, RoleName.ADMINISTRATOR)
    ruiz = people_world.known(RUIZ)
    grant(people_world, "Ruiz", "Officer", "Perishables", "2026-11-30")
    people_world.clock.at = datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC)
    assert allow.officers(seen(people_world, ruiz)) and "Organisations to verify" in labels(
        people_world.call(RUIZ, "home")
    )
    shown = people_world.call(RUIZ, "home")
    people_world.clock.advance(timedelta(seconds=1))
    assert not seen(people_world, ruiz).is_staff
    assert plain(screen(people_world.press(RUIZ, shown, "Organisations to verify")).heading) == "You may not do that."
    assert "Organisations to verify" not in labels(people_world.call(RUIZ, "home"))


@pytest.mark.parametrize(
    ("role", "place", "scope", "scope_id"),
    [
        ("Regional coordinator", "The North", Scope.REGION, "north"),
        ("Regional coordinator", "All regions together", Scope.REGION, "international"),
        ("Regional coordinator", "Skip", Scope.COUNTRY, "TN"),
        ("Lead of a centre", "Skip", Scope.COUNTRY, "TN"),
        ("Administrator", "", Scope.COUNTRY, "TN"),
    ],
)
def test_a_role_has_a_place(people_world: World, role: str, place: str, scope: Scope, scope_id: str) -> None:
    people_world.known(ADMIN, RoleName.ADMINISTRATOR)
    ruiz = people_world.known(RUIZ)
    grant(people_world, "Ruiz", role, place, "2027-01-31")
    (held,) = seen(people_world, ruiz).grants
    assert (held.scope, held.scope_id) == (scope, scope_id)


def test_the_same_role_again_moves_its_end(people_world: World) -> None:
    people_world.known(ADMIN, RoleName.ADMINISTRATOR)
    ruiz = people_world.known(RUIZ)
    for until in ("2026-12-31", "2027-03-31"):
        grant(people_world, "Ruiz", "Officer", "Perishables", until)
    with people_world.sessions.reading() as session:
        (ends,) = session.scalars(select(Role.ends_at).where(Role.person_id == ruiz)).all()
    assert ends.date() == date(2027, 3, 31)


@pytest.mark.parametrize("until", ["2026-11-22", "2030-01-01"])
def test_a_role_ends_within_two_years(people_world: World, until: str) -> None:
    people_world.known(ADMIN, RoleName.ADMINISTRATOR)
    people_world.known(RUIZ)
    people_world.open(ADMIN, "people.grant")
    people_world.press(ADMIN, people_world.say(ADMIN, "Ruiz"), "Administrator")
    refused = people_world.press(ADMIN, people_world.say(ADMIN, until), "Send")
    assert plain(form(refused).refusal) == "Please give a day from today to two years from now."
    assert people_world.count(Role) == 1


def test_a_guest_of_another_workspace_holds_no_role(people_world: World) -> None:
    people_world.known(ADMIN, RoleName.ADMINISTRATOR)
    visitor = people_world.known(GUEST)
    people_world.open(ADMIN, "people.grant", person=str(visitor))
    people_world.say(ADMIN, "Administrator")
    refused = people_world.press(ADMIN, people_world.say(ADMIN, "2027-01-31"), "Send")
    assert "A guest holds no role." in plain(form(refused).refusal)
    now = people_world.clock.now()
    place: dict[str, Any] = {"scope": Scope.COUNTRY, "scope_id": "TN", "at": now, "until": now + timedelta(days=1)}
    with people_world.sessions.writing() as session:
        person = session.get_one(Person, visitor)
        with pytest.raises(ValueError, match="guest"):
            grant_role(session, person, RoleName.OFFICER, **place)
    assert people_world.count(Role, Role.person_id == visitor) == 0


def test_a_role_is_not_in_force_through_a_guest_account(people_world: World) -> None:
    ruiz = people_world.known(RUIZ, RoleName.ADMINISTRATOR)
    assert seen(people_world, ruiz).is_staff and not seen(people_world, ruiz, is_guest=True).is_staff


def test_a_role_is_taken_back_at_once(people_world: World) -> None:
    people_world.known(ADMIN, RoleName.ADMINISTRATOR)
    ruiz = people_world.known(RUIZ, RoleName.OFFICER)
    shown = people_world.call(ADMIN, "roles")
    assert "Ruiz | Officer · Perishables · until" in text(shown)
    row = next(each for each in screen(shown).rows if plain(each.title) == "Ruiz")
    sure = people_world.turn(Called(ADMIN, handle=row.buttons[0].handle))
    people_world.press(ADMIN, sure, "Take the role back")
    assert not seen(people_world, ruiz).is_staff
    assert "You no longer have this role: Officer." in text(people_world.news(ruiz)[-1])


def test_the_last_administrator_keeps_the_role(people_world: World) -> None:
    admin = people_world.known(ADMIN, RoleName.ADMINISTRATOR)
    sure = people_world.press(ADMIN, people_world.call(ADMIN, "roles"), "Take the role back")
    assert "only administrator" in text(people_world.press(ADMIN, sure, "Take the role back"))
    assert seen(people_world, admin).holds(RoleName.ADMINISTRATOR)


def test_only_administrators_give_roles(people_world: World) -> None:
    people_world.known(RUIZ, RoleName.LEAD, RoleName.COORDINATOR)
    for command in ("people.grant", "people.roles", "people.revoke"):
        assert plain(screen(people_world.open(RUIZ, command, role=1)).heading) == "You may not do that."


def test_each_change_says_what_now_holds(people_world: World) -> None:
    people_world.known(AMINA)
    shown = people_world.call(AMINA, "preferences")
    assert "Quiet hours: from 20:00 to 07:00" in text(shown)
    asked_language = people_world.press(AMINA, shown, "Language")
    changed = people_world.press(AMINA, asked_language, "العربية")
    assert changed.reader.language == "ar" and "العربية" in text(changed)
    assert people_world.person(AMINA).zone == "Africa/Tunis"
    changed = people_world.press(AMINA, people_world.press(AMINA, changed, "Language"), "English")
    assert asked(people_world.press(AMINA, changed, "Time zone")) == "zone"
    offered = people_world.say(AMINA, "Casblanca")
    assert labels(offered)[0] == "Casablanca"
    changed = people_world.press(AMINA, offered, "Casablanca")
    assert "From now on times are shown to you as in Casablanca." in text(changed)
    assert changed.reader.zone == "Africa/Casablanca"
    changed = people_world.press(AMINA, people_world.press(AMINA, changed, "Quiet hours"), "from 22:00 to 06:00")
    assert "From now on Parley is silent from" in text(changed)
    person = people_world.person(AMINA)
    assert (person.quiet_from, person.quiet_to) == (time(22, 0), time(6, 0))
    changed = people_world.press(AMINA, people_world.press(AMINA, changed, "Quiet hours"), "never")
    assert "any hour" in text(changed) and people_world.person(AMINA).quiet_from is None
    changed = people_world.press(AMINA, people_world.press(AMINA, changed, "News"), "Together, in the morning")
    assert "in the morning" in text(changed) and people_world.person(AMINA).delivery is Delivery.DIGEST
    changed = people_world.press(AMINA, people_world.press(AMINA, changed, "News"), "At once")
    assert "at once" in text(changed) and people_world.person(AMINA).delivery is Delivery.AT_ONCE


def test_the_zones_of_the_country_are_offered_first(people_world: World) -> None:
    people_world.known(AMINA)
    assert [each.label for each in form(people_world.open(AMINA, "people.zone")).choices] == [Raw("Tunis", "fr")]


def test_a_city_nobody_knows_is_said_to_be_none(people_world: World) -> None:
    people_world.known(AMINA)
    people_world.open(AMINA, "people.zone")
    again = people_world.say(AMINA, "qqqqqqq")
    assert asked(again) == "zone" and plain(form(again).refusal) == "Please choose one of the answers offered."


@pytest.mark.parametrize(
    ("typed", "language", "zone"),
    [
        ("New York", "en", "America/New_York"),
        ("Le Caire", "fr", "Africa/Cairo"),
        ("الجزائر", "ar", "Africa/Algiers"),
        ("Tunis", "ar", "Africa/Tunis"),
        ("Asia/Tokyo", "en", "Asia/Tokyo"),
    ],
)
def test_a_city_is_found_in_the_readers_language(typed: str, language: str, zone: str) -> None:
    assert zones.search(typed, language)[0][0] == zone


def test_what_one_does_without_is_not_told_and_what_matters_is(people_world: World) -> None:
    people_world.known(AMINA)
    shown = people_world.press(AMINA, people_world.call(AMINA, "preferences"), "What you hear")
    assert "Steps on the way of what you raised" in text(shown) and "New issues at your desk" not in text(shown)
    changed = people_world.press(AMINA, shown, "Do without")
    assert people_world.person(AMINA).muted == ["progress"] and "You do without these." in text(changed)
    people_world.press(AMINA, changed, "Tell me again")
    assert people_world.person(AMINA).muted == []
