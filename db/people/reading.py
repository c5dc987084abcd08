"""Who somebody is at an instant, who is there, and the first rows that no chat can make."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select, update
from sqlalchemy.orm import Session

from .kinds import Grant, RoleName, Scope, Standing, Who
from .tables import MAIL, UNSUBSCRIBED, Account, Administration, Mandate, Membership, Organisation, Person, Role

STILL_HERE = timedelta(seconds=10)  # within which "used last" is not written again
_AT = bindparam("at", type_=Mandate.starts_at.type)
# Put together once: every turn asks them, and putting a statement together takes longer than running it.
_MANDATE = (
    select(
        Organisation.id,
        Organisation.name,
        Organisation.kind,
        Organisation.standing,
        Mandate.is_deputy,
        Mandate.confirmed_by_id,
    )
    .join(Mandate, Mandate.organisation_id == Organisation.id)
    .where(Mandate.person_id == bindparam("person"), Mandate.administration_id == bindparam("home"))
    .where(Mandate.in_force(_AT), Organisation.standing != Standing.REFUSED)
    .order_by(Mandate.starts_at.desc(), Mandate.id.desc())
    .limit(1)
)
_ROLES = (
    select(Role.name, Role.scope, Role.scope_id)
    .where(Role.person_id == bindparam("person"), Role.administration_id == bindparam("home"))
    .where(Role.in_force(_AT))
)
_TOO = (
    select(Membership.administration_id)
    .where(Membership.person_id == bindparam("person"), Membership.left_at.is_(None))
    .order_by(Membership.id)
)
# Locked, so that a turn that begins while two persons become one waits and then sees the one. PostgreSQL finds neither
# where their account has become another's meanwhile, so what is not found is looked for once more, alone.
_ACCOUNT = (
    select(Account)
    .where(Account.platform == bindparam("platform"), Account.external_id == bindparam("external_id"))
    .with_for_update()
)
_MET = _ACCOUNT.join(Person, Person.id == Account.person_id).add_columns(Person).with_for_update(of=Account)


def who(
    session: Session, person: Person, *, at: datetime, is_guest: bool = False, administration_id: int | None = None
) -> Who:
    """Read what `person` may do at `at`, in that administration or, by default, where they act now.

    A guest account never carries a role, whoever owns it. In an administration that they are not of they are nobody.
    """
    session.flush()  # a role just given counts
    home = administration_id or person.acting_in_id or person.administration_id
    is_of_it = home in (person.administration_id, person.acting_in_id) or home in homes_of(session, person)
    asked = {"person": person.id, "at": at, "home": home}
    mandate = session.connection().execute(_MANDATE, asked).first() if is_of_it else None
    speaks = mandate is not None and mandate.confirmed_by_id is not None and mandate.standing is Standing.VERIFIED
    grants: frozenset[Grant] = frozenset()
    if is_of_it and not is_guest:
        grants = frozenset(Grant(*role) for role in session.connection().execute(_ROLES, asked))
    return Who(
        id=person.id,
        administration_id=home,
        name=person.name,
        kind=person.kind,
        language=person.language,
        zone=person.zone,
        is_registered=is_of_it and person.registered_at is not None and person.erased_at is None,
        language_chosen=person.language_chosen_at is not None,
        is_guest=is_guest,
        organisation_id=mandate.id if mandate and speaks else None,
        organisation_name=mandate.name if mandate and speaks else None,
        organisation_kind=mandate.kind if mandate and speaks else None,
        is_deputy=bool(mandate and speaks and mandate.is_deputy),
        claimed_id=mandate.id if mandate else None,
        grants=grants,
        is_of_several=person.acting_in_id is not None and person.registered_at is not None,
    )


def homes_of(session: Session, person: Person) -> tuple[int, ...]:
    """The administrations `person` is of, their home first. Asks nothing for whoever is of one only."""
    if person.acting_in_id is None:
        return (person.administration_id,)
    too = session.connection().execute(_TOO, {"person": person.id}).scalars()
    return (person.administration_id, *too)


def belong(session: Session, person: Person, administration_id: int, *, at: datetime) -> bool:
    """Make `person`, who has agreed, one of that administration too; they act there now. False when they were."""
    session.flush()
    if administration_id in homes_of(session, person):
        return False
    theirs = Membership.person_id == person.id, Membership.administration_id == administration_id
    known = session.scalar(select(Membership).where(*theirs))
    if known is None:
        common = {"administration_id": administration_id, "person_id": person.id}
        session.add(Membership(**common, since=at, consented_at=at))
    else:
        known.since, known.consented_at, known.left_at = at, at, None
    person.acting_in_id = administration_id
    session.flush()
    return True


def leave(session: Session, person: Person, administration_id: int, *, at: datetime) -> bool:
    """From now on `person` is not of that administration: what they might do there ends. Nobody leaves their home."""
    theirs = Membership.person_id == person.id, Membership.administration_id == administration_id
    known = session.scalar(select(Membership).where(*theirs, Membership.left_at.is_(None)))
    if known is None:
        return False
    known.left_at = at
    for held in (Role, Mandate):
        mine = held.person_id == person.id, held.administration_id == administration_id, held.ends_at > at
        session.execute(update(held).where(*mine).values(ends_at=at))
    session.flush()
    others = homes_of(session, person)
    person.acting_in_id = person.administration_id if len(others) > 1 else None
    session.flush()
    return True


def meet(
    session: Session,
    home: Callable[[], Administration],
    *,
    platform: str,
    external_id: str,
    address: str,
    name: str,
    language: str | None,
    zone: str | None,
    is_guest: bool,
    at: datetime,
) -> tuple[Account, Person, bool]:
    """The account, its person, and whether they were made now, at first contact. Later ones keep what was chosen.

    `home` names the administration of somebody new; its language and zone are theirs where none are given.
    """
    caller = {"platform": platform, "external_id": external_id}
    account, known = session.execute(_MET, caller).one_or_none() or (session.scalar(_ACCOUNT, caller), None)
    if account is None:
        place = home()
        person = Person(
            administration_id=place.id,
            name=name,
            language=language or place.language,
            zone=zone or place.zone,
            met_at=at,
        )
        session.add(person)
        session.flush()
        account = Account(
            person_id=person.id,
            platform=platform,
            external_id=external_id,
            address=address,
            is_guest=is_guest,
            met_at=at,
            used_at=at,
        )
        session.add(account)
        session.flush()
        return account, person, True
    person = known or session.get_one(Person, account.person_id)
    seen = {"address": address or account.address, "is_guest": is_guest}
    if not timedelta() <= at - account.used_at < STILL_HERE:
        seen["used_at"] = at
    if account.unreachable_reason != UNSUBSCRIBED:
        seen |= {"unreachable_since": None, "unreachable_reason": None}
    for name, value in seen.items():
        if getattr(account, name) != value:  # a row that was set to what it was is looked through by every flush
            setattr(account, name, value)
    session.flush()  # having been here is no change of the turn's own
    return account, person, False


def doors_in_order(person: Person) -> tuple[ColumnElement[Any], ...]:
    """The order in which news tries somebody's accounts: chat before e-mail, unless they chose that; the last used."""
    is_mail = Account.platform == MAIL
    return (is_mail.desc() if person.by_mail else is_mail.asc()), Account.used_at.desc()


def staff_of(centre_id: int, *names: RoleName, at: datetime) -> ColumnElement[bool]:
    """Persons who hold one of `names` in that centre at `at`."""
    return Person.id.in_(
        select(Role.person_id).where(
            Role.scope == Scope.CENTRE,
            Role.scope_id == str(centre_id),
            Role.name.in_(names),
            Role.in_force(at),
        )
    )


def holders(administration_id: int, *names: RoleName, at: datetime) -> ColumnElement[bool]:
    """Persons who hold one of `names` anywhere in that administration at `at`."""
    held = select(Role.person_id).where(
        Role.administration_id == administration_id, Role.name.in_(names), Role.in_force(at)
    )
    return Person.id.in_(held)


def create_administration(
    session: Session,
    *,
    code: str,
    name: Mapping[str, str],
    country: str,
    zone: str,
    language: str,
    regions: Sequence[Mapping[str, Any]] = (),
    slack_team: str | None = None,
    integrity_url: str | None = None,
) -> Administration:
    """Found an administration. Raises ValueError when `code` is taken, or the Slack workspace is another's."""
    if session.scalar(select(Administration.id).where(Administration.code == code)) is not None:
        raise ValueError(f"there is an administration called {code} already")
    if slack_team is not None:
        theirs = session.scalar(select(Administration.code).where(Administration.slack_team == slack_team))
        if theirs is not None:
            raise ValueError(f"the Slack workspace {slack_team} is that of {theirs} already")
    made = Administration(
        code=code,
        name=dict(name),
        country=country,
        zone=zone,
        language=language,
        slack_team=slack_team,
        home_regions=[dict(region) for region in regions],
        integrity_url=integrity_url,
    )
    session.add(made)
    session.flush()
    return made


def find_person(session: Session, account: str) -> Person | None:
    """The person behind `platform:external id`, as their own screen shows it: `telegram:1001`, `slack:T1:U7`."""
    platform, _colon, external_id = account.partition(":")
    return session.scalar(
        select(Person)
        .join(Account, Account.person_id == Person.id)
        .where(Account.platform == platform, Account.external_id == external_id)
    )


def is_only_guest(session: Session, person_id: int) -> bool:
    """Whether this person comes from other workspaces only: then a role would never be in force."""
    accounts = session.scalars(select(Account.is_guest).where(Account.person_id == person_id)).all()
    return bool(accounts) and all(accounts)


def grant_role(
    session: Session,
    person: Person,
    name: RoleName,
    *,
    scope: Scope,
    scope_id: str,
    at: datetime,
    until: datetime,
    by: int | None = None,
    administration_id: int | None = None,
) -> Role:
    """Give a role in that administration, by default their home, until a date; one that is in force already is moved to
    it. Raises ValueError for a guest."""
    home = administration_id or person.administration_id
    if is_only_guest(session, person.id):
        raise ValueError(
            "a guest, or somebody of another workspace, holds no role; nor does whoever could not be looked up in Slack"
            " (scope users:read)"
        )
    role = session.scalar(
        select(Role).where(
            Role.person_id == person.id,
            Role.administration_id == home,
            Role.name == name,
            Role.scope == scope,
            Role.scope_id == scope_id,
            Role.in_force(at),
        )
    )
    if role is None:
        role = Role(
            administration_id=home,
            person_id=person.id,
            name=name,
            scope=scope,
            scope_id=scope_id,
            starts_at=at,
        )
        session.add(role)
    role.ends_at, role.granted_by_id = until, by
    session.flush()
    return role
