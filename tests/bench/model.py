"""A paper model: 186 administrations and 50 million people on one installation. Which process is full first, and what
do the platforms' own limits make of it? Costs are those that `make bench` has measured; what is assumed stands here."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .figure import Figure

MEASURED = {"turn_telegram": "turn", "broadcast_cpu": "message"}  # ms of CPU, by the entry that measures it
DAY, YEAR = 86_400.0, 365 * 86_400.0
FULL = 0.7  # of a core: above it, answers begin to wait


@dataclass(frozen=True)
class Costs:
    """Milliseconds of CPU. `turn` is a whole one in one process; of many, `taken` of it are the web process's."""

    turn: float
    message: float
    taken: float = 1.5  # assumed: to verify, store and confirm an update
    turn_in_database: float = 4.0  # assumed: some 30 statements of PostgreSQL's, at 0.1 ms, and its commit
    message_in_database: float = 0.15  # assumed: a claim and a record of a group, shared by those in it
    due: float = 3.0  # assumed: to claim a due row, and hand it on


@dataclass(frozen=True)
class World:
    """Who there is and what they do. All of it is assumed, and each is one number to change."""

    administrations: int = 186
    people: int = 50_000_000
    turns_a_year: float = 24.0  # of one person: two a month, on average over all who are registered
    broadcasts_a_year: float = 12.0  # that one person gets
    due_a_year: float = 40.0  # reminders, deadlines and checks, for one person
    peak: float = 6.0  # times the mean, in the busiest hour
    telegram: float = 0.60  # of the people, by the door they are told at
    mail: float = 0.39
    slack: float = 0.01
    telegram_rate: float = 30.0  # messages a second, of one bot
    slack_rate: float = 5.0  # of one workspace
    mail_rate: float = 200.0  # of one relay


@dataclass(frozen=True)
class Need:
    """How many of a process, of one core each, are needed in the busiest hour, and what one of them can do a second."""

    process: str
    load: float  # cores
    most: float  # of what it does, a second, for one

    @property
    def count(self) -> int:
        return max(1, math.ceil(self.load / FULL))


def needs(world: World, costs: Costs) -> dict[str, Need]:
    """By process; PostgreSQL is one server, whose cores these are."""
    turns = world.people * world.turns_a_year / YEAR * world.peak
    messages = world.people * world.broadcasts_a_year / YEAR * world.peak
    due = world.people * world.due_a_year / YEAR
    parts = {
        "web": (turns * costs.taken, costs.taken),
        "worker": ((turns + due) * costs.turn + messages * costs.message, costs.turn),
        "clock": (due * costs.due, costs.due),
        "postgresql": (
            (turns + due) * costs.turn_in_database + messages * costs.message_in_database,
            costs.turn_in_database,
        ),
    }
    return {name: Need(name, load / 1000, 1000 * FULL / each) for name, (load, each) in parts.items()}


def first_full(world: World, costs: Costs) -> Need:
    """What one of each is full of first as people come: the process that the largest load falls on."""
    return max(needs(world, costs).values(), key=lambda each: each.load)


def people_for(world: World, costs: Costs, *, cores: Mapping[str, float]) -> tuple[str, int]:
    """Which part is full first with so many cores of each, and with how many people: loads grow with them."""
    each = needs(world, costs)
    full = {name: int(world.people * FULL * cores[name] / need.load) for name, need in each.items()}
    name = min(full, key=lambda part: full[part])
    return name, full[name]


def hours_to_all(world: World) -> dict[str, float]:
    """How long one message to everybody takes at the platforms' limits alone. Each administration has a workspace of
    its own; Telegram's bot and the mail relay are one for all."""
    slack = world.people * world.slack / world.administrations / world.slack_rate
    seconds = {
        "telegram": world.people * world.telegram / world.telegram_rate,
        "mail": world.people * world.mail / world.mail_rate,
        "slack": slack,
    }
    return {name: each / 3600 for name, each in seconds.items()}


def costs_from(report: Path) -> Costs | list[str]:
    """What was measured; or the entries that have to be run first."""
    known = {each["name"]: each["value"] for each in json.loads(report.read_text())} if report.exists() else {}
    missing = [name for name in MEASURED if name not in known]
    return missing or Costs(**{field: float(known[name]) for name, field in MEASURED.items()})


def figures(report: Path) -> Iterator[Figure]:
    """A line for each process and each door."""
    costs = costs_from(report)
    if not isinstance(costs, Costs):
        yield Figure("model", 0.0, "", None, None, f"not run: measure {', '.join(costs)} first", met=True)
        return
    world = World()
    for need in needs(world, costs).values():
        said = f"none: {need.load:.1f} cores in the busiest hour"
        yield Figure(f"model_{need.process}", need.count, "of one core", None, None, said, met=True)
    part, people = people_for(world, costs, cores={"web": 4, "worker": 8, "clock": 2, "postgresql": 8})
    said = f"none: {part} is full first with web=4 worker=8 clock=2 and a PostgreSQL of 8 cores"
    yield Figure("model_people", people, "people", None, None, said, met=True)
    hours = hours_to_all(world)
    told = {
        **{f"model_{door}": (each, "none: the door's limit alone") for door, each in hours.items()},
        "model_telegram_paid": (hours_to_all(replace(world, telegram_rate=1000.0))["telegram"], "none: 1,000 a second"),
        "model_telegram_apart": (hours["telegram"] / world.administrations, "none: a bot for each administration"),
    }
    for name, (value, said) in told.items():
        yield Figure(name, round(value, 1), "hours to tell everybody", None, None, said, met=True)
