"""The communication protocol: drafted by one, published by another, watched, its breaches on their office's list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event, func, select, update

from db.machinery import Receipt
from db.people import Person
from db.personal import erase, gather
from db.protocols import Duty, Event, Protocol
from handlers.protocols import monitor
from handlers.protocols.offices import Offices
from handlers.protocols.public import on_register
from tests.world import Sent, World

from . import action_steps, meeting_steps
from .issue_steps import raised, settled

MOST = 24  # statements of one look, however much it finds


def published(world: World) -> Sent:
    """The suggested protocol in two taps: one drafts, another publishes."""
    world.do("cora", "protocols.suggest")
    world.do("adam", "protocols.version", protocol=1)
    world.press("adam", "Publish it")
    return world.press("adam", "Publish it")


def duties(world: World) -> list[Duty]:
    with world.parley.sessions.reading() as session:
        found = list(session.scalars(select(Duty).order_by(Duty.id)))
        session.expunge_all()
    return found


def looked(world: World, day: int, month: int = 11) -> None:
    """Until past the morning's look of that day."""
    world.wait_until(datetime(2026, month, day, 9, 0, tzinfo=UTC))


def test_a_promise_is_watched_told_passed_on_explained_and_closed(world: World) -> None:
    assert "None has been published yet" in world.say("amina", "/protocol")
    assert "Version 1" not in world.say("amina", "/protocol")
    world.do("cora", "protocols.suggest")
    shown = world.last("cora")
    assert "A draft: it promises nothing yet." in shown
    assert "Whoever raised it, within 2 working days. How: Their chat and E-mail." in shown
    world.press("cora", "Publish it")
    assert "somebody else has to publish it" in world.press("cora", "Publish it")
    world.say("adam", "/protocol")
    world.press("adam", "The draft")
    world.press("adam", "Publish it")
    assert "Published." in world.press("adam", "Publish it")
    assert "Version 1 of the communication protocol is in force." in world.last("cora")
    assert "In force since" in world.say("amina", "/protocol")

    late, in_time = raised(world), raised(world, "badr")  # on Monday: due before Thursday
    world.submit("ruiz", "issues.reply", {"words": "We look into it."}, issue=in_time)
    before = len(world.received("lena"))
    looked(world, 25)
    assert not any("protocol" in each for each in world.news("lena", before))
    looked(world, 26)
    told = [each for each in world.news("lena", before) if "protocol" in each]
    assert len(told) == 1
    assert "1 promise of the communication protocol was not kept in time." in told[0]
    assert f"P-{late:06d}" in told[0]
    assert f"P-{in_time:06d}" not in told[0]
    looked(world, 28)
    assert len([each for each in world.news("lena", before) if "protocol" in each]) == 1
    looked(world, 30)  # two more working days
    assert "is still not kept" in world.last("lena")
    assert "1 promise of the protocol not kept" in world.say("lena", "/home")
    shown = world.do("lena", "protocols.breaches")
    assert "Still owed, after 5 working days" in shown
    world.press("lena", "Open")
    world.press("lena", "Explain it")
    assert "Two of us were ill." in world.say("lena", "Two of us were ill.")
    world.submit("ruiz", "issues.reply", {"words": "Here is our answer."}, issue=late)
    looked(world, 1, 12)
    assert "1 promise of the protocol not kept" not in world.say("lena", "/home")
    world.do("lena", "protocols.breaches", all=True)
    assert "Kept too late: after 5 working days" in world.last("lena")
    figures = world.do("lena", "protocols.kept")
    assert "1 (50 %)" in figures
    assert "There are no figures yet." in world.do("amina", "protocols.kept")
    assert "2026-11" in world.do("lena", "protocols.kept", event="issue_raised")


def test_of_a_version_what_changed_is_said_in_words(light_world: World) -> None:
    world = light_world
    published(world)
    world.do("cora", "protocols.redraft")
    rule: dict[str, Any] = {"event": "meeting_held", "within_days": "5", "first": "mail", "second": "mail"}
    assert "Each way only once" in world.submit("cora", "protocols.rule", rule, protocol=2)
    rule |= {"second": "chat", "escalate_to": "administrator", "escalate_after": "1"}
    shown = world.submit("cora", "protocols.rule", rule, protocol=2)
    assert "Whoever was there or sent apologies, within 5 working days" in shown
    world.do("cora", "protocols.drop", protocol=2, event="action_due")
    world.do("adam", "protocols.publish", protocol=2, version=3, confirmed=True)
    assert "It has changed since you have read it." in world.last("adam")
    changes = world.do("adam", "protocols.changes", protocol=2)
    assert "Changed: A meeting was held" in changes
    assert "Within: 10 working days → 5 working days" in changes
    assert "How: Their chat and E-mail → E-mail and Their chat" in changes
    assert "No longer promised: An action was due" in changes
    assert "issue" not in changes.text
    assert "or it is not yours to see" in world.do("amina", "protocols.version", protocol=2)
    world.do("adam", "protocols.version", protocol=2)
    world.press("adam", "Publish it")
    world.press("adam", "Publish it")
    assert "In force from" in world.do("amina", "protocols.version", protocol=1)
    assert "it does not change any more" in world.do("cora", "protocols.rule", protocol=1)
    world.do("adam", "protocols.redraft")
    assert "There is a draft already." in world.do("cora", "protocols.redraft")
    world.do("adam", "protocols.discard", protocol=3, confirmed=True)
    with world.parley.sessions.reading() as session:
        assert session.scalar(select(func.count()).select_from(Protocol)) == 2


def test_what_each_rule_is_about_is_read_from_the_cases(light_world: World) -> None:
    """An outcome that reaches nobody, minutes that do not go out, an action nobody speaks of: and each in its time."""
    world = light_world
    published(world)
    world.blocks("amina")
    settled(world, raised(world))
    settled(world, raised(world, "badr"))
    for title in ("Nights", "Days"):
        meeting = meeting_steps.called(world, title=title)
        meeting_steps.invited(world, meeting, "badr")
        meeting_steps.dated(world, meeting, "2026-11-24")
    looked(world, 25)
    world.do("ruiz", "roundtables.cancel", meeting=1, confirmed=True)
    action = action_steps.adopted(world)
    looked(world, 30)
    found = {(each.event, each.about_id): each for each in duties(world)}
    assert found[Event.ISSUE_OUTCOME, 1].breached_at is not None
    assert found[Event.ISSUE_OUTCOME, 1].kept_at is None
    assert found[Event.ISSUE_OUTCOME, 2].breached_at is None
    assert found[Event.ISSUE_OUTCOME, 2].days == 0
    assert found[Event.ISSUE_RAISED, 1].breached_at is None
    looked(world, 9, 12)
    found = {(each.event, each.about_id): each for each in duties(world)}
    assert found[Event.MEETING_HELD, 2].breached_at is not None
    assert action
    with world.parley.sessions.writing() as session:  # somebody has reached her
        session.execute(update(Receipt).where(Receipt.about_id == 1).values(next_step="done"))
    looked(world, 10, 12)
    found = {(each.event, each.about_id): each for each in duties(world)}
    assert found[Event.ISSUE_OUTCOME, 1].kept_at is not None


def test_a_look_asks_no_more_of_the_database_however_much_there_is(light_world: World) -> None:
    world = light_world
    published(world)
    settled(world, raised(world))
    asked: list[int] = []
    for count in (1, 8):
        for _number in range(count):
            raised(world)
        world.pass_time(hours=5)
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any, seen: list[str] = statements) -> None:
            seen.append(statement)

        event.listen(world.parley.sessions.engine, "before_cursor_execute", note)
        with world.parley.sessions.writing() as session:
            protocol = session.scalars(select(Protocol)).one()
            protocol.looked_at = protocol.published_at  # the look before was a rehearsal, too
            at = world.clock.now() + timedelta(days=7)
            seen = monitor.look(session, protocol, Offices(session, world.home), at=at)
            assert len(seen.breached) == count
            assert len(seen.escalated) == count
        event.remove(world.parley.sessions.engine, "before_cursor_execute", note)
        asked.append(len(statements))
    assert max(asked) <= MOST


def test_the_register_shows_the_rules_and_no_figure_of_few(light_world: World) -> None:
    world = light_world
    with world.parley.sessions.reading() as session:
        assert on_register(session, world.clock.now()).sections == ()
    published(world)
    first = raised(world)
    looked(world, 30)
    with world.parley.sessions.reading() as session:
        added = on_register(session, world.clock.now())
        assert [len(each.rows) for each in added.sheets] == [6, 0]
    with world.parley.sessions.writing() as session:
        one = session.scalars(select(Duty).where(Duty.about_id == first)).one()
        for number in range(5):
            known = {"rule_id": one.rule_id, "event": one.event, "about_id": 1000 + number, "due_at": one.due_at}
            centre = world.centres["general"] if number else None
            session.add(
                Duty(
                    administration_id=world.home,
                    began_at=one.began_at - timedelta(days=number),
                    centre_id=centre,
                    kept_at=one.began_at,
                    days=number,
                    **known,
                )
            )
    with world.parley.sessions.reading() as session:
        rules, kept = on_register(session, world.clock.now()).sheets
    assert rules.rows[0][4:] == ("issue_raised", "reporter", 2, "chat, mail", 2, "lead")
    assert len(kept.rows) == 1
    assert kept.rows[0][1:] == ("issue_raised", "Perishables desk, General desk, none", 6, 5, 83, 1, 2.0, 4)


def test_whoever_leaves_has_worked_on_it_and_is_nobody(light_world: World) -> None:
    world = light_world
    published(world)
    with world.parley.sessions.writing() as session:
        cora = session.get_one(Person, world.ids["cora"])
        assert {"protocol", "protocol_editor"} <= gather(session, cora).keys()
        erase(session, cora, at=world.clock.now())
    assert "In force since" in world.say("amina", "/protocol")
    raised(world)
    looked(world, 26)
    assert "not kept in time" in world.last("lena")
