"""What takes minutes: in a thread of its own, that says how far it has come and ends when nobody wants it any more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import structlog

log = structlog.get_logger()
Report = Callable[[float, str], None]  # how much is done, of 1, and what is being done


class Task:
    """Begins at once. The thread is a daemon: a process that ends does not wait for it."""

    def __init__(self, work: Callable[[Any, Report, Callable[[], bool]], Any], question: Any) -> None:
        self._work, self._question = work, question
        self._unwanted = threading.Event()
        self._over = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._news: tuple[float, str] | None = None
        self._outcome: tuple[Any, str | None] = None, None
        threading.Thread(target=self._run, name="labour", daemon=True).start()

    async def is_over(self, *, within: float) -> bool:
        """Wait at most so many seconds for its end."""
        try:
            async with asyncio.timeout(within):
                await self._over.wait()
        except TimeoutError:
            return False
        return True

    def news(self) -> tuple[float, str] | None:
        """How far it has come, if it has come further since this was last asked."""
        news, self._news = self._news, None
        return news

    def stop(self) -> None:
        """Nobody wants it any more."""
        self._unwanted.set()

    def outcome(self) -> tuple[Any, str | None]:
        """Its answer; or None, and why there is none: the name of what went wrong."""
        return self._outcome

    def _run(self) -> None:
        try:
            answer = self._work(self._question, self._report, lambda: not self._unwanted.is_set())
            self._outcome = answer, None
        except Exception as error:
            if self._unwanted.is_set():
                log.info("a labour was stopped")
            else:
                log.exception("a labour failed")
            self._outcome = None, type(error).__name__
        try:
            self._loop.call_soon_threadsafe(self._over.set)
        except RuntimeError:  # the loop is closed: nobody waits
            log.info("a labour ended after its process had")

    def _report(self, done: float, doing: str) -> None:
        self._news = done, doing
