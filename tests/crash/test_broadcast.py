"""A broadcast to many by real processes: nobody is missed, nobody has it twice; killed, it lists who is in doubt."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from bot.broadcasting import CLAIMED
from db.machinery import Sending

from .broadcasts import Crew, Engine, Sent, until_over

DOOMED: dict[Engine, Sequence[str]] = {"embedded": ("all",), "scaled": ("worker", "clock")}
ENGINES = pytest.mark.parametrize("engine", ["embedded", "scaled"])
MANY = 100_000
KILLED, KILLS = 6_000, 9  # people (`--all`: as many as above), and how often one of the processes dies meanwhile
PACED, PACED_KILLS = 400, 3
RATE, ABOUT = 30, 8  # messages a second, and how many one kill leaves in doubt then, on average
WITHIN = 900.0  # seconds that a busy machine may take

Record = Callable[[str, object], None]


@pytest.fixture
def url(engine: Engine, request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("sqlite_url" if engine == "embedded" else "postgresql_url"))


@ENGINES
@pytest.mark.slow
@pytest.mark.promise("broadcast.many", "Of 100,000 recipients nobody is missed, and nobody is written to twice.")
async def test_a_hundred_thousand(url: str, engine: Engine, tmp_path: Path, record_property: Record) -> None:
    with closing(await asyncio.to_thread(Sent, url, engine, MANY)) as sent:
        async with Crew.begun(sent, tmp_path) as crew:
            await until_over(sent, WITHIN)
        states = sent.states()
    assert Counter(states.values()) == {Sending.ACCEPTED: MANY}
    assert Counter(crew.posts[address] for address in states) == {1: MANY}, "each has it once"
    record_property("figure", f"{engine}: {MANY:,} sent, nobody missed, nobody twice")


@ENGINES
@pytest.mark.slow
@pytest.mark.promise(
    "broadcast.kills", "Killed nine times, a broadcast misses nobody, and repeats only what is in doubt."
)
async def test_nine_kills(
    url: str, engine: Engine, tmp_path: Path, pytestconfig: pytest.Config, record_property: Record
) -> None:
    people = MANY if pytestconfig.getoption("--all") else KILLED
    with closing(await asyncio.to_thread(Sent, url, engine, people)) as sent:
        async with Crew.begun(sent, tmp_path) as crew:
            for kill in range(KILLS):
                await crew.posted((kill + 1) * people // (KILLS + 1), WITHIN)
                await crew.kill(*DOOMED[engine][:: -1 if kill % 2 else 1])
            await until_over(sent, WITHIN)
            doubt = in_doubt(sent, crew)
            arrived = sum(crew.posts[address] for address in doubt)
            senders = crew.kills.total() - crew.kills["clock"]
            assert len(doubt) <= senders * CLAIMED
            await pressed(sent, crew, doubt)
    kills = ", ".join(f"{count} × {part}" for part, count in sorted(crew.kills.items()))
    told = f"{len(doubt)} in doubt, of whom {arrived} had it and were written to a second time when a person said so"
    record_property("figure", f"{engine}, {people:,} recipients, killed {kills}: nobody missed, {told}")


@ENGINES
@pytest.mark.slow
@pytest.mark.promise("broadcast.kills", "At thirty a second a kill leaves about eight in doubt.")
async def test_a_kill_at_thirty_a_second(url: str, engine: Engine, tmp_path: Path, record_property: Record) -> None:
    with closing(await asyncio.to_thread(Sent, url, engine, PACED)) as sent:
        async with Crew.begun(sent, tmp_path, rate=RATE) as crew:
            for kill in range(PACED_KILLS):
                await crew.posted((kill + 1) * PACED // (PACED_KILLS + 1), WITHIN)
                await crew.kill(DOOMED[engine][0])
            await until_over(sent, WITHIN)
            doubt = in_doubt(sent, crew)
            await pressed(sent, crew, doubt)
    each = len(doubt) / crew.kills.total()
    assert each <= 2 * ABOUT
    record_property("figure", f"{engine}, at {RATE} a second: {each:.1f} in doubt for each kill")


def in_doubt(sent: Sent, crew: Crew) -> set[str]:
    """Who is, before anybody has said anything: all others have it, nobody has it twice."""
    states = sent.states()
    doubt = {address for address, state in states.items() if state is Sending.IN_DOUBT}
    assert len(states) == sent.people and set(states.values()) <= {Sending.ACCEPTED, Sending.IN_DOUBT}
    assert all(crew.posts[address] == 1 for address in states.keys() - doubt), "they have it, and once"
    assert all(crew.posts[address] <= 1 for address in doubt), "nothing is repeated by itself"
    return doubt


async def pressed(sent: Sent, crew: Crew, doubt: set[str]) -> None:
    """A person has it sent again to those in doubt: nobody is missed then, and nobody else is written to."""
    if not doubt:
        return
    before = Counter(crew.posts)
    await sent.send_again()
    await until_over(sent, WITHIN)
    states = sent.states()
    assert Counter(states.values()) == {Sending.ACCEPTED: sent.people}
    assert {address: crew.posts[address] - before[address] for address in states if address in doubt} == dict.fromkeys(
        doubt, 1
    )
    assert all(crew.posts[address] == 1 for address in states.keys() - doubt)
