"""The Web API's methods about the app itself, people and conversations."""

from .api import SlackApi, method
from .check import Json, Refused, said
from .world import APP, BOT, BOT_USER, TEAM, Conversation


@method("api.test")
def api_test(slack: SlackApi, arguments: Json) -> Json:
    if error := arguments.get("error"):
        raise Refused(error)
    return {"args": arguments}


@method("auth.test")
def auth_test(slack: SlackApi, arguments: Json) -> Json:
    return {
        "url": "https://fake.slack.com/", "team": "Fake", "user": "parley", "team_id": TEAM, "user_id": BOT_USER,
        "bot_id": BOT, "is_enterprise_install": False,
    }  # fmt: skip


@method("apps.connections.open", scope="connections:write")
def connections_open(slack: SlackApi, arguments: Json) -> Json:
    ticket = f"ticket-{slack.count('ticket')}"
    slack.doors.tickets.add(ticket)
    return {"url": f"{slack.address.replace('http', 'ws', 1)}/socket?ticket={ticket}&app_id={APP}"}


@method("users.info", scope="users:read")
def user_info(slack: SlackApi, arguments: Json) -> Json:
    user = slack.world.users.get(arguments["user"])
    if user is None:
        raise Refused("user_not_found")
    return {"user": user.body(slack.clock(), with_locale=bool(arguments.get("include_locale")))}


@method("conversations.info")
def conversation_info(slack: SlackApi, arguments: Json) -> Json:
    conversation = slack.world.conversations.get(arguments["channel"])
    scopes = {"im": "im:read", "private_channel": "groups:read", "public_channel": "channels:read"}
    slack.needs(scopes[conversation.kind] if conversation else "im:read")
    if conversation is None or (conversation.is_private and BOT_USER not in conversation.members):
        raise Refused("channel_not_found")
    return {"channel": conversation.body(with_locale=bool(arguments.get("include_locale")))}


@method("conversations.open", scope="im:write")
def conversation_open(slack: SlackApi, arguments: Json) -> Json:
    if "channel" in arguments:
        return {"channel": {"id": joined(slack, arguments["channel"]).id}, "already_open": True, "no_op": True}
    users = [user for user in arguments.get("users", "").split(",") if user]
    if not users:
        raise Refused("users_list_not_supplied")
    if len(users) > 1:
        raise Refused("too_many_users", [said("the fake opens direct messages with one person only", "/users")])
    conversation = slack.world.direct(users[0])
    return {"channel": conversation.body() if arguments.get("return_im") else {"id": conversation.id}}


@method("conversations.history", scope="im:history")
def history(slack: SlackApi, arguments: Json) -> Json:
    where = joined(slack, arguments["channel"]).id
    oldest, latest = arguments.get("oldest", "0"), arguments.get("latest", "9")
    inclusive = bool(arguments.get("inclusive"))
    found = [
        message.body()
        for message in slack.world.messages
        if message.conversation == where
        and not (message.deleted or message.ephemeral_for)
        and (oldest < message.ts < latest or (inclusive and message.ts in {oldest, latest}))
    ]
    if not arguments.get("include_all_metadata"):
        found = [{key: value for key, value in body.items() if key != "metadata"} for body in found]
    most = int(arguments.get("limit", 100))
    newest_first = found[::-1]
    return {"messages": newest_first[:most], "has_more": len(newest_first) > most}


def joined(slack: SlackApi, name: str) -> Conversation:
    """The conversation of that id, if the app is in it; a private one that it is not in is as good as none."""
    conversation = slack.world.conversations.get(name)
    if conversation is None or (conversation.is_private and BOT_USER not in conversation.members):
        raise Refused("channel_not_found")
    if BOT_USER not in conversation.members:
        raise Refused("not_in_channel")
    return conversation


def place_to_post(slack: SlackApi, name: str) -> Conversation:
    """The conversation to post in; a person's id means the direct messages with them."""
    if name in slack.world.users and not slack.world.users[name].deleted:
        return slack.world.direct(name)
    conversation = joined(slack, name)
    if conversation.archived:
        raise Refused("is_archived")
    if conversation.user and slack.world.users[conversation.user].deleted:
        raise Refused("channel_not_found")
    return conversation
