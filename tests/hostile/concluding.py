"""Who may see what of a consultation's end, told a second time: plain Python over rows, for the oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from db.conclusions import CONCLUDED, Conclusion, FollowUp
from db.consultations import Consultation

from .consulting import consultation, owns, runs

if TYPE_CHECKING:
    from .oracle import Looker, Oracle


def conclusion(oracle: Oracle, looker: Looker, row: Conclusion) -> bool:
    """Its owners; once it is out whoever sees the consultation, and whoever was told it, even if not that."""
    if row.administration_id != looker.home:
        return False
    its: Consultation = oracle.rows[Consultation][row.consultation_id]
    if owns(oracle, looker, its):
        return True
    was_told = (looker.id, CONCLUDED, row.id) in oracle.told
    return row.published_at is not None and (was_told or consultation(oracle, looker, its))


def follow_up(oracle: Oracle, looker: Looker, row: FollowUp) -> bool:
    """Whoever asked for it, and Customs' side."""
    its = oracle.rows[Consultation][oracle.rows[Conclusion][row.conclusion_id].consultation_id]
    is_theirs = row.person_id == looker.id and row.administration_id == looker.home
    return is_theirs or runs(oracle, looker, its)


RULES: Mapping[type[Any], Callable[[Oracle, Looker, Any], bool]] = {Conclusion: conclusion, FollowUp: follow_up}
