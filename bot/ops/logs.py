"""Structured logs: one line an event, with the id that runs from an update to the message it caused.

Only named fields are logged, never a message's text. An exception is its type and where it was raised: what it says may
quote a person. A last pass over each finished line takes out every secret of the settings and whatever looks like one.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Callable, Collection
from typing import Any

import structlog
from structlog.stdlib import ProcessorFormatter

# Bot tokens of Telegram (also inside its URLs) and of Slack, and what opens a calendar.
TOKENS = re.compile(
    r"(\d{6,}:[A-Za-z0-9_-]{20,})|(x(?:ox[a-z]|app)-[A-Za-z0-9-]{6,})|((?:(?<=calendar/)|(?<=calendar%2F))[A-Za-z0-9_-]{20,})"
)
# httpx writes every Bot API address, token included, at INFO; Bolt the whole body of what it has no listener for.
QUIET = {
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "telegram": logging.ERROR,
    "mail": logging.ERROR,  # aiosmtpd's: whoever connects decides what it writes at a lower level
    "slack_bolt": logging.ERROR,
    "slack_sdk": logging.ERROR,
    "alembic": logging.WARNING,
    "apscheduler": logging.WARNING,
    "procrastinate": logging.WARNING,  # below, a line or two for every job
    "aiohttp.access": logging.WARNING,
    "uvicorn.access": logging.WARNING,
}
FRAMES = 8
# What ends a line, steers a terminal or turns the direction of text: JSON escapes it, a line for people has to as well.
STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def configure(form: str, secrets: Collection[str] = (), *, least: int = logging.INFO) -> None:
    """Log to standard error as JSON lines, or readably where `form` is "console"; never any of `secrets`.

    Nothing below the level `least` is written.
    """
    render = _console if form == "console" else structlog.processors.JSONRenderer()
    last: list[Any] = [_where_it_failed, _without(secrets, render)]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(processors=[ProcessorFormatter.remove_processors_meta, *last], foreign_pre_chain=shared)
    )
    logging.basicConfig(level=least, handlers=[handler], force=True)
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(max(level, least))


def _where_it_failed(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """The exception as types and places, innermost last, in the words of nobody."""
    given = event.pop("exc_info", None)
    if isinstance(given, tuple):
        given = given[1]
    error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    if error is not None:
        frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
        event["exception"] = type(error).__name__
        event["raised_at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        cause = error.__cause__ or error.__context__
        if cause is not None:
            event["because_of"] = type(cause).__name__
    return event


def hiding(secrets: Collection[str]) -> Callable[[str], str]:
    """Takes every one of `secrets` out of a text, and whatever looks like a token."""
    known = sorted({secret for secret in secrets if len(secret) >= 6}, key=len, reverse=True)
    hidden = re.compile("|".join([*map(re.escape, known), TOKENS.pattern]))
    return lambda text: hidden.sub("[secret]", text)


def _without(secrets: Collection[str], render: Callable[[Any, str, Any], Any]) -> Callable[..., str]:
    hide = hiding(secrets)

    def finish(logger: Any, method: str, event: dict[str, Any]) -> str:
        return hide(str(render(logger, method, event)))

    return finish


def _console(_logger: Any, _method: str, event: dict[str, Any]) -> str:
    """One line for people: the time of day, the level, what happened, then its fields."""
    time, level, what = event.pop("timestamp", ""), event.pop("level", ""), event.pop("event", "")
    fields = " ".join(f"{name}={value}" for name, value in event.items())
    line = f"{time[11:19]} {level:8} {what}  {fields}".rstrip()
    return STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), line)
