"""Who may see what of broadcasts, told a second time: plain Python over rows, for the oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from db.broadcasts import Broadcast, BroadcastCopy
from db.people import RoleName

if TYPE_CHECKING:
    from .oracle import Looker, Oracle

SEND = (RoleName.COORDINATOR, RoleName.VICE_CHAIR, RoleName.SECRETARY, RoleName.ADMINISTRATOR)


def runs(looker: Looker, row: Broadcast) -> bool:
    """They may send where it goes, in the administration it is of."""
    return row.administration_id == looker.home and any(
        name in SEND and (scope, place) == (row.scope, row.scope_id) for name, scope, place in looker.roles
    )


def broadcast(oracle: Oracle, looker: Looker, row: Broadcast) -> bool:
    """Whoever runs it; and whoever has got it, from wherever it came."""
    has_got = any(
        each.broadcast_id == row.id and each.person_id == looker.id and each.accepted_at is not None
        for each in oracle.rows[BroadcastCopy].values()
    )
    return has_got or runs(looker, row)


def copy(oracle: Oracle, looker: Looker, row: BroadcastCopy) -> bool:
    """One's own."""
    return row.administration_id == looker.home and row.person_id == looker.id


RULES: Mapping[type[Any], Callable[[Oracle, Looker, Any], bool]] = {Broadcast: broadcast, BroadcastCopy: copy}
