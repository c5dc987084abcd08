"""Watching over a computation that holds its thread: halting it when told to stop, and telling how far it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOOK = 0.1  # seconds between two looks


@contextmanager
def watched(
    stop: threading.Event, halt: Callable[[], None], meanwhile: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """While the block runs: `meanwhile` now and then, and `halt` once `stop` is set, again and again until it ends.

    Again, because whatever is to be halted may not have begun. Both are called from another thread.
    """
    done = threading.Event()

    def watch() -> None:
        while True:
            meanwhile()
            if done.wait(LOOK):
                return
            if stop.is_set():
                halt()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
