"""What is written into a part's thread, and who is told of it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.text import Phrase
from db.agencies import PART_ENTRY, Part, PartEntry, PartVoice
from db.files import File
from db.issues import Issue
from db.people import Topic
from handlers.issues import telling
from handlers.people.voices import voices

from . import cards
from .room import agencies

PART = "part"


@agencies.findable(PART, Part)
def found_by(session: Session, part: Part) -> str:
    """All of its own thread: whoever sees the part sees all of it."""
    its = select(PartEntry.words).where(PartEntry.part_id == part.id).order_by(PartEntry.id)
    return "\n".join(session.scalars(its))


def write(ctx: Context, part: Part, voice: PartVoice, words: str, files: Sequence[int] = ()) -> PartEntry:
    """One line in the words of whoever acts, with their files hanging on it."""
    entry = PartEntry(
        administration_id=part.administration_id,
        part_id=part.id,
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
        ctx.session.execute(update(File).where(*mine).values(owner=PART_ENTRY, owner_id=entry.id))
    found_by.keep(ctx.session, part)
    return entry


def tell_agency(
    ctx: Context,
    part: Part,
    lead: Phrase,
    *,
    once: str,
    topic: Topic | None = None,
    new: Sequence[PartEntry] = (),
) -> None:
    """Everybody who speaks for the agency, but whoever acts. The files of what is `new` come with it."""
    for person_id in voices(ctx, part.agency_id):
        if person_id != ctx.who.id:
            ctx.notify(person_id, cards.agency_card(ctx, part, lead, new=new), once=once, topic=topic)


def tell_desk(ctx: Context, part: Part, lead: Phrase, *, once: str, new: Sequence[PartEntry] = ()) -> None:
    """The officer who has the case; the whole desk where nobody has. The files of what is `new` come with it."""
    for person_id in telling.answering(ctx, issue_of(ctx, part)):
        if person_id != ctx.who.id:
            ctx.notify(person_id, cards.desk_card(ctx, part, lead, new=new), once=once)


def issue_of(ctx: Context, part: Part) -> Issue:
    return ctx.session.get_one(Issue, part.issue_id)
