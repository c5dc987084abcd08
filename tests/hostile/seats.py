"""Who may see what of registrations, told a second time: plain Python over rows, for the oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from db.audiences import Audience
from db.people import Kind, Person, Scope
from db.registrations import (
    Delegation,
    Registration,
    RegistrationQuestion,
    RegistrationState,
    Seat,
    SeatClass,
    Seating,
    Wish,
)
from db.symposia import SessionPart, Symposium, SymposiumSession, SymposiumState

if TYPE_CHECKING:
    from .oracle import Looker, Oracle


def runs(_oracle: Oracle, looker: Looker, row: Symposium) -> bool:
    if not looker.is_staff or row.administration_id != looker.home:
        return False
    return row.organiser_id == looker.id or any(
        scope is Scope.COUNTRY or (scope is Scope.CENTRE and place == str(row.centre_id))
        for _name, scope, place in looker.roles
    )


def comes(oracle: Oracle, looker: Looker, row: Symposium) -> bool:
    """They are registered for it, whoever it is for, or say who comes for their organisation."""
    return any(
        each.person_id == looker.id and each.symposium_id == row.id and each.state is not RegistrationState.CANCELLED
        for each in oracle.rows[Registration].values()
    ) or any(each.focal_id == looker.id and each.symposium_id == row.id for each in oracle.rows[Delegation].values())


def symposium(oracle: Oracle, looker: Looker, row: Symposium) -> bool:
    """Whoever runs it; once it is announced its audience, all staff, whoever is needed in it, and whoever comes."""
    if row.administration_id != looker.home:
        return False
    if runs(oracle, looker, row):
        return True
    me = oracle.rows[Person][looker.id]
    trades = me.kind in (Kind.BUSINESS, Kind.ASSOCIATION)
    fits = {
        Audience.INVITED: False,
        Audience.SECTOR: trades and row.sector is not None and me.sector is row.sector,
        Audience.BUSINESS: trades,
        Audience.AGENCIES: me.kind is Kind.AGENCY,
        Audience.MEMBERS: True,
    }[row.audience]
    sessions = oracle.rows[SymposiumSession]
    needed = any(
        each.person_id == looker.id and sessions[each.session_id].symposium_id == row.id
        for each in oracle.rows[SessionPart].values()
    )
    is_open = looker.is_registered and (fits or looker.is_staff)
    return row.state is not SymposiumState.DRAFT and (is_open or needed or comes(oracle, looker, row))


def with_symposium(oracle: Oracle, looker: Looker, row: Any) -> bool:
    return symposium(oracle, looker, oracle.rows[Symposium][row.symposium_id])


def delegation(oracle: Oracle, looker: Looker, row: Delegation) -> bool:
    mine = row.focal_id == looker.id and row.administration_id == looker.home
    return mine or runs(oracle, looker, oracle.rows[Symposium][row.symposium_id])


def registration(oracle: Oracle, looker: Looker, row: Registration) -> bool:
    """One's own, whom one has nominated, and everybody's to whoever runs the symposium."""
    led = oracle.rows[Delegation].get(row.delegation_id or 0)
    mine = looker.id in (row.person_id, led.focal_id if led is not None else None)
    runs_it = runs(oracle, looker, oracle.rows[Symposium][row.symposium_id])
    return (mine and row.administration_id == looker.home) or runs_it


def with_registration(oracle: Oracle, looker: Looker, row: Any) -> bool:
    return registration(oracle, looker, oracle.rows[Registration][row.registration_id])


def part(oracle: Oracle, looker: Looker, row: SessionPart) -> bool:
    session = oracle.rows[SymposiumSession][row.session_id]
    mine = row.person_id == looker.id and row.administration_id == looker.home
    return mine or runs(oracle, looker, oracle.rows[Symposium][session.symposium_id])


RULES: Mapping[type[Any], Callable[[Oracle, Looker, Any], bool]] = {
    Symposium: symposium,
    SymposiumSession: with_symposium,
    SessionPart: part,
    Registration: registration,
    Seat: with_registration,
    Wish: with_registration,
    Delegation: delegation,
    Seating: with_symposium,
    SeatClass: with_symposium,
    RegistrationQuestion: with_symposium,
}
