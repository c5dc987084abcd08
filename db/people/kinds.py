"""The words of this room: what people and organisations are, and what a turn knows of the person it is for."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    BUSINESS = "business"
    ASSOCIATION = "association"
    AGENCY = "agency"
    CUSTOMS = "customs"


class Sector(StrEnum):
    PERISHABLES = "perishables"
    TEXTILES = "textiles"
    ELECTRONICS = "electronics"
    CHEMICALS = "chemicals"
    VEHICLES = "vehicles"
    EXPRESS = "express"
    ENERGY = "energy"
    GENERAL = "general"


class RoleName(StrEnum):
    OFFICER = "officer"
    LEAD = "lead"
    COORDINATOR = "coordinator"
    ADMINISTRATOR = "administrator"
    VICE_CHAIR = "vice_chair"  # leads a region's office; held over a region only, like that of its secretary
    SECRETARY = "secretary"


class Scope(StrEnum):
    CENTRE = "centre"
    REGION = "region"
    COUNTRY = "country"
    WORLD = "world"  # every administration of the installation


class Standing(StrEnum):
    PROPOSED = "proposed"
    VERIFIED = "verified"
    REFUSED = "refused"


class Aeo(StrEnum):
    """How an organisation stands in the trusted-trader (AEO) programme; none of these is not in it."""

    APPLIED = "applied"
    AUTHORISED = "authorised"
    SUSPENDED = "suspended"


class Delivery(StrEnum):
    AT_ONCE = "at_once"
    DIGEST = "digest"


class Invited(StrEnum):
    """How meetings come into somebody's calendar: by one way only, or each would be there twice."""

    FEED = "feed"
    MAIL = "mail"


class Topic(StrEnum):
    """News a person may do without. Questions, answers, outcomes and what is overdue are always told."""

    PROGRESS = "progress"  # steps on the way of what one has raised
    REMINDERS = "reminders"
    ARRIVALS = "arrivals"  # what comes new to one's desk
    COMPANY = "company"  # how many others have the same problem
    PLAN = "plan"  # steps on the way of an action one owns
    EVENTS = "events"  # what is announced to many
    BROADCASTS = "broadcasts"  # what coordinators send to many, unless it is urgent


@dataclass(frozen=True)
class Grant:
    """One role in force, as a turn sees it."""

    name: RoleName
    scope: Scope
    scope_id: str


@dataclass(frozen=True)
class Who:
    """The person a turn is for, with what they may do at this instant; read once when the turn begins.

    `organisation_id` is the organisation they speak for: verified, with a mandate in force that was confirmed.
    `claimed_id` is the one they say they speak for, confirmed or not: it names a sender, it opens nothing. All of it is
    of the administration in which they act here; `is_of_several` says whether there are others in which they may.
    """

    id: int
    administration_id: int
    name: str
    kind: Kind | None
    language: str
    zone: str
    is_registered: bool
    language_chosen: bool = True
    is_guest: bool = False
    organisation_id: int | None = None
    organisation_name: str | None = None
    organisation_kind: Kind | None = None
    is_deputy: bool = False
    claimed_id: int | None = None
    grants: frozenset[Grant] = field(default_factory=frozenset)
    is_of_several: bool = False

    def holds(self, *names: RoleName) -> bool:
        return any(grant.name in names for grant in self.grants)

    @property
    def is_staff(self) -> bool:
        return bool(self.grants)

    @property
    def agency_id(self) -> int | None:
        """The agency this person speaks for; None for whoever speaks for a business, or for nobody."""
        return self.organisation_id if self.organisation_kind is Kind.AGENCY else None

    @property
    def centre_ids(self) -> frozenset[int]:
        """The centres of expertise this person works for."""
        return frozenset(int(grant.scope_id) for grant in self.grants if grant.scope is Scope.CENTRE)
