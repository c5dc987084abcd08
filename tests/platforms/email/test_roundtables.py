"""A roundtable by e-mail: invited, answered from a calendar program, moved, cancelled; never twice for one person."""

from __future__ import annotations

import re
from datetime import timedelta

from icalendar import Calendar, Event
from sqlalchemy import select, update

from db.machinery import Receipt
from db.meetings import Answer, Invitation
from db.people import MAIL, WEB, Account
from db.regions import Planning, YearPlan
from scheduling.meetings import Plan
from tests.fakes.smtp import Mail
from tests.handlers.meeting_steps import called, dated, invited, moved
from tests.handlers.test_regions_meetings import AP, settle_in

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


def no_chat(town: Town) -> None:
    """Amina reads mail and her page."""
    world = town.world
    with world.parley.sessions.writing() as session:
        chats = update(Account).where(Account.person_id == world.ids["amina"], Account.platform != MAIL)
        session.execute(chats.values(unreachable_since=world.clock.now()))
        was_there = {"platform": WEB, "met_at": world.clock.now(), "used_at": world.clock.now()}
        session.add(Account(person_id=world.ids["amina"], external_id="1", address="1", **was_there))


def test_whoever_has_no_chat_hears_it_once_and_whoever_is_taken_off_has_it_taken_out(town: Town) -> None:
    world = town.world
    by_mail(town)
    no_chat(town)
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


def test_each_meeting_of_a_year_comes_as_an_invitation_with_a_line_in_the_ledger(town: Town) -> None:
    world = town.world
    settle_in(world)
    by_mail(town)
    starts = [world.clock.now() + timedelta(days=days) for days in (40, 80)]
    found = Plan(tuple(starts), {"NZ": 4}, {"NZ": 0}, {})
    no_chat(town)
    with world.parley.sessions.writing() as session:
        plan = YearPlan(
            administration_id=world.home, region=AP, year=2027, title="Quarterly", language="en", jointly=False,
            question={"minutes": 60}, answer={"choices": [found.to_json() | {"is_proven": True}], "knee": 0},
            state=Planning.SOLVED, asked_by_id=world.ids["cora"], asked_at=world.clock.now(),
        )  # fmt: skip
        session.add(plan)
        session.flush()
        plan_id = plan.id
    before, told = len(town.smtp.mails), len(town.sent("amina"))
    world.do("cora", "regions.choose", plan=plan_id, number=0, confirmed=True)
    mails = town.smtp.mails[before:]
    assert [calendar(each)[0] for each in mails] == ["REQUEST", "REQUEST"], "badr has not asked for mail"
    assert len({str(calendar(each)[1]["UID"]) for each in mails}) == 2
    assert len(town.sent("amina")) == told + 2, "and nothing that says them all once more"
    with world.parley.sessions.reading() as session:
        lines = session.scalars(select(Receipt).where(Receipt.person_id == world.ids["amina"])).all()
    assert len({each.about_id for each in lines}) == 2 and all(each.accepted_at for each in lines)
