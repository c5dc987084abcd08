"""What changes between a published programme and another, and whom it touches: in plain Python.

After publication people have told others where they will be. So a change costs: another time much, another room less.
`model.py` finds the programme that changes least, and says whether that is proved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from scheduling.programme.problem import Place, Places, Problem

RETIMED, MOVED = 10, 3  # points; a session that gets another time and another room costs both


class Change(NamedTuple):
    """A session that is elsewhere now. `people` are those it needs: whoever wants to attend is known to the caller."""

    session: str
    old: Place
    new: Place
    is_retimed: bool
    is_moved: bool
    people: tuple[str, ...]

    @property
    def cost(self) -> int:
        return RETIMED * self.is_retimed + MOVED * self.is_moved

    def to_json(self) -> dict[str, Any]:
        return {
            "session": self.session,
            "old": self.old.to_json(),
            "new": self.new.to_json(),
            "retimed": self.is_retimed,
            "moved": self.is_moved,
            "people": list(self.people),
        }


def changes(problem: Problem, published: Places, places: Places) -> list[Change]:
    """What changed, in the problem's order.

    A block with the same start is the same time. What was published may name sessions, blocks and rooms that are no
    more: a session in such a place has changed, one that is gone or new has not.
    """
    found = []
    for session in problem.sessions:
        old, new = published.get(session.key), places.get(session.key)
        if old is None or new is None:
            continue
        is_retimed, is_moved = not starts_alike(problem, old.block, new.block), old.room != new.room
        if is_retimed or is_moved:
            found.append(Change(session.key, old, new, is_retimed, is_moved, session.attending))
    return found


def starts_alike(problem: Problem, old: str, new: str) -> bool:
    """Whether two blocks, of which the first may be no more, start at the same instant."""
    if old not in problem.block:
        return False
    return problem.block[old].start == problem.block[new].start


def published_from_json(data: Any) -> dict[str, Place]:
    """Reads the places of a programme as it was published. Raises ValueError for what are none."""
    if not isinstance(data, Mapping):
        raise ValueError(f"not places by session: {data!r}")
    return {str(key): Place.from_json(each) for key, each in data.items()}
