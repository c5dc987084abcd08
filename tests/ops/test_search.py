"""When the way of cutting words has changed, everything is indexed anew, and is found as before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import delete, select, update

from bot.ops.search import rebuild
from db import search
from db.machinery import Setting
from db.search import Document
from tests.handlers.issue_steps import published, raised, settled
from tests.world import World


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    yield made
    made.close()


def documents(world: World) -> dict[tuple[str, int], str]:
    with world.parley.sessions.reading() as session:
        return {(each.kind, each.item_id): each.terms for each in session.scalars(select(Document))}


def is_current(world: World) -> bool:
    with world.parley.sessions.reading() as session:
        return search.is_current(session)


def test_everything_is_indexed_anew_and_once(world: World, database_url: str) -> None:
    issue, withdrawn, pending = (
        raised(world),
        raised(world, "badr", "Fish waits."),
        raised(world, "chloe", "Ice melts."),
    )
    published(world, pending)
    settled(world, issue)
    world.do("badr", "issues.withdraw", issue=withdrawn, confirmed=True)
    world.submit(
        "ruiz", "issues.propose", {"asked": "a", "found": "b", "decision": "done", "words": "c"}, issue=pending
    )
    before = documents(world)
    assert len(before) == 5  # three issues, one approved outcome, one problem
    with world.parley.sessions.writing() as session:
        session.execute(delete(Document).where(Document.kind == "outcome"))
        session.execute(update(Document).values(terms="old"))
    assert not is_current(world)
    assert rebuild(database_url) == 5
    assert documents(world) == before and is_current(world)
    assert rebuild(database_url, only_stale=True) == 0


def test_other_terms_make_the_index_stale(world: World, database_url: str) -> None:
    assert is_current(world)  # nothing is indexed yet
    rebuild(database_url, only_stale=True)
    raised(world)
    assert is_current(world)
    with world.parley.sessions.writing() as session:
        session.execute(update(Setting).where(Setting.name == search.MARKER).values(value={"terms": "of last year"}))
    assert not is_current(world)
    assert rebuild(database_url, only_stale=True) == 1 and is_current(world)
