"""What can be seen after an act: what the database holds, and what the platforms were told and confirmed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from bot.kit.door import SENT_BEFORE
from bot.platforms.slack.read import key as slack_key
from bot.platforms.slack.read import place
from db import audit
from db.base import Base
from db.machinery import Audit, Inbox, InboxState, Job, Outgoing, Sending
from db.session import Sessions
from tests.fakes.telegram.world import BOT_ID

from .office import People

MARK = SENT_BEFORE.source
OPENED = ".open"  # how the audit calls the showing of a form about something
# What the machinery keeps for itself: a person who has to press again leaves more of it.
MACHINERY = frozenset({"audit", "bucket", "document", "handle", "inbox", "job", "outgoing", "setting", "draft"})
# A platform's word that something is too late or was done before: said after a crash, and harmless.
HARMLESS = ("query is too old", "message is not modified", "expired_trigger_id", "hash_conflict", "not_found")

Told = Counter[str]  # "who: words", digits and all that depends on the day as #


@dataclass
class Facts:
    """One moment.

    `held` are the rows of the domain, `done` the audit's lines of what was done, `news` what was to be told.
    `new`, `changed` and `repeated` are what the platforms were sent: messages, edits, and messages marked as possible
    repeats.
    """

    held: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    news: Counter[str] = field(default_factory=Counter)
    new: Told = field(default_factory=Counter)
    changed: Told = field(default_factory=Counter)
    repeated: Told = field(default_factory=Counter)
    may_repeat: int = 0
    lost: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> Self:
        counted = ("held", "done", "news", "new", "changed", "repeated")
        return cls(**{**held, **{name: Counter(held[name]) for name in counted}})


@contextmanager
def looking(sessions: Sessions) -> Iterator[Session]:
    """The database, read and let go: held open, SQLite's shared memory would outlive the process that died."""
    try:
        with sessions.reading() as session:
            yield session
    finally:
        sessions.engine.dispose()


def gathered(session: Session, them: People) -> Facts:
    """What is so now. Nothing should be under way."""
    facts = Facts()
    facts.held = Counter(_rows(session))
    facts.done = Counter(_done(session))
    for row in session.scalars(select(Outgoing)):
        facts.may_repeat += row.may_repeat
        if not row.is_reply:
            facts.news[f"{row.person_id} {plain(row.once)} {row.state.value} {row.reason}"] += 1
    for who, words, is_new in _said(them):
        if MARK in words:
            facts.repeated[f"{who}: {plain(words.replace(MARK, ''))}"] += 1
        else:
            (facts.new if is_new else facts.changed)[f"{who}: {plain(words)}"] += 1
    facts.lost = unconfirmed(session, them)
    facts.unfinished = list(unfinished(session)) + _broken_chain(session)
    calls = [*them.telegram.refusals, *them.slack.refusals]
    facts.refused = [f"{each.method}: {each.error}" for each in calls if not _is_harmless(str(each.error))]
    return facts


def unfinished(session: Session) -> Iterator[str]:
    """What waits, failed or is in doubt."""
    updates = select(Inbox.key, Inbox.account, Inbox.state, Inbox.error).where(Inbox.state != InboxState.DONE)
    for key, account, handled, error in session.execute(updates):
        yield f"update {key} of {account} is {handled.value} ({error})"
    messages = select(Outgoing.once, Outgoing.person_id, Outgoing.state, Outgoing.reason)
    for once, person, sent, reason in session.execute(messages.where(Outgoing.state != Sending.ACCEPTED)):
        yield f"message {once} to {person} is {sent.value} ({reason})"
    # A job that is left to send or handle what is sent or handled finds nothing to do.
    jobs = select(Job.name, Job.args, Job.error).where(
        or_(Job.error.is_not(None), Job.name.not_in(["deliver", "turn"]))
    )
    for name, args, error in session.execute(jobs):
        yield f"job {name} {args} is left ({error})"


def plain(words: str) -> str:
    """Words without what differs from run to run: numbers, days, months."""
    return re.sub(r"\d+|\b[A-Z][a-z]+day\b|\b[A-Z][a-z]+ber|[A-Z][a-z]+ary\b", "#", " ".join(words.split()))


def _rows(session: Session) -> Iterator[str]:
    for table in Base.metadata.sorted_tables:
        if table.name not in MACHINERY:
            # No ids: PostgreSQL gives none out again that a transaction had which was killed.
            columns = [
                each for each in table.columns if not (each.primary_key or each.foreign_keys or each.name == "about_id")
            ]
            if not columns:  # only says which row goes with which
                yield f"{table.name}: {session.scalar(select(func.count()).select_from(table))}"
                continue
            for row in session.execute(select(*columns)):
                yield f"{table.name}: " + " ".join(_value(value) for value in row)


def _value(value: Any) -> str:
    if isinstance(value, StrEnum):
        return value.value
    return str(value) if isinstance(value, int) else plain(str(value))


def _done(session: Session) -> Iterator[str]:
    """The audit's lines but those of a form that was shown: it may be shown again, after a crash."""
    for line in session.scalars(select(Audit)):
        if not line.what.endswith(OPENED):
            yield f"{line.who} {line.door} {line.what} {plain(str(line.about))}"


def _said(them: People) -> Iterator[tuple[str, str, bool]]:
    """Everything the bot sent: to whom, the words, and whether it was a message of its own."""
    for call in them.telegram.recorded:
        if call.error is None and call.method in {"sendMessage", "editMessageText"}:
            yield str(call.arguments["chat_id"]), call.arguments["text"], call.method == "sendMessage"
    owners = {each.id: each.user for each in them.slack.world.conversations.values()}
    for call in them.slack.recorded:
        if call.error is None and call.method in {"chat.postMessage", "chat.update"}:
            where = str(call.arguments["channel"])
            yield str(owners.get(where) or where), call.arguments["text"], call.method == "chat.postMessage"


def unconfirmed(session: Session, them: People) -> list[str]:
    """What a platform was told that we have, and we have not."""
    kept = {(row.platform, row.key) for row in session.execute(select(Inbox.platform, Inbox.key))}
    said = [("telegram", f"{BOT_ID}:{each['update_id']}") for each in them.telegram.updates.confirmed]
    said += [("slack", slack_key(each)) for each in them.slack.doors.acknowledged if _is_kept(each)]
    return [f"{platform} {key}" for platform, key in said if (platform, key) not in kept]


def _is_kept(payload: Mapping[str, Any]) -> bool:
    return payload.get("type") != "block_suggestion" and place(payload) is not None


def _broken_chain(session: Session) -> list[str]:
    found = audit.verify(session)
    return [] if found.broken_at is None and found.missing_after is None else [f"the audit chain is broken: {found}"]


def _is_harmless(error: str) -> bool:
    return any(words in error for words in HARMLESS)
