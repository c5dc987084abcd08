"""The plan in other rooms: in a meeting's minutes, in calendars, and in what passes on with an office."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.engine.turn import Turn
from bot.kit.context import Context
from bot.kit.events import Submitted
from bot.kit.feeds import Subscriber
from bot.kit.text import CATALOGUES, Catalogues, Code, Reader, Text, Writer, without_isolates
from db.actions import Action, Source
from db.meetings import Meeting
from db.people import Administration, Person, who
from handlers.actions import adopt
from handlers.actions.feeding import due_days
from handlers.actions.passing_on import open_actions
from handlers.handing import Leaving
from scheduling.calendar.entry import Entry
from tests.world import World

from .action_steps import adopted, proposed
from .meeting_steps import called, dated, invited

LINE = "Two more inspectors at night"


@contextmanager
def acting(world: World, name: str) -> Iterator[Context]:
    with world.parley.sessions.writing() as session:
        person = session.get_one(Person, world.ids[name])
        yield Turn(world.parley.engine, session, person, None, now=world.clock.now(), trace="test").ctx
    world.settle()


def write(text: Text) -> str:
    return without_isolates(Writer(Catalogues(CATALOGUES), Reader("en", "Africa/Tunis")).plain(text))


def actions(world: World) -> list[Action]:
    with world.parley.sessions.reading() as session:
        return list(session.scalars(select(Action).order_by(Action.id)))


def test_one_line_is_one_action_whoever_taps_first_and_two_that_begin_alike_are_two(world: World) -> None:
    meeting = called(world)
    invited(world, meeting, "amina")
    dated(world, meeting)
    world.clock.advance(timedelta(days=10))
    world.settle()
    world.do("ruiz", "roundtables.held", meeting=meeting)
    alike = "Customs and the association review the tariff classification of frozen fish at every port of the country, "
    for where in ("in the north and on the islands", "in the south and on the rivers"):
        world.submit("ruiz", "roundtables.action", {"words": alike + where}, meeting=meeting)
    given = {"customs_owner": str(world.ids["ruiz"]), "business_owner": str(world.ids["amina"])}

    def asks(name: str) -> Submitted:
        opened = world.do(name, "actions.from_minute", minute=1).answer.form
        assert opened is not None
        return Submitted(world.caller(name), opened.token, given | {"due_day": "2026-12-31"})

    both = [asks("ruiz"), asks("olga")]

    async def at_once() -> None:
        await asyncio.gather(*(world.parley.edge.direct(each, trace="direct") for each in both))
        await world.parley.settle()

    world.runner.run(at_once())
    assert len(actions(world)) == 1
    world.submit("ruiz", "actions.from_minute", given | {"due_day": "2026-12-31"}, minute=2)
    assert [action.detail for action in actions(world)] == [
        alike + "in the north and on the islands",
        alike + "in the south and on the rivers",
    ]


def test_what_a_meeting_notes_as_an_action_goes_into_the_plan_once(world: World) -> None:
    meeting = called(world)
    invited(world, meeting, "amina")
    dated(world, meeting)
    world.clock.advance(timedelta(days=10))
    world.settle()
    world.do("ruiz", "roundtables.held", meeting=meeting)
    world.do("ruiz", "roundtables.to_action", words=LINE)
    world.press("ruiz", f"R-{meeting}: Inspections at night")
    assert LINE in world.press("ruiz", "Put it into the plan")
    owners = {"customs_owner": str(world.ids["ruiz"]), "business_owner": str(world.ids["amina"])}
    world.submit("ruiz", "actions.from_minute", owners | {"due_day": "2026-12-31"}, minute=1)
    (action,) = actions(world)
    assert (action.title, action.source, action.source_id) == (LINE, Source.MEETING, meeting)
    assert "It is in the plan already: A-1." in world.do("ruiz", "actions.from_minute", minute=1)


def own_entries(session: Session, world: World, name: str) -> list[Entry]:
    reader = who(session, session.get_one(Person, world.ids[name]), at=world.clock.now())
    home = session.scalars(select(Administration)).one()
    return list(due_days(Subscriber(reader, home, "", world.clock.now(), session, write, lambda path: f"/{path}")))


def test_its_owners_have_the_day_in_their_calendars_as_long_as_it_is_due(world: World) -> None:
    action = adopted(world)
    with world.parley.sessions.reading() as session:
        for name, count in (("ruiz", 1), ("amina", 1), ("badr", 0)):
            assert len(own_entries(session, world, name)) == count
        (before,) = own_entries(session, world, "amina")
    assert (before.starts, before.ends, before.sequence) == (date(2026, 12, 31), date(2027, 1, 1), 0)
    world.clock.advance(timedelta(hours=2))
    world.submit("cora", "actions.move", {"due_day": "2027-01-29", "words": "The scanner comes later."}, action=action)
    with world.parley.sessions.reading() as session:
        (after,) = own_entries(session, world, "amina")
    assert (after.starts, after.sequence, after.uid) == (date(2027, 1, 29), 1, before.uid)
    assert after.changed_at - before.changed_at >= timedelta(seconds=1) and after.revision > before.revision
    world.submit("ruiz", "actions.done", {"words": "It is done."}, action=action)
    world.do("amina", "actions.confirm", action=action)
    with world.parley.sessions.reading() as session:
        assert own_entries(session, world, "amina") == []


def test_with_an_office_its_open_actions_pass_on_and_the_partner_hears_it(world: World) -> None:
    owned, asked = adopted(world), proposed(world, customs="lena", title="Publish the schedule")
    world.submit("lena", "actions.hand_over", {"to": str(world.ids["ruiz"])}, action=asked)
    leaving = Leaving(world.ids["ruiz"], "NMENA", everything=True)
    with acting(world, "lena") as ctx:
        held = open_actions(ctx, leaving)
        assert [each.shown for each in held] == [Code(f"A-{owned}"), Code(f"A-{asked}")]
        for each in held:
            each.give(ctx, world.ids["olga"], world.clock.now())
    first, second = actions(world)
    assert first.customs_owner_id == world.ids["olga"] and first.customs_next_id is None
    assert (second.customs_owner_id, second.customs_next_id) == (world.ids["lena"], world.ids["olga"])
    assert "another owner in Customs now" in world.last("amina").text
    assert "not yours" in world.do("ruiz", "actions.show", action=owned).text
    before = world.seen()
    world.wait_until(datetime(2026, 12, 17, 6, 30, tzinfo=UTC))
    assert {"olga", "amina"} <= world.told(before) and "ruiz" not in world.told(before)


def test_where_only_the_regions_own_pass_on_these_are_of_its_meetings(world: World) -> None:
    hand = adopted(world)
    with world.parley.sessions.writing() as session:
        session.get_one(Action, hand).source = Source.HAND
    regional = adopted(world)
    with world.parley.sessions.writing() as session:
        now = world.clock.now()
        meeting = Meeting(
            administration_id=world.home, language="en", region="NMENA", organiser_id=world.ids["ruiz"], zone="UTC",
            called_at=now, changed_at=now,
        )  # fmt: skip
        session.add(meeting)
        session.flush()
        action = session.get_one(Action, regional)
        action.source, action.source_id = Source.MEETING, meeting.id
    with acting(world, "lena") as ctx:
        held = open_actions(ctx, Leaving(world.ids["ruiz"], "NMENA", everything=False))
        assert [each.shown for each in held] == [Code(f"A-{regional}")]


def test_what_was_said_in_confidence_does_not_go_into_a_plan_that_others_read(light_world: World) -> None:
    world = light_world
    meeting = called(world)
    secret = {"audience": "invited", "confidentiality": "confidential"}
    world.submit("ruiz", "roundtables.audience", secret, meeting=meeting)
    dated(world, meeting)
    world.clock.advance(timedelta(days=10))
    world.settle()
    world.do("ruiz", "roundtables.held", meeting=meeting)
    world.do("ruiz", "roundtables.to_action", words=LINE)
    world.press("ruiz", f"R-{meeting}: Inspections at night")
    assert "Add it in other words." in world.do("ruiz", "actions.from_minute", minute=1)


def test_what_one_meeting_asks_of_an_owner_comes_together_and_is_agreed_to_at_once(light_world: World) -> None:
    world = light_world
    before = world.seen()

    def adopts(count: int, meeting: int = 12) -> None:
        """Each put into the plan in a turn of its own, as a person does."""
        for number in range(count):
            with acting(world, "lena") as ctx:
                adopt(
                    ctx, title=f"Action {number}", customs_owner=world.ids["ruiz"],
                    business_owner=world.ids["amina"], due_day=date(2026, 12, 31), source=Source.MEETING,
                    source_id=meeting,
                )  # fmt: skip
            world.pass_time(minutes=1)

    adopts(8)
    world.pass_time(minutes=20)
    for name in ("ruiz", "amina"):
        heads = [each.text.splitlines()[0] for each in world.news(name, before[name])]
        assert heads == ["You are asked to own this action. Do you?", "You are asked to own 8 actions. Do you?"]
    asked, before = world.last("amina"), world.seen()
    world.press_in_row("amina", asked, 1)
    assert "It is yours." in world.last("amina")
    adopts(1)  # one that is not among those she was shown
    world.do("amina", "actions.own_all", meeting=12, until=8)
    assert "7 actions are yours." in world.last("amina") and "And 1 more." in world.last("amina")
    assert "Amina has agreed to own 7 actions." in world.last("lena")
    assert world.do("amina", "actions.asked", meeting=12).text.count("Action 0") == 1
    world.do("ruiz", "actions.own_all", meeting=12, until=9)
    assert "Both owners have agreed: 8 actions are adopted." in world.last("amina")
    world.pass_time(minutes=20)
    assert "Nothing of this meeting" in world.do("ruiz", "actions.asked", meeting=12)
    assert "Nothing of this meeting" in world.do("badr", "actions.asked", meeting=12), "it is nobody else's"
    assert "0 actions are yours." in world.do("badr", "actions.own_all", meeting=12, until=99)
