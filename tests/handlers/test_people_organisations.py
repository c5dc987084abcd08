"""Who speaks for an organisation: confirmed by others, asked again every year, over when it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.kit.events import Caller
from bot.kit.text import Catalogues, Reader, Writer
from db.issues import Issue
from db.people import Kind, Mandate, Organisation, Person, Role, RoleName, Sector, Standing, Who, who

from .people_world import World, asked, labels, plain, screen, text

AMINA = Caller("telegram", "1001", "1001", "Amina", "fr")
BADR = Caller("telegram", "1002", "1002", "Badr", "ar")
RUIZ = Caller("slack", "T1:U7", "U7", "Ruiz", "en")
DAY = timedelta(days=1)


def seen(world: World, person_id: int) -> Who:
    with world.sessions.reading() as session:
        return who(session, session.get_one(Person, person_id), at=world.clock.now())


def move_to_maritime(world: World, caller: Caller) -> int:
    """Choose Maritime Trading; the id of the mandate."""
    world.open(caller, "people.move")
    world.say(caller, "Maritime Trading")
    with world.sessions.reading() as session:
        return session.scalars(select(Mandate.id).order_by(Mandate.id.desc())).first() or 0


def propose(world: World, count: int) -> None:
    with world.sessions.writing() as session:
        for number in range(count):
            session.add(Organisation(administration_id=world.home_id, name=f"Proposed {number}", kind=Kind.BUSINESS))


def test_a_mandate_opens_nothing_before_somebody_else_confirms_it(people_world: World) -> None:
    officer, amina = people_world.known(RUIZ, RoleName.OFFICER), people_world.known(AMINA)
    mandate = move_to_maritime(people_world, AMINA)
    assert seen(people_world, amina).organisation_id is None
    assert "not confirmed yet" in text(people_world.call(AMINA, "organisation"))
    people_world.open(AMINA, "people.confirm", mandate=mandate)
    assert seen(people_world, amina).organisation_id is None
    (claim,) = people_world.news(officer)
    assert "Amina says they speak for Maritime Trading." in text(claim)
    people_world.press(RUIZ, claim, "Confirm")
    assert seen(people_world, amina).organisation_id == people_world.maritime_id
    assert "You speak for Maritime Trading." in text(people_world.news(amina)[-1])


def test_what_was_raised_meanwhile_is_the_organisations_once_it_is_confirmed(people_world: World) -> None:
    officer, amina = people_world.known(RUIZ, RoleName.OFFICER), people_world.known(AMINA)
    now = people_world.clock.now()

    def raise_one(title: str, at: datetime) -> None:
        with people_world.sessions.writing() as session:
            session.add(
                Issue(
                    administration_id=people_world.home_id, title=title, language="en", reporter_id=amina,
                    sector=Sector.GENERAL, raised_at=at, clock_started_at=at,
                )
            )  # fmt: skip

    raise_one("before", now - timedelta(hours=1))
    move_to_maritime(people_world, AMINA)
    raise_one("meanwhile", now + timedelta(hours=1))
    people_world.press(RUIZ, people_world.news(officer)[0], "Confirm")
    with people_world.sessions.reading() as session:
        found = session.execute(select(Issue.title, Issue.organisation_id).order_by(Issue.id)).all()
    assert [tuple(row) for row in found] == [("before", None), ("meanwhile", people_world.maritime_id)]


def test_an_officer_cannot_confirm_their_own_mandate(people_world: World) -> None:
    officer = people_world.known(RUIZ, RoleName.OFFICER)
    mandate = move_to_maritime(people_world, RUIZ)
    refused = people_world.open(RUIZ, "people.confirm", mandate=mandate)
    assert "Somebody else has to confirm" in text(refused)
    assert seen(people_world, officer).organisation_id is None


def test_the_first_voice_takes_on_deputies_and_no_other_does(people_world: World) -> None:
    first = people_world.known(AMINA)
    people_world.speaks(first, by=first)
    deputy = people_world.known(BADR)
    mandate = move_to_maritime(people_world, BADR)
    assert "Badr says they speak for Maritime Trading." in text(people_world.news(first)[-1])
    people_world.press(AMINA, people_world.news(first)[-1], "Confirm")
    assert seen(people_world, deputy).is_deputy
    assert "deputy" in text(people_world.call(AMINA, "organisation"))
    third = Caller("telegram", "1003", "1003", "Chadi", "ar")
    people_world.known(third)
    claim = move_to_maritime(people_world, third)
    refused = people_world.open(BADR, "people.confirm", mandate=claim)
    assert plain(screen(refused).heading) == "You may not do that." and mandate != claim


def test_an_officer_makes_a_deputy_the_first_voice(people_world: World) -> None:
    first, deputy = people_world.known(AMINA), people_world.known(BADR)
    people_world.known(RUIZ, RoleName.OFFICER)
    people_world.speaks(first, by=first)
    mandate = people_world.speaks(deputy, by=first, is_deputy=True)
    shown = people_world.open(RUIZ, "people.about", organisation=people_world.maritime_id)
    people_world.press(RUIZ, shown, "Make first voice")
    assert not seen(people_world, deputy).is_deputy and seen(people_world, first).is_deputy
    assert people_world.get(Mandate, mandate).is_deputy is False


def test_rights_fall_with_the_mandate_not_with_the_account(people_world: World) -> None:
    first = people_world.known(AMINA)
    people_world.speaks(first, by=first)
    asked_to = people_world.call(AMINA, "organisation")
    sure = people_world.press(AMINA, asked_to, "End the mandate")
    assert plain(screen(sure).heading) == "End this mandate now?"
    assert seen(people_world, first).organisation_id == people_world.maritime_id
    people_world.press(AMINA, sure, "End the mandate")
    ended = seen(people_world, first)
    assert (ended.organisation_id, ended.claimed_id, ended.is_registered) == (None, None, True)


def test_a_mandate_of_a_year_ends_by_itself(people_world: World) -> None:
    first = people_world.known(AMINA)
    people_world.speaks(first, by=first)
    people_world.clock.advance(365 * DAY - timedelta(seconds=1))
    assert seen(people_world, first).organisation_id == people_world.maritime_id
    people_world.clock.advance(timedelta(seconds=1))
    assert seen(people_world, first).organisation_id is None


def test_the_last_day_of_a_mandate_and_of_a_role_is_the_same_for_readers_everywhere(people_world: World) -> None:
    """As the administration in Tunis counts days: at its end it is the next morning in Auckland."""
    people_world.known(RUIZ, RoleName.OFFICER)
    first = people_world.known(AMINA)
    mandate = people_world.speaks(first, by=first)
    midnight = datetime(2027, 12, 31, 23, tzinfo=UTC)
    with people_world.sessions.writing() as session:
        session.get_one(Mandate, mandate).ends_at = session.scalars(select(Role)).one().ends_at = midnight
    east = Writer(Catalogues(Path("nowhere")), Reader("en", "Pacific/Auckland"))
    (row,) = screen(people_world.open(AMINA, "people.organisation")).rows
    role = next(each for each in screen(people_world.open(RUIZ, "people.data")).facts if plain(each.label) == "Role")
    for shown in (row.detail, role.value):
        assert "Friday 31 December 2027" in east.plain(shown)


def test_the_yearly_question_is_asked_and_silence_ends_the_mandate_after_thirty_days(people_world: World) -> None:
    officer, amina = people_world.known(RUIZ, RoleName.OFFICER), people_world.known(AMINA)
    move_to_maritime(people_world, AMINA)
    people_world.press(RUIZ, people_world.news(officer)[0], "Confirm")
    people_world.clock.advance(335 * DAY - timedelta(seconds=1))
    assert "people.recheck" not in people_world.run_due()
    people_world.clock.advance(timedelta(seconds=1))
    assert "people.recheck" in people_world.run_due()
    assert "Do you still speak for Maritime Trading?" in text(people_world.news(amina)[-1])
    assert "Do you still speak for Maritime Trading?" in text(people_world.call(AMINA, "home"))
    people_world.clock.advance(30 * DAY)
    with people_world.sessions.writing() as session:  # the officer's own role ran out on the same day
        session.scalars(select(Role)).one().ends_at = people_world.clock.now() + DAY
    assert "people.lapse" in people_world.run_due()
    assert seen(people_world, amina).claimed_id is None
    assert "You no longer speak for Maritime Trading." in text(people_world.news(amina)[-1])
    assert "Amina no longer speaks for Maritime Trading." in text(people_world.news(officer)[-1])
    assert people_world.get(Organisation, people_world.maritime_id).contact_id is None


def test_yes_is_good_for_another_year(people_world: World) -> None:
    amina = people_world.known(AMINA)
    move_to_maritime(people_world, AMINA)
    people_world.clock.advance(340 * DAY)
    people_world.run_due()
    answered = people_world.press(AMINA, people_world.news(amina)[-1], "Yes, I still do")
    assert plain(screen(answered).heading) == "Thank you."
    people_world.clock.advance(60 * DAY)
    before = len(people_world.news(amina))
    people_world.run_due()
    assert len(people_world.news(amina)) == before
    assert seen(people_world, amina).claimed_id == people_world.maritime_id
    people_world.clock.advance(275 * DAY)
    people_world.run_due()
    assert "Do you still speak" in text(people_world.news(amina)[-1])


def test_nobody_is_told_a_mandate_lapsed_that_was_ended_by_hand(people_world: World) -> None:
    amina = people_world.known(AMINA)
    mandate = move_to_maritime(people_world, AMINA)
    people_world.open(AMINA, "people.end", mandate=mandate, confirmed=True)
    people_world.clock.advance(400 * DAY)
    assert not {"people.recheck", "people.lapse"} & set(people_world.run_due())
    assert people_world.news(amina) == []


def test_choosing_another_organisation_ends_the_mandate_before(people_world: World) -> None:
    amina = people_world.known(AMINA)
    people_world.speaks(amina, by=amina)
    people_world.press(AMINA, people_world.call(AMINA, "organisation"), "Choose another organisation")
    offered = people_world.say(AMINA, "Sahara Dates")
    people_world.press(AMINA, offered, "Propose “Sahara Dates”")
    now = seen(people_world, amina)
    assert now.organisation_id is None and now.claimed_id not in (None, people_world.maritime_id)
    assert people_world.count(Mandate, Mandate.in_force(people_world.clock.now())) == 1


def test_the_same_organisation_again_changes_nothing(people_world: World) -> None:
    amina = people_world.known(AMINA)
    people_world.speaks(amina, by=amina)
    people_world.open(AMINA, "people.move")
    again = people_world.say(AMINA, "Maritime Trading")
    assert "already" in plain(again.answer.form.refusal) if again.answer.form else False
    assert seen(people_world, amina).organisation_id == people_world.maritime_id


def test_a_contact_person_is_set_by_who_speaks_for_it(people_world: World) -> None:
    first, deputy = people_world.known(AMINA), people_world.known(BADR)
    people_world.speaks(first, by=first)
    mandate = people_world.speaks(deputy, by=first, is_deputy=True)
    assert plain(screen(people_world.open(BADR, "people.contact", mandate=mandate)).heading) == "You may not do that."
    people_world.open(AMINA, "people.contact", mandate=mandate)
    assert people_world.get(Organisation, people_world.maritime_id).contact_id == deputy
    assert "Contact person: Badr" in text(people_world.call(AMINA, "organisation"))
    people_world.open(AMINA, "people.end", mandate=mandate, confirmed=True)
    assert people_world.get(Organisation, people_world.maritime_id).contact_id is None


def test_whoever_only_claims_to_speak_for_it_sees_nobody_else(people_world: World) -> None:
    first = people_world.known(AMINA)
    people_world.speaks(first, by=first)
    people_world.known(BADR)
    move_to_maritime(people_world, BADR)
    shown = text(people_world.call(BADR, "organisation"))
    assert "Amina" not in shown and "Badr" in shown


def test_somebody_elses_mandate_is_not_found(people_world: World) -> None:
    first = people_world.known(AMINA)
    mandate = people_world.speaks(first, by=first)
    people_world.known(BADR)
    theirs = people_world.open(BADR, "people.end", mandate=mandate, confirmed=True)
    nothing = people_world.open(BADR, "people.end", mandate=999, confirmed=True)
    assert text(theirs) == text(nothing)
    assert seen(people_world, first).organisation_id == people_world.maritime_id


def test_officers_page_through_what_is_proposed(people_world: World) -> None:
    people_world.known(RUIZ, RoleName.OFFICER)
    propose(people_world, 8)
    first = people_world.call(RUIZ, "organisations")
    assert len(screen(first).rows) == 6 and "Previous" not in labels(first)
    second = people_world.press(RUIZ, first, "Next")
    assert len(screen(second).rows) == 2 and "Next" not in labels(second)
    assert len(screen(people_world.press(RUIZ, second, "Previous")).rows) == 6


def test_a_refused_organisation_has_nobody_who_speaks_for_it(people_world: World) -> None:
    amina = people_world.known(AMINA)
    people_world.known(RUIZ, RoleName.OFFICER)
    people_world.open(AMINA, "people.move")
    people_world.press(AMINA, people_world.say(AMINA, "Ghost Ltd"), "Propose “Ghost Ltd”")
    waiting = people_world.call(RUIZ, "organisations")
    people_world.press(RUIZ, people_world.press(RUIZ, waiting, "Refuse"), "Refuse")
    assert seen(people_world, amina).claimed_id is None
    assert "Customs could not verify Ghost Ltd." in text(people_world.news(amina)[-1])
    assert not screen(people_world.call(RUIZ, "organisations")).rows


def test_what_is_decided_is_decided_once(people_world: World) -> None:
    propose(people_world, 1)
    people_world.known(RUIZ, RoleName.OFFICER)
    with people_world.sessions.reading() as session:
        new = session.scalars(select(Organisation.id).where(Organisation.standing == Standing.PROPOSED)).one()
    people_world.open(RUIZ, "people.verify", organisation=new)
    people_world.open(RUIZ, "people.refuse", organisation=new, confirmed=True)
    assert people_world.get(Organisation, new).standing is Standing.VERIFIED


@pytest.mark.parametrize("command", ["people.organisations", "people.verify", "people.about", "people.first"])
def test_a_trader_verifies_nothing(people_world: World, command: str) -> None:
    people_world.known(AMINA)
    propose(people_world, 1)
    shown = people_world.open(AMINA, command, organisation=people_world.maritime_id, mandate=1)
    assert plain(screen(shown).heading) == "You may not do that."


def test_whoever_speaks_for_nothing_can_choose(people_world: World) -> None:
    people_world.known(AMINA)
    shown = people_world.call(AMINA, "organisation")
    assert asked(people_world.press(AMINA, shown, "Choose an organisation")) == "organisation"
