"""What one turn costs, from a signed update to the answer's acceptance: CPU, statements, and whether it stays flat."""

from __future__ import annotations

import asyncio
import itertools
import os
import pickle
import shutil
import sqlite3
import statistics
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from . import process, town
from .figure import Figure, alternating, below, compared
from .platform import Platform, Updates

PEOPLE = 50
# Looking around on Slack, where forms are modals; on Telegram a form opened, answered in words, and left.
SCRIPTS = {
    "slack": ("Home", "My issues", "Our containers have been waiting for five days.", "Help"),
    "telegram": ("/home", "/raise", "Our containers have been waiting for five days.", "/cancel"),
}
# What looks through all issues there are: a desk's list, a search, one's own. For officers, who may see them.
LOOKING = ("/desk", "/find container scanner", "/mine", "/home")
AT_ONCE = 8  # conversations: with one, most of the CPU goes into waking up
TURNS, WARM = 320, 64
MANY, CITIZENS = 100_000, 2000
MOST_STATEMENTS = 24  # savepoints are not counted


def against_bare(door: str, folder: Path) -> Iterator[Figure]:
    """One turn against the bare bot of that platform plus the turn's own SQL through the bare driver."""
    record, statements = folder / "record", []

    def ours() -> float:
        return asyncio.run(cost(door, town.found(folder, people=PEOPLE), folder))

    def bare() -> float:
        return asyncio.run(cost(door, None, folder))

    def sql() -> float:
        record.write_bytes(b"")
        asyncio.run(cost(door, town.found(folder, people=PEOPLE), folder, record=record))
        milliseconds, count = replayed(record, town.kept(folder, people=PEOPLE))
        statements.append(count)
        return milliseconds

    value, bot, database = alternating(ours, bare, sql)
    yield compared(f"turn_{door}", value, "ms of CPU", bot + database, most=2)
    yield below(f"turn_{door}_statements", statistics.median(statements), "statements", MOST_STATEMENTS)


def flat(folder: Path) -> Iterator[Figure]:
    """A turn in a town with a hundred thousand issues against one with none, and what each thousand more adds.

    For those who look through them, against ten thousand: both fill a page of everything, as none would not.
    """

    def among(issues: int, script: Sequence[str]) -> float:
        database = town.found(folder, people=CITIZENS, issues=issues)
        if script is LOOKING:
            town.appoint(database)
        return asyncio.run(cost("telegram", database, folder, script=script))

    for name, script, least in (("turn_flat", SCRIPTS["telegram"], 0), ("turn_flat_looking", LOOKING, MANY // 10)):
        few, many = alternating(partial(among, least, script), partial(among, MANY, script))
        yield compared(name, many, "ms of CPU", few, most=1.2)
        slope = (many - few) / (MANY - least) * 1000
        yield below(f"{name}_slope", slope, "ms of CPU for each thousand issues", 0.02)


async def cost(
    door: str,
    database: str | None,
    folder: Path,
    *,
    script: Sequence[str] | None = None,
    turns: int = TURNS,
    record: Path | None = None,
) -> float:
    """Milliseconds of CPU for one turn at `door`; of the bare bot there without a `database`."""
    script = script or SCRIPTS[door]
    log = folder / "bench.log"
    async with Platform.running() as platform, aiohttp.ClientSession() as session:
        running = (
            process.parley(database, platform.api, log=log, record=record)
            if database is not None
            else process.bare(door, platform.api, log=log)
        )
        async with running as bot:
            say = getattr(Updates(), door)
            heard: dict[str, asyncio.Event] = {}
            platform.on_post = lambda address: heard[address].set()
            places = iter(itertools.count())

            async def talk(lines: int) -> None:
                for _ in range(lines // len(script)):
                    person = next(places) % PEOPLE
                    answered = heard.setdefault(town.address(door, person), asyncio.Event())
                    for words in script:
                        answered.clear()
                        if await platform.take(session, bot.address, say(person, words)) != 200:
                            raise RuntimeError("not taken")
                        await asyncio.wait_for(answered.wait(), 30)

            async def some(count: int) -> None:
                await asyncio.gather(*(talk(count // AT_ONCE) for _ in range(AT_ONCE)))

            await asyncio.sleep(0.5)  # what begins beside the requests
            await some(WARM)
            await asyncio.sleep(0.3)
            if record is not None:
                os.truncate(record, 0)
            began = await bot.used()
            await some(turns)
            await asyncio.sleep(0.3)  # what goes on after the last answer is part of its turn
            return 1000 * ((await bot.used()).cpu - began.cpu) / turns


def replayed(record: Path, database: Path, *, turns: int = TURNS) -> tuple[float, float]:
    """(milliseconds of CPU, statements) of one turn's recorded SQL, run by the driver alone on a copy of `database`.

    What was written before the record began is missing there, so a row may be there already or not yet: its statement
    is counted and its error is not.
    """
    copy = database.with_name("replayed.db")
    shutil.copyfile(database, copy)
    with record.open("rb") as file:
        asked = list(_records(file))
    connection = sqlite3.connect(copy, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=OFF", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    began = time.process_time()
    for statement, parameters, many in asked:
        if statement in ("COMMIT", "ROLLBACK") and not connection.in_transaction:
            continue
        try:
            cursor = (connection.executemany if many else connection.execute)(statement, parameters)
            cursor.fetchall()
        except sqlite3.IntegrityError:
            pass
    used = time.process_time() - began
    connection.close()
    return 1000 * used / turns, sum(each[0] not in ("COMMIT", "ROLLBACK") for each in asked) / turns


def _records(file: Any) -> Iterator[tuple[str, Any, bool]]:
    while True:
        try:
            yield pickle.load(file)  # noqa: S301  written by the process that was measured
        except EOFError:
            return
