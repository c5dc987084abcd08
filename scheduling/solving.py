"""Long solving in a child process, with progress and cancel: no process that serves anybody imports a solver.

What the child needs is the extra `solve` of this project; without it `Unavailable` says how to get it.
"""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, cast

STOP = "stop"  # what `scheduling.solve` heeds
LOOK = 0.2  # seconds between two looks at whether it is still wanted
CHILD = (sys.executable, "-P", "-m", "scheduling.solve")

Progress = Callable[[float, str], None]  # how much is done, of 1, and the child's own word for what it is doing


class SolvingFailed(Exception):
    """The child gave no answer; the message says what it last said."""


class Unavailable(SolvingFailed):
    """The solver is not installed."""


class Cancelled(SolvingFailed):
    """Nobody wants the answer any more."""


def solve(
    kind: str,
    question: dict[str, Any],
    *,
    progress: Progress = lambda done, doing: None,
    cancelled: Callable[[], bool] = lambda: False,
    enough: Callable[[], bool] = lambda: False,
    child: Sequence[str] = CHILD,
) -> Any:
    """Put a question of a `kind` that `scheduling.solve` knows to a child process, and wait for its answer: JSON both.

    Blocks: call it from a thread. `cancelled` is asked a few times a second, and the child is killed when it says so,
    when this process ends, or when `progress` raises. `enough` is asked as often; once it says so, the child is to
    answer with the best it has found so far. Raises ValueError for a question that makes no sense, and SolvingFailed's
    kinds.
    """
    with tempfile.TemporaryFile() as complaints:
        # In a group of its own: a terminal's Ctrl-C is for this process, which says what becomes of the child.
        process = subprocess.Popen(
            [*child, kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            bufsize=0,
            process_group=0,
        )
        try:
            _ask(cast("IO[bytes]", process.stdin), question)
            hurry = _Hurry(cast("IO[bytes]", process.stdin), enough)
            for line in _lines(cast("IO[bytes]", process.stdout), cancelled, hurry):
                said = json.loads(line)
                if "result" in said:
                    return said["result"]
                if "error" in said:
                    _raise(said["error"], said["detail"])
                progress(said["done"], said["doing"])
            complaints.seek(0)
            last = complaints.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise SolvingFailed(f"the solver stopped: {last or 'without a word'}")
        finally:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def unavailable(detail: str) -> Unavailable:
    """It is not installed, and this is how to get it."""
    return Unavailable(
        f"the solver is not installed ({detail}): pip install --require-hashes --only-binary :all:"
        " -r requirements/solve.txt"
    )


def _ask(pipe: IO[bytes], question: dict[str, Any]) -> None:
    # Unbuffered pipes write what fits; the child reads its line before it does anything else.
    _write(pipe, json.dumps(question).encode() + b"\n")


def _write(pipe: IO[bytes], line: bytes) -> None:
    rest = memoryview(line)
    try:
        while rest:
            rest = rest[pipe.write(rest) :]
    except BrokenPipeError:
        return  # it is gone already, and what it said tells why


class _Hurry:
    """Asks the child for the best so far, once, when there is enough."""

    def __init__(self, pipe: IO[bytes], enough: Callable[[], bool]) -> None:
        self._pipe, self._enough, self._is_asked = pipe, enough, False

    def __call__(self) -> None:
        if not self._is_asked and self._enough():
            self._is_asked = True
            _write(self._pipe, f"{STOP}\n".encode())


def _lines(pipe: IO[bytes], cancelled: Callable[[], bool], hurry: Callable[[], None]) -> Iterator[bytes]:
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            if cancelled():
                raise Cancelled("nobody wants the answer any more")
            hurry()
            if not selector.select(LOOK):
                continue
            read = pipe.read(1 << 16)
            if not read:
                return
            *whole, pending = (pending + read).split(b"\n")
            yield from whole


def _raise(error: str, detail: str) -> None:
    match error:
        case "unavailable":
            raise unavailable(detail)
        case "invalid":
            raise ValueError(detail)
        case _:
            raise SolvingFailed(f"{error}: {detail}")
