"""A headless Chromium, spoken to as its own developer tools do: addresses, buttons, pictures, paper."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-extensions", "--hide-scrollbars", "--remote-debugging-port=0", "about:blank"),
)
PATIENCE = 60.0  # seconds for one answer
A4_LANDSCAPE = {"preferCSSPageSize": True, "printBackground": True, "landscape": True}
PRESS = """(label => {
  const said = button => button.textContent.replace(/[\\u2066-\\u2069]/g, "").trim();
  const found = [...document.querySelectorAll("main button, main a.button")].find(each => said(each) === label);
  if (found) found.click();
  return !!found;
})(%s)"""


def installed() -> str | None:
    """Where there is a browser."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Tab:
    """One page of it. Commands and events are those of the Chrome DevTools Protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._loaded = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            said = json.loads(message.data)
            if said.get("method") == "Page.loadEventFired":
                self._loaded.set()
            elif (waiting := self._answers.pop(said.get("id"), None)) is not None:
                waiting.set_result(said)

    async def ask(self, method: str, **params: Any) -> Any:
        number = next(self._ids)
        self._answers[number] = answer = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        said = await asyncio.wait_for(answer, PATIENCE)
        if "error" in said:
            raise RuntimeError(f"{method}: {said['error']['message']}")
        return said["result"]

    async def sized(self, width: int, height: int, *, is_phone: bool) -> None:
        shape = {"width": width, "height": height, "deviceScaleFactor": 2 if is_phone else 1, "mobile": is_phone}
        await self.ask("Emulation.setDeviceMetricsOverride", **shape)

    async def open(self, url: str) -> None:
        self._loaded.clear()
        await self.ask("Page.navigate", url=url)
        await asyncio.wait_for(self._loaded.wait(), PATIENCE)

    async def press(self, label: str) -> None:
        self._loaded.clear()
        found = await self.ask("Runtime.evaluate", expression=PRESS % json.dumps(label))
        if not found["result"]["value"]:
            raise LookupError(f"no button {label!r}")
        await asyncio.wait_for(self._loaded.wait(), PATIENCE)

    async def overflow(self) -> int:
        """By how many pixels the page is wider than what shows it."""
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int((await self.ask("Runtime.evaluate", expression=wide))["result"]["value"])

    async def picture(self) -> bytes:
        """The whole page, as PNG."""
        seen = await self.ask("Page.getLayoutMetrics")
        whole, window = seen["cssContentSize"], seen["cssLayoutViewport"]
        # A short page that runs from right to left would be taken aside of where it stands.
        is_longer = whole["height"] > window["clientHeight"]
        clip = {"x": 0, "y": 0, "width": whole["width"], "height": whole["height"], "scale": 1}
        shot = await self.ask("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=is_longer)
        return base64.b64decode(shot["data"])

    async def paper(self) -> bytes:
        """As it is printed, as PDF."""
        return base64.b64decode((await self.ask("Page.printToPDF", **A4_LANDSCAPE))["data"])

    def close(self) -> None:
        self._reading.cancel()


@asynccontextmanager
async def browsing(path: str) -> AsyncIterator[Tab]:
    """A browser with one tab, which ends with the block."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            path,
            f"--user-data-dir={profile}",
            *QUIET,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            port = await asyncio.wait_for(_port(process), PATIENCE)
            async with aiohttp.ClientSession() as client:
                async with client.get(f"http://127.0.0.1:{port}/json/list") as listed:
                    tabs = [each for each in await listed.json() if each["type"] == "page"]
                async with client.ws_connect(tabs[0]["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                    tab = Tab(socket)
                    await tab.ask("Page.enable")
                    await tab.ask("Network.enable")
                    yield tab
                    tab.close()
        finally:
            process.kill()
            await process.wait()


async def _port(process: asyncio.subprocess.Process) -> int:
    assert process.stderr is not None
    async for line in process.stderr:
        if found := re.search(rb"ws://127\.0\.0\.1:(\d+)/", line):
            return int(found[1])
    raise RuntimeError("the browser did not begin")
