"""Handles: what a button carries instead of its meaning.

A handle is a random 128-bit name for a command and its arguments, bound to one person and an expiry. The same button
for the same person keeps its handle, so that drawing a screen twice does not grow the table.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from bot.kit.screen import Button, map_buttons
from db.machinery import Handle

LASTS = timedelta(days=90)
RENEWED = timedelta(days=1)  # a handle drawn again within it is not written again
MINE = select(Handle.digest, Handle.token, Handle.expires_at).where(
    Handle.person_id == bindparam("person"), Handle.digest.in_(bindparam("digests", expanding=True))
)
OF_MANY = select(Handle.person_id, Handle.digest, Handle.token).where(
    Handle.person_id.in_(bindparam("people", expanding=True)),
    Handle.digest.in_(bindparam("digests", expanding=True)),
)
NEW = insert(Handle)
THEIRS = select(Handle).where(
    Handle.token == bindparam("token"),
    Handle.person_id == bindparam("person"),
    Handle.expires_at > bindparam("at", type_=Handle.expires_at.type),
)
SHAPE = re.compile(r"[A-Za-z0-9_-]{22}")


def digest(
    button: Button, outgoing_id: int | None, administration_id: int | None = None, copy_id: int | None = None
) -> str:
    """What a button means, the same for everybody."""
    if not button.args and outgoing_id is None and copy_id is None:
        return _of_menu(button.command, administration_id)
    means = [button.command, dict(button.args), outgoing_id, administration_id]
    means += [copy_id] if copy_id is not None else []
    return _digested(means)


@lru_cache(2048)
def _of_menu(command: str, administration_id: int | None) -> str:
    """Nearly every screen ends in some of the same buttons."""
    return _digested([command, {}, None, administration_id])


def _digested(means: list[Any]) -> str:
    meaning = json.dumps(means, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(meaning.encode()).hexdigest()


def bind(
    session: Session,
    view: Any,
    *,
    person_id: int,
    at: datetime,
    may: Callable[[Button], bool],
    outgoing_id: int | None = None,
    administration_id: int | None = None,
) -> Any:
    """`view` with a handle in every button its person may use, and the other buttons gone.

    Pressed, they act in that administration; where none is given, in the person's home.
    """
    wanted: dict[str, Button] = {}
    keys: list[str | None] = []  # of every button in order, None for one that is not to be pressed

    def collect(button: Button) -> Button | None:
        key = digest(button, outgoing_id, administration_id) if button.url is None and may(button) else None
        keys.append(key)
        if key is not None:
            wanted[key] = button
        return button

    map_buttons(view, collect)
    if not wanted:
        return map_buttons(view, lambda button: button if button.url else None)
    mine = session.connection().execute(MINE, {"person": person_id, "digests": list(wanted)}).all()
    known: dict[str, str] = {row.digest: row.token for row in mine}
    if any(row.expires_at < at + LASTS - RENEWED for row in mine):
        renewed = Handle.person_id == person_id, Handle.digest.in_(known)
        session.execute(update(Handle).where(*renewed).values(expires_at=at + LASTS))
    fresh = {key: secrets.token_urlsafe(16) for key in wanted if key not in known}
    if fresh:
        session.connection().execute(
            NEW,
            [
                {
                    "token": token,
                    "person_id": person_id,
                    "administration_id": administration_id,
                    "digest": key,
                    "command": wanted[key].command,
                    "args": dict(wanted[key].args),
                    "outgoing_id": outgoing_id,
                    "expires_at": at + LASTS,
                }
                for key, token in fresh.items()
            ],
        )
    tokens = known | fresh
    in_order = iter(keys)

    def give(button: Button) -> Button | None:
        key = next(in_order)
        if button.url is not None:
            return button
        return replace(button, handle=tokens[key]) if key is not None else None

    return map_buttons(view, give)


def bind_copies(session: Session, copies: Sequence[tuple[int, int, Any]], at: datetime) -> list[Any]:
    """The views of many people's copies of a broadcast, with a handle in every button: `(person, copy, view)` each.

    All in two statements. What a button may do is asked when it is pressed.
    """
    wanted: dict[tuple[int, str], tuple[Button, int]] = {}
    keys: list[tuple[int, str]] = []  # of every button in order that is no address

    def collect(person_id: int, copy_id: int, view: Any) -> None:
        def note(button: Button) -> Button:
            if button.url is None:
                keys.append(key := (person_id, digest(button, None, copy_id=copy_id)))
                wanted[key] = button, copy_id
            return button

        map_buttons(view, note)

    for person_id, copy_id, view in copies:
        collect(person_id, copy_id, view)
    if not wanted:
        return [view for _person, _copy, view in copies]
    theirs = {"people": [each[0] for each in copies], "digests": [key for _person, key in wanted]}
    known = {(row.person_id, row.digest): row.token for row in session.connection().execute(OF_MANY, theirs)}
    if known:
        again = Handle.token.in_(known.values())
        session.execute(update(Handle).where(again).values(expires_at=at + LASTS))
    tokens = known | {key: secrets.token_urlsafe(16) for key in wanted if key not in known}
    if fresh := [key for key in wanted if key not in known]:
        session.connection().execute(
            NEW,
            [
                {
                    "token": tokens[key],
                    "person_id": key[0],
                    "digest": key[1],
                    "command": wanted[key][0].command,
                    "args": dict(wanted[key][0].args),
                    "copy_id": wanted[key][1],
                    "expires_at": at + LASTS,
                }
                for key in fresh
            ],
        )

    in_order = iter(keys)

    def give(button: Button) -> Button:
        return button if button.url is not None else replace(button, handle=tokens[next(in_order)])

    return [map_buttons(view, give) for _person, _copy, view in copies]


def find(session: Session, token: str, *, person_id: int, at: datetime) -> Handle | None:
    """The handle, if it is this person's and has not expired. Somebody else's is not found, like one never made."""
    if not SHAPE.fullmatch(token):  # no database is asked for what it may not even be able to hold
        return None
    return session.scalar(THEIRS, {"token": token, "person": person_id, "at": at})
