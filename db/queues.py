"""Procrastinate's tables as the rest of Parley sees them: made, read and handed back in SQL, without the library.

What may begin is Procrastinate's. What waits for its hour, and what was given up, stands in our own table `job` with
either engine. A job that failed waits in the queue `PARKED`, which nobody serves: its lock is held until its hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib import import_module, util
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

PARKED = "parked"
FAILURES, DEATHS = "_failures", "_deaths"  # among a job's ids: how often it failed, and how often its worker died
# Which worker may take it: one that has its body; and of those there are more for what somebody waits for.
QUEUE = "{name} || CASE WHEN {first} > 0 THEN '!' ELSE '' END"

IS_THERE = text("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")
MADE_BY = text("SELECT obj_description('procrastinate_jobs'::regclass)")  # which of its migrations came last
# Procrastinate asks for each job whether another has its lock; it has no index for that.
BY_LOCK = "CREATE INDEX IF NOT EXISTS parley_jobs_lock ON procrastinate_jobs (lock) WHERE status IN ('todo', 'doing')"

DEFER = text(
    "SELECT procrastinate_defer_jobs_v1(array_agg(ROW(CAST(:queue AS varchar), CAST(:name AS varchar),"
    " CAST(:first AS integer), each.lock, NULL, CAST(each.args AS jsonb), NULL)::procrastinate_job_to_defer_v1"
    " ORDER BY each.number))"
    " FROM unnest(CAST(:locks AS text[]), CAST(:args AS text[])) WITH ORDINALITY AS each(lock, args, number)"
)
# What failed under a lock was to hold it until its hour; its own `at` is by the caller's clock, not the database's.
RELEASE = (
    "WITH freed AS (UPDATE procrastinate_jobs SET queue_name = "
    + QUEUE.format(name="task_name", first="priority")
    + f", scheduled_at = NULL WHERE queue_name = '{PARKED}' AND status = 'todo' AND {{which}} RETURNING id, queue_name)"
    " SELECT count(pg_notify('procrastinate_queue_v1#' || queue_name,"
    " json_build_object('type', 'job_inserted', 'job_id', id)::text)) FROM freed"
)
RELEASE_DUE = text(RELEASE.format(which="scheduled_at <= :now"))
# Somebody waits for what comes next under some locks: what stands before it goes as soon, and so before it.
HURRY = text(
    "WITH freed AS (UPDATE procrastinate_jobs SET priority = GREATEST(priority, :first), scheduled_at = NULL,"
    " queue_name = " + QUEUE.format(name="task_name", first=":first") + " WHERE lock = ANY(:locks) AND status = 'todo'"
    f" AND (queue_name = '{PARKED}' OR priority < :first) RETURNING id, queue_name)"
    " SELECT count(pg_notify('procrastinate_queue_v1#' || queue_name,"
    " json_build_object('type', 'job_inserted', 'job_id', id)::text)) FROM freed"
)
RELEASE_ALL = text(RELEASE.format(which="scheduled_at > :now"))
# From our table to Procrastinate's: what is due, and what failed in the embedded engine and holds its lock.
MOVE = text(
    "WITH moved AS (DELETE FROM job WHERE id IN (SELECT id FROM job"
    "  WHERE failed_at IS NULL AND (at <= :now OR error IS NOT NULL) ORDER BY error IS NULL, at, id LIMIT :most"
    "  FOR UPDATE SKIP LOCKED) RETURNING *)"
    " SELECT cardinality(procrastinate_defer_jobs_v1(array_agg(ROW("
    f"  CASE WHEN at > :now THEN '{PARKED}' ELSE " + QUEUE.format(name="name", first="first::integer") + " END,"
    "  name, first::integer, lock, NULL,"
    f"  CAST(args AS jsonb) || CASE WHEN attempts > 0 THEN jsonb_build_object('{FAILURES}', attempts)"
    "  ELSE '{}'::jsonb END,"
    "  CASE WHEN at > :now THEN at END)::procrastinate_job_to_defer_v1 ORDER BY error IS NULL, at, id)))"
    " FROM moved HAVING count(*) > 0"
)
STALLED = text(
    "SELECT job.id FROM procrastinate_jobs job LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id"
    " WHERE job.status = 'doing'"
    " AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => :after))"
    " FOR UPDATE OF job SKIP LOCKED"
)
RESCUE = text(
    "WITH freed AS (UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL, abort_requested = false,"
    f" args = args || jsonb_build_object('{DEATHS}', COALESCE((args->>'{DEATHS}')::integer, 0) + 1)"
    " WHERE id = ANY(:ids) RETURNING id, queue_name)"
    " SELECT count(pg_notify('procrastinate_queue_v1#' || queue_name,"
    " json_build_object('type', 'job_inserted', 'job_id', id)::text)) FROM freed"
)
BACK = (
    f"INSERT INTO job (name, lock, args, at, attempts, error, failed_at, first) SELECT task_name, lock,"
    f" CAST(args - '{FAILURES}' - '{DEATHS}' AS json), COALESCE(scheduled_at, :now),"
    f" COALESCE((args->>'{FAILURES}')::integer, 0), {{error}}, {{failed_at}}, priority > 0 FROM gone"
)
GIVE_UP = text(
    f"WITH gone AS (DELETE FROM procrastinate_jobs WHERE status = 'todo' AND (args->>'{DEATHS}')::integer >= :most"
    " RETURNING *) " + BACK.format(error="'killed'", failed_at="CAST(:now AS timestamptz)")
)
TAKE_BACK = text(
    "WITH gone AS (DELETE FROM procrastinate_jobs WHERE status IN ('todo', 'doing') RETURNING *) "
    + BACK.format(error=f"CASE WHEN queue_name = '{PARKED}' THEN 'failed' END", failed_at="NULL")
    + " ORDER BY id"
)
COUNT = text(
    f"UPDATE procrastinate_jobs SET args = args || jsonb_build_object('{FAILURES}', CAST(:failed AS integer))"
    " WHERE id = :id"
)
HELD_UP = (  # whether a job waits for one that failed under its lock
    "EXISTS (SELECT FROM procrastinate_jobs other WHERE other.lock = job.lock"
    f" AND other.status = 'todo' AND other.queue_name = '{PARKED}' AND (other.priority > job.priority"
    " OR (other.priority = job.priority AND other.id < job.id)))"
)
IS_IDLE = text(
    "SELECT NOT EXISTS (SELECT FROM procrastinate_jobs job WHERE status = 'doing' OR (status = 'todo'"
    f" AND queue_name = ANY(:queues) AND NOT {HELD_UP}))"
)
# Of some queues, those of which a job is due or under way: for Procrastinate's own connections.
AT_WORK = (
    "SELECT name FROM unnest(%(queues)s::varchar[]) name WHERE EXISTS (SELECT FROM procrastinate_jobs job"
    f" WHERE queue_name = name AND (status = 'doing' OR (status = 'todo' AND NOT {HELD_UP})))"
)
ANEW = {"attempts": 0, "error": None, "failed_at": None}
STANDING = text(
    "SELECT task_name AS name, lock, CAST(args AS json) AS args, scheduled_at, priority > 0 AS first"
    " FROM procrastinate_jobs WHERE status IN ('todo', 'doing') ORDER BY id"
)
WAITING = text(
    "SELECT (args->>:key)::bigint FROM procrastinate_jobs WHERE task_name = :name AND status IN ('todo', 'doing')"
    " UNION SELECT (args->>:key)::bigint FROM job WHERE name = :name AND failed_at IS NULL"
)


def queue(name: str, first: int) -> str:
    """The queue of a job, as `QUEUE` says it in SQL."""
    return f"{name}!" if first else name


def is_there(session: Session) -> bool:
    """Whether the database has Procrastinate's tables."""
    return session.get_bind().dialect.name == "postgresql" and bool(session.scalar(IS_THERE))


def take_back(session: Session, now: datetime) -> int:
    """Move every job of Procrastinate's into our table, for the embedded engine or a backup. Nobody may be at work."""
    if not is_there(session):
        return 0
    return session.connection().execute(TAKE_BACK, {"now": now}).rowcount


def standing(connection: Connection, now: datetime) -> Iterator[dict[str, Any]]:
    """Every job of Procrastinate's as a row of our table would have it, without an id; what is under way, too."""
    if connection.dialect.name == "postgresql" and connection.scalar(IS_THERE):
        for row in connection.execute(STANDING).mappings():
            args = {key: value for key, value in row["args"].items() if key not in (FAILURES, DEATHS)}
            at = row["scheduled_at"] or now
            yield {"name": row["name"], "lock": row["lock"], "args": args, "at": at, "first": row["first"]} | ANEW


def waiting(session: Session, name: str, key: str) -> set[int]:
    """Of the jobs of that name that are still to be done: what each has under `key`."""
    return set(session.scalars(WAITING, {"name": name, "key": key}))


def prepare(engine: Engine) -> bool:
    """Bring Procrastinate's tables to the version that is installed; False where it is not, or not on PostgreSQL.

    Its own SQL, as its own documentation says: the schema once, then each migration that came since.
    """
    if engine.dialect.name != "postgresql" or util.find_spec("procrastinate") is None:
        return False
    names = sorted(each.name for each in files("procrastinate.sql").joinpath("migrations").iterdir())
    migrations = [name for name in names if name.endswith(".sql")]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtext('procrastinate'))"))
        try:
            _bring_up_to_date(connection, migrations)
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(hashtext('procrastinate'))"))
    return True


def _bring_up_to_date(connection: Connection, migrations: Sequence[str]) -> None:
    if not connection.scalar(IS_THERE):
        _run(connection, import_module("procrastinate.schema").SchemaManager.get_schema())
    else:
        last = connection.scalar(MADE_BY) or migrations[-1]
        for name in migrations:
            if name > last:
                _run(connection, files("procrastinate.sql").joinpath("migrations", name).read_text("utf-8"))
    _run(connection, BY_LOCK)
    _run(connection, f"COMMENT ON TABLE procrastinate_jobs IS '{migrations[-1]}'")


def _run(connection: Connection, statements: str) -> None:
    """Several statements at once, as they are: without parameters the driver takes no `%` for one."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statements)
    finally:
        cursor.close()
