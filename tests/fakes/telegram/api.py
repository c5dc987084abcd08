"""The Bot API: who may call, with what parameters, and how it is refused."""

import inspect
import json
from collections import deque
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, ClassVar

from aiohttp import web

from ..faults import Fault
from ..platform import Answer, Clock, Platform, Upload, machine_clock
from .check import UPLOAD_BYTES, Json, Refused, check_parameters, understood
from .updates import Updates
from .world import World

# What a method does: given the server and checked parameters, its result, perhaps to be awaited.
Method = Callable[["TelegramApi", Json], Any]


class TelegramApi(Platform):
    """A server that answers a bot's calls; :class:`~tests.fakes.telegram.FakeTelegram` adds the people.

    ``query_seconds`` is how long a tap may be answered, ``retry_seconds`` the pause before a webhook is tried again;
    ``a_second`` how many messages it takes in any second that one looks at, where it counts them.
    """

    token: str = "7000000001:fake-telegram-token"
    methods: ClassVar[Mapping[str, Method]]

    def __init__(
        self, *, clock: Clock = machine_clock, query_seconds: float = 60.0, retry_seconds: float = 1.0
    ) -> None:
        super().__init__(clock=clock)
        self.a_second: int | None = None
        self._taken: deque[float] = deque()  # when the messages of the last second came
        self.world = World()
        self.updates = Updates(self, clock, retry_seconds)
        self.query_seconds = query_seconds
        self.revoked = False
        # What @BotFather was told: /setjoingroups, /setprivacy, /setinline
        self.flags = {
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }
        routes = self.application.router
        routes.add_route("*", "/bot{token}/{method}", self.called)
        routes.add_get("/file/bot{token}/{path:.+}", self.download)

    @property
    def base(self) -> str:
        """The server's address, ``http://127.0.0.1:PORT``."""
        return self.address

    @property
    def url(self) -> str:
        """The base address for python-telegram-bot, ``http://127.0.0.1:PORT/bot``."""
        return f"{self.address}/bot"

    @property
    def file_url(self) -> str:
        """The base address for python-telegram-bot's downloads, ``http://127.0.0.1:PORT/file/bot``."""
        return f"{self.address}/file/bot"

    @property
    def now(self) -> int:
        """The time in Telegram's seconds."""
        return int(self.clock().timestamp())

    async def arguments(self, method: str, request: web.Request) -> Json:
        sent: dict[str, Any] = dict(request.query)
        if request.content_type == "application/json":
            try:
                loaded = json.loads(await request.text() or "{}")
            except ValueError:
                loaded = None
            sent |= loaded if isinstance(loaded, dict) else {"": "no JSON object"}
        elif request.method == "POST":
            for name, value in (await request.post()).items():
                if isinstance(value, web.FileField):
                    sent[name] = Upload(value.filename, value.content_type, value.file.read())
                elif isinstance(value, str):
                    sent[name] = value
        return understood(method, sent)

    async def perform(self, method: str, arguments: Json, request: web.Request) -> Answer:
        try:
            if not self._is_known(request.match_info["token"]):
                raise Refused(401, "Unauthorized")
            if method not in self.methods:
                raise Refused(404, "Not Found: method not found")
            if any(isinstance(value, Upload) and len(value.content) > UPLOAD_BYTES for value in arguments.values()):
                raise Refused(413, "Request Entity Too Large")
            if method.startswith("send") and not self._has_room():
                raise Refused(429, "Too Many Requests: retry after 1", retry_after=1)
            check_parameters(method, arguments)
            result = self.methods[method](self, deepcopy(arguments))
            result = await result if inspect.isawaitable(result) else result
        except Refused as refusal:
            return Answer(refusal.code, refusal.body())
        if isinstance(result, Said):
            return Answer(200, {"ok": True, "result": True, "description": result.words})
        return Answer(200, {"ok": True, "result": result})

    def _has_room(self) -> bool:
        """Is this not one message too many for the second that ends now?"""
        if self.a_second is None:
            return True
        now = self.monotonic()
        while self._taken and self._taken[0] <= now - 1:
            self._taken.popleft()
        if len(self._taken) >= self.a_second:
            return False
        self._taken.append(now)
        return True

    def _is_known(self, token: str) -> bool:
        return token == self.token and not self.revoked

    def fault_answer(self, fault: Fault) -> Answer:
        if fault.kind == "429":
            wait = fault.retry_after
            words = "Too Many Requests" + ("" if wait is None else f": retry after {wait}")
            body: Json = {"ok": False, "error_code": 429, "description": words}
            return Answer(429, body if wait is None else body | {"parameters": {"retry_after": wait}})
        if fault.kind == "error":
            return Answer(fault.status, {"ok": False, "error_code": fault.status, "description": fault.error})
        return Answer(500, {"ok": False, "error_code": 500, "description": "Internal Server Error"})

    def error_in(self, answer: Answer) -> str | None:
        return None if answer.body["ok"] else str(answer.body["description"])

    async def download(self, request: web.Request) -> web.Response:
        """A file at the path that getFile gave."""
        for file in self.world.files.values():
            if file.path == request.match_info["path"] and self._is_known(request.match_info["token"]):
                return web.Response(body=file.content, content_type="application/octet-stream")
        return web.json_response({"ok": False, "error_code": 404, "description": "Not Found"}, status=404)


class Said:
    """A result of True that comes with the server's words."""

    def __init__(self, words: str) -> None:
        self.words = words
