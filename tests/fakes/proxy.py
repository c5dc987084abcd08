"""A TCP line that can be made bad: between a client and a server, on loopback, without a kernel's help."""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET
from urllib.parse import urlsplit

CHUNK = 64 * 1024


@dataclass
class Line:
    """What befalls connections from now on, and those that are open; all well at first.

    refuse: a new connection is reset as soon as it is accepted. cut_after: so many bytes of the server's answer arrive,
    then the connection ends, with a reset if `reset`. hold: nothing arrives any more in either direction, and nobody
    is told (a half-open socket). delay: seconds that every piece of an answer takes. half_close: the server is told
    that nothing more comes from the client.
    """

    address: str = ""
    refuse: bool = False
    cut_after: int | None = None
    reset: bool = False
    delay: float = 0.0
    half_close: bool = False
    connections: int = 0
    _through: asyncio.Event = field(default_factory=asyncio.Event)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def hold(self) -> None:
        """From now on the line is dead, and looks alive."""
        self._through.clear()

    def heal(self) -> None:
        """All is well again; what was held arrives."""
        self.refuse, self.cut_after, self.reset, self.delay, self.half_close = False, None, False, 0.0, False
        self._through.set()

    async def take(self, host: str, port: int, near: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        """One connection, from its beginning to its end."""
        self.connections += 1
        if self.refuse:
            _end(answer, reset=True)
            return
        far, ask = await asyncio.open_connection(host, port)
        self._writers |= {answer, ask}
        there = asyncio.create_task(self._carry(near, ask, is_answer=False))
        back = asyncio.create_task(self._carry(far, answer, is_answer=True))
        try:
            await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
            if there.done() and not back.done():
                await back  # the client said its last word; the server may still answer
        finally:
            for task in (there, back):
                task.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
            _end(answer, reset=self.reset)
            _end(ask, reset=False)
            self._writers -= {answer, ask}

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, is_answer: bool) -> None:
        carried = 0
        with suppress(ConnectionError):
            while data := await source.read(CHUNK):
                await self._through.wait()
                if is_answer:
                    await asyncio.sleep(self.delay)
                    if self.cut_after is not None:
                        data = data[: max(0, self.cut_after - carried)]
                carried += len(data)
                target.write(data)
                await target.drain()
                if is_answer and self.cut_after is not None and carried >= self.cut_after:
                    return
                if not is_answer and self.half_close:
                    break
            if not is_answer:
                target.write_eof()

    async def close(self) -> None:
        for writer in self._writers:
            writer.transport.abort()


@asynccontextmanager
async def line_to(server: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[Line]:
    """A line to `server` (http://host:port), to be called at `line.address`: by https with what `tls` shows of it."""
    parts = urlsplit(server)
    assert parts.hostname is not None and parts.port is not None
    host, port = parts.hostname, parts.port
    line = Line()
    line.heal()
    tasks: set[asyncio.Task[None]] = set()

    def accept(near: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(line.take(host, port, near, answer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    line.address = f"{'https' if tls else 'http'}://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await line.close()


def _end(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    if reset:
        connection = writer.get_extra_info("socket")
        connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    else:
        writer.close()
