"""The child process that solves: `python -m scheduling.solve meetings`. Its parent is `scheduling.solving`.

In comes one line of JSON, the question. Out goes one JSON object a line: any number of `{"done": 0.4, "doing":
"total"}`, then `{"result": …}`, or `{"error": "unavailable" | "invalid", "detail": …}`. A further line `stop` asks for
the best found so far. The end of the input ends the process at once, so that no solver outlives the process that asked.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

# What can be solved: the module that does, loaded only here. It has a solve(question, report, stop).
KINDS = {
    "cosplib": "scheduling.programme.cosplib.solver",
    "meetings": "scheduling.meetings.exact",
    "opinions": "scheduling.opinions.groups",
    "programme": "scheduling.programme.model",
    "seats": "scheduling.seats.exact",
    "timefold": "scheduling.programme.timefold.solve",
}
STOP = "stop"  # the line that asks for the best so far

Solve = Callable[[Any, Callable[[float, str], None], threading.Event], Any]


def main(kind: str) -> None:
    question = sys.stdin.readline()
    stop = threading.Event()
    threading.Thread(target=_heed, args=(stop,), daemon=True).start()
    try:
        solve: Solve = import_module(KINDS[kind]).solve
    except ImportError as error:
        _say(error="unavailable", detail=str(error))
        return
    try:
        _say(result=solve(json.loads(question), lambda done, doing: _say(done=done, doing=doing), stop))
    except ValueError as error:
        _say(error="invalid", detail=str(error))


def _say(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _heed(stop: threading.Event) -> None:
    for line in sys.stdin:
        if line.strip() == STOP:
            stop.set()
    os._exit(1)  # the solver holds the main thread and heeds no signal of Python's


if __name__ == "__main__":
    main(sys.argv[1])
