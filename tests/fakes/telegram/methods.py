"""The Bot API's methods."""

from collections.abc import Callable
from typing import Any

from ..platform import Upload
from .api import Method, Said, TelegramApi
from .check import DOWNLOAD_BYTES, Json, Refused, bad, check_photo, formatted
from .entities import Entity
from .world import BOT_ID, Chat, File, Message, Topic, bot_body

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)
DELETABLE_SECONDS = 48 * 3600
TOPIC_RIGHTS = ("can_manage_topics", "can_pin_messages")
SCOPE_KEYS = ("type", "chat_id", "user_id")

METHODS: dict[str, Method] = {}


def method(name: str) -> Callable[[Method], Method]:
    """Make a function the Bot API's method of that name: it is given checked parameters and gives the result."""

    def named(function: Method) -> Method:
        METHODS[name] = function
        return function

    return named


# Updates


@method("getUpdates")
async def get_updates(telegram: TelegramApi, parameters: Json) -> list[Json]:
    return await telegram.updates.poll(parameters)


@method("setWebhook")
def set_webhook(telegram: TelegramApi, parameters: Json) -> Said:
    return Said(telegram.updates.set_webhook(parameters))


@method("deleteWebhook")
def delete_webhook(telegram: TelegramApi, parameters: Json) -> Said:
    return Said(telegram.updates.delete_webhook(parameters))


@method("getWebhookInfo")
def webhook_info(telegram: TelegramApi, parameters: Json) -> Json:
    return telegram.updates.webhook_info()


@method("logOut")
@method("close")
def let_go(telegram: TelegramApi, parameters: Json) -> bool:
    return True


# The bot


@method("getMe")
def get_me(telegram: TelegramApi, parameters: Json) -> Json:
    return bot_body() | telegram.flags | {"can_connect_to_business": False, "has_main_web_app": False}


def scope(parameters: Json) -> str:
    """A scope of commands in one word."""
    given = parameters.get("scope", {"type": "default"})
    return ":".join(str(given[key]) for key in SCOPE_KEYS if key in given)


@method("setMyCommands")
def set_commands(telegram: TelegramApi, parameters: Json) -> bool:
    names = [command["command"] for command in parameters["commands"]]
    if len(set(names)) < len(names):
        raise bad("BOT_COMMAND_INVALID")
    telegram.world.commands[scope(parameters), parameters.get("language_code", "")] = parameters["commands"]
    return True


@method("getMyCommands")
def get_commands(telegram: TelegramApi, parameters: Json) -> list[Json]:
    return telegram.world.commands.get((scope(parameters), parameters.get("language_code", "")), [])


@method("deleteMyCommands")
def delete_commands(telegram: TelegramApi, parameters: Json) -> bool:
    telegram.world.commands.pop((scope(parameters), parameters.get("language_code", "")), None)
    return True


def set_words(telegram: TelegramApi, parameters: Json, key: str) -> bool:
    telegram.world.words[key, parameters.get("language_code", "")] = parameters.get(key, "")
    return True


def get_words(telegram: TelegramApi, parameters: Json, key: str) -> Json:
    words = telegram.world.words
    return {key: words.get((key, parameters.get("language_code", ""))) or words.get((key, "")) or ""}


@method("setMyName")
def set_name(telegram: TelegramApi, parameters: Json) -> bool:
    return set_words(telegram, parameters, "name")


@method("getMyName")
def get_name(telegram: TelegramApi, parameters: Json) -> Json:
    return get_words(telegram, parameters, "name")


@method("setMyDescription")
def set_description(telegram: TelegramApi, parameters: Json) -> bool:
    return set_words(telegram, parameters, "description")


@method("getMyDescription")
def get_description(telegram: TelegramApi, parameters: Json) -> Json:
    return get_words(telegram, parameters, "description")


@method("setMyShortDescription")
def set_short_description(telegram: TelegramApi, parameters: Json) -> bool:
    return set_words(telegram, parameters, "short_description")


@method("getMyShortDescription")
def get_short_description(telegram: TelegramApi, parameters: Json) -> Json:
    return get_words(telegram, parameters, "short_description")


@method("setChatMenuButton")
def set_menu_button(telegram: TelegramApi, parameters: Json) -> bool:
    telegram.world.menu_buttons[parameters.get("chat_id")] = parameters.get("menu_button", {"type": "default"})
    return True


# Messages


@method("sendMessage")
def send_message(telegram: TelegramApi, parameters: Json) -> Json:
    text, entities = formatted("sendMessage", parameters, "text")
    return sent(telegram, parameters, text, entities)


@method("sendPhoto")
def send_photo(telegram: TelegramApi, parameters: Json) -> Json:
    text, entities = formatted("sendPhoto", parameters, "caption")
    given = parameters["photo"]
    if isinstance(given, Upload):
        size = check_photo(given.content)
        photo = telegram.world.new_file(given.name, given.content, given.kind, size)
    else:
        photo = known_file(telegram, given)
        if photo.size is None:
            raise bad("can't use file of type Document as Photo")
    return sent(telegram, parameters, text, entities, photo=photo)


@method("sendDocument")
def send_document(telegram: TelegramApi, parameters: Json) -> Json:
    text, entities = formatted("sendDocument", parameters, "caption")
    given = parameters["document"]
    if not isinstance(given, Upload):
        return sent(telegram, parameters, text, entities, document=known_file(telegram, given))
    if not given.content:
        raise bad("file must be non-empty")
    document = telegram.world.new_file(given.name, given.content, given.kind)
    return sent(telegram, parameters, text, entities, document=document)


def known_file(telegram: TelegramApi, name: str) -> File:
    """A file that was sent before; the fake fetches nothing from the web."""
    if name not in telegram.world.files:
        raise bad("wrong file identifier/HTTP URL specified")
    return telegram.world.files[name]


def sent(telegram: TelegramApi, parameters: Json, text: str, entities: list[Entity], **files: File) -> Json:
    """Put the bot's message into its chat."""
    chat = telegram.world.place(parameters["chat_id"])
    topic = topic_to_write_in(chat, parameters["message_thread_id"]) if "message_thread_id" in parameters else None
    reply = parameters.get("reply_parameters", {})
    reply_to = reply.get("message_id")
    if reply_to and telegram.world.message(chat.id, reply_to) is None:
        if not reply.get("allow_sending_without_reply"):
            raise bad("message to be replied not found")
        reply_to = None
    keyboard = parameters.get("reply_markup")
    content: dict[str, Any] = {"text": text, "entities": entities, "reply_to": reply_to, "topic": topic, **files}
    if keyboard and "inline_keyboard" in keyboard:
        content["keyboard"] = keyboard
    elif keyboard and "keyboard" in keyboard:
        telegram.world.keyboards[chat.id] = keyboard
    elif keyboard and "remove_keyboard" in keyboard:
        telegram.world.keyboards.pop(chat.id, None)
    message = telegram.world.new_message(chat, BOT_ID, telegram.now, **content)
    return message.body(telegram.world.people)


def own_message(telegram: TelegramApi, parameters: Json, deed: str) -> Message:
    """The bot's message that a call is about."""
    if "inline_message_id" in parameters:
        raise bad("MESSAGE_ID_INVALID")
    if "chat_id" not in parameters or "message_id" not in parameters:
        raise bad("message identifier is not specified")
    chat = telegram.world.place(parameters["chat_id"])
    message = telegram.world.message(chat.id, parameters["message_id"])
    if message is None:
        raise bad(f"message to {deed} not found")
    if not message.by_bot and deed == "edit":
        raise bad("message can't be edited")
    return message


def edited(telegram: TelegramApi, message: Message, keyboard: Json | None, text: str, entities: list[Entity]) -> Json:
    """Change a message; a keyboard that is not sent again is gone."""
    if keyboard is not None and "inline_keyboard" not in keyboard:
        raise bad("inline keyboard expected")
    if keyboard and not any(keyboard["inline_keyboard"]):
        keyboard = None
    if (text, entities, keyboard) == (message.text, message.entities, message.keyboard):
        raise bad(NOT_MODIFIED)
    message.text, message.entities, message.keyboard = text, entities, keyboard
    message.edited = telegram.now
    return message.body(telegram.world.people)


@method("editMessageText")
def edit_text(telegram: TelegramApi, parameters: Json) -> Json:
    message = own_message(telegram, parameters, "edit")
    if message.file:
        raise bad("there is no text in the message to edit")
    text, entities = formatted("editMessageText", parameters, "text")
    return edited(telegram, message, parameters.get("reply_markup"), text, entities)


@method("editMessageCaption")
def edit_caption(telegram: TelegramApi, parameters: Json) -> Json:
    message = own_message(telegram, parameters, "edit")
    if not message.file:
        raise bad("there is no caption in the message to edit")
    text, entities = formatted("editMessageCaption", parameters, "caption")
    return edited(telegram, message, parameters.get("reply_markup"), text, entities)


@method("editMessageReplyMarkup")
def edit_keyboard(telegram: TelegramApi, parameters: Json) -> Json:
    message = own_message(telegram, parameters, "edit")
    return edited(telegram, message, parameters.get("reply_markup"), message.text, message.entities)


@method("deleteMessage")
def delete_message(telegram: TelegramApi, parameters: Json) -> bool:
    message = own_message(telegram, parameters, "delete")
    if telegram.now - message.date > DELETABLE_SECONDS or not (message.by_bot or message.chat.user):
        raise bad("message can't be deleted for everyone")
    message.deleted = True
    return True


@method("answerCallbackQuery")
def answer_query(telegram: TelegramApi, parameters: Json) -> bool:
    query = telegram.world.queries.get(parameters["callback_query_id"])
    if query is None or query.answered or telegram.monotonic() - query.at > telegram.query_seconds:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    query.answered = True
    query.text, query.is_alert = parameters.get("text", ""), parameters.get("show_alert", False)
    query.url = parameters.get("url")
    return True


@method("sendChatAction")
def chat_action(telegram: TelegramApi, parameters: Json) -> bool:
    chat = telegram.world.place(parameters["chat_id"])
    telegram.world.actions.append((chat.id, parameters["action"]))
    return True


# Chats and files


@method("getChat")
def get_chat(telegram: TelegramApi, parameters: Json) -> Json:
    chat = telegram.world.chats.get(parameters["chat_id"])
    if chat is None:
        raise bad("chat not found")
    gifts = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), True
    )
    return chat.body() | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}


@method("getChatMember")
def get_chat_member(telegram: TelegramApi, parameters: Json) -> Json:
    chat = telegram.world.place(parameters["chat_id"])
    user = parameters["user_id"]
    if user == BOT_ID and chat.rights is not None:
        given = {right: right in chat.rights for right in sorted({*chat.rights, *TOPIC_RIGHTS})}
        return {"user": bot_body(), "status": "administrator", "can_be_edited": False, "is_anonymous": False, **given}
    if user == BOT_ID:
        return {"user": bot_body(), "status": "member"}
    if user not in telegram.world.people:
        raise bad("PARTICIPANT_ID_INVALID")
    return {"user": telegram.world.people[user].body(), "status": "member" if user in chat.members else "left"}


# Topics


def forum(telegram: TelegramApi, parameters: Json, deed: str) -> Chat:
    """The forum whose topics the bot may manage."""
    chat = telegram.world.place(parameters["chat_id"])
    if not chat.is_forum:
        raise bad("the chat is not a forum")
    if "can_manage_topics" not in (chat.rights or ()):
        raise bad(f"not enough rights to {deed}")
    return chat


def topic_of(chat: Chat, number: int) -> Topic:
    topic = chat.topics.get(number)
    if topic is None or topic.deleted:
        raise bad("TOPIC_ID_INVALID")
    return topic


def topic_to_write_in(chat: Chat, number: int) -> Topic:
    """A topic as sending means it; whoever manages topics may write in closed ones too."""
    topic = chat.topics.get(number)
    if topic is None or topic.deleted:
        raise bad("message thread not found")
    if topic.closed and "can_manage_topics" not in (chat.rights or ()):
        raise bad("TOPIC_CLOSED")
    return topic


@method("createForumTopic")
def create_topic(telegram: TelegramApi, parameters: Json) -> Json:
    chat = forum(telegram, parameters, "create a topic")
    name = parameters["name"].strip()
    if not name:
        raise bad("topic name must be non-empty")
    color = 7322096
    service = {"forum_topic_created": {"name": name, "icon_color": color}}
    message = telegram.world.new_message(chat, BOT_ID, telegram.now, service=service)
    message.topic = chat.topics[message.id] = Topic(message.id, name)
    telegram.stir()
    return {"message_thread_id": message.id, "name": name, "icon_color": color}


@method("editForumTopic")
def edit_topic(telegram: TelegramApi, parameters: Json) -> bool:
    topic = topic_of(forum(telegram, parameters, "edit the topic"), parameters["message_thread_id"])
    if parameters.get("name", topic.name) == topic.name:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.name = parameters["name"]
    return True


@method("closeForumTopic")
def close_topic(telegram: TelegramApi, parameters: Json) -> bool:
    topic = topic_of(forum(telegram, parameters, "close the topic"), parameters["message_thread_id"])
    if topic.closed:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.closed = True
    telegram.stir()
    return True


@method("pinChatMessage")
def pin_message(telegram: TelegramApi, parameters: Json) -> bool:
    chat = telegram.world.place(parameters["chat_id"])
    message = telegram.world.message(chat.id, parameters["message_id"])
    if not chat.user and "can_pin_messages" not in (chat.rights or ()):
        raise bad("not enough rights to manage pinned messages in the chat")
    if message is None:
        raise bad("message to pin not found")
    if message.id in chat.pins:
        raise bad("CHAT_NOT_MODIFIED")
    chat.pins.append(message.id)
    telegram.stir()
    return True


@method("leaveChat")
def leave_chat(telegram: TelegramApi, parameters: Json) -> bool:
    chat = telegram.world.place(parameters["chat_id"])
    if chat.user:
        raise Refused(400, "Bad Request: can't leave a private chat")
    chat.has_bot = False
    return True


@method("getFile")
def get_file(telegram: TelegramApi, parameters: Json) -> Json:
    file = telegram.world.files.get(parameters["file_id"])
    if file is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if len(file.content) > DOWNLOAD_BYTES:
        raise bad("file is too big")
    return file.body() | {"file_path": file.path}
