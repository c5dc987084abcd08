"""Invitations go out in the form that mail programs act on, and answers are taken from nobody but who gives them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from scheduling.calendar.check import lines
from scheduling.calendar.check.finding import Findings
from scheduling.calendar.check.outside import has_libical, libical
from scheduling.calendar.component import Unwritable
from scheduling.calendar.entry import Status
from scheduling.calendar.itip import LARGEST, Answer, NoReply, Reply, cancel, read_replies, request
from tests.scheduling.calendar.entries import ANNA, CHANGED, ENGLISH, OFFICE, at, entry, series, unfolded

MEETING = entry(organiser=OFFICE, sequence=3)
ROUND = series(organiser=OFFICE)
INVITED = 'ATTENDEE;CN="Anna Ruiz";PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;RSVP=TRUE:mailto:anna@trade.example'


def test_an_invitation_is_one_request_in_calendar_and_mime_type() -> None:
    message = request(MEETING, ANNA, ENGLISH)
    said = unfolded(message.data)
    assert message.content_type == "text/calendar; method=REQUEST; charset=utf-8"
    assert said.count("METHOD:REQUEST") == 1 and said.index("METHOD:REQUEST") < said.index("BEGIN:VTIMEZONE")
    assert {INVITED, "SEQUENCE:3", "STATUS:CONFIRMED", "UID:plenary@parley.example"} <= set(said)
    assert 'ORGANIZER;CN="Vice-Chair’s office":mailto:office@parley.example' in said
    assert lines.read(message.data, found := Findings()) is not None and not found.failed()


def test_a_changed_instance_is_told_alone() -> None:
    said = unfolded(request(ROUND, ANNA, ENGLISH, instance=at(26, 14).astimezone(UTC)).data)
    assert said.count("BEGIN:VEVENT") == 1 and "RECURRENCE-ID;TZID=Europe/Brussels:20261026T140000" in said
    assert not any(line.startswith("RRULE") for line in said[said.index("BEGIN:VEVENT") :])
    whole = unfolded(request(ROUND, ANNA, ENGLISH).data)
    assert whole.count("BEGIN:VEVENT") == 1 and "EXDATE;TZID=Europe/Brussels:20261102T140000" in whole


def test_a_cancellation_is_a_cancel_of_the_same_uid() -> None:
    said = unfolded(cancel(replace(MEETING, sequence=4, status=Status.CANCELLED), ANNA, ENGLISH).data)
    assert {"METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:4", "UID:plenary@parley.example"} <= set(said)
    assert 'ATTENDEE;CN="Anna Ruiz":mailto:anna@trade.example' in said
    assert any(line.startswith("SUMMARY:Cancelled: ") for line in said)


def test_one_instance_is_cancelled_by_its_first_start() -> None:
    message = cancel(replace(ROUND, sequence=5), ANNA, ENGLISH, instance=at(2, 14, month=11).astimezone(UTC))
    said = unfolded(message.data)
    assert message.content_type.startswith("text/calendar; method=CANCEL")
    assert {"RECURRENCE-ID;TZID=Europe/Brussels:20261102T140000", "SEQUENCE:5", "STATUS:CANCELLED"} <= set(said)
    assert said.count("BEGIN:VEVENT") == 1


@pytest.mark.skipif(not has_libical(), reason="libical is not installed")
def test_libical_finds_every_message_as_rfc_5546_wants_it() -> None:
    for message in (
        request(MEETING, ANNA, ENGLISH),
        request(ROUND, ANNA, ENGLISH),
        request(ROUND, ANNA, ENGLISH, instance=at(26, 14)),
        cancel(MEETING, ANNA, ENGLISH),
        cancel(ROUND, ANNA, ENGLISH, instance=at(2, 14, month=11)),
    ):
        assert list(libical(message.data)) == []


@pytest.mark.parametrize(
    ("send", "why"),
    [
        (lambda: request(entry(), ANNA, ENGLISH), "needs an organiser"),
        (lambda: request(MEETING, replace(ANNA, email="anna\r\nBCC:all"), ENGLISH), "an e-mail address that is none"),
        (lambda: request(ROUND, ANNA, ENGLISH, instance=at(19, 14)), "an instance that is as the others are"),
        (lambda: request(replace(MEETING, status=Status.CANCELLED), ANNA, ENGLISH), "told with cancel"),
        (lambda: cancel(ROUND, ANNA, ENGLISH, instance=at(19, 14)), "the series still has"),
        (lambda: cancel(MEETING, ANNA, ENGLISH, instance=at(5, 14)), "the series still has"),
    ],
)
def test_what_would_mislead_is_not_sent(send, why: str) -> None:
    with pytest.raises((Unwritable, ValueError), match=why):
        send()


# Answers


def reply(**more: str) -> bytes:
    """Anna's answer, as a mail program writes it."""
    given = {
        "METHOD": "METHOD:REPLY",
        "UID": "UID:plenary@parley.example",
        "SEQUENCE": "SEQUENCE:3",
        "DTSTAMP": "DTSTAMP:20260502T090000Z",
        "ATTENDEE": "ATTENDEE;PARTSTAT=ACCEPTED;CN=Anna:mailto:Anna@Trade.example",
    } | more
    event = "\r\n".join(value for name, value in given.items() if name != "METHOD" and value)
    return (
        f"BEGIN:VCALENDAR\r\nPRODID:-//Mail//EN\r\nVERSION:2.0\r\n{given['METHOD']}\r\n"
        f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


def test_an_answer_is_read_back() -> None:
    (found,) = read_replies(reply(COMMENT="COMMENT:Late\\, sorry"), " ANNA@trade.example ")
    assert found == Reply(
        who="anna@trade.example",
        uid="plenary@parley.example",
        sequence=3,
        instance=None,
        answer=Answer.ACCEPTED,
        stamped_at=datetime(2026, 5, 2, 9, tzinfo=UTC),
        comment="Late, sorry",
    )


def test_an_answer_to_one_instance_or_with_a_substitute() -> None:
    rid = "RECURRENCE-ID:20261026T130000Z"
    sends = 'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:Ben@trade.example":mailto:anna@trade.example'
    (found,) = read_replies(reply(RID=rid, ATTENDEE=sends), ANNA.email)
    assert found.instance == at(26, 14).astimezone(UTC)
    assert found.answer is Answer.DELEGATED and found.substitute == "ben@trade.example"


def test_only_the_senders_own_answer_is_taken() -> None:
    both = (
        "ATTENDEE;PARTSTAT=DECLINED:mailto:ben@trade.example\r\nATTENDEE;PARTSTAT=TENTATIVE:mailto:anna@trade.example"
    )
    (found,) = read_replies(reply(ATTENDEE=both), ANNA.email)
    assert (found.who, found.answer) == ("anna@trade.example", Answer.TENTATIVE)
    with pytest.raises(NoReply, match="sender"):
        read_replies(reply(), "mallory@trade.example")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (reply(METHOD="METHOD:REQUEST"), "METHOD is not REPLY"),
        (reply(METHOD="X-METHOD:REPLY"), "METHOD is not REPLY"),
        (reply(ATTENDEE="ATTENDEE;PARTSTAT=PERHAPS:mailto:anna@trade.example"), "PARTSTAT is unknown"),
        (reply(ATTENDEE="ATTENDEE:mailto:anna@trade.example"), "PARTSTAT is unknown"),
        (reply(UID=""), "no UID"),
        (reply(DTSTAMP=""), "no UID or no DTSTAMP"),
        (reply(ATTENDEE=""), "sender"),
        (b"<html>", "cannot be read"),
        (b"", "cannot be read"),
        (b"x" * (LARGEST + 1), "too large"),
        (b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR\r\n", "answers nothing"),
    ],
)
def test_what_is_no_answer_is_refused_in_words(data: bytes, why: str) -> None:
    with pytest.raises(NoReply, match=why):
        read_replies(data, ANNA.email)


@given(st.binary(max_size=300), st.integers(0, 300))
def test_a_strangers_bytes_are_read_or_refused(noise: bytes, place: int) -> None:
    data = reply()
    with suppress(NoReply):
        read_replies(data[:place] + noise + data[place:], ANNA.email)


def test_our_own_request_can_be_answered() -> None:
    """What a mail program does: the same component, with the one attendee's answer."""
    calendar = Calendar.from_ical(request(MEETING, ANNA, ENGLISH).data)
    calendar["METHOD"] = "REPLY"
    calendar.walk("VEVENT")[0]["ATTENDEE"].params["PARTSTAT"] = "ACCEPTED"
    (found,) = read_replies(calendar.to_ical(), ANNA.email)
    assert (found.uid, found.sequence, found.stamped_at) == (MEETING.uid, 3, CHANGED)
