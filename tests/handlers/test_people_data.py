"""What is kept about a person: shown, given whole, erased, and removed when its time is over."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.kit.events import Called, Caller
from db import retention
from db.files import Chunk, File, FileState, read, store
from db.issues import Entry, How, Issue, Participation, Voice
from db.machinery import Audit, Draft, Handle, Inbox, InboxState, Outgoing, Sending
from db.people import (
    Account,
    Erasure,
    Mandate,
    Organisation,
    Pass,
    Person,
    Role,
    RoleName,
    Sector,
    WebSession,
)
from db.personal import replay
from handlers.people import called

from .people_world import World, labels, plain, screen, text

AMINA = Caller("telegram", "1001", "1001", "Amina Zahra", "fr")
BADR = Caller("telegram", "1002", "1002", "Badr", "ar")
ADMIN = Caller("slack", "T1:U1", "U1", "Ada", "en")
CANARY = "amina-canary"


def lived_in(world: World) -> int:
    """Amina with something of hers in every corner. Her person's id."""
    amina = world.known(AMINA)
    world.speaks(amina, by=amina)
    now = world.clock.now()
    with world.sessions.writing() as session:
        here: dict[str, Any] = {"administration_id": world.home_id}
        issue = Issue(
            **here, title="Container held", language="en", reporter_id=amina, sector=Sector.GENERAL, raised_at=now,
            clock_started_at=now, organisation_id=world.maritime_id,
        )  # fmt: skip
        session.add(issue)
        session.flush()
        session.add_all(
            [
                Participation(**here, issue_id=issue.id, person_id=amina, how=How.REPORTER, joined_at=now),
                Entry(
                    **here, issue_id=issue.id, voice=Voice.RAISED, author_id=amina, words="It is held", language="en",
                    at=now,
                ),
                Outgoing(
                    **here, person_id=amina, once="news", screen={"of": CANARY}, state=Sending.WAITING, created_at=now,
                    not_before=now, expires_at=now, trace="t",
                ),
                *(
                    File(
                        **here, person_id=amina, name=f"{CANARY}.txt", sha256=store(session, content), owner=owner,
                        state=FileState.STORED, added_at=now,
                    )
                    for content, owner in ((b"not sent", None), (b"part of the case", "entry"))
                ),
                WebSession(digest="d", person_id=amina, csrf=CANARY, expires_at=now + timedelta(hours=1)),
                update(AMINA.external_id, "u1", now),
                update(BADR.external_id, "u2", now),
            ]
        )  # fmt: skip
        session.get_one(Organisation, world.maritime_id).contact_id = amina
    world.call(AMINA, "link")
    world.open(AMINA, "people.move")
    return amina


def update(external_id: str, key: str, at: datetime) -> Inbox:
    return Inbox(
        platform="telegram", key=key, account=external_id, payload=json.dumps({"from": f"{CANARY}-{external_id}"}),
        received_at=at, state=InboxState.DONE, trace="t",
    )  # fmt: skip


def erase(world: World, caller: Caller) -> Any:
    sure = world.open(caller, "people.erase")
    assert "cannot be undone" in text(sure)
    return world.press(caller, sure, "Erase my data")


def everything(world: World) -> str:
    """Every row of every table, as text; what is encoded in a file too."""
    with world.sessions.reading() as session:
        tables = Person.metadata.sorted_tables
        return "\n".join(str(dict(row)) for table in tables for row in session.execute(select(table)).mappings())


def test_people_see_what_is_kept_and_their_accounts_by_name(people_world: World) -> None:
    lived_in(people_world)
    shown = text(people_world.call(AMINA, "data"))
    for part in ("Name: Amina Zahra", "telegram:1001", "Organisation: Maritime Trading", "Contributions to issues: 1"):
        assert part in shown


def test_a_copy_holds_everything_of_theirs_and_nothing_secret(people_world: World) -> None:
    amina = lived_in(people_world)
    shown = people_world.press(AMINA, people_world.call(AMINA, "data"), "Take a copy of everything")
    (attachment,) = screen(shown).files
    with people_world.sessions.reading() as session:
        file = session.get_one(File, attachment.file_id)
        copy = json.loads(b"".join(read(session, str(file.sha256))))
        digests = set(session.scalars(select(Pass.digest)))
    assert (file.person_id, file.media_type, file.size) == (
        amina,
        "application/json",
        len(json.dumps(copy, ensure_ascii=False, indent=2).encode()),
    )
    assert copy["person"][0]["name"] == "Amina Zahra"
    assert copy["account"][0]["external_id"] == "1001"
    assert copy["issue"][0]["title"] == "Container held" and copy["entry"][0]["words"] == "It is held"
    assert copy["participation"][0]["how"] == "reporter" and copy["mandate"][0]["organisation_id"]
    assert copy["draft"][0]["form"] == "people.move" and len(copy["file"]) == 2
    assert [row["payload"] for row in copy["inbox"]] == [json.dumps({"from": f"{CANARY}-1001"})]
    assert copy["acted_on"] == {"organisation.contact_id": [people_world.maritime_id], "mandate.confirmed_by_id": [1]}
    whole = json.dumps(copy)
    assert '"csrf"' not in whole and '"token"' not in whole and not any(each in whole for each in digests)


def test_a_copy_holds_nothing_of_anybody_else(people_world: World) -> None:
    lived_in(people_world)
    people_world.known(BADR)
    shown = people_world.open(BADR, "people.export")
    with people_world.sessions.reading() as session:
        copy = b"".join(read(session, str(session.get_one(File, screen(shown).files[0].file_id).sha256))).decode()
    assert "Amina" not in copy and "Container" not in copy and f"{CANARY}-1001" not in copy


def test_a_copy_is_kept_for_a_day(people_world: World) -> None:
    people_world.known(BADR)
    people_world.open(BADR, "people.export")
    people_world.clock.advance(timedelta(days=1))
    assert people_world.run_due() == ["people.drop_export"]
    assert people_world.count(File) == people_world.count(Chunk) == 0


def test_a_copy_is_somebodys_own(people_world: World) -> None:
    amina = lived_in(people_world)
    people_world.open(AMINA, "people.export")
    with people_world.sessions.reading() as session:
        owners = session.scalars(select(File.person_id).where(File.owner == "export")).all()
    assert owners == [amina]


@pytest.mark.promise("threat.48", "Erasing leaves the record and no person.")
def test_erasing_leaves_the_record_with_its_organisation_and_no_person(people_world: World) -> None:
    amina = lived_in(people_world)
    farewell = erase(people_world, AMINA)
    assert plain(screen(farewell).heading) == "Your data are erased." and labels(farewell) == []
    person = people_world.get(Person, amina)
    assert (person.name, person.kind, person.registered_at) == ("", None, None) and person.erased_at is not None
    for table in (Draft, Handle, WebSession, Pass):
        assert people_world.count(table, table.person_id == amina) == 0
    assert people_world.count(Account, Account.external_id == "1001") == 0
    assert people_world.count(Mandate, Mandate.in_force(people_world.clock.now())) == 0
    assert people_world.count(Participation, Participation.left_at.is_(None)) == 0
    assert people_world.get(Organisation, people_world.maritime_id).contact_id is None
    with people_world.sessions.reading() as session:
        issue = session.scalars(select(Issue)).one()
        waiting = session.scalars(select(Outgoing).where(Outgoing.once == "news")).one()
        tombstone = session.scalars(select(Erasure)).one()
        assert (issue.organisation_id, issue.title) == (people_world.maritime_id, "Container held")
        assert (waiting.state, waiting.reason, waiting.screen) == (Sending.EXPIRED, "erased", None)
        assert (tombstone.person_id, tombstone.at) == (amina, people_world.clock.now())
        assert plain(called(session, [amina])[amina]) == "a representative of Maritime Trading"
        assert session.scalars(select(File.owner)).all() == ["entry"]
        assert session.scalars(select(Chunk.data)).all() == [b"part of the case"]
    kept = everything(people_world)
    assert (
        "Amina" not in kept and f"{CANARY}-1001" not in kept and "'1001'" not in kept.replace("'address': '1001'", "")
    )
    assert f"{CANARY}-1002" in kept, "somebody else's update stays"


def test_the_last_message_still_goes_and_then_so_does_its_address(people_world: World) -> None:
    amina = lived_in(people_world)
    sure = people_world.open(AMINA, "people.erase")
    button = next(each for each in screen(sure).buttons if plain(each.label) == "Erase my data")
    farewell = people_world.turn(Called(AMINA, handle=button.handle), reply=True)
    row = people_world.get(Outgoing, farewell.outgoing_id or 0)
    assert row.state is Sending.WAITING and people_world.get(Account, row.account_id).address == "1001"
    people_world.clock.advance(timedelta(hours=6))
    people_world.run_due()
    assert people_world.count(Account, Account.person_id == amina) == 0
    row = people_world.get(Outgoing, row.id)
    assert (row.state, row.screen, row.account_id) == (Sending.EXPIRED, None, None)
    assert "1001" not in everything(people_world).replace(f"{CANARY}-1001", "")


def test_whoever_comes_back_is_met_for_the_first_time(people_world: World) -> None:
    amina = lived_in(people_world)
    erase(people_world, AMINA)
    again = people_world.call(AMINA, "/start")
    assert again.person_id != amina and again.answer.form is not None


def test_nothing_more_is_sent_to_whoever_was_erased(people_world: World) -> None:
    amina = lived_in(people_world)
    people_world.known(ADMIN, RoleName.ADMINISTRATOR)
    erase(people_world, AMINA)
    before = people_world.count(Outgoing, Outgoing.person_id == amina)
    people_world.clock.advance(timedelta(days=400))
    people_world.run_due()
    assert people_world.count(Outgoing, Outgoing.person_id == amina, Outgoing.screen.is_not(None)) == 0
    assert people_world.count(Outgoing, Outgoing.person_id == amina) == before


def test_the_only_administrator_cannot_vanish(people_world: World) -> None:
    admin = people_world.known(ADMIN, RoleName.ADMINISTRATOR)
    assert "only administrator" in text(erase(people_world, ADMIN))
    assert people_world.get(Person, admin).erased_at is None and people_world.count(Role) == 1


def test_an_erasure_is_audited_without_a_name(people_world: World) -> None:
    amina = lived_in(people_world)
    erase(people_world, AMINA)
    with people_world.sessions.reading() as session:
        line = session.scalars(select(Audit).where(Audit.what == "people.erase")).one()
    assert line.who == amina and "Amina" not in str((line.ids, line.about))


def test_an_older_backup_is_gone_over_with_the_tombstones(people_world: World) -> None:
    amina = lived_in(people_world)  # as a backup would bring her back
    then = people_world.clock.now()
    with people_world.sessions.writing() as session:
        assert replay(session, [(amina, then), (4711, then)]) == 1
        assert replay(session, [(amina, then)]) == 0
    assert people_world.get(Person, amina).erased_at == then
    assert people_world.count(Account) == 0
    assert "Amina" not in everything(people_world)


def test_what_was_promised_to_be_removed_is_removed(people_world: World) -> None:
    amina = lived_in(people_world)
    now = people_world.clock.now()
    with people_world.sessions.writing() as session:
        bad = update("1002", "u3", now)
        bad.state = InboxState.QUARANTINED
        new = update("1002", "u4", now)
        new.state = InboxState.WAITING
        row = session.scalars(select(Outgoing).where(Outgoing.once == "news")).one()
        row.state, row.settled_at = Sending.ACCEPTED, now
        session.add_all([bad, new])

    def left(after: timedelta) -> tuple[int, int, int]:
        with people_world.sessions.writing() as session:
            retention.clear(session, at=now + after)
        kept = Inbox.payload.is_not(None)
        return (
            people_world.count(Inbox, kept, Inbox.state == InboxState.DONE),
            people_world.count(Inbox, kept, Inbox.state == InboxState.QUARANTINED),
            people_world.count(Outgoing, Outgoing.screen.is_not(None), Outgoing.person_id == amina),
        )

    second = timedelta(seconds=1)
    assert left(timedelta(days=7) - second) == (2, 1, 1)
    assert left(timedelta(days=7)) == (0, 1, 1)
    assert left(timedelta(days=30) - second) == (0, 1, 1)
    assert left(timedelta(days=30)) == (0, 0, 0)
    assert people_world.count(Inbox, Inbox.payload.is_not(None)) == 1, "what still waits is not touched"
    assert people_world.count(WebSession) == people_world.count(Pass) == 0


def test_clearing_plans_itself_from_the_first_stranger_on(people_world: World) -> None:
    people_world.press(BADR, people_world.call(BADR, "/start"), "English")
    for _day in range(3):
        people_world.clock.advance(timedelta(days=1))
        assert people_world.run_due() == ["people.clear"]
