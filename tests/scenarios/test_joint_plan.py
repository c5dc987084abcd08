"""S6, the joint annual action plan: adopted from chat messages, disputed, forgotten, reported on, handed over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from db.people import Kind, Person, RoleName, Scope, create_administration, grant_role
from db.regions import Office, Representative, Side, Takes, Term

from .stage import MAIL, SLACK, TELEGRAM, Somebody, Stage, swapped

NMENA = "NMENA"
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # nine in Tunis
YEAR = timedelta(days=365)
TUNIS = "Africa/Tunis"
CAST = {
    "cora": Somebody("Cora Mansour", zone=TUNIS),
    "ruiz": Somebody("Daniel Ruiz", zone=TUNIS),
    "amina": Somebody("Amina Haddad", Kind.BUSINESS, "Asia/Tokyo", "fr", "Haddad & Fils"),
    "zoe": Somebody("Zoe", Kind.BUSINESS, TUNIS, "en", "Farm of Zoe"),
    "inga": Somebody("Inga Saleh", zone="Asia/Dubai"),
    "nina": Somebody("Nina Farouk", zone="Africa/Cairo"),
}
FIRST = {"cora": SLACK, "ruiz": TELEGRAM, "amina": SLACK, "zoe": MAIL, "inga": TELEGRAM, "nina": SLACK}


def settle_in(stage: Stage) -> None:
    """Inga's office leads the region, Cora coordinates it; Nina speaks for the member that has it next."""
    now = stage.clock.now()
    with stage.parley.sessions.writing() as session:
        home = create_administration(
            session, code="tn", name={"en": "Customs of Sodal"}, country="TN", zone=TUNIS, language="en",
            regions=[], integrity_url=None,
        )  # fmt: skip
        home.home_regions = [{"code": NMENA, "name": {"en": "North of Africa, Near and Middle East"}}]
        session.flush()
        stage.know(session, home.id, CAST)
        common = {"administration_id": home.id, "region": NMENA}
        terms = {"term": Term.SITTING, "takes": Takes.REGION, "named_at": now, "since": now, "until": now + YEAR}
        session.add(Office(**common, country="TN", head_id=stage.ids["inga"], **terms))
        posts = {"inga": RoleName.VICE_CHAIR, "cora": RoleName.COORDINATOR}
        for name, post in posts.items():
            person = session.get_one(Person, stage.ids[name])
            grant_role(session, person, post, scope=Scope.REGION, scope_id=NMENA, at=now, until=now + YEAR)
        ruiz = session.get_one(Person, stage.ids["ruiz"])
        grant_role(session, ruiz, RoleName.ADMINISTRATOR, scope=Scope.COUNTRY, scope_id="TN", at=now, until=now + YEAR)
        seat = {
            "country": "EG",
            "side": Side.CUSTOMS,
            "zone": CAST["nina"].zone,
            "starts_at": now,
            "ends_at": now + YEAR,
        }
        session.add(Representative(**common, person_id=stage.ids["nina"], **seat))
