"""What comes in from a door, and what goes back. An adapter knows these and no capability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from .forms import FormView
from .rooms import Where
from .screen import Button, Screen, storable
from .text import Phrase


@dataclass(frozen=True)
class Caller:
    """Who acts, as the platform names them, with what it says about them (guesses until the person has chosen).

    Through a door where `is_known_here` nobody new comes in: of an account that is not there nothing is done.
    """

    platform: str
    external_id: str
    address: str
    name: str = ""
    language: str | None = None
    zone: str | None = None
    is_guest: bool = False
    is_known_here: bool = False

    @property
    def key(self) -> str:
        return f"{self.platform}:{self.external_id}"


@dataclass(frozen=True)
class Attached:
    """A file that was sent: still on the platform (`origin`), or its bytes already stored (`sha256`)."""

    name: str
    media_type: str | None
    size: int | None
    origin: Mapping[str, Any] | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Called:
    """A command by its handle (a button), by its words (typed), or by its full name (a shortcut, a page's route).

    `quoted` are the words of a message it was used on, or typed in answer to, whoever wrote them.
    `message` is the message the button was on, which the answer may replace; `tap` is what the platform wants to have
    acknowledged. Both go to the door as they are. `where` is set where others were there too. With `at_once` the answer
    is shown where it was called, at once or not at all: later it is no message of its own.
    """

    caller: Caller
    handle: str | None = None
    words: str | None = None
    name: str | None = None
    args: Mapping[str, Any] = field(default_factory=dict)
    quoted: str | None = None
    where: Where | None = None
    message: Mapping[str, Any] | None = None
    tap: Mapping[str, Any] = field(default_factory=dict)
    at_once: bool = False


@dataclass(frozen=True)
class Answered:
    """Free text or files in a conversation: the answer to the current question, if there is one."""

    caller: Caller
    text: str | None = None
    files: tuple[Attached, ...] = ()
    edited: bool = False  # an earlier message was edited: it corrects a draft, it never runs anything
    declined: Phrase | None = None  # why the door could not take what was sent: a sticker, somebody else's words


@dataclass(frozen=True)
class Changed:
    """All fields of an open form as they stand, not yet sent; or the state of the door itself.

    `files` are those that were chosen by now: they are kept with the rest, since no browser chooses them again.

    `reach` is False when the person blocked us or left, True when they came back. With `at_once` the form is before
    them already, or a button that brings it: it is drawn there at once or not at all, and is no message later.
    """

    caller: Caller
    token: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, tuple[Attached, ...]] = field(default_factory=dict)
    reach: bool | None = None
    at_once: bool = False


@dataclass(frozen=True)
class Submitted:
    """All fields of a form at once."""

    caller: Caller
    token: str
    values: Mapping[str, Any]
    files: Mapping[str, tuple[Attached, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Replied:
    """An answer to an invitation, in RFC 5545's terms, of whom it is known by the invitation itself.

    `answer` is a PARTSTAT, `sequence` that of the invitation which was answered, `instance` the one of a series that is
    meant, `stamped_at` when it was answered, `substitute` the e-mail address of whom they send instead.
    """

    caller: Caller
    uid: str
    answer: str
    sequence: int
    stamped_at: datetime
    instance: datetime | date | None = None
    comment: str = ""
    substitute: str = ""


@dataclass(frozen=True)
class Returned:
    """A message that a platform had accepted came back: the outbox row `outgoing`. Nobody acts.

    `reason` is a short name, as that of a door's `Permanent`.
    """

    outgoing: int
    reason: str


Event = Called | Answered | Changed | Submitted | Replied


@dataclass(frozen=True)
class Answer:
    """What the asker sees: a screen or a form as it stands, with an optional short notice ("already done by …").

    `home` leads home from a screen, for a door where nothing else on view does. `written` is when, for one that comes
    long after that or after the hour it was meant for. `outgoing` is its outbox row and `thread` what it belongs to, a
    reference, for a door that names its messages itself; `is_to_confirm` says that it goes to an address nobody has
    confirmed. They are known once it is sent. `language` is that of whom it is drawn for, where that is not whoever
    gets it: a test copy for its author. Answers of one `series` show the same, but for their handles. `edition` is
    that of a message which takes the place of one with the same number, where it is another message.
    """

    screen: Screen | None = None
    form: FormView | None = None
    notice: Phrase | None = None
    ended: bool = False  # a form was submitted or cancelled: a modal closes
    home: Button | None = None
    written: datetime | None = None
    outgoing: int | None = None
    thread: str = ""
    is_to_confirm: bool = False
    language: str | None = None
    series: str = ""
    edition: int | None = None


storable(Answer)
