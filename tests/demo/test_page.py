"""The demo's page: what its script fetches, and how the process behaves."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.demo.page import NotLoopback, application, serve
from bot.demo.stage import Stage
from scheduling.clock import ShiftedClock

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def page(sqlite_url: str) -> Iterator[TestClient]:
    stage = Stage(database_url=sqlite_url, clock=ShiftedClock())
    with TestClient(application(stage)) as client:
        yield client
    stage.close()


def items(page: TestClient, key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.get(f"/demo/pane/{key}").json()["items"]
    return found


def test_the_page_and_everything_it_loads_come_from_here(page: TestClient) -> None:
    response = page.get("/demo/")
    assert response.status_code == 200
    assert "default-src 'none'" in response.headers["content-security-policy"]
    links = re.findall(r'(?:href|src)="([^"]+)"', response.text)
    assert all(link.startswith("/") for link in links)
    assert {page.get(link).status_code for link in links} == {200}


def test_there_is_somebody_of_every_kind_to_be(page: TestClient) -> None:
    people = {person["key"] for person in page.get("/demo/state").json()["people"]}
    assert {"broker", "officer", "lead", "importer", "agency", "coordinator", "trader", "newcomer"} <= people
    assert page.get("/demo/pane/trader").json()["rtl"] is True
    assert page.get("/demo/pane/nobody").status_code == 404


def test_what_one_types_is_answered_and_what_happened_is_shown(page: TestClient) -> None:
    page.post("/demo/pane/importer/say", json={"text": "/help"})
    mine, theirs = items(page, "importer")
    assert (mine["from_bot"], theirs["from_bot"]) == (False, True)
    happened = page.get("/demo/happened").json()
    assert "Tom Okello wrote in Telegram." in {each["title"] for each in happened}
    payload = next(each["payload"] for each in happened if each["kind"] == "payload")
    assert payload["text"] == theirs["params"]["text"]


def test_a_button_is_pressed_through_the_platforms_own_payload(page: TestClient) -> None:
    page.post("/demo/pane/importer/say", json={"text": "/start"})
    keys = [key for row in items(page, "importer")[-1]["params"]["reply_markup"]["inline_keyboard"] for key in row]
    message = items(page, "importer")[-1]["id"]
    answer = page.post("/demo/pane/importer/tap", json={"message": message, "data": keys[0]["callback_data"]})
    assert answer.status_code == 200
    assert items(page, "importer")[-1]["params"]["text"]


def test_slack_answers_its_command_and_its_home_tab(page: TestClient) -> None:
    page.post("/demo/pane/officer/say", json={"text": "/parley"})
    assert items(page, "officer")[-1]["ephemeral"] is True
    page.post("/demo/pane/officer/home", json={})
    assert page.get("/demo/pane/officer").json()["home"]["blocks"]


def test_the_clock_goes_forward(page: TestClient) -> None:
    before = page.get("/demo/state").json()["now"]
    page.post("/demo/clock", json={"seconds": 3 * 86400})
    assert page.get("/demo/state").json()["now"] != before


def test_what_was_on_the_screens_is_there_after_a_restart(sqlite_url: str) -> None:
    for expected in (0, 2):
        stage = Stage(database_url=sqlite_url, clock=ShiftedClock())
        with TestClient(application(stage)) as client:
            assert len(items(client, "importer")) == expected
            client.post("/demo/pane/importer/say", json={"text": "/help"})
        stage.close()


def test_the_demo_never_listens_beyond_this_machine() -> None:
    with pytest.raises(NotLoopback):
        serve(host="0.0.0.0", port=0, fresh=False)  # noqa: S104  the very thing that is refused


def test_the_process_says_its_address_last_takes_the_next_free_port_and_ends_with_zero(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with subprocess.Popen(
            [str(Path(sys.executable).with_name("parley")), "demo", "--port", str(port)],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline(), process.stdout.readline()]
            found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/demo/", lines[-1].strip())
            assert found is not None
            assert int(found[1]) != port
            with urllib.request.urlopen(lines[-1].strip()) as response:  # noqa: S310  our own loopback address
                assert response.status == 200
            time.sleep(0.2)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
