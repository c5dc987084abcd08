"""A broadcast as it is once its hold has ended, and the steps that send it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.engine.turn import Turn
from bot.kit.context import Context
from bot.kit.events import Answer
from bot.kit.screen import Screen, button, to_json
from bot.kit.text import Raw, _
from db.broadcasts import Asks, Broadcast, BroadcastCopy, BroadcastEdition, BroadcastText, EditionKind, Standing
from db.people import Scope
from handlers.broadcasts import writing
from tests.world import World

WORDS = {"en": "Rules of origin change tonight", "fr": "Les règles d'origine changent cette nuit"}


def broadcast(
    world: World, *, author: str = "cora", words: Mapping[str, str] = WORDS, held: bool = True, **values: Any
) -> int:
    """One that was approved, with a text and a screen in each language. Its id."""
    with world.parley.sessions.writing() as session:
        row = Broadcast(
            administration_id=world.home,
            author_id=world.ids[author],
            scope=Scope.REGION,
            scope_id="north",
            audience={},
            language="en",
            created_at=world.clock.now(),
            standing=Standing.HELD if held else Standing.DRAFT,
            **({"asks": Asks.ANSWER} | values),
        )
        session.add(row)
        session.flush()
        session.add(
            BroadcastEdition(
                broadcast_id=row.id,
                number=1,
                kind=EditionKind.FIRST,
                author_id=row.author_id,
                created_at=world.clock.now(),
            )
        )
        for language, said in words.items():
            buttons = (
                button(_("Yes"), "broadcasts.reply", copy=0, reply="yes"),
                button(_("No"), "broadcasts.reply", copy=0, reply="no"),
                button(_("Open"), "broadcasts.show", broadcast=row.id),
            )
            screen = Screen(Raw(said, language), (Raw(f"{said}.", language),), buttons=buttons)
            session.add(
                BroadcastText(
                    broadcast_id=row.id,
                    edition=1,
                    language=language,
                    title=said,
                    words=f"{said}.",
                    screen=to_json(Answer(screen=screen)),
                )
            )
        return int(row.id)


def within(world: World, do: Callable[[Context], Any]) -> Any:
    """Do something as a job of the clock does, in a turn's own transaction."""
    with world.parley.sessions.writing() as session:
        turn = Turn(
            world.parley.engine, session, None, None, now=world.clock.now(), trace="test", administration_id=world.home
        )
        return do(turn.ctx)


def begin(world: World, broadcast_id: int) -> bool:
    """Write its copies. They are sent when the world settles."""
    return bool(within(world, lambda ctx: writing.begin(ctx, ctx.session.get_one(Broadcast, broadcast_id))))


def sent(world: World, broadcast_id: int) -> None:
    begin(world, broadcast_id)
    world.settle()


def copies(world: World, broadcast_id: int) -> dict[str, BroadcastCopy]:
    """By whose they are."""
    names = {number: name for name, number in world.ids.items()}
    with world.parley.sessions.reading() as session:
        rows = session.scalars(select(BroadcastCopy).where(BroadcastCopy.broadcast_id == broadcast_id))
        return {names[row.person_id]: row for row in rows}


def standing(world: World, broadcast_id: int) -> Standing:
    with world.parley.sessions.reading() as session:
        return session.get_one(Broadcast, broadcast_id).standing


def change(world: World, table: Any, name: str, **values: Any) -> None:
    """Set columns of somebody's row of a table."""
    key = table.id if table.__tablename__ == "person" else table.person_id
    with world.parley.sessions.writing() as session:
        for row in session.scalars(select(table).where(key == world.ids[name])):
            for column, value in values.items():
                setattr(row, column, value)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)
