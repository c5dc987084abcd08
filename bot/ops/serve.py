"""The processes. `serve` runs everything in one: the doors, the page, the outbox, the clock."""

# ruff: noqa: PLC0415  a platform's SDK is loaded only where that platform is set up: half the memory, half the start

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager, closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

import structlog
import uvicorn
from sqlalchemy import select

from bot import http
from bot.core import Parley
from bot.kit.door import SendError
from bot.ops.alone import RUNS, Lock, alone, watch
from bot.ops.database import opened
from bot.ops.leaving import leave_when_told
from bot.ops.trouble import Trouble
from db.people import Administration
from scheduling.clock import SystemClock
from scheduling.pace import Pace
from scheduling.ticker import Ticker

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.settings import Settings

log = structlog.get_logger()
GRACE = 5  # seconds for requests, for each platform and for jobs under way


class Wire(Protocol):
    """One platform's connection: it brings updates in and performs what a door draws."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def handle_http(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]: ...
    def health(self) -> Mapping[str, Any]: ...


def serve(settings: Settings) -> None:
    """Run until told to stop. Raises Trouble where it cannot begin."""
    leave_when_told()  # uvicorn hands the signal back when it is done
    with ExitStack() as stack:
        with opened(settings.database_url) as sessions, sessions.reading() as session:
            if session.scalar(select(Administration.id).limit(1)) is None:
                raise Trouble("there is no administration yet: run `parley admin create` first")
        lock = stack.enter_context(alone(settings.database_url))
        parley = stack.enter_context(closing(_parley(settings)))
        wires, receivers = _wires(settings, parley)
        app = http.application(
            parley,
            receivers=receivers,
            health=lambda: {name: dict(wire.health()) for name, wire in wires.items()},
            secure=settings.public_url.startswith("https://"),
            lifespan=lambda _app: running(parley, wires, lock, leave),
        )
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=GRACE,
        )
        server = uvicorn.Server(config)

        def leave() -> None:
            server.should_exit = True

        server.run()
        if not lock.is_held():
            raise Trouble(RUNS)


@asynccontextmanager
async def running(
    parley: Parley, wires: Mapping[str, Wire], lock: Lock, leave: Callable[[], None]
) -> AsyncIterator[None]:
    """Everything that goes on beside the requests; stops intake first, then lets what is under way finish."""
    recovered = await parley.edge.recover()
    gc.collect()
    gc.freeze()  # what is there by now stays until the end: not looked through again at every collection
    log.info("started", waiting_updates=recovered, doors=sorted(wires))
    ticker = Ticker(parley.tick)
    jobs = asyncio.create_task(parley.work.run())
    ticker.start()
    beside = [asyncio.create_task(_keep_starting(name, wire)) for name, wire in wires.items()]
    beside.append(asyncio.create_task(watch(lock, leave)))
    try:
        yield
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*(_stop(name, wire) for name, wire in wires.items()))
        ticker.stop()
        parley.work.stop()
        await asyncio.wait([jobs], timeout=2 * GRACE)
        log.info("stopped")


async def _stop(name: str, wire: Wire) -> None:
    """A platform that does not let go keeps nobody waiting: what it had not confirmed comes again."""
    try:
        async with asyncio.timeout(GRACE):
            await wire.stop()
    except Exception as error:  # noqa: BLE001  whatever a platform does at the end, the others are stopped too
        log.warning("cannot stop", door=name, error=type(error).__name__)


async def _keep_starting(name: str, wire: Wire) -> None:
    """A platform that cannot be reached at start is tried again; the others and the page serve meanwhile."""
    pause = 1.0
    while True:
        try:
            await wire.start()
        except Exception as error:  # noqa: BLE001  whatever keeps a platform away, the others go on
            log.error("cannot start", door=name, error=type(error).__name__, again_in=pause)
            await asyncio.sleep(pause)
            pause = min(60.0, pause * 2)
        else:
            return


def set_telegram_up(settings: Settings) -> None:
    """Set the bot's commands, name and descriptions."""
    with opened(settings.database_url), closing(_parley(settings)) as parley:
        wire = _telegram(settings, parley)
        if wire is None:
            raise Trouble("set PARLEY_TELEGRAM_TOKEN first: @BotFather gives it to you")
        try:
            asyncio.run(wire.set_up())
        except SendError as error:
            raise Trouble(f"Telegram does not take it: {error}") from None


def _parley(settings: Settings) -> Parley:
    return Parley(
        database_url=settings.database_url,
        public_url=settings.public_url,
        clock=SystemClock(),
        pace=Pace(),
        hold=timedelta(seconds=settings.broadcast_hold),
        limits={"telegram": settings.telegram_rate, "slack": settings.slack_rate, "email": settings.mail_rate},
    )


def _wires(settings: Settings, parley: Parley) -> tuple[dict[str, Wire], dict[str, http.Receiver]]:
    wires: dict[str, Wire] = {}
    receivers: dict[str, http.Receiver] = {}
    if (slack := _slack(settings, parley)) is not None:
        wires["slack"], receivers["/slack/events"] = slack, slack.handle_http
    if (telegram := _telegram(settings, parley)) is not None:
        wires["telegram"], receivers["/telegram"] = telegram, telegram.handle_http
    if (mail := email(settings, parley)) is not None:
        wires["email"] = mail
    return wires, receivers


def email(settings: Settings, parley: Parley) -> Any:
    """The e-mail door, where it is set up. Raises Trouble for settings that cannot be read."""
    if settings.smtp_url is None:
        return None
    if settings.mail_from is None:
        raise Trouble("e-mail needs PARLEY_MAIL_FROM, Parley's own address")
    from bot.platforms.email.wire import EmailWire

    try:
        return EmailWire(
            parley,
            smtp_url=settings.smtp_url.get_secret_value(),
            sender=settings.mail_from,
            public_url=settings.public_url,
            listen=settings.mail_listen,
        )
    except ValueError as error:
        raise Trouble(f"e-mail: {error}") from None


def _slack(settings: Settings, parley: Parley) -> Any:
    if settings.slack_bot_token is None:
        return None
    if settings.slack_app_token is None and settings.slack_signing_secret is None:
        raise Trouble("Slack needs PARLEY_SLACK_APP_TOKEN (Socket Mode) or PARLEY_SLACK_SIGNING_SECRET (HTTP events)")
    from bot.platforms.slack.wire import SlackWire

    return SlackWire(
        parley,
        bot_token=settings.slack_bot_token.get_secret_value(),
        app_token=_open(settings.slack_app_token),
        signing_secret=_open(settings.slack_signing_secret),
        api_url=settings.slack_api_url,
    )


def _telegram(settings: Settings, parley: Parley) -> Any:
    if settings.telegram_token is None:
        return None
    from bot.platforms.telegram.wire import TelegramWire

    try:
        return TelegramWire(
            parley,
            token=settings.telegram_token.get_secret_value(),
            api_url=settings.telegram_api_url,
            public_url=settings.public_url,
            webhook_secret=_open(settings.telegram_webhook_secret),
        )
    except ValueError as error:
        raise Trouble(f"Telegram: {error}") from None


def _open(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
