"""A meeting as it is shown: to whoever runs it, to those invited, and to its audience."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.screen import Attachment, Button, Fact, Screen, Style, button
from bot.kit.text import Code, Named, Phrase, Raw, Text, When, _, listed, ngettext
from db.files import File, FileState
from db.issues import Issue, Problem
from db.meetings import (
    EXPECTED,
    MINUTED,
    PAPERS,
    AgendaItem,
    Answer,
    Attendance,
    Confidentiality,
    Invitation,
    Meeting,
    MeetingFollower,
    MeetingPoll,
    MeetingState,
    MinuteKind,
)
from db.people import WCO_REGIONS, Account
from db.rooms import ChatGroup, ChatRoom

# Who may read its minutes, beside whoever runs it: as `Minute.visible_to` has it.
READERS = {MeetingState.CORRECTING: (Attendance.PRESENT,), MeetingState.CLOSED: MINUTED}
# What else whoever runs a meeting can do about one of its kind; whoever knows the kind registers it here.
MORE_TO_RUN: list[Callable[[Context, Meeting], Sequence[Button]]] = []


def title(meeting: Meeting) -> Text:
    """What it is about: the words of whoever called it, else its sector."""
    if meeting.title:
        return Raw(meeting.title, meeting.language)
    if meeting.sector is not None:
        return _("Roundtable: {sector}", sector=meeting.sector)
    return _("Roundtable")


def card(ctx: Context, meeting: Meeting, lead: Phrase | None = None, *, to: int | None = None) -> Screen:
    """The meeting for `to`, or for whoever asks. What has just happened (`lead`) is the heading."""
    person_id = ctx.who.id if to is None else to
    own = invitation_of(ctx, meeting, person_id)
    is_expected = own is not None and own.answer in EXPECTED
    runs = to is None and meeting.is_run_by(ctx.who)
    place = _place(meeting) if own is not None or runs else ()  # it comes with an invitation, as in calendars
    return Screen(
        lead or title(meeting),
        (*((title(meeting),) if lead else ()), *agenda_lines(ctx, meeting)),
        tuple(each for each in (*_basic(meeting), *place, *_people(ctx, meeting, own, runs)) if each),
        buttons=(
            *(_expected_buttons(ctx, meeting, own) if own is not None else ()),
            *(_audience_buttons(ctx, meeting, person_id, own) if not is_expected and not runs else ()),
            *(run_buttons(ctx, meeting) if runs else ()),
            *(each for more in MORE_TO_RUN if runs for each in more(ctx, meeting)),
            *(room_buttons(ctx, meeting) if runs else ()),
            *((button(_("Papers"), "roundtables.papers", meeting=meeting.id),) if papers_of(ctx, meeting) else ()),
        ),
    )


def line(meeting: Meeting) -> Phrase:
    """A meeting in one line of a list."""
    if meeting.starts_at is not None and meeting.state is MeetingState.CONFIRMED:
        return _("{ref} · {when}", ref=Code(meeting.ref), when=at(meeting))
    return _("{ref} · {state}", ref=Code(meeting.ref), state=meeting.state)


def at(meeting: Meeting) -> When:
    """When it begins: in the reader's zone, and in its own."""
    if meeting.starts_at is None:
        raise LookupError("it has no date")
    return When(meeting.starts_at, venue=meeting.zone)


def open_it(meeting: Meeting) -> Button:
    return button(_("Open"), "roundtables.show", meeting=meeting.id)


def invitation_of(ctx: Context, meeting: Meeting, person_id: int) -> Invitation | None:
    theirs = Invitation.meeting_id == meeting.id, Invitation.person_id == person_id
    return ctx.session.scalar(select(Invitation).where(*theirs, Invitation.answer != Answer.REMOVED))


def agenda_of(session: Session, meeting: Meeting) -> Sequence[AgendaItem]:
    its = select(AgendaItem).where(AgendaItem.meeting_id == meeting.id)
    return session.scalars(its.order_by(AgendaItem.position, AgendaItem.id)).all()


def item(session: Session, each: AgendaItem) -> Text:
    """A point of the agenda. An issue is named by the neutral line that was published of it, else by its reference."""
    if each.words:
        return Raw(each.words, each.language)
    if each.issue_id is None:
        return _("Roundtable")
    problem = session.scalar(select(Problem).where(Problem.issue_id == each.issue_id))
    if problem is not None:
        return Raw(problem.line, problem.language)
    return _("What was told in {ref}", ref=Code(Issue.ref_of(each.issue_id)))


def agenda_lines(ctx: Context, meeting: Meeting) -> tuple[Phrase, ...]:
    found = agenda_of(ctx.session, meeting)
    numbered = (
        _("{number}. {what}", number=number, what=item(ctx.session, each)) for number, each in enumerate(found, 1)
    )
    return (_("Agenda:"), *numbered) if found else ()


def papers_of(ctx: Context, meeting: Meeting) -> tuple[Attachment, ...]:
    hang = File.owner == PAPERS, File.owner_id == meeting.id, File.state != FileState.REFUSED
    files = ctx.session.scalars(select(File).where(*hang).order_by(File.id))
    return tuple(Attachment(each.id, each.name, each.media_type) for each in files)


def count_of(ctx: Context, meeting: Meeting, *answers: Answer) -> int:
    on_it = Invitation.meeting_id == meeting.id, Invitation.answer.in_(answers)
    return ctx.session.scalar(select(func.count()).select_from(Invitation).where(*on_it)) or 0


def places_taken(ctx: Context, meeting: Meeting, *, but: int = 0) -> int:
    """How many of its places are not to be had: those of who comes, and those held for a substitute. `but` leaves out
    one person's own."""
    on_it = Invitation.meeting_id == meeting.id, Invitation.person_id != but, Invitation.holds_place()
    return ctx.session.scalar(select(func.count()).select_from(Invitation).where(*on_it)) or 0


def join_button(meeting: Meeting) -> tuple[Button, ...]:
    """Where one joins from elsewhere, with the name of the machine in sight. Only whoever runs it can set it."""
    if not meeting.link or not meeting.is_ahead:
        return ()
    return (Button(_("Join online ({host})", host=Code(_host(meeting))), url=meeting.link),)


def _host(meeting: Meeting) -> str:
    return urlsplit(meeting.link or "").hostname or ""


def _basic(meeting: Meeting) -> tuple[Fact | None, ...]:
    return (
        Fact(_("Reference"), Code(meeting.ref)),
        Fact(_("Region"), Named(WCO_REGIONS[meeting.region])) if meeting.region is not None else None,
        Fact(_("State"), meeting.state),
        Fact(_("When"), at(meeting)) if meeting.starts_at is not None else None,
        Fact(_("Length"), ngettext("{count} minute", "{count} minutes", meeting.minutes))
        if meeting.starts_at is not None
        else None,
    )


def _place(meeting: Meeting) -> tuple[Fact | None, ...]:
    return (
        Fact(_("Place"), Raw(meeting.room, meeting.language)) if meeting.room else None,
        Fact(_("Join online"), Code(_host(meeting))) if meeting.link and meeting.is_ahead else None,
    )


def _people(ctx: Context, meeting: Meeting, own: Invitation | None, runs: bool) -> tuple[Fact | None, ...]:
    expected = count_of(ctx, meeting, *EXPECTED)
    coming = count_of(ctx, meeting, Answer.ACCEPTED)
    room_for = meeting.capacity
    shown = own is not None or runs
    audience = listed([meeting.audience, meeting.confidentiality]) if _is_confidential(meeting) else meeting.audience
    return (
        Fact(_("Your answer"), own.answer) if own is not None and meeting.starts_at is not None else None,
        Fact(_("Expected"), expected) if shown else None,
        Fact(_("Have said that they come"), coming) if shown and meeting.starts_at is not None else None,
        Fact(_("Places"), room_for) if room_for else None,
        Fact(_("Open to"), audience) if runs else None,
    )


def _is_confidential(meeting: Meeting) -> bool:
    return meeting.confidentiality is Confidentiality.CONFIDENTIAL


def _does(meeting: Meeting, label: Phrase, verb: str, style: Style = Style.PLAIN) -> Button:
    return Button(label, f"roundtables.{verb}", {"meeting": meeting.id}, style)


def answer_buttons(meeting: Meeting) -> tuple[Button, ...]:
    """The answers to an invitation."""
    return (
        _does(meeting, _("Accept"), "accept", Style.PRIMARY),
        _does(meeting, _("Decline"), "decline"),
        _does(meeting, _("Send a substitute"), "substitute"),
    )


def _expected_buttons(ctx: Context, meeting: Meeting, own: Invitation) -> tuple[Button, ...]:
    """What one can answer now: neither a poll that has ended nor an invitation to what has begun."""
    ask = _does(meeting, _("Ask for an agenda item"), "topic")
    open_poll = select(MeetingPoll.id).where(MeetingPoll.meeting_id == meeting.id, MeetingPoll.ended_at.is_(None))
    if meeting.state is MeetingState.POLLING and own.answer in EXPECTED and ctx.session.scalar(open_poll) is not None:
        return _does(meeting, _("Say when you can"), "when", Style.PRIMARY), ask
    if meeting.state is MeetingState.CONFIRMED and meeting.starts_at is not None and meeting.starts_at <= ctx.now:
        return join_button(meeting)
    if meeting.state is MeetingState.CONFIRMED:
        accept, decline, substitute = answer_buttons(meeting)
        replies = {
            Answer.NONE: (accept, decline, substitute, ask),
            Answer.ACCEPTED: (decline, substitute, ask),
            Answer.DECLINED: (accept, substitute),
        }
        return (*replies.get(own.answer, ()), *join_button(meeting))
    if own.attendance in READERS.get(meeting.state, ()):
        return (_does(meeting, _("Minutes"), "minutes", Style.PRIMARY),)
    return (ask,) if meeting.is_ahead and own.answer in EXPECTED else ()


def _audience_buttons(ctx: Context, meeting: Meeting, person_id: int, own: Invitation | None) -> tuple[Button, ...]:
    """What its audience can do; not whoever sees it by another right, such as an invitation they have declined."""
    if not meeting.is_ahead or not meeting.is_open:
        return ()
    found = Meeting.id == meeting.id, Meeting.open_to(ctx.who)
    if person_id == ctx.who.id and ctx.session.scalar(select(Meeting.id).where(*found)) is None:
        return ()
    follows = MeetingFollower.meeting_id == meeting.id, MeetingFollower.person_id == person_id
    is_followed = ctx.session.scalar(select(MeetingFollower.id).where(*follows)) is not None
    can_accept = own is not None and meeting.state is MeetingState.CONFIRMED
    return (
        *(() if can_accept else (_does(meeting, _("Ask to join"), "join", Style.PRIMARY),)),
        _does(meeting, _("Stop following"), "unfollow") if is_followed else _does(meeting, _("Follow it"), "follow"),
        _does(meeting, _("Propose a topic"), "topic"),
    )


def room_buttons(ctx: Context, meeting: Meeting) -> tuple[Button, ...]:
    """Its room in a chat; or where one can be opened, while that is of use and a door can do it."""
    if not ctx.rooms:
        return ()
    if ctx.session.scalar(select(ChatRoom.id).where(ChatRoom.meeting_id == meeting.id).limit(1)) is not None:
        return (_does(meeting, _("Its room"), "room"),)
    return opening_buttons(ctx, meeting, ()) if meeting.state in (MeetingState.POLLING, MeetingState.CONFIRMED) else ()


def opening_buttons(ctx: Context, meeting: Meeting, taken: Collection[str]) -> tuple[Button, ...]:
    """A room on each platform that has rooms, where whoever asks could open one."""
    buttons: list[Button] = []
    if "slack" in ctx.rooms and "slack" not in taken:
        mine = Account.person_id == ctx.who.id, Account.platform == "slack", Account.is_guest.is_(False)
        if ctx.session.scalar(select(Account.id).where(*mine).limit(1)) is not None:
            buttons.append(_does(meeting, _("Open a room in Slack"), "open_slack"))
    bound = select(ChatGroup.id).where(ChatGroup.visible_to(ctx.who)).limit(1)
    may_be_read = "telegram" in ctx.rooms and "telegram" not in taken and not _is_confidential(meeting)
    if may_be_read and ctx.session.scalar(bound) is not None:
        buttons.append(_does(meeting, _("Open a room in Telegram"), "topics"))
    return tuple(buttons)


def run_buttons(ctx: Context, meeting: Meeting) -> tuple[Button, ...]:
    """What whoever runs it does next, most likely first."""

    def does(label: Phrase, verb: str, style: Style = Style.PLAIN) -> Button:
        return _does(meeting, label, verb, style)

    people, arrange = does(_("People"), "people"), does(_("Arrange"), "arrange")
    minute = (does(_("Record a decision"), MinuteKind.DECISION), does(_("Make it an action"), MinuteKind.ACTION))
    note = does(_("Take a note"), MinuteKind.NOTE)
    match meeting.state:
        case MeetingState.CALLED:
            return (
                does(_("Invite"), "invite", Style.PRIMARY),
                does(_("Find a date"), "poll"),
                does(_("Set the date"), "set_date"),
                people,
                arrange,
            )
        case MeetingState.POLLING:
            return does(_("How the poll stands"), "standing", Style.PRIMARY), people, arrange
        case MeetingState.CONFIRMED if meeting.starts_at is not None and meeting.starts_at <= ctx.now:
            return does(_("It took place"), "held", Style.PRIMARY), *minute, note, people
        case MeetingState.CONFIRMED:
            return people, does(_("Move it"), "move"), does(_("Cancel it"), "cancel"), arrange
        case MeetingState.HELD:
            send = does(_("Let it be corrected"), "finish")
            return *minute, note, does(_("Who was there"), "attendance"), does(_("Minutes"), "minutes"), send
        case MeetingState.CORRECTING:
            return does(_("Minutes"), "minutes", Style.PRIMARY), people
        case MeetingState.CLOSED:
            return does(_("Minutes"), "minutes"), does(_("Who has heard"), "heard")
        case _:
            return (people,)
