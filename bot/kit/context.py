"""What a handler may use: who asks, the instant, the session, and two ways to reach beyond the turn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.orm import Session

from db.base import Identified
from db.broadcasts import BroadcastCopy, BroadcastPortion
from db.machinery import Deed
from db.people import Account, Person, Topic, Who
from db.people import who as read_who
from db.rooms import ChatRoom

from .feeds import Choice
from .rooms import Where
from .screen import Button, Scalar, Screen
from .text import Text

HOLD = timedelta(minutes=2)


@dataclass(frozen=True)
class Told:
    """A ledger line to keep for a message: what it is about."""

    about: str
    about_id: int


class Mailing(Protocol):
    """What only the e-mail door can say, because it is made of its own address and signed."""

    def answers_at(self, account: int) -> str:
        """The address, for this account alone, at which answers to an invitation come back."""

    def confirms_at(self, request: int) -> str:
        """The link that confirms an address: the request's number goes with it."""


@dataclass(frozen=True)
class Context:
    """Handed to every handler. Frozen: a turn has one person and one instant. The engine commits, nobody else.

    `mailing` is None where Parley sends no e-mail.
    """

    who: Who
    now: datetime
    session: Session
    send: Callable[[int, Screen, str, Told | tuple[Told, ...] | None, bool, Topic | None, datetime | None], None]
    edit: Callable[[int, Screen, str], None]
    recall: Callable[[Iterable[int], Sequence[str]], frozenset[int]]
    post: Callable[[int, Screen, str, Told | None, str | None], bool]
    mailing: Mailing | None
    plan: Callable[[datetime, str, str, dict[str, Any]], None]
    drop: Callable[[str], None]
    link: Callable[[str], str]
    invite: Callable[[str], tuple[Button, ...]]
    name: Callable[[Identified], None]
    offered: Callable[[Who | None], Mapping[tuple[str, str], Choice]]
    words: Callable[[str, str], Callable[[Text], str]]
    do_in: Callable[[ChatRoom, Deed, Screen | None, str | None], None]
    hand_on: Callable[[BroadcastPortion], None]
    mend_in: Callable[[BroadcastPortion], None]
    renew: Callable[[BroadcastCopy, Screen], bool]
    sketch: Callable[[Screen, str, str], Mapping[str, Sequence[str]]]
    try_out: Callable[[Account, Screen, str, str], None]
    doors: Collection[str] = ()  # the platforms that something can be sent to
    rooms: Collection[str] = ()  # those that can open rooms
    hold: timedelta = HOLD  # how long what was approved can be taken back, before it goes to many
    bound: Mapping[str, int] = field(default_factory=dict)  # ids of what a form is about, for its options
    where: Where | None = None  # the channel, group or topic in which this was said, if others were there too

    def who_is(self, person: Person) -> Who:
        """What somebody else may do now, in the administration of this turn."""
        return read_who(self.session, person, at=self.now, administration_id=self.who.administration_id)

    def notify(
        self,
        to: Person | Who | int,
        screen: Screen,
        *,
        once: str,
        told: Told | tuple[Told, ...] | None = None,
        urgent: bool = False,
        topic: Topic | None = None,
        until: datetime | None = None,
    ) -> None:
        """Tell somebody else. `once` is unique per recipient: the same news twice is one message.

        With `told` the ledger keeps a line for it; of a message about several things with a line for each, `told` has
        one for each row of `screen`, in their order. Unless `urgent`, it waits for the end of their quiet hours. News
        of a `topic` goes to nobody who does without it; what has none is always told. What is of use `until` an instant
        only, such as a reminder of a meeting, is not sent later.
        """
        self.send(to if isinstance(to, int) else to.id, screen, once, told, urgent, topic, until)

    def revise(self, to: Person | Who | int, screen: Screen, *, once: str) -> None:
        """What was told under `once` says this from now on: in its place where it has arrived, or when it goes.

        A message that went with others or failed stays as it is: say what matters anew.
        """
        self.edit(to if isinstance(to, int) else to.id, screen, once)

    def withdraw(self, to: Iterable[int], *, begin: Sequence[str]) -> frozenset[int]:
        """Let nothing go any more that waits to be told these persons under a name that begins so; whom that spares.

        For what has become untrue or is theirs no longer while it waited for the end of somebody's night.
        """
        return self.recall(to, begin)

    def mail(
        self, to: Person | Who | int, screen: Screen, *, once: str, told: Told | None = None, address: str | None = None
    ) -> bool:
        """Tell somebody by e-mail, at once, whatever they prefer: at their own address, or at one to be confirmed.

        False where there is no address that mail reaches, or no e-mail at all.
        """
        return self.post(to if isinstance(to, int) else to.id, screen, once, told, address)

    def words_for(self, reader: Person | Who) -> Callable[[Text], str]:
        """How to put a phrase into plain words of theirs, now: for what leaves as a file. Screens are worded later."""
        return self.words(reader.language, reader.zone)

    def in_room(self, room: ChatRoom, deed: Deed, screen: Screen | None = None, *, once: str | None = None) -> None:
        """Let something be done in a room after this turn, after all that was to be done there before.

        `Deed.SHOW` keeps `screen` pinned from now on, in the place of the one before; `Deed.SAY` says it, once per
        `once`. In a room buttons are nobody's: a screen has none but those that open an address. The room's row is to
        be locked.
        """
        self.do_in(room, deed, screen, once)

    def send_out(self, portion: BroadcastPortion) -> None:
        """Let a portion of a broadcast be sent, from its instant on. Once more is harmless: it sends what is left."""
        self.hand_on(portion)

    def mend(self, portion: BroadcastPortion) -> None:
        """Let the edition that holds take the place of the one that those readers have."""
        self.mend_in(portion)

    def show_on(self, copy: BroadcastCopy, screen: Screen) -> bool:
        """Show `screen` in the place of the copy that whoever asks has got, where its door can; whether it does.

        Not where this turn's answer comes to stand there anyway.
        """
        return self.renew(copy, screen)

    def sketches(self, screen: Screen, *, language: str, zone: str) -> Mapping[str, Sequence[str]]:
        """What `screen` would be at each door for whoever reads `language`: the text of each message, by the door."""
        return self.sketch(screen, language, zone)

    def test_copy(self, account: Account, screen: Screen, *, language: str, once: str) -> None:
        """Send `screen` to one door of its author's, at once, drawn as for whoever reads `language`."""
        self.try_out(account, screen, language, once)

    def later(self, at: datetime, job: str, *, key: str, **args: Scalar) -> None:
        """Run the capability job `job` at `at`, once per `key`. The same key again moves it, unless it has fired."""
        self.plan(at, job, key, args)

    def forget(self, key: str) -> None:
        """Cancel what `later` planned under `key`, if it has not fired."""
        self.drop(key)

    def shows(self, entity: Identified) -> None:
        """What is shown without having been asked for by name: the audit line names it."""
        self.name(entity)

    def page(self, path: str) -> str:
        """The public address of one of Parley's own pages."""
        return self.link(path)

    def elsewhere(self, payload: str) -> tuple[Button, ...]:
        """A button for each other door that can be opened by an address, where Parley then hears `/start payload`.

        `payload` is at most 64 letters, digits, - and _.
        """
        return self.invite(payload)

    @property
    def calendars(self) -> Mapping[tuple[str, str], Choice]:
        """The calendars this person may subscribe to, by scope and which one of them it is."""
        return self.offered(self.who)

    @property
    def public_calendars(self) -> Mapping[tuple[str, str], Choice]:
        """Those that everybody may subscribe to, without a secret."""
        return self.offered(None)
