"""Who may see what of statements, told a second time: plain Python over rows, for the oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from db.consultations import Consultation
from db.statements import Statement, StatementCircle, StatementMap, StatementVote, StatementVoter

from . import consulting

if TYPE_CHECKING:
    from .oracle import Looker, Oracle


def statement(oracle: Oracle, looker: Looker, row: Statement) -> bool:
    """What stands, without a name, whoever sees the consultation; what was taken out, its author and the owners."""
    if row.administration_id != looker.home:
        return False
    if row.person_id == looker.id or consulting.owns(oracle, looker, oracle.rows[Consultation][row.consultation_id]):
        return True
    stands = row.hidden_at is None and row.withdrawn_at is None
    return stands and consulting.with_it(oracle, looker, row)


def ones_own(_oracle: Oracle, looker: Looker, row: Any) -> bool:
    return bool(row.administration_id == looker.home and row.person_id == looker.id)


RULES: Mapping[type[Any], Callable[[Oracle, Looker, Any], bool]] = {
    Statement: statement,
    StatementVote: ones_own,
    StatementVoter: ones_own,
    StatementCircle: lambda _oracle, _looker, _row: False,
    StatementMap: consulting.with_it,
}
