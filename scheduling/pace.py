"""How fast one account may come: a burst at once, then so many a second, and only so many in waiting."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

BURST = 20  # updates of one account that are answered as fast as they come
A_SECOND = 5.0  # and then so many: faster than anybody reads
REMEMBERED = 4096  # accounts; whoever has been quiet is forgotten then
MOST_WAITING = 50  # updates of one account that wait to be answered


class Taken(Enum):
    """What becomes of an update."""

    YES = auto()
    WITH_A_WORD = auto()  # it is the first that is one too many: whoever sends them is told
    NO = auto()


@dataclass
class _Flow:
    at: float  # the instant `tokens` is of
    tokens: float = BURST
    waiting: int = 0
    is_told: bool = False


@dataclass
class Pace:
    """Counts what waits, by account; `now` is in seconds that only ever grow. A token bucket for each account."""

    _flows: dict[str, _Flow] = field(default_factory=dict)

    def come(self, account: str, now: float) -> Taken:
        """An update has come. Unless it is refused, `done` follows once it has been answered."""
        flow = self._flow(account, now)
        if flow.waiting >= MOST_WAITING:
            if flow.is_told:
                return Taken.NO
            flow.is_told = True
            flow.waiting += 1
            return Taken.WITH_A_WORD
        flow.waiting += 1
        return Taken.YES

    def count(self, account: str, waiting: int, now: float) -> None:
        """So many of an account wait: for whoever is not told of each that has been answered."""
        flow = self._flow(account, now)
        flow.waiting = waiting
        if waiting < MOST_WAITING // 2:
            flow.is_told = False

    def wait(self, account: str, now: float) -> float:
        """Seconds until the next update of an account is to be answered; asked once for each."""
        flow = self._flow(account, now)
        flow.tokens = min(BURST, flow.tokens + max(0.0, now - flow.at) * A_SECOND)
        flow.at = now
        flow.tokens -= 1
        return max(0.0, -flow.tokens / A_SECOND)

    def done(self, account: str, now: float) -> None:
        """An update that had come has been answered, or was none after all."""
        flow = self._flow(account, now)
        flow.waiting = max(0, flow.waiting - 1)
        if flow.waiting < MOST_WAITING // 2:
            flow.is_told = False

    def _flow(self, account: str, now: float) -> _Flow:
        if account not in self._flows and len(self._flows) >= REMEMBERED:
            busy = {
                name: flow for name, flow in self._flows.items() if flow.waiting or now - flow.at < BURST / A_SECOND
            }
            self._flows = busy
        return self._flows.setdefault(account, _Flow(at=now))
