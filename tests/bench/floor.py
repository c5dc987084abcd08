"""What a turn is held against: the bare bots of the two SDKs, and the turn's own SQL without anything around it.

`python -m tests.bench.floor slack|telegram API_URL PORT` serves a bot that answers every message with one: the
library's own way of being served, and nothing of Parley's.
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .child import SECRET, SLACK_TOKEN, TELEGRAM_TOKEN, told_cpu


def slack(api_url: str) -> Starlette:
    """slack-bolt's "hello": its own Starlette adapter, its signature check, one `say`."""
    from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler  # noqa: PLC0415
    from slack_bolt.app.async_app import AsyncApp  # noqa: PLC0415
    from slack_sdk.web.async_client import AsyncWebClient  # noqa: PLC0415

    client = AsyncWebClient(SLACK_TOKEN, base_url=api_url)
    app = AsyncApp(client=client, signing_secret=SECRET)

    @app.event("message")
    async def hello(say: Any) -> None:
        await say("hello")

    handler = AsyncSlackRequestHandler(app)

    async def take(request: Request) -> Response:
        return await handler.handle(request)

    return Starlette(routes=[Route("/slack/events", take, methods=["POST"])])


def telegram(api_url: str) -> Starlette:
    """python-telegram-bot's echo bot behind a webhook, as its own example of a custom webhook serves it."""
    import contextlib  # noqa: PLC0415
    from collections.abc import AsyncIterator  # noqa: PLC0415

    from telegram import Update  # noqa: PLC0415
    from telegram.ext import Application, MessageHandler, filters  # noqa: PLC0415

    bot = Application.builder().token(TELEGRAM_TOKEN).base_url(f"{api_url}/bot").updater(None).build()

    async def echo(update: Update, _context: Any) -> None:
        if update.message is not None:
            await update.message.reply_text(update.message.text or "")

    bot.add_handler(MessageHandler(filters.TEXT, echo))

    async def take(request: Request) -> Response:
        await bot.update_queue.put(Update.de_json(await request.json(), bot.bot))
        return Response()

    @contextlib.asynccontextmanager
    async def running(_app: Starlette) -> AsyncIterator[None]:
        async with bot:
            await bot.start()
            yield
            await bot.stop()

    return Starlette(routes=[Route("/telegram", take, methods=["POST"])], lifespan=running)


def main() -> None:
    """Serve one of them until killed."""
    door, api_url, port = sys.argv[1:]
    told_cpu()
    uvicorn.run(
        {"slack": slack, "telegram": telegram}[door](api_url), port=int(port), log_config=None, access_log=False
    )


if __name__ == "__main__":
    main()
