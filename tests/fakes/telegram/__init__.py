"""A fake Telegram; :class:`FakeTelegram` is the way in."""

from .fake import FakeTelegram, Tap
from .world import Chat, Message, Query, User

__all__ = ["Chat", "FakeTelegram", "Message", "Query", "Tap", "User"]
