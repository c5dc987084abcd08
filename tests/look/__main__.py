"""`make look`: each page on a telephone and on a desktop, in every language, into build/look/. `ONLY=name` for one."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import uvicorn
from sqlalchemy import update

from bot.http import application
from bot.kit.text import CATALOGUES, LANGUAGES, Catalogues
from db.people import Pass, Person
from db.session import upgrade
from tests.world import World

from .browser import Tab, browsing, installed
from .pages import LOOKS, Look

FOLDER = Path("build/look")
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
COOKIE = "parley"


def main(only: list[str]) -> int:
    path = installed()
    if path is None:
        print("skipped: there is no browser here to look with; install Chromium")  # noqa: T201
        return 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = [each for each in LOOKS if not only or each.name in only]
    crooked = asyncio.run(_look(path, wanted))
    for each in crooked:
        print(f"wider than its screen: {each}", file=sys.stderr)  # noqa: T201
    return 1 if crooked else 0


async def _look(path: str, looks: list[Look]) -> list[str]:
    """Write all pictures; the names of those that do not fit their screen."""
    crooked = []
    async with browsing(path) as tab:
        for look in looks:
            with TemporaryDirectory() as folder:
                url = f"sqlite:///{folder}/look.db"
                upgrade(url)
                world = World(url)
                try:
                    async for name, is_crooked in _shots(tab, world, look):
                        print(FOLDER / name)  # noqa: T201
                        crooked += [name] if is_crooked else []
                finally:
                    world.runner.close()
                    world.parley.close()
    return crooked


async def _shots(tab: Tab, world: World, look: Look) -> AsyncIterator[tuple[str, bool]]:
    server = uvicorn.Server(
        uvicorn.Config(application(world.parley, secure=False), log_level="warning", lifespan="off")
    )
    door = socket.create_server(("127.0.0.1", 0))  # who comes before the server has begun waits there
    serving = asyncio.create_task(server.serve(sockets=[door]))
    base = f"http://127.0.0.1:{door.getsockname()[1]}"
    try:
        page = look.arrange(world)
        await tab.ask("Network.clearBrowserCookies")
        if look.who is not None:
            secret = await _signed_in(world, look.who, base)
            await tab.ask("Network.setCookie", name=COOKIE, value=secret, url=base)
        for language in LANGUAGES:
            await tab.ask("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
            if look.who is not None:
                with world.parley.sessions.writing() as session:
                    session.execute(update(Person).where(Person.id == world.ids[look.who]).values(language=language))
            for size, (width, height) in SIZES.items():
                await tab.sized(width, height, is_phone=size == "phone")
                await tab.open(base + page)
                for label in look.presses:
                    await tab.press(Catalogues(CATALOGUES).of(language).gettext(label))
                name = f"{look.name}-{language}-{size}.png"
                (FOLDER / name).write_bytes(await tab.picture())
                yield name, await tab.overflow() > 0
            if look.is_printed:
                name = f"{look.name}-{language}.pdf"
                (FOLDER / name).write_bytes(await tab.paper())
                yield name, False
    finally:
        server.should_exit = True
        await serving


async def _signed_in(world: World, who: str, base: str) -> str:
    """The secret of a session of theirs, as their browser would have it."""
    with world.parley.sessions.writing() as session:
        code = Pass.issue(session, "web", world.ids[who], at=world.clock.now())
    async with (
        aiohttp.ClientSession() as client,
        client.post(f"{base}/in/{code}", headers={"origin": base}, allow_redirects=False) as answer,
    ):
        return answer.cookies[COOKIE].value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
