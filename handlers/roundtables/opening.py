"""Opening a room for a meeting, seeing how it stands, and closing it; and the groups topics may be opened in."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.rooms import NO_ACCOUNT, NOT_THERE, OUTSIDE
from bot.kit.screen import Button, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, Text, _, listed, ngettext
from db.machinery import Deed
from db.meetings import Confidentiality, Meeting, MeetingState
from db.people import Account
from db.rooms import ChatGroup, ChatRoom, ChatRoomMember, RoomState
from handlers.people.naming import called

from . import cards, rooming
from .room import roundtables, runs
from .rooming import SLACK, TELEGRAM

OPENS_IN = (MeetingState.POLLING, MeetingState.CONFIRMED)
MOST = 10  # people named who are not in a room
RIGHTS = {
    "can_manage_topics": _("to manage topics"),
    "can_pin_messages": _("to pin messages"),
}
WHY_NOT: Mapping[str, Phrase] = {
    NO_ACCOUNT: _("has not written to Parley from there"),
    NOT_THERE: _("not a member there"),
    OUTSIDE: _("from outside, and the meeting is confidential"),
    "deactivated": _("no account there any more"),
    "guest": _("a guest there, whom Slack does not let in"),
    "other_workspace": _("of another workspace"),
}
# What is wrong with a room, and what to do; by what the platform said.
TROUBLE: Mapping[str, Phrase] = {
    "archived": _("Somebody has archived it. Open another one, if it is still needed."),
    "expired": _("It could not be reached in time. Please try again."),
    "left": _("Parley was taken out of it. Invite it in again (in Slack: /invite @Parley), then try again."),
    "message_gone": _("Somebody has deleted what was pinned. Try again: then it is posted anew."),
    "name_taken": _("There are channels by that name already. Rename the meeting, then try again."),
    "no_rights": _(
        "Parley lacks a right in that group. One of its admins makes Parley an admin who may manage"
        " topics and pin messages; then try again."
    ),
    "no_topics": _("That group has no topics any more. One of its admins turns them on; then try again."),
    "not_found": _(
        "It is not to be found there: somebody has deleted it, or has taken Parley out. Invite Parley in again (in"
        " Slack: /invite @Parley) and try again; or close the room and open another one."
    ),
    OUTSIDE: _("People from outside read there, and the meeting is confidential. Nothing was posted."),
    "restricted_action": _(
        "The workspace does not let apps do that. One of its owners can change it, under who may create and manage"
        " private channels; then try again."
    ),
    "topic_closed": _("Somebody has closed the topic. One of the group's admins opens it again; then try again."),
    "topic_gone": _("Somebody has deleted the topic. Open another one, if it is still needed."),
    "unknown_outcome": _("Nobody knows whether that worked: no answer came. Please look there before you try again."),
}


@roundtables.command("open_slack", _("Open a room in Slack"), allow=runs)
def open_slack(ctx: Context, meeting: Meeting) -> Screen:
    """A private channel: the agenda pinned in it, everybody invited who has an account there."""
    _must_open(ctx, meeting, SLACK)
    if not _has_account(ctx, SLACK):
        raise Refusal(_("Write to Parley in Slack first: whoever opens a room there is in it."))
    return _open(ctx, meeting, SLACK, None)


@roundtables.command("topics", _("Open a room in Telegram"), allow=runs)
def topics(ctx: Context, meeting: Meeting) -> Screen:
    """In which group a topic is opened, and who will read it."""
    _must_open(ctx, meeting, TELEGRAM)
    groups = ctx.session.scalars(select(ChatGroup).where(ChatGroup.visible_to(ctx.who)).order_by(ChatGroup.title)).all()
    if not groups:
        raise Refusal(
            _(
                "No group is there for it yet. An administrator of Parley writes /bind in a Telegram group that has"
                " topics and has Parley among its admins."
            )
        )
    rows = tuple(
        Row(
            Raw(each.title),
            None,
            (
                button(
                    _("Open a topic"),
                    "roundtables.open_topic",
                    meeting=meeting.id,
                    group=each.id,
                ),
            ),
        )
        for each in groups
    )
    warning = _("Everybody in that group reads the topic, invited or not. The link to join online is not posted there.")
    return Screen(_("In which group?"), (cards.title(meeting), warning), rows=rows, buttons=(cards.open_it(meeting),))


@roundtables.command("open_topic", _("Open a topic"), allow=runs)
def open_topic(ctx: Context, meeting: Meeting, group: ChatGroup) -> Screen:
    """A topic in a group that is bound: the agenda pinned in it, the link sent to each of the invited."""
    _must_open(ctx, meeting, group.platform)
    return _open(ctx, meeting, group.platform, group)


def _must_open(ctx: Context, meeting: Meeting, platform: str) -> None:
    if meeting.state not in OPENS_IN:
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=meeting.state))
    if platform not in ctx.rooms:
        raise Refusal(_("No room can be opened there."))
    if platform == TELEGRAM and meeting.confidentiality is Confidentiality.CONFIDENTIAL:
        raise Refusal(
            _("It is confidential, and everybody in a group reads its topics. Open a private channel in Slack instead.")
        )


def _open(ctx: Context, meeting: Meeting, platform: str, group: ChatGroup | None) -> Screen:
    room = next(iter(rooming.rooms_of(ctx, meeting, platform)), None)
    if room is None:
        room = ChatRoom(administration_id=meeting.administration_id, meeting_id=meeting.id, platform=platform)
    if not room.begin(by=ctx.who.id, at=ctx.now):
        return _room(ctx, meeting, _("It has a room there already."))
    room.group_id = group.id if group is not None else None
    room.is_confidential = meeting.confidentiality is Confidentiality.CONFIDENTIAL
    room.title, room.language, room.zone = meeting.title or "", ctx.who.language, meeting.zone
    ctx.session.add(room)
    ctx.session.flush()
    for each in ctx.session.scalars(select(ChatRoomMember).where(ChatRoomMember.room_id == room.id)):
        each.is_in, each.reason = False, None
    ctx.in_room(room, Deed.OPEN)
    ctx.in_room(room, Deed.SHOW, rooming.shown(ctx, meeting, room))
    rooming.gather(ctx, meeting, room)
    ctx.in_room(room, Deed.BRING)
    return _room(ctx, meeting, _("It is being opened. You hear when it is there."))


def _has_account(ctx: Context, platform: str) -> bool:
    mine = Account.person_id == ctx.who.id, Account.platform == platform, Account.is_guest.is_(False)
    return ctx.session.scalar(select(Account.id).where(*mine).limit(1)) is not None


# How it stands


@roundtables.command("room", _("Its room"), allow=runs, reads=runs)
def room_(ctx: Context, meeting: Meeting) -> Screen:
    """Where it is, who is not in it and why, what went wrong."""
    return _room(ctx, meeting, None)


def _room(ctx: Context, meeting: Meeting, lead: Phrase | None) -> Screen:
    rooms = rooming.rooms_of(ctx, meeting)
    rows = tuple(
        Row(rooming.NAMES.get(each.platform, Code(each.platform)), None, _buttons(meeting, each)) for each in rooms
    )
    return Screen(
        lead or _("The room of {ref}", ref=Code(meeting.ref)),
        (cards.title(meeting), *(line for each in rooms for line in _lines(ctx, each, each.reason, each.detail))),
        rows=tuple(each for each in rows if each.buttons),
        buttons=(*_others(ctx, meeting), cards.open_it(meeting)),
    )


def _lines(ctx: Context, room: ChatRoom, reason: str | None, detail: str | None) -> tuple[Text, ...]:
    name = rooming.NAMES.get(room.platform, Code(room.platform))
    said: list[Text] = [_("{platform}: {state}", platform=name, state=room.state)]
    if reason:
        said.append(_trouble(reason, detail or ""))
    if room.state is not RoomState.OPEN:
        return tuple(said)
    members = ctx.session.scalars(
        select(ChatRoomMember)
        .where(ChatRoomMember.room_id == room.id, ChatRoomMember.is_wanted)
        .order_by(ChatRoomMember.id)
    ).all()
    inside = [each for each in members if each.is_in]
    said.append(ngettext("{count} person is in it.", "{count} people are in it.", len(inside)))
    outside = [each for each in members if not each.is_in and each.reason]
    names = called(ctx.session, {each.person_id for each in outside[:MOST]})
    said += [_("Not in it: {name} ({why})", name=names[each.person_id], why=_why_not(each)) for each in outside[:MOST]]
    if outside[MOST:]:
        more = len(outside) - MOST
        said.append(ngettext("{count} more is not in it.", "{count} more are not in it.", more))
    return tuple(said)


def _why_not(member: ChatRoomMember) -> Phrase:
    return WHY_NOT.get(member.reason or "", _("refused there"))


def _trouble(reason: str, detail: str) -> Phrase:
    if reason in ("missing_scope", "no_permission", "not_allowed_token_type"):
        return _(
            "Parley's app lacks a permission in Slack ({scope}). An admin of the workspace gives it that scope"
            " and installs it again; then try again.",
            scope=Code(detail or reason),
        )
    return (
        TROUBLE.get(reason)
        or TROUBLE.get(detail)
        or _("The platform refused it ({reason}).", reason=Code(detail or reason))
    )


def _buttons(meeting: Meeting, room: ChatRoom) -> tuple[Button, ...]:
    given = {"meeting": meeting.id, "room": room.id}
    can_retry = room.reason and room.is_there
    return (
        *((Button(_("Go there"), url=room.link),) if room.link and room.state is RoomState.OPEN else ()),
        *((Button(_("Try again"), "roundtables.again", given, Style.PRIMARY),) if can_retry else ()),
        *((Button(_("Close the room"), "roundtables.close_room", given),) if room.state is RoomState.OPEN else ()),
    )


def _others(ctx: Context, meeting: Meeting) -> tuple[Button, ...]:
    taken = {each.platform for each in rooming.there(ctx, meeting)}
    return cards.opening_buttons(ctx, meeting, taken) if meeting.state in OPENS_IN else ()


@roundtables.command("again", _("Try again"), allow=runs)
def again(ctx: Context, meeting: Meeting, room: ChatRoom) -> Screen:
    """What did not work in a room that is there is done anew."""
    room = _of(ctx, meeting, room)
    if room.is_there:
        room.mended()
        room.is_pinned = False
        ctx.in_room(room, Deed.SHOW)
        ctx.in_room(room, Deed.BRING)
    return _room(ctx, meeting, _("It is being tried again."))


@roundtables.command(
    "close_room",
    _("Close the room"),
    allow=runs,
    confirm=_("Nobody can write there any more; what was said stays. Close the room?"),
)
def close_room(ctx: Context, meeting: Meeting, room: ChatRoom) -> Screen:
    room = _of(ctx, meeting, room)
    if room.is_there:
        rooming.close(ctx, room)
    return _room(ctx, meeting, _("It is being closed."))


@roundtables.job("close_rooms")
def close_rooms(ctx: Context, meeting: Meeting) -> None:
    """The time has passed in which people could still write about what was cancelled."""
    if meeting.state is MeetingState.CANCELLED:
        rooming.end(ctx, meeting)


def _of(ctx: Context, meeting: Meeting, room: ChatRoom) -> ChatRoom:
    """The room, if it is that meeting's, held until the turn ends."""
    found = next((each for each in rooming.rooms_of(ctx, meeting) if each.id == room.id), None)
    if found is None:
        raise Refusal(_("No room can be opened there."))
    return found


# What became of it


@roundtables.job("room_news")
def room_news(
    ctx: Context, room: ChatRoom, step: int, tell: bool, reason: str | None = None, detail: str | None = None
) -> None:
    """Whoever opened it hears how it stands; whoever can see a topic gets the way there, in their own chat."""
    meeting = ctx.session.get_one(Meeting, room.meeting_id)
    if tell:
        lead = _("The room of a meeting is open.") if room.state is RoomState.OPEN else _("A room could not be opened.")
        if reason and room.state is RoomState.OPEN:
            lead = _("Something did not work in the room of a meeting.")
        screen = Screen(
            lead,
            (cards.title(meeting), *_lines(ctx, room, reason, detail)),
            buttons=(
                *((Button(_("Go there"), url=room.link),) if room.link and room.state is RoomState.OPEN else ()),
                button(_("Its room"), "roundtables.room", meeting=meeting.id),
            ),
        )
        ctx.notify(room.opened_by_id, screen, once=f"{meeting.ref}:room:{step}", urgent=True)
    if room.platform != TELEGRAM or room.state is not RoomState.OPEN or room.link is None:
        return  # Slack tells those itself whom it lets in
    inside = select(ChatRoomMember.person_id).where(ChatRoomMember.room_id == room.id, ChatRoomMember.is_in)
    told = Screen(
        _("A meeting you are expected at has a topic in Telegram."),
        (cards.title(meeting),),
        buttons=(Button(_("Go there"), url=room.link), cards.open_it(meeting)),
    )
    for person_id in ctx.session.scalars(inside.order_by(ChatRoomMember.id)).all():
        if person_id != room.opened_by_id:
            ctx.notify(person_id, told, once=f"{meeting.ref}:room:{room.id}:{room.key}")


# Groups


@roundtables.command("bind", _("Let topics be opened in this group"), allow=allow.administrators, placed="bind")
def bind(ctx: Context) -> Screen:
    """Typed in a group: from now on its topics can be rooms of roundtables of the administration."""
    where = ctx.where
    if where is None or not where.group:
        raise Refusal(_("Write /bind in the Telegram group itself."))
    if not where.has_topics:
        raise Refusal(
            _(
                "{group} has no topics. One of its admins turns them on in its settings; then write /bind there again.",
                group=Raw(where.title),
            )
        )
    theirs = ChatGroup.platform == where.platform, ChatGroup.key == where.group
    group = ctx.session.scalar(select(ChatGroup).where(*theirs))
    if group is None:
        group = ChatGroup(platform=where.platform, key=where.group)
    elif group.let_go_at is None and group.administration_id != ctx.who.administration_id:
        raise Refusal(_("Another administration has bound that group."))
    group.bind(where.title, administration_id=ctx.who.administration_id, by=ctx.who.id, at=ctx.now)
    ctx.session.add(group)
    ctx.session.flush()
    return Screen(
        _("Topics can be opened in {group} now.", group=Raw(where.title)),
        (
            _("Whoever runs a meeting can open one there; everybody in the group reads it."),
            *_lacking(where.lacks),
        ),
        buttons=(button(_("Let the group go"), "roundtables.let_go", group=group.id),),
    )


def _lacking(lacks: tuple[str, ...] | None) -> tuple[Phrase, ...]:
    if lacks is None:
        return (_("I could not find out whether I may do that there. Open a room, then you will see."),)
    if not lacks:
        return ()
    rights = listed([RIGHTS.get(each, Code(each)) for each in lacks])
    return (_("One of the group's admins still has to give me the right: {rights}.", rights=rights),)


@roundtables.command("let_go", _("Let the group go"), allow=allow.administrators)
def let_go(ctx: Context, group: ChatGroup) -> Screen:
    """No more topics are opened there; those that are stay as they are."""
    group.let_go(ctx.now)
    ctx.session.flush()
    return Screen(_("No more topics are opened in {group}.", group=Raw(group.title)))
