"""What waits for the end of somebody's night while the roundtable it is about changes: only what is true arrives."""

from __future__ import annotations

from datetime import UTC, datetime, time

from db.people import Delivery, Person
from tests.world import World

from .meeting_steps import called, dated, invited, moved, polled

NIGHT = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)


def sleeps(world: World, *names: str, together: bool = False) -> None:
    """From eight in the evening to seven; `together`, with the news of the day at eight in the morning."""
    with world.parley.sessions.writing() as session:
        for name in names:
            person = session.get_one(Person, world.ids[name])
            if together:
                person.delivery = Delivery.DIGEST
            else:
                person.quiet_from, person.quiet_to = time(20), time(7)


def headings(world: World, who: str, since: int) -> list[str]:
    return [each.text.split("\n")[0] for each in world.news(who, since)]


def test_who_sleeps_through_invitation_and_cancellation_is_not_invited_afterwards(world: World) -> None:
    sleeps(world, "amina")
    sleeps(world, "badr", together=True)
    sleeps(world, "chloe", together=True)
    world.wait_until(NIGHT)
    other = called(world, title="Another")
    invited(world, other, "chloe")
    dated(world, other)
    meeting = called(world)
    invited(world, meeting, "amina", "badr", "chloe")
    dated(world, meeting)
    world.submit("ruiz", "roundtables.cancel", {"reason": "A strike"}, meeting=meeting)
    world.pass_time(hours=15)
    cancelled = "A roundtable you were expected at was cancelled."
    assert headings(world, "amina", 0) == headings(world, "badr", 0) == [cancelled]
    assert headings(world, "chloe", 0) == [cancelled, "You are invited to a roundtable."]
    assert "Another" in world.last("chloe")


def test_who_sleeps_through_a_move_reads_the_new_date_only(light_world: World) -> None:
    world = light_world
    sleeps(world, "amina")
    meeting = called(world)
    invited(world, meeting, "amina")
    dated(world, meeting, "2026-12-01", "22:00")
    world.wait_until(datetime(2026, 11, 30, 22, 0, tzinfo=UTC))  # the reminder of the day before waits for the morning
    before = len(world.received("amina"))
    moved(world, meeting, "2026-12-10")
    world.pass_time(hours=15)
    assert headings(world, "amina", before) == ["A roundtable you are expected at was moved."]


def test_a_poll_that_ended_at_night_asks_nobody_in_the_morning(light_world: World) -> None:
    world = light_world
    sleeps(world, "amina")
    meeting = called(world)
    invited(world, meeting, "amina", "badr")
    world.wait_until(NIGHT)
    polled(world, meeting)
    world.do("ruiz", "roundtables.standing", meeting=meeting)
    world.press("ruiz", "Fix this date")
    world.pass_time(hours=15)
    assert headings(world, "amina", 0) == ["You are invited to a roundtable."]


def test_who_was_put_on_the_list_by_mistake_at_night_never_hears_of_it(light_world: World) -> None:
    world = light_world
    sleeps(world, "amina")
    meeting = called(world, title="Fraud at Acme")
    dated(world, meeting)
    world.wait_until(NIGHT)
    invited(world, meeting, "amina")
    world.do("ruiz", "roundtables.remove", meeting=meeting, invitation=1)
    world.pass_time(hours=15)
    assert world.received("amina") == []


def test_who_is_taken_off_the_list_and_put_on_it_again_hears_both_every_time(light_world: World) -> None:
    world = light_world
    meeting, asked = called(world), called(world, title="Asked")
    dated(world, meeting)
    invited(world, asked, "badr")
    polled(world, asked)
    for _time in range(2):
        invited(world, meeting, "amina")
        assert "You are invited" in world.last("amina")
        world.do("ruiz", "roundtables.remove", meeting=meeting, invitation=2)
        assert "no longer expected" in world.last("amina")
        world.do("ruiz", "roundtables.remove", meeting=asked, invitation=1)
        assert "no longer expected" in world.last("badr")
        invited(world, asked, "badr")
        assert "When can you come" in world.last("badr")


def test_a_digest_that_comes_late_leaves_out_what_has_begun(light_world: World) -> None:
    world = light_world
    sleeps(world, "amina", "badr", together=True)
    soon, later = called(world), called(world, title="Later")
    for meeting, names, day in ((soon, ("amina", "badr"), "2026-12-02"), (later, ("badr",), "2026-12-03")):
        invited(world, meeting, *names)
        dated(world, meeting, day)
    world.wait_until(datetime(2026, 12, 2, 6, 30, tzinfo=UTC))
    before = world.seen()
    world.doors["telegram"].away = True
    invited(world, later, "amina")
    world.wait_until(datetime(2026, 12, 2, 12, 0, tzinfo=UTC))
    world.doors["telegram"].away = False
    world.pass_time(hours=2)
    assert not any("begins on Wednesday" in each for each in world.news("badr", before["badr"]))
    assert headings(world, "amina", before["amina"]) == ["You are invited to a roundtable."]
