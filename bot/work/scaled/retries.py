"""When Procrastinate is to run a job again."""

from __future__ import annotations

from datetime import datetime

from procrastinate import RetryDecision
from procrastinate.jobs import Job as Theirs
from procrastinate.retry import BaseRetryStrategy

from db import queues


class Again(Exception):
    """To Procrastinate: the job waits with its lock, until `at`; without that it may begin at once."""

    def __init__(self, at: datetime | None, lock: str | None) -> None:
        super().__init__("again")
        self.at, self.lock = at, lock


class Retries(BaseRetryStrategy):
    """What failed has been seen to before Procrastinate hears of it; whatever else ended a job, it runs again."""

    def get_retry_decision(self, *, exception: BaseException, job: Theirs) -> RetryDecision:
        if isinstance(exception, Again):
            return RetryDecision(
                retry_at=exception.at,
                lock=exception.lock,
                queue=None if exception.at is None else queues.PARKED,
            )
        return RetryDecision()
