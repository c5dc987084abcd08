"""Who may see what of a symposium's days, told a second time: plain Python over rows, for the oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from db.attendance import (
    CheckIn,
    DoorCode,
    Feedback,
    FloorQuestion,
    FloorVote,
    Material,
    Proof,
    QuestionState,
    Readers,
)
from db.registrations import Registration, RegistrationState, Seat, SeatState
from db.symposia import Agreed, SessionKind, SessionPart, Symposium, SymposiumSession

from .seats import runs

if TYPE_CHECKING:
    from .oracle import Looker, Oracle


def runs_it(oracle: Oracle, looker: Looker, row: Any) -> bool:
    return runs(oracle, looker, oracle.rows[Symposium][row.symposium_id])


def own_or_run(oracle: Oracle, looker: Looker, row: Any) -> bool:
    return (row.person_id == looker.id and row.administration_id == looker.home) or runs_it(oracle, looker, row)


def is_registered(oracle: Oracle, looker: Looker, symposium_id: int) -> bool:
    return any(
        each.person_id == looker.id and each.symposium_id == symposium_id and each.state is RegistrationState.REGISTERED
        for each in oracle.rows[Registration].values()
    )


def was_there(oracle: Oracle, looker: Looker, session_id: int) -> bool:
    return any(each.person_id == looker.id and each.session_id == session_id for each in oracle.rows[CheckIn].values())


def is_in(oracle: Oracle, looker: Looker, session_id: int) -> bool:
    """A plenary where they are registered, a seat, a part of their own, or they came."""
    session = oracle.rows[SymposiumSession][session_id]
    registered = is_registered(oracle, looker, session.symposium_id)
    registrations = oracle.rows[Registration]
    holds = any(
        each.session_id == session_id
        and each.state is SeatState.HELD
        and registrations[each.registration_id].person_id == looker.id
        for each in oracle.rows[Seat].values()
    )
    gives = any(
        each.session_id == session_id and each.person_id == looker.id and each.agreed is Agreed.YES
        for each in oracle.rows[SessionPart].values()
    )
    by_right = registered and (session.kind is SessionKind.PLENARY or holds)
    return by_right or gives or was_there(oracle, looker, session_id)


def question(oracle: Oracle, looker: Looker, row: FloorQuestion) -> bool:
    if runs_it(oracle, looker, row):
        return True
    if row.administration_id != looker.home or not is_in(oracle, looker, row.session_id):
        return False
    return row.state is not QuestionState.SET_ASIDE or row.person_id == looker.id


def material(oracle: Oracle, looker: Looker, row: Material) -> bool:
    if runs_it(oracle, looker, row):
        return True
    if row.administration_id != looker.home:
        return False
    return {
        Readers.REGISTERED: is_registered(oracle, looker, row.symposium_id),
        Readers.ATTENDED: was_there(oracle, looker, row.session_id),
        Readers.ORGANISERS: False,
    }[row.readers]


RULES: Mapping[type[Any], Callable[[Oracle, Looker, Any], bool]] = {
    DoorCode: runs_it,
    CheckIn: own_or_run,
    Proof: own_or_run,
    FloorQuestion: question,
    FloorVote: lambda _oracle, looker, row: row.person_id == looker.id and row.administration_id == looker.home,
    Material: material,
    Feedback: own_or_run,
}
