"""A fake Slack; :class:`FakeSlack` is the way in."""

from .fake import FakeSlack, Reply
from .sending import Acknowledgement, Delivery, Timing
from .world import Conversation, Message, User, View

__all__ = ["Acknowledgement", "Conversation", "Delivery", "FakeSlack", "Message", "Reply", "Timing", "User", "View"]
