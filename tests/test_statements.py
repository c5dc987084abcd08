"""What a turn asks of the database is counted, so that nobody adds a question without noticing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import event

from tests.world import World

# What the clock and the job engine ask between turns, however many there were.
LOOKS = re.compile(r"(FROM|UPDATE) (job|due|audit)\b")
NO_QUESTIONS = ("BEGIN", "SELECT pg_advisory", "SELECT pg_try_advisory")
# From an update's coming to its answer's leaving, without transactions and savepoints. Home asks each capability once.
MOST = {"/home": 22, "/issues": 14, "/raise": 18, "/help": 14}


@pytest.mark.promise("figures.statements", "A turn asks the database no more than so many things.")
@pytest.mark.parametrize("words", MOST)
def test_a_turn_stays_within_its_statements(database_url: str, words: str, record_property: Any) -> None:
    world = World(database_url)
    world.say("amina", words)
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(world.parley.sessions.engine, "before_cursor_execute", note)
    world.say("amina", words)
    event.remove(world.parley.sessions.engine, "before_cursor_execute", note)
    world.close()
    own = [each for each in asked if not each.startswith(NO_QUESTIONS) and not LOOKS.search(each)]
    record_property("figure", f"{words}: {len(own)} statements")
    assert len(own) <= MOST[words], "\n".join(own)
