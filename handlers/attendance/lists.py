"""Check-in without a network: a list that is taken along as CSV, and given back with times in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.kit.clean import clean_line
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Attachment, Fact, Refusal, Screen, button
from bot.kit.sheets import as_csv
from bot.kit.text import Code, Phrase, Text, _, ngettext
from db.attendance import CheckIn, How, sessions_of
from db.files import File, FileState, store, stored
from db.people import Organisation, Person
from db.personal import EXPORT
from db.registrations import Registration, RegistrationState
from db.symposia import Symposium, SymposiumSession
from handlers.registrations.finding import name

from . import finding
from .entering import enter
from .room import attendance, runs

KEPT = timedelta(days=1)
AGAIN = timedelta(seconds=5)  # until a file that is still on its platform is here
TRIES = 60
COLUMNS = ("code", "name", "organisation", "session", "title", "starts", "time")
YES = frozenset({"x", "1", "yes", "oui", "نعم", "✓", "v"})
LONGEST = 20_000  # lines
NAMED = 12  # faults named in the message; the file has all


def offer_file(
    ctx: Context, title: str, media_type: str, content: bytes, *, to: int, kept: timedelta = KEPT
) -> Attachment:
    """A file made for somebody, kept for one day or as long as is said."""
    file = File(
        administration_id=ctx.who.administration_id,
        person_id=to,
        name=title,
        media_type=media_type,
        size=len(content),
        sha256=store(ctx.session, content),
        state=FileState.STORED,
        owner=EXPORT,
        owner_id=to,
        added_at=ctx.now,
    )
    ctx.session.add(file)
    ctx.session.flush()
    ctx.later(ctx.now + kept, "people.drop_export", key=f"export:{file.id}", file=file.id)
    return Attachment(file.id, file.name, file.media_type)


@attendance.command("list", _("List for the door"), allow=runs, reads=runs)
def list_(ctx: Context, symposium: Symposium) -> Screen:
    """Everybody who is expected, a line for each session of theirs."""
    content = as_csv([COLUMNS, *_lines(ctx, symposium)])
    file = offer_file(ctx, f"door-{symposium.ref}.csv", "text/csv", content, to=ctx.who.id)
    return Screen(
        _("List for the door"),
        (
            name(symposium),
            _("Where there is no network, write into the last column when somebody came, or x, and send it back."),
            _("Parley keeps this file for one day."),
        ),
        files=(file,),
        buttons=(
            button(_("Send it back"), "attendance.merge", symposium=symposium.id),
            button(_("The days"), "attendance.desk", symposium=symposium.id),
        ),
    )


def _lines(ctx: Context, symposium: Symposium) -> Iterator[tuple[object, ...]]:
    zone = ZoneInfo(symposium.zone)
    sessions = finding.timed(ctx.session, symposium)
    its = Registration.symposium_id == symposium.id, Registration.state == RegistrationState.REGISTERED
    found = ctx.session.execute(
        select(Registration, Person.name, Organisation.name)
        .join(Person, Person.id == Registration.person_id)
        .outerjoin(Organisation, Organisation.id == Registration.organisation_id)
        .where(*its)
        .order_by(Person.name, Registration.id)
    ).all()
    taken = {
        (each.session_id, each.person_id): each.at
        for each in ctx.session.scalars(select(CheckIn).where(CheckIn.symposium_id == symposium.id))
    }
    for registration, person, office in found:
        theirs = set(ctx.session.scalars(sessions_of(registration.person_id)))
        for each in sessions:
            if each.id in theirs and each.starts_at is not None:
                at = taken.get((each.id, registration.person_id))
                came = at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if at is not None else ""
                starts = each.starts_at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
                yield registration.code, person, office or "", each.id, each.title, starts, came


@attendance.form("merge", _("Send it back"), allow=runs)
class Merge(Form):
    """A list with times in it. What was there already stays; what is not understood is said, line by line."""

    review = False
    symposium: Symposium = ask.about()
    files: tuple[int, ...] = ask.files(_("Which list? A CSV file with the columns code, session and time."), most=1)

    def submit(self, ctx: Context) -> Screen:
        if not self.files:
            raise Refusal(_("Please send a photo or a document."), field="files")
        file = ctx.session.get_one(File, self.files[0])
        key = f"{self.symposium.ref}:list:{file.id}"
        ctx.later(ctx.now, "attendance.take_list", key=f"{key}:0", file=file.id, symposium=self.symposium.id, tries=0)
        return Screen(
            _("The list is being read."),
            (_("You hear in a moment what it changed."),),
            buttons=(button(_("The days"), "attendance.desk", symposium=self.symposium.id),),
        )


@attendance.job("take_list")
def take_list(ctx: Context, file: File, symposium: Symposium, tries: int) -> None:
    """Once the file is here."""
    found = stored(ctx.session, file.id)
    if found is None and file.state is FileState.WAITING and tries < TRIES:
        key = f"{symposium.ref}:list:{file.id}:{tries + 1}"
        more = {"file": file.id, "symposium": symposium.id, "tries": tries + 1}
        ctx.later(ctx.now + AGAIN, "attendance.take_list", key=key, **more)
        return
    taken = merge(ctx, symposium, read_list(found[1])) if found is not None else None
    told = _unread(symposium) if taken is None else _said(ctx, symposium, taken, to=file.person_id)
    ctx.notify(file.person_id, told, once=f"{symposium.ref}:list:{file.id}", urgent=True)


@dataclass(frozen=True)
class Line:
    """A line of a list as it was written; `number` is counted as spreadsheets do, the heading being 1."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return clean_line(self.cells.get(column) or "").strip().removeprefix("'")


@dataclass
class Taken:
    """What a list came to."""

    new: int = 0
    again: int = 0
    without: int = 0  # without a seat there
    faults: list[tuple[Line, Phrase]] = field(default_factory=list)


def read_list(data: bytes) -> list[Line] | None:
    """The lines of a CSV file, whichever sign parts its cells; None for what is none."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    heading = text.partition("\n")[0]
    comma = max(",;\t", key=heading.count)
    try:
        rows = list(csv.reader(io.StringIO(text.replace("\x00", "")), delimiter=comma))
    except csv.Error:
        return None
    if not rows:
        return None
    names = [clean_line(each).strip().casefold() for each in rows[0]]
    if "code" not in names or "time" not in names:
        return None
    return [Line(number, dict(zip(names, row, strict=False))) for number, row in enumerate(rows[1:], 2)][:LONGEST]


def merge(ctx: Context, symposium: Symposium, lines: list[Line] | None) -> Taken | None:
    """Check in whoever has a time; the same list twice changes nothing the second time."""
    if lines is None:
        return None
    its = Registration.symposium_id == symposium.id, Registration.state != RegistrationState.CANCELLED
    by_code = {each.code: each for each in ctx.session.scalars(select(Registration).where(*its))}
    sessions = {str(each.id): each for each in finding.timed(ctx.session, symposium)}
    made = Taken()
    for line in lines:
        if not line["time"]:
            continue
        registration = by_code.get(finding.read_code(line["code"]))
        if registration is None:
            made.faults.append((line, _("unknown code")))
            continue
        session, at = _when(line, symposium, sessions)
        if session is None or at is None:
            made.faults.append((line, _("unknown session") if session is None else _("unreadable time")))
            continue
        has_seat = finding.belongs(ctx.session, registration.person_id, session)
        _row, is_new = enter(ctx.session, session, registration, How.LIST, by=None, at=min(at, ctx.now))
        made.new += is_new
        made.again += not is_new
        made.without += is_new and not has_seat
    return made


def _when(
    line: Line, symposium: Symposium, sessions: Mapping[str, SymposiumSession]
) -> tuple[SymposiumSession | None, datetime | None]:
    """Which session, and when: a time alone is one of its day, a mark alone its beginning."""
    session = sessions.get(line["session"])
    if session is None or session.starts_at is None:
        return None, None
    written, zone = line["time"], ZoneInfo(symposium.zone)
    if written.casefold() in YES:
        return session, session.starts_at
    try:
        hour = time.fromisoformat(written.zfill(5) if ":" in written and len(written) < 5 else written)
        return session, datetime.combine(session.starts_at.astimezone(zone).date(), hour.replace(tzinfo=zone))
    except ValueError:
        pass
    for pattern in ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M"):
        try:
            return session, datetime.strptime(written, pattern).replace(tzinfo=zone)
        except ValueError:
            continue
    return session, None


def _unread(symposium: Symposium) -> Screen:
    return Screen(
        _("The list could not be read."),
        (name(symposium), _("It has to be a CSV file with the columns code, session and time, as Parley gave it.")),
        buttons=(button(_("List for the door"), "attendance.list", symposium=symposium.id),),
    )


def _said(ctx: Context, symposium: Symposium, taken: Taken, *, to: int) -> Screen:
    """What came of it; the lines that were not taken come back as a file, so that nothing is lost."""
    said: list[Text] = [name(symposium)]
    if taken.without:
        said.append(ngettext("{count} had no seat there.", "{count} had no seat there.", taken.without))
    said += [
        _("Line {number}, {code}: {why}", number=line.number, code=Code(line["code"]), why=why)
        for line, why in taken.faults[:NAMED]
    ]
    files: tuple[Attachment, ...] = ()
    if taken.faults:
        kept = [[line[each] for each in COLUMNS] for line, _why in taken.faults]
        files = (offer_file(ctx, f"not-taken-{symposium.ref}.csv", "text/csv", as_csv([COLUMNS, *kept]), to=to),)
        said.append(_("The lines that were not taken come back as a file. Put them right and send it again."))
    return Screen(
        _("The list is in."),
        tuple(said),
        (
            Fact(_("Checked in"), taken.new),
            Fact(_("Were checked in already"), taken.again),
            Fact(_("Not taken"), len(taken.faults)),
        ),
        files=files,
        buttons=(button(_("The days"), "attendance.desk", symposium=symposium.id),),
    )
