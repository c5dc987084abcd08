"""Addresses that somebody else chose: no connection is made to them, and no redirect is followed."""

from __future__ import annotations

import pytest
from aiohttp import web

from bot.kit.door import Permanent, SendError
from bot.platforms.slack.client import Client
from scheduling.clock import SystemClock

ELSEWHERE = [
    "http://127.0.0.1:22/",
    "http://[::1]/",
    "http://169.254.169.254/latest/meta-data",
    "http://10.0.0.1/",
    "https://slack.com.evil.example/x",
    "https://slack.com@evil.example/x",
    "https://evilslack.com/x",
    "https://evil.example/slack.com",
    "https://evil.example\\@slack.com/x",
    "https://files.slack.com\\@evil.example/x",
    "https://evil.example@slack.com/x",
    "https://slack.com:443@evil.example/x",
    "https://evil.example#@slack.com/x",
    "https://[::1]@slack.com/x",
    "https://[slack.com/x",
    "https://slack.com:x/x",
    "https://slack.com:99999/x",
    "https://slack.com%2eevil.example/x",
    "https://slack.com%00/x",
    "https://sl\tack.com/x",
    "https://slack.com/x y",
    "https://slack.com/\n",
    "https://slack。com/x",
    "https://ѕlack.com/x",
    "http://slack.com/x",
    "ftp://slack.com/x",
    "file:///etc/passwd",
    "//slack.com/x",
    "slack.com",
    "",
]
REFUSED = "not an address of Slack's"


@pytest.mark.promise("threat.30", "No file, answer or upload goes to a machine that is not the platform's.")
@pytest.mark.parametrize("url", ELSEWHERE)
async def test_no_other_machine_is_asked(url: str) -> None:
    client = Client("xoxb-canary", "https://slack.com/api/", SystemClock())
    await client.open()
    try:
        with pytest.raises(Permanent, match=REFUSED):
            await client.download(url, 10)
        with pytest.raises(Permanent, match=REFUSED):
            await client.upload(url, b"x")
        with pytest.raises(Permanent, match=REFUSED):
            await client.perform("response_url", {"url": url, "text": "x"})
    finally:
        await client.close()


@pytest.mark.promise("threat.30", "A redirect is not followed, so that no token goes where it leads.")
async def test_no_redirect_is_followed() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    here = f"http://127.0.0.1:{runner.addresses[0][1]}"
    client = Client("xoxb-canary", f"{here}/api/", SystemClock())
    await client.open()
    for attempt in (
        client.download(f"{here}/file", 10),
        client.upload(f"{here}/upload", b"x"),
        client.perform("response_url", {"url": f"{here}/answer", "text": "x"}),
    ):
        with pytest.raises(SendError):
            await attempt
    assert asked == ["/file", "/upload", "/answer"]
    await client.close()
    await runner.cleanup()
