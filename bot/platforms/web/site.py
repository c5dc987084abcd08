"""The part of the site that everybody may read: the same for all, so that it is kept, and nothing of a visit is looked
at. Each page is also there as CSV, as a workbook and as JSON."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Hashable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.kit.capability import Registry
from bot.kit.screen import QR, Button, NotFound, Picture
from bot.kit.site import Doors, Leaf, Passage, Site
from bot.kit.text import LANGUAGES, Code, Phrase, Reader, _
from db.session import Sessions
from scheduling.clock import Clock

from .draw import Drawer
from .export import CSV, JSON, MEDIA_TYPES, as_file, as_json
from .feeds import is_known, takes_gzip

HOLDS = timedelta(minutes=1)  # what only time changes is seen so late at most
RESTS = timedelta(seconds=10)  # made no sooner again, however often something changes and somebody asks
ROOM = 16 * 1024 * 1024  # bytes of pages kept in memory
PAGE = "html"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "public, max-age=60",
    "Vary": "Accept-Language, Accept-Encoding",
}
FORMATS = {CSV: _("CSV"), "xlsx": _("Excel workbook"), JSON: _("JSON")}
SCAN = _("The same for the camera of a telephone.")
ON_PAGE = _("On Parley’s own page")


# path, words, which page of a list, as what, language, that of the address if it names one, and the sheet
Key = tuple[str, str, int, str, str, str | None, str]


@dataclass(frozen=True)
class Kept:
    """One page or file, whole and packed."""

    data: bytes
    packed: bytes
    media_type: str
    tag: str
    stamp: Hashable
    made_at: datetime

    @property
    def size(self) -> int:
        return len(self.data) + len(self.packed)


@dataclass(frozen=True)
class Way:
    """How to go on behind one door: by a link, which is also a code for a camera, or by words to write there."""

    label: Phrase | Any
    url: str | None = None
    code: Picture | None = None
    words: Phrase | None = None


class SiteRoutes:
    """The pages that capabilities have registered as a `Site`.

    `stamp` tells cheaply whether anything was committed, `invitations` are the buttons that open each chat with a
    payload, `doors` the names of the doors there are, `home` Parley's public address, and `door` a page that says that
    there is nothing.
    """

    def __init__(
        self,
        *,
        sessions: Sessions,
        clock: Clock,
        drawer: Drawer,
        registry: Registry,
        stamp: Callable[[], Awaitable[Hashable]],
        invitations: Callable[..., tuple[Button, ...]],
        doors: Callable[[], Collection[str]],
        home: str,
        door: Callable[[Request, str, int], Response],
        language: Callable[[Request], str],
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._drawer = drawer
        self._registry = registry
        self._stamp = stamp
        self._invitations = invitations
        self._doors = doors
        self._home = home.rstrip("/")
        self._door = door
        self._language = language
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._making: dict[Hashable, asyncio.Task[Kept | None]] = {}
        self._one = asyncio.Semaphore(1)  # a long text takes half a second of a core
        self._size = 0

    def routes(self) -> list[Route]:
        return [
            Route(f"/{path}{rest}", self.page, name=path)
            for path in self._registry.sites
            for rest in ("", ".{kind}", "/{words:path}")
        ]

    async def page(self, request: Request) -> Response:
        """A page in the language that is asked for in its address, or by the browser; or the same as a file."""
        path = request.url.path.split("/")[1].split(".")[0]
        words, kind = _asked(request.path_params.get("words", ""), request.path_params.get("kind"))
        given = request.query_params
        number = given.get("page", "1")
        if kind not in (PAGE, *FORMATS) or len(words) > 100 or not (number.isascii() and number.isdigit()):
            return self._door(request, "nowhere", 404)
        language = given["lang"] if given.get("lang") in LANGUAGES else None
        key = (
            path,
            words,
            int(number[:6]),
            kind,
            language or self._language(request),
            language,
            given.get("sheet", "") if kind == CSV else "",
        )
        found = await self._found(key)
        if found is None:
            return self._door(request, "nowhere", 404)
        return _answer(request, found)

    async def _found(self, key: Key) -> Kept | None:
        stamp, now = await self._stamp(), self._clock.now()
        kept = self._kept.get(key)
        if kept is not None and kept.made_at <= now:
            age = now - kept.made_at
            if age < RESTS or (kept.stamp == stamp and age < HOLDS):
                self._kept.move_to_end(key)
                return kept
        making = self._making.get(key)
        if making is None:  # many may come for one page at once: it is made once
            making = self._making[key] = asyncio.create_task(self._keep(key, stamp, now))
            making.add_done_callback(lambda _done: self._making.pop(key, None))
        return await asyncio.shield(making)

    async def _keep(self, key: Key, stamp: Hashable, now: datetime) -> Kept | None:
        path, words, number, kind, language, asked, sheet = key
        ways = (tuple(sorted(self._doors())), Reader(language, "UTC"))
        async with self._one:
            made = await asyncio.to_thread(self._made, path, words, number, kind, ways, asked, sheet, now)
        before = self._kept.pop(key, None)
        self._size -= before.size if before is not None else 0
        if made is None:
            return None
        made = replace(made, stamp=stamp)  # taken before anything was read
        self._kept[key] = made
        self._size += made.size
        while self._size > ROOM and len(self._kept) > 1:
            _key, oldest = self._kept.popitem(last=False)
            self._size -= oldest.size
        return made

    def _made(
        self,
        path: str,
        words: str,
        number: int,
        kind: str,
        ways: tuple[tuple[str, ...], Reader],
        asked: str | None,
        sheet: str,
        now: datetime,
    ) -> Kept | None:
        site = self._registry.sites[path]
        try:
            with self._sessions.reading() as session:
                leaf: Leaf = site.find(session, words, at=now, page=number)
        except NotFound:
            return None
        if kind == PAGE:
            doors, reader = ways
            data: bytes | None = self._drawn(site, leaf, words, doors, reader, asked).encode()
            tag, media_type = data, "text/html; charset=utf-8"
        else:
            data = as_file(leaf.sheets, kind, sheet)
            # A workbook holds the time of its making: what tells it from another is what is in it.
            tag, media_type = as_json(leaf.sheets) if data is not None else None, MEDIA_TYPES[kind]
        if data is None or tag is None:
            return None
        digest = sha256(tag + kind.encode() + sheet.encode()).hexdigest()[:32]
        return Kept(data, gzip.compress(data, 6, mtime=0), media_type, f'W/"{digest}"', None, now)

    def _drawn(
        self, site: Site, leaf: Leaf, words: str, doors: tuple[str, ...], reader: Reader, asked: str | None
    ) -> str:
        here = f"{site.path}/{words}" if words else site.path

        def address(to: str, **more: str | int) -> str:
            """An address of the site, which keeps to the language that was asked for."""
            query = urlencode(({"lang": asked} if asked else {}) | more)
            return f"/{to}" + (f"?{query}" if query else "")

        return self._drawer.page(
            "site.html",
            Reader(reader.language, leaf.zone),
            site=site,
            leaf=leaf,
            here=here,
            words=words,
            address=address,
            below=lambda to, **more: address(f"{site.path}/{to}" if to else site.path, **more),
            languages=LANGUAGES,
            formats=FORMATS,
            ways=lambda part: self._ways(part, doors),
            home=self._home,
            is_public=True,
            is_indexed=True,
            is_passage=lambda value: isinstance(value, Passage),
            runs=lambda language: "rtl" if Reader(language, "UTC").is_rtl else "ltr",
        )

    def _ways(self, part: Doors, doors: tuple[str, ...]) -> list[Way]:
        """One for each door there is; the page itself is always one."""
        found = [
            Way(each.label, each.url, Picture(SCAN, QR(each.url)))
            for each in self._invitations(part.payload, but="web")
            if each.url is not None
        ]
        if "slack" in doors:
            found.append(Way(_("In Slack"), words=_("Write to Parley: {words}", words=Code(part.words))))
        url = f"{self._home}/{part.path}"
        found.append(Way(ON_PAGE, url, Picture(SCAN, QR(url))))
        return found


def _asked(words: str, kind: str | None) -> tuple[str, str]:
    """What is asked for, and as what: `C-3.csv` is C-3 as CSV."""
    if kind is not None:
        return words, kind
    name, dot, ending = words.rpartition(".")
    return (name, ending) if dot else (words, PAGE)


def _answer(request: Request, found: Kept) -> Response:
    """With everything a browser, a proxy and a program need to come again for nothing."""
    headers = HEADERS | {"ETag": found.tag}
    given = request.headers
    if (known := given.get("if-none-match")) and is_known(known.encode(), found.tag.encode()[2:]):
        return Response(status_code=304, headers=headers)
    data = found.data
    if takes_gzip(given.get("accept-encoding", "").encode()):
        data, headers["Content-Encoding"] = found.packed, "gzip"
    if not found.media_type.startswith("text/html"):
        name = re.sub(r"[^A-Za-z0-9.-]", "-", request.url.path.strip("/"))
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    headers["Content-Length"] = str(len(data))
    made = HTMLResponse if found.media_type.startswith("text/html") else Response
    return made(b"" if request.method == "HEAD" else data, headers=headers, media_type=found.media_type)
