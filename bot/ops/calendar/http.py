"""Gate F: how an address serves its feed. A dozen requests, each with a limit; the address itself is never shown."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlsplit

import aiohttp

from bot.ops.trouble import Trouble
from scheduling.calendar.check import Findings, Gate

F = Gate.HTTP
LARGEST = 20_000_000  # octets: ten thousand meetings are three million
SECONDS = 30.0  # for one request
LONG_AGO = "Thu, 01 Jan 1970 00:00:01 GMT"
OTHER = '"not-the-one-you-have"'
_SECRET = re.compile(r"[A-Za-z0-9_-]{20,}")


@dataclass(frozen=True)
class Answer:
    """A response: its status, its headers in small letters, its body as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def fetch(address: str, findings: Findings) -> bytes:
    """The feed behind the address, and what is found in the way it is served. Raises Trouble where none is served."""
    if address.lower().startswith("webcal://"):
        address = f"https://{address[len('webcal://') :]}"
    return asyncio.run(fetched(address, findings))


async def fetched(address: str, findings: Findings) -> bytes:
    """The same, where a loop runs already."""
    try:
        name = urlsplit(address).hostname
    except ValueError:
        name = None
    if not name:
        raise Trouble("that is no address: https://HOST/…")
    limit = aiohttp.ClientTimeout(total=SECONDS)
    async with aiohttp.ClientSession(timeout=limit, auto_decompress=False) as client:
        asking = Asking(client, address, name, findings)
        first = await asking.ask()
        if first.status != 200:
            raise Trouble(f"{name} answers with status {first.status}")
        await asking.look(first)
    return first.body if first.headers.get("content-encoding") != "gzip" else _unpacked(first.body)[0]


@dataclass
class Asking:
    """One address, asked in every way that calendar clients ask."""

    client: aiohttp.ClientSession
    address: str
    name: str
    findings: Findings

    async def ask(self, method: str = "GET", address: str | None = None, **headers: str) -> Answer:
        """One request; `If_None_Match` is the header If-None-Match. Raises Trouble."""
        given = {"Accept-Encoding": "identity", "User-Agent": "Parley calendar check"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            async with self.client.request(method, address or self.address, headers=given, max_redirects=5) as response:
                body = bytearray()
                async for part in response.content.iter_chunked(65_536):
                    body += part
                    if len(body) > LARGEST:
                        raise Trouble(f"{self.name} sends more than {LARGEST // 1_000_000} MB, which no calendar reads")
                return Answer(response.status, _small(response.headers), bytes(body))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Trouble(f"{self.name} gives no answer ({type(error).__name__})") from None

    async def look(self, first: Answer) -> None:
        """Everything that is asked after the first answer."""
        self._type(first)
        again = await self.ask()
        is_steady = again.body == first.body
        if not is_steady:
            self._fail(
                "two fetches in a row bring different bytes",
                "write DTSTAMP as the last change, not as now: clients fetch the whole feed every time",
            )
        await self._validators(first, again, is_steady=is_steady)
        await self._dates(first)
        await self._head(first)
        await self._gzip(first, is_steady=is_steady)
        await self._secret()
        if not self.findings.failed(F):
            self.findings.ok(F, f"{self.name} serves it as clients expect")

    def _type(self, first: Answer) -> None:
        said = Message()
        said["Content-Type"] = first.headers.get("content-type", "")
        if said.get_content_type() != "text/calendar":
            self._fail(f"Content-Type is {said.get_content_type()}", "serve text/calendar; charset=utf-8")
        elif str(said.get_param("charset", "")).lower() not in {"utf-8", "utf8"}:
            self._warn("Content-Type names no charset", "serve text/calendar; charset=utf-8")
        if first.headers.get("content-disposition", "").lower().startswith("attachment"):
            self._warn("it is served as an attachment", "leave Content-Disposition out: a feed is not downloaded once")
        if "cache-control" not in first.headers:
            self._warn("no Cache-Control", "say how long it may be kept, such as private, max-age=300")

    async def _validators(self, first: Answer, again: Answer, *, is_steady: bool) -> None:
        tag = first.headers.get("etag")
        if tag is None:
            self._warn("no ETag", "send one, such as a hash of the bytes: without it every fetch is a whole download")
            return
        if tag.startswith("W/"):
            self._warn("the ETag is weak (W/…)", "let it tell the exact bytes: hash them")
        elif is_steady != (tag == again.headers.get("etag")):
            self._fail("the ETag does not change as the bytes do", "hash the bytes: same bytes, same ETag")
        bare = tag.removeprefix("W/")
        ways = {
            tag: "the ETag",
            f"{OTHER}, {tag}": "a list with the ETag",
            f"W/{bare}": "the ETag as a weak one",
            "*": "*",
        }
        for value, what in ways.items() if is_steady else ():
            answer = await self.ask(If_None_Match=value)
            if answer.status != 304:
                self._fail(
                    f"If-None-Match with {what} is answered with {answer.status}", "answer 304: nothing has changed"
                )
            elif answer.body:
                self._fail("a 304 has a body", "send none")
            elif answer.headers.get("etag", "").removeprefix("W/") != bare:
                self._warn("a 304 does not repeat the ETag", "send the validators with every 304")
        answer = await self.ask(If_None_Match=OTHER, If_Modified_Since="Fri, 01 Jan 2100 00:00:00 GMT")
        if answer.status != 200:
            self._fail(
                f"a client with other bytes is answered with {answer.status}",
                "answer 200 where If-None-Match does not match, whatever If-Modified-Since says",
            )

    async def _dates(self, first: Answer) -> None:
        answer = await self.ask(If_Modified_Since=LONG_AGO)
        if answer.status != 200:
            self._fail(
                f"If-Modified-Since of 1970 is answered with {answer.status}",
                "compare the date: a 304 to any of them freezes the calendar for ever",
            )
        date = first.headers.get("last-modified")
        if date is not None and (answer := await self.ask(If_Modified_Since=date)).status != 304:
            self._warn(f"its own Last-Modified is answered with {answer.status}", "answer 304: nothing has changed")

    async def _head(self, first: Answer) -> None:
        answer = await self.ask("HEAD")
        if answer.status != 200:
            self._fail(f"HEAD is answered with {answer.status}", "answer as to GET, without the body")
            return
        for name in ("etag", "content-type"):
            if answer.headers.get(name) != first.headers.get(name):
                self._warn(f"HEAD has another {name} than GET", "answer as to GET, without the body")
        size = answer.headers.get("content-length")
        if size is not None and size != str(len(first.body)):
            self._warn("HEAD has another Content-Length than GET's body", "answer as to GET, without the body")

    async def _gzip(self, first: Answer, *, is_steady: bool) -> None:
        answer = await self.ask(Accept_Encoding="gzip")
        if answer.headers.get("content-encoding", "").lower() != "gzip":
            if len(first.body) > 10_000:
                self._warn("it is never compressed", "gzip it where the client accepts that: a tenth of the size")
            return
        if first.headers.get("content-encoding") == "gzip":
            self._warn("it is compressed for clients that have not asked for it", "look at Accept-Encoding")
            return
        body, is_whole = _unpacked(answer.body)
        if is_steady and (body != first.body or not is_whole):
            self._fail("the gzip body is not the same feed", "compress exactly what is sent without compression")
        if "accept-encoding" not in answer.headers.get("vary", "").lower():
            self._warn("compressed without Vary: Accept-Encoding", "add it, or caches mix the two up")

    async def _secret(self) -> None:
        """A secret in the address that is wrong by one letter must open nothing."""
        parts = urlsplit(self.address)
        found = list(_SECRET.finditer(parts.path))
        if not found:
            return
        at = found[-1].start()
        other = "a" if parts.path[at] != "a" else "b"
        path = f"{parts.path[:at]}{other}{parts.path[at + 1 :]}"
        answer = await self.ask(address=parts._replace(path=path).geturl())
        if answer.status not in {401, 403, 404, 410}:
            self._warn(
                f"a wrong secret in the address is answered with {answer.status}",
                "answer 404, always in the same words",
            )

    def _fail(self, what: str, to_do: str) -> None:
        self.findings.fail(F, None, what, to_do)

    def _warn(self, what: str, to_do: str) -> None:
        self.findings.warn(F, None, what, to_do)


def _unpacked(body: bytes) -> tuple[bytes, bool]:
    """What gzip packed, and whether that is all of it: no more than is read of any feed."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        return unpacker.decompress(body, LARGEST + 1), unpacker.eof
    except zlib.error:
        return b"", False


def _small(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
