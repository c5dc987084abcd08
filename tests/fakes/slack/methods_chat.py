"""The Web API's methods for messages and files, and the addresses that answer an interaction."""

import json
import mimetypes

from aiohttp import web

from . import payloads
from .api import Address, SlackApi, method
from .check import Json, Refused, check_message
from .methods_people import joined, place_to_post
from .world import BOT_USER, Conversation, File, Message

LONGEST_TEXT = 40_000  # more is cut off, not refused
RESPONSES = 5  # how often a response address may be used
RESPONSE_SECONDS = 30 * 60
LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Slack</title></head><body>Sign in to Fake</body></html>"


def post(slack: SlackApi, conversation: Conversation, sent: Json, **more: object) -> Message:
    """Put the app's message into a conversation, once it has been checked."""
    check_message(sent)
    message = Message(
        conversation.id,
        slack.world.new_ts(slack.clock()),
        BOT_USER,
        (sent.get("text") or sent.get("markdown_text") or "")[:LONGEST_TEXT],
        slack.world.with_ids(sent.get("blocks") or []),
        thread_ts=sent.get("thread_ts"),
        metadata=sent.get("metadata"),
    )
    for name, value in more.items():
        setattr(message, name, value)
    slack.world.messages.append(message)
    tell(slack, message)
    slack.stir()
    return message


def tell(slack: SlackApi, message: Message, before: Json | None = None) -> None:
    """Let the app hear of its own message or edit, as it hears of all in its conversations with one person."""
    if slack.world.conversations[message.conversation].is_im and message.ephemeral_for is None:
        inner = payloads.message_event(slack, message, "im")
        if before is not None:
            inner = payloads.message_changed(slack, message, before)
        slack.start(_heard(slack, payloads.event(slack, inner)))


async def _heard(slack: SlackApi, event: Json) -> None:
    await slack.doors.send_event(slack.session, event)


@method("chat.postMessage", scope="chat:write")
def post_message(slack: SlackApi, arguments: Json) -> Json:
    conversation = place_to_post(slack, arguments["channel"])
    thread = arguments.get("thread_ts")
    if thread and slack.world.message(conversation.id, thread) is None:
        raise Refused("thread_not_found")
    message = post(slack, conversation, arguments)
    return {"channel": conversation.id, "ts": message.ts, "message": message.body()}


@method("chat.postEphemeral", scope="chat:write")
def post_ephemeral(slack: SlackApi, arguments: Json) -> Json:
    conversation = place_to_post(slack, arguments["channel"])
    if arguments["user"] not in conversation.members:
        raise Refused("user_not_in_channel")
    message = post(slack, conversation, arguments, ephemeral_for=arguments["user"])
    return {"message_ts": message.ts}


@method("chat.update", scope="chat:write")
def update(slack: SlackApi, arguments: Json) -> Json:
    conversation = joined(slack, arguments["channel"])
    message = slack.world.message(conversation.id, arguments["ts"])
    if message is None:
        raise Refused("message_not_found")
    if not message.by_app:
        raise Refused("cant_update_message")
    if conversation.archived:
        raise Refused("is_inactive")
    change(slack, message, arguments)
    return {"channel": message.conversation, "ts": message.ts, "text": message.text, "message": message.body()}


def change(slack: SlackApi, message: Message, sent: Json) -> None:
    """Edit a message; blocks that are not sent again are gone, as the text then stands alone."""
    check_message(sent)
    before = message.body()
    message.text = (sent.get("text") or sent.get("markdown_text") or "")[:LONGEST_TEXT]
    message.blocks = slack.world.with_ids(sent.get("blocks") or [])
    message.metadata = sent.get("metadata", message.metadata)
    message.edited = True
    tell(slack, message, before)
    slack.stir()


@method("chat.delete", scope="chat:write")
def delete(slack: SlackApi, arguments: Json) -> Json:
    message = slack.world.message(joined(slack, arguments["channel"]).id, arguments["ts"])
    if message is None:
        raise Refused("message_not_found")
    if not message.by_app:
        raise Refused("cant_delete_message")
    message.deleted = True
    return {"channel": message.conversation, "ts": message.ts}


@method("chat.getPermalink")
def permalink(slack: SlackApi, arguments: Json) -> Json:
    message = slack.world.message(joined(slack, arguments["channel"]).id, arguments["message_ts"])
    if message is None:
        raise Refused("message_not_found")
    name = message.ts.replace(".", "")
    return {
        "channel": message.conversation,
        "permalink": f"https://fake.slack.com/archives/{message.conversation}/p{name}",
    }


# Files


@method("files.getUploadURLExternal", scope="files:write")
def upload_url(slack: SlackApi, arguments: Json) -> Json:
    name = arguments["filename"]
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    file = File(slack.world.new_id("F"), name, b"", kind, BOT_USER, slack.address)
    slack.world.files[file.id] = file
    return {"upload_url": f"{slack.address}/upload/{file.id}?length={arguments['length']}", "file_id": file.id}


@method("files.completeUploadExternal", scope="files:write")
def complete_upload(slack: SlackApi, arguments: Json) -> Json:
    files = []
    for item in arguments["files"]:
        file = slack.world.files.get(item["id"])
        if file is None or not file.content:
            raise Refused("file_not_found")
        file.title = item.get("title", file.name)
        files.append(file)
    if channel := arguments.get("channel_id"):
        conversation = joined(slack, channel)  # unlike posting, sharing takes no person's id
        for file in files:
            file.conversation = conversation.id
        sent = {"text": arguments.get("initial_comment", "")}
        message = Message(conversation.id, slack.world.new_ts(slack.clock()), BOT_USER, sent["text"], files=files)
        message.thread_ts = arguments.get("thread_ts")
        slack.world.messages.append(message)
        tell(slack, message)
    return {"files": [file.body() for file in files]}


@method("files.info", scope="files:read")
def file_info(slack: SlackApi, arguments: Json) -> Json:
    file = slack.world.files.get(arguments["file"])
    if file is None:
        raise Refused("file_not_found")
    return {"file": file.body(), "comments": []}


async def upload(slack: SlackApi, request: web.Request) -> web.Response:
    """The content of a file, at the address that was given for it: the body itself, or a form's file."""
    file = slack.world.files.get(request.match_info["file"])
    if file is None or file.content:
        return web.Response(status=404)
    if request.content_type == "multipart/form-data":
        part = next((item for item in (await request.post()).values() if isinstance(item, web.FileField)), None)
        content = part.file.read() if part else b""
    else:
        content = await request.read()
    if len(content) != int(request.query["length"]):
        return web.Response(status=400, text="length does not match")
    file.content = content
    return web.Response(text=f"OK - {len(content)}")


async def download(slack: SlackApi, request: web.Request) -> web.Response:
    """A file at its private address. Without the bot's token Slack shows its sign-in page, with status 200."""
    file = slack.world.files.get(request.match_info["file"])
    allowed = request.headers.get("Authorization") == f"Bearer {slack.bot_token}" and "files:read" in slack.scopes
    if not allowed or slack.bot_token in slack.revoked:
        return web.Response(text=LOGIN_PAGE, content_type="text/html")
    if file is None:
        return web.Response(status=404)
    return web.Response(body=file.content, content_type=file.kind)


# Response addresses


async def respond(slack: SlackApi, request: web.Request) -> web.Response:
    """What an app says at the response address of a command or a tap, up to five times in half an hour."""
    address = slack.responses.get(request.match_info["name"])
    if address is None:
        return web.json_response({"ok": False, "error": "invalid_url"}, status=404)
    if (slack.clock() - address.at).total_seconds() > RESPONSE_SECONDS:
        return web.json_response({"ok": False, "error": "expired_url"}, status=404)
    if address.used >= RESPONSES:
        return web.json_response({"ok": False, "error": "used_url"}, status=404)
    address.used += 1
    try:
        sent = json.loads(await request.text())
    except ValueError:
        return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
    refusal = slack.taken("response_url", sent, lambda: answer_person(slack, address, sent))
    return web.json_response(refusal.body(), status=400) if refusal else web.Response(text="ok")


def answer_person(slack: SlackApi, address: Address, sent: Json) -> None:
    """Show what an app answered a person with: a message for that person alone unless it says ``in_channel``."""
    if address.message and sent.get("delete_original"):
        address.message.deleted = True
    elif address.message and sent.get("replace_original"):
        change(slack, address.message, sent)
    else:
        seen_by = None if sent.get("response_type") == "in_channel" else address.user
        post(slack, slack.world.conversations[address.conversation], sent, ephemeral_for=seen_by)
