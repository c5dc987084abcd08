"""For whom a broadcast is, as whoever writes it says it: pure, JSON there and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .kinds import By


@dataclass(frozen=True)
class Criterion:
    """People for whom `by` is one of `values`."""

    by: By
    values: tuple[str, ...]


@dataclass(frozen=True)
class Selection:
    """Everybody in scope for whom all of `include` hold and none of `exclude`. Without `include`: everybody."""

    include: tuple[Criterion, ...] = ()
    exclude: tuple[Criterion, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            name: [[each.by.value, *each.values] for each in getattr(self, name)] for name in ("include", "exclude")
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Selection:
        """Raises ValueError for a criterion that this version does not know."""
        both = (
            tuple(Criterion(By(by), tuple(values)) for by, *values in given.get(name, ()))
            for name in ("include", "exclude")
        )
        return cls(*both)
