"""A roundtable by e-mail: invited, answered from a calendar program, moved, cancelled; never twice for one person."""

from __future__ import annotations

import re
from datetime import timedelta

from icalendar import Calendar, Event
from sqlalchemy import select, update

from db.meetings import Answer, Invitation
from db.people import MAIL, WEB, Account
from tests.fakes.smtp import Mail
from tests.handlers.meeting_steps import called, dated, invited, moved

from .test_meetings import answer, by_mail
from .town import Town

SHOP = "amina@shop.example"


def calendar(mail: Mail) -> tuple[str, Event]:
    """The method and the event of what a mail brings to a calendar."""
    raw = next(each for each in mail.message.walk() if each.get_content_type() == "text/calendar")
    found = Calendar.from_ical(raw.get_payload(decode=True))  # type: ignore[arg-type]
    (event,) = found.walk("VEVENT")
    return str(found["METHOD"]), event  # type: ignore[return-value]


def stands(town: Town) -> Answer:
    mine = Invitation.person_id == town.world.ids["amina"]
    with town.world.parley.sessions.reading() as session:
        return session.scalars(select(Invitation).where(mine)).one().answer


def test_from_the_invitation_to_the_cancellation(town: Town) -> None:
    world = town.world
    by_mail(town)
    meeting = called(world)
    invited(world, meeting, "amina", "badr")
    before = len(town.smtp.mails)
    dated(world, meeting)
    assert "You are invited to a roundtable." in world.last("amina"), "in chat too, where she answers"
    mail = town.last(SHOP)
    assert len(town.smtp.mails) == before + 1, "badr has not asked for mail"
    method, event = calendar(mail)
    assert (method, event["SEQUENCE"], event["SUMMARY"]) == ("REQUEST", 0, "Inspections at night")

    assert town.comes(answer(mail))
    assert stands(town) is Answer.ACCEPTED and "Amina comes." in world.last("ruiz")
    world.clock.advance(timedelta(minutes=5))
    moved(world, meeting, "2026-12-02")
    method, event = calendar(town.last(SHOP))
    assert (method, event["SEQUENCE"]) == ("REQUEST", 1) and stands(town) is Answer.NONE
    # She answers the old mail: that was for another date.
    assert town.comes(answer(mail, "DECLINED"))
    assert stands(town) is Answer.NONE
    assert "It has changed since you answered." in world.last("amina")
    assert town.comes(answer(town.last(SHOP), "TENTATIVE"))
    assert "do you come or not?" in world.last("amina") and stands(town) is Answer.NONE
    assert town.comes(answer(town.last(SHOP), "DECLINED").replace(b"Ten minutes late", b"I am abroad"))
    assert stands(town) is Answer.DECLINED and "Amina cannot come: I am abroad" in world.last("ruiz")

    world.do("amina", "roundtables.accept", meeting=meeting)
    world.submit("ruiz", "roundtables.cancel", {"reason": "The hall is flooded"}, meeting=meeting)
    method, event = calendar(town.last(SHOP))
    assert (method, event["STATUS"]) == ("CANCEL", "CANCELLED") and int(str(event["SEQUENCE"])) > 1


def test_whoever_has_no_chat_hears_it_once_and_whoever_is_taken_off_has_it_taken_out(town: Town) -> None:
    world = town.world
    by_mail(town)
    with world.parley.sessions.writing() as session:
        chats = update(Account).where(Account.person_id == world.ids["amina"], Account.platform != MAIL)
        session.execute(chats.values(unreachable_since=world.clock.now()))
        was_there = {"platform": WEB, "met_at": world.clock.now(), "used_at": world.clock.now()}
        session.add(Account(person_id=world.ids["amina"], external_id="1", address="1", **was_there))
    meeting = called(world)
    invited(world, meeting, "amina")
    before, told = len(town.smtp.mails), len(town.sent("amina"))
    dated(world, meeting)
    assert len(town.smtp.mails) == before + 1 and len(town.sent("amina")) == told + 1
    assert calendar(town.last(SHOP))[0] == "REQUEST"
    assert town.receipt("amina").about == "meeting_change"
    world.do("ruiz", "roundtables.remove", meeting=meeting, invitation=1)
    assert calendar(town.last(SHOP))[0] == "CANCEL"


def test_a_confidential_one_says_neither_what_nor_where_on_its_way(town: Town) -> None:
    world = town.world
    by_mail(town)
    meeting = called(world, audience="invited")
    secret = {"audience": "invited", "confidentiality": "confidential"}
    world.submit("ruiz", "roundtables.audience", secret, meeting=meeting)
    world.submit("ruiz", "roundtables.place", {"room": "Room 9"}, meeting=meeting)
    invited(world, meeting, "amina")
    dated(world, meeting)
    _method, event = calendar(town.last(SHOP))
    assert event["SUMMARY"] == f"Meeting R-{meeting}" and "LOCATION" not in event
    words = re.sub(rb"\r\n ", b"", event.to_ical())
    assert b"night" not in words and b"Room 9" not in words
