"""Rows of every table, made at random within what the schema allows: what could be changed on its way elsewhere."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Boolean, Column, Date, Enum, Float, Integer, LargeBinary, String, Table, Time, insert
from sqlalchemy.exc import IntegrityError

import db.tables  # noqa: F401  imported for its effect: every table is known to the metadata
from db.base import Base, Instant
from db.machinery import Audit
from db.session import connect

SIGNS = "aZ0 '\"\\\t\n\r,;{}%_.éßنص‏漢😀\u2028\x01\x7f\ufeff"
EDGES = [0, 1, -1, 2**31, -(2**31), 2**53 + 1, 2**63 - 1, -(2**63)]
ENOUGH = 3  # rows of each table
TRIES = 40
COUNTED = Audit.__table__.c.position  # the move is audited, too: there is room for a position after the highest


def fill_at_random(url: str, seed: int) -> dict[str, int]:
    """Put rows into every table of an empty database; how many each has."""
    chance = random.Random(seed)
    engine = connect(url)
    made: dict[str, list[dict[str, Any]]] = {}
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            rows = made[table.name] = []
            for _try in range(TRIES):
                if len(rows) == ENOUGH:
                    break
                row = {column.name: _value(chance, table, column, made) for column in table.columns}
                try:
                    with connection.begin_nested():
                        connection.execute(insert(table), row)
                except IntegrityError:  # a rule of the table forbids it, or it refers to a row that is not there
                    continue
                rows.append(row)
    engine.dispose()
    return {name: len(rows) for name, rows in made.items()}


def _value(chance: random.Random, table: Table, column: Column[Any], made: dict[str, list[dict[str, Any]]]) -> Any:
    if column.name == "id":
        return chance.randrange(1, 2**40)
    if column.nullable and chance.random() < 0.3:
        return None
    if column is COUNTED:
        return chance.randrange(2**53)
    for key in column.foreign_keys:
        those = made[key.column.table.name]
        if those:
            return chance.choice(those)[key.column.name]
        return None
    return _of_kind(chance, column)


def _of_kind(chance: random.Random, column: Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, Enum):
        return chance.choice(list(kind.enum_class or ()))
    if isinstance(kind, Boolean):
        return chance.random() < 0.5
    if isinstance(kind, Float):
        return chance.choice([0.0, 1e-9, -1.5, chance.random() * 1e12])
    if isinstance(kind, Integer):
        return chance.choice([*EDGES, chance.randrange(1000)])
    if isinstance(kind, Instant):
        return datetime(1, 1, 2, tzinfo=UTC) + timedelta(microseconds=chance.randrange(3_600_000_000 * 24 * 365 * 9990))
    if isinstance(kind, LargeBinary):
        return chance.randbytes(chance.randrange(2000))
    if isinstance(kind, Date):
        return date.fromordinal(chance.randrange(1, 3_652_059))
    if isinstance(kind, Time):
        return time(chance.randrange(24), chance.randrange(60), chance.randrange(60), chance.randrange(1_000_000))
    if isinstance(kind, String):
        return _words(chance)
    return _json(chance, 3)


def _words(chance: random.Random) -> str:
    return "".join(chance.choices(SIGNS, k=chance.randrange(30)))


def _json(chance: random.Random, depth: int) -> Any:
    if chance.random() < 0.3:
        return [_leaf(chance, depth) for _each in range(chance.randrange(4))]
    return {_words(chance): _leaf(chance, depth) for _each in range(chance.randrange(4))}


def _leaf(chance: random.Random, depth: int) -> Any:
    leaves: list[Any] = [None, True, 0.1, 1e300, -0.0, *EDGES, 10**30, "\x00\ud800", _words(chance)]
    if depth and chance.random() < 0.4:
        return _json(chance, depth - 1)
    return chance.choice(leaves)
