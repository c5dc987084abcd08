"""The map is worked out anew some minutes after votes have changed, beside the turns, and once more at the close."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.kit.context import Context
from db.consultations import Consultation, Phase
from handlers.consultations.room import WHEN_MOVED
from scheduling import solving

from . import counting
from .room import statements

EVERY = timedelta(minutes=15)
UNAVAILABLE = "Unavailable"  # the name of the error that says so


def plan(ctx: Context, consultation: Consultation) -> None:
    """At the next quarter of an hour, however many vote until then."""
    at = datetime.fromtimestamp((ctx.now.timestamp() // EVERY.total_seconds() + 1) * EVERY.total_seconds(), UTC)
    _plan_at(ctx, consultation, at)


def at_the_close(ctx: Context, consultation: Consultation) -> None:
    """Whoever waited for more of their kind is counted with the others who did."""
    if consultation.phase is Phase.DECISION:
        _plan_at(ctx, consultation, ctx.now)


WHEN_MOVED.append(at_the_close)


def _plan_at(ctx: Context, consultation: Consultation, at: datetime) -> None:
    key = f"{consultation.ref}:map:{int(at.timestamp())}"
    ctx.later(at, "statements.draw_up", key=key, consultation=consultation.id)


@statements.labour("draw_up")
class DrawUp:
    """In a child process: no process that serves anybody imports what finds groups."""

    @staticmethod
    def begin(ctx: Context, consultation: Consultation) -> Any:
        return counting.question(ctx.session, consultation)

    @staticmethod
    def work(question: Any, report: Callable[[float, str], None], is_wanted: Callable[[], bool]) -> Any:
        return solving.solve("opinions", question, progress=report, cancelled=lambda: not is_wanted())

    @staticmethod
    def progress(ctx: Context, done: float, doing: str, consultation: Consultation) -> bool:
        return True

    @staticmethod
    def end(ctx: Context, answer: Any, consultation: Consultation) -> None:
        counting.count(ctx.session, consultation, answer, at=ctx.now)

    @staticmethod
    def fail(ctx: Context, why: str, consultation: Consultation) -> None:
        """Where nothing finds groups there are figures by side all the same. Else the next vote asks again."""
        if why == UNAVAILABLE:
            counting.count(ctx.session, consultation, counting.together(ctx.session, consultation), at=ctx.now)
