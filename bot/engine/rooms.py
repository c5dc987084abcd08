"""What is to be done in rooms, written in the turn's own transaction; `bot.rooms` does it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.events import Answer
from bot.kit.screen import Screen, to_json
from bot.work import Work
from db.machinery import ChatRoomStep, Deed, Sending
from db.rooms import ChatRoom

ROOM = "room"  # the job that does a step
WANTED = frozenset({Deed.SHOW, Deed.BRING})  # done by what is wanted when it is done: one that waits serves all
UNBEGUN = Sending.WAITING, Sending.HELD


@dataclass(frozen=True)
class InRooms:
    """Writes steps within one turn."""

    session: Session
    work: Work
    now: datetime
    trace: str
    is_on_hold: Callable[[], bool]

    def do(self, room: ChatRoom, deed: Deed, screen: Screen | None, once: str | None) -> None:
        """One step, unless the same is to be done already."""
        said = to_json(Answer(screen=screen)) if screen is not None else None
        if deed is Deed.SHOW:
            if said is not None and said == room.shown:
                return
            room.shown = said or room.shown
        steps = select(ChatRoomStep.id).where(ChatRoomStep.room_id == room.id)
        if once is not None:
            steps = steps.where(ChatRoomStep.once == once)
        elif deed in WANTED:
            steps = steps.where(ChatRoomStep.deed == deed, ChatRoomStep.state.in_(UNBEGUN))
        if (once is not None or deed in WANTED) and self.session.scalar(steps.limit(1)) is not None:
            return
        step = ChatRoomStep(
            room_id=room.id,
            deed=deed,
            once=once,
            screen=said if deed is Deed.SAY else None,
            state=Sending.HELD if self.is_on_hold() else Sending.WAITING,
            created_at=self.now,
            trace=self.trace,
        )
        self.session.add(step)
        self.session.flush()
        if step.state is Sending.WAITING:
            self.work.defer(self.session, ROOM, lock=room.lock, step=step.id)
