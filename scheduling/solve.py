"""The child process that solves: `python -m scheduling.solve meetings`. Its parent is `scheduling.solving`.

In comes one line of JSON, the question. Out goes one JSON object a line: any number of `{"done": 0.4, "doing":
"total"}`, then `{"result": …}`, or `{"error": "unavailable" | "invalid", "detail": …}`. The end of the
input ends the process at once, so that no solver outlives the process that asked.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

# What can be solved: the module that does, loaded only here. It has a solve(question, report).
KINDS = {"meetings": "scheduling.meetings.exact", "seats": "scheduling.seats.exact"}


def main(kind: str) -> None:
    question = sys.stdin.readline()
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    try:
        solve: Callable[[Any, Callable[[float, str], None]], Any] = import_module(KINDS[kind]).solve
    except ImportError as error:
        _say(error="unavailable", detail=str(error))
        return
    try:
        _say(result=solve(json.loads(question), lambda done, doing: _say(done=done, doing=doing)))
    except ValueError as error:
        _say(error="invalid", detail=str(error))


def _say(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _end_with_the_parent() -> None:
    sys.stdin.read()
    os._exit(1)  # the solver holds the main thread and heeds no signal of Python's


if __name__ == "__main__":
    main(sys.argv[1])
