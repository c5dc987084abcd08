"""Other calendar programs: each one installed here accepts Parley's feed and finds in it what is true."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scheduling.calendar.check import Finding, Gate, Verdict, examine, meaning
from scheduling.calendar.check.outside import Khal, has_ical_js, has_khal, has_libical
from scheduling.calendar.rule import Rule
from tests.scheduling.calendar.entries import at, built, entry, programme, series, takes_place

# Morocco is not among them: khal brings zones of its own, which are newer than many a machine's.
ELSEWHERE = [
    entry(
        zone.rpartition("/")[2].lower(),
        starts=at(5, 14, zone=ZoneInfo(zone)),
        ends=at(5, 15, zone=ZoneInfo(zone)),
        rule=Rule.read("FREQ=MONTHLY;COUNT=6"),
        exdates=frozenset({at(5, 14, month=12, zone=ZoneInfo(zone))}),
    )
    for zone in ("Africa/Cairo", "Asia/Jerusalem", "America/Santiago", "Australia/Lord_Howe")
]


@pytest.fixture(scope="module")
def found() -> list[Finding]:
    return list(examine(built(*programme(), *ELSEWHERE).data))


def test_nobody_complains(found: list[Finding]) -> None:
    assert [each for each in found if each.verdict not in {Verdict.OK, Verdict.NOT_RUN}] == []


@pytest.mark.parametrize("program", ["icalendar", "ical", "libical", "ical.js"])
def test_a_program_that_is_installed_has_nothing_to_complain_about(program: str, found: list[Finding]) -> None:
    if (program == "libical" and not has_libical()) or (program == "ical.js" and not has_ical_js()):
        pytest.skip(f"{program} is not installed")
    assert f"{program} has nothing to complain about" in [each.what for each in found if each.gate is Gate.PARSERS]


@pytest.mark.promise("calendar.others", "Other calendar programs find exactly what takes place, at the same instants.")
@pytest.mark.parametrize("program", ["recurring-ical-events", "ical", "khal by vdirsyncer", "ical.js"])
def test_a_program_that_is_installed_finds_the_same(program: str, found: list[Finding], record_property) -> None:
    if program == "ical.js" and not has_ical_js():
        pytest.skip(f"{program} is not installed")
    assert has_khal(), "vdirsyncer and khal come with what the tests need"
    said = [each.what for each in found if each.gate is Gate.MEANING]
    assert f"{program} finds the same" in said
    record_property("figure", f"{program}: {said[0].partition(' ')[0]} things")


def test_a_program_that_finds_something_else_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    data = built(*programme()).data
    late = {("plenary@parley.example", at(5, 15).astimezone(UTC), at(5, 16).astimezone(UTC))}
    monkeypatch.setattr(meaning, "PROGRAMS", (("another", lambda: True, lambda *_: late),))
    said = [each.what for each in examine(data) if each.gate is Gate.MEANING and each.verdict is Verdict.FAIL]
    assert said[0].startswith("another does not find ") and "more)" in said[0]
    assert said[1] == "another finds plenary@parley.example at 2026-10-05 13:00 UTC, which does not take place"


# A subscription over HTTP


@pytest.mark.promise("calendar.subscribed", "A subscription follows every change, and never shows a thing twice.")
def test_a_subscription_follows_every_change(tmp_path: Path) -> None:
    meeting = entry("meeting")
    moved = entry("meeting", revision=2, sequence=1, starts=at(7, 9), ends=at(7, 10))
    served = [built(meeting, series()), built(moved, series(exdates=frozenset(), sequence=3, revision=2)), built(moved)]
    with serving([each.data for each in served]) as address:
        khal = Khal(tmp_path, f'type = "http"\nurl = "{address}"')
        for shown in ([meeting, series()], [moved, series(exdates=frozenset())], [moved]):
            khal.sync()
            truth = sorted(when for each in shown for when in takes_place(each).values())
            listed = khal.lists(at(1, 0), at(31, 0, month=12))  # with UIDs of vdirsyncer's own making
            assert sorted((starts, ends) for _, starts, ends in listed) == truth


@contextmanager
def serving(states: list[bytes]) -> Iterator[str]:
    """An address that serves the next state of a feed each time it is asked."""
    following = iter(states)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = next(following)
            self.send_response(200)
            self.send_header("Content-Type", "text/calendar; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: the test's output is its own."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/feed.ics"
        server.shutdown()
        thread.join()
