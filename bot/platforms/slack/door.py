"""The Slack door: what is drawn, called method by method. Every call goes through one function that is handed in."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog

from bot.kit.door import SENT_BEFORE, Permanent, SendError, Unknown
from bot.kit.events import Answer, Event
from bot.kit.moulds import Moulds
from bot.kit.screen import Attachment, Picture, Screen, twin
from bot.kit.text import Raw, Writer, _, without_isolates
from bot.platforms import drawing

from . import draw
from .errors import SlackRefused
from .read import PLATFORM, Place, answers_in_place, place, read

log = structlog.get_logger()

Json = dict[str, Any]
Perform = Callable[[str, Json], Awaitable[Json]]
Download = Callable[[str, int], Awaitable[bytes]]
Upload = Callable[[str, bytes], Awaitable[None]]
Stored = Callable[[int], Awaitable[bytes | None]]

QUIET = {"unfurl_links": False, "unfurl_media": False, "link_names": False, "parse": "none"}
QUIET_EDIT = {"link_names": False, "parse": "none"}
# The message is there no longer, or no longer ours to change: the answer comes below.
NOT_EDITABLE = frozenset({"cant_update_message", "channel_not_found", "edit_window_closed", "message_not_found"})
PERSON = ("U", "W")  # what a person's id begins with
NOT_HERE = frozenset({"user_not_found", "user_not_visible"})
REMEMBERED = 4096


class SlackDoor:
    """Implements `bot.kit.door.Door`, and answers what Slack wants answered at once.

    `perform(method, arguments)` makes one Web API call and returns its answer, or raises a `SendError`; the method
    `response_url` posts to the address in the arguments' `url`. `download(url, limit)` brings the bytes of a file,
    `upload(url, data)` takes them where `files.getUploadURLExternal` says, `stored(id)` gives those of one of ours,
    None while it is not here. `page` is the address of Parley's own page.
    """

    name = PLATFORM

    def __init__(self, perform: Perform, *, download: Download, upload: Upload, stored: Stored, page: str) -> None:
        self._perform = perform
        self._download = download
        self._upload = upload
        self._stored = stored
        self._page = page
        self._moulds = Moulds()
        self._sent_below: OrderedDict[tuple[str, str], frozenset[int | Picture]] = OrderedDict()

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
        """Post `answer` to the person `address`, or put it in the place of a message or of their Home tab.

        Returns `channel` and `ts`; for the Home tab `home`, the person's id.
        """
        if edits is not None and "home" in edits:
            view = draw.home(answer, writer, self._page, is_inside=bool(edits.get("is_inside")))
            await self._perform("views.publish", {"user_id": edits["home"], "view": view})
            return {"home": edits["home"]}
        message = await self._edit(edits, answer, writer) if edits is not None and "ts" in edits else None
        is_edited = message is not None
        if message is None:
            shown = self._drawn(answer, writer, repeated=repeated)
            posted = await self._post({"channel": address, **shown, **QUIET, "mrkdwn": False})
            message = {"channel": posted["channel"], "ts": posted["ts"]}
        if answer.screen is not None and (answer.screen.pictures or answer.screen.files):
            # A new message that may be the second says so itself; an edit is one edit, but what is below it is not.
            await self._send_below(message, answer.screen, writer, is_repeated=repeated and is_edited)
        return message

    async def look(self) -> None:
        """Ask who we are."""
        await self._perform("auth.test", {})

    async def fetch(self, origin: Mapping[str, Any], limit: int) -> bytes:
        """The bytes of a file that a person sent. Raises Permanent("too_large") beyond `limit` bytes."""
        url = origin.get("url")
        if url is None:  # sent through a shared channel: Slack names the address only when asked
            file = (await self._perform("files.info", {"file": origin["id"]}))["file"]
            url = file.get("url_private_download") or file.get("url_private")
        if url is None:
            raise Permanent("not_found")
        return await self._download(url, limit)

    def sketch(self, answer: Answer, writer: Writer) -> Sequence[str]:
        return (draw.sketch(draw.message(answer, writer, self._page)),)

    # What an interaction is answered with

    def is_message(self, body: Mapping[str, Any]) -> Callable[[Answer], bool]:
        """Which answers to this interaction are messages, so that the outbox carries them."""
        where = place(body)
        match where:
            case "message" | "home":
                in_place = answers_in_place(body)
                return lambda answer: answer.screen is not None or in_place
            case "submission" | "shortcut":
                return lambda answer: answer.screen is not None
            case "closed":
                return lambda answer: answer.form is not None
        return lambda answer: False

    async def respond(self, body: Mapping[str, Any], answer: Answer, writer: Writer) -> Json:
        """Show an answer to the interaction it is for, unless it is a message; return what Slack is acknowledged with.

        Raises a `SendError` where a person must try again.
        """
        where = place(body)
        if self.is_message(body)(answer) or where == "closed":
            return {"response_action": "clear"} if where == "submission" else {}
        if answer.form is not None:
            return await self._show_form(body, where, answer, writer)
        if answer.screen is not None or answer.notice is not None:
            return await self._show_screen(body, where, answer, writer)
        return {}

    async def _show_form(self, body: Mapping[str, Any], where: Place | None, answer: Answer, writer: Writer) -> Json:
        form = answer.form
        if form is None:
            raise LookupError("this answer is no form")
        if where == "submission":
            wrong = draw.errors(form, body["view"], writer)
            if wrong is not None:
                return {"response_action": "errors", "errors": wrong}
            return {"response_action": "update", "view": self._again(body, answer, writer)}
        if where == "modal":
            await self._redraw(body, self._again(body, answer, writer))
            return {}
        about = {"from": "home"} if where == "home" else {}
        view = draw.modal(form, writer, self._page, notice=answer.notice, about=about)
        try:
            await self._perform("views.open", {"trigger_id": body["trigger_id"], "view": view})
        except SendError as error:
            # Most often the trigger's three seconds are over. A button brings a fresh one.
            log.info("form opened by a message", error=str(error))
            await self.send(_person(body), answer, writer, repeated=isinstance(error, Unknown))
        return {}

    async def _show_screen(self, body: Mapping[str, Any], where: Place | None, answer: Answer, writer: Writer) -> Json:
        if where == "modal":
            await self._redraw(body, draw.closing(answer, writer, self._page))
            return {}
        shown = draw.message(answer, writer, self._page)
        if where == "passing":
            try:
                await self._perform("response_url", {"url": body["response_url"], "replace_original": True, **shown})
            except SendError as error:  # the address serves half an hour, and five answers; or Slack is in trouble
                log.info("answered by a message", error=str(error))
                await self.send(_person(body), answer, writer, repeated=isinstance(error, Unknown))
            return {}
        return {"response_type": "ephemeral", **shown}

    def _again(self, body: Mapping[str, Any], answer: Answer, writer: Writer) -> Json:
        """The modal as it now stands, knowing what it knew."""
        if answer.form is None:
            raise LookupError("this answer is no form")
        about = draw.about(body["view"])
        return draw.modal(answer.form, writer, self._page, notice=answer.notice, about=about)

    async def _redraw(self, body: Mapping[str, Any], view: Json) -> None:
        """Change an open modal, unless it has changed since."""
        try:
            await self._perform(
                "views.update", {"view_id": body["view"]["id"], "hash": body["view"]["hash"], "view": view}
            )
        except SlackRefused as refused:
            if refused.error not in {"hash_conflict", "not_found"}:
                raise

    # Messages

    async def _post(self, message: Json) -> Json:
        """Post it. Of somebody who has left Slack says only that it knows no such channel: it is asked why."""
        try:
            return await self._perform("chat.postMessage", message)
        except SlackRefused as refused:
            if refused.reason == "not_found" and str(message["channel"]).startswith(PERSON):
                raise await self._whether_gone(message["channel"], refused) from refused
            raise

    async def _whether_gone(self, user: str, refused: SlackRefused) -> Permanent:
        """The refusal with its reason: their account was deactivated, or is not of this workspace any more."""
        try:
            found = (await self._perform("users.info", {"user": user}))["user"]
        except SlackRefused as unknown:
            return Permanent("left", unknown.error) if unknown.error in NOT_HERE else refused
        except SendError:  # another time
            return refused
        return Permanent("deactivated", refused.error) if found.get("deleted") else refused

    def _drawn(self, answer: Answer, writer: Writer, *, repeated: bool = False) -> Json:
        def drawn(answer: Answer) -> Json:
            return draw.message(answer, writer, self._page, repeated=repeated)

        message: Json = self._moulds.drawn(drawn, answer, writer.reader, repeated)
        return message

    async def _edit(self, place: Mapping[str, Any], answer: Answer, writer: Writer) -> Json | None:
        """Replace a message; None when Slack does not let us."""
        message = {"channel": place["channel"], "ts": place["ts"]}
        shown = self._drawn(answer, writer)
        try:
            await self._perform("chat.update", {**message, **shown, **QUIET_EDIT})
        except SlackRefused as refused:
            if refused.error not in NOT_EDITABLE:
                raise
            return None
        return message

    async def _send_below(
        self, message: Mapping[str, Any], screen: Screen, writer: Writer, *, is_repeated: bool
    ) -> None:
        """Send pictures and files after their message, each once below it; a line instead where that does not work.

        What another process may have sent before it died says so.
        """
        mark = without_isolates(writer.plain(SENT_BEFORE)) if is_repeated else ""
        channel, below = message["channel"], (message["channel"], message["ts"])
        before = self._sent_below.get(below, frozenset())
        for picture in screen.pictures:
            if picture not in before:
                await self._send_picture(channel, picture, writer, mark)
        for file in screen.files:
            if file.file_id not in before:
                await self._send_file(channel, file, writer, mark)
        self._sent_below[below] = before | {*screen.pictures, *(file.file_id for file in screen.files)}
        while len(self._sent_below) > REMEMBERED:
            self._sent_below.popitem(last=False)

    async def _send_picture(self, channel: str, picture: Picture, writer: Writer, mark: str) -> None:
        title = without_isolates(writer.plain(picture.caption))
        try:
            await self._share(channel, "picture.png", title, await drawing.drawn(picture, writer), mark)
        except SendError as error:
            log.warning("picture not sent", error=str(error))
            await self._try_to_say(channel, Screen(picture.caption, twin(picture)), writer)

    async def _send_file(self, channel: str, file: Attachment, writer: Writer, mark: str) -> None:
        try:
            data = await self._stored(file.file_id)
            if data:
                await self._share(channel, file.name, file.name, data, mark)
            else:
                await self._say(channel, Screen(_("{name} is not here yet.", name=Raw(file.name))), writer)
        except SendError as error:
            log.warning("file not sent", file=file.file_id, error=str(error))
            await self._try_to_say(channel, Screen(_("{name} could not be sent here.", name=Raw(file.name))), writer)

    async def _share(self, channel: str, name: str, title: str, data: bytes, mark: str) -> None:
        told = {"filename": name, "length": len(data)}
        place = await self._perform("files.getUploadURLExternal", told)
        await self._upload(place["upload_url"], data)
        uploaded = [{"id": place["file_id"], "title": title}]
        said = {"initial_comment": mark} if mark else {}
        await self._perform("files.completeUploadExternal", {"files": uploaded, "channel_id": channel, **said})

    async def _try_to_say(self, channel: str, screen: Screen, writer: Writer) -> None:
        try:
            await self._say(channel, screen, writer)
        except SendError as error:  # the message itself has arrived, and names what is missing
            log.warning("not even that", error=str(error))

    async def _say(self, channel: str, screen: Screen, writer: Writer) -> None:
        shown = draw.message(Answer(screen=screen), writer, self._page)
        await self._perform("chat.postMessage", {"channel": channel, **shown, **QUIET, "mrkdwn": False})


def _person(body: Mapping[str, Any]) -> str:
    return str(body["user_id"] if "command" in body else body["user"]["id"])
