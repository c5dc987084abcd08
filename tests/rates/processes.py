"""Several of them at once, and what whoever receives sees: how many in the fullest second, and how many in all."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.shell import ROOT

FIRST_CHAT, APART = 1001, 100_000
EDGE = 1.0  # seconds at either end that do not count: not all have begun, some have ended


@dataclass(frozen=True)
class Seen:
    """`fullest`: the most in any second; `rate`: on average, a second; the rest as the senders say."""

    fullest: int
    rate: float
    sent: int
    missed: int
    refused: int
    cpu: float  # seconds for each message


Told = Mapping[str, float]


async def sending(
    processes: int,
    *,
    database: str,
    api: str,
    token: str,
    rate: float,
    seconds: float,
    module: str = "tests.rates.child",
) -> Sequence[Told]:
    """Let so many processes send for so long, all from the same moment on; what each says of it.

    The first sends to the chats from `FIRST_CHAT` on, the second to those from `APART` further on, and so on.
    """
    command = [sys.executable, "-m", module, database, api, token, str(rate), str(seconds)]
    children = [
        await asyncio.create_subprocess_exec(
            *command, str(FIRST_CHAT + APART * number), cwd=ROOT, stdin=PIPE, stdout=PIPE
        )
        for number in range(processes)
    ]
    try:
        for child in children:
            assert child.stdout is not None
            assert await child.stdout.readline() == b"ready\n"
        told = await asyncio.gather(*(child.communicate(b"\n") for child in children))
    finally:
        for child in children:
            if child.returncode is None:
                child.kill()
                await child.wait()
    return [json.loads(said) for said, _errors in told]


def seen(arrivals: Sequence[float], told: Sequence[Told]) -> Seen:
    """`arrivals` in seconds by the receiver's clock."""
    arrivals = sorted(arrivals)
    begin, end = arrivals[0] + EDGE, arrivals[-1] - EDGE
    inside = sum(begin <= each < end for each in arrivals)
    sums = {name: sum(each[name] for each in told) for name in ("sent", "missed", "refused", "cpu")}
    return Seen(
        fullest=fullest(arrivals),
        rate=inside / (end - begin),
        sent=int(sums["sent"]),
        missed=int(sums["missed"]),
        refused=int(sums["refused"]),
        cpu=sums["cpu"] / max(1, sums["sent"]),
    )


def fullest(arrivals: Sequence[float]) -> int:
    """The most that came within any second, whenever it began."""
    most, first = 0, 0
    for last, at in enumerate(arrivals):
        while arrivals[first] <= at - 1:
            first += 1
        most = max(most, last - first + 1)
    return most
