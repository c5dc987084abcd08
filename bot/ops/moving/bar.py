"""How far it has come, on standard error: a bar in a terminal, a line for each step elsewhere."""

from __future__ import annotations

import sys

WIDTH = 30


class Bar:
    """Shows what is being done, and how many of so many rows are there."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._last = ""

    def show(self, what: str, done: int, everything: int) -> None:
        is_copying = done < everything
        if self._is_terminal:
            full = WIDTH * done // everything if everything else 0
            figures = f"[{'#' * full}{'.' * (WIDTH - full)}] {done} of {everything} rows  " if everything else ""
            sys.stderr.write(f"\r\x1b[K{figures}{what}")
        elif (step := "copying" if is_copying else what) != self._last:
            self._last = step
            sys.stderr.write(f"{step}\n")
        sys.stderr.flush()

    def end(self) -> None:
        if self._is_terminal:
            sys.stderr.write("\n")
