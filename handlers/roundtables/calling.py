"""Calling a roundtable: from an issue, with everything it already knows, or from nothing."""

from __future__ import annotations

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Refusal, Screen
from bot.kit.text import _, ngettext
from db.audiences import Audience
from db.issues import How, Issue, Problem
from db.meetings import AHEAD, AgendaItem, Meeting, MeetingIssue
from db.outcomes import owed
from db.people import Scope, Sector
from handlers.issues.room import staff as handlers_of
from handlers.people.voices import voices

from . import cards, inviting, lists, rooming
from .room import callers, roundtables

TITLE = 120


@roundtables.command("from_issue", _("Call a roundtable"), allow=handlers_of)
def from_issue(ctx: Context, issue: Issue) -> Screen:
    """Called with the people, the agency and the subject of an issue and of all that were merged into it.

    Nobody hears of it until it is given a date, or one is looked for; until then everything can be changed.
    """
    if not issue.is_under_way:
        raise Refusal(_("It is closed. Its state is: {state}.", state=issue.state))
    about = select(MeetingIssue.meeting_id).where(MeetingIssue.issue_id == issue.id)
    there = select(Meeting).where(Meeting.id.in_(about), Meeting.state.in_(AHEAD), Meeting.run_by(ctx.who))
    known = ctx.session.scalars(there.order_by(Meeting.id.desc()).limit(1)).first()
    if known is not None:
        return cards.card(ctx, known, _("A roundtable was called about it already."))
    meeting = call(ctx, sector=issue.sector, centre_id=issue.centre_id)
    merged = ctx.session.scalars(select(Issue.id).where(Issue.merged_into_id == issue.id).order_by(Issue.id)).all()
    problem = ctx.session.scalar(select(Problem).where(Problem.issue_id == issue.id))
    if problem is not None:
        meeting.title, meeting.language = problem.line, problem.language
    for issue_id in (issue.id, *merged):
        ctx.session.add(MeetingIssue(meeting_id=meeting.id, issue_id=issue_id))
    put_on_agenda(ctx, meeting, None, issue_id=issue.id)
    taking_part = owed(ctx.session, issue.id).values()
    people = dict.fromkeys(each.person_id for each in taking_part if each.how is not How.FOLLOWER)
    if issue.officer_id is not None:
        people[issue.officer_id] = None
    people |= dict.fromkeys(voices(ctx, issue.agency_id) if issue.agency_id else ())
    count = sum(inviting.put_on_list(ctx, meeting, person_id) is not None for person_id in people)
    lists.found.keep(ctx.session, meeting)
    lead = ngettext(
        "Called, with {count} person on its list. Nobody hears of it until you look for a date or set one.",
        "Called, with {count} people on its list. Nobody hears of it until you look for a date or set one.",
        count,
    )
    return cards.card(ctx, meeting, lead)


@roundtables.form("call", _("Call a roundtable"), allow=callers)
class Call(Form):
    """Called from nothing."""

    title: str = ask.line(_("What is it about, in one line?"), max=TITLE, hint=_("Everybody who sees it reads this."))
    sector: Sector | None = ask.choice(_("Which sector is it about?"), optional=True)
    audience: Audience = ask.choice(
        _("Who may find it and ask to join?"), hint=_("Those you invite see it in any case.")
    )

    def submit(self, ctx: Context) -> Screen:
        if self.audience is Audience.SECTOR and self.sector is None:
            raise Refusal(_("Please say which sector."), field="sector")
        centre_id = next(
            (int(each.scope_id) for each in sorted(ctx.who.grants, key=str) if each.scope is Scope.CENTRE), None
        )
        meeting = call(ctx, sector=self.sector, centre_id=centre_id)
        meeting.title, meeting.audience = self.title, self.audience
        put_on_agenda(ctx, meeting, self.title)
        lists.found.keep(ctx.session, meeting)
        return cards.card(ctx, meeting, _("Called. Now say who is to be there, and when."))


def call(ctx: Context, *, sector: Sector | None, centre_id: int | None) -> Meeting:
    """A meeting without date, place or people, in the name of whoever asks."""
    meeting = Meeting(
        administration_id=ctx.who.administration_id,
        language=ctx.who.language,
        sector=sector,
        organiser_id=ctx.who.id,
        centre_id=centre_id,
        zone=ctx.who.zone,
        called_at=ctx.now,
        changed_at=ctx.now.replace(microsecond=0),
    )
    ctx.session.add(meeting)
    ctx.session.flush()
    return meeting


def put_on_agenda(ctx: Context, meeting: Meeting, words: str | None, *, issue_id: int | None = None) -> AgendaItem:
    """At the end of the agenda."""
    last = max((each.position for each in cards.agenda_of(ctx.session, meeting)), default=0)
    made = AgendaItem(
        administration_id=meeting.administration_id,
        meeting_id=meeting.id,
        position=last + 1,
        words=words,
        language=ctx.who.language,
        issue_id=issue_id,
        added_by_id=ctx.who.id,
        added_at=ctx.now,
    )
    ctx.session.add(made)
    meeting.touch(ctx.now)
    ctx.session.flush()
    rooming.refresh(ctx, meeting)
    return made
