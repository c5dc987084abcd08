"""How fast each platform may be written to: a row for each limit, which all processes share, by the database's clock.

The generic cell rate algorithm: a row keeps the instant up to which what was taken is paid for. Whatever takes one more
moves it on by its cost, in a single statement; so nothing is counted twice, and no process needs to know the others.
"""

# ruff: noqa: S608  what is put together are names of columns and numbers of our own, nobody's words

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base

NOW = {
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) AS double precision)",
}
LONGEST = 300.0  # seconds: an instant further ahead was written before somebody turned the clock back
RECENT = 10.0  # seconds after an answer for which others leave room for the next


class Bucket(Base):
    """One limit. Instants are seconds of the database's clock since 1970."""

    __tablename__ = "bucket"
    name: Mapped[str] = mapped_column(primary_key=True)  # "telegram", "telegram:42", "slack/chat.update"
    cost: Mapped[float]  # seconds that one message takes
    paid: Mapped[float]  # until when everything that was taken or reserved is paid for
    answers: Mapped[float]  # the same of answers to persons alone, who wait for nobody else
    held: Mapped[float]  # until when nothing but answers may go
    closed: Mapped[float]  # until when nothing may go: the platform has said so


@dataclass(frozen=True)
class Taken:
    """What became of taking from one limit: seconds from now on."""

    name: str
    answers: float  # until an answer's turn, were there nothing but answers; below zero: it has been for so long
    others: float  # until its turn among everything
    closed: float
    held: float


@dataclass(frozen=True)
class Reserved:
    """Slots of a broadcast: `first` and `step` in seconds, all instants of the database's clock."""

    first: float
    step: float
    now: float
    closed: float  # until when none may be had


class Rows:
    """The statements, on the clock of a dialect. `now` is what reads it, in SQL; a test brings one of its own."""

    def __init__(self, dialect: str, *, now: str | None = None) -> None:
        self._now = now or NOW[dialect]
        self._take = {(n, is_answer): self._taking(n, is_answer) for n in (1, 2, 3) for is_answer in (True, False)}
        self._reserve = self._reserving()
        self._shut = {column: self._shutting(column) for column in ("held", "closed")}
        self._forget = text(
            f"DELETE FROM bucket WHERE paid < {self._now} - :seconds AND answers < {self._now} - :seconds"
            f" AND held < {self._now} AND closed < {self._now} AND name LIKE '%:%'"
        )

    def take(self, connection: Connection, costs: Mapping[str, float], *, is_answer: bool) -> Sequence[Taken]:
        """Take one message out of each of up to three limits, by name, with its cost in seconds.

        In the caller's transaction: where that is rolled back, nothing was taken.
        """
        given: dict[str, object] = {}
        for number, (name, cost) in enumerate(costs.items()):
            given |= {f"name{number}": name, f"cost{number}": cost}
        return [Taken(*row) for row in connection.execute(self._take[len(costs), is_answer], given)]

    def reserve(
        self, connection: Connection, name: str, *, many: int, cost: float, fast: float, slow: float
    ) -> Reserved:
        """So many slots one after the other, `fast` seconds apart, or `slow` where a person was answered just now.

        Where none may be had (`closed` is ahead of `now`), none are reserved.
        """
        given = {"name": name, "many": many, "cost": cost, "fast": fast, "slow": slow}
        paid, step, now, held, closed = connection.execute(self._reserve, given).one()
        shut = max((each for each in (held, closed) if now < each < now + LONGEST), default=0.0)
        return Reserved(paid - many * step, step, now, shut)

    def shut(self, connection: Connection, name: str, seconds: float, *, for_answers: bool) -> None:
        """Let nothing be taken for so long, or nothing but answers; what is shut for longer stays so."""
        given = {"name": name, "seconds": min(seconds, LONGEST)}
        connection.execute(self._shut["closed" if for_answers else "held"], given)

    def forget(self, connection: Connection) -> None:
        """Drop the rows of chats to which nobody has written for an hour: they say nothing any more.

        Only those: whoever takes locks the platform's own row first, and would wait in a circle with this.
        """
        connection.execute(self._forget, {"seconds": 3600.0})

    def _rest(self, column: str) -> str:
        """An instant that is still ahead, or now."""
        return f"CASE WHEN {self._is_ahead(column)} THEN {column} ELSE {self._now} END"

    def _is_ahead(self, column: str) -> str:
        return f"({column} > {self._now} AND {column} < {self._now} + {LONGEST})"

    def _taking(self, names: int, is_answer: bool) -> TextClause:
        now = self._now
        rows = ", ".join(
            f"(:name{n}, :cost{n}, {now} + :cost{n}, {f'{now} + :cost{n}' if is_answer else 0}, 0, 0)"
            for n in range(names)
        )
        answers = f"{self._rest('bucket.answers')} + excluded.cost" if is_answer else "bucket.answers"
        return text(
            f"INSERT INTO bucket (name, cost, paid, answers, held, closed) VALUES {rows}"
            f" ON CONFLICT (name) DO UPDATE SET cost = excluded.cost, answers = {answers},"
            f" paid = {self._rest('bucket.paid')} + excluded.cost"
            f" RETURNING name, answers - cost - {now}, paid - cost - {now}, closed - {now}, held - {now}"
        )

    def _reserving(self) -> TextClause:
        now = self._now
        is_shut = f"{self._is_ahead('bucket.held')} OR {self._is_ahead('bucket.closed')}"

        def step(answers: str) -> str:
            is_recent = f"{answers} > {now} - {RECENT} AND {answers} < {now} + {LONGEST}"
            return f"CASE WHEN {is_recent} THEN CAST(:slow AS double precision) ELSE :fast END"

        return text(
            "INSERT INTO bucket (name, cost, paid, answers, held, closed)"
            f" VALUES (:name, :cost, {now} + :many * :fast, 0, 0, 0)"
            f" ON CONFLICT (name) DO UPDATE SET cost = excluded.cost, paid = CASE WHEN {is_shut} THEN bucket.paid"
            f" ELSE {self._rest('bucket.paid')} + :many * {step('bucket.answers')} END"
            f" RETURNING paid, {step('answers')}, {now}, held, closed"
        )

    def _shutting(self, column: str) -> TextClause:
        until = {"held": "0", "closed": "0"} | {column: f"{self._now} + :seconds"}
        is_longer = f"bucket.{column} > excluded.{column} AND bucket.{column} < excluded.{column} + {LONGEST}"
        return text(
            "INSERT INTO bucket (name, cost, paid, answers, held, closed)"
            f" VALUES (:name, 0, 0, 0, {until['held']}, {until['closed']})"
            f" ON CONFLICT (name) DO UPDATE SET {column} = excluded.{column} WHERE NOT ({is_longer})"
        )
