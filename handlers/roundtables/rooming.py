"""A meeting's own room in a chat, kept as the meeting is: what is pinned there, who is in it, what it is told.

A room speaks to everybody in it at once, so nothing that is one person's is said there, and its messages have no
buttons but those that open an address.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Fact, Quote, Screen
from bot.kit.text import Code, Raw, Text, When, _, name_members, ngettext, phrase_of
from db.machinery import Deed
from db.meetings import EXPECTED, INVITED, Changed, Invitation, Meeting, MeetingChange
from db.rooms import ChatRoom, ChatRoomMember, RoomState
from handlers.people.room import WHEN_ERASED

from . import cards

CLOSES_AFTER = timedelta(days=3)  # so long people can still write in the room of what was cancelled
SLACK, TELEGRAM = "slack", "telegram"
NAMES = {SLACK: Code("Slack"), TELEGRAM: Code("Telegram")}
HOW = {
    SLACK: _("Whoever runs it makes a decision or an action of any message here, in that message's own menu."),
    TELEGRAM: _(
        "Whoever runs it makes a decision or an action of any message here: they answer it /decision or /action."
    ),
}

name_members(
    {
        RoomState.OPENING: _("It is being opened"),
        RoomState.OPEN: _("It is open"),
        RoomState.FAILED: _("It is not there"),
        RoomState.CLOSED: _("It is closed"),
    }
)


def rooms_of(ctx: Context, meeting: Meeting, *platforms: str) -> Sequence[ChatRoom]:
    """Its rooms, or those on some platforms, held until the turn ends. Nothing where no door has rooms."""
    if not ctx.rooms:
        return ()
    its = select(ChatRoom).where(ChatRoom.meeting_id == meeting.id).order_by(ChatRoom.id)
    if platforms:
        its = its.where(ChatRoom.platform.in_(platforms))
    return ctx.session.scalars(its.with_for_update().execution_options(populate_existing=True)).all()


def there(ctx: Context, meeting: Meeting) -> Sequence[ChatRoom]:
    """Those that are open, or about to be."""
    return [each for each in rooms_of(ctx, meeting) if each.is_there]


def meeting_here(ctx: Context) -> Meeting | None:
    """The meeting in whose room this was said, if whoever said it runs it."""
    if ctx.where is None:
        return None
    its = ChatRoom.platform == ctx.where.platform, ChatRoom.key == ctx.where.key
    found = select(Meeting).join(ChatRoom, ChatRoom.meeting_id == Meeting.id).where(*its, Meeting.run_by(ctx.who))
    return ctx.session.scalar(found)


def refresh(ctx: Context, meeting: Meeting) -> None:
    """The meeting has changed: let its rooms show it, and be with those who are expected."""
    for room in there(ctx, meeting):
        room.title, room.zone = meeting.title or "", meeting.zone
        gather(ctx, meeting, room)
        ctx.in_room(room, Deed.SHOW, shown(ctx, meeting, room))


def tell(ctx: Context, meeting: Meeting, made: MeetingChange) -> None:
    """Say what happened to the date or the place. What does not take place needs its room no longer."""
    before = (_("It was to begin on {when}.", when=When(made.before, venue=meeting.zone)),) if made.before else ()
    reason = (Quote(Raw(made.reason, made.language), label=_("Why")),) if made.reason else ()
    is_on, closes = made.what is not Changed.CANCELLED, ctx.now + CLOSES_AFTER
    end_ = () if is_on else (_("This room closes by itself on {when}.", when=When(closes, venue=meeting.zone)),)
    for room in there(ctx, meeting):
        facts = _facts(meeting, room) if is_on else ()
        screen = Screen(phrase_of(made.what), (cards.title(meeting), *before, *reason, *end_), facts)
        ctx.in_room(room, Deed.SAY, screen, once=f"change:{made.id}")
        if not is_on:
            ctx.later(closes, "roundtables.close_rooms", key=f"{meeting.ref}:close_rooms", meeting=meeting.id)
    refresh(ctx, meeting)


def end(ctx: Context, meeting: Meeting, *last: Text) -> None:
    """Say a last word in each of its rooms, and close them."""
    for room in there(ctx, meeting):
        close(ctx, room, *last)


def close(ctx: Context, room: ChatRoom, *last: Text) -> None:
    said = Screen(_("This room is closed now."), last)
    ctx.in_room(room, Deed.SAY, said, once=f"closed:{room.opened_at.isoformat()}")
    ctx.in_room(room, Deed.CLOSE)


def minutes_are_with(meeting: Meeting) -> tuple[Text, ...]:
    """Where the minutes are."""
    where = _(
        "The minutes of {ref} have gone to everybody who was there or sent apologies, in their own chat with Parley.",
        ref=Code(meeting.ref),
    )
    return (where,)


def gather(ctx: Context, meeting: Meeting, room: ChatRoom) -> None:
    """Whoever is expected is wanted in the room, and whoever opened it; who is in it already stays while invited."""
    rows = ctx.session.execute(
        select(Invitation.person_id, Invitation.answer).where(Invitation.meeting_id == meeting.id)
    ).all()
    expected = {row.person_id for row in rows if row.answer in EXPECTED} | {meeting.organiser_id, room.opened_by_id}
    invited = {row.person_id for row in rows if row.answer in INVITED}
    members = ctx.session.scalars(select(ChatRoomMember).where(ChatRoomMember.room_id == room.id)).all()
    known = {each.person_id for each in members}
    is_changed = bool(expected - known)
    for person_id in sorted(expected - known):
        ctx.session.add(ChatRoomMember(room_id=room.id, person_id=person_id))
    for each in members:
        is_wanted = each.person_id in expected or (each.person_id in invited and each.is_in)
        is_changed |= is_wanted is not each.is_wanted
        each.is_wanted = is_wanted
    ctx.session.flush()
    if is_changed:
        ctx.in_room(room, Deed.BRING)


def _erased(ctx: Context, person_id: int) -> None:
    """Let them be taken out of the rooms they are in, while it is still known where that is."""
    inside = ChatRoomMember.person_id == person_id, ChatRoomMember.is_in
    rooms = select(ChatRoom).where(ChatRoom.id.in_(select(ChatRoomMember.room_id).where(*inside)))
    for room in ctx.session.scalars(rooms.order_by(ChatRoom.id).with_for_update()).all():
        if room.is_there and ctx.rooms:
            ctx.in_room(room, Deed.BRING)


WHEN_ERASED.append(_erased)


def shown(ctx: Context, meeting: Meeting, room: ChatRoom) -> Screen:
    """What is pinned: the meeting as everybody in the room may read it."""
    own = _("You answer, and ask for an item on the agenda, in your own chat with Parley.")
    # A topic is read by others of its group too: how one joins is not theirs to know.
    join = cards.join_button(meeting) if room.platform == SLACK else ()
    return Screen(
        cards.title(meeting),
        (*cards.agenda_lines(ctx, meeting), own, *((HOW[room.platform],) if room.platform in HOW else ())),
        (Fact(_("Reference"), Code(meeting.ref)), Fact(_("State"), meeting.state), *_facts(meeting, room)),
        buttons=join,
    )


def _facts(meeting: Meeting, room: ChatRoom) -> tuple[Fact, ...]:
    if meeting.starts_at is None:
        return ()
    length = ngettext("{count} minute", "{count} minutes", meeting.minutes)
    place = (Fact(_("Place"), Raw(meeting.room, meeting.language)),) if meeting.room else ()
    return (Fact(_("When"), cards.at(meeting)), Fact(_("Length"), length), *place)
