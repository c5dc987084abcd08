"""What both fakes stand on: a real server on a loopback port, faults on demand, and a record of every call."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, is_dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Self, TypeVar

import aiohttp
from aiohttp import web

from .faults import HTML, Fault, Faults, Kind, cut

T = TypeVar("T")
Clock = Callable[[], datetime]

LARGEST_UPLOAD = 64 * 1024 * 1024  # over every platform's own limit, which is theirs to state


MARKS = dict.fromkeys(map(ord, "\u061c\u200e\u200f\u2066\u2067\u2068\u2069"))  # say which way text runs


def read(text: str) -> str:
    """What a person reads of a label, and types to name it: marks of direction are invisible."""
    return text.translate(MARKS)


def machine_clock() -> datetime:
    """The machine's time; a platform keeps its own clock, whatever time its bots believe in."""
    return datetime.now(UTC)  # noqa: TID251


class Impossible(AssertionError):
    """A person could not do this: the button is not there, the field is empty, the surface is closed."""


@dataclass(frozen=True)
class Answer:
    """What a call is answered with: an HTTP status, a JSON body, and headers beside the usual."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One call that was received: ``error`` is the platform's refusal, ``fault`` the kind that befell it."""

    number: int
    method: str
    arguments: Mapping[str, Any]
    status: int
    answer: Any
    error: str | None
    fault: Kind | None
    at: datetime

    @property
    def is_ok(self) -> bool:
        """Did the platform do what it was asked and say so?"""
        return self.error is None and self.fault in {None, "slow"}


@dataclass(frozen=True)
class Upload:
    """A file as it came in a form."""

    name: str
    kind: str
    content: bytes = field(repr=False)


class Platform(ABC):
    """A fake platform: served while :meth:`running`, acted on by persons, called by bots."""

    session: aiohttp.ClientSession  # for the requests that the platform itself makes

    def __init__(self, *, clock: Clock = machine_clock) -> None:
        self.clock = clock
        self.faults = Faults()
        self.recorded: list[Call] = []
        self.application = web.Application(client_max_size=LARGEST_UPLOAD)
        self.address = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self._stir = asyncio.Event()
        self._counts: dict[str, int] = {}

    @classmethod
    @asynccontextmanager
    async def running(cls, *, port: int = 0, **settings: Any) -> AsyncIterator[Self]:
        """The platform, served on 127.0.0.1 (``port`` 0: any free one) until the block ends."""
        platform = cls(**settings)
        # A poller that goes away must not leave its long poll behind, and the end of a test must not wait for one.
        runner = web.AppRunner(platform.application, handler_cancellation=True, shutdown_timeout=0.05, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        bound = runner.addresses[0][1]
        platform.address = f"http://127.0.0.1:{bound}"
        async with aiohttp.ClientSession() as platform.session:
            try:
                yield platform
            finally:
                await platform.closing()
                await runner.cleanup()

    async def closing(self) -> None:
        """The server is about to go: end what it does on its own."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Do something on the platform's own account, beside what it is asked."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # Calls

    def calls(self, method: str | None = None) -> list[Call]:
        """Every call so far, or those of one method, oldest first."""
        return [call for call in self.recorded if method in {None, call.method}]

    @property
    def refusals(self) -> list[Call]:
        """The calls that were refused for their own fault, not for one that was asked for."""
        return [call for call in self.recorded if call.error is not None and call.fault is None]

    def fails(self, method: str, kind: Kind, *, times: int = 1, skip: int = 0, **details: Any) -> None:
        """Let the next ``times`` calls of ``method`` (``*``: any) go wrong; details are those of :class:`Fault`."""
        self.faults.add(method, Fault(kind, **details), times=times, skip=skip)

    async def called(self, request: web.Request) -> web.StreamResponse:
        """One call of the platform's interface, from the wire to the wire."""
        method = request.match_info["method"]
        at = self.clock()
        arguments = await self.arguments(method, request)
        fault = self.faults.take(method)
        if fault:
            await fault.delay()
        if fault is None or fault.is_performed:
            answer = await self.perform(method, arguments, request)
        else:
            answer = self.fault_answer(fault)
        self.record(method, arguments, answer, fault, at)
        if fault and fault.kind.startswith("reset"):
            cut(request)
        if fault and fault.kind == "html":
            return web.Response(status=502, text=HTML, content_type="text/html")
        if fault and fault.kind == "garbage":
            return web.Response(status=200, text='{"ok": tru', content_type="application/json")
        shown = {"Date": format_datetime(at, usegmt=True)}
        return web.json_response(answer.body, status=answer.status, headers=shown | dict(answer.headers))

    def record(
        self, method: str, arguments: Mapping[str, Any], answer: Answer, fault: Fault | None, at: datetime
    ) -> None:
        """Keep a call for :meth:`calls`."""
        kind = fault.kind if fault else None
        number = len(self.recorded) + 1
        error = self.error_in(answer)
        self.recorded.append(Call(number, method, arguments, answer.status, answer.body, error, kind, at))
        self.stir()

    @abstractmethod
    async def arguments(self, method: str, request: web.Request) -> dict[str, Any]:
        """A call's arguments, as the platform understands them; what cannot be understood stays as it came."""

    @abstractmethod
    async def perform(self, method: str, arguments: dict[str, Any], request: web.Request) -> Answer:
        """Do what is asked, or say why not."""

    @abstractmethod
    def fault_answer(self, fault: Fault) -> Answer:
        """The platform's own words for a fault."""

    @abstractmethod
    def error_in(self, answer: Answer) -> str | None:
        """The refusal that an answer holds, or None."""

    # For those outside the process

    @abstractmethod
    def settings(self) -> list[str]:
        """The lines of an environment that point Parley here."""

    @abstractmethod
    def seen_by(self, query: Mapping[str, str]) -> Any:
        """What a person sees, by the fields of a query: ``user``, and for Slack ``where``."""

    @abstractmethod
    def meant(self, name: str, value: Any) -> Any:
        """The thing that is meant by an act's parameter: a message by its name, a chat by its number."""

    @abstractmethod
    def told(self, result: Any) -> Any:
        """What came of an act, in a form that JSON can hold."""

    # Waiting

    def stir(self) -> None:
        """Something has changed: whoever waits for a condition looks again."""
        self._stir.set()
        self._stir = asyncio.Event()

    async def until(self, look: Callable[[], T], within: float = 5.0) -> T:
        """What ``look`` gives, once that is true; it looks anew after each change, for ``within`` seconds at most."""
        end = self.monotonic() + within
        while not (found := look()):
            left = end - self.monotonic()
            if left <= 0:
                raise AssertionError(f"not within {within} s; the last calls: {self.recorded[-3:]}")
            try:
                async with asyncio.timeout(left):
                    await self._stir.wait()
            except TimeoutError:
                continue
        return found

    @staticmethod
    def monotonic() -> float:
        """Seconds that only ever grow, for what expires."""
        return asyncio.get_running_loop().time()

    def count(self, kind: str) -> int:
        """The next number of a kind of thing, so that the same test always sees the same ids."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return self._counts[kind]


def plain(value: Any) -> Any:
    """The value as JSON can hold it."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def as_json(value: Any) -> str:
    """The value as indented JSON, for people."""
    return json.dumps(plain(value), indent=1, ensure_ascii=False) + "\n"
