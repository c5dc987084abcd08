"""Invitations by e-mail, and what is answered to them: by whoever was invited, and nobody else."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from smtplib import LMTP, SMTP, SMTPRecipientsRefused
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from sqlalchemy import func, select

from bot.engine.turn import Turn
from bot.kit.context import Context
from bot.kit.events import Replied
from bot.kit.screen import Screen, button
from bot.kit.text import Phrase
from bot.ops.mail import receive
from bot.platforms.email.listener import Listener
from bot.settings import Settings
from db.machinery import Inbox, InboxState, Job
from db.people import Invited, Person
from db.session import Sessions, connect
from handlers import invitations
from scheduling.calendar.component import Wording
from scheduling.calendar.entry import Entry
from tests.fakes.smtp import Mail
from tests.shell import PARLEY, Shell, free_port

from .town import OURS, Town

SHOP = "amina@shop.example"
TUNIS = ZoneInfo("Africa/Tunis")
MEETING = Entry(
    uid="meeting-12@parley.example",
    revision=3,
    sequence=2,
    changed_at=datetime(2026, 11, 23, 7, 0, tzinfo=UTC),
    starts=datetime(2026, 12, 1, 10, 0, tzinfo=TUNIS),
    ends=datetime(2026, 12, 1, 11, 0, tzinfo=TUNIS),
    title="Roundtable on perishables",
)


def invite(town: Town, **how: Any) -> bool:
    """As the capability that holds the meeting does, in a turn of its own."""
    parley = town.world.parley
    with parley.sessions.writing() as session:
        turn = Turn(parley.engine, session, None, None, now=town.world.clock.now(), trace="t", administration_id=1)
        screen = Screen(Phrase("You are invited to a roundtable."), buttons=(button(Phrase("Home"), "home.show"),))
        entry = how.pop("entry", MEETING)
        once = f"R-12:invited:{entry.sequence}"
        done = invitations.send(turn.ctx, town.world.ids["amina"], entry, screen, Wording(), once=once, **how)
        turn._rows.audit("invited", {}, {})
    town.world.settle()
    return done


def by_mail(town: Town) -> None:
    town.confirmed("amina", SHOP)
    town.world.do("amina", "people.email_meetings", is_mail=True)


def parts(mail: Mail) -> list[tuple[str, str | None]]:
    return [(each.get_content_type(), each.get_param("method")) for each in mail.message.walk()]  # type: ignore[misc]


def answer(mail: Mail, partstat: str = "ACCEPTED", *, uid: str | None = None, who: str = SHOP) -> bytes:
    """What a mail program sends when its person presses a button."""
    raw = next(each for each in mail.message.walk() if each.get_content_type() == "text/calendar")
    asked = Calendar.from_ical(raw.get_payload(decode=True)).walk("VEVENT")[0]  # type: ignore[arg-type]
    organiser = str(asked["ORGANIZER"]).removeprefix("mailto:")
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = f"Whoever <{who}>", organiser, f"{partstat}: {asked['SUMMARY']}"
    made["Message-ID"] = f"<{partstat}-{uid}-{who}>"
    made.set_content("I have answered.")
    text = "\r\n".join(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Someone//EN",
            "METHOD:REPLY",
            "BEGIN:VEVENT",
            f"UID:{uid or asked['UID']}",
            f"SEQUENCE:{asked['SEQUENCE']}",
            "DTSTAMP:20261123T081500Z",
            "DTSTART:20261201T090000Z",
            f"ORGANIZER:mailto:{organiser}",
            f"ATTENDEE;PARTSTAT={partstat}:mailto:{who}",
            "COMMENT:Ten minutes late",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]
    )
    made.add_alternative(text, subtype="calendar", params={"method": "REPLY"})
    return made.as_bytes()


def test_an_invitation_is_one_that_mail_programs_offer_to_answer(town: Town) -> None:
    by_mail(town)
    assert invite(town)
    mail = town.last(SHOP)
    assert mail.subject == "R-12: You are invited to a roundtable."
    assert parts(mail) == [
        ("multipart/mixed", None),
        ("multipart/alternative", None),
        ("text/plain", None),
        ("text/html", None),
        ("text/calendar", "REQUEST"),
        ("text/calendar", "REQUEST"),
    ]
    inline, attached = (each for each in mail.message.walk() if each.get_content_type() == "text/calendar")
    assert attached.get_filename() == "invite.ics" and inline.get_content_charset() == "utf-8"
    said = Calendar.from_ical(inline.get_payload(decode=True))  # type: ignore[arg-type]
    assert inline.get_payload(decode=True) == attached.get_payload(decode=True)
    event = said.walk("VEVENT")[0]
    assert said["METHOD"] == "REQUEST" and event["UID"] == MEETING.uid and event["SEQUENCE"] == 2
    assert str(event["ATTENDEE"]) == f"mailto:{SHOP}" and str(event["ORGANIZER"]).startswith("mailto:parley+i-")
    assert invite(town, entry=replace(MEETING, sequence=3), is_cancelled=True)
    assert ("text/calendar", "CANCEL") in parts(town.last(SHOP))


def test_who_has_the_feed_is_not_invited_as_well(town: Town) -> None:
    town.confirmed("amina", SHOP)
    assert not invite(town) and len(town.smtp.mails) == 1
    with town.world.parley.sessions.reading() as session:
        person = session.get_one(Person, town.world.ids["amina"])
        assert person.invited is Invited.FEED and not invitations.prefers_mail(person)


@pytest.mark.promise(
    "email.itip", "An answer counts for whom the invitation was for, whatever its sender says they are."
)
def test_an_answer_counts_by_the_address_it_was_sent_to(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[int, Replied]] = []
    registry = town.world.parley.engine.registry

    def invited(ctx: Context, reply: Replied) -> None:
        heard.append((ctx.who.id, reply))

    monkeypatch.setattr(registry, "invited", invited)
    by_mail(town)
    invite(town)
    mail = town.last(SHOP)
    raw = answer(mail)
    assert town.comes(raw)
    ((who, reply),) = heard
    assert who == town.world.ids["amina"]
    assert (reply.uid, reply.answer, reply.sequence, reply.comment) == (MEETING.uid, "ACCEPTED", 2, "Ten minutes late")
    assert not town.comes(b"Received: by another.example\n" + raw), "brought a second time, on another way"
    assert town.comes(answer(mail, "DECLINED")) and heard[1][1].answer == "DECLINED"
    # It says that somebody else answers; or it was sent to an address nobody was given.
    town.comes(answer(mail, who="boss@shop.example"))
    forged = answer(mail, "TENTATIVE").replace(b"parley+i-", b"parley+i-9")
    town.comes(forged)
    town.comes(answer(mail, "TENTATIVE").split(b"\n\n", 1)[1], OURS)
    assert len(heard) == 2


def test_what_cannot_be_read_is_kept_and_set_aside(town: Town) -> None:
    odd = (b"\x00\xff" * 100, b"Content-Type: multipart/report; boundary=\r\n\r\n--", b"To: =?x?q?=\r\n")
    for number, raw in enumerate(odd):
        town.comes(raw, f"parley+{number}@customs.example")
    with town.world.parley.sessions.reading() as session:
        states = set(session.scalars(select(Inbox.state).where(Inbox.platform == "email")))
    assert states <= {InboxState.DONE, InboxState.QUARANTINED}


@pytest.mark.parametrize("kind", ["lmtp", "smtp"])
async def test_a_server_hands_mail_on_and_only_what_is_ours(kind: str) -> None:
    taken: list[tuple[bytes, list[str]]] = []
    broken: list[Exception] = []

    async def take(raw: bytes, recipients: Any) -> bool:
        if broken:
            raise broken.pop()
        taken.append((raw, list(recipients)))
        return True

    where = f"{kind}://127.0.0.1:{free_port()}"
    listener = Listener.of(where, take, lambda to: to.endswith("@customs.example"), largest=5000)
    await listener.start()
    said: dict[str, Any] = {}

    def hand_on() -> None:
        with (LMTP if kind == "lmtp" else SMTP)("127.0.0.1", listener.port) as client:
            said["taken"] = client.sendmail("", ["parley@customs.example"], b"Subject: x\r\n\r\nhello")
            try:
                client.sendmail("", ["somebody@world.example"], b"Subject: x\r\n\r\nspam")
            except SMTPRecipientsRefused as error:
                said["relayed"] = error.recipients
            for name, body in (("large", b"x" * 6000), ("away", b"again")):
                if name == "away":
                    broken.append(OSError())
                try:
                    client.sendmail("", ["parley@customs.example"], body)
                except Exception as error:  # noqa: BLE001  what it says is looked at below
                    said[name] = repr(error)

    await asyncio.to_thread(hand_on)
    await listener.stop()
    assert said["taken"] == {} and "550" in repr(said["relayed"])
    assert "552" in said["large"] and "451" in said["away"]
    assert [(each[1], b"hello" in each[0]) for each in taken] == [(["parley@customs.example"], True)]


def test_the_command_line_keeps_a_mail_for_the_running_parley(sqlite_url: str, tmp_path: Any) -> None:
    set_up: Any = {"smtp_url": "smtp://127.0.0.1:9", "mail_from": OURS}
    shell = Shell(tmp_path, sqlite_url, {"PARLEY_SMTP_URL": set_up["smtp_url"], "PARLEY_MAIL_FROM": OURS})
    command = [*PARLEY, "mail", "receive", "--to", OURS]
    raw = b"Subject: x\r\n\r\nhello"
    ran = subprocess.run(command, input=raw, env=shell.environment, cwd=tmp_path, check=False, capture_output=True)
    assert (ran.returncode, ran.stdout) == (0, b""), ran
    settings = Settings(_env_file=None, database_url=sqlite_url, **set_up)  # type: ignore[call-arg]
    assert [receive(settings, each, [OURS]) for each in (raw, b"x" * 1_100_000, b"\n")] == [0, 65, 65]
    nowhere = Settings(_env_file=None, database_url=f"sqlite:///{tmp_path}/none.db", **set_up)  # type: ignore[call-arg]
    assert receive(nowhere, raw, [OURS]) == 75
    engine = connect(sqlite_url)
    with Sessions(engine).reading() as session:
        assert session.scalar(select(func.count()).select_from(Inbox)) == 1
        assert session.scalar(select(func.count()).select_from(Job).where(Job.name == "turn")) == 1
    engine.dispose()
