"""`parley all` as it is served, in a process that tells what it has used: `python -m tests.bench.child`.

Settings come from the environment, as always. On SIGUSR1 it writes a line of JSON: {"cpu": seconds, "memory": bytes
resident, "open": descriptors}. With RECORD it also writes every SQL statement to that file, for the floor.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
SLACK_TOKEN = "xoxb-1-1-bench"
TELEGRAM_TOKEN = "123456789:" + "A" * 35


def told_cpu() -> None:
    """From now on SIGUSR1 is answered on standard output."""
    signal.signal(signal.SIGUSR1, _tell)


def _tell(_number: int, _frame: Any) -> None:
    used = {"cpu": time.process_time(), "memory": _resident(), "open": len(os.listdir("/dev/fd"))}
    os.write(1, json.dumps(used).encode() + b"\n")


def _resident() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:  # no /proc: the highest there was, in bytes here and kibibytes there
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def record(path: str) -> None:
    """Write down what is asked of the database, in order: (SQL, parameters), ("BEGIN" and "COMMIT" among them)."""
    # Here, because the bare bots import this module too, and have no SQLAlchemy to pay for.
    from sqlalchemy import Engine, event  # noqa: PLC0415
    from sqlalchemy.engine.interfaces import ExecuteStyle  # noqa: PLC0415

    file = Path(path).open("ab", buffering=0)  # noqa: SIM115  open until the process ends

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        # Several rows in one statement are called "many" too, and are executed once.
        many = many and context.execute_style is ExecuteStyle.EXECUTEMANY
        file.write(pickle.dumps((statement, parameters, many)))

    event.listen(Engine, "before_cursor_execute", note)
    event.listen(Engine, "commit", lambda _: file.write(pickle.dumps(("COMMIT", (), False))))
    event.listen(Engine, "rollback", lambda _: file.write(pickle.dumps(("ROLLBACK", (), False))))


def main() -> None:
    from bot.ops import serve  # noqa: PLC0415
    from bot.ops.logs import configure  # noqa: PLC0415
    from bot.settings import Settings  # noqa: PLC0415

    if path := os.environ.get("RECORD"):  # noqa: TID251  a tool's own switch, no setting of the product
        record(path)
    told_cpu()
    settings = Settings()
    configure(settings.log_format, settings.secrets())
    serve.serve(settings)


if __name__ == "__main__":
    main()
