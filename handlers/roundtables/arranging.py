"""Everything about a meeting but its date and people: its name, agenda, papers, place, and to whom it is open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Refusal, Row, Screen, button
from bot.kit.text import Code, Phrase, _, ngettext
from db.audiences import Audience
from db.files import File, FileState
from db.issues import ENTRY, Entry, Issue
from db.meetings import PAPERS, AgendaItem, Confidentiality, Meeting, MeetingIssue, MeetingState
from db.people import Sector
from handlers.issues.room import WHEN_NAMED

from . import calling, cards, inviting, lists, rooming, telling
from .room import members, roundtables, runs

MOST_ITEMS, MOST_PLACES = 20, 2000


@roundtables.command("arrange", _("Arrange"), allow=runs)
def arrange(ctx: Context, meeting: Meeting) -> Screen:
    """Everything else that can be set."""

    def does(label: Phrase, verb: str) -> Button:
        return Button(label, f"roundtables.{verb}", {"meeting": meeting.id})

    ahead = (
        does(_("Agenda"), "agenda"),
        does(_("Papers"), "papers"),
        does(_("Where it takes place"), "place"),
        does(_("To whom it is open"), "audience"),
        does(_("How many places"), "places"),
        does(_("Rename it"), "rename"),
        does(_("What people ask"), "requests"),
        *((does(_("Cancel it"), "cancel"),) if meeting.state is not MeetingState.CONFIRMED else ()),
    )
    return Screen(
        _("What do you want to do with {ref}?", ref=Code(meeting.ref)),
        (cards.title(meeting),),
        buttons=(*(ahead if meeting.is_ahead else ()), cards.open_it(meeting)),
    )


@roundtables.form("rename", _("Rename it"), allow=runs)
class Rename(Form):
    meeting: Meeting = ask.about()
    title: str = ask.line(
        _("What is it about, in one line?"), max=calling.TITLE, hint=_("Everybody who sees it reads this.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        inviting.must_be_ahead(bound["meeting"])

    def submit(self, ctx: Context) -> Screen:
        self.meeting.title, self.meeting.language = self.title, ctx.who.language
        return _changed(ctx, self.meeting)


@roundtables.form("audience", _("To whom it is open"), allow=runs)
class Open(Form):
    """Who may find it, ask to join and propose a topic."""

    meeting: Meeting = ask.about()
    audience: Audience = ask.choice(
        _("Who may find it and ask to join?"), hint=_("Those you invite see it in any case.")
    )
    sector: Sector | None = ask.choice(_("Of which sector?"), when=lambda so_far: so_far.audience is Audience.SECTOR)
    confidentiality: Confidentiality = ask.choice(
        _("Is it confidential?"),
        hint=_("Then only you and those invited see it, and calendars do not say what it is about."),
        when=lambda so_far: so_far.audience is Audience.INVITED,
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        inviting.must_be_ahead(bound["meeting"])
        if bound["meeting"].organiser_id != ctx.who.id and bound["meeting"].confidentiality is not Confidentiality.OPEN:
            raise Refusal(_("Only whoever organises it may say that."))

    def submit(self, ctx: Context) -> Screen:
        confidential = self.confidentiality or Confidentiality.OPEN
        if confidential is Confidentiality.CONFIDENTIAL and self.meeting.organiser_id != ctx.who.id:
            raise Refusal(_("Only whoever organises it may say that."), field="confidentiality")
        is_narrower = confidential is Confidentiality.CONFIDENTIAL and not all(
            each.is_confidential for each in rooming.there(ctx, self.meeting)
        )
        if is_narrower:
            raise Refusal(
                _("It has a room that was opened for something not confidential. Close the room first."),
                field="confidentiality",
            )
        self.meeting.audience, self.meeting.confidentiality = self.audience, confidential
        self.meeting.sector = self.sector or self.meeting.sector
        return _changed(ctx, self.meeting)


@roundtables.form("places", _("How many places"), allow=runs)
class Places(Form):
    meeting: Meeting = ask.about()
    capacity: int | None = ask.number(
        _("For how many people is there room?"),
        least=1,
        most=MOST_PLACES,
        optional=True,
        hint=_("Leave it out: for all."),
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        inviting.must_be_ahead(bound["meeting"])

    def submit(self, ctx: Context) -> Screen:
        taken = cards.places_taken(ctx, self.meeting)
        if self.capacity is not None and self.capacity < taken:
            raise Refusal(
                ngettext("{count} place is taken already.", "{count} places are taken already.", taken),
                field="capacity",
            )
        self.meeting.capacity = self.capacity
        return _changed(ctx, self.meeting)


def _changed(ctx: Context, meeting: Meeting, lead: Phrase | None = None) -> Screen:
    meeting.touch(ctx.now)
    ctx.session.flush()
    rooming.refresh(ctx, meeting)
    lists.found.keep(ctx.session, meeting)
    return cards.card(ctx, meeting, lead or _("Changed."))


# The agenda


@roundtables.command("agenda", _("Agenda"), allow=runs, reads=runs)
def agenda(ctx: Context, meeting: Meeting) -> Screen:
    """Every point, to be taken away or put first."""
    return _agenda(ctx, meeting, None)


def _agenda(ctx: Context, meeting: Meeting, lead: Phrase | None) -> Screen:
    found = cards.agenda_of(ctx.session, meeting)

    def does(label: Phrase, verb: str, each: AgendaItem) -> Button:
        return Button(label, f"roundtables.{verb}", {"meeting": meeting.id, "item": each.id})

    rows = tuple(
        Row(
            _("{number}. {what}", number=number, what=cards.item(ctx.session, each)),
            None,
            (
                *((does(_("Put it first"), "item_first", each),) if number > 1 else ()),
                does(_("Take it off"), "item_off", each),
            )
            if meeting.is_ahead
            else (),
        )
        for number, each in enumerate(found, 1)
    )
    return Screen(
        lead or _("Agenda of {ref}", ref=Code(meeting.ref)),
        (cards.title(meeting),),
        rows=rows,
        buttons=(
            *((button(_("Add a point"), "roundtables.item", meeting=meeting.id),) if meeting.is_ahead else ()),
            cards.open_it(meeting),
        ),
    )


@roundtables.form("item", _("Add a point"), allow=runs)
class Item(Form):
    meeting: Meeting = ask.about()
    words: str = ask.line(
        _("What is to be talked about?"), max=calling.TITLE, hint=_("Everybody who sees it reads this.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        inviting.must_be_ahead(bound["meeting"])
        if len(cards.agenda_of(ctx.session, bound["meeting"])) >= MOST_ITEMS:
            raise Refusal(_("An agenda has at most {count} points.", count=MOST_ITEMS))

    def submit(self, ctx: Context) -> Screen:
        calling.put_on_agenda(ctx, self.meeting, self.words)
        lists.found.keep(ctx.session, self.meeting)
        return _agenda(ctx, self.meeting, _("It is on the agenda."))


@roundtables.command("item_off", _("Take it off"), allow=runs)
def item_off(ctx: Context, meeting: Meeting, item: AgendaItem) -> Screen:
    telling.of(meeting, item)
    inviting.must_be_ahead(meeting)
    ctx.session.delete(item)
    meeting.touch(ctx.now)
    ctx.session.flush()
    rooming.refresh(ctx, meeting)
    lists.found.keep(ctx.session, meeting)
    return _agenda(ctx, meeting, _("Taken off the agenda."))


@roundtables.command("item_first", _("Put it first"), allow=runs)
def item_first(ctx: Context, meeting: Meeting, item: AgendaItem) -> Screen:
    telling.of(meeting, item)
    inviting.must_be_ahead(meeting)
    item.position = min(each.position for each in cards.agenda_of(ctx.session, meeting)) - 1
    meeting.touch(ctx.now)
    ctx.session.flush()
    rooming.refresh(ctx, meeting)
    return _agenda(ctx, meeting, _("It comes first now."))


def _named(ctx: Context, issue: Issue) -> None:
    """A point that is what an issue is about reads otherwise now, in calendars and in rooms."""
    points = AgendaItem.issue_id == issue.id, AgendaItem.words.is_(None)
    shown = Meeting.id.in_(select(AgendaItem.meeting_id).where(*points))
    for meeting in ctx.session.scalars(select(Meeting).where(shown).order_by(Meeting.id)).all():
        meeting.touch(ctx.now)
        ctx.session.flush()
        if meeting.is_ahead:
            rooming.refresh(ctx, meeting)


WHEN_NAMED.append(_named)


# Papers


@roundtables.command("papers", _("Papers"), allow=members, reads=members)
def papers(ctx: Context, meeting: Meeting) -> Screen:
    """Everything that was added, to read before."""
    return _papers(ctx, meeting, None)


def _papers(ctx: Context, meeting: Meeting, lead: Phrase | None) -> Screen:
    files = cards.papers_of(ctx, meeting)
    from_case = button(_("Add the case's documents"), "roundtables.case_papers", meeting=meeting.id)
    add = button(_("Add papers"), "roundtables.add_papers", meeting=meeting.id)
    return Screen(
        lead or _("Papers of {ref}", ref=Code(meeting.ref)),
        (cards.title(meeting),) if files else (cards.title(meeting), _("There are none.")),
        files=files,
        buttons=(add, *((from_case,) if _case_files(ctx, meeting) else ()), cards.open_it(meeting)),
    )


@roundtables.form("add_papers", _("Add papers"), allow=runs)
class AddPapers(Form):
    review = False
    meeting: Meeting = ask.about()
    files: tuple[int, ...] = ask.files(_("Which documents? Everybody who sees the meeting can read them."))

    def submit(self, ctx: Context) -> Screen:
        mine = File.id.in_(self.files), File.person_id == ctx.who.id, File.owner.is_(None)
        ctx.session.execute(update(File).where(*mine).values(owner=PAPERS, owner_id=self.meeting.id))
        lead = ngettext("{count} paper was added.", "{count} papers were added.", len(self.files))
        return _papers(ctx, self.meeting, lead)


@roundtables.command(
    "case_papers",
    _("Add the case's documents"),
    allow=runs,
    confirm=_("Everybody who sees the meeting will be able to read what was sent with the issue. Add it?"),
)
def case_papers(ctx: Context, meeting: Meeting) -> Screen:
    """What hangs on the issue it was called about. Each stays whose it was."""
    files = _case_files(ctx, meeting)
    for each in files:
        ctx.session.add(
            File(
                administration_id=each.administration_id,
                person_id=each.person_id,
                name=each.name,
                media_type=each.media_type,
                size=each.size,
                sha256=each.sha256,
                state=each.state,
                owner=PAPERS,
                owner_id=meeting.id,
                added_at=ctx.now,
            )
        )
    ctx.session.flush()
    lead = ngettext("{count} paper was added.", "{count} papers were added.", len(files))
    return _papers(ctx, meeting, lead)


def _case_files(ctx: Context, meeting: Meeting) -> list[File]:
    """The files of its issues that whoever asks handles, but those that are papers already."""
    about = select(MeetingIssue.issue_id).where(MeetingIssue.meeting_id == meeting.id)
    entries = (
        select(Entry.id)
        .join(Issue, Issue.id == Entry.issue_id)
        .where(Issue.id.in_(about), Issue.handled_by(ctx.who), Entry.visible_to(ctx.who))
    )
    hang = File.owner == ENTRY, File.owner_id.in_(entries), File.state == FileState.STORED
    there = set(ctx.session.scalars(select(File.sha256).where(File.owner == PAPERS, File.owner_id == meeting.id)).all())
    found: dict[str | None, File] = {}
    for each in ctx.session.scalars(select(File).where(*hang).order_by(File.id)):
        if each.sha256 not in there:
            found.setdefault(each.sha256, each)
    return list(found.values())
