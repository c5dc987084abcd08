"""A fake Slack and a fake Telegram that the real client libraries talk to over sockets.

They refuse what the real ones refuse: payloads over a documented limit, against the published types (``schema/``), or
against the platforms' rules; and, marked as ours, what no reader should be sent. A test acts as people and sees what
they see::

    async with FakeTelegram.running() as telegram:
        broker = telegram.user("Aïcha", language_code="fr")
        await telegram.starts(broker)
        await telegram.hears(broker, "Bonjour")
        assert not telegram.refusals

``python -m tests.fakes`` serves both until it is interrupted, and tells how to act as a person with curl.
Nothing here knows Parley.
"""

from .faults import Fault
from .platform import Call, Impossible
from .slack import FakeSlack
from .telegram import FakeTelegram

__all__ = ["Call", "FakeSlack", "FakeTelegram", "Fault", "Impossible"]
