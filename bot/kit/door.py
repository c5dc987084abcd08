"""What a platform adapter is to the rest of Parley, and the ways a message can fail to arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from .events import Answer, Event, Returned
from .text import Phrase, Writer, _

# What every door says with a message whose earlier outcome is unknown, and before a form is sent.
SENT_BEFORE = _("You may have received this before.")
LATE = timedelta(minutes=10)  # after its hour, quiet ones past; a message that comes later says when that was
CHECK = _("Please check what you are about to send.")
# Reasons a recipient cannot be reached at all. The account is marked; coming back (a message, /start) unmarks it.
UNREACHABLE = frozenset({"blocked", "deactivated", "never_started", "left", "not_found", "archived", "bad_address"})
# Reasons why one message did not get through to somebody who may well be reached there another day.
ELSEWHERE = frozenset({"mailbox_full", "policy", "undeliverable"})


class SendError(Exception):
    """A message was not accepted, or we do not know. Adapters raise exactly one of the subclasses."""


class Permanent(SendError):
    """Refused, and would be again. `reason` is a short name: blocked, deactivated, not_found, refused, …"""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} {detail}".strip())
        self.reason = reason


class Transient(SendError):
    """Not accepted this time: the connection was refused, the platform is in trouble. Safe to send again."""


class Paused(Transient):
    """The platform asks to wait; or it has asked already, `until` an instant, and was not bothered again."""

    def __init__(self, pause: timedelta, until: datetime | None = None) -> None:
        super().__init__(f"wait {pause}")
        self.pause = pause
        self.until = until
        self.told: tuple[str, str] | None = None  # of which calls, method and chat, the platform has just said it


class Unknown(SendError):
    """The request left and no answer came back: it may have been accepted. Sent again at most once, and marked."""


def circumstances(answer: Answer, *, repeated: bool = False) -> list[Phrase]:
    """What every door says before a message: how it comes that it arrives now."""
    said = [SENT_BEFORE] if repeated else []
    if answer.written is not None:
        said.append(_("Delayed: written on {when}.", when=answer.written))
    return said


def cause(error: Exception) -> str:
    """A short name for what keeps a platform away: for those who look at its health, with nobody's words in it."""
    told = isinstance(error, Transient | Unknown) and type(error) in (Transient, Unknown)
    return str(error) if told and str(error) else type(error).__name__


class Door(Protocol):
    """One platform. `read` and the drawing behind `send` are pure; only `send` and `fetch` do I/O."""

    name: str

    def read(self, payload: Mapping[str, Any]) -> Event | Returned | None:
        """The event in a stored payload; None for one that means nothing to us. Raises on what cannot be parsed."""

    async def send(
        self,
        address: str,
        answer: Answer,
        writer: Writer,
        *,
        edits: Mapping[str, Any] | None = None,
        repeated: bool = False,
    ) -> Mapping[str, Any]:
        """Deliver `answer` and return what the platform calls the message. `writer` has the reader and no dialect yet.

        `edits` is a message to replace in place, if the platform still lets us. `repeated` says that the outcome of an
        earlier try is unknown, which the message then says itself. Raises a `SendError`.
        """

    async def look(self) -> None:
        """Return if the platform answers a question that changes nothing; raises a `SendError` otherwise."""

    async def fetch(self, origin: Mapping[str, Any], limit: int) -> bytes:
        """The bytes of a file that was sent, at most `limit`. Raises a `SendError`."""


@runtime_checkable
class Sketches(Protocol):
    """A door that says beforehand what a message would be."""

    def sketch(self, answer: Answer, writer: Writer) -> Sequence[str]:
        """The text of each message that `send` would make of `answer`, its buttons in brackets. Pure."""
