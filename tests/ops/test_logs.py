"""What is logged, and what never is. Each program runs by itself: logging is set up for a whole process."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

TELEGRAM = "123456789:AAcanary_canary_canary_canary_canary"
SLACK = "xoxb-1111-2222-canarycanary"
PLAIN = "0123456789abcdef0123456789abcdef"  # a signing secret looks like nothing in particular
WORDS = "my container at Sodal is rotting"

PROGRAM = """
import logging, sys
import structlog
from bot.ops.logs import configure
configure(sys.argv[1], [sys.argv[4]])
log = structlog.get_logger()
telegram, slack, plain, words = sys.argv[2:]
"""


def run(program: str, form: str = "json") -> list[str]:
    arguments = [sys.executable, "-c", PROGRAM + program, form, TELEGRAM, SLACK, PLAIN, WORDS]
    ran = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert ran.stdout == ""
    return ran.stderr.splitlines()


def test_an_event_is_one_json_line_with_its_trace() -> None:
    (line,) = run('log.info("accepted", outgoing=7, door="telegram", trace="telegram-900")')
    found = json.loads(line)
    assert found.pop("timestamp").endswith("Z")
    assert found == {"event": "accepted", "level": "info", "outgoing": 7, "door": "telegram", "trace": "telegram-900"}


def test_what_libraries_log_is_json_too() -> None:
    (line,) = run('logging.getLogger("some.library").warning("odd: %s", 3)')
    assert json.loads(line)["event"] == "odd: 3"


def test_people_can_have_lines_of_their_own() -> None:
    (line,) = run('log.info("accepted", outgoing=7, trace="t")', "console")
    assert line.endswith("info     accepted  outgoing=7 trace=t")


LEAKS = """
log.info("called", url=f"https://api.telegram.org/bot{telegram}/getMe", nested={"deep": [slack, plain]})
log.info(f"with {slack} and {plain}")
logging.getLogger("uvicorn.error").error("at %s with %s", telegram, {"token": slack, "secret": plain})
logging.getLogger("httpx").info("HTTP Request: POST https://api.telegram.org/bot%s/getMe", telegram)
try:
    try:
        raise ValueError(f"bad token {telegram} {words}")
    except ValueError as error:
        raise RuntimeError(f"{slack} {plain} {words}") from error
except RuntimeError as error:
    log.warning("failed", exc_info=True)
    log.exception("failed")
    log.error("failed", exc_info=error)
    logging.getLogger("library").exception("failed")
    logging.getLogger("library").error("failed", exc_info=error)
    logging.getLogger("slack_bolt.AsyncApp").warning("Unhandled request ({'text': '%s'})", words)
"""


@pytest.mark.promise("threat.6", "Whatever logs a secret, it is not written.")
@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_and_nobodys_words_are_logged(form: str) -> None:
    lines = run(LEAKS, form)
    assert len(lines) == 8, "each event once, and nothing of those that are only leaks"
    for canary in (TELEGRAM, TELEGRAM.partition(":")[2], SLACK, PLAIN, WORDS, "Sodal"):
        assert canary not in "\n".join(lines)


def test_an_exception_says_what_and_where_and_what_was_behind_it() -> None:
    found = json.loads(run(LEAKS)[3])
    assert (found["exception"], found["because_of"], found["event"]) == ("RuntimeError", "ValueError", "failed")
    assert found["raised_at"][-1].startswith("<string>:")


def test_a_statement_that_fails_does_not_quote_its_values() -> None:
    lines = run(
        """
from sqlalchemy import text
from db.session import connect
try:
    with connect("sqlite://").begin() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": words})
except Exception as error:
    print(error, file=sys.stderr)
"""
    )
    assert "INSERT INTO nowhere" in "\n".join(lines) and WORDS not in "\n".join(lines)
