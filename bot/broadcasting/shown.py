"""What a copy shows its reader: the edition that holds in their language, with buttons that name the copy."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.events import Answer
from bot.kit.screen import Button, from_json, map_buttons
from db.broadcasts import Broadcast, BroadcastText

log = structlog.get_logger()

COPY = "copy"  # the argument of a button that names its copy; 0 until it is somebody's


def answers_of(session: Session, broadcast: Broadcast) -> dict[str, Answer]:
    """The screen of the edition that holds, by language. What another version of Parley wrote is left out."""
    texts = select(BroadcastText).where(
        BroadcastText.broadcast_id == broadcast.id, BroadcastText.edition == broadcast.edition
    )
    found: dict[str, Answer] = {}
    for text in session.scalars(texts):
        try:
            answer = replace(from_json(text.screen), thread=broadcast.ref)
            found[text.language] = replace(answer, series=f"{broadcast.ref} {_digest(text.screen)}")
        except (LookupError, TypeError, ValueError):
            log.error("unreadable", broadcast=broadcast.id, language=text.language)
    return found


def _digest(screen: Any) -> str:
    return hashlib.sha256(json.dumps(screen, sort_keys=True).encode()).hexdigest()


def own(answer: Answer, copy_id: int) -> Answer:
    """The same with buttons that name this copy."""

    def named(button: Button) -> Button:
        if COPY not in button.args:
            return button
        return replace(button, args={**button.args, COPY: copy_id})

    made: Answer = map_buttons(answer, named)
    return made
