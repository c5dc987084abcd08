"""The same messages by python-telegram-bot with its own rate limiter: `python -m tests.rates.peer` as `.child`.

It counts in its own process's memory, so DATABASE is only there to be called the same.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from itertools import count

from telegram.error import RetryAfter
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

AT_ONCE = 64  # its messages wait for their turn in memory: so many at once


async def send(api: str, token: str, rate: float, seconds: float, first: int) -> dict[str, float]:
    limiter = AIORateLimiter(overall_max_rate=rate, overall_time_period=1, max_retries=0)
    request = HTTPXRequest(connection_pool_size=AT_ONCE)
    bot = ExtBot(token, base_url=f"{api}/bot", rate_limiter=limiter, request=request)
    async with bot:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, sys.stdin.readline)
        told = {"sent": 0, "missed": 0, "refused": 0}
        chats, end, cpu = count(first), loop.time() + seconds, time.process_time()

        async def some() -> None:
            while loop.time() < end:
                try:
                    await bot.send_message(next(chats), "Rules of origin change on 1 May.")
                    told["sent"] += 1
                except RetryAfter:
                    told["refused"] += 1

        await asyncio.gather(*(some() for _each in range(AT_ONCE)))
        return told | {"cpu": time.process_time() - cpu}


if __name__ == "__main__":
    _me, _database, _api, _token, _rate, _seconds, _first = sys.argv
    sys.stdout.write(json.dumps(asyncio.run(send(_api, _token, float(_rate), float(_seconds), int(_first)))))
