"""The pages of a symposium's days, in a browser without scripts: what a camera opens, and what a proof says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from db.attendance import CheckIn, How, Proof, new_proof_code
from db.registrations import Registration
from db.symposia import SymposiumSession
from handlers.attendance.entering import enter
from tests.handlers.registration_steps import DAY, HOUR, Made, a_symposium, registered
from tests.platforms.web.browser import Browser
from tests.world import World


@pytest.fixture
def world(sqlite_url: str) -> Iterator[World]:
    made = World(sqlite_url, at=DAY - HOUR / 4)
    yield made
    made.close()


@pytest.fixture
def made(world: World) -> Made:
    found = a_symposium(world)
    registered(world, found, "amina")
    return found


def code(world: World) -> str:
    with world.parley.sessions.reading() as session:
        return session.scalars(select(Registration.code)).one()


def came(world: World) -> int:
    with world.parley.sessions.reading() as session:
        return session.scalar(select(func.count()).select_from(CheckIn)) or 0


@pytest.mark.promise("days.scan", "To open what a QR code holds checks nobody in, whoever opens it.")
def test_what_a_camera_opens_changes_nothing_and_an_officer_checks_in_with_one_tap(world: World, made: Made) -> None:
    secret = code(world)
    robot = Browser(world)
    robot.client.head(f"/at/{secret}")
    strange = {robot.client.get(f"/at/{each}").text for each in (secret, "ZZZZZZ", "%2e%2e", "x" * 300)}
    assert len(strange) == 1 and "Nobody was checked in." in strange.pop(), "the same for every code"
    other, own, lena = Browser(world), Browser(world), Browser(world)
    other.sign_in("badr")
    assert "Nobody was checked in." in other.open(f"/at/{secret}") and "Amina" not in other.open(f"/at/{secret}")
    own.sign_in("amina")
    assert "Show it to the officer at the door" in own.open(f"/at/{secret}")
    lena.sign_in("lena")
    assert "Amina" in lena.open(f"/at/{secret}")
    assert came(world) == 0
    assert "Amina is checked in." in lena.press("Check them in")
    assert came(world) == 1 and made.symposium


def test_a_proof_is_verified_by_anybody_and_what_is_none_looks_always_the_same(world: World, made: Made) -> None:
    with world.parley.sessions.writing() as session:
        here = session.scalars(select(Registration)).one()
        for name in ("Plenary", "A"):
            of = session.get_one(SymposiumSession, made.sessions[name])
            enter(session, of, here, How.OFFICER, by=None, at=world.clock.now())
        proof = Proof(
            administration_id=world.home,
            symposium_id=made.symposium,
            person_id=here.person_id,
            code=new_proof_code(),
            name="أمينة <b>",
            at=world.clock.now(),
        )
        session.add(proof)
        session.flush()
        known = proof.code
    browser = Browser(world)
    page = browser.open(f"/proof/{known.lower()}")
    assert browser.status == 200
    for expected in ("genuine", "Clearance in a day", "أمينة <b>", "Plenary", "10 December 2026", "Customs of Sokal"):
        assert expected in page
    assert "<script" not in browser.client.get(f"/proof/{known}").text and browser.page.forms == []
    wrong = [browser.client.get(f"/proof/{each}") for each in ("AAA-AAA-AAA-AAA", "x", known[:-1], "%00", "ط" * 40)]
    assert {each.status_code for each in wrong} == {404} and len({each.text for each in wrong}) == 1
