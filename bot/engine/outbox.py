"""Telling people: rows of the outbox and the ledger, written in the turn's own transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from bot.engine import acting, handles
from bot.kit.clean import shorten
from bot.kit.context import Told
from bot.kit.events import Answer
from bot.kit.news import READ, together, without
from bot.kit.screen import Button, NotFound, Quote, Row, Screen, button, from_json, to_json
from bot.kit.text import Phrase, Raw, Text, _
from bot.work import ANSWER, Work
from db.machinery import DIGEST, OUTBOX_HOLD, Outgoing, Receipt, Sending, Setting
from db.mail import account_of
from db.people import Account, Delivery, Person, Topic, Who, homes_of, who
from scheduling.deadlines import after_quiet_hours, next_morning

USEFUL_FOR = timedelta(days=3)
REPLY_USEFUL_FOR = timedelta(hours=6)
TOGETHER = 8  # news one message carries at most
NEW = insert(Outgoing)
HOLD = select(Setting.value).where(Setting.name == OUTBOX_HOLD)
TEST_COPY = _("A test copy: nobody else has got it.")
WITHDRAWN = "withdrawn"  # why a message did not go
EXCERPT = 80  # graphemes of a person's words that say which news it is


@dataclass
class Outbox:
    """Writes outgoing rows within one turn. What should have been told before says when (`delayed_since`).

    What is told is told by the administration of the turn; whoever is not of it hears it at home.
    """

    session: Session
    work: Work
    now: datetime
    trace: str
    may: Callable[[Who, Button], bool]
    is_still_theirs: Callable[[Outgoing, Who], bool]
    delayed_since: datetime | None = None
    has_mail: bool = False
    administration_id: int = 0

    def tell(
        self,
        person_id: int,
        screen: Screen,
        once: str,
        told: Told | tuple[Told, ...] | None,
        urgent: bool,
        topic: Topic | None,
        until: datetime | None = None,
    ) -> None:
        """One message to one person, unless the same news (`once`) went to them before, they do without `topic`, or it
        would be of no use any longer when it suits them.

        Raises ValueError where several things are told and `screen` has not a row for each.
        """
        if isinstance(told, tuple):
            if len(told) != len(screen.rows):
                raise ValueError("a row for each thing that is told")
            told, several = (told[0], ()) if len(told) == 1 else (None, told)
            once = f"{DIGEST}{once}" if several else once
        else:
            several = ()
        person = self._living(person_id)
        if person is None or topic in person.muted or self._is_told(person.id, once):
            return
        not_before = self.now if urgent else self._suits(person)
        if until is not None and not_before >= until:
            return
        receipt = self._receipt(person, told) if told else None
        row = self._row(person, once, not_before=not_before)
        if until is not None:
            row.expires_at = min(row.expires_at, until)
        row.receipt_id = receipt.id if receipt else None
        reader = self._reader(person, row)
        if several:
            self._carry(row, screen, several, person, reader)
            return
        row.screen = to_json(self._bound(Answer(screen=screen, written=self.delayed_since), row, reader))
        if person.delivery is Delivery.DIGEST and not urgent:
            self._fold(row, screen, person, reader)
        else:
            self._defer(row)

    def revise(self, person_id: int, screen: Screen, once: str) -> None:
        """Put `screen` in the place of the news that was told under `once`."""
        person = self._living(person_id)
        if person is None:
            return
        theirs = Outgoing.person_id == person.id, Outgoing.once == once, Outgoing.carried_by_id.is_(None)
        row = self.session.scalar(select(Outgoing).where(*theirs).with_for_update())
        if row is None or row.state not in (Sending.WAITING, Sending.HELD, Sending.SENDING, Sending.ACCEPTED):
            return
        arrived = row.state is Sending.ACCEPTED
        if arrived and not row.message:
            return
        row.screen = to_json(self._bound(Answer(screen=screen), row, self._reader(person, row)))
        row.was_revised = row.state is Sending.SENDING
        if arrived:
            row.goes_again(self.now, until=self.now + USEFUL_FOR)
            if self._is_held(None):
                row.state = Sending.HELD
            self._defer(row)
        self.session.flush()

    def withdraw(self, person_ids: Iterable[int], begin: Sequence[str]) -> frozenset[int]:
        """End what waits to be told these persons under a name that begins so. Whom that keeps from hearing it."""
        named = or_(*(Outgoing.once.startswith(each, autoescape=True) for each in begin))
        waiting = Outgoing.state.in_((Sending.WAITING, Sending.HELD)), Outgoing.message.is_(None)
        those = select(Outgoing).where(Outgoing.person_id.in_(list(person_ids)), named, *waiting)
        found = self.session.scalars(those.order_by(Outgoing.id).with_for_update()).all()
        for row in found:
            self._end(row)
            if row.carried_by_id is not None:
                self._take_out(row)
        self.session.flush()
        return frozenset(row.person_id for row in found)

    def _take_out(self, row: Outgoing) -> None:
        """Out of the message that carries it, which does not go either where that was all."""
        digest = self.session.get_one(Outgoing, row.carried_by_id, with_for_update=True)
        answer: Answer = from_json(digest.screen)
        if answer.screen is None or digest.state not in (Sending.WAITING, Sending.HELD):
            return
        left = without(answer.screen, {row.id})
        digest.screen = to_json(replace(answer, screen=left))
        if not left.rows:
            self._end(digest)

    def _end(self, row: Outgoing) -> None:
        row.state, row.reason, row.settled_at = Sending.EXPIRED, WITHDRAWN, self.now

    def post(self, person_id: int, screen: Screen, once: str, told: Told | None, address: str | None) -> bool:
        """One message by e-mail, at once; False where there is none. At most one for each `once`."""
        person = self._living(person_id)
        if person is None or not self.has_mail:
            return False
        account = account_of(self.session, person.id) if address is None else None
        if address is None and (account is None or account.unreachable_since is not None):
            return False
        if self._is_told(person.id, once):
            return True
        receipt = self._receipt(person, told) if told else None
        row = self._row(person, once, not_before=self.now)
        row.account_id, row.address = account.id if account else None, address
        row.receipt_id = receipt.id if receipt else None
        row.screen = to_json(self._bound(Answer(screen=screen), row, self._reader(person, row)))
        self._defer(row)
        return True

    def try_out(self, account: Account, screen: Screen, language: str, once: str) -> None:
        """One message to one door of its author's, at once, as whoever reads `language` gets it."""
        person = self._living(account.person_id)
        if person is None or self._is_told(person.id, once):
            return
        row = self._row(person, once, not_before=self.now)
        row.account_id = account.id
        shown = Answer(screen=screen, notice=TEST_COPY, language=language)
        row.screen = to_json(self._bound(shown, row, who(self.session, person, at=self.now)))
        self._defer(row)

    def reply(
        self,
        asker: Who,
        answer: Answer,
        *,
        account_id: int,
        edits: Mapping[str, Any] | None,
        once: str,
        asked_at: datetime,
    ) -> int:
        """The answer to the person who asked, through the door they asked at; its buttons are bound already."""
        row = self._values(asker, once, not_before=self.now, asked_at=asked_at) | {
            "is_reply": True,
            "account_id": account_id,
            "edits": edits,
            "expires_at": self.now + REPLY_USEFUL_FOR,
            "screen": to_json(answer),
        }
        self.session.flush()
        made = self.session.connection().execute(NEW, row).inserted_primary_key
        if made is None:
            raise LookupError("an inserted row has a key")
        if row["state"] is Sending.WAITING:
            lock = Outgoing.lock_of(account_id, asker.id)
            self.work.defer(self.session, "deliver", lock=lock, first=ANSWER, outgoing=made[0])
        return int(made[0])

    def _living(self, person_id: int) -> Person | None:
        person = self.session.get(Person, person_id)
        while person is not None and person.merged_into_id is not None:
            person = self.session.get(Person, person.merged_into_id)
        return person if person and person.erased_at is None else None

    def _placed(self, answer: Answer, row: Outgoing) -> Answer:
        """`answer`, which says which administration tells it where its reader is of several."""
        if self.session.get_one(Person, row.person_id).acting_in_id is None:
            return answer
        return acting.placed(self.session, answer, row.administration_id)

    def _place(self, person: Person) -> int:
        """The administration that tells `person` what this turn tells."""
        homes = homes_of(self.session, person)
        return self.administration_id if self.administration_id in homes else homes[0]

    def _reader(self, person: Person, row: Outgoing) -> Who:
        return who(self.session, person, at=self.now, administration_id=row.administration_id)

    def _is_told(self, person_id: int, once: str) -> bool:
        told = select(Outgoing.id).where(Outgoing.person_id == person_id, Outgoing.once == once)
        return self.session.scalar(told) is not None

    def _row(self, person: Person, once: str, *, not_before: datetime) -> Outgoing:
        row = Outgoing(**self._values(person, once, not_before=not_before))
        self.session.add(row)
        self.session.flush()
        return row

    def _values(
        self, whose: Person | Who, once: str, *, not_before: datetime, asked_at: datetime | None = None
    ) -> dict[str, Any]:
        return {
            "administration_id": whose.administration_id if isinstance(whose, Who) else self._place(whose),
            "person_id": whose.id,
            "once": once,
            "state": Sending.HELD if self._is_held(asked_at) else Sending.WAITING,
            "created_at": self.now,
            "not_before": not_before,
            "expires_at": not_before + USEFUL_FOR,
            "trace": self.trace,
        }

    def is_on_hold(self) -> bool:
        """Whether nothing is to be sent by ourselves, until a person says so."""
        return self._is_held(None)

    def _is_held(self, asked_at: datetime | None) -> bool:
        """Restored, we send nothing old by ourselves. Whoever has asked since is waiting for an answer now."""
        hold = self.session.connection().execute(HOLD).scalar_one_or_none()
        if hold is None or asked_at is None:
            return hold is not None
        since = hold.get("since")
        return since is None or asked_at < datetime.fromisoformat(since)

    def read(self, reader: Who, news: Any) -> Answer:
        """One of the news that came together, whole."""
        row = self.session.get(Outgoing, int(news))
        if row is None or row.person_id != reader.id or row.screen is None or not self.is_still_theirs(row, reader):
            raise NotFound(_("This is no longer kept here."))
        answer: Answer = from_json(row.screen)
        return answer

    def _bound(self, view: Any, row: Outgoing, reader: Who) -> Any:
        """`view` with handles in its buttons; pressing one says that the news of `row` was opened."""
        if isinstance(view, Answer):
            view = self._placed(view, row)
        return handles.bind(
            self.session,
            view,
            person_id=row.person_id,
            at=self.now,
            may=lambda each: self.may(reader, each),
            outgoing_id=row.id,
            administration_id=row.administration_id,
        )

    def _fold(self, row: Outgoing, screen: Screen, person: Person, reader: Who) -> None:
        """Let the message of that morning carry this news; it grows until it is sent or full."""
        those = Outgoing.person_id == person.id, Outgoing.once.startswith(f"{DIGEST}{row.not_before.isoformat()}")
        before = self.session.scalars(select(Outgoing).where(*those).order_by(Outgoing.id).with_for_update()).all()
        digest = before[-1] if before and before[-1].state in (Sending.WAITING, Sending.HELD) else None
        rows: tuple[Row, ...] = from_json(digest.screen).screen.rows if digest and digest.screen else ()
        if digest is None or len(rows) >= TOGETHER:
            once = f"{DIGEST}{row.not_before.isoformat()}:{len(before)}"
            digest, rows = self._row(person, once, not_before=row.not_before), ()
            self._defer(digest)
        title, detail = _in_short(screen)
        rows += (self._bound(Row(title, detail, (button(_("Read it"), READ, news=row.id),)), row, reader),)
        digest.screen = to_json(Answer(screen=together(rows)))
        row.carried_by_id = digest.id
        self.session.flush()

    def _carry(self, row: Outgoing, screen: Screen, several: tuple[Told, ...], person: Person, reader: Who) -> None:
        """A line of the ledger for each thing that `row` tells: a row of its own that goes with it. What is pressed in
        a row of the screen was opened, and the rest was not."""
        frame: Screen = self._bound(replace(screen, rows=()), row, reader)
        rows: tuple[Row, ...] = ()
        for number, (each, told) in enumerate(zip(screen.rows, several, strict=True)):
            part = self._row(person, f"{row.once}:{number}", not_before=row.not_before)
            part.expires_at, part.carried_by_id = row.expires_at, row.id
            part.receipt_id = self._receipt(person, told).id
            bound: Row = self._bound(each, part, reader)
            part.screen = to_json(self._placed(Answer(screen=replace(frame, rows=(bound,))), part))
            rows += (bound,)
        told_together = Answer(screen=replace(frame, rows=rows), written=self.delayed_since)
        row.screen = to_json(self._placed(told_together, row))
        self._defer(row)

    def _defer(self, row: Outgoing) -> None:
        if row.state is Sending.WAITING:
            self.work.defer(self.session, "deliver", lock=row.lock, at=row.not_before, outgoing=row.id)

    def _receipt(self, person: Person, told: Told) -> Receipt:
        found = self.session.scalar(
            select(Receipt).where(
                Receipt.about == told.about, Receipt.about_id == told.about_id, Receipt.person_id == person.id
            )
        )
        if found is None:
            found = Receipt(
                administration_id=self._place(person),
                about=told.about,
                about_id=told.about_id,
                person_id=person.id,
                created_at=self.now,
            )
            self.session.add(found)
            self.session.flush()
        return found

    def _suits(self, person: Person) -> datetime:
        """When this person wants to hear: after their quiet hours, or with their morning digest."""
        at = self.now
        if person.delivery is Delivery.DIGEST:
            at = next_morning(at, person.zone)
        if person.quiet_from is None or person.quiet_to is None:
            return at
        return after_quiet_hours(at, person.zone, (person.quiet_from, person.quiet_to))


def _in_short(screen: Screen) -> tuple[Text, Phrase | Raw | None]:
    """Which news it is: its heading, and what it says first, be it ours or somebody's words."""
    for block in screen.body:
        if isinstance(block, Phrase):
            return screen.heading, block
        words = block.words if isinstance(block, Quote) else block
        if isinstance(words, Raw):
            return screen.heading, Raw(shorten(words.words, EXCERPT), words.language)
    return screen.heading, None
