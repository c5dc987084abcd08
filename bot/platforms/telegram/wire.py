"""The line to Telegram: python-telegram-bot's client makes the calls; what comes in is kept before it is confirmed.

The library's own polling confirms a batch before anything was done with it, and its webhook answers before that too;
so updates are fetched here as raw JSON, and one that cannot be parsed holds up nobody.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from datetime import datetime
from typing import Any

import structlog

from bot.kit.door import Paused, SendError, Transient, cause
from bot.kit.events import Answer
from bot.kit.screen import Button, Screen
from bot.kit.text import LANGUAGES, SOURCE_LANGUAGE, Phrase, Reader, Writer, _
from bot.platforms.host import Host

from . import menu
from .client import Client, Conflicting, WrongToken
from .door import TelegramDoor
from .read import ABOUT_US, PLATFORM, InGroup, is_of_others, sender_id, typed_in_group
from .rooms import TelegramRooms

log = structlog.get_logger()

ALLOWED_UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]
BATCH, POLL_SECONDS = 100, 25
LATE_SECONDS = 10  # a poll that has not come back by then after its time never will: the line is dead
BODY_LIMIT = 256 * 1024
PATH = "/telegram"
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105  a header's name
SECRET = re.compile(r"[A-Za-z0-9_-]{32,256}")
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
LEAST_SECONDS = 0.5  # from one look for updates that brought none to the next
MENU_SECONDS, LONGEST_MENU_PAUSE = 60.0, 3600.0
TAP_WAITS = 1.5  # seconds for an answer to acknowledge its own tap, before the wire does
PRIVATE_ONLY = _("I answer in private chats only.")
SHARED = _("I cannot see who of you wrote this. Please write it again in your own name, not in the group's.")
OPEN_PRIVATE = _("Open our private chat")
OPEN_HERE = _("Open it in Telegram")

Response = tuple[int, Mapping[str, str], bytes]


class TelegramWire:
    """The bot's connection: by long polling, or by a webhook where a secret is given.

    `api_url` is the server's address without `/bot`; `public_url` ours, which Telegram calls under `/telegram`. Raises
    ValueError for a secret that is shorter than 32 characters or has others than letters, digits, - and _.
    """

    def __init__(
        self,
        parley: Host,
        *,
        token: str,
        api_url: str = "https://api.telegram.org",
        public_url: str = "",
        webhook_secret: str | None = None,
    ) -> None:
        if webhook_secret is not None and not SECRET.fullmatch(webhook_secret):
            raise ValueError("the webhook secret needs 32 to 256 letters, digits, - or _")
        self._parley = parley
        self._client = Client(token, api_url, parley.clock)
        self._secret = webhook_secret
        self._url = public_url.rstrip("/") + PATH
        self._bot_id = token.partition(":")[0]
        self._username = ""
        self._has_looked = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._intake: set[asyncio.Task[None]] = set()
        self._known = asyncio.Event()  # Telegram has told us who we are
        self._last_ok: datetime | None = None
        self._trouble: str | None = "not connected yet"
        self.door = TelegramDoor(self._client.perform, download=self._client.download, stored=parley.stored)
        parley.add(self.door, TelegramRooms(self._client.perform))

    async def start(self) -> None:
        """`connect`, then `take_in`."""
        await self.connect()
        await self.take_in()

    async def connect(self) -> None:
        """Be able to send, and to keep what the webhook brings.

        What goes wrong is tried again for ever, and `health` says what it is.
        """
        await self._client.open()
        self._spawn(self._until_done(self._get_known))

    async def take_in(self) -> None:
        """Begin to fetch updates, or have Telegram call the webhook; tried again for ever, too."""
        self._spawn(self._run(), self._intake)

    async def let_go(self) -> None:
        """Stop taking updates. Those that are kept wait; those that are not confirmed come again."""
        await _ended(self._intake)
        if self._known.is_set():
            self._trouble = None  # whatever it was, it is whoever takes in from now on that has it

    async def stop(self) -> None:
        """`let_go`, and send nothing more."""
        await _ended(self._intake | self._tasks)
        await self._client.close()

    def health(self) -> Mapping[str, Any]:
        trouble = self._trouble or (None if self._client.skew.is_tolerable else "clock")
        return {
            "mode": "webhook" if self._secret else "polling",
            "ok": trouble is None,
            "last_ok": self._last_ok.isoformat() if self._last_ok else None,
            "trouble": trouble,
            "skew": round(self._client.skew.seconds),
        }

    async def set_up(self) -> None:
        """Set menus, name and descriptions now, for the command line. Raises a `SendError`."""
        await self._client.open()
        try:
            menus = await menu.set_menus(self._client.perform, await self._menus())
            words = await menu.set_words(self._client.perform, self._parley.catalogues)
            log.info("telegram set up", menus=menus, words=words)
        finally:
            await self._client.close()

    async def handle_http(self, body: bytes, headers: Mapping[str, str]) -> Response:
        """One request of the webhook: status, headers, body. Nothing is parsed before the secret is checked."""
        given = next((value for key, value in headers.items() if key.lower() == SECRET_HEADER), "")
        if self._secret is None or not hmac.compare_digest(given.encode(errors="replace"), self._secret.encode()):
            return 403, {}, b""
        if len(body) > BODY_LIMIT:
            return 413, {}, b""
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            update = {"unreadable": body.decode(errors="replace")}  # kept, so that Telegram does not bring it again
        try:
            await self._keep(update)
        except Exception as error:  # noqa: BLE001  whatever kept it from being kept: Telegram brings it again
            log.warning("update not kept", error=type(error).__name__)
            return 503, {}, b""
        self._went_well()
        return 200, {}, b""

    # Getting connected, and staying so

    async def _run(self) -> None:
        await self._known.wait()
        if self._secret:
            await self._until_done(self._set_webhook)
        else:
            await self._drop_webhook()
        log.info("telegram connected", bot=self._username, mode="webhook" if self._secret else "polling")
        self._spawn(self._keep_menus(), self._intake)
        if not self._secret:
            await self._poll()

    async def _until_done(self, step: Callable[[], Awaitable[None]]) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await step()
            except Exception as error:  # noqa: BLE001  Telegram or the database away: both come back
                pause = await self._went_wrong(error, pause)
            else:
                self._went_well()
                return

    async def _get_known(self) -> None:
        me = await self._client.perform("getMe", {})
        self._username = me.get("username") or ""
        if self._username:
            self._parley.engine.openers[PLATFORM] = lambda payload: Button(OPEN_HERE, url=self._address(payload))
        self._known.set()

    async def _set_webhook(self) -> None:
        wanted = {"url": self._url, "secret_token": self._secret, "allowed_updates": ALLOWED_UPDATES}
        await self._client.perform("setWebhook", wanted)

    async def _drop_webhook(self) -> None:
        """Take away a webhook that was left behind. A server that cannot tell of one is none the less polled."""
        try:
            if (await self._client.perform("getWebhookInfo", {})).get("url"):
                await self._client.perform("deleteWebhook", {})
            self._has_looked = True  # one that is set from now on is somebody else's: we do not fight over it
        except SendError as error:
            log.info("no word about a webhook", error=str(error))

    async def _keep_menus(self) -> None:
        """A role that begins or ends, or another language, shows in that person's menu soon after."""
        shown: list[menu.Menu] = []
        pause = MENU_SECONDS
        while True:
            try:
                wanted = await self._menus()
                await menu.set_menus(self._client.perform, [each for each in wanted if each not in shown])
                shown, pause = wanted, MENU_SECONDS
            except Exception as error:  # noqa: BLE001  a menu is a convenience: it is tried again, more and more rarely
                log.warning("menus not set", error=str(error))
                pause = min(2 * pause, LONGEST_MENU_PAUSE)
            await asyncio.sleep(pause)

    async def _menus(self) -> list[menu.Menu]:
        parley = self._parley
        members = await parley.threads.run(menu.staff, parley.sessions, parley.clock.now())
        return list(menu.menus(parley.engine.registry, parley.catalogues, members))

    async def _poll(self) -> None:
        """Fetch for ever. An update is confirmed by the next call, so only once it is committed here."""
        offset, pause, loop = 0, FIRST_PAUSE, asyncio.get_running_loop()
        asked = {"timeout": POLL_SECONDS, "limit": BATCH, "allowed_updates": ALLOWED_UPDATES}
        while True:
            try:
                wanted, began = asked | {"offset": offset}, loop.time()
                updates = await self._client.perform("getUpdates", wanted, seconds=POLL_SECONDS + LATE_SECONDS)
                before = offset
                for update in updates:
                    offset = max(offset, await self._keep(update))
                if updates and offset == before:
                    raise Transient("updates without a number cannot be confirmed")
                if not updates:  # a server that does not wait for an update is not asked without a pause
                    await asyncio.sleep(max(0.0, LEAST_SECONDS - (loop.time() - began)))
            except Exception as error:  # noqa: BLE001  nothing that Telegram or the database does may end the loop
                if isinstance(error, Conflicting) and not self._has_looked:
                    await self._drop_webhook()
                pause = await self._went_wrong(error, pause)
            else:
                pause = FIRST_PAUSE
                self._went_well()

    def _went_well(self) -> None:
        self._last_ok, self._trouble = self._parley.clock.now(), None

    async def _went_wrong(self, error: Exception, pause: float) -> float:
        """Record it, wait, and return how long to wait the next time."""
        self._trouble = cause(error)
        if isinstance(error, Conflicting):
            log.error("another program fetches this bot's updates, or a webhook is set")
        elif isinstance(error, SendError) and not isinstance(error, WrongToken):  # that one is logged where it is seen
            log.warning("telegram is away", error=str(error), again_in=pause)
        elif not isinstance(error, SendError):
            log.error("updates cannot be kept", again_in=pause, exc_info=error)
        wait = error.pause.total_seconds() if isinstance(error, Paused) else pause
        await asyncio.sleep(wait * random.uniform(1.0, 1.5))  # noqa: S311  spreads tries, keeps no secret
        return min(pause * 2, LONGEST_PAUSE)

    # One update

    async def _keep(self, update: Any) -> int:
        """Commit an update; returns the number that confirms it, 0 where it has none."""
        number = update.get("update_id") if isinstance(update, Mapping) else None
        if not isinstance(number, int) or isinstance(number, bool):
            number = None
        key = (
            str(number)
            if number is not None
            else hashlib.sha256(json.dumps(update, sort_keys=True).encode()).hexdigest()
        )
        confirms = number + 1 if number is not None else 0
        payload = update if isinstance(update, Mapping) else {"unreadable": update}
        if is_of_others(payload):  # what a group says is not ours to keep, but for the little that is said to us
            typed = typed_in_group(payload, self._username)
            if typed is None or not await self._is_for_us(typed):
                return confirms
            payload = {**payload, ABOUT_US: await self._about_us(typed)}
        # Numbers are the bot's own: another token's begin elsewhere, and may meet those that were kept before.
        kept = await self._parley.edge.keep(PLATFORM, f"{self._bot_id}:{key}", payload, account=sender_id(update))
        if kept is not None:
            self._respond(payload)
        return confirms

    async def _is_for_us(self, typed: InGroup) -> bool:
        """Whether it is one of the few things that are said to us in groups: by our name, or by one who knows us.

        Whoever calls us by our name for something else is told where we can be talked to.
        """
        if typed.verb not in self._parley.engine.registry.placed:
            if typed.is_ours:
                self._spawn(self._invite(typed, PRIVATE_ONLY))
            return False
        is_meant = typed.is_ours or await self._parley.threads.run(self._parley.engine.knows, PLATFORM, typed.sender)
        if typed.is_shared and typed.is_ours:
            self._spawn(self._invite(typed, SHARED))
        return is_meant and not typed.is_shared

    async def _about_us(self, typed: InGroup) -> Any:
        """What the bot may do in the group, where nobody has opened a room yet."""
        if typed.topic is not None:
            return None
        try:
            asked = {"chat_id": typed.chat, "user_id": int(self._bot_id)}
            return await self._client.perform("getChatMember", asked)
        except SendError as error:
            log.info("no word about our rights", error=str(error))
            return None

    def _respond(self, update: Mapping[str, Any]) -> None:
        """What courtesy asks for at once, beside the turn. None of it may fail the update."""
        query = update.get("callback_query")
        if isinstance(query, Mapping) and isinstance(query.get("id"), str):
            self._spawn(self._acknowledge(query["id"]))

    async def _acknowledge(self, query: str) -> None:
        """Let a tap's spinner stop even where the answer takes long or is none."""
        await asyncio.sleep(TAP_WAITS)
        await self.door.answer_tap(query)

    async def _invite(self, typed: InGroup, why: Phrase) -> None:
        """Called by its name in a group, the bot says where it can be talked to."""
        spoken = (typed.language or "").replace("_", "-").partition("-")[0].lower()
        reader = Reader(spoken if spoken in LANGUAGES else SOURCE_LANGUAGE, "UTC")
        link = Button(OPEN_PRIVATE, url=self._address("group"))
        answer = Answer(screen=Screen(why, buttons=(link,)))
        place = str(typed.chat) if typed.topic is None else f"{typed.chat}:{typed.topic}"
        try:
            await self.door.send(place, answer, Writer(self._parley.catalogues, reader))
        except SendError as error:
            log.info("no invitation", error=str(error))

    # Beside

    def _address(self, payload: str) -> str:
        """What opens the private chat and lets its person say `/start payload`."""
        return f"https://t.me/{self._username}?start={payload}"

    def _spawn(self, work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]] | None = None) -> None:
        tasks = self._tasks if among is None else among
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)


async def _ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    """End them, and wait until they have."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
