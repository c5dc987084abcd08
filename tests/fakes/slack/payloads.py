"""The payloads that Slack sends: events, commands, shortcuts, taps, submissions, look-ups.

Their fields are those of the types that Bolt for JavaScript publishes (checked against 5.1.0), and where the examples
of Slack's reference pages say more or other, theirs.
"""

from typing import Any

from .api import Address, SlackApi
from .check import Json
from .world import APP, BOT, BOT_USER, TEAM, Conversation, Message, User, View

TOKEN = "fake-verification-token"  # long deprecated, still sent


def event(slack: SlackApi, inner: Json, *, external: bool = False) -> Json:
    """An event in its wrapping, with an id that stays the same however often it is sent."""
    return {
        "token": TOKEN, "team_id": TEAM, "context_team_id": TEAM, "context_enterprise_id": None, "api_app_id": APP,
        "event": inner, "type": "event_callback", "event_id": slack.world.new_id("Ev"),
        "event_time": int(slack.clock().timestamp()), "is_ext_shared_channel": external, "event_context": "fake",
        "authorizations": [{"enterprise_id": None, "team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
    }  # fmt: skip


def message_event(slack: SlackApi, message: Message, kind: str) -> Json:
    """A message as an event, a person's or the app's own; ``kind`` is im or channel."""
    inner = message.body() | {"channel": message.conversation, "event_ts": message.ts, "channel_type": kind}
    if message.by_app:
        inner["bot_profile"] = {"id": BOT, "app_id": APP, "team_id": TEAM, "name": "Parley", "deleted": False}
    else:
        inner["client_msg_id"] = f"client-{message.ts}"
    return inner | ({"subtype": "file_share"} if message.files else {})


def message_changed(slack: SlackApi, message: Message, before: Json) -> Json:
    """An edit in a conversation with one person, whoever made it."""
    at = slack.world.new_ts(slack.clock())
    return {
        "type": "message", "subtype": "message_changed", "hidden": True, "channel": message.conversation,
        "channel_type": "im", "message": message.body(), "previous_message": before, "ts": at, "event_ts": at,
    }  # fmt: skip


def app_mention(message: Message) -> Json:
    """A person's message that names the app, as its own event."""
    return message.body() | {"type": "app_mention", "channel": message.conversation, "event_ts": message.ts}


def home_opened(slack: SlackApi, user: User, home: View | None) -> Json:
    """A person looks at the app's Home tab."""
    inner: Json = {
        "type": "app_home_opened",
        "user": user.id,
        "channel": slack.world.direct(user.id).id,
        "tab": "home",
        "event_ts": slack.world.new_ts(slack.clock()),
    }
    return inner | ({"view": home.body()} if home else {})


def command(slack: SlackApi, user: User, where: Conversation, word: str, text: str) -> Json:
    """A slash command: the fields of a form."""
    return {
        "token": TOKEN, "team_id": user.team, "team_domain": "fake", "channel_id": where.id, "channel_name": where.name,
        "user_id": user.id, "user_name": user.name, "command": word, "text": text, "api_app_id": APP,
        "is_enterprise_install": "false", "response_url": response_url(slack, user, where, None),
        "trigger_id": slack.new_trigger(user.id),
    }  # fmt: skip


def interaction(slack: SlackApi, user: User, kind: str, **more: Any) -> Json:
    """What every interaction says of who did it."""
    return {
        "type": kind, "token": TOKEN, "api_app_id": APP, "enterprise": None, "is_enterprise_install": False,
        "team": {"id": user.team, "domain": "fake"},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team},
        **more,
    }  # fmt: skip


def shortcut(slack: SlackApi, user: User, callback_id: str) -> Json:
    """A global shortcut; it names neither the app nor, as others do, the person twice."""
    at = slack.world.new_ts(slack.clock())
    trigger = slack.new_trigger(user.id)
    payload = interaction(slack, user, "shortcut", callback_id=callback_id, trigger_id=trigger, action_ts=at)
    del payload["api_app_id"], payload["user"]["name"]
    return payload


def message_shortcut(slack: SlackApi, user: User, message: Message, callback_id: str) -> Json:
    """A shortcut on a message."""
    where = slack.world.conversations[message.conversation]
    payload = interaction(
        slack, user, "message_action", callback_id=callback_id, trigger_id=slack.new_trigger(user.id),
        action_ts=slack.world.new_ts(slack.clock()), message_ts=message.ts, message=message.body(),
        channel={"id": where.id, "name": where.name}, response_url=response_url(slack, user, where, message),
    )  # fmt: skip
    del payload["api_app_id"]
    return payload


def block_actions(slack: SlackApi, user: User, place: Message | View, action: Json) -> Json:
    """A tap or a choice, on a message or in a view."""
    action = action | {"action_ts": slack.world.new_ts(slack.clock())}
    trigger = slack.new_trigger(user.id)
    payload = interaction(slack, user, "block_actions", actions=[action], trigger_id=trigger, **container(slack, place))
    if isinstance(place, Message):
        where = slack.world.conversations[place.conversation]
        payload |= {"state": {"values": {}}, "response_url": response_url(slack, user, where, place)}
    return payload


def block_suggestion(
    slack: SlackApi, user: User, place: Message | View, block: Json, element: Json, typed: str
) -> Json:
    """A person types into a select whose options the app knows."""
    asked = {"action_id": element["action_id"], "block_id": block["block_id"], "value": typed}
    return interaction(slack, user, "block_suggestion", **asked, **container(slack, place))


def container(slack: SlackApi, place: Message | View) -> Json:
    """Where an interaction happened."""
    if isinstance(place, View):
        return {"container": {"type": "view", "view_id": place.id}, "view": place.body()}
    where = slack.world.conversations[place.conversation]
    inside = {
        "type": "message",
        "message_ts": place.ts,
        "channel_id": where.id,
        "is_ephemeral": place.ephemeral_for is not None,
    }
    return {"container": inside, "channel": {"id": where.id, "name": where.name}, "message": place.body()}


def submission(slack: SlackApi, user: User, view: View) -> Json:
    """A modal sent off."""
    return interaction(
        slack, user, "view_submission", view=view.body(), trigger_id=slack.new_trigger(user.id), response_urls=[]
    )


def closed(slack: SlackApi, user: User, view: View, *, cleared: bool) -> Json:
    """A modal closed without sending."""
    return interaction(slack, user, "view_closed", view=view.body(), is_cleared=cleared)


def response_url(slack: SlackApi, user: User, where: Conversation, message: Message | None) -> str:
    """An address where the app may answer this person for half an hour."""
    name = f"response-{slack.count('response')}"
    slack.responses[name] = Address(user.id, where.id, message, slack.clock())
    return f"{slack.address}/response/{name}"
