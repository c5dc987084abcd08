"""A Vice-Chair's office of Asia and the Pacific: its people, who speaks for members, and short ways to talk to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select

from bot.kit.events import Caller, Submitted
from bot.kit.screen import Screen
from db.people import Administration, Kind, Person, Role, RoleName, Scope, grant_role
from db.regions import Office, Representative, Side, Takes, Term
from scheduling import regions

from .people_world import YEAR, World, screen

AP = "AP"
ADMIN = Caller("slack", "T1:U1", "U1", "Ada", "en")
VERA = Caller("slack", "T1:U2", "U2", "Vera", "en")  # the Vice-Chair
COLE = Caller("slack", "T1:U3", "U3", "Cole", "en")  # a coordinator
SEAN = Caller("slack", "T1:U4", "U4", "Sean", "en")  # the secretary
NINA = Caller("telegram", "5001", "5001", "Nina", "en")  # the head of the next office
NOEL = Caller("telegram", "5002", "5002", "Noel", "en")  # a colleague of hers
AMINA = Caller("telegram", "1001", "1001", "Amina", "en")  # a trader
POSTS = {VERA: RoleName.VICE_CHAIR, COLE: RoleName.COORDINATOR, SEAN: RoleName.SECRETARY}


class RegionWorld(World):
    """The office sits in Australia; Fiji has the next."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.people = {ADMIN: self.known(ADMIN, RoleName.ADMINISTRATOR, kind=Kind.CUSTOMS)}
        for each in (VERA, COLE, SEAN, NINA, NOEL):
            self.people[each] = self.known(each, kind=Kind.CUSTOMS)
        self.people[AMINA] = self.known(AMINA)
        now = self.clock.now()
        with self.sessions.writing() as session:
            home = session.get_one(Administration, self.home_id)
            home.home_regions, home.zone = [{"code": AP, "name": {"en": "Asia and the Pacific"}}], "Australia/Sydney"
            for caller, post in POSTS.items():
                grant_role(
                    session,
                    session.get_one(Person, self.people[caller]),
                    post,
                    scope=Scope.REGION,
                    scope_id=AP,
                    at=now,
                    until=now + YEAR,
                )
            office = Office(
                administration_id=home.id,
                region=AP,
                country="AU",
                head_id=self.people[VERA],
                term=Term.SITTING,
                takes=Takes.REGION,
                named_at=now,
                since=now,
                until=now + YEAR,
            )
            session.add(office)
            session.flush()
            self.office_id = office.id

    def seat(self, caller: Caller, country: str, side: Side = Side.CUSTOMS, zone: str | None = None) -> int:
        """Somebody speaks for a member, or its business. Their representative's id."""
        if caller not in self.people:
            self.people[caller] = self.known(caller)
        member = next(each for each in regions.of((AP,)) if each.code == country)
        with self.sessions.writing() as session:
            row = Representative(
                administration_id=self.home_id,
                region=AP,
                country=country,
                side=side,
                person_id=self.people[caller],
                zone=zone or member.zone,
                starts_at=self.clock.now(),
                ends_at=self.clock.now() + YEAR,
            )
            session.add(row)
            session.flush()
            return row.id

    def fill(self, caller: Caller, form: str, values: Mapping[str, object], **about: object) -> Screen:
        """Open a form and send all of its fields at once; the screen it answers with."""
        opened = self.open(caller, form, **about)
        view = opened.answer.form
        assert view is not None, screen(opened).heading
        empty: dict[str, object] = {each.name: each.value for each in view.fields}
        sent = self.turn(Submitted(caller, view.token, empty | dict(values)))
        refused = sent.answer.form
        assert refused is None, [refused.refusal, *(each.error for each in refused.fields)]
        return screen(sent)

    def day(self, **ahead: int) -> str:
        return (self.clock.now() + timedelta(**ahead)).date().isoformat()

    def held_by(self, caller: Caller) -> set[tuple[RoleName, Scope, str]]:
        """The roles somebody holds now."""
        with self.sessions.reading() as session:
            mine = Role.person_id == self.people[caller], Role.in_force(self.clock.now())
            return {(each.name, each.scope, each.scope_id) for each in session.scalars(select(Role).where(*mine))}
