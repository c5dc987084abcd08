"""How well outcomes are told, of issues and of consultations, by office: read from the ledger, for everybody.

Pure queries. What is said of an office is never about fewer people than `small_groups.LEAST`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from .conclusions import CONCLUDED, Conclusion
from .consultations import Consultation
from .issues import Issue
from .ledger import Step
from .machinery import Receipt
from .outcomes import TOLD, Outcome
from .small_groups import told_apart

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Telling:
    """How `centres` (ids; None: no office in particular) tell what became of things, together where one alone has told
    too few. `told` are messages to `people`; `to_outcome` and `to_arrival` are medians in days: from when an issue was
    raised, or a consultation closed, until its outcome, and from the outcome until it reached somebody."""

    administration_id: int
    centres: tuple[int | None, ...]
    outcomes: int
    people: int
    told: int
    delivered: int
    acknowledged: int
    to_outcome: float | None
    to_arrival: float | None

    @property
    def delivered_percent(self) -> int:
        return round(100 * self.delivered / self.told)

    @property
    def acknowledged_percent(self) -> int:
        return round(100 * self.acknowledged / self.told)


def by_office(session: Session, *, since: datetime, until: datetime) -> list[Telling]:
    """What was told of outcomes that came out in between, office by office."""
    lines: dict[tuple[int, int | None], list[_Line]] = defaultdict(list)
    for about, of_issue in ((TOLD, True), (CONCLUDED, False)):
        for row in session.execute(_lines(about, of_issue, since, until)):
            lines[row[0], row[1]].append(_Line(*row[2:]))
    found = []
    for home in sorted({administration for administration, _centre in lines}):
        its = {centre: lines[each, centre] for each, centre in sorted(lines, key=_last_none) if each == home}
        people = {centre: frozenset(line.person_id for line in those) for centre, those in its.items()}
        for centres, among in told_apart(people).items():
            those = [line for centre in centres for line in its[centre]]
            found.append(_telling(home, centres, len(among), those))
    return found


@dataclass(frozen=True)
class _Line:
    outcome: int
    person_id: int
    began_at: datetime
    out_at: datetime
    arrived_at: datetime | None
    acknowledged_at: datetime | None
    by_hand: bool
    about: str


def _lines(about: str, of_issue: bool, since: datetime, until: datetime) -> Any:
    """One row for each person and outcome. Completions of an outcome are no outcomes of their own."""
    case: Any = Issue if of_issue else Consultation
    out: Any = Outcome if of_issue else Conclusion
    if of_issue:
        began, out_at = Issue.raised_at, Outcome.approved_at
        which = and_(Outcome.completes_id.is_(None), Issue.id == Outcome.issue_id)
    else:
        began = func.coalesce(Consultation.closed_at, Consultation.created_at)  # type: ignore[assignment]  # an instant
        out_at = Conclusion.published_at
        which = Consultation.id == Conclusion.consultation_id
    arrived = func.coalesce(Receipt.accepted_at, Receipt.opened_at, Receipt.acknowledged_at)
    by_hand = func.coalesce(Receipt.next_step, "") == Step.DONE.value
    return (
        select(
            *(case.administration_id, case.centre_id, out.id, Receipt.person_id, began, out_at),
            *(arrived, Receipt.acknowledged_at, by_hand, Receipt.about),
        )
        .join(out, which)
        .join(Receipt, and_(Receipt.about == about, Receipt.about_id == out.id))
        .where(out_at >= since, out_at <= until)
        .order_by(Receipt.id)
    )


def _telling(home: int, centres: tuple[int | None, ...], people: int, lines: Sequence[_Line]) -> Telling:
    outcomes = {(line.about, line.outcome): line.out_at - line.began_at for line in lines}
    arrived = [line.arrived_at - line.out_at for line in lines if line.arrived_at is not None]
    return Telling(
        home,
        centres,
        len(outcomes),
        people,
        len(lines),
        sum(line.arrived_at is not None or line.by_hand for line in lines),
        sum(line.acknowledged_at is not None for line in lines),
        _median(outcomes.values()),
        _median(arrived),
    )


def _median(spans: Iterable[timedelta]) -> float | None:
    days = [max(each, timedelta()) / DAY for each in spans]
    return round(median(days), 1) if days else None


def _last_none(key: tuple[int, int | None]) -> tuple[int, bool, int]:
    return key[0], key[1] is None, key[1] or 0
