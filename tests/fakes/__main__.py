"""Serve both fakes until interrupted: ``python -m tests.fakes [--slack-port N] [--telegram-port N]``."""

import argparse
import asyncio
import signal
import sys

from . import FakeSlack, FakeTelegram

HOW = """The fakes are up. Point Parley at them with

{settings}

and open these pages to see how to act as a person with curl; {slack_person} (Slack) and {telegram_person} (Telegram)
are there already:
  {slack}/
  {telegram}/
"""


async def serve(slack_port: int, telegram_port: int) -> None:
    """Both platforms, each with one person in it, until SIGINT or SIGTERM."""
    ended = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    async with FakeSlack.running(port=slack_port) as slack, FakeTelegram.running(port=telegram_port) as telegram:
        settings = "\n".join([*slack.settings(), *telegram.settings()])
        people = {
            "slack_person": slack.user("Olga", locale="en-GB", tz="Europe/London").id,
            "telegram_person": telegram.user("Aïcha", language_code="fr").id,
        }
        sys.stdout.write(HOW.format(settings=settings, slack=slack.address, telegram=telegram.address, **people))
        sys.stdout.flush()
        await ended.wait()


def main() -> None:
    """Read the ports and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes", description=__doc__)
    parser.add_argument("--slack-port", type=int, default=9002, help="0: any free port")
    parser.add_argument("--telegram-port", type=int, default=9001, help="0: any free port")
    given = parser.parse_args()
    asyncio.run(serve(given.slack_port, given.telegram_port))


if __name__ == "__main__":
    main()
