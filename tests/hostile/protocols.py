"""Who may see what of the communication protocol, told a second time: plain Python over rows, for the oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from db.people import RoleName, Scope
from db.protocols import Duty, Protocol

if TYPE_CHECKING:
    from .oracle import Looker, Oracle


def protocol(oracle: Oracle, looker: Looker, row: Protocol) -> bool:
    """What was published is everybody's; a draft is for those who may work on one."""
    if row.administration_id != looker.home or not looker.is_registered:
        return False
    keeps = any(name in (RoleName.COORDINATOR, RoleName.ADMINISTRATOR) for name, _scope, _place in looker.roles)
    return keeps or row.published_at is not None


def duty(oracle: Oracle, looker: Looker, row: Duty) -> bool:
    """The office's own staff, and those with a role over the land."""
    return row.administration_id == looker.home and any(
        scope is Scope.COUNTRY or (scope is Scope.CENTRE and place == str(row.centre_id))
        for _name, scope, place in looker.roles
    )


RULES: Mapping[type[Any], Callable[[Oracle, Looker, Any], bool]] = {Protocol: protocol, Duty: duty}
