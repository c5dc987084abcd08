"""Who talks to Parley: administrations, organisations, people, their accounts, mandates, roles and passes."""

from .kinds import Aeo, Delivery, Grant, Invited, Kind, RoleName, Scope, Sector, Standing, Topic, Who
from .names import named
from .passes import LINK, SIGN_IN, Pass, WebSession
from .reading import (
    create_administration,
    doors_in_order,
    find_person,
    grant_role,
    holders,
    is_only_guest,
    meet,
    staff_of,
    who,
)
from .regions import WCO_REGIONS
from .tables import MAIL, UNSUBSCRIBED, WEB, Account, Administration, Erasure, Mandate, Organisation, Person, Role

__all__ = [
    "LINK",
    "MAIL",
    "SIGN_IN",
    "UNSUBSCRIBED",
    "WCO_REGIONS",
    "WEB",
    "Account",
    "Administration",
    "Aeo",
    "Delivery",
    "Erasure",
    "Grant",
    "Invited",
    "Kind",
    "Mandate",
    "Organisation",
    "Pass",
    "Person",
    "Role",
    "RoleName",
    "Scope",
    "Sector",
    "Standing",
    "Topic",
    "WebSession",
    "Who",
    "create_administration",
    "doors_in_order",
    "find_person",
    "grant_role",
    "holders",
    "is_only_guest",
    "meet",
    "named",
    "staff_of",
    "who",
]
