"""One-time codes and the browsers they sign in. Only hashes are kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from db.base import Base, Identified

LASTS = timedelta(minutes=15)


SIGN_IN, LINK = "web", "link"  # what a pass is for: the page, or joining two accounts


class Pass(Identified, Base):
    """A one-time code: links two accounts, signs in to the page, or leads back to a screen. Only its hash is kept.

    A link is settled in two steps: somebody redeems the code (`used_at`, `other_id`), then the person of the older
    account says yes or no (`settled_at`).
    """

    __tablename__ = "pass"
    digest: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    other_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # link: whose account asked to join
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]

    @staticmethod
    def hashed(code: str) -> str:
        return hashlib.sha256(code.encode()).hexdigest()

    @classmethod
    def issue(
        cls,
        session: Session,
        purpose: str,
        person_id: int,
        *,
        at: datetime,
        lasts: timedelta = LASTS,
    ) -> str:
        """Store a fresh 128-bit code and return it; it can never be read back."""
        code = secrets.token_urlsafe(16)
        session.add(cls(digest=cls.hashed(code), purpose=purpose, person_id=person_id, expires_at=at + lasts))
        return code

    @classmethod
    def find(cls, session: Session, purpose: str, code: str, *, at: datetime) -> Pass | None:
        """The unused, unexpired pass for `code`."""
        found = session.scalar(select(cls).where(cls.digest == cls.hashed(code), cls.purpose == purpose))
        return found if found and found.used_at is None and found.expires_at > at else None

    @classmethod
    def redeem(cls, session: Session, purpose: str, code: str, *, by: int, at: datetime) -> Pass | None:
        """Use `code` up, and leave fifteen minutes to settle it. Of several tries at once exactly one has the pass."""
        mine = (
            update(cls)
            .where(cls.digest == cls.hashed(code), cls.purpose == purpose, cls.used_at.is_(None), cls.expires_at > at)
            .where(cls.person_id != by)
            .values(used_at=at, other_id=by, expires_at=at + LASTS)
            .returning(cls.id)
        )
        redeemed = session.scalar(mine)
        return session.get(cls, redeemed, populate_existing=True) if redeemed is not None else None

    @classmethod
    def settle(cls, session: Session, pass_id: int, *, by: int, at: datetime) -> Pass | None:
        """Answer a redeemed link, once and in time; None when it was answered before, is too old or is not about `by`.

        Which of its two persons may answer is the caller's to check.
        """
        open_ = cls.id == pass_id, cls.used_at.is_not(None), cls.settled_at.is_(None), cls.expires_at > at
        theirs = or_(cls.person_id == by, cls.other_id == by)
        settled = session.scalar(update(cls).where(*open_, theirs).values(settled_at=at).returning(cls.id))
        return session.get(cls, settled, populate_existing=True) if settled is not None else None


class WebSession(Identified, Base):
    """A browser signed in to Parley's page. The cookie holds the secret, the table its hash."""

    __tablename__ = "web_session"
    digest: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    csrf: Mapped[str]
    expires_at: Mapped[datetime]
