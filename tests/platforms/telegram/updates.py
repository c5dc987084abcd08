"""Updates in the Bot API's shape, as short as they come."""

from typing import Any

AMINA = {"id": 1001, "is_bot": False, "first_name": "Amina", "last_name": "Diop", "language_code": "fr"}
PRIVATE = {"id": 1001, "type": "private", "first_name": "Amina"}
GROUP = {"id": -5, "type": "group", "title": "Port"}


def message(number: int = 1, /, **content: Any) -> dict[str, Any]:
    """A message of Amina's to the bot."""
    given = {"message_id": 7, "date": 1, "chat": PRIVATE, "from": AMINA}
    return {"update_id": number, "message": given | content}


def tap(data: str = "handle", /, **content: Any) -> dict[str, Any]:
    on = {"message_id": 5, "date": 1, "chat": PRIVATE}
    query = {"id": "77", "from": AMINA, "message": on, "chat_instance": "1", "data": data}
    return {"update_id": 1, "callback_query": query | content}


def membership(status: str, chat: dict[str, Any] = PRIVATE) -> dict[str, Any]:
    bot = {"id": 9, "is_bot": True, "first_name": "Parley"}
    change = {"chat": chat, "from": AMINA, "date": 1, "old_chat_member": {"user": bot, "status": "member"}}
    return {"update_id": 1, "my_chat_member": change | {"new_chat_member": {"user": bot, "status": status}}}
