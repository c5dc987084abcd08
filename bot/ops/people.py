"""The first steps that no chat can take: the administration, its first administrator, a sign-in link."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.kit.text import LANGUAGES
from bot.ops.audit import note
from bot.ops.database import opened
from bot.ops.search import upgrade
from bot.ops.trouble import Trouble
from db.people import (
    SIGN_IN,
    WCO_REGIONS,
    Administration,
    Pass,
    Person,
    RoleName,
    Scope,
    create_administration,
    find_person,
    grant_role,
    homes_of,
)
from scheduling.clock import SystemClock


def create(
    url: str,
    *,
    code: str,
    name: str,
    country: str,
    zone: str,
    language: str,
    regions: Sequence[str],
    slack_team: str | None,
    integrity_url: str | None,
) -> None:
    """Create the administration, its tables first where they are missing."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Trouble(f"{zone!r} is no time zone: an IANA name is needed, such as Africa/Tunis") from None
    if country not in holidays.list_supported_countries():
        raise Trouble(f"{country!r} is no country with known public holidays: two letters are needed, such as TN")
    if language not in LANGUAGES:
        raise Trouble(f"{language!r} is not among Parley's languages: {', '.join(LANGUAGES)}")
    for region in regions:
        if region not in WCO_REGIONS:
            raise Trouble(f"{region!r} is no region of the WCO: {', '.join(WCO_REGIONS)}")
    upgrade(url)
    with opened(url) as sessions, sessions.writing() as session:
        try:
            home = create_administration(
                session,
                code=code,
                name={language: name},
                country=country,
                zone=zone,
                language=language,
                regions=[{"code": each, "name": WCO_REGIONS[each]} for each in regions],
                slack_team=slack_team,
                integrity_url=integrity_url,
            )
        except ValueError as error:
            raise Trouble(str(error)) from None
        note(session, "admin.create", {"administration": home.id}, SystemClock().now(), home.id)


def known(url: str, public_url: str) -> list[str]:
    """A line for each administration: its code, country and name, how many people, and the address that leads there."""
    with opened(url) as sessions, sessions.reading() as session:
        lines = []
        for home in session.scalars(select(Administration).order_by(Administration.id)):
            registered = Person.registered_at.is_not(None), Person.merged_into_id.is_(None)
            count = session.scalar(select(func.count()).select_from(Person).where(Person.of(home.id), *registered))
            name = home.name.get(home.language) or next(iter(home.name.values()), home.code)
            address = f"{public_url.rstrip('/')}/from/{home.code}"
            lines.append(f"{home.code}  {home.country}  {name}  {count} people  {address}")
        return lines


def grant(
    url: str, *, account: str, role: str, days: int, code: str | None = None, over: str = Scope.COUNTRY.value
) -> datetime:
    """Give a role to the person behind `account`, and return its end. Audited.

    It is one of the administration `code`, which they have come to; by default of the one they came to first. It is
    held `over` the country, the world or, by its code, a region of the WCO.
    """
    if over not in (Scope.COUNTRY, Scope.WORLD, *WCO_REGIONS):
        raise Trouble(f"a role is held over the country, the world or one of {', '.join(WCO_REGIONS)}, not {over!r}")
    if over != Scope.COUNTRY and role != RoleName.COORDINATOR:
        raise Trouble("beyond its country only the role of a coordinator is held")
    now = SystemClock().now()
    with opened(url) as sessions, sessions.writing() as session:
        person = _person(session, account)
        home = session.get_one(Administration, person.administration_id)
        if code is not None:
            home = _of(session, person, code)
        try:
            given = grant_role(
                session,
                person,
                RoleName(role),
                **_place(over, home),
                at=now,
                until=now + timedelta(days=days),
                administration_id=home.id,
            )
        except ValueError as error:
            raise Trouble(str(error)) from None
        note(session, "admin.grant", {"person": person.id, "role": given.id}, now, home.id)
        return given.ends_at


def sign_in(url: str, public_url: str, *, account: str) -> str:
    """A one-time link to the page, good for fifteen minutes."""
    now = SystemClock().now()
    with opened(url) as sessions, sessions.writing() as session:
        person = _person(session, account)
        code = Pass.issue(session, SIGN_IN, person.id, at=now)
        note(session, "admin.signin", {"person": person.id}, now, person.administration_id)
    return f"{public_url.rstrip('/')}/in/{code}"


def _place(over: str, home: Administration) -> dict[str, Any]:
    if over in WCO_REGIONS:
        return {"scope": Scope.REGION, "scope_id": over}
    return {"scope": Scope(over), "scope_id": home.country if over == Scope.COUNTRY else over}


def _of(session: Session, person: Person, code: str) -> Administration:
    home = session.scalar(select(Administration).where(Administration.code == code))
    if home is None:
        raise Trouble(f"there is no administration called {code}: see `parley admin list`")
    if home.id not in homes_of(session, person):
        raise Trouble(f"this person does not act with {code} yet: they write /country to Parley and choose it")
    return home


def _person(session: Session, account: str) -> Person:
    found = find_person(session, account)
    if found is None:
        raise Trouble(f"{account} has not written to Parley yet; its own screen shows the name to use")
    return found
