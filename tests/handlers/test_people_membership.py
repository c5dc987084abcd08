"""One installation, several administrations: how one comes to one, and acts in several, unseen by the others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.kit.events import Called, Caller, Submitted
from db import personal
from db.issues import How, Issue, Participation, State
from db.machinery import Draft, Handle, Outgoing
from db.meetings import Answer as InvitationAnswer
from db.meetings import Invitation, Meeting
from db.people import (
    Account,
    Administration,
    Kind,
    Mandate,
    Membership,
    Organisation,
    Person,
    Role,
    RoleName,
    Scope,
    Sector,
    Standing,
    belong,
    create_administration,
    grant_role,
    leave,
    who,
)
from db.regions import Representative, Side
from db.registrations import Registration, RegistrationState, Seat, SeatState, Stakeholder
from db.symposia import Symposium, SymposiumState
from handlers.people import called

from .people_world import YEAR, World, asked, buttons, form, labels, plain, screen, text

AMINA = Caller("telegram", "1001", "1001", "Amina", "en")
OTHER = Caller("telegram", "1002", "1002", "Amina B.", "en")
ADA = Caller("slack", "T1:U1", "U1", "Ada", "en")
HERE, THERE = "Here you act in: Customs of Sokal.", "Here you act in: Douane du Sud."


@pytest.fixture
def both(people_world: World) -> World:
    """A second administration beside the first, with an organisation of its own."""
    with people_world.sessions.writing() as session:
        made = create_administration(
            session,
            code="sud",
            name={"en": "Douane du Sud"},
            country="SN",
            zone="Africa/Dakar",
            language="fr",
            slack_team="T9",
        )
        southern = Organisation(
            administration_id=made.id, name="Southern Lines", kind=Kind.BUSINESS, standing=Standing.VERIFIED
        )
        session.add(southern)
    return people_world


def of(world: World, code: str) -> int:
    with world.sessions.reading() as session:
        return session.scalars(select(Administration.id).where(Administration.code == code)).one()


def belongs(world: World, caller: Caller, *, speaks: bool = False) -> int:
    """Somebody registered at home, who acts in the second administration now."""
    person_id = world.known(caller)
    with world.sessions.writing() as session:
        person = session.get_one(Person, person_id)
        there = session.scalars(select(Administration).where(Administration.code == "sud")).one()
        belong(session, person, there.id, at=world.clock.now())
        if speaks:
            southern = session.scalars(select(Organisation).where(Organisation.name == "Southern Lines")).one()
            mandate = Mandate.given(person, southern, at=world.clock.now())
            mandate.confirmed_by_id = person.id
            session.add(mandate)
    return person_id


def raised(world: World, person_id: int, home: int, *, state: State = State.OPEN) -> int:
    with world.sessions.writing() as session:
        issue = Issue(
            administration_id=home,
            title="Reefers wait",
            language="en",
            reporter_id=person_id,
            sector=Sector.GENERAL,
            state=state,
            raised_at=world.clock.now(),
            clock_started_at=world.clock.now(),
            answer_due=world.clock.now() + timedelta(days=2),
        )
        session.add(issue)
        session.flush()
        common = {"administration_id": home, "issue_id": issue.id, "person_id": person_id}
        session.add(Participation(**common, how=How.REPORTER, language="en", joined_at=world.clock.now()))
        return issue.id


def holds(world: World, person_id: int, role: RoleName) -> None:
    """From now on they hold this role over the country of the second administration."""
    there, now = of(world, "sud"), world.clock.now()
    with world.sessions.writing() as session:
        person = session.get_one(Person, person_id)
        common: dict[str, Any] = {"at": now, "until": now + YEAR}
        grant_role(session, person, role, scope=Scope.COUNTRY, scope_id="SN", administration_id=there, **common)


def acts_in(world: World, person_id: int) -> int:
    person = world.get(Person, person_id)
    return int(person.acting_in_id or person.administration_id)


# Coming


def test_where_there_is_one_administration_nobody_is_asked_which(people_world: World) -> None:
    shown = people_world.press(AMINA, people_world.call(AMINA, "/start"), "English")
    assert asked(shown) == "consent" and "country" not in {each.name for each in form(shown).fields}


def test_a_stranger_is_asked_for_the_country_after_the_language(both: World) -> None:
    shown = both.press(AMINA, both.call(AMINA, "/start"), "English")
    assert asked(shown) == "country"
    assert labels(shown)[:2] == ["Senegal · Douane du Sud", "Tunisia · Customs of Sokal"]
    shown = both.press(AMINA, shown, "Senegal · Douane du Sud")
    assert asked(shown) == "consent"
    shown = both.press(AMINA, shown, "I agree")
    shown = both.press(AMINA, both.say(AMINA, "Amina"), "Business")
    assert "Southern Lines" in labels(shown) and "Maritime Trading" not in labels(shown)
    while asked(shown) != "review":
        shown = both.press(AMINA, shown, "Skip")
    both.press(AMINA, shown, "Send")
    person = both.person(AMINA)
    assert person.administration_id == of(both, "sud") and person.acting_in_id is None
    assert person.zone == "Africa/Dakar" and not both.count(Membership)


def test_a_form_that_is_sent_at_once_takes_the_country_with_the_rest(both: World) -> None:
    view = form(both.call(AMINA, "/start"))
    told = {
        "language": "en",
        "country": str(of(both, "sud")),
        "consent": True,
        "name": "Amina",
        "kind": "business",
        "organisation": "new:Amina & Co",
        "sector": None,
        "region": None,
    }
    both.turn(Submitted(AMINA, view.token, told))
    assert both.person(AMINA).administration_id == of(both, "sud")
    with both.sessions.reading() as session:
        proposed = session.scalars(select(Organisation).where(Organisation.name == "Amina & Co")).one()
        assert proposed.administration_id == of(both, "sud")


def test_an_address_of_an_administration_names_it(both: World) -> None:
    shown = both.call(AMINA, "/start in_sud")
    assert "Senegal · Douane du Sud" in text(shown)
    both.call(AMINA, "what now?")  # whatever they write next
    shown = both.press(AMINA, both.call(AMINA, "/start"), "English")
    assert asked(shown) == "consent"
    assert both.person(AMINA).administration_id == of(both, "sud")


def test_a_workspace_names_its_administration(both: World) -> None:
    caller = Caller("slack", "T9:U3", "U3", "Sira", "en")
    shown = both.press(caller, both.call(caller, "home"), "English")
    assert asked(shown) == "consent" and both.person(caller).administration_id == of(both, "sud")


def test_an_address_that_names_none_is_not_found(both: World) -> None:
    assert "There is nothing here by that name" in text(both.call(AMINA, "/start in_nowhere"))
    assert both.person(AMINA).administration_id == both.home_id


# Acting in several


def test_a_member_joins_another_with_their_agreement(both: World) -> None:
    person_id = both.known(AMINA)
    assert labels(both.call(AMINA, "country")) == ["Act with another administration", "Home"]
    shown = both.press(AMINA, both.call(AMINA, "country"), "Act with another administration")
    assert labels(shown)[0] == "Senegal · Douane du Sud"
    shown = both.press(AMINA, both.press(AMINA, shown, "Senegal · Douane du Sud"), "I agree")
    done = both.press(AMINA, shown, "Send")
    assert "From now on you act in: Douane du Sud." in text(done) and acts_in(both, person_id) == of(both, "sud")
    assert both.count(Membership, Membership.person_id == person_id, Membership.left_at.is_(None)) == 1
    picks = both.press(AMINA, done, "Choose an organisation")
    assert "Southern Lines" in labels(picks) and "Maritime Trading" not in labels(picks)
    assert THERE in [plain(each) for each in form(picks).intro]


def test_whoever_refuses_belongs_to_none_more(both: World) -> None:
    person_id = both.known(AMINA)
    shown = both.open(AMINA, "people.enrol", place=str(of(both, "sud")))
    both.press(AMINA, shown, "No")
    assert not both.count(Membership) and both.get(Person, person_id).acting_in_id is None


def test_one_goes_from_one_to_the_other_and_the_screen_says_where_one_is(both: World) -> None:
    person_id = belongs(both, AMINA)
    assert THERE in text(both.call(AMINA, "home"))
    gone = both.press(AMINA, both.call(AMINA, "country"), "Act here")
    assert "From now on you act in: Customs of Sokal." in text(gone)
    assert acts_in(both, person_id) == both.home_id
    assert HERE in text(both.press(AMINA, gone, "Home"))


def test_who_is_of_one_only_is_told_nothing_of_places(both: World) -> None:
    both.known(AMINA)
    home = both.call(AMINA, "home")
    assert "you act in" not in text(home) and "Where I act" not in labels(home)


def test_roles_and_mandates_of_one_count_in_no_other(both: World) -> None:
    person_id = belongs(both, AMINA, speaks=True)
    both.speaks(person_id, by=person_id)
    holds(both, person_id, RoleName.ADMINISTRATOR)
    with both.sessions.reading() as session:
        person, now = session.get_one(Person, person_id), both.clock.now()
        there = who(session, person, at=now)
        here = who(session, person, at=now, administration_id=both.home_id)
        assert there.holds(RoleName.ADMINISTRATOR) and there.organisation_name == "Southern Lines"
        assert not here.is_staff and here.organisation_name == "Maritime Trading"
        assert there.is_of_several and here.is_of_several


def test_in_an_administration_that_one_is_not_of_one_is_nobody(both: World) -> None:
    person_id = both.known(AMINA, RoleName.ADMINISTRATOR)
    with both.sessions.reading() as session:
        person = session.get_one(Person, person_id)
        seen = who(session, person, at=both.clock.now(), administration_id=of(both, "sud"))
    assert not seen.is_registered and not seen.grants and seen.organisation_id is None


def test_lists_and_home_show_what_is_of_the_place_one_acts_in(both: World) -> None:
    person_id = belongs(both, AMINA)
    here, there = of(both, "sk"), of(both, "sud")
    raised(both, person_id, here, state=State.ASKED)
    assert "has asked you something" not in text(both.call(AMINA, "home"))
    both.open(AMINA, "people.act", place=here)
    assert "has asked you something" in text(both.call(AMINA, "home"))
    both.open(AMINA, "people.act", place=there)
    assert "has asked you something" not in text(both.call(AMINA, "home"))


def test_what_a_command_is_about_decides_where_one_acts(both: World) -> None:
    person_id = belongs(both, AMINA)
    both.open(AMINA, "people.act", place=both.home_id)
    holds(both, person_id, RoleName.LEAD)
    other = both.known(OTHER)
    issue = raised(both, other, of(both, "sud"))
    shown = both.open(AMINA, "issues.show", issue=issue)  # by a link on the page, say
    assert "Reefers wait" in text(shown) and THERE in text(shown)
    assert acts_in(both, person_id) == both.home_id  # for this once
    assert THERE in text(both.press(AMINA, shown, "Home") if "Home" in labels(shown) else shown)


def test_a_reference_typed_alone_is_found_where_it_is(both: World) -> None:
    person_id = belongs(both, AMINA)
    both.open(AMINA, "people.act", place=both.home_id)
    issue = raised(both, person_id, of(both, "sud"))
    for words in (f"P-{issue}", f"p{issue}", str(issue)):
        said = both.say(AMINA, words)
        assert any(each.startswith("Open P-") for each in labels(said)) and THERE in text(said), words
    assert any(each.startswith("Open P-") for each in labels(both.call(AMINA, f"/P-{issue}")))
    assert acts_in(both, person_id) == both.home_id  # for this once
    strange = raised(both, both.known(OTHER), of(both, "sud"))
    said = both.say(AMINA, f"P-{strange}")
    assert not any(each.startswith("Open P-") for each in labels(said)) and HERE in text(said)


def test_a_button_acts_where_it_was_drawn(both: World) -> None:
    belongs(both, AMINA)
    before = both.call(AMINA, "home")
    both.open(AMINA, "people.act", place=both.home_id)
    assert THERE in text(both.press(AMINA, before, "Preferences"))
    assert HERE in text(both.press(AMINA, both.call(AMINA, "home"), "Preferences"))


def test_what_was_begun_in_one_place_is_not_answered_from_another(both: World) -> None:
    person_id = belongs(both, AMINA)
    both.press(AMINA, both.call(AMINA, "home"), "Raise an issue")
    assert both.count(Draft, Draft.person_id == person_id, Draft.administration_id == of(both, "sud")) == 1
    both.open(AMINA, "people.act", place=both.home_id)
    both.say(AMINA, "Something else that has no form")
    assert "Begun and not sent" not in text(both.call(AMINA, "home"))
    both.open(AMINA, "people.act", place=of(both, "sud"))
    assert "Begun and not sent" in text(both.call(AMINA, "home"))


def test_a_draft_opened_by_news_of_one_goes_on_there_by_what_is_typed(both: World) -> None:
    person_id = belongs(both, AMINA)
    there = both.call(AMINA, "home")
    both.open(AMINA, "people.act", place=both.home_id)
    both.press(AMINA, there, "Raise an issue")
    both.say(AMINA, "Reefers wait at the gate")
    with both.sessions.reading() as session:
        draft = session.scalars(select(Draft).where(Draft.person_id == person_id)).one()
    assert draft.administration_id == of(both, "sud") and "Reefers wait at the gate" in str(draft.answers)


def test_news_says_which_administration_tells_it_and_acts_there(both: World) -> None:
    person_id = belongs(both, AMINA)
    both.open(AMINA, "people.act", place=both.home_id)
    ada = both.known(ADA)
    with both.sessions.writing() as session:
        there = of(both, "sud")
        belong(session, session.get_one(Person, ada), there, at=both.clock.now())
    holds(both, ada, RoleName.ADMINISTRATOR)
    told = {"person": str(person_id), "role": "lead", "centre": None, "region": None, "last_day": "2027-01-31"}
    view = form(both.open(ADA, "people.grant"))
    both.turn(Submitted(ADA, view.token, told))
    (news,) = both.news(person_id)
    assert "You have a role now: Lead of a centre." in text(news) and THERE in text(news)
    with both.sessions.reading() as session:
        role = session.scalars(select(Role).where(Role.person_id == person_id)).one()
        row = session.scalars(select(Outgoing).where(Outgoing.person_id == person_id)).one()
        account = session.scalars(select(Account).where(Account.person_id == person_id)).one()
        assert role.administration_id == row.administration_id == there
        assert both.engine.is_still_theirs(session, row, account, at=both.clock.now())
    assert THERE in text(both.press(AMINA, news, "Home"))


def test_what_waits_is_not_shown_to_whoever_has_left_meanwhile(both: World) -> None:
    person_id = belongs(both, AMINA)
    home = both.call(AMINA, "home")
    assert "Leave" in labels(both.call(AMINA, "country"))
    shown = both.press(AMINA, both.press(AMINA, both.call(AMINA, "country"), "Leave"), "Leave")
    assert "You act no longer in: Douane du Sud." in text(shown)
    person = both.get(Person, person_id)
    assert person.acting_in_id is None
    pressed = both.press(AMINA, home, "Preferences")  # of an administration that is no longer theirs
    assert "you act in" not in text(pressed) and pressed.person_id == person_id
    with both.sessions.reading() as session:
        seen = who(session, person, at=both.clock.now(), administration_id=of(both, "sud"))
    assert not seen.is_registered


def test_nobody_leaves_their_home_or_the_last_seat_of_an_administrator(both: World) -> None:
    person_id = belongs(both, AMINA)
    holds(both, person_id, RoleName.ADMINISTRATOR)
    first = both.turn(Called(AMINA, name="people.leave", args={"place": both.home_id, "confirmed": True}))
    assert "You came to this administration first" in text(first)
    last = both.turn(Called(AMINA, name="people.leave", args={"place": of(both, "sud"), "confirmed": True}))
    assert "You are the only administrator." in text(last)
    strange = both.turn(Called(AMINA, name="people.act", args={"place": 987654}))
    assert "There is nothing here by that name" in text(strange)


def test_lists_of_people_hold_those_who_are_of_it_too(both: World) -> None:
    person_id = belongs(both, AMINA)
    with both.sessions.reading() as session:
        for code in ("sk", "sud"):
            found = session.scalars(select(Person.id).where(Person.of(of(both, code)))).all()
            assert list(found) == [person_id]


def test_the_level_above_sees_figures_by_country_and_no_case(both: World) -> None:
    person_id, now = belongs(both, AMINA), both.clock.now()
    assert "regions.figures" not in {each.command for each in buttons(both.call(AMINA, "help"))}
    for _number in range(6):
        raised(both, person_id, both.home_id)
    raised(both, person_id, of(both, "sud"))
    ada = both.known(ADA)
    with both.sessions.writing() as session:
        person = session.get_one(Person, ada)
        session.get_one(Administration, of(both, "sud")).home_regions = [{"code": "WCA", "name": {"en": "West"}}]
        west: dict[str, Any] = {"scope": Scope.REGION, "scope_id": "WCA", "at": now, "until": now + YEAR}
        grant_role(session, person, RoleName.COORDINATOR, **west)
    table = screen(both.call(ADA, "figures")).table
    assert table is not None
    assert [[plain(cell) for cell in row] for row in table.rows] == [
        ["Senegal · Douane du Sud", "< 5", "< 5", "0", "0"]
    ]
    with both.sessions.writing() as session:
        person = session.get_one(Person, ada)
        world: dict[str, Any] = {"scope": Scope.WORLD, "scope_id": "world", "at": now, "until": now + YEAR}
        grant_role(session, person, RoleName.COORDINATOR, **world)
    table = screen(both.call(ADA, "figures")).table
    assert table is not None
    assert [[plain(cell) for cell in row][2] for row in table.rows] == ["< 5", "6"]
    assert "Reefers wait" not in text(both.call(ADA, "desk"))


# Becoming one, and leaving altogether


def test_accounts_of_two_administrations_become_one_of_both(both: World) -> None:
    older = both.known(AMINA)
    both.clock.advance(timedelta(minutes=5))
    newer = both.known(OTHER)
    with both.sessions.writing() as session:
        there = session.scalars(select(Administration).where(Administration.code == "sud")).one()
        session.execute(update(Person).where(Person.id == newer).values(administration_id=there.id))
        belong(session, session.get_one(Person, older), there.id, at=both.clock.now())
        leave(session, session.get_one(Person, older), there.id, at=both.clock.now())
    with both.sessions.writing() as session:
        one, other = session.get_one(Person, newer), session.get_one(Person, older)
        personal.join(session, one, other, at=both.clock.now())
    (kept,) = all_of(both, Membership)
    assert (kept.person_id, kept.administration_id, kept.left_at) == (older, of(both, "sud"), None)
    assert acts_in(both, older) == both.home_id and both.get(Person, older).acting_in_id is not None


def test_a_stranger_of_anywhere_is_joined_without_a_place_of_theirs(both: World) -> None:
    older = both.known(AMINA)
    newer = both.turn(Called(OTHER, words="/start in_sud")).person_id
    with both.sessions.writing() as session:
        one, other = session.get_one(Person, newer), session.get_one(Person, older)
        personal.join(session, one, other, at=both.clock.now())
    assert not all_of(both, Membership) and both.get(Person, older).acting_in_id is None


def test_an_export_has_memberships_and_erasing_ends_them(both: World) -> None:
    person_id = belongs(both, AMINA, speaks=True)
    with both.sessions.writing() as session:
        person = session.get_one(Person, person_id)
        (found,) = personal.gather(session, person)["membership"]
        assert found["administration_id"] == of(both, "sud")
        personal.erase(session, person, at=both.clock.now())
        # Nobody at home learns for whom they spoke elsewhere.
        assert plain(called(session, [person_id])[person_id]) == "somebody who has left Parley"
    (left,) = all_of(both, Membership)
    assert left.left_at == both.clock.now() and both.get(Person, person_id).acting_in_id is None


def test_old_buttons_act_at_home(both: World) -> None:
    """A handle of before there were several has no administration."""
    belongs(both, AMINA)
    shown = both.call(AMINA, "home")
    with both.sessions.writing() as session:
        session.execute(update(Handle).values(administration_id=None))
    assert HERE in text(both.press(AMINA, shown, "Preferences"))


def all_of(world: World, table: Any) -> list[Any]:
    with world.sessions.reading() as session:
        return list(session.scalars(select(table)))


def test_whoever_leaves_gives_up_seats_and_invitations_there(both: World) -> None:
    """What becomes free goes to the next, whoever runs the meeting hears it, and nothing at home has changed."""
    amina, ada, otto = belongs(both, AMINA), belongs(both, ADA), belongs(both, OTHER)
    there, now = of(both, "sud"), both.clock.now()
    holds(both, ada, RoleName.OFFICER)
    with both.sessions.writing() as session:
        for home in (both.home_id, there):
            its: dict[str, Any] = {"administration_id": home, "language": "en", "organiser_id": ada, "zone": "UTC"}
            meeting = Meeting(**its, called_at=now, changed_at=now, title=f"Table {home}")
            day = {"first_day": now.date(), "last_day": now.date(), "created_at": now, "capacity": 1}
            symposium = Symposium(**its, **day, state=SymposiumState.ANNOUNCED, title=f"Day {home}")
            session.add_all([meeting, symposium])
            session.flush()
            ours = {"administration_id": home}
            session.add(Invitation(**ours, meeting_id=meeting.id, person_id=amina, invited_by_id=ada, invited_at=now))
            for place, (person, state) in enumerate([(amina, SeatState.HELD), (otto, SeatState.WAITING)]):
                about = ours | {"symposium_id": symposium.id, "kind": Stakeholder.TRADE, "at": now}
                comes = Registration(**about, person_id=person, code=f"{home}-{person}")
                session.add(comes)
                session.flush()
                session.add(Seat(**about, registration_id=comes.id, session_id=None, state=state, place=place))
        session.add(
            Representative(
                administration_id=there, region="AP", country="TH", side=Side.CUSTOMS, person_id=amina, zone="UTC",
                starts_at=now, ends_at=now + YEAR,
            )
        )  # fmt: skip
    both.turn(Called(AMINA, name="people.act", args={"place": both.home_id}))
    away = both.turn(Called(AMINA, name="people.leave", args={"place": there, "confirmed": True}))
    assert "Act there first" in text(away) and "Leave" not in labels(both.call(AMINA, "country"))
    both.press(AMINA, away, "Act here")
    both.press(AMINA, both.press(AMINA, both.call(AMINA, "country"), "Leave"), "Leave")
    with both.sessions.reading() as session:
        answers = dict(session.execute(select(Invitation.administration_id, Invitation.answer)).all())
        assert answers == {there: InvitationAnswer.REMOVED, both.home_id: InvitationAnswer.NONE}
        mine = select(Registration.administration_id, Registration.state).where(Registration.person_id == amina)
        assert dict(session.execute(mine).all()) == {
            there: RegistrationState.CANCELLED,
            both.home_id: RegistrationState.REGISTERED,
        }
        line = select(Seat.state).join(Registration, Registration.id == Seat.registration_id)
        his = line.where(Registration.person_id == otto, Seat.administration_id == there)
        assert session.scalars(his).one() in (SeatState.HELD, SeatState.OFFERED), "it went to the next in line"
        assert session.scalars(select(Representative.ends_at)).one() <= both.clock.now()
    assert any("cannot come" in text(each) and f"Table {there}" in text(each) for each in both.news(ada))
