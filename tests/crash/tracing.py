"""strace as a trap: it kills the process as it enters the Nth call of a kind, counted in each thread."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from .meter import Point

# Every call that changes a database's files, and every one that reaches a platform or a server.
CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate", "write", "sendto", "recvfrom", "connect", "close")
LINGER = 0.1  # seconds that strace has to see a process's end
CALL = re.compile(r"^(\d+)\s+(\w+)\(", re.MULTILINE)


def why_not() -> str | None:
    """Why this machine does not permit the instrument; None where it does."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as someone:
        tried = [
            "strace",
            "-f",
            "-qq",
            "-e",
            "trace=exit",
            "-e",
            "inject=fsync:signal=KILL:when=1",
            "-p",
            str(someone.pid),
        ]
        strace = subprocess.Popen(tried, stderr=subprocess.PIPE, text=True)
        someone.communicate(b"\n")
        words = strace.communicate(timeout=10)[1]
    return f"ptrace is not permitted: {words.strip()}" if strace.returncode else None


class Tracer:
    """A trap for `Journey`: armed at a point it kills there, armed at none it counts."""

    holds = True

    def __init__(self, folder: Path) -> None:
        self._output = folder / "strace"
        self._at: Point | None = None
        self._strace: asyncio.subprocess.Process | None = None
        self._releasing: asyncio.Task[None] | None = None

    def set(self, at: Point | None) -> None:
        self._at = at

    async def attach(self, pid: int) -> None:
        """Begin to count in this process."""
        calls = CALLS if self._at is None else (self._at.kind,)
        kill = [] if self._at is None else ["-e", f"inject={self._at.kind}:signal=KILL:when={self._at.number}"]
        self._strace = await asyncio.create_subprocess_exec(
            *("strace", "-f", "-o", str(self._output), "-e", f"trace={','.join(calls)}", *kill, "-p", str(pid)),
            stderr=asyncio.subprocess.PIPE,
        )
        if self._strace.stderr is None or b"attached" not in await self._strace.stderr.readline():
            await self._strace.communicate()  # it has just died of the point before: this one is not reached
            self._strace = None
            return
        self._releasing = asyncio.create_task(self._release(pid, self._strace))

    async def _release(self, pid: int, strace: asyncio.subprocess.Process) -> None:
        """Now and then strace does not see the end of its last thread, and waits for ever: then nobody else sees it."""
        while strace.returncode is None:
            if _is_over(pid):
                await asyncio.sleep(LINGER)
                if strace.returncode is None:
                    strace.kill()
                return
            await asyncio.sleep(LINGER)

    async def off(self) -> dict[str, int]:
        """Let the process go: how many calls of each kind the busiest thread made."""
        if self._strace is None:
            return {}
        if self._strace.returncode is None:
            self._strace.send_signal(signal.SIGINT)
        await self._strace.communicate()
        if self._releasing is not None:
            await self._releasing
        self._strace = None
        made = Counter(CALL.findall(self._output.read_text(encoding="utf-8", errors="replace")))
        return {kind: max((n for (_, call), n in made.items() if call == kind), default=0) for kind in CALLS}


def _is_over(pid: int) -> bool:
    """Whether the process has ended, though perhaps nobody has seen it end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
