"""The Web API's methods about channels of the app's own: made, filled, named, pinned in, archived."""

import re

from .api import SlackApi, method
from .check import Json, Refused, said
from .methods_people import joined
from .world import BOT_USER, TEAM, Conversation, User

LONGEST_NAME, LONGEST_TOPIC = 80, 250
MOST_INVITED = 1000
MOST_PINS = 100
NAME = re.compile(r"[\w-]+")


@method("conversations.create")
def create(slack: SlackApi, arguments: Json) -> Json:
    slack.needs("groups:write" if arguments.get("is_private") else "channels:manage")
    name = arguments["name"]
    if not name.strip():
        raise Refused("invalid_name_required")
    if len(name) > LONGEST_NAME:
        raise Refused("invalid_name_maxlength")
    if not NAME.fullmatch(name) or name != name.lower():
        raise Refused("invalid_name_specials")
    if not re.search(r"[^\W_]", name):
        raise Refused("invalid_name_punctuation")
    # An archived channel keeps its name, and so does one that the app cannot see.
    if any(each.name == name for each in slack.world.conversations.values() if not each.is_im):
        raise Refused("name_taken")
    made = Conversation(
        slack.world.new_id("C"),
        name,
        members={BOT_USER},
        is_private=bool(arguments.get("is_private")),
        creator=BOT_USER,
    )
    slack.world.conversations[made.id] = made
    slack.stir()
    return {"channel": made.body()}


@method("conversations.list")
def list_(slack: SlackApi, arguments: Json) -> Json:
    kinds = set(arguments.get("types", "public_channel").replace(" ", "").split(","))
    if wrong := kinds - {"public_channel", "private_channel", "mpim", "im"}:
        raise Refused("invalid_types", [said(f"no such type: {wrong}", "/types")])
    for kind, scope in (("private_channel", "groups:read"), ("public_channel", "channels:read"), ("im", "im:read")):
        if kind in kinds:
            slack.needs(scope)
    found = [
        each
        for each in slack.world.conversations.values()
        if each.kind in kinds
        and (each.kind == "public_channel" or BOT_USER in each.members)
        and not (each.archived and arguments.get("exclude_archived"))
    ]
    begin, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit", 100))
    after = str(begin + limit) if begin + limit < len(found) else ""
    return {
        "channels": [each.body() for each in found[begin : begin + limit]],
        "response_metadata": {"next_cursor": after},
    }


def managed(slack: SlackApi, name: str) -> Conversation:
    """A channel that the app may manage: one it is in, and that is not archived."""
    conversation = slack.world.conversations.get(name)
    # A private channel that the app is not in is as good as none.
    if conversation is None or (conversation.is_private and BOT_USER not in conversation.members):
        raise Refused("channel_not_found")
    slack.needs("groups:write" if conversation.is_private else "channels:manage")
    if conversation.is_im:
        raise Refused("method_not_supported_for_channel_type")
    return conversation


@method("conversations.invite")
def invite(slack: SlackApi, arguments: Json) -> Json:
    conversation = managed(slack, arguments["channel"])
    if BOT_USER not in conversation.members:
        raise Refused("not_in_channel")
    if conversation.archived:
        raise Refused("is_archived")
    wanted = [user for user in arguments["users"].split(",") if user]
    if not wanted:
        raise Refused("no_user")
    if len(wanted) > MOST_INVITED:
        raise Refused("too_many_users")
    wrong = {user: why for user in wanted if (why := _cannot_join(slack, conversation, user))}
    errors = [{"user": user, "ok": False, "error": why} for user, why in wrong.items()]
    good = [user for user in wanted if user not in wrong]
    if wrong and (not arguments.get("force") or not good):
        raise Refused(next(iter(wrong.values())), errors=errors)
    conversation.members |= set(good)
    slack.stir()
    return {"channel": conversation.body()} | ({"errors": errors} if errors else {})


def _cannot_join(slack: SlackApi, conversation: Conversation, name: str) -> str | None:
    user: User | None = slack.world.users.get(name)
    if name == BOT_USER:
        return "cant_invite_self"
    if user is None:
        return "user_not_found"
    if name in conversation.members:
        return "already_in_channel"
    if user.deleted:
        return "cant_invite"
    if user.team != TEAM:
        return "no_external_invite_permission"
    return "ura_max_channels" if user.guest == "single" else None


@method("conversations.kick")
def kick(slack: SlackApi, arguments: Json) -> Json:
    conversation = managed(slack, arguments["channel"])
    if arguments["user"] == BOT_USER:
        raise Refused("cant_kick_self")
    if BOT_USER not in conversation.members or arguments["user"] not in conversation.members:
        raise Refused("not_in_channel")
    conversation.members.discard(arguments["user"])
    slack.stir()
    return {"errors": {}}


@method("conversations.setTopic")
def set_topic(slack: SlackApi, arguments: Json) -> Json:
    conversation = managed(slack, arguments["channel"])
    if BOT_USER not in conversation.members:
        raise Refused("not_in_channel")
    if conversation.archived:
        raise Refused("is_archived")
    if len(arguments["topic"]) > LONGEST_TOPIC:
        raise Refused("too_long")
    conversation.topic = arguments["topic"]
    return {"channel": conversation.body()}


@method("conversations.archive")
def archive(slack: SlackApi, arguments: Json) -> Json:
    conversation = managed(slack, arguments["channel"])
    if conversation.archived:
        raise Refused("already_archived")
    if BOT_USER not in conversation.members:
        raise Refused("not_in_channel")
    conversation.archived = True
    slack.stir()
    return {}


@method("pins.add", scope="pins:write")
def add_pin(slack: SlackApi, arguments: Json) -> Json:
    conversation = joined(slack, arguments["channel"])
    if conversation.archived:
        raise Refused("is_archived")
    if not arguments.get("timestamp"):
        raise Refused("no_item_specified")
    if slack.world.message(conversation.id, arguments["timestamp"]) is None:
        raise Refused("message_not_found")
    if arguments["timestamp"] in conversation.pins:
        raise Refused("already_pinned")
    if len(conversation.pins) >= MOST_PINS:
        raise Refused("too_many_pins")
    conversation.pins.append(arguments["timestamp"])
    slack.stir()
    return {}
