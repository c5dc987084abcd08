"""What a turn has in hand: the transaction, whom it is for, and all that a capability is given to work with.

Everything here lasts as long as the turn. Whom it is for may change on the way, when somebody registers, chooses
another language or goes to another of their administrations; all that depends on it is then changed here, together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.capability import Command
from bot.kit.context import Context
from bot.kit.door import Sketches
from bot.kit.events import Answer
from bot.kit.feeds import Choice, Subscriber
from bot.kit.rooms import Where
from bot.kit.screen import Button, NotFound, Refusal, Screen, map_buttons
from bot.kit.text import Reader, Text, Writer, _, without_isolates
from bot.work import BROADCAST, MEND, URGENT, lane
from db.broadcasts import Broadcast, BroadcastCopy, BroadcastPortion
from db.machinery import Outgoing
from db.people import MAIL, WEB, Account, Administration, Person, Who, who

from . import handles, rights
from .drafts import Drafts
from .outbox import Outbox
from .rooms import InRooms
from .rows import Rows

if TYPE_CHECKING:
    from . import Engine

NOT_ALLOWED = _("You may not do that.")


class State:
    """Everything one event, or one thing that fell due, may read and write."""

    def __init__(
        self,
        engine: Engine,
        session: Session,
        person: Person | None,
        account: Account | None,
        *,
        now: datetime,
        trace: str,
        administration_id: int | None,
        delayed_since: datetime | None,
    ) -> None:
        self.session = session
        self.registry = engine.registry
        self.person = person
        self.account = account
        self.on_copy: int | None = None  # the broadcast's copy whose button was pressed
        self._engine = engine
        self._trace = trace
        # Whoever has not said yet who they are may still say to which administration they come.
        self._administration_id = administration_id if person is None or person.registered_at is not None else None
        self._stood = _standing(person)
        asker = self._who(now, self._administration_id or administration_id)
        door = account.platform if account else "clock"
        jobs = engine.registry.jobs.keys() | engine.registry.labours.keys()
        self.rows = Rows(session, asker, work=engine.work, jobs=jobs, now=now, door=door, trace=trace)
        self.outbox = Outbox(
            session,
            engine.work,
            now,
            trace,
            self._may_press,
            self._is_still_theirs,
            delayed_since,
            has_mail=engine.mailing is not None,
            administration_id=asker.administration_id,
        )
        self.ctx = Context(
            who=asker,
            now=now,
            session=session,
            send=self.outbox.tell,
            edit=self.outbox.revise,
            recall=self.outbox.withdraw,
            post=self.outbox.post,
            mailing=engine.mailing,
            plan=self.rows.plan,
            drop=self.rows.drop,
            link=lambda path: f"{engine.public_url}/{path.lstrip('/')}",
            invite=lambda payload: engine.invitations(payload, but=door),
            name=self.rows.names,
            offered=self._calendars,
            words=self._words_in,
            do_in=InRooms(session, engine.work, now, trace, self.outbox.is_on_hold).do,
            hand_on=self._send_out,
            mend_in=self._mend,
            renew=self._renew,
            sketch=self._sketch,
            try_out=self.outbox.try_out,
            doors=engine.doors.keys(),
            hold=engine.hold,
            rooms=engine.rooms,
        )
        self.drafts = Drafts(self.ctx, engine.registry, self.load)

    # Whom it is for

    @property
    def is_known(self) -> bool:
        """As they are now: whoever has just been erased is not."""
        return self.person is not None and self.person.registered_at is not None

    def come_from(self, where: Where) -> None:
        """It is asked in a room of a platform."""
        self.ctx = replace(self.ctx, where=where)
        self.drafts.follow(self.ctx)

    def follow(self) -> None:
        """The person may have changed: registering, or choosing a language, takes effect within the same turn."""
        if self.person is None:
            return
        self.session.flush()
        if self._has_moved:  # they go on elsewhere
            self._administration_id, self._stood = None, _standing(self.person)
        fresh = self._who(self.ctx.now, self._administration_id)
        self.ctx = replace(self.ctx, who=fresh)
        self.rows.who = fresh
        self.outbox.administration_id = fresh.administration_id
        self.drafts.follow(self.ctx)

    def follow_if_moved(self) -> None:
        """Whoever went to another of their administrations goes on there."""
        if self._has_moved:
            self.follow()

    @property
    def _has_moved(self) -> bool:
        return self._stood != _standing(self.person)

    def _who(self, now: datetime, administration_id: int | None) -> Who:
        if self.person is not None:
            is_guest = bool(self.account and self.account.is_guest)
            return who(self.session, self.person, at=now, is_guest=is_guest, administration_id=administration_id)
        return Who(
            id=0,
            administration_id=administration_id or 0,
            name="",
            kind=None,
            language="en",
            zone="UTC",
            is_registered=True,
        )

    # What was asked for, and whether it may be had

    def load(self, command: Command, args: Mapping[str, Any]) -> dict[str, Any]:
        """The entities a command names, through `visible_to`: what is not theirs is not found."""
        loaded: dict[str, Any] = {}
        for name, table in command.entities.items():
            wanted = args.get(name)
            entity = None
            if isinstance(wanted, int | str) and str(wanted).isdecimal() and len(str(wanted)) < 18:
                entity = self.session.scalar(
                    select(table).where(table.id == int(wanted), table.visible_to(self.ctx.who))
                )
            elif isinstance(args.get("words"), str) and (meant := table.named(args["words"])) is not None:
                entity = self.session.scalar(select(table).where(meant, table.visible_to(self.ctx.who)))
            if entity is None:
                raise NotFound()
            loaded[name] = entity
        return loaded

    def check(self, command: Command, entities: Mapping[str, Any]) -> None:
        """Raise `Refusal` where it is not theirs to do with what it names."""
        about = next(iter(entities.values()), None)
        if not command.allow(self.ctx.who, about):
            raise Refusal(NOT_ALLOWED)

    def _may_press(self, whose: Who, button: Button) -> bool:
        return rights.may_press(self.session, self.registry, whose, button)

    def _is_still_theirs(self, row: Outgoing, reader: Who) -> bool:
        return rights.is_still_theirs(self.session, self.registry, row, reader)

    # What is written for them

    def bound(self, answer: Answer) -> Answer:
        """The answer with what its buttons do kept, and without those that are not theirs to press."""
        bound: Answer = handles.bind(
            self.session,
            answer,
            person_id=self.ctx.who.id,
            at=self.ctx.now,
            may=lambda button: self._may_press(self.ctx.who, button),
            administration_id=self.ctx.who.administration_id,
        )
        return bound

    @property
    def titles(self) -> Mapping[str, str]:
        """What the commands of the menu are called in their language."""
        return self._engine.titles.of(self.ctx.who.language)

    def plain(self, value: Any) -> str:
        return Writer(self._engine.catalogues, Reader(self.ctx.who.language, self.ctx.who.zone)).plain(value)

    # What a capability reaches through its context

    def _words_in(self, language: str, zone: str) -> Callable[[Text], str]:
        writer = Writer(self._engine.catalogues, Reader(language, zone))
        return lambda text: without_isolates(writer.plain(text))

    def _calendars(self, who: Who | None) -> Mapping[tuple[str, str], Choice]:
        home = self.session.get_one(Administration, self.ctx.who.administration_id)
        asked = Subscriber(who, home, "", self.ctx.now, self.session, self.plain, self.ctx.page)
        return self.registry.offered(asked)

    def _send_out(self, portion: BroadcastPortion) -> None:
        self._engine.work.defer(
            self.session,
            BROADCAST,
            lock=lane(BROADCAST, portion.broadcast_id, portion.number),
            first=self._haste(portion),
            at=portion.at,
            portion=portion.id,
        )

    def _mend(self, portion: BroadcastPortion) -> None:
        lock = lane(MEND, portion.broadcast_id, portion.number)
        self._engine.work.defer(self.session, MEND, lock=lock, first=self._haste(portion), portion=portion.id)

    def _haste(self, portion: BroadcastPortion) -> int:
        return URGENT * self.session.get_one(Broadcast, portion.broadcast_id).goes_first

    def _renew(self, copy: BroadcastCopy, screen: Screen) -> bool:
        account = self.session.get(Account, copy.account_id) if copy.account_id is not None else None
        if copy.id == self.on_copy or not copy.message or account is None or account.platform in (MAIL, WEB):
            return False
        bound = self.bound(Answer(screen=screen))
        once = f"copy:{copy.id}:{self._trace}"
        self.outbox.reply(
            self.ctx.who, bound, account_id=account.id, edits=copy.message, once=once, asked_at=self.ctx.now
        )
        return True

    def _sketch(self, screen: Screen, language: str, zone: str) -> Mapping[str, Sequence[str]]:
        pressed = map_buttons(screen, lambda each: each if each.url else replace(each, handle=each.command))
        writer = Writer(self._engine.catalogues, Reader(language, zone))
        answer = Answer(screen=pressed)
        doors = self._engine.doors.items()
        return {name: door.sketch(answer, writer) for name, door in doors if isinstance(door, Sketches)}


def _standing(person: Person | None) -> tuple[int, int | None] | None:
    return (person.administration_id, person.acting_in_id) if person is not None else None
