"""Buttons pressed many times at once, and what they carry."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from bot.engine.handles import SHAPE
from bot.kit.events import Called
from bot.kit.screen import HANDLE_BYTES, Button
from bot.kit.text import Phrase, Reader, Writer, _, without_isolates
from bot.platforms.telegram.draw import draw as telegram_calls
from db.issues import Issue
from db.machinery import Audit, Handle, Outgoing
from tests.handlers.issue_steps import raised
from tests.world import World

CLICKS = 50
CALLBACK = re.compile(r'"callback_data": "([^"]*)"')


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    yield made
    made.close()


@pytest.mark.promise("threat.17", "Of fifty clicks at once, by two officers, one changes anything and is told once.")
def test_fifty_clicks_are_one_step(world: World) -> None:
    issue = raised(world)
    handles = {who: world.last(who).buttons["Take it"] for who in ("ruiz", "olga")}
    clicks = [(who, handle) for who, handle in handles.items() for _time in range(CLICKS // 2)]

    def click(each: tuple[str, str]) -> str:
        outcome = world.parley.engine.turn(Called(world.caller(each[0]), handle=each[1]), trace="click")
        assert outcome is not None
        said = Writer(world.parley.catalogues, outcome.reader)
        assert outcome.answer.screen is not None
        shown = (
            outcome.answer.screen.heading,
            *(each for each in outcome.answer.screen.body if isinstance(each, Phrase)),
        )
        return without_isolates(" ".join(said.plain(part) for part in shown))

    with ThreadPoolExecutor(10) as pool:
        answers = Counter(pool.map(click, clicks))
    taken = [words for words in answers if "It is yours now." in words]
    assert [answers[words] for words in taken] == [1], answers
    with world.parley.sessions.reading() as session:
        taker = session.get_one(Issue, issue).officer_id
        assert taker in {world.ids["ruiz"], world.ids["olga"]}
        told = session.scalars(select(Outgoing.person_id).where(Outgoing.once.like("%:taken:%"))).all()
        assert told == [world.ids["amina"]]
        assert len(session.scalars(select(Audit).where(Audit.what == "issues.take")).all()) == 1


@pytest.mark.promise("threat.16", "Every button a platform is given carries a name of 22 signs, within every limit.")
def test_buttons_carry_names_only(world: World) -> None:
    issue = raised(world)
    for who in ("ruiz", "lena", "amina"):
        world.do(who, "home.show")
        world.do(who, "issues.show", issue=issue)
    sent = [each for who in ("ruiz", "lena", "amina") for each in world.received(who)]
    writer = Writer(world.parley.catalogues, Reader("en", "UTC"))
    carried = set(CALLBACK.findall(json.dumps([telegram_calls(each.answer, writer) for each in sent], default=str)))
    with world.parley.sessions.reading() as session:
        kept = set(session.scalars(select(Handle.token)))
    assert len(carried) > 10 and carried <= kept
    assert all(SHAPE.fullmatch(each) and len(each.encode()) <= HANDLE_BYTES for each in kept)
    with pytest.raises(ValueError, match="64 bytes"):
        Button(_("Take it"), handle="é" * 33)
