"""Who is signed in: one-time links become sessions, and a session becomes the caller of a turn."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.kit.events import Caller
from db.machinery import Audit
from db.people import SIGN_IN, WEB, Account, Pass, Person, WebSession
from db.session import Sessions
from scheduling.clock import Clock

PLATFORM = WEB
SIGNED_IN_FOR = timedelta(hours=12)


@dataclass(frozen=True)
class Visit:
    """A request's signed-in person."""

    person_id: int
    csrf: str
    caller: Caller

    def file_key(self, file_id: int) -> str:
        """What opens a file for this session: the address of one is of no use to anybody else."""
        return hmac.new(self.csrf.encode(), str(file_id).encode(), hashlib.sha256).hexdigest()[:32]


class Visits:
    """Short pieces of database work, each one transaction."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    def is_open(self, code: str) -> bool:
        """Whether a link would still let somebody in. Uses nothing up: preview robots ask too."""
        with self._sessions.reading() as session:
            return Pass.find(session, SIGN_IN, code, at=self._clock.now()) is not None

    def redeem(self, code: str) -> str | None:
        """Use the link up and begin a session; exactly one of several tries at once succeeds."""
        now = self._clock.now()
        with self._sessions.writing() as session:
            found = Pass.find(session, SIGN_IN, code, at=now)
            if found is None:
                return None
            unused = Pass.id == found.id, Pass.used_at.is_(None)
            if session.scalar(update(Pass).where(*unused).values(used_at=now).returning(Pass.id)) is None:
                return None
            mine = select(Account.id).where(Account.platform == PLATFORM, Account.person_id == found.person_id)
            if session.scalar(mine) is None:
                number = str(found.person_id)
                known = {"platform": PLATFORM, "external_id": number, "address": number}
                session.add(Account(person_id=found.person_id, met_at=now, used_at=now, **known))
            secret = secrets.token_urlsafe(32)
            session.add(
                WebSession(
                    digest=Pass.hashed(secret),
                    person_id=found.person_id,
                    csrf=secrets.token_urlsafe(16),
                    expires_at=now + SIGNED_IN_FOR,
                )
            )
            self.note(session, "web.signin", found.person_id)
            return secret

    def signed_in(self, secret: str) -> Visit | None:
        with self._sessions.reading() as session:
            live = WebSession.digest == Pass.hashed(secret), WebSession.expires_at > self._clock.now()
            found = session.scalar(select(WebSession).where(*live))
            if found is None:
                return None
            mine = Account.platform == PLATFORM, Account.person_id == found.person_id
            account = session.scalars(select(Account).where(*mine).order_by(Account.id)).first()
            if account is None:
                return None
            return Visit(found.person_id, found.csrf, Caller(PLATFORM, account.external_id, account.address))

    def forget(self, secret: str) -> None:
        with self._sessions.writing() as session:
            ended = delete(WebSession).where(WebSession.digest == Pass.hashed(secret)).returning(WebSession.person_id)
            person_id = session.scalar(ended)
            if person_id is not None:
                self.note(session, "web.signout", person_id)

    def note(self, session: Session, what: str, person_id: int, **ids: int) -> None:
        """An audit line for what no turn does. Its ids are the person's own where none are given."""
        person = session.get_one(Person, person_id)
        ids = ids or {"person": person_id}
        session.add(
            Audit(
                administration_id=person.administration_id,
                at=self._clock.now(),
                who=person_id,
                door=PLATFORM,
                what=what,
                about=next(f"{name}:{value}" for name, value in ids.items()),
                ids=ids,
                trace=f"web-{secrets.token_hex(8)}",
            )
        )
