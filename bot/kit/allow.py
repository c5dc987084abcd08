"""Who may: permission rules that compose with | and &, and have a name for the committed matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from db.people import RoleName, Scope, Who


@dataclass(frozen=True)
class Rule:
    """A named condition on a person and, where there is one, the entity the command is about.

    A rule about an entity is asked without one when menus are built; it then answers for the role alone.
    """

    name: str
    holds: Callable[[Who, Any], bool]

    def __call__(self, who: Who, about: Any = None) -> bool:
        return self.holds(who, about)

    def __or__(self, other: Rule) -> Rule:
        return Rule(f"{self.name} or {other.name}", lambda who, about: self(who, about) or other(who, about))

    def __and__(self, other: Rule) -> Rule:
        return Rule(f"{self.name} and {other.name}", lambda who, about: self(who, about) and other(who, about))


def _works_there(who: Who, about: Any, *names: RoleName) -> bool:
    """One of these roles at the centre that has `about`, or over the whole country."""
    centre = getattr(about, "centre_id", None)
    return any(
        grant.name in names and (grant.scope is not Scope.CENTRE or centre is None or grant.scope_id == str(centre))
        for grant in who.grants
    )


everyone = Rule("everyone", lambda who, about: True)
members = Rule("members", lambda who, about: who.is_registered)
trade = Rule("trade", lambda who, about: who.is_registered and not who.is_staff)
staff = Rule("staff", lambda who, about: who.is_staff)
officers = Rule("officers", lambda who, about: _works_there(who, about, RoleName.OFFICER, RoleName.LEAD))
leads = Rule("leads", lambda who, about: _works_there(who, about, RoleName.LEAD))
coordinators = Rule("coordinators", lambda who, about: who.holds(RoleName.COORDINATOR))
administrators = Rule("administrators", lambda who, about: who.holds(RoleName.ADMINISTRATOR))
