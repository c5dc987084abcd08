"""The demo's page: what its script fetches and sends, and how the process behaves."""

from __future__ import annotations

import fcntl
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.demo.page import NotLoopback, application, serve
from bot.demo.script import BEGINS, PHOTO
from bot.demo.shown import legible
from bot.demo.stage import Stage, state
from scheduling.clock import ManualClock

Json = dict[str, Any]


def pane(page: TestClient, key: str) -> Json:
    found: Json = page.get(f"/demo/pane/{key}").json()
    return found


def say(page: TestClient, key: str, text: str) -> Json:
    """Say something; the last message in the pane afterwards."""
    page.post(f"/demo/pane/{key}/say", json={"text": text})
    last: Json = pane(page, key)["items"][-1]
    return last


def tap(page: TestClient, key: str, label: str) -> None:
    """Press a button of a Telegram message, the newest of that name."""
    for item in reversed(pane(page, key)["items"]):
        for row in item["params"].get("reply_markup", {}).get("inline_keyboard", []):
            for button in row:
                if button["text"] == label:
                    pressed = {"message": item["id"], "data": button["callback_data"]}
                    assert page.post(f"/demo/pane/{key}/tap", json=pressed).status_code == 200
                    return
    raise AssertionError(f"no button is called {label}")


def press(page: TestClient, key: str, label: str) -> None:
    """Press a button of a Slack message, the newest of that name."""
    for item in reversed(pane(page, key)["items"]):
        for block in item.get("blocks", []):
            for element in block.get("elements", []):
                if element.get("type") == "button" and element["text"]["text"] == label:
                    pressed = {"message": item["id"], "action_id": element["action_id"], "value": element["value"]}
                    assert page.post(f"/demo/pane/{key}/tap", json=pressed).status_code == 200
                    return
    raise AssertionError(f"no button is called {label}")


def raise_an_issue(page: TestClient) -> None:
    say(page, "importer", "Our mangoes have waited at Port B since Friday")
    for label in ("Raise it as an issue", "Perishable goods", "Port B", "Skip", "Skip", "Skip", "Send"):
        tap(page, "importer", label)


def test_the_page_and_everything_it_loads_come_from_here(page: TestClient) -> None:
    response = page.get("/demo/")
    assert "default-src 'none'" in response.headers["content-security-policy"]
    links = re.findall(r'(?:href|src)="([^"]+)"', response.text)
    modules = [f"/demo/static/{name.name}" for name in Path("bot/demo/static").glob("*.js")]
    assert all(link.startswith("/") for link in links)
    assert {page.get(link).status_code for link in [*links, *modules]} == {200}
    assert all("http" not in re.sub(r"https\?:", "", page.get(each).text) for each in modules)


def test_there_is_somebody_of_every_kind_to_be(page: TestClient) -> None:
    people = {person["key"] for person in page.get("/demo/state").json()["people"]}
    assert {
        "broker",
        "officer",
        "lead",
        "importer",
        "agency",
        "coordinator",
        "trader",
        "association",
        "newcomer",
    } <= people
    assert pane(page, "trader")["rtl"] is True
    assert page.get("/demo/pane/nobody").status_code == 404
    assert page.post("/demo/pane/broker/fly", json={}).status_code == 404


def test_a_telegram_client_shows_how_the_bot_presents_itself(page: TestClient) -> None:
    shown = pane(page, "broker")
    assert "Dites à la douane" in shown["about"]
    assert "raise" in {each["command"] for each in shown["commands"]}


def test_what_one_types_is_answered_and_what_happened_is_told(page: TestClient) -> None:
    answered = say(page, "importer", "/help")
    mine, _theirs = pane(page, "importer")["items"]
    assert (mine["from_bot"], answered["from_bot"]) == (False, True)
    chapter = page.get("/demo/state").json()["chapters"][0]
    assert chapter["title"] == "\u2068Tom Okello\u2069 wrote in Telegram"
    (payload,) = (each for each in chapter["records"] if each["kind"] == "payload")
    assert payload["title"] == "Telegram: sendMessage"
    assert payload["payload"]["text"] == answered["params"]["text"]


def test_the_story_goes_step_by_step_and_what_waits_is_told(page: TestClient) -> None:
    before = page.get("/demo/state").json()
    assert {each["step"] for each in before["guide"]} == {0}
    raise_an_issue(page)
    after = page.get("/demo/state").json()
    assert [each["step"] for each in after["guide"]] == [1, 0, 0, 0, 0, 0, 0]
    people = {person["key"] for person in after["people"]}
    assert {step["persona"] for each in after["guide"] for step in each["steps"]} <= people
    assert "issues.raise" in {each["title"] for each in after["chapters"][0]["records"] if each["kind"] == "audit"}
    assert len(after["waiting"]) > len(before["waiting"])
    assert any("Three quarters of the time are used" in each["detail"] for each in after["waiting"])


def test_slack_answers_its_command_its_home_tab_and_a_modal(page: TestClient) -> None:
    raise_an_issue(page)
    assert say(page, "officer", "/parley")["ephemeral"] is True
    page.post("/demo/pane/officer/home", json={})
    assert pane(page, "officer")["home"]["blocks"]
    press(page, "officer", "Ask")
    modal = pane(page, "officer")["modal"]
    page.post("/demo/pane/officer/submit", json={"view": modal["id"], "values": {}})
    assert pane(page, "officer")["errors"] == {"words": "Please complete this required field."}
    typed = {"words": {"value": {"type": "plain_text_input", "value": "How many boxes?"}}}
    page.post("/demo/pane/officer/submit", json={"view": modal["id"], "values": typed})
    assert pane(page, "officer")["modal"] is None
    assert "How many boxes?" in pane(page, "importer")["items"][-1]["params"]["text"]


def test_a_picture_goes_from_one_pane_to_the_other(page: TestClient) -> None:
    page.post("/demo/pane/broker/attach", files={"file": ("reefer.jpg", PHOTO, "image/jpeg")})
    (sent, _asked) = pane(page, "broker")["items"]
    assert sent["params"]["file"]["name"] == "reefer.jpg"
    shown = page.get(f"/demo/file/{sent['params']['file']['id']}")
    assert (shown.headers["content-type"], shown.content) == ("image/jpeg", PHOTO)
    assert page.get("/demo/file/file-0").status_code == 404


def test_a_search_finds_what_a_modal_asks_for(page: TestClient) -> None:
    page.post("/demo/pane/agency/shortcut", json={"name": "issues.raise"})
    asked = {"block_id": "port", "action_id": "value", "query": "sod"}
    found = page.post("/demo/pane/agency/options", json=asked).json()
    assert [legible(each["text"]["text"]) for each in found][:1] == ["Port Sodal"]


def test_somebody_who_blocks_the_bot_gets_nothing(page: TestClient) -> None:
    page.post("/demo/pane/importer/block", json={"blocks": True})
    assert pane(page, "importer")["blocked"] is True
    page.post("/demo/pane/importer/block", json={"blocks": False})
    assert say(page, "importer", "/help")["from_bot"] is True


def test_the_clock_goes_forward_to_what_is_due_next(page: TestClient) -> None:
    before = page.get("/demo/state").json()
    first = datetime.fromisoformat(before["waiting"][0]["at"])
    page.post("/demo/clock", json={"next": True})
    after = page.get("/demo/state").json()
    assert first < datetime.fromisoformat(after["now"]) < first + timedelta(minutes=1)
    assert after["chapters"][0]["title"] == "The clock was put forward"
    assert after["chapters"][0]["records"]
    page.post("/demo/clock", json={"seconds": 3 * 86400})
    later = datetime.fromisoformat(page.get("/demo/state").json()["now"])
    assert later - datetime.fromisoformat(after["now"]) == timedelta(days=3)


def test_what_was_on_the_screens_is_there_after_a_restart(demo_url: str) -> None:
    for expected in (0, 2):
        stage = Stage(database_url=demo_url, clock=ManualClock(BEGINS))
        with TestClient(application(stage)) as client:
            assert len(pane(client, "importer")["items"]) == expected
            say(client, "importer", "/help")
        stage.close()


def test_parleys_own_page_is_there_too(page: TestClient) -> None:
    assert page.get("/readyz").json() == {"status": "ready"}
    assert page.get("/", follow_redirects=True).status_code == 200


def test_the_demo_never_listens_beyond_this_machine() -> None:
    with pytest.raises(NotLoopback, match="this machine only"):
        serve(host="0.0.0.0", port=0, fresh=False)  # noqa: S104  the very thing that is refused


def test_two_demos_do_not_play_on_one_database(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BlockingIOError, match="another demo"), state(tmp_path):
            pass


def test_the_process_says_its_address_last_takes_the_next_free_port_and_ends_with_zero(
    begun: Path, tmp_path: Path
) -> None:
    with state(tmp_path / "build" / "demo", begun=begun):
        pass  # its past has been told
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
            lines = [process.stdout.readline() for _ in range(3)]
            found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/demo/", lines[-1].strip())
            assert found is not None
            assert int(found[1]) != port
            with urllib.request.urlopen(lines[-1].strip()) as response:  # noqa: S310  our own loopback address
                assert response.status == 200
            elsewhere = urllib.request.Request(lines[-1].strip(), headers={"Host": "elsewhere.example"})  # noqa: S310
            with pytest.raises(urllib.error.HTTPError, match="400"):
                urllib.request.urlopen(elsewhere)  # noqa: S310  our own loopback address
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
            assert process.stdout.read() == ""
