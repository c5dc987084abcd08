"""Who may see what of formal positions, told a second time: plain Python over rows, for the oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from db.consultations import Consultation
from db.positions import Position, PositionState

from .consulting import owns

if TYPE_CHECKING:
    from .oracle import Looker, Oracle


def position(oracle: Oracle, looker: Looker, row: Position) -> bool:
    if row.administration_id != looker.home:
        return False
    if looker.speaks_for is not None and looker.speaks_for in (row.organisation_id, row.association_id):
        return True
    return row.state is PositionState.FILED and owns(oracle, looker, oracle.rows[Consultation][row.consultation_id])


RULES: Mapping[type[Any], Callable[[Oracle, Looker, Any], bool]] = {Position: position}
