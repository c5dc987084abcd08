"""Whoever wants their news together has them in one message in the morning, each to be read whole from there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from db.ledger import Heard, lines
from db.machinery import Outgoing
from db.people import Delivery, Person
from tests.handlers.issue_steps import raised, settled
from tests.world import World

TO_MORNING = timedelta(hours=23)  # from nine o'clock to eight of the next day


@pytest.fixture
def world(database_url: str):
    made = World(database_url)
    with made.parley.sessions.writing() as session:
        session.get_one(Person, made.ids["amina"]).delivery = Delivery.DIGEST
    yield made
    made.close()


def heard(world: World) -> list[Heard]:
    with world.parley.sessions.reading() as session:
        return [each["state"] for each in lines(session)]


def test_several_news_are_one_message(world: World) -> None:
    issue = raised(world)
    before = len(world.received("amina"))
    world.do("ruiz", "issues.take", issue=issue)
    world.submit("ruiz", "issues.reply", {"words": "The inspector comes at noon."}, issue=issue)
    settled(world, issue)
    world.settle()
    assert world.news("amina", before) == [] and heard(world) == [Heard.WAITING]
    world.wait_until(world.clock.now() + TO_MORNING)
    (digest,) = world.news("amina", before)
    assert "3 things are new for you" in digest
    assert "An officer has taken up your issue." in digest and "Our reefer" in digest
    assert heard(world) == [Heard.ACCEPTED]

    assert "The inspector comes at noon." in world.press_in_row("amina", digest, 2)
    assert heard(world) == [Heard.ACCEPTED]  # the reply was opened, not the outcome
    outcome = world.press_in_row("amina", digest, 3)
    assert "An inspector is on duty every day" in outcome and heard(world) == [Heard.OPENED]
    world.press("amina", "Acknowledge")
    assert heard(world) == [Heard.ACKNOWLEDGED]
    world.pass_time(days=2)
    assert len(world.news("amina", before)) == 4  # the three answers to her, and nothing a second time


def test_one_news_alone_comes_as_it_is(world: World) -> None:
    issue = raised(world)
    before = len(world.received("amina"))
    world.do("ruiz", "issues.take", issue=issue)
    world.wait_until(world.clock.now() + TO_MORNING)
    (news,) = world.news("amina", before)
    assert "An officer has taken up your issue." in news and "Withdraw" in news.buttons
    world.pass_time(days=1)
    assert len(world.news("amina", before)) == 1


def test_more_than_fit_make_another_message(world: World) -> None:
    issue = raised(world)
    before = len(world.received("amina"))
    for number in range(10):
        world.submit("ruiz", "issues.reply", {"words": f"Word {number}."}, issue=issue)
    world.wait_until(world.clock.now() + TO_MORNING)
    first, second = world.news("amina", before)
    assert "8 things are new for you" in first and "2 things are new for you" in second


def test_nobody_reads_the_news_of_another(world: World) -> None:
    issue = raised(world)
    world.do("ruiz", "issues.take", issue=issue)
    with world.parley.sessions.reading() as session:
        news = session.scalars(select(Outgoing.id).where(Outgoing.carried_by_id.is_not(None))).one()
    nothing = "This is no longer kept here."
    assert world.do("badr", "news.read", news=news).text == nothing == world.do("badr", "news.read", news=10**9).text


def test_a_door_that_fails_fails_for_all_it_carries(world: World) -> None:
    issue = raised(world)
    world.do("ruiz", "issues.take", issue=issue)
    settled(world, issue)
    world.blocks("amina")
    world.wait_until(world.clock.now() + TO_MORNING)
    assert heard(world) == [Heard.FAILED]
