"""Meetings as calendar entries: SEQUENCE as RFC 5546 asks, nothing of others', feeds that pass the gates."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.http import application
from bot.kit.feeds import Subscriber
from bot.kit.text import CATALOGUES, Catalogues, Reader, Writer, without_isolates
from db.calendars import note_fetch
from db.meetings import Meeting
from db.people import Administration, Person, Who, who
from handlers.roundtables import feed
from scheduling.calendar.build import Fragments, Head
from scheduling.calendar.build import feed as built
from scheduling.calendar.check import examine
from scheduling.calendar.component import Wording
from scheduling.calendar.entry import Entry, Label, Status, within
from tests.calendars import Program
from tests.scheduling.calendar.sequence import next_sequence
from tests.world import MONDAY, World

from .issue_steps import raised
from .meeting_steps import called, called_from, dated, invited, moved

CHANCE, LIVES, STEPS = 7, 12, 14


def write(value: object) -> str:
    writer = Writer(Catalogues(CATALOGUES), Reader("en", "Africa/Tunis"))
    return without_isolates(writer.plain(value))


def subscriber(session: Session, reader: Who | None, at: datetime) -> Subscriber:
    home = session.scalars(select(Administration)).one()
    return Subscriber(reader, home, "", at, session, write, lambda path: f"https://parley.example/{path}")


def programme(session: Session, reader: Who, at: datetime) -> list[Entry]:
    """As a calendar that may hold what members see."""
    entries = feed.own_programme(subscriber(session, reader, at))
    return [within(each, Label.MEMBERS, "Busy") for each in entries]


def test_sequence_rises_when_and_only_when_people_have_to_think_again(light_world: World) -> None:
    world = light_world
    chance = random.Random(CHANCE)

    def some_day() -> datetime:
        return MONDAY + timedelta(days=chance.randint(1, 3), hours=chance.randint(0, 2))

    def rename(session: Session, one: Meeting, at: datetime) -> None:
        one.title = chance.choice(["Reefers", "Inspectors, at night;\n or not"])
        one.touch(at)

    steps: list[Callable[[Session, Meeting, datetime], object]] = [
        lambda session, one, at: one.move(some_day(), minutes=chance.choice([30, 60]), zone=one.zone, at=at),
        lambda session, one, at: one.move(one.starts_at or some_day(), minutes=60, zone="Europe/Paris", at=at),
        lambda session, one, at: one.settle_place(
            chance.choice([None, "Room 1", "Room 2"]), chance.choice([None, "https://meet.example/1"]), at=at
        ),
        rename,
        lambda session, one, at: one.cancel(at=at) if chance.random() < 0.2 else None,
    ]
    with world.parley.sessions.writing() as session:
        made = []
        for _life in range(LIVES):
            one = Meeting(
                administration_id=world.home,
                title="Reefers",
                language="en",
                organiser_id=world.ids["ruiz"],
                zone="Africa/Tunis",
                called_at=MONDAY,
                changed_at=MONDAY,
            )
            session.add(one)
            session.flush()
            assert one.confirm(some_day(), minutes=60, zone=one.zone, at=MONDAY)
            session.flush()
            before = feed.entry_of(session, one, write)
            for number in range(STEPS):
                chance.choice(steps)(session, one, MONDAY + timedelta(milliseconds=number))
                session.flush()
                after = feed.entry_of(session, one, write)
                assert after.sequence == next_sequence(before, after)
                is_same = replace(after, revision=before.revision, changed_at=before.changed_at) == before
                assert is_same or (after.revision > before.revision and after.changed_at > before.changed_at)
                before = after
            made.append(before)
    data = built(Head("Meetings"), made, Wording(), Fragments(), at=MONDAY)
    assert data.left_out == () and data.data.count(b"BEGIN:VEVENT") == LIVES
    assert not examine(data.data, engines=False).failed()


def test_a_programme_holds_what_is_ones_own_and_no_word_of_what_is_confidential(light_world: World) -> None:
    world = light_world
    at = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    ids = {}
    for title in ("Comes", "Declined", "Followed", "Of others", "Cancelled", "Secret"):
        ids[title] = called(world, title=title, audience="members" if title == "Followed" else "invited")
        if title not in ("Followed", "Of others"):
            invited(world, ids[title], "amina")
        dated(world, ids[title])
    called(world, title="Without a date")
    world.do("amina", "roundtables.accept", meeting=ids["Comes"])
    world.submit("amina", "roundtables.decline", {}, meeting=ids["Declined"])
    world.do("amina", "roundtables.follow", meeting=ids["Followed"])
    secret = {"audience": "invited", "confidentiality": "confidential"}
    world.submit("ruiz", "roundtables.audience", secret, meeting=ids["Secret"])
    world.submit("ruiz", "roundtables.place", {"room": "Room 9"}, meeting=ids["Secret"])
    world.submit("ruiz", "roundtables.cancel", {}, meeting=ids["Cancelled"])
    moved(world, ids["Comes"], "2026-12-02", "09:00")
    with world.parley.sessions.reading() as session:
        amina = who(session, session.get_one(Person, world.ids["amina"]), at=at)
        shown = {each.title: each for each in programme(session, amina, at)}
        assert set(shown) == {"Comes", "Followed", "Cancelled", f"Meeting R-{ids['Secret']}"}
        assert (shown["Comes"].sequence, str(shown["Comes"].starts)) == (1, "2026-12-02 09:00:00+01:00")
        assert shown["Comes"].description == "Agenda:\n1. Comes"
        assert (shown["Cancelled"].status, shown["Cancelled"].sequence, shown["Cancelled"].busy) == (
            Status.CANCELLED, 1, False,
        )  # fmt: skip
        neutral = shown[f"Meeting R-{ids['Secret']}"]
        assert (neutral.description, neutral.location, neutral.link) == ("", "", "")
        later = [each.title for each in programme(session, amina, at + timedelta(days=31))]
        assert "Cancelled" not in later and "Comes" in later
        ruiz = who(session, session.get_one(Person, world.ids["ruiz"]), at=at)
        assert len(programme(session, ruiz, at)) == 6
        for reader in (amina, None):
            (found,) = feed.open_ones(subscriber(session, reader, at))
            assert (found.title, found.link, found.location) == ("Followed", "", "")
            assert (found.description == "") == (reader is None)
        alone = {each.about for each in feed.those_that_can_be_had_alone(subscriber(session, amina, at))}
        assert alone == {str(ids[title]) for title in ("Comes", "Followed", "Secret", "Cancelled")}
        dina = who(session, session.get_one(Person, world.ids["dina"]), at=at)
        assert programme(session, dina, at) == []


def test_everybody_can_fetch_what_is_open_and_reads_no_place_there(light_world: World) -> None:
    world = light_world
    for title, audience in (("Inspections at night", "members"), ("Between us", "invited")):
        meeting = called(world, title=title, audience=audience)
        world.submit("ruiz", "roundtables.place", {"room": "Room 12"}, meeting=meeting)
        dated(world, meeting)
    program = Program(application(world.parley), world.runner)
    got = program.get("/calendar/sk/roundtables/en.ics")
    assert got.status == 200 and got.headers["cache-control"].startswith("public")
    assert b"SUMMARY:Inspections at night" in got.body
    assert b"Between us" not in got.body and b"Room 12" not in got.body
    assert program.get("/calendar/sk/mine/en.ics").status == 404

    # Anybody is shown the addresses, and can pass them on; a region's holds what of it is open to everybody.
    with world.parley.sessions.writing() as session:
        session.scalars(select(Administration)).one().home_regions = [{"code": "NMENA", "name": {"en": "NMENA"}}]
        for each in session.scalars(select(Meeting)):
            each.region = "NMENA"
    world.do("dina", "calendars.calendar")
    shown = world.press("dina", "Calendars for everybody").text
    addresses = re.findall(r"https://parley\.example(/\S+\.ics)", shown)
    assert sorted(addresses) == ["/calendar/sk/region/NMENA/en.ics", "/calendar/sk/roundtables/en.ics"]
    got = program.get("/calendar/sk/region/NMENA/en.ics")
    assert b"SUMMARY:Inspections at night" in got.body and b"Between us" not in got.body
    assert program.get("/calendar/sk/region/AP/en.ics").status == 404


def test_the_organiser_sees_when_whose_calendar_last_came(light_world: World) -> None:
    world = light_world
    meeting = called(world)
    invited(world, meeting, "amina", "badr")
    dated(world, meeting)
    world.do("badr", "calendars.calendar")
    with world.parley.sessions.writing() as session:
        note_fetch(session, 1, "google", at=world.clock.now(), unless_after=world.clock.now() - timedelta(hours=1))
    lines = world.do("ruiz", "roundtables.people", meeting=meeting).text.splitlines()
    (badr,), (amina,) = ([each for each in lines if each.startswith(f"- {name}")] for name in ("Badr", "Amina"))
    assert "calendar fetched Monday 23 November 2026" in badr and "calendar fetched" not in amina


def test_a_point_of_the_agenda_that_reads_otherwise_is_a_change_of_the_meeting(light_world: World) -> None:
    world = light_world
    issue = raised(world)
    meeting = called_from(world, issue)
    dated(world, meeting)

    def entry() -> Entry:
        with world.parley.sessions.reading() as session:
            return feed.entry_of(session, session.get_one(Meeting, meeting), write)

    entries = [entry()]
    for line in ("Refrigerated goods are held up", "Refrigerated goods are held up at Port B"):
        world.do("ruiz", "issues.take", issue=issue)
        world.submit("ruiz", "issues.publish", {"line": line}, issue=issue)
        entries.append(entry())
    for before, after in pairwise(entries):
        assert before.description != after.description and before.sequence == after.sequence
        assert after.revision > before.revision and after.changed_at > before.changed_at
