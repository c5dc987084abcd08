"""A small country: six centres of expertise, a dozen organisations, and the people of the demo.

Reference data is written as rows, as an administration's own set-up would be; everything people said is said through
turns of the real engine (`bot.demo.past`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.centres import Centre
from db.people import (
    WCO_REGIONS,
    Account,
    Administration,
    Kind,
    Mandate,
    Organisation,
    Person,
    Role,
    RoleName,
    Scope,
    Sector,
    Standing,
    create_administration,
    grant_role,
)
from db.session import Sessions

from .personas import PERSONAS, TEAM, ZONE, Persona

COUNTRY = "TN"  # whose public holidays the made-up country keeps
REGION = "NMENA"
A_YEAR = timedelta(days=365)
OFFICE_HOURS = {day: ["08:00-12:00", "13:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
LONG_HOURS = {day: ["07:00-19:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat")}

CENTRES: tuple[dict[str, Any], ...] = (
    {
        "code": "perishables",
        "name": {"en": "Perishables desk", "fr": "Bureau des périssables", "ar": "مكتب السلع القابلة للتلف"},
        "sectors": [Sector.PERISHABLES],
        "chapters": [f"{chapter:02}" for chapter in range(1, 25)],
        "ports": ["Port B"],
        "answer_hours": 8,
        "days": LONG_HOURS,
    },
    {
        "code": "textiles",
        "name": {"en": "Textiles desk", "fr": "Bureau des textiles", "ar": "مكتب المنسوجات"},
        "sectors": [Sector.TEXTILES],
        "chapters": [f"{chapter:02}" for chapter in range(50, 64)],
        "ports": ["Port Sodal"],
    },
    {
        "code": "electronics",
        "name": {"en": "Electronics desk", "fr": "Bureau de l’électronique", "ar": "مكتب الإلكترونيات"},
        "sectors": [Sector.ELECTRONICS],
        "chapters": ["84", "85", "90"],
    },
    {
        "code": "chemicals",
        "name": {
            "en": "Chemicals and energy desk",
            "fr": "Bureau de la chimie et de l’énergie",
            "ar": "مكتب الكيماويات والطاقة",
        },
        "sectors": [Sector.CHEMICALS, Sector.ENERGY],
        "chapters": [f"{chapter:02}" for chapter in range(27, 41)],
    },
    {
        "code": "vehicles",
        "name": {"en": "Vehicles desk", "fr": "Bureau des véhicules", "ar": "مكتب المركبات"},
        "sectors": [Sector.VEHICLES],
        "chapters": ["86", "87", "88", "89"],
        "ports": ["Land border Tazir"],
    },
    {
        "code": "express",
        "name": {
            "en": "Express and small business desk",
            "fr": "Bureau de l’express et des petites entreprises",
            "ar": "مكتب البريد السريع والمؤسسات الصغيرة",
        },
        "sectors": [Sector.EXPRESS, Sector.GENERAL],
        "ports": ["Airport Salin"],
        "takes_the_rest": True,
    },
)

ORGANISATIONS: tuple[tuple[str, Kind, Sector | None], ...] = (
    ("Transit Haddad & Fils", Kind.BUSINESS, Sector.PERISHABLES),
    ("Okello Fresh Fruit", Kind.BUSINESS, Sector.PERISHABLES),
    ("Pêcheries Fontaine", Kind.BUSINESS, Sector.PERISHABLES),
    ("شركة ألبان الساحل", Kind.BUSINESS, Sector.PERISHABLES),
    ("Sodal Spinning Mills", Kind.BUSINESS, Sector.TEXTILES),
    ("Nimbus Components", Kind.BUSINESS, Sector.ELECTRONICS),
    ("Tazir Motors", Kind.BUSINESS, Sector.VEHICLES),
    ("Salin Express", Kind.BUSINESS, Sector.EXPRESS),
    ("National Association of Customs Brokers", Kind.ASSOCIATION, None),
    ("Chamber of Commerce of Salin", Kind.ASSOCIATION, None),
    ("Food Safety Authority", Kind.AGENCY, Sector.PERISHABLES),
    ("Standards Institute", Kind.AGENCY, None),
    ("Transport and Ports Agency", Kind.AGENCY, None),
)

# People who are not played, but have a past (`bot.demo.past`): traders, and colleagues at the other desks.
TRADERS: tuple[tuple[str, str, str, str], ...] = (
    ("Rachid Haddad", "fr", "Transit Haddad & Fils", "70010"),
    ("Karim Belaid", "fr", "Salin Express", "70011"),
    ("Sofia Marin", "en", "Nimbus Components", "70012"),
    ("ليلى منصور", "ar", "Sodal Spinning Mills", "70013"),
    ("Jonas Weber", "en", "Tazir Motors", "70014"),
    ("عمر الزين", "ar", "Chamber of Commerce of Salin", "70016"),
    ("Marc Petit", "fr", "Transport and Ports Agency", "70017"),
)
SPEAKERS: tuple[tuple[str, str, str], ...] = (  # of other members of the region
    ("Hassan El Fassi", "fr", "70018"),
    ("Mona Farouk", "ar", "70019"),
)
COLLEAGUES: tuple[tuple[str, RoleName, str], ...] = (
    ("Peter Novak", RoleName.OFFICER, "textiles"),
    ("Hana Kim", RoleName.OFFICER, "electronics"),
    ("Luis Ortega", RoleName.OFFICER, "chemicals"),
    ("Fatou Diop", RoleName.OFFICER, "vehicles"),
    ("Youssef Amrani", RoleName.OFFICER, "express"),
    ("Anna Rossi", RoleName.LEAD, "express"),
)


def seed(sessions: Sessions, *, at: datetime) -> bool:
    """Fill an empty database; False, and nothing done, where there is an administration already."""
    with sessions.writing() as session:
        if session.scalar(select(Administration.id)) is not None:
            return False
        home = create_administration(
            session,
            code="saline",
            name={"en": "Customs of Saline", "fr": "Douane de Saline", "ar": "جمارك سالين"},
            country=COUNTRY,
            zone=ZONE,
            language="en",
            slack_team=TEAM,
            regions=[{"code": REGION, "name": WCO_REGIONS[REGION]}],
            integrity_url="https://integrity.customs.example/report",
        )
        centres = {each["code"]: _centre(session, home, each) for each in CENTRES}
        organisations = {
            name: _organisation(session, home, name, kind, sector, at) for name, kind, sector in ORGANISATIONS
        }
        session.flush()
        for persona in PERSONAS:
            if not persona.is_new:
                _persona(session, home, persona, centres, organisations, at)
        for number, (name, role, centre) in enumerate(COLLEAGUES):
            person = _person(session, home, name, "en", Kind.CUSTOMS, None, at)
            _account(session, person, "slack", f"{TEAM}:U1{number:03}", at)
            _role(session, person, role, Scope.CENTRE, str(centres[centre].id), at)
        for name, language, organisation, user in TRADERS:
            speaks_for = organisations[organisation]
            person = _person(session, home, name, language, speaks_for.kind, speaks_for.sector, at)
            _account(session, person, "telegram", user, at)
            session.add(Mandate.given(person, speaks_for, at=at))
            speaks_for.contact_id = person.id
        for name, language, user in SPEAKERS:
            person = _person(session, home, name, language, Kind.CUSTOMS, None, at)
            _account(session, person, "telegram", user, at)
        verifier = select(Role.person_id).where(Role.name == RoleName.ADMINISTRATOR).limit(1)
        session.execute(update(Mandate).values(confirmed_by_id=verifier.scalar_subquery()))
    return True


def _centre(session: Session, home: Administration, given: dict[str, Any]) -> Centre:
    centre = Centre(
        administration_id=home.id,
        code=given["code"],
        name=given["name"],
        sectors=[str(sector) for sector in given["sectors"]],
        chapters=given.get("chapters", []),
        ports=given.get("ports", []),
        week={"zone": ZONE, "days": given.get("days", OFFICE_HOURS), "country": COUNTRY},
        answer_hours=given.get("answer_hours", 16),
        takes_the_rest=given.get("takes_the_rest", False),
    )
    session.add(centre)
    session.flush()
    return centre


def _organisation(
    session: Session, home: Administration, name: str, kind: Kind, sector: Sector | None, at: datetime
) -> Organisation:
    organisation = Organisation(
        administration_id=home.id, name=name, kind=kind, sector=sector, standing=Standing.VERIFIED, decided_at=at
    )
    session.add(organisation)
    return organisation


def _persona(
    session: Session,
    home: Administration,
    persona: Persona,
    centres: dict[str, Centre],
    organisations: dict[str, Organisation],
    at: datetime,
) -> None:
    person = _person(session, home, persona.name, persona.language, persona.kind, persona.sector, at)
    _account(session, person, persona.door, persona.external_id, at)
    if persona.organisation is not None:
        speaks_for = organisations[persona.organisation]
        session.add(Mandate.given(person, speaks_for, at=at))
        if speaks_for.kind is Kind.ASSOCIATION:
            speaks_for.contact_id = person.id
    if persona.is_deputy:
        _role(session, person, RoleName.COORDINATOR, Scope.REGION, REGION, at)
    if persona.role is not None:
        if persona.centre is not None:
            _role(session, person, persona.role, Scope.CENTRE, str(centres[persona.centre].id), at)
        elif persona.role is RoleName.COORDINATOR:
            _role(session, person, persona.role, Scope.REGION, REGION, at)
        else:
            _role(session, person, persona.role, Scope.COUNTRY, COUNTRY, at)


def _person(
    session: Session,
    home: Administration,
    name: str,
    language: str,
    kind: Kind,
    sector: Sector | None,
    at: datetime,
) -> Person:
    person = Person(
        administration_id=home.id,
        name=name,
        kind=kind,
        sector=sector,
        language=language,
        zone=ZONE,
        met_at=at,
        language_chosen_at=at,
        consented_at=at,
        registered_at=at,
    )
    session.add(person)
    session.flush()
    return person


def _account(session: Session, person: Person, platform: str, external_id: str, at: datetime) -> None:
    address = external_id.rpartition(":")[2]
    session.add(
        Account(person_id=person.id, platform=platform, external_id=external_id, address=address, met_at=at, used_at=at)
    )


def _role(session: Session, person: Person, name: RoleName, scope: Scope, scope_id: str, at: datetime) -> None:
    grant_role(session, person, name, scope=scope, scope_id=scope_id, at=at, until=at + A_YEAR)
