"""What must be true after every crash, as functions of what was seen and of what a calm run saw at the same act."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from .facts import Facts

Again = Counter[str]


def nothing_confirmed_is_lost(seen: Facts, calm: Facts, again: Again) -> Iterator[str]:
    """What a platform was told that we have is kept; every row of the calm run is there; everybody has heard."""
    yield from (f"confirmed but not kept: {each}" for each in seen.lost)
    yield from (f"{times} missing of: {row}" for row, times in (calm.held - seen.held).items())
    yield from (f"{times} missing of: {line}" for line, times in (calm.done - seen.done).items())
    yield from (f"{times} never planned of: {line}" for line, times in (calm.news - seen.news).items())
    heard = seen.new + seen.changed + seen.repeated
    yield from (f"{times} never heard of: {words}" for words, times in (calm.new + calm.changed - heard).items())


def no_effect_is_applied_twice(seen: Facts, calm: Facts, again: Again) -> Iterator[str]:
    """The database holds no more than after a calm run, and every change was made once."""
    yield from (f"{times} too many of: {row}" for row, times in (seen.held - calm.held).items())
    yield from (f"{times} too many of: {line}" for line, times in (seen.done - calm.done).items())
    yield from (f"{times} too many of: {line}" for line, times in (seen.news - calm.news).items())


def nobody_is_told_twice(seen: Facts, calm: Facts, again: Again) -> Iterator[str]:
    """A message comes twice only after an unknown outcome, and then once, and says so itself.

    Who pressed again is answered again: that is no repeat.
    """
    for words, times in (seen.new - calm.new).items():
        if times > again[words.partition(":")[0]]:
            yield f"{times} unmarked repeats of: {words}"
    marked = seen.repeated.total()
    if marked > seen.may_repeat:
        yield f"{marked} marked repeats after {seen.may_repeat} unknown outcomes"
    yield from (f"{times} marked repeats of: {words}" for words, times in seen.repeated.items() if times > 1)


def nothing_is_left_half_done(seen: Facts, calm: Facts, again: Again) -> Iterator[str]:
    """No update waits, no message is pending, failed or in doubt, no job is left; the audit chain is whole."""
    yield from seen.unfinished
    yield from (f"refused by its platform: {each}" for each in seen.refused)


ALL: tuple[Callable[[Facts, Facts, Again], Iterator[str]], ...] = (
    nothing_confirmed_is_lost,
    no_effect_is_applied_twice,
    nobody_is_told_twice,
    nothing_is_left_half_done,
)


class Violated(AssertionError):
    """An invariant does not hold; `invariant` is its name."""

    def __init__(self, invariant: str, where: str, found: list[str]) -> None:
        super().__init__(f"{invariant} {where}:\n" + "\n".join(f"  {each}" for each in found))
        self.invariant = invariant


def check(seen: Facts, calm: Facts, again: Again, where: str) -> None:
    """Raise the first that does not hold."""
    for invariant in ALL:
        if found := list(invariant(seen, calm, again)):
            raise Violated(invariant.__name__, where, found)
