"""What Parley promises, and the tests that show it: the marker `promise`, the slow tier, and `make prove`'s report.

    @pytest.mark.promise("crash.sqlite", "Nothing confirmed is lost, nothing is applied twice.")
    def test_...(): ...

`make test` runs these tests with all others. `make prove` runs them alone, the slow ones too, and writes
build/prove.md and build/prove.json: {name, promise, test, state, figure, why}. A test that was skipped makes its
promise "not run", never "held", and so does one that the run ended before. A test states a figure with
`record_property("figure", "134 crash points, 0 lost")`.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

REPORT = Path("build/prove")
TITLE = "# What Parley promises, and what shows it\n\n"
PROPERTY = "promise"


@dataclass
class Entry:
    """One promise as one test shows it; the runs of that test on several databases or platforms are one entry."""

    name: str
    promise: str
    test: str
    state: str = "held"
    figure: str = ""
    why: str = ""
    open: int = field(
        default=0, repr=False
    )  # runs that have begun and not ended: one that killed its process never does

    def add(self, report: pytest.TestReport) -> None:
        """Take one phase of one run into account: the worst counts."""
        self.open += (report.when == "setup") - (report.when == "teardown")
        if report.failed:
            self.state, self.why = "broken", _reason(report)
        elif report.skipped and self.state == "held":
            self.state, self.why = "not run", _reason(report)
        figures = [str(value) for key, value in report.user_properties if key == "figure"]
        if report.when == "teardown" and figures:
            self.figure = "; ".join([*([self.figure] if self.figure else []), *figures])


@dataclass(eq=False)  # pytest keeps its plugins in sets
class Report:
    """Collects what every worker reports, and writes it when all have ended."""

    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    planned: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.planned |= {item.nodeid for item in session.items}

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """What a worker is going to run: with workers nothing is collected here."""
        self.planned |= set(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = _test(report.nodeid)
        if report.when == "teardown":
            self.ended.add(report.nodeid)
        for key, value in report.user_properties:
            if key == PROPERTY:
                name, promise = map(str, value)  # type: ignore[call-overload]  # pytest types a property as an object
                self.entries.setdefault((name, test), Entry(name, promise, test)).add(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """What cannot even be read shows nothing."""
        if report.failed:
            why = str(report.longrepr).strip().rpartition("\n")[2]
            self.entries["unread", report.nodeid] = Entry("unread", report.nodeid, report.nodeid, "broken", why=why)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workerinput"):  # a worker; its reports have gone to the controller
            return
        for each in self.entries.values():
            if each.open:
                each.state, each.why = "broken", "it ended its process, or was ended with it"
        self._note_not_begun()
        if not self.entries:  # a name that none begins with: what was written before stays
            return
        entries = sorted(self.entries.values(), key=lambda each: (each.name, each.test))
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.with_suffix(".json").write_text(json.dumps([_told(each) for each in entries], indent=2) + "\n")
        REPORT.with_suffix(".md").write_text(TITLE + _table(entries), encoding="utf-8")

    def _note_not_begun(self) -> None:
        """A run that stops early, as with -x, shows nothing of what it had still to do."""
        if not self.entries:
            return
        for test in sorted({_test(each) for each in self.planned - self.ended}):
            begun = [each for each in self.entries.values() if each.test == test]
            for each in begun or [self.entries.setdefault(("not begun", test), Entry("not begun", test, test))]:
                if each.state == "held":
                    each.state, each.why = "not run", "the run ended before all of it"

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        states = [each.state for each in self.entries.values()]
        counted = ", ".join(f"{states.count(state)} {state}" for state in ("held", "broken", "not run"))
        terminalreporter.write_line(f"{counted}; written to {REPORT}.md and {REPORT}.json")


@dataclass(eq=False)
class Turns:
    """Runs a test marked `alone` while no other worker runs any: what it holds Parley to takes the whole machine."""

    folder: Path

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        is_alone = item.get_closest_marker("alone") is not None
        with ExitStack() as stack:
            door, room = (stack.enter_context((self.folder / each).open("w")) for each in ("door", "room"))
            # Whoever waits for the room to be empty holds the door, or the others would take turns in it for ever.
            fcntl.flock(door, fcntl.LOCK_EX)
            fcntl.flock(room, fcntl.LOCK_EX if is_alone else fcntl.LOCK_SH)
            fcntl.flock(door, fcntl.LOCK_UN)
            return (yield)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("promises")
    group.addoption("--prove", action="store_true", help="run the promises only, the slow ones too, and report them")
    group.addoption("--only", default="", metavar="NAME", help="with --prove: promises whose name begins so")
    group.addoption("--all", action="store_true", help="every crash point instead of a sample with a printed seed")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "promise(name, text): what this test shows, in the report of `make prove`")
    config.addinivalue_line("markers", "slow: only `make prove` runs it")
    config.addinivalue_line("markers", "alone: `make prove` runs it while no other test runs")
    if config.getoption("--prove"):
        config.pluginmanager.register(Report(), "promises-report")
        config.pluginmanager.register(Turns(REPORT.with_name("turns").absolute()), "promises-turns")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    proving, only = config.getoption("--prove"), config.getoption("--only")
    wanted: list[pytest.Item] = []
    others: list[pytest.Item] = []
    for item in items:
        promises = [marker.args for marker in item.iter_markers(PROPERTY)]
        item.user_properties += [(PROPERTY, promise) for promise in promises]
        is_slow = item.get_closest_marker("slow") is not None
        if proving:
            # Without a name: the slow ones too that show no promise, for nothing else runs them.
            fits = any(str(promise[0]).startswith(only) for promise in promises) or (is_slow and not only)
        else:
            fits = not is_slow
        (wanted if fits else others).append(item)
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = wanted


def _test(nodeid: str) -> str:
    """The test of which a node is one run, whatever its parameters and the group it was run in."""
    return nodeid.partition("[")[0].partition("@")[0]


def _told(entry: Entry) -> dict[str, str]:
    return {name: value for name, value in asdict(entry).items() if name != "open"}


def _reason(report: pytest.TestReport) -> str:
    """Why it was skipped, or the first line of why it failed."""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash is not None else report.longreprtext).strip().partition("\n")[0]


def _table(entries: list[Entry]) -> str:
    rows = ["| Promise | State | Figure | Shown by |", "|---|---|---|---|"]
    for each in entries:
        state = f"**{each.state}**" + (f": {each.why}" if each.why else "")
        shown = f"`{each.test}`"
        rows.append(f"| {_cell(each.promise)} ({each.name}) | {_cell(state)} | {_cell(each.figure)} | {shown} |")
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
