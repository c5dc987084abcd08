"""Who may see what of formal positions, told a second time: plain Python over rows, for the oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from db.audiences import Audience
from db.consultations import SHOWN, Consultation
from db.people import Kind, Person, Scope
from db.positions import Position, PositionState

if TYPE_CHECKING:
    from .oracle import Looker, Oracle


def owns(oracle: Oracle, looker: Looker, row: Consultation) -> bool:
    """Customs' side by its owner, its desk and a role over the land; business's by the co-owner."""
    if row.administration_id != looker.home:
        return False
    runs = looker.is_staff and (
        row.owner_id == looker.id
        or any(
            scope is Scope.COUNTRY or (scope is Scope.CENTRE and place == str(row.centre_id))
            for _name, scope, place in looker.roles
        )
    )
    return runs or (looker.is_registered and row.co_owner_id == looker.id)


def consultation(oracle: Oracle, looker: Looker, row: Consultation) -> bool:
    """Its owners, whoever proposed it; from its first phase its audience, all staff, and whoever said something."""
    if row.administration_id != looker.home:
        return False
    if owns(oracle, looker, row) or row.proposer_id == looker.id:
        return True
    me = oracle.rows[Person][looker.id]
    trades = me.kind in (Kind.BUSINESS, Kind.ASSOCIATION)
    is_for = {
        Audience.INVITED: False,
        Audience.SECTOR: trades and row.sector is not None and me.sector is row.sector,
        Audience.BUSINESS: trades,
        Audience.AGENCIES: me.kind is Kind.AGENCY,
        Audience.MEMBERS: True,
    }[row.audience]
    said = any(
        each.consultation_id == row.id and looker.id in (each.person_id, each.filed_by_id)
        for each in oracle.contributions
    )
    return row.phase in SHOWN and (said or (looker.is_registered and (is_for or looker.is_staff)))


def position(oracle: Oracle, looker: Looker, row: Position) -> bool:
    if row.administration_id != looker.home:
        return False
    if looker.speaks_for is not None and looker.speaks_for in (row.organisation_id, row.association_id):
        return True
    return row.state is PositionState.FILED and owns(oracle, looker, oracle.rows[Consultation][row.consultation_id])


RULES: Mapping[type[Any], Callable[[Oracle, Looker, Any], bool]] = {Consultation: consultation, Position: position}
