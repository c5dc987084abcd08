"""Calendars as programs fetch them: what they get, when they are told that nothing is new, and who gets nothing."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import initialize, rule, run_state_machine_as_test
from sqlalchemy import select, text
from starlette.applications import Starlette

from bot.feeds import Feeds
from bot.http import application
from bot.ops.logs import hiding
from bot.platforms.web.feeds import FeedRoutes, program_of, takes_gzip
from db import personal
from db.base import Base
from db.calendars import CalendarAddress
from db.people import Person
from db.session import Changes, Sessions, connect
from scheduling.calendar.build import Feed
from scheduling.calendar.check import Findings, Verdict, quick
from scheduling.calendar.entry import Entry, Label, Status
from tests.calendars import Asked, Program, hold, public, registry
from tests.scheduling.calendar.entries import at, entry, series, unfolded
from tests.scheduling.calendar.test_any import Organiser, content, passes
from tests.world import Sent, World

SECRET = re.compile(r"https://parley\.example(/calendar/([\w-]{43})\.ics)")
LOSE = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND query LIKE 'SELECT pg_current_snapshot%' AND pid <> pg_backend_pid()"
)
NORTH = "/calendar/sk/area/north/en.ics"


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url, registry=registry)
    yield made
    made.close()


@pytest.fixture
def small_world(sqlite_url: str) -> Iterator[World]:
    """For what does not touch the database's differences."""
    made = World(sqlite_url, registry=registry)
    yield made
    made.close()


def program(world: World) -> Program:
    return Program(application(world.parley), world.runner)


def path(shown: Sent) -> str:
    """The path of the address on a screen."""
    found = SECRET.search(shown.text)
    assert found is not None, shown.text
    return found[1]


def calls(world: World, *entries: Entry) -> None:
    hold(world.parley.sessions, entries)


def titles(data: bytes) -> list[str]:
    return [line.removeprefix("SUMMARY:") for line in unfolded(data) if line.startswith("SUMMARY")]


# What a program gets


@pytest.mark.promise("calendar.served", "A program that comes again is told that nothing is new, however it asks.")
def test_a_calendar_is_served_as_programs_expect(small_world: World) -> None:
    calls(small_world, series(), entry("one", title="Plenary"))
    asks, mine = program(small_world), path(small_world.say("amina", "/calendar"))
    first = asks.get(mine)
    assert first.status == 200 and first.headers["content-type"] == "text/calendar; charset=utf-8"
    assert first.headers["cache-control"].startswith("private") and first.headers["vary"] == "Accept-Encoding"
    assert first.headers["content-length"] == str(len(first.body)) and first.headers["referrer-policy"] == "no-referrer"
    assert quick(first.body, found := Findings()) is not None
    assert [each for each in found if each.verdict is not Verdict.OK] == []
    lines = unfolded(first.body)
    for line in ("NAME:Parley: My calendar", "COLOR:steelblue", "REFRESH-INTERVAL;VALUE=DURATION:PT1H"):
        assert line in lines
    assert not [line for line in lines if line.startswith("METHOD")]
    assert not [line for line in lines[: lines.index("BEGIN:VTIMEZONE")] if line.startswith("UID")]

    packed = asks.get(mine, Accept_Encoding="br, gzip")
    assert packed.headers["content-encoding"] == "gzip" and gzip.decompress(packed.body) == first.body
    assert packed.body[4:8] == bytes(4), "no time of packing"
    assert packed.headers["etag"] != first.headers["etag"], "strong: of exactly these bytes"
    for etag in (first.headers["etag"], packed.headers["etag"]):
        for said in (etag, f"W/{etag}", f'"other", {etag}', f'"other"\n{etag}', "*", f'W/"x" ,W/{etag}'):
            for method in ("GET", "HEAD"):
                again = asks.get(mine, method, If_None_Match=said)
                assert (again.status, again.body) == (304, b"") and "content-length" not in again.headers
                assert again.headers["etag"] == first.headers["etag"] and "cache-control" in again.headers
    for said in ('"other"', "nonsense", first.headers["etag"][:-2] + '"'):
        assert asks.get(mine, If_None_Match=said, If_Modified_Since="Fri, 01 Jan 2100 00:00:00 GMT").body == first.body
    head = asks.get(mine, "HEAD")
    assert (head.status, head.body, dict(head.headers)) == (200, b"", dict(first.headers))
    assert asks.get(mine, "POST").status == 405
    small_world.clock.advance(timedelta(hours=5))
    assert asks.get(mine).body == first.body, "nothing in it is the time of asking"


def test_what_programs_say_of_themselves_is_understood() -> None:
    for said, taken in {b"gzip": True, b"br;q=1, gzip;q=0.5": True, b"*": True, b"GZIP": True}.items():
        assert takes_gzip(said) is taken
    for said in (b"", b"identity", b"gzip;q=0", b"gzip; q=0.0, *", b"br"):
        assert not takes_gzip(said)
    programs = {
        b"Google-Calendar-Importer": "google",
        b"Microsoft.Exchange/15.20": "outlook",
        b"iOS/17.5 (21F79) dataaccessd/1.0": "apple",
        b"Mozilla/5.0 Thunderbird/128.0": "thunderbird",
        b"ICSx5/2.2": "icsx5",
        b"": "other",
        b"Slackbot-LinkExpanding 1.0": None,
        b"TelegramBot (like TwitterBot)": None,
        b"Parley calendar check": None,
    }
    assert {said: program_of(said) for said in programs} == programs


@pytest.mark.promise("calendar.served", "A second poll without a change is a 304 in every scope; one after it is not.")
def test_only_a_change_is_news(world: World) -> None:
    calls(world, public(entry("one", title="Plenary")))
    asks = program(world)
    south = path(world.do("cora", "calendars.subscribe", scope="area", about="south"))
    scopes = [path(world.say("amina", "/calendar")), path(world.say("ruiz", "/calendar")), south, NORTH]
    known = {each: asks.get(each).headers["etag"] for each in scopes}
    assert [asks.get(each, If_None_Match=known[each]).status for each in scopes] == [304] * 4
    with Asked(world.parley.sessions) as asked:
        assert [asks.get(each, If_None_Match=known[each]).status for each in scopes] == [304] * 4
    if world.parley.sessions.is_sqlite:  # PostgreSQL's stamp is of the whole server, where other tests write meanwhile
        assert asked.statements == [], "the stamp alone, which is asked of the driver"

    world.say("badr", "/help")  # something else was written, and nothing is new
    assert [asks.get(each, If_None_Match=known[each]).status for each in scopes] == [304] * 4

    other = Sessions(connect(world.parley.sessions.engine.url.render_as_string(hide_password=False)))
    hold(other, [public(entry("one", revision=2, title="Moved", sequence=1, starts=at(6, 9), ends=at(6, 10)))])
    other.engine.dispose()
    changed = [asks.get(each, If_None_Match=known[each]) for each in scopes]
    assert [each.status for each in changed] == [200] * 4, "whoever wrote it"
    assert all(titles(each.body) == ["Moved"] for each in changed)


def test_whether_anything_changed_is_told_across_connections(world: World) -> None:
    changes = Changes(world.parley.sessions.engine)
    first = changes.stamp()
    with world.parley.sessions.reading() as session:
        session.scalars(select(Person)).all()
    is_alone = world.parley.sessions.is_sqlite  # PostgreSQL's stamp is of the whole server, where other tests write
    assert changes.stamp() == first or not is_alone
    calls(world)
    second = changes.stamp()
    assert second != first and (changes.stamp() == second or not is_alone)
    if not world.parley.sessions.is_sqlite:
        with world.parley.sessions.reading() as session:
            assert session.scalars(LOSE).all() == [True]
    else:
        changes.close()
    assert changes.stamp() != second, "a new connection, whatever became of the one before, counts anew"
    changes.close()


# Who gets nothing


@pytest.mark.promise("threat.24", "A calendar's secret that is wrong, old or withdrawn is one answer, after one look.")
def test_whatever_opens_nothing_is_answered_alike(world: World) -> None:
    asks = program(world)
    withdrawn, old, erased, joined = (path(world.say(who, "/calendar")) for who in ("amina", "badr", "chloe", "dina"))
    assert asks.get(withdrawn).status == asks.get(old).status == 200
    world.do("amina", "calendars.stop", address=1)
    assert asks.get(withdrawn).status == 200, "it is asked whether it is meant"
    assert "The address is stopped." in world.press("amina", "Stop this address")
    world.do("badr", "calendars.renew", address=2)
    assert asks.get(path(world.press("badr", "Make a new address"))).status == 200
    with world.parley.sessions.writing() as session:
        chloe, dina, emil = (session.get_one(Person, world.ids[who]) for who in ("chloe", "dina", "emil"))
        personal.erase(session, chloe, at=world.clock.now())
        dina.registered_at = None  # as whoever was never let in
        assert emil.registered_at is not None
    seen = []
    for each in (f"/calendar/{'x' * 43}.ics", "/calendar/x.ics", withdrawn, old, erased, joined):
        with Asked(world.parley.sessions) as asked:
            answer = asks.get(each, If_None_Match="*", Accept_Encoding="gzip")
        seen.append((answer.status, dict(answer.headers), answer.body, asked.statements))
    assert seen[0][0] == 404
    for other in seen[1:]:
        assert other == seen[0]
    assert len([each for each in seen[0][3] if each != "BEGIN"]) == 1, "one look, and the stamp before it"
    for nothing in (
        "/calendar/sk/area/south/en.ics",
        "/calendar/xx/area/north/en.ics",
        NORTH.replace("/en.", "/tlh."),
    ):
        assert asks.get(nothing).body == seen[0][2], "a calendar that is not public, or is none"


def test_two_persons_who_are_one_keep_the_address_of_the_first(world: World) -> None:
    asks = program(world)
    first, second = path(world.say("amina", "/calendar")), path(world.say("badr", "/calendar"))
    with world.parley.sessions.writing() as session:
        newer, older = (session.get_one(Person, world.ids[who]) for who in ("badr", "amina"))
        personal.join(session, newer, older, at=world.clock.now())
    assert (asks.get(first).status, asks.get(second).status) == (200, 404)


def test_a_calendar_that_is_no_longer_theirs_is_no_longer_served(small_world: World) -> None:
    calls(small_world, entry("one"))
    south = path(small_world.do("cora", "calendars.subscribe", scope="area", about="south"))
    asks = program(small_world)
    assert asks.get(south).status == 200
    assert "There is nothing here by that name" in small_world.do(
        "amina", "calendars.subscribe", scope="area", about="south"
    )
    small_world.revoke("cora")
    assert asks.get(south).status == 404
    assert "A calendar that is no longer yours" in small_world.say("cora", "/calendar")


@pytest.mark.promise("threat.6", "A calendar's secret is in no table and no log line; the database has its hash alone.")
def test_a_secret_is_kept_nowhere(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    shown = world.say("amina", "/calendar")
    found = SECRET.search(shown.text)
    assert found is not None
    secret = found[2]
    assert program(world).get(found[1]).status == 200
    with world.parley.sessions.reading() as session:
        held = repr([session.execute(select(table)).all() for table in Base.metadata.sorted_tables])
        assert CalendarAddress.hashed(secret) in held and secret not in held
        person = session.get_one(Person, world.ids["amina"])
        gathered = repr(personal.gather(session, person))
    assert "calendar_address" in gathered and CalendarAddress.hashed(secret) not in gathered
    said = capfd.readouterr()
    assert secret not in said.out + said.err
    for address in (found[0], found[0].replace("/", "%2F").replace("ics", "ics HTTP/1.1")):
        assert secret not in hiding([])(f"GET {address} 200")


def test_an_answer_that_could_not_be_sent_at_once_says_so_instead(small_world: World) -> None:
    """A secret waits nowhere: what is tried again is the way to a new one."""
    small_world.doors["telegram"].away = True
    with pytest.raises(AssertionError, match="got no answer"):
        small_world.say("amina", "/calendar")
    small_world.doors["telegram"].away = False
    small_world.pass_time(minutes=2)
    told = small_world.last("amina")
    assert "could not be shown, and it is kept nowhere" in told and SECRET.search(told.text) is None
    small_world.press("amina", "Make a new address")
    path(small_world.press("amina", "Make a new address"))


# What is noted, labelled, left out


def test_a_fetch_is_noted_once_an_hour(world: World) -> None:
    mine = path(world.say("amina", "/calendar"))
    asks = program(world)
    assert "No calendar program has come for it yet. It tells: What is not confidential." in world.say(
        "amina", "/calendar"
    )
    asks.get(mine, User_Agent="TelegramBot (like TwitterBot)")
    asks.get(mine, "HEAD", User_Agent="Google-Calendar-Importer")
    assert "No calendar program" in world.say("amina", "/calendar")
    with Asked(world.parley.sessions) as asked:
        for agent in ("Google-Calendar-Importer", "iOS/17.5 dataaccessd/1.0", "Google-Calendar-Importer"):
            assert asks.get(mine, User_Agent=agent).status == 200
    assert sum(each.startswith("UPDATE calendar_address") for each in asked.statements) == 1
    shown = world.say("amina", "/calendar")
    assert "Last fetched: Monday 23 November 2026 09:00 (Tunis), by Google Calendar." in shown
    world.pass_time(minutes=61)
    asks.get(mine, User_Agent="iOS/17.5 dataaccessd/1.0")
    assert "10:01 (Tunis), by an Apple calendar." in world.say("amina", "/calendar")


def test_a_calendar_tells_nothing_above_its_label(small_world: World) -> None:
    calls(
        small_world,
        public(entry("open", title="Open day")),
        entry("members", title="Roundtable"),
        replace(
            entry("closed", title="Tariff fraud at Port B", location="Room 5"), label=Label.CLOSED, cover="Meeting"
        ),
    )
    asks, mine = program(small_world), path(small_world.say("amina", "/calendar"))
    assert titles(asks.get(NORTH).body) == ["Open day"], "of the others strangers do not even learn when"
    told = {
        Label.MEMBERS: ["Meeting", "Roundtable", "Open day"],
        Label.PUBLIC: ["Meeting", "Busy", "Open day"],
        Label.CLOSED: ["Tariff fraud at Port B", "Roundtable", "Open day"],
    }
    for label, said in told.items():
        if label is not Label.MEMBERS:
            shown = small_world.submit("amina", "calendars.tell", {"label": label.value}, address=1)
            assert "From now on it tells: " in shown
        data = asks.get(mine).body
        assert titles(data) == said and (b"Room 5" in data) is (label is Label.CLOSED)
        assert data.count(b"BEGIN:VEVENT") == 3


@pytest.mark.promise("calendar.poisoned", "An entry that cannot be written is missing alone, and the operator hears.")
def test_a_poisoned_entry_takes_no_calendar_down(small_world: World, capfd: pytest.CaptureFixture[str]) -> None:
    poisoned = entry("poisoned", ends=at(5, 13))  # it ends before it begins
    calls(small_world, entry("one", title="Plenary"), poisoned)
    asks, mine = program(small_world), path(small_world.say("amina", "/calendar"))
    capfd.readouterr()
    assert titles(asks.get(mine).body) == ["Plenary"] and asks.get(mine).status == 200
    said = capfd.readouterr()
    assert (said.out + said.err).count("an entry cannot be written into calendars") == 1
    assert b'"left_out":1' in asks.get("/healthz").body
    calls(small_world, entry("one", title="Plenary"), replace(poisoned, ends=at(5, 16), revision=2))
    assert len(titles(asks.get(mine).body)) == 2 and b"left_out" not in asks.get("/healthz").body


def test_what_was_cancelled_stays_for_thirty_days(small_world: World) -> None:
    cancelled = entry(
        "one", title="Plenary", revision=2, sequence=1, status=Status.CANCELLED, changed_at=small_world.clock.now()
    )
    calls(small_world, cancelled)
    asks, mine = program(small_world), path(small_world.say("amina", "/calendar"))
    small_world.clock.advance(timedelta(days=29, hours=23))
    assert titles(asks.get(mine).body) == ["Cancelled: Plenary"] and b"STATUS:CANCELLED" in asks.get(mine).body
    small_world.clock.advance(timedelta(hours=2))
    assert titles(asks.get(mine).body) == []


# Whatever happens


class Served(Organiser):
    """The organiser's meetings, in a real database: programs fetch the feed, and ask for news only."""

    world: World
    mine: str

    @initialize()
    def begin(self) -> None:
        super().begin()
        parley = self.world.parley
        self.feeds = Feeds(
            sessions=parley.sessions,
            clock=self.world.clock,
            catalogues=parley.catalogues,
            registry=registry,
            public_url="https://parley.example",
        )
        app = Starlette(routes=list(FeedRoutes(self.feeds, parley.threads.run).routes()))
        self.program = Program(app, self.world.runner)
        self.held: list[Entry] = []
        hold(parley.sessions, [])

    @rule()
    def look(self) -> None:
        """Only what changed is fetched, and the client ends with exactly what is true; then nothing is new."""
        truth = self._feed()
        got = self.program.get(self.mine, **({"If_None_Match": self.client.etag} if self.client.etag else {}))
        assert (got.status == 304) == (truth.etag == self.client.etag)
        if got.status == 200:
            self.client.fetch(Feed(got.body))
            assert self.client.etag == got.headers["etag"] == truth.etag
        events = passes(truth.data).within("VEVENT")
        assert self.client.calendar() == {content(each) for each in events}
        assert self.program.get(self.mine, If_None_Match=self.client.etag).status == 304

    def teardown(self) -> None:
        if hasattr(self, "feeds"):
            self.feeds.close()

    def _feed(self) -> Feed:
        self.world.clock.at = self.now
        if self.held != (meant := list(self.entries.values())):
            hold(self.world.parley.sessions, meant)
            self.held = meant
        return Feed(self.program.get(self.mine).body)


@pytest.mark.promise(
    "calendar.true", "Whatever happens to meetings, a calendar that fetches the feed shows exactly them."
)
def test_whatever_happens_a_program_that_fetches_has_the_true_calendar(small_world: World) -> None:
    mine = path(small_world.say("amina", "/calendar"))
    machine = type("Here", (Served,), {"world": small_world, "mine": mine})
    calm = settings(max_examples=8, stateful_step_count=15, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=calm)
