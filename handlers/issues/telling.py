"""What is written into an issue's thread, and who is told of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import update

from bot.kit.context import Context
from bot.kit.screen import Screen
from bot.kit.text import Phrase
from db.files import File
from db.issues import Entry, Issue, Participation, Voice
from db.people import Person, RoleName
from handlers import centres

from . import cards


def write(ctx: Context, issue: Issue, voice: Voice, words: str, files: Sequence[int] = ()) -> Entry:
    """Add an entry in the words of whoever acts, and hang their files on it."""
    entry = Entry(
        administration_id=issue.administration_id,
        issue_id=issue.id,
        voice=voice,
        author_id=ctx.who.id,
        words=words,
        language=ctx.who.language,
        at=ctx.now,
    )
    ctx.session.add(entry)
    ctx.session.flush()
    if files:
        mine = File.id.in_(files), File.person_id == ctx.who.id, File.owner.is_(None)
        ctx.session.execute(update(File).where(*mine).values(owner="entry", owner_id=entry.id))
    return entry


def staff(ctx: Context, issue: Issue, *names: RoleName) -> Sequence[int]:
    """The persons at the issue's desk, or who oversees the desks where nobody sits there."""
    at_desk = centres.desk(ctx.session, issue.centre_id, *names, at=ctx.now) if issue.centre_id else ()
    return at_desk or centres.overseers(ctx.session, issue.administration_id, at=ctx.now)


def tell_desk(ctx: Context, issue: Issue, lead: Phrase, *, once: str) -> None:
    """Tell everybody at the desk."""
    _tell(ctx, staff(ctx, issue), cards.desk_card(ctx, issue, lead), once)


def tell_officer(ctx: Context, issue: Issue, lead: Phrase, *, once: str) -> None:
    """Tell the officer who has it; the whole desk where nobody has."""
    officer = ctx.session.get(Person, issue.officer_id) if issue.officer_id else None
    to = (officer.id,) if officer and officer.id in staff(ctx, issue) else staff(ctx, issue)
    _tell(ctx, to, cards.desk_card(ctx, issue, lead), once)


def tell_leads(ctx: Context, issue: Issue, lead: Phrase, *, once: str) -> None:
    """Tell the leads of the desk, or who oversees the desks."""
    _tell(ctx, staff(ctx, issue, RoleName.LEAD), cards.desk_card(ctx, issue, lead), once)


def tell_overseers(ctx: Context, issue: Issue, lead: Phrase, *, once: str) -> None:
    to = centres.overseers(ctx.session, issue.administration_id, at=ctx.now)
    _tell(ctx, to, cards.desk_card(ctx, issue, lead), once)


def tell_reporter(ctx: Context, issue: Issue, lead: Phrase, *, once: str) -> None:
    """Tell whoever raised it, unless they have left."""
    if stays(ctx, issue):
        ctx.notify(issue.reporter_id, cards.own_card(ctx, issue, lead), once=once)


def stays(ctx: Context, issue: Issue) -> bool:
    """Whether the person who raised it still takes part."""
    rows = ctx.session.query(Participation.left_at).filter_by(issue_id=issue.id, person_id=issue.reporter_id)
    return rows.scalar() is None


def _tell(ctx: Context, to: Iterable[int], screen: Screen, once: str) -> None:
    """Nobody is told what they have just done themselves."""
    for person_id in to:
        if person_id != ctx.who.id:
            ctx.notify(person_id, screen, once=once)
