"""`parley calendar check`: a file or an address, what is wrong with it in plain words, and an exit code to build on."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.ops.calendar import check, http
from bot.ops.trouble import Trouble
from scheduling.calendar.check import Finding, Findings, Verdict, meaning
from tests.scheduling.calendar.entries import built, programme, series
from tests.shell import Shell

OWN = built(*programme()).data
SECRET = "Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFy"
LAST_MODIFIED = "Fri, 01 May 2026 08:00:00 GMT"
Headers = dict[str, str]


@dataclass
class Site:
    """A web server with one feed, served as it should be; what a test changes is what it serves wrongly."""

    data: bytes = OWN
    status: int = 200
    content_type: str = "text/calendar; charset=utf-8"
    more: Headers = field(default_factory=lambda: {"Cache-Control": "private, max-age=300"})
    etag: Callable[[bytes], str | None] = lambda data: f'"{sha256(data).hexdigest()}"'
    has: Callable[[str, str], bool] = lambda asked, etag: asked == "*" or etag in asked.replace("W/", "")
    since: Callable[[str], bool] = lambda asked: asked == LAST_MODIFIED
    packs: Callable[[bytes], bytes] | None = gzip.compress
    vary: str = "Accept-Encoding"
    head: int = 200
    unknown: int = 404
    next_data: Callable[[bytes], bytes] = lambda data: data
    asked: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, given: Headers) -> tuple[int, Headers, bytes]:
        """Status, headers and body."""
        self.asked.append(f"{method} {path}")
        if path != f"/feeds/{SECRET}.ics":
            return self.unknown, {}, b"nothing here"
        if method == "HEAD" and self.head != 200:
            return self.head, {}, b""
        data, self.data = self.data, self.next_data(self.data)
        etag = self.etag(data)
        headers = {"Content-Type": self.content_type, "Last-Modified": LAST_MODIFIED, **self.more}
        if etag is not None:
            headers["ETag"] = etag
        asked = given.get("if-none-match")
        if asked is not None and etag is not None:
            if self.has(asked, etag):
                return 304, headers, b""
        elif "if-modified-since" in given and self.since(given["if-modified-since"]):
            return 304, headers, b""
        if given.get("accept-encoding") == "gzip" and self.packs is not None:
            return self.status, {**headers, "Content-Encoding": "gzip", "Vary": self.vary}, self.packs(data)
        return self.status, headers, data


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = {name.lower(): value for name, value in self.headers.items()}
            status, headers, body = site.answer(self.command, self.path, given)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815  the library's names

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: the test's output is its own."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/feeds/{SECRET}.ics"
        server.shutdown()
        thread.join()


def said(address: str) -> list[Finding]:
    """What gate F finds besides what is right."""
    findings = Findings()
    http.fetch(address, findings)
    return [each for each in findings if each.verdict is not Verdict.OK]


def test_a_feed_that_is_served_well_passes(address: str, site: Site) -> None:
    findings = Findings()
    assert http.fetch(address, findings) == OWN
    assert [each.what for each in findings] == ["127.0.0.1 serves it as clients expect"]
    assert sum(not each.endswith(f"{SECRET}.ics") for each in site.asked) == 1, "one wrong secret"
    assert len(site.asked) < 15, "nobody is flooded"


WRONGLY: dict[str, tuple[Verdict, str, dict[str, object]]] = {
    "another type": (Verdict.FAIL, "Content-Type is text/html", {"content_type": "text/html"}),
    "no charset": (Verdict.WARN, "names no charset", {"content_type": "text/calendar"}),
    "no Cache-Control": (Verdict.WARN, "no Cache-Control", {"more": {}}),
    "a download": (
        Verdict.WARN,
        "as an attachment",
        {"more": {"Content-Disposition": "attachment; filename=a.ics", "Cache-Control": "private"}},
    ),
    "no ETag": (Verdict.WARN, "no ETag", {"etag": lambda data: None}),
    "a weak ETag": (Verdict.WARN, "the ETag is weak", {"etag": lambda data: f'W/"{len(data)}"'}),
    "new bytes each time": (
        Verdict.FAIL,
        "two fetches in a row bring different bytes",
        {"next_data": lambda data: data.replace(b"SEQUENCE:", b"SEQUENCE:1", 1)},
    ),
    "an old ETag for new bytes": (
        Verdict.FAIL,
        "the ETag does not change as the bytes do",
        {"next_data": lambda data: data.replace(b"SEQUENCE:", b"SEQUENCE:1", 1), "etag": lambda data: '"always"'},
    ),
    "no If-None-Match": (Verdict.FAIL, "If-None-Match with the ETag is answered with 200", {"has": lambda *_: False}),
    "no list": (
        Verdict.FAIL,
        "If-None-Match with a list",
        {"has": lambda asked, etag: asked in {etag, f"W/{etag}", "*"}},
    ),
    "no weak comparison": (
        Verdict.FAIL,
        "as a weak one",
        {"has": lambda asked, etag: asked == "*" or etag in asked.split(", ")},
    ),
    "no star": (Verdict.FAIL, "If-None-Match with *", {"has": lambda asked, etag: etag in asked}),
    "304 to any other": (Verdict.FAIL, "a client with other bytes is answered with 304", {"has": lambda *_: True}),
    "304 to any date": (Verdict.FAIL, "If-Modified-Since of 1970 is answered with 304", {"since": lambda asked: True}),
    "200 to its own date": (Verdict.WARN, "its own Last-Modified is answered with 200", {"since": lambda asked: False}),
    "no HEAD": (Verdict.FAIL, "HEAD is answered with 405", {"head": 405}),
    "never packed": (Verdict.WARN, "never compressed", {"packs": None, "data": OWN * 4}),
    "packed wrongly": (Verdict.FAIL, "gzip body is not the same", {"packs": lambda data: gzip.compress(data[:-9])}),
    "not packed at all": (Verdict.FAIL, "gzip body is not the same", {"packs": lambda data: data}),
    "a bomb": (Verdict.FAIL, "gzip body is not the same", {"packs": lambda data: gzip.compress(bytes(30_000_000))}),
    "no Vary": (Verdict.WARN, "without Vary", {"vary": "Cookie"}),
    "any secret": (Verdict.WARN, "a wrong secret in the address is answered with 200", {"unknown": 200}),
}


@pytest.mark.parametrize("how", WRONGLY)
def test_a_feed_that_is_served_wrongly_is_told_how(how: str, address: str, site: Site) -> None:
    verdict, words, changed = WRONGLY[how]
    for name, value in changed.items():
        setattr(site, name, value)
    assert [each.verdict for each in said(address) if words in each.what] == [verdict], said(address)


@pytest.mark.parametrize("status", [401, 404, 500])
def test_an_address_that_serves_nothing_cannot_be_checked(status: int, address: str, site: Site) -> None:
    site.status = status
    with pytest.raises(Trouble, match=f"127.0.0.1 answers with status {status}") as trouble:
        check(address)
    assert SECRET not in str(trouble.value), "an address is a secret"


def test_a_feed_without_end_is_not_read(address: str, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST", 1_000_000)
    site.data = b"X" * 1_000_001
    with pytest.raises(Trouble, match="sends more than 1 MB"):
        check(address)


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/x.ics", "https://", "http://[", "webcal://127.0.0.1:1/x.ics"])
def test_an_address_that_leads_nowhere_is_said_so(address: str) -> None:
    with pytest.raises(Trouble, match=r"no answer|no address"):
        check(address)


def test_a_web_page_behind_the_address_is_refused(address: str, site: Site) -> None:
    site.data, site.content_type = b"<html><body>502</body></html>", "text/html"
    text, is_well = check(address)
    assert not is_well and "FAIL     A bytes, line 1: this is a web page, not a calendar" in text


# The command


def test_the_command_tells_what_is_wrong_and_where(bare: Shell) -> None:
    wrong = bare.folder / "wrong.ics"
    wrong.write_bytes(OWN.replace(b"STATUS:CANCELLED", b"STATUS:CANCELED"))
    line = OWN[: OWN.index(b"STATUS:CANCELLED")].count(b"\r\n") + 1
    ran = bare("calendar", "check", "wrong.ics")
    assert ran.returncode == 1 and ran.stderr == ""
    assert f"FAIL     B entries, line {line}: STATUS:CANCELED is unknown" in ran.stdout
    assert "→ write CANCELLED or CONFIRMED or TENTATIVE" in ran.stdout
    assert ran.stdout.splitlines()[-1].startswith("refused: ")
    told = json.loads(check(str(wrong), as_json=True)[0])
    assert {"gate": "B", "verdict": "FAIL", "line": line, "more": 0}.items() <= next(
        each for each in told if each["verdict"] == "FAIL"
    ).items()


def test_the_command_accepts_what_is_right_and_says_what_it_cannot_read(bare: Shell) -> None:
    (bare.folder / "right.ics").write_bytes(OWN)
    ran = bare("calendar", "check", "right.ics")
    assert (ran.returncode, ran.stderr) == (0, "") and ran.stdout.splitlines()[-1] == "accepted, no remarks"
    ran = bare("calendar", "check", "nowhere.ics")
    assert (ran.returncode, ran.stdout) == (2, "") and ran.stderr == "parley: nowhere.ics: No such file or directory\n"


def test_two_copies_of_a_feed_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "PROGRAMS", ())
    before, after = tmp_path / "before.ics", tmp_path / "after.ics"
    before.write_bytes(built(series()).data)
    after.write_bytes(built(replace(series(), exdates=frozenset())).data)
    text, is_well = check(str(after), before=before)
    assert not is_well and "has changed its time or status without a higher SEQUENCE" in text


def test_a_strangers_words_do_not_steer_the_terminal(tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.ics"
    hostile.write_bytes(OWN.replace(b"STATUS:CANCELLED", "STATUS:\x9b2J\u202eoff".encode()))
    text, _ = check(str(hostile))
    assert "STATUS:" in text and not any(letter in text for letter in "\x9b\u202e\x1b")


def test_a_file_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST", 1_000_000)
    (tmp_path / "large.ics").write_bytes(b"X" * 1_000_001)
    with pytest.raises(Trouble, match="larger than 1 MB"):
        check(str(tmp_path / "large.ics"))
