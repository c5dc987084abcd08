"""The doctor looks at everything, says what to do, and never prints a token."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from db.machinery import Due, Inbox, InboxState, Outgoing, Sending
from tests.fakes import FakeTelegram
from tests.shell import NOON, Shell, meet


async def test_the_doctor_looks_at_everything_and_never_prints_a_token(shell: Shell, writing: Any) -> None:
    sick = await asyncio.to_thread(shell, "doctor", "--offline", "--json")
    found = {line["check"]: line for line in json.loads(sick.stdout)}
    assert sick.returncode == 1 and found["administration"]["verdict"] == "FAIL"
    assert found["durability"]["verdict"] == ("OK" if "sqlite" in shell.url else "FAIL"), "tests turn fsync off there"
    writing(meet)

    def neglect(session: Any) -> None:
        common: dict[str, Any] = {"screen": {}, "created_at": NOON, "expires_at": NOON, "trace": "t"}
        ages = {Sending.WAITING: 3, Sending.HELD: 0, Sending.IN_DOUBT: 0}
        session.add_all(
            Outgoing(
                administration_id=1, person_id=1, once=state, state=state, not_before=NOON.replace(year=2020), **common
            )
            for state in ages
        )
        session.add(Due(job="x", args={}, key="k", at=NOON.replace(year=2020)))
        bad = {"platform": "slack", "account": "x", "received_at": NOON, "trace": "t"}
        session.add(Inbox(key="1", payload="{", state=InboxState.QUARANTINED, **bad))

    writing(neglect)
    async with FakeTelegram.running() as telegram:
        tokens = {
            "PARLEY_TELEGRAM_TOKEN": telegram.token,
            "PARLEY_TELEGRAM_API_URL": telegram.address,
            "PARLEY_SLACK_BOT_TOKEN": "xoxb-canary-canary",
            "PARLEY_SLACK_API_URL": "http://127.0.0.1:1/api/",
            "PARLEY_PUBLIC_URL": "http://parley.example",
        }
        asked = await asyncio.to_thread(shell, "doctor", "--json", **tokens)
        wrong = await asyncio.to_thread(
            shell, "doctor", **tokens | {"PARLEY_TELEGRAM_TOKEN": "987654:canary_canary_canary_canary"}
        )
    found = {line["check"]: line["verdict"] for line in json.loads(asked.stdout)}
    assert (
        found
        | {
            "administration": "OK",
            "outbox": "FAIL",
            "due": "FAIL",
            "outbox on hold": "WARN",
            "outbox in doubt": "WARN",
            "quarantine": "WARN",
            "address": "FAIL",
            "Slack": "FAIL",
            "Slack bot token": "FAIL",
            "Telegram token": "OK",
            "language fr": "WARN",
            "language ar": "WARN",
        }
        == found
    )
    assert "FAIL  Telegram token: refused" in wrong.stdout and "→" in wrong.stdout and wrong.returncode == 1
    for said in (asked.stdout, asked.stderr, wrong.stdout, wrong.stderr):
        assert "canary" not in said and telegram.token not in said
    assert "nobody yet" in wrong.stdout


async def test_the_doctor_finds_nothing_at_a_database_that_is_away(bare: Shell) -> None:
    ran = bare("doctor", "--offline")
    assert ran.returncode == 1 and "FAIL  database: there is no database" in ran.stdout
