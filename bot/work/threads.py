"""Where turns run, off the event loop."""

from __future__ import annotations

import asyncio
import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import structlog

from db.session import Sessions

log = structlog.get_logger()
T = TypeVar("T")

# On PostgreSQL. Each waits for the server, and one interpreter serves them all: with eight, an update that comes in
# waits for it behind seven turns: at 300 a second for a second, with three for a quarter of one. Eight do a tenth more.
AT_ONCE = 3
TOGETHER = 8  # calls that wait for the one writer in one commit: they also wait for one another


@dataclass(frozen=True, order=True)
class Call:
    """Something to do in one of the threads: lower ranks first, then in order."""

    rank: int
    number: int
    what: Callable[[], Any] | None = field(compare=False)  # None: the thread ends
    result: Future[Any] = field(compare=False, default_factory=Future)

    def outcome(self) -> tuple[Any, BaseException | None]:
        """What it gives, or what it raises."""
        try:
            return self.what() if self.what is not None else None, None
        except BaseException as error:  # noqa: BLE001  whoever waits for the result gets it
            return None, error

    def tell(self, value: Any, error: BaseException | None) -> None:
        if error is not None:
            self.result.set_exception(error)
        else:
            self.result.set_result(value)


class Threads:
    """Where turns run: one writer thread on SQLite, which takes one writer anyway; a pool on PostgreSQL.

    The one writer commits together what waits for it together, and tells nobody before that.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._calls: queue.PriorityQueue[Call] = queue.PriorityQueue()
        self._order = itertools.count()
        self._threads = [
            threading.Thread(target=self._serve, name=f"turn_{number}", daemon=True)
            for number in range(1 if sessions.is_sqlite else AT_ONCE)
        ]
        for thread in self._threads:
            thread.start()

    async def run(self, what: Callable[..., T], *args: Any, first: bool = False, **more: Any) -> T:
        """Call it there. With `first` it goes before everything that waits: a platform is waiting for it."""
        call = Call(0 if first else 1, next(self._order), partial(what, *args, **more))
        self._calls.put(call)
        result: T = await asyncio.wrap_future(call.result)
        return result

    def close(self) -> None:
        """Finish what has been asked for, and end."""
        for _thread in self._threads:
            self._calls.put(Call(2, next(self._order), None))
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        while True:
            call = self._calls.get()
            if call.what is None:
                return
            if not call.result.set_running_or_notify_cancel():
                continue
            if self._sessions.is_sqlite and not self._calls.empty():
                self._do_together(call)
            else:
                call.tell(*call.outcome())

    def _do_together(self, call: Call) -> None:
        """Do it and what waits behind it in one commit, then tell how each ended; if that fails, each alone."""
        done: list[tuple[Call, tuple[Any, BaseException | None]]] = []
        try:
            with self._sessions.together():
                done.append((call, call.outcome()))
                while call.rank and len(done) < TOGETHER and (more := self._next()) is not None:
                    call = more
                    done.append((call, call.outcome()))
        except Exception as error:  # noqa: BLE001  whatever it is, the thread goes on and everybody is told
            log.warning("not together", calls=len(done), error=type(error).__name__)
            done = [(each, each.outcome()) for each in [pair[0] for pair in done] or [call]]
        for each, outcome in done:
            each.tell(*outcome)

    def _next(self) -> Call | None:
        """What waits next; one that ends the thread is left."""
        while True:
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                return None
            if call.what is None:
                self._calls.put(call)
                return None
            if call.result.set_running_or_notify_cancel():
                return call
