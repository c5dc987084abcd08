"""The processes. `serve` runs one of them: everything in one, or a part beside others that share the scaled engine.

A web process answers HTTP, and one of them takes in what comes otherwise; a worker does jobs and sends; a clock looks
at what is due. Any number of each may run.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import os
import platform
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack, asynccontextmanager, closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
import uvicorn
from sqlalchemy import make_url, select
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from bot import http
from bot.core import Parley
from bot.kit.door import SendError
from bot.ops import metrics
from bot.ops.alone import RUNS, Lock, alone, among, watch
from bot.ops.database import elsewhere, opened
from bot.ops.intake import Intake
from bot.ops.leaving import leave_when_told
from bot.ops.standstill import unless_wanted
from bot.ops.trouble import Trouble
from bot.ops.wires import Wire, telegram, those_set_up
from db.machinery import Setting
from db.people import Administration
from db.session import Sessions, called
from scheduling.clock import SystemClock
from scheduling.pace import Pace
from scheduling.ticker import Ticker

if TYPE_CHECKING:
    from bot.settings import Settings

log = structlog.get_logger()
GRACE = 5  # seconds for requests, and for each platform
WORK_GRACE = 2 * GRACE  # seconds for jobs under way
WEB, WORKER, CLOCK = "web", "worker", "clock"
ALL = frozenset({WEB, WORKER, CLOCK})
INSTANCE = "instance"  # the setting by which the processes on one database are known as one Parley


def serve(settings: Settings, *, does: frozenset[str] = ALL, port: int | None = None) -> None:
    """Run until told to stop. Raises Trouble where it cannot begin.

    Whoever does no web work listens only where it is given a `port`, for probes and figures.
    """
    leave_when_told()  # uvicorn hands the signal back when it is done
    shares = check_engine(settings, does)
    with ExitStack() as stack:
        with opened(settings.database_url) as sessions:
            with sessions.reading() as session:
                if session.scalar(select(Administration.id).limit(1)) is None:
                    raise Trouble("there is no administration yet: run `parley admin create` first")
            instance = _instance(sessions) if shares else None
        lock = stack.enter_context(_place(settings, does, shares=shares))
        parley = stack.enter_context(closing(_parley(settings, does)))
        process = Process(parley, does, lock)
        receivers = process.connect(settings)
        if WEB in does and shares:
            process.intake = Intake(settings.database_url, process.take_in, process.let_go, name=_name(does))
        more: list[BaseRoute] = []
        if settings.metrics_key is not None:
            more.append(metrics.route(parley, process.health, does, settings.metrics_key.get_secret_value()))
        config = uvicorn.Config(
            _application(settings, process, receivers, instance, more),
            host=settings.host,
            port=port or settings.port,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=GRACE,
        )
        server = uvicorn.Server(config)
        process.leave = lambda: setattr(server, "should_exit", True)
        server.run(sockets=None if WEB in does or port is not None else [])
        if not lock.is_held():
            raise Trouble(RUNS)
        if parley.sessions.is_sqlite and (why := elsewhere(parley.sessions)) is not None:
            raise Trouble(why)


def check_engine(settings: Settings, does: frozenset[str] = ALL) -> bool:
    """Whether this process shares its work with others. Raises Trouble where it cannot, and should."""
    if settings.engine == "embedded":
        if does == ALL:
            return False
        raise Trouble(
            f"`parley {' and '.join(sorted(does))}` shares the work with others: set PARLEY_ENGINE=scaled, and"
            " PARLEY_DATABASE_URL to PostgreSQL; or run `parley all`"
        )
    if make_url(settings.database_url).get_backend_name() != "postgresql":
        raise Trouble("PARLEY_ENGINE=scaled needs PARLEY_DATABASE_URL to be PostgreSQL: SQLite is for one process")
    if importlib.util.find_spec("procrastinate") is None:
        raise Trouble(
            "PARLEY_ENGINE=scaled needs more packages: pip install --require-hashes -r requirements/scale.txt"
        )
    return True


class Process:
    """What goes on in one process: its lines, its jobs, its clock, those of them that it `does`."""

    def __init__(self, parley: Parley, does: frozenset[str], lock: Lock) -> None:
        self.parley = parley
        self.wires: dict[str, Wire] = {}
        self.intake: Intake | None = None  # who may take in is settled among several; None: we do
        self.leave: Callable[[], None] = lambda: None
        self.does = does
        self._lock = lock
        self.gate = http.Gate()
        self._connected: dict[str, asyncio.Task[None]] = {}
        parley.edge.leaves_turns = WORKER not in does

    def connect(self, settings: Settings) -> dict[str, http.Receiver]:
        """Give it the lines that are set up. A clock neither sends nor runs anybody's turn: it has none."""
        if self.does == {CLOCK}:
            return {}
        self.wires, receivers = those_set_up(settings, self.parley)
        return receivers

    def health(self) -> dict[str, Any]:
        parts = {name: dict(wire.health()) for name, wire in self.wires.items()}
        if self.intake is not None:
            parts["intake"] = {"ok": self.intake.is_somewhere, "here": self.intake.is_here}
        if not self.gate.is_open:
            parts["database"] = {"ok": False, "trouble": "being moved"}
        return parts

    def attended(self, _app: object = None) -> AbstractAsyncContextManager[None]:
        """`running`, but for the times when the database is being moved."""
        return unless_wanted(
            self.running,
            lock=self._lock,
            gate=self.gate,
            elsewhere=lambda: elsewhere(self.parley.sessions),
            leave=self.leave,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything that goes on beside the requests.

        At the end it stops taking in first, then lets jobs under way finish, and closes the lines they send by last.
        """
        parley = self.parley
        recovered = await parley.edge.recover()
        gc.collect()
        gc.freeze()  # what is there by now stays until the end: not looked through again at every collection
        log.info("started", does=sorted(self.does), waiting_updates=recovered, doors=sorted(self.wires))
        ticker = Ticker(parley.tick if CLOCK in self.does else parley.edge.catch_up)
        jobs = asyncio.create_task(parley.work.run()) if WORKER in self.does else None
        ticker.start()
        self._connected = {
            name: asyncio.create_task(_until_done(name, wire.connect)) for name, wire in self.wires.items()
        }
        beside = [*self._connected.values(), asyncio.create_task(watch(self._lock, self.leave))]
        if WEB in self.does:
            beside.append(asyncio.create_task(self.intake.run() if self.intake is not None else self.take_in()))
        try:
            yield
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await self.let_go()
            ticker.stop()
            parley.work.stop()
            if jobs is not None:
                await asyncio.wait([jobs], timeout=WORK_GRACE)
            await self._each("stop")
            log.info("stopped")

    async def take_in(self) -> None:
        """Begin on every line, and keep trying. Comes to an end when all have begun."""
        await asyncio.gather(*(self._take_in(name, wire) for name, wire in self.wires.items()))

    async def let_go(self) -> None:
        """Take in no longer. What was not confirmed comes again, here or elsewhere."""
        await self._each("let_go")

    async def _take_in(self, name: str, wire: Wire) -> None:
        await asyncio.shield(self._connected[name])
        await _until_done(name, wire.take_in)

    async def _each(self, what: str) -> None:
        await asyncio.gather(*(_ended(name, getattr(wire, what)) for name, wire in self.wires.items()))


async def _ended(name: str, end: Callable[[], Awaitable[None]]) -> None:
    """A platform that does not let go keeps nobody waiting: what it had not confirmed comes again."""
    try:
        async with asyncio.timeout(GRACE):
            await end()
    except Exception as error:  # noqa: BLE001  whatever a platform does at the end, the others are stopped too
        log.warning("cannot stop", door=name, error=type(error).__name__)


async def _until_done(name: str, begin: Callable[[], Awaitable[None]]) -> None:
    """A platform that cannot be reached at start is tried again; the others and the page serve meanwhile."""
    pause = 1.0
    while True:
        try:
            await begin()
        except Exception as error:  # noqa: BLE001  whatever keeps a platform away, the others go on
            log.error("cannot start", door=name, error=type(error).__name__, again_in=pause)
            await asyncio.sleep(pause)
            pause = min(60.0, pause * 2)
        else:
            return


def set_telegram_up(settings: Settings) -> None:
    """Set the bot's commands, name and descriptions."""
    with opened(settings.database_url), closing(_parley(settings)) as parley:
        wire = telegram(settings, parley)
        if wire is None:
            raise Trouble("set PARLEY_TELEGRAM_TOKEN first: @BotFather gives it to you")
        try:
            asyncio.run(wire.set_up())
        except SendError as error:
            raise Trouble(f"Telegram does not take it: {error}") from None


def _parley(settings: Settings, does: frozenset[str] = ALL) -> Parley:
    return Parley(
        database_url=called(settings.database_url, _name(does)),
        public_url=settings.public_url,
        clock=SystemClock(),
        pace=Pace(),
        hold=timedelta(seconds=settings.broadcast_hold),
        limits={"telegram": settings.telegram_rate, "slack": settings.slack_rate, "email": settings.mail_rate},
        engine=settings.engine,
    )


def _application(
    settings: Settings,
    process: Process,
    receivers: Mapping[str, http.Receiver],
    instance: str | None,
    more: list[BaseRoute],
) -> Starlette:
    if WEB not in process.does:
        probes = http.probes(process.parley, health=process.health, instance=instance)
        return Starlette(routes=[*probes, *more], lifespan=process.attended)
    return http.application(
        process.parley,
        receivers=receivers,
        health=process.health,
        secure=settings.public_url.startswith("https://"),
        more=more,
        instance=instance,
        gate=process.gate,
        lifespan=process.attended,
    )


def _place(settings: Settings, does: frozenset[str], *, shares: bool) -> AbstractContextManager[Lock]:
    return among(settings.database_url, sorted(does)) if shares else alone(settings.database_url)


def _name(does: frozenset[str]) -> str:
    """How the server shows the connections of this process."""
    part = "all" if does == ALL else " ".join(sorted(does))
    return f"parley {part} {platform.node()} {os.getpid()}"[:63]


def _instance(sessions: Sessions) -> str:
    """What all processes on this database answer to `parley doctor`, whichever of them a proxy asks."""
    with sessions.writing() as session:
        sessions.lock(session, INSTANCE)
        kept = session.get(Setting, INSTANCE) or Setting(name=INSTANCE, value={"id": secrets.token_hex(8)})
        session.add(kept)
        return str(kept.value["id"])
