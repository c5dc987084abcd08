"""First contact: in the person's language from the second question on, with consent, and no right for the asking."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.engine import Outcome
from bot.kit.events import Called, Caller, Submitted
from bot.kit.text import Raw
from db.machinery import Draft, Inbox
from db.people import (
    Account,
    Erasure,
    Kind,
    Mandate,
    Organisation,
    Person,
    RoleName,
    Sector,
    Standing,
    who,
)

from .people_world import World, asked, form, labels, plain, screen, text

AMINA = Caller("telegram", "1001", "1001", "Amina", "en")
RUIZ = Caller("slack", "T1:U7", "U7", "Ruiz", "en")
ADMIN = Caller("slack", "T1:U1", "U1", "Ada", "en")


def through_consent(world: World, caller: Caller, language: str = "English") -> Outcome:
    return world.press(caller, world.press(caller, world.call(caller, "/start"), language), "I agree")


def up_to_organisation(world: World, caller: Caller, kind: str = "Business") -> Outcome:
    assert asked(through_consent(world, caller)) == "name"
    return world.press(caller, world.say(caller, caller.name), kind)


def finish(world: World, caller: Caller, shown: Outcome) -> Outcome:
    """Skip what may be skipped, and send."""
    while asked(shown) != "review":
        shown = world.press(caller, shown, "Skip")
    return world.press(caller, shown, "Send")


def test_the_language_holds_from_the_next_question_on(people_world: World) -> None:
    first = people_world.call(AMINA, "/start")
    assert first.reader.language == "en" and asked(first) == "language"
    assert [each.label for each in form(first).choices] == [
        Raw("English", "en"),
        Raw("Français", "fr"),
        Raw("العربية", "ar"),
    ]
    second = people_world.press(AMINA, first, "Français")
    assert second.reader.language == "fr" and asked(second) == "consent"
    person = people_world.person(AMINA)
    assert person.language == "fr" and person.language_chosen_at == people_world.clock.now()


def test_a_language_may_be_typed_by_its_own_name(people_world: World) -> None:
    people_world.call(AMINA, "/start")
    assert people_world.say(AMINA, "العربية").reader.language == "ar"


def test_consent_is_asked_with_its_reasons_and_never_taken_as_given(people_world: World) -> None:
    shown = people_world.press(AMINA, people_world.call(AMINA, "/start"), "English")
    field = form(shown).field("consent")
    assert field.value is None and not field.answered
    notice = plain(field.hint)
    for part in ("so that Customs can answer you", "7 days", "30", "copy", "erased"):
        assert part in notice
    assert people_world.person(AMINA).consented_at is None
    people_world.press(AMINA, shown, "I agree")
    assert people_world.person(AMINA).consented_at == people_world.clock.now()


def test_whoever_does_not_agree_is_forgotten(people_world: World) -> None:
    shown = people_world.press(AMINA, people_world.call(AMINA, "/start"), "English")
    person_id = shown.person_id
    refused = people_world.turn(Called(AMINA, handle=form(shown).choices[1].handle), reply=True)
    assert plain(screen(refused).heading) == "Nothing is kept."
    person = people_world.get(Person, person_id)
    assert person.name == "" and person.erased_at is not None and person.language_chosen_at is not None
    assert people_world.count(Account, Account.external_id == AMINA.external_id) == 0
    assert people_world.count(Draft) == 0
    people_world.clock.advance(timedelta(hours=7))
    people_world.run_due()
    assert people_world.count(Account, Account.person_id == person_id) == 0
    again = people_world.call(AMINA, "/start")
    assert again.person_id != person_id and asked(again) == "language"


def test_whoever_never_finishes_is_forgotten_after_a_month(people_world: World) -> None:
    shown = through_consent(people_world, AMINA)
    people_world.clock.advance(timedelta(days=30))
    assert "people.forget_stranger" in people_world.run_due()
    assert people_world.get(Person, shown.person_id).erased_at == people_world.clock.now()


def test_whoever_finishes_is_kept(people_world: World) -> None:
    finish(people_world, AMINA, up_to_organisation(people_world, AMINA))
    people_world.clock.advance(timedelta(days=30))
    people_world.run_due()
    assert people_world.person(AMINA).erased_at is None


def test_a_trader_in_their_own_name_needs_five_answers(people_world: World) -> None:
    done = finish(people_world, AMINA, up_to_organisation(people_world, AMINA))
    assert plain(screen(done).heading) == "Welcome, Amina." and "Raise an issue" in labels(done)
    person = people_world.person(AMINA)
    assert (person.name, person.kind, person.sector, person.region) == ("Amina", Kind.BUSINESS, None, None)
    assert person.registered_at == people_world.clock.now() and people_world.count(Mandate) == 0


def test_sector_and_region_are_kept(people_world: World) -> None:
    shown = people_world.press(AMINA, up_to_organisation(people_world, AMINA), "Skip")
    shown = people_world.press(AMINA, shown, "Perishable goods")
    assert asked(shown) == "region" and labels(shown)[:3] == ["Sodal", "Salin Airport", "The whole country"]
    finish(people_world, AMINA, people_world.press(AMINA, shown, "Sodal"))
    person = people_world.person(AMINA)
    assert (person.sector, person.region) == (Sector.PERISHABLES, "Sodal")


def test_an_organisation_is_found_by_typing_some_of_its_name(people_world: World) -> None:
    up_to_organisation(people_world, AMINA)
    offered = people_world.say(AMINA, "maritme tradng")
    assert labels(offered)[:2] == ["Maritime Trading", "Propose “maritme tradng”"]
    review = people_world.press(AMINA, offered, "Maritime Trading")
    assert plain(form(review).field("organisation").shown) == "Maritime Trading"
    finish(people_world, AMINA, review)
    with people_world.sessions.reading() as session:
        mandate = session.scalars(select(Mandate)).one()
        seen = who(session, session.get_one(Person, mandate.person_id), at=people_world.clock.now())
    assert (mandate.organisation_id, mandate.confirmed_by_id) == (people_world.maritime_id, None)
    assert mandate.ends_at == people_world.clock.now() + timedelta(days=365)
    assert seen.claimed_id == people_world.maritime_id
    assert seen.organisation_id is None, "a claim opens nothing"


def test_the_whole_name_typed_is_the_organisation(people_world: World) -> None:
    up_to_organisation(people_world, AMINA)
    assert asked(people_world.say(AMINA, "maritime trading")) == "sector"


def test_an_organisation_that_is_not_listed_is_proposed_and_an_officer_verifies_it(people_world: World) -> None:
    lead = people_world.known(RUIZ, RoleName.LEAD)
    people_world.clock.advance(timedelta(minutes=1))
    up_to_organisation(people_world, AMINA)
    offered = people_world.say(AMINA, "Fruit & <b>Sons</b>")
    review = people_world.press(AMINA, offered, "Propose “Fruit & <b>Sons</b>”")
    assert plain(form(review).field("organisation").shown) == "Propose “Fruit & <b>Sons</b>”"
    done = finish(people_world, AMINA, review)
    assert "Customs will confirm that you speak for Fruit & <b>Sons</b>." in text(done)
    with people_world.sessions.reading() as session:
        made = session.scalars(select(Organisation).where(Organisation.standing == Standing.PROPOSED)).one()
    assert (made.name, made.kind, made.proposed_by_id) == ("Fruit & <b>Sons</b>", Kind.BUSINESS, done.person_id)
    (card,) = people_world.news(lead)
    assert "An organisation was proposed: Fruit & <b>Sons</b>" in text(card)
    people_world.press(RUIZ, card, "Verify")
    with people_world.sessions.reading() as session:
        seen = who(session, session.get_one(Person, done.person_id), at=people_world.clock.now())
    assert (seen.organisation_id, seen.is_deputy) == (made.id, False)
    assert "is verified" in text(people_world.news(done.person_id)[-1])


def test_two_who_propose_the_same_name_propose_one_organisation(people_world: World) -> None:
    for caller, name in ((AMINA, "Fruit Sons"), (Caller("telegram", "1002", "1002", "Badr", "en"), "FRUIT SONS")):
        up_to_organisation(people_world, caller)
        offered = people_world.say(caller, name)
        finish(people_world, caller, people_world.press(caller, offered, f"Propose “{name}”"))
    assert people_world.count(Organisation, Organisation.standing == Standing.PROPOSED) == 1
    assert people_world.count(Mandate) == 2


def test_a_proposed_organisation_is_seen_by_nobody_else(people_world: World) -> None:
    up_to_organisation(people_world, AMINA)
    finish(
        people_world, AMINA, people_world.press(AMINA, people_world.say(AMINA, "Secret Plc"), "Propose “Secret Plc”")
    )
    other = Caller("telegram", "1002", "1002", "Badr", "en")
    up_to_organisation(people_world, other)
    assert labels(people_world.say(other, "Secret Pl"))[:1] == ["Propose “Secret Pl”"]


def test_whoever_says_customs_gets_no_right_and_administrators_decide(people_world: World) -> None:
    administrator = people_world.known(ADMIN, RoleName.ADMINISTRATOR)
    shown = up_to_organisation(people_world, RUIZ, "Customs")
    assert asked(shown) == "region"
    done = finish(people_world, RUIZ, shown)
    assert "slack:T1:U7" in text(done), "the name that `parley admin grant` takes"
    with people_world.sessions.reading() as session:
        seen = who(session, session.get_one(Person, done.person_id), at=people_world.clock.now())
    assert seen.kind is Kind.CUSTOMS and not seen.is_staff
    (card,) = people_world.news(administrator)
    assert "Ruiz says they work for Customs." in text(card) and "slack:T1:U7" in text(card)
    assert asked(people_world.press(ADMIN, card, "Give a role")) == "role"


def test_whoever_is_registered_gets_home_and_cannot_register_again(people_world: World) -> None:
    finish(people_world, AMINA, up_to_organisation(people_world, AMINA))
    assert plain(screen(people_world.call(AMINA, "/start")).heading) == "Hello, Amina."
    assert plain(screen(people_world.open(AMINA, "people.register")).heading) == "You may not do that."


def test_a_door_that_shows_all_questions_registers_in_one_go(people_world: World) -> None:
    opened = people_world.open(RUIZ, "people.register")
    values = {
        "language": "fr",
        "consent": "yes",
        "name": "Ruiz",
        "kind": "business",
        "organisation": "",
        "sector": "",
        "region": "",
    }
    done = people_world.turn(Submitted(RUIZ, form(opened).token, values))
    assert done.reader.language == "fr" and done.answer.ended
    assert people_world.person(RUIZ).registered_at is not None


@pytest.mark.parametrize("missing", ["consent", "name", "kind"])
def test_what_has_to_be_said_is_asked_for(people_world: World, missing: str) -> None:
    opened = people_world.open(RUIZ, "people.register")
    values = {"language": "fr", "consent": "yes", "name": "Ruiz", "kind": "business", "organisation": "", "region": ""}
    again = people_world.turn(Submitted(RUIZ, form(opened).token, values | {"sector": "", missing: ""}))
    assert form(again).field(missing).error is not None
    assert people_world.person(RUIZ).registered_at is None
    assert people_world.count(Erasure) == people_world.count(Inbox) == 0
