"""What is written into an issue's thread, and who is told of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import or_, select, update

from bot.kit.context import Context
from bot.kit.screen import Fact, Quote, Screen, button
from bot.kit.text import Code, Phrase, Raw, When, _
from db.files import File
from db.issues import ENTRY, Entry, Issue, Participation, Problem, Voice
from db.outcomes import owed
from db.people import RoleName, Topic
from handlers import centres

from . import cards, finding
from .room import BY_REPORTER


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
    if voice in BY_REPORTER and ctx.who.id == issue.reporter_id:
        finding.reported.keep(ctx.session, issue)
    if files:
        mine = File.id.in_(files), File.person_id == ctx.who.id, File.owner.is_(None)
        ctx.session.execute(update(File).where(*mine).values(owner=ENTRY, owner_id=entry.id))
    return entry


def staff(ctx: Context, issue: Issue, *names: RoleName) -> Sequence[int]:
    """The persons at the issue's desk, or who oversees the desks where nobody sits there; never who raised it."""
    at_desk = centres.desk(ctx.session, issue.centre_id, *names, at=ctx.now) if issue.centre_id else ()
    handling = [each for each in at_desk if each != issue.reporter_id]
    return handling or overseers(ctx, issue)


def answering(ctx: Context, issue: Issue) -> Sequence[int]:
    """The officer who has it; the whole desk where nobody has."""
    at_desk = staff(ctx, issue)
    return (issue.officer_id,) if issue.officer_id is not None and issue.officer_id in at_desk else at_desk


def overseers(ctx: Context, issue: Issue) -> Sequence[int]:
    above = centres.overseers(ctx.session, issue.administration_id, at=ctx.now)
    return [each for each in above if each != issue.reporter_id]


def tell_desk(
    ctx: Context, issue: Issue, lead: Phrase, *, once: str, new: Sequence[Entry] = (), topic: Topic | None = None
) -> None:
    """Tell everybody at the desk."""
    _tell(ctx, staff(ctx, issue), cards.desk_card(ctx, issue, lead, new=new), once, topic)


def tell_officer(
    ctx: Context, issue: Issue, lead: Phrase, *, once: str, new: Sequence[Entry] = (), topic: Topic | None = None
) -> None:
    """Tell the officer who has it; the whole desk where nobody has."""
    _tell(ctx, answering(ctx, issue), cards.desk_card(ctx, issue, lead, new=new), once, topic)


def tell_leads(ctx: Context, issue: Issue, lead: Phrase, *, once: str) -> None:
    """Tell the leads of the desk, or who oversees the desks."""
    _tell(ctx, staff(ctx, issue, RoleName.LEAD), cards.desk_card(ctx, issue, lead), once)


def tell_reporter(
    ctx: Context, issue: Issue, lead: Phrase, *, once: str, new: Sequence[Entry] = (), topic: Topic | None = None
) -> None:
    """Tell whoever raised it, unless they have left."""
    if stays(ctx, issue):
        ctx.notify(issue.reporter_id, cards.own_card(ctx, issue, lead, new=new), once=once, topic=topic)


def tell_everybody(ctx: Context, issue: Issue, lead: Phrase, entry: Entry) -> int:
    """Tell everybody who takes part what the desk wrote to all of them, and return how many they are.

    Each sees their own words' place only: whoever raised one of the issues is led to theirs, others to the problem.
    """
    problem = ctx.session.scalar(select(Problem.id).where(Problem.issue_id == issue.id))
    among = or_(Issue.id == issue.id, Issue.merged_into_id == issue.id)
    reports = select(Issue.reporter_id, Issue.id).where(among).order_by(Issue.id.desc())
    raised = {row.reporter_id: row.id for row in ctx.session.execute(reports)}
    everybody = owed(ctx.session, issue.id)
    for person_id in everybody:
        own = raised.get(person_id)
        see = button(_("See it"), "issues.show", issue=own) if own else None
        see = see or (button(_("See it"), "issues.problem", problem=problem) if problem else None)
        screen = Screen(
            lead,
            (Quote(Raw(entry.words, entry.language), _("Customs, on {when}", when=When(entry.at))),),
            (Fact(_("Reference"), Code(Issue.ref_of(own or issue.id))),),
            buttons=(see,) if see else (),
        )
        if person_id != ctx.who.id:
            ctx.notify(person_id, screen, once=f"{issue.ref}:entry:{entry.id}")
    return len(everybody)


def stays(ctx: Context, issue: Issue) -> bool:
    """Whether the person who raised it still takes part."""
    theirs = Participation.issue_id == issue.id, Participation.person_id == issue.reporter_id
    return ctx.session.scalar(select(Participation.id).where(*theirs, Participation.left_at.is_(None))) is not None


def _tell(ctx: Context, to: Iterable[int], screen: Screen, once: str, topic: Topic | None = None) -> None:
    """Nobody is told what they have just done themselves."""
    for person_id in to:
        if person_id != ctx.who.id:
            ctx.notify(person_id, screen, once=once, topic=topic)
