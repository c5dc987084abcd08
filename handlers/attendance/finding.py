"""Reading the days: what is on, who belongs where, who came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.kit.clean import clean_line
from bot.kit.context import Context
from bot.kit.screen import NotFound, Refusal
from bot.kit.text import _
from db.attendance import CheckIn, sessions_of
from db.registrations import CODE_LENGTH, LETTERS
from db.symposia import SessionState, Symposium, SymposiumSession, SymposiumState
from handlers.registrations.finding import symposium_of

EARLY = timedelta(minutes=30)  # before a session begins its door is open
FIRST = timedelta(hours=2)  # and an officer may let in whoever comes
SEPARATORS = str.maketrans({" ": None, "-": None, "\u00a0": None, ".": None})
ON = (SymposiumState.ANNOUNCED, SymposiumState.PUBLISHED, SymposiumState.CLOSED)


def read_code(words: str) -> str:
    """The six letters meant by what was typed, or by the address a QR code holds; "" for what is none."""
    said = clean_line(words).strip().rstrip("/").rpartition("/")[2].translate(SEPARATORS).upper()
    return said if len(said) == CODE_LENGTH and set(said) <= set(LETTERS) else ""


def must_run(ctx: Context, symposium: Symposium) -> None:
    """Of what belongs to a symposium, for whoever runs that one only."""
    if not symposium.is_run_by(ctx.who):
        raise NotFound()


def run(ctx: Context, session: SymposiumSession) -> Symposium:
    """The symposium of a session, for whoever runs it."""
    symposium = symposium_of(ctx, session)
    must_run(ctx, symposium)
    return symposium


def must_belong(ctx: Context, session: SymposiumSession) -> Symposium:
    """For whoever has a place in the session, or runs it."""
    symposium = symposium_of(ctx, session)
    if not symposium.is_run_by(ctx.who) and not belongs(ctx.session, ctx.who.id, session):
        raise Refusal(_("You have no seat in this session."))
    return symposium


def timed(session: Session, symposium: Symposium) -> Sequence[SymposiumSession]:
    """Sessions that take place and have a time, the earliest first."""
    its = SymposiumSession.symposium_id == symposium.id, SymposiumSession.state == SessionState.PLANNED
    order = SymposiumSession.starts_at, SymposiumSession.id
    return session.scalars(
        select(SymposiumSession).where(*its, SymposiumSession.starts_at.is_not(None)).order_by(*order)
    ).all()


def day_of(symposium: Symposium, at: datetime) -> date:
    """The date at the venue."""
    return at.astimezone(ZoneInfo(symposium.zone)).date()


def on_day(session: Session, symposium: Symposium, day: date) -> list[SymposiumSession]:
    return [
        each
        for each in timed(session, symposium)
        if each.starts_at is not None and day_of(symposium, each.starts_at) == day
    ]


def is_open(session: SymposiumSession, at: datetime) -> bool:
    """Whether people come to it at `at`."""
    if session.starts_at is None or session.ends_at is None:
        return False
    return session.starts_at - EARLY <= at < session.ends_at


def belongs(session: Session, person_id: int, of: SymposiumSession) -> bool:
    its = select(SymposiumSession.id).where(
        SymposiumSession.id == of.id, SymposiumSession.id.in_(sessions_of(person_id))
    )
    return session.scalar(its) is not None


def check_in_of(session: Session, person_id: int, of: SymposiumSession) -> CheckIn | None:
    return session.scalar(select(CheckIn).where(CheckIn.session_id == of.id, CheckIn.person_id == person_id))


def came(session: Session, of: SymposiumSession) -> int:
    return session.scalar(select(func.count()).select_from(CheckIn).where(CheckIn.session_id == of.id)) or 0


def run_now(ctx: Context) -> Sequence[Symposium]:
    """Symposia that whoever asks runs and that are on today, at their venues."""
    if not ctx.who.is_staff:
        return ()
    near = (
        Symposium.first_day <= (ctx.now + timedelta(days=1)).date(),
        Symposium.last_day >= (ctx.now - timedelta(days=1)).date(),
    )
    its = select(Symposium).where(Symposium.run_by(ctx.who), Symposium.state.in_(ON), *near).order_by(Symposium.id)
    return [each for each in ctx.session.scalars(its) if each.first_day <= day_of(each, ctx.now) <= each.last_day]


def is_over(symposium: Symposium, at: datetime) -> bool:
    return day_of(symposium, at) > symposium.last_day
