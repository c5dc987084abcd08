"""The Telegram door: what is drawn, sent call by call. Every call goes through one function that is handed in."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.kit.clean import shorten
from bot.kit.door import UNREACHABLE, Paused, Permanent, SendError, Transient, Unknown
from bot.kit.events import Answer, Event
from bot.kit.moulds import Moulds
from bot.kit.screen import Attachment, Picture
from bot.kit.text import Raw, Writer, _
from bot.platforms import drawing

from .draw import Call, draw, sketch
from .html import Html, plain
from .read import PLATFORM, read

NOTICE_LIMIT = 200  # UTF-16 units that fit over the chat
TAP_PATIENCE = 3.0  # seconds an answer waits at most for its tap to be acknowledged
PHOTO_LIMIT = 10_000_000  # bytes: a larger picture is sent as a document
PAUSES = (1.0, 2.0, 4.0)  # seconds between tries of the later messages of one answer
LONGEST_PAUSE = timedelta(seconds=60)
REMEMBERED = 4096

# Reasons of a `Permanent` that this door raises to itself; `perform` uses them for what Telegram says.
NOT_MODIFIED, NOT_EDITABLE, CANNOT_PARSE = "not_modified", "not_editable", "cannot_parse"

Perform = Callable[[str, dict[str, Any]], Awaitable[Any]]
Download = Callable[[str], Awaitable[bytes]]
Stored = Callable[[int], Awaitable[bytes | None]]


class Moved(Permanent):
    """The chat has another number now, `to`."""

    def __init__(self, to: int) -> None:
        super().__init__("moved")
        self.to = to


@dataclass(frozen=True)
class Upload:
    """A file on its way out, where the Bot API takes one."""

    name: str
    media_type: str | None
    data: bytes = field(repr=False)


class TelegramDoor:
    """Implements `bot.kit.door.Door`.

    `perform(method, parameters)` makes one Bot API call, with an `Upload` where a file goes, and returns its `result`
    as JSON; it raises a `SendError`. `download(file_path)` brings the bytes of a file that `getFile` named;
    `stored(file_id)` those of one of ours, None while it is not here. `sleep` takes seconds.
    """

    name = PLATFORM

    def __init__(
        self,
        perform: Perform,
        *,
        download: Download,
        stored: Stored,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._perform = perform
        self._download = download
        self._stored = stored
        self._sleep = sleep
        self._knows_date_time = True
        self._moulds = Moulds()
        self._answered_taps: OrderedDict[str, bool] = OrderedDict()
        self._sent_below: OrderedDict[tuple[int, int], frozenset[int | Picture]] = OrderedDict()

    def read(self, payload: Mapping[str, Any]) -> Event | None:
        return read(payload)

    async def send(
        self,
        address: str,
        answer: Answer,
        writer: Writer,
        *,
        edits: Mapping[str, Any] | None = None,
        repeated: bool = False,
    ) -> Mapping[str, Any]:
        """Send `answer`, or put it in the place of the message that was tapped. Returns `chat_id` and `message_id`.

        `address` is a chat's number, or "chat:topic".

        An answer of several messages is brought to its end here, pauses included: sending it again from its beginning
        would repeat what has arrived.
        """
        is_shown = await self._acknowledge(edits, answer, writer)
        place = edits if edits is not None and "message_id" in edits else None
        message, calls = None, self._drawn(answer, writer, with_notice=not is_shown)
        if place is not None:
            message = await self._edit(place, calls[0])
        if message is None:
            place = None
            calls = self._drawn(answer, writer, with_notice=not is_shown, is_repeated=repeated)
            message = await self._begin(address, calls[0])
        tapped = (place["chat_id"], place["message_id"]) if place is not None else None
        below = _place(message["chat_id"], address)
        before = self._sent_below.get(tapped, frozenset()) if tapped is not None else frozenset()
        here: set[int | Picture] = set()
        for call in calls[1:]:
            sent = _attached(call)
            if sent is None:
                message = _reference(await self._follow(below, call))
                continue
            here.add(key := sent if isinstance(sent, Picture) else sent.file_id)
            if key in before:
                continue
            if isinstance(sent, Picture):
                await self._send_picture(below, call, sent, writer)
            else:
                await self._send_file(below, call, sent, writer)
        if here:
            _remember(self._sent_below, (message["chat_id"], message["message_id"]), before | here)
        return message

    async def answer_tap(self, query: str, text: str | None = None) -> bool:
        """Tell the client that its tap has arrived, once, with a short text if there is one. True when that was shown.

        Nothing depends on it: a tap too old to be answered is none the less handled.
        """
        if query in self._answered_taps:
            return False
        _remember(self._answered_taps, query, True)
        parameters = {"callback_query_id": query} | ({"text": text} if text else {})
        try:
            async with asyncio.timeout(TAP_PATIENCE):
                await self._perform("answerCallbackQuery", parameters)
        except (SendError, TimeoutError):
            return False
        return text is not None

    def sketch(self, answer: Answer, writer: Writer) -> Sequence[str]:
        return sketch(self._drawn(answer, writer, with_notice=True))

    async def look(self) -> None:
        """Ask who we are."""
        await self._perform("getMe", {})

    async def fetch(self, origin: Mapping[str, Any], limit: int) -> bytes:
        """The bytes of a file that a person sent. Raises Permanent("too_large") beyond `limit` bytes."""
        found = await self._perform("getFile", {"file_id": origin["file_id"]})
        if found.get("file_size", 0) > limit:
            raise Permanent("too_large")
        data = await self._download(found["file_path"])
        if len(data) > limit:
            raise Permanent("too_large")
        return data

    def _drawn(self, answer: Answer, writer: Writer, *, with_notice: bool, is_repeated: bool = False) -> list[Call]:
        date_time = self._knows_date_time

        def drawn(answer: Answer) -> list[Call]:
            return draw(answer, writer, date_time=date_time, is_repeated=is_repeated, with_notice=with_notice)

        calls: list[Call] = self._moulds.drawn(drawn, answer, writer.reader, date_time, is_repeated, with_notice)
        return calls

    async def _acknowledge(self, edits: Mapping[str, Any] | None, answer: Answer, writer: Writer) -> bool:
        """Answer the tap this answer is for. True when its notice was shown over the chat."""
        query = edits.get("callback_query_id") if edits is not None else None
        if query is None:
            return False
        notice = writer.plain(answer.notice) if answer.notice is not None else None
        return await self.answer_tap(query, shorten(notice, NOTICE_LIMIT, unit="utf16") if notice else None)

    # One message

    async def _edit(self, place: Mapping[str, Any], call: Call) -> dict[str, int] | None:
        """Replace a message; None when Telegram does not let us."""
        where = {"chat_id": place["chat_id"], "message_id": place["message_id"]}
        try:
            await self._say("editMessageText", where | call[1])
        except Unknown:
            raise Transient("an edit may be made twice") from None
        except Permanent as error:
            if error.reason == NOT_EDITABLE:
                return None
            if error.reason != NOT_MODIFIED:
                raise
        return where

    async def _begin(self, address: str, call: Call) -> dict[str, int]:
        where = _place(int(address.partition(":")[0]), address)
        try:
            return _reference(await self._say(call[0], where | call[1]))
        except Moved as error:
            return _reference(await self._say(call[0], where | {"chat_id": error.to} | call[1]))

    async def _follow(self, where: dict[str, int], call: Call) -> Any:
        """A later message of an answer whose beginning has arrived."""
        for pause in PAUSES:
            try:
                return await self._say(call[0], where | call[1])
            except Paused as error:
                if error.pause > LONGEST_PAUSE:
                    break
                await self._sleep(max(pause, error.pause.total_seconds()))
            except Transient:
                await self._sleep(pause)
        raise Unknown("the beginning of an answer has arrived, its end has not")

    async def _say(self, method: str, parameters: dict[str, Any]) -> Any:
        """One call; without markup where Telegram cannot read ours, so that the words arrive in any case."""
        try:
            return await self._perform(method, parameters)
        except Permanent as error:
            if error.reason != CANNOT_PARSE or "parse_mode" not in parameters:
                raise
            if "tg-time" in str(error):
                self._knows_date_time = False
        words = "text" if "text" in parameters else "caption"
        bare = {key: value for key, value in parameters.items() if key != "parse_mode"}
        return await self._perform(method, bare | {words: plain(parameters[words])})

    async def _send_picture(self, chat: dict[str, int], call: Call, picture: Picture, writer: Writer) -> None:
        """Draw and send a picture; where Telegram refuses it, its words alone."""
        method, parameters = call
        upload = Upload("picture.png", "image/png", await drawing.drawn(picture, writer))
        try:
            await self._follow(chat, (method, parameters | {"photo": upload}))
        except Permanent as error:
            if error.reason in UNREACHABLE:
                raise
            await self._follow(chat, _words(parameters["caption"]))

    async def _send_file(self, chat: dict[str, int], call: Call, file: Attachment, writer: Writer) -> None:
        """Send a file of ours; a line instead where it is not here yet or Telegram refuses it."""
        method, parameters = call
        data = await self._stored(file.file_id)
        if not data:
            await self._follow(chat, _line(_("{name} is not here yet.", name=Raw(file.name)), writer))
            return
        words = {key: value for key, value in parameters.items() if value is not file}
        ways = [("sendDocument", "document")]
        if method == "sendPhoto" and len(data) <= PHOTO_LIMIT:
            ways.insert(0, ("sendPhoto", "photo"))
        for attempt, parameter in ways:
            try:
                await self._follow(chat, (attempt, words | {parameter: Upload(file.name, file.media_type, data)}))
            except Permanent as error:
                if error.reason in UNREACHABLE:
                    raise
            else:
                return
        await self._follow(chat, _line(_("{name} could not be sent here.", name=Raw(file.name)), writer))


def _place(chat: int, address: str) -> dict[str, int]:
    """A chat, and the topic in it that the address names."""
    _chat, _colon, topic = address.partition(":")
    return {"chat_id": chat} | ({"message_thread_id": int(topic)} if topic else {})


def _line(phrase: Any, writer: Writer) -> Call:
    return _words(Writer(writer.catalogues, writer.reader, Html()).write(phrase))


def _words(html: str) -> Call:
    return "sendMessage", {"text": html, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}


def _attached(call: Call) -> Attachment | Picture | None:
    return next((value for value in call[1].values() if isinstance(value, Attachment | Picture)), None)


def _reference(message: Mapping[str, Any]) -> dict[str, int]:
    return {"chat_id": message["chat"]["id"], "message_id": message["message_id"]}


def _remember(among: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    """Keep the newest few; what is forgotten after a restart costs a needless call, no more."""
    among[key] = value
    while len(among) > REMEMBERED:
        among.popitem(last=False)
