"""The process that is killed: `parley all`, forked from one that has imported it, a meter at its boundaries.

`python -m tests.crash.child` reads one order a line and answers it with two: when the process has been forked, and when
it has ended. Its input closed, it ends that process and itself. The product knows nothing of it: the meter hangs on
SQLAlchemy's events and on Python's sockets (so the loop is Python's own), and a seeded defect or another time replaces
a method before it begins.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import aiohttp
from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

import bot.platforms.slack.wire
import bot.platforms.telegram.wire  # noqa: F401  a platform's SDK takes a second to import: not in every child
from bot.ops import serve
from bot.ops.logs import configure
from bot.settings import Settings
from scheduling.clock import SystemClock

from . import defects
from .clock import Shift
from .meter import Meter
from .recorder import Recorder

sys.modules["uvloop"] = None  # type: ignore[assignment]  # it goes past Python's sockets, and past the meter

WATCH = 0.01  # seconds between looks at the process


def main() -> None:
    gc.freeze()  # what has been imported is shared with every process forked from here
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _be_parley(order)
        if order["held"]:
            os.waitpid(pid, os.WUNTRACED)
        _say(started=pid)
        _say(ended=_end_of(pid))


def _say(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _end_of(pid: int) -> int:
    """The process's exit code, or minus the signal that ended it."""
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if select.select([sys.stdin], [], [], WATCH)[0]:  # nothing is ordered meanwhile: the test is gone
            os.kill(pid, signal.SIGKILL)


def _be_parley(order: dict[str, Any]) -> NoReturn:
    code = 1
    try:
        for number, path in {0: os.devnull, 1: os.devnull, 2: order["log"]}.items():
            os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND), number)
        if order["held"]:
            os.kill(os.getpid(), signal.SIGSTOP)  # until somebody has attached to it
        meter(Meter(Path(order["meter"])))
        if order.get("record"):
            record(Recorder(Path(order["record"])))
        if order.get("clock"):
            shift(Shift(Path(order["clock"])))
        if order.get("defect"):
            defects.ALL[order["defect"]]()
        settings = Settings(**order["settings"])
        configure(settings.log_format, settings.secrets())
        serve.serve(settings)
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException as error:  # noqa: BLE001  there is nobody above
        with contextlib.suppress(Exception):
            print(repr(error), file=sys.stderr, flush=True)  # noqa: T201
    finally:
        os._exit(code)


def shift(by: Shift) -> None:
    """Let this process believe in another time than the machine's."""
    now = SystemClock.now
    SystemClock.now = lambda self: now(self) + by.now  # type: ignore[method-assign]


def meter(it: Meter) -> None:
    """Let `it` be crossed at every statement, commit, send and receive of this process."""
    event.listen(Engine, "before_cursor_execute", lambda *_: it.cross("statement"))
    _around(DefaultDialect, "do_commit", before=lambda *_: it.cross("commit"), after=lambda _: it.cross("committed"))
    for name in ("send", "sendmsg"):
        _around(
            socket.socket, name, before=lambda *_: it.cross("send"), after=lambda _: it.cross("sent"), if_=_is_internet
        )
    for name in ("recv", "recv_into"):
        _around(socket.socket, name, after=lambda _: it.cross("received"), if_=_is_internet)


def record(it: Recorder) -> None:
    """Let `it` see every write to a database, and every word to a platform before it is said."""
    it.install()
    # So that writes reach the database itself often enough for a power cut in between.
    event.listen(Engine, "connect", lambda connection, _: connection.execute("PRAGMA wal_autocheckpoint=100"))
    _around(socket.socket, "send", before=lambda data: it.note("said", data=bytes(data)), if_=_is_internet)
    say = aiohttp.ClientWebSocketResponse.send_str  # on the wire it is masked

    async def said(self: aiohttp.ClientWebSocketResponse, data: str, *given: Any, **more: Any) -> None:
        it.note("said", data=data.encode())
        await say(self, data, *given, **more)

    aiohttp.ClientWebSocketResponse.send_str = said  # type: ignore[method-assign, assignment]


def _is_internet(it: Any) -> bool:
    """An event loop wakes itself through a pair of Unix sockets: that is no boundary."""
    return bool(it.family == socket.AF_INET)


def _around(
    owner: Any,
    name: str,
    *,
    before: Callable[..., None] = lambda *_: None,
    after: Callable[[Any], None] = lambda _: None,
    if_: Callable[[Any], bool] = lambda _: True,
) -> None:
    real = getattr(owner, name)

    def wrapped(self: Any, *given: Any, **more: Any) -> Any:
        if not if_(self):
            return real(self, *given, **more)
        before(*given)
        result = real(self, *given, **more)
        after(result)
        return result

    setattr(owner, name, wrapped)


if __name__ == "__main__":
    main()
