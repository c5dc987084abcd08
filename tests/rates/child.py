"""One process that sends to many: `python -m tests.rates.child DATABASE API TOKEN RATE SECONDS FIRST`.

Says "ready" and begins at a line on its standard input. It sends to the chats from FIRST on, each once, through
Parley's own client, in the slots that it is given; then writes {"sent", "missed", "refused", "cpu"} as a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress
from itertools import count

from bot.kit.door import Paused
from bot.platforms.telegram.client import Client
from bot.rates import Buckets, Limits, is_missed
from bot.work import Threads
from db.session import Sessions, connect
from scheduling.clock import SystemClock

DOOR = "telegram"
AT_A_TIME = 20


async def send(database: str, api: str, token: str, rate: float, seconds: float, first: int) -> dict[str, float]:
    sessions = Sessions(connect(database))
    threads = Threads(sessions)
    rates = Buckets(sessions=sessions, threads=threads, limits=Limits({DOOR: rate}))
    client = Client(token, api, SystemClock())
    await client.open()
    with suppress(Paused):  # the first slots are for warming up
        await rates.slots(DOOR, 1)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    told = {"sent": 0, "missed": 0, "refused": 0}
    loop = asyncio.get_running_loop()
    chats, under_way, end, cpu = count(first), set[asyncio.Task[None]](), loop.time() + seconds, time.process_time()

    async def one() -> None:
        try:
            await client.perform("sendMessage", {"chat_id": next(chats), "text": "Rules of origin change on 1 May."})
            told["sent"] += 1
        except Paused as error:
            told["refused"] += 1
            await rates.told_to_wait(DOOR, error.pause)

    while loop.time() < end:
        try:
            slots = await rates.slots(DOOR, AT_A_TIME)
        except Paused as error:
            await asyncio.sleep(error.pause.total_seconds())
            continue
        for slot in slots:
            if (away := slot - loop.time()) > 0:
                await asyncio.sleep(away)
            if is_missed(slot, loop.time()):
                told["missed"] += 1
                continue
            task = asyncio.create_task(one())
            under_way.add(task)
            task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)
    used = time.process_time() - cpu
    await client.close()
    threads.close()
    sessions.engine.dispose()
    return told | {"cpu": used}


if __name__ == "__main__":
    _me, _database, _api, _token, _rate, _seconds, _first = sys.argv
    sys.stdout.write(json.dumps(asyncio.run(send(_database, _api, _token, float(_rate), float(_seconds), int(_first)))))
