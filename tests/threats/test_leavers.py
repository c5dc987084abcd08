"""Who has lost a right between the writing of a message and its sending is not shown it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta

import pytest
from sqlalchemy import select, update

from bot.kit.events import Answer
from bot.kit.screen import Screen, to_json
from bot.kit.text import _
from db.issues import Issue
from db.machinery import Audit, Outgoing, Sending
from db.people import Account, Delivery, Person
from tests.handlers.issue_steps import raised
from tests.world import World, unchecked

WORDS = "Our reefer has been held"


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """Ruiz hears nothing before two in the afternoon."""
    made = World(database_url)
    with made.parley.sessions.writing() as session:
        quiet = {"quiet_from": time(6), "quiet_to": time(14)}
        session.execute(update(Person).where(Person.id == made.ids["ruiz"]).values(quiet))
    yield made
    made.close()


def moved(world: World, issue: int) -> None:
    with world.parley.sessions.writing() as session:
        session.execute(update(Issue).where(Issue.id == issue).values(centre_id=world.centres["general"]))


def shown(world: World, who: str) -> str:
    return "\n".join(each.text for each in world.received(who))


@pytest.mark.promise("threat.19", "A card for the desk does not reach an officer whose role ended while it waited.")
@pytest.mark.parametrize("lost", ["nothing", "the role", "the issue"])
def test_what_waits_for_an_officer_is_checked_again_when_it_goes(world: World, lost: str) -> None:
    issue = raised(world)
    assert WORDS in shown(world, "olga") and WORDS not in shown(world, "ruiz"), "his waits"
    if lost == "the role":
        world.revoke("ruiz")
    elif lost == "the issue":
        moved(world, issue)
    world.pass_time(hours=8)
    with world.parley.sessions.reading() as session:
        (row,) = session.scalars(select(Outgoing).where(Outgoing.person_id == world.ids["ruiz"])).all()
        withheld = session.scalars(select(Audit).where(Audit.what == "outgoing.withheld")).all()
    if lost == "nothing":
        assert WORDS in shown(world, "ruiz") and row.state is Sending.ACCEPTED and not withheld
        return
    assert world.received("ruiz") == []
    assert (row.state, row.reason) == (Sending.FAILED, "withheld")
    assert [(line.who, line.ids) for line in withheld] == [(world.ids["ruiz"], {"outgoing": row.id})]


@pytest.mark.promise(
    "threat.19", "News that came together leave out what is no longer its reader's, and never show it."
)
def test_a_digest_leaves_out_what_is_no_longer_his(world: World) -> None:
    with world.parley.sessions.writing() as session:
        session.get_one(Person, world.ids["ruiz"]).delivery = Delivery.DIGEST
    first, second, _third = (raised(world, detail=f"{words} goods are held.") for words in ("Frozen", "Dried", "Fresh"))
    moved(world, second)
    world.pass_time(days=1, hours=6)
    (digest,) = world.received("ruiz")
    assert "2 things are new for you" in digest and "Frozen" in digest and "Fresh" in digest and "Dried" not in digest
    assert "Frozen goods" in world.press_in_row("ruiz", digest, 1)
    moved(world, first)
    assert "Frozen" not in world.press_in_row("ruiz", digest, 1), "nor is it read again later"


@pytest.mark.promise("threat.12", "What is for the desk does not go to an officer's account of another workspace.")
def test_a_guests_account_is_passed_over(world: World) -> None:
    with world.parley.sessions.writing() as session:
        at = world.clock.now() + timedelta(hours=1)
        guest = {"platform": "telegram", "external_id": "77", "address": "77", "met_at": at, "used_at": at}
        session.add(Account(person_id=world.ids["ruiz"], is_guest=True, **guest))
    raised(world)
    world.pass_time(hours=8)
    assert WORDS in shown(world, "ruiz") and "77" not in world.doors["telegram"].sent


@pytest.mark.promise("threat.19", "An answer that had to wait is not shown to whoever has lost their role meanwhile.")
@pytest.mark.parametrize("lost", ["nothing", "the role"])
def test_an_answer_that_waited_is_checked_again(world: World, lost: str) -> None:
    raised(world)
    door = world.doors["slack"]
    door.away = True
    with pytest.raises(AssertionError, match="no answer"):
        world.say("olga", "/desk")
    if lost == "the role":
        world.revoke("olga")
    door.away = False
    before = len(world.received("olga"))
    world.pass_time(hours=1)
    answers = "\n".join(each.text for each in world.news("olga", before))
    assert (WORDS in answers) is (lost == "nothing")


@pytest.mark.promise("threat.19", "Every kind of news can be checked again when it goes, or is about oneself.")
def test_news_that_could_not_be_checked_again_would_be_noticed(world: World) -> None:
    """Both worlds look after each test of a capability; this is the test of that."""
    raised(world)
    with world.parley.sessions.writing() as session:
        assert set(unchecked(session)) == set()
        row = session.scalars(select(Outgoing).where(Outgoing.person_id == world.ids["ruiz"])).one()
        row.screen = to_json(Answer(screen=Screen(_("For the desk's eyes only"))))
        session.flush()
        assert set(unchecked(session)) == {"P-#:arrived"}
        session.rollback()
