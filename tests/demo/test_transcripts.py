"""Transcripts are documentation and tests at once: every one of them is played, and a wrong one is told apart."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.demo.script import BEGINS, DIFFERS, MALFORMED, Malformed, parse, play
from db.consultations import Consultation, Phase
from db.machinery import Due
from db.people import Person
from db.session import Sessions, connect
from handlers.attendance import proving
from handlers.registrations import registering
from tests.handlers import conclusion_steps, taking_steps
from tests.handlers.registration_steps import make
from tests.handlers.statement_steps import consulted, voted

FOLDER = Path(__file__).parent.parent / "transcripts"
SEATS = FOLDER / "seats.md"  # begins with a symposium
DAYS = FOLDER / "symposium-day.md"  # so does this one, on the day after
SAID = FOLDER / "consultation-said.md"  # begins with a text that lies open
FRENCH = FOLDER / "consultation-french.md"  # with the same text
ARABIC = FOLDER / "consultation-arabic.md"
POSITION = FOLDER / "position.md"  # and this one with a consultation
STATEMENTS = FOLDER / "statements.md"  # and this one, which four of trade have voted in
FOUR = ("Amina Haddad", "Claire Fontaine", "سلمى العلوي", "Nadia Cherif")
ENDED = FOLDER / "consultation-ended.md"  # and this one, when what was said is to be answered
TRANSCRIPTS = sorted(set(FOLDER.glob("*.md")) - {SEATS, DAYS, SAID, FRENCH, ARABIC, POSITION, STATEMENTS, ENDED})


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_a_transcript_goes_as_written(path: Path, begun: Path) -> None:
    assert play(path, begun=begun) == 0


def test_seats_are_taken_given_up_and_offered_as_written(begun: Path, tmp_path: Path) -> None:
    assert play(SEATS, begun=_with_a_symposium(begun, tmp_path, seats=1)) == 0


def test_a_symposiums_day_goes_as_written(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes are drawn by lot; here they are those that the transcript writes."""
    codes = iter(("AMARAH", "BRUNEX"))
    monkeypatch.setattr(registering, "new_code", lambda: next(codes))
    monkeypatch.setattr(proving, "new_proof_code", lambda: "ABC-DEF-GHJ-KLM")
    assert play(DAYS, begun=_with_a_symposium(begun, tmp_path, day=BEGINS + timedelta(days=1))) == 0


@pytest.mark.parametrize("path", [SAID, FRENCH, ARABIC], ids=lambda path: path.stem)
def test_a_consultation_is_taken_part_in_as_written(path: Path, begun: Path, tmp_path: Path) -> None:
    def prepare(session: Session, lead: Person) -> None:
        made = taking_steps.make(session, lead, BEGINS)
        closes = session.get_one(Consultation, made).closes_at
        assert closes is not None
        look = {"job": "consultations.look", "args": {"consultation": made}, "key": "its close"}
        session.add(Due(administration_id=lead.administration_id, at=closes, **look))

    assert play(path, begun=_with(begun, tmp_path, prepare)) == 0


def test_a_position_is_filed_as_written(begun: Path, tmp_path: Path) -> None:
    def prepare(session: Session, lead: Person) -> None:
        held = {"title": "Two hours for reefers", "summary": "Reefers leave within two hours.", "language": "en"}
        open_ = {"phase": Phase.COMMENTS, "draft_number": 1, "closes_at": BEGINS + timedelta(days=9), "zone": "UTC"}
        home = {"administration_id": lead.administration_id, "owner_id": lead.id, "created_at": BEGINS}
        session.add(Consultation(**held, **open_, **home))

    assert play(POSITION, begun=_with(begun, tmp_path, prepare)) == 0


def test_statements_are_voted_on_and_mapped_as_written(begun: Path, tmp_path: Path) -> None:
    def prepare(session: Session, lead: Person) -> None:
        made = consulted(session, lead.administration_id, owner_id=lead.id)
        voted(session, made, "The port should clear goods at night.", FOUR)

    assert play(STATEMENTS, begun=_with(begun, tmp_path, prepare)) == 0


def test_a_consultation_ends_for_each_who_spoke_as_written(begun: Path, tmp_path: Path) -> None:
    def prepare(session: Session, _lead: Person) -> None:
        everybody = {each.name: each for each in session.scalars(select(Person))}
        made = conclusion_steps.make(
            session, everybody["Daniel Ruiz"], BEGINS, co_owner_id=everybody["Tom Okello"].id, title="Hours of the gate"
        )
        for name, words, number in (
            ("Amina Haddad", "Ouvrez la porte à cinq heures, les camions attendent", "1"),
            ("Amina Haddad", "Et le dimanche aussi", "1"),
            ("Claire Fontaine", "Le poisson n’attend pas le lundi", "1"),
            ("Ines Costa", "Our laboratory opens at eight", "2"),
        ):
            conclusion_steps.put(session, made, everybody[name], words, number, BEGINS)

    assert play(ENDED, begun=_with(begun, tmp_path, prepare)) == 0


def _with(begun: Path, folder: Path, prepare: Callable[[Session, Person], None]) -> Path:
    """A demo that has begun, with what `prepare` adds in the name of the lead of a desk."""
    ready = Path(shutil.copy(begun, folder / "ready.db"))
    sessions = Sessions(connect(f"sqlite:///{ready}"))
    with sessions.writing() as session:
        prepare(session, session.scalars(select(Person).where(Person.name == "Grace Mbeki")).one())
    sessions.engine.dispose()
    return ready


def _with_a_symposium(begun: Path, folder: Path, **more: Any) -> Path:
    ready = Path(shutil.copy(begun, folder / "ready.db"))
    sessions = Sessions(connect(f"sqlite:///{ready}"))
    with sessions.writing() as session:
        lead = session.scalars(select(Person).where(Person.name == "Grace Mbeki")).one()
        make(session, lead.administration_id, lead.id, **more)
    sessions.engine.dispose()
    return ready


def _written(folder: Path, *lines: str) -> Path:
    path = folder / "t.md"
    path.write_text("\n".join(["# A transcript", "```parley", *lines, "```", ""]), encoding="utf-8")
    return path


def test_the_first_difference_is_shown(begun: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _written(tmp_path, "@importer telegram en", "> /help", "< Parley is a teapot")
    assert play(path, begun=begun) == DIFFERS
    said = capsys.readouterr().err
    assert "line 5 is not what is shown" in said
    assert "-Parley is a teapot" in said


def test_a_button_that_is_not_there_is_a_difference(
    begun: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert play(_written(tmp_path, "@importer telegram en", "> /help", "[Make tea]"), begun=begun) == DIFFERS
    assert "there is no [Make tea]" in capsys.readouterr().err


@pytest.mark.parametrize(
    "lines",
    [
        ["> hello"],
        ["@nobody telegram en"],
        ["@broker slack fr"],
        ["@broker telegram"],
        ["@broker telegram fr", "+ soon"],
        ["@broker telegram fr", "hello"],
        ["@broker telegram fr", "| and more"],
    ],
)
def test_a_malformed_transcript_says_which_line(
    lines: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert play(_written(tmp_path, *lines)) == MALFORMED
    assert f"line {len(lines) + 2}" in capsys.readouterr().err


def test_a_file_without_a_block_is_malformed(tmp_path: Path) -> None:
    path = tmp_path / "t.md"
    path.write_text("# Nothing here\n")
    assert play(path) == MALFORMED
    with pytest.raises(Malformed):
        list(parse("nothing"))


def test_a_missing_file_is_malformed(tmp_path: Path) -> None:
    assert play(tmp_path / "none.md") == MALFORMED
