"""One file that holds everything, from either database into either, and what is refused on the way."""

from __future__ import annotations

import asyncio
import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
from sqlalchemy import func, insert, select, text

from bot.core import Parley
from bot.ops import backup
from bot.ops.show import show
from bot.ops.trouble import Trouble
from db import audit, search
from db.base import Base
from db.calendars import CalendarAddress
from db.files import File, FileState, read, store
from db.issues import Issue
from db.machinery import Audit, Draft, Inbox, Job, Outgoing, Receipt, Sending, Setting
from db.people import Administration, Erasure, Kind, Organisation, Person, Standing
from db.session import Sessions, connect
from scheduling.clock import ManualClock
from tests.bot.bell import NOON
from tests.handlers.issue_steps import raised
from tests.world import MONDAY, YEAR, Recorder, Sent, World

PHOTO = bytes(range(256)) * 5000  # 1.2 MB: three chunks


def fill(url: str) -> None:
    """A little of everything that could go wrong on the way: JSON, nothing, instants, times, words, bytes, itself."""
    engine = connect(url)
    with Sessions(engine).writing() as session:
        home = Administration(
            code="sk", name={"fr": "Sodalie", "ar": "سوداليا"}, country="TN", zone="Africa/Tunis", language="fr"
        )
        session.add(home)
        session.flush()
        common: dict[str, Any] = {
            "administration_id": home.id,
            "language": "fr",
            "zone": "Africa/Tunis",
            "met_at": NOON,
        }
        older = Person(id=41, name="Amina\u2028“Ünïcode”", kind=Kind.BUSINESS, registered_at=NOON, **common)
        newer = Person(id=7, name="Amina", quiet_from=None, merged_into_id=None, **common)
        session.add_all([older, newer])
        session.flush()
        newer.merged_into_id = older.id
        session.add(
            Organisation(administration_id=home.id, name="Kestra", kind=Kind.BUSINESS, standing=Standing.VERIFIED)
        )
        session.add(
            Draft(
                person_id=41, form="x", answers={"a": None, "b": [1, "ب"]}, bound={}, started_at=NOON, touched_at=NOON
            )
        )
        receipt = Receipt(administration_id=home.id, about="issue", about_id=1, person_id=41, created_at=NOON)
        session.add(receipt)
        session.flush()
        for once, state in {"sent": Sending.ACCEPTED, "waits": Sending.WAITING, "half": Sending.SENDING}.items():
            row = Outgoing(
                administration_id=home.id,
                person_id=41,
                once=once,
                screen={"~": "Answer"},
                state=state,
                receipt_id=receipt.id,
                created_at=NOON,
                not_before=NOON + timedelta(days=400000),
                expires_at=NOON + timedelta(days=400003),
                trace="t",
            )
            session.add(row)
            session.flush()
            session.add(Job(name="deliver", args={"outgoing": row.id}, at=NOON))
        session.add(Job(name="turn", args={"inbox": 1}, at=NOON))
        session.add(Inbox(platform="telegram", key="1", account="1", payload="{}", received_at=NOON, trace="t"))
        session.add(
            File(
                administration_id=home.id,
                person_id=41,
                name="photo.jpg",
                sha256=store(session, PHOTO),
                state=FileState.STORED,
                size=len(PHOTO),
                added_at=NOON,
            )
        )
        search.keep(session, "issue", 1, home.id, "refrigerated container held at Sodal")
        for number in range(5):
            session.add(
                Audit(administration_id=home.id, at=NOON, who=41, door="slack", what="x", ids={"n": number}, trace="t")
            )
        session.flush()
        audit.seal(session)
    engine.dispose()


def contents(url: str) -> dict[str, list[Any]]:
    """Every row of every table, as Python values."""
    engine = connect(url)
    with Sessions(engine).reading() as session:
        rows = {
            table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }
    engine.dispose()
    return rows


@pytest.fixture
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Makes the address of a database without a table: a SQLite file, or a PostgreSQL database of its own."""
    made: list[str] = []
    conftest = sys.modules["tests.conftest"]

    def make(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path}/restored-{len(made)}.db"
        server = str(request.getfixturevalue("postgresql"))
        name = f"restored_{threading.get_ident()}_{len(made)}"
        conftest.administer(server, f"CREATE DATABASE {name}")
        made.append(name)
        return str(conftest.make_url(server).set(database=name).render_as_string(hide_password=False))

    yield make
    for name in made:
        conftest.administer(str(request.getfixturevalue("postgresql")), f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def saved(sqlite_url: str, tmp_path: Path) -> Path:
    """A backup of the filled database, from SQLite."""
    fill(sqlite_url)
    backup.back_up(sqlite_url, tmp_path / "parley.backup", None)
    return tmp_path / "parley.backup"


@pytest.mark.parametrize("into", ["sqlite", "postgresql"])
def test_everything_comes_back_in_either_kind_of_database(
    database_url: str, into: str, empty: Callable[[str], str], tmp_path: Path
) -> None:
    fill(database_url)
    target = empty(into)
    written = backup.back_up(database_url, tmp_path / "b", None)
    assert backup.restore(target, tmp_path / "b", None) == written
    before, after = contents(database_url), contents(target)
    for changed in ("outgoing", "job", "setting"):
        before.pop(changed), after.pop(changed)
    assert after.pop("audit")[:-1] == before.pop("audit"), "and a line that it was restored"
    assert after == before
    assert [len(before[name]) for name in ("person", "chunk", "document")] == [2, 3, 1]

    engine = connect(target)
    with Sessions(engine).writing() as session:
        file = session.scalars(select(File)).one()
        assert b"".join(read(session, str(file.sha256))) == PHOTO
        assert audit.verify(session).is_intact and audit.verify(session).sealed == 5
        noted = session.scalars(select(Audit.what).where(Audit.position.is_(None)).order_by(Audit.id)).all()
        assert noted == ["backup.write", "backup.restore"]
        everything = select(search.Document.item_id)
        assert list(search.find(session, "issue", "containers at Sodal", among=everything, limit=5)) == [1]
        session.add(Person(administration_id=1, language="en", zone="UTC", met_at=NOON))
        session.flush()  # the next number is free
        nothing = session.scalar(text("SELECT count(*) FROM outgoing WHERE message IS NULL"))
        assert nothing == 3, "no value is NULL, not JSON's null"
    engine.dispose()


def test_a_restored_system_sends_nothing_old_until_it_is_released(
    database_url: str, empty: Callable[[str], str], tmp_path: Path
) -> None:
    fill(database_url)
    target = empty("sqlite" if database_url.startswith("sqlite") else "postgresql")
    backup.back_up(database_url, tmp_path / "b", None)
    backup.restore(target, tmp_path / "b", None)
    engine = connect(target)
    with Sessions(engine).reading() as session:
        rows = {row.once: row for row in session.scalars(select(Outgoing))}
        assert [rows[once].state for once in ("sent", "waits", "half")] == [
            Sending.ACCEPTED,
            Sending.HELD,
            Sending.HELD,
        ]
        assert rows["waits"].may_repeat and not rows["sent"].may_repeat
        assert session.get(Setting, "outbox_hold") is not None
        assert session.scalars(select(Job.name)).all() == ["turn"]
    assert backup.release(target) == 2
    with Sessions(engine).reading() as session:
        assert session.get(Setting, "outbox_hold") is None
        assert session.scalars(select(Outgoing.state).order_by(Outgoing.id)).all()[1:] == [Sending.WAITING] * 2
        deliveries = session.scalars(select(Job).where(Job.name == "deliver")).all()
        assert {job.at for job in deliveries} == {NOON + timedelta(days=400000)}, "not before its own time"
    assert backup.release(target) == 0
    engine.dispose()


def test_a_backup_is_one_instant_though_writing_goes_on(
    database_url: str, empty: Callable[[str], str], tmp_path: Path
) -> None:
    """Each change writes an organisation and its audit line: the backup has both or neither, and writers never wait."""
    fill(database_url)
    stop, written = threading.Event(), 0
    engine = connect(database_url)

    def go_on() -> None:
        nonlocal written
        while not stop.is_set():
            with Sessions(engine).writing() as session:
                session.add(Organisation(administration_id=1, name=f"n{written}", kind=Kind.BUSINESS))
                session.add(Audit(at=NOON, door="x", what="made", ids={}, trace="t"))
            written += 1

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        while written < 5:
            pass
        counts = []
        for number in range(3):
            before = written
            counts.append(backup.back_up(database_url, tmp_path / f"b{number}", None))
            while written < before + 5:
                pass
    finally:
        stop.set()
        writer.join()
        engine.dispose()
    for number, count in enumerate(counts, 1):  # each backup has a line of its own, in itself
        assert count["organisation"] - 1 == count["audit"] - 5 - number
    assert counts[0]["organisation"] < counts[-1]["organisation"]
    target = empty("sqlite")
    backup.restore(target, tmp_path / "b2", None)
    assert len(contents(target)["organisation"]) == counts[2]["organisation"]


DRILL = "A backup made while people write is whole, on either database: references, audit chain, outbox held, erasures."


@pytest.mark.promise("backup.drill", DRILL)
def test_the_drill_people_write_while_it_is_made_and_it_comes_back_on_either_database(
    database_url: str, empty: Callable[[str], str], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Traders raise issues and officers answer throughout; then one of them asks to be erased; then all is lost."""
    town = Town(database_url)
    town.start()
    try:
        town.goes_on(for_turns=2)
        engine = connect(database_url)
        with Sessions(engine).reading() as session:
            head = audit.head(session)
        written = []
        for number in range(2):
            written.append(backup.back_up(database_url, tmp_path / f"b{number}", None))
            town.goes_on(for_turns=2)
    finally:
        town.stop()
    assert written[0]["issue"] < written[1]["issue"], "people wrote meanwhile"
    (tmp_path / "erasures").write_text(show(database_url, "erasures", as_json=True))
    erasures = backup.read_erasures(tmp_path / "erasures")
    assert [person for person, _at in erasures] == [town.erased]

    for kind in ("sqlite", "postgresql"):
        target = empty(kind)
        assert backup.restore(target, tmp_path / "b1", None, erasures) == written[1]
        restored = connect(target)
        with Sessions(restored).reading() as session:
            assert head.position is not None and head.position > 0
            verdict = audit.verify(session, [head])
            assert verdict.is_intact and verdict.sealed >= head.position, "the head noted before stands in it"
            assert dangling(session) == []
            raised = session.scalars(select(Audit).where(Audit.what == "issues.raise")).all()
            assert {line.ids["issue"] for line in raised} == set(session.scalars(select(Issue.id)))
            states = set(session.scalars(select(Outgoing.state)))
            assert states & {Sending.WAITING, Sending.SENDING} == set()
            person = session.get_one(Person, town.erased)
            assert person.name == "" and person.erased_at is not None
            kept = select(Outgoing.id).where(Outgoing.person_id == town.erased, Outgoing.screen.is_not(None))
            assert session.scalars(kept).all() == []
        assert sent_by(target) == [], "nothing old goes out before a person says so"
        restored.dispose()
    engine.dispose()
    record_property("figure", f"{written[1]['issue']} issues, {sum(written[1].values())} rows")


class Town(threading.Thread):
    """People who raise issues and get answers, each turn the whole way through, until they are stopped."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.turns, self.erased = 0, 0
        self._url = url
        self._step = threading.Condition()
        self._is_over = False
        self._failed: BaseException | None = None

    def run(self) -> None:
        try:
            self._live(World(self._url))
        except BaseException as error:  # noqa: BLE001  said to whoever waits for us
            self._failed = error
        with self._step:
            self._step.notify_all()

    def _live(self, world: World) -> None:
        self.erased = world.ids["dina"]
        raised(world, "dina")
        world.attach("amina", "photo.jpg", PHOTO)
        world.say("amina", "/cancel")
        while not self._is_over:
            issue = raised(world, "amina")
            world.submit("ruiz", "issues.reply", {"words": "We are looking into it.", "files": None}, issue=issue)
            with self._step:
                self.turns += 1
                self._step.notify_all()
        world.do("dina", "people.erase", confirmed=True)
        world.close()

    def goes_on(self, *, for_turns: int) -> None:
        """Wait until so many more things have happened."""
        with self._step:
            until = self.turns + for_turns
            assert self._step.wait_for(lambda: self._failed or self.turns >= until, 60)
        self._tell()

    def stop(self) -> None:
        self._is_over = True
        self.join()
        self._tell()

    def _tell(self) -> None:
        if self._failed is not None:
            raise self._failed


def dangling(session: Any) -> list[str]:
    """References to rows that are not there."""
    found = []
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            there = key.column.table.alias()
            missing = select(func.count()).select_from(table.outerjoin(there, key.parent == there.c[key.column.key]))
            if session.scalar(missing.where(key.parent.is_not(None), there.c[key.column.key].is_(None))):
                found.append(f"{table.name}.{key.parent.key}")
    return found


def sent_by(url: str) -> list[Sent]:
    """What a Parley started on the database sends on its own."""
    parley = Parley(database_url=url, public_url="https://parley.example", clock=ManualClock(MONDAY + YEAR))
    doors = [Recorder(name) for name in ("slack", "telegram")]
    for door in doors:
        parley.add(door)
    with closing(parley):
        asyncio.run(parley.settle())
    return [sent for door in doors for messages in door.sent.values() for sent in messages]


def test_an_encrypted_backup_opens_with_its_own_identity_only(
    sqlite_url: str, empty: Callable[[str], str], tmp_path: Path
) -> None:
    fill(sqlite_url)
    mine, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    for name, key in {"mine": mine, "other": other}.items():
        (tmp_path / name).write_text(f"# created: today\n# public key: {key.to_public()}\n{key}\n")
    file = tmp_path / "b.age"
    backup.back_up(sqlite_url, file, str(mine.to_public()))
    assert file.read_bytes().startswith(b"age-encryption.org/v1") and b"Kestra" not in file.read_bytes()
    target = empty("sqlite")
    with pytest.raises(Trouble, match="--identity"):
        backup.restore(target, file, None)
    with pytest.raises(Trouble, match="right identity"):
        backup.restore(target, file, tmp_path / "other")
    (tmp_path / "none").write_text("nothing here")
    with pytest.raises(Trouble, match="no age identity"):
        backup.restore(target, file, tmp_path / "none")
    cut = tmp_path / "cut.age"
    cut.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(Trouble):
        backup.restore(target, cut, tmp_path / "mine")
    backup.restore(target, file, tmp_path / "mine")
    assert contents(target)["organisation"] == contents(sqlite_url)["organisation"] != []


def test_a_recipient_that_is_none_is_refused_before_anything_is_written(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="no age recipient"):
        backup.back_up(sqlite_url, tmp_path / "b", "age1nonsense")
    assert not (tmp_path / "b").exists()


def test_a_backup_is_its_owners_and_never_overwrites(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "b"
    backup.back_up(sqlite_url, file, None)
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    with pytest.raises(Trouble, match="never overwrites"):
        backup.back_up(sqlite_url, file, None)
    assert file.read_bytes() == before


def test_a_backup_that_fails_leaves_no_file_behind(sqlite_url: str, tmp_path: Path) -> None:
    engine = connect(sqlite_url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE audit"))
    engine.dispose()
    with pytest.raises(Exception, match="no such table"):
        backup.back_up(sqlite_url, tmp_path / "b", None)
    assert list(tmp_path.glob("b*")) == []


def test_a_database_with_rows_is_not_restored_into(saved: Path, sqlite_url: str) -> None:
    before = contents(sqlite_url)
    with pytest.raises(Trouble, match="not empty"):
        backup.restore(sqlite_url, saved, None)
    assert contents(sqlite_url) == before


def altered(saved: Path, change: Callable[[list[Any]], list[Any]]) -> Path:
    lines = [json.loads(line) for line in gzip.decompress(saved.read_bytes()).splitlines()]
    packed = gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in change(lines)))
    (saved.parent / "altered").write_bytes(packed)
    return saved.parent / "altered"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda lines: [lines[0] | {"revision": "0000"}, *lines[1:]], "another version"),
        (lambda lines: [lines[0] | {"parley": 99}, *lines[1:]], "another version"),
        (lambda lines: lines[:-1], "damaged"),
        (lambda lines: [lines[0], *lines[2:]], "damaged"),
        (lambda lines: [lines[0], ["nowhere", {}], *lines[1:]], "damaged"),
        (lambda lines: lines[1:], "damaged"),
    ],
)
def test_what_is_not_whole_or_not_ours_is_refused_and_leaves_no_row(
    saved: Path, empty: Callable[[str], str], change: Callable[[list[Any]], list[Any]], says: str
) -> None:
    target = empty("sqlite")
    with pytest.raises(Trouble, match=says):
        backup.restore(target, altered(saved, change), None)
    backup.restore(target, saved, None)  # nothing of the refused one is in the way


@pytest.mark.parametrize("length", [0, 5, 100, 2000])
def test_a_file_cut_short_is_refused(saved: Path, empty: Callable[[str], str], length: int) -> None:
    cut = saved.parent / "cut"
    cut.write_bytes(saved.read_bytes()[:length])
    with pytest.raises(Trouble, match="damaged"):
        backup.restore(empty("sqlite"), cut, None)


@pytest.mark.promise("threat.48", "Who was erased stays erased after an older backup.")
def test_who_was_erased_since_stays_erased(saved: Path, empty: Callable[[str], str], tmp_path: Path) -> None:
    (tmp_path / "erasures.json").write_text('[{"person": 41, "at": "2026-11-24T00:00:00+00:00"}]')
    target = empty("sqlite")
    backup.restore(target, saved, None, backup.read_erasures(tmp_path / "erasures.json"))
    engine = connect(target)
    with Sessions(engine).reading() as session:
        person = session.get_one(Person, 41)
        assert person.name == "" and person.erased_at == NOON.replace(day=24, hour=0)
        assert session.scalars(select(Erasure.person_id)).all() == [41]
        assert session.scalars(select(Draft)).all() == []
    engine.dispose()


def test_addresses_that_were_withdrawn_since_stay_withdrawn(
    sqlite_url: str, empty: Callable[[str], str], tmp_path: Path
) -> None:
    world, url, list_ = World(sqlite_url), sqlite_url, tmp_path / "erasures.json"
    for name in ("amina", "badr", "dina"):
        world.do(name, "calendars.calendar")
    backup.back_up(url, tmp_path / "b", None)
    world.pass_time(hours=1)
    world.do("amina", "calendars.stop", address=1, confirmed=True)
    world.do("badr", "calendars.renew", address=2, confirmed=True)
    world.do("dina", "calendars.renew", address=3)  # and answered the question whether she wants to with nothing
    world.close()
    list_.write_text(show(url, "erasures", as_json=True))
    target = empty("sqlite")
    backup.restore(target, tmp_path / "b", None, backup.read_erasures(list_), backup.read_withdrawals(list_))
    engine = connect(target)
    with Sessions(engine).reading() as session:
        assert session.scalars(select(CalendarAddress.person_id)).all() == [world.ids["dina"]]
    engine.dispose()


@pytest.mark.parametrize("words", ["", "{}", '[{"person": "x"}]', "no JSON", "[1]"])
def test_a_list_of_erasures_that_is_none_is_refused(tmp_path: Path, words: str) -> None:
    (tmp_path / "erasures.json").write_text(words)
    if words == "{}":
        assert backup.read_erasures(tmp_path / "erasures.json") == []
        return
    with pytest.raises(Trouble, match="parley erasures"):
        backup.read_erasures(tmp_path / "erasures.json")


STREAMS = """
import resource, sys
from pathlib import Path
from bot.ops import backup
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
backup.back_up(sys.argv[1], Path(sys.argv[2]), None)
after_writing = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
backup.restore(sys.argv[3], Path(sys.argv[2]), None)
print(after_writing - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
def test_no_more_than_a_batch_is_in_memory(sqlite_url: str, empty: Callable[[str], str], tmp_path: Path) -> None:
    """300 MB of attachments in a process that may grow by a third of that."""
    engine = connect(sqlite_url)
    with Sessions(engine).writing() as session:
        for number in range(600):
            chunk = {"sha256": f"{number:064x}", "number": 0, "data": number.to_bytes(2, "big") * (256 * 1024)}
            session.execute(insert(Base.metadata.tables["chunk"]).values(chunk))
    engine.dispose()
    arguments = [sys.executable, "-c", STREAMS, sqlite_url, str(tmp_path / "b"), empty("sqlite")]
    ran = subprocess.run(arguments, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    grown = [int(kilobytes) // 1024 for kilobytes in ran.stdout.split()]
    assert max(grown) < 100 + 64, f"grew by {grown} MB"
