"""The room every part of this capability declares itself in, and what its enumerations are called."""

from __future__ import annotations

from collections.abc import Callable

from bot.kit.capability import Capability
from bot.kit.context import Context
from bot.kit.text import _, name_members
from db.people import Aeo, Delivery, Kind, RoleName, Scope, Sector, Standing, Topic

people = Capability("people", _("People"))
# What else is to be done where somebody is erased: (ctx, their id) -> None, registered by whoever keeps them somewhere.
WHEN_ERASED: list[Callable[[Context, int], None]] = []
# And where somebody leaves an administration, before they have: (ctx, their id, the administration's) -> None.
WHEN_LEAVING: list[Callable[[Context, int, int], None]] = []
# What keeps somebody where they are: it raises Refusal, and says what to do first. (ctx, their id, the administration's
# they leave; None where they leave Parley as a whole) -> None.
BEFORE_GOING: list[Callable[[Context, int, int | None], None]] = []

name_members(
    {
        Kind.BUSINESS: _("Business"),
        Kind.ASSOCIATION: _("Business association"),
        Kind.AGENCY: _("Other government agency"),
        Kind.CUSTOMS: _("Customs"),
        Sector.PERISHABLES: _("Perishable goods"),
        Sector.TEXTILES: _("Textiles and clothing"),
        Sector.ELECTRONICS: _("Electronics"),
        Sector.CHEMICALS: _("Chemicals and medicines"),
        Sector.VEHICLES: _("Vehicles and machinery"),
        Sector.EXPRESS: _("Express and e-commerce"),
        Sector.ENERGY: _("Energy and mining"),
        Sector.GENERAL: _("Several sectors, or another one"),
        RoleName.OFFICER: _("Officer"),
        RoleName.LEAD: _("Lead of a centre"),
        RoleName.COORDINATOR: _("Regional coordinator"),
        RoleName.ADMINISTRATOR: _("Administrator"),
        RoleName.VICE_CHAIR: _("Vice-Chair"),
        RoleName.SECRETARY: _("Secretary"),
        Scope.CENTRE: _("A centre of expertise"),
        Scope.REGION: _("A region"),
        Scope.COUNTRY: _("The whole country"),
        Scope.WORLD: _("All members"),
        Standing.PROPOSED: _("Proposed, not verified yet"),
        Standing.VERIFIED: _("Verified"),
        Standing.REFUSED: _("Refused"),
        Topic.PROGRESS: _("Steps on the way of what you raised"),
        Topic.REMINDERS: _("Reminders"),
        Topic.ARRIVALS: _("New issues at your desk"),
        Topic.COMPANY: _("How many others have the same problem"),
        Topic.PLAN: _("Steps on the way of actions you own"),
        Topic.EVENTS: _("Symposia that are announced"),
        Topic.BROADCASTS: _("Broadcasts that are not urgent"),
        Delivery.AT_ONCE: _("At once"),
        Delivery.DIGEST: _("Together, in the morning"),
    }
)
name_members(
    {
        Aeo.APPLIED: _("Has applied to be a trusted trader"),
        Aeo.AUTHORISED: _("Trusted trader (AEO)"),
        Aeo.SUSPENDED: _("Its status as a trusted trader is suspended"),
    }
)
