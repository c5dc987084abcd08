"""The people one can be in the demo."""

from __future__ import annotations

from dataclasses import dataclass

from bot.kit.text import Reader
from db.people import Kind, RoleName, Sector

TEAM = "TSALINE"  # the Slack workspace of the demo's customs administration
ZONE = "Africa/Tunis"  # where all of them are


@dataclass(frozen=True)
class Persona:
    """Somebody of the demo. `role` is held at the centre `centre`, or over the country or its region without one."""

    key: str
    name: str
    what: str
    door: str
    user: str
    language: str
    kind: Kind
    organisation: str | None = None
    sector: Sector | None = None
    role: RoleName | None = None
    centre: str | None = None
    is_deputy: bool = False  # of the coordinator, too: whoever else may write to many there
    is_new: bool = False  # has never written to Parley

    @property
    def external_id(self) -> str:
        return f"{TEAM}:{self.user}" if self.door == "slack" else self.user

    @property
    def is_rtl(self) -> bool:
        return Reader(self.language, ZONE).is_rtl


PERSONAS = (
    Persona(
        "broker",
        "Amina Haddad",
        "customs broker, in French",
        "telegram",
        "70001",
        "fr",
        Kind.BUSINESS,
        "Transit Haddad & Fils",
        Sector.PERISHABLES,
    ),
    Persona(
        "officer",
        "Daniel Ruiz",
        "officer, perishables desk",
        "slack",
        "U0RUIZ",
        "en",
        Kind.CUSTOMS,
        role=RoleName.OFFICER,
        centre="perishables",
    ),
    Persona(
        "lead",
        "Grace Mbeki",
        "lead of the perishables desk",
        "slack",
        "U0MBEKI",
        "en",
        Kind.CUSTOMS,
        role=RoleName.LEAD,
        centre="perishables",
    ),
    Persona(
        "importer",
        "Tom Okello",
        "small importer of fruit",
        "telegram",
        "70002",
        "en",
        Kind.BUSINESS,
        "Okello Fresh Fruit",
        Sector.PERISHABLES,
    ),
    Persona(
        "exporter",
        "Claire Fontaine",
        "fish exporter, in French",
        "telegram",
        "70003",
        "fr",
        Kind.BUSINESS,
        "Pêcheries Fontaine",
        Sector.PERISHABLES,
    ),
    Persona(
        "trader",
        "سلمى العلوي",
        "dairy importer, in Arabic",
        "telegram",
        "70004",
        "ar",
        Kind.BUSINESS,
        "شركة ألبان الساحل",
        Sector.PERISHABLES,
    ),
    Persona(
        "agency",
        "Ines Costa",
        "Food Safety Authority",
        "slack",
        "U0COSTA",
        "en",
        Kind.AGENCY,
        "Food Safety Authority",
        Sector.PERISHABLES,
    ),
    Persona(
        "colleague",
        "Mariam Sow",
        "officer, perishables desk; owns an action",
        "slack",
        "U0SOW",
        "en",
        Kind.CUSTOMS,
        role=RoleName.OFFICER,
        centre="perishables",
    ),
    Persona(
        "association",
        "Nadia Cherif",
        "association of brokers, in French",
        "telegram",
        "70015",
        "fr",
        Kind.ASSOCIATION,
        "National Association of Customs Brokers",
    ),
    Persona(
        "coordinator",
        "Samuel Adeyemi",
        "regional coordinator, and Vice-Chair",
        "slack",
        "U0ADEYEMI",
        "en",
        Kind.CUSTOMS,
        role=RoleName.COORDINATOR,
    ),
    Persona(
        "administrator",
        "Leila Benali",
        "administrator of Parley, and deputy coordinator",
        "slack",
        "U0BENALI",
        "fr",
        Kind.CUSTOMS,
        role=RoleName.ADMINISTRATOR,
        is_deputy=True,
    ),
    Persona(
        "newcomer",
        "Nora Lindqvist",
        "has never written to Parley",
        "telegram",
        "70009",
        "en",
        Kind.BUSINESS,
        is_new=True,
    ),
)
BY_KEY = {persona.key: persona for persona in PERSONAS}
