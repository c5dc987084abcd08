"""What can be made to go wrong with the next calls of a method, on either platform."""

import asyncio
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from socket import SO_LINGER, SOL_SOCKET
from typing import Literal, get_args

from aiohttp import web

Kind = Literal["429", "500", "html", "garbage", "error", "reset-before", "reset-after", "hang", "slow"]
KINDS: tuple[Kind, ...] = get_args(Kind)

HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong with one call.

    kind: ``429`` asks to wait ``retry_after`` (seconds; a string is sent as it is, None sends no wait at all);
    ``500`` is the platform's own JSON of that status; ``html`` a gateway's page with status 502; ``garbage`` status 200
    with a body that is no JSON; ``error`` the platform's refusal named by ``error``; ``reset-before`` drops the
    connection and does nothing; ``reset-after`` does what was asked and then drops it; ``hang`` answers after
    ``seconds`` with nothing done; ``slow`` answers properly after ``seconds``.
    """

    kind: Kind
    retry_after: float | str | None = 1
    seconds: float = 3600.0
    error: str = "internal_error"
    status: int = 400

    @property
    def is_performed(self) -> bool:
        """Does the call have its effect all the same?"""
        return self.kind in {"reset-after", "slow"}

    async def delay(self) -> None:
        """Keep the caller waiting, if that is the fault."""
        if self.kind in {"hang", "slow"}:
            await asyncio.sleep(self.seconds)


class Faults:
    """The faults that wait for their calls, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, Fault, int, int]] = []

    def add(self, method: str, fault: Fault, *, times: int = 1, skip: int = 0) -> None:
        """Let ``fault`` befall ``times`` calls of ``method`` (``*``: of any), after ``skip`` calls have gone well."""
        if fault.kind not in KINDS:
            raise ValueError(f"{fault.kind!r} is none of {', '.join(KINDS)}")
        self._waiting.append((method, fault, times, skip))

    def take(self, method: str) -> Fault | None:
        """The fault for a call of ``method`` that has just come in, or None."""
        for number, (wanted, fault, times, skip) in enumerate(self._waiting):
            if wanted not in {method, "*"}:
                continue
            if skip:
                self._waiting[number] = (wanted, fault, times, skip - 1)
                return None
            if times > 1:
                self._waiting[number] = (wanted, fault, times - 1, 0)
            else:
                del self._waiting[number]
            return fault
        return None

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._waiting.clear()

    def __iter__(self) -> Iterator[tuple[str, Fault, int, int]]:
        return iter(self._waiting)


def cut(request: web.Request) -> None:
    """Drop the connection the hard way: the client sees a reset, not an end."""
    if request.transport is not None:
        socket = request.transport.get_extra_info("socket")
        socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
